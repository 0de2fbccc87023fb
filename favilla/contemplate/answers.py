"""Canonical answers: what an agent's words say, and which agents say the same.

A kind of answer parses text (None: there is no such answer in it) and groups what was parsed. Rules of `NumberAnswers`,
which decide votes: 1/2 = 0.5 = .50 and 1,000 = 1000 = 1e3, exactly, as fractions. "50%" is neither 0.5 nor 50: agents who
leave the sign away may mean either, and two answers that may differ are never counted as one. Rounded values differ
(0.33 is not 1/3). 1 1/2 is 3/2, 10^3 is 1000 and (3) is 3. A unit must be the same word; the case of a short one counts (mW is not MW). Anything else is
a symbolic answer and equal when it is written equally, spaces (but for those between digits), marks of LaTeX and Markdown
around it and \\left, \\right apart.
"""

from __future__ import annotations

import asyncio
import json
import math
import re
import threading
import unicodedata
from collections.abc import Hashable, Sequence
from fractions import Fraction
from typing import Any, Protocol, cast

from favilla.errors import UserError

LONGEST = 10_000  # characters of an answer; a longer one is junk, not an answer
LONGEST_NUMBER = 1000  # characters; Python converts no more than 4,300 digits
# Spaces, not line ends, and few of them between words: what an endpoint sends must not cost quadratic time.
_MARK = re.compile(
    r"^[ \t*#>_\-\u2022]*(?:[0-9]{1,2}[.)][ \t*_]{1,9})?"  # perhaps an item of a list
    r"(?:final[ \t]{1,9})?answer(?:[ \t]{1,9}is)?[ \t]{0,9}(?P<closed>[*_]{0,9})[ \t]{0,9}[:：][ \t]{0,9}"
    r"(?:(?P<late>[*_]{1,3})(?=\s|$))?",
    re.IGNORECASE | re.MULTILINE,
)
_SORRY = r"(?:(?:(?:i'?m|i\s+am)\s+(?:(?:very|so|truly|deeply)\s+)?)?sorry|(?:i\s+|my\s+)?apolog(?:i[sz]e|ies))"
_OPENING = rf"(?:{_SORRY}|unfortunately|(?:i'?m|i\s+am)\s+afraid|as\s+an\s+ai\b[^,.\n]{{0,40}})\W+(?:(?:but|that)\s+)?"
_DO = r"(?:help|assist|comply|provide|do\s+that|answer|fulfill?|support|discuss|share|engage|participate|continue)\b"
_CANNOT = r"(?:(?:can'?t|can\s?not|won'?t|will\s+not)(?:\s+be\s+able\s+to)?|(?:am|'?m)\s+(?:not\s+able|unable)\s+to)"
# "I cannot help but notice" and "I can't help thinking" decline nothing
_NOT_HELPLESS = r"(?!help\s+(?:but\b|\w+ing\b))"
_REFUSAL = re.compile(
    rf"\W*(?:{_OPENING}){{0,3}}(?:i\s*(?:{_CANNOT}\s*(?:{_NOT_HELPLESS}{_DO}|with\b|$)"
    r"|(?:\s(?:must|have\s+to|will(?:\s+have\s+to)?|am\s+going\s+to)|'?m\s+going\s+to|'ll(?:\s+have\s+to)?)?"
    r"\s(?:(?:respectfully|politely)\s+)?(?:decline|refuse)\b)"
    rf"|(?:that|this)(?:'s|\s+is)\s+(?:not\s+something\s+i\s+(?:can|will)|something\s+i\s*{_CANNOT})\s+(?:do|{_DO}))"
    # of whoever begins by saying what it is, no verb is needed
    rf"|\W*(?:{_OPENING}){{0,2}}as\s+an\s+ai\b[^,.\n]{{0,40}}\W+i\s*(?:{_CANNOT}|(?:do\s+not|don'?t)\s+have)"
    r"|\W*(?:refused|request\s+(?:refused|denied|declined))\W*$",
    re.IGNORECASE,
)
# Of other verbs, those of writing for somebody; after an apology, any. But who works on the problem says such things too
# ("I can't make 24 directly, so ..."): the sentence must end without a number and without going on.
_WRITE = (
    r"(?:create|generate|produce|offer|describe|recommend|endorse|process|teach|write(?!\s+\w+\s+as\b)"
    r"|tell\s+(?:you|anyone|people|users)(?!\s+(?:whether|which|if)\b)|make\s+(?:that|this|such|these|those|jokes|threats)"
    r"|give\s+(?:you|anyone|that|this|such|out|advice|instructions|medical|legal|financial))\b"
)
_ENDS = r"(?:(?!\bso\b|\bbut\b(?!\s+i\b)|\b(?:exact|precise|closed|direct|definit))[^.!?:=\n\d]){0,300}(?:[.!?\n]|$)"
_SHORT_REFUSAL = re.compile(
    rf"\W*(?:(?:{_OPENING}){{0,3}}i\s*(?:{_CANNOT}|(?:am|'?m)\s+not\s+(?:going|willing|allowed|permitted)\s+to)\s+(?:{_WRITE}|{_NOT_HELPLESS}{_DO})"
    rf"|{_SORRY}\W+(?:(?:but|that)\s+)?(?:{_OPENING}){{0,2}}i\s*{_CANNOT}\s+{_NOT_HELPLESS}(?=\w)){_ENDS}",
    re.IGNORECASE,
)
_BEGINNING = 400  # characters in which a refusal must say so
_SHORT = 1000  # characters; who has more to say than why not has perhaps answered
_SPACE = re.compile("[\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]")
# Marks of direction and of places where a line may break. Joiners are not among them: they make other words and signs.
_INVISIBLE = re.compile("[\u00ad\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]")
_SIGNS = {"percent": "%", "degree": "°", "degrees": "°"}
SHORT_UNIT = 4  # letters; "mbar" and "Mbar" differ, "meters" and "Meters" do not


