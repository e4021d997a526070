"""How a loss is split over measurements: so that what the user sees is as exact as it can be.

Every output is off by what each of its measurements j moves it, g_j·s_j, with noise s_j = Δ_j/√2ρ_j. The sum of the
squares of these errors, each against the usual size of the output, is least for ρ_j ∝ Δ_j·√Σg². An ε buys noise Δ1/ε_j;
then the least is at ε_j ∝ (Δ_j·√Σg²)^(2/3). Sizes are not known, but what they follow from is public: a group of n
rows – n cancels – whose values lie half-way between the middle of their bounds and an end, and deviate from that by as
much again; a sum of values half as large as they may be; of sums and averages, what the public profile says instead; a
unit has the root of the most rows it may have. A block of
more groups has smaller ones, which counts up to `CELLS`. What is made of the same sums is split alike, so that a
variance, the deviation and the average with it share one base.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal, localcontext
from fractions import Fraction

from sandbox.plan.block import Bounds
from sandbox.plan.ordering import node_key
from sandbox.plan.plan import STATISTICS
from sandbox.products.query.measure import Need, needs
from sandbox.products.query.statistics import statistic
from sandbox.products.query.way import Way
from sandbox.sql.draft import Ask

CELLS = 16  # from so many groups on a block weighs no more
LEAST = 32  # nothing gets less than this part of what its dearest neighbour gets
_KIND: dict[str, str] = {
    what: {3: "var_pop", 4: "covar_pop", 5: "regr_slope", 6: "corr"}[len(parts)] for what, parts in STATISTICS.items()
}  # what is made of the same parts is one
_STEP = 1 << 20  # weights are whole numbers of this part
_ROWS = 1_000  # of the usual group
_SLOPE = Fraction(5, 4)  # of a median: half ranges for the whole of the rows, √2π of its deviations


def weigh(
    asks: Sequence[Ask],
    bounds: Bounds,
    counted: Need | None,
    cells: int | None,
    pure: bool,
    way: Way,
) -> dict[Need, int]:
    """Give each needed measurement once, in canonical order, with its share of the loss. `counted` serves the
    threshold; `cells` is how many groups there are, None if that is private. `way` says
    what is measured in place of what is asked for, and how large the values are that are added up, where the public
    profile knows it."""
    moves: dict[Need, Fraction] = {}
    if counted is not None:
        moves[counted] = _moves("units", (counted,), bounds)[0] ** 2
    for what, parts in _shown({(_KIND.get(ask.what, ask.what), needs(ask, bounds.rows)) for ask in asks}):
        parts = way.measured(parts)
        found = _of_sum(what, parts[0], way) or _moves(what, parts, bounds)
        for need, move in zip(parts, found, strict=True):
            moves[need] = moves.get(need, Fraction(0)) + move**2
    return _whole({need: _weight(moves[need], need, bounds, pure) for need in sorted(moves, key=node_key)}, cells)


def _shown(outputs: Collection[tuple[str, tuple[Need, ...]]]) -> list[tuple[str, tuple[Need, ...]]]:
    """The outputs that count: averages and statistics made of what another statistic needs come with it."""
    return [
        (what, parts)
        for what, parts in outputs
        if not any(other in STATISTICS and set(parts) < set(others) for other, others in outputs)
        or what not in ("average", *STATISTICS)
    ]


def _weight(moves: Fraction, need: Need, bounds: Bounds, pure: bool) -> Decimal:
    with localcontext(prec=40):
        noise = Decimal(need.total(bounds)) if pure else Decimal(need.square(bounds)).sqrt()
        weight = noise * (Decimal(moves.numerator) / Decimal(moves.denominator)).sqrt()
        return weight ** (Decimal(2) / 3) if pure else weight


def _whole(weights: Mapping[Need, Decimal], cells: int | None) -> dict[Need, int]:
    """Weights as whole numbers, none of them too far below the largest."""
    most = max(weights.values())
    factor = CELLS if cells is None else min(cells, CELLS)
    with localcontext(prec=40):
        return {need: int(max(weight, most / LEAST) * factor * _STEP) + 1 for need, weight in weights.items()}


def _moves(what: str, parts: Sequence[Need], bounds: Bounds) -> tuple[Fraction, ...]:
    """By how much one step of each part moves the output, against its usual size, times n."""
    first = parts[0]
    if what == "units" and first.what == "units":
        return (Fraction(_root(bounds.rows_per_group)),)
    match what:
        case "rows" | "values" | "units" | "distinct":
            return (Fraction(1),)
        case "quantile":  # in rank it is off as by Laplace noise of t/b, 3 scales for 1.96 σ
            return (_SLOPE * Fraction(3 * 100, 196) / first.rank[1],)
        case "average":
            half = Fraction(max(first.upper - first.lower, 1), 2)
            return 1 / half, Fraction(1, 2)
        case _:
            return _of_statistic(what, parts)


def _of_sum(what: str, need: Need, way: Way) -> tuple[Fraction, ...]:
    """The same of a sum, around a middle with what its count is multiplied by, and of an average whose usual size the
    profile knows; nothing of others."""
    usual = way.means.get(need)
    if what == "average" and usual is not None and need.lower >= 0:
        return 1 / usual, abs(usual - need.centre) / usual
    if what != "sum":
        return ()
    usual = usual or Fraction(max(abs(need.lower), abs(need.upper), 1), 2)
    return (1 / usual, abs(need.centre) / usual) if need.centre else (1 / usual,)


def _of_statistic(what: str, parts: Sequence[Need]) -> tuple[Fraction, ...]:
    sums = _usual(what, parts)
    here = statistic(what, parts, sums)
    assert here is not None
    moves = []
    for place in range(len(parts)):
        step = max(abs(sums[place]), Fraction(1)) / 10**6
        up, down = (
            statistic(what, parts, [one + by * (at == place) for at, one in enumerate(sums)]) for by in (step, -step)
        )
        assert up is not None and down is not None
        moves.append(abs(up - down) / (2 * step) / abs(here) * _ROWS)
    return tuple(moves)


def _usual(what: str, parts: Sequence[Need]) -> list[Fraction]:
    """The sums over a usual group, as they are measured: two columns go half together."""
    named = dict(zip(STATISTICS[what], parts, strict=True))
    half = {name: Fraction(max(need.upper - need.lower, 2), 2) for name, need in named.items() if len(name) == 1}
    off = {name: one / 2 for name, one in half.items()}
    found = []
    for name, need in named.items():
        if name == "n":
            found.append(Fraction(_ROWS))
        elif len(name) == 1:
            found.append(off[name] * _ROWS)
        else:
            together = 1 if name[0] == name[1] else Fraction(1, 2)
            found.append((off[name[0]] * off[name[1]] * (1 + together) - need.centre) * _ROWS)
    return found


def _root(number: int) -> Decimal:
    with localcontext(prec=30):
        return Decimal(number).sqrt()
