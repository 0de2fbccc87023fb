"""Quantities against Python's datetime and fractions, wordings, attempts to cheat."""

from __future__ import annotations

import datetime
import itertools
import random
import re
import string
from collections.abc import Callable
from fractions import Fraction

import pytest

from favilla.worlds import quantities
from favilla.worlds.base import Problem, Split
from favilla.worlds.quantities_words import WORDS
from favilla.worlds.registry import get

LEVELS = pytest.mark.parametrize("level", [1, 2, 3, 4])
SPLITS: tuple[Split, ...] = ("train", "dev", "test")
# In a base unit of each sort.
SIZES = {
    "mm": 1, "cm": 10, "m": 1000, "km": 1_000_000, "mg": 1, "g": 1000, "kg": 1_000_000, "ml": 1, "l": 1000, "s": 1, "min": 60,
    "h": 3600, "days": 86_400, "weeks": 604_800,
}  # fmt: skip
DAY = datetime.timedelta(days=1)


def some(level: int, count: int, split: Split = "train", seed: int = 1) -> list[Problem]:
    rng = random.Random(seed)
    return [get("quantities").sample(rng, level, split) for _ in range(count)]


def at(text: str) -> datetime.datetime:
    return datetime.datetime.strptime(f"2001-05-01 {text}", "%Y-%m-%d %H:%M")


def on(text: str) -> datetime.date:
    text = text if re.search(r"[0-9]{4}", text) else f"{text} 2001"
    return datetime.datetime.strptime(text, "%d %B %Y").date()


def amount(text: str) -> int:
    """All that is written with a unit, in the base unit."""
    return sum(int(n) * SIZES[unit] for n, unit in re.findall(r"([0-9]+) ([a-z]+)", text))


def time_of(moment: datetime.datetime) -> str:
    return moment.strftime("%H:%M")


def day_of(date: datetime.date) -> str:
    return f"{date.day} {date.strftime('%B')}"


def weekday(name: str, days: int) -> str:
    date = datetime.date(2024, 1, 1)
    while date.strftime("%A") != name:
        date += DAY
    return (date + days * DAY).strftime("%A")


def minutes(text: str) -> datetime.timedelta:
    return datetime.timedelta(seconds=amount(text))


def between(s: dict[str, str]) -> int:
    return (on(s["end"]) - on(s["date"])).days


def treatment(s: dict[str, str]) -> Fraction:
    n = {name: Fraction(value) for name, value in s.items()}
    return n["dose"] * n["weight"] / n["strength"] * n["volume"] * n["times"] * n["days"]


def ratio(*names: str) -> Callable[[dict[str, str]], Fraction]:
    """Product of the named numbers, those after "/" below."""

    def calculate(s: dict[str, str]) -> Fraction:
        result, below = Fraction(1), False
        for name in names:
            below = below or name == "/"
            if name != "/":
                result = result / Fraction(s[name]) if below else result * Fraction(s[name])
        return result

    return calculate