class Answers(Protocol):
    """A kind of answer. form: how a prompt asks for it; slow: parsing takes long enough for a thread of its own, and is told
    when it is no longer needed (`SlowAnswers`);
    exact: a further answer never changes which others are the same (clusters of places may); identity: name and settings,
    the same in every process, by which a log knows it."""

    slow: bool
    exact: bool

    @property
    def form(self) -> str: ...

    @property
    def identity(self) -> list[Any]: ...

    def parse(self, text: str) -> Any | None:
        """The answer in a reply, or None."""
        ...

    def group(self, parsed: Sequence[Any]) -> list[int]:
        """For each parsed answer the number of its group; equal numbers mean the same answer."""
        ...

    def show(self, parsed: Sequence[Any]) -> str:
        """One group's answer as text."""
        ...


class SlowAnswers(Answers, Protocol):
    """A kind of answer whose parsing takes its time. stop: once set, it shall return soon, whatever it returns."""

    def parse(self, text: str, stop: threading.Event | None = None) -> Any | None: ...


async def understand(answers: Answers, text: str) -> Any | None:
    """`answers.parse(text)`, of a slow kind on a thread. Cancelled, it returns when that thread has stopped."""
    if not answers.slow:
        return answers.parse(text)
    stop = threading.Event()
    parsing = asyncio.ensure_future(asyncio.to_thread(cast(SlowAnswers, answers).parse, text, stop))
    try:
        return await asyncio.shield(parsing)
    finally:
        stop.set()
        await asyncio.wait([parsing])


def is_refusal(text: str) -> bool:
    """Whether a reply declines to answer: its "ANSWER:" or box does, or without one it begins so."""
    said = final(text) or text.lstrip()
    begins = said[:_BEGINNING].replace("’", "'")
    short = len(said) <= _SHORT and "```" not in said
    return bool(_REFUSAL.match(begins) or (short and _SHORT_REFUSAL.match(begins)))


