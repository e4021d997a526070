"""Plans that are built from relations, without text: joins, windows, unions, groups of a unit, L2 mode.

Whatever writes a plan later – another dialect, a planner – ends in one of these."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from decimal import Decimal

from sandbox.catalogue.entry import Entry
from sandbox.plan import relation as r
from sandbox.plan import scalar as s
from sandbox.plan.block import WEIGHT, Block, Bounds, Key, Measurement, Norm, Threshold, What
from sandbox.plan.parts import Aggregate, Named, Order, Over
from sandbox.plan.plan import SEMANTICS, Output, Plan
from sandbox.privacy.calibrate import sigma_for
from sandbox.privacy.threshold import tau

Asked = tuple[What, s.Scalar | None, int]
RHO = Decimal(2)
DELTA = Decimal("0.02")


def scan(entry: Entry, table: str, number: int = 0) -> r.Scan:
    """Give a protected table as registered, with all columns that rows may be asked for."""
    declared = entry.table(table)
    assert declared is not None and declared.max_rows_per_unit is not None
    kept = [one for one in declared.columns if one.name != declared.unit_column]  # units have codes of their own
    columns = tuple(_column(one.name, one.plan_type, one.lower, one.upper, number) for one in kept)
    return r.Scan(table, number, columns, declared.max_rows_per_unit)


def _column(name: str, kind: s.Type, lower: Decimal | None, upper: Decimal | None, number: int) -> s.Column:
    return s.Column(name if number == 0 else f"{name}{r.NUMBER}{number}", kind, lower, upper)


def of(node: r.Relation, name: str) -> s.Column:
    """Give a column of a relation by its name."""
    return next(column for column in node.columns if column.name == name)


def counted(what: What, bounds: Bounds, expr: s.Scalar | None = None, most: int = 1, rho: Decimal = RHO) -> Measurement:
    """Give a Gaussian measurement of that ρ; of a sum, with values from -most to most."""
    square = max(most, 1) ** 2 * (min(bounds.groups, bounds.rows) if what == "units" else bounds.square)
    ends = (-most, most) if what == "sum" else (0, 0)
    return Measurement(what, expr, 0, *ends, 0, square, *sigma_for(square, rho))


def plan_of(*blocks: Block) -> Plan:
    """Give a plan of these blocks, which shows the first measurement of each."""
    outputs = tuple((Output("n", "count", (0,), s.INTEGER),) for _ in blocks)
    return Plan(SEMANTICS, "audit", "people", "v", blocks, outputs, r.Released(0, (outputs[0][0].column,)))


def block(
    rows: r.Relation,
    *whats: Asked,
    keys: Sequence[s.Scalar] = (),
    limit: Sequence[int] = (),
) -> Block:
    """Give a block over `rows`; keys are private. `limit` are L0 and R, `whats` aggregate, expression and the largest
    value."""
    bounds = Bounds(rows.rows, *(min(one, rows.rows) for one in limit or (rows.rows, rows.rows)))
    measured = [counted(what, bounds, expr, most) for what, expr, most in whats]
    threshold = None
    if keys:
        measured.insert(0, counted("units", bounds))
        threshold = Threshold(0, tau(measured[0].sigma, bounds.groups, DELTA), DELTA)
    named = tuple(Key(f"key{place}", key, None) for place, key in enumerate(keys))
    return Block(rows, named, bounds, tuple(measured), threshold)


def left_join(entry: Entry) -> Plan:
    """Visits with visits of the same unit and kind, or alone, bounded after the join."""
    left, right = scan(entry, "visits"), scan(entry, "visits", 1)
    found = r.Join("left", left, right, ((of(left, "one"), of(right, "one@1")),))
    asked: tuple[Asked, ...] = (("rows", None, 1), ("sum", of(found, "gain"), 50))
    return plan_of(block(found, *asked, keys=[of(found, "four")], limit=(2, 20)))


def pairs(entry: Entry) -> Plan:
    """Visits with visits of the same unit and kind, counted."""
    left, right = scan(entry, "visits"), scan(entry, "visits", 1)
    return plan_of(block(r.Join("inner", left, right, ((of(left, "one"), of(right, "one@1")),)), ("rows", None, 1)))


def with_public(entry: Entry) -> Plan:
    """Visits with a public table of which each visit meets two rows."""
    left = scan(entry, "visits")
    right = r.Public("kinds", 1, tuple(s.Column(f"{name}@1", s.STRING) for name in ("one", "area")))
    pairs = r.Join("left", left, right, ((of(left, "one"), of(right, "one@1")),), None, 2)
    return plan_of(block(pairs, ("rows", None, 1), keys=[of(pairs, "area@1")], limit=(2, 12)))


def union(entry: Entry) -> Plan:
    """Visits, and all of them again, of which 12 count."""
    parts = []
    for number in (0, 1):
        rows = scan(entry, "visits", number)
        suffix = "@1" if number else ""
        named = (Named("kind", of(rows, f"four{suffix}")), Named("flag", of(rows, f"flag{suffix}")))
        parts.append(r.Project(rows, named))
    both = r.Union(tuple(parts))
    return plan_of(
        block(both, ("rows", None, 1)), block(both, ("rows", None, 1), keys=[of(both, "kind")], limit=(2, 6))
    )


def totals(entry: Entry, most: int = 100) -> Plan:
    """Each unit's total in a group, kept within ± `most`: totals mode."""
    rows = scan(entry, "visits")
    total = Aggregate("total", "sum", of(rows, "gain"), s.INTEGER, Decimal(-600), Decimal(600))
    own = r.Group(rows, (Named("kind", of(rows, "four")),), (total,))
    return plan_of(block(own, ("sum", of(own, "total"), most), keys=[of(own, "kind")], limit=(3, 1)))


