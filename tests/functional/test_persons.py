"""I1–I3, I5, I6: what protects a person by law – over HTTP, on the command line, in the log; on both databases."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from shell import Shell, shell
from stdnum.cn import ric
from webhouse import Web, make_web

from sandbox.catalogue.records import Resource
from sandbox.core.clock import now, rfc3339
from sandbox.errors import Problem
from sandbox.persons import inquiries
from sandbox.persons.consent import consented, standing
from sandbox.persons.pseudonym import Pseudonyms
from sandbox.persons.pseudonym import age as age_of
from sandbox.persons.records import Consent, Identification
from sandbox.persons.retention import KEPT, sweep
from sandbox.stores.sql import SqlStore
from sandbox.transparency.records import LogEntry, Opening
from sandbox.wire.persons import ConsentIn

FORM = "a" * 64


def number(born: date, place: str = "110105", serial: str = "002") -> str:
    head = f"{place}{born:%Y%m%d}{serial}"
    return head + ric.calc_check_digit(head + "0")


GROWN = number(date(1980, 5, 1))
CHILD = number(date(now().year - 10, 1, 15))
MOTHER = number(date(1985, 3, 3), serial="004")
SOON = rfc3339(now() + timedelta(days=300))


def person(of: str = GROWN) -> dict[str, str]:
    return {"kind": "cn_id", "number": of}


def body(**other: Any) -> dict[str, Any]:
    said = {"person": person(), "purpose": "industry", "expires_at": SOON, "form": FORM, "identity_proof": "counter"}
    return said | other


@pytest.fixture
def web(tmp_path: Path) -> Iterator[Web]:
    store = SqlStore(f"sqlite:///{tmp_path / 'control.db'}")
    store.create()
    yield opened(store, tmp_path)
    store.close()


@pytest.fixture
def anywhere(store: SqlStore, tmp_path: Path) -> Web:
    """The same, once on each database."""
    return opened(store, tmp_path)


def opened(store: SqlStore, folder: Path) -> Web:
    made = make_web(store, folder / "home")
    for name in ("user", "holder", "administration"):
        made.join(name)
    made.join("other", "user")
    for name in ("me", "mother"):
        made.join(name, "subject")
    with store.write() as tx:
        resource = Resource(
            "resource_1", "clinic", "Bureau", made.ids["administration"], "health", "general", "clinic", {}, None,
            "active", now(), holder_party=made.ids["holder"],
        )  # fmt: skip
        tx.add(resource)
    return made


@pytest.fixture
def cli(web: Web) -> Iterator[Shell]:
    with shell(web) as made:
        yield made


def ok(web: Web, method: str, path: str, said: object = None, key: str | None = None) -> Any:
    answer = web.call(method, path, said, key)
    assert answer.status_code < 300, answer.text
    return answer.json


def refused(web: Web, method: str, path: str, said: object, key: str | None, code: str) -> str:
    answer = web.call(method, path, said, key)
    assert answer.json["code"] == code, answer.text
    return str(answer.json["detail"])


def identified(web: Web, name: str, of: str) -> None:
    ok(web, "POST", "/subjects", {"party": web.ids[name], "person": person(of), "method": "seen"}, "administration")


def whole_database(web: Web) -> str:
    """Every row of every table, as text."""
    from sandbox.stores.tables import METADATA

    with web.house.store.engine.connect() as connection:  # type: ignore[attr-defined]
        return "".join(repr(row) for table in METADATA.sorted_tables for row in connection.execute(table.select()))


def leaves(web: Web) -> list[LogEntry]:
    with web.house.store.read() as tx:
        return tx.find(LogEntry, order=["at"])


def test_I1_a_user_hands_in_consent_with_evidence_and_the_person_withdraws_it(anywhere: Web, tmp_path: Path) -> None:
    """I1: separate, per purpose and recipient, with expiry; evidence; seen and withdrawn by the person, at once."""
    web = anywhere
    with shell(web) as cli:
        paper, who = tmp_path / "form.pdf", tmp_path / "person.json"
        paper.write_text("signed")
        who.write_text(json.dumps(person()))
        given = cli.ask(
            *("persons", "consent", str(who), "industry", "--expires", SOON, "--form", str(paper)),
            *("--identity-proof", "bank card"),
            key="user",
        )
        assert given["recipient"] == web.ids["user"] and given["status"] == "given" and "subject" not in given
        subject, user = web.house.pseudonyms.of("cn_id", GROWN), web.ids["user"]
        with web.house.store.read() as tx:
            assert consented(tx, subject, "industry", user, now()) is not None
            assert consented(tx, subject, "public_welfare", user, now()) is None  # another purpose
            assert consented(tx, subject, "industry", web.ids["other"], now()) is None  # another recipient
            assert consented(tx, subject, "industry", user, now(), sensitive=True) is None  # asked separately only
            assert consented(tx, subject, "industry", user, now() + timedelta(days=301)) is None  # expired
            assert standing(tx, subject, "industry", user, now() + timedelta(days=301)) == "expired"
            assert consented(tx, subject, "industry", user, now() - timedelta(days=1)) is None  # not given yet
        identified(web, "me", GROWN)
        assert [one["id"] for one in cli.ask("persons", "consents", key="me")] == [given["id"]]
        assert ok(web, "GET", "/consents", key="mother")["items"] == []
        refused(web, "DELETE", f"/consents/{given['id']}", None, "mother", "not_found")
        refused(web, "DELETE", f"/consents/{given['id']}", None, "other", "not_found")
        cli.run("persons", "withdraw", given["id"], key="me")
        with web.house.store.read() as tx:
            assert consented(tx, subject, "industry", user, now()) is None
            assert standing(tx, subject, "industry", user, now()) == "withdrawn"
            assert standing(tx, subject, "industry", web.ids["other"], now()) == "none"
        assert [row.kind for row in leaves(web)][-3:] == ["consent.given", "subject.identified", "consent.withdrawn"]
        refused(web, "DELETE", f"/consents/{given['id']}", None, "me", "state_conflict")


def test_I1_a_person_consents_itself_to_one_recipient(web: Web) -> None:
    identified(web, "me", GROWN)
    mine = body(recipient=web.ids["user"], form=None, identity_proof=None, product=None, sensitive=True)
    made = ok(web, "POST", "/consents", mine, "me")
    assert ok(web, "POST", "/consents", mine, "me")["id"] == made["id"]  # the same one
    subject = web.house.pseudonyms.of("cn_id", GROWN)
    with web.house.store.read() as tx:
        assert consented(tx, subject, "industry", web.ids["user"], now(), sensitive=True) is not None
        assert consented(tx, subject, "industry", web.ids["user"], now(), product="product_x") is not None
    assert [one["id"] for one in ok(web, "GET", "/consents", key="user")["items"]] == [made["id"]]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"form": None}, "field_invalid"),
        ({"identity_proof": None}, "field_invalid"),
        ({"form": "A" * 64}, "field_invalid"),
        ({"expires_at": "2020-01-01T00:00:00Z"}, "field_invalid"),
        ({"expires_at": "2099-01-01T00:00:00Z"}, "field_invalid"),
        ({"expires_at": "soon"}, "field_invalid"),
        ({"purpose": ["industry", "public_welfare"]}, "field_invalid"),
        ({"person": person("110105194912310022")}, "field_invalid"),
        ({"person": {"kind": "passport", "number": "E12345678"}}, "field_invalid"),
        ({"product": "product_none"}, "not_found"),
        ({"person": person(CHILD)}, "consent_missing"),
    ],
)
def test_I1_what_is_no_consent_is_refused_and_nothing_is_kept(web: Web, change: dict[str, Any], code: str) -> None:
    said = refused(web, "POST", "/consents", body(**change), "user", code)
    assert "1101" not in said and "E1234" not in said  # a refusal never repeats the number
    with web.house.store.read() as tx:
        assert tx.find(Consent) == []


def test_I1_a_user_hands_in_consent_to_itself_alone_and_nobody_for_a_person_it_is_not(web: Web) -> None:
    refused(web, "POST", "/consents", body(recipient=web.ids["other"]), "user", "field_invalid")
    refused(web, "POST", "/consents", body(recipient=web.ids["user"]), "me", "role_not_allowed")
    identified(web, "mother", MOTHER)
    refused(web, "POST", "/consents", body(recipient=web.ids["user"]), "mother", "role_not_allowed")


def test_I2_a_child_under_14_consents_through_its_guardian(web: Web, cli: Shell) -> None:
    """I2: the age is the identity number's; the guardian is an adult; what is known of a child is sensitive."""
    guardian = {"person": person(MOTHER), "relation": "mother", "form": "b" * 64}
    for wrong in (
        guardian | {"person": person(CHILD)},
        guardian | {"person": person(number(date(now().year - 16, 1, 1)))},
    ):
        refused(web, "POST", "/consents", body(person=person(CHILD), guardian=wrong), "user", "field_invalid")
    refused(web, "POST", "/consents", body(guardian=guardian), "user", "field_invalid")
    made = ok(web, "POST", "/consents", body(person=person(CHILD), guardian=guardian), "user")
    assert made["sensitive"] is True and made["guardian"] == {"relation": "mother", "form": "b" * 64}
    identified(web, "me", CHILD)
    own = body(person=person(CHILD), guardian=guardian, recipient=web.ids["user"], form=None, identity_proof=None)
    refused(web, "POST", "/consents", own, "me", "role_not_allowed")  # a child cannot do it for its mother
    identified(web, "mother", MOTHER)
    direct = ok(web, "POST", "/consents", own | {"purpose": "public_welfare"}, "mother")
    subject = web.house.pseudonyms.of("cn_id", CHILD)
    with web.house.store.read() as tx:
        assert consented(tx, subject, "public_welfare", web.ids["user"], now(), sensitive=True) is not None
    cli.run("persons", "withdraw", made["id"], key="mother")
    cli.run("persons", "withdraw", direct["id"], key="mother")
    with web.house.store.read() as tx:
        assert consented(tx, subject, "public_welfare", web.ids["user"], now()) is None


