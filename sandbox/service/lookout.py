"""What every process does beside its duty: it looks for drills, so that it is known how fast a stop is known."""

from __future__ import annotations

import threading
import time

import structlog

from sandbox.core.ids import new_id
from sandbox.core.store import Store
from sandbox.oversight import drill

LOOK_EVERY = 0.25
PRESENT_EVERY = 3.0

log = structlog.get_logger()


def start(store: Store, kind: str, stop: threading.Event) -> threading.Thread:
    """Look until `stop`, in a thread of its own that does not keep the process alive."""
    thread = threading.Thread(target=_look, args=(store, kind, new_id(kind), stop), daemon=True, name="lookout")
    thread.start()
    return thread


def _look(store: Store, kind: str, process: str, stop: threading.Event) -> None:
    said = float("-inf")
    while not stop.is_set():
        try:
            if time.monotonic() - said > PRESENT_EVERY:
                with store.write(durable=False) as tx:
                    drill.present(tx, kind, process)
                said = time.monotonic()
            with store.read() as tx:
                unseen = drill.unseen(tx, process)
            for one in unseen:
                with store.write(durable=False) as tx:
                    drill.see(tx, one, kind, process)
        except Exception as error:  # noqa: BLE001 – a database that is away for a moment must not end the lookout
            log.error("lookout broke off", error=type(error).__name__)
        stop.wait(LOOK_EVERY)
