"""Pictures with a twin in text: the same facts and the same question, once drawn and once told in words.

The facts, the question and its wording are drawn first from the given `rng`, everything about looks afterwards, so that
for the same seed both twins pose the same problem. A family of pictures inherits from `Drawn`; its twin from `Told` and
from it: `class ClocksText(Told, Clocks)`.
"""

from __future__ import annotations

import json
import random
from abc import abstractmethod
from dataclasses import replace
from typing import Any

from favilla.chat.messages import ImagePart
from favilla.worlds.base import Problem, Solution, Split, Verdict, draw_in_split
from favilla.worlds.scenes import Question, Scene, SceneFamily, key_of


class Drawn(SceneFamily):
    """A family of pictures that has a twin in text. topic: what the instances of both twins begin with."""

    topic: str

    @abstractmethod
    def transcript(self, scene: Scene) -> str:
        """What there is to see, written down in reading order: the opening of the picture family's "steps"."""

    @abstractmethod
    def tell(self, rng: random.Random, scene: Scene, level: int) -> str:
        """The same facts in words, for the twin."""

    def instance(self, scene: Scene) -> str:
        facts = {key: value for key, value in scene.items() if not key.startswith("_")}
        return f"{self.topic}: {json.dumps(facts, separators=(',', ':'))}"

    def pose(self, rng: random.Random, level: int, split: Split) -> Problem:
        """Facts and question, as both twins draw them; nothing shown yet."""
        scene = draw_in_split(lambda: self.scene(rng, level, split), self.instance, split)
        return self._ask(rng, scene, self.questions(rng, scene, level), level, split, (), [])

    def sample(self, rng: random.Random, level: int, split: Split) -> Problem:
        problem = self.pose(rng, level, split)
        scene = problem.facts["scene"]
        image = self.render(rng, scene, level)
        return replace(problem, prompt=(ImagePart(image), *problem.prompt), marks=tuple(scene["_marks"]))

    def _ask(self, rng: random.Random, scene: Scene, *args: Any) -> Problem:
        problem = super()._ask(rng, scene, *args)
        steps = problem.solutions["steps"]
        thinking = self._opening(scene) + steps.thinking
        return replace(problem, solutions={**problem.solutions, "steps": Solution(thinking, steps.answer)})

    def _opening(self, scene: Scene) -> str:
        return f"{self.transcript(scene)}\n"


class Told(Drawn):
    """The twin in text of the `Drawn` family that a class inherits from beside it.

    Verdict: `strategy` is "direct" without thinking, "stepwise" for workings of several lines, else "pick".
    """

    pictures = False

    def sample(self, rng: random.Random, level: int, split: Split) -> Problem:
        problem = self.pose(rng, level, split)
        told, (question,) = self.tell(rng, problem.facts["scene"], level), problem.prompt
        words = f"{told}\n{question}" if rng.random() < 0.75 else f"{question}\n{told}"
        return replace(problem, prompt=(words,))

    def follow_up(self, rng: random.Random, problem: Problem) -> Problem | None:
        return None

    def verify(self, problem: Problem, text: str, thinking: str = "") -> Verdict:
        answer, lines = self.canonical(text.strip()), thinking.strip()
        strategy = "stepwise" if "\n" in lines else "pick" if lines else "direct"
        return Verdict(answer == problem.answer, answer or None, key_of(thinking), strategy)

    def _opening(self, scene: Scene) -> str:
        return ""


def ended(kind: str, slots: dict[str, str], answer: str, terse: str, steps: str) -> Question:
    """A question whose "steps" end by saying the answer."""
    return Question(kind, slots, answer, terse, f"{steps}\nCheck: {answer}")
