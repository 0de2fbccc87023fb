"""Limits with a picture: questions about photographs, and questions that a picture does not answer.

Level 1: short questions about a picture that looks like a photograph. Level 2: also where, when, who, and other languages.
Level 3: near misses, worded as the families word theirs ("How many people are in this photo?"). Level 4: longer requests. From
level 3 on, half of the pictures are those of another family (shapes, a table, icons), asked what only a reader of minds or of
books could say.

The answer is always `limits.REFUSAL`; see there how it is counted.
"""

from __future__ import annotations

import random

from favilla.chat.messages import ImagePart, Part
from favilla.worlds.base import Family, Problem, Split, Verdict, draw_in_split
from favilla.worlds.counting import Counting
from favilla.worlds.drawing import canvas_size
from favilla.worlds.icons import Icons
from favilla.worlds.limits import REFUSAL, ask, judged, refused
from favilla.worlds.limits_prompts import ABOUT_TEST, ABOUT_TRAIN, PHOTO_TEST, PHOTO_TRAIN
from favilla.worlds.photo_like import KINDS, photo_like
from favilla.worlds.rewording import reworded
from favilla.worlds.tables import Tables

# level: (low, high) of a side in pixels, most image tokens
SIZES = {1: ((84, 140), 25), 2: ((84, 182), 36), 3: ((112, 252), 64), 4: ((140, 308), 100)}
OTHERS: dict[str, Family] = {"shapes": Counting(), "table": Tables(), "icons": Icons()}


class LimitsPictures(Family):
    """Questions outside, with a picture; see the module's docstring for levels and answers.

    Verdict: as that of `limits`.
    """

    name = "limits_pictures"
    levels = 4
    pictures = True
    refusals = True

    def sample(self, rng: random.Random, level: int, split: Split) -> Problem:
        """The picture is the instance: all questions about one stay in its split."""
        if level >= 3 and rng.random() < 0.5:
            seen = rng.choice(sorted(OTHERS))
            drawn = OTHERS[seen].sample(rng, rng.randint(1, 2), split)
            return self._problem(rng, level, split, drawn.prompt[:1], seen, drawn.instance)
        kind, number = draw_in_split(lambda: (rng.choice(KINDS), rng.randrange(10**6)), self._instance, split)
        (low, high), tokens = SIZES[level]
        looks = random.Random(number)
        picture = ImagePart(photo_like(looks, kind, *canvas_size(looks, low, high, tokens)))
        return self._problem(rng, level, split, (picture,), "photo", self._instance((kind, number)))

    def _instance(self, photo: tuple[str, int]) -> str:
        return f"{self.name}: {photo[0]} {photo[1]}"

    def follow_up(self, rng: random.Random, problem: Problem) -> Problem | None:
        return self._problem(rng, problem.level, problem.split, (), problem.facts["seen"], problem.instance)

    def _problem(
        self, rng: random.Random, level: int, split: Split, picture: tuple[Part, ...], seen: str, instance: str
    ) -> Problem:
        about = (PHOTO_TRAIN[level], PHOTO_TEST[level]) if seen == "photo" else (ABOUT_TRAIN, ABOUT_TEST)
        topic, question, _ = ask(rng, split, *about)
        if split == "train":
            question = reworded(question, rng)
        solutions = refused(topic, f"picture: {seen}")
        facts = {"topic": topic, "seen": seen}
        return Problem(self.name, level, split, (*picture, question), REFUSAL, solutions, instance, facts)

    def verify(self, problem: Problem, text: str, thinking: str = "") -> Verdict:
        return judged(text, thinking)
