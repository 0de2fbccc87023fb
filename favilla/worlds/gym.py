"""Tasks of reasoning-gym as families (`pip install 'favilla[rl]'`): other people's problems, to measure what was learned here.

A task is asked for by name, `gym_spell_backward`; it belongs to no list of families, so nothing trains on it unawares.
Problems are text, long-winded for a small model, and have no worked solutions. Three things about the library would spoil a
measurement, and are dealt with here:

1. Item i of seed s is drawn from Random(s + i), so neighbouring seeds share nearly all items. Here is one seed and one long
   index, and the split hangs on a hash of the question, as in all families: training and test never meet.
2. Its scorers give credit for an answer with something beside it, some of them all of it, and some evaluate it as Python.
   Here an answer is right when it is the library's, letter by letter, and only tasks are let in where no other one is right.
3. Its easiest levels have few questions (two one-digit numbers can be added in 200 ways). Levels that have less than
   `SMALLEST` are refused.
"""

from __future__ import annotations

import importlib
import random
from collections import Counter
from typing import Any

from favilla.errors import UserError
from favilla.worlds.base import STYLES, Family, Problem, Solution, Split, Verdict, draw_in_split
from favilla.worlds.registry import GYM

# Read one by one: one right answer, which the question says how to write, too many possible ones to guess, generators that
# come to an end (those of arc_1d and number_sequence do not always), and levels that are large enough. Not these: knights_knaves
# (asks for a sentence without the full stop that its key has), time_intervals (false keys between time zones), basic_arithmetic
# (rounds some quotients without a word), letter_counting (counts some capitals without a word).
TASKS = (
    "base_conversion", "chain_sum", "count_bits", "count_primes", "gcd", "largest_island", "lcm", "leg_counting", "mini_sudoku",
    "prime_factorization", "products", "simple_equations", "simple_geometry", "spell_backward", "word_sequence_reversal",
    "word_sorting",
)  # fmt: skip
SMALLEST, PROBE = 10_000, 400  # questions a level must have; questions drawn to estimate that
INDICES = 2**31 - 1


class Gym(Family):
    """One task of reasoning-gym. Level k is the k-th rung of all attributes of the library's curriculum, or their last.

    Raises UserError for a task that is not in `TASKS`, and when a level that is asked for has too few questions; ImportError
    without reasoning-gym.
    """

    def __init__(self, task: str):
        if task not in TASKS:
            raise UserError(f"unknown family '{GYM}{task}': of reasoning-gym there are {', '.join(TASKS)}")
        self.name, self.task = GYM + task, task
        # Tasks register themselves when the package is imported.
        importlib.import_module("reasoning_gym")
        self.library = importlib.import_module("reasoning_gym.factory")
        rungs = max(len(attribute.levels) for attribute in self._curriculum().attributes.values())
        self.datasets = [self._dataset(rung) for rung in range(rungs)]
        self.levels = len(self.datasets)
        self.large_enough: set[int] = set()

    def _curriculum(self) -> Any:
        return self.library.create_curriculum(self.task)

    def _dataset(self, rung: int) -> Any:
        curriculum = self._curriculum()
        for name, attribute in curriculum.attributes.items():
            curriculum.set_attr_level(name, min(rung, len(attribute.levels) - 1))
        made, _ = self.library.DATASETS[self.task]
        return made(config=curriculum.generate_configuration({"seed": 0, "size": INDICES}))

    def sample(self, rng: random.Random, level: int, split: Split) -> Problem:
        dataset = self.datasets[level - 1]
        if level not in self.large_enough:
            self._measure(level)
        item = draw_in_split(lambda: dataset[rng.randrange(INDICES)], self._instance, split)
        answer = item["answer"]
        solutions = dict.fromkeys(STYLES, Solution("", answer))
        return Problem(self.name, level, split, (item["question"],), answer, solutions, self._instance(item))

    def _instance(self, item: dict[str, Any]) -> str:
        return f"{self.name}: {item['question']}"

    def _measure(self, level: int) -> None:
        """Estimate from pairs of equal ones among some (the birthday problem) how many questions there are."""
        rng = random.Random(f"{self.name}/{level}")
        drawn = Counter(self.datasets[level - 1][rng.randrange(INDICES)]["question"] for _ in range(PROBE))
        pairs = sum(count * (count - 1) // 2 for count in drawn.values())
        if pairs and PROBE * (PROBE - 1) / (2 * pairs) < SMALLEST:
            about = PROBE * (PROBE - 1) // (2 * pairs)
            raise UserError(
                f"{self.name} level {level}: has about {about:,} different questions, too few to learn or measure anything; "
                f"take a higher level (there are {self.levels}) or another task"
            )
        self.large_enough.add(level)

    def verify(self, problem: Problem, text: str, thinking: str = "") -> Verdict:
        answer = text.strip()
        return Verdict(
            correct=answer == problem.answer.strip(),
            parsed=answer or None,
            strategy=None if thinking.strip() else "direct",
        )
