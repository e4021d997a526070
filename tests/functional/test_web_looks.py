"""T3, staff access: what overseers look at stands in the log before they see it; the looks of others do not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from webhouse import Web, make_web

from sandbox.stores.sql import SqlStore
from sandbox.transparency.journal import content
from sandbox.transparency.records import LogEntry
from sandbox.web import looks
from sandbox.web.endpoint import DECLARED


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    folder: Path = tmp_path_factory.mktemp("looks")
    store = SqlStore(f"sqlite:///{folder / 'control.db'}")
    store.create()
    made = make_web(store, folder / "home")
    for role in ("regulator", "auditor", "user", "operator"):
        made.join(role)
    yield made
    store.close()


def logged(web: Web) -> list[LogEntry]:
    with web.house.store.read() as tx:
        return tx.find(LogEntry, kind=looks.KIND, order=("at", "id"))


def test_a_look_is_a_leaf_without_names_and_can_be_searched(web: Web) -> None:
    before = len(logged(web))
    assert web.call("GET", f"/parties/{web.ids['user']}", key="auditor").status_code == 200
    [entry] = logged(web)[before:]
    leaf = content(entry.leaf)
    assert leaf["public"] == {"action": "detail"}
    assert web.ids["user"].encode() not in entry.leaf and web.ids["auditor"].encode() not in entry.leaf
    with web.house.store.read() as tx:
        opened = web.house.journal.openings(tx, entry, "recipient")
    assert opened["party"].value.decode() == web.ids["auditor"]
    assert opened["what"].value.decode() == f"/api/v1/parties/{web.ids['user']}"
    assert set(opened) == {"party", "key", "what"}
    found = web.call("GET", f"/log/search?party={web.ids['auditor']}", key="regulator").json["items"]
    assert entry.id in [one["id"] for one in found]


@pytest.mark.parametrize("path", ["/usage", "/statements?month=2026-01", "/traces", "/log/search?party=x", "/disputes"])
def test_what_overseers_see_of_others_is_logged(web: Web, path: str) -> None:
    before = len(logged(web))
    assert web.call("GET", path, key="regulator").status_code < 500
    [entry] = logged(web)[before:]
    assert entry.party == web.ids["regulator"]


def test_a_look_that_finds_nothing_is_logged_too(web: Web) -> None:
    before = len(logged(web))
    for path in ("/traces/trace_no/evidence", "/traces/trace_none"):
        assert web.call("GET", path, key="regulator").status_code == 404
    assert len(logged(web)) == before + 2


def test_the_looks_of_others_and_at_what_all_may_read_are_not(web: Web) -> None:
    before = len(logged(web))
    for key in ("user", "operator"):
        assert web.call("GET", "/usage", key=key).status_code == 200
    for path in ("/products", "/resources", "/disclosure", "/catalogue.jsonld"):
        assert web.call("GET", path, key="regulator").status_code == 200
    assert web.call("GET", "/traces", key="auditor").status_code == 403  # refused, so not looked at
    assert len(logged(web)) == before


def test_a_page_that_refreshes_itself_is_one_look(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    before = len(logged(web))
    for path in ("/subscriptions?limit=7", "/subscriptions?limit=8", "/subscriptions?limit=7"):
        web.call("GET", path, key="auditor")
    assert len(logged(web)) == before + 2
    monkeypatch.setattr(looks, "AGAIN", -1.0)
    for _ in range(3):
        web.call("GET", "/subscriptions?limit=9", key="auditor")
    assert len(logged(web)) == before + 5


def test_what_cannot_be_logged_is_not_shown(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*given: object, **more: object) -> None:
        raise RuntimeError

    with monkeypatch.context() as patched:
        patched.setattr(type(web.house.journal), "write", broken)
        assert web.call("GET", "/grants?limit=3", key="auditor").status_code == 500
    before = len(logged(web))
    assert web.call("GET", "/grants?limit=3", key="auditor").status_code == 200
    assert len(logged(web)) == before + 1


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(looks, "REMEMBERED", 5)
    known = looks.Looks()
    assert all(known.new("key", str(number)) for number in range(50))
    assert len(known._until) <= 5


def test_only_what_all_may_read_and_ones_own_is_common() -> None:
    """Whoever adds an endpoint that need not be logged says so here."""
    assert {one.path for one in DECLARED if one.common} == {
        "/products",
        "/products/<product_id>",
        "/products/<product_id>/price",
        "/products/<product_id>/runs",
        "/resources",
        "/resources/<resource_id>",
        "/resources/<resource_id>/conditions",
        "/resources/<resource_id>/grades",
        "/products/<product_id>/equal-treatment",
        "/policies",
        "/policies/versions",
        "/policies/versions/<policies_id>",
    } | {"/session", "/webhooks", "/webhooks/<webhook_id>", "/webhooks/<webhook_id>/messages"}
