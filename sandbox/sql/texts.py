"""Functions of text, as far as every engine agrees on every character there is."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

from sqlglot import exp

from sandbox.plan import scalar as s
from sandbox.plan.evaluate import evaluate
from sandbox.plan.ordering import value_key
from sandbox.sql.terms import WORDS, Term, literal, refuse

FUNCTIONS = (exp.Lower, exp.Upper, exp.Trim, exp.Length, exp.Substring, exp.Left, exp.Right)
MOST_CHARACTERS = 10_000  # a place or a length


def text(node: exp.Expr, arg: Term) -> Term:
    """Give the term of a function of the text `arg`; positions are whole numbers. A declared list of values, and a
    constant, become those of the result."""
    if arg.null:
        return literal(None)
    if arg.type != s.STRING:
        raise refuse(f"{node.sql_name()} takes a text; a {WORDS[arg.type.kind]} is none.")  # type: ignore[attr-defined]
    if isinstance(arg.node, s.Constant):
        return literal(evaluate(_made(node, arg.node), {}))
    domain = None
    if arg.domain is not None:
        values = {evaluate(_made(node, s.Constant(value, s.STRING)), {}) for value in arg.domain}
        domain = tuple(sorted(values, key=value_key))
    made = _made(node, arg.node)
    most = _longest(arg.node, domain) if isinstance(made, s.Length) else None
    return Term(made, None if most is None else Decimal(0), most, arg.nullable, domain)


def _longest(arg: s.Scalar, lengths: tuple[s.Value, ...] | None) -> Decimal | None:
    """How long a text can be, None when nobody says."""
    if lengths is not None:
        return Decimal(max((length for length in lengths if isinstance(length, int)), default=0))
    if isinstance(arg, s.Text) and arg.what == "slice":
        return None if arg.start > 0 and arg.length is None else Decimal(arg.length or max(-arg.start, 0))
    return None


def _made(node: exp.Expr, arg: s.Scalar) -> s.Scalar:
    match node:
        case exp.Length():
            return s.Length(arg)
        case exp.Lower():
            return s.Text("lower", arg)
        case exp.Upper():
            return s.Text("upper", arg)
        case exp.Trim():
            if node.args.get("expression"):
                raise refuse("TRIM takes spaces away, nothing else; write TRIM(x).")
            side: dict[str, Literal["ltrim", "rtrim"]] = {"LEADING": "ltrim", "TRAILING": "rtrim"}
            return s.Text(side.get(str(node.args.get("position") or "").upper(), "trim"), arg)
        case exp.Left():
            return s.Text("slice", arg, 1, _whole(node.expression, 0))
        case exp.Right():
            return s.Text("slice", arg, -_whole(node.expression, 1))
        case _:
            length = node.args.get("length")
            start = node.args.get("start")
            return s.Text("slice", arg, 1 if start is None else _whole(start, 1), length and _whole(length, 0))


def _whole(node: exp.Expr, least: int) -> int:
    number = node.unnest()
    if isinstance(number, exp.Literal) and not number.is_string and number.this.isdecimal() and len(number.this) < 6:
        value = int(number.this)
        if least <= value <= MOST_CHARACTERS:
            return value
    raise refuse(f"Places in a text are whole numbers from {least} to {MOST_CHARACTERS}; write such a number.")
