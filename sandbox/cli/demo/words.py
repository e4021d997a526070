"""The words of the story in one language, from `texts/<language>.yaml`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml


class Words:
    """Texts by name, with values put in place of `{names}`."""

    def __init__(self, language: str) -> None:
        file = Path(__file__).parent / "texts" / f"{language}.yaml"
        self._texts: dict[str, Any] = yaml.safe_load(file.read_text(encoding="utf-8"))

    def __call__(self, name: str, /, **values: object) -> str:
        """Give the text `name`; raises KeyError when text or value is missing."""
        text: str = self._texts[name]
        return text.format_map(values).strip()

    def of(self, group: str, name: object) -> str:
        """Give the word for `name` in a group of words, or `name` itself."""
        return str(self._texts[group].get(name, name))

    def chance(self, log10_p: float) -> str:
        """Give 'one in a million' and the like for a probability of at most 10^log10_p."""
        steps = [(power, word) for power, word in self._texts["chances"].items() if power <= -log10_p]
        return str(max(steps)[1]) if steps else f"10^{log10_p:.1f}"
