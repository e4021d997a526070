"""What the utility report says of distances: what chance makes is not pointed out, what is beyond it is."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from sandbox.products.synthetic.report import is_far, spoken


def marginal(name: str, distance: float, *, expected: float = 0.03, fitted: bool = True) -> dict[str, Any]:
    numbers = {"distance": f"{distance:.4f}", "expected": f"{expected:.4f}"}
    return {"columns": name.split(), "fitted": fitted, "cells": 8} | numbers


SOME = [marginal("age", 0.01), marginal("town", 0.02), marginal("age town", 0.04)]


def test_what_is_beyond_chance_is_named_and_what_is_not_is_not() -> None:
    near, far = (marginal("town member", one, fitted=False) for one in (0.05, 0.09))
    said = spoken([*SOME, near, marginal("age member", 0.05, fitted=False)], 5000, "en")
    assert said[0].startswith("In the 3 marginals that the model is fitted to, the rows are 2.0% away in the middle")
    assert "4.0% at most (age × town, 3.0% expected)" in said[0]
    assert said[2].startswith("In the 2 that it is not fitted to")
    assert said[-1] == "None of those is farther away than chance makes it."
    said = spoken([*SOME, far, near], 5000, "en")
    assert said[-1].startswith("Farther than chance makes it: town × member.")
    assert spoken([*SOME, far], 5000, "zh")[-1] == "超出随机误差的有：town × member。其列间关系未被模型统计。"


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_single_marginal_is_spoken_of_as_one(language: str) -> None:
    said = spoken([marginal("age", 0.01), marginal("age member", 0.02, fitted=False)], 100, language)
    assert len(said) == 4 and not any("1 marginals" in one or "middle" in one or "中位数" in one for one in said)
    assert "age × member" in said[2]
    [_, _, last] = spoken(SOME, 100, language)
    assert "`check`" in last


def test_right_rows_are_hardly_ever_far() -> None:
    """3,000 draws of 200 rows from 50 cells, with a fixed seed, of which at most 1 in 10⁴ is said to be far; rows of
    which half are wrong always are."""
    draws = np.random.default_rng(3)
    law = draws.dirichlet(np.ones(50))

    def told(shares: Any) -> bool:
        found = draws.multinomial(200, shares) / 200
        expected = np.sqrt(found * (1 - found) / 200).sum() * np.sqrt(2 / np.pi) / 2
        return is_far({"distance": np.abs(found - law).sum() / 2, "expected": expected}, 200)

    assert sum(told(law) for _ in range(3000)) <= 2
    wrong = law / 2
    wrong[law.argmin()] += 0.5
    assert all(told(wrong) for _ in range(100))
