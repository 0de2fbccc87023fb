"""Families that hold several kinds of technical drawings; each kind says what is drawn, told, asked and worked out."""

from __future__ import annotations

import json
import random
from abc import ABC, abstractmethod
from collections.abc import Sequence

from PIL import Image

from favilla.worlds.base import Split
from favilla.worlds.drawing import degrade
from favilla.worlds.drawn import Drawn
from favilla.worlds.scenes import Question, Scene
from favilla.worlds.sketch import NoRoomError, Sheet

# "#": what is wanted; "@": the same at the start of a sentence
FRAMES = (
    "What is #?", "Find #.", "Work out #.", "@?", "Calculate #.", "Give #.", "How much is #?", "Which number is #?",
    "Can you find #?", "@ is wanted.", "Determine #.", "I would like to know #.",
)  # fmt: skip
TEST_FRAMES = (
    "Tell me #.",
    "@ has been left out. What is it?",
    "Someone asks for #. What do you say?",
    "Please fill in #.",
)

# level: letter height
LETTERS = {1: (13, 15), 2: (12, 14), 3: (12, 13), 4: (11, 13)}


def wordings(things: Sequence[str], frames: Sequence[str] = FRAMES) -> tuple[str, ...]:
    """Each name of a thing in each frame."""
    return tuple(
        frame.replace("#", thing).replace("@", thing[0].upper() + thing[1:]) for thing in things for frame in frames
    )


def ended(kind: str, slots: dict[str, str], answer: int | str, terse: str, *lines: str) -> Question:
    """A question whose working ends with its answer once more."""
    steps = "\n".join([*lines, f"Check: {answer}"])
    return Question(kind, slots, str(answer), terse, steps)


class Diagram(ABC):
    """One kind of drawing.

    levels: where it is drawn; asks: kind of question -> (wordings, wordings of the test split); written: what of its transcript
    is written in the picture, as a regular expression.
    """

    name: str
    levels: tuple[int, ...] = (1, 2, 3, 4)
    asks: dict[str, tuple[tuple[str, ...], tuple[str, ...]]]
    written = r"\b(?:\d+|[A-Za-z])\b"

    @abstractmethod
    def facts(self, rng: random.Random, level: int) -> Scene:
        """What is to be seen, without looks."""

    @abstractmethod
    def transcript(self, scene: Scene) -> str:
        """What there is to see, shortly and in reading order."""

    @abstractmethod
    def tell(self, rng: random.Random, scene: Scene) -> str:
        """The same in words."""

    @abstractmethod
    def draw(self, rng: random.Random, scene: Scene, letters: int, grow: float) -> Sheet:
        """The same as a drawing, not yet labelled; grow: by how much it is larger than usual."""

    @abstractmethod
    def questions(self, rng: random.Random, scene: Scene, level: int) -> list[Question]:
        """What can be asked."""

    def same(self, scene: Scene) -> Scene:
        """The facts in an order that is the same for two scenes that differ in nothing but order."""
        return scene


class Diagrams(Drawn):
    """A family of several kinds of drawings."""

    levels = 4
    diagrams: tuple[Diagram, ...]

    def __init_subclass__(cls) -> None:
        if "diagrams" in cls.__dict__:
            asks = [(kind, words) for each in cls.diagrams for kind, words in each.asks.items()]
            cls.phrasings = {kind: train for kind, (train, _) in asks}
            cls.test_phrasings = {kind: test for kind, (_, test) in asks}
            assert all(cls.phrasings[kind] == train for kind, (train, _) in asks), "one name for two questions"

    def scene(self, rng: random.Random, level: int, split: Split) -> Scene:
        diagram = rng.choice([each for each in self.diagrams if level in each.levels])
        return {"kind": diagram.name, **diagram.facts(rng, level)}

    def instance(self, scene: Scene) -> str:
        facts = {key: value for key, value in self.diagram(scene).same(scene).items() if not key.startswith("_")}
        return f"{self.topic}: {json.dumps(facts, separators=(',', ':'))}"

    def diagram(self, scene: Scene) -> Diagram:
        return next(each for each in self.diagrams if each.name == scene["kind"])

    def transcript(self, scene: Scene) -> str:
        return self.diagram(scene).transcript(scene)

    def tell(self, rng: random.Random, scene: Scene, level: int) -> str:
        return self.diagram(scene).tell(rng, scene)

    def questions(self, rng: random.Random, scene: Scene, level: int) -> list[Question]:
        return self.diagram(scene).questions(rng, scene, level)

    def render(self, rng: random.Random, scene: Scene, level: int) -> Image.Image:
        letters = rng.randint(*LETTERS[level])
        for tries in range(60):
            try:
                sheet = self.diagram(scene).draw(rng, scene, letters, 1 + 0.03 * tries)
                image, scene["_marks"] = sheet.finish()
            except NoRoomError:
                continue
            return degrade(rng, image, (0.0, 0.2, 0.3, 0.5)[level - 1] * rng.random())
        raise AssertionError(f"labels of {scene} find no room on any sheet")
