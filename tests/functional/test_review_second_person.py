"""What reviewers' pages say of a decision that waits for a second person: who asked, to whom, and how long."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from programs import needs_isolation
from workspace_site import Site, site

from sandbox.core.clock import now
from sandbox.identity.records import Seconding

pytestmark = needs_isolation
FORM = {"verdict": "admitted", "reason": "fine"}


@pytest.fixture(scope="module")
def doors(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with site(tmp_path_factory.mktemp("second") / "home") as made:
        made.ok("POST", "/two-persons", {"actions": ["admission.decide"]})
        yield made


@pytest.fixture(autouse=True)
def nobody_signed_in(doors: Site) -> Iterator[None]:
    yield
    with doors.web.client.session_transaction() as session:
        session.clear()


def sent(doors: Site, path: str) -> None:
    """Send the form as who signed in."""
    token = re.search(r'name="csrf_token" value="([^"]+)"', doors.page(path, None).text)
    assert token is not None
    assert doors.page(path, None, FORM | {"csrf_token": token[1]}).status_code == 303


def test_people_are_named_to_their_own_party_alone(doors: Site) -> None:
    path = f"/reviews/admissions/{doors.bring()}"
    doors.sign_in("operator", "Wang")
    sent(doors, path)
    mine = doors.page(path, None).text
    assert "You asked first" in mine and "Wang, operator asked first" not in mine
    doors.sign_in("operator", "Li")
    assert "Wang, operator asked first" in doors.page(path, None).text
    shown = doors.page(path, doors.web.authority).text
    assert "operator asked first" in shown and "Wang" not in shown
    sent(doors, path)  # Li is another person than Wang
    assert "admitted" in doors.page(path, None).text and "asked first" not in doors.page(path, None).text


def test_what_is_decided_or_too_old_waits_for_nobody(doors: Site) -> None:
    admission = doors.bring()
    path = f"/reviews/admissions/{admission}"
    doors.page(path, "operator", FORM | {"reason": "long ago"})
    with doors.house.store.write() as tx:
        [old] = [one for one in tx.find(Seconding, status="waiting") if admission in one.path]
        tx.change(old, until=now() - timedelta(days=1))
    for reason in ("fine", "another"):
        doors.page(path, "operator", FORM | {"reason": reason})
    assert doors.page(path, doors.web.authority).text.count("asked first") == 2
    doors.page(path, doors.web.authority, FORM)
    shown = doors.page(path, doors.web.authority).text
    assert "admitted – fine" in shown and "asked first" not in shown, "what was asked for another reason waits no more"