def final(text: str) -> str:
    """What stands after the last "ANSWER:", up to an empty line; else in the last \\boxed{}; else the whole text if it is one
    line."""
    if (rest := _rest(text)) is not None:
        said = _boxed(rest)
        return _unmarked(re.split(r"\n[ \t]*\n", rest, maxsplit=1)[0] if said is None else said)
    if (boxed := _boxed(text)) is not None:
        return boxed.strip()
    return text.strip() if "\n" not in text.strip() else ""


def _rest(text: str) -> str | None:
    """All that stands after the last "ANSWER:". Marks of Markdown that were opened before it are closed behind its line."""
    marks = list(_MARK.finditer(text))
    if not marks:
        return None
    last = marks[-1]
    rest = text[last.end() :].replace("\r\n", "\n").strip()
    opened = re.search(r"[*_]*$", re.split("final|answer", last[0], maxsplit=1, flags=re.IGNORECASE)[0].rstrip(" \t"))
    if opened and opened[0] and not last["closed"] and not last["late"]:
        line, end, more = rest.partition("\n")
        rest = line.rstrip().removesuffix(opened[0][::-1]) + end + more
    return rest


# A name such as __init__ is no name in bold.
_NAME = re.compile(r"__[a-z][a-z0-9_]*__")


def _unmarked(text: str) -> str:
    """An answer without the fence or the pairs of Markdown's marks around it; a mark that stands alone belongs to it."""
    text = re.sub(r"^```\w*[ \t]*\n|\n```$", "", text.strip()).strip()
    while (opening := re.match(r"([*_`])\1{0,2}", text)) and not _NAME.fullmatch(text):
        mark, inside = opening[0], text[len(opening[0]) : -len(opening[0])]
        if not text.endswith(mark) or not inside.strip() or mark[0] in (inside[0], inside[-1]):
            break
        text = inside.strip()
    return text if text.strip("*_` \t\n") else ""


def said_whole(text: str) -> str:
    """What a reply that was cut off surely says: all up to the end of the line of its last "ANSWER:"; nothing if that line
    may have gone on."""
    marks = list(_MARK.finditer(text))
    line = re.compile(r"\s*\S[^\n]*\n").match(text, marks[-1].end()) if marks else None
    return text[: line.end()] if line else ""


def before_answer(text: str) -> str:
    """What stands before the last "ANSWER:"; nothing if the whole text is the answer, all of it if there is none."""
    marks = list(_MARK.finditer(text))
    return text[: marks[-1].start()] if marks else "" if final(text) == text.strip() else text


# What may stand behind a box with a number, to the end of its line: a unit, which belongs to the number.
_UNIT_BEHIND = re.compile(
    r"(?:\\[)\]]|\\[,;: ]|[ \t$])*(\\?%|°|\^\{?\\circ\}?|\\(?:text|mathrm)\{[^{}]*\}|[^\W\d_]{1,4})(?:\\[)\]]|[ \t$.*])*"
)


def _boxed(text: str) -> str | None:
    """What stands in the last \\boxed{}, with a unit behind it."""
    start = text.rfind("\\boxed{")
    if start < 0:
        return None
    depth = 0
    for end in range(start + 6, len(text)):
        depth += (text[end] == "{") - (text[end] == "}")
        if depth == 0:
            said, line = text[start + 7 : end], text[end + 1 : end + 100].partition("\n")[0]
            unit = _UNIT_BEHIND.fullmatch(line) if said.rstrip("}")[-1:].isdigit() else None
            return f"{said} {unit[1]}" if unit else said
    return None


def visible(text: str) -> str:
    """`text` without characters that show nothing, but may turn what stands around them."""
    return _INVISIBLE.sub("", text)


def _is_text(value: str) -> bool:
    """Whether it has only characters that are written: no control codes, none of no meaning, no halves of one."""
    return not any(unicodedata.category(character) in ("Cc", "Cs", "Co", "Cn") for character in value)


class Settings:
    """A kind of answer that is known by its name and the values of its attributes."""

    @property
    def identity(self) -> list[Any]:
        return [type(self).__name__, sorted(vars(self).items())]


