"""What a budget is worth and what a question takes from it, in words, in English and Chinese.

All of it follows from the asker's own account and from public promises: no sentence depends on data, nor on what other
users asked – of the population's account only its promise is read, never its balance.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from sandbox.errors import Problem
from sandbox.privacy import grains
from sandbox.privacy.accounts import delta_left, epsilon_of, largest, left, loss_left, loss_of
from sandbox.privacy.records import Account
from sandbox.privacy.renewals import life, next_renewal

EPSILONS = Decimal("0.1"), Decimal("0.5"), Decimal(1)
"""The questions that a budget is counted in; the second one is said in words."""

LANGUAGES = ("en", "zh")
WARNED = ("exhausted", Decimal(0)), ("nearly_exhausted", Decimal("0.05")), ("low", Decimal("0.2"))
"""From which share left on a budget is warned of, the gravest first."""
SENTENCES = {
    "en": {
        "many": "What is left pays for about {count} more {questions} at ε {epsilon}.",
        "one": "What is left does not pay for a question at ε {epsilon}; the largest one can be asked at ε {largest}.",
        "none": "Nothing is left.",
        "sum": "Spent and left add up in ρ, not in ε: several answers together tell less than the sum of their ε.",
        "renews": "The share renews at {next}.",
        "free": "It costs no privacy: you hold this answer already.",
        "cost": "It costs ε {epsilon}{rho} of your share, however it turns out; a refusal costs nothing.",
        "rho": " (ρ {rho}, which is what adds up)",
        "delta": "Because keys have no declared domain, it also takes δ {delta} of the δ {pool} that is left for that.",
        "after": "Your share then still pays for one question at up to ε {epsilon}.",
        "again": "That is about {count} more answers like this one.",
        "short": "Your share does not suffice: one question can be asked at up to ε {epsilon}.",
        "short_delta": "Your share has too little δ left; group by keys with a declared domain.",
        "held": "What you hold you may ask again at no cost, for ever, on the same data version.",
        "life": "Over its life your account has spent ε {epsilon} so far.",
        "cap": "The people in the data are promised ε {epsilon}{delta} in all, whoever asks, for ever; every new "
        "answer counts towards that once.",
        "cap_delta": ", δ {delta}",
        "low": "Less than a fifth of this budget is left; ask for what matters most.",
        "nearly_exhausted": "Less than a twentieth of this budget is left; most questions will be refused soon.",
        "exhausted": "This budget is exhausted: questions are refused.",
    },
    "zh": {
        "many": "剩余预算约可再问 {count} 个 ε 为 {epsilon} 的问题。",
        "one": "剩余预算不够问一个 ε 为 {epsilon} 的问题；最多可问 ε 为 {largest} 的一个。",
        "none": "预算已用完。",
        "sum": "已用与剩余按 ρ 相加，而非按 ε 相加：几个答案合计泄露的，少于各自 ε 之和。",
        "renews": "份额将于 {next} 更新。",
        "free": "不消耗隐私：此答案您已持有。",
        "cost": "无论结果如何，将消耗您份额中的 ε {epsilon}{rho}；被拒绝则不消耗。",
        "rho": "（ρ {rho}，可相加的是它）",
        "delta": "因为分组键没有声明取值范围，还要从为此剩下的 δ {pool} 中取用 δ {delta}。",
        "after": "此后您的份额仍可问一个 ε 不超过 {epsilon} 的问题。",
        "again": "约合 {count} 个与此同样代价的答案。",
        "short": "您的份额不足：最多可问 ε 为 {epsilon} 的一个问题。",
        "short_delta": "您的份额所剩 δ 太少；请按声明了取值范围的键分组。",
        "held": "已持有的答案，在同一数据版本上可随时再问，不再消耗。",
        "life": "您的账户至今累计已消耗 ε {epsilon}。",
        "cap": "对数据中的人承诺：无论谁问，永久合计不超过 ε {epsilon}{delta}；每个新答案只计入一次。",
        "cap_delta": "、δ {delta}",
        "low": "预算剩余不足五分之一，请优先提出最重要的问题。",
        "nearly_exhausted": "预算剩余不足二十分之一，多数问题即将被拒绝。",
        "exhausted": "预算已用尽，问题将被拒绝。",
    },
}


def worth(account: Account) -> dict[str, Any]:
    """Give what is left of `account`, as `current`, in questions: `questions`, each with `epsilon` and how many
    (`count`) such ones are at least left without private keys, and `sentence` by language."""
    counts = {epsilon: _count(account, epsilon) for epsilon in EPSILONS}
    usual = EPSILONS[1]
    best = Decimal(left(account)["epsilon"])
    kind = "many" if counts[usual] else "one" if best > 0 else "none"
    noun = "question" if counts[usual] == 1 else "questions"
    values = {"count": counts[usual], "questions": noun, "epsilon": grains.text(usual), "largest": grains.text(best)}
    return {
        "questions": [{"epsilon": grains.text(epsilon), "count": count} for epsilon, count in counts.items()],
        "sentence": {
            language: _join(
                language, [_say(language, kind, **values), *_adding(language, account), *_renews(language, account)]
            )
            for language in LANGUAGES
        },
    }


def explain_cost(
    account: Account,
    within: Account,
    rho: Decimal,
    delta: Decimal,
    *,
    pure: Decimal | None = None,
    language: str = "en",
) -> list[str]:
    """Say in plain sentences what a question of this cost takes from `account`, a user's as `account_for` gives it,
    and what that means for the people of the population, whose account is `within`. `rho` is 0 for an answer that the
    user holds already; a pure account is charged `pure`. Raises Problem field_invalid for another language."""
    if language not in SENTENCES:
        raise Problem("field_invalid", f"language: write one of {', '.join(LANGUAGES)}")
    loss = pure if account.pure and pure is not None else rho
    if loss == 0 and delta == 0:
        return [_say(language, "free")]
    said = [_cost(language, account, loss)]
    if delta > 0:
        said.append(_say(language, "delta", delta=grains.text(delta), pool=left(account)["delta"]))
    said += _after(language, account, loss, delta)
    said += _renews(language, account)
    said.append(_say(language, "held"))
    spent = life(account)[0]
    if spent > 0:
        said.append(_say(language, "life", epsilon=grains.text(epsilon_of(account, spent))))
    part = "" if within.pure else _say(language, "cap_delta", delta=grains.text(within.delta))
    return [*said, _say(language, "cap", epsilon=grains.text(within.epsilon), delta=part)]


def warning(account: Account) -> dict[str, Any] | None:
    """Give a warning when little of a budget is left: its `level` – low, nearly_exhausted, exhausted – and `sentence`
    by language; None while there is more. Both δ and what adds up count, whichever is scarcer."""
    shares = [Decimal(max(loss_left(account), 0)) / max(grains.up(account.loss_total, grains.RHO), 1)]
    if account.delta_pool > 0:
        shares.append(Decimal(max(delta_left(account), 0)) / grains.up(account.delta_pool, grains.DELTA))
    level = next((name for name, share in WARNED if min(shares) <= share), None)
    if level is None:
        return None
    return {"level": level, "sentence": {language: _say(language, level) for language in LANGUAGES}}


def _cost(language: str, account: Account, loss: Decimal) -> str:
    detail = "" if account.pure else _say(language, "rho", rho=grains.text(loss))
    return _say(language, "cost", epsilon=grains.text(epsilon_of(account, loss)), rho=detail)


def _after(language: str, account: Account, loss: Decimal, delta: Decimal) -> list[str]:
    rest = loss_left(account) - grains.up(loss, grains.RHO)
    if rest < 0:
        return [_say(language, "short", epsilon=left(account)["epsilon"])]
    if grains.up(delta, grains.DELTA) > delta_left(account):
        return [_say(language, "short_delta")]
    epsilon = largest(account, grains.decimal(rest, grains.RHO))
    more = rest // max(grains.up(loss, grains.RHO), 1)
    if delta > 0:
        more = min(more, delta_left(account) // grains.up(delta, grains.DELTA) - 1)
    return [_say(language, "after", epsilon=grains.text(epsilon)), _say(language, "again", count=more)]


def _adding(language: str, account: Account) -> list[str]:
    """Why what is spent and what is left do not make the whole, once something is spent."""
    return [_say(language, "sum")] if account.loss_spent > 0 and not account.pure else []


def _renews(language: str, account: Account) -> list[str]:
    following = next_renewal(account)
    return [] if following is None else [_say(language, "renews", next=following)]


def _count(account: Account, epsilon: Decimal) -> int:
    """How many questions of this ε are left: each costs at most the loss that its ε allows."""
    cost = grains.up(loss_of(account, epsilon), grains.RHO)
    return max(loss_left(account), 0) // cost


def _say(language: str, kind: str, **values: object) -> str:
    return SENTENCES[language][kind].format(**values)


def _join(language: str, sentences: list[str]) -> str:
    return ("" if language == "zh" else " ").join(sentences)
