"""What was spent and may be: privacy budgets, usage events, statements."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from apiflask import APIBlueprint

from sandbox.billing.statement import revenue, statement
from sandbox.catalogue.promise import raise_promise
from sandbox.catalogue.records import Resource
from sandbox.core.clock import now
from sandbox.identity.records import Party
from sandbox.metering import events
from sandbox.privacy.budgets import budget, budgets, by_product
from sandbox.privacy.records import Account
from sandbox.web.call import Call, Reply
from sandbox.web.endpoint import endpoint
from sandbox.web.paging import cut, window
from sandbox.wire.common import Items, Page
from sandbox.wire.oversight import BudgetProducts, RaiseIn, RaiseOut, StatementQuery

blueprint = APIBlueprint("accounts", __name__)


@endpoint(blueprint, "GET", "/budgets", action="budget.read", query=Page, answer=Items)
def list_budgets(call: Call, query: Page) -> Reply:
    """List privacy accounts: total, spent, reserved, left, over life. Overseers see all, a registrar those of its own
    populations, a user its own."""
    named: dict[str, list[str]] = {}
    own: set[str] = set()
    for resource in call.tx.find(Resource):
        named.setdefault(resource.population, []).append(resource.id)
        if call.principal.party.id in (resource.registrar, resource.answers):
            own.add(resource.population)
    if call.principal.oversees:
        seen = budgets(call.tx)
    else:
        seen = budgets(call.tx, populations=sorted(own))
        seen += [one for one in budgets(call.tx, party=call.principal.party.id) if one["population"] not in own]
    found = [one | {"resources": named.get(one["population"], [])} for one in seen]
    return Reply(window(sorted(found, key=lambda one: str(one["account"])), query, "account"))


@endpoint(blueprint, "GET", "/budgets/<account_id>/products", action="budget.read", answer=BudgetProducts)
def list_budget_products(call: Call, account_id: str) -> Reply:
    """What each product took from a population's budget over its life: for its registrar and overseers."""
    account = call.tx.get(Account, account_id)
    if account is not None and (account.party is not None or not _registrar_or_overseer(call, account.population)):
        account = None
    account = call.existing(account, "budget of a population of yours")
    return Reply({"account": account.id, "population": account.population, "items": by_product(call.tx, account)})


def _registrar_or_overseer(call: Call, population: str) -> bool:
    mine = call.principal.party.id
    return call.principal.oversees or any(
        mine in (one.registrar, one.answers) for one in call.tx.find(Resource, population=population)
    )


@endpoint(
    blueprint,
    "POST",
    "/budgets/<account_id>/raise",
    action="budget.raise",
    body=RaiseIn,
    answer=RaiseOut,
    problems=("not_found", "state_conflict", "epsilon_invalid"),
)
def raise_budget(call: Call, account_id: str, body: RaiseIn) -> Reply:
    """Raise the lifetime cap of a population: a change of promise, logged and disclosed with its reason."""
    given = body.epsilon, body.delta, body.reason.strip()
    account, _ = raise_promise(call.tx, call.house.journal, call.principal, account_id, *given)
    return Reply(budget(call.tx, account))


@endpoint(blueprint, "GET", "/usage", action="usage.read", query=Page, answer=Items)
def list_usage(call: Call, query: Page) -> Reply:
    """List usage events: a user's own, an operator's of its products, overseers all."""
    fetch = lambda limit, after: events.usage(call.tx, call.principal, limit=limit, after=after)  # noqa: E731
    return Reply(cut(fetch, query, events.view))


@endpoint(
    blueprint,
    "GET",
    "/statements",
    action="statement.read",
    query=StatementQuery,
    answer=Items,
    problems=("not_found",),
)
def list_statements(call: Call, query: StatementQuery) -> Reply:
    """List monthly statements (账单): what a user owes, what an operator's products earned."""
    found = call.tx.get(Party, query.party or call.principal.party.id)
    party = call.visible(found, "party", lambda one: one.id)
    months = [query.month] if query.month else _months(party.created_at, now())
    drawn = [sheet(call.tx, party, month) for month in months for sheet in _sheets(party)]
    items = [one for one in drawn if query.month or one["lines"]]
    return Reply(window(items, query, "id"))


def _sheets(party: Party) -> list[Any]:
    return ([statement] if "operator" not in party.roles or "user" in party.roles else []) + (
        [revenue] if "operator" in party.roles else []
    )


def _months(first: datetime, last: datetime) -> Iterator[str]:
    for number in range(first.year * 12 + first.month - 1, last.year * 12 + last.month):
        yield f"{number // 12:04}-{number % 12 + 1:02}"
