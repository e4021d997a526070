"""Spellings of the standard and of PostgreSQL for which there is another one: FETCH, values in rows, = ANY, OVERLAY,
intervals of several units."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import reduce

from sqlglot import exp, maybe_parse

from sandbox.sql.terms import quote, refuse

Change = Callable[[exp.Expr], exp.Expr | None]
MOST_REPEATED = 5_000  # parts of a text that other parts stand for
_UNITS = {"year": 12, "quarter": 3, "month": 1, "week": 7, "day": 1}
_MONTHS = ("year", "quarter", "month")
_PIECE = re.compile(r"\s*([+-]?\d{1,6})\s+(year|quarter|month|mon|week|day)s?\s*,?", re.IGNORECASE)


def plainly(tree: exp.Expr) -> exp.Expr:
    """Give the tree with one spelling for each. Changes `tree`."""
    return respelled(tree, _CHANGES)


def repeated(node: exp.Expr, times: int) -> exp.Expr:
    """Give a part of a text that stands for itself several times. Raises `Problem` when that is too much."""
    if times * sum(1 for _ in node.walk()) > MOST_REPEATED:
        raise refuse(f"{quote(node)} would be repeated too often; write it in a subquery, and its name here.")
    return node


def respelled(tree: exp.Expr, changes: Iterable[tuple[type[exp.Expr], Change]]) -> exp.Expr:
    """Give the tree with every node of a kind as `changes` says, kind after kind; None leaves a node. Changes `tree`.
    Kinds that are nowhere in it are not looked for."""
    kinds = {type(node) for node in tree.walk()}
    for kind, change in changes:
        if not any(issubclass(one, kind) for one in kinds):
            continue
        for node in list(tree.find_all(kind))[::-1]:  # the innermost first
            instead = change(node)
            if instead is None:
                continue
            if node is tree:
                tree = instead
            else:
                node.replace(instead)
            kinds |= {type(one) for one in instead.walk()}
    return tree


def _fetch(node: exp.Expr) -> exp.Expr | None:
    """FETCH FIRST n ROWS ONLY: LIMIT n."""
    options = node.args.get("limit_options")
    if options is not None and (options.args.get("percent") or options.args.get("with_ties")):
        return None
    return exp.Limit(expression=node.args.get("count") or exp.Literal.number(1))


def _parts(node: exp.Expr | None) -> list[exp.Expr] | None:
    """The values of (a, b) and ROW(a, b)."""
    inner = None if node is None else node.unnest()
    row = isinstance(inner, exp.Tuple) or (isinstance(inner, exp.Anonymous) and str(inner.this).lower() == "row")
    return list(inner.expressions) if row and inner is not None else None


def _rows_equal(node: exp.Expr) -> exp.Expr | None:
    """(a, b) = (c, d), or <>; and x = ANY (a list), x <> ALL (a list)."""
    listed = _listed(node.args.get("expression"), "any" if isinstance(node, exp.EQ) else "all")
    if listed is not None:
        found = exp.In(this=node.this.copy(), expressions=listed)
        return found if isinstance(node, exp.EQ) else exp.Not(this=found)
    pairs = _pairs(node, _parts(node.this), _parts(node.args.get("expression")))
    if pairs is None:
        return None
    same = _all(pairs)
    return same if isinstance(node, exp.EQ) else exp.Not(this=exp.Paren(this=same))


def _rows_in(node: exp.Expr) -> exp.Expr | None:
    """(a, b) IN ((1, 2), (3, 4))."""
    mine = _parts(node.this)
    if mine is None or node.args.get("query") or not node.expressions:
        return None
    repeated(node.this, len(node.expressions))
    rows = [_pairs(node, mine, _parts(one)) for one in node.expressions]
    if any(row is None for row in rows):
        return None
    either: list[exp.Expr] = [exp.Paren(this=_all(row)) for row in rows if row is not None]
    return exp.Paren(this=reduce(lambda one, other: exp.Or(this=one, expression=other), either))


def _pairs(
    node: exp.Expr, left: Sequence[exp.Expr] | None, right: Sequence[exp.Expr] | None
) -> list[tuple[exp.Expr, exp.Expr]] | None:
    if left is None or right is None:
        return None
    if len(left) != len(right):
        raise refuse(
            f"{quote(node)} compares rows of {len(left)} and of {len(right)} values; write as many on each side."
        )
    return list(zip(left, right, strict=True))


def _all(pairs: Sequence[tuple[exp.Expr, exp.Expr]]) -> exp.Expr:
    equal: list[exp.Expr] = [exp.EQ(this=one.copy(), expression=other.copy()) for one, other in pairs]
    return exp.Paren(this=reduce(lambda one, other: exp.And(this=one, expression=other), equal))


def _listed(node: exp.Expr | None, word: str) -> list[exp.Expr] | None:
    """The values of ANY (ARRAY[…]), or of ALL."""
    inner = None if node is None else node.unnest()
    if isinstance(inner, exp.Any if word == "any" else exp.All):
        inner = inner.this.unnest()
    elif isinstance(inner, exp.Anonymous) and str(inner.this).lower() == word and len(inner.expressions) == 1:
        inner = inner.expressions[0].unnest()
    else:
        return None
    found = inner.expressions if isinstance(inner, exp.Array | exp.Tuple) else []
    return [one.copy() for one in found] or None


def _overlay(node: exp.Expr) -> exp.Expr | None:
    """OVERLAY(x PLACING y FROM n FOR m): what stands before place n, y, and what comes after m letters more."""
    place, size = node.args["from_"].unnest(), node.args.get("for_")
    letters = (size or node.expression).unnest()
    count = _whole(letters) if size is not None else len(letters.name) if letters.is_string else None
    start = _whole(place)
    if start is None or count is None or start < 1:
        raise refuse(f"{quote(node)}: places in texts are whole numbers from 1; write them out.")
    repeated(node.this, 2)
    before = exp.Left(this=node.this.copy(), expression=exp.Literal.number(start - 1))
    after = exp.Substring(this=node.this.copy(), start=exp.Literal.number(start + count))
    whole = exp.DPipe(this=before, expression=node.expression.copy())
    return exp.Paren(this=exp.DPipe(this=whole, expression=after))


def _whole(node: exp.Expr) -> int | None:
    written = isinstance(node, exp.Literal) and not node.is_string and node.this.isdecimal() and len(node.this) < 7
    return int(node.this) if written else None


def _interval(node: exp.Expr) -> exp.Expr | None:
    """d + INTERVAL '1 year 2 months 3 days': first the months, then the days."""
    by = node.args.get("expression")
    if not isinstance(by, exp.Interval) or by.args.get("unit") is not None or not isinstance(by.this, exp.Literal):
        return None
    found = list(_pieces(by.this.name))
    if len(found) < 2:
        return None
    months = sum(number * _UNITS[unit] for number, unit in found if unit in _MONTHS)
    days = sum(number * _UNITS[unit] for number, unit in found if unit not in _MONTHS)
    made: exp.Expr = node.this
    for number, unit in ((months, "MONTH"), (days, "DAY")):
        if number:
            step = exp.Interval(this=exp.Literal.string(str(number)), unit=exp.Var(this=unit))
            made = type(node)(this=made, expression=step)
    return made


def _pieces(text: str) -> Iterator[tuple[int, str]]:
    """The numbers and units that make up the whole of a text; none where anything else is in it."""
    found, at = [], 0
    while at < len(text.rstrip()):
        piece = _PIECE.match(text, at)
        if piece is None:
            return
        found.append((int(piece[1]), {"mon": "month"}.get(piece[2].lower(), piece[2].lower())))
        at = piece.end()
    yield from found


def _is_not_null(node: exp.Expr) -> exp.Expr | None:
    if not node.args.get("negate"):
        return None
    return exp.Not(this=exp.Is(this=node.this.copy(), expression=node.expression.copy()))


def _escaped(node: exp.Expr) -> exp.Expr | None:
    """LIKE … ESCAPE of a pattern in which nothing is escaped."""
    pattern, mark = node.this.args.get("expression"), node.expression
    plain = isinstance(pattern, exp.Literal) and isinstance(mark, exp.Literal) and mark.name not in pattern.name
    return node.this.copy() if plain and isinstance(node.this, exp.Like | exp.ILike) else None


def _placed(node: exp.Expr) -> exp.Expr | None:
    """PERCENT_RANK, CUME_DIST and NTILE(k), by ranks and counts."""
    function = node.this
    if not isinstance(function, exp.PercentRank | exp.CumeDist | exp.Ntile) or node.args.get("spec"):
        return None
    repeated(node, 12)
    own = {part: node.args.get(part) for part in ("partition_by", "order", "alias", "over")}

    def over(inner: exp.Expr, **more: object) -> exp.Expr:
        copied = {
            part: [one.copy() for one in value]
            if isinstance(value, list)
            else value and value.copy()
            if isinstance(value, exp.Expr)
            else value
            for part, value in own.items()
        }
        return exp.Window(this=inner, **copied, **more)

    ends = {"start": "UNBOUNDED", "start_side": "PRECEDING", "end": "UNBOUNDED", "end_side": "FOLLOWING"}
    rows = over(exp.Count(this=exp.Star()), spec=exp.WindowSpec(kind="ROWS", **ends))
    if isinstance(function, exp.CumeDist):
        return exp.Paren(this=exp.Div(this=over(exp.Count(this=exp.Star())), expression=rows))
    if isinstance(function, exp.PercentRank):
        less = exp.Paren(this=exp.Sub(this=over(exp.Rank()), expression=exp.Literal.number(1)))
        most = exp.Paren(this=exp.Sub(this=rows, expression=exp.Literal.number(1)))
        return exp.Coalesce(this=exp.Div(this=less, expression=most), expressions=[exp.Literal.number(0)])
    many = _whole(function.this.unnest()) if isinstance(function.this, exp.Expr) else None
    if not many:
        raise refuse(f"{quote(node)}: NTILE takes a whole number from 1; write it out.")
    return _tile(over(exp.RowNumber()), rows, many)


def _tile(number: exp.Expr, rows: exp.Expr, many: int) -> exp.Expr:
    """Of n rows the first n % k parts have one more than the others, n // k."""
    return maybe_parse(
        f"CASE WHEN :r <= (:n % {many}) * (:n // {many} + 1) THEN (:r - 1) // (:n // {many} + 1) + 1 "
        f"ELSE :n % {many} + (:r - 1 - (:n % {many}) * (:n // {many} + 1)) // (:n // {many}) + 1 END",
        dialect="duckdb",
    ).transform(lambda one: {"r": number, "n": rows}[one.name].copy() if isinstance(one, exp.Placeholder) else one)


_CHANGES: tuple[tuple[type[exp.Expr], Callable[[exp.Expr], exp.Expr | None]], ...] = (
    (exp.Fetch, _fetch),
    (exp.EQ, _rows_equal),
    (exp.NEQ, _rows_equal),
    (exp.In, _rows_in),
    (exp.Overlay, _overlay),
    (exp.Add, _interval),
    (exp.Sub, _interval),
    (exp.Is, _is_not_null),
    (exp.Escape, _escaped),
    (exp.Window, _placed),
)
