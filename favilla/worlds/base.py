"""What a world is: problems over text and pictures whose answers can be checked exactly.

A family draws an *instance* (the facts of one problem), decides from the instance's hash which split it
belongs to, renders prompt and pictures, works out the solution, and later judges an answer.
"""

from __future__ import annotations

import hashlib
import random
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

from favilla.chat.messages import Message, Part
from favilla.worlds.marks import Mark

Split = Literal["train", "dev", "test"]
Style = Literal["direct", "terse", "steps"]
STYLES: tuple[Style, ...] = ("direct", "terse", "steps")

T = TypeVar("T")


@dataclass(frozen=True)
class Solution:
    """One worked solution: `thinking` (empty for the direct style) and the final `answer` text."""

    thinking: str
    answer: str


@dataclass(frozen=True)
class Problem:
    """One verifiable task.

    prompt: text and pictures in reading order.
    answer: the canonical answer.
    solutions: a worked solution per style.
    instance: canonical text of the facts behind the problem; its hash decides the split.
    facts: whatever the family needs to verify an answer or to ask again about the same picture.
    marks: what stands where in the picture, if there is exactly one and the family says so.
    history: earlier turns of the conversation that the prompt goes on with, its picture among them; all problems asked again
    about a picture have the same one in it, or none has any.
    """

    family: str
    level: int
    split: Split
    prompt: tuple[Part, ...]
    answer: str
    solutions: dict[Style, Solution]
    instance: str
    facts: dict[str, Any] = field(default_factory=dict)
    marks: tuple[Mark, ...] = ()
    history: tuple[Message, ...] = ()

    @property
    def parts(self) -> tuple[Part, ...]:
        """Everything that is shown and said to the model, the history included."""
        return (*(part for message in self.history for part in message.parts), *self.prompt)


@dataclass(frozen=True)
class Verdict:
    """Outcome of checking one answer.

    correct: the whole answer is right, nothing else beside it.
    parsed: the canonical reading of the answer, None if it could not be read.
    solution_key: equal for solutions that are the same up to wording; None if there is no thinking to key.
    strategy: the family's name for how the thinking went about it; None if there is none to see.
    """

    correct: bool
    parsed: str | None
    solution_key: str | None = None
    strategy: str | None = None


def split_of(instance: str) -> Split:
    """The split an instance belongs to, from its hash alone: 10 % test, 5 % dev, the rest train."""
    bucket = int.from_bytes(hashlib.sha256(instance.encode()).digest()[:8], "big") % 100
    return "test" if bucket < 10 else "dev" if bucket < 15 else "train"


def draw_in_split(draw: Callable[[], T], instance_of: Callable[[T], str], split: Split, tries: int = 10_000) -> T:
    """Draw instances until one falls into `split`. Raises RuntimeError when the space holds none."""
    for _ in range(tries):
        drawn = draw()
        if split_of(instance_of(drawn)) == split:
            return drawn
    raise RuntimeError(f"no instance of split {split!r} in {tries} draws: the instance space is too small")


class Family(ABC):
    """A family of problems. Stateless: everything random comes from the given `rng`.

    twin: the family that poses the same problems in the other modality, text or picture: for the same `rng`, level and
    split both give the same instance and the same answer.
    refusals: every right answer is the one sentence that says that the question lies outside of what is taught. There, and
    only there, a constant answer is always right.
    """

    name: str
    levels: int
    pictures: bool = False
    twin: str | None = None
    refusals: bool = False

    @abstractmethod
    def sample(self, rng: random.Random, level: int, split: Split) -> Problem:
        """Draw one problem of `level` (1 .. levels) that belongs to `split`."""

    @abstractmethod
    def verify(self, problem: Problem, text: str, thinking: str = "") -> Verdict:
        """Judge the final answer `text` (and key the `thinking` that led to it). Strict: anything
        beside the answer makes it wrong; surrounding whitespace does not. Never raises on any text."""

    def follow_up(self, rng: random.Random, problem: Problem) -> Problem | None:
        """Another question about the same picture (its prompt holds none; a history does), or None."""
        return None


def draw_distinct(family: Family, rng: random.Random, level: int, split: Split, n: int) -> list[Problem]:
    """n different problems, or as many as 20 n draws give."""
    problems: dict[str, Problem] = {}
    for _ in range(20 * n):
        problem = family.sample(rng, level, split)
        problems.setdefault(problem.instance, problem)
        if len(problems) == n:
            break
    return list(problems.values())


def numbered(family: Family, level: int, split: Split, seed: int, number: int) -> Problem:
    """Problem `number` of an endless series, the same for the same seed. Some may be equal."""
    return family.sample(random.Random(f"{seed}/{family.name}/{level}/{split}/{number}"), level, split)
