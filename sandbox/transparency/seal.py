"""The scribe: gives waiting entries their indexes, signs the new tree head and makes both public.

The database decides, the files follow:

1. one transaction assigns the indexes and adds the signed checkpoint row, under the lease's fencing token;
2. tiles are written and synced from the rows, then the `checkpoint` file;
3. a second transaction tells the callers (`on_sealed`), and answers may leave.

A crash before the end of 1 leaves nothing: the entries still wait. A crash after it leaves a decision that can no
longer change and that nobody has seen; the next scribe carries out 2 and 3 by the same code before it seals anything
new. Repeating them is harmless: a tile has the same bytes every time, and `on_sealed` must be idempotent. The other
order – files first – could show the world a tree that the database then decides otherwise, and would make a restored
backup look like a crash; so, files that are ahead always mean that the database was set back, and stop the scribe.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path

from sandbox.core.clock import now
from sandbox.core.ids import new_id
from sandbox.core.store import Duplicate, Stale, Store, Transaction
from sandbox.transparency.merkle import Edge, leaf_hash
from sandbox.transparency.notes import Head, Signer
from sandbox.transparency.proofs import Tree
from sandbox.transparency.publish import last_checkpoint, publish, stop
from sandbox.transparency.records import Checkpoint, Contradiction, Lease, LogEntry
from sandbox.transparency.tiles import TileMissing
from sandbox.transparency.witnessing import check, settle

LEASE = "scribe"
TERM = timedelta(seconds=3)
BATCH = 1024
"""Most entries of one step: bounds its transaction and its memory."""

OnSealed = Callable[[Transaction, int, Sequence[str]], object]
"""Called with the size that is public now and the ids of the entries that it added; must be idempotent."""


class Scribe:
    """Seals the log of `store` into `log_folder`. Many may run; the lease lets one work."""

    def __init__(
        self,
        store: Store,
        log_folder: Path,
        signer: Signer,
        origin: str,
        on_sealed: OnSealed = lambda tx, size, entries: None,
        *,
        term: timedelta = TERM,
        saved: Path | None = None,
        trusted: str | None = None,
    ) -> None:
        self._store, self._folder, self._signer, self._origin = store, log_folder, signer, origin
        self._on_sealed, self._term, self._saved = on_sealed, term, saved
        self._trusted = trusted or signer.verifier_key
        self._holder = new_id("scribe")
        self._fence: int | None = None
        self._until = now()
        self._settled = False
        """Whether the newest checkpoint is known to be public and told to the callers."""
        self._checked = False
        """Whether what others saved of this log was held against it since this scribe works."""

    def step(self) -> int:
        """Seal what waits, at most one batch; give how many entries that were (0 also when another scribe works).

        Raises `Problem(integrity_stop)`, and seals nothing, when files and database contradict each other.
        """
        if not self._keep():
            return 0
        if not self._settled:
            self._settle()
        with self._store.read() as tx:
            if tx.find(Contradiction, settled_at=None, limit=1):
                self._check(tx)
            waiting = bool(_waiting(tx, 1))
        sealed = self._seal() if waiting else 0
        if sealed:
            self._settle()
        return sealed

    def close(self) -> None:
        """Give the lease back, so that the next scribe need not wait for its end."""
        with self._store.write() as tx:
            if lease := self._held(tx):
                tx.change(lease, until=now())
        self._lose()

    def _keep(self) -> bool:
        """Hold the lease: rest on it while more than half of its term is left, else extend it, or take it over when it
        has run out. A new holder has a new fence and trusts nothing that the old one may have left undone."""
        if self._fence is not None and self._until - now() > self._term / 2:
            return True
        until = now() + self._term
        try:
            with self._store.write() as tx:
                lease = tx.get(Lease, LEASE, lock=True)
                if lease is None:
                    lease = Lease(LEASE, self._holder, 1, until)
                    tx.add(lease)
                elif self._mine(lease):
                    lease = tx.change(lease, until=until)
                elif lease.until > now():
                    return self._lose()
                else:
                    lease = tx.change(lease, holder=self._holder, fence=lease.fence + 1, until=until)
        except (Duplicate, Stale):
            return self._lose()
        self._settled = self._settled and self._fence == lease.fence
        self._fence, self._until = lease.fence, lease.until
        return True

    def _seal(self) -> int:
        """Phase 1. The tree grows from the right edge that the tiles hold, so its cost does not depend on its size."""
        with self._store.write() as tx:
            if self._held(tx) is None:
                return int(self._lose())
            entries = _waiting(tx, BATCH)
            if not entries:
                return 0
            edge = self._edge(last_checkpoint(tx))
            for entry in entries:
                if leaf_hash(entry.leaf).hex() != entry.leaf_hash:
                    raise stop(f"the waiting entry {entry.id} was changed after it was written")
                edge.append(leaf_hash(entry.leaf))
            tx.change_each(entries, "index", range(edge.size - len(entries), edge.size))
            note = self._signer.sign(Head(self._origin, edge.size, edge.root()).text())
            tx.add(Checkpoint(edge.size, edge.root().hex(), note, now()))
            self._settled = False
        return len(entries)

    def _settle(self) -> None:
        """Phases 2 and 3, for the newest checkpoint; all earlier ones were settled before it was made."""
        with self._store.read() as tx:
            batch = publish(tx, self._folder, self._trusted)
        if batch:
            with self._store.write(durable=False) as tx:  # what a power cut takes back is told again
                if self._held(tx) is None:
                    self._lose()
                    return
                size = batch[-1].index
                assert size is not None
                self._on_sealed(tx, size + 1, [entry.id for entry in batch])
        if not self._checked:
            with self._store.read() as tx:
                settled = self._check(tx)
            if settled:
                with self._store.write() as tx:
                    settle(tx, settled)
            self._checked = True
        self._settled = True

    def _check(self, tx: Transaction) -> list[Contradiction]:
        return check(tx, self._folder, self._trusted, self._saved)

    def _edge(self, checkpoint: Checkpoint | None) -> Edge:
        if checkpoint is None:
            return Edge()
        try:
            edge = Tree(self._folder, checkpoint.size).edge()
        except TileMissing as error:
            raise stop("tiles of the log are missing or damaged") from error
        if edge.root().hex() != checkpoint.root:
            raise stop("the tiles do not add up to the last signed root")
        return edge

    def _held(self, tx: Transaction) -> Lease | None:
        """Give the lease if this scribe's fence is the newest. Time does not matter: nobody else has taken it."""
        lease = tx.get(Lease, LEASE, lock=True)
        return lease if self._mine(lease) else None

    def _mine(self, lease: Lease | None) -> bool:
        return lease is not None and (lease.holder, lease.fence) == (self._holder, self._fence)

    def _lose(self) -> bool:
        self._fence, self._settled = None, False
        return False


def _waiting(tx: Transaction, limit: int) -> list[LogEntry]:
    return tx.find(LogEntry, index=None, order=("at", "id"), limit=limit)
