"""Check an evidence bundle offline, trusting nothing but the log's public key and this software."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from sandbox.core.canonical import canonical_bytes, digest
from sandbox.core.commitments import Opened, opens
from sandbox.errors import Problem
from sandbox.oversight import acknowledged
from sandbox.oversight.bundle import COMMITTED, ResultOf, copy_again, unpacked
from sandbox.oversight.candidates import Shown, read_base, shown
from sandbox.oversight.leaks import read_leak
from sandbox.oversight.logged import Seen, Wrong, announced, committed, in_the_log
from sandbox.oversight.marks import designs_from_bytes
from sandbox.oversight.statements import LANGUAGES, not_proved, report, sentence
from sandbox.oversight.together import seen_with
from sandbox.oversight.trace import scored
from sandbox.plan.codec import from_json
from sandbox.plan.plan import Plan
from sandbox.transparency.journal import content
from watermarking import score as scoring
from watermarking.base import Base
from watermarking.leak import Leak
from watermarking.models import DETECTOR

SAME = 1e-6  # in ln E: other machines add in another order
CHECKS = {
    "file": ("the leak is the file that was traced", "泄露文件就是被溯源的文件"),
    "statement": ("the statement says what the data says", "说明与数据一致"),
    "log": ("the signed log contains every leaf that is shown", "签名日志包含所示的每个条目"),
    "announced": (
        "the log announced file, bases and number of recipients before it held this result, and after the releases",
        "日志在产出之后、得出结果之前公告了文件、基表和接收方数目",
    ),
    "whole": ("the log committed to this bundle", "日志对本证据包作了承诺"),
    "commitments": ("every commitment of the leaf opens", "条目的每个承诺都能打开"),
    "copy": ("base and keys give the committed result again", "由基表和密钥可重新得到所承诺的结果"),
    "score": ("file and base give the stated score and bound again", "由文件和基表可重新得到所述得分与概率上限"),
    "delivery": ("the recipient's own key signed for the delivery", "接收方用自己的密钥签收了交付"),
    "witness": ("a witness cosigned this state of the log", "见证方联署了日志的这一状态"),
    "timestamp": ("a timestamping authority saw this state of the log", "时间戳机构见过日志的这一状态"),
}


def verify_bundle(
    data: bytes,
    log_public_key: str,
    result_of: ResultOf,
    witness_keys: Sequence[str] = (),
    timestamp_roots: bytes | None = None,
) -> dict[str, Any]:
    """Check the bundle `data` and give what was checked and what it means: `sentence`, `sentence_zh`, `checks`
    (each with its finding, en, zh), `findings`, `witnesses` (when each given one cosigned, or null), `timestamp`,
    `not_proved`.

    Trusts the log's verifier keys, and the witnesses' and authorities' that are given. Raises `Problem(field_invalid)`
    naming the first check that fails.
    """
    try:
        files = unpacked(data)
    except Exception as error:  # zipfile has many ways to say it
        raise _refused("bundle", f"{error}") from error
    try:
        return _verify(files, log_public_key, result_of, witness_keys, timestamp_roots)
    except Problem:
        raise
    except Wrong as error:
        raise _refused(error.check, error.why) from error
    except Exception as error:  # whatever a forged bundle breaks, the answer is the same
        raise _refused("bundle", "it is not whole") from error


def _verify(
    files: Mapping[str, bytes], key: str, result_of: ResultOf, witness_keys: Sequence[str], roots: bytes | None
) -> dict[str, Any]:
    data = json.loads(files["data.json"])
    if canonical_bytes(data) != files["data.json"]:
        raise _refused("bundle", "data.json is not in canonical form")
    # 1 the leak is the one that the bundle is about
    if hashlib.sha256(files["leak"]).hexdigest() != data["file"]:
        raise _refused("file", "its SHA-256 differs")
    # 2 the words are those of the data
    if data["detector"] != DETECTOR:
        raise _refused("score", f"it was made by detector {data['detector']}; check it with that version")
    if any(files[f"statement.{language}.md"] != report(language, data).encode() for language in LANGUAGES):
        raise _refused("statement", "its words were changed")
    _counted(data)
    # 3 the log's key signed a tree that contains every leaf, in the right order
    seen = in_the_log(files, key, witness_keys, roots)
    announced(files, data, seen)
    checks = [_passed(check) for check in ("file", "statement", "log", "announced")]
    found = []
    leak = read_leak(files["leak"])
    for number, finding in enumerate(data["findings"], 1):
        part = {name.partition("/")[2]: held for name, held in files.items() if name.startswith(f"finding-{number}/")}
        found.append(_finding(part, finding, data, leak, result_of))
        passed = ("commitments", "copy", "score") + (("delivery",) if found[-1]["signed"] else ())
        checks += [_passed(check, number) for check in passed]
    # 7 the log committed to all of this before it was handed out
    committed(files, data)
    checks += [_passed("whole")]
    best = min((finding["log10_p"] for finding in found), default=None)
    verdict = scoring.TRACED if found else data["verdict"]
    if (data["verdict"] == scoring.TRACED) != bool(found):
        raise _refused("statement", "verdict and findings do not fit")
    checks += [_passed("witness")] if any(seen.witnesses.values()) else []
    checks += [_passed("timestamp")] if seen.stamped else []
    return {
        "trace": data["trace"],
        "audience": data["audience"],
        "verdict": verdict,
        "pairs": data["pairs"],
        "findings": found,
        "checks": checks,
        "witnesses": dict(seen.witnesses),
        "timestamp": seen.stamped,
        "sentence": sentence("en", verdict, best, data),
        "sentence_zh": sentence("zh", verdict, best, data),
        "not_proved": {language: _not_proved(language, seen, found) for language in LANGUAGES},
    }


def _counted(data: Mapping[str, Any]) -> None:
    """Check that what counts is a count: a bound from less than one recipient would be no bound."""
    findings = data["findings"]
    counts = [data[name] for name in ("pairs", "runs", "below_bar", "left_out")]
    counts += [data[name] for name in ("set_aside", "too_few") if name in data]  # since bundles tell of them
    counts += [finding[name] for finding in findings for name in ("cells", "deliveries", "signed")]
    if any(type(count) is not int or count < 0 for count in counts):
        raise _refused("statement", "a number of things is no whole number, or below 0")
    if data["below_bar"] + len(findings) != data["pairs"]:
        raise _refused("statement", "recipients who are named and who are not do not add up to those scored")


def _not_proved(language: str, seen: Seen, found: Sequence[Mapping[str, Any]]) -> list[str]:
    """Give what stays unproved, in sentences: always the same three, and what witnesses, timestamp and signatures would
    have added."""
    lacks = {
        "witness": not any(seen.witnesses.values()),
        "timestamp": not seen.stamped and not seen.timestamp,
        "timestamp_unread": not seen.stamped and seen.timestamp,
        "delivery": any(not finding["signed"] for finding in found),
    }
    return not_proved(language, [name for name, lacking in lacks.items() if lacking])


def _finding(
    part: Mapping[str, bytes], said: Mapping[str, Any], data: Mapping[str, Any], leak: Leak, result_of: ResultOf
) -> dict[str, Any]:
    logged: dict[str, Any] = content(part["leaf"])
    if logged["kind"] != "job.released":
        raise _refused("log", "the leaf records no release")
    # 4 the leaf committed to everything that follows, before delivery
    openings = _opened(part, logged)
    for name in ("party", "recipient"):
        if openings[name].value.decode() != said[name]:
            raise _refused("commitments", f"the leaf names another {name}")
    if openings["base"].value.decode() != hashlib.sha256(part["base.json"]).hexdigest():
        raise _refused("commitments", "the base is not the committed one")
    if openings["plan"].value.decode() != hashlib.sha256(part["plan.json"]).hexdigest():
        raise _refused("commitments", "the plan is not the committed one")
    plan = from_json(json.loads(part["plan.json"]))
    assert isinstance(plan, Plan)
    # 5 the copy, made again, is the committed result
    base_plan, bases = read_base(openings["base_id"].value.decode(), part["base.json"])
    if plan.base_key() != base_plan.base_key():
        raise _refused("copy", "the plan asks for another base")
    result = result_of(said["kind"], plan, bases, copy_again(bases, openings))
    if not digest(result) == openings["result"].value.decode() == hashlib.sha256(part["result.json"]).hexdigest():
        raise _refused("copy", "base and keys give another result than the committed one")
    # 6 the score, computed again, gives the bound
    others = _others(part, said, data["bases"], leak)
    log_e = _log_e(leak, bases, base_plan, openings, others)
    bound = scoring.log10_p(log_e, data["pairs"])
    if not (abs(log_e - float(said["ln_e"])) <= SAME and bound - SAME <= float(said["log10_p"]) <= 0):
        raise _refused("score", "file and base give another score than the stated one")
    if said["verdict"] != scoring.TRACED or scoring.verdict(bound) != scoring.TRACED:
        raise _refused("score", "the score does not reach the bar")
    product, entry = openings["product"].value.decode(), logged["entry"]
    named = {name: said[name] for name in ("release", "party", "recipient")}
    signed = _signed(part, said, openings)
    return named | {"log10_p": float(said["log10_p"]), "product": product, "entry": entry, "signed": signed}


def _signed(part: Mapping[str, bytes], said: Mapping[str, Any], openings: Mapping[str, Opened]) -> list[str]:
    """Check the deliveries that the recipient signed for; give the SHA-256 of the files that were delivered."""
    folders = sorted({name.partition("/")[0] for name in part if name.startswith("delivery-")})
    if len(folders) != said["signed"]:
        raise _refused("delivery", "the statement names another number of signed deliveries")
    found = []
    for folder in folders:
        files = {name.partition("/")[2]: held for name, held in part.items() if name.startswith(folder + "/")}
        try:
            found.append(acknowledged.verify(files, said["party"], openings["job"].value.decode()))
        except (ValueError, KeyError) as error:
            raise _refused("delivery", f"{error}") from error
    return found


def _opened(part: Mapping[str, bytes], logged: Mapping[str, Any]) -> dict[str, Opened]:
    held = json.loads(part["openings.json"])
    openings = {
        name: Opened(name, base64.b64decode(one["value"]), base64.b64decode(one["salt"])) for name, one in held.items()
    }
    for name in COMMITTED:
        if name not in openings or not opens(logged["commitments"].get(name, ""), openings[name]):
            raise _refused("commitments", f"the commitment to {name} does not open")
    return openings


def _others(part: Mapping[str, bytes], said: Mapping[str, Any], announced: Sequence[str], leak: Leak) -> list[Shown]:
    """Check that the other bases with which the file is seen through were committed to in releases to this recipient,
    and announced: who could choose them freely could accuse whom he likes. Give where the file shows them."""
    folders = {name.partition("/")[0] for name in part if name.startswith("beside-")}
    if folders != {f"beside-{number}" for number in range(1, len(said["beside"]) + 1)}:
        raise _refused("statement", "it names other releases beside the finding's than are shown")
    found: list[Shown] = []
    for folder in sorted(folders, key=lambda name: int(name.partition("-")[2])):
        leaf, content_of = content(part[f"{folder}/leaf"]), part[f"{folder}/base.json"]
        try:
            values = acknowledged.opened(part[f"{folder}/openings.json"], leaf)
        except ValueError as error:
            raise _refused("commitments", f"{error}") from error
        if leaf["kind"] != "job.released" or values["recipient"].decode() != said["recipient"]:
            raise _refused("commitments", "what is shown beside the finding is no release to its recipient")
        if values["base"].decode() != hashlib.sha256(content_of).hexdigest():
            raise _refused("commitments", "a base beside the finding's is not the committed one")
        if values["base_id"].decode() not in announced or values["base_id"].decode() == said["base"]:
            raise _refused("announced", "a base beside the finding's was not announced")
        found += shown(leak, *read_base(values["base_id"].decode(), content_of))
    return found


def _log_e(
    leak: Leak, bases: Sequence[Base], plan: Plan, openings: Mapping[str, Opened], others: Sequence[Shown]
) -> float:
    designs = dict(enumerate(designs_from_bytes(openings["design"].value)))
    found = seen_with(shown(leak, plan, bases), others)
    if not found:
        raise _refused("score", "the file does not show this base")
    return scored(plan, found, designs, openings["k_base"].value, [openings["k_user"].value])[1][0]


def _passed(check: str, finding: int | None = None) -> dict[str, Any]:
    en, zh = CHECKS[check]
    return {"check": check, "finding": finding, "en": en, "zh": zh}


def _refused(check: str, why: str) -> Problem:
    said = CHECKS[check][0] if check in CHECKS else "the bundle can be read"
    return Problem("field_invalid", f"The evidence does not hold. Not shown: that {said} – {why}. Do not rely on it.")
