"""Charts drawn by matplotlib in many styles (picture): bars, lying bars, lines and pies.

Level 1: 2 to 4 items, small values at grid lines or printed values to 99; read one, or find the largest or smallest.
Level 2: 3 to 5 items; also sums and differences. Level 3: 4 to 8 items, or two series with a legend, values to 100; also
counts above a limit. Level 4: up to 9 items without printed values, some of them between two grid lines; also means,
ranks and the largest rise.

Every value is printed, or lies on a grid line (at level 4: or half-way between two). Answers: integers 0 .. 200, or the
name of an item (63 names).
"""

from __future__ import annotations

import itertools
import json
import random
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text
from PIL import Image, ImageFont

from favilla.worlds import chart_wordings as ask
from favilla.worlds.arithmetic import explained
from favilla.worlds.base import Split
from favilla.worlds.drawing import RGB, background, degrade, face, ink, mixed, shade
from favilla.worlds.marks import Mark, marks_within, sign_middles
from favilla.worlds.scenes import Question, Scene, SceneFamily, winners

NAMES = (
    "Ann", "Bob", "Cal", "Dan", "Eve", "Fay", "Gus", "Hal", "Ida", "Jim", "Kim", "Leo", "Mia", "Ned", "Ola", "Pia", "Ray",
    "Sam", "Tom", "Una", "Vic", "Zoe", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun", "Jan", "Feb", "Mar", "Apr", "May",
    "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", *"ABCDEFGHKLMNPQRSTUVWXYZ",
)  # fmt: skip
SERIES = ("2023", "2024", "2025", "Plan", "Real", "Old", "New", "East", "West", "Men", "Women", "Red", "Blue")
TITLES = ("Sales", "Points", "Visits", "Output", "Orders", "Goals", "Rain", "Votes", "Hours", "Cost")
# matplotlib's names, and the files of the same fonts
FONTS = {"DejaVu Sans": "DejaVuSans", "DejaVu Serif": "DejaVuSerif", "DejaVu Sans Mono": "DejaVuSansMono",
         "STIXGeneral": "STIXGeneral"}  # fmt: skip

# level: (fewest, most items), (low, high) of a side in pixels, most image tokens, (least, largest) letter height
SIZES = {
    1: ((2, 4), (140, 210), 49, (12, 14)),
    2: ((3, 5), (168, 252), 81, (11, 14)),
    3: ((4, 8), (238, 336), 132, (11, 13)),
    4: ((5, 9), (280, 392), 182, (10, 13)),
}


