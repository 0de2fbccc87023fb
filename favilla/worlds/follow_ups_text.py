"""Second turns of a conversation about arrows or a list: "And one hop further?", "And if you reverse it instead?".

A problem of `hops` or `lists` and its right answer are the history; the problem is an elliptical question about the same arrows
or the same items. Level n takes problems of level n. Arrows: from another start, one hop (level 3 and 4: up to two) further or
one less. Lists: another operation on the same items, or one more on the result.

Answers: a node, a number, a word, a letter, a string, or a list, as in the two families.
"""

from __future__ import annotations

import random
from itertools import pairwise
from typing import Any

from favilla.chat.messages import Message
from favilla.worlds.base import Family, Problem, Solution, Split, Verdict
from favilla.worlds.hops import Hops
from favilla.worlds.list_operations import OPERATIONS, Items, Kind
from favilla.worlds.lists import RESULT, Lists, write
from favilla.worlds.phrasing import pick
from favilla.worlds.scenes import key_of, strategy_of

WORDINGS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "further": (("And {hops} further?", "And after {hops} more?", "And {hops} on from there?", "Go {hops} further.",
                 "Where does {hops} more lead?", "What comes {hops} after that?", "Now {hops} more.", "{hops} more?",
                 "Continue: {hops} more.", "Keep going, {hops} more.", "Add {hops}. Where am I now?",
                 "From that node, {hops} ahead?", "Which node is {hops} further along?", "Then, in addition, {hops}?",
                 "Next: {hops} from your answer.", "Follow the way for {hops} beyond that.", "Move on by {hops}.",
                 "I go {hops} more. Where do I land?", "Carry on by {hops}, please.", "Starting at your answer, go {hops}.",
                 "What if I take {hops} more?", "Which node would {hops} more bring me to?", "Advance by {hops} from there.",
                 "Where am I after {hops} on top of that?", "Could you go {hops} beyond it?", "Extend the walk by {hops}.",
                 "Good. And {hops} past that node?", "My friend goes {hops} further. Where to?",
                 "The walk is longer by {hops}. Where does it end?", "Let us do {hops} more.",
                 "Not the end yet: go {hops} further.", "Which node follows after {hops}?", "I want to go {hops} past it.",
                 "Suppose I walk {hops} more.", "Increase the distance by {hops}.", "The next part is {hops}. Where is that?",
                 "And if I do {hops} more?"),
                ("Do not stop there: {hops} more.", "Walk on for {hops}.")),
    "less": (("And one hop less?", "And one hop earlier?", "And one step before that?", "What was the node just before it?",
              "With one hop fewer?", "Which node came right before it?", "Make the walk shorter by one arrow.",
              "If I stop one hop sooner, where am I?", "Undo the last hop. Where are we?", "Where was I before the last hop?",
              "What is the last node but one on that way?", "And without the final step?", "One arrow less, please.",
              "Return to the previous node. Which is it?", "From which node did the last arrow start?",
              "I meant one hop fewer. Where does that end?", "Same start, but one step less?",
              "Leave out the last hop. What do you get?", "Say the node we passed just before the end.",
              "Which node led there in the last step?", "Suppose the walk ends one arrow earlier.",
              "Sorry, one hop less than I said.", "Reduce the number of hops by one.", "The last step does not count. And now?",
              "Name the last node visited before that one.", "Cancel one hop at the end.", "What precedes it on the way?"),
             ("One step too far. Where was that?", "Go back by one.")),
    "from": (("And from {new}?", "And if you start at {new}?", "What about {new}?", "The same from {new}?", "And {new}?",
              "Now start at {new}.", "How about {new}?", "{new}?", "Try it with {new}.", "Same question for {new}.",
              "Begin at {new} this time.", "Repeat it for {new}.", "With {new} as the start?", "Where does a walk from {new} lead?",
              "Take {new} as the first node.", "If {new} is the beginning, where does it end?",
              "Do the same, starting from {new}.", "What if I had begun on {new}?", "Change the start to {new}.",
              "Equally many hops, but from {new}?", "Next start: {new}.", "Let {new} be the start now.",
              "I stand on {new} now. As many hops as before.", "Someone else begins at {new}. Where do they end?",
              "Please answer again for {new}.", "Where would that walk end from {new}?", "Put me on {new} and ask again.",
              "The start was wrong. It is {new}.", "Use {new} as a start.", "From {new}, the same number of hops?",
              "Could you do {new}, too?", "Another one: {new}.",
              "Different start, {new}.", "Let me know it for {new}, too.", "Replace the start by {new}.", "My next start is {new}.",
              "If you set out at {new}, where do you end?", "Solve it with {new} as the start.", "And for {new}?"),
             ("I also want it for {new}.", "Suppose we leave from {new}.")),
    "instead": (("And if you {do} instead?", "Now {do} instead.", "With the same items, {do}.", "Leave that. Just {do}.",
                 "No, {do}.", "Instead, {do}.", "Start over: {do}.", "Same items, but {do}.", "Undo that and {do}.",
                 "What if you {do} instead?", "Rather {do}.", "Sorry, I meant: {do}.", "Go back to my items and {do}.",
                 "Once more with my items: {do}.", "Use the given items and {do}.", "Not that, please: {do}.",
                 "Ignore your answer and {do}.", "My items again: {do}.", "I changed my mind: {do}.",
                 "Wrong task. Please {do}.", "Take my items again and {do}.", "Scrap that, {do} instead.",
                 "As an alternative, {do}.", "Return to my items and {do}.", "Drop the first task and {do}.",
                 "With my own items, {do}.", "Could you {do} instead?", "Do not do that but {do}.",
                 "For the items I gave you, {do}.",
                 "My items stay, but {do}.", "Other job, my old items: {do}.", "Instead of that, {do}.",
                 "Replace the task: {do}.", "Different task, same items: {do}.", "What happens if you {do} instead?",
                 "On second thought, {do} instead."),
                ("Forget the last task. Please {do}.", "From the beginning: {do}.")),
    "then": (("And then {do}?", "Take that and {do}.", "With the result, {do}.", "Next, {do}.", "Go on: {do}.",
              "Now take your answer and {do}.", "After that, {do}.", "Continue with the result: {do}.",
              "From your answer, {do}.", "Good. With that, {do}.", "Step two: {do}.", "And with your result, {do}.",
              "Now look at your answer and {do}.", "Carry on and {do}.", "Afterwards, {do}.", "Keep the result and {do}.",
              "One more step: {do}.", "Work on with your answer: {do}.", "In what you just wrote, {do}.",
              "What if you then {do}?", "Could you then {do}?", "Thanks. Then {do}.", "Starting from that, {do}.",
              "To that result, apply this: {do}.", "As a next step, {do}.", "Your answer goes in next: {do}.",
              "Apply one more thing to it: {do}.", "I take that result. Now {do}.", "Proceed: {do}.", "Once that is done, {do}.", "Now with what you found, {do}.", "In addition, {do}.",
              "Then please {do}.", "And if you then {do}?", "Take the result and {do}.",
              "Let us go on with it: {do}.", "Follow this up: {do}."),
             ("Use what you have now and {do}.", "That was the first step. The second one: {do}.")),
}  # fmt: skip
HOPS = ("one hop", "one step", "one arrow"), ("two hops", "two steps", "two arrows")


