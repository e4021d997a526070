"""Predictions of a model, and the card of a copy of one."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from sandbox.wire.common import Decimals, Id, Input, Output, Record


class PredictionsIn(Input):
    """Records to be predicted by one's own copy of a model, each with every feature by its name (null: unknown).
    `consent` is that of the person they are about, where there is one. Records are not kept."""

    subscription: Id
    rows: Annotated[list[dict[str, Any]], Field(min_length=1, max_length=1000)]
    consent: Id | None = None


class PredictionsOut(Record):
    """A prediction for each record, in order: {score} the probability of the target's positive value, {value} of a
    number, {cluster}, or {coordinates}. `copy` is the job whose copy predicted."""

    copy_: Annotated[str, Field(alias="copy")]
    predictions: list[dict[str, Any]]
    fee: Decimals


class CardQuery(Input):
    """`format`: json or html, as a page; else as the request accepts. `lang`: zh or en, of the page."""

    format: Literal["json", "html"] | None = None
    lang: Literal["zh", "en"] | None = None


class CardOut(Output):
    """The card of a model: what it is fitted to and for, its cost, how good it is and what it goes by, with the
    half-widths of noise; `words` says it in sentences, by language."""

    job: str
    product: str
    method: str
    version: str
    epsilon: Decimals
    use: dict[str, str]
    quality: list[dict[str, Any]]
    reasons: list[dict[str, Any]]
    words: dict[str, list[str]]
