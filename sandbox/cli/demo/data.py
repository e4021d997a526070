"""The public data of the story, as they ship in the package causaldata, written as CSV files to register."""

from __future__ import annotations

import csv
import json
from importlib.util import find_spec
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
SOURCES = {
    "inspections": ("restaurant_inspections", "restaurant_data.csv"),
    "persons": ("mortgages", "fetter_mortgages.csv"),
}


def entry(name: str) -> dict[str, Any]:
    """Give the registration of `inspections` or `persons`."""
    declared: dict[str, Any] = json.loads((HERE / "entries" / f"{name}.json").read_text(encoding="utf-8"))
    return declared


def write(name: str, target: Path) -> int:
    """Write the table `name` to `target` with the columns of its registration; give its number of rows.

    The person table has no identifier of its own: each row is one person and gets its row number as `person_id`.
    """
    columns = [column["name"] for column in entry(name)["tables"][0]["columns"]]
    count = 0
    with (
        _source(name).open(encoding="utf-8", newline="") as source,
        target.open("w", encoding="utf-8", newline="") as out,
    ):
        writer = csv.DictWriter(out, columns, extrasaction="ignore")
        writer.writeheader()
        for count, row in enumerate(csv.DictReader(source), 1):
            writer.writerow({"person_id": count, **row} if "person_id" in columns else row)
    return count


def _source(name: str) -> Path:
    """The packaged file, found without importing causaldata, which would import statsmodels."""
    folder, file = SOURCES[name]
    spec = find_spec("causaldata")
    assert spec is not None and spec.origin is not None, "causaldata is a dependency of this package"
    return Path(spec.origin).parent / folder / file
