"""Chained arithmetic over whole numbers.

Level 1: two two-digit numbers, + or -. Level 2: three numbers, one of the operations may be a small product. Level 3:
four to five numbers with parentheses. Level 4: six to eight numbers, as an expression or told in words ("start with 17,
double it, ..."). No intermediate result leaves -999 .. 999.

Answers are integers in canonical form: -89 .. 198 at level 1 (288 values), -188 .. 297 at level 2 (486
values), -999 .. 999 at levels 3 and 4 (1,999 values).
"""

from __future__ import annotations

import random
import re

from favilla.worlds.base import Family, Problem, Solution, Split, Style, Verdict, draw_in_split
from favilla.worlds.phrasing import pick, widened
from favilla.worlds.verify import read_integer

# A number, or (operation, left, right). "/" only ever halves an even number.
Tree = int | tuple[str, "Tree", "Tree"]
# (operation, left value, right value, result)
Step = tuple[str, int, int, int]

LARGEST = 999

PHRASINGS = widened((
    "What is {x}?",
    "Compute {x}.",
    "Calculate {x}.",
    "Work out {x}.",
    "{x} = ?",
    "{x} =",
    "{x}",
    "Find the value of {x}.",
    "Evaluate {x}.",
    "How much is {x}?",
    "What does {x} equal?",
    "Please compute {x}.",
    "Tell me the result of {x}.",
    "Solve: {x}",
    "Give the value of {x} as a number.",
    "I need {x}. What is it?",
    "Can you work out {x}?",
    "Result of {x}?",
    "{x} gives which number?",
    "Which number is {x}?",
    "{x}: find the result.",
    "{x} - how much is that?",
    "What is the value of {x}?",
    "Figure out {x} for me.",
    "We have {x}. Which number is equal to it?",
    "In my notebook stands {x}. What is the total?",
    "Reckon {x}.",
    "Determine {x}.",
    "Someone asked me about {x}. I do not know it.",
    "The problem on the board is {x}. Can you solve it?",
    "Let me know {x}.",
    "Put a number in place of {x}.",
    "Here is a sum for you: {x}. What is it?",
    "Complete: {x} = __",
    "Fill in the blank: {x} = ...",
    "Someone wants to know how much {x} makes.",
    "What's {x}?",
    "Whats {x}",
    "{x} equals what?",
    "{x} makes how much?",
    "So, {x}, what would that be?",
    "Solve this for me: {x}",
    "I wrote {x} on my sheet. Which number goes behind the equals sign?",
    "Expression: {x}\nValue:",
    "Next question. {x} is equal to what number?",
    "Can anyone say what {x} is?",
    "Without a calculator: {x}",
    "Mental arithmetic: {x}",
    "Add it up or take it down, whatever is needed: {x}",
    "My sister says that she knows {x}. What should she say?",
    "The till has to work out {x}. What will it show?",
    "Maths homework, number one: {x}",
    "Type the result of {x}.",
    "A pupil is told to calculate {x}. What is the correct result?",
    "Write {x} as a single number.",
    "Evaluate the expression {x}, please.",
    "How large is {x}?",
    "What result does {x} have?",
    "What do we obtain from {x}?",
    "Perform the calculation {x}.",
    "Carry out {x} and report the outcome.",
    "Let n be {x}. Give n.",
    "Let y = {x}. What is y?",
    "Your answer to {x}?",
    "Would you be so kind as to calculate {x}?",
    "The answer to {x} is needed.",
    "Find {x}.",
    "Say what you get when you work out {x}.",
    "{x}. Solution?",
    "Total for {x}, please.",
    "Quick: {x}?",
    "Reduce {x} to its value.",
    "The number that {x} stands for: which one is it?",
))  # fmt: skip
TEST_PHRASINGS = (
    "What number do you get for {x}?",
    "Do this sum: {x}",
    "Could you tell me what {x} comes to?",
    "Simplify {x} to one number.",
    "My calculator is broken. {x} is what?",
    "Answer with a number only: {x}",
)
STORY_PHRASINGS = widened((
    "Start with {start}. {steps}. What do you get?",
    "Start with {start}, then do this: {steps}. What is the result?",
    "Take {start}. {steps}. Which number is it now?",
    "Begin at {start}. {steps}. Give the final number.",
    "Think of {start}. {steps}. What is left?",
    "I have the number {start}. {steps}. What number do I have?",
    "Your number is {start}. {steps}. Which number comes out?",
    "Imagine {start}. {steps}. Where does this end?",
    "{start} is the first number. {steps}. Which is the last one?",
    "Let the number be {start}. {steps}. What is it in the end?",
    "We begin with {start}. {steps}. Find the result.",
    "Choose {start}. {steps}. What is the outcome?",
    "The start is {start}. {steps}. What is the end?",
    "Starting number: {start}. {steps}. Final number?",
    "Here is a number, {start}. {steps}. Tell me what it has become.",
    "Do the following with {start}: {steps}. What comes out?",
    "Enter {start} in a calculator. {steps}. What is on the display?",
    "Somebody thinks of {start}. {steps}. Which number does that person arrive at?",
    "What do you end up with if you begin with {start} and do this: {steps}?",
    "Which number results when {start} is changed as follows: {steps}?",
    "Say {start}. {steps}. What do you say now?",
    "Let x be {start}. {steps}. What is the value of x after all this?",
    "From {start}, go on like this: {steps}. Which number do you reach?",
    "Pick the number {start}. {steps}. Report the result.",
    "Mental arithmetic. You hear {start}. {steps}. And the answer?",
    "A game begins with {start} points. {steps}. What is the final score?",
    "Chain: {start}. {steps}. Result?",
    "Apply these steps to {start} one after the other: {steps}. What value do they give?",
    "My number was {start}. {steps}. Now what is my number?",
    "Set the value to {start}. {steps}. Find its last value.",
    "Given {start}. {steps}. Wanted: the number at the end.",
    "We put {start} in a machine. {steps}. Calculate what leaves the machine.",
    "At first there is {start}. {steps}. How much is there finally?",
    "Suppose you are given {start}. {steps}. How much does that make?",
    "The teacher says {start}. {steps}. What should the class answer?",
    "Keep {start} in mind. {steps}. Which number is in your mind after the last step?",
    "Work through this: begin with {start}. {steps}. What total do you get?",
    "I type {start}. {steps}. I would like to know the result.",
    "Take the number {start} and carry out each step in turn: {steps}. Write the final value.",
    "A pupil has {start}. {steps}. Compute what the pupil has now.",
    "Everything begins with {start}. {steps}. Which value remains?",
    "Your friend starts from {start}. {steps}. Please work out where your friend finishes.",
))  # fmt: skip
STORY_TEST_PHRASINGS = (
    "A counter shows {start}. {steps}. What does it show at the end?",
    "Write down {start}. {steps}. What have you written last?",
)
STORY_WORDS = {
    "+": ("add {n}", "add {n} to it", "plus {n}"),
    "-": ("subtract {n}", "take away {n}", "minus {n}"),
    "*": ("multiply by {n}", "multiply it by {n}", "times {n}"),
    "/": ("halve it", "divide by 2", "take half of it"),
}
SPECIAL_WORDS = {"*2": ("double it", "multiply by 2"), "*3": ("triple it", "multiply by 3")}

