"""The lists of values that derived expressions have. A key with such a list needs no threshold."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from functools import lru_cache
from itertools import product
from math import prod

from sandbox.plan import scalar as s
from sandbox.plan.evaluate import evaluate
from sandbox.plan.ordering import value_key
from sandbox.sql.terms import Listing, Term

MOST_VALUES = 10_000  # of a list, as in a registration
WIDE = 8  # parts of an expression that cost as much again
KEPT = 64  # lists that are kept for the next question
MOST_STEPS = 1_000  # of a bounded number, to be listed without being declared


def listed(term: Term, spend: Callable[[int], None]) -> Term:
    """Give `term` with the list of its values, and the bounds that follow, where they can be had; `spend` is told how
    many are computed."""
    if term.listing is None:
        return term
    domain = _values(term, term.listing, spend) if term.domain is None else term.domain
    known = [value for value in domain or () if value is not None]
    low, high = term.low, term.high
    if known and term.type.numeric:
        low, high = (Decimal(str(pick(known))) for pick in (min, max))
    elif known and term.type == s.DATE:
        low, high = (pick(day for day in known if isinstance(day, date)) for pick in (min, max))
    return replace(term, low=low, high=high, domain=domain, listing=None)


def in_order(values: Iterable[s.Value]) -> tuple[s.Value, ...]:
    """Give each value once, in the canonical order."""
    return tuple(sorted(set(values), key=value_key))


def _values(term: Term, listing: Listing, spend: Callable[[int], None]) -> tuple[s.Value, ...] | None:
    args = {arg.node: arg for arg in listing.args}  # one that stands twice has one value
    known = [one for one in map(_choices, args.values()) if one is not None]
    size = prod(len(one) for one in known)
    if len(known) < len(args) or size > MOST_VALUES:
        return listing.otherwise or _steps(term)
    places = {node: str(place) for place, node in enumerate(args)}
    node = listing.make(*(_placeholder(arg, places[arg.node]) for arg in listing.args))
    spend(size * (1 + _parts(node) // WIDE))
    return _computed(node, tuple(map(_Choice, known)), tuple(arg.nullable for arg in args.values()))


class _Choice(tuple[s.Value, ...]):
    """Values that are the same only if their types are: 1 is not TRUE."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Choice) and super().__eq__(other) and list(map(type, self)) == list(map(type, other))

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return super().__hash__()


@lru_cache(maxsize=KEPT)
def _computed(node: s.Scalar, known: tuple[_Choice, ...], nullable: tuple[bool, ...]) -> tuple[s.Value, ...]:
    """Give the values of `node` over all choices for its placeholders 0, 1, …; who asks twice has them ready."""
    found: set[s.Value] = set()
    for values in product(*known):
        value = evaluate(node, {str(place): one for place, one in enumerate(values)})
        missing = any(one is None and may for one, may in zip(values, nullable, strict=True))
        if value is not None or not missing:
            found.add(value)
    return in_order(found)


def _parts(node: s.Scalar) -> int:
    return 1 + sum(map(_parts, s.children(node)))


def _steps(term: Term) -> tuple[s.Value, ...] | None:
    """All numbers between the bounds of a derived one, where they are few; NULL where it comes from no NULL below."""
    found = _between(term) if term.type.numeric else None
    if found is None or term.listing is None:
        return None
    new = term.nullable and not any(arg.nullable for arg in term.listing.args)
    return (*found, None) if new else tuple(found)


def _placeholder(arg: Term, name: str) -> s.Scalar:
    return arg.node if arg.constant else s.Column(name, arg.type)


def _choices(arg: Term) -> Sequence[s.Value] | None:
    """All values that `arg` can have, NULL among them; None when they are too many or unknown."""
    if arg.constant:
        return (arg.node.value,) if isinstance(arg.node, s.Constant) else None
    found = arg.domain if arg.domain is not None else _between(arg)
    if found is None or len(found) > MOST_VALUES:
        return None
    return (*found, None) if arg.nullable and None not in found else found


def _between(arg: Term) -> Sequence[s.Value] | None:
    if isinstance(arg.low, date) and isinstance(arg.high, date):
        days = (arg.high - arg.low).days + 1
        return [arg.low + timedelta(days=day) for day in range(days)] if days <= MOST_VALUES else None
    if arg.range is None:
        return None
    low, high = (int(end.scaleb(arg.type.scale)) for end in arg.range)
    if high - low >= MOST_STEPS:
        return None
    if arg.type == s.INTEGER:
        return range(low, high + 1)
    return [Decimal(f"{steps}E-{arg.type.scale}") for steps in range(low, high + 1)]