class FollowUpsText(Family):
    """Elliptical questions after a first one, without pictures; see the module's docstring for levels and answers.

    Verdict: `solution_key` is the thinking's words and numbers; `strategy` as that of the families of pictures.
    """

    name = "follow_ups_text"
    levels = 4

    def sample(self, rng: random.Random, level: int, split: Split) -> Problem:
        while True:
            if rng.random() < 0.5:
                drawn = _HOPS.sample(rng, level, split)
                made = _about_arrows(rng, level, split, drawn)
            else:
                drawn = _LISTS.sample(rng, level, split)
                made = _about_items(rng, level, split, drawn)
            if made is not None:
                break
        kind, question, terse, steps, answer = made
        return Problem(
            self.name, level, split, (question,), answer,
            {
                "direct": Solution("", answer),
                "terse": Solution(terse, answer),
                "steps": Solution(steps, answer),
            },
            drawn.instance, {**drawn.facts, "source": drawn.family, "first": drawn.answer, "ellipsis": kind},
            history=(Message("user", drawn.prompt), Message("assistant", (drawn.answer,))),
        )  # fmt: skip

    def verify(self, problem: Problem, text: str, thinking: str = "") -> Verdict:
        answer = text.strip()
        readable = 0 < len(answer) <= 300 and "\n" not in answer
        return Verdict(answer == problem.answer, answer if readable else None, key_of(thinking), strategy_of(thinking))


