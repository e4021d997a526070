"""Two answers of one recipient, averaged with each other, are seen through; the evidence proves both bases."""

from __future__ import annotations

import csv
import io
import random
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from traced import AGES, RESULT_OF, SIGNER, VAULT, Box, question

from sandbox.core.clock import now
from sandbox.core.ids import new_id
from sandbox.core.store import Transaction
from sandbox.errors import Problem
from sandbox.jobs.records import Base
from sandbox.oversight.bundle import BESIDE, opened_json, packed, unpacked
from sandbox.oversight.evidence import verify_bundle
from sandbox.privacy.released import Released, base_bytes
from sandbox.stores.sql import SqlStore
from sandbox.transparency.journal import EVIDENCE, RECIPIENT
from sandbox.transparency.records import LogEntry

SIGMAS = (6, 3_000, 200)


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Box]:
    store = SqlStore(f"sqlite:///{tmp_path / 'control.db'}")
    store.create()
    yield Box(store, tmp_path / "log")
    store.close()


def measured(box: Box, noise: int) -> str:
    """A base over the same data for every `noise`, measured with noise of its own."""
    draw, own = random.Random(0).randint, random.Random(noise)
    truth = [(draw(150, 900), draw(20_000, 90_000), draw(-3_000, 3_000)) for _ in AGES]
    values = [tuple(round(x + own.gauss(0, s)) for x, s in zip(row, SIGMAS, strict=True)) for row in truth]
    made, plan = new_id("base"), question()
    sealed = VAULT.seal(base_bytes(plan, [Released([(age,) for age in AGES], values)]), f"base:{made}")
    with box.store.write() as tx:
        tx.add(Base(made, f"{plan.base_key()}{noise}", "r1", "v1", "1", sealed, None, now()))
    return made


def averaged(*copies: bytes) -> bytes:
    """The average of every number."""
    tables = [list(csv.reader(io.StringIO(copy.decode()))) for copy in copies]
    rows = [
        [
            lines[0][0],
            *(str(sum(map(float, values)) / len(copies)) for values in zip(*(r[1:] for r in lines), strict=True)),
        ]
        for lines in zip(*(table[1:] for table in tables), strict=True)
    ]
    out = io.StringIO()
    csv.writer(out).writerows([tables[0][0], *rows])
    return out.getvalue().encode()


def test_own_answers_that_were_averaged_are_traced_and_proved(box: Box) -> None:
    bases = [measured(box, noise) for noise in (1, 2)]
    leak = averaged(*(box.release(base, "alpha") for base in bases))
    for base in bases:
        box.release(base, "beta")
    prepared, outcome = box.trace(leak)
    assert {finding.recipient for finding in outcome.findings} == {"alpha"}
    assert {finding.base for finding in outcome.findings} == set(bases)
    [first, second] = outcome.findings
    assert (first.beside, second.beside) == ([second.release], [first.release])
    assert outcome.file is not None and outcome.file["bases_beside"] == 1
    said = outcome.to_json()["findings"]
    assert [one["beside"] for one in said] == [[second.release], [first.release]] and "shown" not in said[0]
    core, trace = box.core(prepared, outcome)
    box.seal()
    found = verify_bundle(box.attached(core, trace), SIGNER.verifier_key, RESULT_OF)
    assert [finding["recipient"] for finding in found["findings"]] == ["alpha", "alpha"]


def test_the_evidence_shows_nothing_of_others_and_no_second_keys(box: Box) -> None:
    bases = [measured(box, noise) for noise in (1, 2)]
    leak = averaged(*(box.release(base, "alpha") for base in bases))
    box.release(bases[1], "beta")
    prepared, outcome = box.trace(leak)
    core, _ = box.core(prepared, outcome)
    with zipfile.ZipFile(io.BytesIO(core)) as archive:
        assert not any(b"beta" in archive.read(name) for name in archive.namelist())
        beside = [name for name in archive.namelist() if "beside-" in name]
        assert {name.rpartition("/")[2] for name in beside} == {"leaf", "openings.json", "base.json"}
        assert not any(b"k_user" in archive.read(name) for name in beside if name.endswith("openings.json"))


def test_the_answer_of_another_is_not_opened_for_it(box: Box) -> None:
    """Two recipients who average their different answers: neither is named, as the other's base would have to be
    opened to the one accused."""
    one, two = (box.release(measured(box, noise), name) for noise, name in ((1, "alpha"), (2, "beta")))
    _, outcome = box.trace(averaged(one, two))
    assert outcome.verdict == "insufficient_evidence"


Files = dict[str, bytes]


def without(files: Files) -> None:
    for name in [name for name in files if name.startswith("finding-1/beside-1/")]:
        del files[name]


def own_base_twice(files: Files) -> None:
    """The finding's own base stands in for the other."""
    files["finding-1/beside-1/base.json"] = files["finding-1/base.json"]


def chosen_freely(files: Files) -> None:
    files["finding-1/beside-1/base.json"] = files["finding-1/beside-1/base.json"].replace(
        b'"values":[[', b'"values":[[9', 1
    )


def of_no_release(files: Files) -> None:
    files["finding-1/beside-1/leaf"] = files["log/started.leaf"]


@pytest.fixture(scope="module")
def proved(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    folder = tmp_path_factory.mktemp("together")
    store = SqlStore(f"sqlite:///{folder / 'control.db'}")
    store.create()
    box = Box(store, folder / "log")
    bases = [measured(box, noise) for noise in (1, 2)]
    prepared, outcome = box.trace(averaged(*(box.release(base, "alpha") for base in bases)))
    core, trace = box.core(prepared, outcome)
    box.seal()
    made = box.attached(core, trace)
    store.close()
    return made


@pytest.mark.parametrize(
    ("tamper", "said"),
    [
        (without, "other releases beside"),
        (own_base_twice, "not the committed one"),
        (chosen_freely, "not the committed one"),
        (of_no_release, "Not shown"),
    ],
)
def test_other_bases_cannot_be_chosen(proved: bytes, tamper: Callable[[Files], None], said: str) -> None:
    with zipfile.ZipFile(io.BytesIO(proved)) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    tamper(files)
    with zipfile.ZipFile(out := io.BytesIO(), "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    with pytest.raises(Problem, match=said):
        verify_bundle(out.getvalue(), SIGNER.verifier_key, RESULT_OF)


def test_the_release_of_somebody_else_cannot_stand_beside(box: Box) -> None:
    """A forger who may write leaves commits to a base of his liking in a release to himself."""
    bases = [measured(box, noise) for noise in (1, 2)]
    leak = averaged(*(box.release(base, "alpha") for base in bases))
    box.release(bases[1], "beta")
    with box.store.read() as tx:
        entry = next(
            one for one in tx.find(LogEntry, kind="job.released", order=("at", "id")) if _of(tx, box, one) == "beta"
        )
        openings = box.journal.openings(tx, entry, RECIPIENT) | box.journal.openings(tx, entry, EVIDENCE)
    prepared, outcome = box.trace(leak)
    core, trace = box.core(prepared, outcome)
    files = unpacked(core)
    files["finding-1/beside-1/leaf"] = entry.leaf
    files["finding-1/beside-1/openings.json"] = opened_json({name: openings[name] for name in BESIDE})
    box.seal()
    with pytest.raises(Problem, match="no release to its recipient"):
        verify_bundle(box.attached(packed(files), trace), SIGNER.verifier_key, RESULT_OF)


def _of(tx: Transaction, box: Box, entry: LogEntry) -> str:
    return box.journal.openings(tx, entry, RECIPIENT)["recipient"].value.decode()