class EqualAnswers(Settings):
    """Answers that are the same when their canonical values are equal; `show` gives the first as it was written."""

    slow = False
    exact = True

    def group(self, parsed: Sequence[tuple[Hashable, str]]) -> list[int]:
        numbers: dict[Hashable, int] = {}
        return [numbers.setdefault(value, len(numbers)) for value, _ in parsed]

    def show(self, parsed: Sequence[tuple[Hashable, str]]) -> str:
        return parsed[0][1]


class TextAnswers(EqualAnswers):
    """Any words; case, spaces, closing punctuation, and quotes or marks of LaTeX around the whole do not matter."""

    form = "the final answer alone"

    def parse(self, text: str) -> tuple[Hashable, str] | None:
        shown = visible(final(text))
        if len(shown) > LONGEST:
            return None
        value = re.sub(r"(?<=[^\W\d_])[!.]+$", "", _words(_unquoted(shown)))
        return (value, shown) if value and _is_text(value) else None


_AROUND = re.compile(
    r"\$\$?([^$]+)\$\$?|\\\((.+)\\\)|\\\[(.+)\\\]|\\(?:text|textbf|mathrm)\{([^{}]+)\}|\"([^\"]+)\"|\u201c([^\u201d]+)\u201d"
    r"|['\u2018]((?:[^'\u2018\u2019]|(?<=\w)['\u2019](?=\w))+)['\u2019]",  # 'don't' is one word in quotes
    re.DOTALL,
)


def _unquoted(text: str) -> str:
    """`text` without what stands around the whole of it: quotes, and LaTeX's marks of formulas and of text."""
    while (around := _AROUND.fullmatch(text.strip())) is not None:
        text = next(inside for inside in around.groups() if inside is not None)
    return text


_NUMBER = re.compile(
    r"(?P<sign>[-+\u2212]?)\s*(?:(?P<whole>\d{1,3}(?:,\d{3})+|\d+)?(?P<point>\.\d*)?(?:e(?P<exponent>[-+]?\d{1,3}))?"
    r"|\\[dt]?frac\{(?P<top>-?\d+)\}\{(?P<bottom>-?\d+)\})"
    r"(?:\s*/\s*(?P<divisor>\d+))?\s*(?P<unit>[^\W\d_]*|%|°)",
    re.IGNORECASE,
)
_MIXED = re.compile(
    r"(?P<sign>[-+\u2212]?)\s*(?P<whole>\d+)(?:\s+(?P<top>\d+)\s*/\s*(?P<bottom>\d+)"
    r"|\s*\\[dt]?frac\{(?P<over>\d+)\}\{(?P<under>\d+)\})(?P<rest>.*)"
)

_IN_PARENTHESES = re.compile(r"\(\s*([^()]*)\)")
_INTEGER_POWER = re.compile(r"(\d{1,4})\s*\^\s*(?:(\d{1,3})|\{\s*(\d{1,3})\s*\})")


class NumberAnswers(EqualAnswers):
    """A number, exactly, with its unit if it has one; else a symbolic expression by its spelling. Of several lines the first
    counts."""

    form = "the final number or expression alone"

    def parse(self, text: str) -> tuple[Hashable, str] | None:
        shown, plain = next(
            ((s, p) for line in visible(final(text)).split("\n") if (p := _plain(s := line.strip()))), ("", "")
        )
        if not shown or len(shown) > LONGEST or not _is_text(shown):
            return None
        plain = _unquoted(_ROUNDABOUT.sub("", _unquoted(plain)))
        if _NO_ANSWER.match(plain.replace("’", "'")):
            return None
        if len(plain) <= LONGEST_NUMBER and (number := _number(plain)) is not None:
            return number, shown
        value = re.sub(r"(?<!\d) | (?!\d)", "", " ".join(plain.split()))
        # prose is no expression: it would make a group of its own out of a failure to answer
        words = re.findall(r"(?<![\\a-z])[a-z]{3,}", plain, re.IGNORECASE)
        return (value, shown) if value and len(words) <= 2 and len(value) <= 200 else None


