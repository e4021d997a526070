"""A timestamp for a checkpoint, asked of the authority of the settings once and kept."""

from __future__ import annotations

from contextlib import suppress

from sandbox.core.clock import now
from sandbox.core.store import Duplicate
from sandbox.jobs.house import House
from sandbox.oversight import timestamps
from sandbox.transparency.notes import unverified_head
from sandbox.transparency.records import Timestamp


def stamped(house: House, note: str) -> bytes | None:
    """Give the RFC 3161 answer over the checkpoint `note`, None when no authority is set. Raises `Problem(not_ready)`
    when the authority does not answer: evidence that was to have a timestamp is not handed out without."""
    size, url = unverified_head(note).size, house.settings.timestamp_url
    with house.store.read() as tx:
        kept = next(iter(tx.find(Timestamp, size=size)), None)
    if kept is not None or url is None:
        return kept.answer if kept is not None else None
    made = Timestamp(size, timestamps.ask(url, note), now())
    with suppress(Duplicate), house.store.write() as tx:  # a duplicate: somebody asked at the same moment
        tx.add(made)
    return made.answer
