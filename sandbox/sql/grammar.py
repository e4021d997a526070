"""The SQL that may be asked: an allow-list of tree nodes and, for each, of the arguments that may be set.

Whatever the parser may ever produce and this list does not name is refused, so a new version of the parser cannot
widen the language. Refusals say what to write instead.
"""

from __future__ import annotations

from sqlglot import exp

from sandbox.errors import Problem
from sandbox.sql.shapes import REFUSED_PARTS, REFUSED_SHAPES, SHAPES
from sandbox.sql.spelling import AGGREGATES, NOT_FITTING, REFUSED_AGGREGATES
from sandbox.sql.wording import REFUSED_SCALARS, SCALARS

MAX_NODES = 10_000
MAX_DEPTH = 64  # of the tree, where a chain of AND (or of OR) counts once

_BINARY = ("this", "expression")
_BINARIES = (exp.And, exp.Or, exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE, exp.Is, exp.Add, exp.Sub, exp.Mul)

ALLOWED: dict[type[exp.Expr], frozenset[str]] = {
    exp.Case: frozenset({"this", "ifs", "default"}),
    exp.If: frozenset({"this", "true", "false"}),
    exp.Coalesce: frozenset({"this", "expressions", "is_nvl", "is_null"}),
    exp.Nullif: frozenset(_BINARY),
    **AGGREGATES,
    **SCALARS,
    **SHAPES,
    **dict.fromkeys(_BINARIES, frozenset(_BINARY)),
}
REFUSED: dict[type[exp.Expr], str] = {**REFUSED_SCALARS, **REFUSED_AGGREGATES, **REFUSED_SHAPES}
_READER = "Files and table functions cannot be read; FROM takes a registered table."
_VOLATILE = REFUSED[exp.Rand]
_CHAINS = (exp.And, exp.Or, exp.Union)


def check(tree: exp.Expr) -> None:
    """Refuse (`sql_not_allowed`) a tree with a node or a set argument that is not on the list, or one that is too
    large or too deep; sql_syntax one that lacks a part. Walks without recursion."""
    waiting: list[tuple[exp.Expr, int]] = [(tree, 1)]
    seen = 0
    while waiting:
        node, depth = waiting.pop(0) if seen < 8 else waiting.pop()
        seen += 1
        if seen > MAX_NODES:
            raise Problem("sql_not_allowed", f"The text has more than {MAX_NODES} parts; ask a smaller question.")
        if depth > MAX_DEPTH:
            raise too_deep()
        allowed = ALLOWED.get(type(node))
        if allowed is None:
            raise Problem("sql_not_allowed", _sentence(node))
        if isinstance(node, exp.Table) and not isinstance(node.this, exp.Identifier):
            raise Problem("sql_not_allowed", _READER)
        if any(needed and node.args.get(name) is None for name, needed in node.arg_types.items()):
            raise Problem("sql_syntax", f"A part of {type(node).__name__.upper()} is missing; write it out.")
        for name, value in node.args.items():
            if value is None or value is False or value == [] or value == "":
                continue
            if name not in allowed:
                raise Problem("sql_not_allowed", _part_sentence(node, name))
            for child in value if isinstance(value, list) else [value]:
                if isinstance(child, exp.Expr):
                    chain = isinstance(node, _CHAINS) and type(child) is type(node)
                    waiting.append((child, depth + (not chain)))


def few(tree: exp.Expr) -> exp.Expr:
    """Give the tree; refuse (`sql_not_allowed`) one that is too large or too deep to be looked at more closely."""
    waiting, seen = [(tree, 1)], 0
    while waiting:
        node, depth = waiting.pop()
        seen += 1
        if seen > MAX_NODES:
            raise Problem("sql_not_allowed", f"The text has more than {MAX_NODES} parts; ask a smaller question.")
        if depth > 2 * MAX_DEPTH:
            raise too_deep()
        for child in node.iter_expressions():
            chain = isinstance(node, _CHAINS) and type(child) is type(node)
            waiting.append((child, depth + (not chain)))
    return tree


def too_deep() -> Problem:
    """The refusal of text that is nested too deeply."""
    return Problem("sql_not_allowed", "The text is nested too deeply; write IN (…) for long lists and fewer brackets.")


def _sentence(node: exp.Expr) -> str:
    for kind in type(node).__mro__:
        if kind in REFUSED:
            return REFUSED[kind]
    if isinstance(node, exp.Anonymous):
        if str(node.this).lower() in _CLOCKS:
            return _VOLATILE
        if str(node.this).lower() in NOT_FITTING:
            return NOT_FITTING[str(node.this).lower()]
        return f"The function {str(node.this)[:40]} is not one of those that are built; " + _WHAT_IS
    return f"{type(node).__name__.upper()} is not one of the parts of SQL that are built; " + _WHAT_IS


_CLOCKS = ("now", "today", "get_current_timestamp", "current_localtimestamp", "transaction_timestamp", "setseed")
_WHAT_IS = (
    "COUNT, SUM, AVG, MEDIAN, QUANTILE_CONT, VAR, STDDEV, CORR, FILTER, CASE, COALESCE, NULLIF, YEAR, QUARTER, MONTH, "
    "DAY, LOWER, UPPER, TRIM, LENGTH, SUBSTRING, LEFT, RIGHT, + - *, comparisons, IN, BETWEEN and LIKE are."
)


def _part_sentence(node: exp.Expr, name: str) -> str:
    said = REFUSED_PARTS.get((type(node), name))
    return said or f"{name.strip('_').upper()} is not built yet in {type(node).__name__.upper()}; remove it."
