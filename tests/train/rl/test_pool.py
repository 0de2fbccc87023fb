"""Which prompts are drawn, and which leave."""

from __future__ import annotations

import json
import random
from collections import Counter

import pytest

from favilla.errors import UserError
from favilla.train.rl.pool import Budgets, Effort, Entry, Pool, held_out_problems, places
from favilla.worlds.base import Problem, Split
from favilla.worlds.hops import Hops
from favilla.worlds.registry import get
from tests.train.rl.conftest import Echo

ARITHMETIC = [Entry(get("arithmetic"), 1, 1.0), Entry(get("arithmetic"), 2, 3.0)]
EFFORTS = {"low": Effort(1.0, 2.0), "high": Effort(3.0, 0.5)}


def question(prompt) -> str:
    return prompt.messages[-1].text


def test_places_follow_the_weights() -> None:
    def counts(*weights: float, size: int = 10) -> list[int]:
        found = Counter(places([Entry(Echo(), 1, w) for w in weights], size))
        return [found[i] for i in range(len(weights))]

    assert counts(0.5, 0.3, 0.2) == [5, 3, 2] and counts(0.46, 0.44, 0.1) == [5, 4, 1]
    # One that gets a place for less than a whole share gets no remainder; there are never more than there should be.
    assert counts(0.9, 4.6, 4.5) == [1, 5, 4]
    assert counts(0.5, 0.3, 0.2, 0.001) == [4, 3, 2, 1]
    assert counts(100, 0.1, 0.1, 0.1, size=4) == [1, 1, 1, 1]
    entries = [Entry(Echo(), 1, w) for w in (0.5, 0.3, 0.2, 0.001)]
    assert Counter(places(ARITHMETIC, 8)) == {0: 2, 1: 6}
    with pytest.raises(UserError, match="no place"):
        Pool(entries, EFFORTS, 3, 0)


def test_an_epoch_is_every_prompt_once() -> None:
    pool = Pool(ARITHMETIC, EFFORTS, 12, 0)
    epoch = [p for step in range(3) for p in pool.draw(step, 4)]
    assert sorted(int(p.key) for p in epoch) == list(range(12))
    assert Counter(p.level for p in epoch) == {1: 3, 2: 9}
    again = [p for step in range(3) for p in pool.draw(step, 4)]
    assert sorted(map(question, epoch)) == sorted(map(question, again))
    assert [p.key for p in epoch] != [p.key for p in again]


def test_efforts_come_with_their_penalties() -> None:
    prompts = Pool(ARITHMETIC, EFFORTS, 400, 0).draw(0, 400)
    count = Counter((p.effort, p.penalty) for p in prompts)
    assert set(count) == {("low", 2.0), ("high", 0.5)}
    assert 60 < count["low", 2.0] < 140


def test_budgets_are_said_in_the_prompt() -> None:
    prompts = Pool(ARITHMETIC, EFFORTS, 200, 0, budgets=Budgets(0.5, (16, 64))).draw(0, 200)
    count = Counter(p.budget for p in prompts)
    assert set(count) == {None, 16, 64} and 70 < count[None] < 130
    for p in prompts:
        said = p.messages[0].role == "system" and f" {p.budget} tokens" in p.messages[0].text
        assert said == (p.budget is not None)


def test_solved_prompts_leave_and_others_of_their_kind_come() -> None:
    pool = Pool(ARITHMETIC, EFFORTS, 12, 0, leave=0.9)
    first = pool.draw(0, 12)
    pool.learn(first, [0.95 if p.key in ("0", "5") else 0.89 for p in first])
    second = pool.draw(1, 12)
    before, after = ({p.key: question(p) for p in prompts} for prompts in (first, second))
    assert {key for key in before if before[key] != after[key]} == {"0", "5"}
    assert Counter(p.level for p in second) == Counter(p.level for p in first)


def test_what_has_left_never_comes_back_and_small_spaces_end() -> None:
    """Ten digits are ten prompts; what is drawn is solved at once."""
    pool = Pool([Entry(Echo(), 1, 1.0)], {"high": Effort()}, 3, 0)
    seen: set[str] = set()
    for step in range(200):
        prompts = pool.draw(step, 3)
        if not prompts:
            break
        now = {question(p) for p in prompts}
        assert not now & seen
        pool.learn(prompts, [1.0] * len(prompts))
        seen |= now
    assert not pool.draw(1000, 3)
    assert seen == set("0123456789")


def test_a_restored_pool_goes_on_as_the_first_would_have() -> None:
    def history(pool: Pool, steps: range) -> list[list[str]]:
        asked = []
        for step in steps:
            prompts = pool.draw(step, 5)
            asked.append([f"{p.key} {p.effort} {question(p)}" for p in prompts])
            pool.learn(prompts, [float((int(p.key) + step) % 3 == 0) for p in prompts])
        return asked

    whole = history(Pool(ARITHMETIC, EFFORTS, 12, 7), range(10))
    part = Pool(ARITHMETIC, EFFORTS, 12, 7)
    assert history(part, range(4)) == whole[:4]
    other = Pool(ARITHMETIC, EFFORTS, 12, 7)
    other.restore(json.loads(json.dumps(part.state())))
    assert history(other, range(4, 10)) == whole[4:]
    assert history(Pool(ARITHMETIC, EFFORTS, 12, 8), range(10)) != whole


def test_held_out_problems_are_different_or_refused() -> None:
    problems = held_out_problems(get("arithmetic"), 2, "test", 40, 0)
    assert len({p.instance for p in problems}) == 40
    assert [p.instance for p in problems[:7]] == [
        p.instance for p in held_out_problems(get("arithmetic"), 2, "test", 7, 0)
    ]
    with pytest.raises(UserError, match=r"echo level 1: 10 different problems .* 11 asked"):
        held_out_problems(Echo(), 1, "test", 11, 0)


def test_a_step_is_full_while_anything_is_left_to_ask() -> None:
    """A family of three problems, all soon mastered, beside one without an end: its empty places are passed over."""
    few = {number: get("hops").sample(random.Random(number), 1, "train") for number in range(3)}

    class Few(Hops):
        def sample(self, rng: random.Random, level: int, split: Split = "train") -> Problem:
            return few[rng.randrange(3)]

    for count in (1, 2):
        pool = Pool([Entry(Few(), 1, 1.0), Entry(get("hops"), 1, 1.0)], {"high": Effort()}, 4, 0)
        for step in range(60):
            drawn = pool.draw(step, count)
            assert len(drawn) == count and len({prompt.key for prompt in drawn}) == count
            pool.learn(drawn, [1.0 if pool.entry[int(prompt.key)] == 0 else 0.2 for prompt in drawn])
        assert len(pool.left[0]) == 3
        assert len(pool.draw(61, 4)) == 2  # places that are left
