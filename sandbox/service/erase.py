"""`sandbox log erase`: forgets what a leaf committed to. Salt and value go; the leaf stays in the tree, and nobody can
tell any more what it said, not even by guessing."""

from __future__ import annotations

from collections.abc import Sequence

from sandbox.bootstrap import inspector
from sandbox.errors import Problem
from sandbox.settings import Settings
from sandbox.transparency.records import LogEntry, Opening


def erase(settings: Settings, entry: str, names: Sequence[str] | None = None) -> list[str]:
    """Erase the openings of `entry`, all or those called `names`; give which, and log that it was done.

    Receipts and evidence that were handed out keep theirs. Raises `Problem(not_found)` when there is nothing to erase.
    """
    with inspector(settings) as house, house.store.write() as tx:
        if tx.get(LogEntry, entry) is None:
            raise Problem("not_found", "the log has no such entry; its id stands in its leaf, in receipts and searches")
        held = {row.name: row for row in tx.find(Opening, entry=entry)}
        wanted = sorted(held) if not names else list(names)
        if not wanted or (absent := [name for name in wanted if name not in held]):
            said = f"no {', '.join(absent)}" if wanted else "nothing any more"
            raise Problem("not_found", f"the entry opens {said}; it has {', '.join(sorted(held)) or 'no openings'}")
        for name in wanted:
            tx.remove(held[name])
        house.journal.write(tx, "openings.erased", public={"entry": entry, "count": len(wanted)})
    return wanted
