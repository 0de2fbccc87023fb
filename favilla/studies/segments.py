"""Segmented regression: a broken line through a curve, and in which directions its pieces go, with intervals.

A transition is called one when the pieces' slopes differ from 0, not because a curve looks bent.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

import numpy as np

MOST = 2  # breakpoints
PIECE = 3  # points that a piece holds, those where it bends included: through two goes a line whatever they are
ROUNDING = 1e-9  # slopes that a constant curve may have


@dataclass(frozen=True)
class Broken:
    """A continuous broken line y(x). breaks: where it bends; slopes: of its pieces; low, high: their 95 % intervals (empty
    without draws)."""

    breaks: tuple[float, ...]
    slopes: tuple[float, ...]
    rss: float
    low: tuple[float, ...] = ()
    high: tuple[float, ...] = ()

    @property
    def signs(self) -> str:
        """ "+-+" for a rise, a fall and a rise; "0" where the interval of a slope holds 0."""
        return "".join(
            "+" if low > ROUNDING else "-" if high < -ROUNDING else "0"
            for low, high in zip(self.low, self.high, strict=True)
        )


def design(x_N: np.ndarray, breaks: tuple[float, ...]) -> np.ndarray:
    """(N, 2 + breaks): 1, x, and max(0, x - c) for each break c."""
    return np.stack([np.ones_like(x_N), x_N, *(np.maximum(0, x_N - c) for c in breaks)], axis=1)


def candidates(x_N: np.ndarray, count: int) -> list[tuple[float, ...]]:
    """Places for `count` breaks, at points and half-way between them, such that every piece holds at least PIECE points."""
    middles = (x_N[1:] + x_N[:-1]) / 2
    places = sorted({float(v) for v in (*x_N[1:-1], *middles[1:-1])})
    found = []
    for breaks in itertools.combinations(places, count):
        edges = (x_N[0], *breaks, x_N[-1])
        if all(((x_N >= a) & (x_N <= b)).sum() >= PIECE for a, b in itertools.pairwise(edges)):
            found.append(breaks)
    return found


def broken_lines(x_N: np.ndarray, y_DN: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The best broken line with `count` breaks through each of D curves: breaks (D, count), slopes (D, count + 1) and residual
    sums of squares (D). Every place for the breaks is tried."""
    tried = candidates(x_N, count)
    if not tried or len(x_N) <= 2 + count:
        raise ValueError(f"{len(x_N)} points are too few for {count} breaks")
    best_D = np.full(len(y_DN), np.inf)
    breaks_D, slopes_D = np.zeros((len(y_DN), count)), np.zeros((len(y_DN), count + 1))
    for breaks in tried:
        X = design(x_N, breaks)
        coefficients_DC = y_DN @ np.linalg.pinv(X).T
        rss_D = ((y_DN - coefficients_DC @ X.T) ** 2).sum(1)
        better = rss_D < best_D
        best_D[better] = rss_D[better]
        breaks_D[better] = breaks
        slopes_D[better] = np.cumsum(coefficients_DC[better, 1:], axis=1)
    return breaks_D, slopes_D, best_D


def bic(rss: float, n: int, breaks: int) -> float:
    """Schwarz's criterion of a broken line: two parameters, and three a break, whose place is the best of many (Zhang and
    Siegmund 2007). With two a break, a third of straight curves of 13 noisy points would be bent."""
    return n * math.log(max(rss, 1e-300) / n) + (2 + 3 * breaks) * math.log(n)


def segmented(x_N: np.ndarray, y_N: np.ndarray, y_DN: np.ndarray | None = None, breaks: int | None = None) -> Broken:
    """The broken line of a curve with 0, 1 or 2 breaks, as many as BIC chooses (or `breaks`). y_DN: the curve as drawn anew D
    times; the slopes' intervals are percentiles over those, each with breaks of its own."""
    counts = [c for c in range(MOST + 1) if len(x_N) > 2 + 2 * c and candidates(x_N, c)] if breaks is None else [breaks]
    if not counts:
        raise ValueError(f"{len(x_N)} points are too few for a line with an error")
    found = {count: broken_lines(x_N, y_N[None], count) for count in counts}
    # A residual that is rounding alone must not choose between lines.
    floor = 1e-18 * float((y_N**2).sum())
    count = min(counts, key=lambda c: bic(max(float(found[c][2][0]), floor), len(x_N), c))
    places, slopes, rss = (part[0] for part in found[count])
    low: tuple[float, ...] = ()
    high: tuple[float, ...] = ()
    if y_DN is not None:
        drawn = broken_lines(x_N, y_DN, count)[1]
        low, high = (tuple(map(float, np.percentile(drawn, q, axis=0))) for q in (2.5, 97.5))
    return Broken(tuple(map(float, places)), tuple(map(float, slopes)), float(rss), low, high)
