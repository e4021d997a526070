"""Leaked weights: an ONNX file names its recipient as far as its digits go, and says so where they do not."""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from models_world import Lending, lending
from onnx import numpy_helper

from sandbox.jobs.result import result_of
from sandbox.modelling.exported import exported, moved, spreads
from sandbox.modelling.matrix import Matrix
from sandbox.modelling.onnx_file import onnx_bytes
from sandbox.modelling.solve import found, solve
from sandbox.modelling.stages import blocks, places_of
from sandbox.modelling.sums import sums
from sandbox.oversight.candidates import shown
from sandbox.oversight.evidence import verify_bundle
from sandbox.oversight.leaks import LeakUnreadable, read_leak
from sandbox.oversight.marks import fingerprint, marks_bases
from sandbox.oversight.trace import scored
from sandbox.plan.block import SIGMA_UNIT
from sandbox.plan.fitted import UNIT, Feature, Model
from sandbox.plan.plan import SEMANTICS, Plan
from sandbox.plan.relation import Released as Rows
from sandbox.plan.relation import Scan
from sandbox.plan.scalar import INTEGER, Column
from sandbox.privacy.calibrate import sigma_for
from sandbox.privacy.released import Released
from watermarking import score
from watermarking.design import Design
from watermarking.keys import base_key, user_key

MASTER, BASE = bytes(32), "base_1"
SHAPES: dict[str, dict[str, int]] = {
    "linear": {}, "logistic": {"steps": 4}, "naive_bayes": {}, "forest": {"size": 16, "depth": 5},
    "kmeans": {"size": 3, "steps": 4}, "pca": {"size": 2},
}  # fmt: skip
Change = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Weighed:
    """A model whose sums were drawn with known noise, so that everything here comes out the same each time."""

    plan: Plan
    released: tuple[Released, ...]

    @classmethod
    def of(cls, method: str, inputs: int = 4) -> Weighed:
        names = [*(f"f{place}" for place in range(inputs)), "target"]
        scan = Scan("t", 0, tuple(Column(name, INTEGER) for name in names), 1)
        features = tuple(Feature(column.name, column, Decimal(-50), Decimal(50)) for column in scan.columns)
        target = None if method in ("kmeans", "pca") else Feature("target", scan.columns[-1], Decimal(0), Decimal(1))
        asked = Model(scan, method, features[:-1], target, 1, weights=True, **SHAPES[method])  # type: ignore[arg-type]
        draw = np.random.default_rng(5)
        x = draw.integers(-UNIT, UNIT + 1, (4000, inputs))
        likely = 1 / (1 + np.exp(-x @ np.linspace(-2, 2, inputs) / UNIT))
        rows = Matrix(x, UNIT * (draw.random(len(x)) < likely).astype(np.int64))
        stages: list[Any] = []
        for one in blocks(asked, Decimal("0.04"), Decimal("0.01"), sigma_for):
            exact = sums(one, rows, found(stages))
            stages.append((one, exact + np.rint(draw.normal(0, one.sigma / SIGMA_UNIT, one.size)).astype(np.int64)))
        digits = places_of(asked)
        plan = Plan(SEMANTICS, "r", "p", "v", (), (), Rows(0, ()), (), fitted=(*(one for one, _ in stages), digits))
        kept = [*(values.astype(np.int64).tolist() for _, values in stages), list(digits.base)]
        return cls(plan, tuple(Released([(n,) for n in range(len(v))], [(value,) for value in v]) for v in kept))

    @property
    def stages(self) -> list[Any]:
        sums = [np.array([value for (value,) in one.values], np.int64) for one in self.released]
        return list(zip(self.plan.stages, sums, strict=False))

    @property
    def spread(self) -> np.ndarray:
        return spreads(self.plan.stages[0].model, self.stages)

    def parts(self, recipient: str) -> tuple[np.ndarray, ...]:
        copy = fingerprint(self.plan, BASE, self.released, MASTER, recipient)
        made = moved(self.plan, [one.values for one in self.released], copy.values)
        assert made is not None
        return made

    def file(self, parts: tuple[np.ndarray, ...]) -> bytes:
        return onnx_bytes(solve(self.plan.stages[0].model, found(self.stages)), "m", parts)

    def log10_e(self, file: bytes, recipients: list[str]) -> list[float]:
        """Trace a file; gives log10 E of each recipient."""
        marks = marks_bases(self.plan, BASE, self.released)
        seen = shown(read_leak(file), self.plan, marks)
        assert seen, "the file does not show the model"
        keys = [user_key(MASTER, name, BASE.encode()) for name in recipients]
        designs = {number: Design.of(one) for number, one in enumerate(marks)}
        _, log_e = scored(self.plan, seen, designs, base_key(MASTER, BASE.encode()), keys)
        return [one / math.log(10) for one in log_e]


