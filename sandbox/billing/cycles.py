"""Cycles of prices (P5): years looked at as one; what they earned beyond the permitted is deducted afterwards."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from policies.pricing import RULES
from sandbox.billing import surveys
from sandbox.billing.lines import ZERO
from sandbox.billing.records import PriceCycle, YearlyReview
from sandbox.billing.regulated import carry_over, spread
from sandbox.core.clock import now
from sandbox.core.ids import new_id
from sandbox.core.store import Transaction
from sandbox.core.view import shown
from sandbox.errors import Problem
from sandbox.identity.keys import Principal
from sandbox.transparency.journal import Journal

MOST_PARTS = 10


def begin(
    tx: Transaction,
    journal: Journal,
    principal: Principal,
    operator: str,
    first: int,
    last: int,
    reason: str | None = None,
) -> PriceCycle:
    """Begin a cycle of whole years, behind those before. One longer than the notice's limit needs a reason.

    Raises role_not_allowed, not_found, field_invalid.
    """
    principal.may("review.run")
    surveys.operator_of(tx, principal, operator)
    before = found(tx, operator)
    if last < first or (before and first <= before[-1].last):
        raise Problem("field_invalid", "first, last: write years in order, behind those of the cycle before")
    if last - first + 1 > RULES.longest_cycle and not reason:
        said = f"a cycle has at most {RULES.longest_cycle} years in principle; a longer one needs its reason"
        raise Problem("field_invalid", f"reason: {said}")
    number = before[-1].number + 1 if before else 1
    made = PriceCycle(new_id("cycle"), operator, number, first, last, reason, None, [], now(), None)
    tx.add(made)
    _log(tx, journal, "cycle.begun", made, principal)
    return made


def close(tx: Transaction, journal: Journal, principal: Principal, cycle_id: str, over: int = 1) -> PriceCycle:
    """Close a cycle whose years are all reviewed: what it earned beyond the permitted is deducted in the first year of
    the next cycle or, where it is large, in parts over that many cycles.

    Raises role_not_allowed, not_found, field_invalid, state_conflict.
    """
    principal.may("review.run")
    cycle = tx.get(PriceCycle, cycle_id, lock=True)
    if cycle is None:
        raise Problem("not_found", "there is no such cycle")
    if cycle.closed_at is not None:
        raise Problem("state_conflict", "this cycle is closed already")
    if not 1 <= over <= MOST_PARTS:
        raise Problem("field_invalid", f"over: write 1 to {MOST_PARTS} cycles")
    years = range(cycle.first, cycle.last + 1)
    reviews = {one.year: one for one in tx.find(YearlyReview, operator=cycle.operator, year=list(years))}
    if lacking := [str(year) for year in years if year not in reviews]:
        raise Problem("state_conflict", f"review {', '.join(lacking)} first")
    found = carry_over((one.settled + one.outside, one.permitted) for one in reviews.values())
    parts = [{"amount": format(part, "f"), "survey": None} for part in spread(found, over)]
    closed = tx.change(cycle, carry_over=found, parts=parts, closed_at=now())
    _log(tx, journal, "cycle.closed", closed, principal, carry_over=format(found, "f"), over=over)
    return closed


def found(tx: Transaction, operator: str) -> list[PriceCycle]:
    """Give an operator's cycles, oldest first."""
    return tx.find(PriceCycle, operator=operator, order=["number"])


def due(tx: Transaction, operator: str, year: int) -> Decimal | None:
    """Give what is to be deducted from the permitted revenue of a year: in the first year of a cycle the parts that
    fall to it, in its others 0; None for a year outside of all cycles."""
    cycles = found(tx, operator)
    present = next((one for one in cycles if one.first <= year <= one.last), None)
    if present is None:
        return None
    if year != present.first:
        return ZERO
    return sum((Decimal(part["amount"]) for _, part in _falling(cycles, present)), ZERO)


def deduct(tx: Transaction, operator: str, year: int, survey: str, carried: Decimal) -> None:
    """Refuse ceilings of a year whose survey does not deduct what is due, and note that it does. Raises
    state_conflict."""
    wanted = due(tx, operator, year)
    if wanted is None:
        return
    if carried != wanted:
        said = f"{wanted:f} yuan of earlier cycles are to be deducted in {year}, and the survey deducts {carried:f}"
        raise Problem("state_conflict", f"{said}: have one verified with carry_over {wanted:f}")
    cycles = found(tx, operator)
    present = next(one for one in cycles if one.first <= year <= one.last)
    for cycle, part in _falling(cycles, present) if year == present.first else ():
        parts = [one | {"survey": survey} if one is part else one for one in cycle.parts]
        tx.change(tx.get(PriceCycle, cycle.id, lock=True) or cycle, parts=parts)


def view(cycle: PriceCycle) -> dict[str, Any]:
    """Give a cycle as the outside sees it."""
    return shown(cycle)


def _falling(cycles: list[PriceCycle], present: PriceCycle) -> list[tuple[PriceCycle, dict[str, Any]]]:
    """The parts of earlier cycles that fall to this one: the first part to the next cycle, and so on."""
    steps = [(one, present.number - one.number - 1) for one in cycles if one.number < present.number]
    return [(one, one.parts[step]) for one, step in steps if step < len(one.parts)]


def _log(
    tx: Transaction, journal: Journal, kind: str, cycle: PriceCycle, principal: Principal, **also: str | int | None
) -> None:
    public: dict[str, str | int | None] = {"operator": cycle.operator, "number": cycle.number}
    public |= {"first": cycle.first, "last": cycle.last} | also
    journal.write(tx, kind, public=public, committed={"reason": cycle.reason or ""}, party=principal.party.id)
