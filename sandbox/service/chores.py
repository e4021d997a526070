"""What web does beside answering: it makes the checks that raise alerts, sends messages to webhooks, minds months,
begins the runs of products that their operators run, ends what users brought when its time is over, and forgets
answers to Idempotency-Keys.

Not in the scribe, which holds the log's key and should speak to nobody; not in the vault, which sees rows."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from functools import partial

import structlog

from sandbox.core.clock import now
from sandbox.core.ids import new_id
from sandbox.core.store import Duplicate, Stale, Transaction
from sandbox.jobs.house import House
from sandbox.oversight import watch
from sandbox.products.workspace import admissions
from sandbox.service import lookout
from sandbox.service.months import Months
from sandbox.service.runs import Runs
from sandbox.transparency.records import Lease
from sandbox.web import idempotency
from sandbox.webhooks.deliver import anything_due, deliver_due

WATCH_EVERY = 5.0
SEND_EVERY = 0.5
MONTHS_EVERY = 60.0
RUNS_EVERY = 10.0
FORGET_EVERY = 3600.0
DUTY = "watch"

Work = Callable[[], object]
log = structlog.get_logger()


def start(house: House) -> threading.Event:
    """Begin the chores of this process; give the event that ends them."""
    stop, name = threading.Event(), new_id("web")
    lookout.start(house.store, "web", stop)
    chores: tuple[tuple[Work, float], ...] = (
        (partial(_watch, house, name), WATCH_EVERY),
        (partial(_send, house), SEND_EVERY),
        (Months(house).look, MONTHS_EVERY),
        (Runs(house).look, RUNS_EVERY),
        (partial(_end_admissions, house), MONTHS_EVERY),
        (partial(idempotency.forget, house), FORGET_EVERY),
    )
    for work, every in chores:
        threading.Thread(target=_repeat, args=(work, every, stop), daemon=True).start()
    return stop


def _repeat(work: Work, every: float, stop: threading.Event) -> None:
    while not stop.wait(every):
        try:
            work()
        except Exception as error:  # noqa: BLE001 – whatever it was, the next round tries again
            log.error("chore broke off", error=type(error).__name__)


def _watch(house: House, name: str) -> None:
    """One process watches: whoever holds the lease."""
    with house.store.read() as tx:
        if not _mine(tx, name):
            return
    try:
        with house.store.write(durable=False) as tx:
            raised = watch.look(tx, house.journal, now()) if _take(tx, name) else []
    except (Stale, Duplicate):
        return
    if raised:
        house.doorbell.ring("scribe")


def _end_admissions(house: House) -> None:
    """End what users brought into workspaces when its time is over, and delete its tables."""
    with house.store.read() as tx:
        due = admissions.over(tx, now())
    if due:
        with house.store.write() as tx:
            admissions.sweep(tx, house.journal, now())
        house.doorbell.ring("scribe")


def _send(house: House) -> None:
    with house.store.read() as tx:
        due = anything_due(tx, now())
    if due:
        deliver_due(house.store, house.release_sealer, house.settings.inside)


def _mine(tx: Transaction, name: str) -> bool:
    lease = tx.get(Lease, DUTY)
    return lease is None or lease.holder == name or lease.until < now()


def _take(tx: Transaction, name: str) -> bool:
    lease, until = tx.get(Lease, DUTY, lock=True), now() + timedelta(seconds=3 * WATCH_EVERY)
    if lease is None:
        tx.add(Lease(DUTY, name, 1, until))
    elif lease.holder == name:
        tx.change(lease, until=until)
    elif lease.until < now():
        tx.change(lease, holder=name, fence=lease.fence + 1, until=until)
    else:
        return False
    return True
