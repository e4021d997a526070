"""Expressions that make texts, or read them, as Spark SQL; their meaning is `sandbox.plan.of_texts`.

Spark's own functions count code points. Its regular expressions are Java's, which try again and again: only patterns
that leave them no choice are used, in time of at most text × pattern."""

from __future__ import annotations

from string import ascii_lowercase, ascii_uppercase
from typing import TYPE_CHECKING

from sandbox.engines.spark.words import case, once
from sandbox.plan import scalar as s

if TYPE_CHECKING:
    from sandbox.engines.spark.scalars import Scalars

A_DAY = r"\A *+[0-9]{4}-[0-9]{2}-[0-9]{2} *+\z"


def made(scalars: Scalars, node: s.Scalar) -> str:
    """Give a text, a truth value or a date that is made from texts, or a text made from another value."""
    match node:
        case s.Text():
            return _text(node, scalars.render(node.arg))
        case s.Like():
            return f"({scalars.render(node.arg)} RLIKE {scalars.text(like_pattern(node.pattern))})"
        case s.Concat():
            parts = ", ".join(scalars.render(arg) for arg in node.args)
            return f"concat_ws({scalars.text(node.separator)}, {parts})" if node.skip else f"concat({parts})"
        case s.Replace():
            return f"replace({scalars.render(node.arg)}, {scalars.text(node.old)}, {scalars.text(node.new)})"
        case s.Pad():
            pad = "lpad" if node.side == "left" else "rpad"
            return f"{pad}({scalars.render(node.arg)}, {node.length}, {scalars.text(node.fill)})"
        case s.Split():
            return f"split_part({scalars.render(node.arg)}, {scalars.text(node.separator)}, {node.place})"
        case s.ToText():
            return _spelled(scalars, node)
        case s.ToDate():
            return once(scalars.render(node.arg), "__text", lambda text: _day(text, scalars.text(A_DAY)))
        case _:
            raise ValueError(f"no SQL for {type(node).__name__}")


def counted(scalars: Scalars, node: s.Scalar) -> str:
    """Give a number that is read from a text."""
    match node:
        case s.Length():
            return f"char_length({scalars.render(node.arg)})"
        case s.Position():
            return f"locate({scalars.text(node.part)}, {scalars.render(node.arg)})"
        case s.ToNumber():
            pattern = scalars.text(rf"\A *+[+-]?[0-9]{{1,{node.digits}}}+(\.[0-9]*+)?+ *+\z")
            return once(scalars.render(node.arg), "__text", lambda text: _number(text, pattern, node))
        case _:
            raise ValueError(f"no number from {type(node).__name__}")


def _day(text: str, pattern: str) -> str:
    day = f"try_cast(trim({text}) AS DATE)"
    return case([(f"{text} RLIKE {pattern} AND {day} >= DATE'0001-01-01'", day)], "CAST(NULL AS DATE)")


def _number(text: str, pattern: str, node: s.ToNumber) -> str:
    scale = node.type.scale
    digits = node.digits + scale + 1  # what is rounded up may be a digit longer
    grains = f"CAST(trim({text}) AS DECIMAL({digits},{scale})) * CAST({10**scale} AS DECIMAL({scale + 1},0))"
    return case([(f"{text} RLIKE {pattern}", f"({grains})")], "NULL")


def like_pattern(pattern: str) -> str:
    """Give LIKE's pattern as a regular expression that never goes back: each part between two % is taken where it
    first stands, once and for all, and the last one at the end."""
    first, *others = ["".join(map(_letter, part)) for part in pattern.split("%")]
    if not others:
        return rf"(?s)\A{first}\z"
    last = others.pop()
    return rf"(?s)\A{first}" + "".join(f"(?>.*?{part})" for part in others if part) + rf".*{last}\z"


def _letter(letter: str) -> str:
    return "." if letter == "_" else rf"\x{{{ord(letter):x}}}"


def _text(node: s.Text, text: str) -> str:
    """LOWER and UPPER by a list of letters: Spark's own know more of Unicode than others do."""
    match node.what:
        case "lower":
            return f"translate({text}, '{ascii_uppercase}', '{ascii_lowercase}')"
        case "upper":
            return f"translate({text}, '{ascii_lowercase}', '{ascii_uppercase}')"
        case "slice" if node.start < 0:
            return f"right({text}, {-node.start})"
        case "slice":
            length = "" if node.length is None else f", {node.length}"
            return f"substring({text}, {node.start}{length})"
        case _:
            return f"{node.what}({text})"  # trim, ltrim, rtrim (of spaces alone), reverse


def _spelled(scalars: Scalars, node: s.ToText) -> str:
    value, scale = scalars.render(node.arg), node.arg.type.scale
    return once(value, "__n", lambda n: _with_point(n, scale)) if scale else f"CAST({value} AS STRING)"


def _with_point(number: str, scale: int) -> str:
    """Give the digits with a point before the last `scale`, and a 0 before a point that would come first."""
    digits = f"CAST(abs({number}) AS STRING)"
    filled = f"lpad({digits}, greatest(char_length({digits}), {scale + 1}), '0')"
    sign = case([(f"{number} < 0", "'-'")], "''")
    whole = once(filled, "__d", lambda d: f"concat(left({d}, char_length({d}) - {scale}), '.', right({d}, {scale}))")
    return f"concat({sign}, {whole})"
