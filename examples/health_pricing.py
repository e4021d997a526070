"""An insurer prices health cover with public health data until its privacy budget runs out.

    python examples/health_pricing.py

Starts an instance of its own with a real follow-up study: 1,629 smokers examined in 1971 and followed for twenty years
(NHEFS, as published with Hernán and Robins, Causal Inference: What If). An actuary asks for mortality by age and sex,
by smoking, by blood pressure, reads before each question what the budget still buys, and is refused when it is spent.
It does what the refusal says, works out premiums with their uncertainty, and on a second instance – one for tests,
whose clock can be moved – sees what the next year brings. Exits with 1 when it does not come out as told.
"""

import csv
import sys

from sandbox.cli.demo.running import Instance
from sandbox.client import Answer, Client
from sandbox.errors import Problem

SUM_INSURED = 50_000  # yuan, paid at death within twenty years
BANDS = ("25-34", "35-44", "45-54", "55-64", "65-74")
SMOKING = ("under 10", "10-19", "20-29", "30 and more")
REGISTRATION = {
    "name": "followup",
    "title": {"zh": "健康随访研究", "en": "Health follow-up study"},
    "holder": "Health Commission",
    "domain": "health",
    "grade": "general",
    "personal_information": True,
    "legal_basis": {"type": "lawfully_published", "instrument": "NHEFS public use files", "purpose": "health research"},
    "update_frequency": "P1Y",
    "unit": {"name": "person", "column": "followup.person"},
    "tables": [
        {
            "name": "followup",
            "unit": "person",
            "max_rows_per_unit": 1,
            "columns": [
                {"name": "person", "type": "integer", "role": "identifier"},
                {"name": "band", "type": "string", "role": "quasi_identifier", "domain": list(BANDS)},
                {"name": "sex", "type": "string", "role": "quasi_identifier", "domain": ["m", "f"]},
                {"name": "smoking", "type": "string", "role": "sensitive", "domain": list(SMOKING)},
                {"name": "pressure", "type": "integer", "role": "sensitive", "domain": [0, 1]},
                {"name": "died", "type": "integer", "role": "sensitive", "bounds": [0, 1]},
            ],
        }
    ],
    "privacy": {"epsilon": "20", "delta": "1e-6", "per_user": {"epsilon": "2", "delta": "1e-7"}, "renew": "P1Y"},
}
STUDY = {
    "age and sex": "SELECT band, sex, COUNT(*) AS lives, AVG(died) AS rate FROM followup GROUP BY band, sex",
    "smoking": "SELECT smoking, COUNT(*) AS lives, AVG(died) AS rate FROM followup GROUP BY smoking",
    "blood pressure": "SELECT pressure, COUNT(*) AS lives, AVG(died) AS rate FROM followup GROUP BY pressure",
    "smoking by sex": "SELECT smoking, sex, COUNT(*) AS lives, AVG(died) AS rate FROM followup GROUP BY smoking, sex",
    "age alone": "SELECT band, COUNT(*) AS lives, AVG(died) AS rate FROM followup GROUP BY band",
}
Row = dict[str, str]


