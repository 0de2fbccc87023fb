"""Accuracy against what it costs: one figure for all ways of answering the same questions."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from favilla.show.figures import save


@dataclass(frozen=True)
class Point:
    """One way of answering. group: those of a group have one colour, and a line if `line`; tokens, seconds: means a
    question, NaN where it is not known; accuracy with its interval, shares."""

    group: str
    name: str
    tokens: float
    seconds: float
    accuracy: float
    low: float
    high: float
    line: bool = False


def pareto_figure(points: Sequence[Point], title: str, out: Path) -> None:
    """Draw accuracy against tokens (read and written) and against latency, side by side.

    out: a .png, .svg or .pdf, written aside and then renamed.
    """
    figure = Figure(figsize=(11, 4.8), layout="constrained")
    FigureCanvasAgg(figure)
    groups = list(dict.fromkeys(point.group for point in points))
    for axes, key, name in zip(
        figure.subplots(1, 2, sharey=True), ("tokens", "seconds"), ("tokens a question, read and written", "seconds a question"),
        strict=True,
    ):  # fmt: skip
        for number, group in enumerate(groups):
            members = [p for p in points if p.group == group and not math.isnan(getattr(p, key))]
            members.sort(key=lambda p: getattr(p, key))
            x, y = [getattr(p, key) for p in members], [p.accuracy for p in members]
            spread = [[p.accuracy - p.low for p in members], [p.high - p.accuracy for p in members]]
            line = "-" if all(p.line for p in members) else "none"
            axes.errorbar(x, y, yerr=spread, color=f"C{number}", label=group, marker="o", linestyle=line, linewidth=1.5,
                          elinewidth=0.6, markersize=4)  # fmt: skip
            for place, point in enumerate(members):
                # names of different groups, which often lie at one height, keep apart
                rise = 4 + 9 * number if place % 2 == 0 else -10 - 9 * number
                axes.annotate(point.name, (getattr(point, key), point.accuracy), fontsize=7, color=f"C{number}",
                              textcoords="offset points", xytext=(4, rise))  # fmt: skip
        axes.set_xscale("log")
        axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axes.xaxis.set_minor_formatter(NullFormatter())
        axes.set_xlabel(name)
        axes.grid(alpha=0.3)
    figure.axes[0].set_ylabel("share of questions answered right")
    figure.axes[0].legend(fontsize=8)
    figure.suptitle(title, fontsize=10)
    save(figure, out)
