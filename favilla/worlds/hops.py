"""Pointer and graph hops: arrows between named nodes, followed from a start node for a number of hops.

Level 1: 4-5 arrows, 1 hop. Level 2: 6-8 arrows, 2 hops. Level 3: 12 arrows, 3-4 hops. Level 4: 16-20 arrows, 5-7 hops.
Every node has at most one arrow out, and no node is met twice on the way. Arrows are listed in random order, in several
notations; levels 3 and 4 add tables and arrows that are written from right to left.

The answer is a node's name: one of 676 two-letter codes or about 270 words. In one problem it is one of 5 to 23.
"""

from __future__ import annotations

import random
import re
from dataclasses import dataclass
from itertools import pairwise

from favilla.worlds.base import Family, Problem, Solution, Split, Style, Verdict, draw_in_split
from favilla.worlds.phrasing import combined, pick
from favilla.worlds.words import WORDS

CODES = tuple(first + second for first in "ABCDEFGHIJKLMNOPQRSTUVWXYZ" for second in "ABCDEFGHIJKLMNOPQRSTUVWXYZ")

ARROWS = {1: (4, 5), 2: (6, 8), 3: (12, 12), 4: (16, 20)}
HOPS = {1: (1, 1), 2: (2, 2), 3: (3, 4), 4: (5, 7)}

# Each as it follows the arrows; some stand before them as well.
QUESTIONS = (
    "Start at {start} and follow {hops}. Where do you end?",
    "From {start}, follow {hops}. Where are you?",
    "Where do you get from {start} after {hops}?",
    "You are at {start}. Follow {hops}. Name the node.",
    "Which node is {hops} away from {start}?",
    "Begin at {start}, take {hops}. Give the last node.",
    "{start}, then {hops}: which node?",
    "What do you reach from {start} by {hops}?",
    "Start: {start}. Follow {hops}. End?",
    "Follow {hops} from {start}. Where does it lead?",
    "Where is someone who leaves {start} and follows {hops}?",
    "Walk {hops} from {start}. Which node is this?",
    "Where do I end if I go {hops} from {start}?",
    "Go from {start} along {hops} and tell me the node.",
    "With {hops} from {start}, which node comes out?",
    "I stand on {start}. After {hops}, where do I stand?",
    "Jump {hops}, beginning at {start}. Which node?",
    "{hops} from {start}: where?",
    "The first node is {start}. Do {hops}. Which one is last?",
    "If {start} is the beginning, where are you after {hops}?",
    "Do {hops}. The beginning is {start}. Say the end.",
    "How far do {hops} bring you from {start}? Name that node.",
    "Someone is on {start} and makes {hops}. On which node is that?",
    "One begins with {start}, then come {hops}. What is last?",
    "Count {hops} on from {start}. What is there?",
    "Trace {hops} with {start} as origin.",
    "After {hops} someone who began at {start} is where?",
    "Tell where {hops} end that begin in {start}.",
    "Advance by {hops}. You begin on {start}.",
    "Find what {hops} from {start} give.",
    "Set out from {start} and go {hops}. What node do you arrive at?",
    "Leave {start}, take {hops}, and say where you have come to.",
    "Someone wants to know which node comes {hops} after {start}.",
    "Beginning with {start}, move forward {hops}. What is the name there?",
    "Where would {hops} take me if I started at {start}?",
    "I am at {start} now. I go on by {hops}. Where will I be?",
    "We start at {start}. Once we have followed {hops}, where have we got to?",
    "Start node: {start}. Distance: {hops}. End node?",
    "{start} + {hops} = ?",
    "Give the name that is reached from {start} in {hops}.",
    "Move {hops} on from {start}. Report where you finish.",
    "The walk starts at {start} and has {hops}. What is its final node?",
    "A robot at {start} follows {hops}. Where does it come to rest?",
    "Please follow {hops}, starting at {start}, and write down the last name.",
    "Source: {start}. Length of the path: {hops}. Destination?",
    "What is {hops} down the chain from {start}?",
    "Find the target: {hops} from {start}.",
    "Can you tell me where I will be when I have left {start} and gone {hops}?",
    "Going {hops} from {start}, one arrives where?",
    "A message is passed on {hops} from {start}. Who or what has it then?",
    "If you travel {hops} from {start}, what do you come to?",
    "Proceed from {start}, {hops} in all. What name do you read there?",
    "Determine the node at the end of {hops} out of {start}.",
    "You have {hops} to use and you begin at {start}. Where do you stop?",
    "What's {hops} from {start}?",
    "Take {start} as your first place. Follow {hops}. State your last place.",
    "Position: {start}. Move: {hops}. New position?",
    "My token is on {start}. I push it along {hops}. What is it on now?",
    "She begins at {start} and goes {hops}. Name the node she gets to.",
    "Which name do you land on, {hops} after {start}?",
    "Trace the path of {hops} that begins at {start}. Which node is the last?",
    "Work out what lies at the end of the route that leaves {start} and takes {hops}.",
)
HEADINGS = ("", "", "Arrows:\n", "Graph:\n", "Here are some arrows.\n", "Look at these arrows.\n", "There are these nodes:\n",
            "Given:\n", "Data:\n", "These are all connections.\n", "Hello. Here is a small graph.\n", "What follows what:\n",
            "Think first.\n", "We know this:\n", "Links:\n", "Connections:\n", "The following leads somewhere.\n",
            "Here is who points where.\n", "A network is given:\n", "Each node has one way out at most.\n", "Read this list:\n",
            "Directions:\n", "A puzzle with arrows:\n", "From each place you can go on like this:\n", "Routes:\n",
            "Study these links.\n", "Pointers:\n", "Input:\n")  # fmt: skip
