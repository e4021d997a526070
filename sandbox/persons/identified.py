"""Which party stands for which person, once its identity was proved."""

from __future__ import annotations

from sandbox.core.clock import now
from sandbox.core.ids import new_id
from sandbox.core.store import Transaction
from sandbox.errors import Problem
from sandbox.identity.keys import Principal
from sandbox.identity.records import Party
from sandbox.persons.pseudonym import Person
from sandbox.persons.records import Identification
from sandbox.transparency.journal import Journal


def identify(
    tx: Transaction, journal: Journal, principal: Principal, party_id: str, person: Person, method: str
) -> Identification:
    """Let a party of the role subject stand for a person whose identity was proved by `method`. Another party that
    stood for it does so no more; said twice, nothing happens. Raises role_not_allowed, not_found, state_conflict."""
    principal.may("subject.identify")
    party = tx.get(Party, party_id)
    if party is None or "subject" not in party.roles:
        raise Problem("not_found", "party: there is no such party with the role subject")
    earlier = tx.find(Identification, party=party_id, ended_at=None)
    if earlier and earlier[0].subject == person.subject:
        return earlier[0]
    if earlier:
        raise Problem("state_conflict", "party: it stands for another person; make a party of its own for this one")
    moment = now()
    for former in tx.find(Identification, subject=person.subject, ended_at=None):
        tx.change(former, ended_at=moment)
    made = Identification(new_id("identity"), person.subject, party_id, method, principal.party.id, moment, None)
    tx.add(made)
    journal.write(
        tx, "subject.identified", public={"by": principal.party.id}, committed={"party": party_id, "method": method}
    )
    return made


def subjects(tx: Transaction, principal: Principal) -> list[str]:
    """Give the pseudonym of the person that the principal's party stands for; empty without one."""
    return [row.subject for row in tx.find(Identification, party=principal.party.id, ended_at=None)]


def own(tx: Transaction, principal: Principal) -> Identification:
    """Give the principal's proved identity. Raises state_conflict without one."""
    found = tx.find(Identification, party=principal.party.id, ended_at=None)
    if not found:
        raise Problem("state_conflict", "prove your identity to the data administration first; it says who you are")
    return found[0]
