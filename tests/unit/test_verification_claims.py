"""Words for what a record holds, and what may be asked: cuts and lists are what was reviewed, to the last value."""

from __future__ import annotations

from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from firms import code

from sandbox.engines.base import EngineFailed
from sandbox.errors import Problem
from sandbox.plan.relation import Filter, Scan
from sandbox.plan.scalar import INTEGER, STRING, Column, Constant, In
from sandbox.products.verification.batch import NAMED, named, spelled
from sandbox.products.verification.claims import Claim
from sandbox.products.verification.counting import measure
from sandbox.products.verification.guessing import NEAR, Lately, place_of

BAND = Claim("turnover", "band", "turnover", "decimal(12,2)", cuts=(Decimal(10), Decimal(20)), bands=("s", "m", "l"))


@pytest.mark.parametrize(
    ("held", "word"),
    [("9.99", "s"), ("10", "m"), ("10.01", "m"), ("19.99", "m"), ("20", "l"), (None, "not_available")],
)
def test_a_cut_belongs_to_the_band_above_it(held: str | None, word: str) -> None:
    assert BAND.answer(None if held is None else Decimal(held), None) == word


def test_only_listed_values_may_be_asked_where_they_are_listed() -> None:
    """Else who asks value after value finds out what the record holds."""
    listed = Claim("grade_is", "equality", "grade", "string", values=("A", "B"))
    assert [listed.answer("A", listed.value(asked)) for asked in ("A", "B")] == ["true", "false"]
    with pytest.raises(Problem, match=r"may be asked of A, B\.") as refused:
        listed.value("C")
    assert refused.value.code == "field_invalid"
    assert Claim("grade_is", "equality", "grade", "string").value("C") == "C"


@pytest.mark.parametrize(
    ("kind", "first", "near", "far"),
    [
        ("cn_id", "11010519491231002X", "110105194912310038", "110105194912310556"),
        ("cn_uscc", "91110000MA00000015", "91110000MA0000011X", "91110000MA0000C004"),
        ("other", "A-1001", "B-1002", "A-1100"),
    ],
)
def test_numbers_that_follow_each_other_are_near_whatever_their_check_digits(
    kind: str, first: str, near: str, far: str
) -> None:
    lately = Lately()
    here, there, away = (place_of(kind, one) for one in (first, near, far))
    assert abs(here - there) == 1 < NEAR < abs(here - away)
    assert [lately.follows("a", kind, one) for one in (first, near, first, far)] == [False, True, True, False]
    assert not lately.follows("b", kind, near), "each user has walked by itself"


SPEC = {"subject": {"kind": "cn_uscc"}}
FIRMS = [code(number) for number in (101, 202, 303)]


def test_subjects_are_named_by_a_digest_that_nobody_can_try() -> None:
    """Without its salt a short list could be guessed from the plan, which the log commits to."""
    subjects = spelled(SPEC, FIRMS)
    assert named(subjects, "salt") == named(spelled(SPEC, FIRMS[::-1]), "salt")
    assert len({named(subjects, "salt"), named(subjects, "other"), named(subjects[:2], "salt")}) == 3


@pytest.mark.parametrize("changed", [{"subjects": FIRMS[:2]}, {"salt": "other"}])
def test_the_vault_counts_no_other_subjects_than_the_plan_names(changed: dict[str, Any]) -> None:
    scan = Scan("firms", 0, (Column("status", STRING), NAMED), 1)
    rows = Filter(scan, In(NAMED, (Constant(named(spelled(SPEC, FIRMS), "salt"), INTEGER),)))
    block = SimpleNamespace(rows=rows, measurements=(), bounds=SimpleNamespace(rows=1), keys=())

    def asked(**more: Any) -> Any:
        given = {"subjects": FIRMS, "salt": "salt"} | more
        return SimpleNamespace(
            spec=SPEC, request={"parameters": repr(given)}, version=None, names=b"", engine=Reached()
        )

    plan: Any = SimpleNamespace(blocks=[block])
    with pytest.raises(Reached):
        measure(asked(), plan)
    with pytest.raises(EngineFailed):
        measure(asked(**changed), plan)


class Reached(Exception):
    """Says that rows were asked for."""

    def rows(self, version: object, relation: object) -> None:
        raise self