PHRASINGS = tuple(
    dict.fromkeys((
        *combined(HEADINGS, ("{arrows}\n",), QUESTIONS),
        *combined(QUESTIONS, ("\n{arrows}", "\nArrows:\n{arrows}", " Use this:\n{arrows}", "\n{arrows}\nWhere is that?",
                              "\nHere are the links:\n{arrows}", "\nThis is the graph:\n{arrows}", " The connections are these:\n{arrows}",
                              "\n\n{arrows}\n\nAnswer with the name.", "\nGraph:\n{arrows}\nName it.")),
    ))
)  # fmt: skip
TEST_PHRASINGS = (
    "{arrows}\nA traveller at {start} moves along {hops}. Where does the traveller stop?",
    "A map:\n{arrows}\nPlease find the node that lies {hops} beyond {start}.",
    "{arrows}\nPut a finger on {start} and move it along {hops}. Under which node is it now?",
    "Read the links and walk {hops}, leaving from {start}.\n{arrows}",
    "{arrows}\nName the place reached when {start} is left and {hops} are used up.",
)
HOP_WORDS = ("{n} arrow", "{n} hop", "{n} step", "{n} link")
NUMBER_WORDS = {1: "one", 2: "two", 3: "three", 4: "four", 5: "five", 6: "six", 7: "seven"}

# (one arrow, what stands between two)
NOTATIONS = (
    ("{a} -> {b}", "\n"),
    ("{a} -> {b}", ", "),
    ("{a}->{b}", "; "),
    ("{a} → {b}", "\n"),
    ("{a} points to {b}.", " "),
    ("{a} leads to {b}.", "\n"),
    ("{a} goes to {b}", ", "),
)
HARD_NOTATIONS = (
    ("{b} <- {a}", "\n"),
    ("{b} comes after {a}.", " "),
    ("| {a} | {b} |", "\n"),
    ("{a}\t{b}", "\n"),
)
TABLE_HEADS = {"| {a} | {b} |": "| from | to |\n|---|---|\n", "{a}\t{b}": "from\tto\n"}

