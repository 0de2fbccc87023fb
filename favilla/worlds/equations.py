"""Linear equations: as text (`equations_text`) and drawn (`equations`); the same seed gives both the same problem.

Level 1: x + a = b, x - a = b, a - x = b, ax = b, solutions up to 60. Level 2: ax + b = c, b - ax = c, a(x + b) = c,
solutions up to 12. Level 3: x on both sides, with or without brackets, and fractions; solutions -108 to 108, mostly within
20. Level 4: two equations with two unknowns, solutions -9 to 9. Either side may come first, letters vary.

Answers are integers, at level 4 two, in the order that the question names: "3, -2" (324 pairs). The picture can also be asked
for its text (`read`): the answer is what is written, fractions on one line, lines joined by "; ".

The drawn equation: built-up fractions, upright or slanted letters, up to two lines, on plain or ruled paper, in wear.
"""

from __future__ import annotations

import random
import re

from PIL import Image

from favilla.chat.messages import ImagePart
from favilla.worlds.base import Family, Problem, Solution, Split, Style, Verdict, draw_in_split
from favilla.worlds.equations_drawing import picture
from favilla.worlds.equations_facts import Posed, draw
from favilla.worlds.phrasing import pick
from favilla.worlds.scenes import Question, Scene, SceneFamily

