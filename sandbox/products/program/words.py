"""What is said of programs, in both languages."""

from __future__ import annotations

import hashlib
from decimal import Decimal

from sandbox.plan.block import Measurement
from sandbox.plan.plan import Plan
from sandbox.plan.worked import Worked
from sandbox.products.program.specification import ProgramSpec
from sandbox.products.query.accuracy import constant_width, spelled
from sandbox.products.query.words import MECHANISMS

COMBINED = {
    "en": {
        "mean": "the mean over the blocks",
        "median": "the median of the blocks",
        "share": "the value that {share} of the blocks are not above",
    },
    "zh": {"mean": "各块的平均值", "median": "各块的中位数", "share": "各块中有 {share} 不超过的值"},
}
SAID = {
    "en": (
        "Each {unit} is in one of {blocks} blocks, by a keyed hash: whoever comes or goes changes that block alone.",
        "The program (SHA-256 {code}…) works on each block by itself, in a sandbox without network and files, for "
        "{seconds} seconds whatever it does, and gives numbers.",
        "A block that gives none counts with the declared default, and nobody is told.",
    ),
    "zh": (
        "每个 {unit} 由带密钥的散列归入 {blocks} 块之一，其增减只影响本块。",
        "程序（SHA-256 {code}…）在隔离沙箱内逐块单独运行，每块固定 {seconds} 秒；没有网络和文件，只返回数值。",
        "未给出数值的块按声明的默认值计入，不对外告知。",
    ),
}


def notes(spec: ProgramSpec, default: Decimal | None) -> tuple[str, ...]:
    """Give the notes of a program's answer; `default` is the ε that was taken because none was asked for."""
    said = [
        f"the units are spread over {spec.blocks} blocks; the program worked on each by itself, and what it gave was "
        "clamped to declared bounds",
        "a block for which the program gave nothing counts with the declared default; how many did is told to nobody",
        "how the numbers differ from those of all rows at once is the program's own: a mean of medians is no median",
        "half-widths are of noise and marks; that other units would give other blocks is not in them",
    ]
    said.append("marks in so few numbers name nobody by a leaked copy; the log holds the digest of each delivery")
    if any(one.rank is not None for one in spec.outputs):
        said.append("medians and shares are drawn among values, and have no half-width")
    if default is not None:
        said.append(f"ε {default:f} was taken, as none was asked for")
    return tuple(said)


def explained(plan: Plan, unit: str, language: str) -> list[str]:
    """Say in sentences of `language` what is done, from the plan alone."""
    [block], zh = plan.blocks, language == "zh"
    assert isinstance(block.rows, Worked)
    node = block.rows
    code, seconds = hashlib.sha256(node.code.encode()).hexdigest()[:16], Decimal(node.milliseconds) / 1000
    said = [text.format(unit=unit, blocks=node.blocks, code=code, seconds=f"{seconds:f}") for text in SAID[language]]
    for given, measured, error in zip(node.numbers, block.measurements, errors(plan), strict=True):
        low, high = f"{given.lower:f}", f"{given.upper:f}"
        noise = MECHANISMS[language][f"discrete {measured.mechanism}" if error is not None else "exponential"]
        if zh:
            said.append(
                f"{given.name} 是{_combined(measured, 'zh')}，数值截断到 {low} 至 {high}，加入{noise}噪声"
                + ("。" if error is None else f"：100 次中有 95 次误差不超过 {error}。")
            )
        else:
            said.append(
                f"{given.name} is {_combined(measured, 'en')}, of numbers kept from {low} to {high}, with {noise} noise"
                + ("." if error is None else f": off by at most {error} in 95 of 100 cases.")
            )
    return said


def errors(plan: Plan) -> list[str | None]:
    """Give of each number of the answer the half-width of its 95 % interval; None of a value that is drawn by rank."""
    [block], [outputs] = plan.blocks, plan.outputs
    assert isinstance(block.rows, Worked)
    found: list[str | None] = []
    for output in outputs:
        width = constant_width(block, output) if output.what == "sum" else None
        found.append(None if width is None else spelled(width / block.rows.blocks))
    return found


def _combined(measured: Measurement, language: str) -> str:
    if measured.what == "sum":
        return COMBINED[language]["mean"]
    if measured.rank == (1, 2):
        return COMBINED[language]["median"]
    return COMBINED[language]["share"].format(share=f"{Decimal(measured.rank[0]) / measured.rank[1]:f}")
