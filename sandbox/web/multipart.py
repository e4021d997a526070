"""Multipart bodies as they stream in: nothing is kept in memory or on disk here."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, cast

from flask import request
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.http import parse_options_header
from werkzeug.sansio.multipart import Data, Epilogue, Event, Field, File, MultipartDecoder, NeedData

from sandbox.errors import Problem
from sandbox.web.reading import JSON_LIMIT, read_json

CHUNK = 1 << 16
UNPARSED = 1 << 20
"""Most bytes that may wait to be understood: an endless part header must not fill the memory."""

GENERIC = {"", "application/octet-stream", "text/plain", "application/vnd.ms-excel"}
FORMATS = {
    "text/csv": "csv",
    "application/csv": "csv",
    "application/vnd.apache.parquet": "parquet",
    "application/x-parquet": "parquet",
    "application/parquet": "parquet",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
}
SUFFIXES = {"csv", "parquet", "xlsx"}


@dataclass(frozen=True)
class Part:
    """One part; its `stream` must be read before the next part is asked for (what is left is skipped)."""

    name: str
    filename: str | None
    media: str
    stream: IO[bytes]

    @property
    def format(self) -> str:
        """csv, parquet or xlsx, by content type or, when that says nothing, by file name.

        Raises `Problem(media_type_unsupported)`."""
        suffix = (self.filename or "").rpartition(".")[2].lower()
        if self.media in FORMATS:
            return FORMATS[self.media]
        if self.media in GENERIC and suffix in SUFFIXES:
            return suffix
        raise Problem(
            "media_type_unsupported",
            f"part {self.name}: send a CSV, Parquet or XLSX file (.csv, .parquet, .xlsx) with its Content-Type",
        )

    def json(self) -> object:
        """Read the part as JSON. Raises malformed_request, upload_too_large."""
        data = self.stream.read(JSON_LIMIT + 1)
        if len(data) > JSON_LIMIT:
            raise Problem("upload_too_large", f"part {self.name} is larger than {JSON_LIMIT:,} bytes; shorten it")
        return read_json(data)


def parts(most: int) -> Iterator[Part]:
    """Give the parts of the present request in order. Raises media_type_unsupported, malformed_request (no multipart
    body, cut off, a name twice), upload_too_large (more than `most` parts)."""
    media, options = parse_options_header(request.headers.get("Content-Type"))
    if media != "multipart/form-data":
        raise Problem("media_type_unsupported", "send the body as multipart/form-data")
    if not options.get("boundary"):
        raise Problem("malformed_request", "the multipart body has no boundary; let your HTTP library write the header")
    request.max_content_length = None  # each part has its own limit
    events = _events(options["boundary"].encode())
    seen: set[str] = set()
    for event in events:
        if not isinstance(event, (Field, File)):
            continue
        if not event.name or event.name in seen or not event.name.isprintable():
            raise Problem("malformed_request", "give each part of the multipart body a name of its own")
        seen.add(event.name)
        if len(seen) > most:
            raise Problem("upload_too_large", f"send at most {most} parts")
        stream = _PartStream(events)
        kind = parse_options_header(event.headers.get("Content-Type"))[0].lower()
        yield Part(event.name, getattr(event, "filename", None), kind, cast(IO[bytes], stream))
        while stream.read(CHUNK):
            pass


def _events(boundary: bytes) -> Iterator[Event]:
    decoder = MultipartDecoder(boundary, max_form_memory_size=UNPARSED)
    try:
        while not isinstance(event := decoder.next_event(), Epilogue):
            if isinstance(event, NeedData):
                decoder.receive_data(request.stream.read(CHUNK) or None)
            else:
                yield event
    except (ValueError, OSError, RequestEntityTooLarge):  # OSError: the line broke
        raise Problem("malformed_request", "the multipart body is damaged or cut off; send it again") from None


class _PartStream(io.RawIOBase):
    """The data events of one part as a readable stream."""

    def __init__(self, events: Iterator[Event]) -> None:
        self._events, self._left, self._more = events, b"", True

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        taken = [self._left]
        length = len(self._left)
        while self._more and (size < 0 or length < size):
            event = next(self._events)
            assert isinstance(event, Data)
            taken.append(event.data)
            length += len(event.data)
            self._more = event.more_data
        whole = b"".join(taken)
        cut = len(whole) if size < 0 else size
        self._left = whole[cut:]
        return whole[:cut]
