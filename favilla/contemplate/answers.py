"""Canonical answers: what an agent's words say, and which agents say the same.

A kind of answer parses text (None: there is no such answer in it) and groups what was parsed. Rules of `NumberAnswers`,
which decide votes: 1/2 = 0.5 = .50 and 1,000 = 1000 = 1e3, exactly, as fractions. "50%" is neither 0.5 nor 50: agents who
leave the sign away may mean either, and two answers that may differ are never counted as one. Rounded values differ
(0.33 is not 1/3). A unit must be the same word. Anything else is a symbolic answer and equal when it is written equally,
spaces, dollar signs and \\left, \\right apart.
"""

from __future__ import annotations

import json
import re
from collections.abc import Hashable, Sequence
from fractions import Fraction
from typing import Any, Protocol

from favilla.errors import UserError

LONGEST = 10_000  # characters of an answer; a longer one is junk, not an answer
LONGEST_NUMBER = 1000  # characters; Python converts no more than 4,300 digits
# Spaces, not line ends, and few of them between words: what an endpoint sends must not cost quadratic time.
_MARK = re.compile(
    r"^[ \t*#>_]*(?:final[ \t]{1,9})?answer(?:[ \t]{1,9}is)?[ \t]{0,9}[*_]{0,9}[ \t]{0,9}[:：][ \t]{0,9}[*_]*",
    re.IGNORECASE | re.MULTILINE,
)
_REFUSAL = re.compile(
    r"^\W*(?:(?:i'?m|i\s+am)\s+(?:very\s+)?sorry\W+(?:but\s+)?)?(?:unfortunately\W+)?"
    r"(?:i\s+(?:can'?t|can\s?not|won'?t|will\s+not|must\s+decline|decline)\b"
    r"(?:\s+to)?\s*(?:help|assist|comply|provide|do\s+that|answer|fulfil|support|discuss|share|with\b|$)"
    r"|(?:i'?m|i\s+am)\s+(?:not\s+able|unable)\s+to\s+(?:help|assist|comply|provide|do\s+that|answer|fulfil|support"
    r"|discuss|share)|i\s+must\s+decline|i\s+refuse)",
    re.IGNORECASE,
)


class Answers(Protocol):
    """A kind of answer. form: how a prompt asks for it; slow: parsing takes long enough for a thread of its own;
    exact: a further answer never changes which others are the same (clusters of places may)."""

    form: str
    slow: bool
    exact: bool

    def parse(self, text: str) -> Any | None:
        """The answer in a reply, or None."""
        ...

    def group(self, parsed: Sequence[Any]) -> list[int]:
        """For each parsed answer the number of its group; equal numbers mean the same answer."""
        ...

    def show(self, parsed: Sequence[Any]) -> str:
        """One group's answer as text."""
        ...


def is_refusal(text: str) -> bool:
    """Whether a reply declines to answer: it begins so, or its answer does."""
    text = text.replace("’", "'")
    return bool(_REFUSAL.match(text.lstrip()) or _REFUSAL.match(final(text)))


def final(text: str) -> str:
    """What stands after the last "ANSWER:"; else in the last \\boxed{}; else the whole text if it is one line."""
    marks = list(_MARK.finditer(text))
    if marks:
        rest = text[marks[-1].end() :].strip()
        return (_boxed(rest) or rest).strip().strip("*").strip()
    if (boxed := _boxed(text)) is not None:
        return boxed.strip()
    return text.strip() if "\n" not in text.strip() else ""


def before_answer(text: str) -> str:
    """What stands before the last "ANSWER:"; nothing if the whole text is the answer, all of it if there is none."""
    marks = list(_MARK.finditer(text))
    return text[: marks[-1].start()] if marks else "" if final(text) == text.strip() else text


def _boxed(text: str) -> str | None:
    start = text.rfind("\\boxed{")
    if start < 0:
        return None
    depth = 0
    for end in range(start + 6, len(text)):
        depth += (text[end] == "{") - (text[end] == "}")
        if depth == 0:
            return text[start + 7 : end]
    return None


class EqualAnswers:
    """Answers that are the same when their canonical values are equal; `show` gives the first as it was written."""

    slow = False
    exact = True

    def group(self, parsed: Sequence[tuple[Hashable, str]]) -> list[int]:
        numbers: dict[Hashable, int] = {}
        return [numbers.setdefault(value, len(numbers)) for value, _ in parsed]

    def show(self, parsed: Sequence[tuple[Hashable, str]]) -> str:
        return parsed[0][1]