def window(entry: Entry) -> Plan:
    """The first two visits of each unit in each group, by day."""
    rows = scan(entry, "visits")
    over = Over("place", "row_number", None, (of(rows, "four"),), (Order(of(rows, "day"), False, False),), s.INTEGER)
    numbered = r.Window(rows, (over,))
    kept = r.Filter(numbered, s.Compare("<=", of(numbered, "place"), s.Constant(2, s.INTEGER)))
    return plan_of(block(kept, ("rows", None, 1), keys=[of(kept, "four")], limit=(4, 12)))


def norm(what: What, keys: Sequence[str], cap: int, where: bool = False, finer: Sequence[str] = ()) -> Built:
    """L2 mode by declared keys, or without any: weights bound the whole vector of a unit by `cap`,
    also where groups are made `finer` than those of the norm."""

    def build(entry: Entry) -> Plan:
        table = scan(entry, "visits")
        flag = of(table, "flag")
        rows = r.Filter(table, flag) if where else table
        square = (cap * 10**WEIGHT) ** 2
        expr = of(table, "gain") if what == "sum" else None
        ends = (-50, 50) if what == "sum" else (0, 0)
        weighed = Measurement(
            what,
            expr,
            WEIGHT,
            *ends,
            0,
            square,
            *sigma_for(square, RHO),
            norm=Norm(tuple(of(table, key) for key in keys), cap),
        )
        grouped = tuple(Key(key, of(table, key), _domain(entry, key)) for key in (*keys, *finer))
        return plan_of(Block(rows, grouped, Bounds(rows.rows, rows.rows, rows.rows), (weighed,), None))

    return build


def _domain(entry: Entry, key: str) -> tuple[str, ...]:
    declared = entry.table("visits")
    column = declared.column(key) if declared else None
    assert column is not None and column.domain is not None
    return tuple(sorted(column.domain))


def understated(plan: Plan, square: int, place: int = 0) -> Plan:
    """Give the plan with another Δ2² of one measurement in every block, and the noise that this needs for its ρ."""
    blocks = []
    for one in plan.blocks:
        measured = list(one.measurements)
        sigma, rho = sigma_for(square, measured[place].rho)
        measured[place] = replace(measured[place], square=square, sigma=sigma, rho=rho)
        blocks.append(replace(one, measurements=tuple(measured)))
    return replace(plan, blocks=tuple(blocks))


Built = Callable[[Entry], Plan]
BUILT: tuple[tuple[str, str, Built], ...] = (
    ("visits ⟕ visits by four", "left join, bounded after it, private key", left_join),
    ("visits ⟕ kinds by area", "public join, fan-out 2, private key", with_public),
    ("visits twice", "union, with and without keys", union),
    ("totals of gain by four", "totals mode", totals),
    ("first two of each group", "window, private key", window),
    ("L2 of rows by one", "L2 mode, count", norm("rows", ["one"], 6)),
    ("L2 of rows by four, filtered", "L2 mode under WHERE", norm("rows", ["four"], 3, where=True)),
    ("L2 of gain by four", "L2 mode, sum", norm("sum", ["four"], 100)),
    ("L2 of gain", "L2 mode, sum without keys", norm("sum", [], 100)),
    ("L2 of rows by one and four", "L2 mode, groups finer than the norm's", norm("rows", ["four"], 3, finer=["one"])),
)
