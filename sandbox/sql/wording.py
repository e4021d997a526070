"""The functions and operators of single values in the grammar, and the other names under which dialects know them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sqlglot import exp

from sandbox.errors import Problem
from sandbox.sql.terms import quote

_BINARY = frozenset({"this", "expression"})
_UNARY = frozenset({"this"})

SCALARS: dict[type[exp.Expr], frozenset[str]] = {
    exp.Cast: frozenset({"this", "to"}),
    exp.TryCast: frozenset({"this", "to", "safe"}),
    exp.Try: _UNARY,
    exp.DataType: frozenset({"this", "nested", "expressions"}),
    exp.DataTypeParam: _UNARY,
    exp.Interval: frozenset({"this", "unit"}),
    exp.Extract: _BINARY,
    exp.Between: frozenset({"this", "low", "high", "symmetric"}),
    exp.Div: frozenset({"this", "expression", "typed", "safe"}),
    **dict.fromkeys((exp.Like, exp.ILike), _BINARY | {"negate"}),
    **dict.fromkeys((exp.Mod, exp.IntDiv, exp.Pow, exp.Log, exp.NullSafeEQ, exp.NullSafeNEQ, exp.BitwiseXor), _BINARY),
    **dict.fromkeys((exp.Greatest, exp.Least), frozenset({"this", "expressions", "ignore_nulls"})),
    **dict.fromkeys((exp.Round, exp.Trunc, exp.Floor, exp.Ceil), _UNARY | {"decimals"}),
    **dict.fromkeys((exp.Abs, exp.Sign, exp.Sqrt, exp.Ln, exp.Exp, exp.Sin, exp.Cos, exp.Tan, exp.Cot), _UNARY),
    **dict.fromkeys((exp.Asin, exp.Acos, exp.Atan, exp.Degrees, exp.Radians), _UNARY),
    exp.Pi: frozenset(),
    exp.WidthBucket: frozenset({"this", "min_value", "max_value", "num_buckets"}),
    exp.Nvl2: frozenset({"this", "true", "false"}),
    exp.DPipe: _BINARY | {"safe"},
    **dict.fromkeys((exp.Concat, exp.ConcatWs), frozenset({"expressions", "safe", "coalesce"})),
    **dict.fromkeys((exp.Lower, exp.Upper, exp.Length, exp.Reverse), _UNARY),
    **dict.fromkeys((exp.Left, exp.Right, exp.Contains, exp.StartsWith, exp.EndsWith), _BINARY),
    exp.Trim: frozenset({"this", "expression", "position"}),
    exp.Substring: frozenset({"this", "start", "length"}),
    exp.Replace: _BINARY | {"replacement"},
    exp.StrPosition: frozenset({"this", "substr"}),
    exp.Pad: frozenset({"this", "expression", "fill_pattern", "is_left"}),
    exp.SplitPart: frozenset({"this", "delimiter", "part_index"}),
    exp.Repeat: frozenset({"this", "times"}),
    **dict.fromkeys((exp.Year, exp.Quarter, exp.Month, exp.Day, exp.DayOfMonth, exp.Week, exp.WeekOfYear), _UNARY),
    **dict.fromkeys((exp.DayOfWeek, exp.DayOfWeekIso, exp.DayOfYear, exp.Monthname, exp.Dayname), _UNARY),
    **dict.fromkeys((exp.TimestampTrunc, exp.DateTrunc), frozenset({"this", "unit"})),
    **dict.fromkeys((exp.DateAdd, exp.DateSub), _BINARY | {"unit"}),
    exp.DateDiff: _BINARY | {"unit", "date_part_boundary"},
    exp.DateFromParts: frozenset({"year", "month", "day"}),
    **dict.fromkeys((exp.LastDay, exp.Date), _UNARY),
    **dict.fromkeys((exp.TimeToStr, exp.ToChar), frozenset({"this", "format"})),
    **dict.fromkeys((exp.CurrentDate, exp.CurrentTimestamp), frozenset()),
}

_NEEDED: dict[type[exp.Expr], tuple[str, ...]] = {
    exp.WidthBucket: ("min_value", "max_value", "num_buckets"),
    exp.SplitPart: ("delimiter", "part_index"),
    exp.DateFromParts: ("year", "month", "day"),
    exp.Nvl2: ("true", "false"),
    exp.Date: ("this",),
    exp.Interval: ("this", "unit"),
    exp.Substring: ("start",),
}  # what the parser does without, and we do not

_MISSING: dict[type[exp.Expr], str] = {
    exp.Interval: "INTERVAL takes a whole number and one unit; write INTERVAL 3 DAY."
}
_PATTERN = "Regular expressions are not built; write LIKE, CONTAINS, STARTS_WITH or several of them joined by OR."
_TIME = "There are days here, and no times of day; write dates, and CURRENT_DATE."
_BITS = "Numbers are not taken apart into bits; write comparisons, or // and % with powers of two."
_LISTS = "Lists are not built; write IN (…), or columns of single values."
_CODE = "Texts are not turned into codes or back; compare them as they are."
REFUSED_SCALARS: dict[type[exp.Expr], str] = {
    **dict.fromkeys((exp.RegexpLike, exp.RegexpExtract, exp.RegexpReplace, exp.RegexpSplit), _PATTERN),
    **dict.fromkeys((exp.SimilarTo, exp.Glob, exp.RegexpFullMatch, exp.RegexpILike), _PATTERN),
    **dict.fromkeys((exp.AtTimeZone, exp.CurrentTime, exp.StrToTime, exp.Hour, exp.Minute, exp.Second), _TIME),
    **dict.fromkeys((exp.Localtime, exp.Localtimestamp, exp.StrToDate), _TIME),
    **dict.fromkeys((exp.BitwiseAnd, exp.BitwiseOr, exp.BitwiseNot), _BITS),
    **dict.fromkeys((exp.BitwiseLeftShift, exp.BitwiseRightShift), _BITS),
    **dict.fromkeys((exp.Bracket, exp.Split, exp.ArrayContains, exp.Any, exp.All, exp.Tuple), _LISTS),
    **dict.fromkeys((exp.Hex, exp.MD5, exp.SHA, exp.SHA2, exp.Ascii, exp.Chr, exp.Unicode), _CODE),
    exp.Translate: "TRANSLATE is not built; write REPLACE, once for each letter.",
    exp.Initcap: "INITCAP is not built; write UPPER or LOWER.",
    exp.Cbrt: "CBRT is not built; write POWER(x, 0.333333).",
    exp.Atan2: "ATAN2 is not built; write ATAN(y / x).",
    exp.Escape: "LIKE takes % and _ as wildcards and no ESCAPE; write CONTAINS, STARTS_WITH or ENDS_WITH.",
    exp.DateBin: "TIME_BUCKET is not built; write DATE_TRUNC('month', d), or DATE_DIFF('day', start, d) // n.",
}


def worded(tree: exp.Expr) -> exp.Expr:
    """Give the tree with every function of single values under the one name that the grammar lists. Changes `tree`.
    Raises `Problem` (sql_syntax) for one that lacks a part."""
    for node in list(tree.find_all(exp.Anonymous)):
        name = str(node.this).lower()
        make = _NAMES.get((name, len(node.expressions)))
        instead = make(*node.expressions) if make else None
        if instead is not None and node is tree:
            return instead
        if instead is not None:
            node.replace(instead)
    for found in tree.find_all(*_NEEDED):
        if any(found.args.get(part) is None for part in _NEEDED[type(found)]):
            raise Problem("sql_syntax", _MISSING.get(type(found)) or f"{quote(found)} lacks a part; write it out.")
    return tree


def _unary(kind: type[exp.Expr]) -> Callable[..., exp.Expr]:
    return lambda one: kind(this=one)


def _binary(kind: type[exp.Expr]) -> Callable[..., exp.Expr]:
    return lambda one, other: kind(this=one, expression=other)


def _part(unit: exp.Expr, day: exp.Expr) -> exp.Expr:
    return exp.Extract(this=exp.Var(this=unit.name), expression=day)


def _moved(unit: exp.Expr, number: exp.Expr, day: exp.Expr) -> exp.Expr:
    return exp.DateAdd(this=day, expression=number, unit=exp.Var(this=unit.name))


def _or_zero(one: exp.Expr) -> exp.Expr:
    return exp.Coalesce(this=one, expressions=[exp.Literal.number(0)])


def _date(text: exp.Expr, pattern: exp.Expr) -> exp.Expr | None:
    """A text as a date, in the one form in which dates are read."""
    iso = isinstance(pattern, exp.Literal) and pattern.name.upper() in ("YYYY-MM-DD", "%Y-%M-%D", "%Y-%m-%d")
    return exp.Cast(this=text, to=exp.DataType.build("date")) if iso else None


_CLOCKS: Sequence[str] = (
    "now", "get_current_timestamp", "current_localtimestamp", "transaction_timestamp", "getdate", "sysdate",
)  # fmt: skip
_NAMES: dict[tuple[str, int], Callable[..., exp.Expr | None]] = {
    **{(name, 0): lambda: exp.CurrentTimestamp() for name in _CLOCKS},
    ("today", 0): lambda: exp.CurrentDate(),
    ("date_part", 2): _part,
    ("datepart", 2): _part,
    ("dateadd", 3): _moved,
    ("date_sub", 2): _binary(exp.DateSub),
    ("weekday", 1): _unary(exp.DayOfWeek),
    ("isoyear", 1): lambda day: exp.Extract(this=exp.Var(this="isoyear"), expression=day),
    ("prefix", 2): _binary(exp.StartsWith),
    ("suffix", 2): _binary(exp.EndsWith),
    ("btrim", 1): lambda one: exp.Trim(this=one),
    ("fdiv", 2): _binary(exp.Div),
    ("div", 2): _binary(exp.IntDiv),
    ("ceiling", 1): _unary(exp.Ceil),
    ("isnull", 1): lambda one: exp.Is(this=one, expression=exp.null()),
    ("zeroifnull", 1): _or_zero,
    ("nullifzero", 1): lambda one: exp.Nullif(this=one, expression=exp.Literal.number(0)),
    ("to_date", 2): _date,
    ("strptime", 2): _date,
    ("every", 1): _unary(exp.LogicalAnd),
    ("charindex", 2): lambda part, text: exp.StrPosition(this=text, substr=part),
}  # by name and number of arguments