@pytest.mark.parametrize(
    ("born", "day", "age"),
    [((2010, 6, 1), (2024, 5, 31), 13), ((2010, 6, 1), (2024, 6, 1), 14), ((2008, 2, 29), (2022, 2, 28), 13),
     ((2008, 2, 29), (2022, 3, 1), 14)],
)  # fmt: skip
def test_I2_fourteen_is_reached_on_the_birthday(born: Any, day: Any, age: int) -> None:
    found = Pseudonyms(b"k").read(person(number(date(*born)))).born
    assert found is not None and age_of(found, date(*day)) == age


def test_I3_the_person_sees_who_asked(web: Web, cli: Shell) -> None:
    """I3: who, when, by which product, for what, on which basis – the person alone."""
    subject = web.house.pseudonyms.of("cn_id", GROWN)
    with web.house.store.write() as tx:
        inquiries.asked(tx, subject, web.ids["user"], "product_1", "industry", "consent_1", now())
        inquiries.asked(tx, web.house.pseudonyms.of("cn_id", MOTHER), web.ids["user"], "p", "industry", "c", now())
    refused(web, "GET", "/subjects/me/inquiries", None, "me", "state_conflict")
    identified(web, "me", GROWN)
    [line] = cli.ask("persons", "inquiries", key="me")
    assert (line["recipient_name"], line["product"], line["basis"]) == ("user", "product_1", "consent_1")
    assert subject not in json.dumps(line)
    refused(web, "GET", "/subjects/me/inquiries", None, "user", "role_not_allowed")


