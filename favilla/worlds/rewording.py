"""Wordings said otherwise: synonyms, words left out, something said before or after. For training alone.

A wording is a template with `{slots}`; slots, and what stands between quotes or backticks, stay as they are. What is
changed never carries the question: a synonym is one in every family, and a word that is left out is "the" or a politeness.
"""

from __future__ import annotations

import difflib
import functools
import random
import re
from collections.abc import Sequence

# Each group: any may stand for any other. A capital: only where a sentence begins, since elsewhere the word means more.
GROUPS: tuple[tuple[str, ...], ...] = (
    ("Find", "Determine", "Work out", "Figure out", "Identify", "Establish", "Discover", "Find out"),
    ("Give", "State", "Tell me", "Provide", "Report", "Let me have", "Give me"),
    ("Name", "Tell me", "State", "Mention", "Specify", "Say"),
    ("Read off", "Read out", "Make out"),
    ("Calculate", "Compute", "Work out", "Reckon", "Evaluate", "Figure out", "Determine"),
    ("Count", "Tally", "Count up"),
    ("Look at", "Consider", "Study", "Examine", "Inspect", "Observe", "Take a look at", "Have a look at"),
    ("Write down", "Write out", "Put down", "Note down", "Jot down", "Set down"),
    ("Use", "Employ", "Work with", "Make use of"),
    ("Make", "Build", "Construct", "Create", "Produce"),
    ("Point at", "Point to", "Indicate"),
    ("Choose", "Pick", "Select", "Pick out"),
    ("Convert", "Change", "Transform"),
    ("Compare", "Weigh up"),
    ("picture", "image", "drawing", "illustration", "sketch", "graphic"),
    ("shows", "displays", "presents", "depicts"),
    ("shown", "displayed", "depicted", "pictured"),
    ("largest", "biggest", "greatest"),
    ("smallest", "littlest", "tiniest"),
    ("larger", "bigger", "greater"),
    ("difference", "gap"),
    ("in all", "in total", "altogether", "all told"),
    ("at most", "no more than", "not more than"),
    ("allowed", "permitted"),
    ("only", "just", "solely"),
    ("next to", "beside", "right by"),
    ("exactly", "precisely"),
    ("once more", "once again"),
    ("Please", "Kindly", "If possible"),
    ("Can you", "Could you", "Are you able to", "Will you"),
    ("can you", "could you", "are you able to", "will you"),
    ("I want to know", "I would like to know", "I need to know", "I must know"),
    ("I want", "I need", "I would like", "I am after"),
    ("How many", "Just how many", "Exactly how many", "So how many", "And how many"),
    ("how many", "exactly how many", "just how many"),
    ("How much is", "How much would be", "So how much is", "Just how much is"),
    ("What is", "What's", "What would be", "Do you know what is", "So what is", "And what is", "Any idea what is"),
    ("Which one is", "Which of them is", "So which one is", "And which one is"),
    ("Which", "Tell me which", "So which", "Say which", "And which", "Just which", "Do you know which"),
    ("Where is", "Where's", "Where do you see", "Where can I find", "So where is"),
    ("answer", "reply", "response"),
    ("exercise", "assignment", "puzzle", "riddle"),
    ("must", "should"),
    ("belongs to", "goes with"),
    ("gives", "yields"),
    ("equal to", "the same as"),
)  # fmt: skip
# May be left out: the question is the same without.
DROPPED = frozenset(("the", "please", "here"))

_WHO = (
    "My teacher", "A friend", "My sister", "Somebody", "The class", "Our group", "A reader", "My neighbour", "One of us", "A pupil",
    "My father", "The boss", "A visitor", "My son", "The team", "A colleague", "Grandma", "A customer", "The nurse", "My uncle",
)  # fmt: skip
_BEFORE = (
    "{who} asks: ", "{who} wants to know: ", "{who} sent me this. ", "{who} could not do it. ", "This is for {who_}. ", "{who} wrote: ",
    "I have a question. ", "Here comes the next one. ", "Q: ",
    "Another one: ", "Let's go on. ", "I am stuck. ", "Help me with this. ", "From a worksheet: ", "From an exam: ", "Quiz time! ",
    "I need help. ", "Could you help? ", "Try this. ", "Now this: ", "One more thing. ", "Listen. ", 
    "Dear model, ", "Assistant, ", "Hey, ", "Excuse me. ", "Good evening. ", "So: ", "Attention: ", "Warm-up: ",
    "Let me ask you something. ", "I bet you know this. ", "You will like this one. ", "Take this: ", "User: ", "Prompt: ", "Instruction: ",
)  # fmt: skip
_AFTER = (
    " {who} will be glad.", " I will check it.", " That is all.", " Go.", " Go ahead.", " Double-check it.", " What do you say?", " I rely on you.",
    " Let me know.", " Thanks in advance.", " Keep it short.", " Just the result.", " This is for {who_}.", " {who} is waiting.",
    " I could not do it myself.", " Think well.", " Don't guess.", " It should not be hard.", " Much obliged.", " Over to you.", " :)",
    " You have one try.", " {who} says it is easy.", " Answer:", " Output:", " Result:", " Reply soon.", " Cheers.",
)  # fmt: skip

