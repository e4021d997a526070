"""Synthetic rows to develop on: of the right columns and types, made from registration and public profile alone. For
code, also the rows of a block: what it is given has no identifiers.

No file is opened. Each column is drawn by itself – from its domain, the keys that were published, its bounds –, so that
nothing of how columns belong together is in it. Each recipient gets rows of its own, the same each time."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from sandbox.catalogue.declared import MOST_DIGITS
from sandbox.catalogue.entry import ColumnEntry
from sandbox.catalogue.facts import public_facts
from sandbox.catalogue.profile import Profile
from sandbox.catalogue.records import DataVersion, Resource
from sandbox.catalogue.stored import stored_entry
from sandbox.core.canonical import digest
from sandbox.core.store import Transaction
from sandbox.core.view import plain
from sandbox.errors import Problem
from sandbox.jobs.profile import current
from sandbox.plan.scalar import Column, Type
from sandbox.plan.worked import OWN as UNIT
from sandbox.products.records import Product
from sandbox.sql.compile import compile_units
from sandbox.sql.unit_rows import UnitRows

NOTE = {
    "en": "synthetic rows: made from declarations and the public profile, about nobody; for developing only",
    "zh": "合成样例：仅依据登记元数据与公开画像生成，不涉及任何真实主体，仅供开发调试",
}
FIRST_DAY, DAYS = date(2020, 1, 1), 1826
EMPTY = 0.05
"""How many cells of a column that may be empty are."""
OF_A_UNIT = 3
"""Rows of a unit in the sample of a block, where it may have as many."""


def of_product(tx: Transaction, product: Product, party: str, rows: int) -> dict[str, Any]:
    """Give `rows` synthetic rows of every table of the product's resources, for one recipient, and as many of what code
    gets in a block, where the product runs code."""
    held = [one for one in (tx.get(Resource, name) for name in product.resources) if one is not None]
    tables = [one for resource in held for one in _tables(tx, product, resource, party, rows)]
    blocks = [one for resource in held for one in _blocks(tx, product, resource, party, rows)]
    return {"product": product.id, "synthetic": True, "note": NOTE, "tables": tables, "blocks": blocks}


def _tables(tx: Transaction, product: Product, resource: Resource, party: str, rows: int) -> Iterator[dict[str, Any]]:
    profile = current(tx, resource)
    for table in stored_entry(resource.entry).tables:
        chance = _chance(product, party, table.name)
        drawn = [_column(column, table.name, profile, rows, chance) for column in table.columns]
        yield {
            "resource": resource.id,
            "name": table.name,
            "columns": [{"name": one.name, "type": one.type} for one in table.columns],
            "rows": [list(row) for row in zip(*drawn, strict=True)],
        }


def _blocks(tx: Transaction, product: Product, resource: Resource, party: str, rows: int) -> Iterator[dict[str, Any]]:
    """What code gets in a block: the columns of its SQL, and the number of a unit in place of its identifier. Nothing
    where no code runs."""
    if product.kind not in ("program", "workspace") or product.spec.get("sql") is None:
        return
    version = None if resource.version is None else tx.get(DataVersion, resource.version)
    facts = {} if version is None else public_facts(version)
    try:
        found = compile_units(product.spec["sql"], stored_entry(resource.entry), facts)
    except Problem:  # of data that are not there yet, or as they were before
        return
    chance = _chance(product, party, ".block")
    units = [number // min(found.relation.rows, OF_A_UNIT) for number in range(rows)]
    drawn = [_given(column, name, found, rows, chance) for name, column in found.columns.items()]
    columns = [{"name": name, "type": _spelled(column.type)} for name, column in found.columns.items()]
    columns.append({"name": UNIT, "type": "integer"})
    yield {"resource": resource.id, "columns": columns, "rows": [list(row) for row in zip(*drawn, units, strict=True)]}


def _given(column: Column, name: str, found: UnitRows, rows: int, chance: random.Random) -> list[Any]:
    known, bounds = found.domains.get(name), found.days.get(name) or (column.lower, column.upper)
    bounds = bounds if None not in bounds else (None, None)
    drawn = [chance.choice(known) if known else _free(column.type, bounds, chance) for _ in range(rows)]
    return [None if chance.random() < EMPTY else plain(one) for one in drawn]


def _spelled(kind: Type) -> str:
    return f"decimal({MOST_DIGITS},{kind.scale})" if kind.kind == "decimal" else kind.kind


def _chance(product: Product, party: str, table: str) -> random.Random:
    return random.Random(digest({"party": party, "product": product.id, "table": table}))  # noqa: S311


def _column(
    column: ColumnEntry, table: str, profile: Profile | None, rows: int, chance: random.Random
) -> Sequence[Any]:
    if column.role == "identifier" or column.key or column.references:
        return [_named(column, 1 + number) for number in range(rows)]
    known = column.domain or _published(column, table, profile)
    bounds = column.bounds or (None, None)
    drawn = [chance.choice(known) if known else _free(column.plan_type, bounds, chance) for _ in range(rows)]
    return [None if not column.required and chance.random() < EMPTY else plain(one) for one in drawn]


def _published(column: ColumnEntry, table: str, profile: Profile | None) -> tuple[str, ...]:
    found = profile.tables.get(table) if profile is not None else None
    return tuple(found.keys.get(column.name) or ()) if found is not None else ()


def _named(column: ColumnEntry, number: int) -> Any:
    return number if column.plan_type.numeric else f"synthetic-{number}"


def _free(kind: Type, bounds: tuple[Any, Any], chance: random.Random) -> Any:
    """A value within the bounds, all alike."""
    low, high = bounds
    match kind.kind:
        case "boolean":
            return chance.random() < 0.5
        case "date":
            first, last = low or FIRST_DAY, high or FIRST_DAY + timedelta(days=DAYS)
            return first + timedelta(days=chance.randint(0, (last - first).days))
        case "string":
            return f"synthetic-{chance.randint(1, 20)}"
        case "integer":
            return chance.randint(int(low if low is not None else 0), int(high if high is not None else 1000))
        case _:
            step = Decimal(1).scaleb(-kind.scale)
            least, most = Decimal(low if low is not None else 0), Decimal(high if high is not None else 1000)
            return least + chance.randint(0, int((most - least) / step)) * step
