"""What columns hold and how well (R2, R3): personal contents are found and refused until graded; rules are measured."""

from __future__ import annotations

import random
from copy import deepcopy
from typing import Any, get_args

import pytest
from registrations import CLINIC, clinic_files
from stdnum import luhn
from stdnum.cn import ric, uscc

from policies.grades import DETECTION, ROLES
from sandbox.catalogue.entry import Role, parse_entry
from sandbox.catalogue.ingest import ingest
from sandbox.catalogue.ingest.detect import kinds_of
from sandbox.errors import Problem

CHANCE = random.Random(7)


def identity_number(number: int) -> str:
    body = f"110105{1950 + number % 60}0{1 + number % 9}1{number % 9}{number % 1000:03}"
    return body + ric.calc_check_digit(body + "0")


def credit_code(number: int) -> str:
    body = f"91110000MA{number:07}"
    return body + uscc.calc_check_digit(body)


def bank_card(number: int) -> str:
    body = f"622202{number:012}"
    return body + luhn.calc_check_digit(body)


VALUES = {
    "identity_number": [identity_number(number) for number in range(40)],
    "credit_code": [credit_code(7919 * number) for number in range(40)],
    "phone": [f"138{7919 * number % 10**8:08}" for number in range(40)],
    "bank_card": [bank_card(7919 * number) for number in range(40)],
    "name": [first + last for first in "王李张刘陈" for last in ("伟", "芳", "小明", "秀英", "建国", "丽")],
}


