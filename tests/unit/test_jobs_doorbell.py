"""The doorbell wakes, and is only a hint."""

from __future__ import annotations

import threading
import time
from pathlib import Path

from sandbox.jobs.doorbell import Doorbell


def test_a_ring_wakes_at_once(tmp_path: Path) -> None:
    bell = Doorbell(tmp_path)
    listener = bell.listen("vault")
    threading.Timer(0.05, bell.ring, ("vault",)).start()
    started = time.monotonic()
    listener.wait(60)
    assert time.monotonic() - started < 30


def test_rings_that_came_meanwhile_count_as_one(tmp_path: Path) -> None:
    bell = Doorbell(tmp_path)
    listener = bell.listen("vault")
    for _ in range(3):
        bell.ring("vault")
    listener.wait(5)
    started = time.monotonic()
    listener.wait(0.05)
    assert time.monotonic() - started >= 0.04


def test_nobody_at_home_or_a_taken_name_is_fine(tmp_path: Path) -> None:
    bell = Doorbell(tmp_path)
    bell.ring("vault")
    first, second = bell.listen("vault"), bell.listen("vault")
    second.wait(0.01)
    first.wait(0.01)
