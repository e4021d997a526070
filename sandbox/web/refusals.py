"""Counts what is refused, where every worker sees it: probing becomes an alert, guessing is slowed down.

A source that tried too many invalid keys is told `rate_limited` instead of `key_invalid`. A valid key is let in from
there all the same: 256 random bits are not guessed, and a stranger behind the same address must not lock anybody out.
"""

from __future__ import annotations

import ipaddress
import threading
from datetime import datetime

import structlog
from apiflask import APIFlask
from flask import Response, current_app, g, request
from werkzeug.middleware.proxy_fix import ProxyFix

from policies.alerts import OUTSIDE, PROBES
from sandbox.core.clock import now
from sandbox.core.store import Duplicate, Stale, Unavailable
from sandbox.errors import Problem
from sandbox.identity.keys import Principal
from sandbox.identity.tallies import WINDOW, begins, count, recent_of
from sandbox.jobs.house import House
from sandbox.web.problems import respond

MOST_TRIES = 30
"""Invalid keys, tokens and sign-ins of one source within ten to twenty minutes."""
REMEMBERED = 10_000
_log = structlog.get_logger()


class Slowed:
    """The sources that tried too often, as this process knows: of these nothing more is written until the window ends,
    so that a flood of guesses is no flood of writes."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._until: dict[str, datetime] = {}

    def holds(self, source: str, moment: datetime) -> bool:
        """Say whether the source is slowed down."""
        with self._lock:
            return self._until.get(source, moment) > moment

    def slow(self, source: str, until: datetime) -> None:
        """Slow it down."""
        with self._lock:
            if len(self._until) >= REMEMBERED:
                self._until.clear()
            self._until[source] = until


def install(app: APIFlask) -> None:
    """Count refusals behind every request; believe as many proxies about sources as the settings say."""
    house: House = app.config["HOUSE"]
    if house.settings.proxies:
        behind = ProxyFix(app.wsgi_app, x_for=house.settings.proxies, x_proto=0, x_host=0, x_prefix=0)
        app.wsgi_app = behind  # type: ignore[method-assign]
    app.config["SLOWED"] = Slowed()
    app.after_request(_count)


def source() -> str:
    """Where the request comes from: an IPv4 address, or the network that one subscriber of IPv6 has."""
    try:
        address = ipaddress.ip_address(request.remote_addr or "")
    except ValueError:
        return "unknown"
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is None:
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(getattr(address, "ipv4_mapped", None) or address)


def _count(response: Response) -> Response:
    code: str | None = g.get("problem")
    if code is None:
        return response
    principal: Principal | None = g.get("principal")
    try:
        if principal is not None:
            _refused(principal.party.id, code)
        elif code == "key_invalid" and _too_many():
            return respond(
                Problem("rate_limited", "too many invalid keys came from your address; check the key and wait a moment")
            )
    except (Unavailable, Stale, Duplicate) as error:  # counting must never be why a request fails
        _log.warning("refusal not counted", error=type(error).__name__)
    return response


def _refused(party: str, code: str) -> None:
    kinds = [kind for kind, codes in (("probe", PROBES), ("outside", OUTSIDE)) if code in codes]
    if kinds:
        with _house().store.write(durable=False) as tx:
            for kind in kinds:
                count(tx, kind, party, now())


def _too_many() -> bool:
    slowed: Slowed = current_app.config["SLOWED"]
    moment, who = now(), source()
    if slowed.holds(who, moment):
        return True
    with _house().store.write(durable=False) as tx:
        count(tx, "key", who, moment)
        tried = recent_of(tx, "key", who, moment)
    if tried <= MOST_TRIES:
        return False
    slowed.slow(who, begins(moment, WINDOW) + WINDOW)
    return True


def _house() -> House:
    house: House = current_app.config["HOUSE"]
    return house
