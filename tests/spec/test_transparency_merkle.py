"""Hashing and proof verification against the published vectors and against another implementation."""

from __future__ import annotations

import base64
import json
import os
from pathlib import Path
from typing import Any

import pymerkle
import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from sandbox.transparency.merkle import EMPTY_ROOT, Edge, leaf_hash, verify_consistency, verify_inclusion
from sandbox.transparency.notes import verifies
from sandbox.transparency.proofs import Tree
from sandbox.transparency.tiles import extend

# The leaves and roots of the Certificate Transparency reference implementation.
LEAVES = [bytes.fromhex(h) for h in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657")]
LEAVES.append(bytes(range(0x60, 0x70)))
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


def vectors(name: str) -> Path:
    folder = Path(os.environ.get("SANDBOX_CONFORMANCE", ""))
    if not (folder / "vectors" / name).is_file():
        pytest.skip(f"{name} did not run: SANDBOX_CONFORMANCE names no folder that has it")
    return folder / "vectors" / name


def test_the_known_roots() -> None:
    edge = Edge()
    assert edge.root() == EMPTY_ROOT
    assert EMPTY_ROOT.hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    for leaf, root in zip(LEAVES, ROOTS, strict=True):
        edge.append(leaf_hash(leaf))
        assert edge.root().hex() == root


def test_published_proofs_behave() -> None:
    cases = [json.loads(line) for line in vectors("merkle_proofs.jsonl").read_text().splitlines()]
    assert len(cases) > 500
    wrong = [case["id"] for case in cases if _accepts(case) == case["wantErr"]]
    # The vectors let a subtree of no leaves pass under any root; it proves nothing, so we refuse it.
    assert [case for case in wrong if "/additional/subtree-is-empty" not in case] == []
    assert len(wrong) == 6


def _accepts(case: dict[str, Any]) -> bool:
    proof = [_bytes(step) for step in case["proof"] or []]
    match case["kind"]:
        case "inclusion":
            root, leaf = _bytes(case["root"]), _bytes(case["leafHash"])
            return verify_inclusion(case["leafIdx"], case["treeSize"], leaf, proof, root)
        case "subtreeinclusion":
            start, end = case["start"], case["end"]
            aligned = start < end and start % (1 << (end - start - 1).bit_length()) == 0
            root, leaf = _bytes(case["root"]), _bytes(case["leafHash"])
            return aligned and verify_inclusion(case["leafIdx"] - start, end - start, leaf, proof, root)
        case "consistency":
            return verify_consistency(case["size1"], case["size2"], _bytes(case["root1"]), _bytes(case["root2"]), proof)
        case "subtreeconsistency":
            roots = _bytes(case["root1"]), _bytes(case["root2"])
            return verify_consistency(case["end"], case["size"], *roots, proof, start=case["start"])
    raise AssertionError(case["kind"])


def _bytes(text: str | None) -> bytes:
    return base64.b64decode(text or "")


def test_another_implementation_agrees(tmp_path: Path) -> None:
    other = pymerkle.InmemoryTree(algorithm="sha256")
    leaves = [f"leaf {number}".encode() for number in range(67)]
    for leaf in leaves:
        other.append_entry(leaf)
    extend(tmp_path, 0, leaves)
    tree = Tree(tmp_path, len(leaves))
    assert tree.root() == other.get_root()
    for index in range(len(leaves)):
        theirs = other.prove_inclusion(index + 1)
        path = [bytes.fromhex(step) for step in theirs.serialize()["path"]][1:]
        assert path == tree.inclusion(index), index
    for old in range(1, len(leaves)):
        assert verify_consistency(old, 67, other.get_root(old), other.get_root(), tree.consistency(old))


def test_ed25519_edge_cases_are_judged_as_the_library_judges_them() -> None:
    cases = json.loads(vectors("ed25519_cctv.json").read_text())
    accepted = 0
    for case in cases:
        key, signature, message = bytes.fromhex(case["key"]), bytes.fromhex(case["sig"]), case["msg"].encode()
        assert verifies(key, signature, message) == _library(key, signature, message), case["number"]
        accepted += verifies(key, signature, message)
        # An S beyond the group order would give a second signature of the same note.
        s = int.from_bytes(signature[32:], "little") + 2**252 + 27742317777372353535851937790883648493
        if s < 2**256:
            assert not verifies(key, signature[:32] + s.to_bytes(32, "little"), message)
    assert 0 < accepted < len(cases)


def _library(key: bytes, signature: bytes, message: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
    except InvalidSignature:
        return False
    return True
