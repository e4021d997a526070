"""Statistics of public rows in DuckDB: it adds up and sorts whole numbers, and the last step is `sandbox.plan.moments`,
called from the statement. A square of 128 bits is summed in three parts, so that no number of rows is too many."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from sandbox.engines.duckdb.terms import call, cast, column, constant, digits
from sandbox.engines.fixed import grains
from sandbox.engines.widths import MOST
from sandbox.plan.moments import BETWEEN, Sums, between, place, rank_of, statistic
from sandbox.plan.parts import OF_PUBLIC, OF_RELEASED, Aggregate, Over, Paired

if TYPE_CHECKING:  # loaded where a file is opened
    import duckdb

FUNCTION = "moment"
PART = 10**10
"""A number of 10²² is a multiple of it and a rest; their products fit 128 bits 10¹² times."""
WHOLE = "HUGEINT"


def is_moment(one: Aggregate | Over) -> bool:
    """Say whether a fold is one of these."""
    return one.what in OF_RELEASED or one.what in OF_PUBLIC


def wanted(sql: str) -> bool:
    """Say whether a statement may call the function; a quoted name like it does no harm."""
    return f"{FUNCTION}(" in sql.lower()


def install(connection: duckdb.DuckDBPyConnection) -> None:
    """Give a connection, and its cursors, the function of the last step. DuckDB loads
    numpy for it, which children without such statements do not wait for."""
    from duckdb.func import SPECIAL

    kinds: list[Any] = ["VARCHAR", "INTEGER[]", f"{WHOLE}[]"]
    connection.create_function(FUNCTION, _last_step, kinds, WHOLE, null_handling=SPECIAL)


def rendered(one: Aggregate, names: Sequence[str], scales: Sequence[int]) -> exp.Expression:
    """Give the aggregate of columns that hold the values of its parts as whole numbers, n·10^-scale."""
    rank = rank_of(one)
    if rank is not None:
        return _ranked(one, rank, names[0], scales[0])
    a, b = column(names[0]), column(names[-1])
    sums: list[exp.Expression] = [exp.Count(this=exp.Star()), exp.Sum(this=a), *_products(a, a)]
    if isinstance(one, Paired):
        sums += [exp.Sum(this=b.copy()), *_products(b, b), *_products(a, b)]
    present = exp.and_(*(_present(name) for name in dict.fromkeys(names)))
    filtered = [cast(exp.Filter(this=each, expression=exp.Where(this=present.copy())), WHOLE) for each in sums]
    return _finished(one, scales, exp.Array(expressions=filtered))


def _ranked(one: Aggregate, rank: tuple[int, int], name: str, scale: int) -> exp.Expression:
    every = exp.Filter(this=call("list", column(name)), expression=exp.Where(this=_present(name)))
    in_order = call("list_reverse_sort" if one.what == "quantile_desc" else "list_sort", every)
    count = cast(exp.Count(this=column(name)), WHOLE)
    above, below = (constant(part, MOST) for part in rank)
    if one.what not in BETWEEN:  # n·a/b, rounded up
        up = exp.Add(this=exp.Mul(this=count, expression=above), expression=constant(rank[1] - 1, MOST))
        at = call("greatest", exp.IntDiv(this=exp.Paren(this=up), expression=below), constant(1, MOST))
        return call("list_extract", in_order, cast(at, "BIGINT"))
    before = exp.Mul(this=exp.Paren(this=exp.Sub(this=count, expression=digits(1))), expression=above)
    first = exp.Add(this=exp.IntDiv(this=exp.Paren(this=before), expression=below), expression=digits(1))
    second = exp.Add(this=first.copy(), expression=digits(1))
    ends = call("list_slice", in_order, cast(exp.Paren(this=first), "BIGINT"), cast(exp.Paren(this=second), "BIGINT"))
    return _finished(one, [scale, *rank], call("list_prepend", count.copy(), cast(ends, f"{WHOLE}[]")))


def _finished(one: Aggregate, sizes: Sequence[int], parts: exp.Expression) -> exp.Expression:
    known = cast(exp.Array(expressions=[digits(size) for size in (one.type.scale, *sizes)]), "INTEGER[]")
    return call(FUNCTION, exp.Literal.string(one.what), known, parts)


def _products(left: exp.Expression, right: exp.Expression) -> list[exp.Expression]:
    """Give the sum of products in parts: of 10²⁰, of 10¹⁰ and of 1."""
    (high, low), (other_high, other_low) = _halves(left), _halves(right)
    cross = exp.Add(
        this=exp.Mul(this=high.copy(), expression=other_low.copy()),
        expression=exp.Mul(this=low.copy(), expression=other_high.copy()),
    )
    return [
        exp.Sum(this=exp.Mul(this=high, expression=other_high)),
        exp.Sum(this=cross),
        exp.Sum(this=exp.Mul(this=low, expression=other_low)),
    ]


def _halves(value: exp.Expression) -> tuple[exp.Expression, exp.Expression]:
    wide, by = cast(value.copy(), WHOLE), constant(PART, MOST)
    return (
        exp.Paren(this=exp.IntDiv(this=wide, expression=by)),
        exp.Paren(this=exp.Mod(this=wide.copy(), expression=by.copy())),
    )


def _present(name: str) -> exp.Expression:
    return exp.Not(this=exp.Is(this=column(name), expression=exp.null()))


def _last_step(what: str, sizes: list[int], parts: list[int | None]) -> int | None:
    """Called by DuckDB. `sizes`: the decimals of the result and of each column, of a rank its two numbers."""
    count = parts[0] or 0
    if count == 0:
        return None
    known = [one or 0 for one in parts]
    scale, unit = sizes[0], Fraction(1, 10 ** sizes[1])
    if what in BETWEEN:
        share = place(count, (sizes[2], sizes[3]), between=True)[1]
        return grains(between(known[1] * unit, known[-1] * unit, share, scale), scale)
    found = Sums(count, known[1] * unit, _put(known[2:5]) * unit**2)
    if len(known) > 5:
        other = Fraction(1, 10 ** sizes[2])
        sums = known[5] * other, _put(known[6:9]) * other**2, _put(known[9:12]) * unit * other
        found = Sums(count, found.a, found.aa, *sums)
    value = statistic(what, found, scale)
    return None if value is None else grains(value, scale)


def _put(parts: Sequence[int]) -> int:
    high, middle, low = parts
    return (high * PART + middle) * PART + low
