"""The slot of a record: which mark moves its prediction. Records that are nearly alike share one, so that nobody gets
rid of a mark by asking about a record again with a little change."""

from __future__ import annotations

import hashlib

import numpy as np

from sandbox.modelling.matrix import Whole
from sandbox.plan.fitted import UNIT

STEP = UNIT // 32
"""In thousandths: inputs in one such step count as one."""


def places(inputs: Whole, count: int) -> Whole:
    """Give the slot of each record (records × inputs), of `count`."""
    coarse = np.ascontiguousarray(np.floor_divide(inputs + STEP // 2, STEP).astype("<i4"))
    digests = (hashlib.sha256(row.tobytes()).digest() for row in coarse)
    return np.fromiter((int.from_bytes(digest[:8], "big") % count for digest in digests), np.int64, len(inputs))
