"""Which stored bases a leaked file shows: found from the file and stored noisy numbers alone, before any recipient's
key is read."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from sandbox.core.canonical import digest
from sandbox.core.sealing import Sealer
from sandbox.core.store import Store, Transaction
from sandbox.errors import Problem
from sandbox.jobs.records import Base, Job, Release
from sandbox.oversight.drawn import Rows, rows_of, sketched
from sandbox.oversight.leaks import LeakUnreadable, read_leak
from sandbox.oversight.marks import marks_bases, views
from sandbox.oversight.predicted import PREDICTED, named, predictions_of
from sandbox.oversight.records import Sketch, Trace
from sandbox.oversight.screen import BATCH, Screen
from sandbox.oversight.sketch import Part, from_bytes, sketch, to_bytes
from sandbox.oversight.weights import is_weights, weighed, weights_of
from sandbox.plan.block import Block
from sandbox.plan.codec import from_json
from sandbox.plan.plan import Plan
from sandbox.plan.worked import Worked
from sandbox.privacy.released import read_blocks
from watermarking.align import Alignment, align
from watermarking.base import Base as Marks
from watermarking.keys import Master
from watermarking.leak import Leak, Reals, Total
from watermarking.models import DETECTOR

KEPT_AT_ONCE = 100  # sketches written in one transaction


@dataclass(frozen=True)
class TraceKeys:
    """What tracing needs of the vault: the sealer of bases, and K_master by epoch."""

    sealer: Sealer
    masters: Mapping[str, Master]


@dataclass(frozen=True)
class Shown:
    """A block of a base that the file shows, and where: its cells; of a synthetic table, the places of the seed, its
    rows."""

    block: int
    marks: Marks
    alignment: Alignment | Rows


@dataclass(frozen=True)
class Candidate:
    """A base that the file shows, with the releases made of it, by recipient of record."""

    row: Base
    content: bytes
    plan: Plan
    shown: tuple[Shown, ...]
    releases: Mapping[str, list[Release]]


@dataclass(frozen=True)
class Prepared:
    """What is fixed before a key is read. `closed` counts bases that the file shows but whose keys were revealed
    before the file was first seen: anybody who saw them could forge the copy, so they give no findings. `left_out`
    counts bases that the file might show too, but less likely than all that were looked at; `set_aside` those that
    were not opened, because their keys (`set_aside_by` is "keys"), or keys and numbers ("numbers"), do not turn up."""

    file: bytes
    leak: Leak
    candidates: tuple[Candidate, ...]
    closed: int
    runs: int
    left_out: int
    set_aside: int
    set_aside_by: str

    @property
    def file_digest(self) -> str:
        """The SHA-256 of the file, in hexadecimal."""
        return hashlib.sha256(self.file).hexdigest()

    @property
    def pairs(self) -> int:
        """N: how many (base, recipient of record) are scored; the bound is multiplied by it."""
        return sum(len(candidate.releases) for candidate in self.candidates)

    def candidate(self, base: str) -> Candidate:
        """Give the candidate of a base."""
        return next(one for one in self.candidates if one.row.id == base)

    def announcement(self) -> dict[str, Any]:
        """Give `public` and `committed` of the leaf that announces the run, before it scores."""
        bases = digest([candidate.row.id for candidate in self.candidates])
        return {
            "public": {
                "detector": DETECTOR,
                "pairs": self.pairs,
                "bases": len(self.candidates),
                "left_out": self.left_out,
                "set_aside": self.set_aside,
                "set_aside_by": self.set_aside_by,
            },
            "committed": {"file": self.file_digest, "bases": bases},
        }


def prepare(tx: Transaction, keys: TraceKeys, leak: bytes, hint: Mapping[str, str]) -> Prepared:
    """Read the file and find the bases it shows; raises `Problem(table_malformed)` when it is no table."""
    try:
        table = read_leak(leak)
    except LeakUnreadable as error:
        raise Problem(
            "table_malformed", f"{error}; send CSV, JSON, Parquet, Arrow or XLSX with a header, or ONNX"
        ) from error
    file_digest = hashlib.sha256(leak).hexdigest()
    seen = tx.find(Trace, file_digest=file_digest)
    found, closed = [], 0
    likely = Screen(table).likely(sketches(tx, keys.sealer, _bases(tx, hint)))
    for base in likely.bases:
        row = tx.get(Base, base)
        candidate = _candidate(tx, keys, row, table) if row else None
        if row is None or candidate is None:
            continue
        if row.closed_at is not None and not any(trace.created_at < row.closed_at for trace in seen):
            closed += 1
        else:
            found.append(candidate)
    return Prepared(leak, table, tuple(found), closed, len(seen), likely.left_out, likely.set_aside, likely.by)


def _bases(tx: Transaction, hint: Mapping[str, str]) -> list[str]:
    matching: dict[str, Any] = {"resource": hint["resource"]} if "resource" in hint else {}
    if "product" in hint:
        matching["id"] = sorted({job.base for job in tx.find(Job, product=hint["product"]) if job.base})
        if not matching["id"]:
            return []
    return tx.keys(Base, **matching)


def sketches(tx: Transaction, sealer: Sealer, bases: Sequence[str]) -> Iterator[tuple[str, tuple[Part, ...]]]:
    """Give the sketch of each base, as it was kept or, where it was not yet, made now."""
    for start in range(0, len(bases), BATCH):
        batch = bases[start : start + BATCH]
        kept = {row.base: row.content for row in tx.find(Sketch, base=batch)}
        for base in batch:
            if base in kept:
                yield base, from_bytes(sealer.open(kept[base], f"sketch:{base}"))
            elif (row := tx.get(Base, base)) is not None:
                plan, marks = read_base(base, sealer.open(row.content, f"base:{base}"))
                yield base, _sketch(plan, marks)


def _sketch(plan: Plan, marks: Sequence[Marks]) -> tuple[Part, ...]:
    if plan.drawn is not None:
        return (sketched(plan),)
    if plan.fitted:
        return (named(plan), *weighed(plan))
    return tuple(
        _totalled(_averaged(part, block), block) for part, block in zip(sketch(marks), plan.blocks, strict=True)
    )


def _averaged(part: Part, block: Block) -> Part:
    """What a program gives is looked for as the mean over its blocks that copies show."""
    if not isinstance(block.rows, Worked):
        return part
    many = np.array([block.rows.blocks if one.what == "sum" else 1 for one in block.measurements], np.float64)
    centre = np.array([one.centre if one.what == "sum" else 0 for one in block.measurements], np.float64)
    return replace(part, values=part.values / many + centre, sigma=part.sigma / many)


def _totalled(part: Part, block: Block) -> Part:
    """Sums around a middle are looked for as the totals that copies show, too."""
    totals = [view for view in views(block) if isinstance(view, Total)]
    if not totals:
        return part
    values = [part.values, *(_of_total(part.values, one) for one in totals)]
    sigma = [np.hypot(part.sigma[one.total], one.centre * part.sigma[one.count]) for one in totals]
    return replace(part, values=np.column_stack(values), sigma=np.array([*part.sigma, *sigma]))


def _of_total(values: Reals, one: Total) -> Reals:
    return (values[:, one.total] + one.centre * values[:, one.count]) / float(one.kept)


def keep_sketches(store: Store, sealer: Sealer) -> int:
    """Keep a sketch of every base that has none, so that no later trace opens it to know what it is; gives how many."""
    with store.read() as tx:
        missing = sorted(set(tx.keys(Base)) - set(tx.keys(Sketch)))
    for start in range(0, len(missing), KEPT_AT_ONCE):
        batch = missing[start : start + KEPT_AT_ONCE]
        with store.read() as tx:
            made = [(base, to_bytes(parts)) for base, parts in sketches(tx, sealer, batch)]
        with store.write() as tx:
            there = set(tx.keys(Sketch, base=batch))  # another vault may have been here
            for base, data in made:
                if base not in there:
                    tx.add(Sketch(base, sealer.seal(data, f"sketch:{base}")))
    return len(missing)


def _candidate(tx: Transaction, keys: TraceKeys, row: Base, leak: Leak) -> Candidate | None:
    releases: dict[str, list[Release]] = defaultdict(list)
    for release in tx.find(Release, base=row.id, order=("created_at", "id")):
        releases[release.recipient].append(release)
    if not releases:
        return None
    content = keys.sealer.open(row.content, f"base:{row.id}")
    plan, marks = read_base(row.id, content)
    found = shown(leak, plan, marks)
    return Candidate(row, content, plan, found, releases) if found else None


def shown(leak: Leak, plan: Plan, marks: Sequence[Marks]) -> tuple[Shown, ...]:
    """Give the blocks of a base that the file shows; of a model, the slots of its predictions or, of a file of weights,
    the places of its parameters; of a synthetic table, the places that its rows were drawn by."""
    if is_weights(leak):
        weighs = weights_of(leak, plan, marks)
        return (Shown(weighs[1], marks[weighs[1]], weighs[0]),) if weighs else ()
    if plan.drawn is not None:
        rows = rows_of(leak, plan, marks)
        return () if rows is None else (Shown(len(marks) - 1, marks[-1], rows),)
    if plan.fitted:
        found_in = predictions_of(leak, plan, marks)
        seen = found_in and align(found_in[0], marks[found_in[1]], [PREDICTED])
        return (Shown(found_in[1], marks[found_in[1]], seen),) if found_in and seen else ()
    found = [(number, one, align(leak, one, views(plan.blocks[number]))) for number, one in enumerate(marks)]
    return tuple(Shown(number, one, alignment) for number, one, alignment in found if alignment is not None)


def read_base(base_id: str, content: bytes) -> tuple[Plan, list[Marks]]:
    """Read the stored bytes of a base, block by block; raises ValueError when they are none of version 2."""
    held = json.loads(content)
    plan = from_json(held["plan"]) if held.get("v") == 2 else None
    if not isinstance(plan, Plan):
        raise ValueError("not a base of version 2")
    return plan, marks_bases(plan, base_id, read_blocks(held["blocks"]))
