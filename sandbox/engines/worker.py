"""The child's side: shut itself in, then answer frames until the parent goes.

Fault isolation and less to steal from, not a security boundary: the child runs as the same operating-system user.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import resource
import signal
import socket
import struct
from collections.abc import Callable
from contextlib import suppress
from shutil import rmtree
from threading import Thread
from time import sleep
from typing import Literal

from sandbox.engines.frames import read_frame, write_frame

CLONE_NEWUSER, CLONE_NEWNET = 0x10000000, 0x40000000
SET_FLAGS, UP, RUNNING = 0x8914, 0x1, 0x40  # ioctl SIOCSIFFLAGS and its flags
Network = Literal["none", "own", "all"]
LARGEST_FILE = 16 << 30  # what a spill, or a data version, may come to
OPEN_FILES = 256


def serve(
    answer: Callable[[bytes], bytes | memoryview], *, open_files: int = OPEN_FILES, network: Network = "none"
) -> None:
    """Answer each frame with `answer(frame)`. An exception ends the process without a word: what it would say could
    depend on data."""
    shut_in(open_files, network)
    asked = os.fdopen(0, "rb", closefd=False)
    replies = os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # a stray print must not look like an answer
    Thread(target=_leave_with, args=(os.getppid(),), daemon=True).start()
    try:
        while (question := read_frame(asked)) is not None:
            write_frame(replies, answer(question))
    except BaseException:  # noqa: BLE001 – the parent learns that it failed, nothing else
        _end(1)
    _end(0)


def shut_in(open_files: int = OPEN_FILES, network: Network = "none") -> None:
    """No core dumps, few files, files of limited size, private files, and no network where the kernel lets us – or one
    of its own, in which it reaches nothing but itself (`own`), or the machine's (`all`)."""
    os.umask(0o077)
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for what, most in ((resource.RLIMIT_NOFILE, open_files), (resource.RLIMIT_FSIZE, LARGEST_FILE)):
        hard = resource.getrlimit(what)[1]
        limit = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(what, (limit, limit))
    if network != "all":
        _leave_network()
    if network == "own":
        _raise_loopback()


def _leave_network() -> None:
    """Move into an empty network: as root directly, else through a user namespace that maps only this user.

    Without either the process stays where it is; `enable_external_access = false` still holds."""
    libc = ctypes.CDLL(None, use_errno=True)
    if not hasattr(libc, "unshare") or libc.unshare(CLONE_NEWNET) == 0:
        return
    user, group = os.getuid(), os.getgid()
    if libc.unshare(CLONE_NEWUSER | CLONE_NEWNET) == 0:
        for file, text in (("uid_map", f"{user} {user} 1"), ("setgroups", "deny"), ("gid_map", f"{group} {group} 1")):
            with open(f"/proc/self/{file}", "w") as stream:
                stream.write(text)


def _raise_loopback() -> None:
    """Bring 127.0.0.1 up in a network that is new and empty; in another it is up already, or not ours to raise."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket, suppress(OSError):
        fcntl.ioctl(any_socket, SET_FLAGS, struct.pack("16sH14x", b"lo", UP | RUNNING))


def _leave_with(parent: int) -> None:
    """End this process, and its private folder, soon after its parent has gone, even in the middle of a long query."""
    while os.getppid() == parent:
        sleep(0.5)
    _end(1)


def _end(code: int) -> None:
    """A parent that was killed cannot clear up: the child takes its private folder with it."""
    rmtree(os.getcwd(), ignore_errors=True)
    os._exit(code)
