"""Statements and settlements as papers: PDF in Chinese or English, and CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from policies.purposes import PURPOSES
from sandbox.billing.records import Settlement
from sandbox.core.store import Transaction
from sandbox.identity.records import Party
from sandbox.papers.paper import Paper
from sandbox.products.records import Product

COLUMNS = ("product", "purpose", "unit", "price", "free", "jobs", "quantity", "amount")
WORDS: dict[str, dict[str, str]] = {
    "zh": {
        "statement": "账单", "revenue": "收入明细", "settlement": "结算单", "credit_note": "冲减单",
        "debit_note": "补充结算单",
        "operator": "运营机构", "party": "数据使用方", "month": "账期", "number": "编号", "issued": "开具时间",
        "code": "统一社会信用代码", "corrects": "更正单号", "reason": "原因", "id": "标识",
        "product": "产品", "use": "用途", "unit": "计费单位", "price": "单价（元）", "quantity": "数量",
        "amount": "金额（元）",
        "total": "合计（人民币元）", "call": "次", "cell": "单元格", "subscription_month": "月", "once": "产品（一次）",
        "purpose": "用途免费", "repeat": "重复查询免费", "included": "已含于订购", "allowance": "免费额度",
        "own": "运营机构自用",
        "credit": "冲减",
        "invoice": "发票号码", "none": "本期无使用。", "rounding": "每行四舍五入到分一次，合计为各行之和。",
    },
    "en": {
        "statement": "Statement", "revenue": "Revenue", "settlement": "Settlement", "credit_note": "Credit note",
        "debit_note": "Debit note", "operator": "Operator", "party": "Data user", "month": "Month", "number": "Number",
        "issued": "Issued", "code": "Unified social credit code", "corrects": "Corrects number", "reason": "Reason",
        "id": "Id", "product": "Product", "use": "Purpose", "unit": "Unit", "price": "Yuan a unit",
        "quantity": "Quantity", "amount": "Yuan", "total": "Total (CNY)", "call": "call", "cell": "cell",
        "subscription_month": "month", "once": "product (once)", "purpose": "free purpose", "repeat": "repeat, free",
        "included": "included", "allowance": "within the allowance", "own": "own run", "credit": "credit",
        "invoice": "Tax invoice (发票)", "none": "Nothing was used.",
        "rounding": "Each line is rounded half-up to 0.01 once; the total is their sum.",
    },
}  # fmt: skip
_UNITS = {"month": "subscription_month", "product": "once"}


def settlement_paper(tx: Transaction, settled: Settlement, language: str) -> Paper:
    """Give the paper of a settlement or note in `language` (zh, en); the same each time."""
    words = WORDS[language]
    title = f"{words[settled.kind]} {settled.month} – {settled.number}"
    paper = Paper(title, _name(tx, settled.operator), settled.created_at, language)
    corrected = tx.get(Settlement, settled.corrects) if settled.corrects else None
    paper.facts(
        [
            (words["operator"], _name(tx, settled.operator)),
            (words["code"], _code(tx, settled.operator)),
            (words["party"], _name(tx, settled.party)),
            (words["code"], _code(tx, settled.party)),
            (words["month"], settled.month),
            (words["number"], str(settled.number)),
            (words["issued"], f"{settled.created_at:%Y-%m-%d %H:%M:%S} UTC"),
            *([(words["corrects"], str(corrected.number))] if corrected else []),
            *([(words["reason"], settled.reason)] if settled.reason else []),
            (words["id"], settled.id),
        ]
    )
    return _lines(tx, paper, settled.lines, settled.total, language)


def statement_paper(tx: Transaction, sheet: Mapping[str, Any], at: datetime, language: str) -> Paper:
    """Give the paper of a statement, or an operator's revenue; `at` is the time it was drawn up."""
    words = WORDS[language]
    paper = Paper(f"{words[sheet['kind']]} {sheet['month']}", _name(tx, sheet["party"]), at, language)
    whose = "operator" if sheet["kind"] == "revenue" else "party"
    facts = [(words[whose], _name(tx, sheet["party"])), (words["code"], _code(tx, sheet["party"]))]
    facts += [(words["month"], sheet["month"]), (words["issued"], f"{at:%Y-%m-%d %H:%M:%S} UTC")]
    paper.facts([*facts, *invoice_facts(sheet.get("tax_invoices", ()), language)])
    return _lines(tx, paper, sheet["lines"], Decimal(sheet["total"]), language)


def invoice_facts(issued: Iterable[Mapping[str, Any]], language: str) -> list[tuple[str, str]]:
    """Give the numbers of tax invoices as facts of a paper."""
    return [(WORDS[language]["invoice"], f"{one['code'] or ''} {one['number']}".strip()) for one in issued]


def lines_csv(lines: Iterable[Mapping[str, Any]], total: str) -> bytes:
    """Give lines as a CSV file that spreadsheets open as UTF-8; the last row has the total."""
    text = io.StringIO()
    out = csv.writer(text)
    out.writerow(COLUMNS)
    out.writerows([line.get(name) for name in COLUMNS] for line in lines)
    out.writerow([*[""] * (len(COLUMNS) - 1), total])
    return ("\ufeff" + text.getvalue()).encode()


def _lines(tx: Transaction, paper: Paper, lines: Iterable[Mapping[str, Any]], total: Decimal, language: str) -> Paper:
    words = WORDS[language]
    heads = [words[name] for name in ("product", "use", "unit", "price", "quantity", "amount")]
    rows = [_row(tx, line, language) for line in lines]
    if rows:
        paper.table(heads, rows, widths=(32, 36, 13, 16, 13, 18), right=3)
    else:
        paper.note(words["none"])
    paper.total(f"{words['total']}  {total:,.2f}")
    paper.note(words["rounding"])
    return paper


def _row(tx: Transaction, line: Mapping[str, Any], language: str) -> list[str]:
    words, amount = WORDS[language], f"{Decimal(line['amount']):,.2f}"
    if line["product"] is None:
        return [words["credit"], "", "", "", "", amount]
    product = tx.get(Product, line["product"])
    purpose = PURPOSES[line["purpose"]]
    use = (purpose.zh if language == "zh" else purpose.en) + (f" · {words[line['free']]}" if line["free"] else "")
    unit = words[_UNITS.get(line["unit"], line["unit"])]
    name = product.name if product else line["product"]
    return [name, use, unit, line["price"], f"{line['quantity']:,}", amount]


def _name(tx: Transaction, party: str) -> str:
    found = tx.get(Party, party)
    return found.name if found else party


def _code(tx: Transaction, party: str) -> str:
    found = tx.get(Party, party)
    return (found.credit_code if found else None) or "–"
