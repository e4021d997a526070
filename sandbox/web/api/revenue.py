"""From an operator's costs to its permitted revenue and ceilings (P2, P3)."""

from __future__ import annotations

from apiflask import APIBlueprint

from sandbox.billing import ceilings, surveys
from sandbox.billing.prices import view as price_view
from sandbox.billing.records import CeilingSet, CostSurvey
from sandbox.web.call import Call, Reply
from sandbox.web.endpoint import endpoint
from sandbox.web.paging import page
from sandbox.wire.common import Items, Page
from sandbox.wire.money import (
    ApplyIn,
    CeilingsIn,
    CeilingsOut,
    ReturnIn,
    RevenueOut,
    RevenueQuery,
    SurveyIn,
    SurveyOut,
    VerifyIn,
)

blueprint = APIBlueprint("revenue", __name__)
OF_OPERATOR = "/operators/<operator_id>"


@endpoint(
    blueprint,
    "POST",
    f"{OF_OPERATOR}/cost-surveys",
    action="survey.file",
    body=SurveyIn,
    answer=SurveyOut,
    status=201,
)
def file_survey(call: Call, operator_id: str, body: SurveyIn) -> Reply:
    """File the costs of a year that is over, as the operator; gives what they would permit."""
    data = body.model_dump(mode="json", exclude={"year"}, exclude_none=True)
    made = surveys.file(call.tx, call.house.journal, call.principal, operator_id, body.year, data)
    return Reply(surveys.view(made), location=f"/api/v1/cost-surveys/{made.id}")


@endpoint(blueprint, "GET", f"{OF_OPERATOR}/cost-surveys", action="survey.read", query=Page, answer=Items)
def list_surveys(call: Call, operator_id: str, query: Page) -> Reply:
    """List the cost surveys of an operator."""
    surveys.operator_of(call.tx, call.principal, operator_id)
    return Reply(page(call.tx, CostSurvey, query, surveys.view, operator=operator_id))


@endpoint(blueprint, "GET", "/cost-surveys/<survey_id>", action="survey.read", answer=SurveyOut)
def read_survey(call: Call, survey_id: str) -> Reply:
    """Read a cost survey and what it permits, step by step."""
    return Reply(surveys.view(surveys.found(call.tx, call.principal, survey_id)))


@endpoint(blueprint, "POST", "/cost-surveys/<survey_id>/apply", action="survey.apply", body=ApplyIn, answer=SurveyOut)
def apply_for_prices(call: Call, survey_id: str, body: ApplyIn) -> Reply:
    """Apply in writing for formal prices on these costs, as the authorising body."""
    made = surveys.apply(call.tx, call.house.journal, call.principal, survey_id, body.basis)
    return Reply(surveys.view(made))


@endpoint(
    blueprint, "POST", "/cost-surveys/<survey_id>/verify", action="survey.verify", body=VerifyIn, answer=SurveyOut
)
def verify_survey(call: Call, survey_id: str, body: VerifyIn) -> Reply:
    """Verify figures and margin; when both departments have, the revenue is permitted."""
    made = surveys.verify(call.tx, call.house.journal, call.principal, survey_id, body.assessment)
    return Reply(surveys.view(made))


@endpoint(
    blueprint, "POST", "/cost-surveys/<survey_id>/return", action="survey.verify", body=ReturnIn, answer=SurveyOut
)
def return_survey(call: Call, survey_id: str, body: ReturnIn) -> Reply:
    """Return a survey to its operator with a reason."""
    made = surveys.send_back(call.tx, call.house.journal, call.principal, survey_id, body.reason)
    return Reply(surveys.view(made))


@endpoint(
    blueprint,
    "GET",
    f"{OF_OPERATOR}/permitted-revenue",
    action="survey.read",
    query=RevenueQuery,
    answer=RevenueOut,
)
def read_permitted_revenue(call: Call, operator_id: str, query: RevenueQuery) -> Reply:
    """Read the verified permitted revenue of an operator, step by step."""
    surveys.operator_of(call.tx, call.principal, operator_id)
    survey = call.existing(surveys.verified(call.tx, operator_id, query.year), "verified cost survey")
    said = surveys.permitted_view(surveys.figures(survey.data).permitted())
    return Reply({"operator": operator_id, "year": survey.year, "survey": survey.id, "permitted": said})


@endpoint(
    blueprint,
    "POST",
    f"{OF_OPERATOR}/ceilings",
    action="ceilings.set",
    body=CeilingsIn,
    answer=CeilingsOut,
    status=201,
    problems=("ceilings_exceed_revenue",),
)
def set_ceilings(call: Call, operator_id: str, body: CeilingsIn) -> Reply:
    """Set the ceilings of an operator's products as one set, within its permitted revenue. A price above its ceiling
    falls to it at once."""
    rows = [row.model_dump() for row in body.ceilings]
    made, lowered = ceilings.set_ceilings(call.tx, call.house.journal, call.principal, operator_id, body.year, rows)
    said = ceilings.view(call.tx, made) | {"lowered": [price_view(price) for price in lowered]}
    return Reply(said, location=f"/api/v1/operators/{operator_id}/ceilings")


@endpoint(blueprint, "GET", f"{OF_OPERATOR}/ceilings", action="survey.read", query=Page, answer=Items)
def list_ceilings(call: Call, operator_id: str, query: Page) -> Reply:
    """List the sets of ceilings of an operator, the newest last. What is in force is in the disclosure."""
    surveys.operator_of(call.tx, call.principal, operator_id)
    return Reply(page(call.tx, CeilingSet, query, lambda one: ceilings.view(call.tx, one), operator=operator_id))
