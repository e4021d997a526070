"""A PDF paper: a heading, facts, tables, remarks. A4, one embedded font for Chinese and English."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import lru_cache
from pathlib import Path

from fpdf import FPDF
from fpdf.enums import Align, TableBordersLayout
from fpdf.fonts import FontFace

FONT = Path(__file__).with_name("fonts") / "NotoSansCJKsc-Regular.otf"
NAME, SIZE, LINE = "noto", 9, 5.5
MISSING = "〓"


class Paper:
    """Built from top to bottom; `bytes()` ends it."""

    def __init__(self, title: str, subtitle: str, at: datetime, language: str) -> None:
        self._pdf = _Pages(f"{title} {subtitle}")
        self._pdf.set_creation_date(at)
        self._pdf.set_title(_known(f"{title} {subtitle}"))
        self._pdf.set_lang("zh-CN" if language == "zh" else "en")
        self._pdf.add_font(NAME, "", FONT)
        self._pdf.add_page()
        self._write(title, 16, 9)
        self._write(subtitle, 11, 7)
        self._pdf.ln(2)

    def facts(self, rows: Iterable[tuple[str, str]]) -> None:
        """Write what stands above a table: names and values."""
        self._font(SIZE)
        for name, value in rows:
            self._pdf.cell(45, LINE, _known(name))
            self._pdf.multi_cell(0, LINE, _known(value), new_x="LMARGIN", new_y="NEXT", align=Align.L)
        self._pdf.ln(3)

    def heading(self, text: str) -> None:
        """Begin a part."""
        self._pdf.ln(2)
        self._write(text, 11, 7)

    def table(self, heads: Sequence[str], rows: Iterable[Sequence[str]], widths: Sequence[int], right: int) -> None:
        """Write a table; columns from number `right` on are set flush right. `widths` are in proportion."""
        self._font(SIZE - 1)
        aligned = [Align.L if place < right else Align.R for place in range(len(heads))]
        with self._pdf.table(
            col_widths=tuple(widths),
            text_align=tuple(aligned),
            line_height=LINE,
            borders_layout=TableBordersLayout.HORIZONTAL_LINES,
            headings_style=FontFace(emphasis="", fill_color=(235, 235, 235)),
        ) as table:
            for row in (heads, *rows):
                drawn = table.row()
                for cell in row:
                    drawn.cell(_known(cell))
        self._pdf.ln(2)

    def note(self, text: str) -> None:
        """Write a remark."""
        self._font(SIZE)
        self._pdf.multi_cell(0, LINE, _known(text), new_x="LMARGIN", new_y="NEXT", align=Align.L)

    def total(self, text: str) -> None:
        """Write the sum, flush right."""
        self._font(12)
        self._pdf.multi_cell(0, 7, _known(text), new_x="LMARGIN", new_y="NEXT", align=Align.R)

    def bytes(self) -> bytes:
        """Give the finished file."""
        return bytes(self._pdf.output())

    def _write(self, text: str, size: int, height: float) -> None:
        self._font(size)
        self._pdf.multi_cell(0, height, _known(text), new_x="LMARGIN", new_y="NEXT", align=Align.L)

    def _font(self, size: int) -> None:
        self._pdf.set_font(NAME, size=size)


class _Pages(FPDF):
    """Pages that say at their foot what they belong to and which they are."""

    def __init__(self, foot: str) -> None:
        super().__init__(format="A4")
        self.set_margins(18, 16, 18)
        self.set_auto_page_break(True, 18)
        self._foot = _known(foot)

    def footer(self) -> None:
        self.set_y(-13)
        self.set_font(NAME, size=7)
        self.cell(0, 5, f"{self._foot}  ·  {self.page_no()} / {{nb}}", align=Align.R)


@lru_cache(maxsize=1)
def _characters() -> frozenset[int]:
    from fontTools.ttLib import TTFont

    with TTFont(FONT, lazy=True) as font:
        return frozenset(font.getBestCmap())


def _known(text: str) -> str:
    """The text, with a sign in place of what the font cannot show."""
    return "".join(char if ord(char) in _characters() else MISSING for char in text)
