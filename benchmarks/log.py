"""The transparency log: entries sealed a second – from waiting rows to a signed checkpoint and tiles on the disk – and
what a proof costs in a large tree.

Alone: `python -m benchmarks.log [entries] [leaves]`."""

from __future__ import annotations

import random
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from benchmarks.timing import say
from sandbox.core.sealing import Sealer
from sandbox.stores.sql import SqlStore
from sandbox.transparency.journal import Journal
from sandbox.transparency.merkle import HASH_BYTES, perfect_root, verify_consistency, verify_inclusion
from sandbox.transparency.notes import Signer
from sandbox.transparency.proofs import Tree
from sandbox.transparency.seal import BATCH, Scribe
from sandbox.transparency.tiles import HEIGHT, WIDTH, tile_path

ENTRIES, LEAVES, PROOFS = 20_000, 10_000_000, 500
SIGNER = Signer("bench.example/log", Ed25519PrivateKey.from_private_bytes(b"b" * 32))


def lines(entries: int = ENTRIES, leaves: int = LEAVES) -> str:
    """Give the rows of the table: wall and processor time."""
    say("log")
    with tempfile.TemporaryDirectory() as folder:
        sealed = sealing(Path(folder), entries)
    with tempfile.TemporaryDirectory() as folder:
        grow(Path(folder), leaves)
        inclusion, consistency = proofs(Path(folder), leaves)
    rows = [f"| {entries:,} entries sealed, at most {BATCH:,} a batch | {_rate(entries, sealed)} |"]
    for what, times in (("inclusion", inclusion), ("consistency", consistency)):
        wall, processor = (f"{1000 * one:.2f} ms" for one in times)
        rows.append(f"| {what} proof, {leaves:,} leaves | {wall} | {processor} |")
    return "\n".join(rows)


def _rate(entries: int, times: tuple[float, float]) -> str:
    return " | ".join(f"{entries / one:,.0f} a second" for one in times)


def sealing(folder: Path, entries: int) -> tuple[float, float]:
    """Give wall and processor seconds of sealing so many entries that wait in SQLite, synced like the real ones."""
    store = SqlStore(f"sqlite:///{folder / 'control.db'}")
    store.create()
    journal, committed = Journal(Sealer(b"r" * 32)), {"job": "j" * 37, "party": "p" * 39, "result": "f" * 64}
    for start in range(0, entries, BATCH):
        with store.write() as tx:
            for number in range(start, min(entries, start + BATCH)):
                journal.write(tx, "job.released", public={"n": number}, committed=committed)
    scribe = Scribe(store, folder / "log", SIGNER, "bench.example/log")
    wall, processor, sealed = time.perf_counter(), time.process_time(), 0
    while sealed < entries:
        sealed += scribe.step()
    taken = time.perf_counter() - wall, time.process_time() - processor
    scribe.close()
    store.close()
    return taken


def grow(folder: Path, leaves: int) -> None:
    """Write the hash tiles of a tree of random leaf hashes."""
    chance, level, count = random.Random(7), 0, leaves
    hashes: Iterator[bytes] = (chance.randbytes(HASH_BYTES * WIDTH) for _ in range(-(-leaves // WIDTH)))
    while count:
        above = []
        for number, tile in enumerate(hashes):
            width = min(WIDTH, count - number * WIDTH)
            file = folder / tile_path(level, number, width)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(tile[: width * HASH_BYTES])
            if width == WIDTH:
                above.append(perfect_root([tile[i : i + HASH_BYTES] for i in range(0, len(tile), HASH_BYTES)]))
        count, level = count >> HEIGHT, level + 1
        hashes = iter([b"".join(above[i : i + WIDTH]) for i in range(0, len(above), WIDTH)])


def proofs(folder: Path, leaves: int) -> tuple[tuple[float, float], tuple[float, float]]:
    """Give the median wall and processor seconds of an inclusion and of a consistency proof, each made as for a new
    request, and verified (outside the time)."""
    chance, root = random.Random(11), Tree(folder, leaves).root()
    taken: dict[str, list[tuple[float, float]]] = {"inclusion": [], "consistency": []}
    for _ in range(PROOFS):
        index = chance.randrange(leaves)
        start = time.perf_counter(), time.process_time()
        path = Tree(folder, leaves, kept=True).inclusion(index)
        taken["inclusion"].append(_since(start))
        assert verify_inclusion(index, leaves, Tree(folder, leaves).leaf(index), path, root)
        old = chance.randrange(1, leaves) // WIDTH * WIDTH or 1
        start = time.perf_counter(), time.process_time()
        path = Tree(folder, leaves, kept=True).consistency(old)
        taken["consistency"].append(_since(start))
        assert verify_consistency(old, leaves, Tree(folder, old).root(), root, path)
    inclusion, consistency = (
        (median(wall for wall, _ in times), median(processor for _, processor in times)) for times in taken.values()
    )
    return inclusion, consistency


def _since(start: tuple[float, float]) -> tuple[float, float]:
    return time.perf_counter() - start[0], time.process_time() - start[1]


if __name__ == "__main__":
    given = [int(one.replace("_", "")) for one in sys.argv[1:]]
    free = shutil.disk_usage(tempfile.gettempdir()).free
    say(f"{free >> 30} GiB free for a tree of up to 350 MB")
    print(lines(*given))
