"""Terms: plan expressions together with what the declarations say about their values. Every way to combine terms is
here, and each refuses what could fail on some row in some engine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal, localcontext
from typing import Literal

from sandbox.errors import Problem
from sandbox.plan import scalar as s
from sandbox.plan.evaluate import evaluate
from sandbox.plan.ordering import unique_sorted, value_key

Bound = Decimal | date | None
DIGITS = 37  # what fits 38 digits with one to spare for rounding
LARGEST_INTEGER = 2**63 - 1
POST_DIGITS = 70  # released rows are computed in Python with 76 digits

_FLIP: dict[str, Literal["=", "<>", "<", "<=", ">", ">="]] = {
    "=": "=", "<>": "<>", "<": ">", "<=": ">=", ">": "<", ">=": "<=",
}  # fmt: skip
_INVERSE: dict[str, Literal["=", "<>", "<", "<=", ">", ">="]] = {
    "=": "<>", "<>": "=", "<": ">=", "<=": ">", ">": "<=", ">=": "<",
}  # fmt: skip


@dataclass(frozen=True)
class Term:
    """An expression and its enforced facts: least and largest value of a number or date (None: unknown), whether it
    may be NULL, and the list of all its values where the declarations give one."""

    node: s.Scalar
    low: Bound = None
    high: Bound = None
    nullable: bool = True
    domain: tuple[s.Value, ...] | None = None

    @property
    def type(self) -> s.Type:
        return self.node.type

    @property
    def constant(self) -> bool:
        return isinstance(self.node, s.Constant)

    @property
    def null(self) -> bool:
        return isinstance(self.node, s.Constant) and self.node.value is None

    @property
    def range(self) -> tuple[Decimal, Decimal] | None:
        """The interval of a number, or None when it is not known."""
        return (self.low, self.high) if isinstance(self.low, Decimal) and isinstance(self.high, Decimal) else None


def refuse(sentence: str) -> Problem:
    return Problem("sql_not_allowed", sentence)


def literal(value: s.Value) -> Term:
    """A constant; a number is its own interval. NULL takes the type of what it meets."""
    match value:
        case bool():
            kind = s.BOOLEAN
        case int():
            kind = s.INTEGER
        case Decimal():
            kind = s.Type("decimal", max(0, -int(value.as_tuple().exponent)))
        case str():
            kind = s.STRING
        case date():
            kind = s.DATE
        case _:
            kind = s.BOOLEAN
    number = Decimal(value) if isinstance(value, (int, Decimal)) and not isinstance(value, bool) else None
    bound = value if isinstance(value, date) else number
    return Term(s.Constant(value, kind), bound, bound, value is None, (value,))


def truth(node: s.Scalar, *parts: Term) -> Term:
    """A condition over `parts`, folded when all of them are constants."""
    if parts and all(part.constant for part in parts):
        value = evaluate(node, {})
        return Term(s.Constant(value, s.BOOLEAN), nullable=value is None, domain=(value,))
    return Term(node, nullable=any(part.nullable for part in parts), domain=(False, True))


def unbounded(term: Term, what: str) -> Problem:
    """The refusal of a number that needs bounds and has none; names its columns."""
    missing = sorted(_unbounded(term.node)) or ["it"]
    name = " and ".join(missing)
    return Problem(
        "bound_missing",
        f"{what} needs the bounds of {name}, and none are declared; ask the holder to declare bounds, or leave it out.",
        columns=missing,
    )


def _unbounded(node: s.Scalar) -> set[str]:
    if isinstance(node, s.Column):
        return {node.name} if node.type.numeric and node.lower is None else set()
    return set().union(*(_unbounded(child) for child in s.children(node)))


def compare(op: Literal["=", "<>", "<", "<=", ">", ">="], left: Term, right: Term) -> Term:
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
            raise refuse(
                f"A text is compared with a {right.type.kind}; write the value in quotes, '{right.node.value}'."
            )
        raise refuse(f"{left.type.kind} and {right.type.kind} cannot be compared; compare values of one type.")
    if left.type.numeric and left.constant != right.constant:
        return _against_number(op, left, right)
    if left.type != right.type and not left.constant:
        _fits_together(left, right)
    return truth(s.Compare(op, left.node, right.node), left, right)


def _as_type(constant: Term, wanted: s.Type) -> Term:
    """A text constant read as the date or number that it is compared with."""
    value = constant.node.value if isinstance(constant.node, s.Constant) else None
    if not isinstance(value, str) or wanted.kind in ("string", "boolean"):
        return constant
    try:
        return literal(date.fromisoformat(value)) if wanted == s.DATE else number(value)
    except (ValueError, ArithmeticError):
        example = "DATE '2024-01-31'" if wanted == s.DATE else "12.50"
        raise refuse(
            f"A {wanted.kind} is compared with a text; write a {wanted.kind}, for example {example}."
        ) from None


def number(text: str) -> Term:
    """An exact number: an integer, or a decimal with the digits written. Raises ValueError for what is none."""
    if len(text) > 80 or not text.isascii():
        raise ValueError(text)
    value = Decimal(text.strip())
    if not value.is_finite() or abs(value.adjusted()) > DIGITS or len(value.as_tuple().digits) > DIGITS:
        raise ValueError(text)
    whole = value == value.to_integral_value() and int(value.as_tuple().exponent) >= 0
    return literal(int(value) if whole or text.isdecimal() else value)


def _against_number(op: Literal["=", "<>", "<", "<=", ">", ">="], left: Term, right: Term) -> Term:
    """Compare a number with a constant rounded to the column's scale, so that no engine has to widen the column."""
    assert isinstance(right.node, s.Constant) and isinstance(right.node.value, (int, Decimal))
    value, scale = Decimal(right.node.value), left.type.scale
    below, above = _rounded(value, scale, ROUND_FLOOR), _rounded(value, scale, ROUND_CEILING)
    limit = LARGEST_INTEGER if left.type.kind == "integer" else 10**DIGITS
    if abs(above.scaleb(scale)) > limit or abs(below.scaleb(scale)) > limit:
        raise refuse("The number is larger than any value of the column; write a smaller one.")
    if below != above and op in ("=", "<>"):  # never equal, but NULL stays NULL
        return truth(s.Compare("<>" if op == "=" else "=", left.node, left.node), left)
    fitted = above if op in ("<", ">=") else below
    constant = s.Constant(int(fitted) if left.type.kind == "integer" else fitted, left.type)
    return truth(s.Compare(op, left.node, constant), left)