ANSWERS: dict[str, Callable[[dict[str, str]], object]] = {
    "clock_later": lambda s: time_of(at(s["start"]) + minutes(s["span"])),
    "clock_between": lambda s: (at(s["end"]) - at(s["start"])).seconds // 60,
    "clock_break": lambda s: (at(s["end"]) - at(s["start"])).seconds // 60 - int(s["pause"]),
    "weekday_after": lambda s: weekday(s["day"], int(s["days"])),
    "date_after": lambda s: day_of(on(s["date"]) + int(s["days"]) * DAY),
    "days_between": between,
    "weekday_of_date": lambda s: weekday(s["day"], between(s)),
    "convert": lambda s: Fraction(amount(s["amount"]), SIZES[s["unit"]]),
    "units_sum": lambda s: Fraction(amount(s["amounts"]), SIZES[s["unit"]]),
    "pieces": lambda s: amount(s["amount"]) // amount(s["size"]),
    "pieces_left": lambda s: amount(s["amount"]) % amount(s["size"]) // SIZES[s["unit"]],
    "per_kg": ratio("dose", "weight"),
    "tablets": ratio("dose", "/", "strength"),
    "millilitres": ratio("dose", "volume", "/", "strength"),
    "per_kg_tablets": ratio("dose", "weight", "/", "strength"),
    "daily": ratio("dose", "weight", "/", "times"),
    "drip": lambda s: Fraction(s["volume"]) * Fraction(s["drops"]) / Fraction(s["hours"]) / 60,
    "syrup": treatment,
    "bottles": lambda s: -(-treatment(s) // Fraction(s["bottle"])),
    "infusion_end": lambda s: time_of(at(s["start"]) + datetime.timedelta(hours=1) * (int(s["volume"]) / int(s["rate"]))),
}  # fmt: skip


@LEVELS
@pytest.mark.parametrize("split", SPLITS)
def test_answers_are_what_calendars_and_fractions_say(level: int, split: Split) -> None:
    for problem in some(level, 400, split):
        kind, slots = problem.facts["kind"], problem.facts["slots"]
        assert str(ANSWERS[kind](slots)) == problem.answer, (kind, slots)
        (prompt,) = problem.prompt
        assert all(value in str(prompt) for value in slots.values())


def test_every_kind_is_asked_at_its_level() -> None:
    seen = {level: {p.facts["kind"] for p in some(level, 600)} for level in (1, 2, 3, 4)}
    assert seen[1] == {"clock_later", "clock_between", "weekday_after", "date_after", "convert", "per_kg", "tablets"}
    assert set().union(*seen.values()) == set(ANSWERS) == set(WORDS)
    assert all(len(seen[level]) >= 7 for level in seen)


@LEVELS
def test_every_equation_of_the_working_is_true_and_it_ends_in_the_answer(level: int) -> None:
    for problem in some(level, 400):
        steps = problem.solutions["steps"].thinking
        for equation in re.findall(r"(?<![0-9])[0-9(][-+*/0-9()]*=-?[0-9]+", steps):
            left, right = equation.split("=")
            assert eval(left) == int(right), (equation, steps)
        last = steps.split("\n")[-1]
        # Day and number of pieces are in the last line with something behind or before them.
        assert re.search(rf"\b{re.escape(problem.answer.split()[0])}\b", last), (problem.answer, steps)
        assert len(str(problem.prompt[0])) + len(steps) < {1: 250, 2: 300, 3: 500, 4: 700}[level]


def test_weekdays_and_months_are_walked_as_calendars_do() -> None:
    for problem in some(3, 500) + some(4, 300):
        if problem.facts["kind"] == "days_between":
            slots = problem.facts["slots"]
            months = re.findall(r"^([A-Z][a-z]+) ([0-9]+): ", problem.solutions["steps"].thinking, re.MULTILINE)
            for name, length in months[:-1]:
                first = on(f"1 {name} 2001")
                assert (first + int(length) * DAY).day == 1
            assert months[-1] == (slots["end"].split()[1], slots["end"].split()[0])
        elif problem.facts["kind"].startswith("weekday"):
            walk = problem.solutions["steps"].thinking.split("\n")[-1].split(", ")
            assert [int(step.split()[0]) for step in walk] == list(range(len(walk))) and len(walk) <= 7
            names = [step.split()[1] for step in walk]
            assert all(weekday(a, 1) == b for a, b in itertools.pairwise(names))


def test_wordings() -> None:
    fields = {kind: {slot for words in kinds.train for slot in _slots(words)} for kind, kinds in WORDS.items()}
    for kind, words in WORDS.items():
        assert len(set(words.train)) == len(words.train) >= 12
        assert len(set(words.test)) == len(words.test) >= 4 and not set(words.train) & set(words.test)
        for wording in words.train + words.test:
            assert _slots(wording) == fields[kind], wording
    for problem in some(1, 100) + some(2, 100) + some(3, 100) + some(4, 100):
        kind = problem.facts["kind"]
        said = {wording.format(**problem.facts["slots"]) for wording in WORDS[kind].train}
        assert problem.prompt[0] in said
    held_out = sum(
        p.prompt[0] in {wording.format(**p.facts["slots"]) for wording in WORDS[p.facts["kind"]].test}
        for p in some(2, 300, "test")
    )
    assert 100 < held_out < 200


def _slots(wording: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(wording) if name}


@LEVELS
def test_exploits_fail(level: int) -> None:
    family = get("quantities")
    for problem in some(level, 40, "test"):
        right = problem.answer
        attempts = [
            "", f"{right} {right}", f"{right}.", f"{right}, {right}", f"{right} min", f"{right} mg", f"({right})", f"= {right}", f"+{right}",
            f"{right} or 1", f"not {right}", right + "\u200b", right + "\x00", right.upper() + " ", right.lower() + " ", right.swapcase(), right + "0",
            "0" + right, right.lstrip("0") + "!", right.replace(":", ".") + " ", right.replace(":", "") + "h", right + ":00", right + "h", right + ".0", f"{right}/1",
            " or ".join(quantities.time.WEEKDAYS), ", ".join(map(str, range(2000))), "9" * 100_000, right * 3, problem.instance, right[:3] + "." , "nan",
            ", ".join(f"{h:02d}:{m:02d}" for h in range(24) for m in range(60)), right.translate({ord("0") + n: ord("٠") + n for n in range(10)}),
        ]  # fmt: skip
        assert len(attempts) >= 20
        for text in attempts:
            if text.strip() != right:
                assert not family.verify(problem, text).correct, (text[:80], right)


def test_parsed_key_and_strategy() -> None:
    family = get("quantities")
    problem = some(1, 1)[0]
    for text in ("7", "0", "1200", "09:05", "12 May", "Monday"):
        assert family.verify(problem, text).parsed == text
    assert family.verify(problem, "9:05").parsed == "09:05"
    for text in ("07", "009:05", "9:5", "25:71", "May 12", "monday", "Mon", "12 Mai", "1,200", "7 min", ""):
        assert family.verify(problem, text).parsed is None
    for level in (1, 2, 3, 4):
        for problem in some(level, 100):
            terse, steps = (
                family.verify(problem, problem.answer, problem.solutions[s].thinking) for s in ("terse", "steps")
            )
            assert terse.solution_key and steps.solution_key
            lines = problem.solutions["steps"].thinking.count("\n") + 1
            assert steps.strategy == ("stepwise" if lines > 1 else "calculate") and terse.strategy == "calculate"
            assert family.verify(problem, problem.answer).strategy == "direct"


def test_hours_below_ten_may_have_one_digit() -> None:
    family = get("quantities")
    early = [p for p in some(1, 300) if re.match("0[0-9]:", p.answer)]
    assert len(early) > 5
    for problem in early:
        assert family.verify(problem, problem.answer[1:]).correct
        assert not family.verify(problem, problem.answer[1:] + "0").correct


def test_the_wording_does_not_change_the_split() -> None:
    seen: dict[str, set[str]] = {}
    prompts: dict[str, set[str]] = {}
    for split in SPLITS:
        for problem in some(1, 900, split):
            seen.setdefault(problem.instance, set()).add(split)
            prompts.setdefault(problem.instance, set()).add(str(problem.prompt[0]))
    assert all(len(splits) == 1 for splits in seen.values())
    assert sum(len(ways) > 1 for ways in prompts.values()) > 100
