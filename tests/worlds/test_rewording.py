"""Saying otherwise: what is asked stays, held-out wordings stay out, and nothing but training is touched."""

from __future__ import annotations

import random
import re
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from favilla.worlds import rewording
from favilla.worlds.phrasing import pick
from favilla.worlds.registry import families, get
from favilla.worlds.rewording import near, reworded
from favilla.worlds.words import WORDS

pytestmark = pytest.mark.reworded
SLOTS = re.compile(r"\{\w+\}")
PIECES = st.lists(
    st.sampled_from(["{a}", "{b}", "Which", "the", "largest", "How many", "please", '"the largest"', "`at most`", "\n", "?", "."]),
    min_size=1, max_size=12,
)  # fmt: skip


@given(PIECES, st.integers(0, 10**6))
def test_slots_and_quotations_stay_in_order(pieces: list[str], seed: int) -> None:
    wording = " ".join(pieces)
    text = reworded(wording, random.Random(seed))
    kept = re.compile(r"\{\w+\}|\"[^\"]*\"|`[^`]*`")
    assert kept.findall(text) == kept.findall(wording)
    assert text.count("\n") == wording.count("\n")


@pytest.mark.parametrize("seed", range(20))
def test_by_hand(seed: int) -> None:
    rng = random.Random(seed)
    made = {reworded("Which is the largest, {a} or {b}?", rng) for _ in range(300)}
    assert len(made) > 60
    assert any("biggest" in text for text in made) and any("the" not in text.split() for text in made)
    assert all(SLOTS.findall(text) == ["{a}", "{b}"] and " or " in text for text in made)


def test_four_of_ten_and_more_stay_as_they_are() -> None:
    rng = random.Random(3)
    same = sum(reworded("How many circles are shown?", rng) == "How many circles are shown?" for _ in range(2000))
    assert 0.4 < same / 2000 < 0.7


def test_nothing_is_put_before_numbers_or_code() -> None:
    rng = random.Random(5)
    for _ in range(500):
        assert reworded("{x}\nWhat comes out?", rng).startswith("{x}\n")
        assert reworded("{x} + 3 = ?", rng) == "{x} + 3 = ?"


@pytest.mark.parametrize("held_out", ["Tell me which one is biggest.", "Which one is the biggest", "what would be it"])
def test_no_held_out_wording_comes_about(held_out: str) -> None:
    rng = random.Random(7)
    texts = [reworded("Which one is the largest?", rng, (held_out,)) for _ in range(2000)]
    assert not any(near(held_out, text) for text in texts if text != "Which one is the largest?")


def test_near_by_hand() -> None:
    assert near("How many {a} are there?", "So: how many {a} are there? Thanks.")
    assert near("one two three four five six seven", "one two three four five six eight")  # 12 / 14 = 0.857
    assert not near("one two three four five six", "one two three four five nine")  # 10 / 12 = 0.833


def test_only_training_is_reworded() -> None:
    wordings = tuple(f"Which of the {n} is the largest?" for n in range(50))
    for split in ("dev", "test"):
        rng = random.Random(11)
        assert all(pick(rng, split, wordings, ()) in wordings for _ in range(500))  # type: ignore[arg-type]
    rng = random.Random(11)
    assert sum(pick(rng, "train", wordings, ()) not in wordings for _ in range(500)) > 150


def test_later_draws_do_not_depend_on_the_rewording() -> None:
    wordings = tuple(f"Which of the {n} is the largest?" for n in range(50))
    after = set()
    for split in ("train", "dev", "test"):
        rng = random.Random(13)
        pick(rng, split, wordings, ())  # type: ignore[arg-type]
        after.add(rng.random())
    assert len(after) == 1


def test_no_word_that_is_put_in_is_data() -> None:
    parts = [word for group in rewording.GROUPS for word in group]
    said = " ".join([*parts, *rewording._BEFORE, *rewording._AFTER, *rewording._WHO]).lower()
    assert not set(re.findall(r"[a-z]+", said)) & set(WORDS)
    assert not re.search(r"[0-9]", said)


def test_a_word_is_in_one_group_of_a_meaning() -> None:
    for group in rewording.GROUPS:
        assert len(set(group)) == len(group) > 1
    # What stands in two groups stands for either's others: their sense must be one. That is so for orders alone.
    counts = Counter(word for group in rewording.GROUPS for word in group)
    assert all(word[0].isupper() for word, count in counts.items() if count > 1)


@pytest.mark.parametrize("name", sorted(families()))
def test_training_problems_differ_from_plain_ones_in_words_alone(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from favilla.worlds import limits, limits_pictures, phrasing

    made = [get(name).sample(random.Random(seed), 1, "train") for seed in range(12)]
    for module in (phrasing, limits, limits_pictures):
        monkeypatch.setattr(module, "reworded", lambda wording, *_: wording)
    plain = [get(name).sample(random.Random(seed), 1, "train") for seed in range(12)]
    assert [p.answer for p in made] == [p.answer for p in plain]
    assert [p.instance for p in made] == [p.instance for p in plain]
    assert [p.solutions for p in made] == [p.solutions for p in plain]
    assert [p.prompt[-1] for p in made] != [p.prompt[-1] for p in plain]
