"""P8: two data sets that differ in one person bring the same usage, statements, fees and refusals for the same
requests, but for the number of cells that a private release itself shows."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from estate import PEOPLE, Estate, estate
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.core.clock import now

BUDGET = {"epsilon": "400", "delta": "0.01", "per_user": {"epsilon": "200", "delta": "0.005"}}
CARDS = [
    {"unit": "cell", "price": "0.333335", "trial": True, "allowance": 7, "tiers": [{"above": 19, "price": "0.1"}]},
    {"unit": "call", "price": "1.20", "trial": True, "repeat_free": False, "allowance": 1},
    {"unit": "cell", "price": "2", "trial": True},
]
MEASURES = ["COUNT(*) AS n", "SUM(wage) AS s", "AVG(age) AS a", "COUNT(*) AS n, SUM(age) AS s"]
WHERES = ["", " WHERE person = 599", " WHERE age > 200", " WHERE town = '东'", " WHERE wage / (person - 599) > 1"]
TAILS = ["", " ORDER BY 1 LIMIT 1", " LIMIT 7"]
declared = st.builds(
    lambda measure, where, key, tail: (
        f"SELECT {key}{measure} FROM people{where}{' GROUP BY town' if key else ''}{tail}"
    ),
    st.sampled_from(MEASURES),
    st.sampled_from(WHERES),
    st.sampled_from(["", "town, "]),
    st.sampled_from(TAILS),
)
refused = st.sampled_from(["SELECT person FROM people", "SELECT COUNT(* FROM people", "SELECT MAX(nobody) FROM people"])
epsilons = st.sampled_from(["0.1", "0.5", "500"])


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Estate, Estate]]:
    """The same instance twice, but for one person, who is not like the others."""
    with estate(tmp_path_factory.mktemp("one") / "home") as one, estate(tmp_path_factory.mktemp("two") / "home") as two:
        one.publish(rows=PEOPLE, **BUDGET)
        two.publish(rows=PEOPLE[:-1], **BUDGET)
        yield one, two


def asked(box: Estate, sql: str, epsilon: str, keys: str | None) -> tuple[Any, ...]:
    """Submit a question, carry it out, and give what its user is told about money on the way."""
    body = {"subscription": box.subscriptions["firm"], "sql": sql, "epsilon": epsilon} | (
        {"keys": keys} if keys else {}
    )
    box.beat()
    price = box.web.call("POST", "/jobs/estimate", body, "firm")
    asked = box.web.call("POST", "/jobs", body, "firm", headers={"Idempotency-Key": f"{now().timestamp()}"})
    told = (price.status_code, price.json.get("fee"), price.json.get("code"), asked.status_code, asked.json.get("code"))
    if asked.status_code != 202:
        return *told, asked.json["detail"], None
    box.finish()
    job = box.ok("GET", f"/jobs/{asked.json['id']}", key="firm")
    result = box.ok("GET", f"/jobs/{asked.json['id']}/result", key="firm")
    return *told, job["status"], job["fee"], len(result["rows"]) * len(result["columns"])


def books(box: Estate) -> dict[str, Any]:
    """All that is said about money, byte for byte, but for ids and times."""
    month = f"{now():%Y-%m}"
    names = {box.web.ids["firm"]: "firm", box.web.ids["operator"]: "operator", box.product: "product"}
    names |= {box.resource: "resource", box.subscriptions["firm"]: "subscription"}

    def plain(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: plain(part) for name, part in value.items() if name not in ("id", "job", "at")}
        return [plain(part) for part in value] if isinstance(value, list) else names.get(value, value)

    items = lambda path, key: plain(box.ok("GET", path, key=key)["items"])  # noqa: E731
    sheets = [items(f"/statements?month={month}", key) for key in ("firm", "operator")]
    return {
        "usage": items("/usage?limit=200", "firm"),
        "sheets": sheets,
        "summary": items(f"/usage/summary?month={month}", "operator"),
        "limits": [one | {"changed_at": ""} for one in items("/spending-limits", "firm")],
        "books": plain(box.ok("GET", f"/reconciliation?month={month}", key="operator")),
    }


def same(pair: tuple[Estate, Estate], sql: str, epsilon: str, card: int) -> None:
    for box in pair:
        if getattr(box, "card", None) != card:
            box.ok("POST", f"/products/{box.product}/price", CARDS[card], "operator")
            box.card = card  # type: ignore[attr-defined]
    one, two = (asked(box, sql, epsilon, None) for box in pair)
    assert one == two
    one, two = map(books, pair)
    assert one == two


@settings(max_examples=20)
@given(declared | refused, epsilons, st.sampled_from(range(3)))
def test_P8_with_declared_keys_nothing_about_money_differs(pair, sql, epsilon, card):
    same(pair, sql, epsilon, card)


def test_P8_a_limit_that_is_reached_is_reached_by_both(pair):
    for box in pair:
        box.ok("POST", "/spending-limits", {"yuan": "60"}, "firm")
    for number in range(12):
        same(pair, f"SELECT town, COUNT(*) AS n FROM people WHERE age > {number} GROUP BY town", "0.1", 2)
    with pytest.raises(AssertionError, match="spending_limit_reached"):
        pair[0].ask("SELECT town, COUNT(*) AS n FROM people WHERE age > 77 GROUP BY town")


def test_P8_what_a_release_withholds_changes_the_bill_by_what_it_shows_only(tmp_path: Path):
    with estate(tmp_path / "home") as box:
        box.publish(rows=PEOPLE, **BUDGET)
        box.ok("POST", f"/products/{box.product}/price", CARDS[2], "operator")
        for number, keys in enumerate(["private", None, "private"]):
            sql = f"SELECT town, COUNT(*) AS n FROM people WHERE age > {number} GROUP BY town"
            sql += " HAVING COUNT(*) > 150 LIMIT 3"
            *_, status, fee, cells = asked(box, sql, "0.5", keys)
            assert (status, fee) == ("done", str(2 * cells))
        events = box.ok("GET", "/usage?limit=200", key="firm")["items"]
        assert all(event["quantity"] % 2 == 0 for event in events) and len(events) == 3
