"""Rows as whole numbers between −`UNIT` and `UNIT`: of the vault's table of rows, or of records to be predicted.

What a row becomes depends on it and on declared bounds alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sandbox.plan.fitted import UNIT, Feature, Model

if TYPE_CHECKING:
    import pyarrow as pa

Whole = NDArray[np.int64]
Reals = NDArray[np.float64]
_SPREAD = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True)
class Matrix:
    """The units that a stage may see: inputs (units × inputs) and targets, in thousandths; a target of two values is 0
    or `UNIT`."""

    inputs: Whole
    target: Whole


def matrices(model: Model, rows: pa.Table) -> tuple[Matrix, Matrix]:
    """Give the units to fit to and those to evaluate by, of a table with a row and a keyed name, `__unit`, of each.

    Rows without a target are left out. Without held units the evaluation sees those that were fitted to."""
    names, first = np.unique(rows.column("__unit").to_numpy().astype(np.int64), return_index=True)
    held = ((names.view(np.uint64) * _SPREAD) >> np.uint64(40)) % np.uint64(1000) < np.uint64(model.held)
    inputs = np.column_stack([_of(feature, _cells(rows, feature))[first] for feature in model.features])
    if model.target is None:
        target, there = np.zeros(len(first), np.int64), np.ones(len(first), np.bool_)
    else:
        cells = _cells(rows, model.target)[first]
        there = ~np.isnan(cells) if cells.dtype == np.float64 else np.array([cell is not None for cell in cells], bool)
        target = _target(model, cells)
    fit, look = there & ~held, there & (held if model.held else ~held)
    return Matrix(inputs[fit], target[fit]), Matrix(inputs[look], target[look])


def records(model: Model, rows: Sequence[Mapping[str, Any]]) -> Whole:
    """Give the inputs (records × inputs) of records by the names of features; a missing one counts as NULL."""
    columns = []
    for feature in model.features:
        told = [row.get(feature.name) for row in rows]
        cells: NDArray[Any] = np.empty(len(rows), object)
        if feature.options:
            cells[:] = told
        else:
            cells = np.array([np.nan if cell is None else float(cell) for cell in told], np.float64)
        columns.append(_of(feature, cells))
    return np.column_stack(columns)


def _cells(rows: pa.Table, feature: Feature) -> NDArray[Any]:
    """The values of a column: numbers as floats, NaN where there is none; others as they are."""
    column = rows.column(feature.column.name)
    if not feature.options:
        import pyarrow as pa

        return np.asarray(column.cast(pa.float64()).fill_null(float("nan")).to_numpy())
    cells = np.empty(len(column), object)
    cells[:] = column.to_pylist()
    return cells


def _of(feature: Feature, cells: NDArray[Any]) -> Whole:
    """The inputs of one feature, a column each."""
    if feature.options:
        return np.column_stack([np.where(cells == option, UNIT, 0) for option in feature.options[1:]]).astype(np.int64)
    return _scaled(feature, cells)[:, None]


def _scaled(feature: Feature, numbers: NDArray[Any]) -> Whole:
    low, high = float(feature.lower), float(feature.upper)
    middle, half = (low + high) / 2, (high - low) / 2
    moved = np.nan_to_num((numbers - middle) / half, nan=0.0, posinf=1.0, neginf=-1.0)
    return np.clip(np.rint(moved * UNIT), -UNIT, UNIT).astype(np.int64)


def _target(model: Model, cells: NDArray[Any]) -> Whole:
    assert model.target is not None
    if model.decides:
        return np.where(cells == model.positive, UNIT, 0).astype(np.int64)
    return _scaled(model.target, cells)
