"""Numbers, keys, units and tables as people write them."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest

from watermarking.base import Base, Primitive
from watermarking.fit import fit
from watermarking.leak import Leak
from watermarking.numbers import folded, reading
from watermarking.rows import Keys
from watermarking.shapes import shapes


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1234", "1234"),
        ("1,234.5", "1234.5"),
        ("12,3456", "123456"),
        ("１，２３４．５", "1234.5"),
        (" ¥1.2万 ", "12000"),
        ("3.5亿元", "350000000"),
        ("12.5%", "0.125"),
        ("１２.５％", "0.125"),
        ("(1,234)", "-1234"),
        ("−7", "-7"),
        ("-$1 234", "-1234"),
        ("1.234,56", "1234.56"),
        ("0,5", "0.5"),
        ("1e3", "1000"),
        ("1e999999999", None),
        ("", None),
        ("-", None),
        ("内科", None),
        ("2024-01-02", None),
        ("1,2,3", None),
        ("12 apples", None),
    ],
)
def test_numbers_as_people_print_them(text: str, value: str | None) -> None:
    assert reading(text) == (None if value is None else Decimal(value))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("Female", " ＦＥＭＡＬＥ"),
        ("2024-01-02", "2024/1/2"),
        ("2024-01-02", "2024年1月2日"),
        ("2024-01-02", "2024-01-02 00:00:00"),
        ("12345", "12,345"),
        ("7", "7.0"),
        ("New York", "new  york "),
    ],
)
def test_keys_are_compared_by_what_they_say(text: str, value: str) -> None:
    assert folded(text) == folded(value)
    assert folded(text) != folded(value + "x")


@pytest.mark.parametrize(
    ("factor", "offset", "noise"),
    [(1, 0, 3), (Fraction(1, 10_000), 0, 3), (Fraction(27, 25), 0, 1), (Fraction(36, 5), 1_000, 1), (-1, 0, 3)],
)
def test_units_are_found(factor: Fraction, offset: int, noise: float) -> None:
    chance = np.random.default_rng(1)
    x = chance.lognormal(7, 1, 60)
    z = (x + chance.normal(0, noise, 60)) * float(factor) + offset
    z[:12] = chance.uniform(0, 1e5, 12)  # edited
    found = fit(z, x, np.full(60, 10.0), 0.0)
    assert found is not None
    off = (z[12:] - float(found.offset)) / float(found.factor) - x[12:]
    assert np.abs(np.mean(off)) < 1
    assert np.std(off) < 1.5 * noise


def test_no_unit_fits_other_numbers() -> None:
    chance = np.random.default_rng(2)
    x = chance.lognormal(7, 1, 60)
    assert fit(chance.lognormal(7, 1, 60), x, np.full(60, 10.0), 0.0) is None


def test_values_cut_off_are_told_from_values_rounded() -> None:
    chance = np.random.default_rng(3)
    x, sigma = chance.lognormal(9, 1, 200), np.full(200, 30.0)
    y = x + chance.choice([-3.0, 3.0], 200)
    cut, rounded = fit(np.floor(y / 50) * 50, x, sigma, 50.0), fit(np.rint(y / 50) * 50, x, sigma, 50.0)
    assert cut is not None
    assert rounded is not None
    assert (cut.offset, rounded.offset) == (-25, 0)


def keys() -> Keys:
    groups = tuple((city, sex) for city in ("杭州", "宁波", "New York") for sex in ("女", "男"))
    return Keys(Base(b"b", ("city", "sex"), groups, (Primitive("n", Fraction(9), True),), ((500,),) * 6))


def readings(columns: tuple[str, ...], *rows: tuple[str, ...]) -> dict[str, tuple[Leak, ...]]:
    return {shape.name: shape.parts for shape in shapes(Leak(columns, rows), keys())}


def test_wide_tables_are_made_long() -> None:
    [found] = readings(("city", "女 n", "男 n"), ("杭州", "5", "6"), ("宁波", "7", "8"))["wide"]
    assert found.columns == ("city", "", "n")
    assert found.rows == (("杭州", "女", "5"), ("杭州", "男", "6"), ("宁波", "女", "7"), ("宁波", "男", "8"))


def test_both_keys_may_be_in_the_names() -> None:
    [found] = readings(("", "杭州/女/n", "杭州/男/n", "New York_女_n", "new york_男_n"), ("x", "1", "2", "3", "4"))[
        "wide"
    ]
    assert {row[1:] for row in found.rows} == {
        ("杭州", "女", "1"), ("杭州", "男", "2"), ("new york", "女", "3"), ("new york", "男", "4")
    }  # fmt: skip


def test_tables_below_each_other_come_apart() -> None:
    parts = readings(
        ("title", ""), ("city", "n"), ("杭州", "5"), ("宁波", "6"), ("", ""), ("sex", "pay"), ("女", "7"), ("男", "8")
    )["pieces"]
    assert [(part.columns, len(part.rows)) for part in parts] == [(("city", "n"), 2), (("sex", "pay"), 2)]


def test_two_lines_of_names_become_one() -> None:
    [part] = readings(("", "女", "", "男", ""), ("city", "n", "pay", "n", "pay"), ("杭州", "1", "2", "3", "4"))[
        "pieces"
    ]
    assert part.columns == ("city", "女 n", "女 pay", "男 n", "男 pay")
    assert len(part.rows) == 1


def test_a_plain_table_is_read_as_it_stands_first() -> None:
    found = readings(("city", "n"), ("杭州", "5"), ("宁波", "6"))
    assert next(iter(found)) == "plain"
    assert not {"pieces", "wide"} & set(found)
