"""Uploads: streamed into encrypted spools, refused without a trace, queued once."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from gunicorn.http.errors import InvalidChunkSize
from webhouse import Web, make_web
from werkzeug.test import TestResponse

from sandbox.core.store import Store
from sandbox.jobs.records import Task
from sandbox.oversight.records import Trace
from sandbox.stores.sql import SqlStore
from sandbox.web import uploads

ENTRY: dict[str, Any] = {
    "name": "shops",
    "title": {"zh": "商户", "en": "Shops"},
    "holder": "Market Bureau",
    "domain": "market",
    "grade": "general",
    "personal_information": False,
    "legal_basis": {"type": "statutory_duty", "instrument": "Act §1", "purpose": "inspection"},
    "update_frequency": "P1Y",
    "unit": {"name": "shop", "column": "shops.shop_id"},
    "tables": [
        {
            "name": "shops",
            "unit": "shop_id",
            "max_rows_per_unit": 1,
            "columns": [{"name": "shop_id", "type": "integer", "role": "identifier"}],
        }
    ],
    "privacy": {"epsilon": "8", "delta": "1e-6", "per_user": {"epsilon": "4", "delta": "1e-7"}},
}
ROWS = b"shop_id\n1\n2\n"


@pytest.fixture
def web(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Web]:
    monkeypatch.setattr(uploads, "until", lambda done, seconds: done())  # no vault works here: nothing to wait for
    store: Store = SqlStore(f"sqlite:///{tmp_path / 'control.db'}")
    store.create()  # type: ignore[attr-defined]
    made = make_web(store, tmp_path / "home", upload_limit=1000, leak_limit=1000, table_limit=2)
    made.join("regulator")
    made.join("user")
    yield made
    store.close()  # type: ignore[attr-defined]


def register(web: Web, entry: object = ENTRY, key: str | None = None, **files: tuple[bytes, str, str]) -> TestResponse:
    data: dict[str, Any] = {"metadata": (io.BytesIO(json.dumps(entry).encode()), "", "application/json")}
    for name, (content, filename, media) in (files or {"shops": (ROWS, "shops.csv", "text/csv")}).items():
        data[name] = (io.BytesIO(content), filename, media)
    return web.call("POST", "/resources", key=key, headers={"Idempotency-Key": "r-1"}, data=data)


def tasks(web: Web) -> list[Task]:
    with web.house.store.read() as tx:
        return tx.find(Task)


def spools(web: Web) -> list[Path]:
    return list(web.house.settings.spool_folder.iterdir())


def test_an_upload_is_queued_once_and_never_lies_open(web: Web) -> None:
    for _ in range(2):
        answer = register(web)
        assert (answer.status_code, answer.json["code"]) == (409, "idempotency_in_progress")
        assert answer.headers["Retry-After"]
    [task] = tasks(web)
    [spool] = spools(web)
    assert task.payload["files"] == {"shops": [spool.name, "csv"]}
    assert ROWS not in spool.read_bytes()
    with web.house.spool.opened(spool.name, web.house.settings.home) as plain:
        assert plain.read_bytes() == ROWS


def test_what_the_vault_refused_is_the_answer(web: Web) -> None:
    register(web)
    problem = {"problem": {"code": "table_malformed", "detail": "row 2: …"}}
    with web.house.store.write() as tx:
        tx.change(tx.find(Task)[0], status="done", outcome=problem)
    answer = register(web)
    assert (answer.status_code, answer.json["code"], answer.json["detail"]) == (422, "table_malformed", "row 2: …")


@pytest.mark.parametrize(
    ("files", "code"),
    [
        ({"shops": (b"x" * 1001, "shops.csv", "text/csv")}, "upload_too_large"),
        ({"shops": (ROWS, "shops.pdf", "application/pdf")}, "media_type_unsupported"),
        ({"shops": (ROWS, "shops.exe", "application/octet-stream")}, "media_type_unsupported"),
        (dict.fromkeys(("shops", "b", "c"), (ROWS, "t.csv", "text/csv")), "upload_too_large"),
    ],
)
def test_a_refused_upload_leaves_nothing(web: Web, files: dict[str, Any], code: str) -> None:
    answer = register(web, **files)
    assert answer.json["code"] == code
    assert not spools(web)
    assert not tasks(web)


def test_format_by_content_type_or_file_name(web: Web) -> None:
    register(web, shops=(ROWS, "shops.PARQUET", "application/octet-stream"))
    assert tasks(web)[0].payload["files"]["shops"][1] == "parquet"


@pytest.mark.parametrize(
    ("entry", "code"),
    [
        ({**ENTRY, "grade": "core"}, "grade_refused"),
        ({**ENTRY, "unit": None}, "unit_missing"),
        ({**ENTRY, "color": "red"}, "field_invalid"),
        ([], "field_invalid"),
    ],
)
def test_the_registration_is_checked_before_any_table_is_kept(web: Web, entry: object, code: str) -> None:
    assert register(web, entry).json["code"] == code
    assert not spools(web)


def test_json_is_no_upload_and_a_user_may_not(web: Web) -> None:
    assert web.call("POST", "/resources", {"a": 1}).json["code"] == "media_type_unsupported"
    assert register(web, key="user").json["code"] == "role_not_allowed"


def test_a_trace_is_queued_with_its_hint(web: Web) -> None:
    def send(**more: Any) -> TestResponse:
        data = {"file": (io.BytesIO(b"a,b\n1,2\n"), "leak.csv", "text/csv"), **more}
        return web.call("POST", "/traces", key="regulator", headers={"Idempotency-Key": "t"}, data=data)

    hint = (io.BytesIO(b'{"resource": "resource_1"}'), "", "application/json")
    first = send(hint=hint)
    assert (first.status_code, first.json["status"]) == (202, "queued")
    assert first.headers["Location"].endswith(first.json["id"])
    again = send(hint=(io.BytesIO(b'{"resource": "resource_1"}'), "", "application/json"))
    assert again.json["id"] == first.json["id"]
    assert send().json["code"] == "idempotency_conflict"
    assert len(spools(web)) == 1
    with web.house.store.read() as tx:
        assert tx.find(Trace)[0].hint == {"resource": "resource_1"}


@pytest.mark.parametrize(
    ("parts", "code"),
    [
        ({"file": (io.BytesIO(b"x" * 1001), "leak.csv")}, "upload_too_large"),
        ({"hint": (io.BytesIO(b"{}"), "", "application/json")}, "field_invalid"),
        ({"file": (io.BytesIO(b"x"), "l.csv"), "other": (io.BytesIO(b"x"), "l.csv")}, "field_invalid"),
        ({"file": (io.BytesIO(b"x"), "l.csv"), "hint": (io.BytesIO(b'{"a": 1}'), "")}, "field_invalid"),
    ],
)
def test_a_refused_leak_leaves_nothing(web: Web, parts: dict[str, Any], code: str) -> None:
    assert web.call("POST", "/traces", key="regulator", data=parts).json["code"] == code
    assert not spools(web)


class Misframed(io.RawIOBase):
    """A chunked body whose chunk has no size, as gunicorn tells it."""

    def readable(self) -> bool:
        return True

    def readinto(self, _: object) -> int:
        raise InvalidChunkSize(b"zz")


@pytest.mark.parametrize(
    ("path", "media"), [("/resources", "multipart/form-data; boundary=b"), ("/parties", "application/json")]
)
def test_a_body_with_damaged_chunks_is_malformed(web: Web, path: str, media: str) -> None:
    stream = {"wsgi.input": Misframed(), "wsgi.input_terminated": True}
    answer = web.call("POST", path, headers={"Content-Type": media}, environ_overrides=stream)
    assert (answer.status_code, answer.json["code"]) == (400, "malformed_request")
    assert not spools(web)
