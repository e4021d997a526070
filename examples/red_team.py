"""Three of twelve companies try to leak what they were given without being found.

    python examples/red_team.py [--only TEXT]

Starts an instance of its own, releases one real table – 214,144 persons by state and quarter of birth – to twelve
companies, plays every attack below on their copies, traces each file as the regulator does, and prints the verdicts.
Exits with 1 when an innocent company is named, or nobody where somebody should be. One attack succeeds: when both keys
are gone, these small numbers are too alike to be told apart by themselves, and mostly nobody is named.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import random
import statistics
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from openpyxl import Workbook

from sandbox.cli.demo.running import Instance
from sandbox.client import Answer, Client

SQL = "SELECT state, quarter, COUNT(*) AS persons, SUM(owner) AS owners FROM people GROUP BY state, quarter"
OTHER = "SELECT state, veteran, COUNT(*) AS persons FROM people GROUP BY state, veteran"
COMPANIES = [f"Company {letter}" for letter in "ABCDEFGHIJKL"]
KEYS = 2  # columns of the answer that are keys; the rest are numbers
SIGMA = {"persons": 0.0, "owners": 0.0}  # filled in from the answer
Table = list[list[str]]
CHANCE = random.Random(11)  # the same attacks on every run


@dataclass(frozen=True)
class Attack:
    """What is done to the copies of the first `copies` companies; `name` is what is printed. Not `sure`: what is left
    need not name anybody."""

    name: str
    copies: int
    play: Callable[[Sequence[Table]], bytes]
    sure: bool = True


def as_csv(table: Table, encoding: str = "utf-8") -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows(table)
    return text.getvalue().encode(encoding)


def numbers(table: Table, change: Callable[[float, str], object]) -> Table:
    """Change every number; `change` gets it with the name of its column."""
    head, *rows = table
    changed = [
        [*row[:KEYS], *(str(change(float(value), name)) for value, name in zip(row[KEYS:], head[KEYS:], strict=True))]
        for row in rows
    ]
    return [head, *changed]


def kept(table: Table, share: float) -> Table:
    """A share of the rows, in random order."""
    head, *rows = table
    return [head, *CHANCE.sample(rows, int(share * len(rows)))]


def renamed(table: Table) -> Table:
    return [[f"c{number}" for number in range(len(table[0]))], *table[1:]]


def noisy(table: Table, sigmas: float) -> Table:
    return numbers(table, lambda value, name: round(value + CHANCE.gauss(0, sigmas * SIGMA[name])))


def mixed(copies: Sequence[Table], choose: Callable[[Sequence[float]], object]) -> Table:
    """Cell by cell one number made of those of all copies."""
    head, *_ = copies[0]
    rows = []
    for same in zip(*(copy[1:] for copy in copies), strict=True):
        cells = zip(*(row[KEYS:] for row in same), strict=True)
        rows.append([*same[0][:KEYS], *(str(choose([float(value) for value in cell])) for cell in cells)])
    return [head, *rows]


def pivoted(table: Table) -> Table:
    """States down, quarters across, the number of persons in the cells."""
    quarters = sorted({row[1] for row in table[1:]}, key=int)
    cells = {(row[0], row[1]): row[2] for row in table[1:]}
    states = sorted({row[0] for row in table[1:]})
    return [["state", *quarters], *([state, *(cells.get((state, q), "") for q in quarters)] for state in states)]


def workbook(table: Table) -> bytes:
    book, out = Workbook(), io.BytesIO()
    sheet = book.active
    for row in table:
        sheet.append([float(cell) if cell.lstrip("-").isdigit() else cell for cell in row])
    book.save(out)
    return out.getvalue()


def typed(table: Table) -> Table:
    """Five hundred rows copied by hand, one number in thirty mistyped."""
    return numbers(kept(table, 500 / len(table)), lambda v, _: int(v) + (CHANCE.random() < 1 / 30) * 1_000)


def wide(text: str) -> str:
    return "".join(chr(ord(c) + 0xFEE0) if c.isdigit() else c for c in text)


def thousands(table: Table) -> Table:
    return numbers(table, lambda value, _: f"{value:,.0f}")


ATTACKS = [
    Attack("untouched", 1, lambda c: as_csv(c[0])),
    Attack("renamed, shuffled", 1, lambda c: as_csv(renamed(kept(c[0], 1)))),
    Attack("a tenth of the rows", 1, lambda c: as_csv(renamed(kept(c[0], 0.1)))),
    Attack("one column of numbers", 1, lambda c: as_csv([row[:3] for row in c[0]])),
    Attack("rows twice, shuffled", 1, lambda c: as_csv([c[0][0], *CHANCE.sample(c[0][1:] * 2, 2 * len(c[0]) - 2)])),
    Attack("a column of rubbish added", 1, lambda c: as_csv([[*row, str(CHANCE.random())] for row in c[0]])),
    Attack("noise of a tenth of σ", 1, lambda c: as_csv(noisy(c[0], 0.1))),
    Attack("noise of half a σ", 1, lambda c: as_csv(noisy(c[0], 0.5))),
    Attack("rounded to tens", 1, lambda c: as_csv(numbers(c[0], lambda v, _: round(v, -1)))),
    Attack("in thousands of yuan", 1, lambda c: as_csv(numbers(c[0], lambda v, _: v / 10_000))),
    Attack("plus 50 everywhere", 1, lambda c: as_csv(numbers(c[0], lambda v, _: v + 50))),
    Attack("separators of thousands", 1, lambda c: as_csv(thousands(c[0]))),
    Attack("full-width digits, GBK", 1, lambda c: as_csv([[wide(cell) for cell in row] for row in c[0]], "gbk")),
    Attack("XLSX", 1, lambda c: workbook(renamed(c[0]))),
    Attack("JSON", 1, lambda c: json.dumps([dict(zip(c[0][0], row, strict=True)) for row in c[0][1:]]).encode()),
    Attack("turned: quarters across", 1, lambda c: as_csv(pivoted(c[0]))),
    Attack("two answers in one sheet", 1, lambda c: as_csv([*c[0], [], *c[-1]])),
    Attack("a small table, keys gone", 1, lambda c: as_csv([["n"], *sorted(row[KEYS:] for row in c[-1][1:])])),
    Attack("both keys gone", 1, lambda c: as_csv([["a", "b"], *sorted(row[KEYS:] for row in c[0][1:])]), sure=False),
    Attack("500 rows typed by hand", 1, lambda c: as_csv(typed(c[0]))),
    Attack("asked twice, averaged", 1, lambda c: as_csv(mixed([c[0], c[-2]], statistics.mean))),
    Attack("three average", 3, lambda c: as_csv(mixed(c[:3], lambda v: round(statistics.mean(v))))),
    Attack("three mix cell by cell", 3, lambda c: as_csv(mixed(c[:3], CHANCE.choice))),
    Attack("three take the median", 3, lambda c: as_csv(mixed(c[:3], statistics.median))),
    Attack("three take the least", 3, lambda c: as_csv(mixed(c[:3], min))),
    Attack("three take the greatest", 3, lambda c: as_csv(mixed(c[:3], max))),
    Attack("three take the middle of both ends", 3, lambda c: as_csv(mixed(c[:3], lambda v: (min(v) + max(v)) / 2))),
    Attack("three mix, half of the rows gone", 3, lambda c: as_csv(renamed(kept(mixed(c[:3], CHANCE.choice), 0.5)))),
    Attack("three average, a tenth of σ on top", 3, lambda c: as_csv(noisy(mixed(c[:3], statistics.mean), 0.1))),
    Attack("somebody else's table", 0, lambda c: as_csv(numbers(c[0], lambda v, _: CHANCE.randrange(10**6)))),
]


def people(folder: Path) -> tuple[Path, dict[str, Any]]:
    """Write the table and give its registration. Quarters of birth count from 0."""
    spec = find_spec("causaldata")
    assert spec is not None and spec.origin is not None
    with (Path(spec.origin).parent / "mortgages" / "fetter_mortgages.csv").open(newline="") as source:
        rows = [
            (row["bpl"], int(2 * float(row["qob_minus_kw"])), row["vet_wwko"], row["home_ownership"])
            for row in csv.DictReader(source)
        ]
    times = {time: number for number, time in enumerate(sorted({row[1] for row in rows}))}
    with (folder / "people.csv").open("w", newline="") as file:
        out = csv.writer(file)
        out.writerow(["person", "state", "quarter", "veteran", "owner"])
        out.writerows((n, state, times[time], *rest) for n, (state, time, *rest) in enumerate(rows))
    columns = [
        {"name": "person", "type": "integer", "role": "identifier"},
        {"name": "state", "type": "string", "role": "quasi_identifier", "domain": sorted({row[0] for row in rows})},
        {"name": "quarter", "type": "integer", "role": "quasi_identifier", "domain": list(times.values())},
        {"name": "veteran", "type": "integer", "role": "personal", "domain": [0, 1]},
        {"name": "owner", "type": "integer", "role": "personal", "bounds": [0, 1]},
    ]
    entry = {
        "name": "people",
        "title": {"en": "Home ownership by birth", "zh": "按出生统计的住房"},
        "holder": "Archive",
        "domain": "housing",
        "grade": "important",
        "personal_information": True,
        "legal_basis": {"type": "statutory_duty", "instrument": "Census Act §3", "purpose": "statistics"},
        "update_frequency": "P10Y",
        "unit": {"name": "person", "column": "people.person"},
        "tables": [{"name": "people", "unit": "person", "max_rows_per_unit": 1, "columns": columns}],
        "privacy": {"epsilon": "20", "delta": "1e-6", "per_user": {"epsilon": "8", "delta": "1e-7"}},
    }
    return folder / "people.csv", entry


def release(instance: Instance) -> tuple[list[Table], list[Table], dict[str, str], Client]:
    """Give every company its copy; give the copies, two more answers of the first – the same question again, with noise
    of its own, and another –, names by party, and the regulator."""
    authority = instance.client(instance.authority_key)
    with TemporaryDirectory() as folder:
        file, entry = people(Path(folder))
        resource = authority.register(entry, {"people": file})
    made = authority.create_party("Operator", ["operator"])
    grant = authority.grant(
        operator=made["id"], mode="whole", resources=[resource["id"]], purposes=["industry"], starts="2026-01-01",
        ends="2035-12-31", conditions="none", security_contact="security@example.org",
    )  # fmt: skip
    operator = instance.client(made["api_key"])
    product = operator.create_product(grant["id"], "People", [resource["id"]])["id"]
    operator.change_product(product, "submit")
    authority.change_product(product, "approve")
    operator.price(product, "call", "10", trial=True)
    copies, names, more = [], {}, []
    for company in COMPANIES:
        party = authority.create_party(company, ["user"])
        names[party["id"]] = company
        client = instance.client(party["api_key"])
        subscription = client.subscribe(product, "industry", accept=True)["id"]
        operator.approve_subscription(subscription)
        answer = client.query(subscription, SQL, epsilon=2)
        SIGMA.update({c["name"]: float(c["scale"]) for c in answer.result["columns"] if "scale" in c})
        copies.append(table(answer))
        if not more:
            more = [table(client.query(subscription, sql, epsilon=e)) for sql, e in ((SQL, 1.5), (OTHER, 1))]
    token = authority.create_party("Regulator", ["regulator"])["enrolment_token"]
    return copies, more, names, instance.client(instance.client(None).enrol(token)["api_key"])


def table(answer: Answer) -> Table:
    """An answer as text, with its names."""
    return [[c["name"] for c in answer.result["columns"]], *([str(v) for v in row] for row in answer.rows)]


def main() -> int:
    """Play the attacks; give the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--only", default="", help="play attacks whose name contains this")
    only = parser.parse_args().only
    failed = 0
    with Instance(settings={"SANDBOX_TRACES_A_DAY": "1000"}) as instance, TemporaryDirectory() as folder:
        copies, more, names, regulator = release(instance)
        cells = (len(copies[0]) - 1) * (len(copies[0][0]) - KEYS)
        print(f"{len(copies)} companies hold copies of {cells:,} numbers; σ = {SIGMA}. A, B and C conspire.\n")
        for attack in (attack for attack in ATTACKS if only in attack.name):
            leak = Path(folder) / "leak"
            leak.write_bytes(attack.play([*copies, *more]))
            found = regulator.trace(leak)
            named: dict[str, float] = {}
            for one in found["findings"]:  # a company may hold several answers that the file shows
                named[names[one["party"]]] = min(one["log10_p"], named.get(names[one["party"]], 0.0))
            guilty = set(COMPANIES[: attack.copies])
            good = set(named) <= guilty and (bool(named) or not guilty or not attack.sure)
            failed += not good
            told = ", ".join(f"{name} (error at most 10^{p:.0f})" for name, p in sorted(named.items())) or "nobody"
            print(f"{'✓' if good else '✗'} {attack.name}: {found['verdict']} – {told}")
    print(f"\n{failed} of the verdicts are not what they should be." if failed else "\nEvery verdict is right.")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
