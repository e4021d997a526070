"""One function in a process of its own: how long it takes there, and how much memory it and its children need."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from threading import Event, Thread

LOOK = 0.01  # seconds between two looks at the children
PROCESSES, ROOT = Path("/proc"), Path(__file__).parents[1]


@dataclass(frozen=True)
class Told:
    """Seconds of the call; peak MB of the process, or of its largest child where that needs more; 0 unless on Linux."""

    seconds: float
    peak: int


def run(work: Callable[..., object], *args: str, timeout: float = 3600.0) -> Told:
    """Call `work(*args)`, a function of a module, in a fresh Python. Raises CalledProcessError when it fails there."""
    command = [sys.executable, "-m", "benchmarks.apart", work.__module__, work.__name__, *args]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, timeout=timeout, cwd=ROOT)
    return Told(**json.loads(done.stdout.splitlines()[-1]))


def main() -> None:
    """The other process."""
    module, name, *args = sys.argv[1:]
    work = getattr(import_module(module), name)
    with watched() as peaks:
        start = time.perf_counter()
        work(*args)
        seconds = time.perf_counter() - start
    print(json.dumps({"seconds": seconds, "peak": max(peaks.values(), default=0) >> 10}))


@contextmanager
def watched() -> Iterator[dict[str, int]]:
    """Collect the peak kilobytes of this process and of its children, by process. The kernel's own count of ended
    children (ru_maxrss) holds what their parent had when they began."""
    peaks: dict[str, int] = {}
    done = Event()

    def look() -> None:
        while not done.wait(LOOK):
            for process in _children():
                peaks[process] = max(peaks.get(process, 0), peak(process))

    looking = Thread(target=look, daemon=True)
    looking.start()
    try:
        yield peaks
    finally:
        done.set()
        looking.join()
        peaks["self"] = peak("self")


def _children() -> list[str]:
    try:
        return [
            one for file in (PROCESSES / f"{os.getpid()}/task").glob("*/children") for one in file.read_text().split()
        ]
    except OSError:
        return []


def peak(process: str = "self") -> int:
    """Give the most memory a process ever held, in kilobytes; 0 when it is gone."""
    try:
        lines = (PROCESSES / process / "status").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("VmHWM:")), 0)


if __name__ == "__main__":
    main()
