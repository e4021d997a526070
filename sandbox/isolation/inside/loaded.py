"""What programs find imported: pandas and numpy whole, so that nothing is loaded later, when no file can be opened."""

from __future__ import annotations

import importlib
import pkgutil
import warnings
from contextlib import suppress
from types import ModuleType
from typing import Any

import numpy
import pandas
import pyarrow
import pyarrow.compute

STANDARD = (
    *("bisect", "calendar", "cmath", "collections", "copy", "dataclasses", "datetime", "decimal", "enum", "fractions"),
    *("functools", "hashlib", "heapq", "itertools", "json", "math", "numbers", "operator", "random", "re"),
    *("statistics", "string", "textwrap", "time", "typing", "unicodedata", "zoneinfo"),
)
LEFT_OUT = (
    *("test", "_test", "conftest", "matlib", "setup", "f2py", "distutils", "_pyinstaller", "typing", "clipboard"),
    *("plotting", "io"),
)
"""How names begin that are not entered: tests and what builds extensions, here or by what they import, other faces."""


def warm_up() -> None:
    """Import all that is there to be imported, and use it once."""
    pyarrow.set_cpu_count(1)  # threads cannot be made
    for name in STANDARD:
        importlib.import_module(name)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for package in (pandas, numpy):
            _whole(package)
        _used()


def frame(stream: Any) -> pandas.DataFrame:
    """Give a table as pandas has it: decimals as floats, dates as datetime64; NULL is NaN, NaT or None."""
    table = pyarrow.ipc.open_stream(pyarrow.BufferReader(pyarrow.py_buffer(stream))).read_all()
    columns = [_plain(column) for column in table.columns]
    made = pyarrow.table(columns, names=table.column_names)
    found: pandas.DataFrame = made.to_pandas(use_threads=False, date_as_object=False)
    return found


def _plain(column: pyarrow.ChunkedArray) -> pyarrow.ChunkedArray:
    return column.cast(pyarrow.float64()) if pyarrow.types.is_decimal(column.type) else column


def _whole(package: ModuleType) -> None:
    """Import what a package has inside; what is left out is not entered, nor what only its tests would load."""
    for found in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
        if not found.name.rpartition(".")[2].startswith(LEFT_OUT):
            with suppress(BaseException):  # parts for other systems, or for packages that are not there
                inside = importlib.import_module(found.name)
                if found.ispkg:
                    _whole(inside)


def _used() -> None:
    """What is made at the first use is made here."""
    days = pandas.to_datetime(["2024-01-31", "2024-02-29", "2024-03-01", "2025-03-01"])
    rows = pandas.DataFrame({"k": ["a", "b", "a", None], "x": [1.0, 2.5, None, 4.0], "n": [1, 2, 3, 4], "d": days})
    rows.describe(include="all")
    rows.groupby("k").agg({"x": ["mean", "sum", "std", "median"], "n": "nunique"})
    rows.merge(rows.drop_duplicates("k"), on="k", how="left").sort_values(["x_x", "n_y"])
    rows.pivot_table(index="k", columns="n", values="x", aggfunc="sum")
    rows["d"].dt.to_period("M").astype(str).str.upper().value_counts()
    rows["k"].astype("category").cat.codes.rolling(2).mean()
    pandas.cut(rows["x"], 3).value_counts()
    pandas.get_dummies(rows["k"]).corr()
    rows.query("n > 1")[["x", "n"]].quantile([0.1, 0.9])
    numpy.linalg.lstsq(numpy.ones((3, 2)), numpy.ones(3), rcond=None)
    numpy.random.default_rng().normal(size=3)
    str(rows)
