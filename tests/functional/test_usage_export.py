"""Usage for other billing systems: CloudEvents by list, by file that goes on, and by signed webhook."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace

import pytest
from authority import World
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent
from offer import Offer
from standardwebhooks.webhooks import Webhook as Verifier
from typer.testing import CliRunner
from webhouse import Web, make_house

from sandbox.cli import pay
from sandbox.cli.main import app
from sandbox.core.clock import now
from sandbox.metering.charging import charge, charge_month
from sandbox.stores.sql import SqlStore
from sandbox.web.app import create_app
from sandbox.webhooks.deliver import deliver_due
from sandbox.webhooks.records import Message


@pytest.fixture
def trade(tmp_path: Path) -> Iterator[SimpleNamespace]:
    store = SqlStore(f"sqlite:///{tmp_path / 'control.db'}")
    store.create()
    house = make_house(store, tmp_path / "home", webhook_hosts="127.0.0.1")
    with store.write() as tx:
        world = World(tx, journal=house.journal)
        offer = Offer(world)
        stranger = world.party("Stranger", "user")
    people = {"operator": offer.operator, "user": offer.user, "stranger": stranger}
    keys = {name: world.keys[found.key.id] for name, found in people.items()}
    web = Web(house, create_app(house).test_client(), world.keys[world.authority.key.id], keys)
    yield SimpleNamespace(web=web, offer=offer, store=store)
    store.close()


def use(trade: SimpleNamespace, number: int) -> None:
    with trade.store.write() as tx:
        trade.offer.tx = tx
        for _ in range(number):
            charge(tx, trade.offer.job(), trade.offer.price, 4)


def test_usage_is_listed_as_cloudevents(trade: SimpleNamespace) -> None:
    use(trade, 3)
    with trade.store.write() as tx:
        monthly = tx.change(trade.offer.price, unit="month")
        charge_month(tx, trade.offer.subscription, now())
        tx.change(monthly, unit="call")
    for key, number in (("user", 4), ("operator", 4), (None, 4), ("stranger", 0)):
        items = trade.web.call("GET", f"/usage/events?month={now():%Y-%m}", key=key).json["items"]
        assert len(items) == number
    items = trade.web.call("GET", "/usage/events", key="user").json["items"]
    read = [JSONFormat().read(CloudEvent, json.dumps(one)) for one in items]  # the library refuses what is not one
    assert [one.get_type() for one in read] == ["sandbox.usage.job.v1"] * 3 + ["sandbox.usage.month.v1"]
    assert {one.get_subject() for one in read} == {trade.offer.user.party.id}
    assert trade.web.call("GET", "/usage/events?month=2020-01", key="user").json["items"] == []


def test_a_file_goes_on_where_it_ended(trade: SimpleNamespace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Client:
        """What the command needs of the real one, over the test's own connection."""

        def usage_events(self, month: str | None) -> Iterator[dict[str, object]]:
            yield from trade.web.call("GET", "/usage/events?limit=200", key="user").json["items"]

        def __enter__(self) -> Client:
            return self

        def __exit__(self, *_: object) -> None:
            return

    monkeypatch.setattr(pay, "service", Client)
    file, run = tmp_path / "usage.jsonl", CliRunner()
    for expected in (2, 4):
        use(trade, 2)
        assert "Wrote 2 events" in run.invoke(app, ["usage-export", str(file)]).output
        lines = [json.loads(line) for line in file.read_text().splitlines()]
        assert len({line["id"] for line in lines}) == len(lines) == expected
    file.write_text("something else\n")
    assert run.invoke(app, ["usage-export", str(file)]).exit_code == 2


def test_a_webhook_gets_the_event_signed_when_it_is_metered(trade: SimpleNamespace) -> None:
    got: list[tuple[dict[str, str], bytes]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            got.append(({name.lower(): value for name, value in self.headers.items()}, body))
            self.send_response(503 if len(got) == 1 else 204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    asked = {"url": f"http://127.0.0.1:{server.server_port}/", "events": ["usage.metered", "settlement.made"]}
    made = trade.web.call("POST", "/webhooks", asked, "operator")
    assert made.status_code == 201, made.text
    use(trade, 1)
    house = trade.web.house
    deliver_due(trade.store, house.release_sealer, house.settings.inside)
    with trade.store.write() as tx:
        [waiting] = tx.find(Message, status="waiting")
        tx.change(waiting, due_at=now())
    deliver_due(trade.store, house.release_sealer, house.settings.inside)
    server.shutdown()
    server.server_close()
    (_, first), (headers, second) = got
    Verifier(made.json["secret"]).verify(second, headers)
    assert first == second and headers["content-type"] == "application/cloudevents+json"
    event = JSONFormat().read(CloudEvent, second)
    assert (event.get_data()["fee"], event.get_subject()) == ("1.20", trade.offer.user.party.id)
