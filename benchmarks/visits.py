"""Generated clinic visits: skewed visits per person, skewed departments and costs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

DEPARTMENTS = [f"D{number:02d}" for number in range(40)]
MOST_VISITS = 40


def write(target: Path, rows: int) -> None:
    """Write about `rows` visits (Parquet), shuffled, the same for the same number."""
    chance = np.random.default_rng(42)
    visits = np.clip(np.round(chance.lognormal(1.2, 0.9, rows)), 1, MOST_VISITS).astype(np.int64)
    persons = np.repeat(np.arange(len(visits)), visits)[:rows]
    chance.shuffle(persons)
    weights = 1 / np.arange(1, len(DEPARTMENTS) + 1) ** 0.7
    department = chance.choice(DEPARTMENTS, rows, p=weights / weights.sum())
    cost = np.clip(chance.lognormal(6, 1, rows), 0, 20_000).astype(np.int64)
    pq.write_table(pa.table({"person_id": persons, "dept": department, "cost": cost}), target)


def entry(name: str) -> dict[str, Any]:
    """Give the registration of the visits under `name`, with room for many questions."""
    privacy = {"epsilon": "1000", "delta": "1e-3", "per_user": {"epsilon": "1000", "delta": "1e-3"}}
    columns: list[dict[str, Any]] = [
        {"name": "person_id", "type": "integer", "role": "identifier"},
        {"name": "dept", "type": "string", "role": "sensitive", "domain": DEPARTMENTS},
        {"name": "cost", "type": "integer", "role": "sensitive", "bounds": [0, 20_000]},
    ]
    return {
        "name": name,
        "title": {"en": "Generated visits", "zh": "生成的就诊记录"},
        "holder": "Benchmark",
        "domain": "health",
        "grade": "general",
        "personal_information": False,
        "legal_basis": {"type": "lawfully_published", "instrument": "generated", "purpose": "benchmark"},
        "update_frequency": "P1Y",
        "unit": {"name": "person", "column": "visits.person_id"},
        "tables": [
            {"name": "visits", "unit": "person_id", "max_rows_per_unit": MOST_VISITS, "columns": columns},
        ],
        "privacy": privacy,
    }
