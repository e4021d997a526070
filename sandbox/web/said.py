"""What went wrong, in Chinese, to a person with a browser: the sentences that pages can end with."""

from __future__ import annotations

import re
from collections.abc import Mapping

from policies.roles import RULES
from sandbox.errors import Problem
from sandbox.web.advice import ADVICE

_SAID = {
    r"people do not sign in here; the host sets SANDBOX_OIDC_ISSUER for that": (
        "本实例未开通人员登录；由运行方设置 SANDBOX_OIDC_ISSUER 后可用"
    ),
    r"the provider that people sign in with does not answer; try again later": "统一登录服务暂无响应，请稍后再试",
    r"signing in did not work; begin again at /sign-in": "登录未成功，请从 /sign-in 重新开始",
    r"your session is over; sign in again": "会话已结束，请重新登录",
    r"this invitation is unknown, used or expired; ask your party for a new one": (
        "邀请无效、已使用或已过期，请向本机构申请新的邀请"
    ),
    r"you act for a party already; it has to let you go first": "您已代表一家机构，须先由该机构解除",
    r"you are signed in there, and nobody invited you here; ask your party to do so": (
        "您已通过统一登录，但尚无机构邀请您；请联系本机构"
    ),
    r"this person acts for nobody already": "该人员已不代表任何机构",
    r"there is no such person": "没有该人员",
    r"this party is suspended; ask the authorising body to reinstate it": "该主体已被暂停，请联系授权主体恢复",
    r"this party invites its own people, so that nobody acts in its name": "该主体自行邀请人员，他人不得代办",
    r"send the header Authorization: Bearer <key>": "此页须登录后查看；程序请在请求头 Authorization: Bearer 中发送密钥",
    r"this is not a key of the form .*": "密钥格式不正确，请核对是否完整复制",
    r"this key is unknown, expired or revoked; .*": "密钥不存在、已过期或已撤销，请向授权主体申请新密钥",
    r"this needs a party with the role (.+)": "须由具有以下角色的主体操作：{}",
    r"this key has no scope (.+); use a key that was made with it": "密钥权限范围不足，需要：{}",
    r"send the header (\S+) with the csrf_token .*": "请在请求头 {} 中发送 GET /api/v1/session 返回的 csrf_token",
    r"too many invalid keys came from your address; check the key and wait a moment": (
        "来自您地址的无效密钥过多，请核对密钥并稍候再试"
    ),
    r"there is no such problem code; .*": "没有该错误代码；/docs/errors/ 列出全部代码",
    r"there is no such (report|letter|settlement|invoice|thing|product)\b.*": "没有您可以查看的该{}",
    r"month: write year and month, like 2026-01": "月份请写作 2026-01",
    r"the body is damaged or cut off; send it again": "请求内容损坏或不完整，请重新发送",
    r"somebody else changed this meanwhile; .*": "内容已被他人更改，请重新读取后再试",
    r"this exists already; .*": "该对象已存在，请直接读取",
    r"the control database is away, full or busy; .*": "控制数据库暂不可用或繁忙，未作任何更改，请稍后再试",
    r"the service failed; .*": "服务出错，请将参考号告知运行方后再试",
}
_WORDS = {
    "report": "报告",
    "letter": "函",
    "settlement": "结算单",
    "invoice": "发票",
    "thing": "内容",
    "product": "产品",
    **RULES.roles,
    **{name: str(zh) for name, zh in RULES.scopes.items()},
}


def in_chinese(problem: Problem) -> str | None:
    """Give the sentence of a problem in Chinese: that of the policy which refused, or of this list; None for one that
    stands in neither."""
    reason = problem.fields.get("reason")
    if isinstance(reason, Mapping) and "zh" in reason:
        return str(reason["zh"])
    for english, chinese in _SAID.items():
        if found := re.fullmatch(english, problem.detail):
            return chinese.format(
                *("、".join(_WORDS.get(word, word) for word in one.split(" or ")) for one in found.groups())
            )
    advice = ADVICE[problem.code]
    return advice.todo_zh.replace("`", "") if problem.detail == advice.todo else None
