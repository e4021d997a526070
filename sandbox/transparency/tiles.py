"""Tiles on disk (c2sp.org/tlog-tiles): hash tiles of height 8 and entry bundles, and how they grow.

A reader sees all of a file or nothing. What is written was decided by the database before, so writing it again gives
the same bytes and a lost folder can be rebuilt.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from sandbox.transparency.durable import Batch
from sandbox.transparency.merkle import HASH_BYTES, leaf_hash, perfect_root

HEIGHT = 8
WIDTH = 1 << HEIGHT
ENTRIES = "entries"
CHECKPOINT = "checkpoint"

Level = int | str
"""A level of hash tiles, or `entries` for the bundles of leaves."""

_PATH = re.compile(
    r"tile/(entries|[0-9]|[1-5][0-9]|6[0-3])/((?:x[0-9]{3}/){0,5}[0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?", re.ASCII
)


class TileMissing(Exception):
    """A tile that the tree needs is absent or has the wrong length."""


def tile_path(level: Level, number: int, width: int = WIDTH) -> str:
    """Give the path of a tile: groups of three digits, all but the last with an `x`; a partial one ends in `.p/<W>`."""
    digits = f"{number:03}"
    digits = digits.zfill(-(-len(digits) // 3) * 3)
    groups = [digits[i : i + 3] for i in range(0, len(digits), 3)]
    partial = "" if width == WIDTH else f".p/{width}"
    return f"tile/{level}/{'/'.join(['x' + group for group in groups[:-1]] + groups[-1:])}{partial}"


def parse_path(path: str) -> tuple[Level, int, int] | None:
    """Give level, number and width that `path` names, or None when no tile is spelled so."""
    if not (match := _PATH.fullmatch(path)):
        return None
    level: Level = ENTRIES if match[1] == ENTRIES else int(match[1])
    tile = level, int(re.sub("[x/]", "", match[2])), int(match[3] or WIDTH)
    return tile if tile_path(*tile) == path and (match[3] is None or tile[2] < WIDTH) else None


def read_tile(folder: Path, path: str) -> bytes | None:
    """Give the bytes of the tile at `path` (`tile/<L>/<N>[.p/<W>]`), or None when there is none or no tile is spelled
    so. A partial tile that is gone is cut from the full one, or a wider one that was rebuilt in its place."""
    parsed = parse_path(path)
    if parsed is None:
        return None
    level, number, width = parsed
    if (data := _read(folder / path)) is not None or width == WIDTH:
        return data
    wider = _read(folder / tile_path(level, number)) or _wider(folder / path, width)
    return None if wider is None else join(level, split(level, wider)[:width])


def read_items(folder: Path, level: Level, number: int, width: int) -> list[bytes]:
    """Give the hashes of a tile, or the leaves of a bundle; raises `TileMissing` when it is absent or malformed."""
    path = tile_path(level, number, width)
    data = read_tile(folder, path)
    items = [] if data is None else split(level, data)
    if len(items) != width:
        raise TileMissing(path)
    return items


def widths(size: int, level: int) -> Iterator[tuple[int, int]]:
    """Give number and width of every tile of `level` in a tree of `size`."""
    count = size >> (HEIGHT * level)
    for number in range(-(-count // WIDTH)):
        yield number, min(WIDTH, count - number * WIDTH)


def split(level: Level, data: bytes) -> list[bytes]:
    """Take a tile apart into hashes, or a bundle into leaves; raises `TileMissing` when it ends within one."""
    if level != ENTRIES:
        items = [data[i : i + HASH_BYTES] for i in range(0, len(data), HASH_BYTES)]
    else:
        items, at = [], 0
        while at < len(data):
            end = at + 2 + int.from_bytes(data[at : at + 2], "big")
            items.append(data[at + 2 : end])
            at = end
    if join(level, items) != data or (level != ENTRIES and len(data) % HASH_BYTES):
        raise TileMissing("a tile ends within a hash or a leaf")
    return items


def join(level: Level, items: Sequence[bytes]) -> bytes:
    """Put hashes into a tile, or leaves into a bundle (each behind its length in 16 bits, big-endian)."""
    if level != ENTRIES:
        return b"".join(items)
    return b"".join(len(leaf).to_bytes(2, "big") + leaf for leaf in items)


def extend(folder: Path, size: int, leaves: Sequence[bytes]) -> None:
    """Write the tiles that grow when `leaves` follow the first `size` ones; raises `TileMissing` when the tiles of
    that tree are not there."""
    with Batch() as files:
        grow(files, folder, size, leaves)
        files.settle()


def grow(files: Batch, folder: Path, size: int, leaves: Sequence[bytes]) -> None:
    """Like `extend`, but durable only when `files` are settled."""
    _grow(files, folder, ENTRIES, size, leaves)
    hashes = [leaf_hash(leaf) for leaf in leaves]
    level = 0
    while hashes:
        filled = _grow(files, folder, level, size >> (HEIGHT * level), hashes)
        hashes = [perfect_root(tile) for tile in filled]
        level += 1


def ahead_of(folder: Path, size: int) -> bool:
    """Say whether the folder holds leaf hashes beyond the first `size` ones."""
    number, width = divmod(size, WIDTH)
    if (folder / tile_path(0, number)).exists():
        return True
    try:
        names = os.listdir((folder / tile_path(0, number, 1)).parent)
    except FileNotFoundError:
        return False
    return any(int(name) > width for name in names if name.isdigit())


def _grow(files: Batch, folder: Path, level: Level, count: int, new: Sequence[bytes]) -> list[list[bytes]]:
    """Append to the `count` items of a level; give those tiles that are full now."""
    number, width = divmod(count, WIDTH)
    items = (read_items(folder, level, number, width) if width else []) + list(new)
    full = []
    for start in range(0, len(items), WIDTH):
        tile = items[start : start + WIDTH]
        files.put(folder / tile_path(level, number, len(tile)), join(level, tile))
        if len(tile) == WIDTH:
            full.append(tile)
            files.drop((folder / tile_path(level, number, 1)).parent)
        number += 1
    return full


def _wider(partial: Path, width: int) -> bytes | None:
    """The narrowest partial tile beside `partial` that holds more than `width` items."""
    try:
        beside = [int(name) for name in os.listdir(partial.parent) if name.isdigit() and int(name) > width]
    except FileNotFoundError:
        return None
    return _read(partial.with_name(str(min(beside)))) if beside else None


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None
