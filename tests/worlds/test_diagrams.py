"""Technical drawings with twins in text: the same problem in both, everything in the picture, workings that hold, attempts to
cheat. What the answers are is worked out again in a file for each family."""

from __future__ import annotations

import random
import re
from collections import Counter

import pytest
from PIL import Image

from favilla.chat.messages import ImagePart
from favilla.worlds.base import Problem, Split
from favilla.worlds.diagrams import Diagrams
from favilla.worlds.drawn import Told
from favilla.worlds.registry import get
from favilla.worlds.sketch import NoRoomError, Sheet
from favilla.worlds.written_products import product, quotient, total

FAMILIES = ("geometry", "circuits", "mechanics")
SPLITS: tuple[Split, ...] = ("train", "dev", "test")
LEVELS = (1, 2, 3, 4)
EVERY = pytest.mark.parametrize("name", FAMILIES)


def drawn(name: str) -> Diagrams:
    family = get(name)
    assert isinstance(family, Diagrams)
    return family


def reckoned(a: str, sign: str, b: str) -> float:
    one, two = int(a), int(b)
    return one / two if sign == "/" else {"+": one + two, "-": one - two, "*": one * two}[sign]


def picture(problem: Problem) -> Image.Image:
    (part,) = [part for part in problem.prompt if isinstance(part, ImagePart)]
    return part.image


@EVERY
@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("split", SPLITS)
def test_twins_pose_the_same_problem(name: str, level: int, split: Split) -> None:
    assert isinstance(get(f"{name}_text"), Told)
    assert (get(name).twin, get(f"{name}_text").twin) == (f"{name}_text", name)
    for seed in range(40):
        one, two = (get(twin).sample(random.Random(seed), level, split) for twin in (name, f"{name}_text"))
        assert (one.instance, one.answer) == (two.instance, two.answer)
        question, (words,) = one.prompt[1], two.prompt
        assert isinstance(question, str) and isinstance(words, str)
        assert question in words.split("\n")
        seen, thinking = one.solutions["steps"].thinking, two.solutions["steps"].thinking
        assert seen == f"{drawn(name).transcript(one.facts['scene'])}\n{thinking}"


@EVERY
def test_every_drawing_and_question_is_met(name: str) -> None:
    rng, family = random.Random(1), get(f"{name}_text")
    for level in LEVELS:
        problems = [family.sample(rng, level, "train") for _ in range(300)]
        kinds = {p.facts["scene"]["kind"] for p in problems}
        assert kinds == {diagram.name for diagram in drawn(name).diagrams if level in diagram.levels}
        answers = Counter(p.answer for p in problems)
        assert answers.most_common(1)[0][1] < 60, answers.most_common(3)
        assert len({p.instance for p in problems}) > 150
    asked = {family.sample(rng, level, "train").facts["kind"] for level in LEVELS for _ in range(400)}
    assert asked == set(drawn(name).phrasings)


@EVERY
def test_wordings(name: str) -> None:
    family = drawn(name)
    for kind, train in family.phrasings.items():
        test = family.test_phrasings[kind]
        assert len(set(train)) == len(train) >= 12, kind
        assert len(set(test)) == len(test) >= 3, kind
        assert not set(train) & set(test), kind
        slots = [set(re.findall(r"{(\w+)}", text)) for text in (*train, *test)]
        assert all(each == slots[0] for each in slots), f"a wording of {kind} leaves something out"


