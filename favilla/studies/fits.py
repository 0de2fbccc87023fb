"""Four laws of growth, fitted by least squares: which of them a curve follows, and how far it foretells itself.

The field's evidence is for a sigmoid (ScaleRL, 2510.13786); its middle, seen over a finite range, is log-linear. So a
log-linear claim is always shown beside its rivals. s is the step, y a pass rate.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

Numbers = Sequence[float] | np.ndarray
Law = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Fit:
    """A fitted law. free: how many parameters it had. rmse and r2 are those of the points it was fitted to; predict gives y at
    steps (N)."""

    name: str
    parameters: dict[str, float]
    free: int
    rmse: float
    r2: float
    aicc: float
    predict: Law


def r_squared(y_N: np.ndarray, fitted_N: np.ndarray) -> float:
    """1 - residual / total sum of squares; NaN when all y are equal."""
    total = float(((y_N - y_N.mean()) ** 2).sum())
    return 1 - float(((y_N - fitted_N) ** 2).sum()) / total if total > 0 else math.nan


def aicc(rss: float, n: int, free: int) -> float:
    """Akaike's criterion of a least-squares fit with its correction for small n (Hurvich and Tsai 1989); the variance counts
    as a parameter. Infinite when there are too few points."""
    k = free + 1
    if n - k - 1 <= 0:
        return math.inf
    return n * math.log(max(rss, 1e-300) / n) + 2 * k + 2 * k * (k + 1) / (n - k - 1)


def log_linear(s_N: np.ndarray, y_N: np.ndarray) -> Fit:
    """y = a + b ln s."""
    a, b = line(np.log(s_N), y_N)
    return _fit("log-linear", {"a": a, "b": b}, 2, s_N, y_N, lambda s: a + b * np.log(s))


def linear(s_N: np.ndarray, y_N: np.ndarray) -> Fit:
    """y = a + b s."""
    a, b = line(s_N, y_N)
    return _fit("linear", {"a": a, "b": b}, 2, s_N, y_N, lambda s: a + b * s)


def sigmoid(s_N: np.ndarray, y_N: np.ndarray, start: float) -> Fit:
    """y = R0 + (A - R0) / (1 + (s_mid / s)^B), R0 the start, as measured (ScaleRL, section 2)."""
    low, high = math.log(s_N.min()) - 5, math.log(s_N.max()) + 5

    def shape(mid: float, b: float) -> np.ndarray:
        return 1 / (1 + np.exp(np.clip(b * (mid - np.log(s_N)), -500, 500)))

    def rss(mid: float, b: float) -> float:
        f_N = shape(mid, b)
        return float(((y_N - start - _scale(f_N, y_N - start) * f_N) ** 2).sum())

    mid, b = _minimum(rss, ((low, high), (0.1, 8.0)))
    rise = _scale(shape(mid, b), y_N - start)
    found = {"R0": start, "A": start + rise, "s_mid": math.exp(mid), "B": b}
    return _fit(
        "sigmoid", found, 3, s_N, y_N,
        lambda s: start + rise / (1 + np.exp(np.clip(b * (mid - np.log(s)), -500, 500))),
    )  # fmt: skip


def power(s_N: np.ndarray, y_N: np.ndarray) -> Fit:
    """A power law of the error: 1 - y = a s^-b."""

    def rss(b: float) -> float:
        f_N = s_N**-b
        return float(((1 - y_N - _scale(f_N, 1 - y_N) * f_N) ** 2).sum())

    (b,) = _minimum(rss, ((-2.0, 4.0),))
    a = _scale(s_N**-b, 1 - y_N)
    return _fit("power", {"a": a, "b": b}, 2, s_N, y_N, lambda s: 1 - a * s**-b)


def all_fits(s_N: Numbers, y_N: Numbers, start: float | None) -> dict[str, Fit]:
    """The four laws on the same points, by name. start: y before the first step; None, not measured, leaves the sigmoid out."""
    s, y = np.asarray(s_N, dtype=float), np.asarray(y_N, dtype=float)
    if len(s) < 3 or len(s) != len(y) or (s <= 0).any():
        raise ValueError(f"{len(s)} steps and {len(y)} values: a fit needs at least three of both, at positive steps")
    curved = () if start is None else (sigmoid(s, y, start),)
    return {fit.name: fit for fit in (log_linear(s, y), linear(s, y), *curved, power(s, y))}


def extrapolated(s_N: Numbers, y_N: Numbers, start: float | None) -> dict[str, float]:
    """For each law the largest |error| in the second half of the range of ln s when it was fitted to the first half. Empty
    when a half has fewer than three points or one, respectively."""
    s, y = np.asarray(s_N, dtype=float), np.asarray(y_N, dtype=float)
    first_N = np.log(s) <= (math.log(s[0]) + math.log(s[-1])) / 2
    if first_N.sum() < 3 or first_N.all():
        return {}
    fits = all_fits(s[first_N], y[first_N], start)
    return {name: float(np.abs(fit.predict(s[~first_N]) - y[~first_N]).max()) for name, fit in fits.items()}


def worst_drawdown(y_N: Numbers) -> float:
    """The largest fall below an earlier value, 0 for a curve that never falls."""
    y = np.asarray(y_N, dtype=float)
    return float((np.maximum.accumulate(y) - y).max()) if len(y) else math.nan


def line(x_N: np.ndarray, y_N: np.ndarray) -> tuple[float, float]:
    """(a, b) of y = a + b x by least squares."""
    x = x_N - x_N.mean()
    b = float((x * (y_N - y_N.mean())).sum() / (x * x).sum())
    return float(y_N.mean() - b * x_N.mean()), b


def _fit(name: str, parameters: dict[str, float], free: int, s_N: np.ndarray, y_N: np.ndarray, predict: Law) -> Fit:
    fitted = predict(s_N)
    rss = float(((y_N - fitted) ** 2).sum())
    return Fit(name, parameters, free, math.sqrt(rss / len(y_N)), r_squared(y_N, fitted), aicc(rss, len(y_N), free), predict)  # fmt: skip


def _scale(f_N: np.ndarray, y_N: np.ndarray) -> float:
    """c of y = c f by least squares."""
    square = float(f_N @ f_N)
    return float(f_N @ y_N) / square if square else 0.0


def _minimum(
    loss: Callable[..., float], bounds: tuple[tuple[float, float], ...], points: int = 25, rounds: int = 14
) -> tuple[float, ...]:
    """Where a function of one or two parameters is least: the best point of a grid, around which the next, finer grid lies. It
    needs no start and no derivative, and the surfaces here are smooth."""
    ranges, best = bounds, tuple(low for low, _ in bounds)
    for _ in range(rounds):
        axes = [np.linspace(low, high, points) for low, high in ranges]
        grid = np.stack([axis.ravel() for axis in np.meshgrid(*axes, indexing="ij")], axis=1)
        best = tuple(float(v) for v in min(grid, key=lambda at: loss(*at)))
        # Two cells to each side: a narrow valley that runs across the grid is not lost.
        reach = [2 * (high - low) / (points - 1) for low, high in ranges]
        ranges = tuple(
            (max(low, at - r), min(high, at + r)) for at, r, (low, high) in zip(best, reach, bounds, strict=True)
        )
    return best
