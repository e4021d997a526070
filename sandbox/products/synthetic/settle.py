"""What is settled once for a base: the model that its noisy counts are fitted to, in whole numbers, and the places by
which each recipient's rows are drawn. In the vault, between release and the base's being stored."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from importlib.util import find_spec

from sandbox.engines.base import EngineFailed
from sandbox.plan.block import SIGMA_UNIT
from sandbox.plan.drawn import SEED
from sandbox.plan.families import families
from sandbox.plan.plan import Plan
from sandbox.privacy.released import Released

SECONDS = 600
"""The longest that a fit may take."""
ALONE = {
    "JAX_ENABLE_X64": "1",
    "JAX_PLATFORMS": "cpu",
    "OMP_NUM_THREADS": "1",
    "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1",
}
"""All that the fitting process is told by its surroundings, beside where Python is."""


def available() -> bool:
    """Say whether the library that fits is installed: the extra `synthetic`."""
    return find_spec("mbi") is not None


def settled(plan: Plan, released: list[Released]) -> list[Released]:
    """Give the base: what was released, the tables of the fitted model, and the places of the seed. Raises
    `EngineFailed` when the model cannot be fitted."""
    import numpy as np  # in the vault alone

    from sandbox.modelling.network import weights

    assert plan.drawn is not None
    drawn, sizes = plan.drawn, plan.drawn.sizes
    wanted = families(sizes, drawn.marginals[: drawn.fitted])
    asked = {
        "sizes": list(sizes),
        "marginals": [
            {
                "columns": list(marginal),
                "sigma": block.measurements[0].sigma / SIGMA_UNIT,
                "values": [int(count) for (count,) in found.values],
            }
            for marginal, block, found in zip(drawn.marginals, plan.blocks, released, strict=True)
        ][: drawn.fitted],
        "wanted": [list(family.columns) for family in wanted],
    }
    made = [
        weights(sizes, family, np.array(probabilities))
        for family, probabilities in zip(wanted, _fitted(asked), strict=True)
    ]
    return [*released, _placed(np.concatenate([table.ravel() for table in made]).tolist()), _placed(SEED.base)]


def _fitted(asked: dict[str, object]) -> list[list[float]]:
    kept = {name: os.environ[name] for name in ("PATH", "PYTHONPATH", "LD_LIBRARY_PATH") if name in os.environ}
    try:
        done = subprocess.run(
            [sys.executable, "-m", "sandbox.products.synthetic.fitting"],
            input=json.dumps(asked).encode(),
            capture_output=True,
            env=kept | ALONE,
            timeout=SECONDS,
            check=True,
        )
        found: list[list[float]] = json.loads(done.stdout)
        return found
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        raise EngineFailed from error


def _placed(values: Sequence[int]) -> Released:
    return Released([(place,) for place in range(len(values))], [(value,) for value in values])
