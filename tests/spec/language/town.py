"""A small town: persons, their visits, what was prescribed there; and public tables of places and rates."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from query_examples import column, registration
from versions import ascii_rows

from sandbox.catalogue.entry import Entry, parse_entry
from sandbox.catalogue.facts import ColumnFacts, TableFacts

PERSONS = """
    __unit __ord __h  pid  sex  age  town   insured  born
    0      0     0    1    f    30   north  true     1993-05-01
    1      0     0    2    m    41   south  false    1982-01-31
    2      0     0    3    f    52   north  -        1971-12-31
    3      0     0    4    m    23   -      true     2000-02-29
    4      0     0    5    f    64   west   false    1959-07-07
"""
VISITS = """
    __unit __ord __h  visit_id  pid  dept   cost    day
    0      2     0    11        1    eye    10.00   2023-01-01
    0      0     0    12        1    skin   20.00   2023-02-01
    0      1     0    13        1    eye    5.50    2023-03-01
    1      0     0    21        2    eye    7.00    2023-01-15
    2      0     0    31        3    -      -       2023-04-01
    2      1     0    32        3    skin   30.00   2023-04-02
    4      0     0    51        5    heart  100.00  2023-05-05
"""
ITEMS = """
    __unit __ord __h  item_id  visit_id  drug  price
    0      0     0    111      11        a     1
    0      1     0    112      11        b     2
    0      2     0    121      12        a     3
    1      0     0    211      21        c     4
    2      0     0    311      31        -     5
    4      0     0    511      51        a     9
"""
PLACES = """
    __ord __h  town   region  size
    0     0    north  N       10
    1     0    south  S       20
    2     0    east   E       30
"""
RATES = """
    __ord __h  dept  rate
    0     0    eye   1
    1     0    eye   2
    2     0    skin  3
    3     0    -     4
"""
TYPES = {
    "persons": {
        "pid": "BIGINT", "sex": "VARCHAR", "age": "BIGINT", "town": "VARCHAR", "insured": "BOOLEAN", "born": "DATE",
    },
    "visits": {"visit_id": "BIGINT", "pid": "BIGINT", "dept": "VARCHAR", "cost": "DECIMAL(18,2)", "day": "DATE"},
    "items": {"item_id": "BIGINT", "visit_id": "BIGINT", "drug": "VARCHAR", "price": "BIGINT"},
    "places": {"town": "VARCHAR", "region": "VARCHAR", "size": "BIGINT"},
    "rates": {"dept": "VARCHAR", "rate": "BIGINT"},
}  # fmt: skip
TEXTS = {"persons": PERSONS, "visits": VISITS, "items": ITEMS, "places": PLACES, "rates": RATES}
ROWS: dict[str, list[dict[str, Any]]] = {name: ascii_rows(text, TYPES[name]) for name, text in TEXTS.items()}


def entry() -> Entry:
    """The town's registration."""
    identifier = {"role": "identifier"}
    persons = [
        column("pid", "integer", **identifier),
        column("sex", "string"),
        column("age", "integer", bounds=[0, 100]),
        column("town", "string"),
        column("insured", "boolean"),
        column("born", "date", bounds=["1900-01-01", "2020-12-31"]),
    ]
    visits = [
        column("visit_id", "integer", key=True, **identifier),
        column("pid", "integer", **identifier),
        column("dept", "string"),
        column("cost", "decimal(10,2)", bounds=[0, 200]),
        column("day", "date", bounds=["2023-01-01", "2023-12-31"]),
    ]
    items = [
        column("item_id", "integer", **identifier),
        column("visit_id", "integer", **identifier),
        column("drug", "string"),
        column("price", "integer", bounds=[0, 10]),
    ]
    tables = [
        {"name": "persons", "unit": "pid", "max_rows_per_unit": 1, "columns": persons},
        {"name": "visits", "unit": "pid", "max_rows_per_unit": 4, "columns": visits},
        {"name": "items", "unit": "visit_id -> visits.pid", "max_rows_per_unit": 6, "columns": items},
        _public("places", {"town": "string", "region": "string", "size": "integer"}),
        _public("rates", {"dept": "string", "rate": "integer"}),
    ]
    return parse_entry(registration("town", tables, "persons.pid"))


def _public(name: str, columns: dict[str, str]) -> dict[str, Any]:
    return {
        "name": name,
        "public": True,
        "columns": [column(one, kind, role="public") for one, kind in columns.items()],
    }


def facts() -> dict[str, TableFacts]:
    """What ingest would measure of the public tables."""
    return {
        name: TableFacts(
            len(ROWS[name]),
            {one: _facts([row[one] for row in ROWS[name]]) for one in TYPES[name]},
            tuple(tuple(row[one] for one in TYPES[name]) for row in ROWS[name]),
        )
        for name in ("places", "rates")
    }


def _facts(values: Sequence[Any]) -> ColumnFacts:
    times = Counter(value for value in values if value is not None)
    numbers = all(isinstance(value, int) for value in times)
    ends = (min(times), max(times)) if numbers else (None, None)
    return ColumnFacts(len(times), len(values) - times.total(), max(times.values()), tuple(sorted(times)), *ends)


ENTRY, FACTS = entry(), facts()
