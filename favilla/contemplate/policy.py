"""A policy: how many agents try, how they refine, how one answer comes out. Data only.

Presets follow the papers that they are named after: `vote` self-consistency (Wang et al. 2022), `rsa` recursive
self-aggregation (arXiv 2509.26626), `high` PaCoRe's 32 then 4 (arXiv 2601.05593), `moa` mixture of agents
(arXiv 2406.04692), `pairwise` V1's Swiss tournament (arXiv 2603.04304), `auto` adaptive consistency (arXiv 2305.11860).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Literal, get_args

from favilla.errors import UserError

Refine = Literal["critique", "peers", "both", "more"]
Aggregate = Literal["vote", "weighted_vote", "synthesis", "selection", "pairwise"]
Stop = Literal["none", "unassailable", "beta"]
Diversity = Literal["temperature", "prompt"]
MOST_AGENTS = 1024


@dataclass(frozen=True)
class Policy:
    """How to contemplate.

    population: agents in each round; a tuple has one number a round.
    subset: messages of the round before that a refining agent is shown (K of RSA).
    rounds: rounds before the aggregation, the independent attempts among them.
    refine: what an agent does after the first round: "critique" its own attempt; aggregate `subset` shuffled "peers";
        "both"; or "more": try again independently, all attempts are kept.
    aggregate: plain vote; vote weighted by exp(mean log-probability); synthesis or selection by the judge; pairwise
        Swiss tournament.
    stop: "unassailable": as soon as no outstanding answer can change a vote; "beta": before a further round, when the
        leader leads the second with probability 0.95 (adaptive consistency); "none".
    fresh_fraction: share of a refining round that starts again without seeing anyone, against collapse.
    diversity: spread temperatures over the agents, and/or hints how to go about it.
    """

    population: int | tuple[int, ...] = 16
    subset: int = 4
    rounds: int = 1
    refine: Refine = "peers"
    aggregate: Aggregate = "vote"
    stop: Stop = "none"
    fresh_fraction: float = 0.0
    diversity: tuple[Diversity, ...] = ()

    def __post_init__(self) -> None:
        for name in ("population", "diversity"):  # a list, as JSON has it
            if isinstance(value := getattr(self, name), list):
                object.__setattr__(self, name, tuple(value))
        for name in ("population", "subset", "rounds"):
            value = getattr(self, name)
            several = name == "population" and isinstance(value, tuple)
            if not all(type(number) is int for number in (value if several else (value,))):
                raise UserError(f"{name} {value!r}: give a whole number")
        if not isinstance(self.diversity, tuple):
            raise UserError(f"diversity {self.diversity!r}: give several, as in ({self.diversity!r},)")
        for name, allowed in (("refine", Refine), ("aggregate", Aggregate), ("stop", Stop)):
            if getattr(self, name) not in get_args(allowed):
                raise UserError(f"{name} {getattr(self, name)!r}: choose one of {', '.join(get_args(allowed))}")
        if unknown := set(self.diversity) - set(get_args(Diversity)):
            raise UserError(f"diversity {sorted(unknown)}: choose from {', '.join(get_args(Diversity))}")
        if self.rounds < 1:
            raise UserError(f"rounds {self.rounds}: give at least 1")
        if isinstance(self.population, tuple) and len(self.population) != self.rounds:
            raise UserError(f"population {self.population}: give one number for each of the {self.rounds} rounds")
        if not all(1 <= size <= MOST_AGENTS for size in self.sizes):
            raise UserError(f"population {self.population}: give 1 to {MOST_AGENTS} agents")
        if self.subset < 1:
            raise UserError(f"subset {self.subset}: give at least 1")
        if not 0 <= self.fresh_fraction <= 1:
            raise UserError(f"fresh_fraction {self.fresh_fraction}: give a number from 0 to 1")
        if self.stop == "unassailable" and self.aggregate != "vote":
            raise UserError(f"stop 'unassailable' needs the aggregate 'vote', not {self.aggregate!r}")

    @property
    def sizes(self) -> tuple[int, ...]:
        """Agents in each round."""
        return self.population if isinstance(self.population, tuple) else (self.population,) * self.rounds

    @property
    def most_agents(self) -> int:
        """Most answers that can be aggregated."""
        return sum(self.sizes) if self.refine == "more" else max(self.sizes)

    def with_(self, agents: int | None = None, rounds: int | None = None) -> Policy:
        """This policy with other numbers; a population that was told per round becomes the same in all."""
        if agents is None and rounds is None:
            return self
        rounds = self.rounds if rounds is None else rounds
        population = self.sizes[0] if agents is None else agents
        if agents is None and rounds == self.rounds:
            return self
        return replace(self, population=population, rounds=rounds)


def rsa(population: int, subset: int, rounds: int) -> Policy:
    """Recursive self-aggregation RSA(N, K, T): each member of a round aggregates K random ones of the round before;
    T counts the first, independent round. The answer is the majority of the last."""
    if subset > population:
        raise UserError(f"rsa({population},{subset},{rounds}): K {subset} is more than the population {population}")
    return Policy(population, subset, rounds, "peers", "vote")


PRESETS = {
    "single": Policy(1),
    "vote": Policy(16, stop="unassailable"),
    "low": Policy(4, aggregate="synthesis"),
    "medium": Policy(16, aggregate="synthesis"),
    "high": Policy((32, 4), subset=8, rounds=2, aggregate="synthesis"),
    "rsa": rsa(16, 4, 3),
    "moa": Policy(6, subset=6, rounds=2, aggregate="synthesis"),
    "pairwise": Policy(8, aggregate="pairwise"),
    # four that agree are enough for "beta"; three are not
    "auto": Policy((4, 4, 8), rounds=3, refine="more", stop="beta"),
}


def parse_policy(text: str) -> Policy:
    """A preset's name, or "rsa(N,K,T)". Raises UserError for anything else."""
    name = text.strip().lower()
    if name in PRESETS:
        return PRESETS[name]
    if match := re.fullmatch(r"rsa\(\s*(\d{1,6})\s*,\s*(\d{1,6})\s*,\s*(\d{1,6})\s*\)", name):
        return rsa(*map(int, match.groups()))
    raise UserError(f"policy {text!r}: there is none of this name; choose {', '.join(PRESETS)} or rsa(N,K,T)")
