"""Mechanics against slow and obvious versions: the text is read again, and every number is tried for what is unknown."""

from __future__ import annotations

import itertools
import random
import re
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from favilla.worlds.base import Problem
from favilla.worlds.registry import get

LEVELS = pytest.mark.parametrize("level", [1, 2, 3, 4])


def problems(kind: str, level: int, count: int = 60) -> Iterator[tuple[Problem, str]]:
    """Problems of a kind of drawing, and the line of the prompt that is not the question."""
    rng, family = random.Random(f"{kind}/{level}"), get("mechanics_text")
    found = 0
    while found < count:
        seed = rng.random()
        problem = family.sample(random.Random(seed), level, "train")
        if problem.facts["scene"]["kind"] == kind:
            found += 1
            question = get("mechanics").sample(random.Random(seed), level, "train").prompt[1]
            assert isinstance(question, str)
            yield problem, str(problem.prompt[0]).replace(question, "").strip()


def fitting(balanced: Callable[[int], bool]) -> list[int]:
    return [value for value in range(0, 2000) if balanced(value)]


def number(text: str, x: int) -> int:
    return int(text) if text.isdigit() else x


@LEVELS
def test_levers_obey_the_law_of_the_lever(level: int) -> None:
    for problem, text in problems("lever", level):
        left, right = text.split("; ")
        sides = {}
        for side, told in (("left", left), ("right", right)):
            sides[side] = re.findall(
                r"(\w+)(?: kg)?(?: at|,) (\w+)(?: m)?(?: from the pivot)?", told.split(f"{side} ")[1]
            )

        def moment(side: str, x: int = -1) -> int:
            return sum(number(m, x) * number(d, x) for m, d in sides[side])

        kind = problem.facts["kind"]
        if kind == "moment":
            assert int(problem.answer) == moment(problem.facts["slots"]["side"])
        elif kind == "down":
            assert problem.answer == ("L" if moment("left") > moment("right") else "R")
            assert moment("left") != moment("right")
        else:
            assert "balance" in text
            assert fitting(lambda x: moment("left", x) == moment("right", x)) == [int(problem.answer)], text


@LEVELS
def test_scales_are_even(level: int) -> None:
    for problem, text in problems("scales", level):
        pans = re.findall(r"(?:left pan|left|right pan|right) ((?:\w+, )*\w+)(?=[;.,:])", text.replace("Left", "left"))
        assert len(pans) == 2, text
        pans = [pan.split(", ") for pan in (pans[0].removesuffix(", right pan"), pans[1])]
        pans[0] = [item for item in pans[0] if "right" not in item]
        assert fitting(lambda x: sum(number(v, x) for v in pans[0]) == sum(number(v, x) for v in pans[1])) == [
            int(problem.answer)
        ], text


@LEVELS
def test_forces_add_up(level: int) -> None:
    for problem, text in problems("forces", level):
        left, right = (re.findall(r"(\w+) N", part) for part in re.split(r"to the right", text))
        assert len(left) + len(right) == level + 1
        if problem.facts["kind"] == "missing":
            assert "at rest" in text
            balanced = fitting(lambda x: sum(number(v, x) for v in left) == sum(number(v, x) for v in right))
            assert balanced == [int(problem.answer)]
            continue
        net = sum(map(int, right)) - sum(map(int, left))
        assert net
        assert problem.answer == (str(abs(net)) if problem.facts["kind"] == "resultant" else "R" if net > 0 else "L")


@LEVELS
def test_pulleys_neither_gain_nor_lose_work(level: int) -> None:
    """What the hand does along its rope is what lifts load and block by one metre."""
    for problem, text in problems("pulley", level):
        strands = int(re.findall(r"(\d+) strands", text)[0])
        load, pull = re.findall(r"load (?:of )?(\w+)(?: N)?\b.* pull (?:is )?(\w+)", text)[0]
        block = int((re.findall(r"block weighs (\d+) N", text) or ["0"])[0])
        kind = problem.facts["kind"]
        if kind == "strands":
            assert int(problem.answer) == strands
        elif kind == "rope":
            assert int(problem.answer) == strands * int(problem.facts["slots"]["h"])
        else:
            assert (load if kind == "load" else pull) == problem.facts["slots"]["x"]
            found = fitting(lambda x: strands * number(pull, x) == number(load, x) + block)
            assert found == [int(problem.answer)], text


