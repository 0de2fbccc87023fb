"""From a world's problem to a training example: token ids, which of them are targets, and patches.

An example is a prefix (system turn and pictures) and one or more branches (a question and its worked solution
each). Branches share the prefix and do not see each other, so a picture is rendered, encoded and computed once
and asked about several times, every time as if first.
"""

from __future__ import annotations

import bisect
import random
from dataclasses import dataclass, field

import numpy as np

from favilla.chat.encode import EncodedChat, EncodedPicture, encode_chat
from favilla.chat.images import ImageProcessor
from favilla.chat.messages import ImagePart, Message
from favilla.chat.tokenizer import Tokenizer
from favilla.worlds.base import Family, Problem, Split, Style
from favilla.worlds.marks import Mark
from favilla.worlds.practice import FREE, practice_word

# How much thinking each effort level asks for; xhigh is the steps style too, with more room.
STYLE_OF_EFFORT: dict[str, Style] = {"low": "direct", "medium": "terse", "high": "steps", "xhigh": "steps"}
EFFORTS = tuple(STYLE_OF_EFFORT)


@dataclass(frozen=True)
class Task:
    """One entry of a mixture. For each of the mixture's stages: how often the family is drawn, and how often each of its
    levels (from level 1)."""

    family: Family
    weights: tuple[float, ...]
    levels: tuple[tuple[float, ...], ...]


@dataclass(frozen=True)
class Mixture:
    """What examples are drawn from.

    stages: numbers of the examples with which the second, third, ... stage begins (a curriculum); none: one stage.
    efforts: probability of each effort level. questions: at most that many questions about one picture.
    conversations: share of picture examples that are one conversation of several turns instead of branches.
    styles: how often each style of solution is shown, whatever the effort; empty: the effort decides (STYLE_OF_EFFORT).
    practice: words that each example brings along for practice in reading; they stand anywhere from example number
    `practice_grown` on, and leave their cells little by little before.
    """

    tasks: tuple[Task, ...]
    efforts: dict[str, float]
    questions: int = 1
    conversations: float = 0.0
    split: Split = "train"
    stages: tuple[int, ...] = ()
    practice: int = 0
    practice_grown: int = 0
    styles: dict[Style, float] = field(default_factory=dict)

    def stage(self, index: int) -> int:
        """The stage, from 0, that example number `index` belongs to."""
        return bisect.bisect_right(self.stages, index)


@dataclass(frozen=True)
class Picture:
    """encoded: uint8 patches and their grid; marks (K, 2): a patch in raster order, and a token that stands for what the
    patch shows."""

    encoded: EncodedPicture
    marks: np.ndarray


@dataclass(frozen=True)
class Example:
    """prefix: token ids without targets; branches: (ids, targets) each; pictures: in order; practice: pictures outside of
    the text, to read from."""

    family: str
    prefix: np.ndarray
    branches: tuple[tuple[np.ndarray, np.ndarray], ...]
    pictures: tuple[Picture, ...]
    practice: tuple[Picture, ...] = ()

    def __len__(self) -> int:
        return len(self.prefix) + sum(len(ids) for ids, _ in self.branches)

    @property
    def targets(self) -> int:
        """Tokens to predict; the first of a branch has nothing to be predicted from."""
        return sum(int(targets[1:].sum()) for _, targets in self.branches)


def prompt_messages(problem: Problem) -> list[Message]:
    """The turns that pose a problem: its history, and the user's last one."""
    return [*problem.history, Message("user", problem.prompt)]


def solution_message(problem: Problem, style: Style) -> Message:
    """The assistant turn that solves it in a style."""
    solution = problem.solutions[style]
    return Message("assistant", (solution.answer,), thinking=solution.thinking or None)


def draw_problems(mixture: Mixture, rng: random.Random, index: int) -> list[Problem]:
    """The problem of example `index` and, where the family has more to ask about the same picture, further questions."""
    stage = mixture.stage(index)
    task = rng.choices(mixture.tasks, [task.weights[stage] for task in mixture.tasks])[0]
    level = rng.choices(range(1, len(task.levels[stage]) + 1), task.levels[stage])[0]
    problems = [task.family.sample(rng, level, mixture.split)]
    while len(problems) < mixture.questions and (more := task.family.follow_up(rng, problems[-1])) is not None:
        problems.append(more)
    return problems


