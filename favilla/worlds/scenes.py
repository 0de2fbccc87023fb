"""What families of pictures have in common: a scene is drawn once and asked about in several ways.

The scene's facts alone decide the split, so all questions about a picture, and all its renderings, stay together.
"""

from __future__ import annotations

import json
import random
import re
from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from PIL import Image

from favilla.chat.messages import ImagePart
from favilla.worlds.base import Family, Problem, Solution, Split, Verdict, draw_in_split
from favilla.worlds.phrasing import pick

Scene = dict[str, Any]  # facts, as JSON would hold them; keys with an underscore: how they were drawn
# A remark that checks the answer, not the widget.
_CHECK = re.compile(r"\bcheck(?! box)", re.IGNORECASE)
_WORDS = re.compile(r"[a-z0-9]+")


@dataclass(frozen=True)
class Question:
    """One question about a scene.

    kind: which of the family's phrasings ask it; slots fill their places. terse, steps: the two styles of working.
    """

    kind: str
    slots: dict[str, str]
    answer: str
    terse: str
    steps: str


class SceneFamily(Family):
    """Families whose problem is a picture and a question; they say how to draw and what can be asked.

    phrasings, test_phrasings: wordings per kind of question, the second never used outside the test split.
    Verdict: `solution_key` is the thinking's words and numbers up to its check. `strategy` is "direct" without
    thinking, "transcribe" when the picture is written down line by line first, else "pick".
    """

    pictures = True
    phrasings: dict[str, tuple[str, ...]]
    test_phrasings: dict[str, tuple[str, ...]]

    @abstractmethod
    def scene(self, rng: random.Random, level: int, split: Split) -> Scene:
        """Draw the facts of a scene."""

    @abstractmethod
    def render(self, rng: random.Random, scene: Scene, level: int) -> Image.Image:
        """Draw a picture of the scene; may note in it as "_marks" what stands where, and more that its instance leaves out."""

    @abstractmethod
    def questions(self, rng: random.Random, scene: Scene, level: int) -> list[Question]:
        """Everything that can be asked, or a fair draw of it."""

    def instance(self, scene: Scene) -> str:
        """The scene's facts without where and how they are drawn. A family whose scenes can show the same facts in
        another order or dress says here what is the same."""
        facts = {key: value for key, value in scene.items() if not key.startswith("_")}
        return f"{self.name}: {json.dumps(facts, separators=(',', ':'))}"

    def sample(self, rng: random.Random, level: int, split: Split) -> Problem:
        scene = draw_in_split(lambda: self.scene(rng, level, split), self.instance, split)
        image = self.render(rng, scene, level)
        return self._ask(rng, scene, self.questions(rng, scene, level), level, split, (ImagePart(image),), [])

    def follow_up(self, rng: random.Random, problem: Problem) -> Problem | None:
        scene, asked = problem.facts["scene"], problem.facts["asked"]
        fresh = [q for q in self.questions(rng, scene, problem.level) if (q.kind, q.slots) not in asked]
        return self._ask(rng, scene, fresh, problem.level, problem.split, (), asked) if fresh else None

    def _ask(
        self, rng: random.Random, scene: Scene, questions: list[Question], level: int, split: Split,
        picture: tuple[ImagePart, ...], asked: list[tuple[str, dict[str, str]]],
    ) -> Problem:  # fmt: skip
        question = balanced(rng, questions)
        words = pick(rng, split, self.phrasings[question.kind], self.test_phrasings[question.kind])
        return Problem(
            self.name, level, split, (*picture, words.format(**question.slots)), question.answer,
            {
                "direct": Solution("", question.answer),
                "terse": Solution(question.terse, question.answer),
                "steps": Solution(question.steps, question.answer),
            },
            self.instance(scene),
            {
                "scene": scene, "kind": question.kind, "slots": question.slots,
                "asked": [*asked, (question.kind, question.slots)],
            },
            tuple(scene.get("_marks", ())),
        )  # fmt: skip

    def canonical(self, answer: str) -> str:
        """An answer in the form of `Problem.answer`, where a family lets one be written in several ways."""
        return answer

    def verify(self, problem: Problem, text: str, thinking: str = "") -> Verdict:
        answer = self.canonical(text.strip())
        return Verdict(answer == problem.answer, answer or None, key_of(thinking), strategy_of(thinking))


def balanced(rng: random.Random, questions: list[Question]) -> Question:
    """A question by kind, then by answer, then any: no kind and no answer is frequent because many questions have it."""
    kind = rng.choice(sorted({q.kind for q in questions}))
    answer = rng.choice(sorted({q.answer for q in questions if q.kind == kind}))
    return rng.choice([q for q in questions if (q.kind, q.answer) == (kind, answer)])


def winners(items: Sequence[tuple[str, int]], largest: bool, keep: int = 1) -> list[str]:
    """A line for each named value, with the `keep` best so far behind it: "Jun 4: Jun 4", "Nov 1: Jun 4".

    What is compared stands side by side, the last line's best and the new one. Of equal values the earlier one stays ahead.
    """
    lines, best = [], []  # type: list[str], list[tuple[str, int]]
    for item in items:
        best = sorted([*best, item], key=lambda one: -one[1] if largest else one[1])[:keep]
        lines.append(f"{item[0]} {item[1]}: {', '.join(f'{name} {value}' for name, value in best)}")
    return lines


def key_of(thinking: str) -> str | None:
    """Equal for workings with the same words and numbers before their check."""
    return " ".join(_WORDS.findall(_CHECK.split(thinking, maxsplit=1)[0].lower())) or None


def strategy_of(thinking: str) -> str:
    if not thinking.strip():
        return "direct"
    return "transcribe" if "\n" in thinking.strip() else "pick"
