"""Own tables as they come in: CSV and what is declared of it, read, held against each other, and made what is sealed
and what is told of it."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from sandbox.catalogue.declared import column_type, constant
from sandbox.catalogue.entry import Entry
from sandbox.errors import Problem
from sandbox.jobs.ownreading import guessed, identifiers, read_bounds, value, within
from sandbox.jobs.owntables import BY_UNIT
from sandbox.plan.ordering import value_key
from sandbox.plan.worked import OWN as UNIT
from sandbox.sql.own import fan_out

MOST_BYTES, MOST_TABLES = 2_000_000, 5
"""Of all own tables of one admission together, as CSV."""
NAME = re.compile(r"(?!__)[A-Za-z_][A-Za-z0-9_]{0,62}")
Table = tuple[bytes, dict[str, Any]]


def read_tables(
    given: Sequence[Mapping[str, Any]], entry: Entry, *, questions: bool = True, code: bool = False
) -> dict[str, Table]:
    """Read own tables: what is sealed, and what is told of each. `entry`: what they are joined with, by `questions` in
    SQL or by `code`. Raises `Problem`: upload_too_large, table_malformed."""
    if len(given) > MOST_TABLES or sum(len(one["csv"].encode()) for one in given) > MOST_BYTES:
        raise Problem("upload_too_large", f"bring at most {MOST_TABLES} tables of {MOST_BYTES:,} bytes together")
    found: dict[str, Table] = {}
    for one in given:
        if one["name"].lower() in {name.lower() for name in found}:
            raise _malformed(one, "stands there twice; give each table a name of its own")
        found[one["name"]] = _read(one, entry, questions, code)
    return found


def _read(one: Mapping[str, Any], entry: Entry, questions: bool, code: bool) -> Table:
    try:
        rows = list(csv.reader(io.StringIO(one["csv"].removeprefix("\ufeff"))))  # spreadsheets begin with that
    except csv.Error:  # a cell that has no end, or is longer than any
        rows = []
    heads = rows[0] if rows else []
    if not heads or len(set(heads)) != len(heads) or any(len(row) != len(heads) for row in rows) or len(rows) < 2:
        raise _malformed(one, "write CSV with a line of different column names and rows of as many cells")
    cells = {head: [row[place] or None for row in rows[1:]] for place, head in enumerate(heads)}
    # the salt keeps whoever sees the digest from trying what the table may hold
    content = json.dumps({"salt": secrets.token_hex(16), "cells": cells}, separators=(",", ":")).encode()
    told: dict[str, Any] = {"name": one["name"], "columns": heads, "rows": len(rows) - 1, "basis": one["basis"]}
    unit, _ = _unit(entry)
    identifier = one.get("identifier") or (unit if unit in cells else None)
    if questions or identifier is not None:
        told |= _schema(one, cells, entry, identifier)
    elif one.get("columns"):
        raise _malformed(one, "code gets a table without identifier as it is; leave columns out, or name an identifier")
    if code and identifier is not None:
        told |= _for_code(one, cells, identifier)
    return content, {**told, "digest": hashlib.sha256(content).hexdigest()}


def _for_code(one: Mapping[str, Any], cells: Mapping[str, Any], identifier: str) -> dict[str, Any]:
    """What is told of a table by identifier that code gets block by block."""
    if UNIT in cells and identifier != UNIT:
        raise _malformed(one, f"code finds the number of a unit in its block as {UNIT}; give that column another name")
    return {BY_UNIT: True}


def _schema(
    one: Mapping[str, Any], cells: Mapping[str, list[str | None]], entry: Entry, identifier: str | None
) -> dict[str, Any]:
    """What questions and code may rely on: which column names units, types, bounds and lists of values."""
    _check_names(one, cells)
    declared = {column["name"]: column for column in one.get("columns") or []}
    if len(declared) < len(one.get("columns") or []):
        raise _malformed(one, "a column is declared twice; declare each once")
    if unknown := sorted(set(declared) - set(cells)):
        raise _malformed(one, f"there is no column {unknown[0]}; declare columns of the table")
    unit, kind = _unit(entry)
    if identifier is not None and identifier not in cells:
        raise _malformed(one, f"there is no column {identifier}; name the one that holds the identifier of {unit}")
    schema = []
    for name, found in cells.items():
        known = declared.get(name, {})
        try:
            if name == identifier:
                _check_identifier(known)
                identifiers(kind, found)
                schema.append(_told(name, kind, None, None, nullable=False, most=0))
                continue
            schema.append(_column(name, found, known, told_apart=identifier is not None))
        except ValueError as error:
            raise _malformed(one, f"{name}: {error}") from None
    return {"identifier": identifier, "schema": schema}


def _check_names(one: Mapping[str, Any], cells: Mapping[str, Any]) -> None:
    if len({name.lower() for name in cells}) < len(cells) or not all(NAME.fullmatch(name) for name in cells):
        say = "name columns by letters, digits and _, at most 63, no digit first, and differently in small letters"
        raise _malformed(one, say)


def _check_identifier(known: Mapping[str, Any]) -> None:
    if known.get("domain") is not None or known.get("bounds") is not None:
        raise ValueError("the identifier has no bounds and no list of values; leave them out")


def _column(name: str, cells: list[str | None], known: Mapping[str, Any], *, told_apart: bool) -> dict[str, Any]:
    """One column, all of whose cells must be what it is declared to be. Raises ValueError."""
    kind = known.get("type") or guessed(cells)
    column_type(kind)
    if known.get("bounds") is not None and column_type(kind).kind in ("string", "boolean"):
        raise ValueError("bounds are of numbers and dates; correct the cells that are none, or leave bounds out")
    domain = None if known.get("domain") is None else [constant(kind, raw) for raw in known["domain"]]
    raw = None if known.get("bounds") is None else [constant(kind, one) for one in known["bounds"]]
    if domain is not None and (raw is not None or not domain or len(set(domain)) != len(domain)):
        raise ValueError("write bounds, or a list of different values")
    if raw is not None and raw[0] > raw[1]:  # type: ignore[operator]
        raise ValueError("write the lower bound first")
    values = [value(kind, cell) for cell in cells]
    if domain is not None and (beyond := {one for one in values if one is not None} - set(domain)):
        raise ValueError(f"{min(beyond, key=value_key)} is none of the declared values; declare it, or leave it empty")
    listed = None if domain is None else [_plain(one) for one in sorted(domain, key=value_key)]
    ends = None if raw is None else [_plain(one) for one in raw]
    bounds = read_bounds(kind, ends, domain)
    most = 0 if told_apart else fan_out([within(one, bounds) for one in values])  # of what questions read
    return _told(name, kind, ends, listed, nullable=None in values, most=most)


def _told(
    name: str, kind: str, bounds: list[Any] | None, domain: list[Any] | None, *, nullable: bool, most: int
) -> dict[str, Any]:
    return {"name": name, "type": kind, "bounds": bounds, "domain": domain, "nullable": nullable, "fan_out": most}


def _plain(one: Any) -> Any:
    """A value as JSON that is the same everywhere: texts of decimals and dates."""
    return one if isinstance(one, bool | int | str) else str(one)


def _unit(entry: Entry) -> tuple[str, str]:
    """The column that names units first, and its type."""
    assert entry.unit is not None, "questions are offered over protected tables only"
    table, _, column = entry.unit.column.partition(".")
    found = entry.table(table)
    named = None if found is None else found.column(column)
    assert named is not None, "registrations are checked when they come in"
    return named.name, named.type


def _malformed(one: Mapping[str, Any], say: str) -> Problem:
    return Problem("table_malformed", f"tables.{one['name']}: {say}")
