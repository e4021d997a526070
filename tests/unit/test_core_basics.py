"""Canonical bytes, commitments, identifiers, keys."""

from __future__ import annotations

import stat
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.core.amounts import read_decimal
from sandbox.core.canonical import canonical_bytes, digest
from sandbox.core.commitments import Opened, commit, commitment, opens
from sandbox.core.ids import new_id
from sandbox.core.keys import NAMES, FileKeys, derive
from sandbox.errors import STATUS, Problem


def test_canonical_bytes_have_one_spelling() -> None:
    assert canonical_bytes({"b": [1, None, True], "a": "数"}) == '{"a":"数","b":[1,null,true]}'.encode()
    assert digest({"a": 1, "b": 2}) == digest({"b": 2, "a": 1})


@pytest.mark.parametrize("value", [1.5, {"a": 0.1}, {1: "a"}, b"bytes", {"a": object()}])
def test_what_has_no_single_spelling_is_refused(value: object) -> None:
    with pytest.raises(TypeError):
        canonical_bytes(value)


def test_a_commitment_opens_only_with_its_own_value_tag_and_salt() -> None:
    made = commit("party", "A")
    assert opens(made.commitment, made)
    assert not opens(made.commitment, Opened("party", b"B", made.salt))
    assert not opens(made.commitment, Opened("product", b"A", made.salt))
    assert not opens(made.commitment, Opened("party", b"A", bytes(32)))
    assert commit("party", "A").commitment != made.commitment  # an own salt each time


@given(st.text(max_size=8), st.binary(max_size=8), st.text(max_size=8), st.binary(max_size=8))
def test_no_two_tagged_values_are_committed_alike(tag: str, value: bytes, other: str, another: bytes) -> None:
    same = (tag, value) == (other, another)
    assert (commitment(tag, value, bytes(32)) == commitment(other, another, bytes(32))) == same


def test_ids_say_what_they_name_and_sort_by_time() -> None:
    ids = [new_id("job") for _ in range(100)]
    assert len(set(ids)) == 100 and all(i.startswith("job_") for i in ids)
    assert [i[:16] for i in ids] == sorted(i[:16] for i in ids)


def test_key_files_are_private_and_never_replaced(tmp_path: Path) -> None:
    keys = FileKeys(tmp_path / "keys")
    keys.create()
    before = {name: keys.secret(name) for name in NAMES}
    keys.create()
    assert {name: keys.secret(name) for name in NAMES} == before
    assert len(set(before.values())) == len(NAMES)
    for file in keys.folder.iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert derive(before["vault"], "a") != derive(before["vault"], "b")


def test_a_missing_or_damaged_key_is_said(tmp_path: Path) -> None:
    keys = FileKeys(tmp_path / "keys")
    with pytest.raises(Problem, match="SANDBOX_KEYS"):
        keys.secret("vault")
    keys.create()
    (keys.folder / "vault.key").write_bytes(b"short")
    with pytest.raises(Problem, match="damaged"):
        keys.secret("vault")


def test_every_problem_has_a_status() -> None:
    assert all(400 <= status < 600 for status in STATUS.values())
    assert Problem("not_found", "there is none", left="1").fields == {"left": "1"}


@pytest.mark.parametrize("raw", ["1.20", 1.2, 3, Decimal("0.5"), "-.5e-3", " 7 ", "+4."])
def test_a_decimal_is_read_exactly(raw: object) -> None:
    assert read_decimal(raw) == Decimal(str(raw).strip())


@pytest.mark.parametrize(
    "raw", ["1_0", "１２", "٣", "nan", "Infinity", "0x1", "", "1,5", "\n1", True, None, [], float("inf"), "9" * 41]
)
def test_what_is_no_plain_number_is_refused(raw: object) -> None:
    with pytest.raises(ValueError, match="number"):
        read_decimal(raw)
