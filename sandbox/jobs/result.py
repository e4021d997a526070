"""The canonical result: what is hashed and committed to, the same whatever format an answer is downloaded in."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from sandbox.engines.base import Columns
from sandbox.jobs.product import Answer, Groups, ProductKind
from sandbox.plan.plan import Plan
from sandbox.plan.scalar import Value


def canonical_result(answer: Answer) -> dict[str, Any]:
    """Give `{"v": 1, "columns": [{name, type, role}], "rows": [[text or null]]}`, ready for `canonical_bytes`."""
    return {
        "v": 1,
        "columns": [{"name": column.name, "type": column.type, "role": column.role} for column in answer.columns],
        "rows": _texts(answer.rows),
    }


def _texts(rows: Sequence[tuple[Value, ...]]) -> list[list[str | None]]:
    if isinstance(rows, Columns) and rows.columns:
        return list(map(list, zip(*map(_spelled, rows.columns), strict=True)))
    return [[text(value) for value in row] for row in rows]


def _spelled(column: Sequence[Value]) -> list[str | None]:
    kinds = set(map(type, column))
    same = str if kinds in ({int}, {str}) else text  # a bool is of another type
    return list(map(same, column))


def result_of(products: Mapping[str, ProductKind]) -> Callable[..., dict[str, Any]]:
    """Give a function `(kind, plan, base, marked) -> canonical result`, for whoever checks a copy again."""

    def result(
        kind: str,
        plan: Plan,
        base: Sequence[Groups],
        marked: Sequence[Sequence[tuple[int, ...]]],
    ) -> dict[str, Any]:
        return canonical_result(products[kind].present(plan, base, marked))

    return result


def text(value: Value) -> str | None:
    """Give the one spelling of a value: true/false, ISO dates, numbers with all their decimals and no exponent."""
    match value:
        case None | str():
            return value
        case bool():
            return "true" if value else "false"
        case Decimal():
            return f"{value:f}"
        case date():
            return value.isoformat()
        case _:
            return str(value)
