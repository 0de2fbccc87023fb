"""Grids against an enumeration of its own, in arrays, of all rules of a level; cells against the picture's pixels."""

from __future__ import annotations

import itertools
import random
import re
from collections.abc import Iterator

import numpy as np
import pytest

from favilla.chat.messages import ImagePart
from favilla.worlds import drawing
from favilla.worlds.base import Problem
from favilla.worlds.grid_rules import COLOURS, MOVES, answers, applied, moves_of, recoloured, rules_of, searched
from favilla.worlds.registry import get

LETTERS = "BGOPRY"


def array(text: str) -> np.ndarray:
    return np.array([[LETTERS.index(letter) for letter in row.split(" ")] for row in text.split(" / ")])


def moved(level: int, grid: np.ndarray) -> Iterator[np.ndarray]:
    """A grid moved in every way of the level."""
    yield from (np.fliplr(grid), np.flipud(grid))
    yield from (np.roll(grid, by, axis) for by in (1, -1) for axis in (0, 1))
    if level >= 2:
        yield from (np.rot90(grid, turns) for turns in (1, 2, 3))
    if level >= 3:
        yield grid.T
    if level == 2:
        for row in range(len(grid)):
            other = grid.copy()
            other[row] = np.roll(grid[row], 1)
            yield other


def tables(level: int) -> Iterator[np.ndarray]:
    """Every change of colour of the level, as what each of the six colours becomes."""
    for table in itertools.product(range(6), repeat=2):
        for a, b in itertools.combinations(range(6), 2):
            out = np.arange(6)
            out[[a, b]] = table
            changed = int((out != np.arange(6)).sum())
            swap = changed == 2 and out[a] == b and out[b] == a
            if changed == 1 or (swap and level >= 2) or (changed == 2 and level == 4):
                yield out


def outcomes(level: int, examples: list[tuple[np.ndarray, np.ndarray]], test: np.ndarray) -> set[str]:
    grids = [before for before, _ in examples] + [test]
    if level <= 2:
        tried = [list(each) for each in zip(*(moved(level, grid) for grid in grids), strict=True)]
        tried += [[table[grid] for grid in grids] for table in tables(level)]
    else:
        ways = zip(*(moved(level, grid) for grid in grids), strict=True)
        every = list(tables(level))
        tried = [[table[grid] for grid in way] for way in ways for table in every]
    fitting = [made for made in tried if all((a == b).all() for a, (_, b) in zip(made, examples, strict=False))]
    return {" / ".join(" ".join(LETTERS[c] for c in row) for row in made[-1]) for made in fitting}


def told_grids(problem: Problem) -> list[str]:
    (prompt,) = problem.prompt
    return re.findall(r"\b[BGOPRY](?: (?:/ )?[BGOPRY]){8,}\b", str(prompt))


@pytest.mark.parametrize("level", [1, 2, 3, 4])
def test_the_answer_is_the_only_one(level: int) -> None:
    rng = random.Random(level)
    for _ in range({1: 60, 2: 60, 3: 20, 4: 4}[level]):
        problem = get("grids_text").sample(rng, level, rng.choice(("train", "test")))
        *shown, test = told_grids(problem)
        examples = [(array(a), array(b)) for a, b in zip(shown[::2], shown[1::2], strict=True)]
        (grid,) = outcomes(level, examples, array(test))
        slots, kind = problem.facts["slots"], problem.facts["kind"]
        rows = grid.split(" / ")
        expected = {
            "all": lambda: grid,
            "row": lambda: rows[int(slots["n"]) - 1],
            "cell": lambda: rows[int(slots["n"]) - 1][2 * int(slots["m"]) - 2],
        }[kind]()
        assert problem.answer == expected


def test_answers_that_disagree_are_found() -> None:
    """By hand: a grid that looks the same mirrored both ways does not say which of the two it was."""
    before, after = ("RGG", "GGG", "GGR"), ("GGR", "GGG", "RGG")
    assert answers(1, [(before, after)], ("RGB", "GGG", "GGG")) == {("BGR", "GGG", "GGG"), ("GGG", "GGG", "RGB")}
    assert answers(1, [(("RGB", "GGG", "BBB"), ("BGR", "GGG", "BBB"))], ("YGB", "GGG", "GGG")) == {
        ("BGY", "GGG", "GGG")
    }
    assert answers(1, [(before, ("RRR", "GGG", "BBB"))], before) == set()


@pytest.mark.parametrize("level", [1, 2, 3, 4])
def test_every_rule_can_be_found_by_the_working(level: int) -> None:
    """Whatever rule of the level made the examples, the first that the working finds explains them too."""
    rng, size = random.Random(level), 4
    rules = list(rules_of(level, size))
    assert {move for move, _ in rules if move != "stay"} == set(moves_of(level, size))
    for rule in rng.sample(rules, min(len(rules), 150)):
        grids = [tuple("".join(rng.choices(LETTERS, k=size)) for _ in range(size)) for _ in range(3)]
        examples = [(grid, applied(rule, grid)) for grid in grids[:2]]
        if any(before == after for before, after in examples):
            continue
        working, out = searched(level, examples, grids[2])
        assert out in answers(level, examples, grids[2])
        trials = [line for line in working.split("\n") if line.endswith((" yes", " no"))]
        assert len(trials) <= 13
        assert [line.endswith(" yes") for line in trials] == [False] * (len(trials) - 1) + [True]


def test_moves_by_hand() -> None:
    grid = ("RGB", "YOP", "RRG")
    assert MOVES["turn right"](grid) == ("RYR", "ROG", "GPB")
    assert MOVES["turn left"](grid) == ("BPG", "GOR", "RYR")
    assert MOVES["flip"](grid) == ("RYR", "GOR", "BPG")
    assert MOVES["right"](grid) == ("BRG", "PYO", "GRR")
    assert MOVES["row 2 right"](grid) == ("RGB", "PYO", "RRG")
    assert recoloured(grid, (("R", "G"), ("G", "R"))) == ("GRB", "YOP", "GGR")


@pytest.mark.parametrize("level", [1, 2, 3, 4])
def test_cells_have_their_colours(level: int) -> None:
    """What is at each mark is nearest to the colour that its letter names, and the marks are all cells in order."""
    rng = random.Random(level)
    for _ in range(15):
        problem = get("grids").sample(rng, level, "train")
        (part, _), scene = problem.prompt, problem.facts["scene"]
        assert isinstance(part, ImagePart)
        image = part.image
        wanted = (
            "".join([*(grid for pair in scene["examples"] for grid in pair), scene["test"], "?"])
            .replace("/", "")
            .replace(" ", "")
        )
        assert sorted(mark.label for mark in problem.marks) == sorted(wanted)
        for mark in problem.marks:
            if mark.label == "?":
                continue
            x, y = int(mark.x * image.width), int(mark.y * image.height)
            tone = np.median(np.asarray(image.crop((x - 3, y - 3, x + 4, y + 4))).reshape(-1, 3), axis=0)
            near = min(COLOURS, key=lambda k: float(np.abs(tone - np.array(drawing.COLOURS[COLOURS[k]])).sum()))
            assert near == mark.label
