"""`sandbox backup` and `sandbox restore`: the instance without its keys, in one folder.

The order is the point: first the database, at one moment; then the files it names, which never change; then the log,
which only grows. So nothing that the database names is missing, and the log of a backup knows at least as much as its
database. The manifest is written last and names the checkpoint and every file with its SHA-256: a folder without it is
no backup. Keys are never in it."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from sandbox.bootstrap import INSTANCE, RESTORED, dump_database, fill_database, inspector, keyring, signer_of
from sandbox.catalogue.records import DataVersion
from sandbox.core.clock import now, rfc3339
from sandbox.core.keys import epoch_name
from sandbox.errors import Problem
from sandbox.settings import CONFIG, Settings
from sandbox.test_instance import AHEAD
from sandbox.transparency.durable import Batch
from sandbox.transparency.notes import keys_of, unverified_head
from sandbox.transparency.publish import last_checkpoint
from sandbox.transparency.serve import read_checkpoint
from sandbox.transparency.tiles import CHECKPOINT, ENTRIES, HEIGHT, Level, read_tile, tile_path, widths
from sandbox.transparency.verify import verify_log

MANIFEST = "manifest.json"
PUBLIC = (INSTANCE, "log.pub", "spool.pub")
WHERE_SET = (CONFIG, AHEAD)  # what a home may have
DATABASE, DATA, SPOOL, LOG = "database", "data", "spool", "log"


def backup(settings: Settings, target: Path) -> dict[str, Any]:
    """Write a backup into the new folder `target`, beside the running service; give its manifest without the files.

    Raises `Problem`: `state_conflict` when `target` is not empty, `integrity_stop` when the log is not whole."""
    if target.exists() and any(target.iterdir()):
        raise Problem("state_conflict", f"{target} is not empty; name a new folder")
    _refuse_keys(settings, target)
    try:
        return _backup(settings, target)
    except OSError as error:
        raise _unwritable(target, error) from error


def _backup(settings: Settings, target: Path) -> dict[str, Any]:
    target.mkdir(mode=0o700, parents=True, exist_ok=True)
    with inspector(settings) as house:
        with house.store.write() as tx:
            house.journal.write(tx, "backup.made", public={})
        with house.store.read() as tx:
            last = last_checkpoint(tx)
            schema = dump_database(house.store, tx, target / DATABASE)
            names = [version.file for version in tx.find(DataVersion)]
    for name in names:
        _copy(settings.data_folder / name, target / DATA / name)
    for file in _files(settings.spool_folder):
        _copy(file, target / SPOOL / file.name, may_go=True)
    for name in (*PUBLIC, *(name for name in WHERE_SET if (settings.home / name).exists())):
        _copy(settings.home / name, target / name)
    note = _copy_log(settings.log_folder, target / LOG)
    if note is not None:
        verify_log(target / LOG, (target / "log.pub").read_text("utf-8"))
    said = {
        "v": 1,
        "instance": json.loads((target / INSTANCE).read_text("utf-8"))["id"],
        "made_at": rfc3339(now()),
        "schema": schema,
        "database_size": last.size if last else 0,
        "checkpoint": note,
    }
    files = {str(file.relative_to(target)): _digest(file) for file in sorted(_files(target, deep=True))}
    with Batch() as batch:
        batch.put(target / MANIFEST, json.dumps(said | {"files": files}, indent=1, ensure_ascii=False).encode())
        batch.settle()
    return said | {"files": len(files)}


def restore(source: Path, settings: Settings) -> dict[str, Any]:
    """Make the home of `settings`, and its empty database, from a backup; give its manifest without the files.

    The instance is not served before `sandbox recover` said what happened since. Raises `Problem`: `field_invalid` for
    a folder that is no whole backup, `state_conflict` when the home or the database is not empty, `not_ready` when the
    keys are not there or are another instance's."""
    manifest = _checked(source)
    home = settings.home
    if home.exists() and any(home.iterdir()):
        raise Problem("state_conflict", f"{home} is not empty; name a new folder with --home")
    if not _same_keys(settings, (source / "log.pub").read_text("utf-8")):
        said = f"the keys in {settings.key_folder} are another instance's; restore the right ones from their own backup"
        raise Problem("not_ready", said)
    try:
        _fill_home(source, home, manifest)
        fill_database(settings.database, source / DATABASE, str(manifest["schema"]))
    except OSError as error:
        shutil.rmtree(home, ignore_errors=True)
        raise _unwritable(home, error) from error
    except BaseException:
        shutil.rmtree(home, ignore_errors=True)
        raise
    return {**manifest, "files": len(manifest["files"])}


