"""Two firms take rows about nobody that behave like a census; one passes its rows on, and the regulator finds out whose
they were.

    python examples/synthetic_census.py [--lang zh]

Starts an instance of its own with 214,144 real men of the census of 1960. An archive holds them; an operator has a
synthetic table reviewed: year of birth, state, colour, veterans, home owners. Two firms take 10,000 rows each, read how
good they are, and look for what history did to those who were born too late for the wars. One of them passes half of
its rows on, shuffled, without the colours, days spelled in another way. Prints what everybody sees; exits with 1 when
the rows do not show what was counted, the report does not say what was not, a bill is wrong, or the leak is not traced.
"""

import argparse
import csv
import random
import sys
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from decimal import Decimal
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from sandbox.cli.demo.data import entry
from sandbox.cli.demo.running import Instance
from sandbox.client import Answer, Client

SIZE = 10_000
SPEC: dict[str, Any] = {
    "rows": "SELECT person_id, born, state, nonwhite, veteran, owner FROM persons",
    "columns": [{"name": "born", "bins": "year"}, "state", "nonwhite", "veteran", "owner"],
    "target": "owner",
    "marginals": [["born", "veteran"]],
    "check": [["state", "nonwhite"]],
    "size": SIZE,
    "epsilon": "1",
    "use": {"zh": "开发、测试与教学用数据", "en": "to develop, to test, to teach"},
}
Row = dict[str, Any]


def registration() -> dict[str, Any]:
    """The table of the demonstration, with the day of birth."""
    declared = entry("persons")
    [table] = declared["tables"]
    states = next(one["domain"] for one in table["columns"] if one["name"] == "bpl")
    yes = {"type": "integer", "domain": [0, 1]}
    table["columns"] = [
        {"name": "person_id", "type": "integer", "role": "identifier"},
        {"name": "born", "type": "date", "role": "quasi_identifier", "bounds": ["1919-01-01", "1939-12-31"]},
        {"name": "state", "type": "string", "role": "quasi_identifier", "domain": states},
        {"name": "nonwhite", "role": "sensitive", **yes},
        {"name": "veteran", "role": "personal", **yes},
        {"name": "owner", "role": "personal", **yes},
    ]
    return declared


def census() -> list[Row]:
    """The published table, as it ships with causaldata. It has the quarter of birth; its first day stands for it."""
    spec = find_spec("causaldata")
    assert spec is not None and spec.origin is not None
    with (Path(spec.origin).parent / "mortgages" / "fetter_mortgages.csv").open(encoding="utf-8", newline="") as source:
        return [
            {
                "person_id": number,
                "born": quarter(int(float(row["qob_minus_kw"]) + 54.5)).isoformat(),
                "state": row["bpl"],
                "nonwhite": row["nonwhite"],
                "veteran": row["vet_wwko"],
                "owner": row["home_ownership"],
            }
            for number, row in enumerate(csv.DictReader(source))
        ]


