"""A bank checks small firms before it lends: with their consent, one word at a time, and with proof of each word.

    python examples/credit_check.py

Starts an instance of its own and plays everybody: the bureau that holds the register, the operator, the bank, a firm,
the regulator. Firms are invented; their credit codes (统一社会信用代码) have right check digits. Exits with
1 when anything is not as docs/credit-check.md says.
"""

from __future__ import annotations

import csv
import hashlib
import random
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from stdnum.cn import uscc

from sandbox.cli.demo.running import Instance
from sandbox.client import Client
from sandbox.client.verify import Verified
from sandbox.errors import Problem

LETTERS = "0123456789ABCDEFGHJKLMNPQRTUWXY"
FIRMS = 2000
CHANCE = random.Random(20)
FORM = hashlib.sha256("授权书：同意银行核验本企业登记、纳税与社保信息".encode()).hexdigest()
BANDS = ["below 1 million", "1-5 million", "5-20 million", "20 million and more"]
REGISTER = {
    "name": "firms",
    "title": {"zh": "中小微企业登记、纳税与社保信息", "en": "Small firms: registration, tax, social security"},
    "holder": "Market Supervision Bureau",
    "domain": "finance",
    "grade": "general",
    "personal_information": False,
    "legal_basis": {"type": "statutory_duty", "instrument": "Company Registration", "purpose": "registration"},
    "update_frequency": "P1M",
    "unit": {"name": "firm", "column": "firms.code"},
    "tables": [
        {
            "name": "firms",
            "unit": "code",
            "max_rows_per_unit": 1,
            "columns": [
                {"name": "code", "type": "string", "role": "identifier"},
                {
                    "name": "status",
                    "type": "string",
                    "role": "public",
                    "domain": ["active", "deregistered", "abnormal"],
                },
                {"name": "tax_grade", "type": "string", "role": "trade_secret", "domain": ["A", "B", "M", "C", "D"]},
                {"name": "invoiced", "type": "decimal(14,2)", "role": "trade_secret", "bounds": [0, 1_000_000_000]},
                {"name": "insured", "type": "integer", "role": "trade_secret", "bounds": [0, 100_000]},
            ],
        }
    ],
    "privacy": {"epsilon": "8", "delta": "1e-6", "per_user": {"epsilon": "2", "delta": "1e-7"}},
}
SPEC = {
    "subject": {"table": "firms", "column": "code", "kind": "cn_uscc"},
    "claims": [
        {"name": "in_business", "kind": "membership", "column": "status", "values": ["active"]},
        {"name": "tax_in_order", "kind": "membership", "column": "tax_grade", "values": ["A", "B", "M"]},
        {"name": "turnover", "kind": "band", "column": "invoiced", "cuts": [1_000_000, 5_000_000, 20_000_000],
         "bands": BANDS},
        {"name": "staff", "kind": "band", "column": "insured", "cuts": [1, 10, 50],
         "bands": ["none", "1-9", "10-49", "50 and more"]},
    ],
    "bases": ["consent"],
    "limits": {"subject_per_month": 20, "user_per_day": 500, "product_per_day": 5000},
}  # fmt: skip


def code(number: int) -> str:
    """A firm's credit code, invented; `number` counts up in its organisation's code."""
    body = ""
    for _ in range(8):
        number, digit = divmod(number, 31)
        body = LETTERS[digit] + body
    head = f"91330100{body}0"
    return head + uscc.calc_check_digit(head)


