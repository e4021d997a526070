"""Functions of text on every character that there is: DuckDB gives what the reference gives."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from versions import DuckDBEngine, measurement, plan, write_version

from sandbox.engines.reference import ReferenceEngine
from sandbox.plan import scalar as s

WORD = s.Column("word", s.STRING)
MADE = [
    s.Text("lower", WORD), s.Text("upper", WORD), s.Text("trim", WORD), s.Text("ltrim", WORD), s.Text("rtrim", WORD),
    s.Text("slice", WORD, 2, 3), s.Text("slice", WORD, 3), s.Text("slice", WORD, -2), s.Text("slice", WORD, 1, 0),
]  # fmt: skip
EVERY = [chr(point) for point in range(1, 0x110000) if not 0xD800 <= point < 0xE000]
FEW = "aZ éÉΣσßİı\u0301\u200d👨日\t\u00a0"


def words() -> list[str]:
    chance = random.Random(5)
    joined = ["".join(EVERY[at : at + 97]) for at in range(0, len(EVERY), 97)]
    return [*joined, *("".join(chance.choices(FEW, k=chance.randint(0, 9))) for _ in range(3000)), "", " ", "  "]


@pytest.mark.parametrize("made", MADE, ids=lambda made: f"{made.what}{made.start}")
def test_U1_texts_are_made_alike(made: s.Text, version_of_words, engine) -> None:
    version, rows = version_of_words
    asked = plan(measurement("rows"), table="w", keys=[made, s.Length(made)])
    [mine], [other] = ReferenceEngine({"w": rows}).run(version, asked), engine.run(version, asked)
    assert dict(zip(mine.groups, mine.values, strict=True)) == dict(zip(other.groups, other.values, strict=True))


@pytest.fixture(scope="module")
def version_of_words(tmp_path_factory: pytest.TempPathFactory):
    rows = [{"word": word, "__unit": n, "__ord": 0, "__h": n} for n, word in enumerate(words())]
    path: Path = tmp_path_factory.mktemp("words") / "words.db"
    return write_version(path, {"w": (rows, {"word": "VARCHAR"})}), rows


@pytest.fixture(scope="module")
def engine():
    made = DuckDBEngine()
    yield made
    made.close()
