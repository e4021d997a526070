"""The words of the pages in Chinese and English, where no policy names them."""

from __future__ import annotations

from policies.purposes import PURPOSES

_WORDS = {
    "active": ("生效", "in force"),
    "approved": ("已上架", "on offer"),
    "paused": ("暂停", "paused"),
    "retired": ("已下架", "retired"),
    "pending": ("待数源单位同意", "waits for its holder"),
    "suspended": ("中止", "suspended"),
    "exited": ("已退出", "ended"),
    "expired": ("期限届满", "term over"),
    "withdrawn": ("已撤销", "withdrawn"),
    "whole": ("整体授权", "whole"),
    "domain": ("分领域授权", "by domain"),
    "scenario": ("依场景授权", "by scenario"),
    "call": ("次", "call"),
    "cell": ("数据项", "cell"),
    "month": ("月", "month"),
    "product": ("产品", "product"),
    "settlement": ("结算单", "settlement"),
    "credit_note": ("冲减单", "credit note"),
    "debit_note": ("补充结算单", "debit note"),
    "letter_ceilings": ("上限收费标准", "ceilings"),
    "letter_review": ("年度评估", "yearly review"),
    "filed": ("共提出", "filed"),
    "open": ("办理中", "open"),
    "overdue": ("已逾期", "overdue"),
    "accepted": ("成立", "upheld"),
    "rejected": ("不成立", "not upheld"),
    "feedback": ("质量反馈", "feedback"),
    "objection": ("数据异议", "objections"),
    "demand": ("需求受理", "demands"),
    "general": ("一般数据", "general"),
    "important": ("重要数据", "important"),
    "upheld": ("成立", "upheld"),
    "correction": ("更正", "correction"),
    "portability": ("转移", "portability"),
    "erasure": ("删除", "erasure"),
    "breach": ("违约", "breach"),
    "suspension": ("暂停使用", "suspension"),
    "incentive": ("激励", "incentive"),
    "held": ("已控制", "held"),
    "notified": ("已通知", "notified"),
    "sanctioned": ("已处理", "sanctioned"),
    "remedied": ("已整改", "remedied"),
    "closed": ("已结案", "closed"),
    "party": ("主体", "party"),
    "resource": ("数据资源", "resource"),
    "everything": ("全部服务", "everything"),
    "entry_submitted": ("待审查", "waits for its review"),
    "entry_admitted": ("已准予入域", "admitted"),
    "entry_rejected": ("已拒绝", "rejected"),
    "entry_ended": ("已结束", "ended"),
    "exit_passed": ("已准予出域", "may leave"),
    "exit_held": ("已扣留", "held back"),
    "document": ("有证明材料", "by document"),
    "declaration": ("凭告知承诺", "by declaration"),
    "neither": ("二者均无", "by neither"),
    "demanded": ("已要求提交证明", "documents demanded"),
    "untrue": ("经核查不实", "found untrue"),
    "sufficient": ("安全能力充分", "security sufficient"),
    "insufficient": ("安全能力不足", "security insufficient"),
    "not_assessed": ("未评估", "not assessed"),
    "exact": ("精确服务，无数据指纹", "served exactly, unmarked"),
}


def word(name: str, zh: bool) -> str:
    """Give the word for a name; for one without, the name itself."""
    if name in PURPOSES:
        return PURPOSES[name].zh if zh else PURPOSES[name].en
    return _WORDS[name][0 if zh else 1] if name in _WORDS else name.replace("_", " ")


_WARNINGS = {
    "the checklist was not": "审查清单未逐项作答",
    "no impact assessment": "未附个人信息保护影响评估",
    "no risk assessment": "未附安全风险评估",
    "it is meant for automated decisions": "用于自动化决策",
    "it is about a very large group": "涉及特大规模人群",
}


def warning(said: str, zh: bool) -> str:
    """Give what a review warned of, as it was said or in Chinese."""
    return next((text for begins, text in _WARNINGS.items() if zh and said.startswith(begins)), said)
