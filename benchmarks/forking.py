"""The interpreter that blocks are forked from, without any wall: what a process for each block costs by itself. Run as
a script by `programs`, with the folder of `inside` in its path and nothing of the house."""

from __future__ import annotations

import os
import sys

from inside import confine, zygote  # type: ignore[import-not-found]


def kept_open(result: int, memory: int, seconds: int) -> None:
    """Where a wall would be built: the result alone is put where the zygote writes it."""
    os.dup2(result, zygote.RESULT)


if __name__ == "__main__":
    confine.forked = os.fork
    confine.shut_in = kept_open
    sys.setrecursionlimit(2000)
    zygote.main(int(sys.argv[1]))
