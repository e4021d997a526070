"""The reference page of the language is the one that the specification tests make."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "spec"))

from language.page import PAGE, page, value_tables


def test_the_page_is_the_examples() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(list(value_tables())), "run `make reference`"
