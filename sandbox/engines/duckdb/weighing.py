"""L2 mode over the norm buckets of the index: a row weighs what its unit's bucket says.

Of few groups all rows are added up as they are, since most units weigh their whole; what the others weigh less is added
up by (group, bucket), one scan of their rows alone for each column of buckets, and taken off after that. Of many groups
every row is weighed."""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from sandbox.engines.duckdb.facts import Facts
from sandbox.engines.duckdb.keys import Keys
from sandbox.engines.duckdb.measures import is_null, summed, value
from sandbox.engines.duckdb.relations import Relations, Rows
from sandbox.engines.duckdb.scalars import Scalars
from sandbox.engines.duckdb.scans import TableScan
from sandbox.engines.duckdb.terms import call, cast, column, digits
from sandbox.engines.layout import ROWS, edge
from sandbox.plan.block import WEIGHT, Block, Measurement, Norm
from sandbox.plan.relation import Scan
from sandbox.plan.walk import stored, walk

FEW = 2000  # groups that are counted by bucket
BUCKET_BITS = 8


def bucket(block: Block, m: Measurement, facts: Facts) -> str | None:
    """Give the column of the buckets that a measurement weighs by, None if the version has none."""
    if m.norm is None or not facts.whole:
        return None
    layout = facts.table(_scan(block).table)
    index = layout.index(stored(key) for key in m.norm.keys)
    if index is None:
        return None
    if m.column is None:
        return index.norms.get(ROWS)
    return index.norms.get(stored(m.column)) if m.scale - WEIGHT == m.column.type.scale else None


def statement(
    block: Block,
    picked: Sequence[Measurement],
    facts: Facts,
    relations: Relations,
    rows: Rows,
    keys: Keys,
    scalars: Scalars,
) -> exp.Select:
    """Give the weighed sums of the groups, as columns m0, m1, … after the keys."""
    scan = relations.scan_of(_scan(block))
    names = [str(bucket(block, m, facts)) for m in picked]
    if keys.groups is None or keys.groups > FEW:
        return _by_row(picked, names, rows, keys, scalars, scan)
    parts = [_whole(picked, rows, keys, scalars)]
    parts += [_taken_off(picked, names, name, rows, keys, scalars, scan) for name in dict.fromkeys(names)]
    every: exp.Expression = parts[0]
    for part in parts[1:]:
        every = exp.Union(this=every, expression=part, distinct=False)
    sums = [exp.alias_(total(column(f"m{at}")), f"m{at}") for at in range(len(picked))]
    return _grouped(
        exp.select(*keys.columns, *sums).from_(exp.Subquery(this=every, alias=_alias("parts")), copy=False), keys
    )


def total(values: exp.Expression) -> exp.Expression:
    """Give the sum of weighed values, which 128 bits hold."""
    return summed(values)


def _whole(picked: Sequence[Measurement], rows: Rows, keys: Keys, scalars: Scalars) -> exp.Select:
    """The sums of all rows, as if each weighed its whole."""
    values = [exp.alias_(value(m, scalars), f"e{at}") for at, m in enumerate(picked) if m.expr is not None]
    computed = exp.select(*(key.copy() for key in keys.named), *values)
    computed = computed.from_(rows.select.subquery("rows"), copy=False)
    plain = [exp.alias_(_plain(m, f"e{at}"), f"s{at}") for at, m in enumerate(picked)]
    counted = exp.select(*keys.columns, *plain).from_(computed.subquery("bounded", copy=False), copy=False)
    sums = [exp.alias_(_times(f"s{at}", digits(10**WEIGHT)), f"m{at}") for at in range(len(picked))]
    counted = _grouped(counted, keys)
    return exp.select(*keys.columns, *sums).from_(counted.subquery("counted", copy=False), copy=False)