def _rounded(value: Decimal, scale: int, how: str) -> Decimal:
    with localcontext(prec=2 * POST_DIGITS):
        return value.quantize(Decimal(1).scaleb(-scale), how)


def _fits_together(left: Term, right: Term) -> None:
    """Refuse two numbers of different scale that some engine could not bring to one scale."""
    scale = max(left.type.scale, right.type.scale)
    for term in (left, right):
        if term.type.numeric and term.type.scale < scale:
            if term.range is None:
                raise unbounded(term, "Comparing numbers with different decimals")
            _fits(term.range, scale, "decimal", DIGITS)


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
    return truth(s.Like(part.node, pattern.node.value), part)


def arithmetic(op: Literal["+", "-", "*", "/"], left: Term, right: Term, digits: int = DIGITS) -> Term:
    """left `op` right, exact. Refuses what could exceed 64 bits (integers of rows) or `digits` digits."""
    if left.null or right.null:
        return literal(None)
    if not (left.type.numeric and right.type.numeric):
        raise refuse(f"{op} takes numbers; a {(right if left.type.numeric else left).type.kind} is none.")
    if left.range is None or right.range is None:
        raise unbounded(left if left.range is None else right, f"Computing with {op}")
    kind = _result(op, left.type, right.type)
    with localcontext(prec=4 * POST_DIGITS):
        low, high = _span(op, left.range, right.range, right.type.scale)
    _fits((low, high), kind.scale, kind.kind, digits)
    node = s.Arithmetic(op, left.node, right.node, kind)
    if left.constant and right.constant:
        value = evaluate(node, {})
        return replace(literal(value), node=s.Constant(value, kind))
    return Term(node, low, high, left.nullable or right.nullable or op == "/")


