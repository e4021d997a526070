"""The parts of a SELECT in the grammar: what there is beside expressions, and what is refused of it."""

from __future__ import annotations

from sqlglot import exp

_UNARY = frozenset({"this"})
_QUERY = frozenset({"with_", "order", "limit", "offset"})

SHAPES: dict[type[exp.Expr], frozenset[str]] = {
    exp.Select: _QUERY
    | {"expressions", "from_", "joins", "where", "group", "having", "qualify", "windows", "distinct"},
    **dict.fromkeys((exp.Union, exp.Intersect, exp.Except), _QUERY | {"this", "expression", "distinct", "by_name"}),
    exp.Values: frozenset({"expressions", "alias"}),
    exp.Tuple: frozenset({"expressions"}),
    exp.Table: frozenset({"this", "db", "alias", "joins"}),
    exp.Join: frozenset({"this", "on", "using", "side", "kind", "method"}),
    exp.TableAlias: frozenset({"this", "columns"}),
    exp.With: frozenset({"expressions"}),
    exp.CTE: frozenset({"this", "alias", "materialized"}),
    exp.Subquery: frozenset({"this", "alias", "joins"}),
    exp.Identifier: frozenset({"this", "quoted"}),
    exp.Column: frozenset({"this", "table", "db"}),
    exp.Alias: frozenset({"this", "alias"}),
    exp.Star: frozenset(),
    exp.Null: frozenset(),
    exp.Literal: frozenset({"this", "is_string"}),
    exp.Group: frozenset({"expressions", "all"}),
    **dict.fromkeys((exp.GroupingSets, exp.Rollup, exp.Cube, exp.Grouping), frozenset({"expressions"})),
    exp.Order: frozenset({"expressions"}),
    exp.Ordered: frozenset({"this", "desc", "nulls_first"}),
    exp.Limit: frozenset({"expression"}),
    exp.Offset: frozenset({"expression"}),
    exp.In: frozenset({"this", "expressions", "query"}),
    exp.Window: frozenset({"this", "partition_by", "order", "spec", "alias", "over"}),
    exp.WindowSpec: frozenset({"kind", "start", "start_side", "end", "end_side"}),
    **dict.fromkeys((exp.Lag, exp.Lead), frozenset({"this", "offset", "default"})),
    **dict.fromkeys((exp.RowNumber, exp.Rank, exp.DenseRank), frozenset()),
    **dict.fromkeys((exp.FirstValue, exp.LastValue, exp.First, exp.AnyValue), _UNARY),
    **dict.fromkeys((exp.ArgMax, exp.ArgMin), frozenset({"this", "expression"})),
    **dict.fromkeys((exp.LogicalAnd, exp.LogicalOr, exp.Exists, exp.Qualify), _UNARY),
    **dict.fromkeys((exp.From, exp.Where, exp.Having, exp.Not, exp.Neg, exp.Paren, exp.Boolean, exp.Var), _UNARY),
}

_JOIN = "LATERAL joins are not built; write JOIN … ON, or a subquery in FROM."
_SETS = "Write GROUPING SETS, ROLLUP or CUBE as elements of GROUP BY, without WITH."
_READER = "Files and table functions cannot be read; FROM takes a registered table."
_VOLATILE = "An answer must not depend on chance or on the clock; write the value itself, such as DATE '2024-01-31'."
_PLACES = (
    "Of windows ROW_NUMBER, RANK, DENSE_RANK, PERCENT_RANK, CUME_DIST, NTILE, LAG, LEAD, FIRST_VALUE, LAST_VALUE, "
    "COUNT, SUM, AVG, MIN, MAX are built."
)
_LIST = "Lists of rows are not built; write COUNT(DISTINCT x), MIN(x), or ARG_MAX(x, y) of the rows of one unit."

REFUSED_SHAPES: dict[type[exp.Expr], str] = {
    exp.Rand: _VOLATILE,
    exp.Uuid: _VOLATILE,
    exp.ReadCSV: _READER,
    exp.UDTF: _READER,
    exp.Lateral: _JOIN,
    exp.IgnoreNulls: "Aggregates leave NULL out by themselves; remove IGNORE NULLS, and before windows write WHERE.",
    exp.RespectNulls: "NULLs are respected by themselves; remove RESPECT NULLS.",
    exp.Fetch: "Write FETCH FIRST with a whole number of ROWS ONLY, or LIMIT.",
    exp.Placeholder: "Parameters are not filled in here; write the value itself.",
    exp.Parameter: "Parameters are not filled in here; write the value itself.",
    **dict.fromkeys((exp.NthValue, exp.Ntile, exp.PercentRank, exp.CumeDist), _PLACES),
    **dict.fromkeys((exp.GroupConcat, exp.ArrayAgg, exp.ArrayConcatAgg), _LIST),
}

REFUSED_PARTS: dict[tuple[type[exp.Expr], str], str] = {
    (exp.With, "recursive"): "WITH RECURSIVE is not allowed; write WITH.",
    (exp.Select, "laterals"): _JOIN,
    (exp.Select, "into"): "SELECT INTO would write; remove INTO.",
    (exp.Select, "locks"): "FOR UPDATE is not needed: data versions never change; remove it.",
    (exp.Select, "sample"): "Samples depend on chance; ask about all rows.",
    (exp.Group, "rollup"): _SETS,
    (exp.Group, "cube"): _SETS,
    (exp.Group, "grouping_sets"): _SETS,
    (exp.Distinct, "on"): "DISTINCT ON picks one row of several; write QUALIFY ROW_NUMBER() OVER (…) = 1.",
    (
        exp.Order,
        "this",
    ): "An order inside an aggregate is not built; write ROW_NUMBER() OVER (… ORDER BY …) and QUALIFY.",
    (exp.Table, "sample"): "TABLESAMPLE depends on chance; ask about all rows.",
    (exp.Table, "pivots"): "PIVOT is not built yet; write GROUP BY.",
    (exp.Table, "when"): "A question is about the current data version; remove AT.",
    (exp.Table, "catalog"): "Name a table as table or resource.table.",
    (exp.Limit, "limit_options"): "LIMIT takes a whole number of rows.",
    (exp.Column, "catalog"): "Name a column as column or table.column.",
    (exp.WindowSpec, "exclude"): "Frames are not built; leave the frame out.",
    (exp.Star, "except_"): "Name the columns, instead of all but some.",
    (exp.Star, "replace"): "Name the columns, instead of all with some replaced.",
}
