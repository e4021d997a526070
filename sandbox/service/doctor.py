"""`sandbox doctor`: holds keys, database, data files, log and balances against each other, and says which isolation is
in force. Reads only; may run beside the service. `--repair` charges the accounts what only the log still knows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

from sandbox.bootstrap import INSTANCE, check_engine, inspector, keyring
from sandbox.catalogue.records import DataVersion
from sandbox.core.sealing import SealBroken
from sandbox.core.store import Transaction
from sandbox.errors import Problem
from sandbox.isolation.available import missing
from sandbox.jobs import ledger
from sandbox.jobs.house import House
from sandbox.jobs.presence import require_ready
from sandbox.jobs.records import Job
from sandbox.metering.records import UsageEvent
from sandbox.privacy import recovery
from sandbox.privacy.accountant import check_balances
from sandbox.products.synthetic.settle import available
from sandbox.products.verification.records import Verification
from sandbox.service.custody import relied_on
from sandbox.settings import Settings
from sandbox.transparency.records import LogEntry
from sandbox.transparency.tiles import TileMissing
from sandbox.transparency.verify import compare_with_store, verify_log


def examine(settings: Settings) -> dict[str, Any]:
    """Give `ok` and `checks`, each with `name`, `ok`, `detail`: a sentence that says what was found or what to do."""
    if not (settings.home / INSTANCE).exists():
        raise Problem("not_ready", f"there is no instance in {settings.home}; make one with `sandbox init`")
    checks = []
    with inspector(settings) as house:
        for name, look in {
            "keys": lambda: _keys(house),
            "instance": lambda: _instance(house),
            "database": lambda: _database(house),
            "data": lambda: _data(house),
            "engine": lambda: _engine(settings),
            "log": lambda: _log(house),
            "balances": lambda: _balances(house),
            "spending": lambda: _spending(house),
            "money": lambda: _money(house),
            "service": lambda: _service(house),
        }.items():
            checks.append(_check(name, look))
    checks.append({"name": "isolation", "ok": True, "detail": ISOLATION})
    why = missing()
    said = f"not offered: {why}" if why else "each block in a sandbox of its own, tried just now"
    checks.append({"name": "programs", "ok": True, "detail": said})
    said = "offered" if available() else "not offered: the library that fits them is missing; run `make synthetic`"
    checks.append({"name": "synthetic", "ok": True, "detail": said})
    return {"ok": all(check["ok"] for check in checks), "checks": checks}


ISOLATION = (
    "web, vault and scribe run as one operating-system user: this limits faults, it is not a security boundary between "
    "them; engines run in children without network where the kernel allows it"
)


def repair(settings: Settings) -> str:
    """Charge every account what the signed log says it has spent and the database has forgotten; say what was done.

    Only ever raises what is spent, so it may run twice, and beside the service. Raises `Problem(integrity_stop)` when
    the log itself is not whole, or a population has no account here."""
    if not (settings.home / INSTANCE).exists():
        raise Problem("not_ready", f"there is no instance in {settings.home}; make one with `sandbox init`")
    with inspector(settings) as house:
        verify_log(house.log_folder, house.log_public_key)
        with house.store.write() as tx:
            done, lost = recovery.take_over(tx, _told(house, tx))
            if done:
                house.journal.write(tx, "accounts.restored", public={"charges": done})
    if lost:
        names = ", ".join(sorted({line.population for line in lost}))
        raise _wrong(f"the log shows spending of {names}, which no registration here promises; register it again")
    return f"charges taken over from the log: {done}"


def _check(name: str, look: Callable[[], str]) -> dict[str, Any]:
    try:
        return {"name": name, "ok": True, "detail": look()}
    except Problem as problem:
        return {"name": name, "ok": False, "detail": problem.detail}


def _wrong(detail: str) -> Problem:
    return Problem("integrity_stop", detail)


def _keys(house: House) -> str:
    settings = house.settings
    with house.store.read() as tx:
        said = keyring(settings).check(relied_on(tx))
    if settings.key_folder.is_relative_to(settings.home):
        raise _wrong("the keys lie inside the instance's folder and would be copied with it; move them out")
    return f"{said}, outside the instance"


def _instance(house: House) -> str:
    """Who looks in has compared file, database and published log already."""
    if house.test_instance:
        return "a TEST instance, by its log: budgets do not bind, noise may be drawn anew; never put real data here"
    return "a real one, by its log"


def _database(house: House) -> str:
    house.store.ping()
    return "reachable, with the schema of this version"


def _data(house: House) -> str:
    with house.store.read() as tx:
        versions = tx.find(DataVersion)
    missing = [v.id for v in versions if not (house.settings.data_folder / v.file).exists()]
    if missing:
        raise _wrong(f"data files are missing for {', '.join(missing)}; restore them from the backup")
    return f"data versions: {len(versions)}, every file in place"


def _engine(settings: Settings) -> str:
    check_engine(settings)
    return f"{settings.engine}{f', {settings.spark}' if settings.engine == 'spark' else ''}".partition(";")[0]


def _log(house: House) -> str:
    report = verify_log(house.log_folder, house.log_public_key)
    with house.store.read() as tx:
        agreed = compare_with_store(tx, house.log_folder)
    return f"{report.size} entries, root recomputed; {agreed} rows agree with the published tiles"


def _balances(house: House) -> str:
    with house.store.read() as tx:
        if differences := check_balances(tx):
            raise _wrong("; ".join(differences))
    return "every balance is the sum of its journal"


def _spending(house: House) -> str:
    with house.store.read() as tx:
        told = _told(house, tx)
        forgotten = Counter(line.account for line in recovery.missing(tx, told))
    if forgotten:
        said = "; ".join(f"account {name}: the log shows {count} more" for name, count in sorted(forgotten.items()))
        raise _wrong(f"{said}; an older database was restored: run `sandbox doctor --repair`")
    return f"charges in the log: {len(told)}, each stands in the accounts"


def _told(house: House, tx: Transaction) -> list[recovery.Told]:
    try:
        return ledger.read(house, tx)
    except TileMissing as error:
        raise _wrong("an entry bundle of the log is missing; restore the log's folder from the backup") from error
    except SealBroken as error:
        raise _wrong("the release key does not open what the log says of accounts; restore the right keys") from error


def _money(house: House) -> str:
    """One usage event for each delivered job and claim and each call that predicted, and none for any other."""
    with house.store.read() as tx:
        delivered = {job.id for job in tx.find(Job, status=["sealing", "done"])}
        delivered |= set(tx.keys(Verification, status=["sealing", "done"]))
        billed = {event.job for event in tx.find(UsageEvent) if event.job is not None}
        calls = {job for job in billed if job.startswith("prediction_")}  # of these nothing but event and leaf is kept
        predicted = len(tx.keys(LogEntry, kind="prediction.made"))
    billed -= calls
    if len(calls) != predicted:
        raise _wrong(f"the log has {predicted} calls that predicted, and {len(calls)} have their usage event")
    if odd := delivered ^ billed:
        raise _wrong(f"jobs and usage events differ in {', '.join(sorted(odd)[:5])}")
    return f"jobs and claims delivered: {len(billed)}, calls predicted: {predicted}, each with its one usage event"


def _service(house: House) -> str:
    with house.store.read() as tx:
        try:
            require_ready(tx)
        except Problem as problem:
            if problem.code == "integrity_stop":
                raise
            return "not running"
    return "running"
