"""A city publishes an index of restaurant inspections for public welfare, and revises it when late reports arrive.

    python examples/inspection_index.py [--page index.html]

Starts an instance of its own with 27,178 real inspections of Anchorage, 2000–2019. The operator – a city company – runs
an index of the mean score and of the share of inspections with 90 points and more, 2000 = 100; a newspaper subscribes
free of charge and collects its copies. The last year is run by the schedule, first without a third of its reports, then
again when the holder replaced the data. Prints the series beside what the raw data give; exits with 1 when that lies
outside what the intervals allow.
"""

import argparse
import csv
import sys
import time
from collections import defaultdict
from importlib.util import find_spec
from pathlib import Path

from sandbox.cli.demo.running import Instance
from sandbox.client import Client

YEARS = (*range(2000, 2010), *range(2015, 2020))
ROWS = 5  # inspections of one chain that count in a year, so that none of them stands out of the noise
SPEC = {
    "sql": "SELECT AVG(inspection_score) AS score, AVG(CASE WHEN inspection_score >= 90 THEN 100 ELSE 0 END) AS good "
    'FROM inspections WHERE "Year" = :year',
    "weights": {"score": "0.6", "good": "0.4"},
    "bounds": {"rows_per_group": ROWS},
    "normalisation": "base",
    "base": "2000",
    "schedule": "P1Y",
    "epsilon": "1.5",
    "runs": 18,
    "epsilon_per_year": "27",
    "revise": 1,
    "last": "2019",
}
REGISTRATION = {
    "name": "inspections",
    "title": {"zh": "安克雷奇餐饮卫生检查", "en": "Restaurant inspections, Anchorage"},
    "holder": "Health Department",
    "domain": "health",
    "grade": "general",
    "personal_information": False,
    "legal_basis": {"type": "statutory_duty", "instrument": "Food Safety Code §16.60", "purpose": "food safety"},
    "update_frequency": "P1Y",
    "unit": {"name": "business", "column": "inspections.business_name"},
    "tables": [
        {
            "name": "inspections",
            "unit": "business_name",
            "max_rows_per_unit": 400,
            "columns": [
                {"name": "business_name", "type": "string", "role": "identifier"},
                {"name": "inspection_score", "type": "integer", "role": "sensitive", "bounds": [60, 100]},
                {"name": "Year", "type": "integer", "role": "quasi_identifier", "domain": list(range(2000, 2020))},
            ],
        }
    ],
    "privacy": {"epsilon": "20", "delta": "1e-6", "per_user": {"epsilon": "8", "delta": "1e-7"}, "renew": "P1Y"},
}
Row = dict[str, str]


def inspections() -> list[Row]:
    """The published table, as it ships with causaldata."""
    spec = find_spec("causaldata")
    assert spec is not None and spec.origin is not None
    file = Path(spec.origin).parent / "restaurant_inspections" / "restaurant_data.csv"
    columns = [column["name"] for column in REGISTRATION["tables"][0]["columns"]]
    with file.open(encoding="utf-8", newline="") as source:
        return [{name: row[name] for name in columns} for row in csv.DictReader(source)]