_KEPT = re.compile(r"\{[^{}]*\}|\"[^\"]*\"|`[^`]*`")
_SENTENCE = re.compile(r"[a-z}][.?!]$")
NEAR = 0.85


def reworded(wording: str, rng: random.Random, held_out: Sequence[str] = ()) -> str:
    """A wording said otherwise, or as it is: four of ten are not touched. Never one that is nearly one of `held_out`."""
    if rng.random() < 0.4:
        return wording
    share = rng.choice((0.0, 0.3, 0.6))
    drop = rng.choice((0.0, 0.0, 0.5))
    text = "".join(
        part if _KEPT.fullmatch(part) else _dropped(_replaced(part, share, rng), drop, rng) for part in _parts(wording)
    )
    text = _dressed(text, rng) if _SENTENCE.search(wording) else text
    return wording if any(near(kept, text) for kept in held_out) else text


def near(held_out: str, text: str) -> bool:
    """Whether a text is a held-out wording in light disguise: contains it, or has nearly the same words in the same order."""
    if held_out.lower() in text.lower():
        return True
    matcher = difflib.SequenceMatcher(None, _words(held_out), _words(text), autojunk=False)
    return matcher.real_quick_ratio() >= NEAR and matcher.quick_ratio() >= NEAR and matcher.ratio() >= NEAR


def _words(text: str) -> list[str]:
    return re.findall(r"[a-z]+|\{\w+\}", text.lower())


def _parts(wording: str) -> list[str]:
    """What stays and what may change, in turn; together the wording."""
    parts, at = [], 0
    for match in _KEPT.finditer(wording):
        parts += [wording[at : match.start()], match.group()]
        at = match.end()
    return [*parts, wording[at:]]


@functools.cache
def _table() -> tuple[re.Pattern[str], dict[str, list[str]]]:
    others: dict[str, list[str]] = {}
    for group in GROUPS:
        for word in group:
            others.setdefault(word, []).extend(other for other in group if other != word)
    longest = sorted(others, key=len, reverse=True)
    return re.compile(r"(?<![\w'-])(?:" + "|".join(map(re.escape, longest)) + r")(?![\w'-])"), others


def _replaced(text: str, share: float, rng: random.Random) -> str:
    pattern, others = _table()
    return pattern.sub(lambda match: rng.choice(others[match.group()]) if rng.random() < share else match.group(), text)


def _dropped(text: str, share: float, rng: random.Random) -> str:
    if not share:
        return text
    return re.sub(
        r"[A-Za-z]+ ", lambda m: "" if m.group()[:-1].lower() in DROPPED and rng.random() < share else m.group(), text
    )


def _dressed(text: str, rng: random.Random) -> str:
    """With something before or after, or typed carelessly. Nothing is put before a slot: it may be a number, or lines of code."""
    kind, begins = rng.random(), text[0].isalpha()
    if kind < 0.5:
        before = _filled(rng.choice(_BEFORE), rng) if kind < 0.35 and begins else ""
        after = _filled(rng.choice(_AFTER), rng) if kind > 0.25 else ""
        return before + text + after
    if kind < 0.6:
        return text[:-1]
    return text[0].lower() + text[1:] if kind < 0.7 and begins and text[1:2].islower() else text


def _filled(words: str, rng: random.Random) -> str:
    who = rng.choice(_WHO)
    said = who[0].lower() + who[1:] if who.split()[0] in ("My", "A", "The", "Our", "One", "Somebody") else who
    return words.format(who=who, who_=said)
