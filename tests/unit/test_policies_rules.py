"""The YAML rules: what they decide, and that a wrong file names its field."""

from __future__ import annotations

import pytest

from policies import grades, matters, purposes
from policies.document import Document, PolicyError, text
from policies.grades import Grades
from policies.roles import RULES, Roles


@pytest.mark.parametrize("grade", ["general", "important"])
def test_R2_general_and_important_data_are_allowed(grade):
    assert grades.refusal(grade) is None


@pytest.mark.parametrize("grade", ["core", "secret", "", None, "General", "top"])
def test_R2_core_secret_and_ungraded_data_are_refused(grade):
    assert grades.refusal(grade)


@pytest.mark.parametrize(
    ("name", "tier"),
    [
        ("state_secret", "forbidden"),
        ("StateSecrets", None),
        ("StateSecret", "forbidden"),
        ("涉密人员表", "forbidden"),
        ("genome", "limited"),
        ("人脸特征值", "limited"),
        ("interstate_secretary", None),
        ("income", None),
    ],
)
def test_R2_the_negative_list_has_two_tiers(name, tier):
    assert [listed.tier for listed in grades.negative(["age", name])] == ([tier] if tier else [])


def test_P1_only_industry_may_be_charged():
    assert purposes.PURPOSES.keys() - purposes.FREE == {"industry"}


def test_A3_an_operator_holds_no_managing_role():
    assert RULES.conflict(["user", "operator", "regulator"]) == ("operator", "regulator")
    assert RULES.conflict(["authoriser", "administration", "price_authority"]) is None
    assert RULES.conflict(["operator", "user"]) is None


def test_an_action_nobody_knows_is_no_permission():
    with pytest.raises(KeyError):
        RULES.allowed("party.crown")


@pytest.mark.parametrize(
    ("file", "make", "old", "new", "field"),
    [
        ("grades.yaml", Grades, "allowed: true", "allowed: maybe", "grades.general.allowed"),
        ("grades.yaml", Grades, "grade: important", "grade: core", "negative_list.limited.grade"),
        ("grades.yaml", Grades, "      - work secret", "      - state secret", "negative_list.forbidden.words"),
        ("grades.yaml", Grades, "    role: sensitive", "    role: secretive", "negative_list.limited.role"),
        ("grades.yaml", Grades, "    links: false", "    link: false", "roles.personal.links"),
        ("grades.yaml", Grades, "roles: [identifier, p", "roles: [king, p", "detection.kinds.identity_number.roles"),
        ("grades.yaml", Grades, "  sample: 2000", "  sample: many", "detection.sample"),
        ("grades.yaml", Grades, "    en: core data must", "    e: core data must", "grades.core.e"),
        ("matters.yaml", matters.read, "days: 15", "days: 0", "matters.objection.days"),
        ("matters.yaml", matters.read, "  demand:", "  demands:", "matters.demand"),
        ("purposes.yaml", purposes.read, "    zh: 公共治理\n", "", "purposes.public_governance.zh"),
        ("roles.yaml", Roles, "[operator, authoriser]", "[operator, king]", "actions.product.pause"),
        ("roles.yaml", Roles, "party.create: [authoriser]", "party.create:", "actions.party.create"),
    ],
)
def test_a_wrong_file_names_file_and_field(file, make, old, new, field):
    assert old in text(file)
    broken = text(file).replace(old, new, 1)
    with pytest.raises(PolicyError, match=rf"^{file}, line \d+: {field}: ") as caught:
        make(Document(file, broken))
    there = broken.splitlines()[caught.value.line - 1]
    parts = [part for part in field.split(".") if f"{part}:" in broken]
    assert any(f"{part}:" in there for part in parts[-2:]), there


def test_R2_the_line_of_what_is_wrong_is_named():
    with pytest.raises(PolicyError) as caught:
        Document("x.yaml", "a:\n  b:\n    c: 1\n").flag("a.b.c")
    assert str(caught.value) == "x.yaml, line 3: a.b.c: must be true or false"
    with pytest.raises(PolicyError, match=r"^x.yaml, line 3: a.b: stands there twice"):
        Document("x.yaml", "a:\n  b: 1\n  b: 2\n")


def test_what_is_no_yaml_is_said():
    with pytest.raises(PolicyError, match=r"^grades.yaml, line 1: the file: is not YAML"):
        Document("grades.yaml", "a: [")
