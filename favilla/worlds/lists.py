"""List and string operations on numbers, on words, and on the letters of one string.

Level 1: one operation on 3-4 items: largest, smallest, first, last, n-th, reverse, sort. Level 2: one operation on 5-6
items; adds sort descending, remove duplicates, every second item, capitals, count an item. Level 3: two operations on
7-8 items. Level 4: three operations on 9-12 items. Levels 3 and 4 add drop or swap the ends, sort words and letters,
count different items; and every operation matters: without it the answer would be another.

Numbers are 0 .. 99, words come from about 270, strings are pronounceable nonsense. Answers: a number, a word, a letter,
a string, or a list joined by ", " in which order and repetitions count. A list has far more than 10^4 values; one
number has 100, one word about 270. A count or a letter has few values (a count 1 .. 12, a letter 21): about a tenth of
the problems at levels 1 and 2, fewer above.
"""

from __future__ import annotations

import random
import re

from favilla.worlds.base import Family, Problem, Solution, Split, Style, Verdict, draw_in_split
from favilla.worlds.list_operations import OPERATIONS, SHORT, Items, Kind, Operation
from favilla.worlds.phrasing import pick, widened
from favilla.worlds.words import WORDS

LENGTHS = {1: (3, 4), 2: (5, 6), 3: (7, 8), 4: (9, 12)}
OPERATION_COUNTS = {1: 1, 2: 1, 3: 2, 4: 3}
LISTS = "list"
NOUNS: dict[Kind, str] = {"numbers": LISTS, "words": LISTS, "letters": "string"}

PHRASINGS = widened((
    "Take the {noun} {x} and {do}.",
    "Here is a {noun}: {x}. Now {do}.",
    "{noun_capital}: {x}\nTask: {do}",
    "For the {noun} {x}: {do}.",
    "Given the {noun} {x}, {do}.",
    "{x}\n{do_capital}.",
    "I have the {noun} {x}. Please {do}.",
    "With {x}, {do}.",
    "Look at {x}. {do_capital}.",
    "{noun_capital} {x}. {do_capital}. Answer?",
    "Use this {noun}: {x}. {do_capital}.",
    "You get the {noun} {x}. {do_capital}.",
    "{do_capital}. The {noun} is {x}.",
    "{do_capital}: {x}",
    "Can you take {x} and {do}?",
    "What do you get from {x} if you {do}?",
    "Start with {x}, then {do}. What comes out?",
    "There is a {noun} that I have to change: {x}. How does it look if I {do}?",
    "{do_capital}, please. This is the {noun}:\n{x}",
    "The exercise says: {do}. It gives {x}.",
    "Your task is this: {do}. Use {x}.",
    "We were given {x} at school and must {do}.",
    "{x} is a {noun}. {do_capital}.",
    "If I {do}, what becomes of {x}?",
    "Can you {do}? I mean {x}.",
    "{noun_capital}:\n{x}\n{do_capital}.\nResult?",
    "See what stands here: {x}. Now {do}.",
    "Let {x} be a {noun}. {do_capital}.",
    "I want you to {do}. You need {x} for that.",
    "Work on {x}: {do}.",
    "Try to {do} with {x}.",
    "Question: {do}. Data: {x}.",
    "On a slip of mine stands {x}. {do_capital}.",
    "The teacher writes {x} and asks us to {do}. What is the answer?",
    "Suppose you have {x}. What do you end up with when you {do}?",
    "First read the {noun}: {x}. Then {do}.",
    "Someone wants to know what {x} turns into if they {do}.",
    "{do_capital} - that is all I ask. The {noun} in question: {x}",
    "How would you {do}? The {noun} is {x}. Show only the outcome.",
    "Homework: {do}, for the {noun} {x}.",
    "Given: {x}\nWanted: {do}",
    "Data: {x}. Instruction: {do}.",
    "Puzzle: you see {x}. {do_capital}. What have you got?",
    "Be so kind and {do}. It is about {x}.",
    "My friend has to {do}, and the {noun} is {x}. What should my friend write?",
    "This {noun} came by mail: {x}. I must {do}. What do I send back?",
    "{x}: {do}.",
    "{x} - {do}, please.",
    "{x}. Could you {do}?",
    "You are asked to {do}. The {noun} you are given is {x}.",
    "Now comes a {noun}, namely {x}. {do_capital}.",
    "Somewhere in my notes there is {x}. Help me to {do}.",
    "A program reads the {noun} {x}. It should {do}. What does it print?",
    "Write what is left or comes out when you {do}, given {x}.",
    "All you have to do is {do}. Apply this to {x}.",
    "Step by step or at once, {do}: {x}",
    "To do: {do}. {noun_capital}: {x}",
    "I am looking at {x} and would like to {do}. What will the result be?",
    "She typed {x}. He told her to {do}. What did she type next?",
    "Apply the following to {x}: {do}.",
    "Quick one: {do}. I am talking about the {noun} {x}.",
    "We want to {do}. Our {noun} at the beginning: {x}. Our {noun} or value at the end?",
    "Process {x} as follows: {do}.",
    "In a test, the {noun} {x} was printed, and pupils had to {do}. Which answer was right?",
    "Imagine the {noun} {x} on a screen. {do_capital} and report the outcome.",
    "Next {noun}: {x}. Same rules as ever, {do}.",
    "The {noun} below has to be treated like this: {do}.\n{x}",
    "Is it hard to {do}? Try it on {x} and tell me what you find.",
    "Let's {do}. We use the {noun} {x}.",
    "What results from {x} once you {do}?",
    "Job for you. The {noun} is {x}. {do_capital}.",
    "Would it be possible to {do}? I copied the {noun} here: {x}",
))  # fmt: skip
TEST_PHRASINGS = (
    "Somebody gave me the {noun} {x}. Would you {do}?",
    "Input: {x}\nWhat to do: {do}\nOutput:",
    "Consider {x}. Your job: {do}.",
    "My {noun} reads {x}. Kindly {do}.",
    "The following {noun} needs work: {x}. You should {do}.",
)
JOINS = (", then ", ", then ", " and then ", ", after that ")

