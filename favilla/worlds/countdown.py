"""Countdown: an expression that reaches a target with given numbers, each used at most once.

Level 1: two or three numbers up to 20, + and -. Level 2: three numbers up to 10, + - *. Level 3: four numbers up to 20,
+ - * /, targets up to 100. Level 4: five or six numbers as in the television game (25, 50, 75, 100 and twice 1 to 10),
targets from 100 to 999.

The answer is an expression; every expression is right that reads by `read_expression`, uses the given numbers each at most
once and the level's operations alone, and has the target as its value. Divisions must come out even everywhere. The target
is never one of the numbers.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from favilla.worlds.arithmetic import Tree
from favilla.worlds.base import Family, Problem, Solution, Split, Style, Verdict, draw_in_split
from favilla.worlds.phrasing import pick, widened
from favilla.worlds.working import results, worked

OPERATIONS = {1: "+-", 2: "+-*", 3: "+-*/", 4: "+-*/"}
TOLD = {1: "+ and -", 2: "+, - and *", 3: "+, -, * and / (without remainder)", 4: "+, -, * and / (without remainder)"}
TARGETS = {1: (1, 50), 2: (2, 100), 3: (10, 100), 4: (100, 999)}
LARGE, SMALL = (25, 50, 75, 100), (*range(1, 11), *range(1, 11))
# Of the searches that go through everything: products of these are looked up, others are not tried.
TABLE = 10
# Sums and differences with such a second number are one step.
EASY = 15
LARGEST = 2000
LONGEST = 120

PHRASINGS = widened((
    "Make {target} from {numbers}. Use each number at most once, and only {ops}.",
    "Numbers: {numbers}. Target: {target}. Each number at most once, with {ops}. Expression?",
    "Write an expression that is {target}. You may use {numbers}, each at most once, and {ops}.",
    "Reach {target} with {numbers} (each at most once) and {ops}.",
    "With {ops}, how do you get {target} out of {numbers}? No number more than once.",
    "{numbers} -> {target}. Operations: {ops}. No number may be used twice.",
    "I have {numbers}. I want {target}. Give an expression with {ops}; use no number twice.",
    "Find an expression equal to {target}. Numbers, at most once each: {numbers}. Operations: {ops}.",
    "How can {numbers} give {target}? Take each at most once, and {ops} only.",
    "Combine some of {numbers} by {ops} to get {target}. Each may be used at most once.",
    "Target {target}, numbers {numbers}, operations {ops}. Each number at most one time.",
    "Using {ops} and each of {numbers} no more than once, build {target}.",
    "Countdown: {numbers}. Hit {target}. Allowed are {ops}, every number at most once.",
    "Get {target}. Allowed: {ops}, and {numbers}, each at most once.",
    "Which expression of {numbers} has the value {target}? Each at most once, {ops} only.",
    "What expression gives {target}? You have {numbers}, each usable at most once, and {ops}.",
    "Is there a way to get {target} from {numbers}? There is: show it, using {ops} and no number more than once.",
    "Goal: {target}. Available: {numbers}. Signs: {ops}. Do not use a number again. Write the expression.",
    "Your numbers are {numbers}. With {ops} and no number used a second time, arrive at {target}.",
    "Someone wants to know how {target} can be made from {numbers} with {ops}, no number being used more than once.",
    "Find a calculation with the result {target}. It may contain {numbers}, each one time at most, and {ops}.",
    "From the numbers {numbers}, calculate {target}. Only {ops} may be used, and every number once at the most.",
    "The result has to be {target}. Use {ops}. Numbers to choose from: {numbers}. Never use the same one twice.",
    "Put {ops} between some of the numbers {numbers} so that the result is {target}. The order is free, but each may be used once only.",
    "Numbers puzzle. Given {numbers}, produce {target} with {ops}. You needn't use all of them, but none more than once.",
    "Game: make {target}. Your tiles say {numbers}. Each tile may be played once or not at all. Operations: {ops}.",
    "Please construct {target} out of {numbers}. Rules: {ops} only; each number at most once.",
    "{target} = ? Choose from {numbers}, each at most once, and use {ops}.",
    "{target} = ...\nFill in an expression that uses {numbers}, none more than once, and {ops}.",
    "Given: {numbers}\nWanted: {target}\nAllowed: {ops}, each number at most once",
    "Let the result be {target}. What expression in {numbers} does it? Operations: {ops}. Number use: at most once each.",
    "You are given {numbers}. Show how to reach {target} by means of {ops} when a number may be used just once or left out.",
    "Express {target} through {numbers}, with {ops}. Nobody needs all of the numbers, but none may be used twice.",
    "Which calculation yields {target}? Permitted operations: {ops}. Permitted numbers: {numbers}, each not more than once.",
    "My brother claims that {numbers} can give {target} using {ops}, no number twice. Prove it with an expression.",
    "How do I get to {target} when all that is given is {numbers} and {ops}? I can use a number once only.",
    "We need {target}. We own {numbers}, one of each shown. We know {ops}. What do we write?",
    "In a quiz the numbers are {numbers} and the target is {target}. Answer with an expression that has {ops} only and no number more than once.",
    "Each of {numbers} may be taken once or ignored. Use {ops} to obtain {target}.",
    "Create an expression. Value: {target}. Ingredients: {numbers} (each one time at most) and {ops}.",
    "Can {target} be built from {numbers}? Yes, it can. Write down how, with {ops}, using every number no more than one time.",
    "Try to hit exactly {target} with {ops} and the numbers {numbers}; once a number is used, it is gone.",
    "The teacher wrote {numbers} on the board. Pupils may use {ops}, and each number at most once. Who gets {target}, and how? Give the expression.",
    "Play with {numbers} and {ops} until you have {target}. Each number can be used a single time.",
    "Take any of {numbers}, but each only once. Connect them with {ops}. The value must be {target}.",
    "Pick numbers from {numbers}, each no more than once, and combine them with {ops} to equal {target}.",
    "I am looking for an expression worth {target}. It may only hold numbers of this list, each at most once: {numbers}. Operations: {ops}.",
    "Only {ops} are permitted. Only {numbers} are available, and every one at most once. Get to {target}.",
    "Solve for {target}: numbers {numbers}, none to be used again, operations {ops}. Your expression?",
    "Use {numbers} to make {target}. You may add brackets, {ops} are fine, and no number may be used again.",
    "Operations {ops}; numbers {numbers}; target {target}. Each number is good for one appearance at most. What is a solution?",
    "Numbers: {numbers}\nTarget: {target}\nOperations: {ops}\nEach number at most once.\nSolution:",
    "Find any correct way to calculate {target}. Numbers: {numbers} (don't use one twice). Operations: {ops}.",
    "Hit the target {target}. You hold the numbers {numbers} and may spend each once. Allowed operations: {ops}.",
    "What would you write to turn {numbers} into {target}? Leave out what you do not need, use nothing twice, and stick to {ops}.",
    "Arrange some or all of {numbers} with {ops} in such a way that {target} results. Each is to be used at most once.",
    "Start from {numbers}. End at {target}. In between: {ops}. A number that has been used may not be used again. Give one expression.",
    "Here's a challenge: {numbers}. Make {target}! Just {ops}, and don't use any number more often than once.",
    "Exactly {target} is what we are after. Available numbers, one use each at most: {numbers}. Available operations: {ops}.",
    "Using no number more than once, combine {numbers} into {target}. The operations are {ops}.",
    "Tell me an expression with the value {target}, made from {numbers} none of them used again, and from {ops}.",
))  # fmt: skip
TEST_PHRASINGS = (
    "There are cards with {numbers}. Lay out a sum worth {target}, each card used at most once, with {ops}.",
    "Please form {target}: take from {numbers} what you need, nothing twice, joined by {ops}.",
    "{target} is wanted. On the table lie {numbers}, each good for one use, and {ops}. Write it out.",
    "Can you write {target} as an expression? {numbers} are there, none may come twice; signs: {ops}.",
    "Solve the number round: {numbers} for {target}, {ops}, at most one use of each number.",
)

_TOKENS = re.compile(r"[0-9]+|[-+*/()]")
_SIGNS = re.compile(r"[-+*/() 0-9]+")
_SPLIT_NUMBER = re.compile(r"[0-9] +[0-9]")


@dataclass(frozen=True)
class Way:
    """A number that was reached: its expression and its operations in the order they were worked out."""

    value: int
    tree: Tree
    steps: tuple[tuple[str, int, int, int], ...] = ()


@dataclass(frozen=True)
class Expression:
    """What `read_expression` read: the value, the numbers and the operations used."""

    value: int
    numbers: tuple[int, ...]
    operations: frozenset[str]


class Countdown(Family):
    """Expressions for a target; see the module's docstring for levels and answers.

    Verdict: `parsed` is the expression without spaces. `solution_key` is the sequence of results that the thinking
    calculates. `strategy` is "direct" without thinking, "straight" when it calculates only what an expression needs,
    "search" when it also calculates something else.
    """

    name = "countdown"
    levels = 4

    def sample(self, rng: random.Random, level: int, split: Split) -> Problem:
        numbers, target, way = draw_in_split(
            lambda: _draw(rng, level), lambda drawn: _instance(level, *drawn[:2]), split
        )
        shown = list(numbers)
        rng.shuffle(shown)
        if way is None:
            tries, way = search(shown, target, OPERATIONS[level])
        else:
            tries = [*_misses(rng, shown, target), f"{_equations(way)} yes"]
        answer = infix(way.tree)
        terse = _equations(way)
        if len(way.steps) > 2:
            tries += _put_together(way.tree)
        solutions: dict[Style, Solution] = {
            "direct": Solution("", answer),
            "terse": Solution(terse, answer),
            "steps": Solution("\n".join(tries), answer),
        }
        listed = ", ".join(map(str, shown))
        words = pick(rng, split, PHRASINGS, TEST_PHRASINGS)
        prompt = words.format(numbers=listed, target=target, ops=TOLD[level])
        facts = {"numbers": numbers, "target": target, "operations": OPERATIONS[level]}
        return Problem(self.name, level, split, (prompt,), answer, solutions, _instance(level, numbers, target), facts)

    def verify(self, problem: Problem, text: str, thinking: str = "") -> Verdict:
        answer = text.strip()
        read = read_expression(answer)
        facts = problem.facts
        correct = (
            read is not None
            and read.value == facts["target"]
            and not Counter(read.numbers) - Counter(facts["numbers"])
            and read.operations <= set(facts["operations"])
        )
        calculated = results(thinking)
        needed = max(0, len(read.numbers) - 1) if read else 0
        strategy = "search" if len(calculated) > needed else "straight" if calculated else None
        return Verdict(
            correct=correct,
            parsed=answer.replace(" ", "") if read else None,
            solution_key=" ".join(calculated) or None,
            strategy=strategy if thinking.strip() else "direct",
        )


def read_expression(text: str) -> Expression | None:
    """An expression of integers, + - * / and parentheses in exact integer arithmetic, else None.

    None also for a division that does not come out even, for a sign before a number, for leading zeros, and for more
    than 120 characters. Spaces may stand between the parts.
    """
    if len(text) > LONGEST or not _SIGNS.fullmatch(text) or _SPLIT_NUMBER.search(text):
        return None
    tokens = _TOKENS.findall(text)
    numbers = tuple(int(token) for token in tokens if token.isdigit())
    if any(token != "0" and token[0] == "0" for token in tokens):
        return None
    try:
        value, end = _sum(tokens, 0)
    except _NotReadableError:
        return None
    if end != len(tokens):
        return None
    return Expression(value, numbers, frozenset(token for token in tokens if token in "+-*/"))


class _NotReadableError(Exception):
    pass


def _sum(tokens: list[str], at: int) -> tuple[int, int]:
    value, at = _product(tokens, at)
    while at < len(tokens) and tokens[at] in "+-":
        sign = 1 if tokens[at] == "+" else -1
        other, at = _product(tokens, at + 1)
        value += sign * other
    return value, at


def _product(tokens: list[str], at: int) -> tuple[int, int]:
    value, at = _atom(tokens, at)
    while at < len(tokens) and tokens[at] in "*/":
        times = tokens[at] == "*"
        other, at = _atom(tokens, at + 1)
        if times:
            value *= other
        elif other == 0 or value % other:
            raise _NotReadableError
        else:
            value //= other
    return value, at


def _atom(tokens: list[str], at: int) -> tuple[int, int]:
    if at < len(tokens) and tokens[at].isdigit():
        return int(tokens[at]), at + 1
    if at >= len(tokens) or tokens[at] != "(":
        raise _NotReadableError
    value, at = _sum(tokens, at + 1)
    if at >= len(tokens) or tokens[at] != ")":
        raise _NotReadableError
    return value, at + 1


def infix(tree: Tree) -> str:
    """The expression with the parentheses that its value needs, without spaces."""
    if isinstance(tree, int):
        return str(tree)
    op, left, right = tree
    weak = "+-" if op in "*/" else ""
    sides = []
    for side, wrapped in ((left, weak), (right, {"-": "+-", "*": "+-/", "/": "+-*/"}.get(op, ""))):
        text = infix(side)
        sides.append(f"({text})" if not isinstance(side, int) and side[0] in wrapped else text)
    return op.join(sides)


def search(numbers: list[int], target: int, operations: str) -> tuple[list[str], Way]:
    """All tries with two or three numbers, in a fixed order, up to the one that hits: as lines, and the hit.

    A line has the first operation and all second ones on its result. Raises ValueError when nothing hits.
    """
    lines: list[str] = []
    for branch in _branches(numbers, operations):
        tried = []
        for way in branch:
            tried.append(_equation(way.steps[-1]))
            if way.value == target:
                return [*lines, f"{', '.join(tried)} yes"], way
        lines.append(", ".join(tried))
    raise ValueError(f"{target} cannot be reached with {numbers}")


def _branches(numbers: list[int], operations: str) -> Iterator[list[Way]]:
    """For every operation on two of the numbers: its result, and what the third number makes of it."""
    for i, a in enumerate(numbers):
        for j in range(i + 1, len(numbers)):
            rest = [n for place, n in enumerate(numbers) if place not in (i, j)]
            for way in _joined(Way(a, a), Way(numbers[j], numbers[j]), operations, TABLE):
                yield [way, *(more for n in rest for more in _joined(way, Way(n, n), operations, TABLE))]


def _joined(a: Way, b: Way, operations: str, table: int = LARGEST) -> Iterator[Way]:
    """The useful operations on two numbers: positive results, and none that only gives one of the two again."""
    high, low = (a, b) if a.value >= b.value else (b, a)
    for op in operations:
        x, y = high.value, low.value
        if (op == "-" and x == y) or (op in "*/" and low.value == 1) or (op == "/" and x % y):
            continue
        if op == "*" and high.value > table:
            continue
        value = {"+": x + y, "-": x - y, "*": x * y, "/": x // y}[op]
        if value <= LARGEST:
            yield Way(value, (op, high.tree, low.tree), (*a.steps, *b.steps, (op, x, y, value)))


def _draw(rng: random.Random, level: int) -> tuple[tuple[int, ...], int, Way | None]:
    """Sorted numbers, a target, and at the levels too wide to be searched through a way there."""
    least, most = TARGETS[level]
    while True:
        if level <= 2:
            count = rng.choice((2, 3, 3)) if level == 1 else 3
            largest = {1: 20 if count == 2 else 15, 2: 10}[level]
            numbers = sorted(rng.randint(1, largest) for _ in range(count))
            reached = {way.value for branch in _branches(numbers, OPERATIONS[level]) for way in branch}
            targets = sorted(value for value in reached - set(numbers) if least <= value <= most)
            if targets:
                return tuple(numbers), rng.choice(targets), None
            continue
        if level == 3:
            numbers = sorted(rng.randint(1, 20) for _ in range(4))
        else:
            large = rng.randint(1, 3)
            numbers = sorted([*rng.sample(LARGE, large), *rng.sample(SMALL, rng.randint(5, 6) - large)])
        way = _random_way(rng, numbers, rng.randint(3 if level == 3 else 4, len(numbers)))
        if least <= way.value <= most and way.value not in numbers:
            return tuple(numbers), way.value, way


def _random_way(rng: random.Random, numbers: list[int], used: int) -> Way:
    ways = [Way(n, n) for n in rng.sample(numbers, used)]
    while len(ways) > 1:
        a, b = ways.pop(rng.randrange(len(ways))), ways.pop(rng.randrange(len(ways)))
        ways.append(rng.choice(list(_joined(a, b, "+-*/")) or [a]))
    return ways[0]


def _misses(rng: random.Random, numbers: list[int], target: int) -> list[str]:
    """Up to three tries that miss the target, each nearer than the one before."""
    drawn = [_random_way(rng, numbers, rng.randint(2, len(numbers))) for _ in range(8)]
    near = sorted((way for way in drawn if way.value != target and way.steps), key=lambda way: abs(way.value - target))
    return list(dict.fromkeys(f"{_equations(way)} no" for way in reversed(near[: rng.randint(1, 3)])))


def _equation(step: tuple[str, int, int, int]) -> str:
    op, a, b, result = step
    return f"{a}{op}{b}={result}"


def _equations(way: Way) -> str:
    """The operations; those on larger numbers in small steps."""
    return ", ".join(
        _equation((op, a, b, value)) if b <= EASY and (op in "+-" or value <= TABLE**2) else worked(op, a, b)
        for op, a, b, value in way.steps
    )


def _put_together(tree: Tree) -> list[str]:
    """The expression as it grows, a line per operation."""
    if isinstance(tree, int):
        return []
    return [*_put_together(tree[1]), *_put_together(tree[2]), f"so {infix(tree)}"]


def _instance(level: int, numbers: tuple[int, ...], target: int) -> str:
    return f"countdown: {' '.join(map(str, numbers))} | {OPERATIONS[level]} | {target}"
