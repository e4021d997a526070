"""The series of an index, for one party: its own copies of what was released, period by period.

Every party has other marks in its values; what it holds no copy of is listed without a value. Each revision of a period
is kept beside the former ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.core.clock import now, rfc3339
from sandbox.core.store import Transaction
from sandbox.errors import Problem
from sandbox.grants.authorise import recheck
from sandbox.jobs.copying import published
from sandbox.jobs.house import House
from sandbox.jobs.product import Answer
from sandbox.jobs.records import Job, Run
from sandbox.jobs.telling import stored_answer
from sandbox.plan.scalar import Value
from sandbox.products.index.kind import spec_of
from sandbox.products.index.shape import Shown, shaped
from sandbox.products.index.specification import VALUE, IndexSpec
from sandbox.products.periods import read_period
from sandbox.products.query.accuracy import spelled
from sandbox.products.records import Product
from sandbox.products.schedule import read_plan

Key = tuple[Value, ...]
METHOD = {
    "delta": "95 % intervals by the delta method: of noise and marks, each period's own, without sampling",
    "local_level": "95 % intervals of a local level: the true value is taken to be a random walk, the noise is known",
}


@dataclass(frozen=True)
class Copy:
    """One revision of a period in the party's own copy: by key its value and 95 % half-width, as measured."""

    run: Run
    job: Job
    names: tuple[str, ...]
    measured: Mapping[Key, tuple[float, float]]


def series(
    house: House, tx: Transaction, party: str, product: Product, first: str | None, last: str | None
) -> dict[str, Any]:
    """Give the series of `product` as `party` holds it, from period `first` to `last`, both included.

    Raises field_invalid, not_found for what is no index, and what stops an answer (emergency_stop, grant_inactive)."""
    if product.kind != "index":
        raise Problem("not_found", "this product has no series; an index has one")
    plan, spec = read_plan(product.spec), spec_of(product.spec)
    for name, field in ((first, "from"), (last, "to")):
        try:
            _ = name is None or read_period(plan.schedule, name)
        except ValueError as error:
            raise Problem("field_invalid", f"Field {field}: {error}.", field=field) from None
    runs = published(tx, product)
    held = {job.base: job for job in tx.find(Job, party=party, product=product.id, status="done")}
    periods = sorted({run.period for run, _ in runs})
    copies: dict[str, list[Copy]] = {period: [] for period in periods}
    for run, job in runs:
        if own := held.get(job.base):
            copies[run.period].append(_copy(house, tx, run, own))
    newest = {period: revisions[-1] for period, revisions in copies.items() if revisions}
    shown = _shown(spec, newest)
    items = []
    for period in periods:
        if (first is None or first <= period) and (last is None or period <= last):
            latest = [both for both in runs if both[0].period == period][-1]
            items.append(_item(plan.schedule, latest, copies[period], shown))
    local = spec.smoothing is not None and spec.smoothing.method == "local_level"
    return {
        "product": product.id,
        "name": product.name,
        "schedule": plan.schedule,
        "normalisation": spec.normalisation,
        "base": spec.base,
        "smoothing": spec.smoothing.method if spec.smoothing else None,
        "intervals": METHOD["local_level" if local else "delta"],
        "items": items,
    }


def _copy(house: House, tx: Transaction, run: Run, job: Job) -> Copy:
    recheck(tx, job, now())
    answer = stored_answer(house, tx, job)
    names = tuple(column.name for column in answer.columns if column.role == "key")
    return Copy(run, job, names, _measured(answer))


def _measured(answer: Answer) -> dict[Key, tuple[float, float]]:
    at = [column.name for column in answer.columns].index(VALUE)
    keys = [place for place, column in enumerate(answer.columns) if column.role == "key"]
    rows = zip(answer.rows, answer.errors, strict=True)
    return {
        tuple(row[place] for place in keys): (float(str(row[at])), float(errors[at] or 0))
        for row, errors in rows
        if row[at] is not None
    }


def _shown(spec: IndexSpec, newest: Mapping[str, Copy]) -> dict[tuple[str, Key], Shown]:
    found: dict[tuple[str, Key], Shown] = {}
    for key in {key for copy in newest.values() for key in copy.measured}:
        there = [period for period, copy in newest.items() if key in copy.measured]
        values, widths = zip(*(newest[period].measured[key] for period in there), strict=True)
        base = there.index(spec.base) if spec.base in there else None
        found |= {(period, key): one for period, one in zip(there, shaped(spec, values, widths, base), strict=True)}
    return found


def _item(
    length: str, latest: tuple[Run, Job], copies: list[Copy], shown: Mapping[tuple[str, Key], Shown]
) -> dict[str, Any]:
    run, job = latest
    period = read_period(length, run.period)
    item: dict[str, Any] = {
        "period": run.period,
        "from": period.first.isoformat(),
        "to": period.end.isoformat(),
        "number": run.number,
        "revised": run.number > 1,
        "published_at": rfc3339(job.finished_at) if job.finished_at else None,
        "held": copies[-1].run.number if copies else None,
        "rows": [],
    }
    if copies:
        copy = copies[-1]
        item["rows"] = [
            {"key": dict(zip(copy.names, map(_plain, key), strict=True))}
            | _said(copy.measured[key], shown[run.period, key])
            | {"former": [_former(one, key) for one in copies[:-1] if key in one.measured]}
            for key in sorted(copy.measured, key=str)
        ]
    return item


def _said(measured: tuple[float, float], shown: Shown) -> dict[str, str | None]:
    value, width = shown.value, shown.width
    known = value is not None and width is not None
    return {
        "value": spelled_out(value),
        "low": spelled_out(value - width) if known else None,  # type: ignore[operator]
        "high": spelled_out(value + width) if known else None,  # type: ignore[operator]
        "measured": spelled_out(measured[0]),
        "half_width": spelled(measured[1]),
    }


def _former(copy: Copy, key: Key) -> dict[str, Any]:
    value, width = copy.measured[key]
    return {"number": copy.run.number, "measured": spelled_out(value), "half_width": spelled(width)}


def spelled_out(number: float | None) -> str | None:
    """Give a number to six decimals, without trailing zeros."""
    return None if number is None else f"{number:.6f}".rstrip("0").rstrip(".")


def _plain(value: Value) -> Any:
    return value if value is None or isinstance(value, bool | int | str) else str(value)