# Results stand behind this mark in worked solutions, so that they can be read whatever words stand around them.
RESULT = "=>"
_RESULT = re.compile(r"=>[ ]?([^\n;=]{1,300})")


class Lists(Family):
    """List and string operations; see the module's docstring for levels and answers.

    Verdict: `solution_key` is the sequence of results that the thinking writes behind "=>", up to line end or ";".
    `strategy` is "stepwise" when there is one, "direct" without thinking.
    """

    name = "lists"
    levels = 4

    def sample(self, rng: random.Random, level: int, split: Split) -> Problem:
        kind, items, operations = draw_in_split(lambda: _draw(rng, level), lambda drawn: _instance(*drawn), split)
        instance = _instance(kind, items, operations)
        results = [items]
        for operation in operations:
            results.append(operation.apply(results[-1]))
        last_kind: Kind = "numbers" if operations[-1].counts else kind
        shown = [write(kind, result) for result in results[:-1]] + [write(last_kind, results[-1])]
        answer = shown[-1]
        terse, steps = [], []
        for index, operation in enumerate(operations):
            given = f" of {shown[0]}" if index == 0 else ""
            terse.append(f"{operation.short}{given} {RESULT} {shown[index + 1]}")
            work = operation.work(results[index])
            if kind == "letters" and not operation.counts:
                work += _joined(results[index + 1])
            steps.append(f"{operation.short}{given}: {work} {RESULT} {shown[index + 1]}")
        if len(operations) > 1:
            steps.insert(0, f"Want: {', '.join(operation.short for operation in operations)}")
        solutions: dict[Style, Solution] = {
            "direct": Solution("", answer),
            "terse": Solution("\n".join(terse), answer),
            "steps": Solution("\n".join(steps), answer),
        }
        prompt = _prompt(rng, split, kind, items, operations)
        facts = {"kind": kind, "items": items, "operations": [operation.key for operation in operations]}
        return Problem(self.name, level, split, (prompt,), answer, solutions, instance, facts)

    def verify(self, problem: Problem, text: str, thinking: str = "") -> Verdict:
        answer = text.strip()
        results = [" ".join(result.replace(",", " ").split()) for result in _RESULT.findall(thinking)]
        results = [result for result in results if result]
        return Verdict(
            correct=answer == problem.answer,
            parsed=answer if 0 < len(answer) <= 300 and "\n" not in answer else None,
            solution_key=" | ".join(results) or None,
            strategy="stepwise" if results else None if thinking.strip() else "direct",
        )


