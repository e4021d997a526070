"""What every process of the service does: end with its supervisor, stop on a signal, write structured lines without
row values to standard error."""

from __future__ import annotations

import ctypes
import gc
import os
import resource
import signal
import sys
import threading

import structlog

PR_SET_PDEATHSIG = 1


def begin(name: str, *, supervised: bool = True) -> threading.Event:
    """Prepare this process as `name`; give the event that a stop signal sets. Supervised, it ends with its parent."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    if supervised:
        die_with_parent()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a core file would hold keys and rows
    configure_log(name)
    return stop


def die_with_parent() -> None:
    """Ask Linux to end this process when its parent is gone; elsewhere the supervisor's stop must do."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def settle() -> None:
    """Call it when everything is loaded: what is there stays, and the collector need not look through it again and
    again, for tens of milliseconds in which nobody is answered."""
    gc.collect()
    gc.freeze()
    gc.enable()


def configure_log(name: str) -> None:
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
    )
    structlog.contextvars.bind_contextvars(process=name, pid=os.getpid())