ONE = (
    "What is {x}?",
    "Solve for {x}.",
    "Find {x}.",
    "{x} = ?",
    "Which number is {x}?",
    "Work out {x}.",
    "Which value of {x} makes this true?",
    "What number does {x} stand for?",
    "Give the value of {x}.",
    "What must {x} be?",
    "How large is {x}?",
    "Please tell me {x}.",
    "Solve this equation.",
    "Determine {x}.",
    "Which value does {x} have?",
    "What value must {x} take?",
    "Calculate {x}.",
    "Compute the value of {x}.",
    "What is the value of {x} here?",
    "Solve this for {x}, please.",
    "{x} equals what?",
    "Find the number {x}.",
    "Find the value of {x} that fits.",
    "What does {x} have to be?",
    "{x} is which number?",
    "Which number can replace {x}?",
    "I need the value of {x}.",
    "I want to know what {x} is.",
    "Someone asks what {x} is.",
    "We are looking for {x}.",
    "The unknown is {x}. What is it?",
    "Wanted: {x}.",
    "Value of {x}?",
    "And {x} is?",
    "Solve the equation for {x}.",
    "Solve the equation and give {x}.",
    "Get {x} alone. What does it equal?",
    "Isolate {x} and say what it is.",
    "Which number must I put in for {x}?",
    "If this is true, what is {x}?",
    "What number should {x} be so that it is correct?",
    "Both sides are equal. How much is {x}?",
    "Say which number {x} is.",
    "Rearrange and find {x}.",
    "My homework asks for {x}.",
    "Tell me the value of {x}.",
    "Could you find {x} for me?",
    "A number is hidden behind {x}. Which one?",
    "Write down the value of {x}.",
    "How much is {x}?",
    "Evaluate {x}.",
    "The letter {x} hides a number. Find it.",
    "The solution for {x} is wanted.",
    "Here {x} is unknown. Calculate it.",
    "What number makes the equation correct?",
    "State {x} as a number.",
)
ONE_TEST = (
    "For which {x} do both sides agree?",
    "Name the number that belongs in place of {x}.",
    "What is the solution?",
    "Can you figure out {x}?",
)
TWO = (
    "What are {x} and {y}, in this order?",
    "Solve for {x} and {y}.",
    "Find {x} and {y}.",
    "{x}, {y} = ?",
    "Which numbers are {x} and {y}?",
    "Work out {x}, then {y}.",
    "Which values of {x} and {y} make both true?",
    "Give {x} and then {y}.",
    "Solve the system for {x}, {y}.",
    "Tell me {x} and {y}.",
    "Which pair {x}, {y} fits?",
    "Determine {x} and {y}.",
    "Calculate {x} and {y}.",
    "What are the values of {x} and {y}?",
    "What is {x}, and what is {y}?",
    "Give the values of {x} and {y}, in this order.",
    "Compute {x} and afterwards {y}.",
    "Solve both equations for {x} and {y}.",
    "Solve this system: {x} first, then {y}.",
    "Two unknowns, {x} and {y}. What are they?",
    "Find the pair {x}, {y}.",
    "Find the two numbers {x} and {y}.",
    "Tell me the values of {x} and {y}.",
    "I need {x} and {y}.",
    "I want to know {x} and then {y}.",
    "Someone asks for {x} and {y}.",
    "We are looking for {x} and {y}.",
    "{x} and {y} are which numbers?",
    "{x} = ?, {y} = ?",
    "Values of {x} and {y}?",
    "Wanted: {x}, then {y}.",
    "Which number is {x}, and which is {y}?",
    "What must {x} and {y} be?",
    "What do {x} and {y} have to be so that both equations are true?",
    "If both equations are true, what are {x} and {y}?",
    "Write down {x}, then {y}.",
    "State the solution as {x}, {y}.",
    "Solve the two equations. Give {x} before {y}.",
    "Both equations hold at once. Find {x} and {y}.",
    "The unknowns are {x} and {y}. Give their values.",
    "Could you find {x} and {y} for me?",
    "My homework asks for {x} and {y}.",
    "How much are {x} and {y}?",
    "Get {x} and {y} from these equations.",
    "Two numbers are hidden behind {x} and {y}. Which ones?",
    "Say which numbers {x} and {y} are.",
    "Eliminate one letter and find {x} and {y}.",
    "Which values must I put in for {x} and {y}?",
    "Please calculate {x} first and {y} after it.",
    "The solution is a pair {x}, {y}. Which one?",
)
TWO_TEST = (
    "For which {x} and {y} do both lines hold?",
    "Name the numbers that belong in place of {x} and {y}.",
    "What is the solution, {x} first and {y} second?",
    "Can you figure out {x} and {y}?",
)
READ = (
    "What is written here?",
    "Read the picture.",
    "Write it down as text.",
    "What does it say?",
    "Type what you see.",
    "Copy it in one line.",
    "What is in the picture, as text?",
    "Tell me what is written.",
    "Which text is in the picture?",
    "Give the text.",
    "Text?",
    "Please read this out.",
    "Read out what stands there.",
    "As typed text, please.",
    "Type the text of the image.",
    "Write down what you see.",
    "Write out everything that is written here.",
    "What is printed or written there?",
    "What exactly is written?",
    "Copy the text.",
    "Copy what is on the paper.",
    "Put the picture into text.",
    "Turn the image into plain text.",
    "Do not solve it, only write it down.",
    "I only want to know what is written.",
    "Someone cannot see the picture. Tell them what it says.",
    "What can be read here?",
    "What does the paper say?",
    "Spell out what is on the page.",
    "Give me the equation or equations as text.",
    "How does it read, typed on a keyboard?",
    "Note down the writing.",
    "Reproduce the writing as one line of text.",
    "Without solving: what is given?",
    "State what is given in the picture.",
)
READ_TEST = ("Transcribe what is drawn.", "Which signs are these, in reading order?")

# How a text stands beside its question, and what stands between two equations.
FRAMES = ("{e}\n{q}", "{e}\n{q}", "{q}\n{e}", "{q} {e}", "{e}. {q}")
JOINTS = ("\n", "; ", ", ", " and ")

_CALCULATED = re.compile(r"[0-9)]=(-?[0-9]{1,9})(?![0-9])")
_CHECK = re.compile(r"\bcheck", re.IGNORECASE)
_PARSED = re.compile(r"(?:0|-?[1-9][0-9]{0,8})(?:, (?:0|-?[1-9][0-9]{0,8}))?")


