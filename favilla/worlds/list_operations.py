"""The operations of the family `lists`: what each does, how it is asked for, and how it is worked out in tiny steps."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

Kind = Literal["numbers", "words", "letters"]
Items = tuple[int | str, ...]

ANY: tuple[Kind, ...] = ("numbers", "words", "letters")
ITEM_NOUNS: dict[Kind, str] = {"numbers": "number", "words": "word", "letters": "letter"}
ORDINALS = (
    "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth",
    "eleventh", "twelfth",
)  # fmt: skip


@dataclass(frozen=True)
class Operation:
    """One operation with its arguments.

    key: canonical name with arguments, part of a problem's instance. short: its name in worked solutions.
    apply: items -> items; a result of one item is written as that item. work: the tiny steps as text.
    check: (items, result) -> a short remark that would show some slips.
    counts: the result is a number whatever the items.
    phrasings, test_phrasings: imperatives that ask for it; the second ones are for the test split only.
    """

    key: str
    short: str
    apply: Callable[[Items], Items]
    work: Callable[[Items], str]
    check: Callable[[Items, Items], str]
    phrasings: tuple[str, ...]
    test_phrasings: tuple[str, ...]
    counts: bool = False


@dataclass(frozen=True)
class Maker:
    """Draws one operation: `make(rng, items, kind)`.

    level: the first level that has it. ends: nothing can follow it.
    weight: how often it is drawn, relative to others.
    """

    make: Callable[[random.Random, Items, Kind], Operation]
    level: int
    kinds: tuple[Kind, ...] = ANY
    ends: bool = False
    weight: float = 1.0


def _spaced(items: Items) -> str:
    return " ".join(str(item) for item in items)


def _numbered(items: Items) -> str:
    return " ".join(f"{place}:{item}" for place, item in enumerate(items, start=1))


def _same_length(items: Items, result: Items) -> str:
    return f"{len(items)} in, {len(result)} out"


def _in_groups(items: Items, descending: bool) -> str:
    """Half of a sort: numbers with equal tens, or words with equal first letters, brought together in their order."""
    groups: dict[int | str, list[int | str]] = {}
    for item in items:
        groups.setdefault(item // 10 if isinstance(item, int) else item[0], []).append(item)
    return " | ".join(_spaced(tuple(groups[key])) for key in sorted(groups, reverse=descending))


def _by_running(items: Items, best: Callable[[Items], int | str]) -> str:
    """The best item so far, after each item."""
    return " ".join(str(best(items[:count])) for count in range(1, len(items) + 1))


def _largest(rng: random.Random, items: Items, kind: Kind) -> Operation:
    return Operation(
        "max", "max", lambda v: (max(v),), lambda v: _by_running(v, max), lambda v, r: f"none above {r[0]}",
        ("give the largest number", "find its largest number", "tell me the maximum", "give the biggest number"),
        ("say which number is the greatest",),
    )  # fmt: skip


def _smallest(rng: random.Random, items: Items, kind: Kind) -> Operation:
    return Operation(
        "min", "min", lambda v: (min(v),), lambda v: _by_running(v, min), lambda v, r: f"none below {r[0]}",
        ("give the smallest number", "find its smallest number", "tell me the minimum", "give the least number"),
        ("say which number is the lowest",),
    )  # fmt: skip


def _nth(rng: random.Random, items: Items, kind: Kind) -> Operation:
    place, noun = rng.randrange(len(items)), ITEM_NOUNS[kind]
    ordinal = "last" if place == len(items) - 1 else ORDINALS[place]
    return Operation(
        f"nth {place + 1}", ordinal, lambda v: v[place : place + 1], _numbered,
        lambda v, r: f"place {place + 1} of {len(v)}",
        (f"give the {ordinal} {noun}", f"tell me its {ordinal} {noun}", f"find the {ordinal} {noun}"),
        (f"pick out the {ordinal} {noun}",),
    )  # fmt: skip


def _reverse(rng: random.Random, items: Items, kind: Kind) -> Operation:
    return Operation(
        "reverse", "reverse", lambda v: v[::-1], lambda v: f"from the end {_spaced(v[::-1])}", _same_length,
        ("reverse it", "write it backwards", "turn it around", "put it in reverse order"),
        ("flip it from back to front",),
    )  # fmt: skip


def _sort(rng: random.Random, items: Items, kind: Kind) -> Operation:
    how = ("from smallest to largest", "in ascending order") if kind == "numbers" else ("from a to z", "alphabetically")
    return Operation(
        "sort", "sort", lambda v: tuple(sorted(v)), lambda v: _in_groups(v, descending=False), _same_length,
        (f"sort it {how[0]}", f"sort it {how[1]}", f"put it in order {how[0]}", f"arrange it {how[1]}"),
        (f"rearrange it {how[0]}",),
    )  # fmt: skip


def _sort_down(rng: random.Random, items: Items, kind: Kind) -> Operation:
    how = (
        ("from largest to smallest", "in descending order")
        if kind == "numbers"
        else ("from z to a", "in reverse alphabetical order")
    )
    return Operation(
        "sort down", "sort down", lambda v: tuple(sorted(v, reverse=True)),
        lambda v: _in_groups(v, descending=True), _same_length,
        (f"sort it {how[0]}", f"sort it {how[1]}", f"put it in order {how[0]}"),
        (f"rearrange it {how[0]}",),
    )  # fmt: skip


def _dedupe(rng: random.Random, items: Items, kind: Kind) -> Operation:
    noun = ITEM_NOUNS[kind]

    def work(v: Items) -> str:
        return " ".join(f"{item} {'again' if item in v[:place] else 'new'}" for place, item in enumerate(v))

    return Operation(
        "dedupe", "dedupe", lambda v: tuple(dict.fromkeys(v)), work,
        lambda v, r: f"{len(v)} in, {len(v) - len(r)} out, {len(r)} left",
        ("remove duplicates and keep the order", f"keep each {noun} only the first time", "drop repetitions in place"),
        (f"leave out every {noun} that was there before",),
    )  # fmt: skip


def _every_second(rng: random.Random, items: Items, kind: Kind) -> Operation:
    start, noun = rng.randrange(2), ITEM_NOUNS[kind]
    first, second = ORDINALS[start], ORDINALS[start + 2]
    return Operation(
        f"every second from {start + 1}", f"every second from {start + 1}", lambda v: v[start::2], _numbered,
        lambda v, r: f"{len(r)} of {len(v)}",
        (f"keep every second {noun} from the {first} on", f"keep only the {first}, {second} and so on"),
        (f"take the {first} {noun} and each second one after it",),
    )  # fmt: skip


def _drop_end(rng: random.Random, items: Items, kind: Kind) -> Operation:
    end, noun = rng.choice(("first", "last")), ITEM_NOUNS[kind]
    return Operation(
        f"drop {end}", f"drop {end}", lambda v: v[1:] if end == "first" else v[:-1],
        lambda v: f"without {v[0] if end == 'first' else v[-1]}", _same_length,
        (f"remove the {end} {noun}", f"drop its {end} {noun}", f"delete the {end} {noun}"),
        (f"strike out the {end} {noun}",),
    )  # fmt: skip


def _swap_ends(rng: random.Random, items: Items, kind: Kind) -> Operation:
    noun = ITEM_NOUNS[kind]
    return Operation(
        "swap ends", "swap ends", lambda v: (v[-1], *v[1:-1], v[0]),
        lambda v: f"ends {v[0]} {v[-1]}", _same_length,
        (f"swap the first and the last {noun}", "swap its two ends", f"exchange the first and last {noun}"),
        (f"let the first and the last {noun} trade places",),
    )  # fmt: skip


def _capitals(rng: random.Random, items: Items, kind: Kind) -> Operation:
    return Operation(
        "capitals", "capitals", lambda v: tuple(str(item).upper() for item in v),
        lambda v: " ".join(f"{item} {str(item).upper()}" for item in v), _same_length,
        ("write it in capital letters", "make it uppercase", "turn it into capitals"),
        ("change all small letters to capitals",),
    )  # fmt: skip


def _count(rng: random.Random, items: Items, kind: Kind) -> Operation:
    item, noun = rng.choice(items), ITEM_NOUNS[kind]

    def work(v: Items) -> str:
        return " ".join(f"{place}:{other}" for place, other in enumerate(v, start=1) if other == item)

    return Operation(
        f"count {item}", f"count {item}", lambda v: (v.count(item),), work, lambda v, r: f"{r[0]} of {len(v)}",
        (f"count how often the {noun} {item} occurs", f"tell me how often {item} occurs",
         f"give the number of times it has {item}"),
        (f"say how many times the {noun} {item} is in it",), counts=True,
    )  # fmt: skip


def _count_different(rng: random.Random, items: Items, kind: Kind) -> Operation:
    noun = ITEM_NOUNS[kind]
    return Operation(
        "count different", "count different", lambda v: (len(set(v)),), lambda v: _numbered(tuple(dict.fromkeys(v))),
        lambda v, r: f"{r[0]} of {len(v)}",
        (f"count how many different {noun}s there are", f"give the number of different {noun}s"),
        (f"say how many {noun}s it has when repetitions do not count",), counts=True,
    )  # fmt: skip


# Counts have so few values that always saying 1 would pay if they were frequent.
COUNT_WEIGHT = 0.3

OPERATIONS = (
    Maker(_largest, 1, ("numbers",), ends=True),
    Maker(_smallest, 1, ("numbers",), ends=True),
    Maker(_nth, 1, ends=True),
    Maker(_reverse, 1),
    Maker(_sort, 1, ("numbers",)),
    Maker(_sort_down, 2, ("numbers",)),
    Maker(_dedupe, 2),
    Maker(_every_second, 2),
    Maker(_capitals, 2, ("words", "letters")),
    Maker(_count, 2, ends=True, weight=COUNT_WEIGHT),
    Maker(_drop_end, 3),
    Maker(_swap_ends, 3),
    Maker(_sort, 3, ("words", "letters")),
    Maker(_sort_down, 3, ("words", "letters")),
    Maker(_count_different, 3, ends=True, weight=COUNT_WEIGHT),
)
