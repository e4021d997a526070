"""The checklist for 等保, 密评 and 信创 (S6): what assessments ask for, what the product does, what is left."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from policies.document import Document, Rule

Text = Annotated[str, Field(min_length=1)]
NO_CLAIM = {
    "en": "An aid for whoever prepares an assessment. It is no certification, and no assessor has seen it.",
    "zh": "供准备测评者参考。本表不是任何认证或测评结论，也未经测评机构审阅。",
}
STATES = {"yes": ("done", "已具备"), "partly": ("partly", "部分具备"), "no": ("not by the product", "产品不提供")}


class Said(Rule):
    """A text in both languages."""

    zh: Text
    en: Text

    def __getitem__(self, language: str) -> str:
        return self.zh if language == "zh" else self.en


class Schemes(Rule):
    dengbao: Said
    miping: Said
    xinchuang: Said


class Point(Rule):
    """One thing that is asked for: `does` is what the product does, `host` what is left to whoever runs it."""

    scheme: Literal["dengbao", "miping", "xinchuang"]
    id: Text
    state: Literal["yes", "partly", "no"]
    zh: Text
    en: Text
    does: Said
    host: Said


class ChecklistFile(Rule):
    """The schema of `checklist.yaml`."""

    schemes: Schemes
    points: list[Point]


_FILE = Document("checklist.yaml").read(ChecklistFile)
POINTS = tuple(_FILE.points)
SCHEMES: dict[str, Said] = {name: getattr(_FILE.schemes, name) for name in Schemes.model_fields}


def page() -> str:
    """Give the page of the documents, `docs/checklist.md`."""
    lines = ["# Checklist 等保 · 密评 · 信创", "", f"{NO_CLAIM['en']} {NO_CLAIM['zh']}", ""]
    lines += ["Written by `python -m policies.checklist`; served at `/docs/checklist`.", ""]
    for name, scheme in SCHEMES.items():
        lines += [
            f"## {scheme.zh}",
            "",
            f"{scheme.en}.",
            "",
            "| asked for 要求 | | what the product does 产品所做 | left to the host 由运行方负责 |",
        ]
        lines.append("| --- | --- | --- | --- |")
        for one in POINTS:
            if one.scheme == name:
                does, host = (f"{said.en}<br>{said.zh}" for said in (one.does, one.host))
                lines.append(f"| {one.zh} – {one.en} | {' '.join(STATES[one.state])} | {does} | {host} |")
        lines.append("")
    return "\n".join(lines)


if __name__ == "__main__":
    print(page(), end="")
