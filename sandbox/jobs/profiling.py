"""What the public profile measures: our own plans over rows and units, and how what they release is read.

Every block is a histogram that each unit is in once – so one unit moves it by 1 – or a plain count. Buckets follow from
declarations alone. The loss is split evenly.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import ROUND_DOWN, Decimal, localcontext
from typing import Any, Literal

from sandbox.catalogue.entry import Entry
from sandbox.engines.fixed import grains
from sandbox.engines.width import fits
from sandbox.jobs.pieces import Piece, of_table
from sandbox.plan.block import SIGMA_UNIT, Block, Key, Measurement, Threshold
from sandbox.plan.plan import SEMANTICS, Plan
from sandbox.plan.relation import Released
from sandbox.plan.scalar import Column
from sandbox.privacy import grains as amounts
from sandbox.privacy.calibrate import float_up, sigma_for
from sandbox.privacy.laplace import rho as laplace_rho
from sandbox.privacy.released import Released as Found
from sandbox.privacy.threshold import tau

MOST_KEYS = 10_000
FINER = 100  # means are added up in so much finer grains


def pieces(entry: Entry, pure: bool) -> tuple[Piece, ...]:
    """Give everything that is measured of the protected tables of `entry`; a `pure` budget buys no lists of keys."""
    found = [piece for table in entry.tables if not table.public for piece in of_table(table)]
    return tuple(piece for piece in found if not (pure and piece.what == "keys") and _computable(piece))


def profile_plan(
    entry: Entry, resource: str, population: str, version: str, loss: Decimal, delta: Decimal, pure: bool
) -> Plan:
    """Give the finished plan that buys the profile for `loss` – ρ, or ε of a `pure` account – in even shares, and
    `delta` for each list of keys. Raises epsilon_invalid when a share buys no noise."""
    wanted = pieces(entry, pure)
    with localcontext(prec=60):
        share = (loss / len(wanted)).quantize(Decimal(1).scaleb(-amounts.RHO), ROUND_DOWN)
    blocks = tuple(_block(piece, share, delta, pure) for piece in wanted)
    return Plan(SEMANTICS, resource, population, version, blocks, ((),) * len(blocks), Released(0, ()))


def content(entry: Entry, plan: Plan, pure: bool, released: Sequence[Found]) -> dict[str, Any]:
    """Give the profile as JSON, see `sandbox.catalogue.profile`, from what its plan released."""
    tables: dict[str, dict[str, Any]] = {}
    for piece, block, found in zip(pieces(entry, pure), plan.blocks, released, strict=True):
        table = tables.setdefault(piece.table, {"key_sets": [], "values": {}, "keys": {}})
        _place(table, piece, block, found)
    for table in tables.values():
        table.setdefault("units", table.get("rows"))
    return {"version": plan.version, "tables": tables}


def _place(table: dict[str, Any], piece: Piece, block: Block, found: Found) -> None:
    match piece.what:
        case "rows" | "units":
            table[piece.what] = found.values[0][0]
        case "keys":
            if len(found.groups) <= MOST_KEYS:
                table["keys"][piece.name] = [value for (value,) in found.groups if value is not None]
        case "per_unit":
            table["per_unit"] = _histogram(piece, block, found)
        case "values":
            table["values"][piece.name] = _histogram(piece, block, found)
        case "totals":
            table.setdefault("totals", {})[piece.name] = _histogram(piece, block, found)
        case "means":
            table.setdefault("means", {})[piece.name] = _means(piece, block, found)
        case _:
            known = [one for one in table["key_sets"] if one["keys"] == list(piece.key_set)]
            if not known:
                known = [{"keys": list(piece.key_set), "norms": {}}]
                table["key_sets"] += known
            place = known[0]["norms"] if piece.what == "norm" else known[0]
            place[piece.name or piece.what] = _histogram(piece, block, found)


def _histogram(piece: Piece, block: Block, found: Found) -> dict[str, Any]:
    [measured] = block.measurements
    return {
        "lower": piece.lower,
        "upper": list(piece.ends),
        "units": _in_order(piece, found, 0),
        "sigma": f"{_deviation(measured):.6g}",
    }


def _means(piece: Piece, block: Block, found: Found) -> dict[str, Any]:
    total = block.measurements[1]
    return {
        "upper": list(piece.ends),
        "units": _in_order(piece, found, 0),
        "sums": _in_order(piece, found, 1),
        "finer": FINER,
        "centre": f"{total.centre / FINER:.17g}",
        "sigma": f"{_deviation(total) / FINER:.6g}",
    }


def _in_order(piece: Piece, found: Found, measured: int) -> list[int]:
    counts = {bucket: values[measured] for (bucket,), values in zip(found.groups, found.values, strict=True)}
    return [counts[place] for place in range(len(piece.ends))]


def _deviation(measured: Measurement) -> float:
    return measured.sigma / SIGMA_UNIT * (2**0.5 if measured.mechanism == "laplace" else 1.0)


def _block(piece: Piece, share: Decimal, delta: Decimal, pure: bool) -> Block:
    bounds, keys = piece.bounds, []
    if piece.key is not None:
        domain = tuple(range(len(piece.ends))) if piece.ends else None
        keys = [Key(piece.what, piece.key, domain)]
    private = piece.what == "keys"
    if piece.summed is not None:
        return Block(piece.rows, tuple(keys), bounds, _counted_and_summed(piece.summed, share, pure), None)
    square, total = (bounds.groups, bounds.groups) if private else (bounds.square, bounds.total)
    what: Literal["units", "rows"] = "units" if private and bounds.rows > 1 else "rows"
    measured = _measured(what, square, total, bounds.rows_per_group, share, pure)
    threshold = Threshold(0, tau(measured.sigma, bounds.groups, delta), delta) if private else None
    return Block(piece.rows, tuple(keys), bounds, (measured,), threshold)


def _counted_and_summed(column: Column, share: Decimal, pure: bool) -> tuple[Measurement, ...]:
    """The units that have a value of a column, and the sum of these around the middle of its bounds; half each."""
    assert column.lower is not None and column.upper is not None
    with localcontext(prec=60):
        half = (share / 2).quantize(Decimal(1).scaleb(-amounts.RHO), ROUND_DOWN)
    scale = column.type.scale
    lower, upper = grains(column.lower, scale), grains(column.upper, scale)
    centre = (lower + upper) // 2
    furthest = max(upper - centre, 1)
    count = replace(_measured("rows", 1, 1, 1, half, pure), what="values", expr=column)
    total = _measured("rows", furthest**2, furthest, furthest, half, pure)
    total = replace(total, what="sum", expr=column, scale=scale, lower=lower, upper=upper, centre=centre)
    return count, total


def _measured(
    what: Literal["units", "rows"], square: int, total: int, most: int, share: Decimal, pure: bool
) -> Measurement:
    if not pure:
        sigma, rho = sigma_for(square, share)
        return Measurement(what, None, 0, 0, 0, 0, square, sigma, rho)
    epsilon = max(amounts.down(share, amounts.RHO), 1)
    sigma = float_up(-(-total * SIGMA_UNIT * 10**amounts.RHO // epsilon))
    return Measurement(what, None, 0, 0, 0, 0, square, sigma, laplace_rho(sigma, total, most), "laplace")


def _computable(piece: Piece) -> bool:
    """Whether an engine can hold its numbers: squares of very wide sums it cannot."""
    block = _block(piece, Decimal(1), Decimal("1e-9"), False)
    return fits(Plan(SEMANTICS, "", "", "", (block,), ((),), Released(0, ())))
