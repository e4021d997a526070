"""Scalar expressions as SQL trees. Numbers are whole: fixed point in 64 or 128 bits, whichever their width asks for.

Built node by node from the plan, never from text; texts travel as parameters. `sandbox.plan.evaluate` is the meaning.
"""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from string import ascii_lowercase, ascii_uppercase

from sqlglot import exp

from sandbox.engines.fixed import grains
from sandbox.engines.width import LARGEST_DECIMAL, MOST, Width, common, width
from sandbox.plan import scalar as s

COMPARE = {"=": exp.EQ, "<>": exp.NEQ, "<": exp.LT, "<=": exp.LTE, ">": exp.GT, ">=": exp.GTE}
ARITHMETIC = {"+": exp.Add, "-": exp.Sub, "*": exp.Mul}
TYPES = {"string": "VARCHAR", "boolean": "BOOLEAN", "date": "DATE"}


class Scalars:
    """Renders expressions and collects the texts in them under parameter names."""

    def __init__(self) -> None:
        self.parameters: dict[str, str] = {}

    def render(self, node: s.Scalar) -> exp.Expression:
        """Give the expression; a number in its own fixed point (see `width`)."""
        match node:
            case _ if node.type.numeric:
                return self.number(node, width(node))
            case s.Column():
                return exp.column(node.name, quoted=True)
            case s.Constant():
                return self._constant(node)
            case s.Compare():
                left, right = self._together([node.left, node.right])
                return exp.Paren(this=COMPARE[node.op](this=left, expression=right))
            case s.Logic():
                join = exp.And if node.op == "and" else exp.Or
                first, *others = (self.render(arg) for arg in node.args)
                for other in others:
                    first = join(this=first, expression=other)
                return exp.Paren(this=first)
            case s.Not():
                return exp.Paren(this=exp.Not(this=self.render(node.arg)))
            case s.IsNull():
                return exp.Paren(this=exp.Is(this=self.render(node.arg), expression=exp.null()))
            case s.In():
                value, *options = self._together([node.arg, *node.options])
                return exp.Paren(this=exp.In(this=value, expressions=options))
            case s.Text():
                return self._made_text(node)
            case s.Like():
                return exp.Paren(this=self._like(node))
            case s.Case():
                whens = [(self.render(condition), self.render(result)) for condition, result in node.whens]
                return case(whens, self.render(node.otherwise))
            case _:
                raise ValueError(f"no SQL for {type(node).__name__}")

    def number(self, node: s.Scalar, at: Width) -> exp.Expression:
        """Give the whole number value·10^scale in an integer type that holds `at.most`."""
        own = width(node)
        most = max(own.most, at.most)
        match node:
            case s.Column():
                value: exp.Expression = exp.column(node.name, quoted=True)
                if own.scale:
                    value = _grains_of(value, own)
            case s.Constant():
                value = exp.null() if node.value is None else _digits(self._grains(node, own.scale))
            case s.Arithmetic():
                value, most = self._arithmetic(node, most)
            case s.Length():
                value = exp.Anonymous(this="length", expressions=[self.render(node.arg)])
            case s.DatePart():
                value = exp.Extract(this=exp.Var(this=node.part), expression=self.render(node.arg))
            case s.Case():
                whens = [(self.render(condition), self.number(result, own)) for condition, result in node.whens]
                value = case(whens, self.number(node.otherwise, own))
            case _:
                raise ValueError(f"no number from {type(node).__name__}")
        value = exp.cast(value, integer(most))
        if at.scale > own.scale:
            value = exp.Mul(this=value, expression=_constant(10 ** (at.scale - own.scale), most))
        return exp.Paren(this=value)

    def _grains(self, node: s.Constant, scale: int) -> int:
        assert isinstance(node.value, (int, Decimal))
        return grains(node.value, scale)

    def _arithmetic(self, node: s.Arithmetic, most: int) -> tuple[exp.Expression, int]:
        sides = [width(node.left), width(node.right)] if node.op == "*" else common([node.left, node.right])
        most = max(most, *(side.most for side in sides))
        left, right = (
            exp.cast(self.number(child, side), integer(most))
            for child, side in zip((node.left, node.right), sides, strict=True)
        )
        return exp.Paren(this=ARITHMETIC[node.op](this=left, expression=right)), most

    def _together(self, nodes: list[s.Scalar]) -> list[exp.Expression]:
        if not nodes[0].type.numeric:
            return [self.render(node) for node in nodes]
        return [self.number(node, at) for node, at in zip(nodes, common(nodes), strict=True)]

    def _constant(self, node: s.Constant) -> exp.Expression:
        match node.value:
            case None:
                return exp.cast(exp.null(), TYPES[node.type.kind])
            case bool():
                return exp.true() if node.value else exp.false()
            case date():
                return exp.cast(exp.Literal.string(node.value.isoformat()), "DATE")
            case _:
                return self._text(str(node.value))

    def _like(self, node: s.Like) -> exp.Expression:
        """LIKE, in time linear in the text. DuckDB's own goes back for every % once the pattern has a _, so that a
        single long text could make a query time out; its regular expressions (RE2) never go back."""
        text = self.render(node.arg)
        if "_" not in node.pattern:
            return exp.Like(this=text, expression=self._text(node.pattern))
        pattern = "".join({"%": ".*", "_": "."}.get(letter) or re.escape(letter) for letter in node.pattern)
        parts = [text, self._text(pattern), exp.Literal.string("s")]
        return exp.Anonymous(this="regexp_full_match", expressions=parts)

    def _made_text(self, node: s.Text) -> exp.Expression:
        """LOWER and UPPER by a list of letters, TRIM by a blank: DuckDB's own know more of Unicode than others do."""
        text = self.render(node.arg)
        match node.what:
            case "lower" | "upper":
                letters = [exp.Literal.string(ascii_uppercase), exp.Literal.string(ascii_lowercase)]
                order = letters if node.what == "lower" else letters[::-1]
                return exp.Anonymous(this="translate", expressions=[text, *order])
            case "slice" if node.start < 0:
                return exp.Anonymous(this="right", expressions=[text, _digits(-node.start)])
            case "slice":
                length = [] if node.length is None else [_digits(node.length)]
                return exp.Anonymous(this="substring", expressions=[text, _digits(node.start), *length])
            case _:
                return exp.Anonymous(this=node.what, expressions=[text, exp.Literal.string(" ")])

    def _text(self, text: str) -> exp.Expression:
        name = f"t{len(self.parameters)}"
        self.parameters[name] = text
        return exp.Parameter(this=exp.Var(this=name))


