"""What is left, in questions; what a question takes, in sentences: true, bilingual, and blind to others and to data."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from sandbox.errors import Problem
from sandbox.privacy.accounts import left, loss_of, promised
from sandbox.privacy.records import Account
from sandbox.privacy.worth import LANGUAGES, SENTENCES, explain_cost, warning, worth

AT = datetime(2026, 3, 1, tzinfo=UTC)
ZERO = Decimal(0)
WHOLE = promised("p", None, Decimal(8), Decimal("1e-6"), False, None, AT)


def share(renew: str | None = None, pure: bool = False, spent: str = "0") -> Account:
    made = promised("p", "u", Decimal(4), ZERO if pure else Decimal("1e-7"), pure, renew, AT)
    return replace(made, loss_spent=loss_of(made, Decimal(spent)) if Decimal(spent) else ZERO)


@pytest.mark.parametrize("account", [share(), share(spent="3.9"), share(pure=True), share(pure=True, spent="3.2")])
def test_as_many_questions_as_said_and_not_one_more(account: Account) -> None:
    for said in worth(account)["questions"]:
        cost = loss_of(account, Decimal(said["epsilon"]))
        rest = account.loss_total - account.loss_spent
        assert said["count"] * cost <= rest < (said["count"] + 1) * cost


@pytest.mark.parametrize(
    ("account", "words"),
    [
        (share(), r"about 49 more questions at ε 0\.5\.$"),
        (share(spent="1"), r"at ε 0\.5\. Spent and left add up in ρ, not in ε: "),
        (share(pure=True), r"about 8 more questions at ε 0\.5\.$"),
        (share(pure=True, spent="3.5"), r"about 1 more question at ε 0\.5\.$"),
        (share(pure=True, spent="3.8"), r"does not pay for a question at ε 0\.5; .* at ε 0\.2\.$"),
        (share(pure=True, spent="4"), r"^Nothing is left\.$"),
        (share("P1Y", pure=True, spent="4"), r"^Nothing is left\. The share renews at 2027-03-01T00:00:00"),
    ],
)
def test_the_sentence_says_what_is_left(account: Account, words: str) -> None:
    assert re.search(words, worth(account)["sentence"]["en"])
    assert worth(account)["sentence"]["zh"].endswith("。")


def test_both_languages_say_the_same_things() -> None:
    assert tuple(SENTENCES) == LANGUAGES
    slots = [{kind: sorted(set(re.findall(r"{\w+}", said)) - {"{questions}"}) for kind, said in SENTENCES[one].items()}
             for one in LANGUAGES]  # fmt: skip
    assert slots[0] == slots[1]


def test_a_cost_is_explained_with_what_it_leaves() -> None:
    account = share("P1Y", spent="1")
    rho = loss_of(account, Decimal("0.5"))
    said = " ".join(explain_cost(account, WHOLE, rho, Decimal("1e-9")))
    assert "costs ε 0.5 (ρ 0.005" in said and "takes δ 0.000000001 of the δ 0.00000005" in said
    after = left(replace(account, loss_spent=account.loss_spent + rho))["epsilon"]
    assert f"one question at up to ε {after}." in said
    assert "renews at 2027-03-01" in said and "spent ε 1 so far" in said and "ε 8, δ 0.000001 in all" in said


def test_free_too_dear_and_pure_are_said() -> None:
    account = share()
    assert explain_cost(account, WHOLE, ZERO, ZERO) == ["It costs no privacy: you hold this answer already."]
    assert "does not suffice" in " ".join(explain_cost(account, WHOLE, account.loss_total * 2, ZERO))
    assert "too little δ" in " ".join(explain_cost(account, WHOLE, Decimal("0.001"), Decimal("1e-7")))
    pure = explain_cost(share(pure=True), share(pure=True), Decimal("0.1"), ZERO, pure=Decimal("0.5"))
    assert pure[0].startswith("It costs ε 0.5 of your share") and not any("ρ" in line or "δ" in line for line in pure)
    chinese = explain_cost(account, WHOLE, Decimal("0.001"), ZERO, language="zh")
    assert len(chinese) >= 4 and all(line.endswith("。") for line in chinese)
    with pytest.raises(Problem, match="field_invalid"):
        explain_cost(account, WHOLE, ZERO, ZERO, language="fr")


def test_no_sentence_tells_what_others_spent() -> None:
    account, rho = share(), Decimal("0.001")
    emptied = replace(WHOLE, loss_spent=WHOLE.loss_total, delta_spent=WHOLE.delta_pool)
    assert explain_cost(account, WHOLE, rho, ZERO) == explain_cost(account, emptied, rho, ZERO)


@pytest.mark.parametrize(
    ("account", "level"),
    [
        (share(), None),
        (share(pure=True, spent="3.19"), None),
        (share(pure=True, spent="3.2"), "low"),
        (share(pure=True, spent="3.8"), "nearly_exhausted"),
        (share(pure=True, spent="4"), "exhausted"),
        (replace(share(), delta_spent=share().delta_pool * Decimal("0.9")), "low"),
        (replace(share(), delta_held=share().delta_pool), "exhausted"),
    ],
)
def test_U7_little_that_is_left_is_warned_of(account: Account, level: str | None) -> None:
    said = warning(account)
    assert (said and said["level"]) == level
    assert said is None or set(said["sentence"]) == set(LANGUAGES)


def test_U7_a_cost_says_how_many_more_answers_like_this_one_are_left() -> None:
    account = share(pure=True)
    said = " ".join(explain_cost(account, account, Decimal("0.1"), ZERO, pure=Decimal("0.5")))
    assert "about 7 more answers like this one" in said
    few = explain_cost(share(), WHOLE, Decimal("0.0001"), share().delta_pool * Decimal("0.3"))
    assert any("about 2 more answers" in line for line in few), "δ is what runs out first"
