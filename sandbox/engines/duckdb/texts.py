"""Texts as SQL trees."""

from __future__ import annotations

from collections.abc import Sequence
from string import ascii_lowercase, ascii_uppercase
from typing import TYPE_CHECKING

from sqlglot import exp

from sandbox.engines.duckdb.terms import call, cast, digits
from sandbox.engines.widths import DIGITS, width
from sandbox.plan import scalar as s

if TYPE_CHECKING:
    from sandbox.engines.duckdb.scalars import Scalars


def render(scalars: Scalars, node: s.Scalar) -> exp.Expression:
    """Give a text that is made."""
    match node:
        case s.Text():
            return _made(scalars, node)
        case s.Concat() if node.skip:
            return call("concat_ws", scalars.text(node.separator), *(scalars.render(arg) for arg in node.args))
        case s.Concat():
            return _joined([scalars.render(arg) for arg in node.args])
        case s.Replace():
            return call("replace", scalars.render(node.arg), scalars.text(node.old), scalars.text(node.new))
        case s.Pad():
            parts = (scalars.render(node.arg), digits(node.length), scalars.text(node.fill))
            return call(f"{node.side[0]}pad", *parts)
        case s.Split():
            return _part(scalars, node)
        case s.ToText():
            return cast(_spelled(scalars, node), "VARCHAR")
        case _:
            raise ValueError(f"no SQL for {type(node).__name__}")


def _made(scalars: Scalars, node: s.Text) -> exp.Expression:
    """LOWER and UPPER by a list of letters, TRIM by a blank, REVERSE by single code points: DuckDB's own know more of
    Unicode than others do."""
    text = scalars.render(node.arg)
    match node.what:
        case "lower" | "upper":
            letters = [exp.Literal.string(ascii_uppercase), exp.Literal.string(ascii_lowercase)]
            return call("translate", text, *(letters if node.what == "lower" else letters[::-1]))
        case "slice" if node.start < 0:
            return call("right", text, digits(-node.start))
        case "slice":
            length = [] if node.length is None else [digits(node.length)]
            return call("substring", text, digits(node.start), *length)
        case "reverse":
            marked = exp.DPipe(this=text, expression=exp.Literal.string("."))  # so that there is always a character
            single = call("regexp_extract_all", exp.Paren(this=marked), exp.Literal.string("(?s)."))
            empty, how = exp.Literal.string(""), exp.Literal.string("string_agg")
            return call("substring", call("list_aggregate", call("list_reverse", single), how, empty), digits(2))
        case _:
            return call(node.what, text, exp.Literal.string(" "))


def _joined(texts: Sequence[exp.Expression]) -> exp.Expression:
    """Texts one after the other, in brackets of two halves: many are not deep."""
    if len(texts) == 1:
        return texts[0]
    half = len(texts) // 2
    return exp.Paren(this=exp.DPipe(this=_joined(texts[:half]), expression=_joined(texts[half:])))


def _part(scalars: Scalars, node: s.Split) -> exp.Expression:
    """One of the parts, as many empty ones behind them as it takes. (DuckDB's SPLIT_PART writes the text several times,
    ARRAY_TO_STRING likewise.)"""
    parts = call("string_split", scalars.render(node.arg), scalars.text(node.separator))
    if node.place < 0:
        parts = call("list_reverse", parts)
    place = digits(abs(node.place))
    return call("list_extract", call("list_resize", parts, place, exp.Literal.string("")), place.copy())


def _spelled(scalars: Scalars, node: s.ToText) -> exp.Expression:
    """What DuckDB spells as it is meant: a decimal is made of its grains by multiplying with the smallest one."""
    kind = node.arg.type
    if not kind.numeric:
        return scalars.render(node.arg)
    whole = scalars.number(node.arg, width(node.arg).at(kind.scale))
    if not kind.scale:
        return whole
    step = cast(exp.Literal.number("0." + "0" * (kind.scale - 1) + "1"), f"DECIMAL({kind.scale},{kind.scale})")
    return exp.Mul(this=cast(whole, f"DECIMAL({DIGITS - kind.scale},0)"), expression=step)