_HOPS, _LISTS = Hops(), Lists()
Made = tuple[str, str, str, str, str]  # kind, question, terse, steps, answer


def _about_arrows(rng: random.Random, level: int, split: Split, drawn: Problem) -> Made | None:
    arrows: dict[str, str] = drawn.facts["arrows"]
    way: list[str] = list(drawn.facts["way"])
    ways: dict[str, list[tuple[list[str], dict[str, str]]]] = {}
    for more in (1, 2) if level >= 3 else (1,):
        if walked := _walk(arrows, way[-1], more):
            ways.setdefault("further", []).append((walked, {"hops": rng.choice(HOPS[more - 1])}))
    if len(way) > 2:
        ways["less"] = [(way[:-1], {})]
    for start in sorted(arrows):
        if start != way[0] and (walked := _walk(arrows, start, len(way) - 1)):
            ways.setdefault("from", []).append((walked, {"new": start}))
    if not ways:
        return None
    kind = rng.choice(sorted(ways))
    walked, gaps = rng.choice(ways[kind])
    question = pick(rng, split, *WORDINGS[kind]).format(**gaps)
    lines = [f"Hop {number}: {a}->{b}" for number, (a, b) in enumerate(pairwise(walked), start=1)]
    return kind, question, "->".join(walked), "\n".join([f"Start: {walked[0]}", *lines]), walked[-1]


def _walk(arrows: dict[str, str], start: str, hops: int) -> list[str]:
    """The nodes on the way, the start included; empty when it ends too early."""
    way = [start]
    for _ in range(hops):
        if way[-1] not in arrows:
            return []
        way.append(arrows[way[-1]])
    return way


def _about_items(rng: random.Random, level: int, split: Split, drawn: Problem) -> Made | None:
    kind: Kind = drawn.facts["kind"]
    given: Items = drawn.facts["items"]
    result = _read(kind, drawn.answer)
    ellipsis = rng.choice(("instead", "then"))
    items = given if ellipsis == "instead" else result
    # Of one item there is nothing to ask; after a count, letters and words are no more.
    if len(items) < 2:
        return None
    choices = [maker for maker in OPERATIONS if maker.level <= level and kind in maker.kinds]
    maker = rng.choices(choices, [maker.weight for maker in choices])[0]
    operation = maker.make(rng, items, kind)
    if operation.key in drawn.facts["operations"]:
        return None
    done = operation.apply(items)
    answer = write("numbers" if operation.counts else kind, done)
    question = pick(rng, split, *WORDINGS[ellipsis]).format(
        do=pick(rng, split, operation.phrasings, operation.test_phrasings)
    )
    terse = f"{operation.short} of {write(kind, items)} {RESULT} {answer}"
    steps = f"{operation.short} of {write(kind, items)}:\n{operation.work(items)} {RESULT} {answer}"
    return ellipsis, question, terse, steps, answer


def _read(kind: Kind, answer: str) -> tuple[Any, ...]:
    """The items that an answer of `lists` writes down; one item, or a count, is one."""
    if kind == "letters":
        return tuple(answer) if answer.isalpha() else ()
    items = answer.split(", ")
    return tuple(map(int, items)) if kind == "numbers" else tuple(items)
