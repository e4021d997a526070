"""The town as its holder registers it, and as the data version that ingest makes of it, kept in the cache."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import duckdb

from benchmarks import apart
from benchmarks.town import DEPARTMENTS, MOST_VISITS, PROVINCES, Town, cache, town
from sandbox.engines.base import OpenVersion

ROOT = Path(__file__).parents[1]
KEY, PRF_KEY = bytes(range(32)), bytes(range(32, 64))  # generated data need no secret
KEY_SETS = (("dept",), ("hospital", "dept"))
MADE_BY = ("sandbox/catalogue/**/*.py", "sandbox/engines/*.py")


@dataclass(frozen=True)
class Built:
    """A data version of a town, and what making it took: seconds, and peak MB of the process that did."""

    town: Town
    key_sets: tuple[tuple[str, ...], ...]
    path: Path
    seconds: float
    peak: int

    @property
    def opened(self) -> OpenVersion:
        return OpenVersion(self.path.stem, self.path, KEY)

    @property
    def entry(self) -> dict[str, Any]:
        return registration(self.key_sets)


def registration(key_sets: Iterable[Sequence[str]] = KEY_SETS) -> dict[str, Any]:
    """Give the registration. Costs and incomes are bounded as the questions to plain DuckDB bound them; hospitals are
    not declared, so that their names are private."""
    person = {"name": "person_id", "type": "integer", "role": "identifier"}
    persons: list[dict[str, Any]] = [
        person,
        {"name": "province", "type": "string", "role": "quasi_identifier", "domain": PROVINCES, "required": True},
        {"name": "age", "type": "integer", "role": "quasi_identifier", "bounds": [0, 110], "required": True},
        {"name": "sex", "type": "string", "role": "quasi_identifier", "domain": ["F", "M"], "required": True},
        {"name": "income", "type": "decimal(9,2)", "role": "sensitive", "bounds": [0, 200_000], "required": True},
    ]
    visits: list[dict[str, Any]] = [
        {"name": "visit_id", "type": "integer", "role": "identifier", "required": True},
        {**person, "references": "persons.person_id"},
        {"name": "hospital", "type": "string", "role": "sensitive", "required": True},
        {"name": "dept", "type": "string", "role": "sensitive", "domain": DEPARTMENTS, "required": True},
        {"name": "cost", "type": "decimal(9,2)", "role": "sensitive", "bounds": [0, 10_000], "required": True},
        {
            "name": "day",
            "type": "date",
            "role": "sensitive",
            "bounds": ["2023-01-01", "2023-12-31"],
            "required": True,
        },
    ]
    indexed = {"key_sets": [list(keys) for keys in key_sets], "measures": ["cost"]} if key_sets else {}
    return {
        "name": "town",
        "title": {"en": "A generated town", "zh": "生成的城镇"},
        "holder": "Benchmark",
        "domain": "health",
        "grade": "general",
        "personal_information": False,
        "legal_basis": {"type": "lawfully_published", "instrument": "generated", "purpose": "benchmark"},
        "update_frequency": "P1Y",
        "unit": {"name": "person", "column": "persons.person_id"},
        "tables": [
            {"name": "persons", "unit": "person_id", "max_rows_per_unit": 1, "columns": persons},
            {
                "name": "visits",
                "unit": "person_id",
                "max_rows_per_unit": MOST_VISITS,
                "columns": visits,
                **indexed,
            },
        ],
        "privacy": {"epsilon": "1000", "delta": "1e-3", "per_user": {"epsilon": "1000", "delta": "1e-3"}},
    }


def built(visits: int, key_sets: tuple[tuple[str, ...], ...] = KEY_SETS, *, anew: bool = False) -> Built:
    """Give the data version; made by ingest in a process of its own, once for each state of the code that makes it, or
    `anew`, so that its seconds are of now."""
    data = town(visits)
    entry = json.dumps(registration(key_sets))
    state = sha256(f"{data.folder.name}{duckdb.__version__}{entry}".encode())
    for file in sorted(file for part in MADE_BY for file in ROOT.glob(part)):
        state.update(file.read_bytes())
    path = cache() / f"version-{visits}-{state.hexdigest()[:12]}.duckdb"
    told = path.with_suffix(".json")
    if anew or not told.exists():
        told.unlink(missing_ok=True)
        path.unlink(missing_ok=True)
        report = apart.run(make, str(data.persons_file), str(data.visits_file), str(path), json.dumps(key_sets))
        told.write_text(json.dumps({"seconds": report.seconds, "peak": report.peak}), encoding="utf-8")
    return Built(data, key_sets, path, **json.loads(told.read_text(encoding="utf-8")))


def make(persons: str, visits: str, target: str, key_sets: str) -> None:
    """Ingest the two files; runs apart."""
    from sandbox.catalogue.entry import parse_entry
    from sandbox.catalogue.ingest import Limits, ingest

    files = {"persons": (Path(persons), "parquet"), "visits": (Path(visits), "parquet")}
    ingest(
        parse_entry(registration(json.loads(key_sets))), files, Path(target), KEY, PRF_KEY, Limits(file_bytes=8 << 30)
    )
