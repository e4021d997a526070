"""What a handler gets and gives."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from sandbox.core.store import Duplicate, Transaction
from sandbox.errors import Problem
from sandbox.identity.keys import Principal
from sandbox.jobs.house import House
from sandbox.web.idempotency import Ticket

R = TypeVar("R")
Keep = Callable[[Transaction, str], None]


@dataclass(frozen=True)
class Public:
    """A request that needs no key."""

    house: House
    tx: Transaction

    def existing(self, found: R | None, what: str) -> R:
        """Give `found`; raises not_found without it."""
        if found is None:
            raise Problem("not_found", f"there is no such {what}")
        return found


@dataclass(frozen=True)
class Call(Public):
    """A request that one transaction serves whole."""

    principal: Principal

    def visible(self, found: R | None, what: str, owner: Callable[[R], str]) -> R:
        """Give `found` to its owner and to overseers; to others it does not exist. Raises not_found."""
        if found is not None and not (self.principal.oversees or owner(found) == self.principal.party.id):
            found = None
        return self.existing(found, what)


@dataclass(frozen=True)
class Errand:
    """A request whose work goes on elsewhere: the handler opens its own short transactions."""

    house: House
    principal: Principal

    def once(self, content: object, start: Callable[[Keep], str], *, required: bool = False) -> str:
        """Start the work unless the same request did before, and give the id of its subject.

        `start` hands the given function to the transaction that makes the work durable, so that the Idempotency-Key
        and the work are written together or not at all: no crash leaves a key without its work. Raises
        malformed_request (a key is `required` and missing), idempotency_conflict.
        """
        if required:
            ticket: Ticket | None = self.ticket(content)
        else:
            ticket = Ticket.read(self.house, self.principal.party.id, content)
        if ticket is None:
            return start(lambda tx, subject: None)
        if (earlier := self._earlier(ticket)) is not None:
            return earlier
        try:
            return start(ticket.keep_subject)
        except Duplicate:  # the same request, sent twice at once, was faster; this one left nothing
            if (earlier := self._earlier(ticket)) is None:
                raise
            return earlier

    def ticket(self, content: object) -> Ticket:
        """Give the request's claim on its Idempotency-Key. Raises malformed_request without one."""
        ticket = Ticket.read(self.house, self.principal.party.id, content)
        if ticket is None:
            raise Problem(
                "malformed_request",
                "send the header Idempotency-Key with a text of your choice that is new for each new question: "
                "with it a repeated request cannot spend privacy or money twice",
            )
        return ticket

    def _earlier(self, ticket: Ticket) -> str | None:
        with self.house.store.read() as tx:
            found = ticket.earlier(tx)
        return None if found is None else str(found.value)


@dataclass(frozen=True)
class Reply:
    """What a handler gives: a JSON value or, with `media`, bytes. `secrets` names members shown once, never stored."""

    value: Any
    status: int | None = None
    location: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    media: str | None = None
    secrets: tuple[str, ...] = ()
