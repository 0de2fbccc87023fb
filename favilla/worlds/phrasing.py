"""The choice of words for a prompt: some wordings are kept for the test split only."""

from __future__ import annotations

import itertools
import random
from collections.abc import Sequence

from favilla.worlds.base import Split
from favilla.worlds.rewording import reworded

# What may stand around any question. It asks for nothing: it is there so that a question must be found, wherever it stands.
OPENINGS = (
    "Hello. ", "Hi! ", "A question: ", "Task: ", "Next one. ", "Think first. ", "Careful here. ", "For school: ", "OK. ",
    "Well then. ", "We need to know this. ", "Good morning. ", "Exercise: ", "Let us try this. ", "A short one. ", "Ready? ",
    "This should be easy. ",
)  # fmt: skip
CLOSINGS = (
    " Thanks.", " Thank you!", " Please.", " Step by step.", " Be exact.", " Take your time.", " No hurry.", " I am not sure.",
    " One answer.", " It matters.", " Nothing else.", " Any idea?", " Work carefully.",
)  # fmt: skip
PICTURE_OPENINGS = (
    *OPENINGS,
    "Look at the picture. ",
    "About this picture: ",
    "See the image. ",
    "You see a picture. ",
)


def pick(rng: random.Random, split: Split, phrasings: Sequence[str], test_phrasings: Sequence[str]) -> str:
    """One wording of a question, drawn with `rng`.

    Outside the test split every wording comes from `phrasings`. In the test split half of the draws come from
    `test_phrasings`, which no model has been trained on, so that the test also measures whether the question was
    understood rather than its wording recognised. With no test wordings, every draw comes from `phrasings`. In the training
    split most draws are said otherwise (`rewording`).
    """
    # Both draws are always made, so that a problem's later draws do not depend on the split.
    held_out = rng.random() < 0.5
    position = rng.random()
    choices = test_phrasings if split == "test" and held_out and test_phrasings else phrasings
    wording = choices[int(position * len(choices))]
    # The draw of the position is the seed of the rewording too: other splits make no draw for it.
    return reworded(wording, random.Random(position), test_phrasings) if split == "train" else wording


def combined(*parts: Sequence[str]) -> tuple[str, ...]:
    """Every choice of one text from each part, put together in order."""
    return tuple("".join(choice) for choice in itertools.product(*parts))


def widened(
    questions: Sequence[str], openings: Sequence[str] = OPENINGS, closings: Sequence[str] = CLOSINGS
) -> tuple[str, ...]:
    """The questions as they are, and twice as many with an opening, a closing or both around them.

    Openings and closings go round at paces of their own, so that none of them belongs to one question.
    """
    before, after = itertools.cycle(openings), itertools.cycle(closings)
    dressed = []
    for number, question in enumerate(question for question in questions for _ in range(2)):
        opening = next(before) if number % 3 != 1 else ""
        closing = next(after) if number % 3 != 0 else ""
        dressed.append(f"{opening}{question}{closing}")
    return (*questions, *dressed)
