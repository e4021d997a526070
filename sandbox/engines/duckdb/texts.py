"""Texts as SQL trees."""

from __future__ import annotations

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
            first, *others = (scalars.render(arg) for arg in node.args)
            for other in others:
                first = exp.DPipe(this=first, expression=other)
            return exp.Paren(this=first)
        case s.Replace():
            return call("replace", scalars.render(node.arg), scalars.text(node.old), scalars.text(node.new))
        case s.Pad():
            parts = (scalars.render(node.arg), digits(node.length), scalars.text(node.fill))
            return call(f"{node.side[0]}pad", *parts)
        case s.Split():
            parts = (scalars.render(node.arg), scalars.text(node.separator), digits(node.place))
            return call("split_part", *parts)
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
            single = call("regexp_extract_all", text, exp.Literal.string("(?s)."))
            return call("array_to_string", call("list_reverse", single), exp.Literal.string(""))
        case _:
            return call(node.what, text, exp.Literal.string(" "))


def _spelled(scalars: Scalars, node: s.ToText) -> exp.Expression:
    """What DuckDB spells as it is meant: a decimal is made of its grains by multiplying with the smallest one."""
    kind = node.arg.type
    if not kind.numeric:
        return scalars.render(node.arg)
    whole = scalars.number(node.arg, width(node.arg).at(kind.scale))
    if not kind.scale:
        return whole
    step = exp.cast(exp.Literal.number("0." + "0" * (kind.scale - 1) + "1"), f"DECIMAL({kind.scale},{kind.scale})")
    return exp.Mul(this=exp.cast(whole, f"DECIMAL({DIGITS - kind.scale},0)"), expression=step)
