"""The cumulative weights of the discrete Gaussian as whole numbers, certified from both sides.

With h = 1/2σ², w_k = exp(−k²h), S_m = w_0 + 2(w_1 + … + w_m) and W = S_∞, it is G_m = S_m/W = P(|X| ≤ m).

Everything is interval arithmetic on integers: a number x stands as low ≤ x·2^p ≤ high; what feeds `low` is rounded
down, what feeds `high` up. No float takes part. The weights come from two recurrences, w_{k+1} = w_k·r_k and
r_{k+1} = r_k·exp(−2h), begun at w_0 = 1 and r_0 = exp(−h). From k on each weight is at most r_k times the one before,
so that 2(w_k + w_{k+1} + …) ≤ 2·w_k/(1 − r_k): that bounds the part of W that is not summed.
"""

from __future__ import annotations

from sandbox.plan.block import SIGMA_UNIT

WIDEST = SIGMA_UNIT << 14
"""The largest `sigma` that has a table: 170,000 entries at 64 bits."""


def boundaries(sigma: int, bits: int) -> list[int]:
    """Give T_0 ≤ T_1 ≤ … ≤ T_K = 2^bits − 1 with T_m ≤ G_m·2^bits < T_m + 2, for σ = sigma/1024.

    K + 1 is about σ·√(1.4·bits), or 10σ at 64 bits. Raises ValueError unless both are positive, ArithmeticError if the
    interval of some G_m should turn out wider than 2^−bits: roundings add up to some σ³ units in the last place, and
    `places` leaves room for 2⁶⁴σ² of them, yet this is checked and not assumed.
    """
    if sigma < 1 or bits < 1:
        raise ValueError("σ and bits must be positive")
    places = bits + 64 + 2 * sigma.bit_length()
    one = 1 << places
    w_low = w_high = low = high = one
    r_low, r_high = exponential(SIGMA_UNIT**2, 2 * sigma**2, places)
    q_low, q_high = exponential(SIGMA_UNIT**2, sigma**2, places)
    sums = [one]
    while True:
        w_low, w_high = w_low * r_low >> places, -(-w_high * r_high >> places)
        r_low, r_high = r_low * q_low >> places, -(-r_high * q_high >> places)
        if w_high << bits + 3 <= one - r_high:  # 2·w_k/(1 − r_k) ≤ 2^−(bits + 2)
            break
        low, high = low + 2 * w_low, high + 2 * w_high
        sums.append(low)
    whole = high + (one >> bits + 2)  # low ≤ W·2^places ≤ whole
    # G_m lies between sums[m]/whole and (sums[m] + high − low)/low. These are at most
    # (whole − low + high − low)/low apart, since sums[m] ≤ whole. The last is then at least 1 − 2^−bits.
    if (whole + high - 2 * low) << bits > low:
        raise ArithmeticError("the cumulative weights are not certified")
    return [(weight << bits) // whole for weight in sums]


def exponential(numerator: int, denominator: int, places: int) -> tuple[int, int]:
    """Give whole numbers low ≤ exp(−numerator/denominator)·2^places ≤ high, for a fraction > 0.

    The fraction is halved until it is below 1, exp(+x) = Σ xⁱ/i! summed – behind a term there is less than that term
    again – and its reciprocal squared as often as was halved.
    """
    halvings = (numerator // denominator).bit_length()
    denominator <<= halvings
    one = 1 << places
    low = high = below = above = one
    i = 0
    while above > 1:
        i += 1
        below, above = below * numerator // (denominator * i), -(-above * numerator // (denominator * i))
        low, high = low + below, high + above
    low, high = one * one // (high + above), -(-one * one // low)
    for _ in range(halvings):
        low, high = low * low >> places, -(-high * high >> places)
    return low, high
