"""Limits: what lies outside is refused in one sentence, and nothing else is."""

from __future__ import annotations

import random
import re

import numpy as np
import pytest
from PIL import Image

from favilla.chat.messages import ImagePart
from favilla.worlds.base import Family, Split
from favilla.worlds.limits import REFUSAL, fill, is_refusal, nonsense
from favilla.worlds.limits_prompts import (
    ABOUT_TEST,
    ABOUT_TRAIN,
    FILLERS,
    PHOTO_TEST,
    PHOTO_TRAIN,
    TEST,
    TRAIN,
)
from favilla.worlds.photo_like import KINDS, photo_like
from favilla.worlds.registry import families, get

SPLITS: tuple[Split, ...] = ("train", "dev", "test")
BOTH = ("limits", "limits_pictures")


def wordings(*levels: dict[str, tuple[str, ...]]) -> list[str]:
    return [wording for topics in levels for part in topics.values() for wording in part]


def test_wordings_are_many_and_those_of_the_test_split_differ_in_topic_too() -> None:
    train, test = wordings(*TRAIN.values()), wordings(*TEST.values())
    assert len(set(train)) == len(train) >= 150
    assert len(set(test)) == len(test) >= 40
    photo_train = wordings(*PHOTO_TRAIN.values(), ABOUT_TRAIN)
    photo_test = wordings(*PHOTO_TEST.values(), ABOUT_TEST)
    assert len(set(photo_train)) == len(photo_train) >= 60 and len(set(photo_test)) >= 20
    for one, two in ((TRAIN, TEST), (PHOTO_TRAIN, PHOTO_TEST), ({0: ABOUT_TRAIN}, {0: ABOUT_TEST})):
        topics = [{topic for level in part.values() for topic in level} for part in (one, two)]
        assert not topics[0] & topics[1]
    assert not set(train + photo_train) & set(test + photo_test)


def test_every_gap_is_filled_and_all_signs_are_latin() -> None:
    rng = random.Random(0)
    for wording in wordings(
        *TRAIN.values(), *TEST.values(), *PHOTO_TRAIN.values(), *PHOTO_TEST.values(), ABOUT_TRAIN, ABOUT_TEST
    ):
        assert set(re.findall(r"(?<!\{)\{(\w+)\}(?!\})", wording)) <= {*FILLERS, "nonsense"}
        for _ in range(5):
            text = fill(rng, wording)
            text.encode("latin-1")
            assert not re.search(r"\{(country|name|n|v|city\d?|thing\d?)\}", text)
            assert not re.search(r"\b[Aa] [aeiou]\w", text), text
            assert text.count("{") == wording.count("{{")
    assert len(set(re.findall(r"\w+", fill(rng, "p: {v} {v} {{{v}}}"))) - {"p"}) == 1


def test_articles_fit() -> None:
    class Last(random.Random):
        def choice(self, seq):  # type: ignore[no-untyped-def]
            return "octopus"

    assert fill(Last(), "A {animal} and a {animal} in {city}.") == "An octopus and an octopus in octopus."


@pytest.mark.parametrize("name", BOTH)
def test_half_of_the_test_split_is_about_topics_of_its_own(name: str) -> None:
    family = get(name)
    train_topics = {topic for part in (*TRAIN.values(), *PHOTO_TRAIN.values(), ABOUT_TRAIN) for topic in part}
    for split in SPLITS:
        rng = random.Random(split)
        problems = [family.sample(rng, level, split) for level in (1, 2, 3, 4) for _ in range(60)]
        own = [problem.facts["topic"] not in train_topics for problem in problems]
        assert 0.35 < sum(own) / len(own) < 0.65 if split == "test" else not any(own)


