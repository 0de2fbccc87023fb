"""Points on a grid: coordinates, distances, midpoints."""

from __future__ import annotations

import itertools
import random

from favilla.worlds import geometry_wordings as asking
from favilla.worlds.diagrams import Diagram, ended, wordings
from favilla.worlds.scenes import Question, Scene
from favilla.worlds.sketch import Point, Sheet
from favilla.worlds.written_products import total

LETTERS = "ABCDEFGHJKLMNPRSTUVW"
TEST_FRAMES = ("Tell me #.", "@, please.", "A pupil is asked for #. What is right?")


class Grid(Diagram):
    """Points on a grid. Level 1: a coordinate, or the point at a place. 2: distances along the axes, midpoints. 3: midpoints, ways
    along the lines. 4: the same with negative coordinates, and the area between two points."""

    name = "grid"
    written = "[A-Z]"
    asks = {
        "coordinate": (asking.COORDINATE, wordings(("the {axis} value of {a}", "the {axis} coordinate of point {a}"), TEST_FRAMES)),
        "at": (
            asking.AT,
            ("Look up {p}. Which point do you meet?", "Tell me the name of the point at {p}.", "A fly sits at {p}. On which point?",
             "Which of the points has the coordinates {p}?"),
        ),
        "distance": (
            asking.DISTANCE,
            wordings(("the length of {a}{b}", "how far {a} is from {b}"), TEST_FRAMES),
        ),
        "middle": (
            asking.MIDDLE,
            wordings(("the {axis} value of the midpoint of {a} and {b}",), TEST_FRAMES),
        ),
        "way": (
            asking.WAY,
            wordings(("the walk from {a} to {b} that keeps to the lines",), TEST_FRAMES),
        ),
        "between": (
            asking.BETWEEN,
            wordings(("the area of the box from corner {a} to corner {b}",), TEST_FRAMES),
        ),
    }  # fmt: skip

    def facts(self, rng: random.Random, level: int) -> Scene:
        """low, high: of both axes; points: name -> [x, y]."""
        low, high = {1: (0, 5), 2: (0, 6), 3: (0, 9), 4: (-5, 5)}[level]
        names = sorted(rng.sample(LETTERS, {1: rng.randint(2, 4), 2: 3, 3: 3, 4: 4}[level]))
        while True:
            spots = [[rng.randint(low, high), rng.randint(low, high)] for _ in names]
            if level == 2:  # two of them on a line of the grid
                axis = rng.randrange(2)
                spots[1][axis] = spots[0][axis]
            if all(max(abs(p[0] - q[0]), abs(p[1] - q[1])) >= 2 for p, q in itertools.combinations(spots, 2)):
                rng.shuffle(spots)
                return {"low": low, "high": high, "points": dict(zip(names, spots, strict=True))}

    def transcript(self, scene: Scene) -> str:
        return ", ".join(f"{name} {x} {y}" for name, (x, y) in scene["points"].items())

    def tell(self, rng: random.Random, scene: Scene) -> str:
        points = list(scene["points"].items())
        rng.shuffle(points)
        one, between = rng.choice(
            (("{n} ({x}, {y})", ", "), ("{n} is at ({x}, {y})", "; "), ("{n}: x = {x}, y = {y}", "; "))
        )
        opening = rng.choice(("Points: ", "On a grid: ", ""))
        return opening + between.join(one.format(n=name, x=x, y=y) for name, (x, y) in points) + "."

    def draw(self, rng: random.Random, scene: Scene, letters: int, grow: float) -> Sheet:
        low, high = scene["low"], scene["high"]
        count = high - low
        cell = round(rng.uniform(128, 142) * grow * (1 if count < 9 else 1.5) / count)
        left, bottom = (34 if low < 0 else 25), 27
        sheet = Sheet(rng, count * cell + left + 26, count * cell + bottom + 26, letters)

        def at(x: float, y: float) -> Point:
            return left + (x - low) * cell, sheet.height - bottom - (y - low) * cell

        for i in range(low, high + 1):
            sheet.line(at(i, low), at(i, high), thick=0.5, fill=sheet.faint)
            sheet.line(at(low, i), at(high, i), thick=0.5, fill=sheet.faint)
        sheet.line(at(low, max(low, 0)), at(high, max(low, 0)), thick=1.5)
        sheet.line(at(max(low, 0), low), at(max(low, 0), high), thick=1.5)
        axis = at(high, max(low, 0)), at(max(low, 0), high)
        for i in range(low, high + 1):
            x, y = at(i, low), at(low, i)
            sheet.label(str(i), [(x[0], x[1] + 15)])
            sheet.label(str(i), [(y[0] - 9 - sheet.half(str(i))[0], y[1])])
        sheet.label("x", [(axis[0][0] + dx, axis[0][1]) for dx in (12, 15)])
        sheet.label("y", [(axis[1][0], axis[1][1] - dy) for dy in (11, 15)])
        for name, (x, y) in scene["points"].items():
            px, py = at(x, y)
            sheet.note("point", px, py)
            # Names stand on plates of paper: on a grid no spot is plain.
            half_wide, half_high = sheet.half(name)
            across, down = half_wide + 7, half_high + 7
            sheet.plate(name, px + (across if x < high else -across), py - (down if y < high else -down))
        for x, y in scene["points"].values():
            sheet.dot(*at(x, y), 3)
        return sheet

    def questions(self, rng: random.Random, scene: Scene, level: int) -> list[Question]:
        points = scene["points"]
        out = []
        if level == 1:
            for name, (x, y) in points.items():
                out.append(ended("at", {"p": f"({x}, {y})"}, name, f"{name} {x} {y}", f"{x} {y}: {name}"))
                for axis, value in (("x", x), ("y", y)):
                    out.append(
                        ended(
                            "coordinate", {"a": name, "axis": axis}, value, f"{name} {x} {y}", f"{name}: {axis} {value}"
                        )
                    )
            return out
        for (a, p), (b, q) in itertools.combinations(points.items(), 2):
            seen = f"{a} {p[0]} {p[1]}, {b} {q[0]} {q[1]}"
            gaps = [abs(p[i] - q[i]) for i in (0, 1)]
            apart = [_apart(p[i], q[i]) for i in (0, 1)]
            ends = {"a": a, "b": b}
            if 0 in gaps and level == 2:
                i = gaps.index(0)
                out.append(
                    ended(
                        "distance",
                        ends,
                        gaps[1 - i],
                        f"{seen}, {gaps[1 - i]}",
                        f"{'xy'[i]} {p[i]}={q[i]}",
                        f"{'yx'[i]}: {apart[1 - i]}",
                    )
                )
            for i, axis in enumerate("xy"):
                if (p[i] + q[i]) % 2 == 0:
                    both = p[i] + q[i]
                    work = f"{p[i]}+{q[i]}={both}" if q[i] >= 0 else f"{p[i]}-{-q[i]}={both}"
                    out.append(ended("middle", {**ends, "axis": axis}, both // 2, f"{seen}, {both}/2={both // 2}",
                                     f"{axis}: {a} {p[i]}, {b} {q[i]}", work, f"{both}/2={both // 2}"))  # fmt: skip
            if level >= 3 and 0 not in gaps:
                lines = (f"x: {apart[0]}", f"y: {apart[1]}")
                out.append(
                    ended("way", ends, sum(gaps), f"{seen}, {gaps[0]}+{gaps[1]}={sum(gaps)}", *lines, total(gaps))
                )
                if level == 4:
                    out.append(ended("between", ends, gaps[0] * gaps[1], f"{seen}, {gaps[0]}*{gaps[1]}={gaps[0] * gaps[1]}",
                                     *lines, f"{gaps[0]}*{gaps[1]}={gaps[0] * gaps[1]}"))  # fmt: skip
        return out


def _apart(a: int, b: int) -> str:
    """How far two coordinates are apart: through zero in two parts."""
    low, high = sorted((a, b))
    if low < 0 < high:
        return f"{low} to 0 {-low}, 0 to {high} {high}, {-low}+{high}={high - low}"
    one, two = sorted((abs(a), abs(b)))
    return f"{two}-{one}={two - one}"
