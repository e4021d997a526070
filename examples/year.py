"""A year in the life of an instance: two regions, three operators, twenty users, and what goes wrong.

    python examples/year.py [--database postgresql+psycopg://…]

Starts a test instance of its own, whose clock is moved from month to month, plays the year through the same client that
everybody has, and holds what the public reads at its end – the disclosure – against what happened. Exits with 1 when it
tells anything else.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import random
import sys
import time
from decimal import Decimal
from pathlib import Path

from stdnum.cn import ric
from year_story import REGIONS, YEAR, Story, expect, refused, visits

from sandbox.cli.demo.running import Instance

CHANCE = random.Random(7)  # the same year on every run, but for the noise
OPERATORS = {"alpha": "north", "beta": "south", "gamma": "north"}
USERS = [f"firm {number:02d}" for number in range(1, 19)] + ["charity 1", "charity 2"]
TABLE = "SELECT dept, decade, COUNT(*) AS n, SUM(cost) AS total FROM visits GROUP BY dept, decade"
QUESTIONS = [
    "SELECT dept, COUNT(*) AS n FROM visits GROUP BY dept",
    "SELECT decade, AVG(cost) AS mean FROM visits GROUP BY decade",
    "SELECT COUNT(DISTINCT person_id) AS persons FROM visits WHERE cost > 500",
    "SELECT dept, SUM(cost) AS total FROM visits WHERE decade >= 6 GROUP BY dept",
]
PAPER = hashlib.sha256(b"a document that was signed").hexdigest()


def january(story: Story, folder: Path) -> None:
    """Everybody joins; data are registered, authorised, packaged, priced, subscribed to."""
    for name, role in (("regulator", "regulator"), ("auditor", "auditor"), ("administration", "administration")):
        story.join(name, role)
    for region in REGIONS:
        bureau = story.join(region, "holder")
        entry, file = visits(region, folder, 1)
        story.ids[f"{region} data"] = bureau.register(entry, {"visits": file})["id"]
    story.clients["south"].set_conditions(story.ids["south data"], text="ask us first", consent=True)
    authority = story.clients["authority"]
    for number, (name, region) in enumerate(OPERATORS.items(), 1):
        operator = story.join(name, "operator")
        grant = authority.grant(
            operator=story.ids[name], mode="domain", domain="health", resources=[story.ids[f"{region} data"]],
            purposes=["industry", "public_welfare"], starts=f"{YEAR}-01-01", ends=f"{YEAR}-12-31", conditions="none",
            security_contact="security@example.org",
            decision={"instrument": f"No. {number}", "day": f"{YEAR - 1}-12-01"},
        )  # fmt: skip
        story.ids[f"{name}'s grant"] = grant["id"]
        product = operator.create_product(grant["id"], f"Clinic statistics of {name}", [story.ids[f"{region} data"]])
        story.ids[f"{name}'s"] = product["id"]
        operator.change_product(product["id"], "submit")
        reviewed = dict.fromkeys(authority.checklist()["checklist"], True)
        authority.approve_product(product["id"], reviewed, "in order")
        operator.price(product["id"], "call", f"{number}.20", trial=True)
    story.clients["south"].decide_grant(story.ids["south data"], story.ids["beta's grant"], True, "fits our conditions")
    for at, user in enumerate(USERS):
        story.join(user, "user")
        operator = list(OPERATORS)[at % 3]
        subscribe(story, user, operator)
    story.say(f"2 regions, 3 operators and {len(USERS)} users have begun; South consented to the grant over its data.")


def subscribe(story: Story, user: str, operator: str) -> None:
    """For industry; charities for public welfare, with proof."""
    free = user.startswith("charity")
    more = {"proof": {"title": "statutes", "digest": PAPER}} if free else {}
    purpose = "public_welfare" if free else "industry"
    made = story.clients[user].subscribe(story.ids[f"{operator}'s"], purpose, accept=True, **more)
    story.clients[operator].approve_subscription(made["id"])
    story.ids[f"{user} at {operator}"] = made["id"]


def business(story: Story, month: int, out: frozenset[str] = frozenset()) -> None:
    """A month of questions; then the month before is settled."""
    if month > 1:
        story.clients["authority"].settle(f"{YEAR}-{month - 1:02d}")
    able = [pair for at, user in enumerate(USERS) if not {pair_of(at)[1], user} & out for pair in [pair_of(at)]]
    for user, operator in CHANCE.sample(able, 4):
        story.ask(user, operator, CHANCE.choice(QUESTIONS))


def pair_of(at: int) -> tuple[str, str]:
    return USERS[at], list(OPERATORS)[at % 3]


def objection(story: Story, folder: Path) -> None:
    """A user objects to the data; the holder finds it right and replaces them."""
    user, north = story.clients["firm 01"], story.clients["north"]
    filed = user.object_to(story.ids["north data"], "costs", "costs of March stand twice")
    user.feedback(story.ids["north data"], "thanks", "the departments are complete")
    north.answer_matter(filed["id"], True, "so it was: mended with the version of today")
    _, file = visits("north", folder, 2)
    north.new_version(story.ids["north data"], {"visits": file})
    expect(user.matter(filed["id"])["status"] == "accepted", "the objection was not upheld")
    story.say("An objection of firm 01 was upheld; North replaced its data.")


def breach(story: Story) -> None:
    """A user sold answers on: a breach, and a suspension for a quarter."""
    firm = story.ids["firm 02"]
    story.clients["regulator"].enter_credit(firm, "breach", "answers sold on to a broker")
    story.clients["authority"].enter_credit(firm, "suspension", "answers sold on", until=f"{YEAR}-06-30")
    refused("party_suspended", lambda: story.ask("firm 02", "beta", QUESTIONS[0]))
    story.say("firm 02 had sold answers on: a breach on its record, no questions until 30 June.")


def consent(story: Story) -> None:
    """A person lets a user ask about itself, and takes it back."""
    head = "11010519800501002"
    person = {"kind": "cn_id", "number": head + ric.calc_check_digit(head + "0")}
    me = story.join("Ms Zhang", "subject")
    story.clients["administration"].identify(story.ids["Ms Zhang"], person, "identity card seen at the counter")
    given = story.clients["firm 04"].give_consent(
        person, "industry", f"{YEAR + 1}-05-01T00:00:00Z", form=PAPER, identity_proof="video"
    )
    expect([one["id"] for one in me.consents()] == [given["id"]], "the person does not see the consent")
    me.withdraw_consent(given["id"])
    [seen] = story.clients["firm 04"].consents()
    expect(seen["withdrawn_at"] is not None, "the consent is not withdrawn")
    story.say("Ms Zhang saw that firm 04 holds her consent, and withdrew it.")


def departure(story: Story) -> None:
    """An operator ends its grant: nothing of it runs on."""
    story.clients["gamma"].change_grant(story.ids["gamma's grant"], "exit", cause="withdrawal")
    refused("grant_inactive", lambda: story.ask("firm 03", "gamma", QUESTIONS[0]))
    story.say("gamma gave its grant back; its users are refused from that moment on.")


def emergency(story: Story) -> None:
    """A product is stopped, what waits is withheld, two lift it."""
    user = story.clients["firm 05"]
    job = user.submit(story.ids["firm 05 at beta"], QUESTIONS[1], "0.7")
    stop = story.clients["regulator"].emergency("product", story.ids["beta's"], "numbers look wrong")
    refused("emergency_stop", lambda: user.answer(job["id"]))
    refused("emergency_stop", lambda: story.ask("firm 05", "beta", QUESTIONS[0]))
    drill = story.clients["regulator"].order_drill("while we are at it")
    story.clients["regulator"].lift(stop["id"])
    story.clients["authority"].lift(stop["id"])
    answer = user.answer(job["id"])
    story.jobs[story.ids["beta's"]] += 1
    story.owed[story.ids["beta"]] += Decimal(answer.fee)
    seconds = drilled(story, drill["id"])
    story.say(f"beta's product was stopped, an answer withheld until two lifted it; a drill took {seconds:.2f} s.")


def drilled(story: Story, drill: str) -> float:
    """Wait until every process saw the drill; give the seconds the last one took. More than one are no success, but on
    a busy machine no surprise."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        found = story.clients["regulator"].drill(drill)
        if found["seconds"] and not found["missing"]:
            break
        time.sleep(0.1)
    expect(bool(found["seconds"]) and not found["missing"], f"some process never saw the drill: {found}")
    return max(float(seconds) for seconds in found["seconds"].values())


