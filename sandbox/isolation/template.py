"""The template that blocks are forked from, as the vault sees it: a sandboxed interpreter that is started once, asked
block by block, and killed when it does not answer."""

from __future__ import annotations

import json
import os
import select
import socket
import subprocess
import time
from contextlib import suppress

from sandbox.isolation import bubblewrap
from sandbox.isolation.cgroups import Group

STARTING = 60.0  # seconds to import everything
MOST_MEMORY_MB = 4096  # that a block may have beside its rows
GRACE = 2.0  # seconds beyond a block's own time after which the template itself is taken for lost


class TemplateLost(Exception):
    """The sandbox did not start, or is gone."""


class Template:
    """A running template. Not for threads: one block after the other."""

    def __init__(self) -> None:
        self._channel, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            command = self.command(theirs.fileno())
            self._group = Group(MOST_MEMORY_MB)
            self._process = subprocess.Popen(  # noqa: S603 – our own command, built from our own paths
                self._group.entered(command),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,  # a library's message could quote a row
                pass_fds=(theirs.fileno(),),
                start_new_session=True,
            )
        if self._heard(STARTING) != b"!":
            self.close()
            raise TemplateLost

    def command(self, channel: int) -> list[str]:
        """Give what is run: the interpreter that answers on the descriptor `channel`. Raises `TemplateLost`."""
        bwrap = bubblewrap.program()
        if bwrap is None:
            raise TemplateLost
        return bubblewrap.command(bwrap, "-m", "inside.zygote", str(channel))

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def run(self, source: int, size: int, milliseconds: int, memory_mb: int) -> bytes:
        """Give what a block's process wrote within its time, at most `size` bytes; `source` is its input in memory.
        Raises `TemplateLost` when the template went with it."""
        result, theirs = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        try:
            os.set_blocking(theirs, True)
            asked = json.dumps({"milliseconds": milliseconds, "memory_mb": memory_mb}).encode()
            try:
                socket.send_fds(self._channel, [asked], [source, theirs])
            finally:
                os.close(theirs)
            if self._heard(milliseconds / 1000 + GRACE) != b".":
                self.close()
                raise TemplateLost
            return os.read(result, size)
        except BlockingIOError:  # a writer that could not be ended holds the pipe open: nothing it wrote counts
            return b""
        except OSError:
            self.close()
            raise TemplateLost from None
        finally:
            os.close(result)

    def close(self) -> None:
        """End the sandbox with everything in it; may be called twice."""
        with suppress(ProcessLookupError):
            self._process.kill()  # the first process of a namespace takes all others with it
        self._process.wait()
        self._channel.close()
        self._group.close()

    def _heard(self, seconds: float) -> bytes:
        ready = select.poll()
        ready.register(self._channel, select.POLLIN)
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            if ready.poll(left * 1000):
                try:
                    return self._channel.recv(1)
                except OSError:
                    return b""
        return b""
