"""Paths, bundles and growth of tiles."""

from __future__ import annotations

from pathlib import Path

import pytest

from sandbox.transparency.merkle import leaf_hash
from sandbox.transparency.tiles import (
    TileMissing,
    ahead_of,
    extend,
    join,
    parse_path,
    read_items,
    read_tile,
    split,
    tile_path,
    widths,
)


@pytest.mark.parametrize(
    ("tile", "path"),
    [
        ((0, 0, 256), "tile/0/000"),
        ((0, 1234067, 256), "tile/0/x001/x234/067"),
        ((63, 999, 255), "tile/63/999.p/255"),
        (("entries", 1000, 1), "tile/entries/x001/000.p/1"),
    ],
)
def test_paths_both_ways(tile: tuple[int | str, int, int], path: str) -> None:
    assert tile_path(*tile) == path
    assert parse_path(path) == tile


NO_TILES = [
    *("tile/00/000", "tile/64/000", "tile/-1/000", "tile/0/00", "tile/0/0000", "tile/0/x000/001", "tile/0/001/x000"),
    *("tile/0/000.p/0", "tile/0/000.p/256", "tile/0/000.p/01", "tile/0/000.p/", "tile/data/000", "0/000"),
    *(
        "/tile/0/000",
        "tile/0/000/",
        "tile/0/../../secret",
        "tile/0/../0/000",
        "checkpoint",
        "tile/0/٠٠٠",
        "tile/0/000%2e",
    ),
]


@pytest.mark.parametrize("path", NO_TILES)
def test_other_spellings_name_no_tile(path: str, tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"secret")
    extend(tmp_path, 0, [b"leaf"])
    assert parse_path(path) is None
    assert read_tile(tmp_path, path) is None


def test_a_line_break_at_the_end_names_no_tile(tmp_path: Path) -> None:
    assert parse_path("tile/0/000\n") is None


def test_tile_widths_of_the_specification_example() -> None:
    assert list(widths(70_000, 0))[-1] == (273, 112)
    assert list(widths(70_000, 1)) == [(0, 256), (1, 17)]
    assert list(widths(70_000, 2)) == [(0, 1)]
    assert list(widths(256, 0)) == [(0, 256)]
    assert list(widths(256, 1)) == [(0, 1)]


def test_bundles_prefix_each_leaf_with_its_length() -> None:
    leaves = [b"", b"a", b"x" * 65_535]
    data = join("entries", leaves)
    assert data[:5] == b"\0\0\0\x01a"
    assert split("entries", data) == leaves
    for damaged in (data[:-1], b"\0\2a", b"\0"):
        with pytest.raises(TileMissing):
            split("entries", damaged)
    with pytest.raises(TileMissing):
        split(0, b"x" * 33)


def test_growing_keeps_what_was_published(tmp_path: Path) -> None:
    leaves = [str(number).encode() for number in range(600)]
    extend(tmp_path, 0, leaves[:200])
    early = read_tile(tmp_path, "tile/0/000.p/200")
    extend(tmp_path, 200, leaves[200:250])
    extend(tmp_path, 250, leaves[250:])
    assert read_items(tmp_path, 0, 0, 256) == [leaf_hash(leaf) for leaf in leaves[:256]]
    assert read_items(tmp_path, "entries", 2, 88) == leaves[512:]
    assert len(read_items(tmp_path, 1, 0, 2)) == 2
    assert not (tmp_path / "tile/0/000.p").exists(), "a full tile replaces its partial ones on disk"
    assert read_tile(tmp_path, "tile/0/000.p/200") == early, "and still answers for them"
    assert read_tile(tmp_path, "tile/entries/000.p/3") == join("entries", leaves[:3])
    assert read_tile(tmp_path, "tile/0/002.p/89") is None


def test_a_tree_whose_tiles_are_absent_does_not_grow(tmp_path: Path) -> None:
    with pytest.raises(TileMissing):
        extend(tmp_path, 5, [b"leaf"])


@pytest.mark.parametrize("size", [1, 5, 255, 256, 257, 300])
def test_tiles_beyond_a_size_are_noticed(tmp_path: Path, size: int) -> None:
    extend(tmp_path, 0, [bytes([number % 256]) for number in range(size)])
    assert not ahead_of(tmp_path, size)
    assert not ahead_of(tmp_path, size + 1)
    assert ahead_of(tmp_path, size - 1)
    assert ahead_of(tmp_path, 0)
