"""Scalar expressions in plain Python, straight from the definitions: the oracle for every engine, and what
post-processing runs on released rows. No row can make it fail: what is not defined gives NULL."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from operator import eq, ge, gt, le, lt, ne
from typing import Any

from sandbox.plan import of_dates, of_numbers, of_texts
from sandbox.plan import scalar as s
from sandbox.plan.functions import function

COMPARE = {"=": eq, "<>": ne, "<": lt, "<=": le, ">": gt, ">=": ge}


def evaluate(node: s.Scalar, row: Mapping[str, s.Value]) -> s.Value:
    """Give the value of `node` on `row` (column name to value); None is NULL."""
    match node:
        case s.Column():
            return row[node.name]
        case s.Constant():
            return node.value
        case s.Logic():
            return _logic(node.op, [evaluate(arg, row) for arg in node.args])
        case s.IsNull():
            return evaluate(node.arg, row) is None
        case s.In():
            return _member(evaluate(node.arg, row), [option.value for option in node.options])
        case s.Case():
            for condition, result in node.whens:
                if evaluate(condition, row) is True:
                    return evaluate(result, row)
            return evaluate(node.otherwise, row)
        case s.Extreme() | s.Concat():
            return _of_many(node, [evaluate(arg, row) for arg in node.args])
        case _:
            values = [evaluate(child, row) for child in s.children(node)]
            return None if None in values else _strict(node, *values)


def _strict(node: s.Scalar, first: Any, second: Any = None, third: Any = None) -> s.Value:
    """The value of a node that is NULL when one of its arguments is; they are not."""
    match node:
        case s.Compare():
            return bool(COMPARE[node.op](first, second))
        case s.Not():
            return not first
        case s.Like():
            return of_texts.like(first, node.pattern)
        case s.Arithmetic():
            return of_numbers.arithmetic(node, first, second)
        case s.Sign():
            return of_numbers.sign(node, first)
        case s.Round():
            return of_numbers.round_(node, first)
        case s.Function():
            return function(node, Decimal(first))
        case s.DatePart():
            return of_dates.part(node, first)
        case s.Snap():
            return of_dates.snapped(node, first)
        case s.DateAdd():
            return of_dates.later(node, first, second)
        case s.MakeDate():
            return of_dates.of_parts(first, second, third)
        case s.ToText():
            return of_texts.spelled(node.arg.type, first)
        case _:
            return _of_text(node, first)


def _of_text(node: s.Scalar, text: str) -> s.Value:
    match node:
        case s.Text():
            return of_texts.made(node, text)
        case s.Length():
            return len(text)
        case s.Position():
            return text.find(node.part) + 1
        case s.Replace():
            return text.replace(node.old, node.new)
        case s.Pad():
            return of_texts.padded(node, text)
        case s.Split():
            return of_texts.split(node, text)
        case s.ToNumber():
            return of_texts.number(node, text)
        case s.ToDate():
            return of_texts.day(text)
        case _:
            raise TypeError(f"no meaning for {type(node).__name__}")


def _of_many(node: s.Extreme | s.Concat, values: list[Any]) -> s.Value:
    present = [value for value in values if value is not None]
    if isinstance(node, s.Concat):
        return node.separator.join(present) if node.skip or len(present) == len(values) else None
    if not present:
        return None
    found: s.Value = max(present) if node.op == "greatest" else min(present)
    return found


def _logic(op: str, values: list[s.Value]) -> bool | None:
    decisive = op == "or"
    if any(value is decisive for value in values):
        return decisive
    return None if any(value is None for value in values) else not decisive


def _member(value: s.Value, options: list[s.Value]) -> bool | None:
    if value is None:
        return None
    if any(option is not None and option == value for option in options):
        return True
    return None if None in options else False