class TextAnswers(EqualAnswers):
    """Any words; case, spaces and closing punctuation do not matter."""

    form = "the final answer alone"

    def parse(self, text: str) -> tuple[Hashable, str] | None:
        shown = final(text)
        value = " ".join(shown.casefold().split()).rstrip(".!")
        return (value, shown) if value and len(value) <= LONGEST and value.isprintable() else None


_NUMBER = re.compile(
    r"(?P<sign>[-+\u2212]?)\s*(?:(?P<whole>\d{1,3}(?:,\d{3})+|\d+)?(?P<point>\.\d*)?(?:e(?P<exponent>[-+]?\d{1,3}))?"
    r"|\\[dt]?frac\{(?P<top>-?\d+)\}\{(?P<bottom>-?\d+)\})"
    r"(?:\s*/\s*(?P<divisor>\d+))?\s*(?P<unit>[^\W\d_]*|%|°)",
    re.IGNORECASE,
)


class NumberAnswers(EqualAnswers):
    """A number, exactly, with its unit if it has one; else a symbolic expression by its spelling."""

    form = "the final number or expression alone"

    def parse(self, text: str) -> tuple[Hashable, str] | None:
        shown = final(text)
        if not shown or len(shown) > LONGEST or not shown.isprintable():
            return None
        plain = re.sub(r"\\left|\\right|\\[,;! ]|\$", "", shown).replace("\\%", "%").strip().rstrip(".")
        plain = re.sub(r"^[a-z]\s*=\s*", "", plain, flags=re.IGNORECASE)
        if len(plain) <= LONGEST_NUMBER and (number := _number(plain)) is not None:
            return number, shown
        value = "".join(plain.split())
        # prose is no expression: it would make a group of its own out of a failure to answer
        words = re.findall(r"(?<![\\a-z])[a-z]{3,}", plain, re.IGNORECASE)
        return (value, shown) if value and len(words) <= 2 and len(value) <= 200 else None


def _number(text: str) -> tuple[Fraction, str] | None:
    match = _NUMBER.fullmatch(text)
    if match is None:
        return None
    if match["top"] is not None:
        if int(match["bottom"]) == 0:
            return None
        value = Fraction(int(match["top"]), int(match["bottom"]))
    else:
        digits = (match["whole"] or "").replace(",", "") + (match["point"] or "")
        if not any(c.isdigit() for c in digits):
            return None
        value = Fraction(digits.rstrip(".") + (f"e{match['exponent']}" if match["exponent"] else ""))
    if match["divisor"] is not None:
        if int(match["divisor"]) == 0:
            return None
        value /= int(match["divisor"])
    unit = match["unit"].casefold()
    return (-value if match["sign"] in ("-", "\u2212") else value), "%" if unit == "percent" else unit


class ChoiceAnswers(EqualAnswers):
    """One of several options, by its letter or its words.

    options: the words of each option, the first being A; without, any single letter is an option.
    """

    form = "the letter of the right option alone"

    def __init__(self, options: Sequence[str] = ()) -> None:
        if len(options) > 26 or len({o.casefold().strip() for o in options}) != len(options):
            raise UserError("options: give at most 26, all different")
        self.options = tuple(options)

    def parse(self, text: str) -> tuple[Hashable, str] | None:
        shown = final(text)
        words = shown.casefold().strip().rstrip(".")
        for index, option in enumerate(self.options):
            if words == option.casefold().strip().rstrip("."):
                return chr(65 + index), chr(65 + index)
        match = re.match(r"(?:option\s+)?[(\[]?([a-z])(?:[)\].:](?=\s|$)|[)\]]|$)", shown.strip(), re.IGNORECASE)
        if match is None:
            return None
        letter = match[1].upper()
        return (letter, letter) if not self.options or ord(letter) - 65 < len(self.options) else None


class JSONAnswers(EqualAnswers):
    """A JSON value; order of keys, spaces and 1 against 1.0 do not matter, the order of a list does."""

    form = "the JSON value alone, on one line"

    def parse(self, text: str) -> tuple[Hashable, str] | None:
        fenced = re.findall(r"```(?:json)?[ \t]*\n(.*?)```", text, re.DOTALL)
        for candidate in (final(text), *reversed(fenced), text):
            if len(candidate) > 100 * LONGEST:
                continue
            try:
                value = json.loads(candidate, parse_constant=_no_constant)
                return json.dumps(_whole(value), sort_keys=True, ensure_ascii=False), json.dumps(value)
            except (ValueError, RecursionError, OverflowError):
                continue
        return None


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


def _whole(value: Any) -> Any:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, list):
        return [_whole(item) for item in value]
    return {key: _whole(item) for key, item in value.items()} if isinstance(value, dict) else value
