"""Second turns of a conversation about a picture (picture in the first turn): "And the second largest?", "And blue ones?".

A chart, a table or shapes are asked about; that question and its right answer are the problem's history, and the problem is an
elliptical question about the same picture. Level n takes scenes of level n of `charts`, `tables` and `counting` (see there).
The working begins with the question in full.

Answers: those of the three families: integers, names, colours, counts.
"""

from __future__ import annotations

import random
from typing import Any

from favilla.chat.messages import ImagePart, Message
from favilla.worlds.base import Family, Problem, Solution, Split, Verdict
from favilla.worlds.charts import Charts
from favilla.worlds.counting import Counting
from favilla.worlds.ellipsis import balanced_pair, pairs
from favilla.worlds.ellipsis_wordings import ELLIPSES
from favilla.worlds.phrasing import pick
from favilla.worlds.scenes import SceneFamily, key_of, strategy_of
from favilla.worlds.tables import Tables

SOURCES: dict[str, SceneFamily] = {"charts": Charts(), "counting": Counting(), "tables": Tables()}


class FollowUps(Family):
    """Elliptical questions after a first one; see the module's docstring for levels and answers.

    Verdict: as that of the families of pictures (`scenes.SceneFamily`).
    """

    name = "follow_ups"
    levels = 4
    pictures = True

    def sample(self, rng: random.Random, level: int, split: Split) -> Problem:
        while True:
            # Every source has its own share, whatever its scenes allow to be asked.
            source = rng.choice(sorted(SOURCES))
            drawn = SOURCES[source].sample(rng, level, split)
            (picture,) = [part for part in drawn.prompt if isinstance(part, ImagePart)]
            problem = self._ask(
                rng, drawn, {"source": source, "scene": drawn.facts["scene"], "picture": picture, "asked": []}
            )
            if problem is not None:
                return problem

    def follow_up(self, rng: random.Random, problem: Problem) -> Problem | None:
        """Another first and second question about the same picture."""
        return self._ask(rng, problem, problem.facts)

    def _ask(self, rng: random.Random, drawn: Problem, facts: dict[str, Any]) -> Problem | None:
        family, scene, asked = SOURCES[facts["source"]], facts["scene"], facts["asked"]
        found = pairs(rng, family, scene, family.questions(rng, scene, drawn.level))
        found = [pair for pair in found if (pair.ellipsis, pair.asked) not in asked]
        if not found:
            return None
        pair = balanced_pair(rng, found)
        first, second = pair.first, pair.second
        opening = pick(rng, drawn.split, family.phrasings[first.kind], family.test_phrasings[first.kind]).format(
            **first.slots
        )
        question = pick(rng, drawn.split, *ELLIPSES[pair.ellipsis]).format(**pair.gaps)
        return Problem(
            self.name, drawn.level, drawn.split, (question,), second.answer,
            {
                "direct": Solution("", second.answer),
                "terse": Solution(f"{pair.asked} {second.terse}", second.answer),
                "steps": Solution(f"{pair.asked}\n{second.steps}", second.answer),
            },
            drawn.instance,
            {
                **facts, "first": (first.kind, first.slots, first.answer), "kind": second.kind, "slots": second.slots,
                "ellipsis": pair.ellipsis, "asked": [*asked, (pair.ellipsis, pair.asked)],
            },
            drawn.marks,
            (Message("user", (facts["picture"], opening)), Message("assistant", (first.answer,))),
        )  # fmt: skip

    def verify(self, problem: Problem, text: str, thinking: str = "") -> Verdict:
        answer = text.strip()
        return Verdict(answer == problem.answer, answer or None, key_of(thinking), strategy_of(thinking))
