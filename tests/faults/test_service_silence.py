"""Clients that fall silent in the middle of a request cannot keep others out for long."""

from __future__ import annotations

import socket
import time

import pytest

from sandbox.cli.demo.running import Instance
from sandbox.service.web import SILENCE

pytestmark = pytest.mark.service


def test_half_sent_requests_are_dropped() -> None:
    with Instance(settings={"SANDBOX_THREADS": "4"}) as instance:
        silent = [socket.create_connection(("127.0.0.1", instance.port), 5) for _ in range(4)]
        for connection in silent:
            connection.sendall(b"POST /api/v1/parties HTTP/1.1\r\nHost: x\r\n")
        time.sleep(0.5)
        started = time.monotonic()
        while not instance._ready():
            assert time.monotonic() - started < 6 * SILENCE, "the service is held by clients that say nothing"
            time.sleep(0.5)
        for connection in silent:
            connection.close()
