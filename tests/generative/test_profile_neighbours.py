"""What the public profile measures, by brute force: one unit moves no block by more than its plan says, both
engines agree, and with little noise the profile is what plain Python counts."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Sequence
from decimal import Decimal
from math import isqrt
from pathlib import Path
from typing import Any

import pytest
from registrations import write_csv

from sandbox.catalogue.entry import parse_entry
from sandbox.catalogue.ingest import ingest
from sandbox.catalogue.profile import profile_of
from sandbox.core.canonical import canonical_bytes
from sandbox.engines.base import Exact, OpenVersion
from sandbox.engines.duckdb.pool import DuckDBEngine
from sandbox.engines.reference import ReferenceEngine
from sandbox.jobs.buckets import falling_ends, value_ends
from sandbox.jobs.profiling import content, pieces, profile_plan
from sandbox.plan.plan import Plan
from sandbox.privacy.rederive import loss, pure_loss
from sandbox.privacy.release import release

MOST = 20
NAMES = ["pid", "town", "dept", "cost", "change"]


def entry(**privacy: Any) -> Any:
    sensitive = {"role": "sensitive"}
    columns = [
        {"name": "pid", "type": "integer", "role": "identifier"},
        {"name": "town", "type": "string", **sensitive},
        {"name": "dept", "type": "string", "domain": ["a", "b", "c"], **sensitive},
        {"name": "cost", "type": "decimal(8,2)", "bounds": [0, 10_000], **sensitive},
        {"name": "change", "type": "integer", "bounds": [-500, 500], **sensitive},
    ]
    key_sets = [["dept"], ["town", "dept"]]
    table = {"name": "visits", "unit": "pid", "max_rows_per_unit": MOST, "columns": columns, "key_sets": key_sets}
    return parse_entry(
        {
            "name": "clinic",
            "title": {"zh": "诊所", "en": "Clinic"},
            "holder": "Bureau",
            "domain": "health",
            "grade": "general",
            "personal_information": True,
            "legal_basis": {"type": "statutory_duty", "instrument": "Act", "purpose": "statistics"},
            "update_frequency": "P1M",
            "unit": {"name": "person", "column": "visits.pid"},
            "tables": [table],
            "privacy": {"epsilon": "100", "per_user": {"epsilon": "50"}} | privacy,
        }
    )


MIXED = entry(delta="1e-6", per_user={"epsilon": "50", "delta": "1e-6"})
PURE = entry(pure=True)


def people(chance: random.Random, units: int) -> list[dict[str, Any]]:
    """Rows of units, 1 to `MOST` of each, with values missing."""
    rows = []
    for unit in range(units):
        for order in range(min(int(chance.expovariate(0.3)) + 1, MOST)):
            cost = None if chance.random() < 0.1 else Decimal(int(chance.lognormvariate(9, 2)) % 1_000_001) / 100
            rows.append(
                {
                    "__unit": unit, "__ord": order, "pid": unit, "town": chance.choice(["x", "y", "z", None]),
                    "dept": chance.choice(["a", "b", "c", None]), "cost": cost,
                    "change": chance.choice([None, 0, -500, 500, chance.randint(-500, 500)]),
                }
            )  # fmt: skip
    return rows


def measured(plan: Plan, rows: Sequence[dict[str, Any]]) -> list[Exact]:
    return ReferenceEngine({"visits": rows}).run(OpenVersion("v", Path(), b""), plan)


@pytest.mark.parametrize("declared", [MIXED, PURE], ids=["mixed", "pure"])
def test_one_unit_moves_a_block_by_no_more_than_its_plan_says(declared: Any) -> None:
    pure = declared is PURE
    plan = profile_plan(declared, "r", "p", "v", Decimal("1"), Decimal("1e-9"), pure)
    rho, delta = loss(plan)
    assert rho <= 1 or pure
    spent = pure_loss(plan)
    assert (spent is not None and spent <= 1) if pure else delta == Decimal("1e-9")
    chance, most = random.Random(7), Counter[tuple[int, int]]()
    for _ in range(12):
        rows = people(chance, 8)
        whole = measured(plan, rows)
        for unit in range(8):
            without = measured(plan, [row for row in rows if row["__unit"] != unit])
            for place, (block, before, after) in enumerate(zip(plan.blocks, whole, without, strict=True)):
                for number, measurement in enumerate(block.measurements):
                    moved = sum(move**2 for move in moves(before, after, number).values())
                    assert moved <= measurement.square, (place, number, moved)
                    most[place, number] = max(most[place, number], moved)
    assert len(most) == sum(len(block.measurements) for block in plan.blocks) and min(most.values()) >= 1


def moves(before: Exact, after: Exact, number: int) -> dict[Any, int]:
    found: dict[Any, int] = defaultdict(int)
    for sign, one in ((1, before), (-1, after)):
        for group, values in zip(one.groups, one.values, strict=True):
            value = values[number]
            assert isinstance(value, int)
            found[group] += sign * value
    return found


def test_engines_agree_and_the_profile_is_what_plain_python_counts(tmp_path: Path) -> None:
    rows = people(random.Random(3), 60)
    cells = [NAMES] + [["" if row[name] is None else row[name] for name in NAMES] for row in rows]
    file = write_csv(tmp_path / "visits.csv", cells)
    ingest(MIXED, {"visits": (file, "csv")}, tmp_path / "v.duckdb", bytes(32), bytes(32))
    version = OpenVersion("v", tmp_path / "v.duckdb", bytes(32))
    plan = profile_plan(MIXED, "r", "p", "v", Decimal(10) ** 6, Decimal("0.4"), False)
    engine = DuckDBEngine()
    try:
        fast = engine.run(version, plan)
    finally:
        engine.close()
    for one, other in zip(fast, ReferenceEngine().run(version, plan), strict=True):
        assert dict(zip(one.groups, one.values, strict=True)) == dict(zip(other.groups, other.values, strict=True))
    raw = content(MIXED, plan, False, release(plan, fast))
    found = profile_of(raw).tables["visits"]
    by_unit: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        by_unit[row["__unit"]].append(row)
    assert (found.rows, found.units) == (len(rows), 60)
    assert found.per_unit is not None
    check(found.per_unit, [len(own) for own in by_unit.values()])
    [by_dept, by_both] = found.key_sets
    for known, keys in ((by_dept, ("dept",)), (by_both, ("town", "dept"))):
        sizes = [Counter(tuple(row[key] for key in keys) for row in own) for own in by_unit.values()]
        check(known.groups, [len(one) for one in sizes])
        check(known.most, [max(one.values()) for one in sizes])
        check(known.norms["*"], [root(sum(n**2 for n in one.values())) for one in sizes])
        check(known.norms["cost"], [root(squares(own, keys)) for own in by_unit.values()])
    assert set(found.keys["town"]) == {"x", "y", "z"}
    assert sum(found.values["change"].units) <= 60 and set(found.values) == {"cost", "change"}


def squares(rows: Sequence[dict[str, Any]], keys: tuple[str, ...]) -> int:
    sums: Counter[Any] = Counter()
    for row in rows:
        sums[tuple(row[key] for key in keys)] += int((row["cost"] or 0) * 100)
    return sum(total**2 for total in sums.values())


def root(square: int) -> int:
    """The smallest whole number whose square is at least this."""
    return isqrt(square - 1) + 1 if square else 0


def check(found: Any, values: Sequence[int]) -> None:
    starts = (found.lower, *(end + 1 for end in found.upper))
    assert list(found.units) == [
        sum(low <= value <= high for value in values) for low, high in zip(starts, found.upper, strict=False)
    ]


def test_buckets_cover_the_bounds_and_never_overlap() -> None:
    for column in MIXED.tables[0].columns:
        if column.bounds is not None:
            low, ends = value_ends(column)
            assert list(ends) == sorted(set(ends)) and len(ends) <= 64
            assert ends[0] >= low and ends[-1] == int(column.upper * 10**column.plan_type.scale)
    for high in (1, 2, 5, 63, 64, 65, 1000, 10**12):
        ends = falling_ends(0, high)
        assert list(ends) == sorted(set(ends)) and ends[-1] == high and ends[0] >= 0 and len(ends) <= 64


def test_a_pure_budget_lists_no_keys() -> None:
    assert {piece.what for piece in pieces(PURE, True)} == {piece.what for piece in pieces(MIXED, False)} - {"keys"}


def test_a_profile_can_be_logged() -> None:
    """What is bought is digested into its leaf: canonical JSON, which has no fractions."""
    plan = profile_plan(MIXED, "r", "p", "v", Decimal(10) ** 6, Decimal("0.4"), False)
    assert canonical_bytes(content(MIXED, plan, False, release(plan, measured(plan, people(random.Random(3), 60)))))
