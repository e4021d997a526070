"""The HTTP server: gunicorn with threads; every worker builds its own house after it was forked."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gunicorn.app.base import BaseApplication

from sandbox.jobs.house import House
from sandbox.web.app import create_app

GRACE_S = 10


class _Server(BaseApplication):  # type: ignore[misc]  # gunicorn has no types
    def __init__(self, house_factory: Callable[[], House], options: dict[str, Any]) -> None:
        self._house_factory, self._options = house_factory, options
        super().__init__()

    def load_config(self) -> None:
        for name, value in self._options.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        return create_app(self._house_factory())


def serve(house_factory: Callable[[], House], host: str, port: int, workers: int, threads: int = 8) -> None:
    """Serve until SIGTERM; running requests get 10 seconds to end.

    Nothing is opened before the fork: each worker calls `house_factory` for its own database connections and keys."""
    options = {
        "bind": f"[{host}]:{port}" if ":" in host else f"{host}:{port}",
        "workers": workers,
        "worker_class": "gthread",
        "threads": threads,
        "graceful_timeout": GRACE_S,
        "keepalive": 15,
        "control_socket_disable": True,
        "loglevel": "warning",
    }
    _Server(house_factory, options).run()