def rounded(digits: int) -> Change:
    return lambda array: np.vectorize(lambda one: np.float32(f"{one:.{digits}g}"), otypes=[np.float32])(array)


def rewritten(file: bytes, change: Change) -> bytes:
    """Save a file anew: numbers changed, arrays renamed, in another order, turned, in another type."""
    model = onnx.ModelProto.FromString(file)
    arrays = [numpy_helper.to_array(one) for one in model.graph.initializer]
    leaves = [one.floats for node in model.graph.node for one in node.attribute if one.name == "target_weights"]
    arrays += [np.array(one, np.float32).reshape(len(one), 1) for one in leaves]
    arrays = [change(one.astype(np.float32)) for one in arrays]
    kept = [numpy_helper.from_array(one, f"w{n}") for n, one in enumerate(reversed(arrays))]
    graph = onnx.helper.make_graph([], "stolen", [], [], kept)
    return bytes(onnx.helper.make_model(graph).SerializeToString())


@pytest.mark.parametrize("method", SHAPES)
def test_a_file_as_it_was_names_its_recipient_among_a_thousand(method: str) -> None:
    world = Weighed.of(method)
    names = [f"firm {n}" for n in range(1000)]
    for leaker in (7, 400):
        found_e = world.log10_e(world.file(world.parts(names[leaker])), names)
        traced = [n for n, e in enumerate(found_e) if score.verdict(min(0.0, 3 - e)) == score.TRACED]
        assert traced == [leaker], (method, max(found_e))


@pytest.mark.parametrize("method", SHAPES)
def test_rewritten_and_rounded_to_four_digits_it_still_does_between_two(method: str) -> None:
    world = Weighed.of(method, 8)
    file = rewritten(world.file(world.parts("a")), rounded(4))
    guilty, innocent = world.log10_e(file, ["a", "b"])
    assert guilty > 6.4 > 2 > innocent


def test_many_parameters_bear_noise_and_averages_and_few_do_not() -> None:
    draw, names = np.random.default_rng(2), [f"firm {n}" for n in range(100)]
    large = Weighed.of("forest")
    noisy = large.parts(names[3])[0]
    noisy = noisy + 0.5 * large.spread.reshape(noisy.shape) * draw.normal(size=noisy.shape)
    assert np.argmax(e := large.log10_e(large.file((noisy,)), names)) == 3 and max(e) > 8
    both = (large.parts(names[3])[0] + large.parts(names[9])[0]) / 2
    e = large.log10_e(large.file((both,)), names)
    assert sorted(np.argsort(e)[-2:].tolist()) == [3, 9] and min(e[3], e[9]) > 8 > 2 > sorted(e)[-3]
    small = Weighed.of("logistic")
    moved_by = [0.5 * part.reshape(-1) for part in np.split(small.spread, [4])]
    parts = tuple(
        part + (by * draw.normal(size=len(by))).reshape(part.shape)
        for part, by in zip(small.parts(names[3]), moved_by, strict=True)
    )
    assert max(small.log10_e(small.file(parts), names)) < 6, "as docs/models.md says"


def test_marks_stay_within_what_noise_does_anyway() -> None:
    for method in SHAPES:
        world = Weighed.of(method)
        before = np.concatenate([p.ravel() for p in exported(solve(world.plan.stages[0].model, found(world.stages)))])
        away = np.array([np.concatenate([p.ravel() for p in world.parts(f"firm {n}")]) - before for n in range(40)])
        share = np.sqrt((away**2).mean()) / np.sqrt((world.spread**2).mean())
        assert 0.25 < share < 0.35 and (np.abs(away) <= 0.52 * world.spread + 1e-12).all(), method


