"""Own tables: what their cells are taken for, what is told of them, and which questions a workspace takes."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from language_world import ENTRY

from sandbox.engines.own import OwnRows
from sandbox.errors import Problem
from sandbox.jobs.ownreading import declared, guessed, read_rows
from sandbox.jobs.product import Question
from sandbox.plan.own import Own, OwnPublic
from sandbox.plan.scalar import INTEGER, Column
from sandbox.products.workspace.kind import WorkspaceProduct
from sandbox.products.workspace.questions import compile_question
from sandbox.products.workspace.specification import read
from sandbox.products.workspace.tables import read_tables

NAMING = b"k" * 32


def brought(csv: str, **more: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    [(content, told)] = read_tables([{"name": "t", "csv": csv, "basis": "own", **more}], ENTRY).values()
    return json.loads(json.dumps(told)), json.loads(content)["cells"]


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        (["1", "-20", None], "integer"), (["1", "2.50"], "decimal(18,2)"), (["007", "1"], "string"),
        (["2024-01-31", None], "date"), (["true", "false"], "boolean"), ([None], "string"), (["1e3"], "string"),
        (["1234567890123456789"], "string"), (["a", "1"], "string"),
        (["2024-01-31", "2026-02-31"], "string"),  # a name that looks like a day
    ],
)  # fmt: skip
def test_the_type_of_a_column_is_what_all_its_cells_are(cells: list[str | None], kind: str) -> None:
    assert guessed(cells) == kind


def test_rows_are_named_as_the_data_name_units_and_clamped_as_they_are() -> None:
    from sandbox.catalogue.ingest.units import unit_name

    columns = [{"name": "age", "type": "integer", "bounds": [0, 100]}, {"name": "sum", "bounds": ["0.5", "9"]}]
    told, cells = brought("pid,age,sum,note\nu1,101,1.25,a\nU1,-5,0.1,\n", columns=columns)
    assert told["identifier"] == "pid" and [one["type"] for one in told["schema"]][2:] == ["decimal(18,2)", "string"]
    rows = read_rows(declared(told, "a"), told, cells, NAMING)
    assert rows.names == (unit_name("u1", NAMING), unit_name("U1", NAMING))
    assert rows.columns == {"age": (100, 0), "sum": (Decimal("1.25"), Decimal("0.5")), "note": ("a", None)}
    with pytest.raises(ValueError, match="more than one row"):  # the vault looks again
        read_rows(declared(told, "a"), told, {**cells, "pid": ["u1", "u1"]}, NAMING)


def test_what_code_gets_by_unit_is_told_and_only_of_tables_by_identifier() -> None:
    given = [{"name": name, "csv": csv, "basis": "own"} for name, csv in (("a", "pid,x\nu1,1\n"), ("b", "x,时\n1,2\n"))]
    told = {
        (questions, code): [
            one for _, one in read_tables(given[: 2 - questions], ENTRY, questions=questions, code=code).values()
        ]
        for questions, code in ((False, True), (True, True), (True, False))
    }
    assert [one.get("by_unit") for one in told[False, True]] == [True, None]
    assert [one.get("by_unit") for one in told[True, True]] == [True] and "by_unit" not in told[True, False][0]
    assert told[False, True][0]["identifier"] == "pid", "the column called as in the registration"
    assert "schema" not in told[False, True][1], "a table without identifier is code's as it is"


def test_no_unit_has_two_rows_in_an_engine_or_in_a_plan() -> None:
    with pytest.raises(ValueError, match="one row"):
        OwnRows({}, {}, 2, (7, 7))
    with pytest.raises(ValueError, match="one row of a unit"):
        Own("own.t", 0, (), 2, "admission_1", "digest")
    with pytest.raises(ValueError, match="named as one"):
        OwnPublic("persons", 0, (Column("age", INTEGER),), "admission_1", "digest")


def test_a_workspace_offers_protected_tables_of_its_resource_to_questions() -> None:
    kind = WorkspaceProduct()
    kind.review({"tables": ["visits"]}, [ENTRY])
    for spec, say in (({"tables": ["places"]}, "no protected table"), ({"days": 3}, "tables for questions")):
        with pytest.raises(Problem, match=say):
            kind.review(spec, [ENTRY])


def test_a_question_reads_the_tables_that_are_offered_and_no_others() -> None:
    told, _ = brought("pid,age\nu1,7\n")
    admitted = {"id": "admission_1", "code": "", "outputs": [], "told": [told], "tables": {"t": told["digest"]}}

    def ask(sql: str) -> Any:
        request = {"sql": sql, "epsilon": "1", "parameters": {"admission": "admission_1"}, "admitted": admitted}
        question = Question(request, "r", "p", "v", ENTRY, {}, Decimal("1e-9"), Decimal("1e-10"))
        return compile_question(question, read({"tables": ["visits"]}), admitted)

    plan = ask("SELECT COUNT(*) FROM visits v JOIN own.t o USING (pid)")
    assert [(node.table, node.admission, node.digest) for node in plan.own] == [
        ("own.t", "admission_1", told["digest"])
    ]
    for sql in ("SELECT COUNT(*) FROM own.t JOIN persons USING (pid)", "SELECT COUNT(*) FROM own.t o WHERE o.pid IN "
                "(SELECT pid FROM persons)"):  # fmt: skip
        with pytest.raises(Problem, match="offers visits to questions, not persons"):
            ask(sql)