def test_I3_an_objection_that_is_upheld_holds_at_once(anywhere: Web) -> None:
    """I3: objection, correction and the like are filed, due, answered by the holder, and take effect."""
    web = anywhere
    with shell(web) as cli:
        identified(web, "me", GROWN)
        ok(web, "POST", "/consents", body(), "user")
        subject, user = web.house.pseudonyms.of("cn_id", GROWN), web.ids["user"]
        made = cli.ask("persons", "demand", "objection", "resource_1", "my address is wrong and I object", key="me")
        assert made["status"] == "open" and made["due"] == (now() + timedelta(days=15)).date().isoformat()
        with web.house.store.read() as tx:
            assert consented(tx, subject, "industry", user, now(), resource="resource_1") is not None
        assert [one["text"] for one in cli.ask("persons", "demands", key="holder")] == [
            "my address is wrong and I object"
        ]
        assert ok(web, "GET", "/subjects/demands", key="other")["items"] == []
        wrong = {"upheld": True, "answer": "x"}
        assert "answer for" in refused(web, "POST", f"/subjects/demands/{made['id']}/answer", wrong, None, "not_found")
        cli.run("persons", "answer", made["id"], "you are right", "--uphold", key="holder")
        with web.house.store.read() as tx:
            assert consented(tx, subject, "industry", user, now(), resource="resource_1") is None
            assert consented(tx, subject, "industry", user, now(), resource="resource_2") is not None
            assert consented(tx, subject, "industry", user, now()) is not None  # of what it did not object to
        assert ok(web, "GET", "/disclosure", key="")["persons"] == {"objection": {"upheld": 1}}
        assert ok(web, "GET", "/subjects/demands", key="me")["items"][0]["answer"] == "you are right"
        refused(web, "POST", f"/subjects/demands/{made['id']}/answer", wrong, "holder", "state_conflict")
        assert "address" not in whole_database(web)
        assert [row.kind for row in leaves(web)][-2:] == ["person.demanded", "person.answered"]


