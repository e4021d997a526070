"""What a trace proves, in words for people, in Chinese and English."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from watermarking.score import INSUFFICIENT, LOG10_ALPHA, NOT_OURS, TRACED

LANGUAGES = ("zh", "en")
SENTENCES = {
    "en": {
        TRACED: "If this recipient's copy had no part in the file, marks that fit it this well would turn up with a "
        "probability of at most {bound}. That is not the probability that the recipient is innocent, and it does not "
        "say who passed the file on.",
        INSUFFICIENT: "The file may hold data of this instance, but no recipient's marks stand out from chance by the "
        f"required factor (error probability at most 10^{LOG10_ALPHA}). Nobody is named.",
        NOT_OURS: "No release of this instance that was looked at resembles this file.",
    },
    "zh": {
        TRACED: "假如该接收方的副本与此文件毫无关系，标记如此吻合的概率不超过 {bound}。这不是该接收方清白的概率，"
        "也不说明文件是谁传出去的。",
        INSUFFICIENT: "文件可能含有本平台的数据，但没有任何接收方的标记以所要求的把握"
        f"（误判概率不超过 10^{LOG10_ALPHA}）区别于偶然。不指名任何人。",
        NOT_OURS: "所查的本平台产出中，没有与此文件相似的。",
    },
}
MORE = {
    "left_out": {
        "en": " {count} more bases may resemble the file and were not looked at, because so many resemble it more: "
        "trace it again with the resource or product that it seems to come from.",
        "zh": "另有 {count} 个基表可能与此文件相似，因有众多更相似者而未细查：请指明文件疑似来源的资源或产品，"
        "再次溯源。",
    },
    "too_few": {
        "en": " Of {count} of the answers that it resembles the file shows too few cells for a mark: whatever they "
        "show, they could name nobody. Whom such an answer was given to is shown by receipts and deliveries alone.",
        "zh": "在与文件相似的产出中，有 {count} 个在文件中的单元格过少，不足以承载标记，无论内容如何都不能指明任何人。"
        "此类产出曾交给谁，只能凭存证回执和交付记录证明。",
    },
    "keys": {
        "en": " {count} bases were set aside unopened: no value of their keys is in the file, while those of another "
        "are.",
        "zh": "另有 {count} 个基表未经打开即被排除：文件中没有它们的任何键值，而有其他基表的键值。",
    },
    "numbers": {
        "en": " {count} bases were set aside unopened: no value of their keys and too few of their numbers are in the "
        "file. If it was turned or lost its keys, and was changed much, it may come from one of them all the same.",
        "zh": "另有 {count} 个基表未经打开即被排除：文件中没有它们的任何键值，相符的数值也太少。若文件经过转置或去除"
        "键列，且改动很大，仍可能出自其中之一。",
    },
}
"""What is said besides, each with its count."""
REPORTS = {
    "en": """# Statement on trace {trace}

For: {audience}. Made: {time}. File SHA-256: `{file}`.

{sentence}

Findings: {count}. Recipients of record scored: {pairs}, a number that stands in the log since before any of their keys
was read. The stated bound already counts all of them.
Detector: version {detector}. Times this file was traced: {runs}. Not named, because below the bar: {below}.
{delivery}
## What this bundle lets anybody check, without us
- The log's signed checkpoint contains the leaf of each release named here. The leaf commits to recipient, product,
  noisy base, result, both mark keys and the design of the marks; each commitment opens.
- After it the log announced this trace – file, bases, number of recipients –, and then committed to this bundle.
- From base and keys the recipient's copy is made again, and it is the committed result.
- File and base give the stated score again, and the score gives the stated bound.

## What it does not prove
- That the keys were made honestly, or that the instance's host did not itself make or leak this copy.
- When the leaf was written, beyond what a witness cosigned or a timestamp in the folder log/ says.
- Who passed the file on: a copy can be stolen from its recipient, or given on by somebody who received it lawfully.
- That no other trace of this file gave another result: the log shows how many there were.

Whoever holds this bundle could forge the copies in it. Files first seen after it was handed out prove nothing more.
""",
    "zh": """# 溯源说明 {trace}

致：{audience}。时间：{time}。文件 SHA-256：`{file}`。

{sentence}

