"""S2, S3 and S6: what the public, auditors and assessors get, over the API; S5: who looks is counted."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from authority import World
from offer import Offer
from webhouse import Web, make_web

from policies import checklist
from sandbox.billing.settlements import settle
from sandbox.core.clock import now
from sandbox.identity.keys import authenticate
from sandbox.identity.tallies import LOOKS_IN, recent
from sandbox.metering.events import usage_event
from sandbox.metering.records import UsageEvent
from sandbox.oversight.disclosure import disclosure, figures
from sandbox.oversight.upward import bundle
from sandbox.stores.sql import SqlStore

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    folder: Path = tmp_path_factory.mktemp("reports")
    store = SqlStore(f"sqlite:///{folder / 'control.db'}")
    store.create()
    made = make_web(store, folder / "home")
    for role in ("auditor", "user"):
        made.join(role)
    made.join("=HYPERLINK(1)", "operator")
    yield made
    store.close()


def test_S2_use_is_counted_in_the_database_and_last_year_is_told(store: SqlStore) -> None:
    """However many jobs there were, the page reads a row for each product and month of use."""
    with store.write() as tx:
        offer = Offer(World(tx))
        moment = now()
        last = moment.replace(year=moment.year - 1, month=3, day=5)
        for number in range(40):
            event = usage_event(offer.job(), offer.price, Decimal("1.20"), 4)
            day = last if number < 25 else moment
            tx.add(replace(event, at=day, month=f"{day:%Y-%m}", day=f"{day:%Y-%m-%d}"))
    settle(store, offer.journal, offer.operator, f"{last:%Y-%m}")
    with store.write() as tx:
        offer.tx = tx
        page = disclosure(tx)
        assert page["products"][0]["jobs"] == {str(last.year): 25, str(moment.year): 15}
        assert page["last_year"] == {
            "year": last.year, "jobs": {"industry": 25}, "free": 0, "settled": {offer.operator.party.id: "30.00"}
        }  # fmt: skip
        assert figures(tx, last.year - 1) == {"jobs": {}, "free": 0, "settled": {}}
        read = _rows_read(tx, disclosure)
        for _ in range(40):
            tx.add(usage_event(offer.job(), offer.price, Decimal("1.20"), 4))
        assert _rows_read(tx, disclosure) == read


def _rows_read(tx: Any, make: Callable[[Any], object]) -> int:
    """How many rows of usage a page reads."""
    counted = []

    class Counting:
        def __getattr__(self, name: str) -> object:
            inner = getattr(tx, name)

            def call(kind: type, *given: object, **named: object) -> object:
                found = inner(kind, *given, **named)
                if kind is UsageEvent:
                    counted.append(len(found))
                return found

            return call if name in ("find", "totals", "keys") else inner

    make(Counting())
    return sum(counted)


def test_S3_an_auditor_gets_one_export_whose_digests_hold(web: Web) -> None:
    said = web.call("GET", "/reports/upward", key="auditor")
    assert said.status_code == 200 and said.json["year"] == now().year
    assert {"grants", "usage", "incidents", "alerts", "emergencies", "disclosure"} <= set(said.json)
    packed = web.call("GET", "/reports/upward?format=zip", key="auditor")
    assert packed.mimetype == "application/zip"
    with zipfile.ZipFile(io.BytesIO(packed.data)) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    manifest = json.loads(files.pop("manifest.json"))
    assert manifest["files"] == {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    rows = list(csv.reader(io.StringIO(files["parties.csv"].decode("utf-8-sig"))))
    names = [row[rows[0].index("name")] for row in rows[1:]]
    assert "'=HYPERLINK(1)" in names  # no formula
    assert json.loads(files["report.json"])["year"] == now().year
    assert bundle(json.loads(files["report.json"])) == bundle(json.loads(files["report.json"]))


def test_S3_only_overseers_and_only_years_that_were(web: Web) -> None:
    assert web.call("GET", "/reports/upward", key="user").json["code"] == "role_not_allowed"
    for query in (f"year={now().year + 1}", "year=12", "format=pdf"):
        assert web.call("GET", f"/reports/upward?{query}", key="auditor").status_code == 422, query


def test_S5_a_look_of_an_overseer_is_logged_and_counted(web: Web) -> None:
    web.call("GET", "/usage?limit=3", key="auditor")
    with web.house.store.read() as tx:
        auditor = authenticate(tx, f"Bearer {web.keys['auditor']}").party.id
        assert recent(tx, "look", now(), window=LOOKS_IN)[auditor] >= 1
    kinds = web.call("GET", "/log/search?party=" + auditor, key="auditor").json["items"]
    assert "staff.looked" in {entry["kind"] for entry in kinds}


def test_S6_the_checklist_is_served_documented_and_claims_nothing(web: Web) -> None:
    assert (ROOT / "docs" / "checklist.md").read_text(encoding="utf-8") == checklist.page()
    for language in ("en", "zh"):
        text = web.client.get(f"/docs/checklist?lang={language}").text
        assert checklist.NO_CLAIM[language] in text
        shown = unescape(text)
        assert all(
            said in shown for one in checklist.POINTS for said in (one.zh, one.does[language], one.host[language])
        )
    chinese = [said.zh for one in checklist.POINTS for said in (one.does, one.host)]
    assert all(re.search("[一-鿿]", said) for said in chinese)
    assert {point.scheme for point in checklist.POINTS} == set(checklist.SCHEMES)
    assert len({point.id for point in checklist.POINTS}) == len(checklist.POINTS)
