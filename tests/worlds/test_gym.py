"""Tasks of reasoning-gym: what is wrong with the library's own splits, scorers and easiest levels, and that ours are not so."""

from __future__ import annotations

import random
import re
from importlib import metadata

import pytest

from favilla.errors import UserError
from favilla.worlds.base import Family, Problem, split_of
from favilla.worlds.gym import TASKS, Gym
from favilla.worlds.registry import families, get, names

reasoning_gym = pytest.importorskip("reasoning_gym", reason="needs reasoning-gym: pip install 'favilla[rl]'")

# What it was seen to do. With another version, look again before believing any of this.
PINNED = pytest.mark.skipif(metadata.version("reasoning-gym") != "0.1.25", reason="traps are pinned for version 0.1.25")


def problems(family: Family, level: int, count: int, seed: int = 0, split: str = "test") -> list[Problem]:
    rng = random.Random(seed)
    return [family.sample(rng, level, split) for _ in range(count)]  # type: ignore[arg-type]


def large_enough(family: Family) -> int:
    """The lowest level that is not refused."""
    for level in range(1, family.levels + 1):
        try:
            family.sample(random.Random(0), level, "test")
        except UserError:
            continue
        return level
    raise AssertionError(f"{family.name}: all levels are refused")


@pytest.mark.parametrize("task", TASKS)
def test_the_librarys_answer_is_right_and_nothing_beside_it(task: str) -> None:
    family = get(f"gym_{task}")
    level = large_enough(family)
    library = reasoning_gym.create_dataset(task, size=1, seed=0)
    for problem in problems(family, level, 8):
        assert problem.family == f"gym_{task}" and problem.level == level and split_of(problem.instance) == "test"
        assert family.verify(problem, f" {problem.answer}\n").correct
        assert library.score_answer(problem.answer, _entry(family, level, problem)) == 1.0
        for beside in (
            "{} x",
            "x {}",
            "{}.",
            "The answer is {}",
            "{0} {0}",
            "<answer>{}</answer>",
            "{}\n1",
            "{}\u200b",
        ):
            assert not family.verify(problem, beside.format(problem.answer)).correct
        assert not family.verify(problem, "").correct and not family.verify(problem, problem.prompt[0]).correct  # type: ignore[arg-type]


def _entry(family: Family, level: int, problem: Problem) -> dict:
    """The library's item with this question, drawn again as the family drew it."""
    assert isinstance(family, Gym)
    rng = random.Random(0)
    while True:
        item = family.datasets[level - 1][rng.randrange(2**31 - 1)]
        if item["question"] == problem.prompt[0]:
            return item


@PINNED
def test_trap_1_seeds_overlap_and_our_splits_do_not() -> None:
    def theirs(seed: int) -> set[str]:
        return {item["question"] for item in reasoning_gym.create_dataset("spell_backward", size=100, seed=seed)}

    assert len(theirs(1) & theirs(2)) == 99
    family = get("gym_word_sorting")
    seen = {
        split: {p.instance for s in range(1, 4) for p in problems(family, 1, 200, s, split)}
        for split in ("train", "test")
    }
    assert not seen["train"] & seen["test"]
    assert len(seen["train"]) == len(seen["test"]) == 600


@PINNED
def test_trap_2_partial_credit_and_we_give_none() -> None:
    family, library = get("gym_products"), reasoning_gym.create_dataset("products", size=1, seed=0)
    for problem in problems(family, 4, 5):
        answer = f"{problem.answer} x"
        assert library.score_answer(answer, _entry(family, 4, problem)) >= 0.5
        assert not family.verify(problem, answer).correct
    knights = reasoning_gym.create_dataset("knights_knaves", size=5, seed=0)
    assert all(knights.score_answer(f"{item['answer']} x", item) == 1.0 for item in knights)


@PINNED
def test_tasks_whose_keys_are_wrong_are_left_out() -> None:
    """What the note at TASKS says of them; a later library may have mended it."""
    assert not {"knights_knaves", "time_intervals", "basic_arithmetic", "letter_counting"} & set(TASKS)
    knights = reasoning_gym.create_dataset("knights_knaves", size=20, seed=0)
    assert all(item["answer"].endswith(".") and 'Format your answer like: "' in item["question"] for item in knights)
    letters = reasoning_gym.create_dataset("letter_counting", size=300, seed=0)
    told = [re.search(r'the letter "(.)" appear in the text: "(.*)"', item["question"], re.DOTALL) for item in letters]
    assert any(text[2].count(text[1]) != int(item["answer"]) for text, item in zip(told, letters, strict=True) if text)


@PINNED
def test_trap_3_easiest_levels_are_tiny_and_refused() -> None:
    sums = reasoning_gym.create_dataset(
        "chain_sum", size=4000, seed=0, min_terms=2, max_terms=2, min_digits=1, max_digits=1
    )
    assert len({item["question"] for item in sums}) <= 200
    with pytest.raises(UserError, match=r"gym_chain_sum level 1: has about \d{3} different questions"):
        problems(get("gym_chain_sum"), 1, 1)
    assert len({p.instance for p in problems(get("gym_chain_sum"), 5, 200)}) > 195


def test_they_are_found_by_name_and_in_no_list() -> None:
    assert not [name for name in [*names(), *families()] if name.startswith("gym_")]
    assert get("gym_gcd") is get("gym_gcd")
    with pytest.raises(UserError, match="unknown family 'gym_countdown': of reasoning-gym there are base_conversion"):
        get("gym_countdown")
