"""Figures of a study of many runs: growth, held-out sets, diversity, accuracy against thinking. Drawn without a display."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from favilla.show.figures import save

# A curve: lists `steps`, `mean`, `low` and `high`, equally long.
Curve = Mapping[str, Any]


def curves_figure(
    panels: Mapping[str, Mapping[str, Curve]], label: str, out: Path, window: tuple[int, int] | None = None
) -> None:
    """Curves against the logarithm of the step, with their intervals: panel by title, in it a curve by name. The start, step
    0, is a dotted line. window: steps between which something was fitted, shaded. out: .png, .svg or .pdf, written aside and
    then renamed."""
    columns = min(3, max(1, len(panels)))
    rows = math.ceil(max(1, len(panels)) / columns)
    figure, all_axes = _figure(rows, columns)
    for axes, (title, curves) in zip(all_axes, panels.items(), strict=False):
        for number, (name, curve) in enumerate(curves.items()):
            points = list(zip(curve["steps"], curve["mean"], curve["low"], curve["high"], strict=True))
            after = [point for point in points if point[0] > 0]
            for step, value, _, _ in points[:1]:
                if step == 0:
                    axes.axhline(value, color=f"C{number}", linestyle=":", linewidth=1)
            if after:
                x, y, low, high = zip(*after, strict=True)
                axes.plot(x, y, color=f"C{number}", marker=".", linewidth=1.5, label=name)
                axes.fill_between(x, low, high, color=f"C{number}", alpha=0.15, linewidth=0)
        _log_steps(axes, title, label)
        if window:
            axes.axvspan(*window, color="grey", alpha=0.08)
        if axes.lines:
            axes.legend(fontsize=7)
    for axes in all_axes[len(panels) :]:
        axes.set_visible(False)
    save(figure, out)


def diversity_figure(
    pass_at: Mapping[str, Mapping[int, float]],
    shares: Mapping[str, Mapping[str, Sequence[float]]],
    least: float,
    out: Path,
) -> None:
    """Left: pass@k against k, a line each (start, end). Right: what is left of each kind of diversity, by set, as (share, low,
    high), with the least that a claim asks for."""
    figure, (left, right) = _figure(1, 2)
    for name, values in pass_at.items():
        left.plot(list(values), list(values.values()), marker=".", label=name)
    left.set_xscale("log", base=2)
    left.set_xlabel("k")
    left.set_ylabel("pass@k")
    left.grid(alpha=0.3)
    if pass_at:
        left.legend(fontsize=7)
    names = sorted({name for values in shares.values() for name in values})
    for number, (kind, by_set) in enumerate(shares.items()):
        for place, (name, (share, low, high)) in enumerate(by_set.items()):
            x = names.index(name) + 0.15 * number
            right.plot([x, x], [low, high], color=f"C{number}", linewidth=1)
            right.plot(x, share, color=f"C{number}", marker="o", linestyle="none", label="_" if place else kind)
    right.set_xticks(range(len(names)), names, fontsize=8)
    right.axhline(least, color="grey", linestyle="--", linewidth=1)
    right.set_ylabel("last step / start")
    right.grid(alpha=0.3)
    if names:
        right.legend(fontsize=7)
    save(figure, out)


def thinking_figure(paths: Mapping[str, Sequence[tuple[int, float, float]]], out: Path) -> None:
    """Accuracy against thinking tokens: by arm its way over the steps, as (step, thinking tokens a sample, pass@1); the first
    and the last step are named."""
    figure, (axes,) = _figure(1, 1)
    for number, (name, path) in enumerate(paths.items()):
        steps, x, y = zip(*path, strict=True)
        axes.plot(x, y, color=f"C{number}", marker=".", linewidth=1.2, label=name)
        for at in {0, len(path) - 1}:
            axes.annotate(f"{steps[at]:g}", (x[at], y[at]), fontsize=7, color=f"C{number}", textcoords="offset points", xytext=(4, 4))  # fmt: skip
    axes.set_xlabel("thinking tokens a sample")
    axes.set_ylabel("pass@1")
    axes.grid(alpha=0.3)
    if paths:
        axes.legend(fontsize=8)
    save(figure, out)


def _figure(rows: int, columns: int) -> tuple[Figure, list[Axes]]:
    figure = Figure(figsize=(max(5.5, 4.2 * columns), 3.4 * rows + 0.4), layout="constrained")
    FigureCanvasAgg(figure)
    return figure, list(figure.subplots(rows, columns, squeeze=False).flat)


def _log_steps(axes: Axes, title: str, label: str) -> None:
    axes.set_title(title, fontsize=9)
    axes.set_xscale("log")
    axes.set_xlabel("step")
    axes.set_ylabel(label)
    axes.grid(alpha=0.3)
