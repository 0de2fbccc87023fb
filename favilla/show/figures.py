"""Figures of runs, drawn without a display."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from favilla.atomic import written_aside

LOSS, RATE = "tab:blue", "tab:orange"


def loss_figure(metrics: Path, out: Path) -> None:
    """Draw a run's metrics: loss against step (raw and smoothed), and below it tokens per second, or the learning
    rate's scale where no rate was logged.

    metrics: JSONL with `step`, `loss` (nats per target token) and, optionally, `tokens_per_second`, `lr_scale`.
    Lines that are cut off or hold no finite loss are left out; without any line the figure says so.
    out: a .png, .svg or .pdf, written aside and then renamed.
    """
    lines = [line for line in _read(metrics) if _finite(line, "step") and _finite(line, "loss")]
    figure = Figure(figsize=(7, 5), layout="constrained")
    FigureCanvasAgg(figure)
    above, below = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
    steps, losses = [line["step"] for line in lines], [line["loss"] for line in lines]
    above.plot(steps, losses, color=LOSS, alpha=0.35, linewidth=1, marker="." if len(steps) < 30 else "")
    above.plot(steps, smoothed(losses), color=LOSS, linewidth=2)
    above.set_ylabel("loss (nats per target token)")
    above.grid(alpha=0.3)
    if lines:
        above.set_title(f"{metrics.parent.name}: loss {losses[-1]:.3f} after {steps[-1]:,} steps", fontsize=10)
    else:
        above.text(0.5, 0.5, "no steps logged yet", ha="center", va="center", transform=above.transAxes)
    key, name = ("tokens_per_second", "tokens/s")
    if not any(_finite(line, key) for line in lines):
        key, name = ("lr_scale", "learning rate / peak")
    logged = [line for line in lines if _finite(line, key)]
    below.plot([line["step"] for line in logged], [line[key] for line in logged], color=RATE, linewidth=1.5)
    below.set_ylabel(name)
    below.set_ylim(bottom=0)
    below.set_xlabel("step")
    below.grid(alpha=0.3)
    save(figure, out)


def rl_figure(metrics: Path, out: Path) -> None:
    """Draw an RL run against the logarithm of the step: pass@1 and pass@k, tokens a sample (right and wrong ones apart),
    entropy.

    metrics: JSONL with `step`, `pass@1`, another `pass@k`, `length_correct`, `length_wrong` and `entropy`; what a line lacks
    is left out. out: a .png, .svg or .pdf, written aside and then renamed.
    """
    lines = [line for line in _read(metrics) if _finite(line, "step") and line["step"] > 0]
    most = next(
        (key for key in reversed(lines[-1] if lines else {}) if key.startswith("pass@") and key != "pass@1"), ""
    )
    panels = (
        ("share of prompts", ("pass@1", most)),
        ("tokens a sample", ("length_correct", "length_wrong")),
        ("entropy (nats a token)", ("entropy",)),
    )
    figure = Figure(figsize=(7, 7), layout="constrained")
    FigureCanvasAgg(figure)
    for axes, (label, keys) in zip(figure.subplots(3, 1, sharex=True), panels, strict=True):
        for key, color in zip(filter(None, keys), (LOSS, RATE), strict=False):
            there = [line for line in lines if _finite(line, key)]
            steps, values = [line["step"] for line in there], [line[key] for line in there]
            axes.plot(steps, values, color=color, alpha=0.3, linewidth=1, marker="." if len(steps) < 30 else "")
            axes.plot(steps, smoothed(values), color=color, linewidth=2, label=key)
        axes.set_ylabel(label)
        axes.grid(alpha=0.3)
        if lines:
            axes.legend(fontsize=8)
            axes.set_xscale("log")
    axes.set_xlabel("step")
    save(figure, out)


def save(figure: Figure, out: Path) -> None:
    """Write a figure in the format of the name's end. Raises UserError, with what was there as it was, when it cannot be written."""
    with written_aside(out) as aside:
        figure.savefig(aside, dpi=120)


def smoothed(values: list[float], window: int = 20) -> list[float]:
    """Exponential moving average over about `window` values, or a tenth of a short list, without a bias to the start
    (Kingma and Ba 2015, section 3)."""
    keep = 1 - 1 / max(1.0, min(window, len(values) / 10))
    mean, weight, out = 0.0, 0.0, []
    for value in values:
        mean, weight = keep * mean + (1 - keep) * value, keep * weight + (1 - keep)
        out.append(mean / weight)
    return out


def _read(path: Path) -> list[dict[str, Any]]:
    """The JSON objects of a file; a line that a killed run left half written is no object and is left out."""
    objects = []
    for text in path.read_text(encoding="utf-8", errors="replace").splitlines() if path.exists() else ():
        try:
            value = json.loads(text)
        except json.JSONDecodeError:
            continue
        if isinstance(value, dict):
            objects.append(value)
    return objects


def _finite(line: dict[str, Any], key: str) -> bool:
    value = line.get(key)
    return isinstance(value, int | float) and math.isfinite(value)
