"""The canonical result: what is hashed and committed to, the same whatever format an answer is downloaded in."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from sandbox.jobs.product import Answer, Groups, ProductKind
from sandbox.plan.plan import Plan
from sandbox.plan.scalar import Value


def canonical_result(answer: Answer) -> dict[str, Any]:
    """Give `{"v": 1, "columns": [{name, type, role}], "rows": [[text or null]]}`, ready for `canonical_bytes`."""
    return {
        "v": 1,
        "columns": [{"name": column.name, "type": column.type, "role": column.role} for column in answer.columns],
        "rows": [[text(value) for value in row] for row in answer.rows],
    }


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
