"""Texts read as numbers and dates, and the other way round."""

from __future__ import annotations

from decimal import Decimal

from sandbox.plan import scalar as s
from sandbox.sql.terms import Term, computed


def to_number(text: Term, kind: s.Type, digits: int = s.MOST_DIGITS) -> Term:
    """The number that a text spells, NULL for any other text."""
    if text.null:
        return text
    most = Decimal(10) ** digits
    return computed(lambda node: s.ToNumber(node, digits, kind), text, span=(-most, most), nullable=True)


def to_date(text: Term) -> Term:
    """The date that a text spells, NULL for any other text."""
    return text if text.null else computed(s.ToDate, text, nullable=True)


def to_text(term: Term) -> Term:
    """A number, truth value or date as text."""
    return term if term.null or term.type == s.STRING else computed(s.ToText, term)
