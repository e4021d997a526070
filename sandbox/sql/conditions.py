"""Conditions: comparisons and what joins them, in one canonical form, so that one question has one plan."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Literal

from sandbox.plan import scalar as s
from sandbox.plan.ordering import unique_sorted
from sandbox.sql.numbers import against_number, fits_together, number
from sandbox.sql.terms import WORDS, Op, Term, literal, refuse, truth

MOST_PATTERN = 250  # characters of LIKE; matching takes up to text × pattern
_FLIP: dict[str, Op] = {
    "=": "=", "<>": "<>", "<": ">", "<=": ">=", ">": "<", ">=": "<=",
}  # fmt: skip
_INVERSE: dict[str, Op] = {
    "=": "<>", "<>": "=", "<": ">=", "<=": ">", ">": "<=", ">=": "<",
}  # fmt: skip


def compare(op: Op, left: Term, right: Term) -> Term:
    """left `op` right, with the constant on the right and written in the column's own type."""
    if left.constant and not right.constant:
        return compare(_FLIP[op], right, left)
    if left.null or right.null:
        return literal(None)
    if left.constant and right.constant and left.type.kind != right.type.kind:
        left = _as_type(left, right.type) if left.type == s.STRING else left
    right = _as_type(right, left.type) if right.constant else right
    if not s.comparable(left.type, right.type):
        if left.type == s.STRING and isinstance(right.node, s.Constant):
            raise refuse(f"A text is compared with a {WORDS[right.type.kind]}; write the value in quotes.")
        raise refuse(f"A {WORDS[left.type.kind]} and a {WORDS[right.type.kind]} cannot be compared; use one type.")
    if left.type.numeric and left.constant != right.constant:
        return against_number(op, left, right)
    if left.type != right.type and not left.constant:
        fits_together(left, right)
    return truth(s.Compare(op, left.node, right.node), left, right)


def _as_type(constant: Term, wanted: s.Type) -> Term:
    """A text constant read as the date or number that it is compared with."""
    value = constant.node.value if isinstance(constant.node, s.Constant) else None
    if not isinstance(value, str) or wanted.kind in ("string", "boolean"):
        return constant
    try:
        return literal(date.fromisoformat(value)) if wanted == s.DATE else number(value)
    except (ValueError, ArithmeticError):
        example = "DATE '2024-01-31'" if wanted == s.DATE else "12"
        word = WORDS[wanted.kind]
        raise refuse(f"A {word} is compared with a text that is none; write a {word}, for example {example}.") from None


def member(arg: Term, options: Sequence[Term]) -> Term:
    """arg IN (options): options in the column's type, each once, sorted."""
    equal = [compare("=", arg, option) for option in options]
    if arg.constant:
        return logic("or", equal)
    listed = unique_sorted(
        found.node.right
        for found in equal
        if isinstance(found.node, s.Compare) and found.node.op == "=" and isinstance(found.node.right, s.Constant)
    )
    if len(listed) > 1:
        inside = truth(s.In(arg.node, listed), arg)
    else:  # one value, or only values that the column's type cannot have
        inside = truth(s.Compare(*(("=", arg.node, listed[0]) if listed else ("<>", arg.node, arg.node))), arg)
    return logic("or", [inside, literal(None)] if any(option.null for option in options) else [inside])


def logic(op: Literal["and", "or"], parts: Sequence[Term]) -> Term:
    """AND / OR: flat, each part once, sorted, without constants that decide nothing."""
    flat: list[Term] = []
    for part in parts:
        inner = part.node.args if isinstance(part.node, s.Logic) and part.node.op == op else (part.node,)
        flat.extend(replace(part, node=node) for node in inner)
    decisive = op == "or"
    kept = []
    for part in flat:
        if part.type != s.BOOLEAN:
            raise refuse(f"{op.upper()} joins conditions; write a comparison on both sides.")
        if isinstance(part.node, s.Constant) and part.node.value is decisive:
            return literal(decisive)
        if not (isinstance(part.node, s.Constant) and part.node.value is (not decisive)):
            kept.append(part)
    nodes = unique_sorted(part.node for part in kept)
    if not nodes:
        return literal(not decisive)
    if len(nodes) == 1:
        return next(part for part in kept if part.node == nodes[0])
    return truth(s.Logic(op, nodes), *kept)


def negate(part: Term) -> Term:
    """NOT, pushed into comparisons, where it needs no node."""
    if part.type != s.BOOLEAN:
        raise refuse("NOT takes a condition; write a comparison after it.")
    match part.node:
        case s.Not():
            return replace(part, node=part.node.arg)
        case s.Compare():
            return replace(part, node=s.Compare(_INVERSE[part.node.op], part.node.left, part.node.right))
        case _:
            return truth(s.Not(part.node), part)


def is_null(part: Term) -> Term:
    if not part.nullable:
        return literal(False)
    return replace(truth(s.IsNull(part.node), part), nullable=False)


def is_truth(part: Term, wanted: bool) -> Term:
    """x IS TRUE / IS FALSE: never NULL."""
    if part.type != s.BOOLEAN:
        raise refuse("IS TRUE and IS FALSE take a condition; write a comparison before them.")
    said = logic("and", [negate(is_null(part)), part if wanted else negate(part)])
    return replace(said, nullable=False)


def like(part: Term, pattern: Term) -> Term:
    if part.type != s.STRING or not isinstance(pattern.node, s.Constant) or not isinstance(pattern.node.value, str):
        raise refuse("LIKE compares a text column with a pattern in quotes, for example name LIKE 'A%'.")
    if len(pattern.node.value) > MOST_PATTERN:
        raise refuse(f"A pattern has at most {MOST_PATTERN} characters; write a shorter one.")
    return truth(s.Like(part.node, pattern.node.value), part)
