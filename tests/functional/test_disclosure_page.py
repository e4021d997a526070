"""S2: people read the disclosure as a page, in both languages, with what it says as data."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from estate import Estate, estate
from strangers import filled

from sandbox.core.clock import now
from sandbox.grants.records import Grant
from sandbox.oversight.disclosure import disclosure
from sandbox.persons.records import PersonRequest


def test_S2_people_read_the_disclosure_as_a_page(tmp_path: Path) -> None:
    with estate(tmp_path / "home") as town:
        empty = town.web.client.get("/disclosure?lang=en")
        assert empty.status_code == 200 and empty.text.count("none yet") == 4
    with estate(tmp_path / "other") as town:
        town.publish()
        named = {"grant": town.ok("GET", "/grants")["items"][0]["id"], "kind": "query", "name": "<i>sly</i>"}
        sly = town.ok("POST", "/products", named | {"resources": [town.resource], "spec": {}}, "operator")["id"]
        town.ok("POST", f"/products/{sly}/submit", {}, "operator")
        town.ok("POST", f"/products/{sly}/approve", {})
        town.ask("SELECT COUNT(*) AS n FROM people")
        town.finish()
        town.ok("POST", f"/resources/{town.resource}/objections", {"subject": "ages", "text": "wrong"}, "firm")
        with town.web.house.store.write() as tx:
            for status in ("open", "upheld"):
                filled(tx, PersonRequest, kind="correction", status=status)
        said = {lang: town.web.client.get(f"/disclosure?lang={lang}").text for lang in ("zh", "en")}
        data = town.ok("GET", "/disclosure", key="")
        assert {one["status"] for one in data["grants"]} == {"active"} and "term over" not in said["en"]
        over_since_yesterday(town)
    assert data["documents"] == "warned of" and all(len(one["warnings"]) == 3 for one in data["products"])
    [asked] = [one for one in data["products"] if one["jobs"]]
    year, number = next(iter(asked["jobs"].items()))
    for lang, words in (
        ("zh", ("信息披露", "试行", "产业发展", "数据异议")),
        ("en", ("on trial", "industry", "objections")),
    ):
        text = said[lang]
        assert all(word in text for word in (*words, asked["id"], f"{year}: {number}", "1.20", "Bureau/people/person"))
        assert ("未附个人信息保护影响评估" if lang == "zh" else "no risk assessment is attached") in text
        assert {"zh": "更正（办理中：1，成立：1）", "en": "correction (open: 1, upheld: 1)"}[lang] in text
        assert "&lt;i&gt;sly" in text and "<i>sly" not in text and "firm" not in text


def over_since_yesterday(town: Estate) -> None:
    """A grant whose term is over is not in force for who reads the disclosure, nor an agreement of the catalogue."""
    assert town.ok("GET", "/catalogue.jsonld", key="")["sbx:agreement"]
    with town.web.house.store.write() as tx:
        [grant] = tx.find(Grant)
        tx.change(grant, ends=now().date() - timedelta(days=1))
    with town.web.house.store.read() as tx:
        assert [one["status"] for one in disclosure(tx, test_instance=False)["grants"]] == ["expired"]
    assert not town.ok("GET", "/catalogue.jsonld", key="")["sbx:agreement"]
