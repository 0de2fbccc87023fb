"""Clocks against readings of their own: hands found in the pixels, the twin's words, clock arithmetic in minutes."""

from __future__ import annotations

import math
import random
import re

import numpy as np
import pytest
from PIL import Image, ImageDraw

from favilla.worlds.base import Problem
from favilla.worlds.clock_face import Face
from favilla.worlds.clocks import _between, _earlier, _later
from favilla.worlds.registry import get

UNITS = {"hour": 60, "hours": 60, "h": 60, "minutes": 1, "min": 1}


def minutes_of(time: str) -> int:
    hour, minute = time.split(":")
    assert len(minute) == 2
    return int(hour) % 12 * 60 + int(minute)


def told_times(words: str) -> dict[str, int]:
    """Minutes since twelve of each clock, by the sentences about its hands."""
    times = {}
    for clock in re.finditer(r"(?:^|\s)(?:Clock )?([A-Z]\w+)[:.] ([^.:?]*hand[^.:?]*hand[^.:?]*)\.", words):
        name, (short, long) = (
            clock[1],
            clock[2].split(",", 1)
            if "past" not in clock[2]
            else re.split(r", (?=the big|the min|the long|long)", clock[2]),
        )
        hour = int(re.findall(r"\d+", short)[0])
        *rest, five = [int(n) for n in re.findall(r"\d+", long)]
        times[name] = hour % 12 * 60 + five % 12 * 5 + sum(rest)
    return times


def answered_by(problem: Problem, times: dict[str, int]) -> bool:
    """Whether the answer follows from the times, in minutes round the dial."""
    kind, slots, answer = problem.facts["kind"], problem.facts["slots"], problem.answer
    if kind == "which":
        return times[answer] == minutes_of(slots["time"]) and len(set(times.values())) == len(times)
    if kind == "between":
        length = (times[slots["other"]] - times[slots["name"]]) % 720
        return answer == f"{length // 60}:{length % 60:02d}" and length > 0
    moved = 0
    if kind != "read":
        words = {"half an hour": "30 minutes", "a quarter of an hour": "15 minutes"}
        span = words.get(slots["span"], slots["span"])
        moved = sum(int(n) * UNITS[unit] for n, unit in re.findall(r"(\d+) ([a-z]+)", span))
        assert moved > 0
    at = (times[slots["name"]] + {"read": 0, "later": moved, "earlier": -moved}[kind]) % 720
    return answer == f"{at // 60 or 12}:{at % 60:02d}"


@pytest.mark.parametrize("level", [1, 2, 3, 4])
def test_answers_follow_from_the_words(level: int) -> None:
    rng = random.Random(level)
    for _ in range(150):
        problem = get("clocks_text").sample(rng, level, "train")
        (words,) = problem.prompt
        times = told_times(str(words))
        assert times.keys() == problem.facts["scene"]["clocks"].keys()
        assert answered_by(problem, times), (words, problem.answer)


@pytest.mark.parametrize("level", [3, 4])
def test_every_equation_of_the_working_holds(level: int) -> None:
    rng = random.Random(level)
    for _ in range(200):
        problem = get("clocks_text").sample(rng, level, "train")
        thinking = problem.solutions["steps"].thinking
        for a, sign, b, result in re.findall(r"(\d+)([-+])(\d+)=(\d+)", thinking):
            assert int(a) + (int(b) if sign == "+" else -int(b)) == int(result), thinking


@pytest.mark.parametrize("level", [1, 2, 3, 4])
def test_hands_stand_in_the_pixels_where_the_time_says(level: int) -> None:
    rng = random.Random(level)
    for _ in range(60):
        radius, hour, minute = rng.randint(48, 60), rng.randint(1, 12), rng.randrange(60)
        looks = Face(rng, radius, (250, 250, 250), level)
        looks.tail = 0.0
        looks.tones = [(250, 0, 200), (0, 250, 90)]  # of neither dial nor rim
        image = Image.new("RGB", (240, 240))
        tips = looks.draw(ImageDraw.Draw(image), 60, 60, hour, minute)
        pixels = np.asarray(image).astype(int)
        turns = {}
        for index, name in enumerate(("short", "long")):
            rows, columns = np.nonzero((pixels == looks.tones[index]).all(2))
            # The hub lies above the hands' roots and has the colour of the short one.
            away = np.hypot(columns - 120, rows - 120)
            far = away > 0.6 * away.max()
            turns[name] = math.degrees(math.atan2((columns[far] - 120).mean(), -(rows[far] - 120).mean())) % 360
            assert abs(np.hypot(tips[index][1] - 60, tips[index][2] - 60) - away.max() / 2) < 2
        assert abs((turns["long"] - minute * 6 + 180) % 360 - 180) < 3
        hidden = abs((turns["long"] - turns["short"] + 180) % 360 - 180) < 25  # the long hand lies over the short one
        assert hidden or abs((turns["short"] - hour * 30 - minute / 2 + 180) % 360 - 180) < 3


@pytest.mark.parametrize("name", ["clocks", "clocks_text"])
def test_hours_may_have_two_digits(name: str) -> None:
    rng, family = random.Random(3), get(name)
    seen = 0
    for _ in range(40):
        problem = family.sample(rng, 4, "train")
        if re.match(r"\d:", problem.answer):
            two = family.verify(problem, f"0{problem.answer}")
            assert two.correct and two.parsed == problem.answer
            assert not family.verify(problem, f"00{problem.answer}").correct
            seen += 1
    assert seen > 10


def test_edges_of_the_dial() -> None:
    """Past twelve both ways, by hand."""
    assert _later(12, 50, 0, 15)[0] == (1, 5)
    assert _later(11, 30, 1, 30)[0] == (1, 0)
    assert _earlier(1, 5, 0, 15)[0] == (12, 50)
    assert _earlier(12, 10, 0, 20)[0] == (11, 50)
    assert _earlier(3, 0, 3, 10)[0] == (11, 50)
    assert _between([11, 50], [12, 10])[0] == "0:20"
    assert _between([12, 10], [11, 50])[0] == "11:40"
    assert _between([4, 50], [7, 10])[0] == "2:20"
    assert _between([12, 30], [1, 0])[0] == "0:30"
