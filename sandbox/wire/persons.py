"""Persons: who they are, what they consent to, what they demand."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field, StrictBool

from sandbox.wire.common import Id, Input, Text
from sandbox.wire.grants import Digest, Purpose, Reason


class PersonIn(Input):
    """A person, by a number that is not stored; the day of birth where the number does not say it."""

    kind: Literal["cn_id", "cn_uscc", "passport", "other"]
    number: Annotated[str, Field(min_length=4, max_length=64)]
    born: date | None = None


class IdentityIn(Input):
    """The party that stands for a person, and how its identity was proved."""

    party: Id
    person: PersonIn
    method: Text


class GuardianIn(Input):
    """Who consents for a child under 14, and the form it signed."""

    person: PersonIn
    relation: Text
    form: Digest


class ConsentIn(Input):
    """One consent: one person, one recipient, one purpose. Handed in by a user: with `form` and `identity_proof`."""

    person: PersonIn
    purpose: Purpose
    recipient: Id | None = None
    product: Id | None = None
    sensitive: StrictBool = False
    form: Digest | None = None
    identity_proof: Text | None = None
    expires_at: AwareDatetime
    guardian: GuardianIn | None = None


class DemandIn(Input):
    """What a person demands of whoever answers for a resource."""

    kind: Literal["objection", "correction", "portability", "erasure"]
    resource: Id
    text: Reason


class DemandAnswerIn(Input):
    """The answer to it."""

    upheld: StrictBool
    answer: Reason
