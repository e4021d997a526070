"""Numbers of tax invoices (发票): issued elsewhere by the operator, stored here beside the settlement they belong to.

Nothing about them is worked out here. A number that was wrong is withdrawn with its reason and stays on record.
"""

from __future__ import annotations

import re
from typing import Any

from sandbox.billing import settlements
from sandbox.billing.records import Settlement, TaxInvoice
from sandbox.core.clock import now
from sandbox.core.ids import new_id
from sandbox.core.store import Transaction
from sandbox.core.view import shown
from sandbox.errors import Problem
from sandbox.identity.keys import Principal
from sandbox.transparency.journal import Journal

MOST = 100  # of one settlement: an invoice has a highest amount
_DIGITAL, _OLDER, _CODE = re.compile(r"[0-9]{20}"), re.compile(r"[0-9]{8}"), re.compile(r"[0-9]{10}|[0-9]{12}")


def enter(
    tx: Transaction, journal: Journal, principal: Principal, settlement_id: str, number: str, code: str | None = None
) -> TaxInvoice:
    """Store the number of an invoice for one's own settlement or note: 20 digits (数电票), or 8 with a `code` of 10 or
    12. An invoice may stand for several settlements of one user. Raises role_not_allowed, not_found, field_invalid,
    state_conflict (it stands there already, or for another user)."""
    principal.may("settlement.run")
    settled = tx.get(Settlement, settlement_id, lock=True)
    if settled is None or settled.operator != principal.party.id:
        raise Problem("not_found", "there is no such settlement of yours")
    _check(number, code)
    standing = of_settlements(tx, [settled])
    if any((one.number, one.code) == (number, code) for one in standing):
        raise Problem("state_conflict", "this invoice stands with this settlement already")
    if len(standing) >= MOST:
        raise Problem("state_conflict", f"a settlement has at most {MOST} invoices")
    for other in tx.find(TaxInvoice, number=number, operator=settled.operator, withdrawn_at=None):
        if other.code == code and other.party != settled.party:
            raise Problem("state_conflict", "this invoice stands with a settlement of another user; check the number")
    made = TaxInvoice(
        new_id("invoice"), settled.id, settled.operator, settled.party, settled.month, code, number,
        principal.party.id, now(), None, None,
    )  # fmt: skip
    tx.add(made)
    _log(tx, journal, "invoice.entered", made, {"number": number, "code": code or ""})
    return made


def withdraw(tx: Transaction, journal: Journal, principal: Principal, invoice_id: str, reason: str) -> TaxInvoice:
    """Withdraw a number that one entered: it was wrong, or the invoice was taken back (红冲). Raises role_not_allowed,
    not_found, state_conflict."""
    principal.may("settlement.run")
    invoice = tx.get(TaxInvoice, invoice_id, lock=True)
    if invoice is None or invoice.operator != principal.party.id:
        raise Problem("not_found", "there is no such invoice of yours")
    if invoice.withdrawn_at is not None:
        raise Problem("state_conflict", "this invoice is withdrawn already")
    _log(tx, journal, "invoice.withdrawn", invoice, {"reason": reason})
    return tx.change(invoice, withdrawn_at=now(), reason=reason)


def of_settlement(tx: Transaction, principal: Principal, settlement_id: str) -> list[TaxInvoice]:
    """Give all invoices of a settlement, withdrawn ones too, to its user, its operator and overseers. Raises
    not_found."""
    settled = settlements.found(tx, principal, settlement_id)
    return tx.find(TaxInvoice, settlement=settled.id)


def of_settlements(tx: Transaction, settled: list[Settlement]) -> list[TaxInvoice]:
    """Give the invoices in force of some settlements, in the order of their entry."""
    return tx.find(TaxInvoice, settlement=[one.id for one in settled], withdrawn_at=None) if settled else []


def view(invoice: TaxInvoice) -> dict[str, Any]:
    """Give an invoice as the outside sees it."""
    return shown(invoice, "entered_by")


def _check(number: str, code: str | None) -> None:
    if code is None:
        if not _DIGITAL.fullmatch(number):
            said = "number: write the 20 digits of the invoice (数电票); an older one has 8 beside a code of 10 or 12"
            raise Problem("field_invalid", said)
        return
    if not _CODE.fullmatch(code):
        raise Problem("field_invalid", "code: write the 10 or 12 digits of the invoice's code, or leave it out")
    if not _OLDER.fullmatch(number):
        raise Problem("field_invalid", "number: beside a code write the 8 digits of the invoice's number")


def _log(tx: Transaction, journal: Journal, kind: str, invoice: TaxInvoice, said: dict[str, str]) -> None:
    public: dict[str, str | int | None] = {"invoice": invoice.id, "settlement": invoice.settlement}
    journal.write(tx, kind, public=public, committed=said, party=invoice.party)
