"""Webhooks: signed after the specification, tried again, given up, never sent inside the network;
sources that try keys."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from standardwebhooks.webhooks import Webhook as Verifier
from standardwebhooks.webhooks import WebhookVerificationError
from webhouse import Web, make_web

from sandbox.core.clock import now
from sandbox.stores.sql import SqlStore
from sandbox.webhooks.address import resolve
from sandbox.webhooks.deliver import PAUSES, deliver_due
from sandbox.webhooks.records import Message
from sandbox.webhooks.tell import tell


class Receiver(ThreadingHTTPServer):
    """Answers with what `answers` holds next, or 204; keeps what it got."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.got: list[tuple[dict[str, str], bytes]] = []
        self.answers: list[int] = []
        self.url = f"http://127.0.0.1:{self.server_port}/hook?of=us"


class Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.got.append(({name.lower(): value for name, value in self.headers.items()}, body))
        self.send_response(self.server.answers.pop(0) if self.server.answers else 204)
        self.send_header("Location", self.server.url)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        return


@pytest.fixture(scope="module")
def web(module_store: SqlStore, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    folder: Path = tmp_path_factory.mktemp("webhooks")
    made = make_web(module_store, folder / "home", webhook_hosts="127.0.0.1, hooks.internal")
    made.join("user")
    made.join("other", "user")
    yield made


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    server = Receiver()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()


def hook(web: Web, receiver: Receiver, *events: str) -> dict[str, str]:
    made = web.call("POST", "/webhooks", {"url": receiver.url, "events": events or ["job.ended"]}, "user")
    assert made.status_code == 201, made.text
    return dict(made.json)


def send(web: Web) -> int:
    return deliver_due(web.house.store, web.house.release_sealer, web.house.settings.inside)


def happened(web: Web, event: str = "job.ended") -> None:
    with web.house.store.write() as tx:
        tell(tx, [web.ids["user"], web.ids["other"]], event, {"job": "job_1", "status": "done"})


def due(web: Web, webhook: str) -> Message:
    """The webhook's newest message, whose next attempt is due now."""
    with web.house.store.write() as tx:
        message = tx.find(Message, webhook=webhook, order=["-created_at"], limit=1)[0]
        return tx.change(message, due_at=now() - timedelta(seconds=1)) if message.status == "waiting" else message


def test_a_message_arrives_once_and_its_signature_holds(web: Web, receiver: Receiver) -> None:
    made = hook(web, receiver)
    happened(web, "alert.raised")  # not asked for
    happened(web)
    assert (send(web), send(web)) == (1, 0)
    [(headers, body)] = receiver.got
    said = Verifier(made["secret"]).verify(body, headers)
    assert (said["type"], said["data"]) == ("job.ended", {"job": "job_1", "status": "done"})
    for broken in (body + b" ", body.replace(b"done", b"void")):
        with pytest.raises(WebhookVerificationError):
            Verifier(made["secret"]).verify(broken, headers)
    [message] = web.call("GET", f"/webhooks/{made['id']}/messages", key="user").json["items"]
    assert (message["status"], message["attempts"], message["answered"]) == ("delivered", 1, 204)
    assert "secret" not in web.call("GET", "/webhooks", key="user").text
    web.call("DELETE", f"/webhooks/{made['id']}", key="user")


def test_what_is_not_taken_is_sent_again_under_the_same_id_then_given_up(web: Web, receiver: Receiver) -> None:
    made = hook(web, receiver)
    happened(web)
    receiver.answers = [500, 302] + [503] * (len(PAUSES) - 2)
    for attempt in range(1, len(PAUSES) + 1):
        before = now()
        assert send(web) == 1
        with web.house.store.read() as tx:
            message = tx.find(Message, webhook=made["id"])[0]
        assert message.attempts == attempt
        if attempt < len(PAUSES):
            assert PAUSES[attempt - 1] <= message.due_at - before < PAUSES[attempt - 1] + timedelta(seconds=30)
            assert send(web) == 0
        due(web, made["id"])
    assert len({headers["webhook-id"] for headers, _ in receiver.got}) == 1
    assert due(web, made["id"]).status == "given_up"
    assert web.call("GET", f"/webhooks/{made['id']}", key="user").json["status"] == "failing"
    happened(web)
    assert send(web) == 1  # it is well again
    assert web.call("GET", f"/webhooks/{made['id']}", key="user").json["status"] == "active"
    receiver.answers = [410]
    happened(web)
    assert send(web) == 1
    assert web.call("GET", f"/webhooks/{made['id']}", key="user").status_code == 404


def test_a_receiver_that_is_away_costs_an_attempt_and_nothing_else(web: Web, receiver: Receiver) -> None:
    made = hook(web, receiver)
    receiver.server_close()
    assert web.call("POST", f"/webhooks/{made['id']}/test", {}, "user").status_code == 202
    assert web.call("POST", f"/webhooks/{made['id']}/test", {}, "user").json["code"] == "rate_limited"
    assert send(web) == 1
    assert due(web, made["id"]).answered is None
    web.call("DELETE", f"/webhooks/{made['id']}", key="user")
    assert send(web) == 0 and due(web, made["id"]).status == "given_up"


def test_a_webhook_is_its_partys_own(web: Web, receiver: Receiver) -> None:
    made = hook(web, receiver)
    for method, path in (("GET", ""), ("GET", "/messages"), ("POST", "/test"), ("DELETE", "")):
        answer = web.call(method, f"/webhooks/{made['id']}{path}", {} if method == "POST" else None, "other")
        assert answer.status_code == 404, (method, path)
    assert web.call("GET", "/webhooks", key="other").json["items"] == []
    web.call("DELETE", f"/webhooks/{made['id']}", key="user")


@pytest.mark.parametrize(
    "url",
    ["http://example.org/", "https://10.0.0.1/", "https://[::1]/", "https://[::ffff:10.0.0.1]/", "https://169.254.169.254/",
     "https://[64:ff9b::a00:1]/", "ftp://example.org/", "https://user:word@example.org/", "https://", "https://a b/",
     "https://example.org:99999/", "https://例子.cn/", "https://0.0.0.0/", "https://[fe80::1]/", "https://x/#y",
     "https://[fec0::1]/", "https://[::7f00:1]/"],
)  # fmt: skip
def test_an_address_inside_or_malformed_is_refused(web: Web, url: str) -> None:
    answer = web.call("POST", "/webhooks", {"url": url, "events": ["job.ended"]}, "user")
    assert (answer.status_code, answer.json["code"]) == (422, "field_invalid"), answer.text


def test_a_name_that_leads_inside_is_not_called(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever owns a name may point it inside after it was taken (DNS rebinding): it is looked up each time, and one
    inner address among public ones suffices."""
    leads = {"public.test": ["93.184.216.34"], "both.test": ["93.184.216.34", "127.0.0.1"], "in.test": ["192.168.1.1"]}

    def looked_up(host: str, port: int, **_: object) -> list[tuple[object, ...]]:
        return [(None, None, None, "", (address, port)) for address in leads[host]]

    monkeypatch.setattr("socket.getaddrinfo", looked_up)
    found = resolve("https://public.test/a?b=c", ())
    assert found is not None
    assert (found.url, found.named) == ("https://93.184.216.34:443/a?b=c", "public.test")
    assert resolve("https://both.test/", ()) is None and resolve("https://in.test/", ()) is None
    assert resolve("http://in.test:8080/", {"in.test"}) is not None


def test_bad_events_and_too_many_webhooks_are_refused(web: Web, receiver: Receiver) -> None:
    for events in ([], ["job.done"], ["job.ended", "job.ended"]):
        assert web.call("POST", "/webhooks", {"url": receiver.url, "events": events}, "user").status_code == 422
    made = [hook(web, receiver)["id"] for _ in range(10)]
    refused = web.call("POST", "/webhooks", {"url": receiver.url, "events": ["job.ended"]}, "user")
    assert refused.json["code"] == "state_conflict"
    for one in made:
        web.call("DELETE", f"/webhooks/{one}", key="user")


def test_a_source_that_tries_keys_is_slowed_down_and_locks_nobody_out(web: Web) -> None:
    wrong = web.authority[:-1] + ("a" if web.authority[-1] != "a" else "b")
    said = [web.call("GET", "/jobs", key=wrong).status_code for _ in range(35)]
    assert said[:30] == [401] * 30 and set(said[31:]) == {429}
    assert web.call("GET", "/parties").status_code == 200
    elsewhere = web.client.get(
        "/api/v1/jobs", headers={"Authorization": f"Bearer {wrong}"}, environ_base={"REMOTE_ADDR": "198.51.100.7"}
    )
    assert elsewhere.status_code == 401