def quarter(number: int) -> date:
    """The first day of a quarter, counted from the first one of 1919."""
    return date(1919 + number // 4, number % 4 * 3 + 1, 1)


def write(rows: Sequence[Row], target: Path) -> Path:
    """Write rows as CSV."""
    with target.open("w", encoding="utf-8", newline="") as out:
        writer = csv.DictWriter(out, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return target


def offer(authority: Client, table: Path, paper: Path) -> tuple[str, Client]:
    """Register, authorise, package, assess, review, price; give the product and its operator."""
    resource = authority.register(registration(), {"persons": table})["id"]
    company = authority.create_party("City Data Ltd", ["operator"], "91110000MA0000001X")
    grant = authority.grant(
        operator=company["id"], mode="whole", resources=[resource], purposes=["industry"], starts="2026-01-01",
        ends="2035-12-31", conditions="none", security_contact="security@example.org",
    )  # fmt: skip
    operator = Client(authority.url, company["api_key"])
    made = operator.create_product(grant["id"], "Census rows 人口普查合成数据", [resource], "synthetic", SPEC)["id"]
    operator.attach(made, "impact_assessment", "Rows about nobody", paper)
    operator.change_product(made, "submit")
    authority.change_product(made, "approve")
    operator.price(made, "call", "200", trial=True)
    return made, operator


def user(authority: Client, operator: Client, product: str, name: str, code: str) -> tuple[Client, str, str]:
    """Let a firm subscribe; give its client, subscription and party."""
    party = authority.create_party(name, ["user"], code)
    client = Client(authority.url, party["api_key"])
    subscription = client.subscribe(product, "industry", accept=True)["id"]
    operator.approve_subscription(subscription)
    return client, subscription, party["id"]


def rows_of(answer: Answer) -> list[Row]:
    """A recipient's rows by the names of their columns, days as text."""
    return [{name: str(value) for name, value in zip(answer.columns, row, strict=True)} for row in answer.rows]


def share(rows: Iterable[Row], column: str, whose: Callable[[Row], bool]) -> float:
    """The share of 1 in a column among some rows."""
    told = [str(row[column]) == "1" for row in rows if whose(row)]
    return sum(told) / len(told)


def born(first: int, last: int) -> Callable[[Row], bool]:
    """Whether somebody was born in these years."""
    return lambda row: first <= int(row["born"][:4]) <= last


def of(state: str) -> Callable[[Row], bool]:
    """Whether somebody was born in this state."""
    return lambda row: bool(row["state"] == state)


def leaked(rows: Sequence[Row]) -> list[Row]:
    """Half of the rows, shuffled, without the colours, days as people write them."""
    kept = random.Random(11).sample(rows, len(rows) // 2)
    return [
        {"born": row["born"].replace("-", "/"), **{name: row[name] for name in ("state", "veteran", "owner")}}
        for row in kept
    ]


def traced(instance: Instance, authority: Client, leak: Path) -> dict[str, Any]:
    """Let a regulator trace a file."""
    made = authority.create_party("Data Supervision", ["regulator"])
    with instance.client(None) as nobody:
        key = nobody.enrol(made["enrolment_token"])["api_key"]
    with instance.client(key) as regulator:
        return regulator.trace(leak)


def told(rows: Sequence[Row], people: Sequence[Row]) -> list[str]:
    """Hold the rows against the census, which only this example can: the study is public. Give what is wrong."""
    wrong = []
    print("born         veterans: rows  census")
    for first in range(1919, 1940, 3):
        shown, true = (share(some, "veteran", born(first, first + 2)) for some in (rows, people))
        print(f"{first}–{first + 2}          {shown:>6.1%}  {true:>6.1%}")
        if abs(shown - true) > 0.12:  # some 1,400 rows: 9 σ
            wrong.append(f"{shown:.1%} of those born from {first} are veterans, {true:.1%} in the census")
    for state in ("Mississippi", "Iowa"):
        shown, true = (share(some, "nonwhite", of(state)) for some in (rows, people))
        print(f"{state:<11}  nonwhite: {shown:>7.1%}  {true:>6.1%}   not counted together, so a guess")
    return wrong


def main(language: str) -> int:
    """Tell the story; give 1 when it does not come out as told."""
    people = census()
    with Instance() as instance, instance.client(instance.authority_key) as authority:
        paper = instance.folder / "assessment.txt"
        paper.write_text("Rows are drawn from noisy counts; no row is anybody's.", encoding="utf-8")
        product, operator = offer(authority, write(people, instance.folder / "persons.csv"), paper)
        lender, own, _ = user(authority, operator, product, "Homestead Loans", "91110000MA0000002X")
        broker, other, broker_id = user(authority, operator, product, "Quick Data", "91110000MA0000003X")
        with operator, lender, broker:
            say("before a row is read", lender.estimate(own)["explain"][language])
            answer = lender.query(own)
            rows, sold = rows_of(answer), rows_of(broker.query(other))
            say(f"{len(rows)} rows for {answer.fee} yuan", [", ".join(row.values()) for row in rows[:3]])
            report = lender.utility(answer.job)
            say("the utility report", report["words"][language])
            wrong = told(rows, people)
            [bill] = lender.statements()
            found = traced(instance, authority, write(leaked(sold), instance.folder / "leak.csv"))
    for finding in found["findings"]:
        name = "Quick Data" if finding["party"] == broker_id else finding["party"]
        print(
            f"\nLeak of {SIZE // 2} rows: {found['verdict']}, {name}, probability at most 10^{finding['log10_p']:.0f}."
        )
    print(found["statement"][language])
    if not any("state × nonwhite" in sentence for sentence in report["words"][language][-1:]):
        wrong.append("the report does not say that state and colour do not go together as they do in the census")
    if sum(row in rows for row in sold) > SIZE // 4:
        wrong.append("the two recipients have the same rows")
    if Decimal(bill["total"]) != Decimal(200):
        wrong.append(f"the bill is {bill['total']}")
    if [finding["party"] for finding in found["findings"]] != [broker_id]:
        wrong.append("the leak was not traced to whom it came from")
    for one in wrong:
        print(f"WRONG: {one}")
    return bool(wrong)


def say(title: str, sentences: Sequence[str]) -> None:
    """Print a heading and sentences."""
    print(f"— {title} —", *sentences, "", sep="\n")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--lang", choices=("en", "zh"), default="en")
    sys.exit(main(parser.parse_args().lang))
