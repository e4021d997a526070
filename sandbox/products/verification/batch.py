"""How a claim falls over many subjects, counted with noise: an ordinary job, charged to the accounts.

A job's plan is kept in the open, and numbers of persons are stored nowhere. So the plan names the subjects by a salted
digest, its rows are those of the units in it, and only the vault, which opens the request, knows which they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from sandbox.core.canonical import digest
from sandbox.engines.files import quoted
from sandbox.engines.layout import UNIT
from sandbox.errors import Problem
from sandbox.jobs.product import Question
from sandbox.persons.pseudonym import checked
from sandbox.plan.plan import Plan
from sandbox.plan.relation import Filter, Scan
from sandbox.plan.scalar import INTEGER, Column, Constant, In, Value
from sandbox.products.query.compile import compile_query
from sandbox.products.specification import OURS
from sandbox.products.verification.claims import NO, YES, Claim
from sandbox.products.verification.specification import read

MOST = 100
TAKEN = {"claim", "subjects", "value", "salt"}
SALT = 64
BITS = 60
NAMED = Column(UNIT, INTEGER)


def compile_batch(question: Question) -> Plan:
    """Give the plan that counts the answers of a claim over the subjects that `parameters` list. Raises field_invalid,
    epsilon_invalid."""
    given = question.request.get("parameters")
    if question.request.get("sql") is not None or not isinstance(given, dict) or set(given) - TAKEN:
        raise Problem(
            "field_invalid",
            "Field subscription: this product answers claims; ask POST /api/v1/verifications about one subject, or "
            "POST /api/v1/verifications/batch about many.",
        )
    salt = given.get("salt")
    if not isinstance(salt, str) or len(salt) < SALT:
        raise Problem("field_invalid", f"Field parameters.salt: write {SALT} random characters, kept from everybody.")
    spec = read({name: said for name, said in question.spec.items() if name not in OURS}, question.entry)
    claim = spec.claim(str(given.get("claim", "")))
    value, subjects = claim.value(given.get("value")), _subjects(given.get("subjects"), spec.kind)
    more = {name: said for name, said in question.request.items() if name in ("epsilon", "confidence")}
    sql = f"SELECT {_answer(claim, value)} AS answer, COUNT(*) AS subjects FROM {spec.table} "  # noqa: S608
    sql += f"WHERE {claim.column} IS NOT NULL GROUP BY 1"
    plan = compile_query(replace(question, request={"sql": sql, **more}, spec={}))
    [block] = plan.blocks
    if not isinstance(block.rows, Filter) or not isinstance(block.rows.source, Scan):
        raise TypeError("a claim is about one table")
    scan = replace(block.rows.source, columns=(*block.rows.source.columns, NAMED))
    among = Filter(scan, In(NAMED, (Constant(named(subjects, salt), INTEGER),)))
    return replace(plan, blocks=(replace(block, rows=replace(block.rows, source=among)),))


def named(subjects: Sequence[str], salt: str) -> int:
    """What stands for the subjects in a plan: as hard to try as the salt is to guess."""
    return int(digest({"subjects": list(subjects), "salt": salt})[: BITS // 4], 16)


def spelled(spec: Mapping[str, Any], subjects: Sequence[str]) -> Sequence[str]:
    """Give the subjects of a request as the plan's digest was made of them."""
    return _subjects(list(subjects), str(spec["subject"]["kind"]))


def _subjects(raw: object, kind: str) -> Sequence[str]:
    if not isinstance(raw, list) or not 1 <= len(raw) <= MOST or not all(isinstance(one, str) for one in raw):
        raise Problem("field_invalid", f"Field parameters.subjects: list 1 to {MOST} numbers as text.")
    return sorted({checked(kind, one, f"parameters.subjects[{place}]")[0] for place, one in enumerate(raw)})


def _answer(claim: Claim, value: Value) -> str:
    """The claim's answer as an expression, with every answer that there is as its domain."""
    if claim.kind == "band":
        below = " ".join(
            f"WHEN {claim.column} < {_literal(cut)} THEN {_literal(band)}"
            for cut, band in zip(claim.cuts, claim.bands, strict=False)
        )
        return f"CASE {below} ELSE {_literal(claim.bands[-1])} END"
    values = (value,) if claim.kind == "equality" else claim.values
    listed = ", ".join(_literal(one) for one in values)
    return f"CASE WHEN {claim.column} IN ({listed}) THEN {_literal(YES)} ELSE {_literal(NO)} END"


def _literal(value: Value) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case Decimal():
            return f"({value:f})"
        case int():
            return f"({value})"
        case date():
            return f"DATE '{value.isoformat()}'"
        case _:
            return quoted(str(value))
