"""What a question may make the sandbox compute before and beside the private rows is bounded, whatever its text."""

from __future__ import annotations

import pytest
from query_examples import plan_of
from scalar_world import built

from sandbox.catalogue.facts import ColumnFacts, TableFacts
from sandbox.errors import Problem
from sandbox.plan.evaluate import evaluate
from sandbox.sql import listing
from sandbox.sql.meter import MOST_LISTED

MEETS = "SELECT COUNT(*) AS n FROM persons p JOIN ({}) q ON p.town = q.town"
SAME = "SELECT a.town FROM places a JOIN places b ON a.town = b.town"
UNEQUAL = "SELECT a.town FROM places a JOIN places b ON a.town < b.town"
EVERY = "SELECT a.town FROM places a CROSS JOIN places b"


def towns(rows: int, fan_out: int) -> dict[str, TableFacts]:
    return {"places": TableFacts(rows, {"town": ColumnFacts(rows // fan_out, 0, fan_out, None, "a", "z")})}


@pytest.mark.parametrize(
    ("below", "rows", "fan_out"),
    [(SAME, 1_000_000, 10), (SAME, 9_999_999, 1), (UNEQUAL, 3_000, 1), (EVERY, 3_000, 1)],
)
def test_public_tables_meet_where_their_rows_are_bounded(below: str, rows: int, fan_out: int) -> None:
    plan_of(MEETS.format(below), facts=towns(rows, fan_out))


@pytest.mark.parametrize(
    ("below", "rows", "fan_out", "said"),
    [
        (SAME, 1_000_000, 11, "up to 11,000,000 rows"),
        (UNEQUAL, 4_000, 1, "up to 16,000,000 rows"),
        (EVERY, 1_000_000, 1, "up to 1,000,000,000,000 rows"),
        (f"{SAME} JOIN places c ON b.town = c.town", 100_000, 11, "up to 12,100,000 rows"),
        (f"SELECT x.town FROM ({EVERY}) x", 4_000, 1, "up to 16,000,000 rows"),
        (f"{EVERY} WHERE a.town < b.town AND b.town > 'x'", 4_000, 1, "up to 16,000,000 rows"),
    ],
)
def test_public_tables_that_could_meet_too_often_are_refused(below: str, rows: int, fan_out: int, said: str) -> None:
    with pytest.raises(Problem, match=said) as found:
        plan_of(MEETS.format(below), facts=towns(rows, fan_out))
    assert "join them by equal columns" in found.value.detail


def test_public_tables_of_unknown_size_are_not_joined() -> None:
    with pytest.raises(Problem, match="more rows than anybody knows"):
        plan_of(MEETS.format(SAME), facts={})


def test_lists_of_values_are_computed_once_and_not_beyond_their_number(monkeypatch: pytest.MonkeyPatch) -> None:
    computed = []

    def counting(*args: object) -> object:
        computed.append(1)
        return evaluate(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(listing, "evaluate", counting)
    listing._computed.cache_clear()
    text = " OR ".join(f"(n % 50) * (n % 47) = {number}" for number in range(200))
    with pytest.raises(Problem, match="group or compare by the columns"):
        built(text)
    assert 0 < len(computed) <= MOST_LISTED
    computed.clear()
    assert built("(n % 50) * (n % 47) % 4").domain == (-3, -2, -1, 0, 1, 2, 3)
    assert len(computed) < 2_000  # the product was known from the question before
    whole = len(computed)
    built("(n % 50) * (n % 47) % 4")
    assert len(computed) == whole


def test_a_list_of_truths_is_none_of_numbers() -> None:
    one, true = listing._Choice((0, 1)), listing._Choice((False, True))
    assert hash(one) == hash(true) and one != true and one == listing._Choice((0, 1))
