"""Leaked weights: an ONNX file, seen as signs in the places of marks of a model's parameters.

What a parameter was before marks is worked out from the base; how far its digits go is read from the file. Reads leak
and base only, no recipient's key."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np

from sandbox.modelling.exported import exported, flat, signs_of, spreads
from sandbox.modelling.matrix import Reals
from sandbox.modelling.solve import found, read_stages, solve
from sandbox.oversight import sketch
from sandbox.plan.fitted import Digits
from sandbox.plan.plan import Plan
from watermarking.align import Alignment, Part
from watermarking.base import Base
from watermarking.columns import Measure
from watermarking.design import Design
from watermarking.leak import Direct, Leak
from watermarking.numbers import folded
from watermarking.observed import observe
from watermarking.rows import Keys, row_matches

HEADS = ("onnx parameters", "place", "number")
PARAMETER = Direct("parameter", 0)
FIRST = b"\x08"
"""The first byte of an ONNX file: the field of its version. No text begins so."""
MOST = 2_000_000
NEAR = 20.0  # standard deviations of noise: parameters farther off in the middle are not those of this model
CLOSE = 3.0  # as close as marks, rounding and some noise leave them


class NoOnnx(ValueError):
    """The library that reads such files is not installed."""


def rows_of_file(data: bytes) -> list[tuple[str, str, str]]:
    """Give the numbers of an ONNX file as rows (array, place, number as it is written shortest). What lies in other
    files is not read. Raises `NoOnnx`, and what the library raises."""
    try:
        import onnx
    except ImportError:
        raise NoOnnx("this is an ONNX file; install the extra models to have it read") from None
    graph = onnx.ModelProto.FromString(data).graph
    rows: list[tuple[str, str, str]] = []
    for number, array in enumerate(_arrays(onnx, graph)):
        if len(rows) + array.size > MOST:
            raise ValueError(f"the file has more than {MOST:,} numbers")
        if array.dtype != np.float16 and np.isfinite(array).all() and np.abs(array).max(initial=0.0) < 6e4:
            short = array.astype(np.float16)
            array = short if (short == array).all() else array
        rows += [(str(number), str(place), str(value)) for place, value in enumerate(array.ravel())]
    return rows


def is_weights(leak: Leak) -> bool:
    """Say whether a leak was an ONNX file."""
    return leak.columns == HEADS


def weighed(plan: Plan) -> tuple[sketch.Part, ...]:
    """Give the sketch of a model whose weights leave: any ONNX file may be of it."""
    if not any(isinstance(one, Digits) for one in plan.fitted):
        return ()
    nothing = np.zeros((0, 0), np.float64)
    return (
        sketch.Part(
            (np.unique(sketch.tokens([folded(HEADS[0])])),), np.zeros(0, np.uint64), nothing, np.zeros(0, np.float64)
        ),
    )


def weights_of(leak: Leak, plan: Plan, marks: Sequence[Base]) -> tuple[Alignment, int] | None:
    """Give what the leak shows of the places of marks, and their number among what is marked; None where it shows no
    parameters of this model."""
    number = next((place for place, one in enumerate(plan.fitted) if isinstance(one, Digits)), None)
    if number is None:
        return None
    places, model = plan.fitted[number], plan.stages[0].model
    assert isinstance(places, Digits)
    stages = read_stages(plan, [one.values for one in marks])
    arrays, spread = exported(solve(model, found(stages))), spreads(model, stages)
    held, away, grain, at = _held(leak), list[Reals](), list[Reals](), 0
    for array in arrays:
        part = slice(at, at + array.size)
        at += array.size
        off, fine = _nearest(held, array.ravel(), spread[part])
        away.append(off)
        grain.append(fine)
    off = flat(away)
    with np.errstate(divide="ignore", invalid="ignore"):
        far = np.abs(off / spread)
    if not np.isfinite(far).any() or np.nanmedian(far) > NEAR:
        return None
    shown = signs_of(off, flat(grain), spread, places)
    if not np.isfinite(shown).any():  # rounded beyond all marks: the coarsest are read all the same, and say little
        shown[:, 0] = signs_of(off, np.zeros(len(off)), spread, places)[:, 0]
    base, delta = places.base, float(Design.of(marks[number]).strengths[0].delta)
    rows = [
        (str(cell), repr(base[cell] + sign * delta))
        for cell, sign in enumerate(shown.ravel().tolist())
        if np.isfinite(sign)
    ]
    return (_as_it_is(Leak(("place", "parameter"), tuple(rows)), marks[number]), number) if rows else None


def _as_it_is(leak: Leak, base: Base) -> Alignment:
    """What places hold is in the base's own unit: to look for another would only find one by chance."""
    rows = next(iter(row_matches(leak, Keys(base))))
    measures = (Measure(PARAMETER, 1, Fraction(1), Fraction(0), Fraction(0), 0.0),)
    observed = observe(leak, base, rows, measures)
    return Alignment((Part(leak, rows, measures, observed),), "plain", observed)