def test_questions_of_the_splits_never_meet() -> None:
    asked: dict[str, set[str]] = {}
    for split in SPLITS:
        rng = random.Random(3)
        problems = [get("limits").sample(rng, level, split) for level in (1, 2, 3, 4) for _ in range(300)]
        asked[split] = {problem.instance.split(": ", 1)[1] for problem in problems}
        for problem in problems:
            core = problem.instance.split(": ", 1)[1].split(" | held out")[0]
            assert str(problem.prompt[0]).endswith(core)
    assert not asked["train"] & asked["test"] and not asked["train"] & asked["dev"] and not asked["dev"] & asked["test"]
    assert len(asked["train"]) > 800


def test_only_the_sentence_is_a_refusal() -> None:
    assert is_refusal(REFUSAL) and is_refusal(f"\n {REFUSAL.lower()} ") and is_refusal(REFUSAL[:-1])
    for text in (
        "",
        "7",
        "outside",
        f"{REFUSAL} Sorry.",
        f"No. {REFUSAL}",
        REFUSAL.replace("my", "your"),
        "\ud800",
        "9" * 10_000,
    ):
        assert not is_refusal(text)
    assert len(REFUSAL) < 40 and REFUSAL.isascii()


@pytest.mark.parametrize("name", [name for name, family in families().items() if not family.refusals])
def test_no_other_family_takes_a_refusal(name: str) -> None:
    family = get(name)
    rng = random.Random(1)
    for level in (1, min(3, family.levels)):
        problem = family.sample(rng, level, "train")
        assert not family.verify(problem, REFUSAL).correct
        assert not is_refusal(problem.answer)


@pytest.mark.parametrize("name", BOTH)
def test_cheats_do_not_pass(name: str) -> None:
    family: Family = get(name)
    assert family.refusals
    problem = family.sample(random.Random(0), 3, "train")
    for text in (
        REFUSAL[:-1],
        REFUSAL.lower(),
        f"{REFUSAL} 7",
        f"7. {REFUSAL}",
        REFUSAL.replace(" ", "  "),
        REFUSAL * 2,
    ):
        assert not family.verify(problem, text).correct
    assert family.verify(problem, REFUSAL, "topic: history").solution_key == "topic history"
    assert family.verify(problem, REFUSAL).strategy == "direct"


def test_nonsense_is_no_word() -> None:
    rng = random.Random(0)
    drawn = [nonsense(rng) for _ in range(300)]
    assert len(set(drawn)) > 290
    assert not set(drawn) & {word for words in FILLERS.values() for word in words}


@pytest.mark.parametrize("kind", KINDS)
def test_photographs_are_of_nothing_but_not_flat(kind: str) -> None:
    """No large patch of one colour, as drawings have, and not the same twice."""
    seen = []
    for seed in range(6):
        image = photo_like(random.Random(seed), kind, 112, 84)
        assert image.size == (112, 84) and image.mode == "RGB"
        assert image.tobytes() == photo_like(random.Random(seed), kind, 112, 84).tobytes()
        pixels = np.asarray(image)
        colours, counts = np.unique(pixels.reshape(-1, 3), axis=0, return_counts=True)
        assert len(colours) > 250 and counts.max() < 0.2 * pixels.shape[0] * pixels.shape[1]
        seen.append(pixels.mean((0, 1)))
    assert np.std(seen, axis=0).max() > 8


def test_pictures_of_other_families_stay_in_their_split() -> None:
    for split in SPLITS:
        rng = random.Random(5)
        drawn = [get("limits_pictures").sample(rng, 4, split) for _ in range(30)]
        seen = {problem.facts["seen"] for problem in drawn}
        assert {"photo", "shapes", "table", "icons"} <= seen
        for problem in drawn:
            start = {"photo": "limits_pictures: ", "shapes": "counting: ", "table": "tables: ", "icons": "icons: "}
            assert problem.instance.startswith(start[problem.facts["seen"]])
            picture, question = problem.prompt
            assert (
                isinstance(picture, ImagePart) and isinstance(picture.image, Image.Image) and isinstance(question, str)
            )
