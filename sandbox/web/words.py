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
    "withdrawn": ("已撤销", "withdrawn"),
    "whole": ("整体授权", "whole"),
    "domain": ("分领域授权", "by domain"),
    "scenario": ("依场景授权", "by scenario"),
    "call": ("次", "call"),
    "cell": ("数据项", "cell"),
    "month": ("月", "month"),
    "product": ("产品", "product"),
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
}


def word(name: str, zh: bool) -> str:
    """Give the word for a name; for one without, the name itself."""
    if name in PURPOSES:
        return PURPOSES[name].zh if zh else PURPOSES[name].en
    return _WORDS[name][0 if zh else 1] if name in _WORDS else name.replace("_", " ")
