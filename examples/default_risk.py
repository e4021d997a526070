"""A bank asks for the risk of default, a broker leaks its scores, and the regulator finds out whose they were.

    python examples/default_risk.py [--lang zh]

Starts an instance of its own with 30,000 real holders of credit cards in Taiwan (2005). A credit bureau holds them; an
operator has a model reviewed that predicts who will be late in September from April's bill, April's delay and age, and
trains it under differential privacy. Two users get copies of their own, read the model's card, predict 600 applicants
and are billed for it. One of them sells its scores, rounded and shuffled. Prints what everybody sees; exits with 1 when
the card does not say what the raw data say, a bill is wrong, or the leak is not traced.
"""

import argparse
import csv
import random
import sys
import time
from collections.abc import Sequence
from decimal import Decimal
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pandas as pd

from sandbox.cli.demo.running import Instance
from sandbox.client import Client

APPLICANTS = 600
SPEC: dict[str, Any] = {
    "rows": "SELECT card, late_april, bill_april, age, late_september FROM cards",
    "method": "logistic",
    "features": ["late_april", {"name": "bill_april", "bounds": ["-100", "500"]}, "age"],
    "target": "late_september",
    "positive": 1,
    "holdout": "0.25",
    "evaluation": "0.25",
    "use": {
        "zh": "小额信贷申请的违约风险评估，供人工复核参考",
        "en": "default risk of small loans, read beside a person's review",
    },
    "automated_decisions": True,
    "schedule": "P1Y",
    "epsilon": "2",
    "runs": 2,
    "epsilon_per_year": "4",
    "revise": 1,
}
COLUMNS = {
    "card": ("integer", "identifier", None),
    "late_september": ("integer", "sensitive", [0, 1]),
    "late_april": ("integer", "sensitive", [0, 1]),
    "bill_april": ("decimal(9,3)", "sensitive", [-200, 1000]),
    "age": ("integer", "quasi_identifier", [18, 100]),
}
REGISTRATION = {
    "name": "cards",
    "title": {"zh": "信用卡还款记录", "en": "Repayment of credit cards"},
    "holder": "Credit Bureau",
    "domain": "finance",
    "grade": "general",
    "personal_information": True,
    "legal_basis": {"type": "statutory_duty", "instrument": "Credit Reporting Act §14", "purpose": "credit reporting"},
    "update_frequency": "P1Y",
    "unit": {"name": "cardholder", "column": "cards.card"},
    "tables": [
        {
            "name": "cards",
            "unit": "card",
            "max_rows_per_unit": 1,
            "columns": [
                {"name": name, "type": type, "role": role, **({"bounds": bounds} if bounds else {})}
                for name, (type, role, bounds) in COLUMNS.items()
            ],
        }
    ],
    "privacy": {"epsilon": "20", "delta": "1e-6", "per_user": {"epsilon": "8", "delta": "1e-7"}, "renew": "P1Y"},
}
Row = dict[str, Any]


def cards() -> list[Row]:
    """The published table, as it ships with causaldata: bills are in thousands of dollars."""
    spec = find_spec("causaldata")
    assert spec is not None and spec.origin is not None
    table = pd.read_stata(Path(spec.origin).parent / "credit_cards" / "credit_cards.dta")
    return [
        {
            "card": number,
            "late_september": int(late),
            "late_april": int(before),
            "bill_april": round(float(bill), 3),
            "age": int(age),
        }
        for number, (late, before, bill, age) in enumerate(
            zip(table["LateSept"], table["LateApril"], table["BillApril"], table["AGE"], strict=True)
        )
    ]


