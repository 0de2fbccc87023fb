"""Pictures with twins in text: the same problem in both, wordings, sizes, attempts to cheat. What each family's answers are
is worked out again in a file of its own."""

from __future__ import annotations

import random
import re

import pytest
from PIL import Image

from favilla.chat.messages import ImagePart
from favilla.worlds.base import Problem, Split
from favilla.worlds.drawn import Drawn, Told
from favilla.worlds.registry import get

FAMILIES = ("clocks", "graphs", "grids", "labels")
SPLITS: tuple[Split, ...] = ("train", "dev", "test")
LEVELS = (1, 2, 3, 4)
EVERY = pytest.mark.parametrize("name", FAMILIES)


def drawn(name: str) -> Drawn:
    family = get(name)
    assert isinstance(family, Drawn)
    return family


def picture(problem: Problem) -> Image.Image:
    (part,) = [part for part in problem.prompt if isinstance(part, ImagePart)]
    return part.image


@EVERY
def test_twins_name_each_other(name: str) -> None:
    one, two = drawn(name), drawn(f"{name}_text")
    assert one.pictures and not two.pictures and isinstance(two, Told)
    assert (one.twin, two.twin) == (two.name, one.name)


@EVERY
@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("split", SPLITS)
def test_twins_pose_the_same_problem(name: str, level: int, split: Split) -> None:
    for seed in range(15):
        one, two = (get(twin).sample(random.Random(seed), level, split) for twin in (name, f"{name}_text"))
        assert one.instance == two.instance
        assert one.answer == two.answer
        question, (words,) = one.prompt[1], two.prompt
        assert isinstance(question, str) and isinstance(words, str)
        assert question in words.split("\n")
        assert {key: value for key, value in one.facts.items() if key != "scene"} == {
            key: value for key, value in two.facts.items() if key != "scene"
        }
        # The picture's thinking begins with what is seen, and goes on as its twin's.
        seen, thinking = one.solutions["steps"].thinking, two.solutions["steps"].thinking
        assert seen.endswith("\n" + thinking)
        assert seen == f"{drawn(name).transcript(one.facts['scene'])}\n{thinking}"
        assert {s: one.solutions[s] for s in ("direct", "terse")} == {s: two.solutions[s] for s in ("direct", "terse")}


@EVERY
def test_questions_differ_and_answers_too(name: str) -> None:
    rng, family = random.Random(1), get(f"{name}_text")
    problems = [family.sample(rng, level, "train") for level in LEVELS for _ in range(100)]
    assert len({p.facts["kind"] for p in problems}) == len(drawn(name).phrasings)
    answers = [p.answer for p in problems]
    for level in LEVELS:
        at = answers[100 * (level - 1) : 100 * level]
        assert max(at.count(answer) for answer in set(at)) < 25, (level, max(set(at), key=at.count))
    assert len({p.instance for p in problems}) > 390


@EVERY
def test_wordings(name: str) -> None:
    family = drawn(name)
    assert family.phrasings.keys() == family.test_phrasings.keys()
    train = [words for kind in family.phrasings.values() for words in kind]
    test = [words for kind in family.test_phrasings.values() for words in kind]
    assert len(train) == len(set(train)) >= 15
    assert len(test) == len(set(test)) >= 6
    assert not set(train) & set(test)
    for kind, words in (*family.phrasings.items(), *family.test_phrasings.items()):
        # "first" is as good as 1, and a unit may go without saying.
        slots = [set(re.findall(r"{(\w+)}", text.replace("{nth}", "{n}"))) - {"unit"} for text in words]
        assert all(each == slots[0] for each in slots), f"a wording of {kind} leaves something out"


