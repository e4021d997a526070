"""The benchmarks' own parts: the town is what it says, errors are what they say, a small run goes to the end."""

from __future__ import annotations

import gc
import math
import re
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from benchmarks import apart, limits, log, money, pages, plain, queries, timing
from benchmarks.errors import compare, grouped, together
from benchmarks.questions import QUESTIONS
from benchmarks.registered import built, registration
from benchmarks.town import MOST_VISITS, Town, town
from benchmarks.walk import Walk
from sandbox.catalogue.entry import parse_entry

VISITS = 3000


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Town:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BENCH_CACHE", str(tmp_path_factory.mktemp("town")))
        return town(VISITS)


def test_a_town_has_its_visits_and_every_person_some(small: Town) -> None:
    with duckdb.connect(str(small.plain_file), read_only=True) as connection:
        counted = "SELECT sum(n), count(*), min(n), max(n) FROM (SELECT count(*) n FROM visits GROUP BY person_id)"
        found = connection.execute(counted).fetchone()
        assert found is not None
        visits, persons, least, most = found
        assert (visits, persons, least) == (VISITS, VISITS // 10, 1)
        assert 20 < most <= MOST_VISITS
        assert connection.execute("SELECT count(*) FROM persons").fetchone() == (VISITS // 10,)


def test_a_town_is_the_same_every_time(small: Town, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BENCH_CACHE", str(tmp_path))
    again = town(VISITS)
    assert again.folder != small.folder
    assert again.visits_file.read_bytes() == small.visits_file.read_bytes()
    assert again.persons_file.read_bytes() == small.persons_file.read_bytes()


def test_errors_are_relative_and_of_shared_groups() -> None:
    true = grouped([("a", 100, 10.0), ("b", 200, 20.0), ("c", 400, 40.0)], 1)
    near = grouped([("a", 110, 10.0), ("b", 200, None), ("x", 7, 7)], 1)
    found = compare(near, true)
    assert (found.released, found.groups) == (3, 3)
    first, second = found.columns
    assert (first.median, first.worst, first.absolute) == pytest.approx((0.05, 0.1, 10))
    assert (second.median, second.worst, second.absolute) == pytest.approx((0.5, 1.0, 0.0))  # no answer: 100 %


def test_several_answers_are_averaged() -> None:
    true = grouped([("a", 100)], 1)
    both = together([compare(grouped([("a", 110)], 1), true), compare(grouped([("a", 70)], 1), true)])
    assert both.columns[0].median == pytest.approx(0.2)
    assert both.columns[0].absolute == pytest.approx(20)


def test_ratios_are_taken_turn_by_turn() -> None:
    assert timing.Times((2.0, 9.0, 4.0)).over(timing.Times((1.0, 3.0, 4.0))) == (2.0, 1.0, 3.0)


def test_the_registration_is_one() -> None:
    for key_sets in ((), (("dept",),)):
        assert [table.key_sets for table in parse_entry(registration(key_sets)).tables] == [(), key_sets]


def test_memory_is_that_of_the_process_itself() -> None:
    ballast = bytearray(200 << 20)
    ballast[:: 1 << 12] = b"x" * (len(ballast) >> 12)
    told = apart.run(gc.collect)
    assert 0 < told.peak < 190
    assert told.seconds < 1
    assert len(ballast) == 200 << 20


def test_a_small_run_goes_to_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Counting persons: what it measures adds up, and the page shows it."""
    monkeypatch.setenv("BENCH_CACHE", str(tmp_path))
    size = queries.measure(VISITS, 2, "Q1")
    [line] = size.lines
    assert isinstance(line, queries.Measured)
    assert line.whole.median >= line.engine > 0
    assert min(line.peak, line.plain_peak, size.data.peak) > 20
    assert (line.error.released, line.error.groups) == (1, 1)
    assert 0 <= line.error.columns[0].absolute < 100
    assert math.isfinite(size.touch[0].median) and size.compiling["Q1"] > 0
    assert "| Q1 persons: COUNT(*) | " in pages.queries([size], 2)
    assert "| ingest, its peak | " in pages.queries([size, size], 2)
    made, walk = size.data.path.stat().st_mtime_ns, Walk(size.data)
    try:
        plan = walk.estimated(line.question)
        assert walk.estimated(line.question) is plan, "compiled once for who asks again"
        assert walk.compile(line.question) is not plan and walk.compile(line.question) == plan
    finally:
        walk.close()
    assert built(VISITS).path.stat().st_mtime_ns == made < built(VISITS, anew=True).path.stat().st_mtime_ns


def test_limits_are_of_statements_that_say_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BENCH_CACHE", str(tmp_path))
    monkeypatch.setattr(limits, "FEW", 2)
    rows = limits.lines(VISITS, VISITS).splitlines()
    named = [f"| {name}" for name in (*limits.ASKED, *limits.ASKED, *limits.ASKED_OF_FEW, *limits.ASKED_OF_FEW)]
    assert [row.split(" | ")[0] for row in rows if row.startswith("| Q")] == named
    data = built(VISITS)
    twins = {question.name: question.coded for question in QUESTIONS}
    with plain.coded(data) as coded, limits.opened(data) as (connection, facts):
        bare = limits.bare(facts)
        assert sorted(connection.execute(bare["Q6"]).fetchall()) == listed(coded(twins["Q6"]))


def listed(table: pa.Table) -> list[tuple[object, ...]]:
    return sorted(zip(*(column.to_pylist() for column in table.columns), strict=True))


def test_the_log_is_measured_on_a_tree_whose_proofs_hold(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log, "PROOFS", 20)
    log.grow(tmp_path, 70_000)  # three levels, each with a partial tile
    assert all(0 < seconds < 1 for times in log.proofs(tmp_path, 70_000) for seconds in times)
    assert log.sealing(tmp_path, 300)[1] > 0


def test_a_month_of_money_is_closed_and_agrees_with_its_events(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(money.SERVER, raising=False)
    monkeypatch.setattr(money, "RECORDED", 20)
    rows = money.lines(2000, 20).splitlines()  # 18,000 charged cells at 0.333335 yuan are 6000.03
    assert re.match(r"\| 2,000 events of 20 parties, SQLite: 20 settlements of 600[01]\.\d\d yuan \|", rows[0])
    assert len(rows) == 5
