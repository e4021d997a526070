"""kill -9 during the monthly run, again and again, and two runs at once: the result is that of one quiet run."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from dataclasses import replace
from decimal import Decimal

from authority import World
from offer import Offer

from sandbox.billing.lines import total
from sandbox.billing.reconcile import reconcile
from sandbox.billing.records import Numbering, Settlement
from sandbox.billing.settlements import due_in
from sandbox.core.ids import new_id
from sandbox.metering.events import usage_event
from sandbox.transparency.records import LogEntry

MONTH, USERS = "2026-03", 400
RUN = """
import sys, time
from sandbox.billing import settlements
from sandbox.core.sealing import Sealer
from sandbox.stores.sql import SqlStore
from sandbox.transparency.journal import Journal
settlements.BATCH = 7
issue, left = settlements._issue, [int(sys.argv[4])]
def issued(*given):
    left[0] -= 1
    if left[0] == 0:  # in the middle of a transaction: here it is killed
        print("stands still", flush=True)
        time.sleep(3600)
    return issue(*given)
settlements._issue = issued
run = settlements.close(SqlStore(sys.argv[1]), Journal(Sealer(bytes.fromhex(sys.argv[2]))), sys.argv[3])
print(run.made, run.kept, run.total)
"""
KEY = os.urandom(32)


def begin(store, until: int = 0) -> subprocess.Popen[str]:
    """A run; it stands still before it makes settlement number `until` of its own."""
    command = [sys.executable, "-c", RUN, store.url, KEY.hex(), MONTH, str(until)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def made(store) -> list[Settlement]:
    with store.read() as tx:
        return tx.find(Settlement, order=["number"])


def test_a_killed_run_changes_nothing_in_the_result(store):
    with store.write() as tx:
        offer = Offer(World(tx), price={"unit": "cell", "price": "0.333335", "trial": True, "allowance": 2})
        job, events = offer.job(), []
        event = replace(usage_event(job, offer.price, Decimal(0), 1), month=MONTH)
        for number in range(USERS):
            party = f"party_{number:04}"
            for free in (None, "repeat"):
                named = {"id": new_id("usage"), "job": new_id("job"), "party": party, "free": free}
                events.append(replace(event, quantity=number % 9, **named))
        tx.add_all(events)
    with store.read() as tx:
        expected = [(number, party, total(lines)) for number, (_, party, lines) in enumerate(due_in(tx, MONTH), 1)]
    assert len(expected) == USERS and sum(one[-1] for one in expected) > 0
    reached = []
    for until in (10, 57, 92):
        running = begin(store, until)
        assert running.stdout is not None and running.stdout.readline() == "stands still\n"
        os.kill(running.pid, signal.SIGKILL)
        assert running.wait() == -signal.SIGKILL
        running.stdout.close()
        reached.append(len(made(store)))
    assert reached == [7, 7 + 56, 7 + 56 + 91], "of each only whole transactions are left"
    both = [begin(store), begin(store)]
    outcomes = [run.communicate()[0].split() for run in both]
    assert sum(int(new) for new, _, _ in outcomes) == USERS - reached[-1]
    assert {Decimal(sum_) for _, _, sum_ in outcomes} == {sum(one[-1] for one in expected)}
    after = made(store)
    assert [(one.number, one.party, one.total) for one in after] == expected
    with store.read() as tx:
        assert reconcile(tx, MONTH)["unsettled"] == "0.00"
        assert [one.last for one in tx.find(Numbering)] == [USERS]
        assert {one.entry for one in after} == set(tx.keys(LogEntry, kind="settlement.issued")), "a leaf for each"
