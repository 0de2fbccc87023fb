"""Prompts that show attempts: a share of each step, resumable, and about the problem that was attempted."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from favilla.chat.messages import ImagePart
from favilla.errors import UserError
from favilla.train.rl.held_out import digest
from favilla.train.rl.pool import Effort, Entry, Pool
from favilla.train.rl.roles import RolePrompts, read_lines
from favilla.train.rl.trainer import rl
from favilla.worlds.base import numbered
from favilla.worlds.registry import get
from tests.train.rl.conftest import small_recipe


def line(number: int, family: str = "arithmetic", **changes: Any) -> dict[str, Any]:
    problem = numbered(get(family), 1, "train", 0, number)
    question = "".join(part for part in problem.prompt if isinstance(part, str))
    text = f"{question}\n\nAttempts:\n1:\n| Answer: {problem.answer}\n2:\n| Answer: 7\nOne answer."
    return {"family": family, "options": {}, "level": 1, "seed": 0, "number": number, "instance": digest(problem.instance),
            "role": "synthesis", "text": text, "effort": "high", **changes}  # fmt: skip


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "prompts.jsonl"
    path.write_text("".join(json.dumps(line(number)) + "\n" for number in range(7)))
    return path


def prompts(file: Path, share: float = 0.5) -> RolePrompts:
    pool = Pool([Entry(get("lists"), 1, 1.0)], {"high": Effort()}, 20, 0)
    return RolePrompts(file, pool, share, 0, leave=0.9)


def test_each_step_has_its_share(file: Path) -> None:
    source = prompts(file)
    steps = [source.draw(step, 6) for step in range(4)]
    for step in steps:
        assert [prompt.family for prompt in step] == ["synthesis arithmetic"] * 3 + ["lists"] * 3
    # 7 are two steps of 3; then a new order begins
    keys = [prompt.key for step in steps[:2] for prompt in step[:3]]
    assert len(set(keys)) == 6


def test_what_is_asked_is_about_the_problem_that_was_attempted(file: Path) -> None:
    for prompt in prompts(file).draw(0, 6)[:3]:
        problem = prompt.task.problem
        (message,) = prompt.messages
        assert message.text.startswith("".join(p for p in problem.prompt if isinstance(p, str)) + "\n\nAttempts:")
        assert f"| Answer: {problem.answer}\n" in message.text and problem.split == "train"


def test_pictures_are_those_of_the_problem(tmp_path: Path) -> None:
    path = tmp_path / "prompts.jsonl"
    path.write_text(json.dumps(line(3, "counting")) + "\n")
    (prompt,) = prompts(path, 0.5).draw(0, 2)[:1]
    (image,) = [
        part.image for part in numbered(get("counting"), 1, "train", 0, 3).prompt if isinstance(part, ImagePart)
    ]
    assert np.array_equal(np.asarray(prompt.messages[0].images[0]), np.asarray(image))


def test_what_is_solved_leaves_and_the_tasks_learn_of_theirs(file: Path) -> None:
    source = prompts(file)
    first = source.draw(0, 6)
    source.learn(first, [1.0, 0.5, 0.95, 0.0, 1.0, 0.0])
    gone = {first[0].key, first[2].key}
    later = [prompt for step in range(1, 6) for prompt in source.draw(step, 6)]
    assert not gone & {prompt.key for prompt in later} and first[1].key in {prompt.key for prompt in later}
    assert isinstance(source.attempts, Pool) and sum(map(len, source.attempts.left)) == 1
    for step in range(6, 12):
        drawn = source.draw(step, 6)
        source.learn(drawn, [1.0] * 6)
    # all of the file is solved: attempts take its place
    assert {prompt.family for prompt in source.draw(99, 6)} == {"lists"}


@pytest.mark.parametrize("stop", [1, 3, 4])
def test_restored_it_goes_on_exactly(file: Path, stop: int) -> None:
    def steps(source: RolePrompts, first: int, last: int) -> list[list[str]]:
        keys = []
        for step in range(first, last):
            drawn = source.draw(step, 5)
            source.learn(drawn, [(step + number) % 3 / 2 for number in range(len(drawn))])
            keys.append([f"{p.family} {p.key} {p.messages[-1].text}" for p in drawn])
        return keys

    whole = steps(prompts(file), 0, 8)
    before, after = prompts(file), prompts(file)
    steps(before, 0, stop)
    after.restore(json.loads(json.dumps(before.state())))
    assert steps(after, stop, 8) == whole[stop:]


def test_faults_are_told_in_one_line(tmp_path: Path, file: Path) -> None:
    other = line(1, instance="0" * 12)
    for content, words in (
        ("", "no prompts"), ('{"family": "arithmetic"}\n', "line 1: level"), (json.dumps(line(1)) + "\n{\n", "line 2: "),
        (json.dumps(other) + "\n", "has changed"), (json.dumps(line(1, effort="ultra")) + "\n", "line 1: effort"),
    ):  # fmt: skip
        path = tmp_path / "faulty.jsonl"
        path.write_text(content)
        with pytest.raises(UserError, match=words) as caught:
            prompts(path).draw(0, 2)
        assert "\n" not in str(caught.value)
    with pytest.raises(UserError, match="favilla roles"):
        prompts(tmp_path / "none.jsonl")


@given(st.binary(max_size=60))
def test_no_file_is_an_accident(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = tmp_path_factory.mktemp("any") / "p.jsonl"
    path.write_bytes(content)
    with pytest.raises(UserError):
        read_lines(path)


def test_a_run_practises_both(taught: Path, file: Path, tmp_path: Path) -> None:
    recipe = small_recipe(roles={"file": str(file), "share": 0.5}, optim={"steps": 2}, run={"tokens": 256})
    rl(recipe, tmp_path / "run", init=taught, quiet=False)
    logged = [json.loads(text) for text in (tmp_path / "run" / "metrics.jsonl").read_text().splitlines()]
    for step in logged:
        assert {name: task["prompts"] for name, task in step["tasks"].items()} == {
            "synthesis arithmetic/1": 2, "arithmetic/1": 2,
        }  # fmt: skip
