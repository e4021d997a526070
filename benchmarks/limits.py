"""What sets the limits of the seven questions: processor time of the engine's statement against plain DuckDB's and the
coded twin's, the least that its meaning asks of DuckDB, and what every question takes whatever the rows.

Alone: `python -m benchmarks.limits [visits]`. Processor time, the least of many turns: other processes hardly move it.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

from benchmarks import plain
from benchmarks.questions import QUESTIONS, Question
from benchmarks.registered import KEY, Built, built
from benchmarks.timing import ms, say
from benchmarks.walk import Walk
from sandbox.engines.duckdb.facts import Facts, read_facts
from sandbox.engines.duckdb.kept import Planned
from sandbox.engines.duckdb.pool import MODULE
from sandbox.engines.duckdb.positions import prepare
from sandbox.engines.duckdb.render import render
from sandbox.engines.files import ALIAS, attach, connect
from sandbox.engines.process import Child
from sandbox.privacy.release import release

VISITS, SMALL, TURNS, FEW = 10_000_000, 1_000_000, 9, 60
ASKED = ("Q2", "Q3", "Q4", "Q5", "Q6", "Q7")
ASKED_OF_FEW = ("Q2", "Q4")
FIRST = "| question | DuckDB | twin | statement | × DuckDB | × twin | bare, × twin |"
SECOND = "| question | compile, once | its statement, once | pipe and reading | noise | the answer | each time |"
EMPTY = {"sql": "SELECT 1", "parameters": {}, "pieces": None}


def lines(visits: int = VISITS, small: int = SMALL) -> str:
    """Give the tables, those of Q2 and Q4 on the smaller town too, and what an empty statement takes."""
    data = built(visits)
    empty = f"An empty statement through the pipe to the engine's process and back: {ms(_empty(data))} of wall time."
    few = f"On {small:,} visits:"
    return "\n\n".join([*_tables(data, ASKED), few, *_tables(built(small), ASKED_OF_FEW), empty])


def _tables(data: Built, names: Sequence[str]) -> list[str]:
    say(f"limits on {data.town.visits:,} visits")
    asked = [question for question in QUESTIONS if question.name in names]
    walk = Walk(data)
    try:
        statements = [FIRST, "| --- " * 7 + "|", *_statements(data, walk, asked)]
        fixed = [SECOND, "| --- " * 7 + "|", *(_fixed(data, walk, question) for question in asked)]
    finally:
        walk.close()
    return ["\n".join(statements), "\n".join(fixed)]


def _statements(data: Built, walk: Walk, asked: list[Question]) -> Iterator[str]:
    with plain.raw(data.town) as raw, plain.coded(data) as coded, opened(data) as (connection, facts):
        least_asked = bare(facts)
        for question in asked:
            queries = render(walk.compile(question).blocks[0], facts)
            planned = Planned(connection)  # as the engine's process runs what comes again

            def run(texts: Mapping[str, Mapping[str, str]], planned: Planned = planned) -> None:
                for sql, parameters in texts.items():
                    if parameters:
                        connection.execute(sql, dict(parameters)).to_arrow_table()
                    else:
                        planned.table(sql)

            works: list[Callable[[], object]] = [
                partial(raw, question.plain),
                partial(coded, question.coded),
                partial(run, {query.sql: query.parameters for query in queries}),
            ]
            if question.name in least_asked:
                works.append(partial(run, {least_asked[question.name]: {}}))
            alone, twin, own, *least = _least(works, TURNS)
            floor = f"{ms(least[0])}, {least[0] / twin:.2f}" if least else "–"
            ratios = f"{own / alone:.2f} | {own / twin:.2f}"
            yield f"| {question.name} | {ms(alone)} | {ms(twin)} | {ms(own)} | {ratios} | {floor} |"


def bare(facts: Facts) -> dict[str, str]:
    """Give what a question's meaning asks of DuckDB at least: of Q6 that a bit is set for each unit and group, with
    nothing else around it."""
    visits = facts.table("visits")
    table, dept, cost = f'{ALIAS}.main."{visits.base}"', visits.column("dept").column, visits.column("cost")
    bits = f'SELECT "{dept}", bit_count(bitstring_agg(__unit, 0, {facts.units - 1})) FROM {table}'
    return {"Q6": f'{bits} WHERE "{cost.column}" > {cost.code(1000)} GROUP BY ALL'}


def _fixed(data: Built, walk: Walk, question: Question) -> str:
    """Processor time in the service's own process, the child's not in it."""
    plan = walk.compile(question)
    exact = walk.exact(plan)
    base = release(plan, exact)
    with opened(data) as (_, facts):
        works = [
            partial(walk.compile, question),
            partial(render, plan.blocks[0], facts),
        ]
        once = _least(works, FEW)
    [asked] = _least([partial(walk.exact, plan)], TURNS)
    taken = [asked, *_least([partial(release, plan, exact), partial(walk.present, plan, base)], FEW)]
    return f"| {question.name} | {' | '.join(ms(one) for one in (*once, *taken, sum(taken)))} |"


def _empty(data: Built) -> float:
    child = Child(MODULE)
    try:
        opening = {"path": str(data.path.resolve()), "key": KEY.hex(), "memory": "1GB", "threads": plain.THREADS}
        child.ask(json.dumps(opening).encode(), 60)
        return min(_wall(partial(child.ask, json.dumps(EMPTY).encode(), 60)) for _ in range(FEW))
    finally:
        child.close()


@contextmanager
def opened(data: Built) -> Iterator[tuple[duckdb.DuckDBPyConnection, Facts]]:
    """Open the stored data version in this process, as the engine's child has it open."""
    with TemporaryDirectory() as scratch, connect(Path(scratch), plain.MEMORY, plain.THREADS) as connection:
        attach(connection, data.path, KEY)
        prepare(connection)
        yield connection, read_facts(connection)


def _least(works: list[Callable[[], object]], turns: int) -> list[float]:
    """Give the least processor seconds of each work, in turns after one that does not count."""
    return [min(times) for times in zip(*([_cpu(work) for work in works] for _ in range(turns + 1)), strict=True)]


def _cpu(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def _wall(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


if __name__ == "__main__":
    print(lines(*map(int, sys.argv[1:])))
