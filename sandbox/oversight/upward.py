"""The upward report (S3): what an auditor or a higher body asks for, in one export – JSON, and a CSV of each
section in a zip with the digests of all.

It holds what overseers may read anyway, added up by month: grants, products and prices, use, privacy, objections and
complaints, incidents, alerts, emergency stops and drills, staff access. No answers, no texts of questions."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import zipfile
from collections import Counter
from typing import Any

from sandbox.billing.records import Dispute
from sandbox.core.clock import now, rfc3339
from sandbox.core.store import Record, Transaction
from sandbox.core.view import shown
from sandbox.grants.records import Grant
from sandbox.identity.records import Party
from sandbox.metering.records import UsageEvent
from sandbox.oversight.disclosure import disclosure, figures
from sandbox.oversight.records import Alert, Drill, Emergency, Incident, Step
from sandbox.transparency.records import Checkpoint, LogEntry

FORMAT = 1
STAMP = (1980, 1, 1, 0, 0, 0)
"""The time of files in the zip: the same report gives the same bytes."""
_FORMULA = tuple("=+-@\t\r\n")
Row = dict[str, Any]


def report(tx: Transaction, year: int, test_instance: bool = False) -> dict[str, Any]:
    """Give the report of a calendar year (UTC) as data; the present state beside it, as the disclosure shows it."""
    checkpoint = tx.find(Checkpoint, order=("-size",), limit=1)
    return {
        "format": FORMAT,
        "at": rfc3339(now()),
        "year": year,
        "test_instance": test_instance,
        "log_size": checkpoint[0].size if checkpoint else 0,
        "figures": figures(tx, year),
        "parties": [
            {"id": one.id, "name": one.name, "roles": one.roles, "status": one.status} for one in tx.find(Party)
        ],
        "grants": [shown(one) for one in tx.find(Grant)],
        "usage": _usage(tx, year),
        "incidents": [_incident(tx, one) for one in _of(tx, Incident, "opened_at", year)],
        "alerts": [shown(one, "key", "facts", "note") for one in _of(tx, Alert, "first_at", year)],
        "emergencies": [shown(one) for one in _of(tx, Emergency, "raised_at", year)],
        "drills": [shown(one, "expected") for one in _of(tx, Drill, "started_at", year)],
        "disputes": [shown(one, "reason", "answer") for one in _of(tx, Dispute, "created_at", year)],
        "log_entries": [{"kind": kind, "number": number} for kind, number in tx.totals(LogEntry, by=["kind"])],
        "disclosure": disclosure(tx, test_instance),
    }


def bundle(said: dict[str, Any]) -> bytes:
    """Give the report as a zip: `report.json`, a CSV for each list in it, and `manifest.json` with their SHA-256."""
    files = {"report.json": json.dumps(said, ensure_ascii=False, indent=1).encode()}
    for name, rows in said.items():
        if isinstance(rows, list) and rows:
            files[f"{name}.csv"] = _csv(rows)
    for name, rows in said["disclosure"].items():
        if isinstance(rows, list) and rows and name not in ("grants",):
            files[f"disclosure-{name}.csv"] = _csv(rows)
    digests = {name: hashlib.sha256(content).hexdigest() for name, content in sorted(files.items())}
    manifest = {"format": FORMAT, "at": said["at"], "year": said["year"], "files": digests}
    files["manifest.json"] = json.dumps(manifest, indent=1).encode()
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in sorted(files.items()):
            archive.writestr(zipfile.ZipInfo(name, STAMP), content, zipfile.ZIP_DEFLATED)
    return target.getvalue()


def _of(tx: Transaction, kind: type[Record], moment: str, year: int) -> list[Any]:
    return [one for one in tx.find(kind) if getattr(one, moment).year == year]


def _usage(tx: Transaction, year: int) -> list[Row]:
    """Events by month, operator, product and purpose; who asked is not part of the report."""
    months = [f"{year}-{month:02d}" for month in range(1, 13)]
    names = ["month", "operator", "product", "resource", "purpose", "unit"]
    found: Counter[tuple[str, ...]] = Counter()
    quantities: Counter[tuple[str, ...]] = Counter()
    for *key, events, quantity in tx.totals(UsageEvent, by=names, sums=["quantity"], month=months):
        found[tuple(key)] += events
        quantities[tuple(key)] += quantity
    return [
        dict(zip(names, key, strict=True)) | {"events": number, "quantity": quantities[key]}
        for key, number in sorted(found.items())
    ]


def _incident(tx: Transaction, one: Incident) -> Row:
    """A case by its steps; what was said stays with those who may read it."""
    steps = tx.find(Step, incident=one.id)
    outcome = next((step.data.get("outcome") for step in steps if step.kind == "closed"), None)
    return shown(one, "summary") | {"steps": [step.kind for step in steps], "outcome": outcome}


def _csv(rows: list[Row]) -> bytes:
    """A table with a BOM, for spreadsheets; what they would take for a formula gets a leading apostrophe."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(names)
    writer.writerows([_cell(row.get(name)) for name in names] for row in rows)
    return b"\xef\xbb\xbf" + text.getvalue().encode()


def _cell(value: Any) -> str:
    if value is None:
        return ""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return "'" + text if isinstance(value, str) and text.startswith(_FORMULA) else text
