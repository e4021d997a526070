"""The yearly review over HTTP: who may do what, the report as data and paper, the calendar."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pypdfium2 as pdfium
import pytest
from webhouse import Web, make_house

from sandbox.billing.settlements import end
from sandbox.stores.sql import SqlStore
from sandbox.web.app import create_app

sys.path.insert(0, str(Path(__file__).parents[1] / "unit"))
from test_billing_ceilings import Money

ORDER = {
    "zh": [
        "一、总体运营情况",
        "二、成本情况",
        "三、实际收入与利润",
        "四、各产品销售与收入",
        "五、实际收入偏离",
        "六、价格变动",
    ],
    "en": ["1Operation", "2Costs", "3Actualrevenue", "4Salesandrevenue", "5Deviation", "6Changesofprices"],
}


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    folder = tmp_path_factory.mktemp("yearly")
    store = SqlStore(f"sqlite:///{folder / 'control.db'}")
    store.create()
    with store.write() as tx:
        money = Money(tx)
        money.permitted()
        made, _ = money.ceilings()
        tx.change(made, year=2025, created_at=end("2024-12"))
    house = make_house(store, folder / "home")
    people = {"operator": money.operator, "user": money.offer.user, "bureau": money.bureau, "body": money.body}
    keys = {name: money.world.keys[found.key.id] for name, found in people.items()}
    made_web = Web(house, create_app(house).test_client(), money.world.keys[money.world.authority.key.id], keys)
    made_web.ids["operator"] = money.operator.party.id
    yield made_web
    store.close()


def test_P5_P6_a_year_from_review_to_report(web: Web) -> None:
    path = f"/operators/{web.ids['operator']}"
    asked = {"year": 2025, "outside": "4397085.00"}  # exactly ten percent above
    assert web.call("POST", f"{path}/yearly-reviews", asked, "operator").json["code"] == "role_not_allowed"
    review = web.call("POST", f"{path}/yearly-reviews", asked, "body")
    assert (review.status_code, review.json["deviation"], review.json["who"]) == (201, "+10.000 %", "operator")
    this = f"/yearly-reviews/{review.json['id']}"
    assert web.call("POST", f"{this}/close", {"outcome": "?"}, "body").json["code"] == "state_conflict"
    guided = web.call("POST", f"{this}/guidance", {"guidance": "降低百分之五"}, "body").json
    assert guided["todo"] == "the operator has to set a price anew, as it was guided"
    [listed] = web.call("GET", f"{path}/yearly-reviews", key="operator").json["items"]
    assert (listed["guidance"], listed["status"]) == ("降低百分之五", "open")
    calendar = {one["what"]: one for one in web.call("GET", "/price-calendar", key="operator").json["items"]}
    assert calendar["yearly report"]["state"] == "overdue" and calendar["review task"]["who"] == "operator"
    assert web.call("GET", "/price-calendar?operator=party_x", key="operator").status_code == 404

    cycle = web.call("POST", f"{path}/cycles", {"first": 2025, "last": 2025}, "body")
    assert (cycle.status_code, cycle.json["carry_over"]) == (201, None)
    closed = web.call("POST", f"/cycles/{cycle.json['id']}/close", {"over": 2}, "body").json
    assert [part["amount"] for part in closed["parts"]] == ["199867.50", "199867.50"]
    assert web.call("GET", f"{path}/cycles", key="operator").json["items"] == [closed]
    assert web.call("POST", f"/cycles/{cycle.json['id']}/close", {}, "body").json["code"] == "state_conflict"

    sale = {"name": "私有部署", "quantity": 1, "revenue": "4397085.00"}
    said = {"year": 2025, "operation": "全年运行平稳。", "sales": [sale], "remarks": "无其他说明。"}
    assert web.call("POST", f"{path}/yearly-reports", said, "bureau").json["code"] == "role_not_allowed"
    report = web.call("POST", f"{path}/yearly-reports", said, "body")
    assert (report.status_code, report.json["number"]) == (201, 1)
    this = f"/yearly-reports/{report.json['id']}"
    assert web.call("GET", this, key="user").status_code in (403, 404)
    assert web.call("GET", this, key="bureau").json == report.json
    assert [one["id"] for one in web.call("GET", "/yearly-reports", key="operator").json["items"]] == [
        report.json["id"]
    ]
    chinese = ["一、总体运营情况", "二、成本情况", "偏离", "全年运行平稳", "4397085.00", "降低百分之五"]
    english = ["1Operation", "Changesofprices", "+10.000%", "私有部署"]
    for lang, words in (("zh", chinese), ("en", english)):
        paper = web.call("GET", f"{this}?format=pdf&lang={lang}", key="bureau")
        text = "".join("".join(page.get_textpage().get_text_range() for page in pdfium.PdfDocument(paper.data)).split())
        assert [word for word in words if word not in text] == []
    done = {one["what"]: one["state"] for one in web.call("GET", "/price-calendar", key="operator").json["items"]}
    assert done["yearly report"] == "done"

    # as a page, with the same figures; nobody but those it concerns reads one that is not published
    page = lambda path, key: web.client.get(path, headers={"Authorization": f"Bearer {web.keys[key]}"} if key else {})  # noqa: E731
    where = f"/reports/{report.json['id']}"
    assert page(where, "").status_code == 401 and page(where, "user").status_code == 403
    assert page("/reports?lang=en", "").text.count("none yet") == 1
    again = web.call("POST", f"{path}/yearly-reports", said | {"published": True}, "body").json
    assert (again["number"], again["published"]) == (2, True)
    listed = page("/reports?lang=zh", "").text
    assert f"/reports/{again['id']}" in listed and report.json["id"] not in listed
    for lang, words in (("zh", chinese), ("en", english)):
        for seen in (page(f"{where}?lang={lang}", "bureau"), page(f"/reports/{again['id']}?lang={lang}", "")):
            text = "".join(seen.text.split())
            assert seen.status_code == 200 and [word for word in words if word not in text] == []
            places = [text.index(one) for one in ORDER[lang]]
            assert places == sorted(places), "the order of the notice"
    file = page(f"/reports/{again['id']}.pdf?lang=en", "")
    assert file.data == web.call("GET", f"/yearly-reports/{again['id']}?format=pdf&lang=en", key="bureau").data
    assert page(f"/reports/{again['id']}.json", "").json == again
    assert (
        page(f"{where}.json", "").status_code == 401
        and page(f"{where}.pdf", "").status_code == 401
        and page("/reports/report_x", "").status_code == 401
    )
