"""People sign in with a real OIDC provider, over real sockets; sessions end; other sites send nothing in their name."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from oidc_provider_mock import run_server_in_thread
from webhouse import make_house
from werkzeug.serving import make_server

from sandbox.core.clock import now
from sandbox.identity.parties import bootstrap
from sandbox.identity.records import Person, Session
from sandbox.jobs.house import House
from sandbox.stores.sql import SqlStore
from sandbox.transparency.records import LogEntry
from sandbox.web.app import create_app

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:authlib")


class Site:
    """The service at a real address, with the provider beside it."""

    def __init__(self, house: House, url: str, key: str, party: str) -> None:
        self.house, self.url, self.key, self.party = house, url, key, party

    def api(
        self, method: str, path: str, body: object = None, client: httpx.Client | None = None, **more: str
    ) -> httpx.Response:
        headers = dict(more) if client else {"Authorization": f"Bearer {self.key}"}
        return (client or httpx).request(method, f"{self.url}/api/v1{path}", json=body, headers=headers)  # type: ignore[union-attr]

    def invited(self, name: str = "Li Lei", **more: object) -> dict[str, str]:
        made = self.api("POST", f"/parties/{self.party}/people", {"name": name, **more})
        assert made.status_code == 201, made.text
        return dict(made.json())


@pytest.fixture(scope="module")
def site(module_store: SqlStore, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder: Path = tmp_path_factory.mktemp("sign-in")
    with run_server_in_thread() as provider:
        server = make_server("127.0.0.1", 0, lambda environ, start: app(environ, start), threaded=True)
        url = f"http://127.0.0.1:{server.server_port}"
        house = make_house(
            module_store, folder / "home", public_url=url, oidc_issuer=f"http://localhost:{provider.server_port}",
            oidc_client="sandbox",
        )  # fmt: skip
        object.__setattr__(house, "oidc_secret", "client-secret")
        app = create_app(house)
        with module_store.write() as tx:
            party, key = bootstrap(tx, house.journal)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield Site(house, url, key, party.id)
        server.shutdown()


def browser() -> httpx.Client:
    return httpx.Client(follow_redirects=False)


def signed_in(site: Site, subject: str, client: httpx.Client, invitation: str | None = None) -> httpx.Response:
    """Go through the provider as a browser does; give the answer of the callback."""
    at_provider = client.get(f"{site.url}/sign-in", params={"invitation": invitation} if invitation else None)
    assert at_provider.status_code == 302, at_provider.text
    asked = parse_qs(urlsplit(at_provider.headers["Location"]).query)
    assert asked["code_challenge_method"] == ["S256"] and asked["state"] and asked["nonce"]
    back = client.post(at_provider.headers["Location"], data={"sub": subject})
    assert back.status_code == 302, back.text
    return client.get(back.headers["Location"])


def test_an_invited_person_signs_in_and_acts_for_the_party(site: Site) -> None:
    client = browser()
    invitation = site.invited()["invitation"]
    done = signed_in(site, "lilei", client, invitation)
    assert (done.status_code, done.headers["Location"]) == (302, "/")
    cookie = done.headers["Set-Cookie"]
    assert "HttpOnly" in cookie and "SameSite=Lax" in cookie
    me = site.api("GET", "/session", client=client).json()
    assert me["party"] == site.party and "authoriser" in me["roles"]
    body = {"name": "Acme", "roles": ["user"]}
    for wrong in ({}, {"X-CSRF-Token": "x"}, {"X-CSRF-Token": me["csrf_token"][:-1]}):
        refused = site.api("POST", "/parties", body, client, **wrong)
        assert (refused.status_code, refused.json()["code"]) == (403, "csrf_invalid")
    assert site.api("POST", "/parties", body, client, **{"X-CSRF-Token": me["csrf_token"]}).status_code == 201
    # who signed in reads its papers; nobody else is shown the way
    assert 'href="/papers' in client.get(f"{site.url}/").text
    assert "致两部门的函" in client.get(f"{site.url}/papers?lang=zh").text
    # the invitation worked once
    other = browser()
    assert 'href="/papers' not in other.get(f"{site.url}/").text
    assert other.get(f"{site.url}/papers").json()["code"] == "key_missing"
    assert signed_in(site, "hanmeimei", other, invitation).json()["code"] == "key_invalid"
    assert site.api("GET", "/session", client=other).json()["code"] == "key_missing"
    # the next time no invitation is needed
    again = browser()
    assert signed_in(site, "lilei", again).status_code == 302
    assert site.api("GET", "/session", client=again).json()["id"] == me["id"]
    # signing out ends this session and no other
    token = {"X-CSRF-Token": site.api("GET", "/session", client=again).json()["csrf_token"]}
    assert site.api("DELETE", "/session", client=again, **token).status_code == 200
    assert site.api("GET", "/session", client=again).status_code == 401
    assert site.api("GET", "/session", client=client).status_code == 200
    # the person ends: every session does
    assert site.api("DELETE", f"/people/{me['id']}").json()["status"] == "ended"
    assert site.api("GET", "/session", client=client).json()["code"] == "key_invalid"
    assert signed_in(site, "lilei", browser()).json()["code"] == "key_invalid"


def test_a_browser_gets_by_a_link_what_no_other_site_makes_it_ask_for(site: Site) -> None:
    """Pages such as a model's card are made for who asks, and count as delivered."""
    client = browser()
    signed_in(site, "zhou", client, site.invited("Zhou")["invitation"])
    for asked in ({}, {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}):
        assert site.api("GET", "/jobs/job_none/card", client=client, **asked).json()["code"] == "csrf_invalid"
    for asked in ({"Sec-Fetch-Site": "same-origin"}, {"Sec-Fetch-Site": "none"}):
        assert site.api("GET", "/jobs/job_none/card", client=client, **asked).json()["code"] == "role_not_allowed"
        refused = site.api("POST", "/parties", {"name": "Acme", "roles": ["user"]}, client, **asked)
        assert refused.json()["code"] == "csrf_invalid"


