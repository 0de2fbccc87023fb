"""Limits: what none of the families teaches, and the one sentence that says so.

Level 1: knowledge, opinions, small talk and nonsense in plain English. Level 2: other languages, translation, code, news,
advice. Level 3: near misses, worded as the families word their questions, but about the world ("How many people live in
Peru?"). Level 4: longer requests around a given text, and mixed languages.

The answer is always REFUSAL. Accuracy here is the share of such questions that are recognised; an answer that is a refusal
is wrong in every other family, and evaluation counts these beside it (`is_refusal`).
"""

from __future__ import annotations

import random
import re
import string

from favilla.worlds.base import Family, Problem, Solution, Split, Style, Verdict, draw_in_split
from favilla.worlds.limits_prompts import FILLERS, TEST, TRAIN, Topics
from favilla.worlds.rewording import reworded

REFUSAL = "This is outside of my training."

_OPENINGS = ("", "", "", "", "", "Please: ", "Hi. ", "A question: ", "Quick one: ", "Tell me: ", "I wonder: ", "Say, ")
_WORDS = re.compile(r"[a-z0-9]+")


def is_refusal(text: str) -> bool:
    """Whether an answer says that the question lies outside, whatever its case, white space and final point."""
    return " ".join(text.split()).rstrip(".").casefold() == REFUSAL.rstrip(".").casefold()


class Limits(Family):
    """Questions outside; see the module's docstring for levels and answers.

    Verdict: `solution_key` is the thinking's words, `strategy` "direct" without thinking, else "topic".
    """

    name = "limits"
    levels = 4
    refusals = True

    def sample(self, rng: random.Random, level: int, split: Split) -> Problem:
        def draw() -> tuple[str, str, str]:
            topic, question, held_out = ask(rng, split, TRAIN[level], TEST[level])
            # What is held out is in no other split whatever its hash; the number lets each of these questions be drawn.
            number = f" | held out, {rng.randrange(1000)}" if held_out else ""
            return topic, question, f"{self.name}: {question}{number}"

        topic, question, instance = draw_in_split(draw, lambda drawn: drawn[2], split)
        prompt = rng.choice(_OPENINGS) + question
        if split == "train":
            prompt = reworded(prompt, rng)
        return Problem(self.name, level, split, (prompt,), REFUSAL, refused(topic), instance, {"topic": topic})

    def verify(self, problem: Problem, text: str, thinking: str = "") -> Verdict:
        return judged(text, thinking)


def refused(topic: str, *seen: str) -> dict[Style, Solution]:
    """The solutions of a question on a topic; seen: lines that come before it, such as what a picture shows."""
    return {
        "direct": Solution("", REFUSAL),
        "terse": Solution(topic, REFUSAL),
        "steps": Solution("\n".join([*seen, f"topic: {topic}", "trained for it: no"]), REFUSAL),
    }


def judged(text: str, thinking: str) -> Verdict:
    answer = text.strip()
    return Verdict(
        correct=answer == REFUSAL,
        parsed=answer or None,
        solution_key=" ".join(_WORDS.findall(thinking.lower())) or None,
        strategy="topic" if thinking.strip() else "direct",
    )


def ask(rng: random.Random, split: Split, train: Topics, test: Topics) -> tuple[str, str, bool]:
    """(topic, question, whether it is held out). Half of the test split's topics are in no other split."""
    held_out = split == "test" and rng.random() < 0.5
    topics = test if held_out else train
    topic = rng.choice(sorted(topics))
    return topic, fill(rng, rng.choice(topics[topic])), held_out


class _Gaps(dict[str, str]):
    """A gap's name -> a new draw each time; a variable of a piece of code keeps its name."""

    def __init__(self, rng: random.Random):
        super().__init__(v=rng.choice(FILLERS["v"]))
        self.rng = rng

    def __missing__(self, name: str) -> str:
        return nonsense(self.rng) if name == "nonsense" else self.rng.choice(FILLERS[name])


def fill(rng: random.Random, wording: str) -> str:
    """The wording with every gap filled, and "an" where it belongs."""
    return re.sub(r"\b([Aa]) (?=[aeiou])", r"\1n ", wording.format_map(_Gaps(rng)))


def nonsense(rng: random.Random) -> str:
    """A string without meaning: letters struck at random, syllables, or signs."""
    kind = rng.random()
    if kind < 0.4:
        return "".join(rng.choices(string.ascii_lowercase, k=rng.randint(5, 12)))
    if kind < 0.7:
        syllables = ("blo", "fra", "zu", "mip", "gor", "nel", "xi", "tro", "wug", "pla", "snor", "kee", "dax", "vim")
        return " ".join("".join(rng.choices(syllables, k=rng.randint(2, 3))) for _ in range(rng.randint(1, 3)))
    return "".join(rng.choices("#%&*=+~^@!?;:/" + string.ascii_uppercase, k=rng.randint(4, 10)))