def _plain(text: str) -> str:
    """`text` without the marks of LaTeX and Markdown that make no difference."""
    # digits in groups of three, as typography has them
    text = re.sub(r"(?<=\d)(?:\{,\}|\\,|[\u00a0\u2009\u202f])(?=\d{3}(?!\d))", "", text)
    text = re.sub(r"\\left|\\right|\\[!()\[\]]|\\?\$|`", "", text)
    text = re.sub(r"\\[,;: ]|\\q?quad\b", " ", _SPACE.sub(" ", text))
    text = re.sub(r"\\(?:text(?:bf|it|rm)?|math(?:rm|bf|it)|boldsymbol|bm|mbox)\{([^{}]*)\}", r"\1", text)
    text = re.sub(r"\^(?:\\circ\b|\{\\circ\})", "°", text)
    text = re.sub(
        r"(?<=\d)\s{0,9}(?:\\times|\\cdot|[×·])\s{0,9}10\^(?:([-\u2212]?\d{1,3})\b|\{([-\u2212]?\d{1,3})\})",
        _power,
        text,
    )
    text = re.sub(r"[¼½¾⅐-⅞]", lambda sign: " " + unicodedata.normalize("NFKC", sign[0]).replace("\u2044", "/"), text)
    text = re.sub(r"^\s{0,9}[\u2212\u2013](?=\s{0,9}[\d.\\])", "-", text.replace("\u00b5", "\u03bc"))  # minus; micro
    text = re.sub(r"(\\[dt]?frac)\s{0,9}(\d)\s{0,9}(\d)", r"\1{\2}{\3}", text)
    return text.replace("\\%", "%").lstrip(" \t*").rstrip(" \t*.,;")


# "So the answer is 42", "x = 42", "≈ 42", "about 42 (approximately)" say 42.
_SENTENCE = (
    r"^(?:(?:so|thus|hence|therefore)\b,?\s*)?(?:(?:the\s+)?(?:final\s+|correct\s+|right\s+)?(?:answer|result|value|total|option|choice)\s+is\b"
    r"|it\s+(?:is|equals)\b|it's\b|equals\b)?\s*:?\s*"
)
_ROUNDABOUT = re.compile(
    _SENTENCE + r"(?:(?:about|approximately|roughly|exactly)\b\s*)?(?:[a-z]\s*(?:[=≈]|\\approx\b)\s*)?"
    r"(?:(?:[=≈]|\\approx\b|~(?=\s*[-+\u2212]?[.\d]))\s*)?"
    r"|\s{0,9}\((?:approximately|exactly|approx\.?)\)$",
    re.IGNORECASE,
)
_NO_ANSWER = re.compile(
    r"(?:i\s+(?:do\s+not|don't|cannot|can't|could\s+not|couldn't)\b|i'm\s+not\b|not\s+sure|unknown$|no\s+idea"
    r"|(?:it\s+)?(?:cannot|can't)\s+be\s+(?:determined|known|found|said))",
    re.IGNORECASE,
)


def _power(found: re.Match[str]) -> str:
    return f"e{(found[1] or found[2]).replace(chr(0x2212), '-')}"


def _number(text: str) -> tuple[Fraction, str] | None:
    if (inside := _IN_PARENTHESES.fullmatch(text)) is not None:
        text = inside[1]
    if (power := _INTEGER_POWER.fullmatch(text)) is not None:
        base, exponent = int(power[1]), int(power[2] or power[3])
        return (Fraction(base**exponent), "") if exponent * len(power[1]) <= LONGEST_NUMBER else None
    if (mixed := _MIXED.fullmatch(text)) is not None:
        top, bottom = int(mixed["top"] or mixed["over"]), int(mixed["bottom"] or mixed["under"])
        if top < bottom:
            text = f"{mixed['sign']}{int(mixed['whole']) * bottom + top}/{bottom}{mixed['rest']}"
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
    unit = match["unit"] if len(match["unit"]) <= SHORT_UNIT else match["unit"].casefold()
    return (-value if match["sign"] in ("-", "\u2212") else value), _SIGNS.get(unit, unit)


