"""A table of hostile rows, and expressions of one row over it: as terms, in plain Python, and in real DuckDB."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from itertools import zip_longest

import duckdb
from sqlglot import exp
from sqlglot.dialects import DuckDB

from sandbox.engines.duckdb.scalars import Scalars, from_decimal
from sandbox.engines.fixed import from_grains
from sandbox.engines.widths import width
from sandbox.plan import scalar as s
from sandbox.sql.scalars import Builder
from sandbox.sql.terms import Term
from sandbox.sql.wording import worded

Row = Mapping[str, s.Value]
WAGE = s.Type("decimal", 2)
TYPES = {"i": "BIGINT", "n": "BIGINT", "p": "DECIMAL(12,2)", "t": "VARCHAR", "c": "VARCHAR", "d": "DATE", "e": "DATE",
         "b": "BOOLEAN"}  # fmt: skip
COLUMNS = {
    "i": s.Column("i", s.INTEGER),
    "n": s.Column("n", s.INTEGER, Decimal(-20), Decimal(100)),
    "p": s.Column("p", WAGE, Decimal(-10_000), Decimal(10_000)),
    "t": s.Column("t", s.STRING),
    "c": s.Column("c", s.STRING),
    "d": s.Column("d", s.DATE),
    "e": s.Column("e", s.DATE),
    "b": s.Column("b", s.BOOLEAN),
}
TERMS = {name: Term(node, node.lower, node.upper) for name, node in COLUMNS.items()} | {
    "c": Term(COLUMNS["c"], domain=("1", "2", "yes", "x-y")),
    "e": Term(COLUMNS["e"], date(2023, 11, 15), date(2024, 3, 3)),
    "b": Term(COLUMNS["b"], domain=(False, True)),
}
WHOLES = [0, 1, -1, 7, -7, 2**63 - 1, -(2**63) + 1]
SMALL = [0, 1, -1, -20, 100, 31, 12, 10, 2]
MONEY = [Decimal(n).scaleb(-2) for n in (0, 50, -50, 150, -150, 249, 251, -1, 1, 1_000_000, -1_000_000, 777_777)]
WORDS = [
    "", " ", "a", "A-b--c", "é日本-x", "-", "1", "0", " 12 ", "+3.5", "-0.49999", "2.5", "-2.5", "1e5", ".5", "5.", "+",
    "9" * 18, "9" * 19, "9" * 18 + "." + "9" * 40, "٣", "12\n", "true", " Yes", "oFF", "2024-02-29", "2023-02-29",
    "0000-01-01", "0001-01-01", " 9999-12-31 ", "2024-2-9", "10000-01-01", "e\u0301👨‍👩‍👧", "aXbXc", "a\nb", "%_", "\\",
    "0.0000005", "-0.0000005", "0.00000049" + "9" * 40, "0" * 17 + "5", "0" * 18 + "5", "ΑΣßİı",
]  # fmt: skip
DAYS = [
    date(1, 1, 1), date(1, 1, 31), date(9999, 12, 31), date(9999, 2, 28), date(2024, 2, 29), date(2023, 12, 31),
    date(2024, 1, 1), date(1900, 3, 1), date(2021, 1, 3), date(2020, 12, 31),
]  # fmt: skip
NEAR = [date(2023, 11, 15), date(2023, 12, 31), date(2024, 1, 1), date(2024, 2, 29), date(2024, 3, 3)]
TRUTHS = [True, False, True]


def hostile() -> list[Row]:
    """Rows that have every hostile value, and in other rows NULL in its place."""
    lists: Sequence[Sequence[s.Value]] = (
        WHOLES * 3, SMALL * 3, MONEY * 3, WORDS, ["1", "2", "yes", "x-y"] * 4, DAYS * 3, NEAR * 5, TRUTHS * 9,
    )  # fmt: skip
    rows = [dict(zip(TYPES, values, strict=True)) for values in zip_longest(*lists)]
    nulls: list[Row] = [{**rows[0], name: None} for name in TYPES]
    return [*rows, *nulls, dict.fromkeys(TYPES)]


def built(text: str, today: date | None = date(2024, 5, 6)) -> Term:
    """Give the term that the SQL expression `text` is, over the columns of one row."""
    sql = f"SELECT {text}"
    tree = worded(DuckDB().parser().parse(list(DuckDB().tokenize(sql)), sql)[0])
    return Builder(_leaf, today=today).term(tree.expressions[0])


def _leaf(node: exp.Expr) -> Term | None:
    return TERMS[node.name] if isinstance(node, exp.Column) else None


class Table:
    """Rows in a database in memory; `values` computes an expression for each, in their order."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self.rows = rows
        self._database = duckdb.connect()
        columns = ", ".join(f'"{name}" {kind}' for name, kind in TYPES.items())
        self._database.execute(f"CREATE TABLE rows (place BIGINT, {columns})")
        marks = ", ".join("?" * (len(TYPES) + 1))
        cells = [[place, *(row[name] for name in TYPES)] for place, row in enumerate(rows)]
        self._database.executemany(f"INSERT INTO rows VALUES ({marks})", cells)

    def values(self, node: s.Scalar) -> list[s.Value]:
        """Give what the engine computes for `node`."""
        scalars = Scalars()
        stored = [exp.alias_(_cell(column), column.name, quoted=True) for column in COLUMNS.values()]
        below = exp.select("place", *stored).from_("rows").subquery("stored")
        query = exp.select(scalars.render(node)).from_(below).order_by("place").sql("duckdb", identify=True)
        found = [value for (value,) in self._database.execute(query, scalars.parameters).fetchall()]
        if not node.type.numeric:
            return found
        return [None if value is None else _number(int(value), node) for value in found]


def _cell(column: s.Column) -> exp.Expression:
    cell = exp.column(column.name, quoted=True)
    return from_decimal(cell, column) if column.type.kind == "decimal" else cell


def _number(grains: int, node: s.Scalar) -> int | Decimal:
    return grains if node.type == s.INTEGER else from_grains(grains, width(node).scale)
