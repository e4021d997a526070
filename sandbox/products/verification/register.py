"""The subjects of a data version as the vault looks them up: by the keyed name of their unit, in memory, a group at a
time. The version holds no numbers; who asks brings one, and the vault's key makes the same name of it.

Looking up is a binary search over all of them and then one place in each column, whether the subject is there or not:
whoever is unknown stands in a last place that holds nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from sandbox.catalogue.declared import column_type
from sandbox.catalogue.entry import Entry
from sandbox.engines.base import Engine, OpenVersion
from sandbox.engines.layout import UNIT
from sandbox.plan.relation import Scan
from sandbox.plan.scalar import Column, Value
from sandbox.products.verification.specification import Specification

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Register:
    """Names of units in order, and what the columns of the claims hold about each."""

    def __init__(self, names: NDArray[np.int64], columns: dict[str, Any]) -> None:
        """`columns` are Arrow arrays, aligned with `names`, with one cell more that holds nothing."""
        self._columns, self._nobody = columns, len(names)
        self._places = np.argsort(names, kind="stable")
        self._names = names[self._places]
        same = self._names[1:] == self._names[:-1]  # two numbers with one name: nobody can say which is meant
        self._places[1:][same] = self._nobody
        self._places[:-1][same] = self._nobody

    def places(self, names: Sequence[int]) -> NDArray[np.int64]:
        """Give where each subject stands; the last place for whoever is unknown."""
        if not self._nobody:
            return np.zeros(len(names), np.int64)
        asked = np.array(names, np.int64)
        at = np.minimum(np.searchsorted(self._names, asked), self._nobody - 1)
        return np.where(self._names[at] == asked, self._places[at], self._nobody)

    def held(self, column: str, place: int) -> Value:
        """Give what a column holds at a place; nothing at the last."""
        found: Value = self._columns[column][place].as_py()
        return found


def opened(engine: Engine, version: OpenVersion, spec: Specification, entry: Entry) -> Register:
    """Read the columns that a product's claims are about, with the names of the units. Raises `EngineFailed`."""
    import pyarrow as pa

    table = entry.table(spec.table)
    assert table is not None
    declared = [found for name in spec.columns if (found := table.column(name)) is not None]
    scan = Scan(table.name, 0, tuple(Column(one.name, column_type(one.type)) for one in declared), 1)
    rows = engine.rows(version, scan)
    columns = {}
    for name in spec.columns:
        held = rows.column(name)
        columns[name] = pa.chunked_array([*held.chunks, pa.nulls(1, held.type)], held.type).combine_chunks()
    return Register(rows.column(UNIT).to_numpy().astype(np.int64), columns)
