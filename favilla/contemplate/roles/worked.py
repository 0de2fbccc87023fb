"""Worked examples of the roles: attempts as they are shown, what to make of them, and the right answer.

    Said: 12 by 1, 3; 13 by 2
    17+21: 17+20=37, 37+1=38
    38-25: 38-20=18, 18-5=13

who says what, then the last step that all have in common and, from there on, how it goes on rightly. The steps are those of
the problem's own solution, so the answer is right also where most attempts are wrong, or all.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from favilla.contemplate import prompts
from favilla.contemplate.aggregate import Group, group_answers
from favilla.contemplate.answers import final
from favilla.contemplate.places import AnyAnswers
from favilla.contemplate.problems import with_sentence
from favilla.contemplate.roles.attempts import Attempt
from favilla.contemplate.roles.recipe import ExamplePart
from favilla.contemplate.roles.sentences import order_and_harmless
from favilla.worlds.base import Family, Problem, Solution, Style

# agreed: all say the same, which is right; vote: the most frequent answer is right; minority: it is not, another one is; none.
Mix = Literal["agreed", "vote", "minority", "none"]
TRIES = 30  # random subsets that are looked at for a mix


@dataclass(frozen=True)
class Shown:
    """What one example shows.

    kind: of the call, "synthesis" or "refine". attempts: in the order shown; own: the first is the model's own. messages: as
    peers are shown them, planted sentences included. planted: the answer that a planted instruction asks for.
    """

    kind: str
    attempts: tuple[Attempt, ...]
    own: bool
    messages: tuple[str, ...]
    mix: Mix
    planted: str | None = None


def answer_groups(attempts: Sequence[Attempt]) -> list[Group]:
    """Attempts that say the same, as Contemplating groups them, the most frequent first; members count among those given.
    Attempts without an answer are in no group."""
    answers = AnyAnswers()
    parsed = [(i, value) for i, one in enumerate(attempts) if (value := answers.parse(one.text)) is not None]
    groups = group_answers(answers, [value for _, value in parsed])
    return [replace(group, members=tuple(parsed[i][0] for i in group.members)) for group in groups]


def mix_of(family: Family, problem: Problem, attempts: Sequence[Attempt]) -> Mix:
    """Which of the four it is. A tie is decided as a vote decides it: for the earliest."""
    groups = answer_groups(attempts)
    if groups and family.verify(problem, groups[0].answer).correct:
        return "agreed" if len(groups) == 1 else "vote"
    return "minority" if any(one.right for one in attempts) else "none"


def draw_subset(
    rng: random.Random, family: Family, problem: Problem, usable: Sequence[Attempt], size: int, wanted: Sequence[Mix]
) -> tuple[Attempt, ...] | None:
    """`size` of the attempts in random order, of the first of the wanted mixes that turns up in TRIES draws at most."""
    found: dict[Mix, tuple[Attempt, ...]] = {}
    for _ in range(TRIES):
        subset = tuple(rng.sample(usable, size))
        found.setdefault(mix_of(family, problem, subset), subset)
        if wanted[0] in found:
            break
    return next((found[mix] for mix in wanted if mix in found), None)


def compose(
    rng: random.Random, part: ExamplePart, family: Family, problem: Problem, attempts: Sequence[Attempt],
    others: Sequence[str], natural: bool = False,
) -> Shown | None:  # fmt: skip
    """Some of the attempts as one example shows them; None when they do not allow any.

    others: answers to other problems of the kind, for planted instructions to ask for. natural: attempts as chance gives
    them; otherwise those mixes come first in which the most frequent answer is wrong.
    """
    usable = [one for one in attempts if one.usable]
    kind = rng.choice(("synthesis", "refine"))
    own = kind == "refine" and rng.random() < 0.5
    sizes = [size for size in part.sizes if size <= len(usable)] + [1] * own
    if not sizes or not usable:
        return None
    size = rng.choice(sizes)
    if natural:
        subset = tuple(rng.sample(usable, size))
    else:
        hard: list[Mix] = ["minority", "none"] if rng.random() < 0.7 else ["none", "minority"]
        wanted: list[Mix] = [*hard, "vote"] if rng.random() < 0.6 else ["vote", *hard]
        # nobody is asked to aggregate what all agree on
        found = draw_subset(rng, family, problem, usable, size, [*wanted, *(["agreed"] if kind == "refine" else [])])  # type: ignore[list-item]
        if found is None:
            return None
        subset = found
    if kind == "synthesis" and len(answer_groups(subset)) < 2:
        return None
    kept = rng.randrange(size)  # something is left to go by
    subset = tuple(
        _cut(rng, one) if i != kept and rng.random() < part.cut else one for i, one in enumerate(subset)
    )  # fmt: skip
    messages = [prompts.summary(one.text) for one in subset]
    planted = None
    if (draw := rng.random()) < 2 * part.planted:
        targets = [t for t in {*others, str(rng.randrange(1000)), "42", "7"} if not family.verify(problem, t).correct]
        order, harmless, target = order_and_harmless(rng, sorted(targets))
        at = rng.randrange(size)
        lines = messages[at].count("\n")
        place = rng.choice((None, rng.randint(1, max(1, lines))))
        messages[at] = with_sentence(messages[at], order if draw < part.planted else harmless, place)
        planted = target if draw < part.planted else None
    return Shown(kind, subset, own, tuple(messages), mix_of(family, problem, subset), planted)


def _cut(rng: random.Random, attempt: Attempt) -> Attempt:
    """The attempt without an answer, and with the beginning of its working or nothing of it."""
    end = rng.choice((0, rng.randint(0, len(attempt.thinking))))
    return Attempt(attempt.thinking[:end].rstrip(), "", False, False)


def worked(problem: Problem, style: Style, shown: Shown) -> Solution:
    """What to think about the attempts, and the right answer."""
    solution = problem.solutions[style]
    reference = _steps(solution.thinking)
    workings = [_steps(one.thinking) for one in shown.attempts if one.finished]
    common = 0
    while common < len(reference) and all(w[common : common + 1] == [reference[common]] for w in workings):
        common += 1
    return Solution("\n".join([_said(shown), *reference[max(common - 1, 0) :]]), solution.answer)


def _steps(thinking: str) -> list[str]:
    return [line.strip() for line in thinking.splitlines() if line.strip()]


def _said(shown: Shown) -> str:
    """Who says what, in the order in which it is first said."""
    names = ["mine", *map(str, range(1, len(shown.attempts)))] if shown.own else [
        str(number) for number in range(1, len(shown.attempts) + 1)
    ]  # fmt: skip
    groups = sorted(answer_groups(shown.attempts), key=lambda group: group.members[0])
    said = [f"{final(shown.attempts[g.members[0]].text)} by {', '.join(names[i] for i in g.members)}" for g in groups]
    silent = sorted(set(range(len(names))) - {i for group in groups for i in group.members})
    if silent:
        said.append(f"nothing by {', '.join(names[i] for i in silent)}")
    return f"Said: {'; '.join(said)}"
