"""Remainders of division: an example of a family that another package adds.

Level 1: a number up to 99 by one up to 9. Level 2: up to 9999 by up to 99. Answers: integers, 0 .. 98.
"""

from __future__ import annotations

import random

from favilla.worlds.base import Family, Problem, Solution, Split, Style, Verdict, draw_in_split
from favilla.worlds.phrasing import pick
from favilla.worlds.verify import read_integer

PHRASINGS = ("What is the remainder of {a} divided by {b}?", "{a} mod {b} =", "Divide {a} by {b}. What is left over?")
TEST_PHRASINGS = ("If {a} is shared out in packs of {b}, how many stay behind?",)
LIMITS = {1: (99, 9), 2: (9999, 99)}


class Remainders(Family):
    name = "remainders"
    levels = 2

    def sample(self, rng: random.Random, level: int, split: Split) -> Problem:
        largest, divisor = LIMITS[level]
        a, b = draw_in_split(lambda: (rng.randint(10, largest), rng.randint(2, divisor)), instance_of, split)
        quotient, answer = a // b, str(a % b)
        terse = f"{quotient}*{b}={quotient * b}, {a}-{quotient * b}={answer}"
        solutions: dict[Style, Solution] = {
            "direct": Solution("", answer),
            "terse": Solution(terse, answer),
            "steps": Solution(f"{terse}\nCheck: {quotient}*{b}+{answer}={a}", answer),
        }
        prompt = pick(rng, split, PHRASINGS, TEST_PHRASINGS).format(a=a, b=b)
        return Problem(self.name, level, split, (prompt,), answer, solutions, instance_of((a, b)))

    def verify(self, problem: Problem, text: str, thinking: str = "") -> Verdict:
        number = read_integer(text.strip())
        return Verdict(
            correct=number is not None and str(number) == problem.answer,
            parsed=None if number is None else str(number),
            solution_key=" ".join(thinking.split("Check")[0].split()) or None,
            strategy="multiply" if "*" in thinking else None,
        )


def instance_of(numbers: tuple[int, int]) -> str:
    return "remainders: {} {}".format(*numbers)
