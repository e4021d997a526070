"""P3, P5: ceilings and yearly reviews are reported to both departments by numbered letters, as data, file and page."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pypdfium2 as pdfium
import pytest
from webhouse import Web, make_house

from sandbox.billing.letters import DEPARTMENTS
from sandbox.billing.settlements import end
from sandbox.stores.sql import SqlStore
from sandbox.web.app import create_app
from sandbox.webhooks.records import Message, Webhook

sys.path.insert(0, str(Path(__file__).parents[1] / "unit"))
from test_billing_ceilings import Money


@pytest.fixture
def web(store: SqlStore, tmp_path: Path) -> Iterator[Web]:
    with store.write() as tx:
        money = Money(tx)
        money.permitted()
        for party, name in ((money.bureau.party, "市发展改革委"), (money.data_office.party, "市数据局")):
            tx.change(party, name=name)
        hook = Webhook(
            "webhook_x", money.bureau.party.id, "https://x.example", ["letter.written"], b"", "active", end("2024-12")
        )
        tx.add(hook)
        made, _ = money.ceilings()
        tx.change(made, year=2025, created_at=end("2024-12"))
    house = make_house(store, tmp_path / "home")
    people = {"operator": money.operator, "user": money.offer.user, "bureau": money.bureau, "body": money.body}
    people["rival"] = None
    with store.write() as tx:
        money.world.tx = tx
        people["rival"] = money.world.party("Rival", "operator")
    keys = {name: money.world.keys[found.key.id] for name, found in people.items()}
    made_web = Web(house, create_app(house).test_client(), money.world.keys[money.world.authority.key.id], keys)
    made_web.ids["operator"] = money.operator.party.id
    yield made_web


def words(content: bytes) -> str:
    pages = pdfium.PdfDocument(content)
    return "".join("".join(page.get_textpage().get_text_range() for page in pages).split())


def read(web: Web, path: str, key: str) -> str:
    answer = web.client.get(path, headers={"Authorization": f"Bearer {web.keys[key]}"})
    return "".join(answer.text.split()) if answer.status_code == 200 else f"{answer.status_code}"


def test_P3_P5_both_departments_are_told_by_letter(web: Web) -> None:
    [letter] = web.call("GET", "/letters", key="bureau").json["items"]
    year = letter["year"]
    assert (letter["number"], letter["name"], letter["kind"]) == (1, f"〔{year}〕1", "ceilings")
    assert [letter["content"]["to"][role] for role in DEPARTMENTS] == [["市发展改革委"], ["市数据局"]]
    [listed] = web.call("GET", f"/operators/{web.ids['operator']}/ceilings", key="operator").json["items"]
    assert (listed["id"], listed["letter"]) == (letter["about"], letter["id"])
    with web.house.store.read() as tx:
        assert [message.event for message in tx.find(Message)] == ["letter.written"]

    path = f"/operators/{web.ids['operator']}/yearly-reviews"
    review = web.call("POST", path, {"year": 2025, "outside": "4397085.00"}, "body").json
    web.call("POST", f"/yearly-reviews/{review['id']}/guidance", {"guidance": "降低百分之五"}, "body")
    product = letter["content"]["said"]["ceilings"][0]["product"]
    asked = {"unit": "call", "price": "0.70", "trial": False}
    assert web.call("POST", f"/products/{product}/price", asked, "operator").status_code == 201
    closed = web.call("POST", f"/yearly-reviews/{review['id']}/close", {"outcome": "已按指导调整"}, "body").json
    numbered = web.call("GET", f"/letters?operator={web.ids['operator']}", key="operator").json["items"]
    assert [(one["number"], one["content"]["said"].get("status")) for one in numbered] == [
        (1, None), (2, "open"), (3, "done"),
    ]  # fmt: skip
    assert closed["letters"] == [one["id"] for one in numbered[1:]]

    said = {
        "zh": (
            (
                "主送",
                "市发展改革委、市数据局",
                "上限收费标准的函",
                f"〔{year}〕1号",
                "2,400,000.00",
                "3,984,000.00",
                "3,997,350.00",
            ),
            ("年度评估", "+10.000%", "降低百分之五", "已按指导调整", "已完成", "4,397,085.00"),
        ),
        "en": (("ceilings", f"No.〔{year}〕1", "3,997,350.00yuan"), ("yearlyreview", "+10.000%", "done")),
    }
    for lang, (ceilings, outcome) in said.items():
        for one, wanted in ((numbered[0], ceilings), (numbered[2], outcome)):
            file = web.call("GET", f"/letters/{one['id']}?format=pdf&lang={lang}", key="bureau")
            assert file.headers["Content-Disposition"].endswith(f'"letter-{year}-{one["number"]}.pdf"')
            page = read(web, f"/letters/{one['id']}?lang={lang}", "bureau")
            for text in (words(file.data), page):
                assert [word for word in wanted if word not in text] == []
    listed_page = read(web, "/papers?lang=zh", "bureau")
    assert all(one["id"] in listed_page for one in numbered)


def test_a_letter_does_not_exist_for_others(web: Web) -> None:
    [letter] = web.call("GET", "/letters", key="operator").json["items"]
    this = f"/letters/{letter['id']}"
    assert web.call("GET", this, key="user").json["code"] == "role_not_allowed"
    assert web.call("GET", this, key="rival").status_code == 404 and read(web, this, "rival") == "404"
    assert web.call("GET", "/letters", key="rival").json["items"] == []
    assert web.client.get(this).status_code == 401
    assert web.call("GET", this, key="bureau").json == letter