def persons() -> list[Row]:
    """The published table, in the bands that the registration declares."""
    from causaldata import nhefs

    table = nhefs.load_pandas().data
    return [
        {
            "person": str(int(row["seqn"])),
            "band": BANDS[(int(row["age"]) - 25) // 10],
            "sex": "f" if float(row["sex"]) else "m",
            "smoking": SMOKING[min(int(row["smokeintensity"]) // 10, 3)],
            "pressure": str(int(float(row["hbp"]) == 1)),
            "died": str(int(float(row["death"]))),
        }
        for row in table.to_dict("records")
    ]


def offer(instance: Instance, rows: list[Row]) -> tuple[Client, str]:
    """Publish the data and give the insurer with its subscription."""
    table = instance.folder / "followup.csv"
    with table.open("w", encoding="utf-8", newline="") as out:
        writer = csv.DictWriter(out, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    with instance.client(instance.authority_key) as authority:
        resource = authority.register(REGISTRATION, {"followup": table})["id"]
        company = authority.create_party("Health Data Ltd", ["operator"], "91110000MA0000001X")
        grant = authority.grant(
            operator=company["id"], mode="whole", resources=[resource], purposes=["industry"], starts="2026-01-01",
            ends="2035-12-31", conditions="none", security_contact="security@example.org",
        )["id"]  # fmt: skip
        with instance.client(company["api_key"]) as operator:
            product = operator.create_product(grant, "Health statistics for pricing", [resource])["id"]
            operator.change_product(product, "submit")
            authority.change_product(product, "approve")
            operator.price(product, "call", "200", trial=True)
            life = authority.create_party("Evergreen Life", ["user"], "91110000MA0000002X")
            insurer = instance.client(life["api_key"])
            subscription = insurer.subscribe(product, "industry", accept=True)["id"]
            operator.approve_subscription(subscription)
    return insurer, subscription


def forecast(insurer: Client) -> str:
    """What is left, in the service's own words."""
    return str(insurer.budgets()[0]["worth"]["sentence"]["en"])


def study(insurer: Client, subscription: str) -> tuple[dict[str, Answer], Problem | None]:
    """Ask with ε 1 until the budget is spent; give the answers and the refusal."""
    answers: dict[str, Answer] = {}
    for name, sql in STUDY.items():
        said = insurer.estimate(subscription, sql, 1)["explain"]["en"]
        print(f"\n{name}: {' '.join(one for one in said if 'share' in one)}")
        try:
            answers[name] = insurer.query(subscription, sql, 1)
        except Problem as problem:
            print(f"   refused: {problem.detail}")
            return answers, problem
        print(f"   answered for {answers[name].fee} yuan. {forecast(insurer)}")
    return answers, None


def premiums(answer: Answer, rows: list[Row]) -> bool:
    """Print the net premium of each age band and sex with its interval; say whether these are as wide as the noise.

    One rate in 2,500 lies more than two half-widths off, so that more than two of the ten do once in 10⁸ runs."""
    print("\nage    sex  lives      mortality         net premium, yuan     raw data")
    at = {name: place for place, name in enumerate(answer.columns)}
    widths, off = answer.row_errors("rate"), 0
    for row, width in zip(answer.rows, widths, strict=True):
        band, sex, counted = row[at["band"]], row[at["sex"]], row[at["lives"]]
        if width is None:
            print(f"{band}   {sex}   {counted:>5}   too few to say")
            continue
        rate = float(row[at["rate"]])
        lives = [one for one in rows if (one["band"], one["sex"]) == (band, sex)]
        truth = sum(int(one["died"]) for one in lives) / len(lives)
        off += abs(rate - truth) > 2 * width
        low, high = max(rate - width, 0), min(rate + width, 1)
        print(
            f"{band}   {sex}   {counted:>5}   {rate:6.1%} ± {width:5.1%}   {SUM_INSURED * rate:9,.0f} "
            f"({SUM_INSURED * low:,.0f} – {SUM_INSURED * high:,.0f})   {truth:6.1%}"
        )
    return off <= 2


def next_year(rows: list[Row]) -> bool:
    """On a test instance, ask, let a year go by, say whether the share is whole again while the lifetime counts on."""
    with Instance(init=("--test-instance",)) as instance:
        insurer, subscription = offer(instance, rows)
        insurer.query(subscription, STUDY["age and sex"], 1)
        [before] = insurer.budgets()
        instance.command("clock", "367")
        instance.wait_until_ready()
        [after] = insurer.budgets()
        print(f"\nA year later: spent ε {after['spent']['epsilon']} of this year's share; over its life the account")
        print(f"has spent ε {after['life']['epsilon']} – one question, on an instance whose clock may be moved –,")
        print("and what the people were promised counts that for ever.")
        fresh = float(before["spent"]["epsilon"]) > 0 == float(after["spent"]["epsilon"])
        return fresh and after["life"]["rho"] == before["life"]["rho"]


def main() -> int:
    """Tell the story; give 1 when it does not come out as told."""
    rows = persons()
    with Instance() as instance:
        insurer, subscription = offer(instance, rows)
        answers, refusal = study(insurer, subscription)
        if refusal is None or refusal.code != "privacy_budget_exhausted":
            print("the budget was to run out")
            return 1
        rest = refusal.fields["left"]["epsilon"]
        print(f"\nIt does what the refusal says and asks for less: age alone, with the ε {rest} that is left.")
        answers["age alone"] = insurer.query(subscription, STUDY["age alone"], rest)
        print(f"   {forecast(insurer)}")
        again = insurer.query(subscription, STUDY["smoking"], 1)
        print(f"What it holds it may ask again: {again.fee} yuan, ε {again.privacy['epsilon']}, the same numbers.")
        same = again.rows == answers["smoking"].rows and float(again.fee) == 0
        holds = premiums(answers["age and sex"], rows)
        insurer.close()
    return 0 if next_year(rows) and same and holds and 2 <= len(answers) < len(STUDY) + 1 else 1


if __name__ == "__main__":
    sys.exit(main())