def leak(story: Story, folder: Path) -> None:
    """A file turns up; the trace names a user; the case goes from trace to sanction."""
    holders = ["firm 01", "firm 04", "firm 07", "firm 10"]
    copies = {user: story.ask(user, "alpha", TABLE) for user in holders}
    head = [column["name"] for column in copies["firm 07"].result["columns"]]
    rows = [list(row) for row in copies["firm 07"].rows]
    CHANCE.shuffle(rows)
    file = folder / "found.csv"
    with file.open("w", newline="") as out:
        csv.writer(out).writerows([head, *rows])
    regulator, authority = story.clients["regulator"], story.clients["authority"]
    found = regulator.trace(file)
    expect([one["party"] for one in found["findings"]] == [story.ids["firm 07"]], f"the trace says {found}")
    error = found["findings"][0]["log10_p"]
    case = regulator.open_incident("trace", "a table was for sale", found["id"], story.ids["firm 07"])["id"]
    held = regulator.advance_incident(case, "hold", "until it is clear", scope="party", target=story.ids["firm 07"])
    regulator.advance_incident(case, "notify", "your copy was found", parties=[story.ids["firm 07"]])
    story.clients["firm 07"].advance_incident(case, "reply", "an employee sold it; she has left")
    authority.advance_incident(case, "sanction", "commitment broken", sanction="suspend_party")
    regulator.advance_incident(case, "remedy", "the file was taken down")
    stop = held["steps"][-1]["data"]["stop"]
    regulator.lift(stop)
    authority.lift(stop)
    authority.advance_incident(case, "close", "founded, sanctioned, mended", outcome="founded")
    refused("party_suspended", lambda: story.ask("firm 07", "alpha", QUESTIONS[0]))
    story.say(f"A file for sale was traced to firm 07 (error at most 10^{error:.0f}): case opened, suspended, closed.")


