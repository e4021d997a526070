"""T3: the whole life of data stands in the published log – registration, grant, approval, job, release, delivery,
price, incident, staff access. Each act is done over the API, and what it leaves is read from the signed bundles."""

from __future__ import annotations

import ast
import base64
import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from estate import Estate, estate, table

import sandbox.web
from sandbox.engines.base import EngineFailed
from sandbox.transparency.tiles import ENTRIES, read_items, widths
from sandbox.transparency.verify import verify_log

SQL = "SELECT town, COUNT(*) AS n FROM people WHERE age > {} GROUP BY town"
WORDS = ("registration", "grant", "approval", "job", "release", "delivery", "price", "incident", "staff access")


class Life:
    """An instance, and the acts of its life in order."""

    def __init__(self, box: Estate) -> None:
        self.box, self._ages = box, iter(range(1, 90))

    def ask(self) -> str:
        return self.box.ask(SQL.format(next(self._ages)), epsilon="0.2")

    def publish(self) -> None:
        self.box.publish()
        self.box.web.join("regulator")

    def new_data(self) -> None:
        files = {"people": (io.BytesIO(table()), "people.csv", "text/csv")}
        with self.box.working():
            self.box.ok("PUT", f"/resources/{self.box.resource}/data", data=files)

    def grant(self, step: str, **body: Any) -> None:
        [grant] = self.box.ok("GET", "/grants")["items"]
        self.box.ok("POST", f"/grants/{grant['id']}/{step}", {"reason": "x"} | body)

    def answer(self) -> None:
        self.job = self.ask()
        self.box.finish()

    def deliver(self) -> None:
        assert self.box.web.call("GET", f"/jobs/{self.job}/result?format=csv", key="firm").status_code == 200

    def sign_for_it(self) -> None:
        key = Ed25519PrivateKey.generate()
        public = base64.b64encode(key.public_key().public_bytes_raw()).decode()
        self.box.ok("POST", "/signing-keys", {"public": public}, "firm")
        [delivered] = self.box.ok("GET", f"/jobs/{self.job}/deliveries", key="firm")["items"]
        signature = base64.b64encode(key.sign(f"sandbox delivery v1\n{delivered['leaf_hash']}\n".encode())).decode()
        self.box.ok("POST", f"/jobs/{self.job}/acknowledgement", {"signature": signature}, "firm")

    def void(self) -> None:
        self.ask()
        self.grant("suspend")
        self.box.finish()

    def refuse(self) -> None:
        subscription = self.box.subscriptions["firm"]
        asked = {"subscription": subscription, "sql": SQL.format(1), "epsilon": "0.2"}
        answer = self.box.web.call("POST", "/jobs", asked, "firm", headers={"Idempotency-Key": "refused"})
        assert answer.json["code"] == "grant_inactive"

    def fail(self) -> None:
        def broken(*_: object) -> None:
            raise EngineFailed

        self.ask()
        assert self.box.house.vault is not None
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(self.box.house.vault.engine, "run", broken)
            self.box.finish()

    def price(self) -> None:
        price = {"unit": "call", "price": "1.30", "trial": True}
        self.box.ok("POST", f"/products/{self.box.product}/price", price, "operator")

    def case(self) -> None:
        said = {"source": "complaint", "summary": "sold on", "party": self.box.web.ids["firm"]}
        self.opened = self.box.ok("POST", "/incidents", said, "regulator")["id"]

    def stop(self) -> None:
        said = {"scope": "product", "target": self.box.product, "reason": "look"}
        self.stopped = self.box.ok("POST", "/emergency", said, "regulator")["id"]

    def lift(self) -> None:
        for key in ("regulator", None):
            self.box.ok("POST", f"/emergency/{self.stopped}/lift", {}, key)

    def close(self) -> None:
        self.box.ok("POST", f"/incidents/{self.opened}/close", {"text": "no", "outcome": "unfounded"})

    def look(self) -> None:
        self.box.ok("GET", "/usage", key="regulator")


