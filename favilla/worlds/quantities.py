"""Dates, clocks, units and doses.

Level 1: one step: some minutes later, minutes up to two hours, weekdays up to 13 days on, days within a month, one unit into
another, mg per kg, tablets. Level 2: two steps: hours and minutes, into the next month, two units into one, ml of a syrup, tablets
by weight. Level 3: three steps: breaks, several months, weekdays up to 400 days on, units over two steps, sums of amounts, daily
doses, drops per minute. Level 4: more steps: past midnight, over years, weekdays of dates, parts and what is left, a whole
treatment in ml or bottles, when an infusion ends.

Answers: integers in the unit that is asked for (without it), times as 09:05 (9:05 is read as that), dates as 12 May, weekdays in full. Doses are made
up; no question is about a medicine that there is.
"""

from __future__ import annotations

import random
import re

from favilla.worlds import quantities_amounts as amounts
from favilla.worlds import quantities_time as time
from favilla.worlds.base import Family, Problem, Solution, Split, Style, Verdict, draw_in_split
from favilla.worlds.phrasing import pick
from favilla.worlds.quantities_words import WORDS
from favilla.worlds.scenes import key_of
from favilla.worlds.verify import read_time
from favilla.worlds.working import results

KINDS = {
    1: (time.clock_later, time.clock_between, time.weekday_after, time.date_after, amounts.convert, amounts.convert, amounts.per_kg, amounts.tablets),
    2: (time.clock_later, time.clock_between, time.weekday_after, time.date_after, time.days_between, amounts.convert, amounts.millilitres,
        amounts.per_kg_tablets),
    3: (time.clock_break, time.weekday_after, time.date_after, time.days_between, amounts.convert, amounts.units_sum, amounts.daily, amounts.drip),
    4: (time.clock_later, time.days_between, time.weekday_of_date, amounts.pieces, amounts.syrup, amounts.infusion_end),
}  # fmt: skip

_PHRASINGS = {kind: (tuple(words.train), tuple(words.test)) for kind, words in WORDS.items()}
_EQUATION = re.compile(r"[0-9)]=-?[0-9]")
_PARSED = re.compile(
    rf"-?[1-9][0-9]{{0,11}}|0|[0-2][0-9]:[0-5][0-9]|[1-9][0-9]? (?:{'|'.join(time.MONTHS)})|{'|'.join(time.WEEKDAYS)}"
)


class Quantities(Family):
    """Dates, clocks, units and doses; see the module's docstring for levels and answers.

    Verdict: `solution_key` is the sequence of results of the thinking's equations, or its words where it has none. `strategy` is
    "direct" without thinking, "stepwise" with a line for each fact, "calculate" with equations on one line.
    """

    name = "quantities"
    levels = 4

    def sample(self, rng: random.Random, level: int, split: Split) -> Problem:
        task = draw_in_split(lambda: rng.choice(KINDS[level])(rng, level), lambda drawn: drawn.key, split)
        calculated = [line.rpartition(": ")[2] for line in task.lines if _EQUATION.search(line)]
        solutions: dict[Style, Solution] = {
            "direct": Solution("", task.answer),
            "terse": Solution(", ".join(calculated or task.lines), task.answer),
            "steps": Solution("\n".join(task.lines), task.answer),
        }
        prompt = pick(rng, split, *_PHRASINGS[task.kind]).format(**task.slots)
        facts = {"kind": task.kind, "slots": task.slots}
        return Problem(self.name, level, split, (prompt,), task.answer, solutions, task.key, facts)

    def verify(self, problem: Problem, text: str, thinking: str = "") -> Verdict:
        answer, given = text.strip(), thinking.strip()
        if (at := read_time(answer)) is not None:
            answer = f"{at[0]:02d}:{at[1]:02d}"
        return Verdict(
            correct=answer == problem.answer,
            parsed=answer if len(answer) <= 20 and _PARSED.fullmatch(answer) else None,
            solution_key=" ".join(results(thinking)) or key_of(thinking),
            strategy="direct" if not given else "stepwise" if "\n" in given else "calculate",
        )
