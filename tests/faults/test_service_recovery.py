"""Backups, restored or set back, whole or cut off: nothing that was spent is forgotten, nothing half-made is served."""

from __future__ import annotations

import errno
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import pytest
from databases import postgres_database
from estate import Estate

from sandbox import bootstrap
from sandbox.bootstrap import check_ready_to_serve, inspector, scribe_house
from sandbox.errors import Problem
from sandbox.jobs.presence import STOP
from sandbox.privacy import accountant
from sandbox.privacy.accounts import delta_left, loss_left, open_accounts
from sandbox.privacy.records import Account
from sandbox.service import backup as keeping
from sandbox.service import recover as recovering
from sandbox.service.backup import backup, restore
from sandbox.service.doctor import examine
from sandbox.service.recover import recover
from sandbox.service.scribe import let_go
from sandbox.settings import Settings, load
from sandbox.transparency.fsck import fsck
from sandbox.transparency.records import Lease, LogEntry
from sandbox.transparency.serve import read_checkpoint

SQL = "SELECT town, COUNT(*) AS n FROM people WHERE age > {} GROUP BY town"


@dataclass
class World:
    """An instance that was backed up after two answers and gave three more."""

    box: Estate
    backup: Path
    folder: Path

    def settings(self, name: str = "again", **more: object) -> Settings:
        """Another home with the same keys."""
        return load(home=self.folder / name, keys=self.box.settings.key_folder, **more)

    def spent(self) -> dict[str, Decimal]:
        return spent(self.box.settings)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def world(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    with ExitStack() as stack:
        if request.param == "postgres":
            url = stack.enter_context(postgres_database())
            monkeypatch.setenv("SANDBOX_DATABASE_URL", url)
        yield made(tmp_path, stack)


@pytest.fixture
def small(tmp_path: Path) -> Iterator[World]:
    with ExitStack() as stack:
        yield made(tmp_path, stack)


def made(folder: Path, stack: ExitStack) -> World:
    box = Estate(folder / "home", stack)
    box.publish(users=("firm", "other"))
    ask(box, 1)
    ask(box, 2, "other")
    target = folder / "backup"
    backup(box.settings, target)
    box.finish()
    for age in (10, 20):
        ask(box, age)
    ask(box, 30, "other")
    box.scribe.close()
    return World(box, target, folder)


def ask(box: Estate, age: int, user: str = "firm") -> str:
    job = box.ask(SQL.format(age), user, epsilon="0.3")
    box.finish()
    assert box.ok("GET", f"/jobs/{job}", key=user)["status"] == "done"
    return job


def spent(settings: Settings) -> dict[str, Decimal]:
    with inspector(settings) as house, house.store.read() as tx:
        return {account.id: account.loss_spent for account in tx.find(Account) if account.loss_spent}


def still(settings: Settings) -> None:
    """The service is down for longer than its last sign of life."""
    with inspector(settings) as house, house.store.write() as tx:
        for name in ("vault-alive", "scribe-alive", "scribe"):
            if lease := tx.get(Lease, name):
                tx.remove(lease)


def whole(settings: Settings) -> int:
    """Rows, files and balances agree, and the scribe goes on."""
    house, scribe = scribe_house(settings, let_go)
    while scribe.step():
        pass
    scribe.close()
    with house.store.read() as tx:
        assert accountant.check_balances(tx) == []
        found = fsck(tx, house.log_folder, house.log_public_key)
    house.store.close()
    checks = {check["name"]: check for check in examine(settings)["checks"]}
    assert checks["log"]["ok"] and checks["spending"]["ok"], checks
    return found.size


def test_a_restored_backup_recovers_all_spending_from_the_log(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also into the other kind of database."""
    monkeypatch.delenv("SANDBOX_DATABASE_URL", raising=False)
    again = world.settings()
    assert restore(world.backup, again)["files"] > 10
    before = spent(again)
    with pytest.raises(Problem, match="sandbox recover") as stopped:
        check_ready_to_serve(again)
    assert stopped.value.code == "integrity_stop"
    with pytest.raises(Problem, match="service runs"):
        recover(again, world.box.settings.log_folder)
    still(again)
    with pytest.raises(Problem, match="backup's own"):
        recover(again)
    found = recover(again, world.box.settings.log_folder)
    assert found.entries > 0 and found.charges == 6 and found.unknown == [] and found.exhausted == 0
    original = load(home=world.box.settings.home)
    if world.box.settings.database_url is None:
        assert spent(again) == spent(original) != before
    assert recover(again).entries == 0, "twice does nothing more"
    check_ready_to_serve(again)
    assert whole(again) > 0
    assert sorted(spent(again)) and not (again.home / "restored.json").exists()


def test_nothing_is_known_so_everything_is_spent(small: World) -> None:
    again = small.settings()
    restore(small.backup, again)
    still(again)
    found = recover(again, exhaust=True)
    assert found.exhausted >= 3
    with inspector(again) as house, house.store.read() as tx:
        accounts = [account for account in tx.find(Account) if account.party != "*"]
        assert all(loss_left(one) <= 0 and delta_left(one) <= 0 for one in accounts)
        assert {row.kind for row in tx.find(LogEntry)} >= {"log.recovered", "backup.made"}
    whole(again)


def test_a_witness_shows_what_is_the_newest(small: World, tmp_path: Path) -> None:
    again = small.settings()
    restore(small.backup, again)
    still(again)
    newest, old = tmp_path / "newest", tmp_path / "old"
    newest.write_text(str(read_checkpoint(small.box.settings.log_folder)))
    old.write_text(str(read_checkpoint(small.backup / "log")))
    with pytest.raises(Problem, match="covers"):
        recover(again, checkpoints=[newest])
    with pytest.raises(Problem, match="no checkpoint of this log"):
        recover(again, checkpoints=[small.backup / "manifest.json"])
    still(small.box.settings)
    with pytest.raises(Problem, match="not the newest"):
        recover(small.box.settings, small.backup / "log", exhaust=True)
    assert recover(again, checkpoints=[old]).exhausted == 0, "nothing came after the backup"
    check_ready_to_serve(again)


def test_a_database_set_back_in_place_stops_and_recovers(small: World) -> None:
    """Only the database is old; the log beside it is not: the scribe finds it, and then a witness need not."""
    home = small.box.settings.home
    small.box.house.store.close()  # type: ignore[attr-defined]
    for left in home.glob("sandbox.db*"):
        left.unlink()
    bootstrap.fill_database(small.box.settings.database, small.backup / "database", schema(small))
    still(small.box.settings)
    house, scribe = scribe_house(small.box.settings, let_go)
    with pytest.raises(Problem, match="ahead of the database"):
        scribe.step()
    scribe.close()
    with house.store.write() as tx:
        tx.add(Lease(STOP, "scribe", 1, tx.find(LogEntry, limit=1)[0].at))
    still(small.box.settings)
    found = recover(small.box.settings)
    assert found.charges == 6
    with house.store.read() as tx:
        assert tx.get(Lease, STOP) is None
    whole(small.box.settings)


def schema(world: World) -> str:
    return str(json.loads((world.backup / "manifest.json").read_text())["schema"])


def test_an_answer_that_left_is_never_drawn_again_for_free(small: World) -> None:
    """After a recovery the old question is a new one: it pays once more, beside the first."""
    again = small.settings()
    restore(small.backup, again)
    still(again)
    recover(again, small.box.settings.log_folder)
    before = spent(again)
    with ExitStack() as stack:
        box = reopened(again, small.box, stack)
        ask(box, 10)
    after = spent(again)
    grown = {name for name in after if after[name] > before.get(name, Decimal(0))}
    assert len(grown) == 2, "the population and the user pay"


def reopened(settings: Settings, old: Estate, stack: ExitStack) -> Estate:
    from webhouse import Web

    from sandbox.bootstrap import vault_house, web_house
    from sandbox.web.app import create_app

    box = object.__new__(Estate)
    box.settings, box.subscriptions = settings.model_copy(update={"quantum_ms": 0}), old.subscriptions
    box.house = stack.enter_context(vault_house(box.settings))
    web = web_house(box.settings)
    box.web = Web(web, create_app(web).test_client(), old.web.authority, old.web.keys, old.web.ids)
    _, box.scribe = scribe_house(box.settings, let_go)
    box.beat()
    return box


def test_a_population_that_only_the_log_knows_gets_no_fresh_budget(small: World) -> None:
    again = small.settings()
    restore(small.backup, again)
    still(again)
    with inspector(again) as house, house.store.write() as tx:
        for account in tx.find(Account):
            tx.remove(account)
    found = recover(again, small.box.settings.log_folder)
    [name] = found.unknown
    with inspector(again) as house, house.store.write() as tx:
        with pytest.raises(Problem, match="population"):
            open_accounts(tx, name, Decimal(8), Decimal("1e-6"), (Decimal(4), Decimal("1e-7")))
        whole_account = accountant.account_for(tx, name, "~profile")
        assert whole_account.epsilon < Decimal("0.001")
        assert all(loss_left(one) <= 0 for one in tx.find(Account) if one.loss_spent)


def test_a_recovery_that_breaks_off_changes_nothing(small: World, monkeypatch: pytest.MonkeyPatch) -> None:
    again = small.settings()
    restore(small.backup, again)
    still(again)
    before = spent(again)

    def broken(*_: object) -> None:
        raise RuntimeError("cut off")

    with monkeypatch.context() as patched:
        patched.setattr(recovering, "clear_stop", broken)
        with pytest.raises(RuntimeError):
            recover(again, small.box.settings.log_folder)
    assert spent(again) == before
    with pytest.raises(Problem, match="sandbox recover"):
        check_ready_to_serve(again)
    with monkeypatch.context() as patched:
        patched.setattr(recovering, "_publish", broken)
        with pytest.raises(RuntimeError):
            recover(again, small.box.settings.log_folder)
    with pytest.raises(Problem, match="sandbox recover"):
        check_ready_to_serve(again)
    assert recover(again, small.box.settings.log_folder).charges == 0
    whole(again)


def test_a_log_of_another_history_is_refused(small: World, tmp_path: Path) -> None:
    other = tmp_path / "other-log"
    shutil.copytree(small.box.settings.log_folder, other)
    for file in other.rglob("*"):
        if file.is_file() and "entries" in file.parts:
            file.write_bytes(file.read_bytes().replace(b"instance", b"Instance", 1))
    again = small.settings()
    restore(small.backup, again)
    still(again)
    with pytest.raises(Problem, match="not whole"):
        recover(again, other)


def test_a_log_that_grows_while_it_is_copied_is_copied_as_its_checkpoint_says(
    small: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = keeping.read_checkpoint

    def growing(log: Path) -> str | None:
        """The scribe seals right after the checkpoint was read."""
        note = real(log)
        small.box.finish()
        return note

    target = tmp_path / "while-growing"
    with monkeypatch.context() as patched:
        patched.setattr(keeping, "read_checkpoint", growing)
        backup(small.box.settings, target)
    again = small.settings()
    restore(target, again)
    still(again)
    recover(again, checkpoints=[target / "log" / "checkpoint"])
    whole(again)


@pytest.mark.parametrize("where", ["data", "log", "database", "manifest.json", "log.pub"])
def test_a_damaged_backup_is_refused(small: World, where: str) -> None:
    path = small.backup / where
    file = path if path.is_file() else next(one for one in sorted(path.rglob("*")) if one.is_file())
    for damage in (b"", None):
        if damage is None:
            file.unlink()
        else:
            file.write_bytes(damage)
        with pytest.raises(Problem, match="missing or damaged") as raised:
            restore(small.backup, small.settings())
        assert raised.value.code == "field_invalid"
        assert not small.settings().home.exists()


def test_keys_are_never_in_a_backup(small: World) -> None:
    secrets = [file.read_bytes() for file in small.box.settings.key_folder.iterdir()]
    for file in small.backup.rglob("*"):
        if file.is_file():
            data = file.read_bytes()
            assert not any(secret in data for secret in secrets), file


def test_what_a_backup_or_restore_needs_is_said(small: World, tmp_path: Path) -> None:
    with pytest.raises(Problem, match="not empty"):
        backup(small.box.settings, small.backup)
    with pytest.raises(Problem, match="lies inside"):
        backup(small.box.settings, small.box.settings.home / "backup")
    with pytest.raises(Problem, match="lies inside"):
        backup(small.box.settings, small.box.settings.key_folder / "backup")
    with pytest.raises(Problem, match="no whole backup"):
        restore(tmp_path, small.settings())
    with pytest.raises(Problem, match="not empty"):
        restore(small.backup, small.box.settings)
    with pytest.raises(Problem, match="database is not empty"):
        restore(small.backup, small.settings(database_url=small.box.settings.database))
    assert not small.settings().home.exists()
    bootstrap.init_instance(tmp_path / "stranger")
    with pytest.raises(Problem, match="another instance's"):
        restore(small.backup, load(home=tmp_path / "new", keys=tmp_path / "stranger.keys"))


def test_a_full_disk_leaves_no_backup_that_could_be_taken_for_one(
    small: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copies, real = [0], shutil.copyfile

    def full(source: Path, target: Path) -> None:
        copies[0] += 1
        if copies[0] > 2:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        real(source, target)

    with monkeypatch.context() as patched:
        patched.setattr(keeping.shutil, "copyfile", full)
        with pytest.raises(Problem, match="free some space"):
            backup(small.box.settings, tmp_path / "full")
        copies[0] = 0
        with pytest.raises(Problem, match="free some space"):
            restore(small.backup, small.settings())
    with pytest.raises(Problem, match="no whole backup"):
        restore(tmp_path / "full", small.settings())
    assert not small.settings().home.exists()
    restore(small.backup, small.settings())


CUT = """
import sys, time
from sandbox.service import backup

left = int(sys.argv.pop(1))

def stands_still(real):
    def step(*given, **named):
        global left
        left -= 1
        if left < 0:
            print("stands still", flush=True)
            time.sleep(3600)
        return real(*given, **named)
    return step

backup.shutil.copyfile = stands_still(backup.shutil.copyfile)
backup.Batch.put = stands_still(backup.Batch.put)
from sandbox.cli.main import run
run()
"""
"""A backup that stands still before the step after so many; a step writes a file."""


def test_a_backup_that_is_killed_is_none(small: World, tmp_path: Path) -> None:
    """kill -9 after ever more files, until one backup was whole."""
    environment = {**os.environ, "SANDBOX_HOME": str(small.box.settings.home)}
    cut = 0
    for steps in range(60):
        target = tmp_path / f"cut-{steps}"
        command = [sys.executable, "-c", CUT, str(steps), "backup", str(target)]
        process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        said = process.stdout.readline()
        process.send_signal(signal.SIGKILL) if said == "stands still\n" else None
        process.communicate()
        again = small.settings(f"again-{steps}")
        if said != "stands still\n":
            restore(target, again)
            break
        cut += 1
        with pytest.raises(Problem, match="no whole backup"):
            restore(target, again)
    assert cut > 2 and small.settings(f"again-{cut}").home.exists()
    whole(small.box.settings)


def test_spending_of_a_second_history_counts_too(small: World) -> None:
    """Served after a restore without a word, the log forked: both histories gave answers, and both are paid for."""
    fork = small.settings("fork")
    restore(small.backup, fork)
    still(fork)
    recover(fork, checkpoints=[small.backup / "log" / "checkpoint"])
    with ExitStack() as stack:
        box = reopened(fork, small.box, stack)
        ask(box, 40)
        box.scribe.close()
    with pytest.raises(Problem, match="another history"):
        still(fork)
        recover(fork, small.box.settings.log_folder)
    again = small.settings()
    restore(small.backup, again)
    still(again)
    found = recover(again, small.box.settings.log_folder, forks=[fork.log_folder])
    assert found.charges == 8, "three answers of the one history, one of the other, two accounts each"
    whole(again)
