"""The utility report of a synthetic table: how near one's own rows are to what was released, in both languages."""

from __future__ import annotations

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

FAR = 3.0
"""How many times what is expected a distance is to be pointed out from."""
SAID = {
    "en": {
        "fitted": "Of {count} marginals that the model is fitted to, the rows are {distance:.1%} away in the middle "
        "and {most:.1%} at most ({name}): so much of the rows would have to be moved to give the released shares.",
        "held": "Of {count} marginals that it is not fitted to, they are {distance:.1%} away in the middle and "
        "{most:.1%} at most ({name}).",
        "expected": "Noise and the drawing of {rows} rows alone would make that about {expected:.1%} in the middle.",
        "far": "Farther than that is {name}: its columns go together in a way that the model was not told.",
        "none": "Nothing tells how well the rows show columns together that were not counted together: the "
        "specification has no `check`.",
    },
    "zh": {
        "fitted": "模型所拟合的 {count} 个边际分布中，本份数据与已发布占比的总变差距离中位数为 {distance:.1%}，"
        "最大 {most:.1%}（{name}）。",
        "held": "未参与拟合的 {count} 个边际分布中，距离中位数为 {distance:.1%}，最大 {most:.1%}（{name}）。",
        "expected": "仅由噪声和抽取 {rows} 行所致的距离，中位数约为 {expected:.1%}。",
        "far": "明显偏离的有：{name}，其列间关系未被模型统计。",
        "none": "规格未设 `check`，因此无从说明未共同统计的列之间关系的保真程度。",
    },
}


def report(house: House, tx: Transaction, job: Job) -> dict[str, Any]:
    """Give the report of a finished job's rows. ε is what the table cost whoever was charged for it."""
    plan, product = from_json(job.plan), tx.get(Product, job.product)
    assert isinstance(plan, Plan) and plan.drawn is not None and product is not None
    account = accountant.account_for(tx, job.population, job.party)
    kept = kept_of(house, tx, job)
    marginals: list[dict[str, Any]] = kept["utility"] if kept else []
    return {
        "job": job.id,
        "product": product.id,
        "name": product.name,
        "version": job.version,
        "specification": product.spec_digest,
        "use": read(product.spec).use.model_dump(),
        "rows": plan.drawn.count,
        "epsilon": str(epsilon_for(plan.rho, account.delta_conv)),
        "marginals": marginals,
        "words": {language: spoken(marginals, plan.drawn.count, language) for language in SAID},
    }


def spoken(marginals: Sequence[Mapping[str, Any]], rows: int, language: str) -> list[str]:
    """Say in sentences what the numbers of a report say."""
    said, found = SAID[language], []
    for name, of in (("fitted", True), ("held", False)):
        mine = sorted((one for one in marginals if one["fitted"] is of), key=lambda one: float(one["distance"]))
        if not mine:
            found += [said["none"]] if name == "held" else []
            continue
        middle, farthest = mine[len(mine) // 2], mine[-1]
        numbers = {"distance": float(middle["distance"]), "most": float(farthest["distance"])}
        found.append(said[name].format(count=len(mine), name=_named(farthest), **numbers))
    expected = sorted(float(one["expected"]) for one in marginals)
    found.append(said["expected"].format(rows=rows, expected=expected[len(expected) // 2]))
    far = [one for one in marginals if not one["fitted"] and float(one["distance"]) > FAR * float(one["expected"])]
    if far:
        found.append(said["far"].format(name="; ".join(map(_named, far))))
    return found


def _named(marginal: Mapping[str, Any]) -> str:
    return " × ".join(marginal["columns"])
