"""Resources and their registration."""

from __future__ import annotations

from typing import Any

from sandbox.wire.common import Output, Record


class ResourceOut(Record):
    """A resource's public entry: declarations only, nothing measured."""


class RegisteredOut(ResourceOut):
    """A new resource or data version, with the quality report for its registrar."""

    version: str
    report: dict[str, Any]


class Catalogue(Output):
    """The public catalogue in DCAT and ODRL, as JSON-LD."""
