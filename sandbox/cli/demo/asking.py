"""Second part: those who ask, what they get, what it costs, what they are refused."""

from __future__ import annotations

from decimal import Decimal

from sandbox.cli.demo.offering import PRICE
from sandbox.cli.demo.stage import Stage
from sandbox.cli.show import at_least, at_most
from sandbox.client import Answer

SCORES = (
    "SELECT Year, COUNT(*) AS inspections, AVG(inspection_score) AS score\n"
    "FROM inspections GROUP BY Year HAVING COUNT(*) > 300 ORDER BY Year"
)
SCORES_AGAIN = (
    "select year, count( * ) inspections, avg(Inspection_Score) score\n"
    "from inspections group by 1 having count(*) > 300 order by 1"
)
HOMES = (
    "SELECT bpl AS birth_state, qob AS quarter, COUNT(*) AS persons, SUM(home_ownership) AS owners\n"
    "FROM persons GROUP BY bpl, qob"
)
LOW = "SELECT COUNT(*) AS low_scores FROM inspections WHERE inspection_score < 90"
INSPECTIONS = 27_178  # public here, so that the story can hold its private answers to the truth
COMPANIES = ("lantern", "aurora", "goldpan")


def subscription(stage: Stage) -> None:
    """Companies and the institute subscribe; the operator approves."""
    stage.act("subscriptions_title")
    wishes = [("lantern", "inspections", "industry"), ("institute", "inspections", "public_welfare")]
    wishes += [(company, "homes", "industry") for company in COMPANIES]
    for party, product, purpose in wishes:
        made = stage.clients[party].subscribe(stage.ids[product], purpose, accept=True)
        if made["status"] != "active":
            stage.clients["operator"].approve_subscription(made["id"])
        stage.ids[f"{party}/{product}"] = made["id"]
    stage.say("subscriptions")


def question(stage: Stage) -> None:
    """The first question: estimated, asked, answered with intervals, its receipt checked."""
    stage.act("question_title")
    stage.say("question")
    for line in SCORES.splitlines():
        stage.verbatim(line)
    answer = _ask(stage, "lantern", "inspections", SCORES, "4")
    stage.show(answer)
    stage.say("interval_meaning")
    _cost(stage, answer, PRICE)
    answer.receipt.verify(stage.instance.log_key.read_text(encoding="utf-8"))
    stage.say("receipt")
    total = sum(row[1] for row in answer.rows)
    stage.expect(0.8 < total / INSPECTIONS < 1.05, f"inspections less those beyond 40 a business, not {total}")


def same_again(stage: Stage) -> None:
    """The same question in other words gives the same answer and is free."""
    stage.act("again_title")
    first, again = stage.answers["lantern/inspections"], _ask(stage, "lantern", "inspections", SCORES_AGAIN, "4")
    stage.expect(again.rows == first.rows, "the same question has the same answer")
    stage.expect(Decimal(again.fee) == 0, f"the repeated question is free, not {again.fee}")
    stage.expect(again.privacy["left"] == first.privacy["left"], "the repeated question costs no privacy")
    stage.say("again", left=at_least(again.privacy["left"]["epsilon"]))


def public_welfare(stage: Stage) -> None:
    """The institute asks for public welfare: privacy is charged, money is not."""
    stage.act("welfare_title")
    stage.verbatim(LOW)
    answer = _ask(stage, "institute", "inspections", LOW, "2")
    stage.show(answer)
    _cost(stage, answer, "0", "cost_again")
    stage.say("welfare")


def three_copies(stage: Stage) -> None:
    """Three companies ask the same question about persons; each gets a copy of its own."""
    stage.act("copies_title")
    for line in HOMES.splitlines():
        stage.verbatim(line)
    answers = [_ask(stage, company, "homes", HOMES, "1") for company in COMPANIES]
    stage.show(answers[0], limit=6)
    stage.say("copies", rows=len(answers[0]), cells=2 * len(answers[0]))
    _cost(stage, answers[0], PRICE, "cost_again")
    stage.expect(len({str(answer.rows) for answer in answers}) == len(answers), "every company has a copy of its own")


def refusals(stage: Stage) -> None:
    """Three things that are refused, before anything is spent."""
    stage.act("refusals_title")
    lantern, here = stage.clients["lantern"], stage.ids["lantern/inspections"]
    before = lantern.budgets(), lantern.usage()
    stage.refusal(
        "refused_rows", "sql_not_allowed", lambda: lantern.query(here, "SELECT business_name FROM inspections")
    )
    stage.refusal(
        "refused_purpose",
        "purpose_not_allowed",
        lambda: lantern.subscribe(stage.ids["homes_research"], "industry", accept=True),
    )
    stage.refusal(
        "refused_budget",
        "privacy_budget_exhausted",
        lambda: lantern.query(here, "SELECT COUNT(*) FROM inspections", epsilon="50"),
    )
    stage.expect(before == (lantern.budgets(), lantern.usage()), "refusals cost nothing")
    stage.say("refused")


def bill(stage: Stage) -> None:
    """The statement of the company and of the institute."""
    stage.act("bill_title")
    for party in ("lantern", "institute"):
        for month in stage.clients[party].statements():
            stage.verbatim(f"{stage.words.of('names', party)} · {month['month']}")
            for line in month["lines"]:
                why = stage.words.of("purposes", line["free"] if line["free"] == "repeat" else line["purpose"])
                stage.verbatim("  " + stage.words("line", why=why, **line))
            stage.verbatim("  " + stage.words("total", **month))
    paid = sum(Decimal(month["total"]) for month in stage.clients["lantern"].statements())
    stage.expect(paid == 2 * Decimal(PRICE), f"two paid questions, not {paid} yuan")
    stage.say("bill")


def _ask(stage: Stage, party: str, product: str, sql: str, epsilon: str) -> Answer:
    with stage.working("asking", name=stage.words.of("names", party)):
        answer = stage.clients[party].query(stage.ids[f"{party}/{product}"], sql, epsilon=epsilon)
    stage.answers[f"{party}/{product}"] = answer
    return answer


def _cost(stage: Stage, answer: Answer, fee: str, words: str = "cost") -> None:
    stage.expect(Decimal(answer.fee) == Decimal(fee), f"a fee of {fee} yuan, not {answer.fee}")
    spent, left = answer.privacy["epsilon"], answer.privacy["left"]["epsilon"]
    stage.say(words, epsilon=at_most(spent), left=at_least(left), fee=answer.fee)
