"""The SQL that may be asked: an allow-list of tree nodes and, for each, of the arguments that may be set.

Whatever the parser may ever produce and this list does not name is refused, so a new version of the parser cannot
widen the language. Refusals say what to write instead.
"""

from __future__ import annotations

from sqlglot import exp

from sandbox.errors import Problem
from sandbox.sql.spelling import AGGREGATES, NOT_FITTING, REFUSED_AGGREGATES
from sandbox.sql.wording import REFUSED_SCALARS, SCALARS

MAX_NODES = 10_000
MAX_DEPTH = 64  # of the tree, where a chain of AND (or of OR) counts once

_BINARY = ("this", "expression")
_BINARIES = (exp.And, exp.Or, exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE, exp.Is, exp.Add, exp.Sub, exp.Mul)
_UNARIES = (
    exp.From,
    exp.Where,
    exp.Having,
    exp.Not,
    exp.Neg,
    exp.Paren,
    exp.Boolean,
    exp.Var,
)

ALLOWED: dict[type[exp.Expr], frozenset[str]] = {
    exp.Select: frozenset({"with_", "expressions", "from_", "where", "group", "having", "order", "limit", "offset"}),
    exp.Table: frozenset({"this", "db", "alias"}),
    exp.TableAlias: frozenset({"this"}),
    exp.With: frozenset({"expressions"}),
    exp.CTE: frozenset({"this", "alias", "materialized"}),
    exp.Subquery: frozenset({"this", "alias"}),
    exp.Identifier: frozenset({"this", "quoted"}),
    exp.Column: frozenset({"this", "table", "db"}),
    exp.Alias: frozenset({"this", "alias"}),
    exp.Star: frozenset(),
    exp.Null: frozenset(),
    exp.Literal: frozenset({"this", "is_string"}),
    exp.Group: frozenset({"expressions"}),
    exp.Order: frozenset({"expressions"}),
    exp.Ordered: frozenset({"this", "desc", "nulls_first"}),
    exp.Limit: frozenset({"expression"}),
    exp.Offset: frozenset({"expression"}),
    exp.In: frozenset({"this", "expressions"}),
    exp.Case: frozenset({"this", "ifs", "default"}),
    exp.If: frozenset({"this", "true", "false"}),
    exp.Coalesce: frozenset({"this", "expressions", "is_nvl", "is_null"}),
    exp.Nullif: frozenset(_BINARY),
    **AGGREGATES,
    **SCALARS,
    **dict.fromkeys(_BINARIES, frozenset(_BINARY)),
    **dict.fromkeys(_UNARIES, frozenset({"this"})),
}

_JOIN = "Joins are not built yet; ask about one table at a time."
_SUBQUERY = "Subqueries stand in FROM and WITH only, so far; write values in place of this one."
_VOLATILE = "An answer must not depend on chance or on the clock; write the value itself, such as DATE '2024-01-31'."
_SETS = "ROLLUP, CUBE and GROUPING SETS are not built yet; ask each grouping by itself."
_SET = "UNION, INTERSECT and EXCEPT are not built yet; ask each question by itself."
_READER = "Files and table functions cannot be read; FROM takes a registered table."

REFUSED: dict[type[exp.Expr], str] = {
    **REFUSED_SCALARS,
    exp.Exists: _SUBQUERY,
    exp.SetOperation: _SET,
    exp.Window: "Windows are not built yet; write GROUP BY instead of OVER.",
    exp.Rand: _VOLATILE,
    exp.Uuid: _VOLATILE,
    exp.ReadCSV: _READER,
    exp.IgnoreNulls: "The aggregates that are built leave NULL out by themselves; remove IGNORE NULLS.",
    exp.Fetch: "Write LIMIT with a whole number instead of FETCH.",
    exp.Placeholder: "Parameters are not filled in here; write the value itself.",
    exp.Parameter: "Parameters are not filled in here; write the value itself.",
    **REFUSED_AGGREGATES,
    exp.Rollup: _SETS,
    exp.Cube: _SETS,
    exp.GroupingSets: _SETS,
    exp.UDTF: _READER,
}

REFUSED_PARTS: dict[tuple[type[exp.Expr], str], str] = {
    (exp.Select, "distinct"): "SELECT DISTINCT is not allowed; write GROUP BY with COUNT(*).",
    (exp.With, "recursive"): "WITH RECURSIVE is not allowed; write WITH.",
    (exp.Select, "joins"): _JOIN,
    (exp.Select, "laterals"): _JOIN,
    (exp.Select, "into"): "SELECT INTO would write; remove INTO.",
    (exp.Select, "locks"): "FOR UPDATE is not needed: data versions never change; remove it.",
    (exp.Select, "qualify"): "QUALIFY is not built yet; write HAVING over aggregates.",
    (exp.Select, "windows"): "Windows are not built yet; write GROUP BY instead of OVER.",
    (exp.Select, "sample"): "Samples depend on chance; ask about all rows.",
    (exp.Group, "all"): "GROUP BY ALL is not allowed; name the keys.",
    (exp.Group, "rollup"): _SETS,
    (exp.Group, "cube"): _SETS,
    (exp.Group, "grouping_sets"): _SETS,
    (exp.Order, "this"): "An order inside an aggregate changes nothing that is built; remove it.",
    (exp.TableAlias, "columns"): "Columns keep their names here; write an alias for the table alone.",
    (exp.Table, "sample"): "TABLESAMPLE depends on chance; ask about all rows.",
    (exp.Table, "pivots"): "PIVOT is not built yet; write GROUP BY.",
    (exp.Table, "joins"): _JOIN,
    (exp.Table, "when"): "A question is about the current data version; remove AT.",
    (exp.Table, "catalog"): "Name a table as table or resource.table.",
    (exp.Limit, "limit_options"): "LIMIT takes a whole number of rows.",
    (exp.In, "query"): _SUBQUERY,
    (exp.Column, "catalog"): "Name a column as column or table.column.",
}


_AROUND = (exp.From, exp.CTE, exp.Subquery, type(None))  # where a SELECT may stand


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
        if isinstance(node, (exp.Subquery, exp.Select)) and not isinstance(node.parent, _AROUND):
            raise Problem("sql_not_allowed", _SUBQUERY)
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
                    chain = isinstance(node, (exp.And, exp.Or)) and type(child) is type(node)
                    waiting.append((child, depth + (not chain)))


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
