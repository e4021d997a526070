"""What the public profile measures of a table, piece by piece: from its declaration alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Literal

from policies.grades import ROLES
from sandbox.catalogue.entry import ColumnEntry, TableEntry
from sandbox.catalogue.profile import ROWS
from sandbox.engines.fixed import from_grains, grains
from sandbox.jobs.buckets import bucket, case, count_ends, falling_ends, value_ends
from sandbox.plan.block import Bounds
from sandbox.plan.parts import Aggregate, Named
from sandbox.plan.relation import Group, Project, Relation, Scan
from sandbox.plan.scalar import INTEGER, Arithmetic, Column, Scalar, Sign, Type


@dataclass(frozen=True)
class Piece:
    """One block of the profile: where its result goes, and what it measures. `ends` are the upper ends of its buckets,
    `lower` where the first begins; a list of keys and a plain count have none."""

    table: str
    what: Literal["rows", "units", "per_unit", "groups", "most", "norm", "values", "totals", "means", "keys"]
    rows: Relation
    bounds: Bounds
    key: Scalar | None = None
    lower: int = 0
    ends: tuple[int, ...] = ()
    name: str = ""
    key_set: tuple[str, ...] = ()
    summed: Column | None = None  # what is added up in each bucket beside the count


def of_table(table: TableEntry) -> Iterator[Piece]:
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
                yield from (_of_totals(table, column, most), _of_means(table, column, most))
    for column in table.columns:
        if column.plan_type.numeric and column.bounds is not None:
            lower, ends = value_ends(column)
            key = bucket(_column(column), ends, column.plan_type)
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
    return names and not column.key and ROLES[column.role].groups and column.name != table.unit_column


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


def _of_totals(table: TableEntry, column: ColumnEntry, most: int) -> Piece:
    """Units by what they have of a column in all, however signed."""
    assert column.lower is not None and column.upper is not None
    kind, large = column.plan_type, max(abs(column.lower), abs(column.upper)) * most
    size = Sign("abs", _column(column), kind)
    rows = Group(_scan(table, (column,)), (), (Aggregate("t", "sum", size, kind, Decimal(0), large),))
    ends = falling_ends(0, grains(large, kind.scale) or 1)
    key = case(rows.columns[0], [from_grains(end, kind.scale) if kind.scale else end for end in ends], kind, null=0)
    return Piece(table.name, "totals", rows, Bounds(1, 1, 1), key, 0, ends, column.name)


def _of_means(table: TableEntry, column: ColumnEntry, most: int) -> Piece:
    """The means of units by how many rows they have: whether those with many are like the others."""
    kind = Type("decimal", column.plan_type.scale + 2)
    mean = Aggregate("m", "average", _column(column), kind, column.lower, column.upper)
    rows = Group(_scan(table, (column,)), (), (_rows(most, "n"), mean))
    ends = [1]
    while ends[-1] < most:
        ends.append(min(2 * ends[-1], most))
    return replace(
        _counted(table, "means", rows, "n"),
        ends=tuple(ends),
        key=bucket(rows.columns[0], ends, INTEGER),
        name=column.name,
        summed=mean.column,
    )


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
    key = case(
        s, [from_grains(end**2, 2 * total.type.scale) if kind.scale else end**2 for end in ends], kind, null=0
    )  # a unit without any value has norm 0
    return Piece(table.name, "norm", summed, Bounds(1, 1, 1), key, 0, ends, name, keys)


def _counted(
    table: TableEntry,
    what: Literal["per_unit", "groups", "most", "means"],
    rows: Relation,
    name: str,
    keys: Iterable[str] = (),
) -> Piece:
    column = next(one for one in rows.columns if one.name == name)
    ends = count_ends(table.max_rows_per_unit or 1)
    return Piece(table.name, what, rows, Bounds(1, 1, 1), bucket(column, ends, INTEGER), 1, ends, "", tuple(keys))


def _per_unit(rows: Relation, most: int) -> Group:
    return Group(rows, (), (_rows(most, "n"),))


def _rows(most: int, name: str) -> Aggregate:
    return Aggregate(name, "rows", None, INTEGER, Decimal(1), Decimal(most))


def _scan(table: TableEntry, columns: Iterable[ColumnEntry]) -> Scan:
    assert table.max_rows_per_unit is not None
    return Scan(table.name, 0, tuple(map(_column, columns)), table.max_rows_per_unit)


def _column(column: ColumnEntry) -> Column:
    return Column(column.name, column.plan_type, column.lower, column.upper)
