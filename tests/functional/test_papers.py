"""Statements and settlements as papers: what a PDF says, in an embedded font, the same each time."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pypdfium2 as pdfium
import pytest
from authority import World
from offer import Offer
from webhouse import Web, make_house

from sandbox.billing.settlements import credit, settle
from sandbox.core.clock import now
from sandbox.metering.charging import charge
from sandbox.papers.drawing import MISSING
from sandbox.papers.paper import Paper
from sandbox.papers.pdf import pdf
from sandbox.stores.sql import SqlStore
from sandbox.web.app import create_app

MONTH = "2026-03"


@pytest.fixture(scope="module")
def trade(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    folder: Path = tmp_path_factory.mktemp("papers")
    store = SqlStore(f"sqlite:///{folder / 'control.db'}")
    store.create()
    house = make_house(store, folder / "home")
    card = {"unit": "cell", "price": "1.205", "trial": True, "allowance": 2, "tiers": [{"above": 20, "price": "0.9"}]}
    with store.write() as tx:
        world = World(tx, journal=house.journal)
        offer = Offer(world, price=card)
        tx.change(offer.user.party, name="喆堃数据（上海）有限公司", credit_code="91110000MA0000002X")
        tx.change(offer.product, name="门诊统计 Visits in numbers")
        for purpose, free in (("industry", False), ("industry", True), ("public_welfare", False)):
            event = charge(tx, offer.job(purpose=purpose, free=free), offer.price, 25)
            tx.change(event, month=MONTH)
    settle(store, house.journal, offer.operator, MONTH)
    people = {"operator": offer.operator, "user": offer.user}
    keys = {name: world.keys[found.key.id] for name, found in people.items()}
    made = Web(house, create_app(house).test_client(), world.keys[world.authority.key.id], keys)
    [settled] = made.call("GET", "/settlements", key="user").json["items"]
    with store.write() as tx:
        credit(tx, house.journal, offer.operator, settled["id"], Decimal("6.19"), "测试：多计了一次")
    yield made
    store.close()


def read(content: bytes) -> str:
    """The text of a PDF, every font of which must lie in it."""
    document = pdfium.PdfDocument(content)
    text = ""
    for page in document:
        text += page.get_textpage().get_text_range()
        fonts = list(page.get_objects(filter=[pdfium.raw.FPDF_PAGEOBJ_TEXT]))
        assert fonts and all(
            pdfium.raw.FPDFFont_GetIsEmbedded(pdfium.raw.FPDFTextObj_GetFont(one.raw)) == 1 for one in fonts
        )
        assert len(page.render(scale=0.5).to_pil().convert("L").getcolors()) > 2, "something is drawn"
    return plain(text)


def plain(text: str) -> str:
    """Without the ends of lines, where a cell was too narrow."""
    return "".join(text.split())


def paper(trade: Web, path: str, key: str = "user") -> str:
    answer = trade.call("GET", path, key=key)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/pdf"), answer.text
    assert trade.call("GET", path, key=key).data == answer.data or "statements" in path
    return read(answer.data)


def test_a_settlement_as_a_paper_in_both_languages(trade: Web) -> None:
    note, settled = sorted(trade.call("GET", "/settlements", key="user").json["items"], key=lambda one: one["kind"])
    chinese = paper(trade, f"/settlements/{settled['id']}?format=pdf")
    words = ["结算单 2026-03 – 1", "喆堃数据（上海）有限公司", "91110000MA0000002X", "门诊统计 Visits in numbers"]
    words += [
        "产业发展、行业发展",
        "公益事业 · 用途免费",
        "重复查询免费",
        "免费额度",
        "1.205",
        "21.69",
        "4.50",
        "26.19",
    ]
    assert [said for said in words if plain(said) not in chinese] == []
    english = paper(trade, f"/settlements/{settled['id']}?format=pdf&lang=en", "operator")
    words = ["Settlement 2026-03 – 1", "within the allowance", "public welfare · free purpose", "Total (CNY)"]
    assert [said for said in words if plain(said) not in english] == []
    assert MISSING not in chinese + english
    correction = paper(trade, f"/settlements/{note['id']}?format=pdf")
    words = ["冲减单 2026-03 – 2", "更正单号", "测试：多计了一次", "-6.19"]
    assert [said for said in words if plain(said) not in correction] == []


def test_a_statement_as_paper_file_and_data(trade: Web) -> None:
    assert plain("账单 2026-03") in paper(trade, f"/statements/{MONTH}?format=pdf")
    assert plain("Revenue 2026-03") in paper(trade, f"/statements/{MONTH}?format=pdf&lang=en", "operator")
    assert plain("Nothing was used.") in paper(trade, "/statements/2026-01?format=pdf&lang=en")
    data = trade.call("GET", f"/statements/{MONTH}", key="user").json
    assert (data["kind"], data["total"], len(data["lines"])) == ("statement", "26.19", 5)
    file = trade.call("GET", f"/statements/{MONTH}?format=csv", key="user")
    assert file.data.decode("utf-8-sig").splitlines()[-1].endswith(",26.19")
    assert trade.call("GET", "/statements/2026-13", key="user").json["code"] == "field_invalid"
    assert trade.call("GET", f"/statements/{MONTH}?party=party_x", key="user").status_code == 404
    assert trade.call("GET", f"/statements/{MONTH}?format=docx", key="user").status_code == 422


def test_a_long_paper_has_pages_and_shows_what_the_font_lacks() -> None:
    made = Paper("长表", "𝄞", now(), "zh")
    made.table(["行", "数"], [[f"第 {number} 行", str(number)] for number in range(120)], widths=(3, 1), right=1)
    content = pdf(made)
    assert len(pdfium.PdfDocument(content)) > 2
    text = read(content)
    assert MISSING in text and "第119行" in text and "1/3" in text