def _taken_off(
    picked: Sequence[Measurement],
    names: Sequence[str],
    name: str,
    rows: Rows,
    keys: Keys,
    scalars: Scalars,
    scan: TableScan,
) -> exp.Select:
    """What rows weigh less than their whole by one column of buckets: of its measurements, 0 for the others."""
    own = [at for at, one in enumerate(names) if one == name]
    values = [exp.alias_(value(picked[at], scalars), f"e{at}") for at in own if picked[at].expr is not None]
    computed = exp.select(
        *(key.copy() for key in keys.named), exp.alias_(scan.hidden(name), "__b", quoted=True), *values
    )
    whole = min(_weights(norm).count(10**WEIGHT) for at in own if (norm := picked[at].norm))
    computed = computed.from_(rows.select.subquery("rows"), copy=False)
    computed = computed.where(exp.GTE(this=scan.hidden(name), expression=digits(whole)), copy=False)
    plain = [exp.alias_(_plain(picked[at], f"e{at}"), f"s{at}") for at in own]
    counted = exp.select(*keys.columns, column("__b"), *plain).from_(
        computed.subquery("bounded", copy=False), copy=False
    )
    counted = counted.group_by(*keys.grouped, column("__b"), copy=False)
    less = []
    for at, m in enumerate(picked):
        part: exp.Expression = cast(digits(0), "HUGEINT")
        if at in own:
            part = _times(f"s{at}", exp.Paren(this=exp.Sub(this=_weight(m, "__b"), expression=digits(10**WEIGHT))))
        less.append(exp.alias_(part, f"m{at}"))
    return exp.select(*keys.columns, *less).from_(counted.subquery("counted", copy=False), copy=False)


def _times(name: str, weight: exp.Expression) -> exp.Expression:
    return exp.Mul(this=cast(column(name), "HUGEINT"), expression=weight)


def _by_row(
    picked: Sequence[Measurement],
    names: Sequence[str],
    rows: Rows,
    keys: Keys,
    scalars: Scalars,
    scan: TableScan,
) -> exp.Select:
    buckets = [exp.alias_(scan.hidden(name), f"__b{at}", quoted=True) for at, name in enumerate(names)]
    values = [exp.alias_(value(m, scalars), f"e{at}") for at, m in enumerate(picked) if m.expr is not None]
    computed = exp.select(*keys.named, *buckets, *values).from_(rows.select.subquery("rows", copy=False), copy=False)
    sums = [exp.alias_(total(_weighed(m, at)), f"m{at}") for at, m in enumerate(picked)]
    return _grouped(exp.select(*keys.columns, *sums).from_(computed.subquery("bounded", copy=False), copy=False), keys)


def _weighed(m: Measurement, at: int) -> exp.Expression:
    weight = _weight(m, f"__b{at}")
    match m.what:
        case "rows":
            return weight
        case "values":
            return exp.Case(ifs=[exp.If(this=exp.Not(this=is_null(column(f"e{at}"))), true=weight)])
        case _:
            fits = max(abs(m.lower), abs(m.upper)) * 10**WEIGHT < 1 << 62
            kind = "BIGINT" if fits else "HUGEINT"
            return exp.Mul(this=cast(column(f"e{at}"), kind), expression=cast(weight, kind))


def _plain(m: Measurement, measured: str) -> exp.Expression:
    match m.what:
        case "rows":
            return exp.Count(this=exp.Star())
        case "values":
            return exp.Count(this=column(measured))
        case _:
            return summed(column(measured))


def _weight(m: Measurement, name: str) -> exp.Expression:
    """The weight of a bucket: its place in the list of weights; beyond the list it is 0."""
    assert m.norm is not None
    listed = cast(exp.Var(this=f"[{', '.join(map(str, _weights(m.norm)))}]"), "INTEGER[]")
    place = exp.Add(this=cast(column(name), "INTEGER"), expression=digits(1))
    return exp.Coalesce(this=call("list_extract", listed, place), expressions=[digits(0)])


def _weights(norm: Norm) -> list[int]:
    one, found = 10**WEIGHT, list[int]()
    while weight := min(one, norm.cap * one // edge(len(found))):
        found.append(weight)
    return found


def _grouped(query: exp.Select, keys: Keys) -> exp.Select:
    return query.group_by(*keys.grouped, copy=False) if keys.names else query


def _scan(block: Block) -> Scan:
    return next(node for node in walk(block.rows) if isinstance(node, Scan))


def _alias(name: str) -> exp.TableAlias:
    return exp.TableAlias(this=exp.to_identifier(name))
