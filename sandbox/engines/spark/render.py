# ruff: noqa: S608 – built node by node: names are quoted, texts are parameters
"""A block's bounded exact aggregates as Spark SQL.

The rows of its relation, with keys and measured expressions computed → at most R rows of a unit in a group, at most L0
groups of a unit → one row of aggregates per group. Noise and everything after it is elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sandbox.engines.layout import UNIT
from sandbox.engines.spark.norms import weights
from sandbox.engines.spark.relations import Relations, Rows, by_places
from sandbox.engines.spark.scalars import Scalars
from sandbox.engines.spark.storage import TableFiles
from sandbox.engines.spark.words import clamped, integer
from sandbox.engines.widths import width
from sandbox.plan.block import WEIGHT, Block, Measurement
from sandbox.plan.reading import Reading
from sandbox.plan.relation import Public
from sandbox.plan.walk import walk

PART = 22  # bits of a part of a sum: 2⁴¹ of them fit 64 bits


@dataclass(frozen=True)
class Statement:
    """SQL over the files of `tables`, with text parameters. It gives the keys, for a quantile the bin, then for each of
    `measured` (places in the block) its sums: `parts` says how many, each 2²² times the one before.

    `scales` says of each key in which fixed point it comes, None if it is not a number."""

    sql: str
    parameters: dict[str, str]
    tables: frozenset[str]
    scales: tuple[int | None, ...]
    measured: tuple[int, ...]
    parts: tuple[int, ...]
    bins: bool


def render(block: Block, tables: Mapping[str, TableFiles]) -> list[Statement]:
    """Give the statements that together measure `block`; raises ValueError when a number could be beyond 2¹²⁶.

    One for the groups and all that is measured of the rows that are kept, one for each quantile, one for each norm."""
    every = list(enumerate(block.measurements))
    plain = [place for place, m in every if m.norm is None and m.what != "quantile"]
    found = [_statement(block, tables, plain)] if plain or block.keys else []
    return found + [_statement(block, tables, [place]) for place, m in every if place not in plain]


def read_statement(reading: Reading, tables: Mapping[str, TableFiles]) -> Statement:
    """Give the statement of a reading; raises ValueError for a table that is stored with units, whatever is said of it
    elsewhere."""
    for node in walk(reading.rows):
        if isinstance(node, Public) and (node.table not in tables or f"{UNIT} " in tables[node.table].schema):
            raise ValueError("rows of units do not leave as they are")
    scalars = Scalars()
    relations = Relations(scalars, tables)
    sql = relations.sorted(reading.rows)
    return Statement(sql, scalars.parameters, frozenset(relations.read), (), (), (), False)


def _statement(block: Block, tables: Mapping[str, TableFiles], measured: Sequence[int]) -> Statement:
    scalars = Scalars()
    relations = Relations(scalars, tables)
    picked = [block.measurements[place] for place in measured]
    weighed = any(m.norm for m in picked)
    truncates = block.bounds.truncates and not weighed
    keys = [f"__k{place}" for place in range(len(block.keys))]
    rows = _computed(block, picked, relations, scalars, keys, truncates)
    sql = _bounded(block, rows, keys, relations) if truncates else rows.sql
    group, kept = list(keys), ""
    if bins := any(m.what == "quantile" for m in picked):
        moved = f"CAST({_moved(picked[0], '__e0')} - ({picked[0].lower}) AS BIGINT)"
        sql = f"SELECT *, shiftright({moved}, {picked[0].shift}) AS __bin FROM ({sql})"
        group, kept = [*keys, "__bin"], " WHERE __e0 IS NOT NULL"
    aggregates: list[str] = []
    parts: list[int] = []
    for place, m in enumerate(picked):
        one = ["count(*)"] if bins else _aggregates(m, f"__e{place}")
        parts.append(len(one))
        aggregates += [f"{each} AS __m{len(aggregates) + at}" for at, each in enumerate(one)]
    select = f"SELECT {', '.join([*group, *aggregates])} FROM ({sql}) __bounded{kept}"
    by = f" GROUP BY {', '.join(group)}" if group else ""
    scales = tuple(width(key.expr).scale if key.expr.type.numeric else None for key in block.keys)
    return Statement(
        select + by, scalars.parameters, frozenset(relations.read), scales, tuple(measured), tuple(parts), bins
    )


def _computed(
    block: Block,
    picked: Sequence[Measurement],
    relations: Relations,
    scalars: Scalars,
    keys: Sequence[str],
    placed: bool,
) -> Rows:
    """Rows with keys __k… and measured values __e…, and what bounding needs."""
    rows = relations.rows(block.rows, placed=placed)
    named = [f"{scalars.render(key.expr)} AS {name}" for key, name in zip(block.keys, keys, strict=True)]
    values = [f"{_value(m, scalars)} AS __e{place}" for place, m in enumerate(picked) if m.expr is not None]
    source, hidden = relations.named(rows), [UNIT, *rows.places]
    norm = next((m.norm for m in picked if m.norm), None)
    if norm is not None:
        source += f" JOIN ({weights(block, picked[0], norm, relations)}) __weights USING ({UNIT})"
        hidden.append("__weight")
    return Rows(f"SELECT {', '.join([*hidden, *named, *values])} FROM {source}", rows.places)


def _value(m: Measurement, scalars: Scalars) -> str:
    """What is measured of a row, not yet clamped; NULL where it does not count."""
    assert m.expr is not None
    if m.what in ("values", "distinct", "units"):
        return scalars.render(m.expr)
    own, scale = width(m.expr), m.scale - (WEIGHT if m.norm else 0)
    if scale < own.scale:
        raise ValueError("a sum keeps the exact precision of its rows")
    return scalars.number(m.expr, own.at(scale))


def _moved(m: Measurement, value: str) -> str:
    """The clamped value in its fixed point, less the centre."""
    assert m.expr is not None
    return clamped(value, m.lower, m.upper, m.centre, width(m.expr).at(m.scale - (WEIGHT if m.norm else 0)).most)


def _aggregates(m: Measurement, value: str) -> list[str]:
    if m.norm is not None:
        x = "1" if m.expr is None else f"CASE WHEN {value} IS NOT NULL THEN 1 END"
        if m.what == "sum":
            x = _moved(m, value)
        most = _reach(m) * 10**WEIGHT
        return _sums(f"(CAST({x} AS {integer(most)}) * __weight)", most)
    match m.what:
        case "rows":
            return ["count(*)"]
        case "units":
            unit = UNIT if m.expr is None else f"CASE WHEN {value} IS NOT NULL THEN {UNIT} END"
            return [f"count(DISTINCT {unit})"]
        case "values":
            return [f"count({value})"]
        case "distinct":
            return [f"count(DISTINCT {value})"]
        case _:
            return _sums(_moved(m, value), _reach(m))


def _reach(m: Measurement) -> int:
    return max(abs(m.lower), abs(m.upper)) + abs(m.centre) if m.what == "sum" else 1


def _sums(value: str, most: int) -> list[str]:
    """Give sums of 64 bits whose sum, each 2²² times the one before, is that of `value`; decimals where that is not
    enough. Spark adds decimals one object at a time."""
    bits = most.bit_length() + 1
    if bits > 3 * PART - 4:
        return [f"coalesce(sum(CAST({value} AS DECIMAL(38,0))), 0)"]
    count = -(-bits // PART)
    low = [f"(shiftright({value}, {PART * at}) & {(1 << PART) - 1}L)" for at in range(count - 1)]
    return [f"coalesce(sum({one}), 0L)" for one in [*low, f"shiftright({value}, {PART * (count - 1)})"]]


def _bounded(block: Block, rows: Rows, keys: Sequence[str], relations: Relations) -> str:
    """Drop what a unit has beyond R rows in a group and beyond L0 groups, where that can be. All that is of a unit
    comes to one place first, so that Spark moves rows once."""
    few_rows = block.bounds.rows_per_group < block.bounds.rows
    few_groups = bool(keys) and block.bounds.groups < block.bounds.rows
    order, group = by_places(rows.places), ", ".join([UNIT, *keys])
    sql = f"SELECT * FROM ({rows.sql}) DISTRIBUTE BY {UNIT}"
    conditions = []
    if few_rows:
        sql = f"SELECT *, row_number() OVER (PARTITION BY {group} ORDER BY {order}) AS __place FROM ({sql})"
        conditions.append(f"__place <= {block.bounds.rows_per_group}")
    if few_groups:
        sql = f"SELECT *, row_number() OVER (PARTITION BY {UNIT} ORDER BY {order}) AS __rank FROM ({sql})"
        sql = f"SELECT *, min(__rank) OVER (PARTITION BY {group}) AS __first FROM ({sql})"
        sql = f"SELECT *, dense_rank() OVER (PARTITION BY {UNIT} ORDER BY __first) AS __group FROM ({sql})"
        conditions.append(f"__group <= {block.bounds.groups}")
    where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
    return f"SELECT * FROM ({sql}) {relations.name('b')}{where}"
