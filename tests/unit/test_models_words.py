"""What a card says of a model, where there is much to say and where there is nothing."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.products.model.words import spoken, titled


def item(part: str, name: str, value: str | None, error: str | None = None) -> dict[str, Any]:
    return {"part": part, "item": name, "value": value, "error_95": error}


def test_what_noise_leaves_nothing_of_is_said_in_words() -> None:
    items = [item("quality", "r2", None), item("quality", "error", "70.845", "85.6")]
    said = spoken(items, "0.5", "en")
    assert said[0] == "Noise leaves nothing to be said of R²."
    assert said[1] == "Predictions are off by 70.845 (root mean square, ± 85.6)."
    assert spoken(items, "0.5", "zh")[0] == "噪声过大，无法给出R²。"
    assert not any("–" in sentence for sentence in said)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_model_without_reasons_is_not_said_to_go_by_something(language: str) -> None:
    assert len(spoken([item("size", "units", "100")], "0.5", language)) == 2
    [_, goes, _] = spoken([item("size", "units", "100"), item("reason", "age", "0.79")], "0.5", language)
    assert "age 79 %" in goes


def test_small_values_are_not_rounded_away() -> None:
    assert "0.000074" in spoken([item("quality", "distance", "0.000074")], "0.5", "en")[0]


def test_a_title_has_the_points_of_its_language() -> None:
    assert titled("Risk 风险", "logistic", "小额信贷", "zh") == "Risk 风险：逻辑回归。小额信贷"
    assert titled("Risk 风险", "logistic", "small loans", "en") == "Risk 风险: logistic regression. small loans"
