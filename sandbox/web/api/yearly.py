"""The yearly review (P5, P6): deviation and its task, cycles, the report, the calendar."""

from __future__ import annotations

from apiflask import APIBlueprint

from sandbox.billing import cycles, reviews, surveys, yearly
from sandbox.billing.deadlines import calendar
from sandbox.billing.records import YearlyReport, YearlyReview
from sandbox.billing.yearly_paper import report_paper
from sandbox.core.clock import now
from sandbox.errors import Problem
from sandbox.papers.pdf import pdf
from sandbox.web.call import Call, Reply
from sandbox.web.endpoint import endpoint
from sandbox.web.paging import page
from sandbox.wire.common import Items, Page
from sandbox.wire.reviews import (
    CalendarQuery,
    CloseCycleIn,
    CycleIn,
    CycleOut,
    GuidanceIn,
    OutcomeIn,
    ReportIn,
    ReportOut,
    ReportQuery,
    ReportsQuery,
    ReviewIn,
    YearReviewOut,
)

blueprint = APIBlueprint("yearly", __name__)
OF_OPERATOR = "/operators/<operator_id>"
PDF = "application/pdf"


@endpoint(
    blueprint,
    "POST",
    f"{OF_OPERATOR}/yearly-reviews",
    action="review.run",
    body=ReviewIn,
    answer=YearReviewOut,
    status=201,
    problems=("state_conflict",),
)
def review_year(call: Call, operator_id: str, body: ReviewIn) -> Reply:
    """Hold a year that is over against what was permitted; opens the task that follows."""
    made = reviews.begin(call.tx, call.house.journal, call.principal, operator_id, body.year, body.outside)
    return Reply(reviews.view(call.tx, made), location=f"/api/v1/operators/{operator_id}/yearly-reviews")


@endpoint(blueprint, "GET", f"{OF_OPERATOR}/yearly-reviews", action="survey.read", query=Page, answer=Items)
def list_year_reviews(call: Call, operator_id: str, query: Page) -> Reply:
    """List the yearly reviews of an operator."""
    surveys.operator_of(call.tx, call.principal, operator_id)
    return Reply(page(call.tx, YearlyReview, query, lambda one: reviews.view(call.tx, one), operator=operator_id))


@endpoint(
    blueprint,
    "POST",
    "/yearly-reviews/<review_id>/guidance",
    action="review.run",
    body=GuidanceIn,
    answer=YearReviewOut,
    problems=("state_conflict",),
)
def guide_operator(call: Call, review_id: str, body: GuidanceIn) -> Reply:
    """Record the guidance by which the operator adjusts its prices."""
    made = reviews.guide(call.tx, call.house.journal, call.principal, review_id, body.guidance)
    return Reply(reviews.view(call.tx, made))


@endpoint(
    blueprint,
    "POST",
    "/yearly-reviews/<review_id>/close",
    action="review.run",
    body=OutcomeIn,
    answer=YearReviewOut,
    problems=("state_conflict",),
)
def close_review(call: Call, review_id: str, body: OutcomeIn) -> Reply:
    """Close a review whose task is done: prices set anew as guided, or ceilings."""
    made = reviews.close(call.tx, call.house.journal, call.principal, review_id, body.outcome)
    return Reply(reviews.view(call.tx, made))


@endpoint(blueprint, "POST", f"{OF_OPERATOR}/cycles", action="review.run", body=CycleIn, answer=CycleOut, status=201)
def begin_cycle(call: Call, operator_id: str, body: CycleIn) -> Reply:
    """Begin a cycle of years."""
    made = cycles.begin(call.tx, call.house.journal, call.principal, operator_id, body.first, body.last, body.reason)
    return Reply(cycles.view(made), location=f"/api/v1/operators/{operator_id}/cycles")


@endpoint(blueprint, "GET", f"{OF_OPERATOR}/cycles", action="survey.read", answer=Items)
def list_cycles(call: Call, operator_id: str) -> Reply:
    """List the cycles of an operator with what they carried over."""
    surveys.operator_of(call.tx, call.principal, operator_id)
    return Reply({"items": [cycles.view(one) for one in cycles.found(call.tx, operator_id)], "next": None})


@endpoint(
    blueprint,
    "POST",
    "/cycles/<cycle_id>/close",
    action="review.run",
    body=CloseCycleIn,
    answer=CycleOut,
    problems=("state_conflict",),
)
def close_cycle(call: Call, cycle_id: str, body: CloseCycleIn) -> Reply:
    """Close a cycle whose years are reviewed; what it earned too much is deducted in those that follow."""
    return Reply(cycles.view(cycles.close(call.tx, call.house.journal, call.principal, cycle_id, body.over)))


@endpoint(
    blueprint,
    "POST",
    f"{OF_OPERATOR}/yearly-reports",
    action="review.run",
    body=ReportIn,
    answer=ReportOut,
    status=201,
    problems=("state_conflict",),
)
def file_report(call: Call, operator_id: str, body: ReportIn) -> Reply:
    """File the yearly report on an operator, to both departments; filed again, it replaces the one before."""
    by_hand = body.model_dump(mode="json", exclude={"year", "published"})
    made = yearly.file(
        call.tx, call.house.journal, call.principal, operator_id, body.year, by_hand, published=body.published
    )
    return Reply(yearly.view(made), location=f"/api/v1/yearly-reports/{made.id}")


@endpoint(blueprint, "GET", "/yearly-reports", action="survey.read", query=ReportsQuery, answer=Items)
def list_reports(call: Call, query: ReportsQuery) -> Reply:
    """List filed reports: overseers – both departments among them – all, an operator those on itself."""
    mine = call.principal.party.id
    seen = lambda one: call.principal.oversees or one.operator == mine  # noqa: E731
    whose = {} if query.operator is None else {"operator": query.operator}
    return Reply(page(call.tx, YearlyReport, query, yearly.view, seen, **whose))


@endpoint(
    blueprint,
    "GET",
    "/yearly-reports/<report_id>",
    action="survey.read",
    query=ReportQuery,
    answer=ReportOut,
    media=(PDF,),
)
def read_report(call: Call, report_id: str, query: ReportQuery) -> Reply:
    """Read a filed report, as data or as the paper in Chinese or English."""
    report = yearly.found(call.tx, call.principal, report_id)
    if query.format == "json":
        return Reply(yearly.view(report))
    name = {"Content-Disposition": f'attachment; filename="report-{report.year}-{report.number}.pdf"'}
    return Reply(pdf(report_paper(report.content, report.created_at, query.lang)), media=PDF, headers=name)


@endpoint(blueprint, "GET", "/price-calendar", action="survey.read", query=CalendarQuery, answer=Items)
def read_calendar(call: Call, query: CalendarQuery) -> Reply:
    """What is due around prices, soonest first: an operator's own, overseers all."""
    mine = call.principal.party.id
    whose = query.operator if call.principal.oversees else mine
    if query.operator not in (None, whose):
        raise Problem("not_found", "there is no such operator")
    return Reply({"items": calendar(call.tx, now().date(), whose), "next": None})