Act = Callable[[Life], None]
ACTS: dict[str, tuple[Act, tuple[tuple[str, str], ...]]] = {
    "data become a product": (
        Life.publish,
        (
            ("registration", "resource.registered"),
            ("grant", "grant.given"),
            ("approval", "product.submitted"),
            ("approval", "product.reviewed"),
            ("approval", "product.approved"),
            ("approval", "subscription.approved"),
            ("price", "price.set"),
        ),
    ),
    "new data": (Life.new_data, (("registration", "version.registered"),)),
    "an answer": (Life.answer, (("release", "job.released"), ("job", "job.released"))),
    "a download": (Life.deliver, (("delivery", "delivery.made"),)),
    "its receipt is signed for": (Life.sign_for_it, (("delivery", "delivery.acknowledged"),)),
    "other terms": (lambda life: life.grant("amend", volume=100), (("grant", "grant.amended"),)),
    "a job whose grant is suspended": (Life.void, (("grant", "grant.suspended"), ("job", "job.voided"))),
    "a question under no grant": (Life.refuse, (("job", "job.refused"),)),
    "the grant goes on": (lambda life: life.grant("resume"), (("grant", "grant.resumed"),)),
    "an engine that fails": (Life.fail, (("job", "job.failed"),)),
    "another price": (Life.price, (("price", "price.set"),)),
    "a case": (Life.case, (("incident", "incident.opened"),)),
    "an emergency": (Life.stop, (("incident", "emergency.raised"),)),
    "its end": (Life.lift, (("incident", "emergency.lift_requested"), ("incident", "emergency.lifted"))),
    "the case's end": (Life.close, (("incident", "incident.closed"),)),
    "a regulator looks": (Life.look, (("staff access", "staff.looked"),)),
}


def leaves(box: Estate) -> list[str]:
    """The kinds of the leaves that everybody can read, once the signed tree holds them."""
    box.finish()
    folder = box.house.log_folder
    size = verify_log(folder, box.house.log_public_key).size
    found = [leaf for number, width in widths(size, 0) for leaf in read_items(folder, ENTRIES, number, width)]
    return [str(json.loads(leaf)["kind"]) for leaf in found]


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, list[str]]]:
    """What each act left in the log."""
    with estate(tmp_path_factory.mktemp("life") / "home") as box:
        life, found, before = Life(box), {}, len(leaves(box))
        for name, (act, _) in ACTS.items():
            act(life)
            kinds = leaves(box)
            found[name], before = kinds[before:], len(kinds)
        yield found


@pytest.mark.parametrize(("act", "word", "kind"), [(act, *one) for act, (_, said) in ACTS.items() for one in said])
def test_T3_every_event_of_a_life_is_a_leaf(lived: dict[str, list[str]], act: str, word: str, kind: str) -> None:
    assert kind in lived[act], word


def test_T3_no_word_is_left_out() -> None:
    assert {word for _, said in ACTS.values() for word, _ in said} == set(WORDS)


ELSEWHERE = {
    "ask_batch, ask_claim, make_predictions, start_run, submit_job": "the walk of a job writes what became of it",
    "buy_profile, register_resource, replace_data": "the vault writes it when the upload or the job is done",
    "start_trace": "the vault announces it, and writes its end",
    "demand, give_feedback, object_to_resource": "one function of theirs has the journal",
    "estimate, test_policies, try_webhook": "nothing is changed",
    "hand_in_checkpoint": "it is the log's own words, kept beside it",
    "end_session": "whoever signed in, what was done and seen is logged",
}
"""Handlers that change something and do not hand the journal on themselves, and why."""


def test_T3_whatever_changes_something_has_the_journal() -> None:
    """A new endpoint that forgets its leaf is found here."""
    without = set()
    for file in (Path(sandbox.web.__file__).parent).rglob("*.py"):
        source = file.read_text("utf-8")
        for handler in (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.FunctionDef)):
            declared = [ast.unparse(one) for one in handler.decorator_list]
            changes = any(one.startswith("endpoint(blueprint, ") and "'GET'" not in one for one in declared)
            if changes and "journal" not in str(ast.get_source_segment(source, handler)):
                without.add(handler.name)
    assert without == {name for names in ELSEWHERE for name in names.split(", ")}
