"""Random relations of protected tables and blocks over them: the embedded engine gives what the reference gives, on
files as they are declared and on coded ones with an index."""

from __future__ import annotations

from random import Random

import pytest
from coded import write_coded
from hypothesis import HealthCheck, example, given, note, settings
from hypothesis import strategies as st
from random_plans import COLUMNS, ROWS, TYPES, Makes, normed, planned
from versions import DuckDBEngine, ReferenceEngine, write_version

from sandbox.engines.base import OpenVersion
from sandbox.engines.width import fits
from sandbox.plan.block import Block, Bounds, Key, Norm
from sandbox.plan.plan import Plan
from sandbox.plan.relation import Filter, Scan

MAKES = Makes(5)
PUBLIC = [{"__unit": None, "__ord": order, "__h": None, "f": value} for order, value in enumerate([0, 1, 1, 2, None])]
ROWS_OF = {"t": MAKES.table(12, ROWS), "t1": MAKES.table(6, ROWS), "t2": MAKES.table(9, ROWS)}
TABLES = {**{name: (rows, TYPES) for name, rows in ROWS_OF.items()}, "p": (PUBLIC, {"f": "BIGINT"})}
KEY_SETS = (["c"], ["a"], ["c", "e"], ["f", "d"])
ALL = {name: rows for name, (rows, _) in TABLES.items()}


@pytest.fixture(scope="module", params=["plain", "coded", "domains"])
def version(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> OpenVersion:
    path = tmp_path_factory.mktemp("relations") / "random.db"
    if request.param == "plain":
        return write_version(path, TABLES)
    return write_coded(path, TABLES, domains=request.param == "domains", key_sets=KEY_SETS)


@pytest.fixture(scope="module")
def engine():
    made = DuckDBEngine(seconds=30)
    yield made
    made.close()


def agree(engine: DuckDBEngine, version: OpenVersion, asked: Plan) -> None:
    mine, other = ReferenceEngine(ALL).run(version, asked), engine.run(version, asked)
    for one, two in zip(mine, other, strict=True):
        assert len(set(two.groups)) == len(two.groups)
        assert dict(zip(one.groups, one.values, strict=True)) == dict(zip(two.groups, two.values, strict=True))


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 10**9), depth=st.integers(0, 2))
@example(40438, 1)  # a date is made of what a condition on codes decides
def test_U1_engines_agree_on_random_relations(engine, version, seed, depth):
    note(f"{seed} {depth}")
    asked = planned(Makes(seed).block(sorted(ROWS_OF), depth))
    if fits(asked):
        agree(engine, version, asked)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 10**9))
def test_U1_weights_follow_the_norm_with_and_without_an_index(engine, version, seed):
    draw, makes = Random(seed), Makes(seed)
    _, b, c, _, e, f = COLUMNS
    keys = draw.choice([[c], [c, e], [c, e, f], [f]])
    norm_keys = tuple(draw.choice([keys[:1], keys[:2]]))
    scan = Scan(draw.choice(sorted(ROWS_OF)), 0, COLUMNS, ROWS)
    rows = draw.choice([scan, Filter(scan, makes.truth(COLUMNS, 1))])
    cap = draw.choice([1, 2, 700, 10**6, 10**9, 10**12])  # the last: whole beyond what a byte of buckets holds
    measured = [normed(Norm(norm_keys, cap), "rows", None, 5, 0, 0)]
    measured.append(normed(Norm(norm_keys, cap), "values", draw.choice(COLUMNS), 5, 0, 0))
    low, high = draw.choice([(0, 10**12), (-700, 700), (-(10**6), 0)])
    measured.append(normed(Norm(norm_keys, cap), "sum", b, 8, low, high))
    measured.append(normed(Norm(norm_keys, cap), "sum", f, 5, 0, draw.choice([1, 3])))
    listed = tuple(Key(key.name, key, (None,)) for key in keys)
    asked = planned(Block(rows, listed, Bounds(ROWS, ROWS, ROWS), tuple(measured), None))
    if fits(asked):
        agree(engine, version, asked)


@pytest.mark.parametrize("seed", [5117, 5897, 6001, 6058, 6292])
def test_a_key_of_rows_may_be_a_text_by_itself(engine, version, seed):
    """A text travels as a parameter, and nothing is grouped by a parameter: these failed, after they were paid."""
    agree(engine, version, planned(Makes(seed).block(sorted(ROWS_OF), seed % 3)))
