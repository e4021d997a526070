"""Conditions: comparisons and what joins them, in one canonical form, so that one question has one plan."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Literal

from sandbox.plan import scalar as s
from sandbox.plan.of_texts import LOWER
from sandbox.plan.ordering import unique_sorted
from sandbox.sql.numbers import against_number, fits_together, number
from sandbox.sql.reading import to_date, to_number
from sandbox.sql.terms import WORDS, Op, Term, computed, literal, refuse, truth

COMPARED = 6  # decimals with which a text is compared with a number
TRUE, FALSE = ("1", "on", "t", "true", "y", "yes"), ("0", "f", "false", "n", "no", "off")
MOST_PATTERN = 250  # characters of LIKE; matching takes up to text × pattern
_FLIP: dict[str, Op] = {
    "=": "=", "<>": "<>", "<": ">", "<=": ">=", ">": "<", ">=": "<=",
}  # fmt: skip
_INVERSE: dict[str, Op] = {
    "=": "<>", "<>": "=", "<": ">=", "<=": ">", ">": "<=", ">=": "<",
}  # fmt: skip


def compare(op: Op, left: Term, right: Term) -> Term:
    """left `op` right, with the constant on the right and written in the column's own type. A text that is compared
    with a number, a date or a truth value is read as one."""
    if left.constant and not right.constant:
        return compare(_FLIP[op], right, left)
    if left.null or right.null:
        return literal(None)
    left, right = _alike(left, right)
    if not s.comparable(left.type, right.type):
        raise refuse(f"A {WORDS[left.type.kind]} and a {WORDS[right.type.kind]} cannot be compared; use one type.")
    if left.type == s.BOOLEAN and right.constant and not left.constant and op in ("=", "<>"):
        wanted = isinstance(right.node, s.Constant) and right.node.value is (op == "=")
        return left if wanted else negate(left)
    if left.type.numeric and left.constant != right.constant:
        return against_number(op, left, right)
    if left.type != right.type and not left.constant:
        fits_together(left, right)
    return truth(s.Compare(op, left.node, right.node), left, right)


def _alike(left: Term, right: Term) -> tuple[Term, Term]:
    """Both sides in one type, where one says what the other is to be."""
    if s.BOOLEAN in (left.type, right.type):
        kinds = {left.type.kind, right.type.kind}
        constants = [side.node.value for side in (left, right) if isinstance(side.node, s.Constant)]
        if any(value not in (0, 1) for value in constants if isinstance(value, (int, Decimal))):
            raise refuse("A condition is TRUE or FALSE, 1 or 0; compare it with one of them.")
        return (left, right) if kinds == {"boolean"} or "date" in kinds else (truthy(left), truthy(right))
    if left.constant and left.type == s.STRING:
        left = _as_type(left, right.type)
    if right.constant and right.type == s.STRING:
        right = _as_type(right, left.type)
    return _read_as(left, right.type), _read_as(right, left.type)


def _read_as(text: Term, wanted: s.Type) -> Term:
    if text.type != s.STRING or wanted == s.STRING:
        return text
    return to_date(text) if wanted == s.DATE else to_number(text, s.Type("decimal", COMPARED))


def truthy(term: Term) -> Term:
    """A term as a condition: a number other than 0 is true; a text says true or false in one of its spellings."""
    if term.type == s.BOOLEAN:
        return term
    if term.type == s.DATE:
        raise refuse("A date is no condition; write a comparison with it.")
    return compare("<>", term, literal(0)) if term.type.numeric else to_boolean(term)


def to_boolean(text: Term) -> Term:
    """true, t, yes, y, on, 1 or false, f, no, n, off, 0, in any case of the letters A to Z, between any spaces; NULL
    for any other text."""

    def made(node: s.Scalar) -> s.Scalar:
        word = s.Text("lower", s.Text("trim", node))
        said = [s.In(word, tuple(s.Constant(one, s.STRING) for one in sorted(words))) for words in (TRUE, FALSE)]
        yes, no, unknown = (s.Constant(value, s.BOOLEAN) for value in (True, False, None))
        return s.Case(((said[0], yes), (said[1], no)), unknown, s.BOOLEAN)

    found = computed(made, text, nullable=True)
    return found if found.constant else replace(found, listing=None, domain=(False, True))


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
    """arg IN (options): constants in the column's type, each once, sorted; other options compared one by one."""
    equal = [compare("=", arg, option) for option in options]
    if arg.constant:
        return logic("or", equal)
    listed: dict[s.Scalar, list[s.Constant]] = {}
    others = []
    for found, option in zip(equal, options, strict=True):
        if isinstance(found.node, s.Compare) and found.node.op == "=" and isinstance(found.node.right, s.Constant):
            listed.setdefault(found.node.left, []).append(found.node.right)
        elif not (option.null or (option.constant and isinstance(found.node, s.Compare))):
            others.append(found)
    for left, constants in listed.items():
        several = unique_sorted(constants)
        one = s.In(left, several) if len(several) > 1 else s.Compare("=", left, several[0])
        others.append(truth(one, arg))
    if not others:  # only values that the column's type cannot have
        others.append(truth(s.Compare("<>", arg.node, arg.node), arg))
    return logic("or", [*others, literal(None)] if any(option.null for option in options) else others)


def logic(op: Literal["and", "or"], parts: Sequence[Term]) -> Term:
    """AND / OR: flat, each part once, sorted, without constants that decide nothing."""
    flat: list[Term] = []
    for part in (truthy(part) for part in parts):
        inner = part.node.args if isinstance(part.node, s.Logic) and part.node.op == op else (part.node,)
        flat.extend(replace(part, node=node) for node in inner)
    decisive = op == "or"
    kept = []
    for part in flat:
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
    part = truthy(part)
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
    part = truthy(part)
    said = logic("and", [negate(is_null(part)), part if wanted else negate(part)])
    return replace(said, nullable=False)


def distinct(left: Term, right: Term) -> Term:
    """left IS DISTINCT FROM right: never NULL, two NULLs are the same."""
    one, other = is_null(left), is_null(right)
    both = [negate(one), negate(other)]
    same = [logic("and", [compare("=", left, right), *both]), logic("and", [one, other])]
    found = negate(logic("or", same))
    return replace(found, nullable=False)


def between(value: Term, low: Term, high: Term, *, symmetric: bool = False) -> Term:
    """low ≤ value ≤ high; symmetric: or the other way round."""
    inside = logic("and", [compare(">=", value, low), compare("<=", value, high)])
    return logic("or", [inside, between(value, high, low)]) if symmetric else inside


def like(part: Term, pattern: Term, *, letters: bool = True) -> Term:
    """LIKE; without `letters` the case of A to Z makes no difference."""
    if part.type != s.STRING or not isinstance(pattern.node, s.Constant) or not isinstance(pattern.node.value, str):
        raise refuse("LIKE compares a text column with a pattern in quotes, for example name LIKE 'A%'.")
    if len(pattern.node.value) > MOST_PATTERN:
        raise refuse(f"A pattern has at most {MOST_PATTERN} characters; write a shorter one.")
    if letters:
        return truth(s.Like(part.node, pattern.node.value), part)
    return truth(s.Like(s.Text("lower", part.node), pattern.node.value.translate(LOWER)), part)
