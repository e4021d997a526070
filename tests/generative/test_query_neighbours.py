"""The promise itself, by brute force: random tables through ingest, random questions through compiler and engine, one
unit taken away – no exact aggregate moves by more than the plan says, and nothing fails."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from language_moves import Cells, cells, leaving, moved_too_far
from query_examples import column, only, plan_of, registration
from registrations import write_csv

from sandbox.catalogue.entry import parse_entry
from sandbox.catalogue.ingest import Limits, ingest
from sandbox.engines.base import OpenVersion
from sandbox.engines.duckdb.pool import DuckDBEngine
from sandbox.plan.plan import Plan

LARGE = 2**63 - 1
TABLE = {
    "name": "t",
    "unit": "pid",
    "max_rows_per_unit": 5,
    "columns": [
        column("pid", "string", role="identifier"),
        column("k0", "string", domain=["a", "b", " a", "é"]),
        column("note", "string"),
        column("n", "integer", bounds=[-7, 10**6]),
        column("large", "integer", bounds=[-(2**50), 2**50]),
        column("free", "integer"),
        column("cost", "decimal(18,2)", bounds=["-99999999999.99", "99999999999.99"]),
        column("pay", "decimal(18,2)"),
        column("small", "decimal(4,3)", bounds=["0.5", "1.25"]),
        column("day", "date", bounds=["2023-12-30", "2024-02-02"]),
        column("ok", "boolean"),
        column("three", "integer", domain=[3, 1, -2]),
        column("rate", "decimal(5,1)", domain=["1.0", "2.5"], required=True),
    ],
}
ENTRY = parse_entry(registration("r", [TABLE], "t.pid"))
NAMES = [declared.name for declared in ENTRY.tables[0].columns]
UNITS = ("u1", "U1", "u1 ", " ", "日")  # five units: names are compared as they stand
CELLS: dict[str, tuple[str | None, ...]] = {
    "k0": ("a", "b", " a", "é", "e\u0301", "", "A", "zz", None, "a "),
    "note": ("x", "X", "x ", "", "%", "_", "\\", "é", "日", "🙂", "a'b", 'q"q', "nan", None, "NULL", "\n"),
    "n": ("0", "5", "-8", "1e3", str(LARGE), str(LARGE + 1), "NaN", "inf", "", None, "3.0", "3.5", " 4 ", "1e400"),
    "large": (str(LARGE), str(-LARGE), str(-LARGE - 1), "0", "1", None),
    "free": (str(-LARGE - 1), str(LARGE), "7", "8", None),
    "cost": ("9999999999999999.99", "-9999999999999999.99", "1e15", "1e40", "0.005", "12.3", None, "nan", "inf", "-0"),
    "pay": ("9999999999999999.99", "-9999999999999999.99", "1e15", "12.3", None),
    "small": ("0.5", "1.25", "0.1", "7", "0.9999", None),
    "day": ("2023-12-30", "2024-02-02", "2024-02-29", "0001-01-01", "9999-12-31", "0000-01-01", "2024-13-01", None),
    "ok": ("true", "false", "1", "0", "TRUE", "maybe", None),
    "three": ("3", "1", "-2", "2", None, "3.0"),
    "rate": ("1.0", "2.5", "1", "2.50", "3", None),
}
KEYS = (
    "", "k0", "note", "ok", "three, k0", "day", "YEAR(day)", "MONTH(day), ok", "CASE WHEN n > 3 THEN k0 ELSE 'b' END",
    "CASE WHEN ok THEN small ELSE three END", "n", "cost > 0", "free", "COALESCE(k0, note)", "small * three", "pay",
    "COALESCE(three, 7), k0", "NULLIF(k0, 'a')", "CASE WHEN ok THEN k0 END",
    "UPPER(k0)", "TRIM(note), LENGTH(k0)",
)  # fmt: skip
ASKS = (
    "COUNT(*)", "COUNT(DISTINCT pid)", "COUNT(n)", "SUM(n)", "AVG(n)", "SUM(small)", "AVG(small * small)", "AVG(cost)",
    "SUM(CASE WHEN ok THEN 1 ELSE 0 END)", "SUM(CASE WHEN free > 7 THEN n ELSE small END)", "AVG(three * rate)",
    "SUM(MONTH(day) - YEAR(day))", "COUNT(NULLIF(k0, 'a'))", "SUM(0 * three)", "SUM(cost)", "SUM(large)",
    "SUM(LENGTH(LEFT(note, 3)))",
    "SUM(COALESCE(cost, 0) + n)", "SUM(CASE WHEN cost > 1 THEN NULL ELSE 3.55 END)", "COUNT_IF(n > 3 OR ok)",
    "VAR_POP(n)", "STDDEV(small)", "CORR(n, small)", "REGR_SLOPE(three, rate) FILTER (WHERE ok)",
    "COVAR_SAMP(small, n)",
    "COUNT(*) FILTER (WHERE ok)", "AVG(small) FILTER (WHERE n > 3)", "COUNT(free) FILTER (WHERE k0 <> 'a')",
    "COUNT(DISTINCT note)", "COUNT(DISTINCT cost) FILTER (WHERE ok)", "COUNT(DISTINCT pid) FILTER (WHERE n > 3)",
    "MEDIAN(n)", "QUANTILE_DISC(cost, 0.9)", "MIN(day)", "MAX(small) FILTER (WHERE ok)", "QUANTILE_CONT(three, 1/3)",
    "REGR_R2(n, small)", "REGR_SXX(three, rate)", "SUM(ok)", "APPROX_COUNT_DISTINCT(large)",
)  # fmt: skip
CONDITIONS = (
    "TRUE", "NOT ok", "n > 3", "free = 7 OR free < 0", "note LIKE '_%'", "note = ''", "k0 IN ('a', 'é')", "n < cost",
    "small * 2 > 1.3", "three IN (1, 3.0, NULL)", "day >= '2024-01-01'", "n BETWEEN -3 AND cost", "k0 = note",
    "free NOT IN (7, 8)", "large > n", "pay > 12", "cost = 12.3 OR ok IS NULL",
)  # fmt: skip
Version = tuple[OpenVersion, dict[str, OpenVersion]]


def rows(chance: random.Random) -> list[list[str | None]]:
    made: list[list[str | None]] = []
    for unit in UNITS:
        own = [[unit, *(chance.choice(CELLS[name]) for name in NAMES[1:])] for _ in range(chance.choice([1, 2, 5, 14]))]
        made += own + own[: chance.randrange(4)]  # some of them twice
    return made


def version(folder: Path, name: str, data: list[list[str | None]], form: str) -> OpenVersion:
    file = folder / f"{name}.{form}"
    if form == "csv":
        write_csv(file, [NAMES, *data])
    else:
        columns = zip(NAMES, zip(*data, strict=True), strict=True)
        pq.write_table(pa.table({column: pa.array(cells, pa.string()) for column, cells in columns}), file)
    ingest(ENTRY, {"t": (file, form)}, folder / f"{name}.db", bytes(32), b"order" * 6, Limits(failing=100))
    return OpenVersion(str(folder / name), folder / f"{name}.db", bytes(32))


@pytest.fixture(scope="module", params=["csv", "parquet"])
def neighbours(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Version:
    """A version, and for each unit the same without it, its file in another order."""
    chance, folder = random.Random(request.param), tmp_path_factory.mktemp("neighbours")
    data = rows(chance)
    others = {unit: chance.sample([row for row in data if row[0] != unit], len(data) - n) for unit, n in counts(data)}
    without = {unit: version(folder, f"no{i}", kept, request.param) for i, (unit, kept) in enumerate(others.items())}
    return version(folder, "all", data, request.param), without


def counts(data: list[list[str | None]]) -> list[tuple[str, int]]:
    return [(unit, sum(row[0] == unit for row in data)) for unit in UNITS]


@pytest.fixture(scope="module")
def engine() -> Iterator[DuckDBEngine]:
    made = DuckDBEngine(children=20, threads=1)
    yield made
    made.close()


def question(chance: random.Random) -> tuple[str, Plan]:
    key, asks = chance.choice(KEYS), ", ".join(chance.sample(ASKS, chance.choice([1, 2, 4])))
    source = chance.choice(["t", "t", f"(SELECT * FROM t AS s WHERE {chance.choice(CONDITIONS)}) AS q"])
    sql = f"SELECT {asks} FROM {source} WHERE {chance.choice(CONDITIONS)}" + (f" GROUP BY {key}" if key else "")
    bounds = {name: chance.choice([1, 2, 3, 5]) for name in ("groups", "rows_per_group") if chance.random() < 0.6}
    return f"{sql} {bounds}", plan_of(sql, entry=ENTRY, bounds=bounds, epsilon="2000")


@pytest.mark.parametrize("seed", range(40))
def test_one_unit_moves_no_aggregate_by_more_than_its_square(
    neighbours: Version, engine: DuckDBEngine, seed: int
) -> None:
    sql, plan = question(random.Random(seed))
    block = only(plan)
    whole, without = neighbours
    with_all = kept(engine, whole, plan)
    for unit, smaller in without.items():
        assert not moved_too_far(block, with_all, kept(engine, smaller, plan)), (sql, unit)


def kept(engine: DuckDBEngine, opened: OpenVersion, plan: Plan) -> Cells:
    """The exact values of the cells that could leave."""
    [exact] = engine.run(opened, plan)
    return leaving(only(plan), cells(exact))
