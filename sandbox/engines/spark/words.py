"""The few words of SQL that everything is put together from."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sandbox.engines.widths import MOST

LONG = 60  # letters of an expression that is not written twice
SHORT = 1 << 62  # numbers below, and their sums of two, fit 64 bits


def column(name: str) -> str:
    """Give a column by its name."""
    return "`" + name.replace("`", "``") + "`"


def integer(most: int) -> str:
    """Give the type for |n| ≤ most; raises ValueError beyond 2¹²⁶."""
    if most > MOST:
        raise ValueError("the expression needs numbers beyond 2¹²⁶")
    return "BIGINT" if most < SHORT else "DECIMAL(38,0)"


def whole(number: int, most: int) -> str:
    """Give a whole number in the type for `most`, or for itself when that is wider."""
    return f"CAST({number} AS {integer(max(abs(number), most))})"


def case(whens: Sequence[tuple[str, str]], otherwise: str) -> str:
    """Give CASE WHEN … ELSE … END."""
    return "CASE " + " ".join(f"WHEN {when} THEN {then}" for when, then in whens) + f" ELSE {otherwise} END"


def clamped(value: str, lower: int, upper: int, centre: int, most: int) -> str:
    """Give min(max(value, lower), upper) − centre for a column of numbers of at most `most`, and NULL for NULL."""
    wide = max(most, abs(lower), abs(upper))
    ends = [
        (f"{value} < {whole(lower, wide)}", whole(lower, wide)),
        (f"{value} > {whole(upper, wide)}", whole(upper, wide)),
    ]
    reach = max(abs(lower), abs(upper)) + abs(centre)
    return f"(CAST({case(ends, value)} AS {integer(reach)}) - {whole(centre, reach)})"


def once(value: str, name: str, body: Callable[[str], str]) -> str:
    """Give `body` of a value that it has in several places, without writing, or computing, a long one each time: a list
    of that one value is transformed. `name` is for the value within the body alone."""
    return body(value) if len(value) < LONG else f"transform(array({value}), {name} -> {body(name)})[0]"


def quotient(above: str, below: str, most: int) -> str:
    """Give the whole part of above/below, towards zero, both of at most `most`; NULL for a divisor of 0."""
    below = f"nullif({below}, {whole(0, most)})"
    if most < SHORT:
        return f"({above} div {below})"
    return once(above, "__above", lambda a: once(below, "__below", lambda b: _decimal_quotient(a, b)))


def _decimal_quotient(above: str, below: str) -> str:
    """Spark's `/` of DECIMAL(38,0) keeps six decimals and so 32 digits before the point, rounded: exact for multiples.
    By a small divisor the quotient can be longer, and is taken in two parts."""
    step = "CAST(1000000000 AS DECIMAL(38,0))"
    many = f"({below} * {step})"
    high = f"CAST(({above} - {above} % {many}) / {many} AS DECIMAL(28,0)) * CAST(1000000000 AS DECIMAL(10,0))"
    rest = f"({above} % {many})"
    low = f"({rest} - {rest} % {below}) / {below}"
    long = f"CAST({high} AS DECIMAL(38,0)) + CAST({low} AS DECIMAL(38,0))"
    short = f"CAST(({above} - {above} % {below}) / {below} AS DECIMAL(38,0))"
    return case([(f"abs({below}) < CAST(100000000000000000000 AS DECIMAL(38,0))", long)], short)
