"""Each format goes the whole way, from the request through spool and vault into a version; hostile workbooks do not."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from estate import PEOPLE, Estate, estate, registration, table
from werkzeug.test import TestResponse

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
SHEET = "xl/worksheets/sheet1.xml"


def parquet() -> bytes:
    sink = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(PEOPLE), sink)
    return sink.getvalue()


def workbook() -> bytes:
    book, sink = openpyxl.Workbook(), io.BytesIO()
    for row in ([*PEOPLE[0]], *(list(person.values()) for person in PEOPLE)):
        book.active.append(row)
    book.save(sink)
    return sink.getvalue()


def with_sheet(change: Callable[[bytes], bytes]) -> bytes:
    """The workbook with its sheet's XML changed."""
    whole, sink = zipfile.ZipFile(io.BytesIO(workbook())), io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as out:
        for name in whole.namelist():
            out.writestr(name, change(whole.read(name)) if name == SHEET else whole.read(name))
    return sink.getvalue()


def with_entities(declared: str, use: str) -> bytes:
    head = f"<!DOCTYPE worksheet [{declared}]>".encode()
    return with_sheet(lambda xml: head + xml.replace(b"<v>1</v>", f"<v>{use}</v>".encode(), 1))


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Estate]:
    with estate(tmp_path_factory.mktemp("formats") / "home") as made:
        yield made


@contextmanager
def registered(box: Estate, name: str, content: bytes, media: str) -> Iterator[TestResponse]:
    parts = {"metadata": (io.BytesIO(json.dumps(registration(name)).encode()), "m.json", "application/json")}
    with box.working():
        yield box.web.call("POST", "/resources", data={**parts, name: (io.BytesIO(content), "f", media)})


@pytest.mark.parametrize(
    ("name", "content", "media"),
    [
        ("csv", table(), "text/csv"),
        ("parquet", parquet(), "application/vnd.apache.parquet"),
        ("xlsx", workbook(), XLSX),
    ],
)
def test_every_format_is_read_in(box: Estate, name: str, content: bytes, media: str) -> None:
    with registered(box, name, content, media) as answer:
        assert answer.status_code == 201, answer.json
        assert answer.json["report"]["tables"][name]["rows_kept"] == len(PEOPLE)
    assert not list(box.settings.spool_folder.iterdir())


LAUGHS = '<!ENTITY a0 "9">' + "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 12))


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("laughs", with_entities(LAUGHS, "&a11;")),
        ("external", with_entities('<!ENTITY x SYSTEM "file:///etc/hostname">', "&x;")),
        ("unreadable", with_sheet(lambda xml: xml[:100])),
        ("other_zip", with_sheet(lambda _: b"")),
    ],
)
def test_a_hostile_workbook_is_refused_and_leaves_nothing(box: Estate, name: str, content: bytes) -> None:
    before = {path.name for path in box.settings.data_folder.iterdir()}
    with registered(box, name, content, XLSX) as answer:
        assert (answer.status_code, answer.json["code"]) == (422, "table_malformed"), answer.json
    assert {path.name for path in box.settings.data_folder.iterdir()} == before
    assert not list(box.settings.spool_folder.iterdir())


def test_a_workbook_that_understates_its_size_loses_no_row(box: Estate) -> None:
    stale = with_sheet(lambda xml: re.sub(rb'<dimension ref="[^"]*"', b'<dimension ref="A1:D10"', xml))
    with registered(box, "stale", stale, XLSX) as answer:
        assert answer.status_code == 201, answer.text
        assert answer.json["report"]["tables"]["stale"]["rows_read"] == len(PEOPLE)
