"""What is said of synthetic tables, in both languages."""

from __future__ import annotations

from typing import Any

from sandbox.plan.block import SIGMA_UNIT
from sandbox.plan.drawn import Drawn
from sandbox.plan.plan import Plan

NORMAL = 1.96  # standard deviations of a 95 % interval


def notes(drawn: Drawn) -> tuple[str, ...]:
    """Give the notes of an answer."""
    return (
        "no row is anybody's: rows are drawn from a model that was fitted to noisy counts, and how many there are says "
        "nothing of how many units there are",
        f"only what {drawn.fitted} released marginals say of the data is in the rows; how columns go together that "
        "were not counted together is a guess",
        "within a bin every number or day is equally likely; counts of rows are as wrong as the counts that were "
        "released",
        "the rows are this recipient's own, and name it if they are passed on",
        "how near they are to what was released is told by the utility report",
    )


def explained(plan: Plan, unit: str, language: str) -> list[str]:
    """Say in sentences what the plan does, from it alone."""
    assert plan.drawn is not None
    drawn, held = plan.drawn, len(plan.drawn.marginals) - plan.drawn.fitted
    names = "、".join(
        f"{one.name}（{one.size}）" if language == "zh" else f"{one.name} ({one.size})" for one in drawn.columns
    )
    if language == "zh":
        said = [
            f"每个{unit}计一行，统计 {drawn.fitted} 个边际分布（列与取值数：{names}），计数均加入精确的离散高斯噪声。",
            f"以加噪计数拟合图模型，从中为每个接收方抽取 {drawn.count} 行；拟合与抽样均为不再消耗隐私预算的后处理。",
        ]
        return said + ([f"另有 {held} 个边际分布只用于效用报告，同样加噪。"] if held else [])
    said = [
        f"Each {unit} counts as one row in {drawn.fitted} marginals of {names.replace('、', ', ')} – columns with how "
        "many values they have; counts get exact discrete Gaussian noise.",
        f"A graphical model is fitted to the noisy counts, and each recipient gets {drawn.count} rows drawn from it; "
        "that is made of what was released and costs no privacy.",
    ]
    return said + (
        [f"{'One more is' if held == 1 else f'{held} more are'} counted for the utility report alone, with noise, too."]
        if held
        else []
    )


def expected(plan: Plan) -> list[dict[str, Any]]:
    """Say of each marginal by how much noise moves a cell of it: the half-width of the 95 % interval, in units."""
    assert plan.drawn is not None
    return [
        {
            "name": " × ".join(plan.drawn.columns[place].name for place in marginal),
            "error_95": f"{NORMAL * block.measurements[0].sigma / SIGMA_UNIT:.3g}",
            "bias": None,
            "usual": None,
            "relative": None,
        }
        for marginal, block in zip(plan.drawn.marginals, plan.blocks, strict=True)
    ]
