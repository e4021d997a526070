"""Any tree, any leaf, any growth: proofs verify, and nothing else does."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.transparency.merkle import EMPTY_ROOT, Edge, leaf_hash, node_hash, verify_consistency, verify_inclusion
from sandbox.transparency.proofs import Tree
from sandbox.transparency.tiles import WIDTH, extend

LARGEST = 3 * WIDTH
LEAVES = [b"leaf %d" % number for number in range(LARGEST)]


@pytest.fixture(scope="module", autouse=True)
def unsynced() -> Iterator[None]:
    """Waiting for the disk is not what is tested here."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("os.fsync", lambda handle: None)
        yield


@pytest.fixture(scope="module")
def folder(unsynced: None) -> Iterator[Path]:
    """Full tiles of the largest tree: they answer for every smaller tree too."""
    with tempfile.TemporaryDirectory() as name:
        for size in range(0, LARGEST, WIDTH):
            extend(Path(name), size, LEAVES[size : size + WIDTH])
        yield Path(name)


def plain_root(leaves: list[bytes]) -> bytes:
    """The definition of RFC 6962 §2.1, word for word."""
    if not leaves:
        return EMPTY_ROOT
    if len(leaves) == 1:
        return leaf_hash(leaves[0])
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return node_hash(plain_root(leaves[:k]), plain_root(leaves[k:]))


sizes = st.integers(1, LARGEST)


@settings(max_examples=60, deadline=None)
@given(size=sizes)
def test_the_root_read_from_tiles_is_the_defined_one(folder: Path, size: int) -> None:
    tree = Tree(folder, size)
    assert tree.root() == plain_root(LEAVES[:size]) == tree.edge().root()


@settings(max_examples=150, deadline=None)
@given(data=st.data(), size=sizes)
def test_inclusion(folder: Path, data: st.DataObject, size: int) -> None:
    index = data.draw(st.integers(0, size - 1))
    tree = Tree(folder, size)
    proof, root, leaf = tree.inclusion(index), tree.root(), tree.leaf(index)
    assert leaf == leaf_hash(LEAVES[index])
    assert verify_inclusion(index, size, leaf, proof, root)
    assert not verify_inclusion(index, size, leaf, [*proof, root], root)
    assert not verify_inclusion(index, size, flip(data, leaf), proof, root)
    assert not verify_inclusion(index, size, leaf, proof, flip(data, root))
    assert not verify_inclusion(index, 4 * LARGEST, leaf, proof, root), "too short for so large a tree"
    other = data.draw(st.integers(-1, size + 1).filter(lambda i: i != index))
    assert not verify_inclusion(other, size, leaf, proof, root)
    if proof:
        where = data.draw(st.integers(0, len(proof) - 1))
        changed = [*proof[:where], flip(data, proof[where]), *proof[where + 1 :]]
        assert not verify_inclusion(index, size, leaf, changed, root)
        assert not verify_inclusion(index, size, leaf, proof[:where] + proof[where + 1 :], root)


@settings(max_examples=150, deadline=None)
@given(data=st.data(), new=sizes)
def test_consistency(folder: Path, data: st.DataObject, new: int) -> None:
    old = data.draw(st.integers(1, new))
    tree = Tree(folder, new)
    proof, old_root, new_root = tree.consistency(old), Tree(folder, old).root(), tree.root()
    assert verify_consistency(old, new, old_root, new_root, proof)
    assert not verify_consistency(old, new, flip(data, old_root), new_root, proof)
    assert not verify_consistency(old, new, old_root, flip(data, new_root), proof)
    assert not verify_consistency(old, new, old_root, new_root, [*proof, new_root])
    assert not verify_consistency(old, 4 * LARGEST, old_root, new_root, proof), "too short for so large a tree"
    assert not verify_consistency(0, new, EMPTY_ROOT, new_root, [])
    assert not verify_consistency(new + 1, new, old_root, new_root, proof)
    if proof:
        where = data.draw(st.integers(0, len(proof) - 1))
        changed = [*proof[:where], flip(data, proof[where]), *proof[where + 1 :]]
        assert not verify_consistency(old, new, old_root, new_root, changed)
        assert not verify_consistency(old, new, old_root, new_root, proof[:where] + proof[where + 1 :])


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(1, 300), min_size=1, max_size=6))
def test_growing_in_any_steps_gives_the_same_tiles(steps: list[int]) -> None:
    leaves = [b"%d" % number for number in range(sum(steps))]
    with tempfile.TemporaryDirectory() as first, tempfile.TemporaryDirectory() as second:
        size, edge = 0, Edge()
        for step in steps:
            extend(Path(first), size, leaves[size : size + step])
            size += step
        extend(Path(second), 0, leaves)
        for leaf in leaves:
            edge.append(leaf_hash(leaf))
        assert Tree(Path(first), size).root() == Tree(Path(second), size).root() == edge.root()


def flip(data: st.DataObject, value: bytes) -> bytes:
    """Change one bit."""
    bit = data.draw(st.integers(0, len(value) * 8 - 1))
    return bytes(byte ^ (1 << bit % 8 if position == bit // 8 else 0) for position, byte in enumerate(value))
