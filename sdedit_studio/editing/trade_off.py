"""The two curves under the t0 strip, and the interval of t0 where their sum is least. Pure."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

LEAST_SPREAD = 0.1
"""The least range of the realism curve. Photographs differ by more than this among themselves."""

TOLERANCE = 0.1
"""The sum of the two curves in the sweet spot is at most this far above its least value."""


def heights(values: Sequence[float], least: float = 0.0) -> Sequence[float]:
    """`values` from 0 for the least of them to 1 for the greatest, which is at least `least` above it."""
    low = min(values)
    spread = max(max(values) - low, least)
    return [(value - low) / spread if spread else 0.0 for value in values]


def sweet_spot(t0s: Sequence[float], from_strokes: Sequence[float], from_photographs: Sequence[float]) -> Span:
    """The interval of t0 around the least sum of both curves' heights in which the sum is at most `TOLERANCE` more.

    `t0s` ascend; between them the sum is taken as a straight line.
    """
    sums = np.add(heights(from_strokes), heights(from_photographs, LEAST_SPREAD))
    best = int(np.argmin(sums))
    limit = float(sums[best]) + TOLERANCE
    return _reach(t0s, sums, best, -1, limit), _reach(t0s, sums, best, 1, limit)


Span = tuple[float, float]
"""The lowest and the highest t0 of an interval."""


def _reach(t0s: Sequence[float], sums: np.ndarray, best: int, step: int, limit: float) -> float:
    """How far one can go from `best` in one direction before the sum crosses `limit`."""
    at = best
    while 0 <= at + step < len(t0s) and sums[at + step] <= limit:
        at += step
    beyond = at + step
    if not 0 <= beyond < len(t0s):
        return t0s[at]
    part = (limit - sums[at]) / (sums[beyond] - sums[at])
    return float(t0s[at] + part * (t0s[beyond] - t0s[at]))
