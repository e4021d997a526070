"""A hostile program, run as a product, tries to carry the data out, and fails at every attempt.

    python examples/hostile_program.py [--only NAME]

Starts an instance of its own with invented firms and publishes a program whose code (`hostile_code.py`) tries what a
user chooses: sockets, files, processes, memory, the rows of other blocks, ways to end badly, numbers that say more than
they may, time. Each attempt is made as a job, and outside, where it succeeds. Prints the verdicts, and exits with 1
when an attempt gets through – or when one would not have outside, for then it would prove nothing.

That reviewers refused such code is not counted on: its author got it past them.
"""

import argparse
import csv
import os
import random
import sys
import time
from collections.abc import Callable
from pathlib import Path

import hostile_code
import pandas

from sandbox.cli.demo.running import Instance
from sandbox.client import Answer

EPSILON = 2000  # so much that noise hides nothing of what would come out
BLOCKS, SECONDS = 2, 0.2
REGISTRATION = {
    "name": "firms",
    "title": {"zh": "企业税费（虚构）", "en": "Taxes of invented firms"},
    "holder": "Tax Bureau",
    "domain": "finance",
    "grade": "general",
    "personal_information": False,
    "legal_basis": {"type": "statutory_duty", "instrument": "none: invented", "purpose": "an example"},
    "update_frequency": "P1Y",
    "unit": {"name": "firm", "column": "taxes.firm"},
    "tables": [
        {
            "name": "taxes",
            "unit": "firm",
            "max_rows_per_unit": 4,
            "columns": [
                {"name": "firm", "type": "integer", "role": "identifier"},
                {"name": "cost", "type": "decimal(12,2)", "role": "sensitive", "bounds": [0, 1_000_000]},
            ],
        }
    ],
    "privacy": {"epsilon": "100000", "delta": "1e-6", "per_user": {"epsilon": "80000", "delta": "1e-7"}},
}
GRANT = {"mode": "whole", "purposes": ["industry"], "starts": "2020-01-01", "ends": "2090-01-01",
         "conditions": "none", "security_contact": "security@example.org"}  # fmt: skip


def specification() -> dict:
    """The program as it is published."""
    names = list(hostile_code.ATTACKS)
    return {
        "sql": "SELECT cost FROM taxes",
        "code": Path(hostile_code.__file__).read_text(encoding="utf-8"),
        "outputs": [
            {"name": "through", "lower": 0, "upper": 1, "scale": 2, "default": 0},
            {"name": "rows", "lower": 0, "upper": 10_000, "default": 0},
        ],
        "parameters": {"attack": {"options": names, "default": "nothing"}},
        "blocks": BLOCKS,
        "seconds": str(SECONDS),
        "memory_mb": 128,
    }


def published(instance: Instance) -> Callable[[str], Answer]:
    """Publish the program and give what asks it."""
    file = instance.folder / "taxes.csv"
    chance = random.Random(7)
    with file.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(["firm", "cost"])
        writer.writerows([firm, chance.randint(1, 10**8) / 100] for firm in range(300) for _ in range(2))
    authority = instance.client(instance.authority_key)
    resource = authority.register(REGISTRATION, {"taxes": file})["id"]
    parties = {role: authority.create_party(role.title(), [role]) for role in ("operator", "user")}
    operator, user = (instance.client(parties[role]["api_key"]) for role in ("operator", "user"))
    grant = authority.grant(operator=parties["operator"]["id"], resources=[resource], **GRANT)["id"]
    product = operator.create_product(grant, "Average taxes", [resource], kind="program", spec=specification())["id"]
    paper = instance.folder / "assessment.txt"
    paper.write_text("What single firms could be harmed by, and what is done against it.", encoding="utf-8")
    operator.attach(product, "impact_assessment", "Impact assessment", paper)
    operator.change_product(product, "submit")
    authority.change_product(product, "approve")
    operator.price(product, "call", "1.00", trial=True)
    subscription = user.subscribe(product, "industry", accept=True)["id"]
    operator.approve_subscription(subscription)
    return lambda attack: user.query(subscription, epsilon=EPSILON, parameters={"attack": attack})


def outside(attack: str) -> bool:
    """Make the attempt in a process of its own, twice, as on two blocks: whether it gets through."""
    child = os.fork()
    if child == 0:
        found = [
            hostile_code.program(pandas.DataFrame({"cost": [1.0, 2.0]}), {"attack": attack})["through"] for _ in "ab"
        ]
        os._exit(max(found))
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 1


def main() -> int:
    chosen = argparse.ArgumentParser(description=__doc__)
    chosen.add_argument("--only", help="the name of one attempt")
    only = chosen.parse_args().only
    os.environ["SANDBOX_SECRET"] = "the key of the vault"
    wrong, took = 0, {}
    with Instance() as instance:
        ask = published(instance)
        for attack in hostile_code.ATTACKS:
            if only not in (None, attack):
                continue
            begun = time.monotonic()
            answer = ask(attack)
            took[attack] = time.monotonic() - begun
            through, rows = (float(value) for value in answer.result["rows"][0])
            said = verdict(attack, through, rows)
            wrong += not said.startswith("✓")
            print(f"{said}  ({took[attack]:.1f} s)")
    if only is None:
        slow, quick = took["hang"], took["nothing"]
        same = abs(slow - quick) < 0.3  # a second rung of waiting would be more
        wrong += not same
        print(f"{'✓' if same else '✗'} time: to hang takes {slow:.1f} s, to do nothing {quick:.1f} s")
    print("Nothing got through." if not wrong else f"{wrong} verdicts are not as they should be.")
    return bool(wrong)


def verdict(attack: str, through: float, rows: float) -> str:
    """Say what came of an attempt. Of those that end badly, nothing is known but the declared defaults."""
    if attack == "encode":
        return f"{'✓' if 0.9 < through < 1.1 and rows > 200 else '✗'} encode: 1,000,000,000,000,100 came out as 1"
    if attack in hostile_code.ENDS_BADLY:
        return f"{'✓' if abs(through) < 0.1 and abs(rows) < 100 else '✗'} {attack}: the answer is the declared default"
    fine = abs(through) < 0.1 and rows > 200  # the program ran to its end, and said that it did not get through
    if attack == "nothing":
        return f"{'✓' if fine else '✗'} nothing: an honest program gives its numbers"
    if not outside(attack):
        return f"✗ {attack}: does not get through outside either, and proves nothing"
    return f"{'✓' if fine else '✗'} {attack}: gets through outside, fails in the sandbox"


if __name__ == "__main__":
    sys.exit(main())