def _grains_of(column: exp.Expression, own: Width) -> exp.Expression:
    """Give a decimal column times 10^scale. DuckDB multiplies decimals in 18 digits unless one is wider, and a row
    beyond them would make the query fail: whatever could be longer is widened first."""
    step = 10**own.scale
    if own.most * step >= LARGEST_DECIMAL:
        column = exp.cast(column, f"DECIMAL(38,{own.scale})")
    return exp.Mul(this=column, expression=exp.cast(_digits(step), f"DECIMAL({own.scale + 1},0)"))


def clamped(value: exp.Expression, lower: int, upper: int, centre: int) -> exp.Expression:
    """Give min(max(value, lower), upper) − centre, and NULL for NULL (LEAST and GREATEST would pass over NULLs)."""
    most = max(abs(lower), abs(upper)) + abs(centre)
    low, high = _constant(lower, most), _constant(upper, most)
    inside = case([(exp.LT(this=value, expression=low), low), (exp.GT(this=value, expression=high), high)], value)
    moved = exp.Sub(this=exp.Paren(this=inside), expression=_constant(centre, most)) if centre else inside
    return exp.cast(exp.Paren(this=moved), integer(most))


def case(whens: list[tuple[exp.Expression, exp.Expression]], otherwise: exp.Expression) -> exp.Expression:
    """Give CASE WHEN … ELSE … END."""
    ifs = [exp.If(this=condition, true=result) for condition, result in whens]
    return exp.Case(ifs=ifs, default=otherwise)


def integer(most: int) -> str:
    """Give the integer type for |n| ≤ most; raises ValueError beyond 2¹²⁶."""
    if most > MOST:
        raise ValueError("the expression needs numbers beyond 2¹²⁶")
    return "BIGINT" if most < 1 << 62 else "HUGEINT"


def _constant(number: int, most: int) -> exp.Expression:
    return exp.cast(_digits(number), integer(max(most, abs(number))))


def _digits(number: int) -> exp.Expression:
    literal: exp.Expression = exp.Literal.number(str(abs(number)))
    return exp.Paren(this=exp.Neg(this=literal)) if number < 0 else literal