@EVERY
def test_test_wordings_stay_out_of_training(name: str) -> None:
    patterns = [
        re.compile(re.sub(r"\\{\w+\\}", "(.+)", re.escape(words)))
        for kind in drawn(name).test_phrasings.values()
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
        for _ in range(120):
            problem = get(name).sample(rng, level, "train")
            width, height = picture(problem).size
            sizes.add((width, height))
            assert -(-width // 28) * -(-height // 28) <= (64 if level <= 2 else 150), problem.facts["scene"]
            (told,) = get(f"{name}_text").sample(rng, level, "train").prompt
            assert len(str(told)) <= (400 if level <= 2 else 700), told
            length = len(problem.solutions["steps"].thinking) + len(str(problem.prompt[1]))
            assert length <= (500 if level <= 2 else 1000), problem.solutions["steps"].thinking
            said = str(told) + str(problem.prompt[1]) + problem.solutions["steps"].thinking
            assert said.isascii()
    assert len(sizes) > 100


@EVERY
@pytest.mark.parametrize("level", LEVELS)
def test_what_is_transcribed_is_marked(name: str, level: int) -> None:
    """Every number and every name of the transcript stands in the picture, and near every mark there is ink."""
    rng = random.Random(level)
    for _ in range(40):
        problem = get(name).sample(rng, level, "train")
        scene = problem.facts["scene"]
        seen = drawn(name).transcript(scene)
        marked = Counter(mark.label for mark in problem.marks)
        wanted = Counter("".join(re.findall(drawn(name).diagram(scene).written, seen)))
        assert wanted, seen
        assert not wanted - marked, (seen, marked)
        image = picture(problem).convert("L")
        for mark in problem.marks:
            x, y = int(mark.x * image.width), int(mark.y * image.height)
            low, high = image.crop((x - 12, y - 12, x + 13, y + 13)).getextrema()
            assert high - low > 25, (mark, scene)  # type: ignore[operator]


@EVERY
def test_workings_hold(name: str) -> None:
    """Every sum, difference, product and quotient in them is right, and the line before the check leads to the answer."""
    rng, family, seen = random.Random(8), get(f"{name}_text"), 0
    for level in LEVELS:
        for _ in range(250):
            problem = family.sample(rng, level, "train")
            thinking = problem.solutions["steps"].thinking
            for a, sign, b, result in re.findall(r"(?<![\w*/+-])(-?\d+)([-+*/])(\d+)=(-?\d+)", thinking):
                assert reckoned(a, sign, b) == int(result), thinking
                seen += 1
            body, check = thinking.rsplit("\nCheck: ", 1)
            assert check == problem.answer
            assert re.findall(r"-?\d+|[A-Z]", body)[-1] in problem.answer.split(", "), thinking
    assert seen > 800


@EVERY
def test_follow_ups_ask_something_else(name: str) -> None:
    rng, family = random.Random(2), get(name)
    for level in LEVELS:
        for _ in range(8):
            problem: Problem | None = family.sample(rng, level, "train")
            asked = []
            while problem is not None and len(asked) < 12:
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
            for _ in range(8):
                problem = get(twin).sample(rng, level, "train")
                right = problem.answer
                attempts = [
                    f"{right}, {right}", f"{right} or {right}", f"0{right}", f"+{right}", f"{right}.0", f"{right}.", f"{right}/1",
                    f"about {right}", f"{right};1", f"{right} degrees", f"{right} ohm", f"{right}N", f"<{right}>", f"= {right}",
                    right.swapcase() if right.swapcase() != right else f"{right}a", right[::-1] + right, f"Check: {right}",
                    f"x={right}", right + "\u200b", "A, B, C, D", "any", "", f"not {right}", right + "\n\n1", "none", "0..360",
                    f"{right}\n{right}", right.replace(", ", ","), right.replace(", ", " "), " ".join(map(str, range(360))),
                ]  # fmt: skip
                for text in attempts:
                    assert get(twin).verify(problem, text).correct == (text.strip() == right), text


@pytest.mark.parametrize("a", [1, 2, 7, 10, 14, 20, 36, 60, 99])
def test_written_products_hold(a: int) -> None:
    for b in [1, 3, 9, 10, 12, 25, 40, 87]:
        for text, result in ((product(a, b), a * b), (quotient(a * b, b), a), (total([a, b, 5]), a + b + 5)):
            for x, sign, y, z in re.findall(r"(\d+)([-+*/])(\d+)=(\d+)", text):
                assert reckoned(x, sign, y) == int(z), text
            assert int(re.findall(r"\d+", text)[-1]) == result, text


def test_labels_leave_lines_and_each_other_alone() -> None:
    """Of two spots on lines and one that is free the free one is taken, once; then there is no room."""
    spots = [(30.0, 30.0), (70.0, 70.0), (70.0, 30.0)]

    def sheet(labels: int) -> Sheet:
        sheet = Sheet(random.Random(3), 100, 100, 12)
        sheet.line((0, 0), (100, 100))
        for _ in range(labels):
            sheet.label("8", spots)
        return sheet

    _, (mark,) = sheet(1).finish()
    assert mark.label == "8"
    assert (mark.x * 100, mark.y * 100) == pytest.approx((70, 30), abs=2)
    with pytest.raises(NoRoomError):
        sheet(2).finish()
