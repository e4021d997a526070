"""Make proofs from the hashes kept in tiles: a handful of tiles are read, whatever the size of the log."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from sandbox.transparency.merkle import Edge, rows_above
from sandbox.transparency.tiles import HEIGHT, WIDTH, TileMissing, read_items


class Tree:
    """The tree of the first `size` leaves, read from the tiles in `folder`, each at most once. `kept`: what other trees
    of this process read may be taken from memory, for those who do not doubt the files.

    Its methods raise `TileMissing` when the folder does not hold that tree.
    """

    def __init__(self, folder: Path, size: int, *, kept: bool = False) -> None:
        self.size, self._keeps = size, kept
        self._folder = folder
        self._tiles: dict[tuple[int, int], list[list[bytes]]] = {}

    def edge(self) -> Edge:
        """Give the right edge, from which the tree grows."""
        return Edge(self.size, [self._node(level, index) for level, index in _perfect(0, self.size)])

    def root(self) -> bytes:
        """Give the root."""
        return self._range(0, self.size)

    def leaf(self, index: int) -> bytes:
        """Give the hash of a leaf."""
        return self._node(0, index)

    def inclusion(self, index: int) -> list[bytes]:
        """Prove that leaf `index` is in the tree: siblings from the leaf upwards (RFC 9162 §2.1.3.1)."""
        start, end, path = 0, self.size, []
        while end - start > 1:
            middle = start + _left(end - start)
            if index < middle:
                path.append(self._range(middle, end))
                end = middle
            else:
                path.append(self._range(start, middle))
                start = middle
        return path[::-1]

    def consistency(self, old_size: int) -> list[bytes]:
        """Prove that the tree only appended to its first `old_size` ≥ 1 leaves (RFC 9162 §2.1.4.1)."""
        start, end, path = 0, self.size, []
        while end != old_size:
            middle = start + _left(end - start)
            if old_size <= middle:
                path.append(self._range(middle, end))
                end = middle
            else:
                path.append(self._range(start, middle))
                start = middle
        # The verifier knows the old root; only a subtree that is not the whole old tree is spelled out.
        return ([self._range(start, end)] if start else []) + path[::-1]

    def _range(self, start: int, end: int) -> bytes:
        """The hash over the leaves from `start` (where a subtree begins) up to `end`."""
        return Edge(end - start, [self._node(level, index) for level, index in _perfect(start, end)]).root()

    def _node(self, level: int, index: int) -> bytes:
        """The hash of the perfect subtree number `index` of 2^`level` leaves."""
        tile_level, height = divmod(level, HEIGHT)
        number, offset = divmod(index << height, WIDTH)
        rows = self._tile(tile_level, number)
        if height >= len(rows) or offset >> height >= len(rows[height]):
            raise TileMissing(f"the tree of size {self.size} has no subtree {index} of height {level}")
        return rows[height][offset >> height]

    def _tile(self, level: int, number: int) -> list[list[bytes]]:
        if (level, number) not in self._tiles:
            width = min(WIDTH, (self.size >> (HEIGHT * level)) - number * WIDTH)
            keeps = self._keeps and (level > 0 or width < WIDTH)
            self._tiles[level, number] = (_kept if keeps else _rows)(self._folder, level, number, width)
        return self._tiles[level, number]


def _rows(folder: Path, level: int, number: int, width: int) -> list[list[bytes]]:
    """The hashes of a tile and the nodes over them."""
    return rows_above(read_items(folder, level, number, width))


_kept = lru_cache(maxsize=256)(_rows)
"""A tile of one width never changes, and every proof needs some of a few, above the leaves and at the right edge: 30 kB
each."""


def _left(width: int) -> int:
    """How many leaves the left child of a node over `width` ≥ 2 leaves has: the largest power of two below."""
    return 1 << ((width - 1).bit_length() - 1)


def _perfect(start: int, end: int) -> list[tuple[int, int]]:
    """Cut the leaves from `start` up to `end` into perfect subtrees (height, number), largest first."""
    parts = []
    while start < end:
        height = (end - start).bit_length() - 1
        parts.append((height, start >> height))
        start += 1 << height
    return parts