class Charts(SceneFamily):
    """Reading charts; see the module's docstring for levels and answers."""

    name = "charts"
    levels = 4
    phrasings = {
        "value": ask.VALUE, "largest": ask.LARGEST, "smallest": ask.SMALLEST, "sum": ask.SUM, "gap": ask.GAP, "above": ask.ABOVE,
        "mean": ask.MEAN, "rank": ask.RANK, "rise": ask.RISE, "series": ask.SERIES_VALUE,
    }  # fmt: skip
    test_phrasings = {
        "value": ask.VALUE_TEST, "largest": ask.LARGEST_TEST, "smallest": ask.SMALLEST_TEST, "sum": ask.SUM_TEST,
        "gap": ask.GAP_TEST, "above": ask.ABOVE_TEST, "mean": ask.MEAN_TEST, "rank": ask.RANK_TEST, "rise": ask.RISE_TEST,
        "series": ask.SERIES_VALUE_TEST,
    }  # fmt: skip

    def scene(self, rng: random.Random, level: int, split: Split) -> Scene:
        """kind; names of the items; series: name ("" if there is one alone) -> values; _printed: values are written at
        their marks; _step: distance of grid lines; _order, once drawn: how the items are read."""
        (few, many), *_ = SIZES[level]
        kind = rng.choice(("bar", "bar", "barh", "line", "pie" if level < 4 else "bar"))
        names = rng.sample(NAMES, min(rng.randint(few, many), 6 if kind == "pie" else 9))
        if kind == "pie":
            return {
                "kind": kind,
                "names": names,
                "series": {"": _shares(rng, len(names))},
                "_printed": True,
                "_step": 10,
            }
        count = 2 if level >= 3 and len(names) <= 6 and rng.random() < 0.5 else 1
        # Of two lines, the values of one would stand on the other.
        printed = level < 4 and rng.random() < 0.5 and not (kind == "line" and count > 1)
        step, top = {1: (1, 9), 2: (2, 20), 3: (10, 100), 4: (10, 100)}[level]
        unit = step // 2 if level == 4 else step
        series = {}
        for name in rng.sample(SERIES, count) if count > 1 else [""]:
            free = printed and level > 1
            series[name] = [rng.randint(1, 99) if free else unit * rng.randint(1, top // unit) for _ in names]
        return {"kind": kind, "names": names, "series": series, "_printed": printed, "_step": step}

    def instance(self, scene: Scene) -> str:
        """Value by value: the same data in another order or as another kind of chart are the same."""
        data = {name: dict(zip(scene["names"], values, strict=True)) for name, values in scene["series"].items()}
        return f"charts: {json.dumps(data, sort_keys=True, separators=(',', ':'))}"

    def render(self, rng: random.Random, scene: Scene, level: int) -> Image.Image:
        _, (low, high), tokens, (least, largest) = SIZES[level]
        letters = rng.randint(least, largest)
        while True:
            width, height = rng.randint(low, high), rng.randint(low, high)
            if -(-width // 28) * -(-height // 28) <= tokens:
                break
        if scene["kind"] in ("bar", "line"):
            width = max(width, int((2.3 * letters) * len(scene["names"]) + 4 * letters))
        scene["_order"] = list(range(len(scene["names"])))
        paper = background(rng)
        pen = ink(paper)
        family = rng.choice(tuple(FONTS))
        with matplotlib.rc_context({"font.family": family, "font.size": letters}):
            # At 72 dots an inch a point is a pixel.
            figure = Figure(figsize=(width / 72, height / 72), dpi=72, facecolor=_unit(paper))
            canvas = FigureCanvasAgg(figure)
            title = rng.choice(TITLES) if rng.random() < 0.4 else ""
            above = letters * (1.6 if title else 0.9) / height
            if scene["kind"] == "pie":
                axes = figure.add_axes((0.02, 0.02, 0.96, 0.97 - above))
                _pie(rng, axes, scene, letters, pen)
            else:
                left = (2.6 if scene["kind"] != "barh" else 2.9) * letters / width
                below = (1.9 if len(scene["series"]) == 1 else 3.4) * letters / height
                axes = figure.add_axes((left, below, 0.97 - left, 0.98 - above - below))
                _axes(rng, axes, scene, letters, paper, pen)
            if title:
                figure.text(0.5, 1 - 0.3 * letters / height, title, ha="center", va="top", color=_unit(pen))
            canvas.draw()
        scene["_marks"] = _marks(figure, axes, scene, face(FONTS[family], letters))
        image = Image.fromarray(np.asarray(canvas.buffer_rgba())[..., :3].copy())
        return degrade(rng, image, (0.0, 0.2, 0.3, 0.6)[level - 1] * rng.random())

    def questions(self, rng: random.Random, scene: Scene, level: int) -> list[Question]:
        names, series = scene["names"], scene["series"]
        if len(series) > 1:
            return _about_series(scene)
        # As they are read: of a pie nobody can see which share was drawn first.
        values = {names[place]: series[""][place] for place in scene["_order"]}
        listed = ", ".join(f"{name} {value}" for name, value in values.items())
        lines = [f"{name} {value}" for name, value in values.items()]
        out = [
            _question("value", {"item": name}, str(value), f"{name} {value}", [name, *lines[: place + 1]])
            for place, (name, value) in enumerate(values.items())
        ]
        items = list(values.items())
        ranked = sorted(values, key=lambda name: -values[name])
        ordered = [values[name] for name in ranked]
        if ordered[0] > ordered[1]:
            out.append(_question("largest", {}, ranked[0], listed, ["largest", *winners(items, largest=True)]))
        if ordered[-1] < ordered[-2]:
            out.append(_question("smallest", {}, ranked[-1], listed, ["smallest", *winners(items, largest=False)]))
        if level >= 2:
            for a, b in itertools.permutations(values, 2):
                out.append(_combined("+", "sum", (a, b), (values[a], values[b]), lines))
                if values[a] > values[b]:
                    out.append(_combined("-", "gap", (a, b), (values[a], values[b]), lines))
        if level >= 3:
            limit = rng.choice(ordered)
            found = ", ".join(name for name in names if values[name] > limit) or "none"
            running = itertools.accumulate(int(value > limit) for value in values.values())
            above = [
                f"{name} {value}, {limit}: {'yes' if value > limit else 'no'} {count}"
                for (name, value), count in zip(items, running, strict=True)
            ]
            answer = str(sum(value > limit for value in ordered))
            out.append(_question("above", {"limit": str(limit)}, answer, found, [f"count above {limit}", *above]))
        if level == 4:
            out += _harder(values, listed, lines)
        return out


def _marks(figure: Figure, axes: Axes, scene: Scene, letters: ImageFont.FreeTypeFont) -> tuple[Mark, ...]:
    """Every sign where it was set, and every value at the end of its bar or at its point."""
    width, height = figure.bbox.width, figure.bbox.height
    noted = []
    for text in figure.findobj(Text):
        if not text.get_visible() or not (words := text.get_text()):
            continue
        box, length = text.get_window_extent(), max(letters.getlength(words), 1)
        for sign, x in sign_middles(0, words, letters, "lm"):
            noted.append((sign, box.x0 + x / length * box.width, (box.y0 + box.y1) / 2))
    if not scene["_printed"]:
        noted += [(str(value), *axes.transData.transform(spot)) for value, spot in scene["_spots"]]
    return marks_within([(label, x, height - y) for label, x, y in noted], width, height)


def _combined(
    op: str,
    kind: str,
    names: tuple[str, str],
    values: tuple[int, int],
    lines: list[str],
    wanted: tuple[str, str] | None = None,
) -> Question:
    """A sum or a difference of two values; names: as they stand in the question, wanted: as they stand in the working."""
    (a, b), (left, right) = wanted or names, values
    both = f"{a} {left}, {b} {right}"
    result = left + right if op == "+" else left - right
    steps = [f"{a} {op} {b}", *lines, both, explained(op, left, right)]
    return _question(
        kind, {"item": names[0], "other": names[1]}, str(result), f"{both}, {left}{op}{right}={result}", steps
    )  # fmt: skip


def _harder(values: dict[str, int], listed: str, lines: list[str]) -> list[Question]:
    out, names = [], list(values)
    for a, b, c in itertools.combinations(names, 3):
        two, total = values[a] + values[b], values[a] + values[b] + values[c]
        if total % 3 == 0:
            work = f"{values[a]}+{values[b]}+{values[c]}={total}, {total}/3={total // 3}"
            slots = {"item": a, "other": b, "third": c}
            steps = [
                f"mean of {a}, {b}, {c}", *lines, f"{a} {values[a]}, {b} {values[b]}, {c} {values[c]}",
                explained("+", values[a], values[b]), explained("+", two, values[c]), f"{total}/3={total // 3}",
            ]  # fmt: skip
            out.append(_question("mean", slots, str(total // 3), work, steps))
    items = list(values.items())
    if len(set(values.values())) == len(values):
        ranked = sorted(names, key=lambda name: -values[name])
        for place, nth in ((1, "second"), (2, "third"), (3, "fourth")):
            steps = [f"{nth} largest", *winners(items, largest=True, keep=place + 1)]
            out.append(_question("rank", {"nth": nth}, ranked[place], ", ".join(ranked), steps))
    rises = {b: values[b] - values[a] for a, b in itertools.pairwise(names)}
    best = max(rises.values())
    if best > 0 and list(rises.values()).count(best) == 1:
        name = max(rises, key=lambda key: rises[key])
        differences = [f"{b} {values[b]}-{values[a]}={rises[b]}" for a, b in itertools.pairwise(names)]
        terse = ", ".join(f"{b} {rise:+d}" for b, rise in rises.items())
        steps = ["largest rise", *lines, *differences, *winners(list(rises.items()), largest=True)]
        out.append(_question("rise", {}, name, terse, steps))
    return out


def _about_series(scene: Scene) -> list[Question]:
    out = []
    names, series = scene["names"], scene["series"]
    lines = [
        f"{key}: " + ", ".join(f"{name} {value}" for name, value in zip(names, values, strict=True))
        for key, values in series.items()
    ]
    for key, values in series.items():
        for name, value in zip(names, values, strict=True):
            found = f"{key} {name} {value}"
            out.append(
                _question("series", {"item": name, "series": key}, str(value), found, [f"{key} {name}", *lines, found])
            )
    first, second = series
    for i, name in enumerate(names):
        values_of = series[first][i], series[second][i]
        asked, wanted = (f"{name} in {first}", f"{name} in {second}"), (f"{first} {name}", f"{second} {name}")
        out.append(_combined("+", "sum", asked, values_of, lines, wanted))
        if values_of[0] > values_of[1]:
            out.append(_combined("-", "gap", asked, values_of, lines, wanted))
    return out


def _question(kind: str, slots: dict[str, str], answer: str, terse: str, steps: list[str]) -> Question:
    return Question(kind, slots, answer, terse, "\n".join(["Want: " + steps[0], *steps[1:]]))


def _shares(rng: random.Random, count: int) -> list[int]:
    """Whole percentages that add up to 100, each at least 7."""
    cuts = sorted(rng.sample(range(1, 100 - 6 * count), count - 1))
    return [b - a + 6 for a, b in itertools.pairwise([0, *cuts, 100 - 6 * count])]


def _unit(colour: RGB) -> tuple[float, float, float]:
    return colour[0] / 255, colour[1] / 255, colour[2] / 255


def _tones(rng: random.Random, count: int, paper: RGB | None = None) -> list[RGB]:
    names = rng.sample(("red", "green", "blue", "orange", "purple", "yellow", "grey"), 7)
    return [shade(rng, names[i % 7]) for i in range(count)]


def _pie(rng: random.Random, axes: Axes, scene: Scene, letters: int, pen: RGB) -> None:
    tones = _tones(rng, len(scene["names"]))
    patches, *_ = axes.pie(
        scene["series"][""], colors=[_unit(t) for t in tones], startangle=rng.uniform(0, 360), radius=1,
        wedgeprops={"linewidth": rng.choice((0, 1, 2)), "edgecolor": "white", "width": rng.choice((1, 1, 1, 0.75))},
    )  # fmt: skip
    for patch, tone, name, value in zip(patches, tones, scene["names"], scene["series"][""], strict=True):
        angle = np.deg2rad((patch.theta1 + patch.theta2) / 2)
        x, y = np.cos(angle), np.sin(angle)
        axes.text(
            0.62 * x,
            0.62 * y,
            f"{value}%" if value >= 10 else str(value),
            ha="center",
            va="center",
            color=_unit(ink(tone)),
        )
        axes.text(1.22 * x, 1.18 * y, name, ha="center", va="center", color=_unit(pen))
    # Clockwise from the top; angles grow the other way, from the right.
    turned = [(90 - (patch.theta1 + patch.theta2) / 2) % 360 for patch in patches]
    scene["_order"] = sorted(range(len(turned)), key=lambda place: turned[place])
    axes.set_xlim(-1.45, 1.45)
    axes.set_ylim(-1.35, 1.35)


def _axes(rng: random.Random, axes: Axes, scene: Scene, letters: int, paper: RGB, pen: RGB) -> None:
    names, series = scene["names"], scene["series"]
    across = scene["kind"] == "barh"
    places = np.arange(len(names))
    tones = _tones(rng, len(series) if len(series) > 1 or rng.random() < 0.6 else len(names))
    wide = rng.uniform(0.5, 0.85) / len(series)
    scene["_spots"] = []
    for i, (key, values) in enumerate(series.items()):
        colours: Any = [_unit(t) for t in tones] if len(series) == 1 and len(tones) > 1 else _unit(tones[i])
        shift = (i - (len(series) - 1) / 2) * wide
        if scene["kind"] == "line":
            colour = _unit(tones[i] if len(series) > 1 else tones[0])
            axes.plot(
                places,
                values,
                color=colour,
                marker=rng.choice("osD^"),
                markersize=letters * 0.45,
                linewidth=rng.uniform(1, 2.5),
                label=key,
            )
        elif across:
            axes.barh(places + shift, values, wide, color=colours, label=key)
        else:
            axes.bar(places + shift, values, wide, color=colours, label=key)
        # where a value can be read off: the end of its bar, or its point
        aside = shift if scene["kind"] != "line" else 0
        spots = [(v, (v, p + aside) if across else (p + aside, v)) for p, v in zip(places, values, strict=True)]
        scene["_spots"] += spots
        if scene["_printed"]:
            for value, spot in spots:
                gap = (0.25 * letters, 0) if across else (0, 0.3 * letters)
                axes.annotate(
                    str(value), spot, gap, textcoords="offset points", color=_unit(pen),
                    ha="left" if across else "center", va="center" if across else "bottom",
                    fontsize=letters if len(series) == 1 else letters - 1,
                )  # fmt: skip
    top = max(max(values) for values in series.values())
    step = scene["_step"] if not scene["_printed"] else max(1, top // 4)
    end = (top // step + 1) * step
    axes.tick_params(length=2, pad=2, colors=_unit(pen), labelsize=letters)
    value_axis, name_axis = (axes.xaxis, axes.yaxis) if across else (axes.yaxis, axes.xaxis)
    (axes.set_xlim if across else axes.set_ylim)(0, end * (1.12 if scene["_printed"] else 1.04))
    if across:
        axes.invert_yaxis()
    if scene["kind"] == "line":
        # As much room beside the first and last name as bars have.
        axes.set_xlim(-0.5, len(names) - 0.5)
    name_axis.set_ticks(places, names)
    room = axes.get_window_extent()
    length = room.width if across else room.height
    # Every grid line is drawn; labels stand at as many as there is room for.
    ticks = np.arange(0, end + 1, step)
    every = max(1, int(np.ceil(len(ticks) * letters * (1.9 if across else 1.35) / length)))
    if scene["_printed"] and rng.random() < 0.4:
        value_axis.set_ticks([])
    else:
        value_axis.set_ticks(ticks, [str(t) if i % every == 0 else "" for i, t in enumerate(ticks)])
        if not scene["_printed"] or rng.random() < 0.4:
            value_axis.grid(True, color=_unit(mixed(paper, pen, 0.25)), linewidth=0.8)
            axes.set_axisbelow(True)
    axes.set_facecolor(_unit(mixed(paper, pen, 0.06) if rng.random() < 0.3 else paper))
    bare = rng.random() < 0.4
    for side, spine in axes.spines.items():
        spine.set_color(_unit(pen))
        spine.set_visible(not bare or side in ("left", "bottom"))
    if len(series) > 1:
        axes.legend(
            loc="upper center", bbox_to_anchor=(0.5, -1.6 * letters / room.height), ncols=2, frameon=False,
            labelcolor=_unit(pen), handlelength=1, columnspacing=1, borderpad=0,
        )  # fmt: skip
