# ruff: noqa: S608 – declared names match an allow-list pattern, everything else is our own
"""What the values of columns look like: identity numbers, credit codes, phones, bank cards, names (R2).

A column that holds such values is refused until it is graded as what it is, or cleared with a reason. The refusal
depends on the data, and names columns and kinds, never values or figures: it goes to whoever brought the data."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from functools import cache

import duckdb

from policies.grades import DETECTION, Kind
from sandbox.catalogue.entry import ColumnEntry, Entry, TableEntry
from sandbox.errors import Problem

SHORTEST = 10**10  # the least number of 11 digits: below it an integer is none of these
_CARD = re.compile(r"(62\d{14,17}|4\d{15}|5[1-5]\d{14})")
_MOBILE = re.compile(r"(?:\+?86)?(1[3-9]\d{9})")
_APART = re.compile(r"[\s\-()]")


def check_contents(
    connection: duckdb.DuckDBPyConnection, entry: Entry, schemas: Mapping[str, str]
) -> dict[str, list[str]]:
    """Give what columns of the typed tables, written table.column, hold; for the report. Raises
    `Problem(grade_refused)` when that is not what their role says."""
    found = [
        (table, column, kind)
        for table in entry.tables
        for column in table.columns
        if _may_hold(column)
        for kind in kinds_of(_sample(connection, column, schemas[table.name]))
    ]
    wrong = [(f"{one[0].name}.{one[1].name}", sentence) for one in found if (sentence := _wrong(*one))]
    if wrong:
        said = " ".join(sentence for _, sentence in wrong[:20]) + (" And others." if len(wrong) > 20 else "")
        detail = f"The upload is refused until its columns are graded. {said}"
        raise Problem("grade_refused", detail, field=wrong[0][0])
    holds: dict[str, list[str]] = {}
    for table, column, kind in found:
        holds.setdefault(f"{table.name}.{column.name}", []).append(kind)
    return holds


def kinds_of(values: Iterable[str]) -> list[str]:
    """Give the kinds that enough of these different values are of."""
    different = {_APART.sub("", value) for value in values}
    counts = {kind: sum(map(_TESTS[kind], different)) for kind in DETECTION.kinds}
    return [
        kind
        for kind, rule in DETECTION.kinds.items()
        if counts[kind] >= rule.least and counts[kind] * 100 >= rule.percent * len(different)
    ]


def _wrong(table: TableEntry, column: ColumnEntry, kind: str) -> str | None:
    """Say what is to be written instead, or None when the column is graded as what it is."""
    if kind in (column.cleared or {}):
        return None
    rule: Kind = DETECTION.kinds[kind]
    where, what = f"{table.name}.{column.name}", f"{rule.en} ({rule.zh})"
    cleared = f'or say why it holds none with "cleared": {{"{kind}": "…"}}'
    if table.public and not rule.in_public:
        return f"{where} holds {what}: a table of them is not public; declare its unit, {cleared}."
    if column.role not in rule.roles:
        return f"{where} holds {what}: give it the role {' or '.join(rule.roles)}, {cleared}."
    return None


def _may_hold(column: ColumnEntry) -> bool:
    if column.domain is not None:
        return False
    if column.plan_type.kind == "integer":
        return column.upper is None or column.upper >= SHORTEST
    return column.plan_type.kind == "string"


def _sample(connection: duckdb.DuckDBPyConnection, column: ColumnEntry, schema: str) -> list[str]:
    """Give different values from all over the column."""
    (rows,) = connection.execute(f"SELECT count(*) FROM {schema}.typed").fetchone() or (0,)
    step = max(rows // (DETECTION.sample * 2), 1)
    found = connection.execute(
        f'SELECT DISTINCT CAST("{column.name}" AS VARCHAR) AS value FROM {schema}.typed '
        f"WHERE hash(rowid) % {step} = 0 AND value IS NOT NULL LIMIT {DETECTION.sample}"
    ).fetchall()
    return [value for (value,) in found]


def _identity_number(value: str) -> bool:
    from stdnum.cn import ric

    try:
        return len(value) == 18 and bool(ric.is_valid(value))
    except KeyError:  # stdnum 2.2 raises it for a county that no list names
        return False


def _credit_code(value: str) -> bool:
    from stdnum.cn import uscc

    return len(value) == 18 and value.isascii() and value.isalnum() and bool(uscc.is_valid(value))


def _phone(value: str) -> bool:
    found = _MOBILE.fullmatch(value)
    if found is None:
        return False
    import phonenumbers

    return phonenumbers.is_valid_number(phonenumbers.parse(found[1], "CN"))


def _bank_card(value: str) -> bool:
    from stdnum import luhn

    return _CARD.fullmatch(value) is not None and bool(luhn.is_valid(value))


def _name(value: str) -> bool:
    if not 2 <= len(value) <= 4 or not all("\u4e00" <= letter <= "\u9fff" for letter in value):
        return False
    return (
        value.startswith(_compound()) if len(value) == 4 else value[0] in _surnames() or value.startswith(_compound())
    )


@cache
def _surnames() -> frozenset[str]:
    return frozenset("".join(DETECTION.surnames.split()))


@cache
def _compound() -> tuple[str, ...]:
    return tuple(DETECTION.compound_surnames)


_TESTS: dict[str, Callable[[str], bool]] = {
    "identity_number": _identity_number,
    "credit_code": _credit_code,
    "phone": _phone,
    "bank_card": _bank_card,
    "name": _name,
}
