"""The utility report of a synthetic table: how near one's own rows are to what was released, in both languages."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from sandbox.core.store import Transaction
from sandbox.jobs.house import House
from sandbox.jobs.records import Job
from sandbox.jobs.telling import kept_of
from sandbox.plan.codec import from_json
from sandbox.plan.plan import Plan
from sandbox.privacy import accountant
from sandbox.privacy.convert import epsilon_for
from sandbox.products.records import Product
from sandbox.products.synthetic.specification import read

SELDOM = 1e-4
"""How seldom rows that are drawn from the released shares are so far away that it is pointed out."""
SAID = {
    "en": {
        "fitted": "In the {count} marginals that the model is fitted to",
        "held": "In the {count} that it is not fitted to",
        "fitted one": "In the one marginal that the model is fitted to",
        "held one": "In the one that it is not fitted to",
        "middle": "{where}, the rows are {distance} away in the middle – noise and the drawing of {rows} rows alone "
        "make that {expected} – and {most} at most ({name}, {likely} expected).",
        "one": "{where} ({name}), the rows are {most} away; noise and the drawing of {rows} rows alone make that "
        "{likely}.",
        "what": "So much of the rows would have to be moved to give the shares that were released.",
        "far": "Farther than chance makes it: {name}. These columns go together in a way that the model was not told.",
        "near": "None of those is farther away than chance makes it.",
        "none": "Nothing tells how well the rows show columns together that were not counted together: the "
        "specification has no `check`.",
    },
    "zh": {
        "fitted": "模型所拟合的 {count} 个边际分布中",
        "held": "未参与拟合的 {count} 个边际分布中",
        "fitted one": "模型所拟合的 1 个边际分布中",
        "held one": "未参与拟合的 1 个边际分布中",
        "middle": "{where}，本份数据与已发布占比的总变差距离中位数为 {distance}"
        "（仅由噪声和抽取 {rows} 行所致约 {expected}），最大 {most}（{name}，预期 {likely}）。",
        "one": "{where}（{name}），本份数据与已发布占比的总变差距离为 {most}，"
        "仅由噪声和抽取 {rows} 行所致约 {likely}。",
        "what": "总变差距离即须改动多大比例的行，才能得到已发布的占比。",
        "far": "超出随机误差的有：{name}。其列间关系未被模型统计。",
        "near": "未参与拟合的边际分布均未超出随机误差。",
        "none": "规格未设 `check`，因此无从说明未共同统计的列之间关系的保真程度。",
    },
}


def report(house: House, tx: Transaction, job: Job) -> dict[str, Any]:
    """Give the report of a finished job's rows. ε is what the table cost whoever was charged for it."""
    plan, product = from_json(job.plan), tx.get(Product, job.product)
    assert isinstance(plan, Plan) and plan.drawn is not None and product is not None
    account = accountant.account_for(tx, job.population, job.party)
    kept = kept_of(house, tx, job)
    rows = plan.drawn.count
    marginals = [one | {"far": is_far(one, rows)} for one in (kept["utility"] if kept else [])]
    return {
        "job": job.id,
        "product": product.id,
        "name": product.name,
        "version": job.version,
        "specification": product.spec_digest,
        "use": read(product.spec).use.model_dump(),
        "rows": rows,
        "epsilon": str(epsilon_for(plan.rho, account.delta_conv)),
        "marginals": marginals,
        "words": {language: spoken(marginals, rows, language) for language in SAID},
    }


def is_far(marginal: Mapping[str, Any], rows: int) -> bool:
    """Say whether the distance is beyond chance: one row moves it by 1/rows at most, so that it is √(ln(1/p) / 2·rows)
    above what is expected in fewer than a share p of the drawings of right rows (McDiarmid)."""
    apart = float(marginal["distance"]) - float(marginal["expected"])
    return apart > math.sqrt(math.log(1 / SELDOM) / (2 * rows))


def spoken(marginals: Sequence[Mapping[str, Any]], rows: int, language: str) -> list[str]:
    """Say in sentences what the numbers of a report say."""
    said, found = SAID[language], []
    for name, of in (("fitted", True), ("held", False)):
        mine = [one for one in marginals if one["fitted"] is of]
        if mine:
            found.append(_spoken(said, name, mine, rows))
    if found:
        found.insert(1, said["what"])
    held = [one for one in marginals if not one["fitted"]]
    far = [one for one in held if is_far(one, rows)]
    found.append(said["far" if far else "near" if held else "none"].format(name=", ".join(map(_named, far))))
    return found


def _spoken(said: Mapping[str, str], name: str, mine: Sequence[Mapping[str, Any]], rows: int) -> str:
    distances, expected = (sorted(float(one[field]) for one in mine) for field in ("distance", "expected"))
    farthest = max(mine, key=lambda one: float(one["distance"]))
    numbers = {
        "distance": f"{distances[len(mine) // 2]:.1%}",
        "expected": f"{expected[len(mine) // 2]:.1%}",
        "most": f"{float(farthest['distance']):.1%}",
        "likely": f"{float(farthest['expected']):.1%}",
    }
    where = said[name if len(mine) > 1 else f"{name} one"].format(count=len(mine))
    return said["middle" if len(mine) > 1 else "one"].format(where=where, name=_named(farthest), rows=rows, **numbers)


def _named(marginal: Mapping[str, Any]) -> str:
    return " × ".join(marginal["columns"])
