"""The system calls that a block's process may still make, as a filter made by libseccomp. Everything else fails with
EPERM: there is no call by which a file is opened, a process or socket made, another process seen, or code loaded."""

from __future__ import annotations

import ctypes
import errno

ALLOW, ERRNO = 0x7FFF0000, 0x00050000  # SCMP_ACT_ALLOW, SCMP_ACT_ERRNO
EQUAL, MASKED = 4, 7  # SCMP_CMP_EQ, SCMP_CMP_MASKED_EQ
PROT_EXEC = 4
_library = ctypes.CDLL("libseccomp.so.2")  # while there are files
_library.seccomp_init.restype = ctypes.c_void_p

MEMORY = ("brk", "munmap", "mremap", "madvise")
EXECUTABLE = ("mmap", "mprotect")  # allowed but for making memory executable
OWN = (
    *("exit", "exit_group", "restart_syscall", "futex", "membarrier", "sched_yield", "getpid", "gettid"),
    *("rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "sigaltstack"),
)
CLOCKS = ("clock_gettime", "clock_getres", "clock_nanosleep", "gettimeofday", "nanosleep", "time", "getrandom")
# of kernels or processors that name them differently; a name that libseccomp does not know here is not called here
FOREIGN = frozenset({"time"})


class Comparison(ctypes.Structure):
    """struct scmp_arg_cmp."""

    _fields_ = (
        ("arg", ctypes.c_uint),
        ("op", ctypes.c_int),
        ("a", ctypes.c_uint64),
        ("b", ctypes.c_uint64),
    )


def filter_for(writable: tuple[int, ...]) -> ctypes.c_void_p:
    """Give a filter under which only the descriptors `writable` are written to, and none is read. Raises OSError when
    libseccomp cannot make it."""
    context = ctypes.c_void_p(_library.seccomp_init(ctypes.c_uint32(ERRNO | errno.EPERM)))
    if not context:
        raise OSError("libseccomp makes no filter")
    for name in (*MEMORY, *OWN, *CLOCKS):
        _allow(context, name)
    for name in EXECUTABLE:
        _allow(context, name, Comparison(2, MASKED, PROT_EXEC, 0))
    for descriptor in writable:
        _allow(context, "write", Comparison(0, EQUAL, descriptor, 0))
    return context


def number_of(name: str) -> int:
    """Give the number of a system call on this machine."""
    return int(_library.seccomp_syscall_resolve_name(name.encode()))


def load(context: ctypes.c_void_p) -> None:
    """Put the filter in force for this process, for ever; no_new_privs comes with it. Raises OSError."""
    if (failed := _library.seccomp_load(context)) != 0:
        raise OSError(-failed, "the filter was not loaded")


def _allow(context: ctypes.c_void_p, name: str, *comparisons: Comparison) -> None:
    number = number_of(name)
    if number < 0 and name in FOREIGN:
        return
    listed = (Comparison * len(comparisons))(*comparisons)
    failed = _library.seccomp_rule_add_array(context, ctypes.c_uint32(ALLOW), number, len(comparisons), listed)
    if failed != 0:
        raise OSError(-failed, f"libseccomp has no rule for {name}")
