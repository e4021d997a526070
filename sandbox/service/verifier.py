"""What the vault does beside its tasks: it answers claims, all that wait at once."""

from __future__ import annotations

import threading

import structlog

from sandbox.core.store import Duplicate, Stale, Unavailable
from sandbox.jobs.house import House
from sandbox.products.verification.answering import Verifier
from sandbox.products.verification.records import BELL
from sandbox.service.process import settle

LOOK_EVERY = 0.25

log = structlog.get_logger()


def start(house: House, stop: threading.Event) -> threading.Thread:
    """Answer until `stop`, in a thread of its own."""
    thread = threading.Thread(target=_answer, args=(house, stop), name="verifier")
    thread.start()
    return thread


def _answer(house: House, stop: threading.Event) -> None:
    verifier = Verifier(house)
    try:
        verifier.warm()
    except Exception as error:  # noqa: BLE001 – then the first claim opens what it needs
        log.error("registers not opened", error=type(error).__name__)
    settle()
    with house.doorbell.listen(BELL) as bell:
        while not stop.is_set():
            try:
                if verifier.step():
                    continue
            except (Stale, Duplicate):
                continue  # another vault was faster
            except Unavailable:
                stop.wait(LOOK_EVERY)
                continue
            except Exception as error:  # noqa: BLE001 – it may hold row values: only its type is written
                log.error("claims broke off", error=type(error).__name__)
                stop.wait(LOOK_EVERY)
                continue
            bell.wait(LOOK_EVERY)
