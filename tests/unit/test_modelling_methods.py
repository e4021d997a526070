"""Models from end to end without an instance: what units sum to, what sums are solved to, and what leaves as a file."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from random import Random
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from sandbox.modelling import predict, stages
from sandbox.modelling.matrix import Matrix, matrices, records
from sandbox.modelling.onnx_file import onnx_bytes
from sandbox.modelling.places import places
from sandbox.modelling.quality import measured, widths
from sandbox.modelling.solve import Parameters, found, solve
from sandbox.modelling.sums import TooLong, sums
from sandbox.plan.fitted import DECIDES, UNIT, Feature, Fitted, Model
from sandbox.plan.relation import Scan
from sandbox.plan.scalar import INTEGER, STRING, Column, Type
from sandbox.privacy import sampler
from sandbox.privacy.calibrate import sigma_for
from sandbox.privacy.mechanisms import gaussian
from sandbox.privacy.stages import stage_grains

COLUMNS = {"age": INTEGER, "owed": Type("decimal", 2), "kind": STRING, "late": INTEGER}
ROWS = Scan("loans", 0, tuple(Column(name, type) for name, type in COLUMNS.items()), 1)
AGE = Feature("age", ROWS.columns[0], Decimal(18), Decimal(90))
OWED = Feature("owed", ROWS.columns[1], Decimal(0), Decimal(500))
KIND = Feature("kind", ROWS.columns[2], options=("boat", "car", "home"))
LATE = Feature("late", ROWS.columns[3], Decimal(0), Decimal(1))
METHODS: dict[str, dict[str, Any]] = {
    "linear": {},
    "logistic": {"steps": 8},
    "naive_bayes": {},
    "forest": {"size": 6, "depth": 4},
    "kmeans": {"size": 3, "steps": 5},
    "pca": {"size": 2},
}
RHO = Decimal("0.05")


@pytest.fixture(autouse=True)
def drawn(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """The same noise on every run: what fails is a change."""
    monkeypatch.setattr(sampler, "urandom", Random(request.node.name).randbytes)


def model(method: str, **more: Any) -> Model:
    target = None if method in ("kmeans", "pca") else LATE
    return Model(ROWS, method, (AGE, OWED, KIND), target, 1, **{**METHODS[method], **more})  # type: ignore[arg-type]


def loans(count: int = 6000, seed: int = 3) -> pa.Table:
    draw = np.random.default_rng(seed)
    age, owed = draw.integers(18, 91, count), np.round(np.minimum(draw.exponential(120, count), 900), 2)
    kind = draw.choice(["boat", "car", "home"], count)
    away = 0.5 - 0.05 * (age - 40) + 0.01 * np.minimum(owed, 500) - 1.5 * (kind == "home")
    late = (draw.random(count) < 1 / (1 + np.exp(-away))).astype(np.int64)
    names = draw.integers(-(2**62), 2**62, count)
    cents = pa.array([Decimal(f"{value:.2f}") for value in owed], pa.decimal128(38, 2))
    return pa.table({"__unit": names, "age": age, "owed": cents, "kind": pa.array(kind), "late": late})


def fitted(asked: Model, rows: pa.Table, rho: Decimal = RHO, noise: bool = True) -> list[tuple[Fitted, np.ndarray]]:
    fit, look = matrices(asked, rows)
    kept: list[tuple[Fitted, np.ndarray]] = []
    for one in stages.blocks(asked, rho * Decimal("0.8"), rho * Decimal("0.2"), sigma_for):
        exact = sums(one, look if one.evaluates else fit, found(kept))
        kept.append((one, exact + gaussian(one.size, one.sigma) if noise else exact))
    return kept


def extremes(asked: Model, count: int = 400) -> Matrix:
    """Units at the corners, whose vectors are longest, and anywhere between."""
    draw = np.random.default_rng(1)
    wide = asked.inputs
    corners = draw.choice([-UNIT, UNIT], (count // 2, wide))
    inside = draw.integers(-UNIT, UNIT + 1, (count - len(corners), wide))
    target = draw.choice([0, UNIT] if asked.decides else [-UNIT, UNIT], count)
    return Matrix(np.vstack([corners, inside]), target)


@pytest.mark.parametrize("method", METHODS)
def test_a_unit_that_comes_moves_no_stage_by_more_than_it_says(method: str) -> None:
    """The privacy of models rests on this: over every stage, with what was released before it held fixed."""
    asked = model(method)
    kept = fitted(asked, loans(500))
    units = extremes(asked)
    for place, (one, _) in enumerate(kept):
        before = found(kept[:place])
        longest = 0
        for unit in range(len(units.inputs)):
            alone = Matrix(units.inputs[unit : unit + 1], units.target[unit : unit + 1])
            moved = sums(one, alone, before)
            longest = max(longest, int((moved.astype(object) ** 2).sum()))
        assert longest <= one.square
        if one.stage in ("moments", "classes", "leaves", "centres", "scores"):
            assert longest == one.square  # and is no larger than it has to be


@pytest.mark.parametrize("method", METHODS)
def test_units_add_up_whatever_stands_beside_them(method: str) -> None:
    """To the last bit: else a unit that comes would move what others add."""
    asked = model(method)
    fit, _ = matrices(asked, loans(333))
    kept = fitted(asked, loans(500))
    for place, (one, _) in enumerate(kept):
        before, whole = found(kept[:place]), sums(one, fit, found(kept[:place]))
        for size in (1, 7, 100):
            parts = [
                sums(one, Matrix(fit.inputs[at : at + size], fit.target[at : at + size]), before)
                for at in range(0, len(fit.inputs), size)
            ]
            assert (sum(parts) == whole).all()


@pytest.mark.parametrize("method", ["linear", "logistic", "naive_bayes", "forest", "kmeans"])
def test_what_is_said_of_a_row_is_the_same_to_the_last_bit_whoever_stands_beside_it(method: str) -> None:
    many = tuple(replace(AGE, name=f"f{number}") for number in range(23))
    asked = replace(model(method), features=many)
    draw = np.random.default_rng(6)
    fit = Parameters(asked, draw.normal(0, 1, 24))
    if method == "naive_bayes":
        fit = Parameters(asked, draw.normal(0, 1, 2), draw.normal(0, 1, (2, 23)), draw.uniform(0.1, 1, (2, 23)))
    elif method in ("forest", "kmeans"):
        fit = Parameters(asked, draw.normal(0, 1, (asked.size, 16 if method == "forest" else 23)))
    say = {"linear": predict.values, "kmeans": predict.distances}.get(method, predict.logits)
    inputs = draw.integers(-UNIT, UNIT + 1, (501, 23))
    together = say(fit, inputs)
    for row in range(0, 501, 5):
        assert (say(fit, inputs[row : row + 1])[0] == together[row]).all()
    assert (say(fit, inputs[3:]) == together[3:]).all()


def test_a_vector_that_is_too_long_lets_nothing_leave() -> None:
    one, _ = fitted(model("linear"), loans(300))[0]
    outside = Matrix(np.full((1, 4), 3 * UNIT), np.array([UNIT]))
    with pytest.raises(TooLong):
        sums(one, outside, {})


@pytest.mark.parametrize("method", METHODS)
def test_the_second_derivation_agrees_and_catches_a_wrong_claim(method: str) -> None:
    for one, _ in fitted(model(method), loans(300)):
        assert stage_grains(one) > 0
        for wrong in (
            replace(one, square=max(one.square // 2, 1) if one.square > 1 else 2),
            replace(one, rho=one.rho * 2),
            replace(one, sigma=2 * one.sigma),
        ):
            with pytest.raises(ValueError, match="claims"):
                stage_grains(wrong)


@pytest.mark.parametrize("method", DECIDES)
def test_who_is_late_is_told_from_who_is_not(method: str) -> None:
    """Within the noise of ε ≈ 1.6 on 4,800 units; a model that learnt nothing has AUC 0.5."""
    said = measured(model(method, held=200), fitted(model(method, held=200), loans()))
    exact = measured(model(method, held=200), fitted(model(method, held=200), loans(), noise=False))
    assert exact["quality", "auc"] is not None
    assert exact["quality", "auc"] > (0.8 if method == "logistic" else 0.72)
    assert abs((said["quality", "auc"] or 0) - exact["quality", "auc"]) < 0.12
    assert abs((said["size", "units"] or 0) - 4800) < 300
    assert sum(said["reason", name] or 0 for name in ("age", "owed", "kind")) == pytest.approx(1)


def test_auc_and_ks_are_those_of_the_scores() -> None:
    """Of bins, so within what a bin blurs."""
    asked = model("logistic")
    kept = fitted(asked, loans(), noise=False)
    _, look = matrices(asked, loans())
    scores = predict.scores(solve(asked, found(kept)), look.inputs)
    late = look.target != 0
    above = (scores[late][:, None] > scores[~late][None]).mean() + (
        scores[late][:, None] == scores[~late][None]
    ).mean() / 2
    said = measured(asked, kept)
    assert said["quality", "auc"] == pytest.approx(above, abs=0.003)
    brier = float(((scores - late) ** 2).mean())
    assert said["quality", "brier"] == pytest.approx(brier, abs=0.003)
    tenth = (scores >= 0.3) & (scores < 0.4)
    assert said["calibration", "0.3-0.4"] == pytest.approx(float(late[tenth].mean()), abs=0.001)


def test_a_linear_model_is_the_one_of_least_squares() -> None:
    asked = replace(model("linear"), features=(AGE, OWED), weights=True)
    rows = loans()
    fit, _ = matrices(asked, rows)
    kept = fitted(asked, rows, noise=False)
    wanted = np.linalg.lstsq(np.c_[np.ones(len(fit.inputs)), fit.inputs / UNIT], fit.target / UNIT, rcond=None)[0]
    assert solve(asked, found(kept)).weights == pytest.approx(wanted, abs=0.05)
    left = fit.target / UNIT - np.c_[np.ones(len(fit.inputs)), fit.inputs / UNIT] @ wanted
    said = measured(asked, kept)
    assert said["quality", "r2"] == pytest.approx(1 - left.var() / (fit.target / UNIT).var(), abs=0.01)
    assert said["weight", "age"] == pytest.approx(wanted[1] * 0.5 / 36, abs=0.001)  # per year


def test_half_widths_cover_what_noise_does() -> None:
    """Of 40 fits to the same units, the exact value lies within the half-width of most."""
    asked, rows = model("linear"), loans(3000)
    exact = measured(asked, fitted(asked, rows, noise=False))["quality", "r2"] or 0.0
    inside = 0
    for _ in range(40):
        kept = fitted(asked, rows)
        value, half = measured(asked, kept)["quality", "r2"], widths(asked, kept)["quality", "r2"]
        inside += abs((value or 0.0) - exact) <= (half or 0.0)
    assert inside >= 30


def test_clusters_and_directions_are_found() -> None:
    asked = replace(model("kmeans", size=2), features=(AGE, OWED))
    draw = np.random.default_rng(2)
    age = np.r_[draw.normal(30, 2, 2000), draw.normal(70, 2, 2000)].round().clip(18, 90)
    owed = np.r_[draw.normal(100, 10, 2000), draw.normal(400, 10, 2000)]
    rows = loans(4000).set_column(1, "age", pa.array(age.astype(np.int64)))
    rows = rows.set_column(2, "owed", pa.array([Decimal(f"{one:.2f}") for one in owed], pa.decimal128(38, 2)))
    centres = solve(asked, found(fitted(asked, rows))).weights
    centres = centres[centres[:, 0].argsort()]
    assert centres == pytest.approx(np.array([[-24 / 36, -0.6], [16 / 36, 0.6]]), abs=0.06)
    turned = replace(model("pca", size=1), features=(AGE, OWED))
    fit = solve(turned, found(fitted(turned, rows)))
    assert np.abs(fit.weights[1]) == pytest.approx(np.array([0.67, 0.74]), abs=0.03)


def test_units_that_are_held_are_not_fitted_to_and_stay_so() -> None:
    asked, rows = model("logistic", held=200), loans()
    fit, look = matrices(asked, rows)
    assert len(fit.inputs) + len(look.inputs) == 6000
    assert abs(len(look.inputs) - 1200) < 120
    without, _ = matrices(asked, rows.slice(1))  # who else is there moves nobody
    assert abs(len(fit.inputs) - len(without.inputs)) <= 1


def test_records_are_read_as_rows_are() -> None:
    asked, rows = model("logistic"), loans(200)
    _, look = matrices(asked, rows)
    told = [{name: row[name] for name in ("age", "owed", "kind")} for row in rows.sort_by("__unit").to_pylist()]
    assert (records(asked, told) == look.inputs).all()
    [unknown] = records(asked, [{"age": None, "owed": None, "kind": None}])
    assert unknown.tolist() == [0, 0, 0, 0]
    [beyond] = records(asked, [{"age": 200, "owed": -5, "kind": "car"}])
    assert beyond.tolist() == [UNIT, -UNIT, UNIT, 0]


def test_records_that_are_nearly_alike_share_a_slot() -> None:
    inputs = np.array([[100, 200], [103, 197], [400, 200]])
    first, near, _ = places(inputs, 960).tolist()
    assert first == near
    spread = places(np.random.default_rng(1).integers(-UNIT, UNIT, (5000, 3)), 960)
    assert len(set(spread.tolist())) > 900


@pytest.mark.parametrize("method", METHODS)
def test_the_file_says_what_the_model_says(method: str) -> None:
    from onnx.reference import ReferenceEvaluator

    asked = model(method)
    fit = solve(asked, found(fitted(asked, loans())))
    draw = np.random.default_rng(5)
    told = [
        {"age": int(draw.integers(10, 99)), "owed": float(draw.uniform(-10, 600)), "kind": str(kind)}
        for kind in draw.choice(["boat", "car", "home"], 50)
    ]
    columns = [[one["age"], one["owed"], one["kind"] == "car", one["kind"] == "home"] for one in told]
    [made] = ReferenceEvaluator(onnx_bytes(fit, "m")).run(None, {"inputs": np.array(columns, np.float32)})
    inputs = records(asked, told)
    assert np.squeeze(made) == pytest.approx(np.squeeze(_said(fit, inputs)), abs=2e-3)


def _said(fit: Parameters, inputs: np.ndarray) -> np.ndarray:
    match fit.model.method:
        case "linear":
            return (predict.values(fit, inputs) + 1) / 2
        case "kmeans":
            return predict.nearest(fit, inputs) + 1
        case "pca":
            return predict.coordinates(fit, inputs)
        case _:
            return predict.scores(fit, inputs)
