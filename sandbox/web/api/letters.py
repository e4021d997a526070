"""Letters of the authorising body to both departments, as data and as papers (P3, P5)."""

from __future__ import annotations

from apiflask import APIBlueprint

from sandbox.billing import letters
from sandbox.billing.letter_paper import letter_paper
from sandbox.billing.records import Letter
from sandbox.papers.pdf import pdf
from sandbox.web.call import Call, Reply
from sandbox.web.endpoint import endpoint
from sandbox.web.paging import page
from sandbox.wire.common import Items
from sandbox.wire.reviews import LetterOut, LettersQuery, ReportQuery

blueprint = APIBlueprint("letters", __name__)
PDF = "application/pdf"


@endpoint(blueprint, "GET", "/letters", action="survey.read", query=LettersQuery, answer=Items)
def list_letters(call: Call, query: LettersQuery) -> Reply:
    """List letters to both departments, oldest first: overseers all, an operator those about itself."""
    whose = {} if query.operator is None else {"operator": query.operator}
    return Reply(page(call.tx, Letter, query, letters.view, lambda one: letters.seen(call.principal, one), **whose))


@endpoint(
    blueprint,
    "GET",
    "/letters/<letter_id>",
    action="survey.read",
    query=ReportQuery,
    answer=LetterOut,
    media=(PDF,),
)
def read_letter(call: Call, letter_id: str, query: ReportQuery) -> Reply:
    """Read a letter, as data or as the paper in Chinese or English."""
    letter = letters.found(call.tx, call.principal, letter_id)
    if query.format == "json":
        return Reply(letters.view(letter))
    name = {"Content-Disposition": f'attachment; filename="letter-{letter.year}-{letter.number}.pdf"'}
    return Reply(pdf(letter_paper(letter, query.lang)), media=PDF, headers=name)
