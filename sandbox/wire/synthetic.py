"""The utility report of a synthetic table."""

from __future__ import annotations

from typing import Any

from sandbox.wire.common import Decimals, Output


class UtilityOut(Output):
    """How near one's own rows are to what was released. `marginals`: of each its `columns`, whether the model was
    `fitted` to it, its `cells`, the total variation `distance` of the rows' shares from the released ones, what is
    `expected` of noise and of drawing so few rows alone, and whether it is `far` beyond that. `words` says it in
    sentences, by language."""

    job: str
    product: str
    name: str
    version: str
    specification: str
    use: dict[str, str]
    rows: int
    epsilon: Decimals
    marginals: list[dict[str, Any]]
    words: dict[str, list[str]]
