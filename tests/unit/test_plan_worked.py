"""Rows that a program gives, in a plan: what they cost, and what cannot be made of them."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from sandbox.plan.block import Block, Bounds, Key, Measurement
from sandbox.plan.codec import from_json
from sandbox.plan.plan import SEMANTICS, Output, Plan
from sandbox.plan.relation import Filter, Group, Released, Scan
from sandbox.plan.scalar import INTEGER, Column, Compare, Type
from sandbox.plan.worked import Given, Worked
from sandbox.privacy.multiplicity import most_rows
from sandbox.privacy.rederive import PlanUnsound, loss, pure_loss

TENTHS = Type("decimal", 1)
SCAN = Scan("visits", 0, (Column("cost", INTEGER, Decimal(0), Decimal(100)),), 5)
MEAN = Given("mean", TENTHS, Decimal(0), Decimal(100), Decimal(50))
WORKED = Worked(SCAN, ("cost",), "def program(rows, parameters): return 1", "{}", 10, (MEAN,), 100, 64)
SUM = Measurement("sum", MEAN.column, 1, 0, 1000, 500, 1000**2, 1024 * 1000, Decimal("0.5"))


def plan(block: Block) -> Plan:
    what = block.measurements[0].what
    output = Output("mean", "quantile" if what == "quantile" else "sum", (0,), TENTHS)
    return Plan(SEMANTICS, "r", "p", "v", (block,), ((output,),), Released(0, (output.column,)))


def block(**changed: object) -> Block:
    return replace(Block(WORKED, (), Bounds(2, 2, 2), (SUM,), None), **changed)  # type: ignore[arg-type]


def test_a_unit_replaces_one_row_so_a_centred_sum_moves_by_its_whole_width() -> None:
    """Five rows of a unit, all in one block: the block's number may go from 0 to 100."""
    assert most_rows(WORKED) == 2
    assert loss(plan(block())) == (Decimal("0.5"), Decimal(0))
    for less in (999**2, 500**2):
        with pytest.raises(PlanUnsound):
            loss(plan(block(measurements=(replace(SUM, square=less),))))


def test_a_median_moves_its_scores_by_two_rows_and_pays_twice_in_a_pure_account() -> None:
    median = replace(SUM, what="quantile", mechanism="exponential", centre=0, square=4, sigma=2048, rho=Decimal("0.5"))
    found = plan(block(measurements=(median,)))
    assert loss(found) == (Decimal("0.5"), Decimal(0))
    assert pure_loss(found) == Decimal(2)  # scores move by 2, each way, in steps of 2


@pytest.mark.parametrize(
    "changed",
    [
        {"rows": Filter(WORKED, Compare("=", MEAN.column, MEAN.column))},
        {"rows": Group(WORKED, (), ()), "bounds": Bounds(1, 1, 1)},
        {"rows": replace(WORKED, source=Filter(WORKED, Compare("=", MEAN.column, MEAN.column)))},
        {"bounds": Bounds(2, 2, 1)},
        {"keys": (Key("mean", MEAN.column, (Decimal(1),)),)},
        {"measurements": (replace(SUM, what="units"),)},
        {"measurements": (replace(SUM, what="distinct"),)},
    ],
)
def test_what_is_made_of_these_rows_is_refused_twice(
    changed: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ValueError):
        block(**changed)
    monkeypatch.setattr(Block, "__post_init__", lambda self: None)  # as a plan forged in the database
    with pytest.raises((PlanUnsound, ValueError)):
        loss(plan(block(**changed)))


def test_a_program_is_part_of_the_key_of_its_base() -> None:
    first, other = plan(block()), plan(block(rows=replace(WORKED, code=WORKED.code + " ")))
    assert first.base_key() != other.base_key()
    assert from_json(first.json) == first


def test_a_number_has_bounds_that_it_starts_in() -> None:
    with pytest.raises(ValueError, match="within its bounds"):
        replace(MEAN, otherwise=Decimal(101))
    with pytest.raises(ValueError, match="blocks of units"):
        replace(WORKED, blocks=0)
    with pytest.raises(ValueError, match="under one name"):
        replace(WORKED, shown=("unit",))
