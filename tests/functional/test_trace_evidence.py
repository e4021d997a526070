"""Evidence checked offline, and every way to tamper with it."""

from __future__ import annotations

import base64
import io
import json
import zipfile
from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from traced import RESULT_OF, SIGNER, Box, damaged, question

from sandbox.core.canonical import canonical_bytes
from sandbox.core.commitments import commit
from sandbox.errors import Problem
from sandbox.oversight.evidence import CHECKS, verify_bundle
from sandbox.oversight.statements import LANGUAGES, report
from sandbox.stores.sql import SqlStore
from sandbox.transparency.notes import Signer

Files = dict[str, bytes]


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    folder = tmp_path_factory.mktemp("evidence")
    store = SqlStore(f"sqlite:///{folder / 'control.db'}")
    store.create()
    box = Box(store, folder / "log")
    base = box.base()
    box.release(base, "alpha")
    leak = damaged(box.release(base, "beta", question(n="count", mean="average")))
    prepared, outcome = box.trace(leak)
    core, trace = box.core(prepared, outcome)
    with pytest.raises(Problem) as early:
        box.attached(core, trace)
    assert early.value.code == "not_ready"
    box.seal()
    made = box.attached(core, trace)
    store.close()
    return made


def checked(data: bytes, key: str = SIGNER.verifier_key) -> dict[str, object]:
    return verify_bundle(data, key, RESULT_OF)


def test_the_bundle_holds(bundle: bytes) -> None:
    found = checked(bundle)
    passed = [check["check"] for check in found["checks"]]  # type: ignore[attr-defined, index]
    assert passed == ["file", "statement", "log", "announced", "commitments", "copy", "score", "whole"]
    [finding] = found["findings"]  # type: ignore[misc]
    assert (finding["party"], finding["recipient"], finding["product"]) == ("party-beta", "beta", "prod")  # type: ignore[index]
    assert finding["log10_p"] < -20  # type: ignore[index]
    assert "not the probability" in str(found["sentence"])
    assert "清白" in str(found["sentence_zh"])


def test_the_bundle_shows_nothing_of_other_recipients(bundle: bytes) -> None:
    with zipfile.ZipFile(io.BytesIO(bundle)) as archive:
        assert not any(b"alpha" in archive.read(name) for name in archive.namelist())


def data_with(**values: object) -> Callable[[Files], None]:
    def change(files: Files) -> None:
        files["data.json"] = canonical_bytes(json.loads(files["data.json"]) | values)

    return change


def finding_with(**values: object) -> Callable[[Files], None]:
    """Change a finding and write the statements anew, as a careful forger would."""

    def change(files: Files) -> None:
        data = json.loads(files["data.json"])
        data["findings"][0] |= values
        files["data.json"] = canonical_bytes(data)
        files |= {f"statement.{language}.md": report(language, data).encode() for language in LANGUAGES}

    return change


def replaced(name: str, old: bytes, new: bytes) -> Callable[[Files], None]:
    def change(files: Files) -> None:
        assert old in files[name]
        files[name] = files[name].replace(old, new, 1)

    return change


def opening_with(name: str, value: bytes, *, fresh: bool = False) -> Callable[[Files], None]:
    """Swap a committed value; `fresh`: with a salt of its own."""

    def change(files: Files) -> None:
        openings = json.loads(files["finding-1/openings.json"])
        openings[name]["value"] = base64.b64encode(value).decode()
        if fresh:
            openings[name]["salt"] = base64.b64encode(commit(name, value).salt).decode()
        files["finding-1/openings.json"] = canonical_bytes(openings)

    return change


def another_file(files: Files) -> None:
    files["leak"] += b"99,1,1,1\n"


def another_leaf(files: Files) -> None:
    """The forger commits to what he likes: the log does not hold that leaf."""
    opened = commit("party", "party-gamma")
    leaf = json.loads(files["finding-1/leaf"])
    leaf["commitments"]["party"] = opened.commitment
    files["finding-1/leaf"] = canonical_bytes(leaf)


def without_leak(files: Files) -> None:
    del files["leak"]


def unsigned(files: Files) -> None:
    files["log/checkpoint"] = files["log/checkpoint"].split(b"\n\n")[0] + b"\n"


