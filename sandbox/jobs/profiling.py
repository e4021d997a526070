"""What the public profile measures: our own plans over rows and units, and how what they release is read.

Every block is a histogram that each unit is in once – so one unit moves it by 1 – or a plain count. Buckets follow from
declarations alone. The loss is split evenly.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal, localcontext
from typing import Any, Literal

from sandbox.catalogue.entry import ColumnEntry, Entry, TableEntry
from sandbox.catalogue.profile import ROWS
from sandbox.engines.fixed import from_grains, grains
from sandbox.engines.width import fits
from sandbox.plan.block import SIGMA_UNIT, Block, Bounds, Key, Measurement, Threshold
from sandbox.plan.parts import Aggregate, Named
from sandbox.plan.plan import SEMANTICS, Plan
from sandbox.plan.relation import Group, Project, Relation, Released, Scan
from sandbox.plan.scalar import INTEGER, Arithmetic, Case, Column, Compare, Constant, IsNull, Scalar, Sign, Type
from sandbox.privacy import grains as amounts
from sandbox.privacy.calibrate import float_up, sigma_for
from sandbox.privacy.laplace import rho as laplace_rho
from sandbox.privacy.released import Released as Found
from sandbox.privacy.threshold import tau

BUCKETS = 64
EXACT = 16  # counts up to here have a bucket each
STEPS = 4  # buckets in a doubling, from there on
MOST_KEYS = 10_000
NO_VALUE = -1  # the bucket of NULL, which is not shown


@dataclass(frozen=True)
class Piece:
    """One block of the profile: where its result goes, and what it measures. `ends` are the upper ends of its buckets,
    `lower` where the first begins; a list of keys and a plain count have none."""

    table: str
    what: Literal["rows", "units", "per_unit", "groups", "most", "norm", "values", "keys"]
    rows: Relation
    bounds: Bounds
    key: Scalar | None = None
    lower: int = 0
    ends: tuple[int, ...] = ()
    name: str = ""
    key_set: tuple[str, ...] = ()


def pieces(entry: Entry, pure: bool) -> tuple[Piece, ...]:
    """Give everything that is measured of the protected tables of `entry`; a `pure` budget buys no lists of keys."""
    found = [piece for table in entry.tables if not table.public for piece in _of_table(table)]
    return tuple(piece for piece in found if not (pure and piece.what == "keys") and _computable(piece))


def profile_plan(
    entry: Entry, resource: str, population: str, version: str, loss: Decimal, delta: Decimal, pure: bool
) -> Plan:
    """Give the finished plan that buys the profile for `loss` – ρ, or ε of a `pure` account – in even shares, and
    `delta` for each list of keys. Raises epsilon_invalid when a share buys no noise."""
    wanted = pieces(entry, pure)
    with localcontext(prec=60):
        share = (loss / len(wanted)).quantize(Decimal(1).scaleb(-amounts.RHO), ROUND_DOWN)
    blocks = tuple(_block(piece, share, delta, pure) for piece in wanted)
    return Plan(SEMANTICS, resource, population, version, blocks, ((),) * len(blocks), Released(0, ()))


def content(entry: Entry, plan: Plan, pure: bool, released: Sequence[Found]) -> dict[str, Any]:
    """Give the profile as JSON, see `sandbox.catalogue.profile`, from what its plan released."""
    tables: dict[str, dict[str, Any]] = {}
    for piece, block, found in zip(pieces(entry, pure), plan.blocks, released, strict=True):
        table = tables.setdefault(piece.table, {"key_sets": [], "values": {}, "keys": {}})
        _place(table, piece, block, found)
    for table in tables.values():
        table.setdefault("units", table.get("rows"))
    return {"version": plan.version, "tables": tables}


def _place(table: dict[str, Any], piece: Piece, block: Block, found: Found) -> None:
    match piece.what:
        case "rows" | "units":
            table[piece.what] = found.values[0][0]
        case "keys":
            if len(found.groups) <= MOST_KEYS:
                table["keys"][piece.name] = [value for (value,) in found.groups if value is not None]
        case "per_unit":
            table["per_unit"] = _histogram(piece, block, found)
        case "values":
            table["values"][piece.name] = _histogram(piece, block, found)
        case _:
            known = [one for one in table["key_sets"] if one["keys"] == list(piece.key_set)]
            if not known:
                known = [{"keys": list(piece.key_set), "norms": {}}]
                table["key_sets"] += known
            place = known[0]["norms"] if piece.what == "norm" else known[0]
            place[piece.name or piece.what] = _histogram(piece, block, found)


def _histogram(piece: Piece, block: Block, found: Found) -> dict[str, Any]:
    counts = {bucket: values[0] for (bucket,), values in zip(found.groups, found.values, strict=True)}
    [measured] = block.measurements
    spread = 2**0.5 if measured.mechanism == "laplace" else 1.0
    return {
        "lower": piece.lower,
        "upper": list(piece.ends),
        "units": [counts[place] for place in range(len(piece.ends))],
        "sigma": f"{measured.sigma / SIGMA_UNIT * spread:.6g}",
    }


def _of_table(table: TableEntry) -> Iterator[Piece]:
    most = table.max_rows_per_unit
    assert most is not None
    whole = Bounds(most, most, most)
    yield Piece(table.name, "rows", _scan(table, ()), whole)
    if most > 1:
        yield Piece(table.name, "units", _per_unit(_scan(table, ()), most), Bounds(1, 1, 1))
        yield _counted(table, "per_unit", _per_unit(_scan(table, ()), most), "n")
        for keys in table.key_sets:
            yield from _of_key_set(table, keys, most)
    for column in table.columns:
        if column.plan_type.numeric and column.bounds is not None:
            lower, ends = value_ends(column)
            key = _bucket(_column(column), ends, column.plan_type)
            yield Piece(
                table.name, "values", _scan(table, (column,)), Bounds(most, 1, 1), key, lower, ends, column.name
            )
        elif _listed(table, column):
            groups = max(most // 8, 1)
            key_column = _column(column)
            bounds = Bounds(most, groups, 1)
            yield Piece(table.name, "keys", _scan(table, (column,)), bounds, key_column, name=column.name)


def _listed(table: TableEntry, column: ColumnEntry) -> bool:
    """Texts without a domain that may be grouped by; what tells rows or persons apart is no key of groups."""
    names = column.plan_type.kind == "string" and column.domain is None
    return names and not column.key and column.role != "identifier" and column.name != table.unit_column


def _of_key_set(table: TableEntry, keys: tuple[str, ...], most: int) -> Iterator[Piece]:
    columns = [column for name in keys if (column := table.column(name)) is not None]
    by = tuple(Named(column.name, _column(column)) for column in columns)
    counted = Group(_scan(table, columns), by, (_rows(most, "n"),))
    groups = Group(counted, (), (_rows(most, "g"),))
    yield _counted(table, "groups", groups, "g", keys)
    n = next(column for column in counted.columns if column.name == "n")
    largest = Group(counted, (), (Aggregate("m", "max", n, INTEGER, Decimal(1), Decimal(most)),))
    yield _counted(table, "most", largest, "m", keys)
    yield _norm(table, counted, n, most, ROWS, keys, 0)
    for name in table.measured:
        column = table.column(name)
        if column is not None and column.lower is not None and column.upper is not None:
            yield _of_measure(table, column, columns, most, keys)


def _of_measure(
    table: TableEntry, column: ColumnEntry, columns: Sequence[ColumnEntry], most: int, keys: tuple[str, ...]
) -> Piece:
    assert column.lower is not None and column.upper is not None
    kind, large = column.plan_type, max(abs(column.lower), abs(column.upper))
    size = Sign("abs", _column(column), kind)
    read = [*columns, *([] if column in columns else [column])]
    by = tuple(Named(f"k{place}", _column(one)) for place, one in enumerate(columns))
    total = Aggregate("t", "sum", size, kind, Decimal(0), large * most)
    summed = Group(_scan(table, read), by, (total,))
    return _norm(table, summed, total.column, most, column.name, keys, grains(large, kind.scale) * most)


def _norm(
    table: TableEntry, below: Group, total: Column, most: int, name: str, keys: tuple[str, ...], largest: int
) -> Piece:
    """Units by the norm of `total`, a column of one row for each of a unit's groups: by its square, which is exact."""
    kind = Type("decimal", 2 * total.type.scale) if total.type.scale else INTEGER
    upper = (total.upper or Decimal(0)) ** 2
    squares = Project(below, (Named("q", Arithmetic("*", total, total, kind), Decimal(0), upper),))
    q = squares.columns[0]
    summed = Group(squares, (), (Aggregate("s", "sum", q, kind, Decimal(0), upper * most),))
    ends = falling_ends(0, largest or most)
    s = summed.columns[0]
    key = _case(
        s, [from_grains(end**2, 2 * total.type.scale) if kind.scale else end**2 for end in ends], kind, null=0
    )  # a unit without any value has norm 0
    return Piece(table.name, "norm", summed, Bounds(1, 1, 1), key, 0, ends, name, keys)


