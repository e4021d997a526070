"""Grouping sets whose totals are made the sums of their parts."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np
import pytest
from query_town import DEPTS, planned

from sandbox.errors import Problem
from sandbox.jobs.product import Answer
from sandbox.plan.codec import from_json, to_json
from sandbox.plan.plan import Plan
from sandbox.plan.scalar import Value
from sandbox.privacy.released import Released
from sandbox.products.query.consistent import families
from sandbox.products.query.kind import QueryProduct

KIND = QueryProduct()
CUBE = (
    "SELECT dept, sex, COUNT(*) AS n, SUM(cost) AS total, AVG(cost) AS mean FROM visits JOIN persons "
    "ON visits.pid = persons.pid GROUP BY CUBE (dept, sex)"
)
ROLLUP = "SELECT dept, sex, {} FROM visits JOIN persons ON visits.pid = persons.pid GROUP BY ROLLUP (dept, sex)"
SETS = "SELECT dept, COUNT(*) AS n, SUM(cost) AS total FROM visits GROUP BY GROUPING SETS ((dept), ())"


def asked(sql: str, consistent: bool = True, **more: Any) -> Plan:
    return planned(sql, spec={"consistent": consistent}, **more)


def bases(plan: Plan, seed: int, draws: float = 1.0) -> list[Released]:
    """A base of every block: 1000 of everything in each leaf, with noise of `draws` σ."""
    chance, found = np.random.default_rng(seed), []
    cells = len(DEPTS) * 2 if any(len(key.domain or ()) == 2 for b in plan.blocks for key in b.keys) else len(DEPTS)
    for block in plan.blocks:
        groups: list[tuple[Value, ...]] = list(product(*(key.domain or () for key in block.keys)))
        each = 1000 * cells / len(groups)
        rows = [
            tuple(
                round(each * 10 ** (5 if m.norm else 0) * float(m.kept) + chance.normal(0, m.sigma / 1024) * draws)
                for m in block.measurements
            )
            for _ in groups
        ]
        found.append(Released(groups, rows))
    return found


def answer(plan: Plan, base: list[Released], copy: list[Any] | None = None) -> Answer:
    return KIND.present(plan, base, copy or [one.values for one in base])


def table(found: Answer, name: str) -> dict[tuple[Value, ...], Value]:
    keys = [place for place, column in enumerate(found.columns) if column.role == "key"]
    at = [column.name for column in found.columns].index(name)
    return {tuple(row[place] for place in keys): row[at] for row in found.rows}


@pytest.mark.parametrize("sql", [CUBE, ROLLUP.format("COUNT(*) AS n, SUM(cost) AS total"), SETS])
def test_totals_are_the_sums_of_their_parts(sql: str) -> None:
    plan = asked(sql, units=100_000)
    base = bases(plan, 1)
    for name in ("n", "total"):
        cells = table(answer(plan, base), name)
        width = len(next(iter(cells)))
        for key, value in cells.items():
            open_keys = [at for at in range(width) if key[at] is None]
            for chosen in open_keys:
                parts = [
                    other for part, other in cells.items()
                    if part[chosen] is not None and all(part[at] == key[at] for at in range(width) if at != chosen)
                ]  # fmt: skip
                if parts:
                    assert value == sum(parts), (name, key)  # type: ignore[arg-type, type-var]
        plain = table(answer(replace(plan, consistent=False), base), name)
        assert plain != cells and plain.keys() == cells.keys()
    assert len(families(plan)) == 2 and plan.consistent and any("sums of their parts" in note for note in plan.notes)


def test_leaves_are_the_weighted_least_squares_solution() -> None:
    plan = asked(CUBE, units=100_000)
    base = bases(plan, 2)
    shown = table(answer(plan, base), "n")
    family = next(
        one
        for one in families(plan)
        if one.members[0].output.type.kind == "integer"
        and all(plan.blocks[m.block].measurements[m.output.source[0]].what in ("rows", "sum") for m in one.members)
        and table_name(plan, one.members[0].output.name) == "n"
    )
    leaves = list(product(*(key.domain or () for key in family.keys)))
    lines, numbers, sigmas = [], [], []
    for member in family.members:
        measured = plan.blocks[member.block].measurements[member.output.source[0]]
        step = 10.0**-measured.scale / float(measured.kept)
        for group, row in zip(base[member.block].groups, base[member.block].values, strict=True):
            fixed = dict(zip(member.places, group, strict=True))
            lines.append([all(leaf[at] == value for at, value in fixed.items()) for leaf in leaves])
            numbers.append(row[member.output.source[0]] * step)
            sigmas.append(measured.sigma / 1024 * step)
    weights = 1 / np.array(sigmas)
    matrix = np.array(lines, float) * weights[:, None]
    best, *_ = np.linalg.lstsq(matrix, np.array(numbers) * weights, rcond=None)
    names = [key.name for key in family.keys]
    columns = [column.name for column in answer(plan, base).columns if column.role == "key"]
    order = (
        [columns.index(name.partition("@")[0]) for name in names]
        if all(name.partition("@")[0] in columns for name in names)
        else [0, 1]
        if len(family.keys[0].domain or ()) == len(DEPTS)
        else [1, 0]
    )
    for leaf, value in zip(leaves, best, strict=True):
        key: list[Value] = [None, None]
        for place, at in enumerate(order):
            key[at] = leaf[place]
        assert abs(float(str(shown[tuple(key)])) - value) <= 0.501
    covariance = np.linalg.inv(matrix.T @ matrix)
    errors = dict(zip(shown, answer(plan, base).errors, strict=True))
    at = [column.name for column in answer(plan, base).columns].index("n")
    leaf_key = next(key for key in shown if None not in key)
    expected = 1.959964 * 1.09**0.5 * covariance[0, 0] ** 0.5
    assert float(errors[leaf_key][at] or "nan") == pytest.approx(expected + 0.5, rel=1e-3)
    whole = 1.959964 * 1.09**0.5 * covariance.sum() ** 0.5
    assert float(errors[None, None][at] or "nan") == pytest.approx(whole + 0.5 * len(leaves) ** 0.5, rel=1e-3)


def table_name(plan: Plan, name: str) -> str:
    node: Any = plan.post
    return next(one.name for one in node.named if getattr(one.expr, "name", "") == name)


@pytest.mark.parametrize("name", ["n", "total"])
def test_half_widths_cover_and_are_not_wider_than_before(name: str) -> None:
    plan = asked(CUBE, units=100_000)
    parts = [len(one.source) for outputs in plan.outputs for one in outputs if one.what == "sum"]
    assert set(parts) == {2}  # around a middle, put together with the count
    true = table(answer(plan, bases(plan, 0, draws=0)), name)
    inside, size, narrower = 0, 0, 0
    for seed in range(40):
        base = bases(plan, 100 + seed)
        found, before = answer(plan, base), answer(replace(plan, consistent=False), base)
        at = [column.name for column in found.columns].index(name)
        for (key, value), errors, old in zip(table(found, name).items(), found.errors, before.errors, strict=True):
            inside += abs(float(str(value)) - float(str(true[key]))) <= float(errors[at] or "nan")
            narrower += float(errors[at] or "nan") <= float(old[at] or "nan") * 1.05
            size += 1
    assert 0.94 * size < inside < 0.985 * size
    assert narrower > 0.95 * size


def test_values_come_from_the_marked_copy_and_marks_stay_in_their_leaves() -> None:
    plan = asked(SETS, units=1_000_000)
    base = bases(plan, 3)
    [fine] = [number for number, block in enumerate(plan.blocks) if block.keys]
    steps = [round(0.3 * m.sigma / 1024) for m in plan.blocks[fine].measurements]
    copy = [list(one.values) for one in base]
    copy[fine][0] = tuple(value + step for value, step in zip(copy[fine][0], steps, strict=True))
    before, after = table(answer(plan, base), "n"), table(answer(plan, base, copy), "n")
    moved = {key: float(str(after[key])) - float(str(before[key])) for key in before if before[key] != after[key]}
    leaf = base[fine].groups[0]
    at = next(one for one in families(plan)[0].members if one.block == fine).output.source[0]
    measured = plan.blocks[fine].measurements[at]
    shown = 0.3 * measured.sigma / 1024 / 10**measured.scale / float(measured.kept)
    others = [abs(move) for key, move in moved.items() if key not in (leaf, (None,))]
    assert moved[leaf] > 0.8 * shown and max(others, default=0) < 0.2 * shown
    assert sum(move for key, move in moved.items() if key != (None,)) == pytest.approx(moved.get((None,), 0))


def test_it_is_post_processing_alone() -> None:
    made, plain = asked(SETS), planned(SETS)
    assert made.base_key() == plain.base_key() and made.blocks == plain.blocks and made.rho == plain.rho
    assert from_json(to_json(made)) == made and not plain.consistent


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("SELECT dept, COUNT(*) AS n FROM visits GROUP BY dept", "ROLLUP"),
        ("SELECT dept, sex, COUNT(*) AS n FROM visits JOIN persons ON visits.pid = persons.pid GROUP BY GROUPING SETS "
         "((dept), (sex))", "one of which has all"),
        ("SELECT dept, AVG(cost) AS n FROM visits GROUP BY ROLLUP (dept)", "counts or sums"),
        ("SELECT dept, COUNT(DISTINCT pid) AS n FROM visits GROUP BY ROLLUP (dept)", "counts or sums"),
        ("SELECT hospital, COUNT(*) AS n FROM visits GROUP BY ROLLUP (hospital)", "hospital"),
        ("SELECT CASE WHEN dept = 'D01' THEN 'x' END AS k, COUNT(*) AS n FROM visits GROUP BY ROLLUP (k)", "COALESCE"),
    ],
)  # fmt: skip
def test_what_has_no_totals_of_its_parts_is_refused(sql: str, said: str) -> None:
    with pytest.raises(Problem, match=said):
        asked(sql)
    planned(sql)


def test_the_field_is_true_or_false() -> None:
    with pytest.raises(Problem, match="consistent"):
        planned(SETS, spec={"consistent": "yes"})
    with pytest.raises(Problem, match="consistent"):
        KIND.review({"consistent": 1}, [])
