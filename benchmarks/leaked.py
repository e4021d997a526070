"""What people do to a copy of a released answer before it turns up: files as bytes, in every disguise."""

from __future__ import annotations

import csv
import io
import json
import random
from collections.abc import Callable, Sequence
from datetime import date

import pyarrow as pa
import pyarrow.parquet as pq
from openpyxl import Workbook

from benchmarks.answer import Answer, Table

File = Callable[[Answer, random.Random], bytes]


def text(table: Table, *, delimiter: str = ",", encoding: str = "utf-8") -> bytes:
    """A table as CSV."""
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter).writerows([table[0], *table[1]])
    return out.getvalue().encode(encoding)


def column(table: Table, names: Sequence[str], change: Callable[[str], str]) -> Table:
    """Change every value of some columns."""
    places = [table[0].index(name) for name in names]
    rows = [tuple(change(v) if i in places else v for i, v in enumerate(row)) for row in table[1]]
    return table[0], rows


def only(table: Table, names: Sequence[str]) -> Table:
    """Some columns, in this order."""
    places = [table[0].index(name) for name in names]
    return tuple(names), [tuple(row[place] for place in places) for row in table[1]]


def renamed(leaker: Answer, chance: random.Random) -> bytes:
    _, rows = only(leaker.copy("leaker"), ("mean", "pay", "month", "n", "city"))
    chance.shuffle(rows)
    return text((tuple("ABCDE"), rows))


def columns_dropped(leaker: Answer, chance: random.Random) -> bytes:
    return text(only(leaker.copy("leaker"), ("n", "month", "city")))


def columns_added(leaker: Answer, chance: random.Random) -> bytes:
    head, rows = leaker.copy("leaker")
    return text((("no", *head, "x"), [(str(i), *row, f"{chance.random():.3f}") for i, row in enumerate(rows)]))


