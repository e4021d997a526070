"""A program's plan: what is measured of the numbers of its blocks, with which noise, and what is made of that."""

from __future__ import annotations

from decimal import Decimal

from sandbox.engines.fixed import grains
from sandbox.jobs.product import Question
from sandbox.plan.block import Block, Bounds
from sandbox.plan.parts import Named
from sandbox.plan.plan import SEMANTICS, Output, Plan
from sandbox.plan.relation import Project, Released
from sandbox.plan.scalar import INTEGER, Arithmetic, Constant, Scalar, Type
from sandbox.plan.worked import Worked
from sandbox.privacy.convert import rho_for
from sandbox.products.program.specification import OutputSpec, ProgramSpec, worked
from sandbox.products.program.words import notes
from sandbox.products.query.measure import MOST_BINS, Need, measure
from sandbox.products.query.request import epsilon_of

FINER = 2
"""Decimals that a mean has more than the numbers it is made of."""
REPLACED = Bounds(2, 2, 2)
"""Of the rows that blocks give a unit changes one: it goes, and another comes."""


def compile_program(question: Question, spec: ProgramSpec) -> Plan:
    """Give the finished plan. Raises epsilon_invalid, field_invalid and what the program's SQL raises."""
    node = worked(spec, question.entry, question.facts, question.request.get("parameters") or {})
    epsilon = epsilon_of(
        question.request, {} if spec.max_epsilon is None else {"max_epsilon_per_query": spec.max_epsilon}
    )
    loss = epsilon if question.pure else rho_for(epsilon, question.delta_conv)
    weights = {_need(one): one.weight for one in spec.outputs}
    block = Block(node, (), REPLACED, measure(weights, loss, REPLACED, None, question.pure), None)
    outputs = tuple(_output(one, place) for place, one in enumerate(spec.outputs))
    post = Project(
        Released(0, tuple(one.column for one in outputs)),
        tuple(_shown(one, made, node) for one, made in zip(spec.outputs, outputs, strict=True)),
    )
    return Plan(
        SEMANTICS, question.resource, question.population, question.version, (block,), (outputs,), post,
        notes(spec, default=None if question.request.get("epsilon") is not None else epsilon),
    )  # fmt: skip


def centre(spec: OutputSpec) -> int:
    """Give what sums are taken around, in the last decimal of the numbers: the middle of their bounds, so that one that
    goes from bound to bound moves them by its width and no more."""
    low, high = _ends(spec)
    return (low + high) // 2


def _need(spec: OutputSpec) -> Need:
    low, high = _ends(spec)
    if spec.rank is None:
        return Need("sum", spec.given.column, spec.scale, low, high, centre(spec))
    shift = max((high - low).bit_length() - MOST_BINS.bit_length() + 1, 0)
    return Need("quantile", spec.given.column, spec.scale, low, high, 0, shift, spec.rank)


def _ends(spec: OutputSpec) -> tuple[int, int]:
    return grains(spec.lower, spec.scale), grains(spec.upper, spec.scale)


def _output(spec: OutputSpec, place: int) -> Output:
    return Output(f"of {spec.name}", "sum" if spec.rank is None else "quantile", (place,), spec.given.type)


def _shown(spec: OutputSpec, made: Output, node: Worked) -> Named:
    """A mean is the sum over the blocks, of which there are always as many, and what it was taken around."""
    if spec.rank is not None:
        return Named(spec.name, made.column)
    kind = Type("decimal", spec.scale + FINER)
    mean = Arithmetic("/", made.column, Constant(node.blocks, INTEGER), kind)
    around = Decimal(centre(spec)).scaleb(-spec.scale)
    moved: Scalar = Arithmetic("+", mean, Constant(around, Type("decimal", spec.scale)), kind) if around else mean
    return Named(spec.name, moved)
