"""Second questions that only make sense after a first one: "And the second largest?".

A pair is two questions of the same family about the same facts. The second one differs from the first in one thing, or asks
about the first one's answer, and is worded by that difference alone.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from favilla.worlds.scenes import Question, Scene, SceneFamily

# (family, kind of question) -> the slots that a second question may change, and the kind of ellipsis that says so
CHANGES = {
    ("counting", "half"): {"half": "half"},
    ("charts", "value"): {"item": "item"},
    ("charts", "sum"): {"other": "instead"},
    ("charts", "gap"): {"other": "instead"},
    ("charts", "above"): {"limit": "above"},
    ("charts", "rank"): {"nth": "rank"},
    ("charts", "series"): {"item": "item", "series": "item"},
    ("tables", "cell"): {"row": "item", "column": "item"},
    ("tables", "largest"): {"column": "item"},
    ("tables", "sum"): {"other": "instead", "column": "item"},
    ("tables", "gap"): {"other": "instead"},
    ("tables", "find"): {"value": "item"},
    ("tables", "total"): {"column": "item"},
    ("tables", "widest"): {"other": "instead"},
}
# (family, kind) -> (ellipsis, kind of the second question, its slots from the first one)
About = Callable[[Question], dict[str, str]]
ABOUT_ANSWERS: dict[tuple[str, str], list[tuple[str, str, About]]] = {
    ("counting", "most"): [("many", "count", lambda q: {"what": f"{q.answer} shapes"})],
    ("charts", "largest"): [
        ("value", "value", lambda q: {"item": q.answer}),
        ("smallest", "smallest", lambda q: {}),
    ],
    ("charts", "smallest"): [
        ("value", "value", lambda q: {"item": q.answer}),
        ("largest", "largest", lambda q: {}),
    ],
    ("charts", "rank"): [("value", "value", lambda q: {"item": q.answer})],
    ("tables", "largest"): [("value", "cell", lambda q: {"row": q.answer, "column": q.slots["column"]})],
}
FIRSTS = 8  # first questions of a kind that are gone into


@dataclass(frozen=True)
class Pair:
    """ellipsis: a key of ELLIPSES; gaps: what fills its wordings; asked: the second question in full."""

    ellipsis: str
    first: Question
    second: Question
    gaps: dict[str, str]
    asked: str


def pairs(rng: random.Random, family: SceneFamily, scene: Scene, questions: list[Question]) -> list[Pair]:
    """Pairs among the questions about a scene, or a fair draw of them."""
    by_kind: dict[str, list[Question]] = {}
    for question in questions:
        by_kind.setdefault(question.kind, []).append(question)
    out: list[Pair] = []

    def add(ellipsis: str, first: Question, second: Question, new: str = "", before: str = "", asked: str = "") -> None:
        asked = asked or family.phrasings[second.kind][0].format(**second.slots)
        out.append(Pair(ellipsis, first, second, {"new": new, "before": before}, asked))

    for kind, same in by_kind.items():
        firsts = rng.sample(same, min(FIRSTS, len(same)))
        changes = CHANGES.get((family.name, kind), {})
        for first in firsts if changes else ():
            for second in same:
                changed = [slot for slot in first.slots if first.slots[slot] != second.slots[slot]]
                if len(changed) == 1 and changed[0] in changes:
                    slot = changed[0]
                    add(changes[slot], first, second, second.slots[slot], first.slots[slot])
        for first in firsts:
            for ellipsis, then, slots in ABOUT_ANSWERS.get((family.name, kind), ()):
                for second in by_kind.get(then, ()):
                    if second.slots == slots(first):
                        add(ellipsis, first, second)
    if family.name == "counting":
        for first in rng.sample(by_kind["count"], min(FIRSTS, len(by_kind["count"]))):
            for second in by_kind["count"]:
                ellipsis, new = _counted(first.slots["what"], second.slots["what"])
                if ellipsis:
                    add(ellipsis, first, second, new)
    for first in by_kind.get("largest", ()):
        # Charts and tables ask for it themselves at level 4 at most.
        followed = second_largest(first, _values(family.name, scene, first))
        if followed is not None:
            of = f" {first.slots['column']}" if "column" in first.slots else ""
            add("second", first, followed, asked=f"Which has the second largest{of or ' value'}?")
    return out


def _counted(one: str, two: str) -> tuple[str, str]:
    """How "red circles" becomes "blue circles", and "circles" "squares": the ellipsis and its word, or two empty strings."""
    (*colour, noun), (*other, noun_two) = one.split(), two.split()
    if colour and other and colour != other and noun == noun_two:
        return "colour", other[0]
    # After "red circles", "and squares?" could mean all squares as well as the red ones.
    if not colour and not other and "shapes" not in (noun, noun_two) and noun != noun_two:
        return "shape", noun_two
    return "", ""


def _values(family: str, scene: Scene, question: Question) -> dict[str, int]:
    if family == "tables":
        column = scene["columns"].index(question.slots["column"])
        return {name: row[column] for name, row in scene["rows"].items()}
    return dict(zip(scene["names"], scene["series"][""], strict=True))


def second_largest(first: Question, values: dict[str, int]) -> Question | None:
    """Who is second, when it is one alone; the working goes through the rest one by one."""
    rest = {name: value for name, value in values.items() if name != first.answer}
    if len(rest) < 2 or list(rest.values()).count(max(rest.values())) > 1:
        return None
    best = ""
    lines = [", ".join(f"{name} {value}" for name, value in values.items()), f"without {first.answer}:"]
    for name, value in rest.items():
        if not best:
            lines.append(f"{name} {value}")
            best = name
            continue
        sign = ">" if value > rest[best] else "<" if value < rest[best] else "="
        lines.append(f"{name} {value}{sign}{rest[best]}: {name if sign == '>' else best}")
        best = name if sign == ">" else best
    terse = ", ".join(f"{name} {value}" for name, value in rest.items())
    return replace(first, answer=best, terse=f"without {first.answer}: {terse}", steps="\n".join(lines))


def balanced_pair(rng: random.Random, found: Iterable[Pair]) -> Pair:
    """By ellipsis, then by answer, then any: nothing is frequent because many pairs have it."""
    found = list(found)
    ellipsis = rng.choice(sorted({pair.ellipsis for pair in found}))
    answer = rng.choice(sorted({pair.second.answer for pair in found if pair.ellipsis == ellipsis}))
    return rng.choice([pair for pair in found if (pair.ellipsis, pair.second.answer) == (ellipsis, answer)])
