"""A copy of a model as its recipient sees it – quality, calibration, reasons and, where they may leave, weights – and
what is kept of it. Its rows depend on the specification alone; values are of the recipient's copy.

Predictions are made with the base and moved by the recipient's slots alone, so that a trace knows what they were before
marks. Weights that leave are the base's, moved by the recipient's signs in places of their own; the copy shows the
same numbers as the file, else whoever has both could take the marks off."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from sandbox.jobs.product import Answer, AnswerColumn, Groups
from sandbox.plan.plan import Plan

DIGITS = 6


def presented(plan: Plan, base: Sequence[Groups], marked: Sequence[Sequence[tuple[int, ...]]]) -> Answer:
    """Give the answer; half-widths are from the base, alike for every recipient."""
    import numpy as np

    from sandbox.modelling.exported import moved
    from sandbox.modelling.quality import measured, weights, widths
    from sandbox.modelling.solve import Parameters, read_stages

    model = plan.stages[0].model
    values = measured(model, read_stages(plan, [list(rows) for rows in marked]))
    half = widths(model, read_stages(plan, [list(found.values) for found in base]))
    if (parts := moved(plan, [list(found.values) for found in base], marked)) is not None and model.method in (
        "linear",
        "logistic",
    ):
        own = Parameters(model, np.concatenate([parts[1], parts[0].ravel()]))
        values |= {("weight", name): weight for name, weight in weights(own).items()}
    columns = (
        AnswerColumn("part", "string", "key"),
        AnswerColumn("item", "string", "key"),
        AnswerColumn("value", "decimal", "measure", "discrete gaussian"),
    )
    rows = tuple((*row, _rounded(values[row])) for row in model.shown)
    errors = tuple((None, None, _width(row, values, half)) for row in model.shown)
    kept = {"base": [_plain(found.values) for found in base], "marked": [_plain(rows) for rows in marked]}
    return Answer(columns, rows, plan.notes, errors, kept)


def expected(plan: Plan) -> list[dict[str, Any]]:
    """Say that nothing is foretold of the answer's value."""
    return [{"name": "value", "error_95": None, "bias": None, "usual": None, "relative": None}]


def _plain(rows: Sequence[tuple[int, ...]]) -> list[int]:
    return [int(value) for (value,) in rows]


def _rounded(value: float | None) -> Decimal | None:
    return None if value is None else Decimal(repr(float(value))).quantize(Decimal(1).scaleb(-DIGITS))


def _width(
    row: tuple[str, str], values: dict[tuple[str, str], float | None], half: dict[tuple[str, str], float | None]
) -> str | None:
    width = half[row]
    return None if width is None or values[row] is None else f"{width:.3g}"
