"""Asking: waiting for the job, and what an answer offers."""

from __future__ import annotations

import httpx
import pytest

from sandbox.client import Answer, Client, ask
from sandbox.errors import Problem

RESULT = {
    "job": "job_1",
    "columns": [
        {"name": "sex", "type": "string", "role": "key"},
        {"name": "n", "type": "integer", "mechanism": "discrete gaussian", "scale": "4.1", "error_95": "8.0"},
    ],
    "rows": [["f", 501], ["m", None]],
    "privacy": {"epsilon": "1.47", "left": {"epsilon": "3.0"}},
    "notes": [],
    "fee": "1.20",
}


STOPPED = {"code": "emergency_stop", "detail": "an emergency stop is in force", "status": 403}


def service(*states: str) -> Client:
    """A service whose job goes through `states`."""
    left, void = list(states), "void" in states

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/result"):
            return httpx.Response(200, json=RESULT) if not void else httpx.Response(403, json=STOPPED)
        if request.url.path.endswith("/receipt"):
            return httpx.Response(200, text="a receipt")
        return httpx.Response(200, json={"id": "job_1", "status": left.pop(0)})

    return Client("http://service", "sbx_k", transport=httpx.MockTransport(answer))


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ask.time, "sleep", lambda _: None)


def test_a_question_is_waited_for() -> None:
    answer = service("queued", "running", "sealing", "done").query("sub", "SELECT …", epsilon=0.5)
    assert answer.rows == RESULT["rows"]
    assert answer.receipt.text == "a receipt"


def test_a_job_that_was_called_off_says_by_what() -> None:
    with pytest.raises(Problem, match="in force") as caught:
        service("queued", "void").query("sub", "SELECT …")
    assert caught.value.code == "emergency_stop"


@pytest.mark.parametrize("state", ["failed", "refused"])
def test_a_job_that_did_not_end_well_is_a_problem(state: str) -> None:
    with pytest.raises(Problem, match=state) as caught:
        service("running", state).query("sub", "SELECT …")
    assert caught.value.code == "execution_failed"


def test_waiting_ends() -> None:
    with pytest.raises(Problem, match="job_1") as caught:
        service("running").query("sub", "SELECT …", timeout=-1)
    assert caught.value.code == "job_not_finished"


def test_errors_and_intervals_belong_to_the_measured_columns() -> None:
    answer = Answer(RESULT, "a receipt")
    assert answer.errors == {"n": 8.0}
    first, empty = answer.intervals("n")
    assert first is not None
    assert (first.lower, first.value, first.upper) == (493, 501, 509)
    assert empty is None


def test_a_data_frame_carries_the_errors() -> None:
    frame = Answer(RESULT, "a receipt").to_pandas()
    assert list(frame.columns) == ["sex", "n"]
    assert frame.attrs["errors"] == {"n": 8.0}


def test_intervals_are_cut_where_the_true_value_cannot_lie() -> None:
    measured = {"name": "score", "type": "decimal", "error_95": "3.1", "least": "60", "most": "100"}
    counted = {"name": "n", "type": "integer", "error_95": "8", "least": "0"}
    free = {"name": "change", "type": "integer", "error_95": "8"}
    rows = [[99.5, 3, 3], [61, 50, -20], [75, -20, 0]]
    answer = Answer({**RESULT, "columns": [measured, counted, free], "rows": rows}, "a receipt")

    def bounds(name: str) -> list[tuple[float, float]]:
        return [(one.lower, one.upper) for one in answer.intervals(name) if one is not None]

    assert bounds("score")[:2] == [(96.4, 100), (60, 64.1)]
    assert bounds("n") == [(0, 11), (42, 58), (0, 8)]  # never an interval without width
    assert bounds("change") == [(-5, 11), (-28, -12), (-8, 8)]


def test_intervals_by_row_where_the_answer_has_them() -> None:
    columns = [*RESULT["columns"], {"name": "mean", "type": "decimal", "error_95": "2.0", "least": "0"}]
    rows, errors = [["f", 501, 10.0], ["m", 3, 4.0], ["x", 0, None]], [[None, "8.0", "0.5"], [None, "8.0", "7.0"]]
    answer = Answer({**RESULT, "columns": columns, "rows": rows, "errors": [*errors, [None, "8.0", None]]}, "a receipt")
    assert answer.row_errors("mean") == [0.5, 7.0, None] and answer.row_errors("n") == [8.0, 8.0, 8.0]
    first, second, third = answer.intervals("mean")
    assert first is not None and (first.lower, first.upper) == (9.5, 10.5)
    assert second is not None and (second.lower, second.upper) == (0.0, 11.0)
    assert third is None
    frame = answer.to_pandas(errors=True)
    assert list(frame.columns) == ["sex", "n", "n_error_95", "mean", "mean_error_95"]
    assert frame["mean_error_95"][1] == 7.0


def test_older_answers_have_one_width_for_all_rows() -> None:
    assert Answer(RESULT, "a receipt").row_errors("n") == [8.0, 8.0]
