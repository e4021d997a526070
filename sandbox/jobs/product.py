"""The product protocol: a kind supplies `compile` and `present`, nothing more. Kinds are found through the entry-point
group `sandbox.products` – ours too."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from importlib.metadata import entry_points
from typing import Any, Protocol

from sandbox.catalogue.entry import Entry
from sandbox.catalogue.facts import TableFacts
from sandbox.catalogue.profile import Profile
from sandbox.engines.base import Engine, Exact, OpenVersion
from sandbox.plan.plan import Plan
from sandbox.plan.reading import Reading
from sandbox.plan.scalar import Value
from sandbox.privacy.released import Released
from sandbox.sql.own import OwnTable


@dataclass(frozen=True)
class Question:
    """What a product compiles: the request and the public facts it may depend on, and nothing else.

    `delta_conv` converts the asked ε into ρ; `delta_threshold` is what one thresholded key set takes. `pure`: the
    account adds up ε and has no δ. `profile`: the released profile of the resource, None without one.
    `facts`: what everybody may know of the public tables of the data version. `today`: what CURRENT_DATE means, fixed
    for the job and part of its plan; None refuses it. `own`: the asker's own tables, where it may bring some."""

    request: Mapping[str, Any]
    resource: str
    population: str
    version: str
    entry: Entry
    spec: Mapping[str, Any]
    delta_conv: Decimal
    delta_threshold: Decimal
    pure: bool = False
    profile: Profile | None = None
    facts: Mapping[str, TableFacts] = field(default_factory=dict)
    today: date | None = None
    own: Mapping[str, OwnTable] | None = None


@dataclass(frozen=True)
class AnswerColumn:
    """A column of an answer. Measures state their mechanism, noise scale σ and 95 % half-width in the column's unit
    (text of a decimal number; where it differs by row, of the middle one), and, where declarations say it, what the
    true value cannot be below (`least`) or above (`most`). `bias` says which share of the value registration and
    bounds leave out: a number where the public profile predicts it, or "unknown"; without it nothing is left out."""

    name: str
    type: str
    role: str
    mechanism: str | None = None
    scale: str | None = None
    error_95: str | None = None
    least: str | None = None
    most: str | None = None
    bias: str | None = None


@dataclass(frozen=True)
class Answer:
    """Columns, rows and notes. `errors`: for each row the 95 % half-widths of its values, aligned with `columns`; None
    for a key, and where none is known. `kept`: what the service uses of the copy for its recipient and shows to nobody;
    sealed with the answer, and no part of the canonical result."""

    columns: tuple[AnswerColumn, ...]
    rows: Sequence[tuple[Value, ...]]
    notes: tuple[str, ...]
    errors: Sequence[tuple[str | None, ...]] = ()
    kept: Mapping[str, Any] | None = None


class Groups(Protocol):
    """What a base has of one block: key values of each group and, aligned, one integer per measurement."""

    @property
    def groups(self) -> Sequence[tuple[Value, ...]]: ...
    @property
    def values(self) -> Sequence[tuple[int, ...]]: ...


class ProductKind(Protocol):
    kind: str

    def review(self, spec: Mapping[str, Any], entries: Sequence[Entry]) -> None:
        """Refuse (`Problem`) a specification that this kind cannot run."""

    def compile(self, question: Question) -> Plan:
        """Give the finished plan or refuse; opens no private file."""

    def explain(self, plan: Plan, unit: str, language: str) -> list[str]:
        """Say in sentences of `language` (en, zh) what the plan does, from it alone. `unit` is who is protected."""

    def expect(self, plan: Plan) -> list[dict[str, Any]]:
        """Say of each measured column of the answer, by `name`, how far off it may be, from the plan alone."""

    def present(
        self,
        plan: Plan,
        base: Sequence[Groups],
        marked: Sequence[Sequence[tuple[int, ...]]],
    ) -> Answer:
        """Post-process released primitives, block by block: which rows from `base`, values from `marked` (aligned)."""


def by_operator(kind: object) -> bool:
    """Say whether products of a kind are run by their operator alone, once for each period, and users get copies of
    what was released: its attribute `by_operator`. Without it whoever asks runs them."""
    return bool(getattr(kind, "by_operator", False))


def takes_several(kind: object) -> bool:
    """Say whether a product of a kind may have several resources, which are asked one at a time: its attribute
    `several`."""
    return bool(getattr(kind, "several", False))


def admits(kind: object) -> bool:
    """Say whether products of a kind run what their users brought and a review admitted: its attribute `admits`."""
    return bool(getattr(kind, "admits", False))


@dataclass(frozen=True)
class Inside:
    """What a kind that measures by itself gets in the vault: the version opened, the key by which units are named, the
    request as it was kept (text of each field) and the product's specification."""

    engine: Engine
    version: OpenVersion
    names: bytes
    request: Mapping[str, str]
    spec: Mapping[str, Any]


Measure = Callable[[Inside, Plan], list[Exact]]


def measured_by(kind: object) -> Measure | None:
    """Give how a kind gets the exact aggregates of its plans, for `release`: its attribute `measure`. None for one
    whose plans the engine runs."""
    found: Measure | None = getattr(kind, "measure", None)
    return found


Settle = Callable[[Plan, list[Released]], list[Released]]


def settled_by(kind: object) -> Settle | None:
    """Give how a kind settles, once for each base, what is made of what was released and belongs to every copy: its
    attribute `settle`. Post-processing; it raises `EngineFailed` where it cannot. None for most kinds."""
    found: Settle | None = getattr(kind, "settle", None)
    return found


class ExactService(Protocol):
    """What a kind has, as its attribute `exact`, that can serve data exactly (U6)."""

    def compile(self, question: Question) -> Reading:
        """Give what is read, or refuse; opens no file. The question has no privacy: its δs are 0."""

    def present(self, reading: Reading, rows: Sequence[tuple[Value, ...]]) -> Answer:
        """Make the answer of the rows that were read."""

    def explain(self, reading: Reading, language: str) -> list[str]:
        """Say in sentences of `language` (en, zh) what is read."""


def exact_service(kind: ProductKind) -> ExactService | None:
    """Give how a kind serves data exactly; None for one that does not."""
    found: ExactService | None = getattr(kind, "exact", None)
    return found


def installed() -> dict[str, ProductKind]:
    """Give every installed product kind by its name, ours and others'."""
    kinds = (entry.load()() for entry in entry_points(group="sandbox.products"))
    return {kind.kind: kind for kind in kinds}