@pytest.mark.parametrize("kind", VALUES)
def test_R2_each_kind_is_found_alone_and_among_other_values(kind):
    assert kinds_of(VALUES[kind]) == [kind]
    noise = [f"note {number}" for number in range(len(VALUES[kind]) * (100 - DETECTION.kinds[kind].percent) // 100)]
    assert kinds_of(VALUES[kind] + noise) == [kind]
    assert kinds_of(VALUES[kind][: DETECTION.kinds[kind].least - 1]) == []


def test_R2_numbers_that_only_look_alike_are_left_alone():
    numbers = {str(CHANCE.randrange(10**17, 10**18)) for _ in range(2000)}  # orders, meters, hashes
    assert kinds_of(numbers) == []
    assert kinds_of({str(CHANCE.randrange(10**15, 10**16)) for _ in range(2000)}) == []
    assert kinds_of(str(number) for number in range(10_000_000_000, 10_000_002_000)) == []
    assert kinds_of(["心内科", "眼科", "皮肤科", "急诊", "外科", "内科", "儿科", "妇科", "骨科", "口腔科"]) == []
    assert kinds_of(["+86 138-1234-5678", "(86)13912345678", "13812345679", "13812345670", "13812345671"]) == ["phone"]


def test_R2_every_role_of_a_column_says_what_it_allows():
    assert set(get_args(Role)) == set(ROLES)
    assert not ROLES["identifier"].groups and ROLES["quasi_identifier"].links and not ROLES["sensitive"].exact


def declared(kind: str = "string", **column: Any) -> dict[str, Any]:
    raw = deepcopy(CLINIC)
    raw["tables"][0]["columns"].append({"name": "extra", "type": kind, "role": "quasi_identifier"} | column)
    return raw


def upload(folder, raw: dict[str, Any], values: list[str]) -> dict[str, Any]:
    persons = [["person_id", "sex", "age", "income", "extra"]]
    persons += [[number, "f", 30, "1.00", value] for number, value in enumerate(values)]
    sent = clinic_files(folder, persons=persons, visits=[["person_id", "visit_id", "dept", "cost", "day", "urgent"]])
    return ingest(parse_entry(raw), sent, folder / "v.duckdb", bytes(32), bytes(32)).report["tables"]


@pytest.mark.parametrize(("kind", "form"), [*((kind, "string") for kind in VALUES), ("phone", "integer")])
def test_R2_an_upload_is_refused_until_its_columns_are_graded(tmp_path, kind, form):
    role = "public" if kind == "credit_code" else "quasi_identifier"
    with pytest.raises(Problem) as refused:
        upload(tmp_path, declared(form, role=role), VALUES[kind])
    said = refused.value
    assert said.code == "grade_refused" and said.fields["field"] == "persons.extra"
    assert DETECTION.kinds[kind].zh in said.detail and not any(value in said.detail for value in VALUES[kind])
    assert not list(tmp_path.glob("v.duckdb*"))
    upload(tmp_path, declared(form, role="identifier"), VALUES[kind])
    upload(tmp_path, declared(form, role=role, cleared={kind: "numbers of orders"}), VALUES[kind])


def test_R2_a_public_table_holds_no_persons(tmp_path):
    raw = deepcopy(CLINIC)
    raw["tables"][2]["columns"][0]["role"] = "identifier"
    rows = [["dept"], *([value] for value in VALUES["identity_number"])]
    with pytest.raises(Problem, match="a table of them is not public") as refused:
        ingest(parse_entry(raw), clinic_files(tmp_path, departments=rows), tmp_path / "v", bytes(32), bytes(32))
    assert refused.value.code == "grade_refused"


def test_R2_what_is_cleared_is_something_that_is_looked_for():
    with pytest.raises(Problem, match="shoe_size is nothing that is looked for"):
        parse_entry(declared(cleared={"shoe_size": "no"}))


RULES = [
    {"rule": "filled", "column": "extra"},
    {"rule": "range", "column": "age", "least": 18, "most": 65},
    {"rule": "pattern", "column": "extra", "pattern": "[A-Z]{2}\\d", "target": "0.5"},
    {"rule": "reference", "column": "extra", "to": "departments.dept"},
    {"rule": "unique", "columns": ["sex", "extra"]},
]


def test_R3_accuracy_rules_are_measured_on_what_came(tmp_path):
    raw = declared()
    raw["tables"][0]["quality"] = RULES
    rules = upload(tmp_path, raw, ["AB1", "AB1", "eye", "", "x"])["persons"]["quality"]["rules"]
    measured = [(one["checked"], one["broken"], one["share"], one["met"]) for one in rules]
    assert measured == [
        (5, 1, "0.800000", False),
        (5, 0, "1.000000", True),
        (4, 2, "0.500000", True),
        (4, 3, "0.250000", False),
        (4, 1, "0.750000", False),
    ]
    assert [one["rule"] for one in rules] == [one["rule"] for one in RULES]


@pytest.mark.parametrize(
    ("rule", "saying"),
    [
        ({"rule": "filled", "column": "no"}, "no is not a column of persons"),
        ({"rule": "range", "column": "extra", "least": 1}, "write a pattern instead"),
        ({"rule": "range", "column": "age"}, "a range has least, most or both"),
        ({"rule": "range", "column": "age", "least": "old"}, "quality[0].least"),
        ({"rule": "pattern", "column": "age", "pattern": "1"}, "write a range instead"),
        ({"rule": "pattern", "column": "extra", "pattern": "("}, "write a regular expression"),
        ({"rule": "reference", "column": "extra", "to": "no.where"}, "no.where is not a column of a table"),
        ({"rule": "magic", "column": "extra"}, "quality[0]"),
        ({"rule": "filled", "column": "extra", "target": "1.5"}, "quality[0]"),
    ],
)
def test_R3_a_rule_that_cannot_be_measured_is_refused(rule, saying):
    raw = declared()
    raw["tables"][0]["quality"] = [rule]
    with pytest.raises(Problem) as refused:
        parse_entry(raw)
    assert refused.value.code == "field_invalid" and saying in refused.value.detail, refused.value.detail


def test_R3_a_pattern_that_could_take_for_ever_is_refused(tmp_path):
    raw = declared()
    raw["tables"][0]["quality"] = [{"rule": "pattern", "column": "extra", "pattern": "(a)\\1"}]
    with pytest.raises(Problem, match="without backreferences") as refused:
        upload(tmp_path, raw, ["aa"])
    assert refused.value.code == "field_invalid"
