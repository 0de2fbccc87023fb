"""Short programs in a small part of Python: what they print, and at levels 3 and 4 also expressions that meet examples.

Level 1: 2-4 assignments of small sums, differences and products. Level 2: a for loop of 2-4 turns, or an if. Level 3: loops
with if, lists, while; or an expression in x for four examples. Level 4: nested loops, lists that change, several values; or an
expression or one-line function in x and y or of a list. A third of levels 3 and 4 is written.

Answers: what is printed, one line (integers, lists, several values: hundreds of values a level); or code, of which
everything is right that gives the four results when `favilla.worlds.interpreter` runs it: + - * // %, abs, len, max, min, sum
and indexing, at most 60 signs, nothing beside it.
"""

from __future__ import annotations

import random
import re

from favilla.worlds.base import Family, Problem, Solution, Split, Style, Verdict, draw_in_split
from favilla.worlds.interpreter import run
from favilla.worlds.phrasing import pick
from favilla.worlds.programs_drawn import draw, named, names, states, trace
from favilla.worlds.programs_written import Wanted, found, meets
from favilla.worlds.programs_written import draw as draw_wanted
from favilla.worlds.scenes import key_of
from favilla.worlds.working import results

WRITTEN = 1 / 3

PRINTED = (
    "What does this print?\n{p}",
    "{p}\nWhat does it print?",
    "{p}\nOutput?",
    "Run this in your head:\n{p}\nWhat is printed?",
    "Give the output of this program.\n{p}",
    "Which line does this Python code print?\n{p}",
    "{p}\nTell me what the last line shows.",
    "Predict the output:\n{p}",
    "Python:\n{p}\nThe output is?",
    "{p}\nWhat will be on the screen?",
    "Follow the program and give what it prints.\n{p}",
    "```\n{p}\n```\nWhat is the result of running this?",
    "What comes out of this code?\n{p}",
    "Here is a program.\n{p}\nWhat does it write?",
)
PRINTED_TEST = (
    "Somebody runs this. What do they see?\n{p}",
    "{p}\nExecute it step by step. Which output appears?",
    "Trace this snippet and report its output.\n{p}",
    "Be the computer:\n{p}\nSay what it prints.",
)
ASKED = (
    "{e}\nWrite {form} that does this. {rules}",
    "Find {form} with these results.\n{e}\n{rules}",
    "{e}\nWhich {bare} gives this? {rules}",
    "I need {form}:\n{e}\n{rules}",
    "Write {form} for these examples. {rules}\n{e}",
    "Give {form} that meets all of this:\n{e}\n{rules}",
    "Examples:\n{e}\nWrite {form}. {rules}",
    "{rules} Write {form} so that\n{e}",
    "Which {bare} has these values?\n{e}\n{rules}",
    "Guess the rule and write {form}.\n{e}\n{rules}",
    "{e}\nPut the rule into {form}. {rules}",
    "Code it: {form} with\n{e}\n{rules}",
)
ASKED_TEST = (
    "A machine does this:\n{e}\nDescribe it by {form}. {rules}",
    "Come up with {form} that explains the four lines.\n{e}\n{rules}",
    "Please supply {form} which reproduces\n{e}\n{rules}",
    "{e}\nWhat was the {bare}? {rules}",
)
RULES = (
    "At most 60 signs, with + - * // %.",
    "At most 60 signs, with + - * // %, abs, max, min, sum, len and indexing.",
)

_LINE = re.compile(r"[0-9\[\]][-0-9, \[\]]*|-[0-9][-0-9, \[\]]*")


class Programs(Family):
    """Short programs; see the module's docstring for levels and answers.

    Verdict: `solution_key` is the sequence of numbers that the thinking gives to variables and calculations, up to its check.
    `strategy` is "direct" without thinking; for what is printed "trace" when it has a line for each statement, "states" when
    only changes are listed; for what is written "search" with tries that miss, "straight" without.
    """

    name = "programs"
    levels = 4

    def sample(self, rng: random.Random, level: int, split: Split) -> Problem:
        if level >= 3 and rng.random() < WRITTEN:
            return self._written(rng, level, split)
        source, _ = draw_in_split(lambda: draw(rng, level), lambda drawn: _instance(drawn[0]), split)
        shown = named(source, names(rng))
        done = run(shown)
        solutions: dict[Style, Solution] = {
            "direct": Solution("", done.output),
            "terse": Solution(", ".join(states(done)), done.output),
            "steps": Solution("\n".join(trace(shown, done)), done.output),
        }
        prompt = pick(rng, split, PRINTED, PRINTED_TEST).format(p=shown)
        return Problem(
            self.name,
            level,
            split,
            (prompt,),
            done.output,
            solutions,
            _instance(source),
            {"kind": "print", "source": shown},
        )

    def _written(self, rng: random.Random, level: int, split: Split) -> Problem:
        wanted = draw_in_split(lambda: draw_wanted(rng, level), lambda drawn: f"programs: {drawn.key}", split)
        tries, answer = found(wanted)
        solutions: dict[Style, Solution] = {
            "direct": Solution("", answer),
            "terse": Solution(tries[-1], answer),
            "steps": Solution("\n".join(tries), answer),
        }
        inside = " and ".join(wanted.names)
        bare = (
            f"function `def f({', '.join(wanted.names)}): return ...`" if wanted.function else f"expression in {inside}"
        )
        prompt = pick(rng, split, ASKED, ASKED_TEST).format(
            e="\n".join(wanted.lines),
            bare=bare,
            form=f"{'a' if wanted.function else 'an'} {bare}",
            rules=RULES[level - 3],
        )
        facts = {"kind": "write", "wanted": wanted}
        return Problem(self.name, level, split, (prompt,), answer, solutions, f"programs: {wanted.key}", facts)

    def verify(self, problem: Problem, text: str, thinking: str = "") -> Verdict:
        answer = text.strip()
        key = " ".join(results(thinking)) or key_of(thinking)
        lines = thinking.strip().split("\n")
        if problem.facts["kind"] == "print":
            parsed = answer if len(answer) <= 300 and _LINE.fullmatch(answer) else None
            strategy = "trace" if len(lines) > 1 else "states"
            return Verdict(answer == problem.answer, parsed, key, strategy if thinking.strip() else "direct")
        wanted: Wanted = problem.facts["wanted"]
        met = meets(wanted, answer)
        strategy = "search" if len(lines) > 1 else "straight"
        parsed = None if met is None else "".join(answer.split())
        return Verdict(met is True, parsed, key, strategy if thinking.strip() else "direct")


def _instance(source: str) -> str:
    return f"programs: {' | '.join(source.split(chr(10)))}"