PLAIN_SIGNS = {"+": "+", "-": "-", "*": "*", "/": "/"}
CROSS_SIGNS = {**PLAIN_SIGNS, "*": "×"}
WORD_SIGNS = {"+": "plus", "-": "minus", "*": "times", "/": "divided by"}

# A result is the number after "=", unless a longer calculation goes on behind it.
_RESULT = re.compile(r"= ?(-?[0-9]{1,9})(?![0-9])(?! ?[-+*/×=])")
_CHECK = re.compile(r"\bcheck", re.IGNORECASE)


class Arithmetic(Family):
    """Chained arithmetic; see the module's docstring for levels and answers.

    Verdict: `solution_key` is the sequence of results that the thinking calculates, up to its check. `strategy` is
    "direct" without thinking, "left-to-right" for one result per operation, "decompose" when these are reached in
    smaller steps, "other" when the thinking calculates something else.
    """

    name = "arithmetic"
    levels = 4

    def sample(self, rng: random.Random, level: int, split: Split) -> Problem:
        tree, told = draw_in_split(lambda: _draw(rng, level), lambda drawn: _instance(drawn[0]), split)
        steps = work(tree)
        answer, want = str(steps[-1][3]), _told(tree) if told else write(tree, space="")
        prompt = _story(rng, split, tree) if told else _question(rng, split, tree, level)
        solutions: dict[Style, Solution] = {
            "direct": Solution("", answer),
            "terse": Solution(", ".join(_equation(*step) for step in steps), answer),
            "steps": Solution("\n".join([f"Want: {want}", *(explained(*step[:3]) for step in steps)]), answer),
        }
        facts = {"expression": write(tree), "results": [step[3] for step in steps]}
        return Problem(self.name, level, split, (prompt,), answer, solutions, _instance(tree), facts)

    def verify(self, problem: Problem, text: str, thinking: str = "") -> Verdict:
        number = read_integer(text.strip())
        results = _collapse(_RESULT.findall(_CHECK.split(thinking, maxsplit=1)[0]))
        return Verdict(
            correct=number is not None and str(number) == problem.answer,
            parsed=None if number is None else str(number),
            solution_key=" ".join(results) or None,
            strategy=_strategy(results, _collapse([str(r) for r in problem.facts["results"]]), thinking),
        )


