"""A sketch of a base: of each block a few groups, chosen by hash so that every part of a table shows its share of them.

From 64 groups one can tell whether a leaked file may show a base without reading the base: see `screen`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from watermarking.base import Base
from watermarking.cells import canonical
from watermarking.numbers import folded

MOST = 64  # groups kept of a block, and values of each of its keys
Tokens = NDArray[np.uint64]
_MIX = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True)
class Part:
    """The sketch of one block. `keys`: of each key the smallest tokens of its values; `groups`: for each chosen group
    the token of its whole key, in order; `values`: its primitives; `sigma`: their noise."""

    keys: tuple[Tokens, ...]
    groups: Tokens
    values: NDArray[np.float64]
    sigma: NDArray[np.float64]


def sketch(marks: Sequence[Base]) -> tuple[Part, ...]:
    """Give the sketch of a base, block by block."""
    return tuple(_part(block) for block in marks)


def tokens(texts: Iterable[str]) -> Tokens:
    """Give a 64-bit token of each canonical text."""
    digests = b"".join(hashlib.blake2b(text.encode(), digest_size=8).digest() for text in texts)
    return np.frombuffer(digests, np.uint64)


def joined(columns: Sequence[Tokens], rows: int) -> Tokens:
    """Give the token of each whole key from the tokens of its values, key by key in order."""
    made = np.zeros(rows, np.uint64)
    with np.errstate(over="ignore"):
        for column in columns:
            made = (made ^ column) * _MIX
            made ^= made >> np.uint64(29)
    return made


def to_bytes(parts: Sequence[Part]) -> bytes:
    """Give a sketch as bytes: a line of shapes, then the arrays."""
    shapes = [{"keys": [len(key) for key in part.keys], "shape": part.values.shape} for part in parts]
    arrays = [array for part in parts for array in (*part.keys, part.groups, part.values, part.sigma)]
    return json.dumps(shapes).encode() + b"\n" + b"".join(array.tobytes() for array in arrays)


def from_bytes(data: bytes) -> tuple[Part, ...]:
    """Read what `to_bytes` gave."""
    head, _, rest = data.partition(b"\n")
    parts, at = [], 0

    def take(count: int, kind: type[np.generic]) -> NDArray[np.generic]:
        nonlocal at
        at += 8 * count
        return np.frombuffer(rest[at - 8 * count : at], kind)

    for said in json.loads(head):
        rows, primitives = said["shape"]
        keys = tuple(take(count, np.uint64) for count in said["keys"])
        groups, values = take(rows, np.uint64), take(rows * primitives, np.float64)
        sigma = take(primitives, np.float64)
        parts.append(Part(keys, groups, values.reshape(rows, primitives), sigma))  # type: ignore[arg-type]
    return tuple(parts)


def _part(block: Base) -> Part:
    columns = [tokens(folded(canonical(value)) for value in column) for column in zip(*block.groups, strict=True)]
    whole = joined(columns, len(block.groups))
    chosen = np.argsort(whole, kind="stable")[:MOST]
    values = np.array([[float(value) for value in block.values[row]] for row in chosen], np.float64)
    return Part(
        tuple(np.unique(column)[:MOST] for column in columns),
        whole[chosen],
        values.reshape(len(chosen), len(block.primitives)),
        np.array([float(primitive.sigma) for primitive in block.primitives], np.float64),
    )
