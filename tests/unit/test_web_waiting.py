"""Requests that wait: a ring ends the wait, a lost ring only delays it."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from sandbox.jobs.doorbell import Doorbell, of_job
from sandbox.web import waiting


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An application with seats, whose looks are far apart."""
    app = Flask("test")
    app.config[waiting.SEATS] = waiting.seats(2)
    monkeypatch.setattr(waiting, "_LISTENING", 1.0)
    with app.app_context():
        yield


def waited(bell: Doorbell, rings: bool) -> float:
    """Seconds until an event that comes after 50 ms is seen."""
    ended = threading.Event()

    def end() -> None:
        ended.set()
        if rings:
            bell.ring(of_job("job_1"))

    with bell.listen(of_job("job_1")) as listener:
        threading.Timer(0.05, end).start()
        start = time.monotonic()
        assert waiting.until(ended.is_set, 60, listener)
        return time.monotonic() - start


def test_a_ring_ends_the_wait(served: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "_LISTENING", 50.0)
    assert waited(Doorbell(tmp_path), rings=True) < 40


def test_a_lost_ring_only_delays(served: None, tmp_path: Path) -> None:
    assert waited(Doorbell(tmp_path), rings=False) > 0.8  # seen at the next look, which `waited` waits for


def test_a_ring_for_another_job_is_not_heard(served: None, tmp_path: Path) -> None:
    bell = Doorbell(tmp_path)
    with bell.listen(of_job("job_1")) as listener:
        bell.ring(of_job("job_2"))
        start = time.monotonic()
        assert not waiting.until(lambda: False, 0.2, listener)
        assert time.monotonic() - start >= 0.19


def test_a_name_is_free_again_after_the_wait(tmp_path: Path) -> None:
    bell = Doorbell(tmp_path)
    for _ in range(2):
        with bell.listen("web") as listener:
            bell.ring("web")
            start = time.monotonic()
            listener.wait(60)
            assert time.monotonic() - start < 30
