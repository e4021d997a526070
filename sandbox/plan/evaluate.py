"""Scalar expressions in plain Python, straight from the definitions: the oracle for every engine, and what
post-processing runs on released rows. Exact: integers and decimals only. No row can make it fail: a division by zero,
or anything with NULL, gives NULL."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from operator import eq, ge, gt, le, lt, ne
from string import ascii_lowercase, ascii_uppercase
from typing import Any

from sandbox.plan import scalar as s

LOWER = str.maketrans(ascii_uppercase, ascii_lowercase)
UPPER = str.maketrans(ascii_lowercase, ascii_uppercase)
COMPARE = {"=": eq, "<>": ne, "<": lt, "<=": le, ">": gt, ">=": ge}


def evaluate(node: s.Scalar, row: Mapping[str, s.Value]) -> s.Value:
    """Give the value of `node` on `row` (column name to value); None is NULL."""
    match node:
        case s.Column():
            return row[node.name]
        case s.Constant():
            return node.value
        case s.Compare():
            left, right = evaluate(node.left, row), evaluate(node.right, row)
            return None if left is None or right is None else bool(_compare(node.op, left, right))
        case s.Logic():
            return _logic(node.op, [evaluate(arg, row) for arg in node.args])
        case s.Not():
            value = evaluate(node.arg, row)
            return None if value is None else not value
        case s.IsNull():
            return evaluate(node.arg, row) is None
        case s.In():
            return _member(evaluate(node.arg, row), [option.value for option in node.options])
        case s.Like():
            text = evaluate(node.arg, row)
            return None if text is None else _like(str(text), node.pattern)
        case s.Arithmetic():
            number: s.Value = _arithmetic(node, evaluate(node.left, row), evaluate(node.right, row))
            return number
        case s.DatePart():
            day = evaluate(node.arg, row)
            if not isinstance(day, date):
                return None
            return (day.month + 2) // 3 if node.part == "quarter" else int(getattr(day, node.part))
        case s.Text():
            text = evaluate(node.arg, row)
            return None if text is None else _text(node, str(text))
        case s.Length():
            text = evaluate(node.arg, row)
            return None if text is None else len(str(text))
        case s.Case():
            for condition, result in node.whens:
                if evaluate(condition, row) is True:
                    return evaluate(result, row)
            return evaluate(node.otherwise, row)


def _compare(op: str, left: Any, right: Any) -> bool:
    return bool(COMPARE[op](left, right))


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


def _text(node: s.Text, text: str) -> str:
    match node.what:
        case "lower":
            return text.translate(LOWER)
        case "upper":
            return text.translate(UPPER)
        case "trim":
            return text.strip(" ")
        case "ltrim":
            return text.lstrip(" ")
        case "rtrim":
            return text.rstrip(" ")
        case "slice":
            first = node.start - 1 if node.start > 0 else node.start
            return text[first:] if node.length is None else text[first : first + node.length]


def _like(text: str, pattern: str) -> bool:
    """Match with % and _, in time of at most text × pattern: only the last % is ever tried again."""
    at = place = again = 0
    last = -1
    while at < len(text):
        if place < len(pattern) and pattern[place] == "%":
            last, again, place = place, at, place + 1
        elif place < len(pattern) and pattern[place] in ("_", text[at]):
            at, place = at + 1, place + 1
        elif last >= 0:
            again += 1
            at, place = again, last + 1
        else:
            return False
    return not pattern[place:].strip("%")


def _arithmetic(node: s.Arithmetic, left: Any, right: Any) -> Any:
    if left is None or right is None:
        return None
    with localcontext(prec=76):
        match node.op:
            case "+":
                return left + right
            case "-":
                return left - right
            case "*":
                return left * right
            case "/":
                if right == 0:
                    return None
                step = Decimal(1).scaleb(-node.type.scale)
                return (Decimal(left) / Decimal(right)).quantize(step, ROUND_HALF_EVEN)
