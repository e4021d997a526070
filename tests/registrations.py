"""Registrations that tests share, and ways to upload their tables."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

CLINIC: dict[str, Any] = {
    "name": "clinic",
    "title": {"zh": "就诊记录", "en": "Clinic visits"},
    "holder": "Health Bureau",
    "domain": "health",
    "grade": "important",
    "personal_information": True,
    "legal_basis": {"type": "statutory_duty", "instrument": "Health Act §12", "purpose": "hospital administration"},
    "update_frequency": "P1M",
    "unit": {"name": "person", "column": "persons.person_id"},
    "tables": [
        {
            "name": "persons",
            "unit": "person_id",
            "max_rows_per_unit": 1,
            "columns": [
                {"name": "person_id", "type": "integer", "role": "identifier"},
                {"name": "sex", "type": "string", "role": "quasi_identifier", "domain": ["f", "m"]},
                {"name": "age", "type": "integer", "role": "quasi_identifier", "bounds": [0, 110]},
                {"name": "income", "type": "decimal(12,2)", "role": "sensitive", "bounds": [0, 500000]},
            ],
        },
        {
            "name": "visits",
            "unit": "person_id",
            "max_rows_per_unit": 3,
            "columns": [
                {"name": "person_id", "type": "integer", "role": "identifier", "references": "persons.person_id"},
                {"name": "visit_id", "type": "integer", "role": "identifier", "required": True},
                {"name": "dept", "type": "string", "role": "sensitive"},
                {"name": "cost", "type": "decimal(10,2)", "role": "sensitive", "bounds": [0, 20000]},
                {"name": "day", "type": "date", "role": "sensitive", "bounds": ["2023-01-01", "2023-12-31"]},
                {"name": "urgent", "type": "boolean", "role": "sensitive"},
            ],
        },
        {"name": "departments", "public": True, "columns": [{"name": "dept", "type": "string", "role": "public"}]},
    ],
    "privacy": {"epsilon": "20", "delta": "1e-6", "per_user": {"epsilon": "4", "delta": "1e-7"}, "renew": "P1Y"},
}

PERSONS = [["person_id", "sex", "age", "income"]]
PERSONS += [[number, "fm"[number % 2], 20 + number, f"{number * 1000}.50"] for number in range(1, 9)]
VISITS: list[list[Any]] = [["person_id", "visit_id", "dept", "cost", "day", "urgent"]]
VISITS += [
    [person, 100 * person + visit, ["eye", "skin"][visit % 2], f"{visit}.25", f"2023-03-{visit + 1:02}", visit % 2 == 0]
    for person in range(1, 7)
    for visit in range(person)
]
DEPARTMENTS = [["dept"], ["eye"], ["skin"]]


def write_csv(path: Path, rows: Iterable[Sequence[Any]]) -> Path:
    """Write rows, header first; None is an empty cell."""
    with path.open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows(["" if cell is None else cell for cell in row] for row in rows)
    return path


def clinic_files(folder: Path, **changed: Iterable[Sequence[Any]]) -> Mapping[str, tuple[Path, str]]:
    """Write the clinic's three tables as CSV, some of them `changed`."""
    tables = {"persons": PERSONS, "visits": VISITS, "departments": DEPARTMENTS} | changed
    return {name: (write_csv(folder / f"{name}.csv", rows), "csv") for name, rows in tables.items()}
