"""Equations: the twins pose the same, answers put into the text of the prompt, pictures against what is noted on them."""

from __future__ import annotations

import random
import re
from fractions import Fraction

import numpy as np
import pytest
from PIL import Image

from favilla.chat.messages import ImagePart
from favilla.worlds import equations
from favilla.worlds.base import Problem, Split
from favilla.worlds.equations_drawing import picture
from favilla.worlds.equations_facts import as_text, draw
from favilla.worlds.registry import get

LEVELS = pytest.mark.parametrize("level", [1, 2, 3, 4])
SPLITS: tuple[Split, ...] = ("train", "dev", "test")
NAMES = pytest.mark.parametrize("name", ["equations", "equations_text"])


def some(name: str, level: int, count: int, split: Split = "train", seed: int = 1) -> list[Problem]:
    rng = random.Random(seed)
    return [get(name).sample(rng, level, split) for _ in range(count)]


@LEVELS
@pytest.mark.parametrize("split", SPLITS)
def test_twins_pose_the_same_problem(level: int, split: Split) -> None:
    drawn, text = get("equations"), get("equations_text")
    assert (drawn.twin, text.twin) == ("equations_text", "equations")
    for seed in range(60):
        a, b = (family.sample(random.Random(seed), level, split) for family in (drawn, text))
        assert (a.instance, a.answer) == (b.instance, b.answer)
        posed = b.facts["posed"]
        assert a.facts["scene"]["posed"] == posed
        # The picture's thinking writes the picture down and goes on as the text's does.
        for style in ("terse", "steps"):
            written = "\n".join(posed.text)
            assert a.solutions[style].thinking == f"{written}\n{b.solutions[style].thinking}"


def sides(equation: str, values: dict[str, int]) -> Fraction:
    """Left minus right with numbers in place of the letters, by Python."""
    left, right = equation.split("=")
    code = f"({left})-({right})"
    code = re.sub(r"(?<=[0-9])(?=[a-z(])", "*", code)
    code = re.sub(r"[0-9]+", r"Fraction(\g<0>)", code)
    return Fraction(eval(code, {"Fraction": Fraction, **values}))


@LEVELS
@pytest.mark.parametrize("split", SPLITS)
def test_answers_solve_what_the_prompt_says_and_nothing_else_does(level: int, split: Split) -> None:
    for problem in some("equations_text", level, 150, split):
        (prompt,) = problem.prompt
        posed = problem.facts["posed"]
        assert all(line in str(prompt) for line in posed.text)
        values = list(map(int, problem.answer.split(", ")))
        assert len(values) == len(posed.unknowns) == len(posed.text) == (2 if level == 4 else 1)
        found = dict(zip(posed.unknowns, values, strict=True))
        assert all(sides(line, found) == 0 for line in posed.text)
        # Linear, so that one more step off the solution must not be one: in one unknown, or along both in a system.
        slopes = [[sides(line, {**found, x: found[x] + 1}) for x in posed.unknowns] for line in posed.text]
        determinant = slopes[0][0] if level < 4 else slopes[0][0] * slopes[1][1] - slopes[0][1] * slopes[1][0]
        assert determinant != 0


@LEVELS
def test_every_line_of_the_working_is_true(level: int) -> None:
    for problem in some("equations_text", level, 200):
        posed = problem.facts["posed"]
        found = dict(zip(posed.unknowns, posed.values, strict=True))
        true = 0
        for line in problem.solutions["steps"].thinking.splitlines():
            if re.fullmatch(r"(Check: )?([-+*/() 0-9]+=-?[0-9]+(, )?)+", line):
                for equation in line.removeprefix("Check: ").split(", "):
                    left, right = equation.split("=")
                    assert eval(left) == int(right), line
                    true += 1
            else:
                assert sides(line.rpartition(": ")[2].replace("* (", "*("), found) == 0, line
                true += 1
        assert true >= 2


def test_levels_hold_what_they_should() -> None:
    kinds = {level: {p.instance.split()[1] for p in some("equations_text", level, 300)} for level in (1, 2, 3, 4)}
    assert kinds[1] == {"sum", "less", "from", "times"}
    assert kinds[2] == {"linear", "linear_from", "bracket"}
    assert kinds[3] == {"both", "bracket_both", "over", "fraction"}
    assert kinds[4] == {"system"}
    for level, longest in ((1, 200), (2, 260), (3, 500), (4, 900)):
        assert max(len(p.solutions["steps"].thinking) for p in some("equations_text", level, 300)) < longest
    assert any(
        "=" in str(p.prompt[0]) and re.search(r"[0-9] = [0-9]*[a-z]", str(p.prompt[0]))
        for p in some("equations_text", 1, 50)
    )


def test_fractions_on_one_line() -> None:
    assert as_text("{x|4} + 3 = 7") == "x/4 + 3 = 7"
    assert as_text("{3x - 4|5} = 7") == "(3x - 4)/5 = 7"