def told(story: Story) -> None:
    """Hold what the public reads against what happened."""
    disclosure = story.instance.client(None).disclosure()
    year, products = str(YEAR), {one["id"]: one for one in disclosure["products"]}
    asked = {product: one["jobs"].get(year, 0) for product, one in products.items()}
    of_data = {one["id"]: one["jobs"].get(year, 0) for one in disclosure["resources"]}
    alpha, beta, gamma = (story.jobs[story.ids[f"{name}'s"]] for name in OPERATORS)
    grants = {one["id"]: one["status"] for one in disclosure["grants"]}
    last = disclosure["last_year"]
    for what, said, happened in (
        ("jobs by product", asked, dict(story.jobs)),
        ("jobs by resource", of_data, {story.ids["north data"]: alpha + gamma, story.ids["south data"]: beta}),
        ("jobs of the year", sum(last["jobs"].values()), story.jobs.total()),
        ("free ones", last["free"], story.free),
        ("settled", {who: Decimal(sum_) for who, sum_ in last["settled"].items()}, dict(story.owed)),
        ("objections upheld", disclosure["matters"]["objection"]["accepted"], 1),
        ("feedback open", disclosure["matters"]["feedback"]["open"], 1),
        ("incidents", disclosure["incidents"], {"closed": 1}),
        ("stops in force", disclosure["stops"], []),
        ("gamma's grant", grants[story.ids["gamma's grant"]], "exited"),
        ("breaches", disclosure["credit"]["breach"], 1),
    ):
        expect(said == happened, f"{what}: the disclosure says {said}, but it was {happened}")
    names = [user for user in [*USERS, "Ms Zhang"] if user in str(disclosure)]
    expect(not names, f"the disclosure names {names}")
    for month in range(1, 13):
        result = story.clients["authority"].reconcile(f"{YEAR}-{month:02d}")
        expect(result["holds"], f"{month}: events, lines, settlements and shares differ: {result}")
    report = story.clients["auditor"].report(YEAR)
    expect(len(report["incidents"]) == 1, "the upward report lacks the incident")
    story.say(
        f"The disclosure tells of {story.jobs.total()} answers ({story.free} of them free), one case, one exit – truly."
    )


def main() -> int:
    """Live through the year; give the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--database", help="URL of an empty database (default: SQLite)")
    database = parser.parse_args().database
    settings = {"SANDBOX_DATABASE_URL": database} if database else {}
    began = time.monotonic()
    with Instance(settings=settings, init=("--test-instance",)) as instance:
        story = Story(instance)
        story.clients["authority"] = instance.client(instance.authority_key)
        story.until(1, 4)
        january(story, instance.folder)
        business(story, 1)
        story.until(2, 3)
        business(story, 2)
        story.until(3, 3)
        business(story, 3)
        objection(story, instance.folder)
        story.until(4, 3)
        business(story, 4)
        breach(story)
        story.until(5, 4)
        business(story, 5, frozenset({"firm 02"}))
        consent(story)
        story.until(6, 3)
        business(story, 6, frozenset({"firm 02"}))
        departure(story)
        story.until(7, 5)
        business(story, 7, frozenset({"gamma"}))
        story.ask("firm 02", "beta", QUESTIONS[0])
        story.say("The suspension of firm 02 is over: it asks again.")
        emergency(story)
        for month in (8, 9):
            story.until(month, 3)
            business(story, month, frozenset({"gamma"}))
        leak(story, instance.folder)
        for month in (10, 11, 12):
            story.until(month, 5)
            business(story, month, frozenset({"gamma", "firm 07"}))
        ending(story)
        story.until(1, 8, YEAR + 1)
        story.clients["authority"].settle(f"{YEAR}-12")
        refused("grant_inactive", lambda: story.ask("firm 05", "beta", QUESTIONS[0]))
        told(story)
    print(f"\nA year in {time.monotonic() - began:.0f} s.")
    return 0


def ending(story: Story) -> None:
    """Grants come to their end: an alert says so; one is renewed."""
    end = time.monotonic() + 120
    while not (alerts := story.clients["regulator"].alerts(kind="expiring_grant")) and time.monotonic() < end:
        time.sleep(0.5)
    expect(bool(alerts), "nobody was alerted that grants end")
    story.clients["authority"].change_grant(story.ids["alpha's grant"], "renew", ends=f"{YEAR + 1}-12-31")
    story.say(f"{len(alerts)} alerts: grants end this month; alpha's was renewed.")


if __name__ == "__main__":
    sys.exit(main())
