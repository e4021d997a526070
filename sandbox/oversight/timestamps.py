"""RFC 3161 timestamps over the text of a checkpoint: that the log was so at a time that somebody else vouches for."""

from __future__ import annotations

from datetime import datetime

import httpx
from cryptography.x509 import load_pem_x509_certificates
from rfc3161_client import (
    HashAlgorithm,
    TimestampRequestBuilder,
    VerificationError,
    VerifierBuilder,
    decode_timestamp_response,
)

from sandbox.errors import Problem
from sandbox.transparency.notes import split_note

PATIENCE_S = 10
MOST_BYTES = 100_000
QUERY, REPLY = "application/timestamp-query", "application/timestamp-reply"


def ask(url: str, note: str, transport: httpx.BaseTransport | None = None) -> bytes:
    """Give the answer of the timestamping authority at `url` over the text of the checkpoint `note`.

    Raises `Problem(not_ready)` when it does not answer, or answers something else."""
    request = TimestampRequestBuilder().data(_text(note)).hash_algorithm(HashAlgorithm.SHA256).build()
    try:
        with httpx.Client(timeout=PATIENCE_S, transport=transport) as client:
            response = client.post(url, content=request.as_bytes(), headers={"Content-Type": QUERY, "Accept": REPLY})
        response.raise_for_status()
        answer = decode_timestamp_response(response.content)
        said = answer.tst_info
        if len(response.content) > MOST_BYTES or answer.status != 0 or said.nonce != request.nonce:
            raise ValueError("another answer")
        if said.message_imprint.message != request.message_imprint.message:
            raise ValueError("another text")
    except (httpx.HTTPError, ValueError, httpx.InvalidURL) as error:
        raise Problem("not_ready", "the timestamping authority gives no timestamp; try again later") from error
    return response.content


def verify(answer: bytes, note: str, roots_pem: bytes) -> datetime:
    """Give when the authority saw the text of the checkpoint `note`.

    `roots_pem` are the authority's trusted root certificates. Raises `Problem(field_invalid)` that says what is wrong.
    """
    try:
        builder = VerifierBuilder()
        for root in load_pem_x509_certificates(roots_pem):
            builder = builder.add_root_certificate(root)
        decoded = decode_timestamp_response(answer)
        builder.build().verify_message(decoded, _text(note))
        moment: datetime = decoded.tst_info.gen_time
        return moment
    except (VerificationError, ValueError) as error:
        raise Problem("field_invalid", f"the timestamp does not verify: {error}") from error


def _text(note: str) -> bytes:
    return split_note(note)[0].encode()
