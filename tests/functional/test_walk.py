"""One job walks the whole way, seen through the client."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
import town as towns
from town import DEPARTMENTS, Town

from sandbox.cli.demo.running import Instance
from sandbox.errors import Problem

pytestmark = pytest.mark.service
SQL = "SELECT dept, COUNT(*) AS n, SUM(cost) AS total, AVG(cost) AS mean FROM visits GROUP BY dept ORDER BY dept"


@pytest.fixture(scope="module")
def town(instance: Instance, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    yield from towns.found(instance, towns.entry(), towns.table(tmp_path_factory.mktemp("data")), users=2)


def test_an_answer_is_right_within_its_errors_and_has_a_receipt(town: Town) -> None:
    user, subscription = town.users[0], town.subscriptions[0]
    estimate = user.estimate(subscription, SQL, epsilon="2")
    answer = user.query(subscription, SQL, epsilon="2")
    assert [row[0] for row in answer.rows] == sorted(DEPARTMENTS)
    assert set(answer.errors) == {"n", "total", "mean"}
    for row in answer.rows:  # 500 visits in each, for 100.00; three intervals are never left by chance
        assert abs(float(row[1]) - 500) < 3 * answer.errors["n"]
        assert abs(float(row[2]) - 50_000) < 3 * answer.errors["total"]
    assert Decimal(answer.fee) == Decimal(estimate["fee"]) == Decimal("1.20")
    assert Decimal(answer.privacy["epsilon"]) <= 2
    answer.receipt.verify(town.instance.log_key.read_text())


def test_a_forged_receipt_does_not_pass(town: Town) -> None:
    user, subscription = town.users[0], town.subscriptions[0]
    text = user.query(subscription, SQL, epsilon="2").receipt.text
    lines = text.splitlines(keepends=True)
    longest = max(range(len(lines)), key=lambda number: len(lines[number]))
    middle = len(lines[longest]) // 2
    swapped = "A" if lines[longest][middle] != "A" else "B"
    lines[longest] = lines[longest][:middle] + swapped + lines[longest][middle + 1 :]
    from sandbox.client import Receipt

    with pytest.raises(Problem):
        Receipt("".join(lines)).verify(town.instance.log_key.read_text())


def test_the_same_question_is_free_and_another_user_pays_in_full(town: Town) -> None:
    first = town.users[0].query(town.subscriptions[0], SQL, epsilon="2")
    other = town.users[1].query(town.subscriptions[1], SQL.lower(), epsilon="2")
    assert Decimal(first.fee) == 0
    assert Decimal(other.fee) == Decimal("1.20")
    assert other.privacy["left"]["epsilon"] == first.privacy["left"]["epsilon"]


def test_money_and_privacy_are_accounted_for(town: Town) -> None:
    user = town.users[0]
    fees = [Decimal(event["fee"]) for event in user.usage()]
    assert sum(fees) == Decimal("1.20")
    assert sum(Decimal(month["total"]) for month in user.statements()) == Decimal("1.20")
    assert len(user.budgets()) >= 1


@pytest.mark.parametrize("format", ["csv", "parquet", "arrow", "xlsx"])
def test_every_format_is_delivered(town: Town, format: str) -> None:
    answer = town.users[0].query(town.subscriptions[0], SQL, epsilon="2")
    assert len(town.users[0].download(answer.job, format)) > 20


def test_what_belongs_to_others_is_not_there(town: Town) -> None:
    job = town.users[0].query(town.subscriptions[0], SQL, epsilon="2").job
    for attempt in (lambda: town.users[1].job(job), lambda: town.users[1].query(town.subscriptions[0], SQL)):
        with pytest.raises(Problem) as caught:
            attempt()
        assert caught.value.code == "not_found"


def test_the_public_sees_catalogue_disclosure_and_log(town: Town) -> None:
    with town.instance.client(None) as public:
        assert public.catalogue()
        assert public.disclosure()
        assert "\n\u2014 " in public.checkpoint()


def test_a_saved_checkpoint_is_grown_from(town: Town) -> None:
    saved = town.instance.folder / "checkpoint"
    saved.write_text(town.authority.checkpoint(), encoding="utf-8")
    town.users[1].query(town.subscriptions[1], "SELECT COUNT(*) FROM visits", epsilon="0.1")
    town.instance.command("log", "verify", "--from-checkpoint", str(saved))


def test_an_emergency_stops_at_once_and_two_persons_lift_it(town: Town) -> None:
    stop = town.authority.emergency("product", town.ids["product"], "drill")
    with pytest.raises(Problem) as caught:
        town.users[1].query(town.subscriptions[1], "SELECT COUNT(*) FROM visits WHERE cost > 5", epsilon="0.1")
    assert caught.value.code == "emergency_stop"
    regulator = town.party("Regulator of the drill", "regulator")
    town.authority.lift(stop["id"])
    regulator.lift(stop["id"])
    town.users[1].query(town.subscriptions[1], "SELECT COUNT(*) FROM visits WHERE cost > 5", epsilon="0.1")


def test_an_asker_may_let_each_unit_count_for_less(town: Town) -> None:
    """One department of four: less noise, a quarter of the rows, and the notes say so."""
    sql = "SELECT dept, COUNT(*) AS n FROM visits GROUP BY dept"
    few = {"bounds": {"groups": 1, "rows_per_group": 1}, "keys": "private"}
    widths = [
        float(town.users[1].estimate(town.subscriptions[1], sql, "0.5", **more)["expected"][0]["error_95"])
        for more in ({}, few)
    ]
    assert widths[1] < widths[0] / 3
    answer = town.users[1].query(town.subscriptions[1], sql, "0.5", **few)
    assert any("at most 1 groups with at most 1 rows" in note for note in answer.notes)
    assert abs(sum(row[1] for row in answer.rows) - 500) < 150
