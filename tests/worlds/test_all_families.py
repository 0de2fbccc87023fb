"""What holds for every family, built in now or later."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from favilla.chat.messages import ImagePart
from favilla.worlds.base import STYLES, Family, Problem, Split, split_of
from favilla.worlds.limits import REFUSAL, is_refusal
from favilla.worlds.registry import families

FAMILIES = families()
SPLITS: tuple[Split, ...] = ("train", "dev", "test")
EVERY = pytest.mark.parametrize("name", FAMILIES)
# Answered by a point: other points inside the same box are right as well.
POINTS = {"screens", "icons", "web_screens"}
# Answered by an expression: others with the same value are right as well.
EXPRESSIONS = {"countdown", "programs"}


def rounds(family: Family) -> int:
    """How many problems a level and split are worth: pictures cost time."""
    return 2 if family.pictures else 25


def some(family: Family, count: int | None = None, seed: int = 5) -> list[Problem]:
    rng = random.Random(seed)
    return [
        family.sample(rng, level, split)
        for level in range(1, family.levels + 1)
        for split in SPLITS
        for _ in range(count or rounds(family))
    ]


def fingerprint(problem: Problem) -> tuple[Any, ...]:
    parts = [(part.image.size, part.image.tobytes()) if isinstance(part, ImagePart) else part for part in problem.parts]
    return (tuple(parts), problem.answer, sorted(problem.solutions.items()), problem.instance)


@EVERY
def test_problems_are_well_formed(name: str) -> None:
    family = FAMILIES[name]
    assert family.levels >= 4
    for problem in some(family):
        assert problem.family == name
        assert split_of(problem.instance) == problem.split
        assert set(problem.solutions) == set(STYLES)
        assert problem.solutions["direct"].thinking == ""
        assert all(problem.solutions[style].thinking for style in ("terse", "steps"))
        assert problem.answer == problem.answer.strip() != ""
        assert any(isinstance(part, ImagePart) for part in problem.parts) == family.pictures
        assert any(isinstance(part, str) and part.strip() for part in problem.prompt)


@EVERY
def test_own_solutions_are_right(name: str) -> None:
    family = FAMILIES[name]
    for problem in some(family):
        assert family.verify(problem, f" {problem.answer}\n").correct
        for solution in problem.solutions.values():
            verdict = family.verify(problem, solution.answer, solution.thinking)
            assert verdict.correct
            assert verdict.parsed
            assert (verdict.solution_key is None) == (solution.thinking == "")
            assert verdict.strategy is not None


@EVERY
def test_same_seed_same_problems(name: str) -> None:
    family = FAMILIES[name]
    first, again = (list(map(fingerprint, some(family, count=1, seed=11))) for _ in range(2))
    other = list(map(fingerprint, some(family, count=1, seed=12)))
    assert first == again
    assert first != other


@EVERY
def test_nothing_beside_the_answer(name: str) -> None:
    family = FAMILIES[name]
    for problem in some(family, count=1):
        right = problem.answer
        wrong = [
            "", " ", f"{right} {right}", f"{right}, {right}", f"{right}.", f"= {right}", f"The answer is {right}",
            f"{right}\n{right}", f"{right} or 1", f"**{right}**", f'"{right}"', f"'{right}'", f"[{right}]",
            f"{right}\u200b", f"\x00{right}", f"{right}<|eot|>", f"{right} {right}0", f"\\boxed{{{right}}}", "nan",
            f"${right}$", f"({right})", "inf",
            f"{right}!", f"not {right}", "-" * 10_000, "9" * 100_000, right * 1000, "\ud800", "*", ".*",
        ]  # fmt: skip
        for text in wrong:
            if name == "countdown" and text == f"({right})":
                continue  # the same expression
            assert not family.verify(problem, text).correct, (text[:80], right)


@EVERY
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(text=st.text(max_size=200), thinking=st.text(max_size=200), which=st.integers(0, 11))
def test_arbitrary_text_never_raises_and_is_not_right(name: str, text: str, thinking: str, which: int) -> None:
    family = FAMILIES[name]
    problem = PROBLEMS[name][which % len(PROBLEMS[name])]
    verdict = family.verify(problem, text, thinking)
    assert not verdict.correct or text.strip() == problem.answer or (name in POINTS | EXPRESSIONS and verdict.parsed)
    assert family.verify(problem, problem.answer, thinking).correct


PROBLEMS = {name: some(family, count=1) for name, family in FAMILIES.items()}


@EVERY
def test_follow_ups_ask_again_about_the_same_picture(name: str) -> None:
    family = FAMILIES[name]
    rng = random.Random(2)
    for problem in some(family, count=1):
        again = family.follow_up(rng, problem)
        if not family.pictures:
            assert again is None
        if again is None:
            continue
        assert not any(isinstance(part, ImagePart) for part in again.prompt)
        assert again.split == problem.split
        assert again.family == name
        for solution in again.solutions.values():
            assert family.verify(again, solution.answer, solution.thinking).correct


@EVERY
def test_constant_answers_do_not_pay(name: str) -> None:
    family = FAMILIES[name]
    if family.refusals:
        # There is one right answer by design; what it costs is counted on all other families (tests/worlds/test_limits.py).
        assert {problem.answer for problem in some(family)} == {REFUSAL}
        return
    answers = [problem.answer for problem in some(family, count=4 if family.pictures else 40)]
    most = max(answers.count(answer) for answer in set(answers))
    assert most / len(answers) < 0.25
    assert not any(map(is_refusal, answers))
