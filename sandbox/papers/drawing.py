"""How the blocks of a paper are drawn on A4 pages, with one embedded font for Chinese and English."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Literal

from fpdf import FPDF
from fpdf.enums import Align, TableBordersLayout
from fpdf.fonts import FontFace

from sandbox.papers.paper import Paper, Table

FONT = Path(__file__).with_name("fonts") / "NotoSansCJKsc-Regular.otf"
NAME, SIZE, LINE = "noto", 9, 5.5
MISSING = "〓"


class Drawing:
    """Drawn from top to bottom."""

    def __init__(self, paper: Paper) -> None:
        self._pdf = _Pages(f"{paper.title} {paper.subtitle}")
        self._pdf.set_creation_date(paper.at)
        self._pdf.set_title(_known(f"{paper.title} {paper.subtitle}"))
        self._pdf.set_lang("zh-CN" if paper.language == "zh" else "en")
        self._pdf.add_font(NAME, "", FONT)
        self._pdf.add_page()
        self.text(paper.title, 16, 9)
        self.text(paper.subtitle, 11, 7)
        self.gap(2)

    def gap(self, height: float) -> None:
        self._pdf.ln(height)

    def text(self, text: str, size: int, height: float, align: Literal["L", "R"] = "L") -> None:
        self._font(size)
        self._pdf.multi_cell(0, height, _known(text), new_x="LMARGIN", new_y="NEXT", align=Align[align])

    def facts(self, rows: tuple[tuple[str, str], ...]) -> None:
        self._font(SIZE)
        for name, value in rows:
            self._pdf.cell(45, LINE, _known(name))
            self._pdf.multi_cell(0, LINE, _known(value), new_x="LMARGIN", new_y="NEXT", align=Align.L)
        self.gap(3)

    def table(self, block: Table) -> None:
        self._font(SIZE - 1)
        aligned = [Align.L if place < block.right else Align.R for place in range(len(block.heads))]
        with self._pdf.table(
            col_widths=block.widths,
            text_align=tuple(aligned),
            line_height=LINE,
            borders_layout=TableBordersLayout.HORIZONTAL_LINES,
            headings_style=FontFace(emphasis="", fill_color=(235, 235, 235)),
        ) as table:
            for row in (block.heads, *block.rows):
                drawn = table.row()
                for cell in row:
                    drawn.cell(_known(cell))
        self.gap(2)

    def bytes(self) -> bytes:
        return bytes(self._pdf.output())

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
