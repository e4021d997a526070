"""Check an evidence bundle offline, trusting nothing but the log's public key and this software."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from typing import Any

from sandbox.core.canonical import digest
from sandbox.core.commitments import Opened, opens
from sandbox.errors import Problem
from sandbox.oversight.bundle import ResultOf, copy_again
from sandbox.oversight.candidates import read_base, shown
from sandbox.oversight.leaks import read_leak
from sandbox.oversight.marks import designs_from_bytes
from sandbox.oversight.statements import LANGUAGES, report, sentence
from sandbox.oversight.trace import scored
from sandbox.plan.codec import from_json
from sandbox.plan.plan import Plan
from sandbox.transparency.journal import content
from sandbox.transparency.merkle import leaf_hash, verify_inclusion
from sandbox.transparency.notes import NoteInvalid, decode, open_checkpoint
from watermarking import score as scoring
from watermarking.base import Base
from watermarking.leak import Leak
from watermarking.models import DETECTOR

MOST_BYTES, MOST_FILES = 1 << 30, 1_000
SAME = 1e-6  # in ln E: other machines add in another order
COMMITTED = ("recipient", "party", "product", "result", "base", "base_id", "plan", "design", "k_base", "k_user")
CHECKS = {
    "file": ("the leak is the file that was traced", "泄露文件就是被溯源的文件"),
    "statement": ("the statement says what the data says", "说明与数据一致"),
    "log": ("the signed log contains the release's leaf", "签名日志包含该产出的条目"),
    "commitments": ("every commitment of the leaf opens", "条目的每个承诺都能打开"),
    "copy": ("base and keys give the committed result again", "由基表和密钥可重新得到所承诺的结果"),
    "score": ("file and base give the stated score and bound again", "由文件和基表可重新得到所述得分与概率上限"),
}
NOT_PROVED = {
    "en": "Not proved: honest making of the keys; who passed the file on; that the host did not frame the recipient; "
    "the number of recipients scored.",
    "zh": "未证明：密钥的诚实生成；谁把文件传出；平台方没有栽赃；参与计分的接收方数目。",
}


def verify_bundle(data: bytes, log_public_key: str, result_of: ResultOf) -> dict[str, Any]:
    """Check the bundle `data` and give what was checked and what it means: `sentence`, `sentence_zh`, `checks`
    (each with its finding, en, zh), `findings`, `not_proved`.

    Raises `Problem(field_invalid)` naming the first check that fails.
    """
    try:
        return _verify(_unpacked(data), log_public_key, result_of)
    except Problem:
        raise
    except Exception as error:  # whatever a forged bundle breaks, the answer is the same
        raise _refused("bundle", "it is not whole") from error


def _verify(files: Mapping[str, bytes], log_public_key: str, result_of: ResultOf) -> dict[str, Any]:
    data = json.loads(files["data.json"])
    # 1 the leak is the one that the bundle is about
    if hashlib.sha256(files["leak"]).hexdigest() != data["file"]:
        raise _refused("file", "its SHA-256 differs")
    # 2 the words are those of the data
    if data["detector"] != DETECTOR:
        raise _refused("score", f"it was made by detector {data['detector']}; check it with that version")
    if any(files[f"statement.{language}.md"] != report(language, data).encode() for language in LANGUAGES):
        raise _refused("statement", "its words were changed")
    checks = [_passed("file"), _passed("statement")]
    found = []
    leak = read_leak(files["leak"])
    for number, finding in enumerate(data["findings"], 1):
        part = {name.partition("/")[2]: held for name, held in files.items() if name.startswith(f"finding-{number}/")}
        found.append(_finding(part, finding, data["pairs"], leak, log_public_key, result_of))
        checks += [_passed(check, number) for check in ("log", "commitments", "copy", "score")]
    best = min((finding["log10_p"] for finding in found), default=None)
    verdict = scoring.TRACED if found else data["verdict"]
    if (data["verdict"] == scoring.TRACED) != bool(found):
        raise _refused("statement", "verdict and findings do not fit")
    return {
        "trace": data["trace"],
        "audience": data["audience"],
        "verdict": verdict,
        "findings": found,
        "checks": checks,
        "sentence": sentence("en", verdict, best),
        "sentence_zh": sentence("zh", verdict, best),
        "not_proved": NOT_PROVED,
    }


def _finding(
    part: Mapping[str, bytes], said: Mapping[str, Any], pairs: int, leak: Leak, key: str, result_of: ResultOf
) -> dict[str, Any]:
    # 3 the log's key signed a tree that contains the leaf
    logged = _logged(part, key)
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
    log_e = _log_e(leak, bases, base_plan, openings)
    bound = scoring.log10_p(log_e, pairs)
    if abs(log_e - float(said["ln_e"])) > SAME or float(said["log10_p"]) < bound - SAME:
        raise _refused("score", "file and base give another score than the stated one")
    if said["verdict"] != scoring.TRACED or scoring.verdict(bound) != scoring.TRACED:
        raise _refused("score", "the score does not reach the bar")
    product, entry = openings["product"].value.decode(), logged["entry"]
    named = {name: said[name] for name in ("release", "party", "recipient")}
    return named | {"log10_p": float(said["log10_p"]), "product": product, "entry": entry}


def _logged(part: Mapping[str, bytes], key: str) -> dict[str, Any]:
    proof = json.loads(part["proof.json"])
    try:
        head = open_checkpoint(proof["checkpoint"], key)
    except NoteInvalid as error:
        raise _refused("log", f"{error}") from error
    siblings = [decode(step) for step in proof["hashes"]]
    if not verify_inclusion(proof["index"], head.size, leaf_hash(part["leaf"]), siblings, head.root):
        raise _refused("log", "the leaf is not in the signed tree")
    said: dict[str, Any] = content(part["leaf"])
    if said["kind"] != "job.released":
        raise _refused("log", "the leaf records no release")
    return said


def _opened(part: Mapping[str, bytes], logged: Mapping[str, Any]) -> dict[str, Opened]:
    held = json.loads(part["openings.json"])
    openings = {
        name: Opened(name, base64.b64decode(one["value"]), base64.b64decode(one["salt"])) for name, one in held.items()
    }
    for name in COMMITTED:
        if name not in openings or not opens(logged["commitments"].get(name, ""), openings[name]):
            raise _refused("commitments", f"the commitment to {name} does not open")
    return openings


def _log_e(leak: Leak, bases: Sequence[Base], plan: Plan, openings: Mapping[str, Opened]) -> float:
    designs = dict(enumerate(designs_from_bytes(openings["design"].value)))
    found = shown(leak, plan, bases)
    if not found:
        raise _refused("score", "the file does not show this base")
    return scored(found, designs, openings["k_base"].value, [openings["k_user"].value])[1][0]


def _unpacked(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        parts = archive.infolist()
        names = {part.filename for part in parts}
        if len(parts) > MOST_FILES or len(names) != len(parts) or sum(part.file_size for part in parts) > MOST_BYTES:
            raise _refused("bundle", "it is too large, or names a file twice")
        return {part.filename: archive.read(part) for part in parts}


def _passed(check: str, finding: int | None = None) -> dict[str, Any]:
    en, zh = CHECKS[check]
    return {"check": check, "finding": finding, "en": en, "zh": zh}


def _refused(check: str, why: str) -> Problem:
    said = CHECKS[check][0] if check in CHECKS else "the bundle can be read"
    return Problem("field_invalid", f"The evidence does not hold. Not shown: that {said} – {why}. Do not rely on it.")