_CHOSEN = re.compile(_SENTENCE, re.IGNORECASE)
_CHOICE = re.compile(r"(?:(?:option|choice|answer)\b\s{0,9}:?\s{0,9})?[(\[]?(?P<letter>[a-z])(?P<end>[)\]]?\s*(?:[.:,;]|[-\u2013\u2014](?=\s))?)(?P<rest>.*)",
                     re.IGNORECASE | re.DOTALL)  # fmt: skip
# Another letter is named beside the first: "B) and C)", "B, C", "B) blue, C) green".
_SECOND = re.compile(
    r"(?i:and|or)?[\s&,/]*[(\[]?[A-Z](?:[)\].:,]|\s+(?i:and|or)\b|\s*[&/]|\s*$)|.*[\s,;/][(\[]?[A-Z][)\]](?!\w)",
    re.DOTALL,
)


class ChoiceAnswers(EqualAnswers):
    """One of several options, by its letter or its words. Whoever names two has chosen none.

    options: the words of each option, the first being A; without, any single letter is an option.
    """

    def __init__(self, options: Sequence[str] = ()) -> None:
        if isinstance(options, str):
            raise UserError(f"options {options!r}: give several, as a list")
        if len(options) > 26 or len({_words(option) for option in options}) != len(options):
            raise UserError("options: give at most 26, all different")
        self.options = tuple(options)

    @property
    def form(self) -> str:
        listed = ", ".join(f"{chr(65 + index)}) {option}" for index, option in enumerate(self.options))
        return "the letter of the right option alone" + (f": {listed}" if listed else "")

    def parse(self, text: str) -> tuple[Hashable, str] | None:
        said = visible(final(text))
        if len(said) > LONGEST:
            return None
        known = [_words(option) for option in self.options]
        plain = _unquoted(_CHOSEN.sub("", _unquoted(_plain(re.sub(r"\*\*|__", "", said))))).strip()
        for words in (_words(said), _words(plain)):
            if words in known:
                letter = chr(65 + known.index(words))
                return letter, letter
        match = _CHOICE.fullmatch(plain)
        if match is None:
            return None
        letter, rest = match["letter"].upper(), match["rest"].strip()
        if self.options and ord(letter) - 65 >= len(self.options):
            return None
        bracketed = rest[:1] + rest[-1:] in ("()", "[]")
        for words in (_words(rest), _words(_unquoted(rest[1:-1] if bracketed else rest))):
            if words in known:
                return (letter, letter) if known.index(words) == ord(letter) - 65 else None
        # a letter alone, or one that is set apart from the words that follow it
        apart = (match["end"].strip() or bracketed) and (match["rest"][:1].isspace() or match["end"][-1:].isspace())
        return (letter, letter) if not rest or (apart and not _SECOND.match(rest)) else None


def _words(text: str) -> str:
    """Without case, spaces and the two ways of writing an accent."""
    return " ".join(unicodedata.normalize("NFC", text.casefold()).split()).rstrip(".")


class JSONAnswers(EqualAnswers):
    """A JSON value; order of keys, spaces and 1 against 1.0 do not matter, the order of a list does."""

    form = "the JSON value alone, on one line"

    def parse(self, text: str) -> tuple[Hashable, str] | None:
        # a draft further up is not what whoever says something else in the end has answered
        said = _rest(text) or text.replace("\r\n", "\n")
        fenced = re.findall(r"```(?:json)?[ \t]*\n(.*?)```", said, re.DOTALL | re.IGNORECASE)
        for candidate in (said, final(text), *reversed(fenced)):
            if len(candidate) > 100 * LONGEST:
                continue
            try:
                value = json.loads(candidate, parse_constant=_no_constant, parse_float=_finite)
                return json.dumps(_whole(value), sort_keys=True, ensure_ascii=False), json.dumps(value)
            except (ValueError, RecursionError, OverflowError):
                continue
        return None


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


def _finite(number: str) -> float:
    if not math.isfinite(value := float(number)):
        raise ValueError(f"{number} is too large")
    return value


def _whole(value: Any) -> Any:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, list):
        return [_whole(item) for item in value]
    return {key: _whole(item) for key, item in value.items()} if isinstance(value, dict) else value