@LEVELS
def test_signs_are_noted_in_reading_order(level: int) -> None:
    for problem in some("equations", level, 60):
        said = "".join(mark.label for mark in problem.marks)
        for line in problem.facts["scene"]["posed"].lines:
            # A built-up fraction is noted as top, bar, bottom.
            wanted = re.sub(r"\{(.*?)\|(.*?)\}", r"\1/\2", line).replace(" ", "")
            assert said.startswith(wanted)
            said = said.removeprefix(wanted)
        assert not said


@LEVELS
def test_something_is_drawn_where_signs_are_noted(level: int) -> None:
    for seed in range(25):
        rng = random.Random(seed)
        image, marks = picture(rng, draw(rng, level).lines, level)
        pixels = np.asarray(image.convert("L")).astype(float)
        paper = np.median(pixels)
        contrast = []
        for mark in marks:
            x, y = int(mark.x * image.width), int(mark.y * image.height)
            near = pixels[max(0, y - 8) : y + 9, max(0, x - 4) : x + 5]
            contrast.append(np.abs(near - paper).max())
        assert min(contrast) > 60, (seed, min(contrast))


@LEVELS
def test_pictures_are_small(level: int) -> None:
    sizes = set()
    for problem in some("equations", level, 60):
        (image,) = (part.image for part in problem.prompt if isinstance(part, ImagePart))
        assert isinstance(image, Image.Image)
        assert image.width % 28 == image.height % 28 == 0
        assert image.width * image.height <= 48 * 28 * 28
        sizes.add(image.size)
    assert len(sizes) > 5


def test_a_follow_up_asks_what_is_written() -> None:
    family = get("equations")
    for problem in some("equations", 3, 10) + some("equations", 4, 10):
        again = family.follow_up(random.Random(0), problem)
        assert again is not None
        written = "; ".join(problem.facts["scene"]["posed"].text)
        assert again.answer == written
        assert family.verify(again, written).correct
        assert not family.verify(again, problem.answer).correct
        assert family.follow_up(random.Random(0), again) is None


@NAMES
def test_exploits_fail(name: str) -> None:
    family = get(name)
    for level in (1, 2, 3, 4):
        for problem in some(name, level, 10, "test"):
            right = problem.answer
            unknown = (problem.facts.get("posed") or problem.facts["scene"]["posed"]).unknowns
            attempts = [
                "", right + "0", "0" + right, "+" + right, "--" + right, right + ".0", right + ".", f"{unknown[0]} = {right}",
                f"{unknown}={right}", f"{unknown[0]}", right + "/1", f"{right} {right}", f"{right}, {right}", f"{right},",
                f"({right})", f"= {right}", right + "\u200b", right.replace("-", "\u2212") + " ", "1e1", "nan", "inf",
                ", ".join(map(str, range(-200, 201))), problem.instance, right + " or 0", "True", "9" * 100_000, right + "\x00",
                right.replace(", ", ","), right.replace(", ", " "), ", ".join(reversed(right.split(", "))), right + ", 0",
            ]  # fmt: skip
            for text in attempts:
                if text.strip() != right:
                    assert not family.verify(problem, text).correct, text[:80]
            assert len(attempts) >= 20


@NAMES
def test_key_and_strategy(name: str) -> None:
    family = get(name)
    for problem in some(name, 2, 20):
        steps = problem.solutions["steps"].thinking
        calculated = re.findall(r"[0-9)]=(-?[0-9]+)", steps.split("Check")[0])
        verdict = family.verify(problem, problem.answer, steps)
        assert verdict.solution_key == " ".join(calculated)
        assert verdict.strategy == ("transcribe" if name == "equations" else "isolate")
        assert (
            family.verify(problem, problem.answer, problem.solutions["terse"].thinking).solution_key
            == verdict.solution_key
        )
        assert family.verify(problem, problem.answer, "hm").strategy is None
        assert family.verify(problem, problem.answer).strategy == "direct"


def test_the_same_equation_in_another_order_stays_in_its_split() -> None:
    seen: dict[str, set[str]] = {}
    texts: dict[str, set[str]] = {}
    for split in SPLITS:
        for problem in some("equations_text", 1, 1500, split):
            seen.setdefault(problem.instance, set()).add(split)
            texts.setdefault(problem.instance, set()).add(problem.facts["posed"].text[0])
    assert all(len(splits) == 1 for splits in seen.values())
    assert sum(len(ways) > 1 for ways in texts.values()) > 100


def test_wordings() -> None:
    for train, held_out in ((equations.ONE, equations.ONE_TEST), (equations.TWO, equations.TWO_TEST)):
        assert len(set(train)) >= 12 and len(set(held_out)) >= 4 and not set(train) & set(held_out)
    asked = [str(p.prompt[-1]) for p in some("equations", 1, 200)]
    patterns = [re.compile(re.escape(words).replace(r"\{x\}", "[a-z]")) for words in equations.ONE_TEST]
    assert not [text for text in asked if any(pattern.fullmatch(text) for pattern in patterns)]
    tested = [str(p.prompt[-1]) for p in some("equations", 1, 200, "test")]
    assert 60 < sum(any(pattern.fullmatch(text) for pattern in patterns) for text in tested) < 140
