"""Problems of the worlds to practise on, as prompts that are asked again until they are mastered.

The pool has a fixed number of places. Each belongs to one family and level, so the mixture stays what the recipe says; a
prompt that is solved often enough leaves for good ("no positive resampling", ScaleRL, 2510.13786) and another problem of
the same family and level takes its place. Everything is a function of seed and history, so a run can be resumed and every
rank has the same pool.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from favilla.chat.messages import Message
from favilla.data.examples import prompt_messages
from favilla.errors import UserError
from favilla.train.rl.protocols import Prompt
from favilla.worlds.base import Family, Problem, Split, draw_distinct

TRIES = 50  # problems in a row that have left already, before a place is given up
GONE = -1


@dataclass(frozen=True)
class Entry:
    """One family at one level, and its share of the pool."""

    family: Family
    level: int
    weight: float


@dataclass(frozen=True)
class Effort:
    """weight: how often it is asked for; penalty: multiple of the length coefficient."""

    weight: float = 1.0
    penalty: float = 1.0


@dataclass(frozen=True)
class Budgets:
    """share of prompts that name a budget, one of `tokens`."""

    share: float = 0.0
    tokens: tuple[int, ...] = ()


@dataclass(frozen=True)
class WorldTask:
    """What the verifier needs."""

    family: Family
    problem: Problem


def world_prompt(
    family: Family, problem: Problem, effort: str, penalty: float = 1.0, budget: int | None = None, key: str = ""
) -> Prompt:
    """A problem as a prompt. A budget is said in words, before the question."""
    messages = tuple(prompt_messages(problem))
    if budget is not None:
        messages = (Message("system", (f"Use at most {budget} tokens.",)), *messages)
    task = WorldTask(family, problem)
    return Prompt(problem.family, problem.level, messages, effort, budget, penalty, key, task)


def places(entries: Sequence[Entry], size: int) -> list[int]:
    """Which entry each of `size` places belongs to: in proportion to the weights, largest remainders first, at least one
    each, which the largest make room for."""
    total = sum(entry.weight for entry in entries)
    exact = [size * entry.weight / total for entry in entries]
    counts = [max(1, int(share)) for share in exact]
    # An entry that was raised to one place has had its remainder.
    whole = [i for i, share in enumerate(exact) if share >= 1]
    for index in sorted(whole, key=lambda i: int(exact[i]) - exact[i]):
        if sum(counts) < size:
            counts[index] += 1
    while sum(counts) > size:
        counts[counts.index(max(counts))] -= 1
    return [index for index, count in enumerate(counts) for _ in range(count)]


class Pool:
    """`Prompts` of worlds. leave: a prompt with at least this pass rate leaves the pool.

    Raises UserError when there are fewer places than entries.
    """

    def __init__(
        self,
        entries: Sequence[Entry],
        efforts: dict[str, Effort],
        size: int,
        seed: int,
        leave: float = 0.9,
        split: Split = "train",
        budgets: Budgets | None = None,
    ):
        if size < len(entries):
            raise UserError(
                f"recipe: [rollout] pool = {size} has no place for each of {len(entries)} families and levels"
            )
        self.entries, self.efforts, self.budgets = list(entries), efforts, budgets or Budgets()
        self.seed, self.leave, self.split = seed, leave, split
        self.entry = places(entries, size)
        first = [self.entry.index(e) for e in range(len(entries))]
        # Which problem of its entry's endless series a place holds; the next one nobody has had yet.
        self.serial = [place - first[entry] for place, entry in enumerate(self.entry)]
        self.next = [self.entry.count(e) for e in range(len(entries))]
        self.left: list[set[str]] = [set() for _ in entries]
        self.order: list[int] = []
        self.epoch, self.cursor = 0, 0

    def draw(self, step: int, count: int) -> list[Prompt]:
        """The next `count` places of a random order, which is drawn anew when it does not suffice any more. Fewer only where
        fewer have anything to ask."""
        anew = self.cursor + count > len(self.order)
        if anew:
            self._shuffle()
        found: dict[int, Prompt] = {}
        while len(found) < count:
            if self.cursor >= len(self.order):
                if anew:
                    break
                self._shuffle()
                anew = True
                continue
            place = self.order[self.cursor]
            self.cursor += 1
            if place not in found and (prompt := self._present(place)) is not None:
                found[place] = prompt
        return list(found.values())

    def _shuffle(self) -> None:
        self.order = [place for place, serial in enumerate(self.serial) if serial != GONE]
        random.Random(f"{self.seed}/order/{self.epoch}").shuffle(self.order)
        self.epoch, self.cursor = self.epoch + 1, 0

    def _present(self, place: int) -> Prompt | None:
        """The prompt in a place; where it has left, the next one of its kind takes the place first."""
        entry = self.entry[place]
        for _ in range(TRIES if self.serial[place] != GONE else 0):
            prompt = self._prompt(place)
            if identity(prompt) not in self.left[entry]:
                return prompt
            self.serial[place], self.next[entry] = self.next[entry], self.next[entry] + 1
        # Nothing new turns up any more: the family has too few problems of this level.
        self.serial[place] = GONE
        return None

    def _prompt(self, place: int) -> Prompt:
        entry = self.entries[self.entry[place]]
        rng = random.Random(f"{self.seed}/{entry.family.name}/{entry.level}/{self.serial[place]}")
        problem = entry.family.sample(rng, entry.level, self.split)
        effort = rng.choices(list(self.efforts), [e.weight for e in self.efforts.values()])[0]
        budget = rng.choice(self.budgets.tokens) if rng.random() < self.budgets.share else None
        return world_prompt(entry.family, problem, effort, self.efforts[effort].penalty, budget, str(place))

    def learn(self, prompts: Sequence[Prompt], pass_rates: Sequence[float]) -> None:
        for prompt, rate in zip(prompts, pass_rates, strict=True):
            if rate >= self.leave:
                self.left[self.entry[int(prompt.key)]].add(identity(prompt))

    def state(self) -> dict[str, Any]:
        return {
            "serial": list(self.serial), "next": list(self.next), "left": [sorted(left) for left in self.left],
            "epoch": self.epoch, "order": list(self.order), "cursor": self.cursor,
        }  # fmt: skip

    def restore(self, state: dict[str, Any]) -> None:
        self.serial, self.next, self.order = list(state["serial"]), list(state["next"]), list(state["order"])
        self.left = [set(left) for left in state["left"]]
        self.epoch, self.cursor = state["epoch"], state["cursor"]


def identity(prompt: Prompt) -> str:
    """Equal for the same problem asked in the same way."""
    text = f"{prompt.effort}/{prompt.budget}/{prompt.task.problem.instance}"
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def held_out_problems(family: Family, level: int, split: Split, n: int, seed: int) -> list[Problem]:
    """n different problems, the same for the same seed. Raises UserError when 20 n draws do not give them: then the space
    is too small to say anything about."""
    rng = random.Random(f"held out/{seed}/{family.name}/{level}/{split}")
    problems = draw_distinct(family, rng, level, split, n)
    if len(problems) == n:
        return problems
    raise UserError(
        f"{family.name} level {level}: {len(problems)} different problems of split {split!r} in {20 * n} draws, {n} asked "
        "for; ask for fewer or take another level"
    )
