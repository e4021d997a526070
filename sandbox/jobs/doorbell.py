"""Wakes another process of the instance at once instead of at its next look into the database.

Only a hint: a ring that is lost costs a polling interval, never a job. Linux abstract datagram sockets, named after the
home folder; elsewhere, or when the name is taken, everything works by polling.
"""

from __future__ import annotations

import contextlib
import hashlib
import socket
import time
from pathlib import Path
from types import TracebackType
from typing import Self


def of_job(job: str) -> str:
    """The name by which whoever waits for a job is rung when it has ended."""
    return f"ended-{job}"


class Doorbell:
    def __init__(self, home: Path) -> None:
        self._prefix = f"\0sandbox-{self.tag(home)}-"

    @staticmethod
    def tag(home: Path) -> str:
        """A short name for an instance, from its folder."""
        return hashlib.sha256(str(home).encode()).hexdigest()[:24]

    def ring(self, name: str) -> None:
        """Wake the process that listens as `name`, if there is one."""
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as bell:
            bell.setblocking(False)
            bell.sendto(b"!", self._prefix + name)

    def listen(self, name: str) -> Listener:
        """Answer to `name` from now on."""
        return Listener(self._prefix + name)


class Listener:
    def __init__(self, address: str) -> None:
        self._bell: socket.socket | None = None
        with contextlib.suppress(OSError):
            self._bell = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            try:
                self._bell.bind(address)
            except OSError:
                self.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Hear no more rings; waiting is polling from now on."""
        if self._bell is not None:
            self._bell.close()
            self._bell = None

    def wait(self, seconds: float) -> None:
        """Return at a ring, or after `seconds`; rings that came meanwhile count as one."""
        if self._bell is None:
            time.sleep(min(seconds, 0.02))
            return
        with contextlib.suppress(OSError):
            self._bell.settimeout(seconds)
            self._bell.recv(16)
            self._bell.setblocking(False)
            while self._bell.recv(16):
                pass
