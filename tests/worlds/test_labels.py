"""Nutrition labels against exact fractions, reckoned from what the twin says; signs of pictures against facts."""

from __future__ import annotations

import random
import re
from collections import Counter
from fractions import Fraction

import pytest

from favilla.worlds.base import Problem
from favilla.worlds.drawn import Drawn
from favilla.worlds.label_questions import LINES
from favilla.worlds.registry import get

NUMBER = r"(\d+(?:\.\d)?)"


def told(problem: Problem) -> tuple[dict[str, dict[str, Fraction]], dict[str, int], int]:
    """Per column the value of each line, percents of the day, and a serving's grams, as the text says them."""
    (prompt,) = problem.prompt
    kind, slots = problem.facts["kind"], problem.facts["slots"]
    family = get("labels")
    assert isinstance(family, Drawn)
    words = [w.format(**slots) for w in (*family.phrasings[kind], *family.test_phrasings[kind])]
    lines = [line for line in str(prompt).split("\n") if line not in words]
    values: dict[str, dict[str, Fraction]] = {}
    percents: dict[str, int] = {}
    serving = 0
    if lines[0].startswith("per |"):
        heads = [head.split(" (")[0] for head in lines[0].split(" | ")[1:]]
        serving = int((re.findall(r"\((\d+) g\)", lines[0]) or ["0"])[0])
        for line in lines[1:]:
            name, *cells = line.split(" | ")
            for head, cell in zip(heads, cells, strict=True):
                if head.startswith("%"):
                    percents |= {name: int(cell)} if cell != "-" else {}
                else:
                    values.setdefault(head, {})[name] = Fraction(cell.split()[0])
    else:
        text = "\n".join(lines)
        serving = int((re.findall(r"(?:A serving is |serving \()(\d+) g", text) or ["0"])[0])
        for line in lines:
            if line.startswith("Per "):
                head, rest = line[4:].rstrip(".").split(": ")
                values[head.split(" (")[0]] = {n: Fraction(v) for n, v in re.findall(rf"([A-Z]\w+) {NUMBER}", rest)}
            elif line.startswith("Percent"):
                percents = {n: int(v) for n, v in re.findall(r"([A-Z]\w+) (\d+)", line.split(":")[1])}
            elif not line.startswith("A serving"):
                name, rest = line.split(": ")
                for value, head in re.findall(rf"{NUMBER} m?k?c?a?l?g? ?per (100 g|serving)", rest):
                    values.setdefault(head, {})[name] = Fraction(value)
                for value in re.findall(r"(\d+) % of the day", rest):
                    percents[name] = int(value)
    return values, percents, serving


def reckoned(problem: Problem) -> Fraction | str:
    values, percents, _ = told(problem)
    kind, slots = problem.facts["kind"], problem.facts["slots"]
    line, other = slots.get("line", ""), slots.get("other", "")
    column = values.get(slots.get("per", ""), {})
    if kind == "read":
        return column[line]
    if kind == "which":
        amount, unit = slots["value"].split()
        (name,) = [n for n, v in column.items() if v == Fraction(amount) and LINES[n][0] == unit]
        return name
    if kind in ("more", "less"):
        assert column[line] != column[other]
        return {"more": max, "less": min}[kind]((line, other), key=column.__getitem__)
    if kind == "sum":
        return column[line] + column[other]
    if kind == "gap":
        return column[line] - column[other]
    if kind == "amount":
        return values["100 g"][line] * int(slots["grams"]) / 100
    k = int((re.findall(r"\d+", slots.get("k", "") or slots.get("portion", "")) or ["2" if kind == "two" else "1"])[0])
    if kind == "printed":
        return Fraction(percents[line] * k)
    served = values["serving"][line]
    if kind == "percent":
        return served * k * 100 / Fraction(slots["day"])
    if kind == "until":
        return Fraction(slots["total"]) / served
    return served * k


@pytest.mark.parametrize("level", [1, 2, 3, 4])
def test_answers_follow_from_the_words(level: int) -> None:
    rng, kinds = random.Random(level), set()
    for _ in range(150):
        problem = get("labels_text").sample(rng, level, rng.choice(("train", "test")))
        kinds.add(problem.facts["kind"])
        expected = reckoned(problem)
        if isinstance(expected, Fraction):
            assert expected > 0
            assert re.fullmatch(r"[1-9]\d*|\d+\.[1-9]", problem.answer)
            assert Fraction(problem.answer) == expected, (problem.prompt, problem.answer)
        else:
            assert problem.answer == expected
    assert len(kinds) >= {1: 2, 2: 6, 3: 7, 4: 9}[level]


@pytest.mark.parametrize("level", [2, 3, 4])
def test_servings_are_their_share_of_a_hundred_grams(level: int) -> None:
    rng = random.Random(level)
    for _ in range(60):
        values, percents, serving = told(get("labels_text").sample(rng, level, "train"))
        assert values["100 g"].keys() == values["serving"].keys()
        assert all(value * serving / 100 == values["serving"][name] for name, value in values["100 g"].items())
        assert bool(percents) == (level == 4)
        for part, whole in (("Saturates", "Fat"), ("Sugar", "Carbs")):
            if {part, whole} <= values["100 g"].keys():
                assert values["100 g"][part] <= values["100 g"][whole]


@pytest.mark.parametrize("level", [2, 3, 4])
def test_every_equation_of_the_working_holds(level: int) -> None:
    rng, seen = random.Random(level), 0
    for _ in range(150):
        problem = get("labels_text").sample(rng, level, "train")
        thinking = problem.solutions["steps"].thinking
        for a, sign, b, result in re.findall(r"(\d+)([-+*/])(\d+)=(\d+)", thinking):
            seen += 1
            x, y = int(a), int(b)
            made = {"+": x + y, "-": x - y, "*": x * y, "/": Fraction(x, y)}[sign]
            assert made == int(result), thinking
        for value, tenths in re.findall(rf"{NUMBER} = (\d+) tenths", thinking):
            assert Fraction(value) * 10 == int(tenths)
        # What the working ends in, before its check, is the answer.
        last = thinking.split("\nCheck")[0].split("\n")[-1]
        if problem.facts["kind"] not in ("more", "less"):
            assert problem.answer in re.split(r"[ ,:=]+", last), thinking
    assert seen > 60


@pytest.mark.parametrize("level", [1, 2, 3, 4])
def test_all_that_counts_is_written(level: int) -> None:
    rng = random.Random(level)
    for _ in range(20):
        problem = get("labels").sample(rng, level, "train")
        scene = problem.facts["scene"]
        wanted = [*scene["lines"], *map(str, scene.get("percents", {}).values())]
        wanted += [f"{v / 10:g}" for row in scene["lines"].values() for v in row]
        wanted += [LINES[name][0] for name in scene["lines"]]
        if "serving" in scene["columns"]:
            wanted.append(f"serving{scene['serving']}g")
        said = Counter(mark.label.lower() for mark in problem.marks)
        assert not Counter("".join(wanted).lower()) - said
