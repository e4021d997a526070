"""What a request and a product's specification say beside the SQL: ε, confidence, tighter bounds. Public inputs."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from sandbox.core.amounts import read_decimal
from sandbox.errors import Problem
from sandbox.plan.block import Bounds
from sandbox.sql.parse import DIALECTS

DEFAULT_EPSILON = Decimal("0.5")
LARGEST_EPSILON = Decimal(100_000)
_BOUNDS = ("groups", "rows_per_group")
MODES = ("rows", "weights", "totals")


def sql_of(request: Mapping[str, Any]) -> str:
    """Give the question's text. Raises field_invalid."""
    text = request.get("sql")
    if not isinstance(text, str):
        raise Problem("field_invalid", "Field sql: write the question as text, for example SELECT COUNT(*) FROM ….")
    return text


def refuse_parameters(request: Mapping[str, Any]) -> None:
    """Refuse (field_invalid) what only products of other kinds take."""
    if request.get("parameters") is not None:
        raise Problem("field_invalid", "Field parameters: a question in SQL has none; write the values into its text.")


def dialect_of(request: Mapping[str, Any]) -> str:
    """Give the dialect that the question's text is in, DuckDB's when none is said. Raises field_invalid."""
    asked = request.get("dialect", "duckdb")
    if asked not in DIALECTS:
        raise Problem("field_invalid", f"Field dialect: write {', '.join(DIALECTS)}, or leave it out.")
    return str(asked)


def epsilon_of(request: Mapping[str, Any], spec: Mapping[str, Any]) -> Decimal:
    """Give the asked ε, 0.5 when none is given. Raises epsilon_invalid."""
    asked = request.get("epsilon")
    epsilon = DEFAULT_EPSILON if asked is None else _number(asked)
    most = min(LARGEST_EPSILON, _number(spec.get("max_epsilon_per_query", LARGEST_EPSILON)))
    if asked is None:
        epsilon = min(epsilon, most)
    if epsilon is None or not 0 < epsilon <= most:
        raise _bad_epsilon(most)
    return epsilon


def _number(raw: object) -> Decimal:
    """Read a decimal number; raises epsilon_invalid."""
    try:
        return read_decimal(raw)
    except ValueError:
        raise _bad_epsilon(LARGEST_EPSILON) from None


def _bad_epsilon(most: Decimal) -> Problem:
    return Problem("epsilon_invalid", f'Field epsilon: write a number above 0 and at most {most:f}, for example "0.5".')


def check_confidence(request: Mapping[str, Any]) -> None:
    """Refuse (field_invalid) any confidence but 0.95."""
    if request.get("confidence") not in (None, 0.95, "0.95"):
        raise Problem("field_invalid", "Field confidence: intervals are given at 0.95; write 0.95 or leave it out.")


def bounds_of(request: Mapping[str, Any], spec: Mapping[str, Any], rows: int, grouped: bool) -> Bounds:
    """Give what a unit with at most `rows` rows may contribute: the specification's bounds, which a request may only
    tighten. Raises field_invalid."""
    groups, per_group = rows, rows
    for source, whose in ((spec.get("bounds"), "the product"), (request.get("bounds"), "the request")):
        limits = read_bounds(source)
        asked = limits.get("groups"), limits.get("rows_per_group")
        if whose == "the request" and ((asked[0] or 1) > groups or (asked[1] or 1) > per_group):
            raise Problem(
                "field_invalid",
                f"Field bounds: at most {groups} groups and {per_group} rows per group count here; write no more.",
            )
        groups, per_group = min(groups, asked[0] or groups), min(per_group, asked[1] or per_group)
    if not grouped and per_group < rows:
        groups = 1  # there is one group, so that no bound on groups drops rows
    elif not grouped:
        groups = rows
    return Bounds(rows, groups, per_group)


def bounded(request: Mapping[str, Any], spec: Mapping[str, Any]) -> bool:
    """Say whether the request or the specification itself bounds what a unit contributes."""
    return bool(request.get("bounds") or spec.get("bounds"))


def wants_private(request: Mapping[str, Any], spec: Mapping[str, Any]) -> bool:
    """Say whether keys without a declared domain are to be found anew, whatever keys were published before. Raises
    field_invalid."""
    asked = [source.get("keys") for source in (request, spec)]
    if any(one not in (None, "private", "published") for one in asked):
        raise Problem("field_invalid", 'Field keys: write "private", to find keys anew, or "published".')
    return "private" in asked


def mode_of(request: Mapping[str, Any], spec: Mapping[str, Any]) -> str | None:
    """Give the mode that the request asks for, or else the product; None to choose. Raises field_invalid."""
    for source in (request, spec):
        if (asked := source.get("mode")) is not None:
            if asked not in MODES:
                raise Problem("field_invalid", f"Field mode: write one of {', '.join(MODES)}, or leave it out.")
            return str(asked)
    return None


def consistent_of(request: Mapping[str, Any], spec: Mapping[str, Any]) -> bool:
    """Say whether totals are to be the sums of their parts. Raises field_invalid."""
    asked = [source.get("consistent") for source in (request, spec)]
    if any(one is not None and not isinstance(one, bool) for one in asked):
        raise Problem("field_invalid", "Field consistent: write true, for totals that are the sums of their parts.")
    return any(one is True for one in asked)


def read_bounds(raw: object) -> dict[str, int]:
    """Read `{"groups": L0, "rows_per_group": R}`, each optional. Raises field_invalid."""
    if raw is None:
        return {}
    if not isinstance(raw, Mapping) or not set(raw) <= set(_BOUNDS):
        raise Problem("field_invalid", "Field bounds: write groups and rows_per_group, both whole numbers from 1.")
    for name, value in raw.items():
        if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= 1_000_000:
            raise Problem("field_invalid", f"Field bounds.{name}: write a whole number from 1 to 1000000.")
    return dict(raw)


def check_spec(spec: Mapping[str, Any]) -> None:
    """Refuse (field_invalid, epsilon_invalid) a specification with anything but what a query product knows."""
    unknown = sorted(set(spec) - {"bounds", "max_epsilon_per_query", "approval", "keys", "mode", "consistent"})
    if unknown:
        raise Problem("field_invalid", f"Field spec.{unknown[0]}: a query product has no such field; remove it.")
    read_bounds(spec.get("bounds"))
    wants_private({}, spec)
    mode_of({}, spec)
    consistent_of({}, spec)
    if "max_epsilon_per_query" in spec:
        epsilon_of({"epsilon": spec["max_epsilon_per_query"]}, {})
    check_approval(spec)


def check_approval(spec: Mapping[str, Any]) -> None:
    """Refuse (field_invalid) a word for how users are approved that means nothing."""
    if spec.get("approval") not in (None, "automatic"):
        raise Problem("field_invalid", 'Field spec.approval: write "automatic", or leave it out to approve each user.')