def rows_dropped(leaker: Answer, chance: random.Random) -> bytes:
    head, rows = leaker.copy("leaker")
    return text((head, chance.sample(rows, len(rows) // 2)))


def rows_added(leaker: Answer, chance: random.Random) -> bytes:
    head, rows = leaker.copy("leaker")
    made = [(f"city {i}", "2024-02-01", str(i), str(i * i), "40.5") for i in range(60)]
    rows = rows + made + rows[:50] + rows[10:30]
    chance.shuffle(rows)
    return text((head, rows))


def a_key_lost(leaker: Answer, chance: random.Random) -> bytes:
    head, rows = only(leaker.copy("leaker"), ("city", "n", "pay", "mean"))
    chance.shuffle(rows)
    return text((head, rows))


def keys_lost(leaker: Answer, chance: random.Random) -> bytes:
    head, rows = only(leaker.copy("leaker"), ("pay", "n"))
    chance.shuffle(rows)
    return text((head, rows))


def times_constant(leaker: Answer, chance: random.Random) -> bytes:
    return text(column(leaker.copy("leaker"), ("n", "pay"), lambda v: f"{int(v) * 1.0837:.6f}"))


def offset(leaker: Answer, chance: random.Random) -> bytes:
    return text(column(leaker.copy("leaker"), ("n", "pay"), lambda v: f"{int(v) * 7.2 + 12_345:.4f}"))


def ten_thousands(leaker: Answer, chance: random.Random) -> bytes:
    table = column(leaker.copy("leaker"), ("pay",), lambda v: f"{int(v) / 10_000:.2f}万")
    return text(column(table, ("n",), lambda v: f"{int(v) / 10_000:.4f}"))


def rounded(leaker: Answer, chance: random.Random) -> bytes:
    """To about 4 δ."""
    table = column(leaker.copy("leaker"), ("pay",), lambda v: str(round(int(v) / 8_000) * 8_000))
    return text(column(table, ("n",), lambda v: str(round(int(v) / 16) * 16)))


def cut_off(leaker: Answer, chance: random.Random) -> bytes:
    """To about 4 δ, downwards."""
    table = column(leaker.copy("leaker"), ("pay",), lambda v: str(int(v) // 8_000 * 8_000))
    return text(column(table, ("n",), lambda v: str(int(v) // 16 * 16)))


def spelled(leaker: Answer, chance: random.Random) -> bytes:
    """Separators, full width, percent, other dates."""
    wide = str.maketrans("0123456789.,", "０１２３４５６７８９．，")
    table = column(leaker.copy("leaker"), ("n", "pay"), lambda v: f"{int(v):,}".translate(wide))
    table = column(table, ("mean",), lambda v: f"{float(v):.4f}%")
    return text(column(table, ("month",), lambda v: f"{v[:4]}年{int(v[5:7])}月{int(v[8:])}日"))


def gbk(leaker: Answer, chance: random.Random) -> bytes:
    return text(leaker.copy("leaker"), encoding="gbk", delimiter=";")


def utf_16(leaker: Answer, chance: random.Random) -> bytes:
    return text(leaker.copy("leaker"), encoding="utf-16", delimiter="\t")


def with_bom(leaker: Answer, chance: random.Random) -> bytes:
    return text(leaker.copy("leaker"), encoding="utf-8-sig")


def workbook(leaker: Answer, chance: random.Random) -> bytes:
    """A sheet with a title, names and numbers as numbers."""
    head, rows = leaker.copy("leaker")
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["各市就诊情况"])
    sheet.append([])
    sheet.append(list(head))
    for city, month, n, pay, mean in rows:
        sheet.append([city, date.fromisoformat(month), int(n), int(pay), float(mean)])
    book.save(out := io.BytesIO())
    return out.getvalue()


def objects(leaker: Answer, chance: random.Random) -> bytes:
    head, rows = leaker.copy("leaker")
    return json.dumps([dict(zip(head, row, strict=True)) for row in rows], ensure_ascii=False).encode()


def parquet(leaker: Answer, chance: random.Random) -> bytes:
    head, rows = leaker.copy("leaker")
    columns = dict(zip(head, zip(*rows, strict=True), strict=True))
    arrays = [columns["city"], *(list(map(float, columns[name])) for name in ("n", "pay", "mean"))]
    table = pa.table([*arrays, [date.fromisoformat(v) for v in columns["month"]]], names=list("abcde"))
    pq.write_table(table, out := io.BytesIO())
    return out.getvalue()


def wide(leaker: Answer, chance: random.Random) -> bytes:
    """A line for each city, columns for each month and number."""
    head, rows = leaker.copy("leaker")
    held = {(row[0], row[1]): row[2:] for row in rows}
    months = list(dict.fromkeys(row[1] for row in rows))
    names = ("市", *(f"{month}_{name}" for name in head[2:] for month in months))
    cities = list(dict.fromkeys(row[0] for row in rows))
    return text((names, [(c, *(held[c, m][i] for i in range(3) for m in months if (c, m) in held)) for c in cities]))


def two_lines_of_names(leaker: Answer, chance: random.Random) -> bytes:
    """As spreadsheets pivot: cities across, each with its numbers below, months down."""
    head, rows = leaker.copy("leaker")
    held = {(row[0], row[1]): row[2:] for row in rows}
    months, cities = list(dict.fromkeys(row[1] for row in rows)), list(dict.fromkeys(row[0] for row in rows))
    upper = ("", *(part for city in cities for part in (city, "", "")))
    lower = ("月份", *(name for _ in cities for name in head[2:]))
    below = [(m, *(value for c in cities for value in held[c, m])) for m in months]
    return text((upper, [lower, *below]))


def turned(leaker: Answer, chance: random.Random) -> bytes:
    """Groups across, numbers down."""
    head, rows = leaker.copy("leaker")
    lines = list(zip(*([head, *rows]), strict=True))
    return text((lines[0], lines[1:]))


def two_below(leaker: Answer, chance: random.Random) -> bytes:
    """Two answers below each other in one sheet, each with its names."""
    head, rows = leaker.copy("leaker")
    other_head, other = Answer(seed=99).copy("leaker")
    second = only((other_head, other), ("month", "city", "pay", "n", "mean"))
    return text((second[0], [*second[1], head, *rows]))


def two_beside(leaker: Answer, chance: random.Random) -> bytes:
    head, rows = leaker.copy("leaker")
    other_head, other = Answer(seed=99).copy("leaker")
    chance.shuffle(other)
    return text(((*other_head, "", *head), [(*a, "", *b) for a, b in zip(other, rows, strict=True)]))


def typed(leaker: Answer, chance: random.Random) -> bytes:
    """Forty lines typed by hand: numbers with a wrong digit here and there, a name misspelt, blanks."""

    def typo(value: str) -> str:
        if chance.random() > 0.06 or not value[-1:].isdigit():
            return value
        place = chance.randrange(len(value))
        return value[:place] + str(chance.randrange(10)) + value[place + 1 :]

    head, rows = leaker.copy("leaker")
    chosen = chance.sample(rows, 40)
    lines = [(f" {row[0]}", row[1][:7] + "/1", *map(typo, row[2:])) for row in chosen]
    return text((head, [(row[0], row[1].replace("-", "/"), *row[2:]) for row in lines]))


def noise(leaker: Answer, chance: random.Random) -> bytes:
    """Of one δ."""
    table = column(leaker.copy("leaker"), ("n",), lambda v: str(round(int(v) + chance.gauss(0, 4))))
    return text(column(table, ("pay",), lambda v: str(round(int(v) + chance.gauss(0, 1_800)))))


def edited(leaker: Answer, chance: random.Random) -> bytes:
    """A fifth of the numbers replaced."""
    change = lambda v: str(chance.randint(0, 10**6)) if chance.random() < 0.2 else v  # noqa: E731
    return text(column(leaker.copy("leaker"), ("n", "pay"), change))


FILES: tuple[File, ...] = (
    renamed, columns_dropped, columns_added, rows_dropped, rows_added, a_key_lost, keys_lost, times_constant, offset,
    ten_thousands, rounded, cut_off, spelled, gbk, utf_16, with_bom, workbook, objects, parquet, wide,
    two_lines_of_names, turned, two_below, two_beside, typed, noise, edited,
)  # fmt: skip
