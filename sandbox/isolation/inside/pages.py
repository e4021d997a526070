"""Memory of the waiting interpreter in large pages: a fork copies one entry for each page, large or small, so that most
of what a block's process costs is how many pages there are."""

from __future__ import annotations

import ctypes

LARGE = 2 << 20
MADV_COLLAPSE = 25  # Linux 6.1; older kernels refuse it, and pages stay as they are
_libc = ctypes.CDLL(None, use_errno=True)


def join() -> int:
    """Make large pages of the memory that this process wrote, where the kernel has any; give how many there are."""
    with open("/proc/self/maps", encoding="utf-8") as stream:
        lines = [line.split(maxsplit=5) for line in stream]
    made = 0
    for place, rights, *_, name in ([*line, ""][:6] for line in lines):
        begin, end = (int(text, 16) for text in place.split("-"))
        if rights == "rw-p" and name.strip() in {"", "[heap]"}:
            for start in range(-(-begin // LARGE) * LARGE, end - LARGE + 1, LARGE):
                joined = _libc.madvise(ctypes.c_void_p(start), ctypes.c_size_t(LARGE), MADV_COLLAPSE)
                made += joined == 0
    return made