def write(kind: Kind, items: Items) -> str:
    """The items as they stand in an answer: lists joined by ", ", the letters of a string joined by nothing."""
    return ("" if kind == "letters" else ", ").join(str(item) for item in items)


def _joined(letters: Items) -> str:
    """A short string put together letter by letter, for a tokenizer hides which letters it has: " | e/en/ene"."""
    text = "".join(str(letter) for letter in letters)
    parts = "/".join(text[:count] for count in range(1, len(text) + 1))
    return f" | {parts}" if 1 < len(text) <= SHORT else ""


def _draw(rng: random.Random, level: int) -> tuple[Kind, Items, list[Operation]]:
    kind: Kind = rng.choices(("numbers", "words", "letters"), (5, 3, 2 if level > 1 else 1))[0]
    choices = [make for make in OPERATIONS if make.level <= level and kind in make.kinds]
    inner = [make for make in choices if not make.ends]
    while True:
        items = _items(rng, kind, rng.randint(*LENGTHS[level]))
        operations: list[Operation] = []
        value = items
        for left in range(OPERATION_COUNTS[level] - 1, -1, -1):
            makers = inner if left else choices
            maker = rng.choices(makers, [maker.weight for maker in makers])[0]
            operations.append(maker.make(rng, value, kind))
            value = operations[-1].apply(value)
        if level <= 2 or _all_matter(items, operations):
            return kind, items, operations


def _all_matter(items: Items, operations: list[Operation]) -> bool:
    answer = _apply(items, operations)
    return all(_apply(items, operations[:i] + operations[i + 1 :]) != answer for i in range(len(operations)))


def _apply(items: Items, operations: list[Operation]) -> Items:
    for operation in operations:
        items = operation.apply(items)
    return items


def _items(rng: random.Random, kind: Kind, count: int) -> Items:
    if kind == "letters":
        first = rng.randrange(2)
        return tuple(rng.choice("aeiou" if (first + place) % 2 else "bcdfghklmnprstvz") for place in range(count))
    repeated = rng.randint(1, count // 2) if rng.random() < 0.4 else 0
    drawn: list[int | str] = list(rng.sample(range(100) if kind == "numbers" else WORDS, count - repeated))
    drawn += rng.choices(drawn, k=repeated)
    rng.shuffle(drawn)
    return tuple(drawn)


def _instance(kind: Kind, items: Items, operations: list[Operation]) -> str:
    return f"lists: {kind} | {' '.join(str(item) for item in items)} | {'; '.join(op.key for op in operations)}"


def _prompt(rng: random.Random, split: Split, kind: Kind, items: Items, operations: list[Operation]) -> str:
    shown = write(kind, items)
    if kind == "letters":
        shown = rng.choice((shown, shown, f'"{shown}"'))
    elif rng.random() < 0.3:
        shown = f"[{shown}]"
    told = rng.choice(JOINS).join(pick(rng, split, op.phrasings, op.test_phrasings) for op in operations)
    noun = NOUNS[kind]
    return pick(rng, split, PHRASINGS, TEST_PHRASINGS).format(
        x=shown, do=told, do_capital=told[0].upper() + told[1:], noun=noun, noun_capital=noun.capitalize()
    )