def other_root(files: Files) -> None:
    proofs = json.loads(files["log/proofs.json"])
    proofs["finding-1/leaf"]["hashes"] *= 2
    files["log/proofs.json"] = canonical_bytes(proofs)


def fewer_recipients(files: Files) -> None:
    """A smaller N would make a smaller bound: it is the one that was announced."""
    data = json.loads(files["data.json"]) | {"pairs": 1, "below_bar": 0}
    files["data.json"] = canonical_bytes(data)
    files |= {f"statement.{language}.md": report(language, data).encode() for language in LANGUAGES}


def other_bases(files: Files) -> None:
    data = json.loads(files["data.json"])
    files["data.json"] = canonical_bytes(data | {"bases": [*data["bases"], "base_2"]})


def swapped_leaves(files: Files) -> None:
    """An announcement that was written after the result."""
    proofs = json.loads(files["log/proofs.json"])
    for one, other in (("log/started.leaf", "log/finished.leaf"), ("finding-1/leaf", "log/started.leaf")):
        files[one], files[other] = files[other], files[one]
        proofs[one], proofs[other] = proofs[other], proofs[one]
    files["log/proofs.json"] = canonical_bytes(proofs)


def another_announcement(files: Files) -> None:
    said = json.loads(files["log/started.openings.json"])
    said["file"]["value"] = base64.b64encode(b"00" * 32).decode()
    files["log/started.openings.json"] = canonical_bytes(said)


def slipped_in(files: Files) -> None:
    files["finding-1/delivery-1/leaf"] = files["finding-1/leaf"]
    proofs = json.loads(files["log/proofs.json"])
    proofs["finding-1/delivery-1/leaf"] = proofs["finding-1/leaf"]
    files["log/proofs.json"] = canonical_bytes(proofs)


def false_signature(files: Files) -> None:
    data = json.loads(files["data.json"])
    data["findings"][0]["signed"] = 1
    files["data.json"] = canonical_bytes(data)
    files |= {f"statement.{language}.md": report(language, data).encode() for language in LANGUAGES}


TAMPERED = {
    "file": [another_file, data_with(file="00" * 32)],
    "statement": [
        replaced("statement.en.md", b"does not prove", b"proves too"),
        data_with(pairs=1),
        data_with(audience="public"),
    ],
    "log": [another_leaf, unsigned, other_root],
    "announced": [fewer_recipients, other_bases, swapped_leaves, another_announcement, finding_with(base="base_2")],
    "whole": [finding_with(cells=1)],
    "delivery": [false_signature, slipped_in],
    "commitments": [
        opening_with("k_user", b"x" * 32),
        opening_with("k_user", b"x" * 32, fresh=True),
        opening_with("k_base", b"x" * 32),
        opening_with("recipient", b"gamma"),
        opening_with("design", b"{}"),
        finding_with(party="party-gamma"),
        finding_with(recipient="gamma"),
        replaced("finding-1/base.json", b'"values":[[', b'"values":[[1'),
        replaced("finding-1/plan.json", b'"count"', b'"total"'),
    ],
    "copy": [replaced("finding-1/result.json", b'"rows"', b'"Rows"')],
    "score": [finding_with(log10_p="-99.0"), finding_with(ln_e="500.0"), data_with(detector="0")],
    "bundle": [without_leak],
}


@pytest.mark.parametrize(("check", "tamper"), [(check, tamper) for check, ways in TAMPERED.items() for tamper in ways])
def test_tampering_is_refused_by_the_check_it_breaks(
    bundle: bytes, check: str, tamper: Callable[[Files], None]
) -> None:
    with zipfile.ZipFile(io.BytesIO(bundle)) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    tamper(files)
    with zipfile.ZipFile(out := io.BytesIO(), "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    with pytest.raises(Problem) as refused:
        checked(out.getvalue())
    said = CHECKS[check][0] if check in CHECKS else "the bundle can be read"
    assert said in refused.value.detail


def test_another_logs_key_is_refused(bundle: bytes) -> None:
    stranger = Signer("box.example/log", Ed25519PrivateKey.from_private_bytes(b"x" * 32))
    with pytest.raises(Problem, match="signed log"):
        checked(bundle, stranger.verifier_key)


def test_noise_is_no_bundle() -> None:
    with pytest.raises(Problem, match="can be read"):
        checked(b"PK nothing")
