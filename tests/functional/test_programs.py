"""Programs over HTTP: published, asked, billed, joined, traced; what they cannot be is refused in words."""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal

import pytest
from program_town import SPEC, ProgramTown, found, offered
from programs import needs_isolation

from sandbox.cli.demo.running import Instance
from sandbox.errors import Problem

pytestmark = [pytest.mark.service, needs_isolation]
MANY = 40


@pytest.fixture(scope="module")
def town(instance: Instance, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ProgramTown]:
    yield found(instance, tmp_path_factory.mktemp("programs"), users=2)


def test_U4_a_program_walks_as_every_job_does(town: ProgramTown) -> None:
    (user, subscription), (other, theirs) = town.users
    estimate = user.estimate(subscription, epsilon=30)
    assert Decimal(estimate["fee"]) == 5 and any("sandbox" in said for said in estimate["explain"]["en"])
    widths = {one["name"]: one["error_95"] for one in estimate["expected"]}
    assert widths["typical"] is None and float(widths["spent"]) > 0
    answer = user.query(subscription, epsilon=30)
    spent, typical, visits = (float(value) for value in answer.result["rows"][0])
    totals: dict[int, float] = defaultdict(float)
    for person, _, cost in town.rows:
        totals[person] += cost
    assert abs(spent - statistics.mean(totals.values())) < 4 * float(widths["spent"]) + 10
    assert abs(visits - len(town.rows) / SPEC["blocks"]) < 4 * float(widths["visits"])
    assert 0 < typical < 400
    assert any("blocks" in note for note in answer.notes)
    answer.receipt.verify(town.instance.log_key.read_text())
    assert answer.fee == "5.00" and user.query(subscription, epsilon=30).fee == "0"
    assert user.query(subscription, epsilon=30).result["rows"] == answer.result["rows"]
    joined = other.query(theirs, epsilon=30)
    assert joined.fee == "5.00" and joined.result["errors"] == answer.result["errors"]
    assert len(user.usage()) == 3 and sum(Decimal(one["fee"]) for one in user.usage()) == 5


def test_parameters_choose_and_nothing_else_is_taken(town: ProgramTown) -> None:
    user, subscription = town.users[0]
    whole, eye = (
        float(user.query(subscription, epsilon=300, parameters={"dept": dept}).result["rows"][0][2])
        for dept in ("all", "eye")
    )
    share = sum(dept == "eye" for _, dept, _ in town.rows) / len(town.rows)
    assert abs(eye / whole - share) < 0.1
    for asked, say in (
        ({"parameters": {"dept": "ear"}}, "write one of all, eye, skin"),
        ({"parameters": {"ward": "1"}}, "write one of dept"),
        ({"sql": "SELECT 1"}, "Field sql: a program has none"),
        ({"mode": "rows"}, "Field mode"),
        ({"epsilon": "-1"}, "a number above 0"),
    ):
        with pytest.raises(Problem, match=say):
            user.estimate(subscription, **{"epsilon": "1", **asked})


@pytest.mark.parametrize(
    ("changed", "say"),
    [
        ({"code": "import requests\ndef program(rows, parameters): return 1"}, "there is no requests to import"),
        ({"code": "def program(rows): return 1"}, "define one function"),
        (
            {"outputs": [{"name": "n", "lower": 0, "upper": 9, "combine": "most"}]},
            'or a share of the blocks such as "0.9"',
        ),
        ({"code": "def program(rows, parameters):\nreturn"}, "not Python, in line 2"),
        ({"sql": "SELECT COUNT(*) FROM visits"}, "Rows of a protected table are wanted here"),
        ({"sql": "SELECT cost AS unit FROM visits"}, "give the column another name"),
        ({"outputs": [{"name": "a", "lower": 1, "upper": 0}]}, "write lower below upper"),
        ({"blocks": 600, "seconds": "2"}, "at most 600 seconds together"),
        ({"limits": 1}, "Field spec.limits"),
    ],
)
def test_what_cannot_run_is_refused_when_it_is_packaged(
    town: ProgramTown, changed: dict[str, object], say: str
) -> None:
    with pytest.raises(Problem, match=say) as refused:
        town.operator.create_product(town.grant, "x", [town.resource], "program", {**SPEC, **changed})
    assert refused.value.code in ("field_invalid", "sql_not_allowed")


def test_who_asks_sees_the_code_that_answers(town: ProgramTown) -> None:
    user, _ = town.users[0]
    assert user.product(town.product)["spec"]["code"] == SPEC["code"]


def test_doctor_says_whether_programs_can_be_kept_in(town: ProgramTown) -> None:
    assert "each block in a sandbox of its own" in town.instance.command("doctor")


def test_every_copy_has_its_own_marks_and_it_is_said_that_they_are_too_few(town: ProgramTown) -> None:
    """So many means at so little noise differ from copy to copy, within what the errors say."""
    code = f"def program(rows, parameters):\n    return {{f'n{{at}}': 500 + at * 7 for at in range({MANY})}}"
    outputs = [{"name": f"n{at}", "lower": 0, "upper": 1000, "scale": 3} for at in range(MANY)]
    many = offered(town, {**SPEC, "code": code, "outputs": outputs, "parameters": {}, "blocks": 2}, users=2)
    first, second = (user.query(subscription, epsilon=4) for user, subscription in many.users)
    copies = [[float(value) for value in one.result["rows"][0]] for one in (first, second)]
    errors = [float(error) for error in first.result["errors"][0]]
    moved = [abs(a - b) / error for a, b, error in zip(*copies, errors, strict=True)]
    assert sum(move > 0 for move in moved) > MANY / 4 and max(moved) < 1
    assert "too few to name anybody" in many.users[0][0].product(many.product)["traceable"]["en"]
    assert any("name nobody" in note for note in first.notes)
