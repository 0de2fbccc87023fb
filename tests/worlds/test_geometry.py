"""Geometry against slow and obvious versions: the text is read again, and all integers are tried that it allows."""

from __future__ import annotations

import itertools
import math
import random
import re
from collections.abc import Iterator

import numpy as np
import pytest

from favilla.worlds.base import Problem
from favilla.worlds.registry import get

LEVELS = pytest.mark.parametrize("level", [1, 2, 3, 4])


def problems(kind: str, level: int, count: int = 60) -> Iterator[tuple[Problem, str]]:
    """Problems of a kind of drawing, and the facts as they are told."""
    rng, family = random.Random(f"{kind}/{level}"), get("geometry_text")
    found = 0
    while found < count:
        problem = family.sample(rng, level, "train")
        if problem.facts["scene"]["kind"] == kind:
            found += 1
            yield problem, str(problem.prompt[0])


@LEVELS
def test_triangles_have_one_solution_and_it_is_the_answer(level: int) -> None:
    for problem, text in problems("triangle", level):
        (names,) = re.findall(r"Triangle ([A-Z]{3}):", text)
        told = re.search(r"Triangle.*", text)[0]  # type: ignore[index]
        fixed = {name: int(v) for name, v in re.findall(r"(?<!outside )angle ([A-Z]) = (\d+)", told)}
        fixed |= {name: 90 for name in re.findall(r"right angle at ([A-Z])", told)}
        fixed |= {name: 180 - int(v) for name, v in re.findall(r"outside angle at ([A-Z]) = (\d+)", told)}
        equal = re.findall(r"sides ([A-Z])([A-Z]) and ([A-Z])([A-Z]) are equal", told)
        found = set()
        for a, b in itertools.product(range(1, 179), repeat=2):
            size = dict(zip(names, (a, b, 180 - a - b), strict=True))
            if size[names[2]] < 1 or any(size[name] != v for name, v in fixed.items()):
                continue
            if all(size[p[1]] == size[p[3]] for p in equal):
                value = size[problem.facts["slots"]["v"]]
                found.add(value if problem.facts["kind"] == "inner" else 180 - value)
        assert found == {int(problem.answer)}, text


@LEVELS
def test_angles_of_a_fan_fill_it(level: int) -> None:
    for problem, text in problems("fan", level):
        whole = 180 if "straight line" in text else 360
        told = next(line for line in text.split("\n") if re.search(r"\d", line))
        items = re.findall(r"\b(\d+|[a-z])(?=[,.])", told)
        x = problem.facts["slots"]["x"]
        assert items.count(x) >= 1 and len(items) == {1: 2, 2: 3, 3: 4, 4: 4}[level]
        found = {v for v in range(1, 360) if sum(v if item == x else int(item) for item in items) == whole}
        assert found == {int(problem.answer)}, text


@LEVELS
def test_parallels_in_coordinates(level: int) -> None:
    """The drawing's lines in coordinates; angles between the arms that the words name."""
    for problem, text in problems("parallel", level):
        x = problem.facts["slots"]["x"]
        if level <= 2:
            marks = re.findall(r"(upper|lower) crossing, (above|below) (left|right): (\w+)", text)
            found = set()
            for tilt in range(1, 180):
                values = {}
                for _, height, side, value in marks:
                    # The arm of the line across and the arm of the parallel that bound this corner.
                    across = tilt if height == "above" else tilt + 180
                    values[value] = abs((across - (0 if side == "right" else 180) + 180) % 360 - 180)
                if all(int(value) == size for value, size in values.items() if value != x):
                    found.add(values[x])
        else:
            patterns = {
                "over left": r"left of the tip, against the upper line (\w+)",
                "over right": r"right of the tip, against the upper line (\w+)",
                "tip": r"in the triangle at its tip (\w+)", "left": r"in the triangle at the lower left (\w+)",
                "right": r"in the triangle at the lower right (\w+)", "outside": r"outside of the triangle at the lower right (\w+)",
            }  # fmt: skip
            told = {place: m[1] for place, pattern in patterns.items() if (m := re.search(pattern, text))}
            assert len(told) == 3
            found = set()
            for left, right in itertools.product(range(10, 150), repeat=2):
                if left + right > 170:
                    continue
                a, b = (-1 / math.tan(math.radians(left)), -1.0), (1 / math.tan(math.radians(right)), -1.0)
                size = {
                    "over left": _between(a, (-1, 0)), "over right": _between(b, (1, 0)), "tip": _between(a, b),
                    "left": _between((-a[0], -a[1]), (1, 0)), "right": _between((-b[0], -b[1]), (-1, 0)),
                    "outside": _between((-b[0], -b[1]), (1, 0)),
                }  # fmt: skip
                if all(int(value) == size[place] for place, value in told.items() if value != x):
                    found |= {size[place] for place, value in told.items() if value == x}
        assert found == {int(problem.answer)}, text


def _between(p: tuple[float, float], q: tuple[float, float]) -> int:
    dot = p[0] * q[0] + p[1] * q[1]
    return round(math.degrees(math.acos(dot / math.hypot(*p) / math.hypot(*q))))


