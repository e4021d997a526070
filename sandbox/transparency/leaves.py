"""The leaves of the published log, read from its entry bundles alone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from sandbox.transparency.notes import unverified_head
from sandbox.transparency.serve import read_checkpoint
from sandbox.transparency.tiles import ENTRIES, read_items, widths


def published(log_folder: Path) -> Iterator[bytes]:
    """Give the bytes of every leaf that the public checkpoint covers, in order; none before the first checkpoint.
    Nothing is verified here. Raises `TileMissing`."""
    note = read_checkpoint(log_folder)
    for number, width in widths(unverified_head(note).size if note else 0, 0):
        yield from read_items(log_folder, ENTRIES, number, width)
