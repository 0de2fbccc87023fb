"""Intervals of what a bootstrap has drawn: plain, for several comparisons at once, and for equality."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Interval:
    """An estimate with the ends of its interval at a level (0.95: 95 %)."""

    value: float
    low: float
    high: float
    level: float = 0.95

    def __str__(self) -> str:
        return f"{self.value:.3f} ({self.low:.3f} to {self.high:.3f})"


def percentile(value: float, draws_D: np.ndarray, level: float = 0.95) -> Interval:
    """The percentile interval (Efron 1979). Draws that are not finite (a ratio to 0) count as lying beyond both ends; with
    more of them than the level leaves out, the interval is open."""
    tail = (1 - level) / 2
    bad_D = ~np.isfinite(draws_D)
    low = np.quantile(np.where(bad_D, -math.inf, draws_D), tail, method="lower")
    high = np.quantile(np.where(bad_D, math.inf, draws_D), 1 - tail, method="higher")
    return Interval(value, float(low), float(high), level)


def holm(values: Mapping[str, float], draws: Mapping[str, np.ndarray], alpha: float = 0.05) -> dict[str, Interval]:
    """Intervals of several differences at once: step-down after Holm (1979). The one farthest from 0 (by its two-sided
    bootstrap p) gets the level 1 - alpha / m, the next 1 - alpha / (m - 1), and so on until one holds 0; those after it get
    that one's level, so that none of them is said to differ."""
    p = {name: two_sided(draws_D) for name, draws_D in draws.items()}
    out: dict[str, Interval] = {}
    left, stopped = len(p), False
    for name in sorted(p, key=lambda name: (p[name], -abs(values[name]))):
        interval = percentile(values[name], draws[name], 1 - alpha / left)
        out[name] = interval
        stopped = stopped or interval.low <= 0 <= interval.high
        left -= not stopped
    return {name: out[name] for name in values}


def two_sided(draws_D: np.ndarray) -> float:
    """Bootstrap p of a difference that is 0: twice the smaller share of draws at one side, counted with the value itself."""
    least = min(int((draws_D <= 0).sum()), int((draws_D >= 0).sum()))
    return min(1.0, 2 * (least + 1) / (len(draws_D) + 1))


def equivalent(value: float, draws_D: np.ndarray, margin: float) -> tuple[bool, Interval]:
    """Two one-sided tests (TOST, Schuirmann 1987) at 5 %: whether the 90 % interval of a difference lies inside +- margin, and
    the interval. That nothing differs significantly is no equality."""
    interval = percentile(value, draws_D, 0.90)
    return -margin < interval.low and interval.high < margin, interval
