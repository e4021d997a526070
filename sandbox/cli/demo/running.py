"""A real instance of its own for a story or a test: temporary home, free port, the service as a child process."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from sandbox.client import Client
from sandbox.errors import Problem

PATIENCE = 300  # seconds until the service has to be ready; three on an idle machine


class Instance:
    """A running service. `folder` holds the home and its keys; leaving the context stops the service and, without
    `keep`, removes the folder. `settings` are further `SANDBOX_*` variables, `init` further options of its making."""

    def __init__(
        self, *, keep: bool = False, settings: Mapping[str, str] | None = None, init: tuple[str, ...] = ()
    ) -> None:
        self.keep, self._init = keep, init
        self.folder = Path(tempfile.mkdtemp(prefix="sandbox-demo-"))
        self.home = self.folder / "home"
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        clean = {name: value for name, value in os.environ.items() if not name.startswith("SANDBOX_")}
        own = {"SANDBOX_HOME": str(self.home), "PYTHONUNBUFFERED": "1"}
        self._environment = {**clean, **own, **(settings or {})}
        self._service: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        try:
            self.authority_key: str = json.loads(self.command("init", str(self.home), *self._init, "--json"))[
                "authority_key"
            ]
            self.start()
        except BaseException:
            self._clear()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._clear()

    @property
    def log_key(self) -> Path:
        """The file with the log's public key."""
        return self.home / "log.pub"

    def client(self, key: str | None) -> Client:
        """Give a client of this service."""
        return Client(self.url, key)

    def command(self, *arguments: str) -> str:
        """Run a `sandbox` command on this instance and give its output; raises `Problem` when it fails."""
        done = subprocess.run(  # noqa: S603 – our own interpreter and our own command
            [sys.executable, "-m", "sandbox.cli", *arguments],
            env=self._environment,
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise Problem("execution_failed", f"sandbox {' '.join(arguments)}: {done.stderr.strip()[-2000:]}")
        return done.stdout

    def start(self) -> None:
        """Start the service and wait until it is ready; raises `Problem` as `wait_until_ready` does."""
        with (self.folder / "service.log").open("ab") as log:
            self._service = subprocess.Popen(  # noqa: S603 – our own interpreter and our own command
                [sys.executable, "-m", "sandbox.cli", "serve", "--port", str(self.port)],
                env=self._environment,
                cwd=self.folder,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C reaches the story, which then stops the service in order
            )
        self.wait_until_ready()

    def wait_until_ready(self) -> None:
        """Wait until the service takes questions; raises `Problem` with the end of its log when it does not."""
        end = time.monotonic() + PATIENCE
        while self._service is not None and self._service.poll() is None and time.monotonic() < end:
            if self._ready():
                return
            time.sleep(0.1)
        said = (self.folder / "service.log").read_text(errors="replace")[-2000:]
        raise Problem("not_ready", f"the service is not ready: {said}")

    def stop(self) -> None:
        """Stop the service and everything it started."""
        if self._service is None:
            return
        self._service.terminate()
        with suppress(subprocess.TimeoutExpired):
            self._service.wait(30)
        with suppress(ProcessLookupError):  # nobody of the group is left, as it should be
            os.killpg(self._service.pid, signal.SIGKILL)
        self._service.wait()
        self._service = None

    def _ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/readyz", timeout=1) as answer:  # noqa: S310 – our own address
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    def _clear(self) -> None:
        self.stop()
        if not self.keep:
            shutil.rmtree(self.folder, ignore_errors=True)
