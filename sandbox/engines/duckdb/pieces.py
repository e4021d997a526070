"""Rows of whole units, piece by piece: what the child does with them besides asking DuckDB."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import Any, TypeVar

import duckdb
import pyarrow as pa

from sandbox.engines.duckdb.facts import FROM, TO

AHEAD = 3  # pieces that are waited for or wait
Made = TypeVar("Made")


def pieces(
    connection: duckdb.DuckDBPyConnection, asked: Mapping[str, Any], threads: int, make: Callable[[pa.Table], Made]
) -> Iterator[Made]:
    """Give what `make` makes of each piece, in order; there is one at least. `asked` has the statement of a piece, its
    parameters, and the ranges of units."""
    starts = range(0, asked["units"], asked["step"])

    def piece(start: int) -> Made:
        ends = {FROM: start, TO: start + asked["step"] - 1}
        sql: str = asked["sql"]
        for name, unit in ends.items():
            sql = sql.replace(f"${name}", str(unit))  # values would not prune
        with connection.cursor() as cursor:
            rows = cursor.execute(sql, asked["parameters"]).to_arrow_table()
        return make(rows)

    with ThreadPoolExecutor(threads) as pool:
        rest = iter(starts)
        waiting: deque[Future[Made]] = deque(pool.submit(piece, one) for one in islice(rest, AHEAD))
        while waiting:
            made = waiting.popleft().result()
            waiting.extend(pool.submit(piece, one) for one in islice(rest, 1))
            yield made
