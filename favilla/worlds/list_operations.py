"""The operations of the family `lists`: what each does, how it is asked for, and how it is worked out in tiny steps."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from favilla.worlds.phrasing import combined

Kind = Literal["numbers", "words", "letters"]
Items = tuple[int | str, ...]

ANY: tuple[Kind, ...] = ("numbers", "words", "letters")
ITEM_NOUNS: dict[Kind, str] = {"numbers": "number", "words": "word", "letters": "letter"}
ORDINALS = (
    "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth",
    "eleventh", "twelfth",
)  # fmt: skip

# Longest list that is worked out in the smallest steps; longer ones, at levels 3 and 4, would take too many of them.
SHORT = 6


@dataclass(frozen=True)
class Operation:
    """One operation with its arguments.

    key: canonical name with arguments, part of a problem's instance. short: its name in worked solutions.
    apply: items -> items; a result of one item is written as that item. work: the tiny steps as text.
    counts: the result is a number whatever the items.
    phrasings, test_phrasings: imperatives that ask for it; the second ones are for the test split only.
    """

    key: str
    short: str
    apply: Callable[[Items], Items]
    work: Callable[[Items], str]
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


def _numbered(items: Items, places: Iterable[int] | None = None) -> str:
    """Items with their places, from 1, or those of the given places. A space stands before a word or letter, as in a
    prompt; numbers are digit by digit anyway."""
    chosen = range(1, len(items) + 1) if places is None else places
    return " ".join(f"{p}:{items[p - 1]}" if isinstance(items[p - 1], int) else f"{p}: {items[p - 1]}" for p in chosen)


def _chosen(items: Items, places: Iterable[int]) -> str:
    """The items of the given places, one look-up each; of a short list all are numbered first."""
    chosen = _numbered(items, places)
    return f"{_numbered(items)} | {chosen}" if len(items) <= SHORT else chosen


def _tallied(items: Items, running: Iterable[int]) -> str:
    """Each item with a running number behind it."""
    return ", ".join(f"{item}: {number}" for item, number in zip(items, running, strict=True))


def _sorted_in_steps(items: Items, descending: bool) -> str:
    """A sort whose every written item needs one comparison at most.

    Of up to SHORT items one is put after the other into those before: "16: 16 93 | 50: 16 50 93". Longer lists
    would take too long; of them, numbers with equal tens, or words with equal first letters, are brought together.
    """
    if len(items) > SHORT:
        groups: dict[int | str, list[int | str]] = {}
        for item in items:
            groups.setdefault(item // 10 if isinstance(item, int) else item[0], []).append(item)
        return " | ".join(_spaced(tuple(groups[key])) for key in sorted(groups, reverse=descending))
    so_far = (tuple(sorted(items[:count], reverse=descending)) for count in range(1, len(items) + 1))
    return " | ".join(f"{item}: {_spaced(part)}" for item, part in zip(items, so_far, strict=True))


def _by_running(items: Items, best: Callable[[Items], int | str]) -> str:
    """The best item so far, after each item."""
    return ", ".join(f"{item}: {best(items[:count])}" for count, item in enumerate(items, start=1))


def _largest(rng: random.Random, items: Items, kind: Kind) -> Operation:
    return Operation(
        "max", "max", lambda v: (max(v),), lambda v: _by_running(v, max),
        ("give the largest number", "find its largest number", "tell me the maximum", "give the biggest number",
         "look for the highest number", "find the top value", "pick the maximum", "give the greatest of its numbers",
         "name the number that no other one exceeds", "write only the largest of them", "get the max",
         "find out which number is biggest", "keep the largest number alone", "return its maximum",
         "search for the largest value", "point out the biggest one",
         "report which entry has the highest value", "state the largest value in it",
         "determine the number that tops all others", "extract the biggest value",
         "select the entry with the greatest value", "compare all numbers and give the one that is largest",
         "reply with its highest number", "see how high its numbers go and write that number"),
        ("say which number is the greatest",),
    )  # fmt: skip


def _smallest(rng: random.Random, items: Items, kind: Kind) -> Operation:
    return Operation(
        "min", "min", lambda v: (min(v),), lambda v: _by_running(v, min),
        ("give the smallest number", "find its smallest number", "tell me the minimum", "give the least number",
         "look for the lowest of its numbers", "find the bottom value", "pick the minimum", "give the least of its numbers",
         "name the number that all others exceed or equal", "write only the smallest of them", "get the min",
         "find out which number is least", "keep the smallest number alone", "return its minimum",
         "search for the smallest value", "point out the littlest one",
         "report which entry has the lowest value", "state the smallest value in it",
         "determine the number that is below all others", "extract the smallest value",
         "select the entry with the least value", "compare all numbers and give the one that is least",
         "reply with its lowest number", "see how low its numbers go and write that number"),
        ("say which number is the lowest",),
    )  # fmt: skip


def _nth(rng: random.Random, items: Items, kind: Kind) -> Operation:
    place, noun = rng.randrange(len(items)), ITEM_NOUNS[kind]
    ordinal = "last" if place == len(items) - 1 else ORDINALS[place]
    return Operation(
        f"nth {place + 1}", ordinal, lambda v: v[place : place + 1],
        lambda v: _numbered(v, range(1, place + 2)),
        (f"give the {ordinal} {noun}", f"tell me its {ordinal} {noun}", f"find the {ordinal} {noun}",
         f"read me its {ordinal} {noun}", f"name the {noun} that is {ordinal}", f"write the {ordinal} {noun} only",
         f"get the {ordinal} one", f"return its {ordinal} item", f"keep just the {ordinal} {noun}",
         f"look up the {ordinal} {noun}", f"show the {noun} in the {ordinal} place", f"choose the {ordinal} {noun}",
         f"quote its {ordinal} {noun}", f"find what stands {ordinal}", f"go to the {ordinal} place and read the {noun}",
         f"report the {noun} at the {ordinal} position", f"state which {noun} comes {ordinal}", f"extract the {ordinal} {noun}",
         f"select the {noun} at position {place + 1}", f"reply with the {ordinal} {noun}", f"count along to the {ordinal} {noun} and say it",
         f"say which {noun} you meet {ordinal} from the left", f"copy only its {ordinal} {noun}"),
        (f"pick out the {ordinal} {noun}",),
    )  # fmt: skip


def _reverse(rng: random.Random, items: Items, kind: Kind) -> Operation:
    return Operation(
        "reverse", "reverse", lambda v: v[::-1], lambda v: _chosen(v, range(len(v), 0, -1)),
        ("reverse it", "write it backwards", "turn it around", "put it in reverse order", "read it from its end",
         "reverse the order", "write it in the opposite direction", "write the last one first and so on", "list it from end to start",
         "begin at its end and go to its start", "invert its order", "make the last one the first, and so on",
         "give it the other way round", "go through it backwards", "let it run backwards", "write it in opposite order",
         "reverse everything in it", "read it from right to left", "rewrite it with the order reversed", "start with the final one and finish with the first",
         "list everything from the back forwards", "change the direction in which it is written", "switch the order so that the end comes first",
         "present it in reverse", "copy it backwards", "rewrite it from the right end to the left end"),
        ("flip it from back to front",),
    )  # fmt: skip


def _sort(rng: random.Random, items: Items, kind: Kind) -> Operation:
    how = (
        (
            "from smallest to largest",
            "in ascending order",
            "from low to high",
            "with growing values",
            "upwards",
            "so that the values increase",
            "with the smallest number first",
        )
        if kind == "numbers"
        else (
            "from a to z",
            "alphabetically",
            "by the alphabet",
            "as a dictionary does",
            "in alphabetical order",
            "following the alphabet",
            "the way an index is sorted",
        )
    )
    return Operation(
        "sort", "sort", lambda v: tuple(sorted(v)), lambda v: _sorted_in_steps(v, descending=False),
        _ordering(how),
        (f"rearrange it {how[0]}",),
    )  # fmt: skip


def _sort_down(rng: random.Random, items: Items, kind: Kind) -> Operation:
    how = (
        (
            "from largest to smallest",
            "in descending order",
            "from high to low",
            "with falling values",
            "downwards",
            "so that the values decrease",
            "with the largest number first",
        )
        if kind == "numbers"
        else (
            "from z to a",
            "in reverse alphabetical order",
            "by the alphabet, but backwards",
            "from the end of the alphabet",
            "in the alphabet's reverse order",
            "from the last letter of the alphabet to the first",
        )
    )
    return Operation(
        "sort down", "sort down", lambda v: tuple(sorted(v, reverse=True)),
        lambda v: _sorted_in_steps(v, descending=True),
        _ordering(how),
        (f"rearrange it {how[0]}",),
    )  # fmt: skip


def _ordering(how: Sequence[str]) -> tuple[str, ...]:
    ways = ("sort it ", "put it in order ", "arrange it ", "order it ", "list it sorted ", "organise everything in it ",
            "bring it into order ", "write it out sorted ", "sort everything in it ")  # fmt: skip
    return combined(ways, how)


def _dedupe(rng: random.Random, items: Items, kind: Kind) -> Operation:
    noun = ITEM_NOUNS[kind]

    def work(v: Items) -> str:
        return ", ".join(f"{item} {'again' if item in v[:place] else 'new'}" for place, item in enumerate(v))

    return Operation(
        "dedupe", "dedupe", lambda v: tuple(dict.fromkeys(v)), work,
        ("remove duplicates and keep the order", f"keep each {noun} only the first time", "drop repetitions in place",
         "delete repeated ones", "remove doubles", f"write each {noun} once, in the given order", "take out all duplicates",
         f"cross out a {noun} that is a repeat", "make all of it unique, in order", "clean it of duplicates",
         f"let no {noun} stand twice", f"list its different {noun}s in order", "dedupe it", "remove all repeats",
         f"of equal {noun}s keep the first",
         f"throw out every {noun} that has already occurred", "eliminate duplicates, the order staying as it is",
         "filter out whatever has come earlier", f"make sure that no {noun} appears more than once, the first one staying",
         f"erase second and later copies of any {noun}", f"reduce it to its distinct {noun}s, in order of first appearance",
         f"keep one copy of each {noun}, the earliest", "throw away what is only a repetition"),
        (f"leave out every {noun} that was there before",),
    )  # fmt: skip


def _every_second(rng: random.Random, items: Items, kind: Kind) -> Operation:
    start, noun = rng.randrange(2), ITEM_NOUNS[kind]
    first, second, third = ORDINALS[start], ORDINALS[start + 2], ORDINALS[start + 4]
    return Operation(
        f"every second from {start + 1}", f"every second from {start + 1}", lambda v: v[start::2],
        lambda v: _chosen(v, range(start + 1, len(v) + 1, 2)),
        (f"keep every second {noun} from the {first} on", f"keep only the {first}, {second} and so on",
         f"pick every other {noun}, beginning with the {first}", f"write the {first}, the {second}, the {third} and so forth",
         f"skip one {noun} after each that you keep, starting at the {first}", f"choose every second one from place {start + 1}",
         f"delete all but the {first}, the {second} and so on", f"start at the {first} {noun} and go on in steps of two",
         f"list every other {noun}, the {first} being kept", f"begin with the {first} and leave a gap of one each time",
         f"keep the {noun}s in places {start + 1}, {start + 3}, {start + 5} and so on",
         f"retain the {'odd' if start == 0 else 'even'} places only",
         f"select alternate {noun}s, the {first} one included", f"extract what stands in {'odd' if start == 0 else 'even'} positions",
         f"copy the {first} {noun}, miss one out, copy the next, and so on",
         f"read only every other {noun}, with the {first} as the first to be read",
         f"let positions {start + 1}, {start + 3}, {start + 5} and so on stay, and nothing else",
         f"remove all {noun}s in {'even' if start == 0 else 'odd'} places", f"keep the {first} {noun} and then each one that is two places further on",
         f"alternate between keeping and dropping, so that the {first} {noun} is {'kept' if start == 0 else 'the first kept'}"),
        (f"take the {first} {noun} and each second one after it",),
    )  # fmt: skip


def _drop_end(rng: random.Random, items: Items, kind: Kind) -> Operation:
    end, noun = rng.choice(("first", "last")), ITEM_NOUNS[kind]
    return Operation(
        f"drop {end}", f"drop {end}", lambda v: v[1:] if end == "first" else v[:-1],
        lambda v: f"without {v[0] if end == 'first' else v[-1]}",
        (f"remove the {end} {noun}", f"drop its {end} {noun}", f"delete the {end} {noun}", f"take away the {end} {noun}",
         f"write all but the {end} {noun}", f"cut off the {end} {noun}", f"discard its {end} {noun}",
         f"throw the {end} {noun} away", f"erase the {end} one", f"give it without its {end} {noun}",
         f"throw out the {end} {noun}", f"leave the {end} {noun} out", f"omit its {end} {noun}", f"cross off the {end} {noun}",
         f"eliminate the {end} one", f"skip the {end} {noun} and write the others", f"shorten it by the {end} {noun}",
         f"let the {end} {noun} disappear", f"copy everything except the {end} {noun}"),
        (f"strike out the {end} {noun}",),
    )  # fmt: skip


def _swap_ends(rng: random.Random, items: Items, kind: Kind) -> Operation:
    noun = ITEM_NOUNS[kind]
    return Operation(
        "swap ends", "swap ends", lambda v: (v[-1], *v[1:-1], v[0]),
        lambda v: f"ends {v[0]} {v[-1]}",
        (f"swap the first and the last {noun}", "swap its two ends", f"exchange the first and last {noun}",
         "switch its ends", f"put the last {noun} first and the first one last", "interchange both ends",
         f"move the first {noun} to the end and the last one to the start", "exchange both its ends", f"swap the outer {noun}s",
         f"write the last {noun} where the first is, and the first where the last is",
         f"make the first {noun} and the last {noun} change places", f"let the {noun}s at both ends switch positions",
         f"reverse only the two outermost {noun}s", "trade its first for its last, the middle staying as it is",
         f"replace the first {noun} by the last one and the last by the first", f"interchange the first {noun} with the last {noun}",
         "swap what stands at the beginning with what stands at the end", "exchange its first and its last item, leaving the middle alone",
         f"switch the {noun}s in the first and last place"),
        (f"let the first and the last {noun} trade places",),
    )  # fmt: skip


def _capitals(rng: random.Random, items: Items, kind: Kind) -> Operation:
    def work(v: Items) -> str:
        if kind == "letters" or len(v) > SHORT:
            return " ".join(f"{item} {str(item).upper()}" for item in v)
        # Letter by letter: the tokens of a word in capitals have nothing to do with those of the word.
        return ", ".join(f"{item} {' '.join(str(item).upper())} {str(item).upper()}" for item in v)

    return Operation(
        "capitals", "capitals", lambda v: tuple(str(item).upper() for item in v), work,
        ("write it in capital letters", "make it uppercase", "turn it into capitals", "use capitals for all of it",
         "put it in upper case", "capitalise every letter", "shout it, with capitals only", "give it in big letters",
         "convert it to uppercase", "type it with caps lock on", "let each letter be a capital", "print it in capitals",
         "spell it in capital letters", "raise every letter to upper case",
         "rewrite it with capital letters only", "replace every lowercase letter by its uppercase form", "set it all in capitals",
         "apply upper case to everything", "enter it while holding the shift key", "switch it from lower case to upper case",
         "transform it into block capitals", "make all of its letters large ones, as in USA"),
        ("change all small letters to capitals",),
    )  # fmt: skip


def _count(rng: random.Random, items: Items, kind: Kind) -> Operation:
    item, noun = rng.choice(items), ITEM_NOUNS[kind]

    def work(v: Items) -> str:
        return _tallied(v, itertools.accumulate(int(other == item) for other in v))

    return Operation(
        f"count {item}", f"count {item}", lambda v: (v.count(item),), work,
        (f"count how often the {noun} {item} occurs", f"tell me how often {item} occurs",
         f"give the number of times it has {item}", f"count the {noun} {item}", f"find the frequency of {item}",
         f"count every {item}", f"look how many of its {noun}s are {item}", f"determine how often it holds {item}",
         f"tally {item}", f"give the count of {item}", f"work out how many times {item} appears",
         f"tell the number of {noun}s equal to {item}",
         f"report how many copies of {item} there are", f"state the number of occurrences of {item}", f"see how frequently {item} comes up",
         f"check how many times {item} is listed", f"go through it and count each {item}", f"reply with how often you find {item}",
         f"answer how many times {item} turns up", f"figure out how often the {noun} {item} was used"),
        (f"say how many times the {noun} {item} is in it",), counts=True,
    )  # fmt: skip


def _count_different(rng: random.Random, items: Items, kind: Kind) -> Operation:
    noun = ITEM_NOUNS[kind]
    return Operation(
        "count different", "count different", lambda v: (len(set(v)),),
        lambda v: _tallied(v, (len(set(v[:count])) for count in range(1, len(v) + 1))),
        (f"count how many different {noun}s there are", f"give the number of different {noun}s",
         f"count its distinct {noun}s", f"find how many unique {noun}s it has", f"count the kinds of {noun}s",
         f"tell the number of distinct {noun}s", f"count each {noun} once only", f"work out how many sorts of {noun}s there are",
         f"report how many distinct {noun}s occur", f"state how many {noun}s are left once copies are ignored",
         f"find the number of unique {noun}s", f"count its {noun}s without counting any twice", f"determine how many different {noun}s were used",
         f"figure out how many separate {noun}s appear, equal ones being counted as one", f"give the count of different {noun}s",
         f"see how many {noun}s differ from all before them", f"reply with the count of different {noun}s",
         f"compute the size of the set of its {noun}s"),
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