@LEVELS
def test_gears_mesh(level: int) -> None:
    for problem, text in problems("gears", level):
        listed = text.split(": ")[1].split(". ")[0].rstrip(".")
        names = re.findall(r"\b([A-Z])\b", listed)
        teeth = dict(re.findall(r"([A-Z]) \((\d+) teeth\)", listed))
        assert bool(teeth) == (level > 1)
        slots = problem.facts["slots"]
        if problem.facts["kind"] == "turns":
            moved = int(slots["n"]) * int(teeth[slots["a"]])
            assert fitting(lambda x: x * int(teeth[slots["b"]]) == moved) == [int(problem.answer)]
            continue
        ((drive, way),) = re.findall(r"([A-Z]) turns (clockwise|counterclockwise)\.", text)
        spins = {drive: 1 if way == "clockwise" else -1}
        while len(spins) < len(names):  # neighbours turn against each other
            for a, b in itertools.pairwise(names):
                if a in spins:
                    spins[b] = -spins[a]
                elif b in spins:
                    spins[a] = -spins[b]
        wanted = 1 if slots["way"] == "clockwise" else -1
        assert problem.answer == ", ".join(sorted(name for name in names if spins[name] == wanted))


@LEVELS
def test_springs_obey_hookes_law(level: int) -> None:
    for problem, text in problems("springs", level):
        bare = int((re.findall(r"(?:is|load:) (\d+) cm long", text) or ["0"])[0])
        if level == 1:
            ((_, size),) = re.findall(r"with (\w+) N it is (\w+) cm", text)
            assert int(problem.answer) + bare == int(size)
            continue
        pattern = r"load of (\w+)(?: N)? stretches it by (\w+)" if level == 2 else r"with (\w+)(?: N)? it is (\w+)"
        (a, p), (b, q) = re.findall(pattern, text)
        assert bool(bare) == (level > 2)
        # Extensions are to each other as the loads are.
        found = fitting(lambda x: (number(p, x) - bare) * number(b, x) == (number(q, x) - bare) * number(a, x))
        assert int(problem.answer) in found
        assert [v for v in found if v > 0] == [int(problem.answer)], text


def test_strands_can_be_counted_in_the_pixels() -> None:
    """Half-way down the rope a row of pixels crosses every strand, and the end that is pulled."""
    rng, seen = random.Random(6), 0
    while seen < 25:
        problem = get("mechanics").sample(rng, 1, "train")
        scene = problem.facts["scene"]
        if scene["kind"] != "pulley":
            continue
        seen += 1
        image = problem.prompt[0].image.convert("L")  # type: ignore[union-attr]
        pixels = np.asarray(image).astype(int)
        strands = [mark for mark in problem.marks if mark.label == "strand"]
        assert len(strands) == scene["strands"]
        row = np.abs(pixels[int(strands[0].y * image.height)] - pixels[0, 0]) > 40
        assert int((np.diff(row.astype(int)) == 1).sum()) == scene["strands"] + 1


def test_the_arrow_stands_at_its_gear_and_says_its_way() -> None:
    """The ink of the arrow's head lies at that end of the arc to which the gear turns."""
    rng, seen = random.Random(7), 0
    while seen < 25:
        problem = get("mechanics").sample(rng, 1, "train")
        scene = problem.facts["scene"]
        if scene["kind"] != "gears":
            continue
        seen += 1
        image = problem.prompt[0].image.convert("L")  # type: ignore[union-attr]
        pixels = np.abs(np.asarray(image).astype(int) - np.asarray(image).astype(int)[0, 0])
        gears = [(m.x * image.width, m.y * image.height) for m in problem.marks if m.label == "gear"]
        (arrow,) = (m for m in problem.marks if m.label.endswith("clockwise"))
        x, y = arrow.x * image.width, arrow.y * image.height
        near = int(np.argmin([np.hypot(gx - x, gy - y) for gx, gy in gears]))
        assert near == scene["drive"]
        (cx, cy), reach = gears[near], np.hypot(gears[near][0] - x, gears[near][1] - y)
        turn = np.degrees(np.arctan2(y - cy, x - cx))
        amount = []
        for aside in (-45, 45):  # clockwise is towards larger angles, y points down
            tx, ty = cx + reach * np.cos(np.radians(turn + aside)), cy + reach * np.sin(np.radians(turn + aside))
            top, left = max(0, int(ty) - 4), max(0, int(tx) - 4)
            amount.append(pixels[top : int(ty) + 5, left : int(tx) + 5].sum())
        assert (arrow.label == "clockwise") == bool(amount[1] > amount[0])
        assert (arrow.label == "clockwise") == scene["clockwise"]
