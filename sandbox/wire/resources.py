"""Resources and their registration."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from sandbox.wire.common import Decimals, Input, Output, Record, Text


class ResourceOut(Record):
    """A resource's public entry: declarations only, nothing measured."""


class RegisteredOut(ResourceOut):
    """A new resource or data version, with the quality report for its registrar."""

    version: str
    report: dict[str, Any]


class GradeIn(Input):
    """Another grade, with the reason that goes on record."""

    grade: Annotated[str, Field(min_length=1, max_length=40)]
    reason: Text


class ProfileIn(Input):
    """Why the public profile is bought again; the reason goes on record."""

    reason: Text


class ProfileOut(Output):
    """A purchase of the public profile: queued, running, done, failed or void, with its cost."""

    id: str
    resource: str
    status: str
    version: str
    rho: Decimals
    delta: Decimals


class Catalogue(Output):
    """The public catalogue in DCAT and ODRL, as JSON-LD."""
