"""Scalar expressions as SQL trees. Numbers are whole: fixed point in 64 or 128 bits, whichever their width asks for.

Built node by node from the plan, never from text; texts travel as parameters. `sandbox.plan.evaluate` is the meaning.
No part stands twice in what is made of it, so that the statement is never longer than the plan.
"""

from __future__ import annotations

import re
from datetime import date

from sqlglot import exp

from sandbox.engines.duckdb import codes, dates, numbers, texts
from sandbox.engines.duckdb.scans import Scope, decimal
from sandbox.engines.duckdb.terms import case, cast, constant, digits, integer
from sandbox.engines.widths import MOST, Width, common, raw, width
from sandbox.plan import scalar as s

COMPARE = {"=": exp.EQ, "<>": exp.NEQ, "<": exp.LT, "<=": exp.LTE, ">": exp.GT, ">=": exp.GTE}
TYPES = {"string": "VARCHAR", "boolean": "BOOLEAN", "date": "DATE"}


class Scalars:
    """Renders expressions and collects the texts in them under parameter names. `scope` are the stored columns that the
    rows below still show as they are stored; all others are columns by their names. `asking`: a condition may ask the
    file for the codes that it holds for, which DuckDB does not do everywhere."""

    def __init__(
        self, scope: Scope | None = None, parameters: dict[str, str] | None = None, *, asking: bool = True
    ) -> None:
        self.scope: Scope = scope or {}
        self.asking = asking
        self.parameters: dict[str, str] = {} if parameters is None else parameters

    def on(self, scope: Scope, *, asking: bool = True) -> Scalars:
        """Give what renders expressions over other rows of the same statement."""
        return Scalars(scope, self.parameters, asking=asking)

    def column(self, node: s.Column) -> exp.Expression:
        """Give a column's value."""
        cell = self.scope.get(node.name)
        return exp.column(node.name, quoted=True) if cell is None else cell.value()

    def kept(self, node: s.Scalar) -> exp.Expression:
        """Give a condition that holds for the same rows; where it does not, whether it is unknown is lost."""
        if isinstance(node, s.Logic):
            join = exp.And if node.op == "and" else exp.Or
            first, *others = (self.kept(arg) for arg in node.args)
            for other in others:
                first = join(this=first, expression=other)
            return exp.Paren(this=first)
        return codes.kept(self, node) or self.render(node)

    def render(self, node: s.Scalar) -> exp.Expression:
        """Give the expression; a number in the fixed point of its type (see `width`)."""
        if node.type.numeric:
            return self.number(node, width(node))
        match node:
            case s.Column():
                return self.column(node)
            case s.Constant():
                return self._constant(node)
            case s.Case():
                whens = [(self.render(condition), self.render(result)) for condition, result in node.whens]
                return case(whens, self.render(node.otherwise))
            case s.Extreme():
                return exp.Anonymous(this=node.op, expressions=[self.render(arg) for arg in node.args])
        if node.type == s.BOOLEAN:
            return codes.known(self, node) or exp.Paren(this=self._condition(node))
        return dates.render(self, node) if node.type == s.DATE else texts.render(self, node)

    def number(self, node: s.Scalar, at: Width) -> exp.Expression:
        """Give the whole number value·10^scale in an integer type that holds `at.most`."""
        own = raw(node)
        value, most = numbers.render(self, node, max(own.most, at.most))
        value = cast(value, integer(most))
        if at.scale == own.scale:
            return value
        return exp.Paren(this=exp.Mul(this=value, expression=constant(10 ** (at.scale - own.scale), most)))

    def text(self, text: str) -> exp.Expression:
        """Give a text as a parameter."""
        name = f"t{len(self.parameters)}"
        self.parameters[name] = text
        return exp.Parameter(this=exp.Var(this=name))

    def equal(self, left: s.Scalar, right: s.Scalar) -> exp.Expression:
        """Give left = right."""
        return self.render(s.Compare("=", left, right))

    def scale(self, node: s.Scalar) -> int:
        """Give how many decimals a number has in its fixed point."""
        return width(node).scale

    def average(self, total: exp.Expression, count: exp.Expression, finer: int) -> exp.Expression:
        """Give total·finer / count, half away from zero; NULL for no rows."""
        summed = exp.Mul(this=cast(total, "HUGEINT"), expression=constant(finer, MOST))
        return numbers.divided(summed, cast(count, "HUGEINT"), 1, MOST)

    def _condition(self, node: s.Scalar) -> exp.Expr:
        match node:
            case s.Compare():
                left, right = self._together([node.left, node.right])
                return COMPARE[node.op](this=left, expression=right)
            case s.Logic():
                join = exp.And if node.op == "and" else exp.Or
                first, *others = (self.render(arg) for arg in node.args)
                for other in others:
                    first = join(this=first, expression=other)
                return first
            case s.Not():
                return exp.Not(this=self.render(node.arg))
            case s.IsNull():
                return exp.Is(this=self.render(node.arg), expression=exp.null())
            case s.In():
                value, *options = self._together([node.arg, *node.options])
                return exp.In(this=value, expressions=options)
            case s.Like():
                return self._like(node)
            case _:
                raise ValueError(f"no SQL for {type(node).__name__}")

    def _together(self, nodes: list[s.Scalar]) -> list[exp.Expression]:
        if not nodes[0].type.numeric:
            return [self.render(node) for node in nodes]
        return [self.number(node, at) for node, at in zip(nodes, common(nodes), strict=True)]

    def _constant(self, node: s.Constant) -> exp.Expression:
        match node.value:
            case None:
                return cast(exp.null(), TYPES[node.type.kind])
            case bool():
                return exp.true() if node.value else exp.false()
            case date():
                return cast(exp.Literal.string(node.value.isoformat()), "DATE")
            case _:
                return self.text(str(node.value))

    def _like(self, node: s.Like) -> exp.Expression:
        """LIKE, in time linear in the text. DuckDB's own goes back for every % once the pattern has a _, so that a
        single long text could make a query time out; its regular expressions (RE2) never go back."""
        text = self.render(node.arg)
        if "_" not in node.pattern:
            return exp.Like(this=text, expression=self.text(node.pattern))
        pattern = "".join({"%": ".*", "_": "."}.get(letter) or re.escape(letter) for letter in node.pattern)
        parts = [text, self.text(pattern), exp.Literal.string("s")]
        return exp.Anonymous(this="regexp_full_match", expressions=parts)


from_decimal = decimal


def clamped(
    value: exp.Expression, lower: int, upper: int, centre: int, ends: tuple[int, int] | None = None
) -> exp.Expression:
    """Give min(max(value, lower), upper) − centre, and NULL for NULL (LEAST and GREATEST would pass over NULLs, and
    DuckDB would forget what it knows of the value). `ends` are the least and the most it can be."""
    most = max(abs(lower), abs(upper)) + abs(centre)
    low, high = constant(lower, most), constant(upper, most)
    whens: list[tuple[exp.Expression, exp.Expression]] = []
    if ends is None or ends[0] < lower:
        whens.append((exp.LT(this=value, expression=low), low))
    if ends is None or ends[1] > upper:
        whens.append((exp.GT(this=value, expression=high), high))
    inside = case(whens, value) if whens else value
    moved = exp.Sub(this=exp.Paren(this=inside), expression=constant(centre, most)) if centre else inside
    return cast(exp.Paren(this=moved), integer(most))


__all__ = ["Scalars", "case", "clamped", "digits", "from_decimal", "integer"]