def _result(op: str, left: s.Type, right: s.Type) -> s.Type:
    if op == "/":
        return s.Type("decimal", min(max(left.scale, right.scale) + 6, 12))
    if left.kind == right.kind == "integer":
        return s.INTEGER
    return s.Type("decimal", left.scale + right.scale if op == "*" else max(left.scale, right.scale))


def _span(op: str, a: tuple[Decimal, Decimal], b: tuple[Decimal, Decimal], scale: int) -> tuple[Decimal, Decimal]:
    match op:
        case "+":
            return a[0] + b[0], a[1] + b[1]
        case "-":
            return a[0] - b[1], a[1] - b[0]
        case "*":
            ends = [x * y for x in a for y in b]
            return min(ends), max(ends)
        case _:  # the smallest divisor that is not 0 is one step of its scale
            largest = max(abs(a[0]), abs(a[1])).scaleb(scale)
            return -largest, largest


def _fits(span: tuple[Decimal, Decimal], scale: int, kind: str, digits: int) -> None:
    largest = max(abs(span[0]), abs(span[1]))
    with localcontext(prec=4 * POST_DIGITS):
        over = largest.scaleb(scale) >= Decimal(10) ** digits
    if over or (kind == "integer" and digits == DIGITS and largest > LARGEST_INTEGER):
        raise refuse("The result could need more digits than there are; ask the holder to declare closer bounds.")


def case(whens: Sequence[tuple[Term, Term]], otherwise: Term) -> Term:
    """CASE: results brought to one type; untyped NULL takes it."""
    results = [*(result for _, result in whens), otherwise]
    kinds = {result.type.kind for result in results if not result.null}
    if any(condition.type != s.BOOLEAN for condition, _ in whens):
        raise refuse("CASE takes conditions after WHEN; write a comparison there.")
    if len(kinds - {"integer", "decimal"}) + bool(kinds & {"integer", "decimal"}) > 1:
        raise refuse("All results of a CASE have one type; write them all as numbers, texts or dates.")
    scale = max(result.type.scale for result in results)
    kind = s.Type("decimal", scale) if "decimal" in kinds else s.Type(_only(kinds))
    typed = [_to(result, kind) for result in results]
    known = [result for result in typed if not result.null]
    ranged = bool(known) and all(result.low is not None and result.high is not None for result in known)
    listed = [value for result in typed for value in result.domain or ()]
    return Term(
        s.Case(tuple((c.node, r.node) for (c, _), r in zip(whens, typed[:-1], strict=True)), typed[-1].node, kind),
        min(result.low for result in known) if ranged else None,  # type: ignore[type-var]
        max(result.high for result in known) if ranged else None,  # type: ignore[type-var]
        any(result.nullable for result in typed),
        tuple(sorted(set(listed), key=value_key)) if all(result.domain for result in typed) else None,
    )


def _only(kinds: set[s.Kind]) -> s.Kind:
    return next(iter(kinds), "boolean")


def _to(term: Term, kind: s.Type) -> Term:
    if term.null:
        return replace(term, node=s.Constant(None, kind))
    if term.type.kind == "integer" and kind.kind == "decimal":
        return arithmetic("+", term, literal(Decimal(0).scaleb(-kind.scale)))
    return term


def date_part(part: Literal["year", "quarter", "month", "day"], day: Term) -> Term:
    """YEAR and its like; bounds of the date, where declared, list the values."""
    if day.type != s.DATE:
        raise refuse(f"{part.upper()} takes a date column.")
    first, last = {"year": (1, 9999), "quarter": (1, 4), "month": (1, 12), "day": (1, 31)}[part]
    bounded = isinstance(day.low, date) and isinstance(day.high, date)
    if isinstance(day.low, date) and isinstance(day.high, date):
        same = {"year": True, "quarter": day.low.year == day.high.year, "month": day.low.year == day.high.year}
        if same.get(part, (day.low.year, day.low.month) == (day.high.year, day.high.month)):
            ends = [evaluate(s.DatePart(part, s.Constant(end, s.DATE)), {}) for end in (day.low, day.high)]
            first, last = int(str(ends[0])), int(str(ends[1]))
    domain = tuple(range(first, last + 1)) if bounded or part != "year" else None
    return Term(s.DatePart(part, day.node), Decimal(first), Decimal(last), day.nullable, domain)