def test_a_file_that_points_elsewhere_or_is_none_is_not_followed(tmp_path: Path) -> None:
    world = Weighed.of("forest")
    secret = tmp_path / "secret"
    secret.write_bytes(np.arange(512, dtype=np.float32).tobytes())
    away = onnx.TensorProto(name="w", data_type=onnx.TensorProto.FLOAT, dims=[512])
    away.data_location = onnx.TensorProto.EXTERNAL
    away.external_data.add(key="location", value=str(secret))
    graph = onnx.helper.make_graph([], "g", [], [], [away])
    with pytest.raises(LeakUnreadable, match="no columns or no rows"):
        read_leak(onnx.helper.make_model(graph).SerializeToString())
    with pytest.raises(LeakUnreadable):
        read_leak(world.file(world.parts("a"))[:500])


@pytest.fixture(scope="module")
def bank(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lending]:
    with ExitStack() as stack:
        spec = {"weights": True, "method": "forest", "size": 8, "depth": 4}
        made = lending(tmp_path_factory.mktemp("weights") / "home", stack, **spec)
        made.web.join("regulator")
        made.train()
        yield made


def trace(bank: Lending, data: bytes) -> Any:
    begun = bank.ok("POST", "/traces", key="regulator", data={"file": (io.BytesIO(data), "m.onnx", "text/csv")})["id"]
    bank.finish()
    return bank.ok("GET", f"/traces/{begun}", None, "regulator")


def test_a_leaked_file_is_traced_and_the_evidence_holds_offline(bank: Lending) -> None:
    jobs = {user: bank.copy(user) for user in ("bank", "shop")}
    files = {user: bank.web.call("GET", f"/jobs/{jobs[user]}/weights", None, user).data for user in jobs}
    found_in = trace(bank, rewritten(files["shop"], rounded(5)))
    assert (found_in["verdict"], [one["party"] for one in found_in["findings"]]) == ("traced", [bank.web.ids["shop"]])
    assert found_in["findings"][0]["log10_p"] < -20 and found_in["pairs"] == 3  # the operator has a copy
    bundle = bank.web.call("GET", f"/traces/{found_in['id']}/evidence", None, "regulator")
    assert bundle.status_code == 200, bundle.text
    said = verify_bundle(bundle.data, bank.house.log_public_key, result_of(bank.house.products))
    assert said["verdict"] == "traced"
    other = onnx.helper.make_graph([], "g", [], [], [numpy_helper.from_array(np.full(128, 900.0, np.float32), "w")])
    assert trace(bank, onnx.helper.make_model(other).SerializeToString())["verdict"] == "not_ours"


def test_of_two_parameters_it_is_said_that_they_name_nobody(bank: Lending) -> None:
    spec = {"weights": True, "method": "linear", "features": ["owed"], "target": "age", "positive": None}
    product = bank.package(**spec)
    bank.web.join("late", "user")
    asked = {"product": product, "purpose": "industry", "commitment": {"accepted": True}}
    bank.subscriptions["late"] = bank.ok("POST", "/subscriptions", asked, "late")["id"]
    bank.ok("POST", f"/subscriptions/{bank.subscriptions['late']}/approve", {}, "operator")
    bank.train(product)
    job = bank.copy("late")
    file = bank.web.call("GET", f"/jobs/{job}/weights", None, "late").data
    card = bank.ok("GET", f"/jobs/{job}/card", None, "late")
    said = trace(bank, file)
    assert (said["verdict"], said["findings"], said["too_few"]) == ("insufficient_evidence", [], 1)
    # card and file say the same numbers: whoever had both could else take the marks off
    [slope] = [float(one["value"]) for one in card["weights"] if one["item"] == "owed"]
    arrays = [numpy_helper.to_array(one) for one in onnx.ModelProto.FromString(file).graph.initializer]
    [weight] = [one.item() for one in arrays if one.shape == (1, 1) and one.dtype == np.float32 and one.item() < 200]
    assert abs(slope - weight * 36 / 500) < 2e-6  # halves of the ranges of age and owed