def _counted(
    table: TableEntry, what: Literal["per_unit", "groups", "most"], rows: Relation, name: str, keys: Iterable[str] = ()
) -> Piece:
    column = next(one for one in rows.columns if one.name == name)
    ends = count_ends(table.max_rows_per_unit or 1)
    return Piece(table.name, what, rows, Bounds(1, 1, 1), _bucket(column, ends, INTEGER), 1, ends, "", tuple(keys))


def _per_unit(rows: Relation, most: int) -> Group:
    return Group(rows, (), (_rows(most, "n"),))


def _rows(most: int, name: str) -> Aggregate:
    return Aggregate(name, "rows", None, INTEGER, Decimal(1), Decimal(most))


def _scan(table: TableEntry, columns: Iterable[ColumnEntry]) -> Scan:
    assert table.max_rows_per_unit is not None
    return Scan(table.name, 0, tuple(map(_column, columns)), table.max_rows_per_unit)


def _column(column: ColumnEntry) -> Column:
    return Column(column.name, column.plan_type, column.lower, column.upper)


def count_ends(most: int) -> tuple[int, ...]:
    """Give the upper ends of buckets of counts from 1 to `most`: one each, then `STEPS` to a doubling."""
    ends = list(range(1, min(most, EXACT) + 1))
    while ends[-1] < most:
        ends.append(min(max(int(ends[-1] * 2 ** (1 / STEPS)), ends[-1] + 1), most))
    return tuple(ends)


