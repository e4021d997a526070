"""Random tables, expressions, relations and plans over them, from a seed: what all engines must agree on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal
from random import Random
from typing import Any

from versions import measurement

from sandbox.engines.width import fits
from sandbox.engines.widths import MOST, sound, width
from sandbox.plan import relation as r
from sandbox.plan import scalar as s
from sandbox.plan.block import Block, Bounds, Key, Measurement, Norm, Threshold
from sandbox.plan.parts import Aggregate, Frame, Named, Order, Over
from sandbox.plan.plan import SEMANTICS, Output, Plan

TYPES = {"a": "BIGINT", "b": "DECIMAL(12,3)", "c": "VARCHAR", "d": "DATE", "e": "BOOLEAN", "f": "BIGINT"}
ROWS = 4
MONEY = s.Type("decimal", 3)
COLUMNS = (
    s.Column("a", s.INTEGER),
    s.Column("b", MONEY, Decimal(-(10**9)), Decimal(10**9)),
    s.Column("c", s.STRING),
    s.Column("d", s.DATE),
    s.Column("e", s.BOOLEAN),
    s.Column("f", s.INTEGER, Decimal(0), Decimal(3)),
)
TEXTS = ["", "a", "A", "ab", "é", "中文", "😀x", "%", "_", "'", "\\", "a\nb", " a\u00a0 ", "ΑΣß", "İı", "e\u0301👨‍👩‍👧"]
TEXTS += ["12", " -0.50 ", "+7.", "1e3", "0000000012.3456789", "2024-02-29", " 1999-12-31", "2023-02-29", "0000-01-01"]
TEXTS += ["a-b-c", "--", "aXa", "true", "`", "$1", "\\E", ":t0", "ab\r\n", "٣"]
PATTERNS = ["%", "_", "a%", "%b", "%a%b%", "_%_", "%é%", "\\%", "%😀_", "%%", "", "a_b", "%\n%", "%'%", "%.%", "(a)"]


class Makes:
    """Random things over `columns`, none deeper than asked for."""

    def __init__(self, seed: int) -> None:
        self.draw = Random(seed)
        self._names = 0

    def cells(self) -> dict[str, Any]:
        """The cells of a row of `TYPES`."""
        draw = self.draw
        day = draw.choice([date(2024, 2, draw.randint(1, 29)), date.fromordinal(draw.randint(1, 3652059))])
        known = {
            "a": draw.choice([draw.randint(-5, 5), draw.randint(-(2**63) + 1, 2**63 - 1)]),
            "b": Decimal(f"{draw.choice([draw.randint(-3000, 3000), draw.randint(1 - 10**12, 10**12 - 1)])}E-3"),
            "c": draw.choice(TEXTS),
            "d": day,
            "e": draw.random() < 0.5,
            "f": draw.randint(0, 3),
        }
        return {name: None if draw.random() < 0.2 else value for name, value in known.items()}

    def table(self, units: int = 9, rows: int = ROWS) -> list[dict[str, Any]]:
        """Up to `rows` rows each of a few units, in any order."""
        found = []
        for unit in range(units):
            for order in range(self.draw.randint(0, rows)):
                found.append({"__unit": unit, "__ord": order, "__h": order, **self.cells()})
        self.draw.shuffle(found)
        return found

    def number(self, columns: Sequence[s.Column], depth: int) -> s.Scalar:
        """A number whose computation fits 126 bits."""
        while True:
            try:
                made = self._number(columns, depth)
                if sound(made) and width(made).most <= MOST:
                    return made
            except ValueError:
                continue

    def _number(self, columns: Sequence[s.Column], depth: int) -> s.Scalar:
        draw = self.draw
        known = [one for one in columns if one.type.numeric]
        if depth <= 0 or draw.random() < 0.2:
            if known and draw.random() < 0.7:
                return draw.choice(known)
            return self.constant(draw.choice([s.INTEGER, MONEY]))
        one, other = self.number(columns, depth - 1), self.number(columns, depth - 1)
        finest = max(one.type.scale, other.type.scale)
        kind = s.Type("decimal", finest) if "decimal" in (one.type.kind, other.type.kind) else s.INTEGER
        product = s.Type("decimal", one.type.scale + other.type.scale) if kind != s.INTEGER else s.INTEGER
        places = draw.randint(-2, max(one.type.scale - 1, -1))
        rounded = s.Type("decimal", places) if places > 0 else s.INTEGER
        ways: list[Callable[[], s.Scalar]] = [
            lambda: s.Arithmetic(draw.choice(["+", "-"]), one, other, kind),
            lambda: s.Arithmetic("*", one, other, product),
            lambda: s.Arithmetic("/", one, other, s.Type("decimal", draw.choice([2, 6]))),
            lambda: s.Arithmetic("//", one, other, s.INTEGER),
            lambda: s.Arithmetic("%", one, other, kind),
            lambda: s.Sign("sign", one, s.INTEGER),
            lambda: s.Sign("abs", one, one.type),
            lambda: s.Round(draw.choice(["nearest", "down", "up", "zero"]), one, places, rounded),
            lambda: s.Function(draw.choice(["sqrt", "ln", "log10", "log2"]), one),
            lambda: s.Function("exp", s.Column("f", s.INTEGER, Decimal(0), Decimal(3)), None, 0, 3),
            lambda: s.DatePart(draw.choice([*PARTS]), self.day(columns, depth - 1)),
            lambda: s.Length(self.text(columns, depth - 1)),
            lambda: s.Position(self.text(columns, depth - 1), draw.choice(["", "a", "中", "x", "'"])),
            lambda: s.ToNumber(self.text(columns, depth - 1), draw.randint(1, 12), draw.choice([s.INTEGER, MONEY])),
            lambda: s.Case(((self.truth(columns, depth - 1), one),), other, kind) if one.type.kind == other.type.kind
            else one,
            lambda: s.Extreme(draw.choice(["greatest", "least"]), (one, other), kind),
        ]  # fmt: skip
        made = draw.choice(ways)()
        return made if not isinstance(made, s.Function) or made.lower is None or made.arg in columns else one

    def text(self, columns: Sequence[s.Column], depth: int) -> s.Scalar:
        draw = self.draw
        known = [one for one in columns if one.type == s.STRING]
        if depth <= 0 or draw.random() < 0.2:
            return draw.choice(known) if known and draw.random() < 0.8 else self.constant(s.STRING)
        one, other = self.text(columns, depth - 1), self.text(columns, depth - 1)
        ways: list[Callable[[], s.Scalar]] = [
            lambda: s.Text(draw.choice(["lower", "upper", "trim", "ltrim", "rtrim", "reverse"]), one),
            lambda: s.Text("slice", one, draw.randint(1, 4), draw.choice([None, 0, 1, 3])),
            lambda: s.Text("slice", one, draw.randint(-4, -1)),
            lambda: s.Concat((one, other)),
            lambda: s.Concat((one, other), draw.choice(["", "-", "中"]), True),
            lambda: s.Replace(one, draw.choice(["a", "é", "aa", "\\"]), draw.choice(["", "aa", "$1", "中"])),
            lambda: s.Pad(draw.choice(["left", "right"]), one, draw.randint(0, 5), draw.choice(["x", "中é"])),
            lambda: s.Split(one, draw.choice(["-", "a", "é", "."]), draw.choice([-2, -1, 1, 2, 3])),
            lambda: s.ToText(self.spelled(columns, depth - 1)),
            lambda: s.Case(((self.truth(columns, depth - 1), one),), other, s.STRING),
            lambda: s.Extreme(draw.choice(["greatest", "least"]), (one, other), s.STRING),
        ]
        return draw.choice(ways)()

    def spelled(self, columns: Sequence[s.Column], depth: int) -> s.Scalar:
        """What can be spelled as a text."""
        while True:
            made = self.draw.choice([self.number, self.day, self.truth])(columns, depth)
            if sound(s.ToText(made)):
                return made

    def day(self, columns: Sequence[s.Column], depth: int) -> s.Scalar:
        draw = self.draw
        known = [one for one in columns if one.type == s.DATE]
        if depth <= 0 or draw.random() < 0.2:
            return draw.choice(known) if known and draw.random() < 0.8 else self.constant(s.DATE)
        one = self.day(columns, depth - 1)
        small = s.Constant(draw.choice([0, 1, -1, 13, -40, 4000, 3_000_000, -3_000_000]), s.INTEGER)
        known = [column for column in columns if column.name == "f"]
        amount = draw.choice([small, *known])
        ways: list[Callable[[], s.Scalar]] = [
            lambda: s.Snap(draw.choice(["year", "quarter", "month", "week", "last_day"]), one),
            lambda: s.DateAdd(one, amount, draw.choice(["day", "month"])),
            lambda: s.MakeDate(self.whole(columns, depth - 1), amount, self.whole(columns, depth - 1)),
            lambda: s.ToDate(self.text(columns, depth - 1)),
            lambda: s.Case(((self.truth(columns, depth - 1), one),), self.day(columns, depth - 1), s.DATE),
        ]
        return draw.choice(ways)()

    def whole(self, columns: Sequence[s.Column], depth: int) -> s.Scalar:
        while True:
            if (made := self.number(columns, depth)).type == s.INTEGER:
                return made

    def truth(self, columns: Sequence[s.Column], depth: int) -> s.Scalar:
        draw = self.draw
        known = [one for one in columns if one.type == s.BOOLEAN]
        kind = draw.choice([self.number, self.text, self.day])
        if depth <= 0:
            if known and draw.random() < 0.3:
                return draw.choice(known)
            return s.IsNull(kind(columns, 0))
        comparisons = ["=", "<>", "<", "<=", ">", ">="]
        ways: list[Callable[[], s.Scalar]] = [
            lambda: s.Compare(draw.choice(comparisons), kind(columns, depth - 1), kind(columns, depth - 1)),
            lambda: s.Like(self.text(columns, depth - 1), draw.choice(PATTERNS)),
            lambda: s.Not(self.truth(columns, depth - 1)),
            lambda: s.Logic(draw.choice(["and", "or"]), tuple(self.truth(columns, depth - 1) for _ in range(2))),
            lambda: s.In(self.number(columns, depth - 1), tuple(self.constant(s.INTEGER) for _ in range(3))),
            lambda: s.In(self.text(columns, depth - 1), tuple(self.constant(s.STRING) for _ in range(3))),
        ]
        while not sound(made := draw.choice(ways)()):
            pass
        return made

    def constant(self, kind: s.Type) -> s.Constant:
        cells = self.cells()
        name = {"integer": "f", "decimal": "b", "string": "c", "date": "d", "boolean": "e"}[kind.kind]
        return s.Constant(cells[name], kind)

    def value(self, columns: Sequence[s.Column], depth: int) -> s.Scalar:
        """Any expression."""
        return self.draw.choice([self.number, self.text, self.day, self.truth])(columns, depth)

    def relation(self, tables: Sequence[str], depth: int) -> r.Relation:
        """Rows of units, at most 60 of one."""
        while True:
            try:
                made = self._relation(tables, depth)
                if made.rows <= 60 and made.columns:
                    return made
            except ValueError:
                continue

    def _relation(self, tables: Sequence[str], depth: int) -> r.Relation:
        draw = self.draw
        if depth <= 0:
            number = self.fresh()
            columns = tuple(s.Column(f"{c.name}@{number}", c.type, c.lower, c.upper) for c in COLUMNS)
            return r.Scan(draw.choice(tables), number, columns, ROWS)
        below = self.relation(tables, depth - 1)
        columns = below.columns
        ways: list[Callable[[], r.Relation]] = [
            lambda: r.Filter(below, self.truth(columns, 1)),
            lambda: r.Project(below, (*self.kept(columns), self.named(columns))),
            lambda: self.join(below, self.relation(tables, depth - 1)),
            lambda: r.Semi(below, other := self.relation(tables, 0), *self.on(below, other), draw.random() < 0.5),
            lambda: self.union(tables, below),
            lambda: self.group(below),
            lambda: r.Window(below, tuple(self.over(columns) for _ in range(2))),
        ]
        return draw.choice(ways)()

    def on(self, left: r.Relation, right: r.Relation) -> tuple[tuple[tuple[s.Scalar, s.Scalar], ...], s.Scalar | None]:
        draw = self.draw
        pairs = [(one, other) for one in left.columns for other in right.columns if one.type == other.type]
        equal = tuple(draw.sample(pairs, min(len(pairs), draw.randint(0, 1))))
        condition = self.truth((*left.columns, *right.columns), 1) if draw.random() < 0.3 else None
        return equal, condition

    def join(self, left: r.Relation, right: r.Relation) -> r.Relation:
        if self.draw.random() < 0.3:
            public = r.Public(
                "p", number := self.fresh(), (s.Column(f"f@{number}", s.INTEGER, Decimal(0), Decimal(3)),)
            )
            return r.Join(self.draw.choice(["inner", "left"]), left, public, *self.on(left, public), 5)
        return r.Join(self.draw.choice(["inner", "left", "full"]), left, right, *self.on(left, right))

    def union(self, tables: Sequence[str], below: r.Relation) -> r.Relation:
        """Two branches with columns of the same names and types."""
        kinds = [self.draw.choice([s.STRING, s.DATE, s.INTEGER]) for _ in range(2)]
        names = [f"u{self.fresh()}" for _ in kinds]
        makes = {s.STRING: self.text, s.DATE: self.day, s.INTEGER: self.whole}
        sides = [below, self.relation(tables, 0)]
        return r.Union(
            tuple(
                r.Project(
                    one, tuple(self.bounded(n, makes[k](one.columns, 1)) for n, k in zip(names, kinds, strict=True))
                )
                for one in sides
            )
        )

    def group(self, below: r.Relation) -> r.Relation:
        keys = tuple(self.named(below.columns) for _ in range(self.draw.randint(0, 2)))
        return r.Group(below, keys, tuple(self.aggregate(below) for _ in range(2)))

    def aggregate(self, below: r.Relation) -> Aggregate:
        what, expr, kind, most = self.fold(below.columns, below.rows)
        return Aggregate(f"g{self.fresh()}", what, expr, kind, *self.ends(most, kind))

    def over(self, columns: Sequence[s.Column]) -> Over:
        draw = self.draw
        partition = tuple(self.value(columns, 1) for _ in range(draw.randint(0, 1)))
        order = tuple(
            Order(self.value(columns, 1), draw.random() < 0.5, draw.random() < 0.5) for _ in range(draw.randint(0, 1))
        )
        name = f"w{self.fresh()}"
        if draw.random() < 0.6:
            what: Any = draw.choice(["row_number", "rank", "dense_rank", "lag", "lead", "first", "last"])
            if what in ("row_number", "rank", "dense_rank"):
                return Over(name, what, None, partition, order, s.INTEGER, Decimal(0), Decimal(60))
            expr = self.value(columns, 1)
            ends = self.ends(width(expr).most, expr.type) if expr.type.numeric else ()
            frame = self.frame(order) if what in ("first", "last") else None
            ends = ends or (None, None)
            return Over(name, what, expr, partition, order, expr.type, *ends, step=draw.randint(0, 2), frame=frame)
        what, of, kind, most = self.fold(columns, 60)
        if what == "first":
            what = "last"
        if what == "distinct":
            return Over(name, what, of, partition, (), kind, *self.ends(most, kind))
        ends = self.ends(most, kind) or (None, None)
        return Over(name, what, of, partition, order, kind, *ends, frame=self.frame(order))

    def frame(self, order: Sequence[Order]) -> Frame | None:
        """Now and then some rows before and after, where there is an order."""
        draw = self.draw
        if not order or draw.random() < 0.5:
            return None
        start, end = sorted([draw.randint(-3, 3), draw.randint(-3, 3)])
        return draw.choice([(start, end), (None, end), (start, None), (None, None)])

    def fold(self, columns: Sequence[s.Column], rows: int) -> tuple[Any, s.Scalar | None, s.Type, int]:
        """An aggregate: what, of what, its type, the most it can be."""
        what: Any = self.draw.choice(
            ["rows", "values", "distinct", "sum", "min", "max", "average", "every", "some", "first"]
        )
        if what == "rows":
            return what, None, s.INTEGER, 1000
        if what in ("every", "some"):
            return what, self.truth(columns, 1), s.BOOLEAN, 0
        if what in ("sum", "average"):
            while width(expr := self.number(columns, 1)).most * rows * 10**8 > MOST:
                pass
            if what == "sum":
                return what, expr, expr.type, width(expr).most * rows
            return what, expr, s.Type("decimal", expr.type.scale + 2), (width(expr).most + 1) * 100
        expr = self.value(columns, 1)
        if what in ("values", "distinct"):
            return what, expr, s.INTEGER, 1000
        return what, expr, expr.type, width(expr).most if expr.type.numeric else 0

    def ends(self, most: int, kind: s.Type) -> tuple[Decimal, ...]:
        if not kind.numeric:
            return ()
        return (Decimal(f"{-most}E-{kind.scale}"), Decimal(f"{most}E-{kind.scale}"))

    def named(self, columns: Sequence[s.Column]) -> Named:
        return self.bounded(f"n{self.fresh()}", self.value(columns, 2))

    def bounded(self, name: str, expr: s.Scalar) -> Named:
        if expr.type.numeric and width(expr).scale != expr.type.scale:
            expr = s.Constant(0, s.INTEGER) if expr.type == s.INTEGER else s.Column("?", expr.type)
        return Named(name, expr, *(self.ends(width(expr).most, expr.type) if expr.type.numeric else ()))

    def kept(self, columns: Sequence[s.Column]) -> list[Named]:
        picked = self.draw.sample(list(columns), self.draw.randint(1, len(columns)))
        return [Named(one.name, one, one.lower, one.upper) for one in picked]

    def fresh(self) -> int:
        self._names += 1
        return self._names

    def plan(self, tables: Sequence[str], depth: int) -> Plan:
        """A plan of one block that engines take."""
        while True:
            try:
                if fits(made := planned(self.block(tables, depth))):
                    return made
            except ValueError:
                continue

    def block(self, tables: Sequence[str], depth: int) -> Block:
        """A block with every kind of measurement."""
        draw = self.draw
        rows = self.relation(tables, depth)
        columns = rows.columns
        keys = [self.value(columns, 1) for _ in range(draw.randint(0, 2))]
        measured = [measurement("units"), measurement("rows"), measurement("values", self.value(columns, 1))]
        measured += [measurement("distinct", self.value(columns, 1))]
        for what in ("sum", "quantile"):
            while width(expr := self.number(columns, 1)).at(max(6, width(expr).scale)).most > MOST:
                pass
            scale = max(expr.type.scale, width(expr).scale, draw.choice([0, 3, 6]))
            low, high = sorted(draw.choices([-(10**18), -(10**6), -7, 0, 3, 999, 10**7, 10**18], k=2))
            if width(expr).at(scale).most > MOST:
                continue
            if what == "sum":
                measured.append(measurement("sum", expr, scale, low, high, draw.randint(low, high)))
            else:
                shift = max(0, (high - low).bit_length() - draw.randint(1, 10))
                measured.append(quantile(expr, scale, low, high, shift))
        bounds = Bounds(rows.rows, *(draw.randint(1, min(rows.rows, 5)) for _ in range(2)))
        named = tuple(Key(f"key{place}", key, None) for place, key in enumerate(keys))
        return Block(rows, named, bounds, tuple(measured), Threshold(0, 10, Decimal("1e-9")) if keys else None)


PARTS = ("year", "quarter", "month", "day", "week", "isoyear", "dow", "isodow", "doy", "days", "months")


def quantile(expr: s.Scalar, scale: int, low: int, high: int, shift: int) -> Measurement:
    """A quantile with some noise."""
    return Measurement("quantile", expr, scale, low, high, 0, 1, 1024, Decimal("0.5"), "exponential", shift=shift)


def normed(norm: Norm, what: Any, expr: s.Scalar | None, scale: int, low: int, high: int) -> Measurement:
    """A weighed measurement with some noise."""
    return Measurement(what, expr, scale, low, high, 0, 1, 1024, Decimal("0.5"), norm=norm)


def planned(*blocks: Block) -> Plan:
    """A plan of blocks, of which only the first column is shown."""
    output = Output("n", "count", (0,), s.INTEGER)
    return Plan(
        SEMANTICS,
        "resource_1",
        "population",
        "version_1",
        blocks,
        tuple((output,) for _ in blocks),
        r.Released(0, (output.column,)),
    )
