"""`mode` and `consistent` over HTTP: asked, answered, refused, and one base for who asks with and without."""

from __future__ import annotations

import time
from typing import Any

import pytest
from town import Town

from sandbox.audit.worlds import written
from sandbox.cli.demo.running import Instance
from sandbox.client import Client
from sandbox.errors import Problem

DEPTS = ["a", "b", "c"]
DECLARED: dict[str, Any] = {
    "name": "visits",
    "title": {"en": "Visits", "zh": "就诊"},
    "holder": "Bureau",
    "domain": "health",
    "grade": "general",
    "personal_information": False,
    "legal_basis": {"type": "lawfully_published", "instrument": "generated", "purpose": "test"},
    "update_frequency": "P1Y",
    "unit": {"name": "person", "column": "visits.person_id"},
    "tables": [
        {
            "name": "visits",
            "unit": "person_id",
            "max_rows_per_unit": 8,
            "key_sets": [["dept"]],
            "columns": [
                {"name": "person_id", "type": "integer", "role": "identifier"},
                {"name": "dept", "type": "string", "role": "sensitive", "domain": DEPTS, "required": True},
                {"name": "cost", "type": "integer", "role": "sensitive", "bounds": [0, 100], "required": True},
            ],
        }
    ],
    "privacy": {
        "epsilon": "100",
        "delta": "1e-6",
        "per_user": {"epsilon": "50", "delta": "1e-7"},
        "profile": {"epsilon": "20"},
    },
}
ROLLUP = "SELECT dept, COUNT(*) AS n, SUM(cost) AS total FROM visits GROUP BY ROLLUP (dept)"
SUM = "SELECT SUM(cost) AS total FROM visits"


@pytest.fixture(scope="module")
def asker(instance: Instance, tmp_path_factory: pytest.TempPathFactory) -> tuple[Client, str]:
    rows = [(unit, DEPTS[(unit + at) % 3], 10 + at) for unit in range(2_000) for at in range(1 + unit % 8)]
    files = written({"visits": [("person_id", "dept", "cost"), *rows]}, tmp_path_factory.mktemp("rows"), "options")
    town = Town(instance, instance.client(instance.authority_key))
    town.publish(DECLARED, files["visits"])
    [user], [subscription] = town.users, town.subscriptions
    for _ in range(1500):  # the profile is bought after the registration
        if user.estimate(subscription, SUM, epsilon="1")["expected"][0]["bias"] is not None:
            break
        time.sleep(0.2)
    return user, subscription


def shown(answer: Any) -> dict[Any, tuple[Any, ...]]:
    return {row[0]: tuple(row[1:]) for row in answer.result["rows"]}


def test_totals_add_up_on_request_and_cost_nothing_more(asker: tuple[Client, str]) -> None:
    user, subscription = asker
    plain = user.query(subscription, ROLLUP, epsilon="1")
    again = user.estimate(subscription, ROLLUP, epsilon="1", consistent=True)
    assert again["held_already"] and float(again["rho"]) == 0
    whole = shown(user.query(subscription, ROLLUP, epsilon="1", consistent=True))
    for place in range(2):
        assert float(whole[None][place]) == sum(float(whole[dept][place]) for dept in DEPTS)
    apart = shown(plain)
    assert any(float(apart[None][at]) != sum(float(apart[dept][at]) for dept in DEPTS) for at in range(2))


def test_a_mode_is_taken_or_refused(asker: tuple[Client, str]) -> None:
    user, subscription = asker
    widths = {}
    for mode in ("rows", "totals"):
        [expected] = user.estimate(subscription, SUM, epsilon="1", mode=mode)["expected"]
        widths[mode] = float(expected["error_95"])
    assert widths["totals"] < widths["rows"]
    answer = user.query(subscription, SUM, epsilon="1", mode="totals")
    assert any("totals of cost" in note for note in answer.result["notes"])
    for wrong, code in (({"mode": "weights"}, "sql_not_allowed"), ({"mode": "best"}, "field_invalid"),
                        ({"consistent": True}, "sql_not_allowed")):  # fmt: skip
        with pytest.raises(Problem) as found:
            user.estimate(subscription, SUM, epsilon="1", **wrong)
        assert found.value.code == code


@pytest.mark.parametrize(
    ("asked", "field"), [({}, "sql"), ({"sql": SUM, "parameters": {"town": "x"}}, "parameters"), ({"sql": None}, "sql")]
)
def test_a_query_product_wants_text_and_takes_no_parameters(
    asker: tuple[Client, str], asked: dict[str, Any], field: str
) -> None:
    client, subscription = asker
    with pytest.raises(Problem, match=rf"Field {field}: ") as refused:
        client.submit(subscription, **asked)
    assert refused.value.code == "field_invalid"


def test_parameters_have_one_spelling(asker: tuple[Client, str]) -> None:
    client, subscription = asker
    with pytest.raises(Problem, match="write numbers with decimals as text") as refused:
        client.submit(subscription, parameters={"share": 0.5})
    assert refused.value.code == "field_invalid"
