"""`sandbox serve`: starts web, vault and scribe, starts again what dies, and stops them together.

Processes are spawned, never forked. A process that keeps dying is started again ever later, up to ten seconds apart; a
scribe that stopped for the integrity of the log is not started again."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import structlog

from sandbox.bootstrap import check_ready_to_serve
from sandbox.errors import Problem
from sandbox.service.process import begin
from sandbox.service.scribe import INTEGRITY
from sandbox.settings import Settings

PARTS = ("scribe", "vault", "web")
LONGEST_PAUSE = 10.0
STEADY = 30.0
"""Seconds after which a process counts as steady and its next restart is immediate again."""

log = structlog.get_logger()


@dataclass
class Part:
    """One supervised process."""

    name: str
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    pause: float = 0.0
    ended: bool = field(default=False)


def serve(settings: Settings, begun: Callable[[], None]) -> None:
    """Run the service until SIGTERM or SIGINT; `begun` is called when it starts.

    Raises `Problem` before anything starts when the instance is not fit or the port is taken."""
    check_ready_to_serve(settings)
    _check_free(settings.host, settings.port)
    begun()
    stop = begin("supervisor", supervised=False)  # it outlives the terminal that started it
    environment = {**os.environ, **_environment(settings)}
    parts = [Part(name) for name in PARTS]
    try:
        while not stop.is_set():
            for part in parts:
                _watch(part, environment, stop)
            stop.wait(0.2)
    finally:
        _stop(parts)


def _check_free(host: str, port: int) -> None:
    """Refuse a port that is taken, as gunicorn would find only after its retries, and again and again."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        said = f"cannot listen on {host} port {port} ({error.strerror}); choose another with --host and --port"
        raise Problem("not_ready", said) from error


def _watch(part: Part, environment: dict[str, str], stop: threading.Event) -> None:
    """Start the part when it does not run and its pause is over."""
    if part.ended or (part.process is not None and part.process.poll() is None):
        return
    if part.process is not None:
        code, part.process = part.process.returncode, None
        log.warning("process ended", part=part.name, code=code)
        if part.name == "scribe" and code == INTEGRITY:
            part.ended = True
            return
        steady = time.monotonic() - part.started > STEADY
        part.pause = 0.0 if steady else min(LONGEST_PAUSE, max(0.2, part.pause * 2))
    if time.monotonic() - part.started < part.pause or stop.is_set():
        return
    command = [sys.executable, "-m", f"sandbox.service.{part.name}"]
    part.process = subprocess.Popen(command, env=environment)  # noqa: S603 – our own modules
    part.started = time.monotonic()


def _stop(parts: list[Part]) -> None:
    """Web first, so that nothing new comes; then the vault finishes what runs; the scribe seals the rest."""
    for part in reversed(parts):
        if part.process is None or part.process.poll() is not None:
            continue
        part.process.send_signal(signal.SIGTERM)
        try:
            part.process.wait(15)
        except subprocess.TimeoutExpired:
            part.process.kill()
            part.process.wait()


def _environment(settings: Settings) -> dict[str, str]:
    """The same settings for every part, whatever they came from."""
    return {f"SANDBOX_{name.upper()}": str(value) for name, value in settings if value is not None}