def write(tree: Tree, signs: dict[str, str] = PLAIN_SIGNS, space: str = " ") -> str:
    """The expression in infix form with the parentheses that keep its tree; with the default signs Python reads it."""
    if isinstance(tree, int):
        return str(tree)
    op, left, right = tree
    left_text, right_text = write(left, signs, space), write(right, signs, space)
    if _binding(left) < _binding(tree):
        left_text = f"({left_text})"
    if _binding(right) <= _binding(tree):
        right_text = f"({right_text})"
    return f"{left_text}{space}{signs[op]}{space}{right_text}"


def work(tree: Tree) -> list[Step]:
    """All operations of the tree from left to right, each after those it needs."""
    if isinstance(tree, int):
        return []
    op, left, right = tree
    before, after = work(left), work(right)
    a = left if isinstance(left, int) else before[-1][3]
    b = right if isinstance(right, int) else after[-1][3]
    return [*before, *after, (op, a, b, _apply(op, a, b))]


def explain(op: str, a: int, b: int) -> list[str]:
    """The operation in steps that handle one decimal place each, as equations; the last one gives the result.

    Sums and differences add or take away hundreds, tens and ones of the second number one after the other; products
    and halves handle each place of the larger number and add up. Signs are put right in an equation of their own.
    """
    result = _apply(op, a, b)
    if op in "*/":
        equations = _by_places(op, *((abs(b), abs(a)) if op == "*" and abs(b) > abs(a) else (abs(a), abs(b))))
        return equations if a >= 0 and b >= 0 else [*equations, _equation(op, a, b, result)]
    signed = b if op == "+" else -b
    if (a < 0) == (signed < 0):
        plain = ("+", abs(a), abs(signed))
    else:
        plain = ("-", max(abs(a), abs(signed)), min(abs(a), abs(signed)))
    equations = _in_jumps(*plain)
    return equations if plain == (op, a, b) else [*equations, _equation(op, a, b, result)]


def _in_jumps(op: str, a: int, b: int) -> list[str]:
    equations = []
    for part in _places(b):
        equations.append(_equation(op, a, part, _apply(op, a, part)))
        a = _apply(op, a, part)
    return equations


def _by_places(op: str, a: int, b: int) -> list[str]:
    equations, total = [], 0
    for index, part in enumerate(_places(a)):
        value = _apply(op, part, b)
        equations.append(_equation(op, part, b, value))
        if index:
            equations.append(_equation("+", total, value, total + value))
        total += value
    return equations


def _places(number: int) -> list[int]:
    digits = str(number)
    parts = [int(digit) * 10 ** (len(digits) - 1 - place) for place, digit in enumerate(digits)]
    return [part for part in parts if part] or [0]


