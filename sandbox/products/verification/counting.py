"""How a claim falls over the subjects of a batch, counted in the vault: step 5 of a job whose plan names them by a
digest."""

from __future__ import annotations

import ast
from collections import Counter
from dataclasses import replace

import numpy as np

from sandbox.catalogue.ingest.units import unit_name
from sandbox.engines.base import EngineFailed, Exact
from sandbox.engines.layout import UNIT
from sandbox.jobs.product import Inside
from sandbox.plan.evaluate import evaluate
from sandbox.plan.plan import Plan
from sandbox.plan.relation import Filter, Relation, Scan
from sandbox.plan.scalar import In, Value
from sandbox.products.verification.batch import NAMED, named, spelled


def measure(inside: Inside, plan: Plan) -> list[Exact]:
    """Count, in the vault: the plan's rows that are of the subjects which its request lists. Raises `EngineFailed`,
    also where the request is not the one that the plan names."""
    [block] = plan.blocks
    given = ast.literal_eval(inside.request["parameters"])
    subjects = spelled(inside.spec, given["subjects"])
    relation, said = _anybody(block.rows)
    if said != named(subjects, given["salt"]):
        raise EngineFailed
    plain = all(m.what in ("rows", "units") and m.expr is None for m in block.measurements)
    if not plain or block.bounds.rows != 1:  # nothing here keeps some rows of a unit and drops others
        raise EngineFailed
    rows = inside.engine.rows(inside.version, relation)
    wanted = np.array([unit_name(number, inside.names) for number in subjects], np.int64)
    kept = rows.filter(np.isin(rows.column(UNIT).to_numpy(), wanted)).to_pylist()
    counts = Counter(tuple(evaluate(key.expr, row) for key in block.keys) for row in kept)
    return [Exact(list(counts), [(number,) * len(block.measurements) for number in counts.values()])]


def _anybody(node: Relation) -> tuple[Relation, Value]:
    """Give the rows without the condition that names the subjects, and the digest in it."""
    if not isinstance(node, Filter):
        raise EngineFailed
    if isinstance(node.condition, In) and node.condition.arg == NAMED and isinstance(node.source, Scan):
        columns = tuple(one for one in node.source.columns if one != NAMED)
        return replace(node.source, columns=columns), node.condition.options[0].value
    source, named = _anybody(node.source)
    return replace(node, source=source), named