def test_I6_no_number_is_stored_and_no_pseudonym_is_in_a_leaf(web: Web) -> None:
    """I6: the database holds neither a number nor anything it could be guessed from without the key."""
    identified(web, "me", GROWN)
    assert web.call("POST", "/consents", body(), "user", headers={"Idempotency-Key": "k"}).status_code == 201
    with pytest.raises(Problem):
        web.house.pseudonyms.read(person(GROWN[:-1] + "#"))
    text, subject = whole_database(web), web.house.pseudonyms.of("cn_id", GROWN)
    assert GROWN not in text
    assert text.count(subject) == 2  # the identity and the consent, nowhere else
    assert not any(subject.encode() in row.leaf or GROWN.encode() in row.leaf for row in leaves(web))
    assert Pseudonyms(b"another key").of("cn_id", GROWN) != subject
    sent = json.dumps(ConsentIn.model_validate(body()).model_dump(mode="json"), sort_keys=True)
    for guess in (sent, GROWN, f"cn_id\n{GROWN}"):  # what a digest of would let everybody try numbers
        assert hashlib.sha256(guess.encode()).hexdigest() not in text


def test_I6_what_ended_three_years_ago_is_forgotten_with_its_salts(anywhere: Web) -> None:
    """I6: rows and openings go, the leaves stay; what is younger stays whole."""
    web = anywhere
    identified(web, "me", GROWN)
    old = ok(web, "POST", "/consents", body(), "user")["id"]
    young = ok(web, "POST", "/consents", body(purpose="public_welfare"), "user")["id"]
    subject = web.house.pseudonyms.of("cn_id", GROWN)
    long_ago = now() - KEPT - timedelta(days=1)
    with web.house.store.write() as tx:
        held = tx.get(Consent, old)
        assert held is not None
        tx.change(held, withdrawn_at=long_ago, created_at=long_ago)
        inquiries.asked(tx, subject, web.ids["user"], "p", "industry", "c", long_ago)
        assert tx.find(Opening, entry=held.entry)
    before = len(leaves(web))
    with web.house.store.write() as tx:
        assert sweep(tx, web.house.journal, now()) == {"consents": 1, "inquiries": 1, "demands": 0, "claims": 0}
        assert [one.id for one in tx.find(Consent)] == [young]
        assert tx.find(Opening, entry=held.entry) == []
        kept = tx.get(Consent, young)
        assert kept is not None and tx.find(Opening, entry=kept.entry)
    assert len(leaves(web)) == before + 1 and leaves(web)[-1].kind == "persons.forgotten"
    with web.house.store.write() as tx:
        assert sweep(tx, web.house.journal, now()) == {"consents": 0, "inquiries": 0, "demands": 0, "claims": 0}


def test_I1_a_person_has_one_party_and_a_party_one_person(web: Web) -> None:
    identified(web, "me", GROWN)
    identified(web, "me", GROWN)
    said = {"party": web.ids["me"], "person": person(MOTHER), "method": "seen"}
    refused(web, "POST", "/subjects", said, "administration", "state_conflict")
    refused(web, "POST", "/subjects", said | {"party": web.ids["user"]}, "administration", "not_found")
    refused(web, "POST", "/subjects", said, "user", "role_not_allowed")
    identified(web, "mother", GROWN)  # a new account: the old one stands for nobody
    with web.house.store.read() as tx:
        [row] = tx.find(Identification, subject=web.house.pseudonyms.of("cn_id", GROWN), ended_at=None)
        assert row.party == web.ids["mother"]
