"""What benchmarks/rl_step.py builds its two sides from."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from benchmarks.rl_step_sides import Work, our_run, read_turn, their_reward
from favilla.chat.tokenizer import Tokenizer
from favilla.chat.wire import render
from favilla.data.examples import solution_message
from favilla.engine.load import find_folder
from favilla.train.rl.pool import world_prompt
from favilla.train.rl.protocols import Prompt
from favilla.train.rl.rollout import verified
from favilla.worlds.base import STYLES, draw_distinct
from favilla.worlds.registry import get
from tests.train.rl.conftest import Echo


def prompts(count: int) -> list[Prompt]:
    rng = random.Random(0)
    return [world_prompt(Echo(), Echo().sample(rng, 1, "train"), "high") for _ in range(count)]


@pytest.mark.parametrize("name", ["arithmetic", "hops", "lists"])
def test_the_peers_reward_reads_what_the_wire_format_writes(name: str) -> None:
    family, tokenizer = get(name), Tokenizer.load(find_folder("ember"))
    problems = draw_distinct(family, random.Random(0), 2, "train", 4)
    asked = [world_prompt(family, problem, "high") for problem in problems]
    judge = their_reward(asked, verified, tokenizer)
    for number, problem in enumerate(problems):
        for style in STYLES:
            turns = [*asked[number].messages, solution_message(problem, style)]
            before = render(asked[number].messages, effort="high", generation_prompt=True)
            written = render(turns, effort="high").removeprefix(before)
            solution = problem.solutions[style]
            assert read_turn(written) == (solution.answer, solution.thinking, True)
            ids = tokenizer.encode_wire(written)
            other = next(i for i, p in enumerate(problems) if not family.verify(p, solution.answer).correct)
            # right; right, but cut off before its end; an answer to something else
            assert judge(completion_ids=[ids, ids[:-1], ids], number=[number, number, other]) == [1.0, 0.0, 0.0]


def test_full_work_samples_and_learns_from_every_token(taught: Path) -> None:
    given = prompts(4)
    work = Work("full", taught, [given[:2], given[2:]], samples=4, tokens=12, full=True)
    full = our_run(work, "float32")
    assert [(step.sampled, step.learned) for step in full] == [(2 * 4 * 12, 2 * 4 * 12)] * 2
    natural = our_run(Work("natural", taught, [given[:2]], samples=4, tokens=12, full=False), "autocast")
    assert natural[0].sampled == natural[0].learned < 2 * 4 * 12
    assert all(step.seconds > 0 for step in full + natural)
