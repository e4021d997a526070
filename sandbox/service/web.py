"""The web process: gunicorn with threads in front of the API."""

from __future__ import annotations

import gc
import socket
import struct
import sys
from typing import Any

from gunicorn.app.base import BaseApplication

from sandbox.service.process import configure_log, die_with_parent, settle
from sandbox.settings import Settings, load

TURN = 0.001
"""Seconds for which a thread computes while others wait for their turn: most have next to nothing to do."""
SILENCE = 10
"""Seconds a client may be silent in the middle of a request: without a limit, a few dozen half-sent requests would hold
every thread. Somebody who trickles byte by byte is for a buffering proxy in front."""


def _limit_silence(worker: Any) -> None:
    """Accepted connections inherit the limit from the listening socket (Linux)."""
    for listener in worker.sockets:
        listener.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("ll", SILENCE, 0))


class Server(BaseApplication):  # type: ignore[misc]
    """The API under gunicorn; each worker builds its own house after it was started, so nothing is shared by fork."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        super().__init__()

    def load_config(self) -> None:
        given: dict[str, Any] = {
            "bind": f"{self._settings.host}:{self._settings.port}",
            "workers": self._settings.workers,
            "worker_class": "gthread",
            "threads": self._settings.threads,
            "timeout": 120,
            "graceful_timeout": 10,
            "accesslog": None,
            "errorlog": "-",
            "loglevel": "error",  # warnings quote request lines, and a key may have strayed into one
            "post_worker_init": _limit_silence,
            "proc_name": "sandbox-web",
            "control_socket_disable": True,
        }
        for name, value in given.items():
            if name in self.cfg.settings:
                self.cfg.set(name, value)

    def load(self) -> Any:
        gc.disable()  # until all is settled: a sixth of the time it takes to load
        from sandbox.bootstrap import web_house
        from sandbox.service import chores
        from sandbox.test_instance import marked
        from sandbox.web.app import create_app

        configure_log("web")
        house = web_house(self._settings)
        app = create_app(house)
        chores.start(house)
        settle()
        sys.setswitchinterval(TURN)
        return marked(app) if house.test_instance else app


def main() -> None:
    die_with_parent()
    sys.argv = sys.argv[:1]  # gunicorn would read ours
    Server(load()).run()


if __name__ == "__main__":
    main()
