"""Into a workspace and out of it: entry review (入域审查) of users' code and own tables, their end, exit review
(出域审核).

A reviewer sees the code, what it gives, and of each own table its columns, rows and legal basis – never what is in it.
Own tables are sealed when they come and deleted when their admission ends: by its user, by a rejection, with time."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sandbox.catalogue.records import Resource
from sandbox.catalogue.stored import stored_entry
from sandbox.core.clock import now
from sandbox.core.ids import new_id
from sandbox.core.sealing import Sealer
from sandbox.core.store import Transaction
from sandbox.core.view import shown
from sandbox.errors import Problem
from sandbox.grants.records import Subscription
from sandbox.identity.keys import Principal
from sandbox.jobs.records import Job
from sandbox.oversight.doors import decided, review_of
from sandbox.products.records import Product
from sandbox.products.workspace.records import Admission, ExitReview, OwnTable
from sandbox.products.workspace.specification import WorkspaceSpec, read
from sandbox.products.workspace.tables import Table, read_tables
from sandbox.transparency.journal import Journal
from sandbox.webhooks.tell import tell

MOST = 50
"""Admissions of one subscription that have not ended: each holds up to 2 MB of tables."""


@dataclass(frozen=True)
class Handed:
    """What was handed in under a subscription, read and checked for the workspace of the specification `spec`."""

    subscription: str
    spec: str
    code: str
    outputs: list[dict[str, Any]]
    tables: Mapping[str, Table]


def read_handed(tx: Transaction, principal: Principal, body: Mapping[str, Any]) -> Handed:
    """Read what is handed in for the entry review: `subscription`, `code`, `outputs`, `tables` of {name, csv, basis,
    identifier, columns}. It takes seconds, so not where others wait to write. Raises role_not_allowed, not_found,
    subscription_inactive, field_invalid, state_conflict (too many), table_malformed, upload_too_large."""
    subscription, product = _door(tx, principal, body["subscription"])
    spec, code, outputs = read(product.spec), body["code"] or "", list(body["outputs"] or [])
    _check_whole(spec, code, outputs, body["tables"])
    resource = tx.get(Resource, product.resources[0])
    assert resource is not None, "resources are never deleted"
    entry = stored_entry(resource.entry)
    tables = read_tables(body["tables"], entry, questions=bool(spec.tables), code=bool(code))
    return Handed(subscription.id, product.spec_digest, code, outputs, tables)


def submit(tx: Transaction, journal: Journal, sealer: Sealer, principal: Principal, handed: Handed) -> Admission:
    """Hand code and own tables, or one of them, in for the entry review. Raises what `read_handed` does, but for what
    is in them; state_conflict for a workspace that has changed since."""
    subscription, product = _door(tx, principal, handed.subscription, lock=True)
    if product.spec_digest != handed.spec:
        raise Problem("state_conflict", "the workspace has changed at this moment; send it again")
    moment, told = now(), [about for _, about in handed.tables.values()]
    made = Admission(
        new_id("admission"), product.id, subscription.id, principal.party.id, handed.code, handed.outputs, told,
        product.spec_digest, "submitted", "", None, moment + timedelta(days=read(product.spec).days), moment, None,
    )  # fmt: skip
    for name, (content, _) in handed.tables.items():
        table = new_id("table")
        tx.add(OwnTable(table, made.id, name, sealer.seal(content, f"own:{table}")))
    tx.add(made)
    _log(tx, journal, "admission.submitted", made, product, principal)
    return made


def decide(
    tx: Transaction, journal: Journal, principal: Principal, admission_id: str, verdict: str, reason: str
) -> Admission:
    """Admit or reject what was handed in: the product's operator or the authorising body, never its author. Raises
    role_not_allowed, not_found, state_conflict, separation_of_duties."""
    principal.may("admission.decide")
    admission, product = _seen(tx, principal, admission_id, lock=True)
    if admission.status != "submitted":
        raise Problem("state_conflict", f"this admission is {admission.status}; only a submitted one is decided on")
    if admission.party == principal.party.id:
        raise Problem("separation_of_duties", "nobody reviews what is its own")
    if verdict == "rejected":
        _delete(tx, admission)
    by = {"decided_by": principal.party.id, "decided_at": now()}
    after = tx.change(admission, status=verdict, reason=reason, **by)
    _log(tx, journal, f"admission.{verdict}", after, product, principal)
    return after


def end(tx: Transaction, journal: Journal, principal: Principal, admission_id: str) -> Admission:
    """End one's own admission; its tables are deleted. Raises role_not_allowed, not_found, state_conflict: it ended
    before, or a job is on its way."""
    principal.may("admission.submit")
    admission = tx.get(Admission, admission_id, lock=True)
    if admission is None or admission.party != principal.party.id:
        raise Problem("not_found", "there is no such admission of yours")
    if admission.status in ("ended", "rejected"):
        raise Problem("state_conflict", "this admission has ended already; its tables are deleted")
    if _at_work(tx, admission):
        raise Problem("state_conflict", "a job is on its way; end the admission when it is done")
    return _ended(tx, journal, admission, principal.party.id)


def sweep(tx: Transaction, journal: Journal, moment: datetime) -> int:
    """End the admissions whose time is over; give how many."""
    ended = 0
    for one in over(tx, moment):
        held = tx.get(Admission, one.id, lock=True)  # a job may have been reserved since we looked
        if held is not None and held.status in ("submitted", "admitted") and not _at_work(tx, held):
            _ended(tx, journal, held, "time")
            ended += 1
    return ended


def over(tx: Transaction, moment: datetime) -> list[Admission]:
    """Give the admissions that are to end now; not while a job of theirs is on its way."""
    late = [one for one in tx.find(Admission, status=["submitted", "admitted"]) if one.until <= moment]
    return [one for one in late if not _at_work(tx, one)]


def pass_out(
    tx: Transaction, journal: Journal, principal: Principal, job_id: str, verdict: str, reason: str
) -> ExitReview:
    """Let the answer of a job leave a workspace, or hold it back: the product's operator or the authorising body, from
    what was asked and what it cost – nobody sees the answer. Raises role_not_allowed, not_found, state_conflict."""
    principal.may("exit.decide")
    job = tx.get(Job, job_id)
    mine = job is not None and (job.operator == principal.party.id or principal.has("authoriser"))
    if job is None or job.kind != "workspace" or not mine:
        raise Problem("not_found", "there is no such job of a workspace of yours")
    if job.party == principal.party.id:
        raise Problem("separation_of_duties", "nobody reviews what is its own")
    if job.status != "done" or review_of(tx, job):
        raise Problem("state_conflict", "this job is not finished, or its exit review is over")
    made = ExitReview(new_id("exit"), job.id, verdict, reason, principal.party.id, now())
    tx.add(made)
    decided(tx, job)
    public: dict[str, str | int | None] = {"verdict": verdict}
    committed: dict[str, str | bytes] = {"job": job.id, "reason": reason, "by": principal.party.id}
    journal.write(
        tx, "exit.reviewed", public=public, committed=committed, job=job.id, party=job.party, product=job.product
    )
    tell(tx, [job.party], "exit.reviewed", {"job": job.id, "verdict": verdict})
    return made


def found(tx: Transaction, principal: Principal, admission_id: str) -> Admission:
    """Give an admission to its author, the operator of its workspace, and the authorising body. Raises not_found."""
    return _seen(tx, principal, admission_id)[0]


def listed(tx: Transaction, principal: Principal, *, limit: int = 50, after: str | None = None) -> list[Admission]:
    """Give own admissions and those to own workspaces; the authorising body sees all."""
    if principal.has("authoriser"):
        return tx.find(Admission, limit=limit, after=after)
    rows = {row.id: row for row in tx.find(Admission, party=principal.party.id, limit=limit, after=after)}
    mine = [product.id for product in tx.find(Product, operator=principal.party.id, kind="workspace")]
    rows |= {row.id: row for row in tx.find(Admission, product=mine, limit=limit, after=after)} if mine else {}
    return [rows[key] for key in sorted(rows)][:limit]


def view(admission: Admission) -> dict[str, Any]:
    """Give an admission as its author and its reviewers see it."""
    return shown(admission, "spec")


def _door(
    tx: Transaction, principal: Principal, subscription_id: str, *, lock: bool = False
) -> tuple[Subscription, Product]:
    """Give an own subscription under which something may be brought now, and its workspace."""
    principal.may("admission.submit")
    subscription = tx.get(Subscription, subscription_id, lock=lock)
    if subscription is None or subscription.party != principal.party.id:
        raise Problem("not_found", "there is no such subscription of yours")
    if subscription.status != "active":
        say = f"this subscription is {subscription.status}; nothing is brought under one that is not active"
        raise Problem("subscription_inactive", say)
    if len(tx.keys(Admission, subscription=subscription.id, status=["submitted", "admitted"])) >= MOST:
        raise Problem("state_conflict", f"you have {MOST} admissions under this subscription; end one first")
    product = tx.get(Product, subscription.product)
    if product is None or product.kind != "workspace" or product.status != "approved":
        raise Problem("field_invalid", "Field subscription: name one to a workspace on offer.", field="subscription")
    return subscription, product


def _seen(tx: Transaction, principal: Principal, admission_id: str, *, lock: bool = False) -> tuple[Admission, Product]:
    admission = tx.get(Admission, admission_id, lock=lock)
    product = tx.get(Product, admission.product) if admission is not None else None
    mine = product is not None and admission is not None
    mine = mine and principal.party.id in (admission.party, product.operator)  # type: ignore[union-attr]
    if admission is None or product is None or not (mine or principal.has("authoriser")):
        raise Problem("not_found", "there is no such admission")
    return admission, product


def _check_whole(spec: WorkspaceSpec, code: str, outputs: list[Any], tables: Sequence[Any]) -> None:
    """Refuse (field_invalid) code that cannot run, and tables without code where no question reads them."""
    if code or outputs:
        spec.program(code, outputs)
    elif not spec.tables:
        raise Problem("field_invalid", "Field code: this workspace runs code only; bring code and its outputs.")
    elif not tables:
        raise Problem("field_invalid", "Field tables: bring an own table, or code; without both, subscribe to a query.")


def _at_work(tx: Transaction, admission: Admission) -> bool:
    return bool(tx.find(Job, subscription=admission.subscription, status=["queued", "running"], limit=1))


def _delete(tx: Transaction, admission: Admission) -> None:
    for table in tx.find(OwnTable, admission=admission.id):
        tx.remove(table)


def _ended(tx: Transaction, journal: Journal, admission: Admission, by: str) -> Admission:
    _delete(tx, admission)
    after = tx.change(admission, status="ended", decided_at=admission.decided_at or now())
    product = tx.get(Product, after.product)
    assert product is not None, "products are never deleted"
    _log(tx, journal, "admission.ended", after, product, by)
    return after


def _log(
    tx: Transaction, journal: Journal, kind: str, admission: Admission, product: Product, by: Principal | str
) -> None:
    public: dict[str, str | int | None] = {"product": product.id, "tables": len(admission.tables)}
    public["code"] = hashlib.sha256(admission.code.encode()).hexdigest()
    committed: dict[str, str | bytes] = {
        "admission": admission.id,
        "party": admission.party,
        "by": by if isinstance(by, str) else by.party.id,
        "tables": ",".join(one["digest"] for one in admission.tables),
        "reason": admission.reason,
    }
    journal.write(tx, kind, public=public, committed=committed, party=admission.party, product=product.id)
    told = product.operator if kind == "admission.submitted" else admission.party
    tell(tx, [told], kind, {"admission": admission.id, "product": product.id, "status": admission.status})