def firms(folder: Path) -> tuple[Path, list[dict[str, str]]]:
    """Write the register; a tenth of the firms have not filed yet, and hold nothing in `invoiced`."""
    rows = []
    for number in range(FIRMS):
        invoiced = f"{CHANCE.lognormvariate(14.5, 1.4):.2f}" if number % 10 else ""
        status = CHANCE.choices(["active", "deregistered", "abnormal"], [90, 7, 3])[0]
        grade = CHANCE.choices(["A", "B", "M", "C", "D"], [20, 45, 20, 10, 5])[0]
        rows.append(
            {
                "code": code(100_000 + 997 * number),
                "status": status,
                "tax_grade": grade,
                "invoiced": invoiced,
                "insured": str(CHANCE.randrange(60)),
            }
        )
    file = folder / "firms.csv"
    with file.open("w", newline="") as out:
        writer = csv.DictWriter(out, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return file, rows


class Story:
    """Everybody, and what they hold."""

    def __init__(self, instance: Instance) -> None:
        self.instance, self.clients = instance, {"authority": instance.client(instance.authority_key)}
        self.ids: dict[str, str] = {}
        self.file, self.rows = firms(instance.folder)

    def join(self, name: str, role: str, credit_code: str | None = None) -> Client:
        """Make a party and give its client."""
        made = self.clients["authority"].create_party(name, [role], credit_code)
        key = made["api_key"]
        if key is None:
            with self.instance.client(None) as nobody:
                key = nobody.enrol(made["enrolment_token"])["api_key"]
        self.ids[name], self.clients[name] = made["id"], self.instance.client(key)
        return self.clients[name]

    def publish(self) -> str:
        """The bureau registers, the operator packages claims, the authority reviews them, the bank subscribes."""
        authority = self.clients["authority"]
        resource = authority.register(REGISTER, {"firms": self.file})["id"]
        operator, bank = self.join("City Credit Data", "operator"), self.join("Harbour Bank", "user")
        grant = authority.grant(
            operator=self.ids["City Credit Data"], mode="scenario", scenario="small-business finance",
            resources=[resource], purposes=["industry"], starts="2026-01-01", ends="2030-12-31", conditions="none",
            security_contact="security@example.org",
        )["id"]  # fmt: skip
        product = operator.create_product(grant, "Credit check of small firms", [resource], "verification", SPEC)["id"]
        operator.attach(product, "impact_assessment", "Impact assessment", FORM)
        operator.change_product(product, "submit")
        authority.change_product(product, "approve")
        operator.price(product, "call", "0.30", trial=True)
        self.ids["product"] = product
        made = bank.subscribe(product, "industry", accept=True, scenario="small-business finance")
        return str(operator.approve_subscription(made["id"])["id"])


def say(line: str) -> None:
    """Tell."""
    print(line, flush=True)


def must(held: bool, what: str) -> None:
    """Stop the story where it is not as the page says."""
    if not held:
        sys.exit(f"Not so: {what}")


def refused(client: Client, *asked: Any, **more: Any) -> Problem:
    """The refusal of a claim, which must be one."""
    try:
        said = client.verify(*asked, **more)
    except Problem as problem:
        return problem
    sys.exit(f"Not so: it is refused, but the answer was {said.answer}")


def shape(said: Verified) -> tuple[object, ...]:
    """What of an answer anybody could compare."""
    return said.answer, said.fee, len(said.receipt) // 100, len(said.salt)


def with_consent(story: Story, bank: Client, subscription: str) -> Verified:
    """1: the firm asks for credit and signs; the bank asks four claims."""
    firm = story.rows[1]
    nothing = bank.verify(subscription, firm["code"], "in_business")
    must(nothing.answer == "not_available", "without consent nothing is told")
    person = {"kind": "cn_uscc", "number": firm["code"]}
    soon = (datetime.now(UTC) + timedelta(days=90)).isoformat()
    given = bank.give_consent(person, "industry", soon, form=FORM, identity_proof="seal and legal representative")
    answers = {claim: bank.verify(subscription, firm["code"], claim, consent=given["id"]) for claim in claims()}
    band = BANDS[sum(float(firm["invoiced"]) >= cut for cut in (1_000_000, 5_000_000, 20_000_000))]
    must(answers["turnover"].answer == band, "a band is the band")
    must(answers["in_business"].answer == str(firm["status"] == "active").lower(), "a claim is true or false")
    say(f"1  {firm['code']} signed. The bank learns: " + ", ".join(f"{c} {a.answer}" for c, a in answers.items()) + ".")
    story.ids["consent"] = given["id"]
    return answers["turnover"]


def claims() -> list[str]:
    """The names of the claims, as the product lists them."""
    return [str(one["name"]) for one in SPEC["claims"]]  # type: ignore[index]


def proven(story: Story, said: Verified) -> None:
    """2: a receipt convinces whoever has the log's key, and no other."""
    proof = said.verify(story.instance.log_key.read_text())
    must(proof["answer"] == said.answer, "the receipt proves the answer")
    lie = Verified(**vars(said) | {"subject": story.rows[2]["code"]})
    try:
        lie.verify(story.instance.log_key.read_text())
    except Problem:
        say("2  Its receipt proves to an auditor, offline, what was asked about whom and answered – and nothing else.")
        return
    sys.exit("Not so: a receipt is about one subject")


def seen_and_withdrawn(story: Story, bank: Client, subscription: str) -> None:
    """3: the firm sees who asked, and takes its consent back."""
    number = story.rows[1]["code"]
    firm = story.join("Firm", "subject")
    person = {"kind": "cn_uscc", "number": number}
    story.clients["authority"].identify(story.ids["Firm"], person, "business licence shown")
    lines = firm.inquiries()
    must(len(lines) == 5 and {line["recipient_name"] for line in lines} == {"Harbour Bank"}, "the firm sees who asked")
    firm.withdraw_consent(story.ids["consent"])
    problem = refused(bank, subscription, number, "turnover")
    must(problem.code == "consent_missing" and "withdrawn" in problem.detail, "the bank is told that its form is void")
    say(f"3  The firm reads that Harbour Bank asked {len(lines)} times, and withdraws: the next claim is refused.")


def alike(story: Story, bank: Client, subscription: str) -> None:
    """4: a firm that is not in the register, one that did not file, and one that did not consent look the same."""
    unknown, silent = code(7), story.rows[10]["code"]
    soon = (datetime.now(UTC) + timedelta(days=90)).isoformat()
    for number in (unknown, silent):
        person = {"kind": "cn_uscc", "number": number}
        bank.give_consent(person, "industry", soon, form=FORM, identity_proof="seal")
    others = [bank.verify(subscription, number, "turnover") for number in (unknown, silent, story.rows[5]["code"])]
    must({one.answer for one in others} == {"not_available"}, "neither is told")
    must(len({shape(one)[1:2] for one in others}) == 1, "all cost the same")
    say("4  Not registered, not filed, not consented: three times not_available, for the same fee, in the same form.")


def enumerated(story: Story, bank: Client, subscription: str) -> None:
    """5: who walks through numbers is stopped, and reported."""
    stopped, number = None, 500_000
    while stopped is None and number < 500_030:
        try:
            bank.verify(subscription, code(number), "in_business")
        except Problem as problem:
            stopped = problem
        number += 1
    must(stopped is not None and stopped.code == "rate_limited", "a walk is stopped")
    regulator = story.join("Financial Regulator", "regulator")
    until = time.monotonic() + 120
    while not (found := regulator.alerts(kind="enumeration")) and time.monotonic() < until:
        time.sleep(0.5)
    must(len(found) == 1 and found[0]["about"] == story.ids["Harbour Bank"], "the regulator is told")
    say(f"5  A clerk types code after code: stopped after {number - 500_000} of them; the regulator has an alert.")


def billed(story: Story, bank: Client) -> None:
    """6: what it cost, by the public price list: each claim that was answered, and nothing for refusals."""
    usage = bank.usage()
    asked = bank.verifications()
    must(sorted(event["job"] for event in usage) == sorted(one["id"] for one in asked), "each claim is billed once")
    must({event["fee"] for event in usage} == {"0.30"}, "at one price")
    doctor = story.instance.command("doctor")
    must("WRONG" not in doctor, "the books agree")
    say(f"6  {len(usage)} claims, 0.30 yuan each, one usage event and one leaf of the log each; refusals cost nothing.")


def main() -> None:
    """Tell the story."""
    with Instance() as instance:
        story = Story(instance)
        subscription = story.publish()
        bank = story.clients["Harbour Bank"]
        say(f"{FIRMS:,} invented firms are registered; four claims about them are reviewed, approved and priced.")
        said = with_consent(story, bank, subscription)
        proven(story, said)
        seen_and_withdrawn(story, bank, subscription)
        alike(story, bank, subscription)
        enumerated(story, bank, subscription)
        billed(story, bank)
        for client in story.clients.values():
            client.close()
        say("The record never left: only words did, and each of them can be proved.")


if __name__ == "__main__":
    main()
