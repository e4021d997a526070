"""Every problem code has its page, in both languages, and no endpoint names a code that does not exist."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient
from webhouse import make_web

from sandbox.errors import STATUS
from sandbox.stores.sql import SqlStore
from sandbox.web import kept
from sandbox.web.advice import ADVICE
from sandbox.web.description import problems_of
from sandbox.web.endpoint import DECLARED
from sandbox.web.problems import RETRY


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FlaskClient]:
    folder = tmp_path_factory.mktemp("pages")
    store = SqlStore(f"sqlite:///{folder / 'control.db'}")
    store.create()
    yield make_web(store, folder / "home").client
    store.close()


def test_every_code_has_advice() -> None:
    assert set(ADVICE) == set(STATUS)
    assert all(all(advice) for advice in ADVICE.values())
    assert set(RETRY) <= set(STATUS)


def test_endpoints_name_codes_that_exist() -> None:
    for declared in DECLARED:
        assert problems_of(declared) <= set(STATUS), declared.path


def test_every_code_has_its_page(client: FlaskClient) -> None:
    for code, status in STATUS.items():
        for language in ("en", "zh"):
            page = client.get(f"/docs/errors/{code}?lang={language}")
            assert page.status_code == 200
            assert code in page.text
            assert str(status) in page.text
            assert page.headers["Content-Language"] == language
    assert client.get("/docs/errors/unheard_of").status_code == 404


def test_the_type_of_a_problem_leads_to_its_page(client: FlaskClient) -> None:
    problem = client.get("/api/v1/grants").json
    assert problem["type"] == "/docs/errors/key_missing"
    assert ADVICE["key_missing"].title in client.get(problem["type"]).text


@pytest.mark.parametrize(("header", "language"), [("zh-CN,zh;q=0.9", "zh"), ("en-GB", "en"), ("fr", "en"), ("", "en")])
def test_home_speaks_the_readers_language(client: FlaskClient, header: str, language: str) -> None:
    page = client.get("/", headers={"Accept-Language": header})
    assert f'lang="{language}"' in page.text
    for link in ("/disclosure", "/api/v1/catalogue.jsonld", "/api/v1/log/checkpoint", "/api/v1/openapi.json"):
        assert link in page.text


def test_pages_run_nothing_and_stand_in_no_frame(client: FlaskClient) -> None:
    headers = client.get("/").headers
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert (headers["X-Content-Type-Options"], headers["X-Frame-Options"]) == ("nosniff", "DENY")
    assert "<script" not in client.get("/").text


def test_reloading_the_disclosure_does_not_read_all_use_again(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[object] = []
    monkeypatch.setattr(kept, "disclosure", lambda *given: read.append(given) or {})
    for _ in range(3):
        assert client.get("/api/v1/disclosure").headers["Cache-Control"] == "public, max-age=60"
    assert len(read) == 1
