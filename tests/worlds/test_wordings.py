"""Wordings: many for training, none of them a held-out one in light disguise, and no word that is also data."""

from __future__ import annotations

import difflib
import itertools
import random
import re

import pytest

from favilla.worlds import arithmetic, hops, list_operations, lists
from favilla.worlds.phrasing import combined, widened
from favilla.worlds.registry import get
from favilla.worlds.scenes import SceneFamily
from favilla.worlds.words import WORDS

Wordings = dict[str, tuple[tuple[str, ...], tuple[str, ...]]]


def operations() -> Wordings:
    rng, out = random.Random(1), {}
    for maker in list_operations.OPERATIONS:
        for kind in maker.kinds:
            items = (1, 2, 3, 4, 5, 6) if kind == "numbers" else ("qx", "qy", "qz", "qw", "qv", "qu")
            operation = maker.make(rng, items, kind)
            out[f"{operation.key} {kind}"] = (operation.phrasings, operation.test_phrasings)
    return out


QUESTIONS: dict[str, Wordings] = {
    "arithmetic": {
        "expression": (arithmetic.PHRASINGS, arithmetic.TEST_PHRASINGS),
        "story": (arithmetic.STORY_PHRASINGS, arithmetic.STORY_TEST_PHRASINGS),
    },
    "hops": {"walk": (hops.PHRASINGS, hops.TEST_PHRASINGS)},
    "lists": {"frame": (lists.PHRASINGS, lists.TEST_PHRASINGS)},
}
for name in ("counting", "charts", "tables", "screens", "digits", "reading"):
    family = get(name)
    assert isinstance(family, SceneFamily)
    QUESTIONS[name] = {kind: (train, family.test_phrasings[kind]) for kind, train in family.phrasings.items()}


def words(text: str) -> list[str]:
    return re.findall(r"[a-z]+|\{\w+\}", text.lower())


@pytest.mark.parametrize("name", QUESTIONS)
def test_every_question_is_asked_in_thirty_ways(name: str) -> None:
    for kind, (train, held_out) in QUESTIONS[name].items():
        assert len(set(train)) == len(train) >= 30, kind
        assert held_out
        assert all(text.strip() == text and "  " not in text for text in train if name != "hops"), kind


def test_every_operation_on_lists_is_asked_for_in_eight_ways() -> None:
    for key, (train, held_out) in operations().items():
        assert len(set(train)) == len(train) >= 8, key
        assert held_out


@pytest.mark.parametrize("name", [*QUESTIONS, "operations"])
def test_no_training_wording_is_nearly_a_held_out_one(name: str) -> None:
    for kind, (train, held_out) in (operations() if name == "operations" else QUESTIONS[name]).items():
        for kept, usual in itertools.product(held_out, train):
            alike = difflib.SequenceMatcher(None, words(kept), words(usual), autojunk=False).ratio()
            assert alike < 0.85, (kind, kept, usual)
            assert kept.lower() not in usual.lower(), (kind, kept, usual)


@pytest.mark.parametrize("name", ["arithmetic", "hops", "lists", "operations"])
def test_no_word_of_a_wording_is_data(name: str) -> None:
    for train, held_out in (operations() if name == "operations" else QUESTIONS[name]).values():
        assert not {word for text in (*train, *held_out) for word in words(text)} & set(WORDS)


def test_combined_is_every_choice() -> None:
    assert combined(("a ", ""), ("x", "y")) == ("a x", "a y", "x", "y")


def test_widened_keeps_the_questions_and_dresses_each_twice() -> None:
    questions = tuple(f"Question {number}?" for number in range(60))
    all_of_them = widened(questions, ("A ", "B ", "C "), (" D", " E"))
    assert all_of_them[:60] == questions
    dressed = all_of_them[60:]
    assert len(set(dressed)) == 120
    assert all(sum(question in text for text in dressed) == 2 for question in questions)
    for part in ("A ", "B ", "C ", " D", " E"):
        assert sum(part in text for text in dressed) >= 20
    assert not set(dressed) & set(questions)
