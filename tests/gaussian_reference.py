"""The cumulative weights of the discrete Gaussian with 200 digits, straight from the definition, scripted bits,
and OpenDP's samples."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Context, Decimal
from functools import cache
from itertools import accumulate
from sys import byteorder

DIGITS = 200


def wide(digits: int = DIGITS) -> Context:
    """A context in which sums of thousands of terms are still right to so many digits."""
    return Context(prec=digits + 20, Emin=-(10**9))


@cache
def shares(sigma: int, digits: int = DIGITS) -> tuple[Decimal, ...]:
    """P(|X| = m) for σ = sigma/1024, m = 0, 1, …, until it is too small for so many digits."""
    context, weights = wide(digits), [Decimal(1)]
    while weights[-1].adjusted() > -digits - 10:
        exponent = context.divide(Decimal(len(weights) ** 2 * 1024**2), Decimal(2 * sigma**2))
        weights.append(context.multiply(2, context.exp(exponent.copy_negate())))
    whole = Decimal(0)
    for weight in reversed(weights):
        whole = context.add(whole, weight)
    return tuple(context.divide(weight, whole) for weight in weights)


@cache
def cumulative(sigma: int, bits: int, digits: int = DIGITS) -> tuple[Decimal, ...]:
    """P(|X| ≤ m)·2^bits, m = 0, 1, …"""
    context = wide(digits)
    return tuple(context.multiply(share, 2**bits) for share in accumulate(shares(sigma, digits), context.add))


class Script:
    """Stands in for `os.urandom`: serves the words of the script, then one word for ever; sign bits are all `sign`."""

    def __init__(self, first: Iterable[int], further: Iterable[int] = (), last: int = 0, sign: int = 0) -> None:
        self.words = [b"".join(word.to_bytes(8, byteorder) for word in first)]
        self.words += [word.to_bytes(8, byteorder) for word in further]
        self.last = last.to_bytes(8, byteorder)
        self.sign = bytes([255 * sign])
        self.asked: list[int] = []

    def __call__(self, size: int) -> bytes:
        self.asked.append(size)
        if self.words and size == len(self.words[0]):
            return self.words.pop(0)
        return self.last if size == 8 else self.sign * size


def opendp(count: int, sigma: int) -> list[int]:
    """Samples of P(k) ∝ exp(−k²/2σ²), σ = sigma/1024, drawn by OpenDP."""
    from opendp.domains import atom_domain, vector_domain
    from opendp.measurements import make_gaussian
    from opendp.metrics import l2_distance
    from opendp.mod import enable_features

    enable_features("contrib")  # OpenDP's name for everything whose proof has been reviewed by its contributors
    space = vector_domain(atom_domain(T="i64")), l2_distance(T="i64")
    return list(make_gaussian(*space, scale=sigma / 1024)([0] * count))