@EVERY
def test_test_wordings_stay_out_of_training(name: str) -> None:
    family = drawn(f"{name}_text")
    patterns = [
        re.compile(re.sub(r"\\{\w+\\}", "(.+)", re.escape(words)))
        for kind in family.test_phrasings.values()
        for words in kind
    ]

    def held_out(split: Split) -> int:
        rng = random.Random(3)
        asked = [str(drawn(name).pose(rng, level, split).prompt[0]) for level in LEVELS for _ in range(30)]
        return sum(any(pattern.fullmatch(text) for pattern in patterns) for text in asked)

    assert held_out("train") == held_out("dev") == 0
    assert held_out("test") > 20


@EVERY
def test_sizes_of_pictures_and_prompts(name: str) -> None:
    rng, sizes = random.Random(5), set()
    for level in LEVELS:
        for _ in range(25):
            problem = get(name).sample(rng, level, "train")
            width, height = picture(problem).size
            sizes.add((width, height))
            tokens = -(-width // 28) * -(-height // 28)
            assert tokens <= (64 if level <= 2 else 150)
            (told,) = get(f"{name}_text").sample(rng, level, "train").prompt
            assert len(str(told)) <= (400 if level <= 2 else 900)
            length = len(problem.solutions["steps"].thinking) + len(str(problem.prompt[1]))
            # Grids have two characters a token, other text about two and a half.
            assert length <= (600 if level <= 2 else 1100), problem.solutions["steps"].thinking
            said = str(told) + str(problem.prompt[1]) + problem.solutions["steps"].thinking
            assert said.isascii()
    assert len(sizes) > 40


@pytest.mark.parametrize("name", [name for name in FAMILIES if name != "grids"])  # where marks are plain cells
@pytest.mark.parametrize("level", LEVELS)
def test_marks_lie_on_ink(name: str, level: int) -> None:
    """Near every mark the picture is not plain."""
    rng = random.Random(level)
    for _ in range(8):
        problem = get(name).sample(rng, level, "train")
        image = picture(problem).convert("L")
        assert len(problem.marks) >= 4
        for mark in problem.marks:
            x, y = mark.x * image.width, mark.y * image.height
            low, high = image.crop((int(x) - 9, int(y) - 9, int(x) + 10, int(y) + 10)).getextrema()
            assert high - low > 25, (mark, name, level)


@EVERY
def test_follow_ups_run_out(name: str) -> None:
    rng, family = random.Random(2), get(name)
    for level in LEVELS:
        for _ in range(4):
            problem: Problem | None = family.sample(rng, level, "train")
            asked = []
            while problem is not None and len(asked) < 5:
                asked.append((problem.facts["kind"], sorted(problem.facts["slots"].items())))
                for solution in problem.solutions.values():
                    assert family.verify(problem, solution.answer, solution.thinking).correct
                problem = family.follow_up(rng, problem)
            assert all(asked.count(one) == 1 for one in asked)


@EVERY
def test_cheats_fail(name: str) -> None:
    rng = random.Random(6)
    for twin in (name, f"{name}_text"):
        for level in LEVELS:
            for _ in range(3):
                problem = get(twin).sample(rng, level, "train")
                right = problem.answer
                attempts = [
                    f"{right}, {right}", f"{right} or {right}x", f"0{right}", f"+{right}", f"{right}.0", f"{right}.", f"{right}/",
                    f"about {right}", right.lower() + " ", f"{right};1", f"{right}:00", f"{right} g", f"{right} pm", f"<{right}>",
                    right.swapcase() if right.swapcase() != right else f"{right}a", right[::-1] + right, f"Check: {right}",
                    right.replace("1", "\u0661") + "\u200b", "A", "0:00", "any", "", f"not {right}", right + "\n\n1",
                    ", ".join("ABCDEFGHIJKLMNOPQRSTUVWXYZ"), "/".join(["RGB"] * 3), "none", f"{right}\n{right}",
                ]  # fmt: skip
                # An hour may have two digits.
                forms = {right, f"0{right}"} if name == "clocks" and right[1] == ":" else {right}
                for text in attempts:
                    assert get(twin).verify(problem, text).correct == (text.strip() in forms), text
