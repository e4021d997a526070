"""RFC 6962 hashing and the verification of proofs: pure functions over bytes, nothing is read or written."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Sequence

HASH_BYTES = 32
EMPTY_ROOT = hashlib.sha256(b"").digest()


def leaf_hash(leaf: bytes) -> bytes:
    """Give the hash of a leaf (RFC 6962 §2.1): the prefix 0x00 keeps leaves and nodes apart."""
    return hashlib.sha256(b"\x00" + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Give the hash of a node over its two children (RFC 6962 §2.1)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def rows_above(hashes: Sequence[bytes]) -> list[list[bytes]]:
    """Give the hashes, then row by row the nodes over pairs of them; what has no partner yet has no node."""
    sha256, rows = hashlib.sha256, [list(hashes)]
    while len(row := rows[-1]) > 1:
        rows.append([sha256(b"\x01" + left + right).digest() for left, right in zip(row[::2], row[1::2], strict=False)])
    return rows


def perfect_root(hashes: Sequence[bytes]) -> bytes:
    """Give the root over 2^k hashes."""
    return rows_above(hashes)[-1][0]


class Edge:
    """The right edge of a tree: the roots of its perfect subtrees, largest first – all that growing needs.

    A tree of `size` leaves has one for every bit set in `size`.
    """

    def __init__(self, size: int = 0, roots: Iterable[bytes] = ()) -> None:
        self.size = size
        self._roots = list(roots)

    def append(self, leaf: bytes) -> None:
        """Add the hash of one more leaf: every trailing 1 of the size is a subtree that it completes."""
        node, carry = leaf, self.size
        while carry & 1:
            node, carry = node_hash(self._roots.pop(), node), carry >> 1
        self._roots.append(node)
        self.size += 1

    def root(self) -> bytes:
        """Give the Merkle tree hash of all leaves so far."""
        if not self._roots:
            return EMPTY_ROOT
        *rest, node = self._roots
        for left in reversed(rest):
            node = node_hash(left, node)
        return node


def verify_inclusion(index: int, size: int, leaf: bytes, proof: Sequence[bytes], root: bytes) -> bool:
    """Say whether `proof` shows the leaf hash at `index` in the tree of `size` with `root` (RFC 9162 §2.1.3.2)."""
    if not 0 <= index < size or len(leaf) != HASH_BYTES:
        return False
    fn, sn, node = index, size - 1, leaf
    for step in proof:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            node = node_hash(step, node)
            while fn and not fn & 1:
                fn, sn = fn >> 1, sn >> 1
        else:
            node = node_hash(node, step)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and hmac.compare_digest(node, root)


def verify_consistency(
    old_size: int, new_size: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes], *, start: int = 0
) -> bool:
    """Say whether `proof` shows that the tree of `new_size` only appended to that of `old_size` (RFC 9162 §2.1.4.2).

    With `start`, that the subtree over the leaves from `start` up to `old_size` is part of it; a subtree begins at a
    multiple of its width rounded up to a power of two. An empty old tree proves nothing and is refused.
    """
    width = old_size - start
    if not 0 <= start < old_size <= new_size or start % (1 << (width - 1).bit_length()):
        return False
    fn, sn, tn = start, old_size - 1, new_size - 1
    # Climb to the largest perfect subtree at the right end of the old tree: the proof begins there.
    while fn != sn and (sn & 1 or sn == tn):
        fn, sn, tn = fn >> 1, sn >> 1, tn >> 1
    steps = list(proof) if fn != sn else [old_root, *proof]
    if not steps:
        return False
    old = new = steps[0]
    for step in steps[1:]:
        if tn == 0:
            return False
        if sn & 1 or sn == tn:
            if fn < sn:
                old = node_hash(step, old)
            new = node_hash(step, new)
            while sn and not sn & 1:
                fn, sn, tn = fn >> 1, sn >> 1, tn >> 1
        else:
            new = node_hash(new, step)
        fn, sn, tn = fn >> 1, sn >> 1, tn >> 1
    return tn == 0 and hmac.compare_digest(old, old_root) and hmac.compare_digest(new, new_root)
