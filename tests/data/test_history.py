"""Problems that go on with a conversation: what was said is context, only the last answer is a target."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from favilla.chat.encode import encode_chat
from favilla.chat.images import ImageProcessor
from favilla.chat.messages import Message
from favilla.chat.tokenizer import Tokenizer
from favilla.cli.worlds import write_sample
from favilla.data.examples import Mixture, Task, draw_problems, make_example, prompt_messages, solution_message
from favilla.train.pretrain import prepare_tokenizer
from favilla.worlds.registry import get
from tests.recipes import tiny_recipe


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("run")
    prepare_tokenizer(tiny_recipe(), path, None)
    return path


def mixture(family: str, conversations: float = 0.0) -> Mixture:
    task = Task(get(family), (1.0,), ((1.0, 1.0),))
    return Mixture((task,), {"high": 1.0}, questions=3, conversations=conversations)


@pytest.mark.parametrize("family", ["follow_ups", "follow_ups_text"])
@pytest.mark.parametrize("conversations", [0.0, 1.0])
def test_only_the_last_answer_is_learned(folder: Path, family: str, conversations: float) -> None:
    tokenizer, processor = Tokenizer.load(folder), ImageProcessor.load(folder)
    for index in range(6):
        example = make_example(mixture(family, conversations), tokenizer, processor, 2, index, 10_000)
        assert example is not None
        problems = draw_problems(mixture(family), random.Random(f"2/{index}"), index)
        assert len(example.branches) == len(problems) == (3 if family == "follow_ups" else 1)
        assert len(example.pictures) == (family == "follow_ups")
        for problem, (ids, targets) in zip(problems, example.branches, strict=True):
            learned = tokenizer.decode([int(i) for i, target in zip(ids, targets, strict=True) if target])
            solution = problem.solutions["steps"]
            assert learned.count(solution.thinking) == 1
            assert "".join(learned.split()).count("to=user") == 1
            for turn in (problem.history[0].text, str(problem.prompt[0])):
                assert turn not in learned
            whole = tokenizer.decode([*example.prefix.tolist(), *ids.tolist()])
            said = [
                problem.history[0].text,
                problem.history[1].text,
                str(problem.prompt[0]),
                solution.thinking,
                solution.answer,
            ]
            places = [whole.find(said[0])]
            for words in said[1:]:
                places.append(whole.find(words, places[-1] + 1))
            assert -1 not in places and places == sorted(places)


def test_given_messages_have_no_targets_and_the_same_tokens(folder: Path) -> None:
    tokenizer, processor = Tokenizer.load(folder), ImageProcessor.load(folder)
    problem = get("follow_ups").sample(random.Random(0), 1, "train")
    turns = [*prompt_messages(problem), solution_message(problem, "steps")]
    free = encode_chat(tokenizer, processor, turns, effort="high")
    given = encode_chat(tokenizer, processor, turns, effort="high", given=2)
    assert free.ids == given.ids
    said = len(encode_chat(tokenizer, processor, turns[:2], effort="high").ids)
    assert given.targets == [False] * said + free.targets[said:]
    assert any(free.targets[:said])


def test_a_written_sample_tells_the_turns_apart(tmp_path: Path) -> None:
    problem = get("follow_ups").sample(random.Random(0), 1, "train")
    picture, text = write_sample(problem, tmp_path, "x")
    said = text.read_text().splitlines()
    assert picture.name == "x.png"
    assert said[:3] == [
        f"user: [x.png] {problem.history[0].text}", f"assistant: {problem.history[1].text}", f"user: {problem.prompt[0]}",
    ]  # fmt: skip


def test_without_a_history_a_problem_is_one_turn() -> None:
    problem = get("hops").sample(random.Random(0), 1, "train")
    assert prompt_messages(problem) == [Message("user", problem.prompt)]
