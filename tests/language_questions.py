"""Random questions over `language_world`, in the whole language: what gives rows, and what is asked of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random

Kinds = Mapping[str, str]  # text, number, date, truth by name
LITERALS = {
    "text": ("'eye'", "''", "'é'", "'north'", "'a'", "' a'"),
    "number": ("0", "1", "2", "-2", "30", "12.30"),
    "date": ("DATE '2024-01-01'", "DATE '2000-02-29'"),
    "truth": ("TRUE", "FALSE"),
}
TABLES: Mapping[str, Kinds] = {
    "persons": {"sex": "text", "age": "number", "town": "text", "ok": "truth", "born": "date"},
    "visits": {"dept": "text", "ward": "text", "cost": "number", "n": "number", "day": "date"},
}
ITEMS: Kinds = {"drug": "text", "price": "number"}
PUBLIC: tuple[tuple[str, Kinds], ...] = (
    ("SELECT dept, rate FROM rates", {"dept": "text", "rate": "number"}),
    ("SELECT town, region, size FROM places", {"town": "text", "region": "text", "size": "number"}),
    ("SELECT dept, rate FROM nothing", {"dept": "text", "rate": "number"}),
    ("SELECT dept, MAX(rate) AS rate, COUNT(*) AS many FROM rates GROUP BY dept", {"dept": "text", "rate": "number"}),
    ("SELECT r.dept, p.size FROM rates r JOIN places p ON r.rate < p.size", {"dept": "text", "size": "number"}),
    ("SELECT a.dept, b.rate FROM rates a FULL JOIN rates b ON a.rate = b.rate", {"dept": "text", "rate": "number"}),
    ("SELECT a.dept, b.region FROM rates a LEFT JOIN places b ON a.dept = b.town", {"dept": "text", "region": "text"}),
    ("SELECT dept, rate FROM rates WHERE rate > 1 UNION ALL SELECT region, size FROM places",
     {"dept": "text", "rate": "number"}),
    ("SELECT DISTINCT region FROM places", {"region": "text"}),
    ("SELECT v.k, v.w FROM (VALUES ('eye', 1), ('skin', 2), ('eye', NULL), (NULL, 3)) AS v(k, w)",
     {"k": "text", "w": "number"}),
    ("SELECT v.k FROM (VALUES ('eye')) AS v(k)", {"k": "text"}),
    ("SELECT dept, rate, ROW_NUMBER() OVER (PARTITION BY dept ORDER BY rate) AS place FROM rates",
     {"dept": "text", "rate": "number", "place": "number"}),
    ("SELECT dept, rate FROM rates WHERE dept IN (SELECT town FROM places) AND rate <= 2",
     {"dept": "text", "rate": "number"}),
)  # fmt: skip
ONE = (
    "(SELECT MAX(size) FROM places)", "(SELECT COUNT(*) FROM rates)", "(SELECT 1)", "(SELECT MIN(rate) FROM nothing)",
    "(SELECT v.x FROM (VALUES (7)) AS v(x) WHERE v.x > 7)", "(SELECT rate FROM rates WHERE dept = 'é')",
    "(SELECT a.x FROM (VALUES (1)) a(x) FULL JOIN (VALUES (2)) b(x) ON a.x = b.x)",
    "(SELECT COALESCE(a.x, b.x) FROM (VALUES (1)) a(x) LEFT JOIN (VALUES (2)) b(x) ON a.x = b.x)",
)  # fmt: skip


@dataclass(frozen=True)
class Rows:
    """A SELECT that gives rows of units: `pid` and columns of the given kinds."""

    sql: str
    columns: Kinds


class Questions:
    """Random ones, from a seed."""

    def __init__(self, seed: int) -> None:
        self.draw = Random(seed)
        self._names = 0

    def question(self) -> str:
        """Aggregates of random rows, by keys or by sets of them, now and then with more around it."""
        draw = self.draw
        rows = self.rows(draw.choice([0, 1, 1, 2, 2, 3]))
        asks = draw.sample([self.ask(rows.columns) for _ in range(5)], draw.choice([1, 2, 3]))
        keys = [self.key(rows.columns) for _ in range(draw.choice([0, 1, 1, 2]))] if rows.columns else []
        where = f" WHERE {self.condition('q', rows.columns)}" if draw.random() < 0.3 else ""
        named = ", ".join(f"{one} AS o{place}" for place, one in enumerate(asks))
        sql = f"SELECT {named} FROM ({rows.sql}) AS q{where}"
        if keys:
            sets = draw.choice(["{}", "{}", "{}", "ROLLUP ({})", "CUBE ({})", "GROUPING SETS (({}), ())"])
            sql += f" GROUP BY {sets.format(', '.join(dict.fromkeys(keys)))}"
        if draw.random() < 0.1:
            sql = f"SELECT o0, COUNT(*) FROM ({sql}) AS z WHERE o0 > 1 GROUP BY o0"
        if draw.random() < 0.1:
            sql = sql.replace(f"({rows.sql}) AS q", "w AS q", 1)
            sql = f"WITH w AS ({rows.sql}) {sql}"
        return sql

    def ask(self, columns: Kinds) -> str:
        draw = self.draw
        other = self.of(columns, draw.choice(["text", "number", "date", "truth"]))
        number = self.number("q", columns, 1)
        return draw.choice([
            "COUNT(*)", "COUNT(DISTINCT pid)", f"COUNT({other})", f"COUNT(DISTINCT {other})", f"SUM({number})",
            f"SUM({number})", f"AVG({number})", f"MEDIAN({number})", f"QUANTILE_DISC({number}, 0.9)",
            f"VAR_POP({number})", f"MIN({number})", f"COVAR_SAMP({number}, {self.number('q', columns, 0)})",
            f"COUNT(DISTINCT pid) FILTER (WHERE {self.condition('q', columns)})",
            f"SUM({number}) FILTER (WHERE {self.condition('q', columns)})", f"COUNT_IF({self.condition('q', columns)})",
        ])  # fmt: skip

    def key(self, columns: Kinds) -> str:
        draw = self.draw
        name = draw.choice(list(columns))
        made = {
            "text": [f"q.{name}", f"q.{name}", f"UPPER(q.{name})", f"COALESCE(q.{name}, 'none')"],
            "number": [f"q.{name}", f"(q.{name} > 1)", f"CASE WHEN q.{name} > 0 THEN 'more' END"],
            "date": [f"MONTH(q.{name})", f"q.{name}", f"DATE_TRUNC('month', q.{name})"],
            "truth": [f"q.{name}"],
        }
        return draw.choice(made[columns[name]])

    def of(self, columns: Kinds, kind: str, alias: str = "q") -> str:
        """A column of a kind, or a value where there is none."""
        known = [f"{alias}.{name}" for name, own in columns.items() if own == kind]
        return self.draw.choice(known) if known else self.draw.choice(LITERALS[kind])

    def number(self, alias: str, columns: Kinds, depth: int) -> str:
        one, other = self.of(columns, "number", alias), self.of(columns, "number", alias)
        if not depth:
            return one
        return self.draw.choice([
            one, one, f"{one} + {other}", f"-{one}", f"COALESCE({one}, 3)", f"ABS({one})",
            f"CASE WHEN {self.condition(alias, columns)} THEN {one} ELSE 2 END", f"GREATEST({one}, {other})",
            f"LENGTH({self.of(columns, 'text', alias)}) * 2", f"YEAR({self.of(columns, 'date', alias)}) - 2000",
        ])  # fmt: skip

    def condition(self, alias: str, columns: Kinds, other: str | None = None, others: Kinds | None = None) -> str:
        """A condition on one relation, or on two."""
        draw, kind = self.draw, self.draw.choice(["text", "number", "number", "date"])
        one = self.of(columns, kind, alias)
        two = self.of(others or columns, kind, other or alias)
        value = draw.choice(LITERALS[kind])
        if kind == "number" and other is None and draw.random() < 0.15:
            value = draw.choice(ONE)
        return draw.choice([
            f"{one} = {two}", f"{one} <> {two}", f"{one} <= {two}", f"{one} > {value}", f"{one} = {value}",
            f"{one} IS NULL", f"{one} IS NOT NULL", f"{one} IS NOT DISTINCT FROM {two}",
            f"({one} = {two} OR {one} = {value})", f"NOT ({one} = {value})",
        ])  # fmt: skip

    def rows(self, depth: int) -> Rows:
        draw = self.draw
        if depth <= 0:
            return self.table()
        ways: list[Callable[[Rows, int], Rows]] = [
            self.joined, self.joined, self.with_public, self.with_public, self.union, self.grouped, self.grouped,
            self.windowed, self.chosen, self.chosen, self.filtered, self.distinct, self.again,
        ]  # fmt: skip
        return draw.choice(ways)(self.rows(depth - 1), depth)

    def table(self) -> Rows:
        draw, name = self.draw, self.draw.choice([*TABLES, "visits", "items"])
        if name == "items":
            how = draw.choice(["JOIN", "LEFT JOIN"])
            on = draw.choice(["USING (visit_id)", "ON i.visit_id = v.visit_id"])
            sql = "SELECT v.pid AS pid, i.drug AS drug, i.price AS price, v.ward AS ward"
            return Rows(f"{sql} FROM visits v {how} items i {on}", {**ITEMS, "ward": "text"})
        columns = TABLES[name]
        return Rows(f"SELECT pid, {', '.join(columns)} FROM {name}", columns)

    def fresh(self) -> str:
        self._names += 1
        return f"x{self._names}"

    def shown(self, alias: str, columns: Kinds, most: int = 4) -> dict[str, tuple[str, str]]:
        """Some columns under new names: what each is, and its kind."""
        picked = self.draw.sample(list(columns), min(len(columns), most))
        return {self.fresh(): (f"{alias}.{name}", columns[name]) for name in picked}

    def select(self, pid: str, shown: Mapping[str, tuple[str, str]], rest: str) -> Rows:
        items = "".join(f", {what} AS {name}" for name, (what, _) in shown.items())
        return Rows(f"SELECT {pid}{items} {rest}", {name: kind for name, (_, kind) in shown.items()})

    def joined(self, left: Rows, depth: int) -> Rows:
        """With rows of the same unit, in every way."""
        draw = self.draw
        right = self.rows(draw.randint(0, depth - 1))
        how = draw.choice(["JOIN", "JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN", ","])
        shown = self.shown("a", left.columns) | self.shown("b", right.columns)
        more = f" AND {self.condition('a', left.columns, 'b', right.columns)}" if draw.random() < 0.5 else ""
        if draw.random() < 0.2:
            more += f" AND {self.condition('b', right.columns)}"
        pair = f"({left.sql}) AS a {how} ({right.sql}) AS b"
        if how == "FULL JOIN":
            return self.select("pid", shown, f"FROM {pair} USING (pid)")
        pid = draw.choice(["a.pid", "b.pid"]) if how in ("JOIN", ",") else "b.pid" if how[0] == "R" else "a.pid"
        clause = "WHERE" if how == "," else "ON"
        return self.select(f"{pid} AS pid", shown, f"FROM {pair} {clause} a.pid = b.pid{more}")

    def with_public(self, left: Rows, depth: int) -> Rows:
        draw = self.draw
        sql, columns = draw.choice(PUBLIC)
        shown = self.shown("a", left.columns) | self.shown("p", columns, 2)
        on = self.condition("a", left.columns, "p", columns)
        same = [(one, other) for one, k in left.columns.items() for other, kind in columns.items() if k == kind]
        if same and draw.random() < 0.6:
            one, other = draw.choice(same)
            on = draw.choice(["{}", "{} AND " + on]).format(f"a.{one} = p.{other}")
        how = draw.choice(["JOIN", "LEFT JOIN", "LEFT JOIN"])
        if draw.random() < 0.1:
            return self.select("a.pid AS pid", shown, f"FROM ({left.sql}) AS a CROSS JOIN ({sql}) AS p")
        if draw.random() < 0.2:
            return self.select("a.pid AS pid", shown, f"FROM ({sql}) AS p RIGHT JOIN ({left.sql}) AS a ON {on}")
        return self.select("a.pid AS pid", shown, f"FROM ({left.sql}) AS a {how} ({sql}) AS p ON {on}")

    def union(self, left: Rows, depth: int) -> Rows:
        right = self.rows(self.draw.randint(0, depth - 1))
        kinds = [self.draw.choice(["text", "number", "date"]) for _ in range(2)]
        named = {self.fresh(): kind for kind in kinds}
        sides = []
        for one, alias in ((left, "l"), (right, "r")):
            items = [f"{self.of(one.columns, kind, alias)} AS {name}" for name, kind in named.items()]
            sides.append(f"SELECT {alias}.pid AS pid, {', '.join(items)} FROM ({one.sql}) AS {alias}")
        words = ("UNION ALL", "UNION ALL", "UNION", "INTERSECT", "INTERSECT ALL", "EXCEPT", "EXCEPT ALL")
        return Rows(f" {self.draw.choice(words)} ".join(sides), named)

    def grouped(self, left: Rows, depth: int) -> Rows:
        """Aggregates for each unit."""
        draw = self.draw
        keys = self.shown("g", left.columns, draw.choice([0, 1, 2]))
        other, number = self.of(left.columns, draw.choice(["text", "date"]), "g"), self.number("g", left.columns, 1)
        known = {
            "COUNT(*)": "number", f"COUNT({other})": "number", f"SUM({number})": "number", f"MIN({number})": "number",
            f"AVG({number})": "number", f"COUNT(DISTINCT {other})": "number",
            f"MAX({number}) FILTER (WHERE {self.condition('g', left.columns)})": "number",
            f"BOOL_OR({self.condition('g', left.columns)})": "truth", f"FIRST({number})": "number",
        }  # fmt: skip
        asked = {self.fresh(): (one, known[one]) for one in draw.sample(list(known), 2)}
        by = ", ".join(["g.pid", *(what for what, _ in keys.values())])
        having = f" HAVING {draw.choice(['COUNT(*) > 1', f'COUNT({other}) < 3'])}" if draw.random() < 0.3 else ""
        return self.select("g.pid AS pid", keys | asked, f"FROM ({left.sql}) AS g GROUP BY {by}{having}")

    def windowed(self, left: Rows, depth: int) -> Rows:
        draw = self.draw
        shown = self.shown("w", left.columns, 3)
        number, by = self.number("w", left.columns, 1), self.of(left.columns, draw.choice(["text", "date"]), "w")
        order = draw.choice([f" ORDER BY {number}", f" ORDER BY {by} DESC NULLS FIRST", f" ORDER BY {by}, {number}"])
        part = draw.choice(["w.pid", f"w.pid, {by}", f"{by}, w.pid"])
        what = draw.choice([
            "ROW_NUMBER()", "RANK()", f"SUM({number})", "COUNT(*)", f"LAG({number})", f"FIRST_VALUE({number})",
            f"AVG({number})", f"MAX({number})",
        ])  # fmt: skip
        name = self.fresh()
        framed = what.startswith(("SUM", "COUNT", "FIRST", "AVG", "MAX")) and draw.random() < 0.4
        shown[name] = (f"{what} OVER (PARTITION BY {part}{order}{self.frame() if framed else ''})", "number")
        kept = f" QUALIFY {name} <= {draw.choice(['1', '2', '30'])}" if draw.random() < 0.4 else ""
        return self.select("w.pid AS pid", shown, f"FROM ({left.sql}) AS w{kept}")

    def frame(self) -> str:
        edges = ["UNBOUNDED PRECEDING", "2 PRECEDING", "1 PRECEDING", "CURRENT ROW", "1 FOLLOWING", "3 FOLLOWING"]
        edges.append("UNBOUNDED FOLLOWING")
        start, end = sorted(self.draw.sample(range(len(edges)), 2))
        return f" ROWS BETWEEN {edges[start]} AND {edges[end]}"

    def chosen(self, left: Rows, depth: int) -> Rows:
        """Rows with a partner, or none, of the same unit or in a public table."""
        draw, no = self.draw, self.draw.choice(["", "NOT "])
        right = self.rows(draw.randint(0, depth - 1))
        sql, columns = draw.choice(PUBLIC)
        name = draw.choice(list(columns))
        mine = self.of(left.columns, columns[name], "s")
        where = draw.choice([
            f"{no}EXISTS (SELECT 1 FROM ({right.sql}) AS e WHERE e.pid = s.pid AND "
            f"{self.condition('s', left.columns, 'e', right.columns)})",
            f"{no}EXISTS (SELECT 1 FROM ({sql}) AS e WHERE {self.condition('s', left.columns, 'e', columns)})",
            f"s.pid {no}IN (SELECT e.pid FROM ({right.sql}) AS e WHERE {self.condition('e', right.columns)})",
            f"s.pid {no}IN (SELECT e.pid FROM ({right.sql}) AS e GROUP BY e.pid HAVING COUNT(*) > 1)",
            f"{mine} {no}IN (SELECT e.{name} FROM ({sql}) AS e)",
        ])  # fmt: skip
        return self.select("s.pid AS pid", self.shown("s", left.columns), f"FROM ({left.sql}) AS s WHERE {where}")

    def filtered(self, left: Rows, depth: int) -> Rows:
        shown = self.shown("f", left.columns, 3)
        shown[self.fresh()] = (self.number("f", left.columns, 1), "number")
        if self.draw.random() < 0.3:
            shown[self.fresh()] = (self.draw.choice(ONE), "number")
        where = self.condition("f", left.columns)
        return self.select("f.pid AS pid", shown, f"FROM ({left.sql}) AS f WHERE {where}")

    def distinct(self, left: Rows, depth: int) -> Rows:
        found = self.select("d.pid AS pid", self.shown("d", left.columns, 2), f"FROM ({left.sql}) AS d")
        return Rows(found.sql.replace("SELECT", "SELECT DISTINCT", 1), found.columns)

    def again(self, left: Rows, depth: int) -> Rows:
        """The same rows twice, under one name."""
        how, name = self.draw.choice(["JOIN", "LEFT JOIN"]), self.fresh()
        shown = self.shown("a", left.columns, 2) | self.shown("b", left.columns, 2)
        on = f"a.pid = b.pid AND {self.condition('a', left.columns, 'b', left.columns)}"
        found = self.select("a.pid AS pid", shown, f"FROM {name} AS a {how} {name} AS b ON {on}")
        return Rows(f"WITH {name} AS ({left.sql}) {found.sql}", found.columns)
