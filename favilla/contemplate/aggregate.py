"""From many answers to one: groups and votes, the rule for refusals, Swiss pairing. Mathematics only."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from favilla.contemplate.answers import Answers


@dataclass(frozen=True)
class Group:
    """Agents who gave the same answer: its text, the indices of its members, the weight of their votes."""

    answer: str
    members: tuple[int, ...]
    weight: float


def group_answers(answers: Answers, parsed: Sequence[Any], weights: Sequence[float] | None = None) -> list[Group]:
    """Groups of equal answers, the heaviest first; of equally heavy ones, that of the earliest agent."""
    members: dict[int, list[int]] = {}
    for index, number in enumerate(answers.group(parsed)):
        members.setdefault(number, []).append(index)
    groups = [
        Group(answers.show([parsed[i] for i in of]), tuple(of), sum(weights[i] if weights else 1.0 for i in of))
        for of in members.values()
    ]
    return sorted(groups, key=lambda g: (-g.weight, g.members[0]))


def confidence(logprobs: Sequence[float | None]) -> list[float] | None:
    """Weights exp(mean log-probability of a token) in (0, 1], or None if any agent's is unknown."""
    known = [lp for lp in logprobs if lp is not None and math.isfinite(lp)]
    return [math.exp(min(lp, 0.0)) for lp in known] if known and len(known) == len(logprobs) else None


def refused(support: int, refusals: int, replies: int) -> bool:
    """Whether refusals decide, given the `support` of the leading answer among `replies`, refusals included.

    They do when they are at least half of all; and an answer with no more agents behind it than two refusals or more is
    not given: no single agent outvotes those who refuse.
    """
    return refusals > 0 and (2 * refusals >= replies or refusals >= max(support, 2))


def unassailable(support: Sequence[int], outstanding: int, refusals: int) -> bool:
    """Whether the leader stays ahead whatever the `outstanding` agents answer or refuse. support: largest first."""
    if not support:
        return False
    second = support[1] if len(support) > 1 else 0
    replies = sum(support) + refusals + outstanding
    stays_given = not refused(support[0], refusals + outstanding, replies)
    return support[0] > second + outstanding and stays_given


def leads(first: int, second: int) -> float:
    """Probability that the leader of a vote first : second is really the more frequent answer: 1 - I_1/2(first + 1,
    second + 1), the stopping rule of adaptive consistency (arXiv 2305.11860), exact by its binomial sum."""
    tosses = first + second + 1
    return sum(math.comb(tosses, k) for k in range(first + 1)) / 2**tosses


def swiss_pairs(
    scores: Sequence[float], played: set[frozenset[int]], rested: set[int], rng: random.Random
) -> tuple[list[tuple[int, int]], int | None]:
    """One round of a Swiss tournament: neighbours by score meet, nobody twice, and of an odd number the lowest who has not
    rested rests. Returns pairs in shuffled order of sides, and who rests.

    While fewer rounds have been played than half the number of players such a pairing exists (Dirac); afterwards
    pairs may meet again.
    """
    order = list(range(len(scores)))
    rng.shuffle(order)
    order.sort(key=lambda i: -scores[i])
    rest = None
    if len(order) % 2:
        rest = next((i for i in reversed(order) if i not in rested), order[-1])
        order.remove(rest)
    pairs = _pair(order, played) or list(zip(order[::2], order[1::2], strict=True))
    return [(a, b) if rng.random() < 0.5 else (b, a) for a, b in pairs], rest


def _pair(order: list[int], played: set[frozenset[int]]) -> list[tuple[int, int]] | None:
    """Pairs along `order` without a repeated one, or None if there are none."""
    if not order:
        return []
    first, *others = order
    for other in others:
        if frozenset((first, other)) not in played:
            rest = _pair([i for i in others if i != other], played)
            if rest is not None:
                return [(first, other), *rest]
    return None