@LEVELS
def test_rectangles_cell_by_cell(level: int) -> None:
    for problem, text in problems("rectangle", level):
        kind = problem.facts["kind"]
        across, down = re.findall(r"(?:width|wide|across) (\w+), (?:height|high|down) (\w+)", text)[0]
        if kind == "rect_side":
            whole, value = re.findall(r"(area|perimeter) (\d+)\.", text)[0]
            known = int(across if across.isdigit() else down)
            assert {across, down} - {str(known)} <= {problem.facts["slots"]["x"]}
            sizes = {"area": lambda v: v * known, "perimeter": lambda v: 2 * v + 2 * known}[whole]
            assert [v for v in range(1, 500) if sizes(v) == int(value)] == [int(problem.answer)]
            continue
        cells = np.ones((int(down), int(across)), dtype=bool)
        if kind == "rect_left":
            wide, high = re.findall(r"hole: \w+ (\d+), \w+ (\d+)", text)[0]
            cells[1 : 1 + int(high), 1 : 1 + int(wide)] = False
        assert int(problem.answer) == (_rim(cells) if kind == "rect_perimeter" else cells.sum())


def _rim(cells: np.ndarray) -> int:
    """Cell sides with a cell on one side alone."""
    framed = np.pad(cells, 1).astype(int)
    return int(np.abs(np.diff(framed, axis=0)).sum() + np.abs(np.diff(framed, axis=1)).sum())


@LEVELS
def test_triangles_sides_and_heights(level: int) -> None:
    for problem, text in problems("heights", level):
        if level == 1:
            (listed,) = re.findall(r"(\d+, \d+, \d+)", text)
            a, b, c = map(int, listed.split(", "))
            assert a < b + c and b < a + c and c < a + b
            assert a + b + c == int(problem.answer)
            continue
        base, height = re.findall(r"base (\w+), height (\w+)", text)[0]
        if level < 4:
            corners = [(0, 0), (int(base), 0), (3, int(height))]
            assert _shoelace(corners) == int(problem.answer)
        else:
            area = int(re.findall(r"area (\d+)\.", text)[0])
            known = int(base if base.isdigit() else height)
            assert [v for v in range(1, 200) if _shoelace([(0, 0), (known, 0), (0, v)]) == area] == [
                int(problem.answer)
            ]


def _shoelace(corners: list[tuple[int, int]]) -> float:
    pairs = zip(corners, corners[1:] + corners[:1], strict=True)
    return abs(sum(a[0] * b[1] - b[0] * a[1] for a, b in pairs)) / 2


@LEVELS
def test_l_shapes_cell_by_cell(level: int) -> None:
    for problem, text in problems("lshape", level):
        (w, h, arm, foot) = map(
            int, re.findall(r"An L (\d+) wide and (\d+) high. Its arm is (\d+) wide, its foot (\d+) high", text)[0]
        )
        cells = np.zeros((h, w), dtype=bool)
        cells[:, :arm] = True
        cells[h - foot :] = True
        kind = problem.facts["kind"]
        if kind == "l_side":
            inner = (~cells).any(axis=0).sum() if "foot's top" in text else (~cells).any(axis=1).sum()
            assert int(problem.answer) == inner
        else:
            assert int(problem.answer) == (_rim(cells) if kind == "l_perimeter" else cells.sum())


@LEVELS
def test_points_on_a_grid(level: int) -> None:
    for problem, text in problems("grid", level):
        points = {}
        for name, x, y in re.findall(r"([A-Z])(?: is at|:)? \(?(?:x = )?(-?\d+), (?:y = )?(-?\d+)", text):
            points[name] = (int(x), int(y))
        assert points == {name: tuple(at) for name, at in problem.facts["scene"]["points"].items()}
        slots, kind = problem.facts["slots"], problem.facts["kind"]
        axis = "xy".index(slots.get("axis", "x"))
        if kind == "at":
            assert [f"({x}, {y})" for name, (x, y) in points.items() if name == problem.answer] == [slots["p"]]
            continue
        a = points[slots["a"]]
        if kind == "coordinate":
            assert int(problem.answer) == a[axis]
            continue
        b = points[slots["b"]]
        (x0, x1), (y0, y1) = sorted((a[0], b[0])), sorted((a[1], b[1]))
        expected = {
            "distance": lambda: math.dist(a, b),
            "middle": lambda: np.mean([a[axis], b[axis]]),
            "way": lambda: len(range(x0, x1)) + len(range(y0, y1)),
            "between": lambda: len(range(x0, x1)) * len(range(y0, y1)),
        }[kind]()
        assert int(problem.answer) == expected


def test_drawn_points_stand_at_their_coordinates() -> None:
    """From the marks alone: the numbers along the axes give the scale, the points' marks their coordinates."""
    rng, seen = random.Random(4), 0
    while seen < 20:
        problem = get("geometry").sample(rng, 1, "train")
        if problem.facts["scene"]["kind"] != "grid":
            continue
        seen += 1
        ticks = [m for m in problem.marks if m.label in ("0", "5")]
        lowest, leftmost = max(m.y for m in ticks), min(m.x for m in ticks)
        x0, x5 = sorted(m.x for m in ticks if m.y > lowest - 0.03)
        y5, y0 = sorted(m.y for m in ticks if m.x < leftmost + 0.03)
        found = sorted(
            [round((m.x - x0) / (x5 - x0) * 5), round((m.y - y0) / (y5 - y0) * 5)]
            for m in problem.marks
            if m.label == "point"
        )
        assert found == sorted(problem.facts["scene"]["points"].values())
