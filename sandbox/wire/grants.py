"""Grants and subscriptions."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import Field, StrictBool

from sandbox.wire.common import Id, Input, Text

Purpose = Literal["public_governance", "public_welfare", "industry"]


class GrantIn(Input):
    """An authorisation to operate: whole, by domain or by scenario (整体 / 分领域 / 依场景授权)."""

    operator: Id
    mode: Literal["whole", "domain", "scenario"]
    domain: Text | None = None
    scenario: Text | None = None
    resources: Annotated[list[Id], Field(max_length=1000, default_factory=list)]
    purposes: Annotated[list[Purpose], Field(min_length=1, max_length=3)]
    starts: date
    ends: date
    conditions: Annotated[str, Field(max_length=2000)] = ""
    security_contact: Text


class RenewIn(Input):
    """The new last day of the term."""

    ends: date


class Commitment(Input):
    """The signed commitment (承诺书); it must be accepted."""

    accepted: StrictBool = False


class SubscriptionIn(Input):
    """A subscription to a product for one purpose; `quota` limits the jobs of a month."""

    product: Id
    purpose: Purpose
    scenario: Text | None = None
    commitment: Commitment = Commitment()
    quota: Annotated[int, Field(ge=1, le=10**9)] | None = None
