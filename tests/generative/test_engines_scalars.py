"""Random expressions of one row, made of every node there is, on hostile rows: DuckDB gives what the oracle gives."""

from __future__ import annotations

from decimal import Decimal
from functools import cache
from typing import get_args

import pytest
from hypothesis import HealthCheck, assume, find, given, settings
from hypothesis import strategies as st
from scalar_world import COLUMNS, DAYS, WORDS, Table, hostile

from sandbox.engines.widths import sound, width
from sandbox.plan import scalar as s
from sandbox.plan.codec import from_json, to_json
from sandbox.plan.evaluate import evaluate

Nodes = st.SearchStrategy[s.Scalar]
PIECES = st.sampled_from(["-", "--", "a", "b", "é", "日", "\u0301", "👩", "X", " ", "0", "."])
WHOLE = st.one_of(st.integers(-9, 9), st.integers(-(10**6), 10**6))
MONEY = WHOLE.map(lambda n: Decimal(n).scaleb(-2))
LISTED: tuple[s.Name, ...] = ("exp", "sin", "cos", "tan", "cot", "asin", "acos", "atan", "degrees", "radians")


def constant(value: s.Value) -> s.Constant:
    match value:
        case int():
            return s.Constant(value, s.INTEGER)
        case Decimal():
            return s.Constant(value, s.Type("decimal", 2))
        case str():
            return s.Constant(value, s.STRING)
        case _:
            return s.Constant(value, s.DATE)


def decimal(scale: int) -> s.Type:
    return s.Type("decimal", scale) if scale else s.INTEGER


def calculated(op: str, left: s.Scalar, right: s.Scalar) -> s.Scalar:
    scales = left.type.scale, right.type.scale
    scale = {"*": sum(scales), "//": 0, "/": min(max(scales) + 6, 12)}.get(op, max(scales))
    return s.Arithmetic(op, left, right, decimal(scale))  # type: ignore[arg-type]


def rounded(how: str, arg: s.Scalar, digits: int) -> s.Scalar:
    digits = min(digits, arg.type.scale - 1)
    return s.Round(how, arg, digits, decimal(max(digits, 0)))  # type: ignore[arg-type]


def extreme(op: str, *args: s.Scalar) -> s.Scalar:
    kind = decimal(max(arg.type.scale for arg in args)) if args[0].type.numeric else args[0].type
    return s.Extreme(op, args, kind)  # type: ignore[arg-type]


def chosen(condition: s.Scalar, yes: s.Scalar, no: s.Scalar) -> s.Scalar:
    return s.Case(((condition, yes),), no, yes.type)


@cache
def numbers(depth: int) -> Nodes:
    leaves = st.one_of(st.sampled_from([COLUMNS[name] for name in "inp"]), st.one_of(WHOLE, MONEY).map(constant))
    if not depth:
        return leaves
    inner, n = numbers(depth - 1), COLUMNS["n"]
    return st.one_of(
        leaves,
        st.builds(calculated, st.sampled_from(["+", "-", "*", "/", "//", "%"]), inner, inner),
        st.builds(lambda arg: s.Sign("abs", arg, arg.type), inner),
        st.builds(lambda arg: s.Sign("sign", arg, s.INTEGER), inner),
        st.builds(rounded, st.sampled_from(["nearest", "down", "up", "zero"]), inner, st.integers(-3, 5)),
        st.builds(s.Function, st.sampled_from(s.ROOTS), inner),
        st.builds(lambda what: s.Function(what, n, None, -20, 100), st.sampled_from(LISTED)),
        st.builds(lambda power: s.Function("power", n, power, -20, 100), MONEY.map(lambda value: value / 1000)),
        st.builds(extreme, st.sampled_from(["greatest", "least"]), inner, inner),
        st.builds(lambda arg, digits, scale: s.ToNumber(arg, digits, decimal(scale)),
                  texts(depth - 1), st.integers(1, 18), st.integers(0, 9)),
        st.builds(s.DatePart, st.sampled_from(get_args(s.Part)), dates(depth - 1)),
        st.builds(s.Length, texts(depth - 1)),
        st.builds(s.Position, texts(depth - 1), PIECES),
        st.builds(chosen, truths(depth - 1), inner.filter(lambda node: node.type == s.INTEGER),
                  inner.filter(lambda node: node.type == s.INTEGER)),
    )  # fmt: skip


@cache
def texts(depth: int) -> Nodes:
    leaves = st.one_of(st.sampled_from([COLUMNS["t"], COLUMNS["c"]]), st.sampled_from(WORDS).map(constant))
    if not depth:
        return leaves
    inner = texts(depth - 1)
    kinds = st.sampled_from(["lower", "upper", "trim", "ltrim", "rtrim", "reverse"])
    others = st.one_of(numbers(depth - 1), dates(depth - 1), truths(depth - 1))
    some = st.lists(inner, min_size=1, max_size=3).map(tuple)
    return st.one_of(
        leaves,
        st.builds(s.Text, kinds, inner),
        st.builds(s.Text, st.just("slice"), inner, st.integers(1, 4), st.one_of(st.none(), st.integers(0, 4))),
        st.builds(s.Text, st.just("slice"), inner, st.integers(-4, -1)),
        st.builds(s.Concat, some),
        st.builds(s.Concat, some, st.one_of(st.just(""), PIECES), st.just(True)),
        st.builds(s.Replace, inner, PIECES, st.one_of(st.just(""), PIECES)),
        st.builds(s.Pad, st.sampled_from(["left", "right"]), inner, st.integers(0, 9), st.sampled_from(["x", "é日"])),
        st.builds(s.Split, inner, PIECES, st.integers(-3, 3).filter(bool)),
        st.builds(s.ToText, others),
        st.builds(extreme, st.sampled_from(["greatest", "least"]), inner, inner),
        st.builds(chosen, truths(depth - 1), inner, inner),
    )


