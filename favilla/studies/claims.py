"""What a report says: a claim, whether it was shown, and its numbers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

import numpy as np

from favilla.evals.samples import Resampling
from favilla.studies.intervals import Interval, percentile
from favilla.studies.logs import Curves, Logs, Tally, curves, ends

Verdict = Literal["shown", "not shown", "not measured"]


@dataclass(frozen=True)
class Claim:
    """topic: section of the report; name: what is claimed; text: the numbers in words, with n and intervals; numbers: the same
    for machines."""

    topic: str
    name: str
    verdict: Verdict
    text: str
    numbers: dict[str, Any] = field(default_factory=dict)


def judged(holds: bool) -> Verdict:
    return "shown" if holds else "not shown"


def not_measured(topic: str, name: str, why: str) -> Claim:
    return Claim(topic, name, "not measured", why)


class Evidence:
    """The logs of a study, with one resampling for all that is computed from them: runs of an arm are drawn together, and so
    are the problems of a set, whatever they are compared in."""

    def __init__(self, logs: Logs):
        self.logs, self.study, self.analysis = logs, logs.study, logs.study.analysis
        self.limits = self.analysis.thresholds
        self.last = logs.study.recipe.optim.steps
        self._ends: dict[tuple[str, str], Curves | None] = {}
        self._curves: dict[tuple[str, str], Curves | None] = {}

    @cached_property
    def resampling(self) -> Resampling:
        return Resampling(self.analysis.draws)

    @property
    def sets(self) -> tuple[str, ...]:
        return self.analysis.sets

    def curves(self, arm: str, name: str) -> Curves | None:
        """Of the finished runs; of all as far as they have come, while none has finished."""
        if (arm, name) not in self._curves:
            self._curves[arm, name] = curves(
                self.logs, arm, name, self.logs.finished(arm) or self.logs.arms.get(arm, [])
            )
        return self._curves[arm, name]

    def ends(self, arm: str, name: str) -> Curves | None:
        if (arm, name) not in self._ends:
            self._ends[arm, name] = ends(self.logs, arm, name)
        return self._ends[arm, name]

    def draws(self, value_SPX: np.ndarray, arm: str, name: str) -> np.ndarray:
        """Means over runs and problems, drawn anew: (D, ...) of (S, P, ...)."""
        return self.resampling.means(value_SPX, f"runs of {arm}", f"problems of {name}")

    def mean(self, value_SP: np.ndarray, arm: str, name: str) -> Interval:
        return percentile(float(value_SP.mean()), self.draws(value_SP, arm, name))

    def gains(self, arm: str, name: str, of: Callable[[Tally], float]) -> np.ndarray | None:
        """(S, P): last step minus start."""
        both = self.ends(arm, name)
        if both is None:
            return None
        value_SPK = both.values(of)
        return value_SPK[:, :, -1] - value_SPK[:, :, 0]

    def claim(self, topic: str, name: str, holds: bool, text: str, numbers: dict[str, Any], *others: str) -> Claim:
        """What was found of the headline arm and others. Nothing is shown, or not shown, before every run of theirs that was
        declared has finished: one that is still to come may say otherwise. What was found so far is told."""
        unfinished = self.unfinished(self.analysis.headline, *others)
        if unfinished:
            return Claim(topic, name, "not measured", f"{unfinished}; so far: {text}", numbers)
        return Claim(topic, name, judged(holds), text, numbers)

    def unfinished(self, *arms: str) -> str:
        """How many runs of which arms have finished, in words; empty when all have."""
        counts = [(arm, len(self.logs.finished(arm)), len(self.study.arms[arm].seeds)) for arm in dict.fromkeys(arms)]
        return ", ".join(
            f"{done} of {asked} runs of arm {arm!r} have finished" for arm, done, asked in counts if done < asked
        )

    def lacking(self, *arms: str) -> str:
        """Why ends of the headline arm and others cannot be compared, in words."""
        start = self.logs.start.get(1.0)
        if not start:
            return "the start has not been measured"
        absent = [name for name in self.sets if name not in start]
        if absent:
            return f"the start of {', '.join(absent)} has not been measured"
        return self.unfinished(self.analysis.headline, *arms) or "start and runs share no problems"

    def n(self, part: Curves, arm: str, step: int = -1) -> str:
        """How much a number rests on, in words."""
        runs, samples = len(part.tallies), part.tallies[0][min(step, len(part.steps) - 1)][0].n
        return f"{self.runs(arm, runs)} x {len(part.problems)} problems x {samples} samples"

    def runs(self, arm: str, count: int) -> str:
        """How many runs of an arm, and of how many if some lack."""
        asked = len(self.study.arms[arm].seeds)
        return f"{count} run{'s' if count != 1 else ''}" if count == asked else f"{count} of {asked} runs"


def pass_1(tally: Tally) -> float:
    return tally.correct / tally.n


def pass_k(k: int) -> Callable[[Tally], float]:
    return lambda tally: tally.pass_at(k)


def thinking(tally: Tally) -> float:
    return tally.thinking


def points(share: float) -> str:
    """A share as points, with its sign."""
    return f"{100 * share:+.1f}"


def spread(interval: Interval) -> str:
    """A difference of shares with its interval, in points."""
    return f"{points(interval.value)} points ({points(interval.low)} to {points(interval.high)})"
