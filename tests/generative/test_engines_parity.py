"""Random tables, random plans: the embedded engine gives what the reference gives, integer for integer."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from functools import cache
from random import Random

import pytest
from coded import write_coded
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from versions import DuckDBEngine, ReferenceEngine, measurement, plan, write_version

from sandbox.engines.base import OpenVersion
from sandbox.engines.width import fits
from sandbox.plan import scalar as s

TYPES = {"a": "BIGINT", "b": "DECIMAL(12,3)", "c": "VARCHAR", "d": "DATE", "e": "BOOLEAN", "f": "BIGINT"}
MONEY = s.Type("decimal", 3)
ROWS = 7
SOME_TEXTS = [
    "",
    "a",
    "A",
    "ab",
    "é",
    "中文",
    "😀x",
    "%",
    "_",
    "'",
    "\\",
    "a\nb",
    " a\u00a0 ",
    "ΑΣß",
    "İı",
    "e\u0301👨‍👩‍👧",
]
TEXTS = st.one_of(st.sampled_from(SOME_TEXTS), st.text("aé中%_'", max_size=4))
DATES = st.dates(date(1, 1, 1), date(9999, 12, 31))
WHOLE = st.one_of(st.integers(-5, 5), st.integers(-(2**63) + 1, 2**63 - 1))
MONIES = st.one_of(st.integers(-3000, 3000), st.integers(-(10**12) + 1, 10**12 - 1)).map(lambda n: Decimal(f"{n}E-3"))
COLUMNS = {
    "a": s.Column("a", s.INTEGER),
    "b": s.Column("b", MONEY, Decimal(-(10**9)), Decimal(10**9)),
    "c": s.Column("c", s.STRING),
    "d": s.Column("d", s.DATE),
    "e": s.Column("e", s.BOOLEAN),
    "f": s.Column("f", s.INTEGER, Decimal(0), Decimal(3)),
}


def random_rows(draw: Random) -> list[dict[str, object]]:
    """Up to seven rows each of a few units, in any order; hashes are small, so that they tie."""
    cells = {
        "a": lambda: draw.choice([draw.randint(-5, 5), draw.randint(-(2**63) + 1, 2**63 - 1)]),
        "b": lambda: Decimal(f"{draw.choice([draw.randint(-3000, 3000), draw.randint(-(10**12) + 1, 10**12 - 1)])}E-3"),
        "c": lambda: draw.choice(SOME_TEXTS),
        "d": lambda: draw.choice([date(2024, 2, draw.randint(1, 29)), date.fromordinal(draw.randint(1, 3652059))]),
        "e": lambda: draw.random() < 0.5,
        "f": lambda: draw.randint(0, 3),
    }
    rows = []
    for unit in range(draw.randint(0, 9)):
        hashes = sorted(draw.choices(range(6), k=draw.randint(0, ROWS)))
        for order, value in enumerate(hashes):
            drawn = {name: None if draw.random() < 0.2 else cell() for name, cell in cells.items()}
            rows.append({"__unit": unit, "__ord": order, "__h": value, **drawn})
    draw.shuffle(rows)
    return rows


def typed(value: object) -> s.Constant:
    kinds = {bool: s.BOOLEAN, int: s.INTEGER, str: s.STRING, date: s.DATE}
    kind = MONEY if isinstance(value, Decimal) else kinds[type(value)]
    return s.Constant(value, kind)  # type: ignore[arg-type]


def texts(depth: int = 2) -> st.SearchStrategy[s.Scalar]:
    inner: st.SearchStrategy[s.Scalar] = texts(depth - 1) if depth else st.just(COLUMNS["c"])
    plain = st.builds(s.Text, st.sampled_from(["lower", "upper", "trim", "ltrim", "rtrim"]), inner)
    first = st.builds(s.Text, st.just("slice"), inner, st.integers(1, 4), st.one_of(st.none(), st.integers(0, 4)))
    return st.one_of(inner, plain, first, st.builds(s.Text, st.just("slice"), inner, st.integers(-4, -1)))


@cache
def number(depth: int) -> st.SearchStrategy[s.Scalar]:
    leaves = st.one_of(
        st.sampled_from([COLUMNS["a"], COLUMNS["b"], COLUMNS["f"]]),
        st.one_of(WHOLE, MONIES).map(typed),
        st.just(s.Constant(None, s.INTEGER)),
        st.sampled_from(["year", "quarter", "month", "day"]).map(lambda part: s.DatePart(part, COLUMNS["d"])),
        st.builds(s.Length, texts()),
    )
    if not depth:
        return leaves
    inner = number(depth - 1)

    def scale(left: s.Scalar, right: s.Scalar, op: str) -> s.Type:
        digits = left.type.scale + right.type.scale if op == "*" else max(left.type.scale, right.type.scale)
        return s.Type("decimal", digits) if "decimal" in (left.type.kind, right.type.kind) else s.INTEGER

    arithmetic = st.builds(
        lambda op, left, right: s.Arithmetic(op, left, right, scale(left, right, op)),
        st.sampled_from("+-*"),
        inner,
        inner,
    )
    return st.one_of(leaves, arithmetic, case(inner, MONEY if depth == 1 else s.INTEGER, depth))


def case(results: st.SearchStrategy[s.Scalar], kind: s.Type, depth: int) -> st.SearchStrategy[s.Scalar]:
    fitting = results.filter(lambda node: node.type.kind == kind.kind)
    widest = lambda nodes: s.Type(kind.kind, max(node.type.scale for node in nodes))  # noqa: E731
    return st.builds(
        lambda condition, yes, no: s.Case(((condition, yes),), no, widest([yes, no])),
        truth(depth - 1),
        fitting,
        fitting,
    )


@cache
def truth(depth: int) -> st.SearchStrategy[s.Scalar]:
    ops = st.sampled_from(["=", "<>", "<", "<=", ">", ">="])
    text = st.one_of(st.just(COLUMNS["c"]), TEXTS.map(typed), texts())
    day = st.one_of(st.just(COLUMNS["d"]), DATES.map(typed), st.just(s.Constant(None, s.DATE)))
    pairs = [number(depth), text, day, st.one_of(st.just(COLUMNS["e"]), st.booleans().map(typed))]
    leaves = [st.builds(s.Compare, ops, side, side) for side in pairs]
    leaves += [
        st.just(COLUMNS["e"]),
        st.builds(s.Like, text, st.text("aé中%_'", max_size=4)),
        st.builds(s.IsNull, st.sampled_from(list(COLUMNS.values()))),
        st.builds(
            s.In, number(depth), st.lists(st.one_of(WHOLE, MONIES).map(typed), min_size=1, max_size=3).map(tuple)
        ),
        st.builds(s.In, text, st.lists(TEXTS.map(typed), min_size=1, max_size=3).map(tuple)),
    ]
    if depth <= 0:
        return st.one_of(leaves)
    inner = truth(depth - 1)
    some = st.lists(inner, min_size=2, max_size=3).map(tuple)
    return st.one_of(*leaves, st.builds(s.Not, inner), st.builds(s.Logic, st.sampled_from(["and", "or"]), some))


TABLES = {f"t{seed}": random_rows(Random(seed)) for seed in range(8)}
KEYS = st.one_of(
    st.sampled_from(list(COLUMNS.values())), texts(), number(1), truth(0), case(st.just(COLUMNS["c"]), s.STRING, 1)
)


@st.composite
def plans(draw: st.DrawFn):
    measured = [measurement("rows"), measurement("values", draw(KEYS))]
    for expr in draw(st.lists(number(1), max_size=2)):
        low, high = sorted(draw(st.tuples(*[st.integers(-(10**6), 10**6)] * 2)))
        scale = max(6, expr.type.scale)
        measured.append(measurement("sum", expr, scale, low, high, draw(st.integers(low, high))))
    bounds = (ROWS, draw(st.integers(1, ROWS)), draw(st.integers(1, ROWS)))
    where = draw(st.one_of(st.none(), truth(2)))
    made = plan(
        *measured,
        table=draw(st.sampled_from(sorted(TABLES))),
        where=where,
        keys=draw(st.lists(KEYS, max_size=2)),
        bounds=bounds,
    )
    assume(fits(made))
    return made


KEY_SETS = (["a"], ["c"], ["e", "c"], ["f"], ["d", "f"])


@pytest.fixture(scope="module", params=["plain", "coded", "domains"])
def version(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> OpenVersion:
    path = tmp_path_factory.mktemp("parity") / "random.db"
    tables = {name: (rows, TYPES) for name, rows in TABLES.items()}
    if request.param == "plain":
        return write_version(path, tables)
    return write_coded(path, tables, domains=request.param == "domains", key_sets=KEY_SETS)


@pytest.fixture(scope="module")
def engine():
    made = DuckDBEngine(seconds=20)
    yield made
    made.close()


@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
@given(asked=plans())
def test_U1_engines_agree_on_random_tables_and_plans(engine, version, asked):
    [mine], [other] = ReferenceEngine(TABLES).run(version, asked), engine.run(version, asked)
    assert len(set(other.groups)) == len(other.groups)
    assert dict(zip(mine.groups, mine.values, strict=True)) == dict(zip(other.groups, other.values, strict=True))
