"""A letter to both departments as a paper, in Chinese or English."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from policies.roles import RULES as ROLES
from sandbox.billing.letters import DEPARTMENTS, name
from sandbox.billing.records import Letter
from sandbox.papers.paper import Paper

WORDS: dict[str, dict[str, str]] = {
    "zh": {
        "ceilings": "关于报送公共数据运营服务上限收费标准的函", "review": "关于报送公共数据运营服务年度评估情况的函",
        "number": "{}号", "to": "主送", "from": "发函单位", "at": "发函日期", "operator": "运营机构",
        "code": "统一社会信用代码", "basis": "依据",
        "notice": "《关于建立公共数据资源授权运营价格形成机制的通知》（发改价格〔2025〕65号）",
        "ceilings_said": "现将{operator}{year}年度各产品和服务的上限收费标准（第{number}套）报送如下，自{day}起执行。",
        "review_said": "现将{operator}{year}年度实际收入与最高准许收入的对比情况报送如下。",
        "product": "产品", "unit": "计费单位", "ceiling": "上限（元）", "forecast": "预计量", "sum": "金额（元）",
        "total": "上限 × 预计量合计", "permitted": "最高准许收入", "survey": "成本调查年度", "actual": "实际收入",
        "settled": "其中：平台内结算", "outside": "平台外收入", "deviation": "偏离幅度", "who": "应调整方",
        "authoriser": "授权主体（调整上限收费标准）", "operator_acts": "运营机构（在授权主体指导下调整具体收费标准）",
        "status": "办理情况", "open": "办理中", "done": "已完成", "guidance": "指导意见", "outcome": "办理结果",
        "call": "次", "cell": "单元格", "month": "月", "product_once": "产品（一次）", "yuan": "{} 元",
        "end": "特此函告。", "and": "、",
    },
    "en": {
        "ceilings": "Letter on the ceilings of charges for public data operation",
        "review": "Letter on the yearly review of charges for public data operation",
        "number": "No. {}", "to": "To", "from": "From", "at": "Day", "operator": "Operator",
        "code": "Unified social credit code", "basis": "Basis", "notice": "Price notice 发改价格〔2025〕65号",
        "ceilings_said": "These are the ceilings of all products of {operator} for {year} (set {number}), in force "
        "from {day} on.",
        "review_said": "This is what {operator} earned in {year}, held against what was permitted.",
        "product": "Product", "unit": "Unit", "ceiling": "Ceiling, yuan", "forecast": "Forecast", "sum": "Yuan",
        "total": "Ceilings × forecasts", "permitted": "Permitted revenue", "survey": "Year of the cost survey",
        "actual": "Actual revenue", "settled": "of it settled on the platform", "outside": "outside of it",
        "deviation": "Deviation", "who": "Has to adjust", "authoriser": "the authorising body, its ceilings",
        "operator_acts": "the operator, its prices, under guidance", "status": "State", "open": "open", "done": "done",
        "guidance": "Guidance", "outcome": "Outcome", "call": "call", "cell": "cell", "month": "month",
        "product_once": "product (once)", "yuan": "{} yuan", "end": "", "and": ", ",
    },
}  # fmt: skip


def letter_paper(letter: Letter, language: str) -> Paper:
    """Give the paper of a letter in `language` (zh, en); the same each time."""
    words, content = WORDS[language], letter.content
    said, day = content["said"], f"{letter.created_at:%Y-%m-%d}"
    paper = Paper(words[letter.kind], words["number"].format(name(letter)), letter.created_at, language)
    paper.facts(
        [
            (words["to"], words["and"].join(_addressed(content["to"], language))),
            (words["from"], content["from"]),
            (words["at"], day),
            (words["operator"], content["operator"]),
            (words["code"], content["credit_code"] or "–"),
            (words["basis"], words["notice"]),
        ]
    )
    facts = {"operator": content["operator"], "year": said["year"], "number": said.get("number"), "day": day}
    paper.note(words[f"{letter.kind}_said"].format(**facts))
    (_ceilings if letter.kind == "ceilings" else _review)(paper, words, content["products"], said)
    if words["end"]:
        paper.note(words["end"])
    return paper


def _addressed(to: Mapping[str, list[str]], language: str) -> list[str]:
    """The departments by name; by what they are where nobody here holds the role."""
    named = ROLES.roles if language == "zh" else {role: role.replace("_", " ") for role in DEPARTMENTS}
    return [one for role in DEPARTMENTS for one in to[role] or [named[role]]]


def _ceilings(paper: Paper, words: Mapping[str, str], products: Mapping[str, str], said: Mapping[str, Any]) -> None:
    heads = [words[one] for one in ("product", "unit", "ceiling", "forecast", "sum")]
    units = {"product": words["product_once"]}
    rows = [
        [
            products.get(one["product"], one["product"]),
            units.get(one["unit"]) or words[one["unit"]],
            one["ceiling"],
            f"{one['forecast']:,}",
            f"{Decimal(one['ceiling']) * one['forecast']:,.2f}",
        ]
        for one in said["ceilings"]
    ]
    paper.table(heads, rows, widths=(38, 14, 16, 16, 20), right=2)
    yuan = words["yuan"].format
    paper.facts(
        [
            (words["total"], yuan(f"{Decimal(said['total']):,.2f}")),
            (words["permitted"], yuan(f"{Decimal(said['permitted']):,.2f}")),
            (words["survey"], str(said["survey_year"])),
        ]
    )


def _review(paper: Paper, words: Mapping[str, str], _: Mapping[str, str], said: Mapping[str, Any]) -> None:
    yuan = [(words[one], words["yuan"].format(f"{Decimal(said[one]):,.2f}"))
            for one in ("permitted", "actual", "settled", "outside")]  # fmt: skip
    who = words["authoriser" if said["who"] == "authoriser" else "operator_acts"]
    rest = [(words["deviation"], said["deviation"]), (words["who"], who), (words["status"], words[said["status"]])]
    texts = [(words[one], said[one]) for one in ("guidance", "outcome") if said[one]]
    paper.facts([*yuan, *rest, *texts])