def value_ends(column: ColumnEntry) -> tuple[int, tuple[int, ...]]:
    """Give where the buckets of a bounded column begin and their upper ends, in grains: each value where there are
    few, even ones where the bounds are of one order, otherwise narrow ones near 0."""
    assert column.lower is not None and column.upper is not None
    low, high = grains(column.lower, column.plan_type.scale), grains(column.upper, column.plan_type.scale)
    if high - low < BUCKETS:
        return low, tuple(range(low, high + 1))
    if low >= 0 and high > 4 * max(low, 1):
        return low, falling_ends(low, high)
    if low < 0 < high:
        below = tuple(-end - 1 for end in reversed(falling_ends(0, -low, BUCKETS // 2)[:-1]))
        return low, (*below, *falling_ends(-1, high, BUCKETS // 2))
    return low, tuple(low + (high - low) * place // BUCKETS for place in range(1, BUCKETS + 1))


def falling_ends(low: int, high: int, most: int = BUCKETS) -> tuple[int, ...]:
    """Give at most `most` upper ends from above `low` to `high`, `STEPS` to a doubling from the top."""
    found, end, place = [high], high, 0
    while len(found) < most and end > max(low, 0):
        place += 1
        end = min(int(high / 2 ** (place / STEPS)), found[-1] - 1)
        if end >= max(low, 0):
            found.append(end)
    return tuple(reversed(found))


def _bucket(column: Column, ends: Sequence[int], kind: Type) -> Scalar:
    limits = [from_grains(end, kind.scale) if kind.scale else end for end in ends]
    return _case(column, limits, kind)


def _case(column: Column, limits: Sequence[int | Decimal], kind: Type, null: int = NO_VALUE) -> Scalar:
    """Give the number of the bucket: the first whose end is not passed."""
    none = (IsNull(column), Constant(null, INTEGER))
    whens = [
        (Compare("<=", column, Constant(limit, kind)), Constant(place, INTEGER)) for place, limit in enumerate(limits)
    ]
    return Case((none, *whens[:-1]), whens[-1][1], INTEGER)


def _block(piece: Piece, share: Decimal, delta: Decimal, pure: bool) -> Block:
    bounds, keys = piece.bounds, []
    if piece.key is not None:
        domain = tuple(range(len(piece.ends))) if piece.ends else None
        keys = [Key(piece.what, piece.key, domain)]
    private = piece.what == "keys"
    square, total = (bounds.groups, bounds.groups) if private else (bounds.square, bounds.total)
    what: Literal["units", "rows"] = "units" if private and bounds.rows > 1 else "rows"
    measured = _measured(what, square, total, bounds.rows_per_group, share, pure)
    threshold = Threshold(0, tau(measured.sigma, bounds.groups, delta), delta) if private else None
    return Block(piece.rows, tuple(keys), bounds, (measured,), threshold)


def _measured(
    what: Literal["units", "rows"], square: int, total: int, most: int, share: Decimal, pure: bool
) -> Measurement:
    if not pure:
        sigma, rho = sigma_for(square, share)
        return Measurement(what, None, 0, 0, 0, 0, square, sigma, rho)
    epsilon = max(amounts.down(share, amounts.RHO), 1)
    sigma = float_up(-(-total * SIGMA_UNIT * 10**amounts.RHO // epsilon))
    return Measurement(what, None, 0, 0, 0, 0, square, sigma, laplace_rho(sigma, total, most), "laplace")


def _computable(piece: Piece) -> bool:
    """Whether an engine can hold its numbers: squares of very wide sums it cannot."""
    block = _block(piece, Decimal(1), Decimal("1e-9"), False)
    return fits(Plan(SEMANTICS, "", "", "", (block,), ((),), Released(0, ())))