_NAME = re.compile(r"[A-Za-z]+")
_CHECK = re.compile(r"\bcheck", re.IGNORECASE)


@dataclass(frozen=True)
class Walk:
    """The facts of one problem: each node's arrow, and the way from the start to the answer (both included)."""

    arrows: dict[str, str]
    way: tuple[str, ...]


class Hops(Family):
    """Pointer and graph hops; see the module's docstring for levels and answers.

    Verdict: `solution_key` is the sequence of nodes that the thinking goes through, up to its check. `strategy` is
    "chain" when that are two nodes or more, "direct" without thinking.
    """

    name = "hops"
    levels = 4

    def sample(self, rng: random.Random, level: int, split: Split) -> Problem:
        walk = draw_in_split(lambda: _draw(rng, level), _instance, split)
        way, answer = walk.way, walk.way[-1]
        want = f"Want: {way[0]}, {len(way) - 1} hop{'s' if len(way) > 2 else ''}"
        # With spaces around the arrow a name is written as most prompts write it, and can be copied as it is.
        numbered = [f"{number}: {a} -> {b}" for number, (a, b) in enumerate(pairwise(way), start=1)]
        solutions: dict[Style, Solution] = {
            "direct": Solution("", answer),
            "terse": Solution("->".join(way), answer),
            "steps": Solution("\n".join([want, *numbered]), answer),
        }
        prompt = _prompt(rng, split, walk, level)
        facts = {"arrows": walk.arrows, "way": way}
        return Problem(self.name, level, split, (prompt,), answer, solutions, _instance(walk), facts)

    def verify(self, problem: Problem, text: str, thinking: str = "") -> Verdict:
        answer = text.strip()
        arrows = problem.facts["arrows"]
        nodes = arrows.keys() | set(arrows.values())
        visited = [name for name in _NAME.findall(_CHECK.split(thinking, maxsplit=1)[0]) if name in nodes]
        visited = [name for index, name in enumerate(visited) if index == 0 or name != visited[index - 1]]
        return Verdict(
            correct=answer == problem.answer,
            parsed=answer if answer in nodes else None,
            solution_key=" ".join(visited) or None,
            strategy="chain" if len(visited) > 1 else None if thinking.strip() else "direct",
        )


def _draw(rng: random.Random, level: int) -> Walk:
    arrow_count, hop_count = rng.randint(*ARROWS[level]), rng.randint(*HOPS[level])
    names = rng.sample(CODES if rng.random() < 0.6 else WORDS, arrow_count + rng.randint(1, 3))
    way, others = names[: hop_count + 1], names[hop_count + 1 :]
    arrows = dict(pairwise(way))
    # Mostly the way could go on, so that counting the hops matters and the answer is not simply where arrows end.
    sources = [way[-1], *others] if rng.random() < 0.75 else others
    for source in sources[: arrow_count - hop_count]:
        target = rng.choice(names)
        while target == source:
            target = rng.choice(names)
        arrows[source] = target
    return Walk(arrows, tuple(way))


def _instance(walk: Walk) -> str:
    arrows = " ".join(f"{a}>{b}" for a, b in sorted(walk.arrows.items()))
    return f"hops: {arrows} | {walk.way[0]} {len(walk.way) - 1}"


def _prompt(rng: random.Random, split: Split, walk: Walk, level: int) -> str:
    arrows = list(walk.arrows.items())
    rng.shuffle(arrows)
    arrow, between = rng.choice(NOTATIONS + HARD_NOTATIONS if level >= 3 else NOTATIONS)
    listed = TABLE_HEADS.get(arrow, "") + between.join(arrow.format(a=a, b=b) for a, b in arrows)
    count = len(walk.way) - 1
    hops = rng.choice(HOP_WORDS).format(n=rng.choice((str(count), NUMBER_WORDS[count]))) + ("s" if count > 1 else "")
    return pick(rng, split, PHRASINGS, TEST_PHRASINGS).format(arrows=listed, start=walk.way[0], hops=hops)