def test_a_stolen_or_forged_cookie_and_a_made_up_callback_open_nothing(site: Site) -> None:
    client = browser()
    signed_in(site, "wang", client, site.invited("Wang")["invitation"])
    value = client.cookies["sandbox"]
    forged = httpx.Client(cookies={"sandbox": value[:-2] + ("AA" if value[-2:] != "AA" else "BB")})
    assert site.api("GET", "/session", client=forged).json()["code"] == "key_missing"
    for query in ("", "?code=x&state=y", "?error=access_denied"):
        answer = browser().get(f"{site.url}/sign-in/callback{query}")
        assert (answer.status_code, answer.json()["code"]) == (401, "key_invalid"), query
    begun = browser()
    location = begun.get(f"{site.url}/sign-in").headers["Location"]
    code = begun.post(location, data={"sub": "wang"}).headers["Location"]
    assert browser().get(code).json()["code"] == "key_invalid"  # another browser's state
    assert site.api("GET", "/session", client=begun).json()["code"] == "key_missing"


def test_sessions_end_by_age_and_by_silence(site: Site) -> None:
    client = browser()
    signed_in(site, "zhao", client, site.invited("Zhao")["invitation"])
    person = site.api("GET", "/session", client=client).json()["id"]

    def aged(**changed: object) -> int:
        with site.house.store.write() as tx:
            [session] = tx.find(Session, person=person)
            before = {name: getattr(session, name) for name in changed}
            old = tx.change(session, **changed)
        status = site.api("GET", "/session", client=client).status_code
        with site.house.store.write() as tx:
            tx.change(old, **before)
        return status

    assert aged(expires_at=now() - timedelta(seconds=1)) == 401
    assert aged(seen_at=now() - timedelta(minutes=31)) == 401
    assert aged(expires_at=now() + timedelta(seconds=30)) == 200
    with site.house.store.write() as tx:
        [session] = tx.find(Session, person=person)
        tx.change(session, seen_at=now() - timedelta(minutes=20))
    assert site.api("GET", "/session", client=client).status_code == 200
    with site.house.store.read() as tx:
        assert now() - tx.find(Session, person=person)[0].seen_at < timedelta(minutes=1)


