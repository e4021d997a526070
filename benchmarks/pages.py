"""The section of the page that the seven questions fill."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from benchmarks.errors import Compared
from benchmarks.queries import FirstUse, Line, Measured, NotAnswered, Size
from benchmarks.timing import ms
from benchmarks.walk import DELTA, EPSILON

INTRODUCTION = """## Seven questions

A generated town: ten visits a person on average, 1–200, half of the persons at most six; 2000 hospitals, 40
departments, 31 provinces. Bounds are chosen from a public profile bought at ε = 0.5. Each question with ε = {epsilon}
and δ = {delta} for one person, through plan → engine → release → present in one process without HTTP, in turns with
plain DuckDB on the unbounded rows (two threads each; medians of {rounds}, ratios turn by turn with their least and
most). Who asks had the question's estimate before, as the service expects, so that its plan is kept for this party:
compiling stands below, and is part of *fresh*. Noise is drawn anew each time.

*coded* is the same question without bounds or noise on the sandbox's own stored table; *fresh* the first question of a
new process against that of a new connection of plain DuckDB. Errors are relative to the exact answer of plain DuckDB:
the median over the groups and the worst group, one for each measured column, mean over the answers timed and the
warm-up. Memory is the peak of the largest process when it asks only this question."""
FIRST = "| question | DuckDB | sandbox | × DuckDB | engine alone | × coded | fresh, × DuckDB | MB (DuckDB) |"
SECOND = "| question | groups released | median error | worst group |"


def queries(sizes: Sequence[Size], rounds: int) -> str:
    """Give the section for all sizes."""
    parts = [INTRODUCTION.format(epsilon=EPSILON, delta=DELTA, rounds=rounds)]
    for size in sizes:
        parts += [f"### {size.visits:,} visits", _speed(size.lines), _accuracy(size.lines), _others(size)]
    return "\n\n".join([*parts, _growth(sizes)]) if len(sizes) > 1 else "\n\n".join(parts)


def _speed(lines: Sequence[Line]) -> str:
    rows = [FIRST, "| --- " * 8 + "|"]
    for line in lines:
        name = f"{line.question.name} {line.question.about}"
        rows.append(f"| {name} | {_spent(line)} |")
    return "\n".join(rows)


def _spent(line: Line) -> str:
    if isinstance(line, NotAnswered):
        return f"refused: {line.sentence.replace('|', '/')}" + " |" * 6
    ratio, least, most = line.whole.over(line.raw)
    coded = line.engine / line.coded.median
    cells = [
        ms(line.raw.median),
        ms(line.whole.median),
        f"{ratio:.2f} ({least:.2f}–{most:.2f})",
        ms(line.engine),
        f"{coded:.2f}",
        f"{ms(line.first)}, {line.first / line.plain_first:.1f}",
        f"{line.peak} ({line.plain_peak})",
    ]
    return " | ".join(cells)


def _accuracy(lines: Sequence[Line]) -> str:
    rows = [SECOND, "| --- " * 4 + "|"]
    rows += [f"| {line.question.name} | {_errors(line.error)} |" for line in lines if isinstance(line, Measured)]
    return "\n".join(rows)


def _errors(error: Compared) -> str:
    medians = ", ".join(_percent(column.median) for column in error.columns)
    worst = ", ".join(_percent(column.worst) for column in error.columns)
    if error.groups == 1:
        worst = ", ".join(f"± {column.absolute:,.1f}" for column in error.columns)
    return f"{error.released:,} of {error.groups:,} | {medians} | {worst}"


def _percent(part: float) -> str:
    return f"{part * 100:.2g} %"


def _others(size: Size) -> str:
    encrypted, opened = size.touch
    ratio, least, most = encrypted.over(opened)
    compiled = ", ".join(_compiled(line, size.compiling) for line in size.lines if isinstance(line, Measured))
    uses = "; ".join(f"{name} {_use(use)}" for name, use in size.first_uses.items())
    return "\n".join(
        [
            f"- Ingest with the indexes of two key sets: {size.data.seconds:.1f} s, {size.data.peak:,} MB; the data "
            f"version has {size.data.path.stat().st_size >> 20:,} MB.",
            f"- First use of a key set that has no index: {uses}.",
            f"- First touch of the encrypted file against an open copy: {ratio:.2f} × ({least:.2f}–{most:.2f}).",
            f"- Compiling a statement, for who asks without an estimate (× DuckDB with it): {compiled}.",
        ]
    )


def _compiled(line: Measured, compiling: Mapping[str, float]) -> str:
    seconds = compiling[line.question.name]
    return f"{line.question.name} {ms(seconds)} ({(line.whole.median + seconds) / line.raw.median:.2f})"


def _use(use: FirstUse | str) -> str:
    return f"refused: {use}" if isinstance(use, str) else f"{ms(use.seconds)}, {use.ratio:.1f} × DuckDB"


def _growth(sizes: Sequence[Size]) -> str:
    """How time and memory grow with the rows."""
    names = [line.question.name for line in sizes[0].lines]
    rows = ["### Growth", "| question | " + " | ".join(f"{size.visits:,} visits" for size in sizes) + " |"]
    rows = [rows[0], "", rows[1], "| --- " * (len(sizes) + 1) + "|"]
    for place, name in enumerate(names):
        lines = [size.lines[place] for size in sizes]
        rows.append(f"| {name} | {' | '.join(map(_grown, lines))} |")
    built = [f"{size.data.seconds:.1f} s, {size.data.peak:,} MB" for size in sizes]
    return "\n".join([*rows, f"| ingest, its peak | {' | '.join(built)} |"])


def _grown(line: Line) -> str:
    """How long a question took, and how many times plain DuckDB's time."""
    if isinstance(line, NotAnswered):
        return "refused"
    return f"{ms(line.whole.median)}, {line.whole.over(line.raw)[0]:.2f} ×"
