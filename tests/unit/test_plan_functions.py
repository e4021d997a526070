"""Functions to six decimals: near the true value, everywhere, and nowhere undefined by accident."""

from __future__ import annotations

import math
from decimal import Decimal, localcontext

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.plan import scalar as s
from sandbox.plan.functions import EXACT, function

GRAINS = st.one_of(st.integers(1, 1000), st.integers(1, EXACT // 10 - 1))
HALF = Decimal("0.00000052")  # half of the last decimal, and what the floats add


def asked(what: s.Name, value: Decimal, scale: int, exponent: Decimal | None = None) -> Decimal | None:
    kind = s.Type("decimal", scale) if scale else s.INTEGER
    return function(s.Function(what, s.Column("x", kind), exponent), value)


@given(GRAINS, st.sampled_from([0, 1, 2, 6, 12]))
def test_roots_and_logarithms_are_near(grains: int, scale: int) -> None:
    value = Decimal(grains).scaleb(-scale)
    with localcontext(prec=50):
        expected = {
            "sqrt": value.sqrt(),
            "ln": value.ln(),
            "log10": value.log10(),
            "log2": value.ln() / Decimal(2).ln(),
        }
    for what, exact in expected.items():
        found = asked(what, value, scale)  # type: ignore[arg-type]
        assert found is not None and abs(found - exact) <= HALF, what


@given(st.integers(-(10**6), 10**6))
def test_functions_of_angles_are_near(grains: int) -> None:
    value = Decimal(grains).scaleb(-4)
    for what, exact in {"sin": math.sin, "cos": math.cos, "atan": math.atan, "radians": math.radians}.items():
        found = asked(what, value, 4)  # type: ignore[arg-type]
        assert found is not None and abs(float(found) - exact(float(value))) < 6e-7, what


@pytest.mark.parametrize(
    ("what", "value", "exponent", "expected"),
    [
        ("sqrt", "0", None, "0.000000"),
        ("sqrt", "-1", None, None),
        ("sqrt", "1e40", None, "100000000000000000000.000000"),
        ("ln", "0", None, None),
        ("log10", "1e40", None, "40.000000"),
        ("exp", "-1e9", None, "0.000000"),
        ("exp", "1e9", None, None),
        ("exp", "70", None, None),
        ("power", "-8", "0.5", None),
        ("power", "0", "-1.5", None),
        ("power", "2", "0.5", "1.414214"),
        ("asin", "2", None, None),
        ("asin", "1", None, "1.570796"),
        ("acos", "-1", None, "3.141593"),
        ("tan", "0", None, "0.000000"),
        ("cot", "0", None, None),
        ("cos", "1e20", None, "0.763970"),
    ],
)
def test_at_the_edges(what: s.Name, value: str, exponent: str | None, expected: str | None) -> None:
    found = asked(what, Decimal(value), 0, exponent and Decimal(exponent))  # type: ignore[arg-type]
    assert found == (expected and Decimal(expected))
