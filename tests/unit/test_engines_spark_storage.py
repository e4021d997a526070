"""What Spark reads: encrypted, clustered, whole or not at all. Needs no Spark."""

from __future__ import annotations

import hmac
import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyarrow.parquet import encryption
from random_plans import TYPES, Makes
from versions import KEY, write_version

from sandbox.core.sealing import SealBroken
from sandbox.engines.base import OpenVersion
from sandbox.engines.spark import storage


@pytest.fixture
def rows():
    return Makes(3).table(12, 4)


@pytest.fixture
def version(tmp_path: Path, rows, monkeypatch: pytest.MonkeyPatch) -> OpenVersion:
    monkeypatch.setattr(storage, "ROWS", 5)
    monkeypatch.setattr(storage, "BATCH", 3)
    made = write_version(tmp_path / "v.duckdb", {"t": (rows, TYPES), "none": ([], {"x": "VARCHAR"})})
    storage.store(made, "500MB")
    return made


def read(version: OpenVersion, table: str, name: str, place: str | None = None) -> pa.Table:
    own = hmac.digest(storage.root_key(version.key), f"v.parquet/{place or f'{table}/{name}'}".encode(), "sha256")
    file = storage.folder_of(version.path) / table / name
    return pq.ParquetFile(file, decryption_properties=encryption.create_decryption_properties(own)).read()


def test_U1_files_hold_every_row_as_numbers_texts_and_days(version, rows):
    table = storage.read_manifest(version)["t"]
    found = pa.concat_tables([read(version, "t", name) for name in table.files]).to_pylist()
    wanted = sorted(rows, key=lambda row: (row["__unit"], row["__ord"]))
    assert [(row["__unit"], row["__ord"]) for row in found] == [(row["__unit"], row["__ord"]) for row in wanted]
    for row, want in zip(found, wanted, strict=True):
        cells = {name: row[f"c{place}"] for place, name in enumerate(table.names) if name in TYPES}
        money = want["b"] if want["b"] is None else int(want["b"] * 1000)
        assert cells == {**{name: want[name] for name in TYPES}, "b": money}


def test_U1_a_units_rows_stand_in_one_file(version):
    table = storage.read_manifest(version)["t"]
    units = [set(read(version, "t", name)["__unit"].to_pylist()) for name in table.files]
    assert len(units) > 2
    assert sum(map(len, units)) == len(set().union(*units))


def test_U1_an_empty_table_has_a_file(version):
    [name] = storage.read_manifest(version)["none"].files
    assert read(version, "none", name).num_rows == 0


def test_U1_nothing_of_a_row_shows_in_the_files(version):
    files = [path for path in storage.folder_of(version.path).rglob("*") if path.is_file()]
    assert len(files) > 3
    for path in files:
        content = path.read_bytes()
        assert "中文".encode() not in content and b"__unit" not in content
        assert path.suffix != ".parquet" or content[:4] == b"PARE"


def test_U1_a_file_in_anothers_place_does_not_open(version):
    folder = storage.folder_of(version.path) / "t"
    first, second, *_ = sorted(path.name for path in folder.iterdir())
    assert read(version, "t", first).num_rows
    shutil.copyfile(folder / second, folder / "moved.parquet")
    assert read(version, "t", "moved.parquet", f"t/{second}").num_rows
    with pytest.raises(OSError):
        read(version, "t", "moved.parquet")


def test_U1_the_list_of_files_is_sealed(version):
    manifest = storage.folder_of(version.path) / storage.MANIFEST
    content = bytearray(manifest.read_bytes())
    content[-20] ^= 1
    manifest.chmod(0o600)
    manifest.write_bytes(content)
    with pytest.raises(SealBroken):
        storage.read_manifest(version)
    with pytest.raises(SealBroken):
        storage.read_manifest(OpenVersion(version.id, version.path, bytes(32)))


def test_U1_a_folder_of_another_key_is_made_again(version):
    version.path.unlink()
    again = write_version(version.path, {"t": (Makes(4).table(2, 4), TYPES)}, key=bytes(reversed(KEY)))
    storage.store(again, "500MB")
    assert list(storage.read_manifest(again)) == ["t"]
    assert storage.stored(again) and not storage.stored(version)


def test_U1_an_interrupted_folder_is_not_there(version, monkeypatch: pytest.MonkeyPatch):
    folder = storage.folder_of(version.path)
    shutil.rmtree(folder)

    def broken(*_: object, **__: object) -> None:
        raise OSError

    monkeypatch.setattr(pq, "write_table", broken)
    with pytest.raises(OSError):
        storage.store(version, "500MB")
    assert [path.name for path in folder.parent.iterdir()] == ["v.duckdb"]
