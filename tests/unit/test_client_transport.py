"""The client's connection: problems, idempotent retries, pages."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from sandbox.client import Client, transport
from sandbox.errors import Problem

Handler = Callable[[httpx.Request], httpx.Response]


def client(handler: Handler) -> Client:
    return Client("http://service", "sbx_k", transport=httpx.MockTransport(handler))


def problem(status: int, /, **members: object) -> Handler:
    return lambda _: httpx.Response(status, json=members, headers={"Content-Type": "application/problem+json"})


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport.time, "sleep", lambda _: None)


def test_a_refusal_is_raised_with_code_sentence_and_fields() -> None:
    refusing = client(problem(409, code="privacy_budget_exhausted", detail="Ask for less.", status=409, left="1.5"))
    with pytest.raises(Problem) as caught:
        refusing.budgets()
    assert (caught.value.code, caught.value.detail) == ("privacy_budget_exhausted", "Ask for less.")
    assert caught.value.fields == {"left": "1.5"}


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (httpx.Response(422, json={"code": "code_of_next_year", "detail": "Mind the new rule."}), "field_invalid"),
        (httpx.Response(502, text="<html>bad gateway</html>"), "not_ready"),
        (httpx.Response(404, json=["not", "an", "object"]), "not_found"),
    ],
)
def test_an_answer_that_is_no_known_problem_still_becomes_one(answer: httpx.Response, code: str) -> None:
    with pytest.raises(Problem) as caught:
        client(lambda _: answer).disclosure()
    assert caught.value.status == answer.status_code or code == "not_ready"
    assert caught.value.status == Problem(code, "").status


def test_a_broken_connection_is_tried_again_with_the_same_idempotency_key() -> None:
    seen: list[str] = []

    def second_time_lucky(request: httpx.Request) -> httpx.Response:
        seen.append(request.headers["Idempotency-Key"])
        if len(seen) == 1:
            raise httpx.ReadError("connection reset")
        return httpx.Response(202, json={"id": "job_1", "status": "queued"})

    assert client(second_time_lucky).submit("sub", "SELECT 1", epsilon=0.5)["id"] == "job_1"
    assert len(seen) == 2
    assert seen[0] == seen[1]


def test_two_questions_have_two_idempotency_keys() -> None:
    seen: set[str] = set()

    def remember(request: httpx.Request) -> httpx.Response:
        seen.add(request.headers["Idempotency-Key"])
        return httpx.Response(202, json={"id": "job_1", "status": "queued"})

    asking = client(remember)
    asking.submit("sub", "SELECT 1")
    asking.submit("sub", "SELECT 1")
    assert len(seen) == 2


def test_an_upload_is_sent_whole_on_the_second_try(tmp_path: Path) -> None:
    table = tmp_path / "t.csv"
    table.write_text("a\n1\n")
    bodies: list[bytes] = []

    def second_time_lucky(request: httpx.Request) -> httpx.Response:
        bodies.append(request.read())
        if len(bodies) == 1:
            raise httpx.WriteError("broken pipe")
        return httpx.Response(201, json={"id": "res_1"})

    assert client(second_time_lucky).register({"name": "t"}, {"t": table})["id"] == "res_1"
    assert b"a\n1\n" in bodies[1]
    assert b'name="metadata"' in bodies[1]


def test_an_unreachable_service_is_said_plainly() -> None:
    def nobody(_: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused")

    with pytest.raises(Problem, match="http://service") as caught:
        client(nobody).disclosure()
    assert caught.value.code == "not_ready"


def test_lists_are_read_page_after_page() -> None:
    pages = {None: {"items": [{"id": 1}], "next": "b"}, "b": {"items": [{"id": 2}], "next": None}}
    listing = client(lambda request: httpx.Response(200, json=pages[request.url.params.get("cursor")]))
    assert [item["id"] for item in listing.usage()] == [1, 2]


@pytest.mark.parametrize(
    ("url", "key", "code"), [("localhost:8000", "sbx_k", "field_invalid"), ("http://service", "钥匙", "key_invalid")]
)
def test_an_address_or_key_that_cannot_be_one_is_said_at_once(url: str, key: str, code: str) -> None:
    with pytest.raises(Problem) as caught:
        Client(url, key)
    assert caught.value.code == code