def write(rows: Sequence[Row], target: Path) -> Path:
    """Write rows as CSV."""
    with target.open("w", encoding="utf-8", newline="") as out:
        writer = csv.DictWriter(out, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return target


def auc(scores: Sequence[float], late: Sequence[int]) -> float:
    """Of pairs of one who was late and one who was not, the share in which the first scores higher."""
    ranked = sorted(zip(scores, late, strict=True))
    below = pairs = 0.0
    for _, was_late in ranked:
        pairs += below if was_late else 0
        below += not was_late
    return pairs / (below * (len(ranked) - below))


def offer(authority: Client, table: Path, review: Path) -> tuple[str, str, Client]:
    """Register, authorise, package, assess, review, price; give resource, model and operator."""
    resource = authority.register(REGISTRATION, {"cards": table})["id"]
    company = authority.create_party("City Data Ltd", ["operator"], "91110000MA0000001X")
    grant = authority.grant(
        operator=company["id"], mode="whole", resources=[resource], purposes=["industry"], starts="2026-01-01",
        ends="2035-12-31", conditions="none", security_contact="security@example.org",
    )  # fmt: skip
    operator = Client(authority.url, company["api_key"])
    model = operator.create_product(grant["id"], "Default risk 违约风险模型", [resource], "model", SPEC)["id"]
    operator.attach(model, "impact_assessment", "Impact of scores on applicants", review)
    operator.attach(model, "risk_assessment", "What the model could reveal", review)
    operator.change_product(model, "submit")
    authority.change_product(model, "approve")
    operator.price(model, "call", "0.80", trial=True)
    return resource, model, operator


def user(authority: Client, operator: Client, model: str, name: str, code: str) -> tuple[Client, str, str]:
    """Let a firm subscribe; give its client, subscription and party."""
    party = authority.create_party(name, ["user"], code)
    client = Client(authority.url, party["api_key"])
    subscription = client.subscribe(model, "industry", accept=True)["id"]
    operator.approve_subscription(subscription)
    return client, subscription, party["id"]


def trained(operator: Client, model: str) -> None:
    """Wait until the schedule has trained the model."""
    end = time.monotonic() + 300
    while not any(run["status"] == "done" for run in operator.runs(model)):
        if time.monotonic() > end:
            raise SystemExit("the schedule did not train the model")
        time.sleep(0.2)


def tell(lines: Sequence[str]) -> None:
    for line in lines:
        print(line)


def main(language: str) -> int:
    """Tell the story; give 1 when it does not come out as told."""
    rows = cards()
    applicants = random.Random(4).sample(rows, APPLICANTS)
    asked = [{name: row[name] for name in ("late_april", "bill_april", "age")} for row in applicants]
    with Instance() as instance, instance.client(instance.authority_key) as authority:
        paper = instance.folder / "assessment.txt"
        paper.write_text("Scores are read beside a person's review; who is refused may object.", encoding="utf-8")
        _, model, operator = offer(authority, write(rows, instance.folder / "cards.csv"), paper)
        bank, own, _ = user(authority, operator, model, "River Bank", "91110000MA0000002X")
        broker, other, broker_id = user(authority, operator, model, "Quick Loans", "91110000MA0000003X")
        with operator, bank, broker:
            trained(operator, model)
            copy = bank.query(own)
            broker.query(other)
            card = bank.card(copy.job)
            tell(["", f"— {card['name']} —", *card["words"][language], ""])
            scores = [one["score"] for one in bank.predict(own, asked)["predictions"]]
            leaked = [one["score"] for one in broker.predict(other, asked)["predictions"]]
            truth = auc(scores, [row["late_september"] for row in applicants])
            said = next(one for one in card["quality"] if one["item"] == "auc")
            apart = max(abs(a - b) for a, b in zip(scores, leaked, strict=True))
            print(f"{APPLICANTS} applicants: AUC {truth:.3f} on what really happened, the card says {said['value']}")
            print(f"The two copies differ by at most {apart:.4f} in a score.")
            [bill] = bank.statements()
            print(f"River Bank owes {bill['total']} yuan: its copy and one call.")
            leak = [{**row, "risk": f"{score:.3f}"} for row, score in zip(asked, leaked, strict=True)]
            random.Random(5).shuffle(leak)
            found = traced(instance, authority, write(leak, instance.folder / "leak.csv"))
    for finding in found["findings"]:
        name = "Quick Loans" if finding["party"] == broker_id else finding["party"]
        print(
            f"Leak of {len(leak)} scores: {found['verdict']}, {name}, probability at most 10^{finding['log10_p']:.0f}."
        )
    print(found["statement"][language])
    width = float(said["error_95"])
    wrong = []
    if abs(truth - float(said["value"])) > 2 * width + 0.12:  # 600 applicants are a sample, too: 4 σ
        wrong.append(f"the card says AUC {said['value']} ± {width}, the applicants say {truth:.3f}")
    if Decimal(bill["total"]) != Decimal("1.60"):
        wrong.append(f"the bill is {bill['total']}")
    if [finding["party"] for finding in found["findings"]] != [broker_id]:
        wrong.append("the leak was not traced to whom it came from")
    tell([f"WRONG: {one}" for one in wrong])
    return bool(wrong)


def traced(instance: Instance, authority: Client, leak: Path) -> dict[str, Any]:
    """Let a regulator trace a file."""
    made = authority.create_party("Financial Supervision", ["regulator"])
    with instance.client(None) as nobody:
        key = nobody.enrol(made["enrolment_token"])["api_key"]
    with instance.client(key) as regulator:
        return regulator.trace(leak)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--lang", choices=("en", "zh"), default="en")
    sys.exit(main(parser.parse_args().lang))
