"""The parts of the demonstration: its data, its damage, its words in both languages."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from sandbox.catalogue.entry import parse_entry
from sandbox.cli.demo import data
from sandbox.cli.demo.leak import damage
from sandbox.cli.demo.words import Words

TEXTS = Path(data.HERE) / "texts"
STORY = [Path(data.HERE) / f"{name}.py" for name in ("offering", "asking", "watching", "stage")]


def texts(language: str) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((TEXTS / f"{language}.yaml").read_text(encoding="utf-8"))
    return loaded


@pytest.mark.parametrize("language", ["en", "zh"])
def test_no_text_hides_another(language: str) -> None:
    names = re.findall(r"^(\w+):", (TEXTS / f"{language}.yaml").read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(names) == sorted(set(names))


def leaves(tree: dict[Any, Any], path: str = "") -> Iterator[tuple[str, str]]:
    for name, value in tree.items():
        here = f"{path}.{name}".lstrip(".")
        yield from leaves(value, here) if isinstance(value, dict) else [(here, str(value))]


def test_both_languages_say_the_same_things_with_the_same_values() -> None:
    placeholders = [
        {name: sorted(re.findall(r"{(\w+)}", text)) for name, text in leaves(texts(language)) if "said." not in name}
        for language in ("en", "zh")
    ]
    assert placeholders[0] == placeholders[1]


def test_every_text_is_used_and_every_used_text_is_there() -> None:
    code = "".join(file.read_text(encoding="utf-8") for file in STORY)
    used = set(re.findall(r'(?:act|say|working|words|words\.of|refusal)\(\s*["\'](\w+)["\']', code))
    used |= {"registered_inspections", "registered_persons", "chances", "cost", "cost_again"}
    assert used == set(texts("en"))


@pytest.mark.parametrize(("name", "rows"), [("inspections", 27_178), ("persons", 214_144)])
def test_the_data_are_whole_and_as_registered(name: str, rows: int, tmp_path: Path) -> None:
    target = tmp_path / "t.csv"
    assert data.write(name, target) == rows
    table = parse_entry(data.entry(name)).tables[0]
    with target.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        assert reader.fieldnames == [column.name for column in table.columns]
        seen: dict[str, set[str]] = {column.name: set() for column in table.columns}
        for row in reader:
            for column, value in row.items():
                seen[column].add(value)
    for column in table.columns:
        if column.domain is not None:
            assert seen[column.name] <= {str(value) for value in column.domain}
    if name == "persons":
        assert len(seen["person_id"]) == rows


def test_the_damage_is_as_told() -> None:
    rows = [f"{key},{number}" for key in "abcdefghij" for number in range(10)]
    leak = damage(("\ufeffkey,number\n" + "\n".join(rows)).encode())
    head, *kept = leak.content.decode().split()
    assert head == "c0,c1"
    assert (leak.rows, leak.out_of) == (len(kept), len(rows)) == (70, 100)
    assert set(kept) < set(rows)
    assert kept != sorted(kept)


@pytest.mark.parametrize(
    ("log10_p", "words"), [(-6.0, "a million"), (-8.9, "a million"), (-9.1, "a billion"), (-40, "a trillion")]
)
def test_a_probability_is_said_in_words_that_are_not_too_strong(log10_p: float, words: str) -> None:
    assert Words("en").chance(log10_p) == words
