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
    "What is the output?\n{p}",
    "{p}\nWhat gets printed?",
    "Tell me what this program prints.\n{p}",
    "{p}\nState the output.",
    "Read the code and give its output.\n{p}",
    "{p}\nWhat appears when it is run?",
    "What will Python show here?\n{p}",
    "Python code:\n{p}\nWhat is displayed?",
    "If I run this, what is printed?\n{p}",
    "{p}\nI start this program. What does the screen show?",
    "Work out the printed result.\n{p}",
    "Without a computer: what is printed?\n{p}",
    "{p}\nSo what is printed at the end?",
    "```python\n{p}\n```\nOutput?",
    "```\n{p}\n```\nWhat does this code print?",
    "Find out what these lines print.\n{p}",
    "Someone wrote this:\n{p}\nWhat does it output?",
    "A pupil types in this program:\n{p}\nWhat is the answer on the screen?",
    "Go through the code line by line. What is printed?\n{p}",
    "{p}\nCalculate what print shows.",
    "Look at this script. What will it print?\n{p}",
    "My teacher wants to know what this prints:\n{p}",
    "Determine the output of the following code.\n{p}",
    "{p}\nWhat value or values does it print?",
    "What result does this script give?\n{p}",
    "Code:\n{p}\nPrinted:",
    "Program:\n{p}\nIts output, please.",
    "{p}\nI need to know what is printed.",
    "Please tell me the output of this script:\n{p}",
    "Here is some Python:\n{p}\nWhat would be printed?",
    "{p}\nEvaluate this and give the printed line.",
    "Simulate the program and write down the output.\n{p}",
    "What is shown after running these lines?\n{p}",
    "Can you say what this prints?\n{p}",
    "Quiz: what does Python print?\n{p}",
    "{p}\nCheck the code by hand: what is the output?",
    "No interpreter here. What would this print?\n{p}",
    "{p}\nWhich text does the print line produce?",
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
    "{e}\nFind {form} that gives these results. {rules}",
    "Write {form}. It must give\n{e}\n{rules}",
    "Make {form} that fits the examples.\n{e}\n{rules}",
    "{e}\nThink of {form} that fits every line. {rules}",
    "These are inputs and results:\n{e}\nWrite {form} for them. {rules}",
    "What {bare} turns the inputs into these results?\n{e}\n{rules}",
    "{e}\nWhat is the rule? Write it as {form}. {rules}",
    "I have these examples:\n{e}\nNow I want {form} for them. {rules}",
    "Your task is to write {form}. {rules} It has to match\n{e}",
    "Someone wants {form} with exactly these values.\n{e}\n{rules}",
    "{rules} Which {bare} fits?\n{e}",
    "Input and output are known:\n{e}\nThe {bare} is missing. Write it. {rules}",
    "{e}\nA pupil looks for {form} that produces these numbers. Help out. {rules}",
    "Look at the pattern:\n{e}\nState it as {form}. {rules}",
    "Test cases:\n{e}\nWrite {form} that passes all of them. {rules}",
    "{e}\nProgram this as {form}. {rules}",
    "The results on the right come from the inputs on the left.\n{e}\nBy which {bare}? {rules}",
    "Construct {form} which agrees with all examples.\n{e}\n{rules}",
    "Find a rule for these values and answer with {form}.\n{e}\n{rules}",
    "Can you write {form} for this?\n{e}\n{rules}",
    "{e}\nPlease find {form} that works for all of these. {rules}",
    "We are looking for {form}.\n{e}\n{rules}",
    "In Python, write {form} with these results. {rules}\n{e}",
    "Python, {form} wanted:\n{e}\n{rules}",
    "{e}\nWork out how the results are calculated. Answer with {form}. {rules}",
    "Which {bare} would pass these tests?\n{e}\n{rules}",
    "{rules}\n{e}\nCreate {form} that returns these values.",
    "How are these numbers made? Show it by {form}.\n{e}\n{rules}",
    "Data:\n{e}\nWanted: {form}. {rules}",
    "Here are four cases.\n{e}\nFind the {bare} behind them. {rules}",
    "Replace the table by {form}.\n{e}\n{rules}",
    "{e}\nReply with {form} that is right in each case. {rules}",
    "Discover the hidden rule and express it as {form}. {rules}\n{e}",
    "All four must hold:\n{e}\nSo which {bare} is it? {rules}",
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
