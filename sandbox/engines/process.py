"""A child process as its parent sees it: asked one thing at a time, killed when it is late.

Spawned, never forked: the parent has threads and secrets. The child gets a private folder and a bare environment;
keys and questions travel through the pipe, never through arguments or the environment.
"""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock

import sandbox
from sandbox.engines.frames import exchange

ROOT = Path(sandbox.__file__).resolve().parent.parent


PIPE = 1 << 20


class ChildLost(Exception):
    """The child died, was late or sent half a message. Says nothing more: the reason could depend on data."""


class Child:
    """A running `python -m module` that answers frames, one question after the other."""

    def __init__(self, module: str, *arguments: str) -> None:
        self._folder = TemporaryDirectory(prefix="sandbox-child-", ignore_cleanup_errors=True)
        self._process = subprocess.Popen(  # noqa: S603 – our own interpreter and module
            [sys.executable, "-P", "-m", module, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # a library's message could quote a row
            cwd=self._folder.name,
            env={"PYTHONPATH": str(ROOT), "LANG": "C.UTF-8", "TZ": "UTC", "TMPDIR": self._folder.name},
            start_new_session=True,
            bufsize=0,
        )
        self._asking = Lock()
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            os.set_blocking(pipe.fileno(), False)
            with suppress(OSError):  # where the system has so much to spare: answers of megabytes take few turns then
                fcntl.fcntl(pipe.fileno(), fcntl.F_SETPIPE_SZ, PIPE)

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def ask(self, question: bytes, seconds: float) -> bytes:
        """Send `question`, give the answer; raises `ChildLost`, and then the child is dead."""
        assert self._process.stdin is not None and self._process.stdout is not None
        try:
            with self._asking:
                answer = exchange(self._process.stdin.fileno(), self._process.stdout.fileno(), question, seconds)
        except (OSError, ValueError):  # the pipe broke, or was closed before
            answer = None
        if answer is None:
            self.close()
            raise ChildLost
        return answer

    def close(self) -> None:
        """Kill the child, with what it started, and remove its folder; may be called twice."""
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)  # the child leads a group of its own
        self._process.wait()
        with (
            self._asking
        ):  # who waits for an answer sees the end first: a handle that is closed may come to mean another file
            for pipe in (self._process.stdin, self._process.stdout):
                if pipe is not None:
                    pipe.close()
        self._folder.cleanup()
