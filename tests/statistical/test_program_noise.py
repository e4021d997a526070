"""The noise of a program's mean has the scale that its loss says, and hides the one block that a unit is in."""

from __future__ import annotations

import math
from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest
from query_town import ENTRY

from sandbox.engines.base import Exact
from sandbox.isolation.available import missing
from sandbox.jobs.product import Question
from sandbox.plan.plan import Plan
from sandbox.privacy.rederive import loss
from sandbox.privacy.release import release
from sandbox.products.program.kind import ProgramProduct

pytestmark = pytest.mark.skipif(missing() is not None, reason=str(missing()))
DRAWS, BLOCKS, WIDTH = 4_000, 16, 1_000
SPEC = {
    "sql": "SELECT cost FROM visits",
    "code": "def program(rows, parameters): return {'mean': rows['cost'].mean()}",
    "outputs": [{"name": "mean", "lower": 0, "upper": WIDTH}],
    "blocks": BLOCKS,
    "seconds": "0.1",
}
DELTA = Decimal("1e-6")


@pytest.fixture(scope="module")
def plan() -> Plan:
    asked = Question({"subscription": "s", "epsilon": "1"}, "r", "p", "v", ENTRY, SPEC, DELTA, DELTA)
    return ProgramProduct().compile(asked)


def drawn(plan: Plan, exact: int) -> np.ndarray:
    """Means of so many releases, when the clamped and centred numbers of all blocks come to `exact`."""
    [block] = plan.blocks
    sums = [int(release(plan, [Exact([()], [(exact,)])])[0].values[0][0]) for _ in range(DRAWS)]
    return np.array(sums) / BLOCKS + block.measurements[0].centre


def test_the_noise_of_a_mean_has_the_scale_that_its_loss_says(plan: Plan) -> None:
    """One row is replaced, so that the sum moves by the width of the bounds: σ = width/√(2ρ), over the blocks."""
    rho = float(loss(plan)[0])
    sigma = WIDTH / math.sqrt(2 * rho) / BLOCKS
    found = drawn(plan, 0)
    assert abs(found.mean() - WIDTH / 2) < 5 * sigma / math.sqrt(DRAWS)
    share = found.std() / sigma
    assert abs(share - 1) < 5 / math.sqrt(2 * DRAWS)
    assert not abs(share / 1.3 - 1) < 5 / math.sqrt(2 * DRAWS)  # the test tells 30 % more or less from that
    [expected] = ProgramProduct().expect(plan)
    assert 1.96 * sigma <= float(expected["error_95"]) < 1.2 * 1.96 * sigma  # with the mark


def test_a_unit_that_turns_its_block_over_is_hidden(plan: Plan) -> None:
    """The block that the unit is in gives the lower bound without it and the upper one with it, all others the same: no
    threshold tells the two worlds apart better than (ε, δ) allows."""
    low, high = drawn(plan, -WIDTH // 2), drawn(plan, WIDTH // 2)
    assert abs(high.mean() - low.mean() - WIDTH / BLOCKS) < 0.3 * WIDTH / BLOCKS
    for threshold in np.quantile(np.concatenate([low, high]), [0.1, 0.25, 0.5, 0.75, 0.9]):
        with_, without = (high > threshold).mean(), (low > threshold).mean()
        slack = 5 * math.sqrt(0.25 / DRAWS)
        assert with_ <= math.exp(1) * without + float(DELTA) + (1 + math.exp(1)) * slack


def test_half_the_noise_would_be_seen(plan: Plan) -> None:
    [block] = plan.blocks
    less = replace(block.measurements[0], sigma=block.measurements[0].sigma // 2)
    broken = replace(plan, blocks=(replace(block, measurements=(less,)),))
    sigma = WIDTH / math.sqrt(2 * float(loss(plan)[0])) / BLOCKS
    assert drawn(broken, 0).std() / sigma < 0.6
