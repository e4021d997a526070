"""Runs on a schedule, with a budget that lasts the year: what a specification may plan, and which run is due.

ε and the number of runs are fixed when the product is approved, so nobody finds out in autumn that spring spent the
year's budget. A run that was due while the service was down is made once, for the last period; what lies further back
the operator may run itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import islice, takewhile
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from sandbox.catalogue.entry import Entry
from sandbox.catalogue.records import Resource
from sandbox.core.clock import now
from sandbox.core.sentences import plainly
from sandbox.core.store import Transaction
from sandbox.errors import Problem
from sandbox.jobs.copying import runs_of
from sandbox.jobs.own import left_of_year
from sandbox.privacy.accounts import loss_of, promised
from sandbox.products.periods import LENGTHS, Period, complete, read_period
from sandbox.products.records import Product

Epsilon = Annotated[Decimal, Field(gt=0, le=100_000, max_digits=60)]


class Plan(BaseModel):
    """What a product that its operator runs plans: the length of its periods, ε of one run, at most so many runs in a
    calendar year, ε of all of them, after how many days a period that is over is run, and how many of the last periods
    are run again when the data version was replaced; the last period of a series that ends."""

    model_config = ConfigDict(extra="ignore", frozen=True)
    schedule: str
    epsilon: Epsilon
    runs: Annotated[int, Field(ge=1, le=1000, strict=True)]
    epsilon_per_year: Epsilon
    delay_days: Annotated[int, Field(ge=0, le=366, strict=True)] = 0
    revise: Annotated[int, Field(ge=0, le=100, strict=True)] = 0
    last: str | None = None


PLANNED = tuple(Plan.model_fields)


@dataclass(frozen=True)
class Due:
    """A run that is due now: of which period, and why (schedule, revision)."""

    period: str
    reason: str


def read_plan(spec: Mapping[str, Any]) -> Plan:
    """Read the plan in a specification. Raises field_invalid."""
    try:
        return Plan.model_validate(spec)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise Problem("field_invalid", f"Field spec.{where}: {plainly(first['msg'])}", field=f"spec.{where}") from None


def check_plan(spec: Mapping[str, Any], entries: Sequence[Entry]) -> Plan:
    """Give the plan, which must last the year: all its runs within its ε, and within the operator's share of the
    privacy budget, which is what each user of the population gets. Raises field_invalid, unit_missing."""
    plan = read_plan(spec)
    if plan.schedule not in LENGTHS:
        raise _invalid("schedule", f"write one of {', '.join(LENGTHS)}")
    if plan.last is not None:
        try:
            read_period(plan.schedule, plan.last)
        except ValueError as error:
            raise _invalid("last", str(error)) from None
    if plan.runs < LENGTHS[plan.schedule]:
        raise _invalid("runs", f"{plan.schedule} has {LENGTHS[plan.schedule]} periods in a year; plan at least as many")
    if plan.runs * plan.epsilon > plan.epsilon_per_year:
        raise _invalid(
            "epsilon_per_year",
            f"{plan.runs} runs with ε {plan.epsilon:f} take {plan.runs * plan.epsilon:f} in a year, and "
            f"{plan.epsilon_per_year:f} is planned; plan fewer runs, a smaller epsilon, or more for the year",
        )
    for entry in entries:
        if entry.privacy is None:
            raise Problem("unit_missing", f"{entry.name} declares no privacy budget; ask the holder to declare it.")
        each = entry.privacy.per_user
        share = promised(entry.name, "", each.epsilon, each.delta, entry.privacy.pure, None, now())
        if plan.runs * loss_of(share, plan.epsilon) > share.loss_total:
            raise _invalid(
                "runs",
                f"a year of {plan.runs} runs with ε {plan.epsilon:f} takes more than the share of ε {each.epsilon:f} "
                f"that {entry.name} gives each user, its operator too; plan fewer runs or a smaller epsilon",
            )
    return plan


def due(tx: Transaction, product: Product, moment: datetime) -> Due | None:
    """Give the run of a product that is due now; None when there is none. The last period that is over comes first,
    then the last periods whose data version was replaced, if the year has runs left beyond those that the schedule
    still needs."""
    plan, today = read_plan(product.spec), moment.astimezone(UTC).date()
    over = list(islice(_over(plan, today - timedelta(days=plan.delay_days)), max(plan.revise, 1)))
    resource = tx.get(Resource, product.resources[0])
    if resource is None or resource.version is None or left_of_year(tx, product, moment) < 1:
        return None
    last = {run.period: run for run, _ in runs_of(tx, product)}
    if over and over[0].name not in last:
        return Due(over[0].name, "schedule")
    if left_of_year(tx, product, moment) <= _still_needed(plan, today):
        return None
    stale = [one.name for one in over[: plan.revise] if one.name in last and last[one.name].version != resource.version]
    return Due(stale[0], "revision") if stale else None


def default_period(spec: Mapping[str, Any], moment: datetime) -> str:
    """Give the period that a run is of when nobody says: the last one that is over or, without a schedule, the day."""
    today = moment.astimezone(UTC).date()
    return next(_over(read_plan(spec), today)).name if "schedule" in spec else today.isoformat()


def check_period(spec: Mapping[str, Any], name: object, moment: datetime) -> None:
    """Refuse (field_invalid) what is not the name of a period that is over."""
    plan = read_plan(spec)
    try:
        period = read_period(plan.schedule, name if isinstance(name, str) else "")
    except ValueError as error:
        raise Problem("field_invalid", f"Field period: {error}.", field="period") from None
    if plan.last is not None and period.name > plan.last:
        say = f"{period.name} is after {plan.last}, the last of this series"
        raise Problem("field_invalid", f"Field period: {say}.", field="period")
    if period.end > moment.astimezone(UTC).date():
        say = f"{period.name} is not over yet; name one before it"
        raise Problem("field_invalid", f"Field period: {say}.", field="period")


def _over(plan: Plan, today: date) -> Iterator[Period]:
    """The periods of a series that are over, the last one first."""
    return (one for one in complete(plan.schedule, today) if plan.last is None or one.name <= plan.last)


def _still_needed(plan: Plan, today: date) -> int:
    """How many periods become due in what is left of this calendar year."""
    delay = timedelta(days=plan.delay_days)
    to_come = _over(plan, today.replace(month=12, day=31) - delay)
    return sum(1 for _ in takewhile(lambda period: period.end > today - delay, to_come))


def _invalid(field: str, say: str) -> Problem:
    return Problem("field_invalid", f"Field spec.{field}: {say}.", field=f"spec.{field}")
