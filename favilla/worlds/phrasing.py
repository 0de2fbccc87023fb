"""The choice of words for a prompt: some wordings are kept for the test split only."""

from __future__ import annotations

import random
from collections.abc import Sequence

from favilla.worlds.base import Split


def pick(rng: random.Random, split: Split, phrasings: Sequence[str], test_phrasings: Sequence[str]) -> str:
    """One wording of a question, drawn with `rng`.

    Outside the test split every wording comes from `phrasings`. In the test split half of the draws come from
    `test_phrasings`, which no model has been trained on, so that the test also measures whether the question was
    understood rather than its wording recognised. With no test wordings, every draw comes from `phrasings`.
    """
    # Both draws are always made, so that a problem's later draws do not depend on the split.
    held_out = rng.random() < 0.5
    position = rng.random()
    choices = test_phrasings if split == "test" and held_out and test_phrasings else phrasings
    return choices[int(position * len(choices))]
