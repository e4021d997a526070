"""Scalar expressions as Spark SQL. Numbers are whole: fixed point, in BIGINT or DECIMAL(38,0) as their width asks for.

Built node by node from the plan, never from text; texts travel as parameters. `sandbox.plan.evaluate` is the meaning.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from sandbox.engines.fixed import grains
from sandbox.engines.spark import dates, numbers, texts
from sandbox.engines.spark.words import case, column, integer, whole
from sandbox.engines.widths import Width, common, width
from sandbox.plan import scalar as s

TYPES = {"string": "STRING", "boolean": "BOOLEAN", "date": "DATE"}


class Scalars:
    """Renders expressions and collects the texts in them under parameter names."""

    def __init__(self) -> None:
        self.parameters: dict[str, str] = {}

    def text(self, text: str) -> str:
        """Give the parameter that stands for `text`."""
        name = f"t{len(self.parameters)}"
        self.parameters[name] = text
        return f":{name}"

    def render(self, node: s.Scalar) -> str:
        """Give the expression; a number in its own fixed point (see `width`)."""
        if node.type.numeric:
            return self.number(node, width(node))
        match node:
            case s.Column():
                return column(node.name)
            case s.Constant():
                return self._constant(node)
            case s.Compare():
                left, right = self.together([node.left, node.right])
                return f"({left} {node.op} {right})"
            case s.Logic():
                return "(" + f" {node.op.upper()} ".join(self.render(arg) for arg in node.args) + ")"
            case s.Not():
                return f"(NOT {self.render(node.arg)})"
            case s.IsNull():
                return f"({self.render(node.arg)} IS NULL)"
            case s.In():
                value, *options = self.together([node.arg, *node.options])
                return f"({value} IN ({', '.join(options)}))"
            case s.Case():
                whens = [(self.render(condition), self.render(result)) for condition, result in node.whens]
                return case(whens, self.render(node.otherwise))
            case s.Extreme():
                return f"{node.op}({', '.join(self.render(arg) for arg in node.args)})"
            case s.Snap() | s.DateAdd() | s.MakeDate():
                return dates.made(node, [self.render(child) for child in s.children(node)])
            case _:
                return texts.made(self, node)

    def number(self, node: s.Scalar, at: Width) -> str:
        """Give the whole number value·10^scale in an integer type that holds `at.most`."""
        own = width(node)
        most = max(own.most, at.most)
        value = f"CAST({self._number(node, own)} AS {integer(most)})"
        if at.scale > own.scale:
            return f"({value} * {whole(10 ** (at.scale - own.scale), most)})"
        return value

    def together(self, nodes: Sequence[s.Scalar]) -> list[str]:
        """Give expressions that can be compared: numbers in one fixed point."""
        if not nodes[0].type.numeric:
            return [self.render(node) for node in nodes]
        return [self.number(node, at) for node, at in zip(nodes, common(list(nodes)), strict=True)]

    def equal(self, left: s.Scalar, right: s.Scalar) -> str:
        """Give left = right."""
        return " = ".join(self.together([left, right]))

    def _number(self, node: s.Scalar, own: Width) -> str:
        """Give the whole number in its own fixed point, in whatever type."""
        match node:
            case s.Column():
                return column(node.name)
            case s.Constant():
                if node.value is None:
                    return "NULL"
                assert isinstance(node.value, (int, Decimal))
                return whole(grains(node.value, own.scale), 0)
            case s.Case():
                whens = [(self.render(condition), self.number(result, own)) for condition, result in node.whens]
                return case(whens, self.number(node.otherwise, own))
            case s.Extreme():
                return f"{node.op}({', '.join(self.number(arg, own) for arg in node.args)})"
            case s.DatePart():
                return dates.part(node, self.render(node.arg))
            case s.Arithmetic() | s.Sign() | s.Round() | s.Function():
                return numbers.made(self, node, own)
            case _:
                return texts.counted(self, node)

    def _constant(self, node: s.Constant) -> str:
        match node.value:
            case None:
                return f"CAST(NULL AS {TYPES[node.type.kind]})"
            case bool():
                return "true" if node.value else "false"
            case date():
                return f"DATE'{node.value.isoformat()}'"
            case _:
                return self.text(str(node.value))
