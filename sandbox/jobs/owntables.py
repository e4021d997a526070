"""Users' own tables on their way into a workspace: which admission a job is of (web), and what its code or its
question gets (vault).

A plan names tables by their digests. What is in them is opened at step 5, given to the code as parameters or to the
engine beside the data, and kept nowhere else. By identifier they go to the engine, for code as for questions: it alone
sees which rows are of units in the data."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sandbox.catalogue.facts import TableFacts
from sandbox.core.clock import now
from sandbox.core.sealing import Sealer
from sandbox.core.store import Transaction
from sandbox.engines.base import EngineFailed
from sandbox.engines.layout import UNIT
from sandbox.engines.own import OwnRows
from sandbox.errors import Problem
from sandbox.grants.authorise import Permit
from sandbox.jobs.ownreading import declared, read_rows
from sandbox.jobs.records import Job
from sandbox.oversight.doors import review_of
from sandbox.plan.block import Block
from sandbox.plan.own import SCHEMA, Own, OwnPublic
from sandbox.plan.plan import Plan
from sandbox.plan.walk import stored
from sandbox.plan.worked import Worked
from sandbox.products.records import Product
from sandbox.products.workspace.records import Admission, OwnTable
from sandbox.sql.own import OwnTable as Declared
from sandbox.sql.own import fan_out

ADMITTED = "admitted"
"""What only the service puts into a request: code, outputs and what is said of tables that were admitted."""
NAMED = "own_tables"
"""The parameter of a plan that names admission and digests; the code finds its tables under `tables`."""
BY_UNIT = "by_unit"
"""Which of them code gets block by block, the rows of its units alone: in a plan their names, of a table in an
admission whether it is one. Those that were admitted before that was so go on as they were reviewed: whole."""
ASKED = {"subscription", "parameters", "epsilon"}


@dataclass(frozen=True)
class Brought:
    """The own tables of one plan, opened: their rows, by what the plan calls them – for code, `own.` and their name –,
    and the facts of those without identifiers, as they are."""

    rows: Mapping[str, OwnRows] = field(default_factory=dict)
    facts: Mapping[str, TableFacts] = field(default_factory=dict)


def with_admission(tx: Transaction, permit: Permit, request: Mapping[str, Any]) -> dict[str, Any]:
    """Give the request with what was admitted. Raises field_invalid, not_found (not the asker's), state_conflict."""
    if "sql" not in request and (unknown := sorted(set(request) - ASKED)):
        say = "what was brought as code has none; it takes parameters.admission and epsilon"
        raise Problem("field_invalid", f"Field {unknown[0]}: {say}.", field=unknown[0])
    parameters = request.get("parameters") or {}
    if set(parameters) != {"admission"} or not isinstance(parameters["admission"], str):
        raise Problem("field_invalid", 'Field parameters: write {"admission": "admission_…"}, what was admitted.')
    found = _open(tx, permit, parameters["admission"])
    admitted = {"id": found.id, "code": found.code, "outputs": found.outputs, "told": found.tables}
    return {**request, ADMITTED: {**admitted, "tables": {one["name"]: one["digest"] for one in found.tables}}}


def hold(tx: Transaction, permit: Permit, request: Mapping[str, Any]) -> None:
    """Let nobody end the admission that is asked under while its job is reserved: once that is queued, it cannot be
    ended. Raises like `with_admission`, which looked at it before the plan was made."""
    _open(tx, permit, request["parameters"]["admission"], lock=True)


def _open(tx: Transaction, permit: Permit, admission: str, *, lock: bool = False) -> Admission:
    found = tx.get(Admission, admission, lock=lock)
    if found is None or found.subscription != permit.subscription.id:
        raise Problem("not_found", "parameters.admission: there is no such admission under this subscription")
    if found.status != "admitted" or found.spec != permit.product.spec_digest:
        why = "waits for its review" if found.status == "submitted" else f"is {found.status}"
        if found.status == "admitted":
            why = "was for the workspace as it was before; submit it again"
        raise Problem("state_conflict", f"this admission {why}")
    if found.until <= now():  # the sweep may come later: it waits for jobs that are on their way
        raise Problem("state_conflict", "the time of this admission is over; bring code and tables again")
    return found


def opened(tx: Transaction, sealer: Sealer, plan: Plan, subscription: str) -> Plan:
    """Give the plan of a workspace with the tables in it that its code gets whole, to be run and forgotten. Raises
    `EngineFailed` when they are deleted, not those that were admitted, or were admitted under another subscription."""
    blocks = []
    for block in plan.blocks:
        named = _named(block)
        if named is None:
            blocks.append(block)
            continue
        assert isinstance(block.rows, Worked)
        whole = {name: digest for name, digest in named["tables"].items() if name not in named.get(BY_UNIT, ())}
        held = _held(tx, sealer, _admission(tx, named["admission"], subscription), whole)
        tables = {name: _for_code(content) for name, content in held.items()}
        given = json.dumps({"tables": tables}, separators=(",", ":"))
        blocks.append(replace(block, rows=replace(block.rows, parameters=given)))
    return replace(plan, blocks=tuple(blocks))


def brought(tx: Transaction, sealer: Sealer, plan: Plan, subscription: str, key: bytes) -> Brought:
    """Give the own tables that a plan in SQL reads, or its code by units; `key` names units. Raises `EngineFailed` as
    `opened` does, and for a plan that says something else of a table than its admission."""
    rows, facts = _by_unit(tx, sealer, plan, subscription, key), {}
    for node in plan.own:
        admission = _admission(tx, node.admission, subscription)
        told, table = _told(admission, node.table)
        if not _as_declared(node, table):
            raise EngineFailed
        if node.table not in rows:
            rows[node.table] = _rows(tx, sealer, admission, told, key)
        if isinstance(node, OwnPublic):
            facts[node.table] = _facts(table, rows[node.table])
    return Brought(rows, facts)


def _by_unit(tx: Transaction, sealer: Sealer, plan: Plan, subscription: str, key: bytes) -> dict[str, OwnRows]:
    """The tables by identifier that code gets."""
    found = {}
    for named in filter(None, map(_named, plan.blocks)):
        for name in named.get(BY_UNIT, ()):
            admission = _admission(tx, named["admission"], subscription)
            told, table = _told(admission, f"{SCHEMA}.{name}")
            if table.identifier is None or table.digest != named["tables"].get(name):
                raise EngineFailed
            found[table.full_name] = _rows(tx, sealer, admission, told, key)
    return found


def by_unit(plan: Plan) -> list[str]:
    """Give the names of the own tables that the code of a plan gets block by block."""
    return [name for named in filter(None, map(_named, plan.blocks)) for name in named.get(BY_UNIT, ())]


def _named(block: Block) -> dict[str, Any] | None:
    """What a plan says of the tables that the code of a block gets."""
    return json.loads(block.rows.parameters).get(NAMED) if isinstance(block.rows, Worked) else None


def _told(admission: Admission, full_name: str) -> tuple[dict[str, Any], Declared]:
    """What an admission says of a table."""
    try:
        told = next(one for one in admission.tables if f"{SCHEMA}.{one['name']}" == full_name)
        return told, declared(told, admission.id)
    except (StopIteration, ValueError, KeyError):
        raise EngineFailed from None


def _rows(tx: Transaction, sealer: Sealer, admission: Admission, told: Mapping[str, Any], key: bytes) -> OwnRows:
    name = told["name"]
    try:
        cells = _held(tx, sealer, admission, {name: told["digest"]})[name]["cells"]
        return read_rows(declared(told, admission.id), told, cells, key)
    except (ValueError, KeyError):
        raise EngineFailed from None


def _for_code(content: Mapping[str, Any]) -> dict[str, list[Any]]:
    """A table as code finds it, column by column. What was brought before questions could be asked holds it so."""
    kept: dict[str, list[Any]] | None = content.get("columns")
    return {name: _numbers(cells) for name, cells in content["cells"].items()} if kept is None else kept


def _numbers(cells: Sequence[str | None]) -> list[Any]:
    """Numbers where all cells that are not empty are numbers, else texts; None for an empty one."""
    for kind in (int, float):
        try:
            return [None if cell is None else kind(cell) for cell in cells]
        except ValueError:
            continue
    return list(cells)


def check_exit(tx: Transaction, job: Job) -> None:
    """Refuse (state_conflict) the answer of a workspace that its exit review has not let pass."""
    product = tx.get(Product, job.product)
    if product is not None and product.spec.get("exit", "reviewed") == "automatic":
        return
    over = review_of(tx, job)
    if over is None:
        raise Problem(
            "state_conflict", f"the answer of {job.id} waits for the exit review (出域审核); collect it after that"
        )
    if over.verdict != "passed":
        raise Problem("state_conflict", f"the exit review held the answer of {job.id} back: {over.reason}")


def _admission(tx: Transaction, admission_id: str, subscription: str) -> Admission:
    admission = tx.get(Admission, admission_id)
    if admission is None or admission.status != "admitted" or admission.subscription != subscription:
        raise EngineFailed
    return admission


def _held(
    tx: Transaction, sealer: Sealer, admission: Admission, digests: Mapping[str, str]
) -> dict[str, dict[str, Any]]:
    """Unseal the tables of an admission that are named; they must be those that were named."""
    held = {one.name: one for one in tx.find(OwnTable, admission=admission.id)}
    found = {}
    for name, digest in digests.items():
        content = sealer.open(held[name].content, f"own:{held[name].id}") if name in held else b""
        if hashlib.sha256(content).hexdigest() != digest:
            raise EngineFailed
        found[name] = json.loads(content)
    return found


def _as_declared(node: Own | OwnPublic, table: Declared) -> bool:
    """Whether a plan reads a table as it was admitted: by identifier or not, its columns of their types and bounds."""
    if node.digest != table.digest or isinstance(node, Own) != (table.identifier is not None):
        return False
    known = {one.name: (one.type, one.ends) for one in table.columns if one.name != table.identifier}
    read = [one for one in node.columns if not (isinstance(node, Own) and stored(one) == UNIT)]
    return all(known.get(stored(one)) == (one.type, (one.lower, one.upper)) for one in read)


def _facts(table: Declared, rows: OwnRows) -> TableFacts:
    """The facts of a table without identifiers as it is, whatever its admission says."""
    columns = {name: replace(one, fan_out=fan_out(rows.columns[name])) for name, one in table.facts().columns.items()}
    return replace(table.facts(), rows=rows.rows, columns=columns)


__all__ = [
    "ADMITTED",
    "BY_UNIT",
    "NAMED",
    "Brought",
    "brought",
    "by_unit",
    "check_exit",
    "hold",
    "opened",
    "with_admission",
]
