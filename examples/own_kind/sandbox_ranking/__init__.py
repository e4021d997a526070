"""The kind `ranking` (排名): the values of a column by how many units have them – the share of each, and the places in
the ranking that may be its own: "2–3" where two are too close to tell apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from math import hypot
from typing import Any

from sandbox.catalogue.entry import Entry
from sandbox.errors import Problem
from sandbox.jobs.product import Answer, AnswerColumn, Groups, Question
from sandbox.plan.plan import Plan
from sandbox.products.query.compile import compile_query
from sandbox.products.query.explain import explain
from sandbox.products.query.foretold import expected
from sandbox.products.query.present import present

NOTE = "places whose 95 % intervals overlap are shown as a range; the shares bear the recipient's marks"
SMALL = Decimal("1e-9"), Decimal("1e-10")


class RankingProduct:
    """What the entry point names. A kind is made once per process; it keeps nothing between calls."""

    kind = "ranking"

    def review(self, spec: Mapping[str, Any], entries: Sequence[Entry]) -> None:
        """Say what is wrong with a specification before anybody approves it: try the very question it will ask."""
        if set(spec) != {"table", "column", "epsilon"}:
            raise Problem("field_invalid", "Field spec: a ranking takes table, column and epsilon, and nothing else.")
        for entry in entries:
            pure = entry.privacy is not None and entry.privacy.pure
            self.compile(Question({}, "", "", "", entry, spec, *SMALL, pure=pure))

    def compile(self, question: Question) -> Plan:
        """Give the plan: here a question that users cannot change. Only public facts are in reach."""
        asked = set(question.request) - {"subscription"}
        if asked:
            raise Problem("field_invalid", f"Field {min(asked)}: a ranking takes none; send the subscription only.")
        spec = question.spec
        name, table = (f'"{spec[part]}"' for part in ("column", "table"))
        request = {"sql": f"SELECT {name}, COUNT(*) AS n FROM {table} GROUP BY {name}", "epsilon": spec["epsilon"]}
        plan = compile_query(replace(question, request=request, spec={}, today=None))
        return replace(plan, notes=(*plan.notes, NOTE))

    def explain(self, plan: Plan, unit: str, language: str) -> list[str]:
        """Say what the plan does; the plan is a query's, and so are the sentences."""
        return explain(plan, unit, language)

    def expect(self, plan: Plan) -> list[dict[str, Any]]:
        """Say how far off the measured counts may be."""
        return expected(plan)

    def present(self, plan: Plan, base: Sequence[Groups], marked: Sequence[Sequence[tuple[int, ...]]]) -> Answer:
        """Make the answer of what was released, and of nothing else: this is post-processing, and costs nothing."""
        counted = present(plan, base, marked)
        found = [
            (row[0], max(float(str(row[1])), 0.0), float(errors[1] or 0))
            for row, errors in zip(counted.rows, counted.errors, strict=True)
        ]
        whole = sum(value for _, value, _ in found) or 1.0
        rows, widths = [], []
        for key, value, width in sorted(found, key=lambda one: -one[1]):
            surely = [hypot(width, other) < abs(value - theirs) for _, theirs, other in found]
            above = sum(sure and theirs > value for sure, (_, theirs, _) in zip(surely, found, strict=True))
            below = sum(sure and theirs < value for sure, (_, theirs, _) in zip(surely, found, strict=True))
            first, last = above + 1, len(found) - below
            share = Decimal(f"{100 * value / whole:.2f}")
            rows.append((str(first) if first == last else f"{first}–{last}", key, share))
            widths.append((None, None, f"{100 * width / whole:.2g}"))
        key, middle = counted.columns[0], [width[2] for width in widths if width[2]] or ["0"]
        columns = (
            AnswerColumn("place", "string", "measure", "post-processing"),
            key,
            AnswerColumn("share", "decimal", "measure", counted.columns[1].mechanism, error_95=max(middle, key=float)),
        )
        return Answer(columns, tuple(rows), counted.notes, tuple(widths))
