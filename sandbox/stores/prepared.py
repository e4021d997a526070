"""Statements as SQLite takes them: text, and how values go in and come out, worked out once for each statement.

SQLAlchemy writes the text and knows the types; what it does anew at each execution costs many times more than what
SQLite does. So a statement that is kept runs on the driver itself, in the transaction that SQLAlchemy began."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import sqlite

KEPT = 1024
DIALECT = sqlite.dialect()
_LIST = re.compile(r"\(__\[POSTCOMPILE_(\w+)\]\)")
_NOTHING = "(SELECT NULL WHERE FALSE)"
Process = Callable[[Any], Any] | None


class Prepared:
    """A statement of named parameters, and the types of the columns that it gives."""

    def __init__(self, statement: sa.ClauseElement, columns: Sequence[sa.Column[Any]]) -> None:
        compiled: Any = statement.compile(dialect=DIALECT)
        self._text: str = compiled.string
        self._lists = frozenset(_LIST.findall(self._text))
        self._binds: list[tuple[str, Process]] = [
            (name, _implemented(compiled.binds[name].type).bind_processor(DIALECT)) for name in compiled.positiontup
        ]
        self._fixed = {name: one.value for name, one in compiled.binds.items() if not one.required}
        read = [(place, _implemented(one.type).result_processor(DIALECT, None)) for place, one in enumerate(columns)]
        self._read: list[tuple[int, Callable[[Any], Any]]] = [(place, one) for place, one in read if one is not None]

    def rows(self, connection: sqlite3.Connection, given: Mapping[str, Any]) -> list[Sequence[Any]]:
        """Give what it selects."""
        found = connection.execute(self._spelled(given), self._values(given)).fetchall()
        return [self._row(row) for row in found] if self._read else found

    def count(self, connection: sqlite3.Connection, given: Sequence[Mapping[str, Any]]) -> int:
        """Run it for each of `given`, which holds no lists; give how many rows it wrote."""
        return connection.executemany(self._text, [self._values(one) for one in given]).rowcount

    def _spelled(self, given: Mapping[str, Any]) -> str:
        """The text, with as many places as the lists have values."""
        if not self._lists:
            return self._text
        return _LIST.sub(lambda found: _places(len(given[found[1]])), self._text)

    def _values(self, given: Mapping[str, Any]) -> list[Any]:
        values, given = [], {**self._fixed, **given}
        for name, process in self._binds:
            for value in given[name] if name in self._lists else (given[name],):
                values.append(value if process is None else process(value))
        return values

    def _row(self, row: Sequence[Any]) -> Sequence[Any]:
        values = list(row)
        for place, read in self._read:
            values[place] = read(values[place])
        return values


@lru_cache(maxsize=KEPT)
def prepared(statement: sa.ClauseElement, columns: tuple[sa.Column[Any], ...] = ()) -> Prepared:
    """Give the statement for SQLite; the same object gives the same."""
    return Prepared(statement, columns)


def _implemented(kind: sa.types.TypeEngine[Any]) -> Any:
    return kind.dialect_impl(DIALECT)


def _places(number: int) -> str:
    return f"({', '.join('?' * number)})" if number else _NOTHING