def _same_keys(settings: Settings, log_pub: str) -> bool:
    """Say whether the newest key of `log.pub` is among the settings' log keys."""
    keys, number = keyring(settings), 1
    while True:
        try:
            if signer_of(settings, keys, epoch_name("log", number)).verifier_key == keys_of(log_pub)[0]:
                return True
        except Problem:
            if number == 1:
                raise
            return False
        number += 1


def _fill_home(source: Path, home: Path, manifest: dict[str, Any]) -> None:
    """The mark that it was restored comes first: a home that was cut off half-made is not served either."""
    note = manifest["checkpoint"]
    size = unverified_head(note).size if note else 0
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    with Batch() as batch:
        batch.put(home / RESTORED, json.dumps({"made_at": manifest["made_at"], "size": size}).encode())
        batch.settle()
    for folder in (DATA, SPOOL, LOG):
        (home / folder).mkdir(mode=0o700, exist_ok=True)
        for file in _files(source / folder, deep=True):
            _copy(file, home / file.relative_to(source))
    for name in (*PUBLIC, *WHERE_SET):
        if (source / name).exists():
            _copy(source / name, home / name)


def _checked(source: Path) -> dict[str, Any]:
    try:
        manifest: dict[str, Any] = json.loads((source / MANIFEST).read_text("utf-8"))
        files = manifest["files"]
    except (OSError, ValueError, KeyError) as error:
        raise Problem("field_invalid", f"{source} is no whole backup: its {MANIFEST} is missing or damaged") from error
    for name, digest in files.items():
        path = source / name
        if not path.resolve().is_relative_to(source.resolve()) or not path.is_file() or _digest(path) != digest:
            raise Problem("field_invalid", f"{name} of the backup is missing or damaged; take another backup")
    return manifest


def _refuse_keys(settings: Settings, target: Path) -> None:
    inside = [settings.home, settings.key_folder]
    if any(target.absolute().is_relative_to(folder.absolute()) for folder in inside):
        raise Problem("field_invalid", f"{target} lies inside the instance or its keys; name a folder elsewhere")


def _copy_log(log: Path, target: Path) -> str | None:
    """Copy the newest checkpoint and exactly the tiles of its tree: the log goes on growing, and tiles beyond the
    checkpoint would be taken for a database that was set back."""
    note = read_checkpoint(log)
    if note is None:
        return None
    size, level = unverified_head(note).size, 0
    _copy_level(log, target, ENTRIES, widths(size, 0))
    while size >> (HEIGHT * level):
        _copy_level(log, target, level, widths(size, level))
        level += 1
    (target / CHECKPOINT).write_text(note, encoding="utf-8")
    return note


def _copy_level(log: Path, target: Path, level: Level, tiles: Iterable[tuple[int, int]]) -> None:
    for number, width in tiles:
        path = tile_path(level, number, width)
        if (data := read_tile(log, path)) is None:
            raise Problem("integrity_stop", f"{path} of the log is missing; run `sandbox log fsck --repair`")
        (target / path).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        (target / path).write_bytes(data)


def _files(folder: Path, *, deep: bool = False) -> Iterator[Path]:
    """Whole files; what is being written has a name that begins with a dot."""
    for path in folder.rglob("*") if deep else folder.glob("*"):
        if path.is_file() and not path.name.startswith("."):
            yield path


def _copy(file: Path, target: Path, *, may_go: bool = False) -> None:
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        shutil.copyfile(file, target)
    except FileNotFoundError:
        if not may_go:
            raise Problem("integrity_stop", f"{file.name} is missing; run `sandbox doctor`") from None


def _unwritable(target: Path, error: OSError) -> Problem:
    return Problem(
        "not_ready", f"{target} cannot be written ({error.strerror}); free some space, or name another folder"
    )


def _digest(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()
