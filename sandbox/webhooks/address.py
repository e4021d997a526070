"""Which addresses are called: public ones over TLS, and hosts inside the network that the host named."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Collection
from dataclasses import dataclass
from urllib.parse import urlsplit

from sandbox.errors import Problem

LONGEST = 500
_CARRIES_V4 = tuple(ipaddress.ip_network(net) for net in ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32"))
"""IPv6 networks whose addresses stand for IPv4 ones, and so may lead inside."""


@dataclass(frozen=True)
class Target:
    """Where to connect to: an address that was looked at, and the name that TLS and the Host header use. Connecting to
    the name again could lead elsewhere (DNS rebinding)."""

    address: str
    host: str
    port: int
    scheme: str
    path: str

    @property
    def url(self) -> str:
        literal = f"[{self.address}]" if ":" in self.address else self.address
        return f"{self.scheme}://{literal}:{self.port}{self.path}"

    @property
    def named(self) -> str:
        """The Host header."""
        usual = {"https": 443, "http": 80}[self.scheme]
        literal = f"[{self.host}]" if ":" in self.host else self.host
        return literal if self.port == usual else f"{literal}:{self.port}"


def check(url: str, inside: Collection[str]) -> str:
    """Give the host of an address that may be a webhook. `inside`: hosts of the own network that may be called, also
    without TLS. Nothing is looked up. Raises field_invalid."""
    try:
        parts = urlsplit(url)
        port_is_fine = parts.port is None or parts.port > 0
    except ValueError:
        raise _wrong("write an address such as https://example.org/hook") from None
    host = (parts.hostname or "").rstrip(".")
    if len(url) > LONGEST or not url.isascii() or not url.isprintable() or " " in url or not host or not port_is_fine:
        raise _wrong(f"write an address such as https://example.org/hook, in ASCII, of at most {LONGEST} characters")
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise _wrong("leave out user, password and fragment; messages are signed instead")
    if host in inside and parts.scheme in ("http", "https"):
        return host
    if parts.scheme != "https":
        raise _wrong("begin it with https://")
    if _literal(host) is not None and not _public(host):
        raise _wrong("it lies inside a network; give one that is public, or ask the host to allow it")
    return host


def resolve(url: str, inside: Collection[str]) -> Target | None:
    """Give where to connect to now, or None when the name leads nowhere, or anywhere inside the network."""
    parts = urlsplit(url)
    try:
        host = check(url, inside)
        port = parts.port or {"https": 443, "http": 80}[parts.scheme]
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (Problem, OSError, UnicodeError):
        return None
    addresses = [str(each[4][0]) for each in found]
    if not addresses or not (host in inside or all(map(_public, addresses))):
        return None
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(addresses[0], host, port, parts.scheme, path)


def _literal(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _public(address: str) -> bool:
    found = _literal(address.partition("%")[0])
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped is not None:
            return _public(str(found.ipv4_mapped))
        if found.is_site_local or found.is_reserved or any(found in net for net in _CARRIES_V4):
            return False  # the first two count as global, whatever a network makes of them
    return found is not None and found.is_global and not found.is_multicast


def _wrong(what: str) -> Problem:
    return Problem("field_invalid", f"url: {what}")