def make_example(
    mixture: Mixture, tokenizer: Tokenizer, processor: ImageProcessor, seed: int, index: int, max_tokens: int
) -> Example | None:
    """Example number `index` of the stream `seed`; None when even one question exceeds `max_tokens`."""
    rng = random.Random(f"{seed}/{index}")
    problems = draw_problems(mixture, rng, index)
    effort = rng.choices(list(mixture.efforts), list(mixture.efforts.values()))[0]
    style = STYLE_OF_EFFORT[effort]
    if mixture.styles:
        style = rng.choices(list(mixture.styles), list(mixture.styles.values()))[0]
    in_turns = rng.random() < mixture.conversations
    # What a history answers it answers without thinking, whatever the effort: that is no model for the model.
    given = [len(p.history) for p in problems]
    if problems[0].history:
        conversations = [[*prompt_messages(p), solution_message(p, style)] for p in problems]
    elif in_turns:
        turns = [turn for p in problems for turn in (*prompt_messages(p), solution_message(p, style))]
        conversations = [turns]
    else:
        pictures = tuple(part for part in problems[0].prompt if isinstance(part, ImagePart))
        conversations = [[*prompt_messages(problems[0]), solution_message(problems[0], style)]]
        if problems[0].prompt[: len(pictures)] == pictures:
            for p in problems[1:]:
                conversations.append([Message("user", pictures + p.prompt), solution_message(p, style)])
    encoded: list[EncodedChat] = []
    for turns, said in zip(conversations, given, strict=False):
        # The same pictures again: no need to resize and cut them another time.
        at_hand = encoded[0].pictures if encoded else None
        encoded.append(encode_chat(tokenizer, processor, turns, effort=effort, pictures=at_hand, given=said))
    marks = problems[0].marks if len(encoded[0].pictures) == 1 else ()
    marked = [marked_picture(tokenizer, picture, marks) for picture in encoded[0].pictures]
    practice = []
    for _ in range(mixture.practice):
        off = FREE * min(1.0, index / mixture.practice_grown) if mixture.practice_grown else FREE
        image, signs = practice_word(rng, off)
        practice.append(marked_picture(tokenizer, processor.patches(image), signs))
    return branch(problems[0].family, encoded, max_tokens, tuple(marked), tuple(practice))


def marked_picture(tokenizer: Tokenizer, encoded: EncodedPicture, marks: tuple[Mark, ...]) -> Picture:
    """A picture with its marks as (patch, token), a label of several tokens as several marks."""
    _, (rows, columns) = encoded
    places = [
        (min(int(mark.y * rows), rows - 1) * columns + min(int(mark.x * columns), columns - 1), token)
        for mark in marks
        for token in tokenizer.encode(mark.label)
    ]
    return Picture(encoded, np.asarray(places, dtype=np.int64).reshape(-1, 2))


def branch(
    family: str,
    encoded: list[EncodedChat],
    max_tokens: int,
    pictures: tuple[Picture, ...],
    practice: tuple[Picture, ...] = (),
) -> Example | None:
    """Split encoded conversations into what they share and their branches, as many as fit `max_tokens`."""
    ids = [np.asarray(e.ids) for e in encoded]
    shared = 0
    if len(ids) > 1:
        shortest = min(len(i) for i in ids)
        same = np.logical_and.reduce([i[:shortest] == ids[0][:shortest] for i in ids[1:]])
        shared = shortest if same.all() else int(same.argmin())
        # A target must follow a token of its own branch.
        shared = min([shared] + [int(np.argmax(e.targets)) - 1 for e in encoded if any(e.targets)])
    branches, room = [], max_tokens - shared
    for e, i in zip(encoded, ids, strict=True):
        if len(i) - shared <= room:
            branches.append((i[shared:].astype(np.int32), np.asarray(e.targets)[shared:]))
            room -= len(i) - shared
    if not branches:
        return None
    return Example(family, ids[0][:shared].astype(np.int32), tuple(branches), pictures, practice)
