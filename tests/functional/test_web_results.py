"""A finished job's files, receipt and acknowledgement: every download is a leaf with the digest of its very bytes."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict
from decimal import Decimal
from pathlib import Path

import pytest
from authority import World
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from offer import Offer
from webhouse import Web, make_house

from sandbox.core.canonical import canonical_bytes
from sandbox.core.clock import now
from sandbox.jobs.product import AnswerColumn
from sandbox.jobs.records import Delivery, Job, Release
from sandbox.plan.codec import to_json
from sandbox.privacy.accounts import open_accounts
from sandbox.stores.sql import SqlStore
from sandbox.transparency.notes import Signer
from sandbox.transparency.receipt import verify_receipt
from sandbox.transparency.records import LogEntry
from sandbox.transparency.seal import Scribe
from sandbox.web.app import create_app
from sandbox.web.formats import MEDIA
from sandbox.wire.jobs import ResultOut

SIGNER = Signer("test", Ed25519PrivateKey.generate())


@pytest.fixture(scope="module")
def job(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Web, Job]]:
    """A sealed, finished job of a user, with its release."""
    folder: Path = tmp_path_factory.mktemp("results")
    store = SqlStore(f"sqlite:///{folder / 'control.db'}")
    store.create()
    house = make_house(store, folder / "home")
    columns = (AnswerColumn("sex", "string", "key"), AnswerColumn("n", "integer", "measure", "gaussian", "4", "8"))
    content = {
        "columns": [asdict(column) for column in columns],
        "rows": to_json((("=f", 501), ("m", 498))),
        "notes": ["a note"],
    }
    with store.write() as tx:
        world = World(tx, journal=house.journal)
        offer = Offer(world)
        open_accounts(tx, "clinic", Decimal(8), Decimal("1e-6"), (Decimal(4), Decimal("1e-7")))
        other = world.party("Other", "user")
        entry = house.journal.write(tx, "job.released", public={}, committed={"result": "abc"})
        made = offer.job(population="clinic", entry=entry.id, fee=Decimal("1.20"))
        sealed = house.release_sealer.seal(canonical_bytes(content), f"result:{made.id}")
        tx.add(Release("release_1", made.id, "base_1", made.party, "code", sealed, "abc", now()))
    Scribe(store, house.log_folder, SIGNER, "test").step()
    keys = {"user": world.keys[offer.user.key.id], "other": world.keys[other.key.id]}
    yield Web(house, create_app(house).test_client(), world.keys[world.authority.key.id], keys), made
    store.close()


def deliveries(web: Web, job: Job) -> list[Delivery]:
    with web.house.store.read() as tx:
        return tx.find(Delivery, job=job.id)


def test_the_result_says_what_the_contract_says(job: tuple[Web, Job]) -> None:
    web, made = job
    answer = web.call("GET", f"/jobs/{made.id}/result", key="user")
    assert answer.status_code == 200
    ResultOut.model_validate(answer.json)
    assert set(answer.json) >= {"job", "columns", "rows", "privacy", "notes", "fee", "receipt"}
    assert answer.json["rows"] == [["=f", 501], ["m", 498]]
    assert answer.json["columns"][1]["error_95"] == "8"
    assert set(answer.json["privacy"]) == {"rho", "epsilon", "delta", "left"}
    assert any("leading '" in note for note in answer.json["notes"])
    assert web.call("GET", answer.json["receipt"].removeprefix("/api/v1"), key="user").status_code == 200


@pytest.mark.parametrize("format", MEDIA)
def test_each_download_is_a_leaf_with_its_bytes_digest(job: tuple[Web, Job], format: str) -> None:
    web, made = job
    before = len(deliveries(web, made))
    answer = web.call("GET", f"/jobs/{made.id}/result?format={format}", key="user")
    assert answer.content_type == MEDIA[format]
    row = deliveries(web, made)[-1]
    assert len(deliveries(web, made)) == before + 1
    assert (row.format, row.digest) == (format, hashlib.sha256(answer.data).hexdigest())
    with web.house.store.read() as tx:
        entry = tx.get(LogEntry, row.entry)
        assert entry is not None
        openings = web.house.journal.openings(tx, entry, "recipient")
    assert entry.kind == "delivery.made"
    assert openings["file"].value.decode() == row.digest
    assert row.digest not in entry.leaf.decode()


def test_raw_dialect_leaves_the_guard_out(job: tuple[Web, Job]) -> None:
    web, made = job
    path = f"/jobs/{made.id}/result?format=csv"
    assert b"'=f" in web.call("GET", path, key="user").data
    assert b"'=f" not in web.call("GET", path + "&dialect=raw", key="user").data


def test_an_unknown_format_is_not_offered_and_no_delivery(job: tuple[Web, Job]) -> None:
    web, made = job
    before = len(deliveries(web, made))
    answer = web.call("GET", f"/jobs/{made.id}/result?format=pdf", key="user")
    assert (answer.status_code, answer.json["code"]) == (406, "format_not_offered")
    assert len(deliveries(web, made)) == before


def test_asking_for_the_head_of_a_file_is_no_delivery(job: tuple[Web, Job]) -> None:
    web, made = job
    before = deliveries(web, made)
    answer = web.call("HEAD", f"/jobs/{made.id}/result", key="user")
    assert (answer.status_code, answer.headers["Allow"]) == (405, "GET")
    assert deliveries(web, made) == before


def test_another_user_gets_nothing(job: tuple[Web, Job]) -> None:
    web, made = job
    for path in ("", "/result", "/receipt"):
        assert web.call("GET", f"/jobs/{made.id}{path}", key="other").status_code == 404
    assert web.call("POST", f"/jobs/{made.id}/acknowledgement", {}, "other").status_code == 404


def test_the_receipt_verifies(job: tuple[Web, Job]) -> None:
    web, made = job
    text = web.call("GET", f"/jobs/{made.id}/receipt", key="user").text
    proven = verify_receipt(text, SIGNER.verifier_key)
    assert proven.opened == {"result": b"abc"}


def test_a_delivery_is_acknowledged_once(job: tuple[Web, Job]) -> None:
    web, made = job
    web.call("GET", f"/jobs/{made.id}/result", key="user")
    row = deliveries(web, made)[-1]
    path = f"/jobs/{made.id}/acknowledgement"
    key = Ed25519PrivateKey.generate()
    listed = web.call("GET", f"/jobs/{made.id}/deliveries", key="user").json["items"][-1]
    with web.house.store.read() as tx:
        entry = tx.get(LogEntry, row.entry)
    assert entry is not None and (listed["id"], listed["leaf_hash"]) == (row.id, entry.leaf_hash)
    message = f"sandbox delivery v1\n{entry.leaf_hash}\n".encode()
    signature = base64.b64encode(key.sign(message)).decode()
    early = web.call("POST", path, {"signature": signature}, "user").json
    assert early["code"] == "field_invalid" and "register" in early["detail"]
    public = base64.b64encode(key.public_key().public_bytes_raw()).decode()
    registered = web.call("POST", "/signing-keys", {"public": public}, "user").json
    wrong = base64.b64encode(key.sign(b"another text")).decode()
    assert web.call("POST", path, {"signature": wrong}, "user").json["code"] == "field_invalid"
    answer = web.call("POST", path, {"signature": signature}, "user")
    assert (answer.status_code, answer.json["delivery"]) == (201, row.id)
    again = web.call("POST", path, {"delivery": row.id}, "user")
    assert (again.status_code, again.json["code"]) == (409, "state_conflict")
    kept = deliveries(web, made)[-1].acknowledgement
    assert kept is not None
    assert (kept["signature"], kept["signing_key"]) == (signature, registered["id"])


def test_signing_keys_are_ones_own(job: tuple[Web, Job]) -> None:
    web, _ = job
    for wrong in ("A" * 43 + "=", base64.b64encode(b"x" * 31 + b"\xff").decode()[:-1] + "B"):
        refused = web.call("POST", "/signing-keys", {"public": wrong[:-1] + "!"}, "user").json
        assert refused["code"] == "field_invalid"
    made = [
        web.call("POST", "/signing-keys", {"public": base64.b64encode(bytes([n]) * 32).decode()}, "user")
        for n in (1, 1)
    ]
    assert [one.status_code for one in made] == [201, 409]
    key = made[0].json["id"]
    assert web.call("DELETE", f"/signing-keys/{key}", key="other").status_code == 404
    assert web.call("DELETE", f"/signing-keys/{key}", key="user").json["revoked_at"]
    assert web.call("DELETE", f"/signing-keys/{key}", key="user").status_code == 409
    assert web.call("POST", "/signing-keys", {"public": "x"}).json["code"] == "role_not_allowed"


def test_the_job_shows_no_inside(job: tuple[Web, Job]) -> None:
    web, made = job
    shown = web.call("GET", f"/jobs/{made.id}", key="user").json
    assert shown["status"] == "done"
    assert not {"plan", "request", "base_key", "base", "decision"} & set(shown)
    json.dumps(shown)


def test_an_unfinished_job_has_no_result(job: tuple[Web, Job]) -> None:
    web, made = job
    with web.house.store.write() as tx:
        held = tx.get(Job, made.id)
        assert held is not None
        tx.change(held, status="sealing")
    try:
        answer = web.call("GET", f"/jobs/{made.id}/result", key="user")
        assert (answer.status_code, answer.json["code"]) == (409, "job_not_finished")
        assert answer.headers["Retry-After"]
    finally:
        with web.house.store.write() as tx:
            sealing = tx.get(Job, made.id)
            assert sealing is not None
            tx.change(sealing, status="done")


def test_checkpoint_tiles_and_proof_are_public(job: tuple[Web, Job]) -> None:
    web, _ = job
    note = web.call("GET", "/log/checkpoint", key="")
    assert "\n— " in note.text
    assert note.headers["Cache-Control"].startswith("public")
    size = int(note.text.splitlines()[1])
    tile = web.call("GET", f"/log/tile/0/000.p/{size}", key="")
    assert len(tile.data) == 32 * size
    assert "immutable" in tile.headers["Cache-Control"]
    assert web.call("GET", f"/log/tile/entries/000.p/{size}", key="").status_code == 200
    assert web.call("GET", "/log/proof?index=0", key="").status_code == 200
    assert web.call("GET", f"/log/proof?index={size}", key="").status_code == 404
    assert web.call("GET", "/log/tile/0/../../secret", key="").status_code == 404
