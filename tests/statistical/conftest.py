"""The chance of these tests is the same on every run: what fails one of them is a change, not the day.

The bits that noise and marks are made of come from a generator here, put in their place from outside; nothing in the
house can be seeded. A nightly run (SANDBOX_EXAMPLES above 1) takes the system's."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

import covering
import numpy as np
import pytest
from chance import TIMES

from sandbox.privacy import exponential, sampler


@pytest.fixture(scope="module")
def chance() -> Random:
    return Random()


@pytest.fixture(scope="module", autouse=True)
def drawn(chance: Random, request: pytest.FixtureRequest) -> Iterator[None]:
    """Let all that is drawn in this process come from `chance`."""
    with pytest.MonkeyPatch.context() as patch:
        if TIMES == 1:
            chance.seed(request.node.name)
            patch.setattr(sampler, "urandom", chance.randbytes)
            patch.setattr(exponential, "randbits", chance.getrandbits)
            patch.setattr(exponential, "randbelow", chance.randrange)
            patch.setattr(covering, "urandom", chance.randbytes)
            patch.setattr(np.random, "default_rng", _seeded)
        yield


_generator = np.random.default_rng


def _seeded(seed: object = 1) -> np.random.Generator:
    return _generator(seed)  # type: ignore[arg-type]


@pytest.fixture(autouse=True)
def again(drawn: None, chance: Random, request: pytest.FixtureRequest) -> None:
    """Begin anew for each test, so that it draws the same alone and among others."""
    chance.seed(request.node.name)
