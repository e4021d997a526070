"""Bad input through the whole service: each has its code and a sentence, and costs nothing."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
import town as towns
from town import Town

from sandbox.cli.demo.running import Instance
from sandbox.errors import Problem

pytestmark = pytest.mark.service

QUESTIONS = {
    "unknown_column": ["SELECT COUNT(*) FROM visits WHERE wage > 1"],
    "sql_syntax": ["SELEC COUNT(*) FROM visits", "SELECT COUNT(* FROM visits", ""],
    "sql_not_allowed": [
        "SELECT cost FROM visits",
        "SELECT COUNT(*) FROM visits; SELECT COUNT(*) FROM visits",
        "SELECT COUNT(*) FROM read_csv('/etc/passwd')",
        "COPY visits TO '/tmp/x'",
        "SELECT COUNT(*) FROM visits WHERE random() < 0.5",
        "SELECT COUNT(*) FROM visits WHERE cost > (SELECT AVG(cost) FROM visits)",
        "ATTACH 'x.db'",
        "DROP TABLE visits",
    ],
    "bound_missing": ["SELECT SUM(age) FROM visits"],
}


@pytest.fixture(scope="module")
def town(instance: Instance, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    declared = towns.entry(name="refused")
    declared["tables"][0]["columns"].append({"name": "age", "type": "integer", "role": "quasi_identifier"})
    file = towns.table(tmp_path_factory.mktemp("data"), persons=50)
    lines = file.read_text().splitlines()
    file.write_text("\n".join([lines[0] + ",age", *(line + ",30" for line in lines[1:])]) + "\n")
    yield from towns.found(instance, declared, file)


def refused(code: str, attempt: Callable[[], object]) -> Problem:
    with pytest.raises(Problem) as caught:
        attempt()
    assert caught.value.code == code, caught.value.detail
    assert len(caught.value.detail) > 10
    return caught.value


@pytest.mark.parametrize(("code", "sql"), [(code, sql) for code, group in QUESTIONS.items() for sql in group])
def test_a_question_that_cannot_be_answered(town: Town, code: str, sql: str) -> None:
    user, subscription = town.users[0], town.subscriptions[0]
    before = user.budgets(), user.usage()
    expected = "field_invalid" if sql == "" else code
    refused(expected, lambda: user.query(subscription, sql, epsilon="0.1"))
    assert (user.budgets(), user.usage()) == before


@pytest.mark.parametrize("epsilon", ["-1", "0", "many", "NaN", "1e400"])
def test_an_epsilon_that_is_none(town: Town, epsilon: str) -> None:
    count = "SELECT COUNT(*) FROM visits"
    with pytest.raises(Problem) as caught:
        town.users[0].query(town.subscriptions[0], count, epsilon=epsilon)
    assert caught.value.code in {"epsilon_invalid", "field_invalid", "privacy_budget_exhausted"}
    assert epsilon != "-1" or caught.value.code == "epsilon_invalid"


@pytest.mark.parametrize(
    "more",
    [
        {"bounds": {"groups": 0}},
        {"bounds": {"groups": 1.5}},
        {"bounds": {"rows_per_group": 1_000_000}},
        {"bounds": {"rows": 3}},
        {"bounds": 3},
        {"keys": "all"},
    ],
)
def test_bounds_and_keys_that_are_none(town: Town, more: dict[str, object]) -> None:
    """Nor more than the product allows."""
    count = "SELECT dept, COUNT(*) FROM visits GROUP BY dept"
    refused("field_invalid", lambda: town.users[0].estimate(town.subscriptions[0], count, "0.1", **more))


def test_more_privacy_than_is_left(town: Town) -> None:
    ask = town.users[0].query
    refused(
        "privacy_budget_exhausted", lambda: ask(town.subscriptions[0], "SELECT COUNT(*) FROM visits", epsilon="400")
    )


def test_a_role_that_may_not(town: Town) -> None:
    refused("role_not_allowed", lambda: town.users[0].grant())
    refused("role_not_allowed", lambda: town.users[0].trace(Path(__file__)))
    refused("role_not_allowed", lambda: town.clients["operator"].change_product(town.ids["product"], "approve"))


def test_keys_that_are_none(town: Town) -> None:
    with town.instance.client(None) as nobody, town.instance.client("sbx_x_y_z") as stranger:
        refused("key_missing", nobody.budgets)
        refused("key_invalid", stranger.budgets)


def test_a_grant_that_is_over(town: Town) -> None:
    operator = town.clients["operator"]
    grant = town.grant(town.ids["Operator of refused"], town.ids["resource"], starts="2020-01-01", ends="2021-01-01")
    with pytest.raises(Problem) as caught:
        product = operator.create_product(grant, "late", [town.ids["resource"]])["id"]
        operator.change_product(product, "submit")
        town.authority.change_product(product, "approve")
        made = town.users[0].subscribe(product, "industry", accept=True)
        operator.approve_subscription(made["id"])
        town.users[0].query(made["id"], "SELECT COUNT(*) FROM visits", epsilon="0.1")
    assert caught.value.code == "grant_inactive"


def test_a_commitment_that_was_not_made(town: Town) -> None:
    refused("commitment_missing", lambda: town.users[0].subscribe(town.ids["product"], "industry", accept=False))


@pytest.mark.parametrize(
    "content",
    [
        'person_id,dept,cost\n1,"eye,3\n',
        "person_id,dept,dept,cost\n1,eye,eye,3\n",
        "person_id,dept\n1,eye\n",
        "person_id,dept,cost\n1,eye,dear\n",
        "",
    ],
    ids=["open quote", "duplicate column", "missing column", "not a number", "empty"],
)
def test_a_table_that_is_malformed(town: Town, tmp_path: Path, content: str) -> None:
    broken = tmp_path / "broken.csv"
    broken.write_text(content)
    before = len(town.authority.resources())
    refused("table_malformed", lambda: town.authority.register(towns.entry(name="broken"), {"visits": broken}))
    assert len(town.authority.resources()) == before


def test_data_of_a_grade_that_is_not_taken(town: Town, tmp_path: Path) -> None:
    declared = towns.entry(name="core", grade="core")
    refused("grade_refused", lambda: town.authority.register(declared, {"visits": towns.table(tmp_path, 1)}))


def test_a_content_type_that_is_not_read(town: Town) -> None:
    refused("media_type_unsupported", lambda: town.users[0].json("POST", "/jobs", files={"x": ("x", b"1")}))
