"""The same language over data that are served exactly: rows and aggregates as they are (U6)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from sandbox.catalogue.entry import Entry
from sandbox.catalogue.exact import check_exact
from sandbox.errors import Problem
from sandbox.jobs.product import Answer, AnswerColumn, Question
from sandbox.plan.plan import SEMANTICS
from sandbox.plan.reading import Reading
from sandbox.plan.relation import NUMBER, Public
from sandbox.plan.scalar import Value
from sandbox.plan.walk import walk
from sandbox.products.query.request import check_approval, dialect_of, sql_of
from sandbox.sql.compile import compile_rows

MOST_ROWS, USUAL_ROWS = 10_000, 1_000  # that a specification may allow one answer, and that it has unless it says
PRIVATE = ("epsilon", "confidence", "bounds", "keys", "mode", "consistent")
SAID = {
    "en": {
        "table": "The public table {table} is read; its rows are the same without any one person.",
        "exact": "The answer is exact: no noise is added, and no privacy budget is spent.",
        "most": "It has at most {most} rows.",
        "unmarked": "Nothing in it is marked: a copy is known by the digest of its delivery alone.",
    },
    "zh": {
        "table": "读取公开表 {table}；其内容不因任何一个个人而改变。",
        "exact": "结果为精确值：不加噪声，不消耗隐私预算。",
        "most": "结果最多 {most} 行。",
        "unmarked": "结果不含数据指纹：只能凭交付摘要识别副本。",
    },
}


class ExactQuery:
    """How the kind `query` serves data exactly."""

    def compile(self, question: Question) -> Reading:
        """Give the rows that the question asks for. Raises `Problem`: those of the SQL room, field_invalid."""
        request = question.request
        for name in PRIVATE:
            if request.get(name) is not None:
                raise Problem("field_invalid", f"Field {name}: exact answers have no noise to choose; leave it out.")
        rows, shown = compile_rows(sql_of(request), question.entry, question.facts, question.today, dialect_of(request))
        most = most_rows(question.spec)
        rows = replace(rows, limit=most + 1 if rows.limit is None else min(rows.limit, most + 1))
        notes = (
            f"exact values of data version {question.version}: no noise, no privacy spent",
            "exact values carry no mark; a copy is known by the digest of its delivery alone",
        )
        return Reading(SEMANTICS, question.resource, question.version, rows, shown, most, notes)

    def present(self, reading: Reading, rows: Sequence[tuple[Value, ...]]) -> Answer:
        """Give the answer, which says when it was cut."""
        columns = tuple(AnswerColumn(one.name, one.type.kind, "exact") for one in reading.columns)
        cut = f"only the first {reading.most} rows are shown, there are more: write LIMIT and OFFSET, or aggregate"
        notes = (*reading.notes, cut) if len(rows) > reading.most else reading.notes
        return Answer(columns, tuple(rows[: reading.most]), notes)

    def explain(self, reading: Reading, language: str) -> list[str]:
        """Say what is read, from the reading alone."""
        said = SAID[language]
        tables = dict.fromkeys(node.table for node in walk(reading.rows) if isinstance(node, Public))
        sentences = [said["table"].format(table=table.partition(NUMBER)[0]) for table in tables]
        return [*sentences, said["exact"], said["most"].format(most=reading.most), said["unmarked"]]


def check_exact_spec(spec: Mapping[str, Any], entries: Sequence[Entry]) -> None:
    """Refuse (field_invalid, grade_refused) a specification with anything but what exact service knows, and data that
    it is not allowed for."""
    if unknown := sorted(set(spec) - {"rows", "approval"}):
        raise Problem("field_invalid", f"Field spec.{unknown[0]}: exact service has no such field; remove it.")
    check_approval(spec)
    most_rows(spec)
    for entry in entries:
        check_exact(entry)


def most_rows(spec: Mapping[str, Any]) -> int:
    """Give how many rows one exact answer may have, as the specification declares. Raises field_invalid."""
    most = spec.get("rows", USUAL_ROWS)
    if isinstance(most, bool) or not isinstance(most, int) or not 1 <= most <= MOST_ROWS:
        raise Problem("field_invalid", f"Field spec.rows: write a whole number from 1 to {MOST_ROWS}.")
    return most
