"""The synthetic product (合成数据): rows about nobody, drawn from a model that was fitted to noisy marginals; every
recipient gets rows of its own, by which a leaked copy is traced."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sandbox.catalogue.entry import Entry
from sandbox.errors import Problem
from sandbox.jobs.product import Answer, Groups, Question
from sandbox.plan.plan import SEMANTICS, Plan
from sandbox.plan.relation import Released as Leaf
from sandbox.privacy.convert import rho_for
from sandbox.privacy.released import Released
from sandbox.products.synthetic.compile import blocks
from sandbox.products.synthetic.settle import available, settled
from sandbox.products.synthetic.specification import drawn_of, read
from sandbox.products.synthetic.words import expected, explained, notes


class SyntheticProduct:
    """The kind `synthetic` of the product protocol."""

    kind = "synthetic"

    def review(self, spec: Mapping[str, Any], entries: Sequence[Entry]) -> None:
        """Refuse a specification that cannot be counted or fitted, and any where nothing can be fitted. Raises
        field_invalid, unit_missing, bound_missing, state_conflict and what its SQL raises."""
        _require_library()
        own = read(spec)
        for entry in entries:
            if entry.privacy is not None and entry.privacy.pure:
                raise Problem(
                    "field_invalid",
                    f"Field resources: the budget of {entry.name} is pure ε, and synthetic tables have Gaussian noise, "
                    "which needs a δ; ask its holder to declare one.",
                    field="resources",
                )
            if not any(table.public for table in entry.tables):  # facts of public tables are known with the data
                drawn_of(own, entry)

    def compile(self, question: Question) -> Plan:
        """Give the counts that the model is fitted to. Raises field_invalid for what a synthetic table has not: SQL,
        ε, bounds; everything is in the specification."""
        _require_library()
        for name in sorted(set(question.request) - {"subscription", "fresh"}):
            say = "a synthetic table has none, it is as its specification says; leave it out"
            raise Problem("field_invalid", f"Field {name[:60]}: {say}.", field=name[:60])
        own = read(question.spec)
        rows, columns, drawn = drawn_of(own, question.entry, question.facts)
        rho = rho_for(own.epsilon, question.delta_conv)
        made = blocks(rows, columns, drawn, rho, own.evaluation)
        return Plan(
            SEMANTICS,
            question.resource,
            question.population,
            question.version,
            tuple(made),
            ((),) * len(made),
            Leaf(0, ()),
            notes(drawn),
            drawn=drawn,
        )

    def settle(self, plan: Plan, released: list[Released]) -> list[Released]:
        """Give the base with the fitted model. Raises EngineFailed."""
        return settled(plan, released)

    def explain(self, plan: Plan, unit: str, language: str) -> list[str]:
        """Say what is counted, fitted and drawn."""
        return explained(plan, unit, language)

    def expect(self, plan: Plan) -> list[dict[str, Any]]:
        """Say how far off each cell of a marginal is that the model is fitted to."""
        return expected(plan)

    def present(self, plan: Plan, base: Sequence[Groups], marked: Sequence[Sequence[tuple[int, ...]]]) -> Answer:
        """Give the recipient's rows."""
        from sandbox.products.synthetic.present import presented  # in the vault alone

        return presented(plan, base, marked)


def _require_library() -> None:
    if not available():
        raise Problem(
            "state_conflict",
            "this instance makes no synthetic tables: the library that fits them is missing; its host installs the "
            "extra synthetic with `make synthetic`",
        )
