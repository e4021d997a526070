"""Leaked predictions: a table with the features of records and a score, seen as what each record's slot was moved by.

Rows that were predicted are kept nowhere. So a leak is traced where the features stand beside the scores: what the
model says of them before marks is worked out again. Reads leak and base only, no recipient's key."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sandbox.modelling import predict
from sandbox.modelling.matrix import Reals, records
from sandbox.modelling.places import places
from sandbox.modelling.solve import Parameters, found, read_stages, solve
from sandbox.oversight.sketch import Part, tokens
from sandbox.plan.fitted import PARTS, Feature, Slots
from sandbox.plan.plan import Plan
from watermarking.base import Base
from watermarking.leak import Direct, Leak
from watermarking.numbers import folded, reading
from watermarking.reals import logit

PREDICTED = Direct("prediction", 0)
NEAR = 20.0  # declared errors: a column farther off in the middle is no score of this model
LEAST = 8  # records that show anything at all


def named(plan: Plan) -> Part:
    """Give the sketch of a model: a leak of its predictions names its features in the header."""
    names = tokens(folded(feature.name) for feature in plan.stages[0].model.features)
    nothing = np.zeros((0, 0), np.float64)
    return Part((np.unique(names),), np.zeros(0, np.uint64), nothing, np.zeros(0, np.float64))


def predictions_of(leak: Leak, plan: Plan, marks: Sequence[Base]) -> tuple[Leak, int] | None:
    """Give the leak as slots and what they hold, and the number of the slots among what is marked; None where it shows
    no predictions of this model."""
    number = next((place for place, one in enumerate(plan.fitted) if isinstance(one, Slots)), None)
    model = plan.stages[0].model
    heads = {folded(name): place for place, name in enumerate(leak.columns)}
    columns = [heads.get(folded(feature.name)) for feature in model.features]
    if number is None or None in columns or len(leak.rows) < LEAST:
        return None
    slots = plan.fitted[number]
    assert isinstance(slots, Slots)
    fit = solve(model, found(read_stages(plan, [one.values for one in marks])))
    told = {feature.name: _column(leak, feature, place) for feature, place in zip(model.features, columns, strict=True)}
    inputs = records(model, [{name: told[name][row] for name in told} for row in range(len(leak.rows))])
    before = _before(fit, inputs)
    best: tuple[float, Reals] | None = None
    for place in set(range(len(leak.columns))) - set(columns):
        away = (_shown(fit, leak.numbers(place)) - before) / float(slots.error)
        known = away[np.isfinite(away)]
        middle = float(np.median(np.abs(known))) if len(known) >= LEAST else NEAR
        if middle < NEAR and (best is None or middle < best[0]):
            best = middle, away
    if best is None:
        return None
    at, base = places(inputs, slots.count), slots.base
    rows = [
        (str(slot), repr(base[slot] + off * PARTS))
        for slot, off in zip(at.tolist(), best[1].tolist(), strict=True)
        if np.isfinite(off)
    ]
    return Leak(("place", "prediction"), tuple(rows)), number


def _before(fit: Parameters, inputs: np.ndarray) -> Reals:
    return predict.logits(fit, inputs) if fit.model.decides else predict.values(fit, inputs)


def _shown(fit: Parameters, numbers: Reals) -> Reals:
    """A column as marks move it: logits of scores, or a target's share of its range."""
    if fit.model.decides:
        inside = (numbers >= 0) & (numbers <= 1)
        return np.array([logit(float(n)) if ok else np.nan for n, ok in zip(numbers, inside, strict=True)])
    target = fit.model.target
    if target is None:
        return np.full(len(numbers), np.nan)
    low, high = float(target.lower), float(target.upper)
    return (numbers - (low + high) / 2) / ((high - low) / 2)


def _column(leak: Leak, feature: Feature, place: int | None) -> list[object]:
    assert place is not None
    texts = [row[place] for row in leak.rows]
    if feature.options:
        spelled = {folded(_spelled(option)): option for option in feature.options}
        return [spelled.get(folded(text)) for text in texts]
    return [reading(text) for text in texts]


def _spelled(option: object) -> str:
    return str(option).lower() if isinstance(option, bool) else str(option)
