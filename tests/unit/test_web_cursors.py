"""Lists go on where their own cursor says, and take no other for the beginning."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from webhouse import Web, make_web

from sandbox.stores.sql import SqlStore
from sandbox.web.endpoint import DECLARED
from sandbox.web.paging import window
from sandbox.wire.common import Page

LISTS = [one for one in DECLARED if one.query and issubclass(one.query, Page)]
FOREIGN = ("abc", "prt_1", "prt_1.AAAAAAAAAAAA", ".", "-")


@pytest.fixture
def web(store: SqlStore, tmp_path: Path) -> Web:
    web = make_web(store, tmp_path / "home")
    for number in range(3):
        web.call("POST", "/parties", {"name": f"Firm {number}", "roles": ["user"]})
    return web


def pages(web: Web, path: str, key: str | None = None) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    cursor = None
    while not found or cursor is not None:
        query = {"limit": 2, **({"cursor": cursor} if cursor else {})}
        found.append(web.call("GET", path, key=key, query_string=query).json)
        assert len(found) < 20, "pages go round in circles"
        cursor = found[-1]["next"]
    return found


def test_pages_together_are_the_list(web: Web) -> None:
    found = [item["id"] for page in pages(web, "/parties") for item in page["items"]]
    whole = web.call("GET", "/parties").json
    assert found == [item["id"] for item in whole["items"]] and len(set(found)) == len(found) >= 4
    assert whole["next"] is None


def test_every_list_refuses_a_cursor_that_it_did_not_give(web: Web) -> None:
    """The cursor is looked at before anything is looked up."""
    assert len(LISTS) > 25
    for declared in LISTS:
        path = re.sub(r"<[^>]*>", "some-id", declared.path)
        key = None if not declared.roles or "authoriser" in declared.roles else declared.roles[0]
        if key is not None and key not in web.keys:
            web.join(key)
        for cursor in FOREIGN:
            answer = web.call("GET", path, key=key, query_string={"cursor": cursor})
            assert (answer.status_code, answer.json["code"]) == (422, "field_invalid"), (path, cursor, answer.json)
            assert "cursor" in answer.json["detail"]


def test_a_cursor_is_of_one_list_and_one_party(web: Web) -> None:
    cursor = pages(web, "/parties")[0]["next"]
    web.join("auditor")
    for path, key in (("/grants", None), ("/parties", "auditor")):
        answer = web.call("GET", path, key=key, query_string={"cursor": cursor})
        assert answer.json["code"] == "field_invalid", path
    assert web.call("GET", "/parties", query_string={"cursor": cursor}).status_code == 200
    turned = cursor[:-1] + ("A" if cursor[-1] != "A" else "B")
    assert web.call("GET", "/parties", query_string={"cursor": turned}).json["code"] == "field_invalid"


def test_a_computed_list_does_not_begin_again_where_its_item_is_gone() -> None:
    items = [{"id": "a"}, {"id": "b"}, {"id": "c"}]
    assert window(items, Page(limit=2), "id") == {"items": items[:2], "next": "b"}
    assert window(items, Page(limit=2, cursor="b"), "id") == {"items": items[2:], "next": None}
    with pytest.raises(Exception, match="cursor"):
        window(items[2:], Page(limit=2, cursor="b"), "id")
