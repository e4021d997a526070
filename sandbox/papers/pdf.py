"""A paper as PDF: the same bytes for the same content."""

from __future__ import annotations

from sandbox.papers.paper import Facts, Heading, Note, Paper, Table, Total


def pdf(paper: Paper) -> bytes:
    """Give the paper as a file."""
    from sandbox.papers.drawing import LINE, SIZE, Drawing  # takes long to load, and few processes draw

    drawn = Drawing(paper)
    for block in paper.blocks:
        match block:
            case Facts(rows=rows):
                drawn.facts(rows)
            case Heading(text=text):
                drawn.gap(2)
                drawn.text(text, 11, 7)
            case Table():
                drawn.table(block)
            case Note(text=text):
                drawn.text(text, SIZE, LINE)
                drawn.gap(2)
            case Total(text=text):
                drawn.text(text, 12, 7, "R")
    return drawn.bytes()