def _arrays(onnx: Any, graph: Any) -> Iterator[np.ndarray]:
    """Every array of real numbers: initialisers, constants, and lists such as the leaves of trees."""
    attributes = [attribute for node in graph.node for attribute in node.attribute]
    for tensor in [*graph.initializer, *(one.t for one in attributes if one.HasField("t"))]:
        kinds = (onnx.TensorProto.FLOAT, onnx.TensorProto.DOUBLE, onnx.TensorProto.FLOAT16)
        if tensor.data_type in kinds and tensor.data_location != onnx.TensorProto.EXTERNAL:
            yield onnx.numpy_helper.to_array(tensor)
    yield from (np.array(one.floats, np.float32) for one in attributes if len(one.floats))


def _held(leak: Leak) -> list[tuple[Reals, Reals]]:
    """Each array of the file with the step that its numbers are rounded to, as far as their digits tell."""
    texts: dict[str, list[str]] = {}
    for name, _, number in leak.rows:
        texts.setdefault(name, []).append(number)
    kept = []
    for numbers in texts.values():
        read = [Decimal(one) for one in numbers]
        known = [one for one in read if one.is_finite()]
        exponents = [int(one.normalize().as_tuple().exponent) for one in known if one]
        digits = max((len(one.normalize().as_tuple().digits) for one in known if one), default=1)
        least = min(exponents, default=0)
        grain = [10.0 ** max(least, one.adjusted() - digits + 1 if one.is_finite() and one else least) for one in read]
        kept.append((np.array([float(one) for one in read]), np.array(grain)))
    return kept


def _nearest(held: Sequence[tuple[Reals, Reals]], wanted: Reals, spread: Reals) -> tuple[Reals, Reals]:
    """Of the arrays of the right size the one that is nearest or, where several are near, as a constant of the file may
    be, the one with most digits; where there is none, for each number the nearest of all."""
    scale = np.where(spread > 0, spread, 1.0)
    best: tuple[tuple[bool, float, float], Reals, Reals] | None = None
    for values, grain in held:
        if values.size == wanted.size:
            off = values - wanted
            with np.errstate(invalid="ignore"):
                far = float(np.nan_to_num(np.median(np.abs(off) / scale), nan=np.inf))
            rank = (far > CLOSE, float(np.median(grain)) if far <= CLOSE else far, far)
            if best is None or rank < best[0]:
                best = rank, off, grain
    if best is not None:
        return best[1], best[2]
    if not held:
        return np.full(wanted.size, np.nan), np.zeros(wanted.size)
    every, grains = (np.concatenate([pair[which] for pair in held]) for which in (0, 1))
    order = np.argsort(every)
    at = np.searchsorted(every[order], wanted)
    sides = np.stack([np.clip(at - 1, 0, len(every) - 1), np.clip(at, 0, len(every) - 1)])
    near = order[sides]
    pick = np.abs(every[near] - wanted).argmin(axis=0)
    chosen = near[pick, np.arange(wanted.size)]
    return every[chosen] - wanted, grains[chosen]
