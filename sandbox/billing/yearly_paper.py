"""The yearly report as a PDF paper, in the order of the notice, in Chinese or English."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from policies.pricing import RULES
from sandbox.papers.paper import Paper

WORDS: dict[str, dict[str, str]] = {
    "zh": {
        "title": "公共数据运营服务年度报告", "year": "年度", "operator": "运营机构", "to": "报送", "filed": "时间",
        "departments": "价格主管部门、数据管理部门", "operation": "一、总体运营情况", "costs": "二、成本情况",
        "revenue": "三、实际收入与利润", "sales": "四、各产品销售与收入", "deviation": "五、实际收入偏离情况",
        "prices": "六、价格变动", "remarks": "七、说明", "products": "产品数", "users": "使用方数", "uses": "使用次数",
        "uses_for_free_purposes": "其中无偿用途", "category": "类别", "charged": "有偿产品（元）",
        "free": "无偿产品（元）",
        "subsidies": "财政补贴", "operating_cost": "经营成本", "taxes": "税金", "platform": "平台内收入",
        "outside": "平台外收入", "total": "收入合计", "profit": "利润", "name": "产品", "unit": "单位",
        "quantity": "数量",
        "yuan": "元", "permitted": "最高准许收入", "actual": "实际收入", "who": "应调整方", "authoriser": "授权主体",
        "status": "状态", "guidance": "指导意见", "outcome": "结果", "at": "时间", "what": "事项", "kind": "性质",
        "none": "无。", "open": "未完成", "done": "已完成", "price": "收费标准", "ceiling": "上限收费标准",
        "trial": "试行",
        "formal": "正式", "call": "次", "cell": "单元格", "set": "第{}套", "deviation_row": "偏离幅度",
        "no_costs": "该年度成本资料尚未申报。", "month": "月", "product": "产品（一次）", "credit": "冲减",
    },
    "en": {
        "title": "Yearly report on public data operation", "year": "Year", "operator": "Operator", "to": "To",
        "filed": "Time", "departments": "Price authority, data administration", "operation": "1 Operation",
        "costs": "2 Costs", "revenue": "3 Actual revenue and profit", "sales": "4 Sales and revenue by product",
        "deviation": "5 Deviation", "prices": "6 Changes of prices", "remarks": "7 Remarks", "products": "Products",
        "users": "Users", "uses": "Uses", "uses_for_free_purposes": "of them free of charge", "category": "Kind",
        "charged": "Charged products", "free": "Free products", "subsidies": "Subsidies",
        "operating_cost": "Operating cost", "taxes": "Taxes", "platform": "On the platform", "outside": "Outside of it",
        "total": "Revenue", "profit": "Profit", "name": "Product", "unit": "Unit", "quantity": "Quantity",
        "yuan": "Yuan", "permitted": "Permitted revenue", "actual": "Actual revenue", "who": "Has to adjust",
        "authoriser": "Authorising body", "status": "State", "guidance": "Guidance", "outcome": "Outcome", "at": "Time",
        "what": "What", "kind": "Kind", "none": "None.", "open": "open", "done": "done", "price": "price",
        "ceiling": "ceiling", "trial": "trial", "formal": "formal", "set": "set {}",
        "deviation_row": "Deviation", "no_costs": "The costs of the year were not filed yet.", "call": "call",
        "cell": "cell",
        "month": "month", "product": "product (once)", "credit": "credit",
    },
}  # fmt: skip


def report_paper(content: Mapping[str, Any], at: datetime, language: str) -> Paper:
    """Give the paper of a report; `at` is when it was filed, or drawn up."""
    words = WORDS[language]
    paper = Paper(f"{words['title']} {content['year']}", content["operator_name"], at, language)
    paper.facts(
        [
            (words["operator"], content["operator_name"]),
            (words["year"], str(content["year"])),
            (words["to"], words["departments"]),
            (words["filed"], f"{at:%Y-%m-%d %H:%M:%S} UTC"),
        ]
    )
    _facts(paper, words, "operation", content["operation"], ("products", "users", "uses", "uses_for_free_purposes"))
    if content["operation"]["text"]:
        paper.note(content["operation"]["text"])
    _costs(paper, words, content["costs"], language)
    _facts(paper, words, "revenue", content["revenue"], ("platform", "outside", "total", "profit"))
    sold = [*content["sales"]["platform"], *(one | {"unit": words["outside"]} for one in content["sales"]["outside"])]
    rows = [[one["name"], words.get(one["unit"], one["unit"]), str(one["quantity"]), one["revenue"]] for one in sold]
    _table(paper, words, "sales", ("name", "unit", "quantity", "yuan"), rows, (40, 20, 18, 22), 2)
    review = content["deviation"]
    said = None if review is None else review | {"who": words[review["who"]], "status": words[review["status"]]}
    names = ("permitted", "actual", "deviation", "who", "status", "guidance", "outcome")
    _facts(paper, words, "deviation", said, names)
    rows = [
        [one["at"][:10], words[one["what"]], one["name"], words[one["unit"]], _kind(words, one["kind"]), one["yuan"]]
        for one in content["prices"]
    ]
    _table(paper, words, "prices", ("at", "what", "name", "unit", "kind", "yuan"), rows, (14, 16, 34, 10, 12, 14), 5)
    if content["remarks"]:
        paper.heading(words["remarks"])
        paper.note(content["remarks"])
    return paper


def _facts(paper: Paper, words: Mapping[str, str], head: str, facts: Mapping[str, Any] | None, names: Any) -> None:
    paper.heading(words[head])
    if facts is None:
        paper.note(words["none"])
        return
    paper.facts([(words[f"{name}_row" if name == head else name], _shown(facts[name])) for name in names])


def _shown(value: Any) -> str:
    return "–" if value is None else str(value)


def _kind(words: Mapping[str, str], kind: str) -> str:
    """Trial, formal, or the number of the set of ceilings."""
    return words[kind] if kind in words else words["set"].format(kind.removeprefix("set "))


def _costs(paper: Paper, words: Mapping[str, str], costs: Mapping[str, Any] | None, language: str) -> None:
    if costs is None:
        paper.heading(words["costs"])
        paper.note(words["no_costs"])
        return
    named = RULES.categories if language == "zh" else {}
    rows = [[named.get(one["category"], one["category"]), one["charged"], one["free"]] for one in costs["kinds"]]
    _table(paper, words, "costs", ("category", "charged", "free"), rows, (50, 25, 25), 1)
    paper.facts([(words[name], costs[name]) for name in ("subsidies", "operating_cost", "taxes")])


def _table(
    paper: Paper,
    words: Mapping[str, str],
    head: str,
    columns: tuple[str, ...],
    rows: list[list[str]],
    widths: tuple[int, ...],
    right: int,
) -> None:
    paper.heading(words[head])
    if rows:
        paper.table([words[name] for name in columns], rows, widths, right)
    else:
        paper.note(words["none"])
