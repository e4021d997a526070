"""A generated town: persons and their visits to hospitals, skewed in every way that makes bounding hard.

Ten visits a person on average, 1–200 and half of them at most six; 2000 hospitals by Zipf's law; 40 departments, whose
costs grow with their number; lognormal costs and incomes. The 10,000,000 visits of 1,000,000 persons are the data of
the published figures; 1,000,000 visits are those of its first 100,000 persons; other sizes are towns of their own.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

SEED = 42
PROVINCES = [f"P{number:02d}" for number in range(31)]
HOSPITALS = [f"H{number:04d}" for number in range(2000)]
DEPARTMENTS = [f"D{number:02d}" for number in range(40)]
MOST_VISITS, MOST_COST, MOST_INCOME = 200, 50_000, 1_000_000
FIRST_DAY = np.datetime64("2023-01-01")
EXCERPT, PARENT = 1_000_000, 10_000_000
CHUNK = 2_000_000

Whole = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Town:
    """Where a town's files are: two Parquet files and a plain DuckDB file with the tables `persons` and `visits`."""

    visits: int
    folder: Path

    @property
    def persons_file(self) -> Path:
        return self.folder / "persons.parquet"

    @property
    def visits_file(self) -> Path:
        return self.folder / "visits.parquet"

    @property
    def plain_file(self) -> Path:
        return self.folder / "plain.duckdb"


def cache() -> Path:
    """Give the folder of generated data: `BENCH_CACHE`, or one in the user's cache folder."""
    default = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "data-product-sandbox-bench"
    return Path(os.environ.get("BENCH_CACHE") or default)


def town(visits: int) -> Town:
    """Give the town with that many visits; made once, and again when this file changes."""
    source = sha256(Path(__file__).read_bytes()).hexdigest()[:12]
    made = Town(visits, cache() / f"town-{visits}-{source}")
    if not made.plain_file.exists():
        made.folder.mkdir(parents=True, exist_ok=True)
        _excerpt(made) if visits == EXCERPT else _generate(made)
        _make_plain(made)
    return made


def _generate(made: Town) -> None:
    persons, visits = made.visits // 10, made.visits
    chance = np.random.default_rng(SEED)
    weights = chance.dirichlet(np.ones(len(PROVINCES)) * 3)
    province = chance.choice(len(PROVINCES), persons, p=weights)
    age = np.clip(chance.normal(42, 22, persons), 0, 110).astype(np.int64)
    female = chance.random(persons) < 0.51
    income = np.clip(chance.lognormal(10.5, 0.9, persons), 0, MOST_INCOME)
    number = np.arange(1, persons + 1, dtype=np.int64)

    def some_persons(at: slice) -> pa.Table:
        columns = [number[at], _names(PROVINCES, province[at]), age[at], np.where(female[at], "F", "M"), income[at]]
        return pa.table(columns, names=["person_id", "province", "age", "sex", "income"])

    _write(made.persons_file, persons, some_persons)
    owner = np.repeat(number, _multiplicities(chance, persons, visits))
    chance.shuffle(owner)
    zipf = 1 / np.arange(1, len(HOSPITALS) + 1) ** 1.1
    hospital = chance.choice(len(HOSPITALS), visits, p=zipf / zipf.sum()).astype(np.int32)
    skewed = 1 / np.arange(1, len(DEPARTMENTS) + 1) ** 0.7
    department = chance.choice(len(DEPARTMENTS), visits, p=skewed / skewed.sum())
    cost = np.clip(chance.lognormal(6.5 + 0.02 * department, 1.3), 0, MOST_COST)
    day = FIRST_DAY + chance.integers(0, 365, visits)

    def some_visits(at: slice) -> pa.Table:
        names = ["visit_id", "person_id", "hospital", "dept", "cost", "day"]
        visit = np.arange(at.start + 1, min(at.stop, visits) + 1, dtype=np.int64)
        texts = [_names(HOSPITALS, hospital[at]), _names(DEPARTMENTS, department[at])]
        return pa.table([visit, owner[at], *texts, cost[at], day[at].astype("datetime64[D]")], names=names)

    _write(made.visits_file, visits, some_visits)


def _multiplicities(chance: np.random.Generator, persons: int, visits: int) -> Whole:
    """Give each person's number of visits, 1–200, which add up to `visits`."""
    many = np.clip(np.round(chance.lognormal(1.75, 1.05, persons)), 1, MOST_VISITS).astype(np.int64)
    while missing := visits - int(many.sum()):
        some = chance.choice(persons, min(abs(missing), persons // 2), replace=False)
        step = 1 if missing > 0 else -1
        fits = (many[some] + step >= 1) & (many[some] + step <= MOST_VISITS)
        many[some[fits]] += step
    return many


def _names(names: list[str], codes: npt.NDArray[np.integer]) -> pa.Array:
    return pa.DictionaryArray.from_arrays(pa.array(codes.astype(np.int32)), pa.array(names)).cast(pa.string())


def _write(target: Path, rows: int, some: Callable[[slice], pa.Table]) -> None:
    writer: pq.ParquetWriter | None = None
    for start in range(0, rows, CHUNK):
        table = some(slice(start, start + CHUNK))
        writer = writer or pq.ParquetWriter(target, table.schema)
        writer.write_table(table)
    assert writer is not None
    writer.close()


def _excerpt(made: Town) -> None:
    whole = town(PARENT)
    with duckdb.connect() as connection:
        connection.execute("SET enable_progress_bar = false")
        for source, target in ((whole.persons_file, made.persons_file), (whole.visits_file, made.visits_file)):
            connection.execute(
                f"COPY (SELECT * FROM '{source}' WHERE person_id <= {EXCERPT // 10}) TO '{target}' (FORMAT parquet)"
            )


def _make_plain(made: Town) -> None:
    part = made.plain_file.with_suffix(".part")
    part.unlink(missing_ok=True)
    with duckdb.connect(str(part)) as connection:
        connection.execute("SET enable_progress_bar = false")
        for name, file in (("persons", made.persons_file), ("visits", made.visits_file)):
            connection.execute(f"CREATE TABLE {name} AS SELECT * FROM '{file}'")
    part.rename(made.plain_file)
