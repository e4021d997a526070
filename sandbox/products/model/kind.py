"""The model product (数据模型): fitted inside by its operator's own run, under differential privacy; its users get
marked copies, of which predictions are made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from sandbox.catalogue.entry import Entry
from sandbox.errors import Problem
from sandbox.jobs.product import Answer, Groups, Question
from sandbox.modelling.stages import blocks, places_of
from sandbox.plan.fitted import Slots
from sandbox.plan.plan import SEMANTICS, Plan
from sandbox.plan.relation import Released
from sandbox.privacy.calibrate import sigma_for
from sandbox.privacy.convert import rho_for
from sandbox.products.model.present import expected, presented
from sandbox.products.model.specification import check_meant, model_of, read
from sandbox.products.model.words import explained, notes
from sandbox.products.schedule import check_plan, read_plan

SLOTS, ERROR = 960, Decimal("0.1")
"""Places of marks, so many that few suffice and each is marked strongly; and by how much of a logit (of a linear model:
of half the target's range) a prediction is declared to be off: a mark moves it by less than a third of that."""


class ModelProduct:
    """The kind `model` of the product protocol."""

    kind = "model"
    by_operator = True

    def review(self, spec: Mapping[str, Any], entries: Sequence[Entry]) -> None:
        """Refuse a specification whose plan does not last the year, or whose model cannot be fitted. Raises
        field_invalid, unit_missing, bound_missing and what its SQL raises."""
        check_plan(spec, entries)
        own = read(spec)
        check_meant(own)
        for entry in entries:
            if entry.privacy is not None and entry.privacy.pure:
                raise Problem(
                    "field_invalid",
                    f"Field resources: the budget of {entry.name} is pure ε, and models have Gaussian noise, which "
                    "needs a δ; ask its holder to declare one.",
                    field="resources",
                )
            if not any(table.public for table in entry.tables):  # facts of public tables are known with the data
                model_of(own, entry)

    def compile(self, question: Question) -> Plan:
        """Give the stages of the model. The period of a run decides nothing: on the same data it is the same model."""
        own, whole = read(question.spec), rho_for(read_plan(question.spec).epsilon, question.delta_conv)
        model = model_of(own, question.entry, question.facts)
        look = Decimal(0) if model.method == "pca" else own.evaluation
        stages = blocks(model, whole * (1 - look), whole * look, sigma_for)
        slots = () if model.target is None else (Slots(SLOTS, ERROR),)
        return Plan(
            SEMANTICS,
            question.resource,
            question.population,
            question.version,
            (),
            (),
            Released(0, ()),
            notes(model),
            fitted=(*stages, *slots, *((places_of(model),) if model.weights else ())),
        )

    def explain(self, plan: Plan, unit: str, language: str) -> list[str]:
        """Say what is fitted to what, how noise is added and what is evaluated."""
        return explained(plan, unit, language)

    def expect(self, plan: Plan) -> list[dict[str, Any]]:
        """Nothing is foretold of a model: how good it is depends on data, and is released."""
        return expected(plan)

    def present(self, plan: Plan, base: Sequence[Groups], marked: Sequence[Sequence[tuple[int, ...]]]) -> Answer:
        """Give what the copy says of its model; what predictions need is kept."""
        return presented(plan, base, marked)