def write(rows: list[Row], target: Path) -> Path:
    """Write rows as CSV."""
    with target.open("w", encoding="utf-8", newline="") as out:
        writer = csv.DictWriter(out, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return target


def expected(rows: list[Row], year: int) -> float:
    """What the index of a year is before normalisation, where up to `ROWS` of each chain's inspections count."""
    chains = defaultdict(list)
    for row in rows:
        if row["Year"] == str(year):
            chains[row["business_name"]].append(min(max(int(row["inspection_score"]), 60), 100))
    counted = sum(min(len(scores), ROWS) for scores in chains.values())
    score = sum(min(len(one), ROWS) * sum(one) / len(one) for one in chains.values()) / counted
    good = sum(min(len(one), ROWS) * sum(100 * (s >= 90) for s in one) / len(one) for one in chains.values()) / counted
    return 0.6 * score + 0.4 * good


def offer(authority: Client, table: Path) -> tuple[str, str, str, Client, Client]:
    """Register, authorise, package, review, subscribe; give resource, index, subscription, operator, newspaper."""
    resource = authority.register(REGISTRATION, {"inspections": table})["id"]
    company = authority.create_party("City Data Ltd", ["operator"], "91110000MA0000001X")
    grant = authority.grant(
        operator=company["id"], mode="whole", resources=[resource], purposes=["public_welfare"], starts="2026-01-01",
        ends="2035-12-31", conditions="none", security_contact="security@example.org",
    )  # fmt: skip
    operator = Client(authority.url, company["api_key"])
    index = operator.create_product(
        grant["id"], "Food safety index, Anchorage 餐饮卫生指数", [resource], "index", SPEC
    )["id"]
    operator.change_product(index, "submit")
    authority.change_product(index, "approve")
    paper = authority.create_party("Anchorage Daily", ["user"], "91110000MA0000002X")
    newspaper = Client(authority.url, paper["api_key"])
    proof = {"title": "press licence", "digest": "0" * 64}
    subscription = newspaper.subscribe(index, "public_welfare", accept=True, proof=proof)["id"]
    operator.approve_subscription(subscription)
    return resource, index, subscription, operator, newspaper


def wait_for(operator: Client, index: str, period: str, number: int) -> None:
    """Wait until the schedule ran revision `number` of a period."""
    end = time.monotonic() + 300
    while not any(
        (run["period"], run["number"], run["status"]) == (period, number, "done") for run in operator.runs(index)
    ):
        if time.monotonic() > end:
            raise SystemExit(f"the schedule did not run {period}, revision {number}")
        time.sleep(0.2)


def main(page: Path | None) -> int:
    """Tell the story; give 1 when it does not come out as told."""
    rows = inspections()
    late = [row for row in rows if row["Year"] == "2019"][::3]
    kept = {id(row) for row in late}
    early = [row for row in rows if id(row) not in kept]
    with Instance() as instance, instance.client(instance.authority_key) as authority:
        resource, index, subscription, operator, newspaper = offer(authority, write(early, instance.folder / "1.csv"))
        with operator, newspaper:
            for year in YEARS[:-1]:
                operator.start_run(index, str(year))
            wait_for(operator, index, "2019", 1)
            for year in YEARS[:-1]:
                wait_for(operator, index, str(year), 1)
            newspaper.collect(subscription, index)
            before = newspaper.series(index)["items"][-1]["rows"][0]
            authority.new_version(resource, {"inspections": write(rows, instance.folder / "2.csv")})
            wait_for(operator, index, "2019", 2)
            newspaper.collect(subscription, index)
            found = newspaper.series(index)
            if page is not None:
                page.write_bytes(newspaper.series_page(index))
            fees = {event["fee"] for event in newspaper.usage()} | {event["fee"] for event in operator.usage()}
    outside = 0
    print("year   index    95 % interval        measured ±        raw data")
    for item in found["items"]:
        [row] = item["rows"]
        truth = expected(rows, int(item["period"]))
        off = abs(float(row["measured"]) - truth)
        outside += off > 2 * float(row["half_width"])
        note = f"   revised: was {before['value']}" if item["revised"] else ""
        print(
            f"{item['period']}  {float(row['value']):7.2f}  {float(row['low']):7.2f} – {float(row['high']):7.2f}   "
            f"{float(row['measured']):7.2f} ± {row['half_width']:<8} {truth:7.2f}{note}"
        )
    last = found["items"][-1]
    told = last["revised"] and last["rows"][0]["former"][0]["number"] == 1 and fees == {"0"}
    print(f"{found['intervals']}.")
    print(f"Public welfare: every fee is 0. Fifteen years, one revision: {len(YEARS) + 1} of {SPEC['runs']} runs.")
    # One year in 6,000 lies more than two half-widths off: more than two of fifteen do once in 10⁸ runs.
    return 0 if told and outside <= 2 and [item["period"] for item in found["items"]] == [str(y) for y in YEARS] else 1


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--page", type=Path, help="write the newspaper's page with the chart")
    sys.exit(main(parser.parse_args().page))
