"""How requests are read: strict JSON, parts as they stream, the wish to wait."""

from __future__ import annotations

import io
import time
from collections.abc import Iterator

import pytest
from flask import Flask, request
from gunicorn.http.errors import NoMoreData
from pydantic import ValidationError

from sandbox.errors import Problem
from sandbox.web.kept import Kept
from sandbox.web.multipart import parts
from sandbox.web.reading import read_json
from sandbox.web.waiting import SEATS, preferred, seats, until
from sandbox.wire.parties import PartyIn

CSV = ("b.csv", "text/csv")


@pytest.mark.parametrize(
    "text",
    [
        *("", "{", "NaN", "[Infinity]", "[1e999]", '"\\u0000"', '{"a\\u0000": 1}', '"\\ud800"', "\xff", "[" * 100_000),
        *('{"a": 1, "a": 2}', '[{"b": {"a": 1, "a": 1}}]', "[" * 51 + "]" * 51, '{"a":' * 300 + "1" + "}" * 300),
    ],
)
def test_what_is_not_clean_json_is_malformed(text: str) -> None:
    with pytest.raises(Problem) as refused:
        read_json(text.encode("latin-1"))
    assert refused.value.code == "malformed_request"


def test_clean_json_is_read() -> None:
    assert read_json('{"名": [1, 2.5, null]}'.encode()) == {"名": [1, 2.5, None]}
    assert read_json(rb'"\\u0000"') == r"\u0000"
    assert read_json(b"[" * 50 + b"]" * 50)


def read(body: bytes, boundary: str = "b", media: str = "multipart/form-data", most: int = 9) -> dict[str, bytes]:
    headers = {"Content-Type": f"{media}; boundary={boundary}"}
    with Flask("t").test_request_context("/", method="POST", input_stream=io.BytesIO(body), headers=headers):
        return {part.name: part.stream.read() for part in parts(most)}


def form(*named: tuple[str, bytes], end: bytes = b"--b--\r\n") -> bytes:
    head = 'Content-Disposition: form-data; name="{}"; filename="f.csv"\r\nContent-Type: text/csv\r\n\r\n'
    return b"".join(b"--b\r\n" + head.format(name).encode() + data + b"\r\n" for name, data in named) + end


def test_parts_come_whole_and_in_order() -> None:
    large = bytes(range(256)) * 2000
    assert read(form(("a", b"x"), ("b", large), ("c", b""))) == {"a": b"x", "b": large, "c": b""}


def test_an_unread_part_is_skipped() -> None:
    body = form(("a", b"x" * 200_000), ("b", b"y"))
    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    with Flask("t").test_request_context("/", method="POST", input_stream=io.BytesIO(body), headers=headers):
        assert [part.name for part in parts(9)] == ["a", "b"]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (form(("a", b"x"), end=b""), "malformed_request"),
        (form(("a", b"x"), ("a", b"y")), "malformed_request"),
        (b"nothing of the kind", "malformed_request"),
        (b"--b\r\nX: " + b"x" * (2 << 20), "malformed_request"),
        (form(*((str(i), b"x") for i in range(10))), "upload_too_large"),
    ],
)
def test_bad_bodies(body: bytes, code: str) -> None:
    with pytest.raises(Problem) as refused:
        read(body)
    assert refused.value.code == code


def test_another_content_type_is_not_taken() -> None:
    with pytest.raises(Problem) as refused:
        read(form(("a", b"x")), media="application/json")
    assert refused.value.code == "media_type_unsupported"


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("", 0), ("wait=30", 30), ("respond-async, wait=7", 7), ("wait", 60), ("wait=9999", 60), ("wait=soon", 0)],
)
def test_the_wish_to_wait(header: str, seconds: float) -> None:
    with Flask("t").test_request_context("/", headers={"Prefer": header}):
        assert preferred() == seconds


@pytest.fixture
def app() -> Iterator[Flask]:
    made = Flask("t")
    made.config[SEATS] = seats(4)
    with made.app_context():
        yield made


def test_waiting_looks_at_least_once_and_ends(app: Flask) -> None:
    looks = iter([False, False, True])
    assert until(lambda: next(looks), 5)
    assert until(lambda: True, 0)
    assert not until(lambda: False, 0.05)


def test_those_who_wait_leave_half_of_the_threads_free(app: Flask) -> None:
    for _ in range(2):
        app.config[SEATS].acquire()
    begun = time.monotonic()
    assert not until(lambda: False, 30) and until(lambda: True, 30)
    app.config[SEATS].release()
    assert not until(lambda: False, 0.05) and not until(lambda: False, 0.05)  # a seat that was left is free again
    assert time.monotonic() - begun < 25  # who is given no seat waits none of the thirty seconds


class Broken(io.RawIOBase):
    """A line that breaks, as gunicorn tells it."""

    def readable(self) -> bool:
        return True

    def readinto(self, _: object) -> int:
        raise NoMoreData(b"")


def test_an_upload_whose_line_breaks_is_malformed() -> None:
    with Flask("t").test_request_context(
        "/", method="POST", headers={"Content-Type": "multipart/form-data; boundary=b"}
    ):
        request.environ |= {"wsgi.input": Broken(), "wsgi.input_terminated": True}
        with pytest.raises(Problem) as refused:
            list(parts(9))
    assert refused.value.code == "malformed_request"


def test_what_is_kept_is_made_once_and_a_failure_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    made, clock = iter(range(9)), [7.0]
    monkeypatch.setattr("time.monotonic", lambda: clock[0])
    kept = Kept(5)
    with pytest.raises(ZeroDivisionError):
        kept.get(lambda: 1 / 0)
    assert [kept.get(lambda: next(made)) for _ in range(3)] == [0, 0, 0]
    clock[0] += 4.9
    assert kept.get(lambda: next(made)) == 0
    clock[0] += 0.2
    assert kept.get(lambda: next(made)) == 1


@pytest.mark.parametrize("blank", ["", " ", "\u3000\n"])
def test_a_name_of_blanks_is_no_name(blank: str) -> None:
    with pytest.raises(ValidationError):
        PartyIn(name=blank, roles=["user"])
