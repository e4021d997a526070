"""How the process of one block shuts itself in, for ever: namespaces of its own, an empty file system, limits, no
capability, and a filter of system calls. Each step must succeed; the code of others runs only after all of them."""

from __future__ import annotations

import ctypes
import os
import resource
import signal

from . import syscalls

NEW_NAMESPACES = 0x02000000 | 0x00020000 | 0x04000000 | 0x08000000 | 0x10000000 | 0x20000000 | 0x40000000
"""CLONE_NEWCGROUP, NEWNS, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET."""
MS_PRIVATE, MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_RDONLY, MS_REC = 1 << 18, 2, 4, 8, 1, 1 << 14
PR_SET_PDEATHSIG, PR_SET_NO_NEW_PRIVS, PR_SET_DUMPABLE = 1, 38, 4
EMPTY = "/tmp"  # noqa: S108 – of the sandbox: a folder to mount nothing on
_libc = ctypes.PyDLL(None, use_errno=True)  # nothing else of Python runs meanwhile
_libcap = ctypes.CDLL("libcap.so.2")
_libcap.cap_init.restype = ctypes.c_void_p
FILTER = syscalls.filter_for((1, 2, 3))  # made once, put in force by each process of a block


def forked() -> int:
    """Fork a process into namespaces of its own, in which it is the only one; give its id, and 0 to itself. One call of
    the kernel does both, so that what this process has in memory is copied once."""
    user, group = os.getuid(), os.getgid()
    python = ctypes.pythonapi
    python.PyOS_BeforeFork()
    child = int(_libc.syscall(syscalls.number_of("clone"), NEW_NAMESPACES | signal.SIGCHLD, 0, 0, 0, 0))
    if child != 0:
        python.PyOS_AfterFork_Parent()
        if child < 0:
            raise OSError(ctypes.get_errno(), "no namespaces for a block")
        return child
    python.PyOS_AfterFork_Child()
    _require(_libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0))
    for file, text in (("setgroups", "deny"), ("uid_map", f"{user} {user} 1"), ("gid_map", f"{group} {group} 1")):
        with open(f"/proc/self/{file}", "w", encoding="ascii") as stream:
            stream.write(text)
    return 0


def shut_in(result: int, memory: int, seconds: int) -> None:
    """Give up all files but the pipe `result`, all memory beyond `memory` bytes more than now, all processor time
    beyond `seconds`, every right, and every system call that is not listed."""
    with open("/proc/self/statm", encoding="ascii") as stream:
        now = int(stream.read().split()[0]) * resource.getpagesize()
    _require(_libc.mount(None, b"/", None, MS_REC | MS_PRIVATE, None))
    flags = MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_RDONLY
    _require(_libc.mount(b"none", EMPTY.encode(), b"tmpfs", flags, b"size=4k,nr_inodes=2"))
    nothing = os.open("/dev/null", os.O_RDWR)
    os.chroot(EMPTY)
    os.chdir("/")
    for standard in (0, 1, 2):
        os.dup2(nothing, standard)
    if result != 3:
        os.dup2(result, 3)
    os.closerange(4, resource.getrlimit(resource.RLIMIT_NOFILE)[0])
    for what, most in (
        (resource.RLIMIT_AS, now + memory),
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NPROC, 0),
        (resource.RLIMIT_MEMLOCK, 0),
        (resource.RLIMIT_MSGQUEUE, 0),
        (resource.RLIMIT_NOFILE, 4),
    ):
        resource.setrlimit(what, (most, most))
    _require(_libcap.cap_set_proc(ctypes.c_void_p(_libcap.cap_init())))
    _require(_libc.prctl(PR_SET_DUMPABLE, 0, 0, 0, 0))
    _require(_libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
    syscalls.load(FILTER)


def _require(returned: int) -> None:
    if returned != 0:
        raise OSError(ctypes.get_errno(), "a wall of the sandbox does not stand")