结论数：{count}。参与计分的登记接收方：{pairs}（读取任何密钥之前已记入日志），上述概率上限已把他们全部计入。
检测器版本：{detector}。此文件被溯源次数：{runs}。未达标准、因而不指名者：{below}。
{delivery}
## 任何人无需信任平台即可核验
- 日志的签名检查点包含所列每次产出的条目。条目对接收方、产品、加噪基表、结果、两把标记密钥和标记方案作了承诺，
  每个承诺都能打开。
- 其后日志公告了本次溯源（文件、基表、接收方数目），再后对本证据包作了承诺。
- 由基表和密钥可重新生成该接收方的副本，且与承诺的结果一致。
- 由文件和基表可重新算出所述得分，由得分可得出所述概率上限。

## 不能证明的
- 密钥的生成是诚实的，或平台运营方自己没有制作或泄露这份副本。
- 条目写入的时间，除非 log/ 目录中有见证方的联署或时间戳。
- 文件是谁传出去的：副本可能被盗，也可能由合法获得者转出。
- 对此文件的其他溯源没有得出别的结果：日志显示共有多少次。

持有本证据包者可以伪造其中的副本。证据包交出之后才首次出现的文件，不再具有证明力。
""",
}
DELIVERY = {
    "en": {
        True: "The recipient signed for a delivery of this release with its own key.",
        False: "No delivery of this release was signed for: nothing here but the instance's word says it arrived.",
    },
    "zh": {
        True: "接收方已用自己的密钥签收该产出的交付。",
        False: "该产出的交付没有签收：是否送达，此处仅有平台一方之言。",
    },
}


def sentence(language: str, verdict: str, log10_p: float | None, counts: Mapping[str, Any]) -> str:
    """Give the one sentence for people, and more where bases were not looked at, or show too few cells. `log10_p` is
    the best finding's bound, None without findings. `counts`: `left_out`, and where they are known `too_few`,
    `set_aside` and `set_aside_by`; what was set aside is not said where somebody was traced."""
    said = {"left_out": counts["left_out"], "too_few": counts.get("too_few", 0)}
    if verdict != TRACED and "set_aside" in counts:
        said |= {str(counts["set_aside_by"]): counts["set_aside"]}
    more = (MORE[name][language].format(count=count) for name, count in said.items() if count)
    return SENTENCES[language][verdict].format(bound=f"10^{log10_p}") + "".join(more)


def report(language: str, data: dict[str, Any]) -> str:
    """Give the statement that opens an evidence bundle, from its data."""
    findings = data["findings"]
    best = min((float(finding["log10_p"]) for finding in findings), default=None)
    lines = [
        f"- {finding['party']}: log10 p ≤ {finding['log10_p']}. {DELIVERY[language][finding['signed'] > 0]}"
        for finding in findings
    ]
    return REPORTS[language].format(
        trace=data["trace"],
        audience=data["audience"],
        time=data["time"],
        file=data["file"],
        sentence=sentence(language, data["verdict"], best, data),
        count=len(findings),
        pairs=data["pairs"],
        detector=data["detector"],
        runs=data["runs"],
        below=data["below_bar"],
        delivery="\n" + "\n".join(lines) + "\n" if lines else "",
    )


NOT_PROVED = {
    "en": {
        "": "That the mark keys were made honestly.",
        "who": "Who passed the file on.",
        "framing": "That the host did not frame the recipient with a copy that it made itself.",
        "witness": "That nobody was shown another log: none of the given witnesses cosigned this state of it.",
        "timestamp": "When the log was in this state: the bundle holds no timestamp.",
        "timestamp_unread": "When the log was in this state: its timestamp was not checked, as no roots were given.",
        "delivery": "That the copy reached the recipient: no delivery of it was signed for.",
    },
    "zh": {
        "": "标记密钥是诚实生成的。",
        "who": "文件是谁传出去的。",
        "framing": "平台方没有用自制的副本栽赃接收方。",
        "witness": "没有人见到另一份日志：所给的见证方均未联署日志的这一状态。",
        "timestamp": "日志何时处于这一状态：证据包中没有时间戳。",
        "timestamp_unread": "日志何时处于这一状态：未提供根证书，时间戳未经核验。",
        "delivery": "副本已送达接收方：没有对其交付的签收。",
    },
}


def not_proved(language: str, lacking: Sequence[str]) -> list[str]:
    """Give, in sentences, what a bundle that holds does not prove: what none can, and what this one lacks."""
    return [NOT_PROVED[language][name] for name in ("", "who", "framing", *lacking)]
