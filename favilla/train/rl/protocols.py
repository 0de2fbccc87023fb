"""What the trainer is given from outside: prompts, rollouts and rewards.

The trainer knows no tools, judges or teams of agents. Whatever makes samples returns what the policy read and what it wrote;
whatever judges them returns a number. `pool`, `rollout` and `reward` have what the built-in tasks need.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from favilla.chat.encode import EncodedChat
from favilla.chat.messages import Message


@dataclass(frozen=True)
class Prompt:
    """A question to practise on.

    family, level: what it is counted under. effort: reasoning strength that is asked for. budget: tokens that the prompt
    tells the model to keep to, None for none. penalty: multiple of the recipe's length coefficient that holds here.
    key: who it is in its source, for `Prompts.learn`. task: what the reward needs to judge a sample.
    """

    family: str
    level: int
    messages: tuple[Message, ...]
    effort: str | None = "high"
    budget: int | None = None
    penalty: float = 1.0
    key: str = ""
    task: Any = None


@dataclass(frozen=True)
class Passage:
    """Something that the policy wrote in one go.

    context: what it had read, as encoded with a generation prompt; samples that share one should share the object, so that it
    is computed once. ids: what follows. logprobs: the sampler's, of each, under the plain softmax. chosen: False at
    tokens that were put there (by a budget, a tool), which are read but not learned; logprobs there are any finite number.
    """

    context: EncodedChat
    ids: tuple[int, ...]
    logprobs: tuple[float, ...]
    chosen: tuple[bool, ...]


@dataclass(frozen=True)
class Sample:
    """One attempt: all that the policy wrote for it, one passage or several (turns with tools, several agents), and how it
    reads. finished: it ended of itself and called nobody."""

    passages: tuple[Passage, ...]
    answer: str
    thinking: str | None
    thinking_tokens: int
    finished: bool

    @property
    def length(self) -> int:
        """Tokens that the policy chose. All of them, so that thoughts cannot hide from a penalty."""
        return sum(sum(passage.chosen) for passage in self.passages)


@dataclass(frozen=True)
class Score:
    """reward: 0 .. 1 for the task alone, without any length. correct: counts as solved. parsed: the answer can be read at
    all. strategy, solution: as in `worlds.base.Verdict`."""

    reward: float
    correct: bool
    parsed: bool = True
    strategy: str | None = None
    solution: str | None = None


class Rollouts(Protocol):
    """Draws n samples a prompt from the policy as it is now; the same for the same seeds (one a prompt)."""

    def __call__(self, prompts: Sequence[Prompt], n: int, seeds: Sequence[int]) -> list[list[Sample]]: ...


class Reward(Protocol):
    """Judges all samples of one prompt, so that a judge may compare them."""

    def __call__(self, prompt: Prompt, samples: Sequence[Sample]) -> list[Score]: ...


class Prompts(Protocol):
    """Where prompts come from. The same on every rank, so what it does may depend on nothing but its arguments."""

    def draw(self, step: int, count: int) -> list[Prompt]:
        """The prompts of a step; fewer when there are not enough left."""
        ...

    def learn(self, prompts: Sequence[Prompt], pass_rates: Sequence[float]) -> None:
        """Take note of how often each was solved."""
        ...

    def state(self) -> dict[str, Any]:
        """All that decides its future, in plain types."""
        ...

    def restore(self, state: dict[str, Any]) -> None: ...


@dataclass(frozen=True)
class Group:
    """A prompt with its samples and their scores."""

    prompt: Prompt
    samples: list[Sample]
    scores: list[Score] = field(default_factory=list)