def test_scopes_hold_and_names_stay_out_of_the_log(site: Site) -> None:
    client = browser()
    signed_in(site, "sun", client, site.invited("Sun Wukong", scopes=["read"])["invitation"])
    me = site.api("GET", "/session", client=client).json()
    refused = site.api(
        "POST", "/parties", {"name": "x", "roles": ["user"]}, client, **{"X-CSRF-Token": me["csrf_token"]}
    )
    assert refused.json()["code"] == "scope_not_allowed"
    with site.house.store.read() as tx:
        leaves = b"".join(entry.leaf for entry in tx.find(LogEntry))
        kinds = {entry.kind for entry in tx.find(LogEntry)}
        stored = str(tx.find(Person) + tx.find(Session))
    assert {"person.invited", "person.enrolled", "person.signed_in", "person.ended"} <= kinds
    assert b"Wukong" not in leaves and me["id"].encode() not in leaves
    assert not re.search(r"invite_", stored)


def test_people_have_the_scopes_of_keys(site: Site) -> None:
    """A reviewer's scope reaches what is reviewed, and nothing that lists parties or makes keys."""
    client = browser()
    signed_in(site, "pig", client, site.invited("Zhu Bajie", scopes=["review"])["invitation"])
    assert site.api("GET", "/policies", client=client).status_code == 200
    assert site.api("GET", "/parties", client=client).json()["code"] == "scope_not_allowed"
    unknown = site.api("POST", f"/parties/{site.party}/people", {"name": "x", "scopes": ["everything"]}).json()
    assert unknown["code"] == "field_invalid" and "review" in unknown["detail"]


def test_two_people_of_one_party_are_two_persons(site: Site) -> None:
    clients = []
    for name in ("first", "second"):
        client = browser()
        signed_in(site, name, client, site.invited(name)["invitation"])
        token = site.api("GET", "/session", client=client).json()["csrf_token"]
        clients.append((client, {"X-CSRF-Token": token}))
    (one, one_token), (two, two_token) = clients
    stop = site.api("POST", "/emergency", {"scope": "everything", "reason": "drill"}, one, **one_token).json()["id"]
    lift = f"/emergency/{stop}/lift"
    assert site.api("POST", lift, {}, one, **one_token).json()["status"] == "in_force"
    assert site.api("POST", lift, {}, one, **one_token).json()["code"] == "two_person_required"
    assert site.api("POST", lift, {}).json()["code"] == "two_person_required"  # a key may be held by the very same
    assert site.api("POST", lift, {}, two, **two_token).json()["status"] == "lifted"


def test_without_a_provider_nobody_signs_in_and_a_dead_one_is_told(site: Site, tmp_path: Path) -> None:
    store = SqlStore(f"sqlite:///{tmp_path / 'control.db'}")
    store.create()
    plain = create_app(make_house(store, tmp_path / "home")).test_client()
    assert plain.get("/sign-in").status_code == 404
    settings = {"public_url": "https://x.test", "oidc_issuer": "http://127.0.0.1:9", "oidc_client": "c"}
    second = SqlStore(f"sqlite:///{tmp_path / 'second.db'}")
    second.create()
    app = create_app(make_house(second, tmp_path / "home2", **settings))
    assert app.test_client().get("/sign-in").json["code"] == "not_ready"
    assert app.config["SESSION_COOKIE_SECURE"] and app.config["SESSION_COOKIE_NAME"] == "__Host-sandbox"
    store.close()
    second.close()


def test_pages_say_who_is_signed_in_and_sign_out_by_a_form_only(site: Site) -> None:
    with browser() as client:
        assert 'href="/sign-in"' in client.get(f"{site.url}/").text
        invitation = site.api("POST", "/parties/me/people", {"name": "Han Meimei"}).json()["invitation"]
        assert signed_in(site, "meimei", client, invitation).status_code == 302
        home = client.get(f"{site.url}/", params={"lang": "en"}).text
        assert "Han Meimei, " in home and 'href="/sign-in"' not in home
        assert client.post(f"{site.url}/sign-out").status_code == 403  # another site knows no token
        assert client.get(f"{site.url}/papers").status_code == 200
        token = re.search(r'name="csrf_token" value="([^"]+)"', home)
        assert token is not None
        assert client.post(f"{site.url}/sign-out", data={"csrf_token": token[1]}).status_code == 302
        assert client.get(f"{site.url}/papers").status_code == 401
        assert "Han Meimei" not in client.get(f"{site.url}/").text