@cache
def dates(depth: int) -> Nodes:
    leaves = st.one_of(st.sampled_from([COLUMNS["d"], COLUMNS["e"]]), st.sampled_from(DAYS).map(constant))
    if not depth:
        return leaves
    inner = dates(depth - 1)
    whole = numbers(depth - 1).filter(lambda node: node.type == s.INTEGER)
    return st.one_of(
        leaves,
        st.builds(s.Snap, st.sampled_from(["year", "quarter", "month", "week", "last_day"]), inner),
        st.builds(s.DateAdd, inner, whole, st.sampled_from(["day", "month"])),
        st.builds(s.MakeDate, whole, whole, whole),
        st.builds(s.ToDate, texts(depth - 1)),
        st.builds(extreme, st.sampled_from(["greatest", "least"]), inner, inner),
    )


@cache
def truths(depth: int) -> Nodes:
    if depth < 0:
        return st.just(COLUMNS["b"])
    pairs = [numbers(depth), texts(depth), dates(depth)]
    ops = st.sampled_from(["=", "<>", "<", "<=", ">", ">="])
    inner = truths(depth - 1)
    some = st.lists(inner, min_size=2, max_size=3).map(tuple)
    options = st.lists(st.one_of(WHOLE, MONEY).map(constant), min_size=1, max_size=3).map(tuple)
    return st.one_of(
        st.just(COLUMNS["b"]),
        *(st.builds(s.Compare, ops, side, side) for side in pairs),
        st.builds(s.In, numbers(depth), options),
        st.builds(s.Like, texts(depth), st.text("a-é%_", max_size=4)),
        st.builds(s.IsNull, st.one_of(pairs)),
        st.builds(s.Not, inner),
        st.builds(s.Logic, st.sampled_from(["and", "or"]), some),
    )


@pytest.fixture(scope="module")
def table() -> Table:
    return Table(hostile())


@settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
@given(node=st.one_of(numbers(2), texts(2), dates(2), truths(1)))
def test_U1_every_node_means_the_same_in_duckdb(table: Table, node: s.Scalar) -> None:
    try:
        fits = sound(node)
    except ValueError:
        fits = False
    assume(fits)
    expected = [evaluate(node, row) for row in table.rows]
    assert table.values(node) == expected
    if node.type.numeric:
        own = width(node)
        assert all(abs(value) * 10**own.scale <= own.most for value in expected if value is not None)  # type: ignore
    assert from_json(to_json(node)) == node


ONE = s.Constant(1, s.INTEGER)
DEEP = {
    "sums": (COLUMNS["n"], lambda node: calculated("+", node, COLUMNS["n"])),
    "quotients": (COLUMNS["n"], lambda node: s.Round("up", calculated("/", node, COLUMNS["n"]), 0, s.INTEGER)),
    "logarithms": (COLUMNS["n"], lambda node: s.Function("ln", node)),
    "roots": (COLUMNS["n"], lambda node: s.Function("sqrt", node)),
    "spellings": (COLUMNS["n"], lambda node: s.ToNumber(s.ToText(node), 18, s.INTEGER)),
    "reversals": (COLUMNS["t"], lambda node: s.Text("reverse", node)),
    "parts": (COLUMNS["t"], lambda node: s.Split(node, "-", -1)),
    "days": (COLUMNS["d"], lambda node: s.DateAdd(node, ONE, "day")),
    "months": (COLUMNS["d"], lambda node: s.DateAdd(COLUMNS["d"], s.DatePart("day", node), "month")),
    "dates": (COLUMNS["d"], lambda node: s.MakeDate(s.DatePart("year", node), ONE, ONE)),
    "choices": (COLUMNS["n"], lambda node: chosen(COLUMNS["b"], node, ONE)),
    "negations": (COLUMNS["b"], s.Not),
}


@pytest.mark.parametrize("what", DEEP)
def test_U1_what_is_deep_is_written_out_and_soon_computed(table: Table, what: str) -> None:
    """As deep as it may be: nothing doubles at each level, neither in the statement nor inside of DuckDB."""
    node, deeper = DEEP[what]
    while sound(further := deeper(node)):
        node = further
    assert s.depth(node) > 10
    assert table.values(node) == [evaluate(node, row) for row in table.rows]


@pytest.mark.parametrize("kind", get_args(s.Scalar), ids=lambda kind: kind.__name__)
def test_every_node_is_tried(kind: type) -> None:
    one = st.one_of(numbers(2), texts(2), dates(2), truths(1))
    assert find(one, lambda node: any(isinstance(part, kind) for part in _parts(node)))


def _parts(node: s.Scalar) -> list[s.Scalar]:
    return [node, *(part for child in s.children(node) for part in _parts(child))]
