"""The seven questions, asked of the sandbox's own parts in one process and of plain DuckDB, in turns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from statistics import median

from benchmarks import apart, plain
from benchmarks.errors import Compared, compare, grouped, together
from benchmarks.questions import QUESTIONS, Question
from benchmarks.registered import Built, built
from benchmarks.timing import Times, clock, in_turns, say
from benchmarks.walk import Refused, Walk, Walked

COLD, COMPILED = 3, 15
FIRST_USES = ("Q3", "Q4", "Q7")


@dataclass(frozen=True)
class Measured:
    """One question at one size. `steps` are the median seconds of the steps of a warm walk; `first` and `plain_first`
    the first question of a fresh process or connection; peaks are MB."""

    question: Question
    raw: Times
    whole: Times
    coded: Times
    steps: dict[str, float]
    first: float
    plain_first: float
    peak: int
    plain_peak: int
    error: Compared

    @property
    def engine(self) -> float:
        return self.steps["engine"]


@dataclass(frozen=True)
class NotAnswered:
    """A question that the sandbox refuses, and its sentence."""

    question: Question
    sentence: str


@dataclass(frozen=True)
class FirstUse:
    """Seconds of a first use, and how many times plain DuckDB's."""

    seconds: float
    ratio: float


Line = Measured | NotAnswered


@dataclass(frozen=True)
class Size:
    """Everything measured on a town: `touch` are first touches of the encrypted file and of an open copy."""

    visits: int
    data: Built
    lines: list[Line]
    compiling: dict[str, float]
    first_uses: dict[str, FirstUse | str]
    touch: tuple[Times, Times]


def measure(visits: int, rounds: int, only: str = "", *, anew: bool = False) -> Size:
    """Make the town and its data versions where they are not in the cache – the indexed one `anew`, as the first thing,
    where its ingest is to be timed –, and measure the questions of these names."""
    say(f"{visits:,} visits: making {'the data version, and ' * anew}what is not in the cache …")
    data, bare = built(visits, anew=anew), built(visits, ())
    asked = [question for question in QUESTIONS if not only or question.name in only.split(",")]
    lines = warm(data, rounds, asked)
    return Size(visits, data, lines, compiling(data, asked), unindexed(bare, COLD, asked), first_touch(data, rounds))


def warm(data: Built, rounds: int, asked: Sequence[Question]) -> list[Line]:
    """Measure every question on a data version that has its index."""
    walk = Walk(data)
    try:
        return [_guarded(data, walk, question, rounds) for question in asked]
    finally:
        walk.close()


def _guarded(data: Built, walk: Walk, question: Question, rounds: int) -> Line:
    say(f"  {question.name} {question.about}")
    try:
        return _measure(data, walk, question, rounds)
    except Refused as refused:
        return NotAnswered(question, str(refused))


def _measure(data: Built, walk: Walk, question: Question, rounds: int) -> Measured:
    walked: list[Walked] = []
    with plain.raw(data.town) as raw, plain.coded(data) as coded:
        true = grouped(plain.exact(raw, question), question.keys)
        works = (
            lambda: raw(question.plain),
            lambda: walked.append(walk.ask(question)),
            lambda: coded(question.coded),
        )
        alone, whole, unbounded = in_turns(works, rounds)
    counted = walked[-rounds:]
    first = median(clock(partial(_first, data, question)) for _ in range(COLD))
    plain_first = median(clock(partial(_plain_first, data, question)) for _ in range(COLD))
    return Measured(
        question,
        alone,
        whole,
        unbounded,
        {step: median(one.seconds[step] for one in counted) for step in counted[0].seconds},
        first,
        plain_first,
        apart.run(ask_apart, str(data.town.visits), str(int(bool(data.key_sets))), question.name).peak,
        apart.run(plain.once, str(data.town.folder), question.name).peak,
        together([compare(grouped(one.answer.rows, question.keys), true) for one in walked]),
    )


def _first(data: Built, question: Question) -> None:
    walk = Walk(data)
    try:
        walk.ask(question)
    finally:
        walk.close()


def _plain_first(data: Built, question: Question) -> None:
    with plain.raw(data.town) as raw:
        raw(question.plain)


def ask_apart(visits: str, indexed: str, name: str) -> None:
    """Ask the sandbox's parts one question, twice; runs apart, to see their memory."""
    data = built(int(visits)) if int(indexed) else built(int(visits), ())
    question = next(one for one in QUESTIONS if one.name == name)
    walk = Walk(data)
    try:
        walk.ask(question)
        walk.ask(question)
    finally:
        walk.close()


def compiling(data: Built, asked: Sequence[Question]) -> dict[str, float]:
    """Give the median seconds of compiling each question that is not refused; every time with another ε."""
    walk = Walk(data)
    found = {}
    for question in asked:
        try:
            turns = [clock(partial(walk.compile, question, f"1.{turn:03}")) for turn in range(COMPILED)]
            found[question.name] = median(turns)
        except Refused:
            continue
    walk.close()
    return found


def unindexed(data: Built, rounds: int, asked: Sequence[Question]) -> dict[str, FirstUse | str]:
    """Measure for some questions the first use of their key sets in a data version that has no index, or say why they
    are refused. The engine's process runs already."""
    found: dict[str, FirstUse | str] = {}
    for question in (one for one in asked if one.name in FIRST_USES):
        say(f"  first use: {question.name}")
        try:
            pairs = [_first_use(data, question) for _ in range(rounds)]
            found[question.name] = FirstUse(median(mine for mine, _ in pairs), median(a / b for a, b in pairs))
        except Refused as refused:
            found[question.name] = str(refused)
    return found


def _first_use(data: Built, question: Question) -> tuple[float, float]:
    walk = Walk(data)
    try:
        walk.ask(QUESTIONS[0])
        mine = clock(partial(walk.ask, question))
    finally:
        walk.close()
    with plain.raw(data.town) as raw:
        raw(question.plain)
        return mine, clock(partial(raw, question.plain))


def first_touch(data: Built, rounds: int) -> tuple[Times, Times]:
    """Time Q3 without bounds, in a new connection each time, on the encrypted data version and on an open copy."""
    question = next(one for one in QUESTIONS if one.name == "Q3")

    def touch(encrypted: bool) -> None:
        with plain.coded(data, encrypted=encrypted) as ask:
            ask(question.coded)

    encrypted, opened = in_turns((partial(touch, True), partial(touch, False)), rounds)
    return encrypted, opened