class Equations(SceneFamily):
    """Drawn linear equations; see the module's docstring for levels and answers.

    Verdict: `solution_key` is the sequence of results that the thinking calculates. `strategy` is "direct" without
    thinking, "transcribe" when the equation is written down first, else "isolate".
    """

    name = "equations"
    twin = "equations_text"
    levels = 4
    phrasings = {"one": ONE, "two": TWO, "read": READ}
    test_phrasings = {"one": ONE_TEST, "two": TWO_TEST, "read": READ_TEST}

    def scene(self, rng: random.Random, level: int, split: Split) -> Scene:
        """posed: the equation, solved."""
        return {"posed": draw(rng, level)}

    def instance(self, scene: Scene) -> str:
        return scene["posed"].key

    def render(self, rng: random.Random, scene: Scene, level: int) -> Image.Image:
        image, scene["_marks"] = picture(rng, scene["posed"].lines, level)
        return image

    def questions(self, rng: random.Random, scene: Scene, level: int) -> list[Question]:
        text = "; ".join(scene["posed"].text)
        lines = "\n".join(scene["posed"].text)
        return [*self._solve(scene), Question("read", {}, text, text, f"{lines}\nCheck: {text}")]

    def sample(self, rng: random.Random, level: int, split: Split) -> Problem:
        # Always solved first, as in the text twin; what is written can be asked afterwards.

        scene = draw_in_split(lambda: self.scene(rng, level, split), self.instance, split)
        image = self.render(rng, scene, level)
        return self._ask(rng, scene, self._solve(scene), level, split, (ImagePart(image),), [])

    def _solve(self, scene: Scene) -> list[Question]:
        posed: Posed = scene["posed"]
        kind = "two" if len(posed.unknowns) == 2 else "one"
        terse, steps = "\n".join([*posed.text, ", ".join(posed.calculations)]), "\n".join([*posed.text, *posed.working])
        return [Question(kind, _slots(posed), posed.answer, terse, steps)]

    def verify(self, problem: Problem, text: str, thinking: str = "") -> Verdict:
        if problem.facts["kind"] == "read":
            return super().verify(problem, text, thinking)
        return verdict(problem, text, thinking, problem.facts["scene"]["posed"])


class EquationsText(Family):
    """Linear equations as text; see the module's docstring for levels and answers, `Equations` for its verdicts."""

    name = "equations_text"
    twin = "equations"
    levels = 4

    def sample(self, rng: random.Random, level: int, split: Split) -> Problem:
        posed = draw_in_split(lambda: draw(rng, level), lambda drawn: drawn.key, split)
        kinds = (TWO, TWO_TEST) if len(posed.unknowns) == 2 else (ONE, ONE_TEST)
        question = pick(rng, split, *kinds).format(**_slots(posed))
        prompt = rng.choice(FRAMES).format(e=rng.choice(JOINTS).join(posed.text), q=question)
        solutions: dict[Style, Solution] = {
            "direct": Solution("", posed.answer),
            "terse": Solution(", ".join(posed.calculations), posed.answer),
            "steps": Solution("\n".join(posed.working), posed.answer),
        }
        return Problem(self.name, level, split, (prompt,), posed.answer, solutions, posed.key, {"posed": posed})

    def verify(self, problem: Problem, text: str, thinking: str = "") -> Verdict:
        return verdict(problem, text, thinking, problem.facts["posed"])


def verdict(problem: Problem, text: str, thinking: str, posed: Posed) -> Verdict:
    """The same for both families."""
    answer = text.strip()
    read = len(answer) <= 30 and _PARSED.fullmatch(answer)
    calculated = _CALCULATED.findall(_CHECK.split(thinking, maxsplit=1)[0])
    written = thinking.strip().startswith(posed.text[0])
    return Verdict(
        correct=answer == problem.answer,
        parsed=answer if read else None,
        solution_key=" ".join(calculated) or None,
        strategy="direct" if not thinking.strip() else "transcribe" if written else "isolate" if calculated else None,
    )


def _slots(posed: Posed) -> dict[str, str]:
    return dict(zip("xy", posed.unknowns, strict=False))