def _apply(op: str, a: int, b: int) -> int:
    return {"+": a + b, "-": a - b, "*": a * b, "/": a // b if b else 0}[op]


def _equation(op: str, a: int, b: int, result: int) -> str:
    return f"{a}{op}{b if b >= 0 else f'({b})'}={result}"


def explained(op: str, a: int, b: int) -> str:
    """`explain` on one line, the operation in front unless it is a single step: "57+68: 57+60=117, 117+8=125"."""
    equations = explain(op, a, b)
    left = _equation(op, a, b, 0).removesuffix("=0")
    return equations[0] if len(equations) == 1 else f"{left}: {', '.join(equations)}"


def _collapse(results: list[str]) -> list[str]:
    """Without the results that only say again what stands directly before them."""
    return [result for index, result in enumerate(results) if index == 0 or result != results[index - 1]]


def _strategy(results: list[str], needed: list[str], thinking: str) -> str | None:
    if not results:
        return None if thinking.strip() else "direct"
    if results == needed:
        return "left-to-right"
    remaining = iter(results)
    return "decompose" if all(result in remaining for result in needed) else "other"


def _binding(tree: Tree) -> int:
    return 3 if isinstance(tree, int) else 2 if tree[0] in "*/" else 1


def _instance(tree: Tree) -> str:
    return "arithmetic: " + write(_ordered(tree))


def _ordered(tree: Tree) -> Tree:
    """The tree with the sides of + and * in a fixed order, so that 17 + 25 and 25 + 17 share a split."""
    if isinstance(tree, int):
        return tree
    op, left, right = tree[0], _ordered(tree[1]), _ordered(tree[2])
    return (op, right, left) if op in "+*" and write(right) < write(left) else (op, left, right)


def _draw(rng: random.Random, level: int) -> tuple[Tree, bool]:
    """An expression of the level, and whether it is told in words."""
    if level == 1:
        return (rng.choice("+-"), rng.randint(10, 99), rng.randint(10, 99)), False
    if level == 2:
        return _draw_three(rng), False
    told = level == 4 and rng.random() < 0.5
    while True:
        tree = _draw_story(rng) if told else _draw_tree(rng, rng.randint(4, 5) if level == 3 else rng.randint(6, 8))
        steps = work(tree)
        small = all(abs(result) <= LARGEST for *_, result in steps)
        factors_small = all(0 < abs(a) <= 99 and 0 < abs(b) <= 99 for op, a, b, _ in steps if op == "*" and not told)
        if small and factors_small and (told or "(" in write(tree)):
            return tree, told


def _draw_three(rng: random.Random) -> Tree:
    a, b = rng.randint(10, 99), rng.randint(10, 99)
    first, second = rng.choice("+-"), rng.choice("+-")
    shape = rng.randrange(3)
    if shape == 0:
        return second, (first, a, b), rng.randint(10, 99)
    product = ("*", rng.randint(2, 9), rng.randint(2, 12))
    return (first, product, a) if shape == 1 else (first, a, product)


def _draw_tree(rng: random.Random, leaves: int) -> Tree:
    if leaves == 1:
        return rng.randint(2, 60)
    op = rng.choices("+-*", (4, 4, 2))[0]
    if op == "*":
        tree, factor = _draw_tree(rng, leaves - 1), rng.randint(2, 9)
        return (op, tree, factor) if rng.random() < 0.5 else (op, factor, tree)
    left = rng.randint(1, leaves - 1)
    return op, _draw_tree(rng, left), _draw_tree(rng, leaves - left)


def _draw_story(rng: random.Random) -> Tree:
    value = rng.randint(2, 60)
    tree: Tree = value
    for _ in range(rng.randint(5, 7)):
        op = rng.choice("++--*/")
        if op == "/" and (value % 2 or value == 0):
            op = "+"
        if op == "*" and (abs(value) > 120 or value == 0):
            op = "-"
        number = 2 if op == "/" else rng.randint(2, 5) if op == "*" else rng.randint(2, 60)
        tree, value = (op, tree, number), _apply(op, value, number)
    return tree


def _question(rng: random.Random, split: Split, tree: Tree, level: int) -> str:
    signs = rng.choice((PLAIN_SIGNS, PLAIN_SIGNS, CROSS_SIGNS, WORD_SIGNS if level <= 2 else CROSS_SIGNS))
    space = " " if signs is WORD_SIGNS else rng.choice((" ", " ", ""))
    return pick(rng, split, PHRASINGS, TEST_PHRASINGS).format(x=write(tree, signs, space))


def _told(tree: Tree) -> str:
    """A story's number and its operations in order: "50 +21 *5 /2"."""
    if isinstance(tree, int):
        return str(tree)
    op, before, number = tree
    return f"{_told(before)} {op}{number}"


def _story(rng: random.Random, split: Split, tree: Tree) -> str:
    told = []
    while not isinstance(tree, int):
        op, tree, number = tree
        words = SPECIAL_WORDS.get(f"{op}{number}", STORY_WORDS[op])
        told.append(rng.choice(words).format(n=number))
    phrasing = pick(rng, split, STORY_PHRASINGS, STORY_TEST_PHRASINGS)
    steps = ", ".join(reversed(told))
    return phrasing.format(start=tree, steps=steps if ": {steps}" in phrasing else steps[0].upper() + steps[1:])
