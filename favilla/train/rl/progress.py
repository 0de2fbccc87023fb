"""What an RL run tells while it runs: metrics as JSONL, a progress bar, a figure."""

from __future__ import annotations

import json
import logging
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

from favilla.train.progress import drop_lines_after
from favilla.train.rl.protocols import Group

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Summary:
    """One group in numbers, small enough to send to every rank."""

    family: str
    level: int
    effort: str
    budget: int | None
    rewards: tuple[float, ...]
    correct: tuple[bool, ...]
    lengths: tuple[int, ...]
    thinking: tuple[int, ...]
    finished: tuple[bool, ...]
    parsed: tuple[bool, ...]
    surprise: float  # - log pi of the sampler, summed over the tokens that it chose
    strategies: tuple[str | None, ...]
    kept: bool

    @property
    def pass_rate(self) -> float:
        return sum(self.correct) / len(self.correct)


def summarise(group: Group, kept: bool) -> Summary:
    p, samples, scores = group.prompt, group.samples, group.scores
    surprise = -sum(
        value
        for sample in samples
        for passage in sample.passages
        for value, chosen in zip(passage.logprobs, passage.chosen, strict=True)
        if chosen
    )
    return Summary(
        p.family, p.level, str(p.effort), p.budget, tuple(s.reward for s in scores), tuple(s.correct for s in scores),
        tuple(s.length for s in samples), tuple(s.thinking_tokens for s in samples), tuple(s.finished for s in samples),
        tuple(s.parsed for s in scores), surprise, tuple(s.strategy for s in scores), kept,
    )  # fmt: skip


def mean(values: Sequence[float]) -> float | None:
    """None of nothing."""
    return sum(values) / len(values) if values else None


def metrics(summaries: Sequence[Summary]) -> dict[str, Any]:
    """What the groups of a step say. pass@G is the share of prompts with a right sample among G, which is the unbiased
    estimate at k = n; `solved` counts the prompts by right samples, 0 to G, from which pass@k follows for every k below.
    `entropy`: nats a token, the mean of - log pi over all that was sampled, which is an unbiased estimate of it."""
    pairs = [(r, length) for s in summaries for r, length in zip(s.correct, s.lengths, strict=True)]
    size = len(summaries[0].rewards)
    by_task, by_effort, by_budget = defaultdict(list), defaultdict(list), defaultdict(list)
    strategies: dict[str, int] = defaultdict(int)
    for s in summaries:
        by_task[f"{s.family}/{s.level}"].append(s)
        by_effort[s.effort].append(s)
        if s.budget is not None:
            by_budget[s.budget].append(s)
        for strategy in s.strategies:
            strategies[str(strategy)] += 1
    return {
        "reward": mean([r for s in summaries for r in s.rewards]),
        "pass@1": mean([s.pass_rate for s in summaries]),
        f"pass@{size}": mean([float(any(s.correct)) for s in summaries]),
        "solved": [sum(sum(s.correct) == c for s in summaries) for c in range(size + 1)],
        "length": mean([length for _, length in pairs]),
        "length_correct": mean([length for right, length in pairs if right]),
        "length_wrong": mean([length for right, length in pairs if not right]),
        "thinking": mean([t for s in summaries for t in s.thinking]),
        "finished": mean([float(f) for s in summaries for f in s.finished]),
        "parsed": mean([float(f) for s in summaries for f in s.parsed]),
        "entropy": sum(s.surprise for s in summaries) / max(1, sum(sum(s.lengths) for s in summaries)),
        "filtered": mean([float(not s.kept) for s in summaries]),
        "tasks": {name: _part(part) for name, part in sorted(by_task.items())},
        "efforts": {name: _part(part) for name, part in sorted(by_effort.items())},
        "budgets": {
            str(most): _part(part) | {"within": _within(part, most)} for most, part in sorted(by_budget.items())
        },
        "strategies": dict(sorted(strategies.items())),
    }


def _part(summaries: Sequence[Summary]) -> dict[str, Any]:
    return {
        "prompts": len(summaries),
        "pass@1": mean([s.pass_rate for s in summaries]),
        "length": mean([length for s in summaries for length in s.lengths]),
        "thinking": mean([t for s in summaries for t in s.thinking]),
    }


def _within(summaries: Sequence[Summary], budget: int) -> float | None:
    """Share of samples that keep to a budget."""
    return mean([float(length <= budget) for s in summaries for length in s.lengths])


class RLProgress:
    """Appends one line a step to metrics.jsonl; shows reward, pass@1, length and entropy.

    first: steps done before this start; None for a run that starts anew.
    """

    def __init__(self, folder: Path, name: str, steps: int, first: int | None, quiet: bool):
        self.path, self.quiet, self.warned = folder / "metrics.jsonl", quiet, False
        if quiet:
            return
        drop_lines_after(self.path, first or 0)
        self.bar = Bar(
            TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed}/{task.total}"),
            TextColumn(
                "reward {task.fields[reward]} · pass@1 {task.fields[once]} · {task.fields[length]} tokens · "
                "entropy {task.fields[entropy]}{task.fields[alarm]}"
            ),
            TimeRemainingColumn(), console=Console(stderr=True),
        )  # fmt: skip
        self.task = self.bar.add_task(
            name, total=steps, completed=first or 0, reward="-", once="-", length="-", entropy="-", alarm=""
        )
        self.bar.start()

    def step(self, line: dict[str, Any]) -> None:
        """Take note of one finished step."""
        if self.quiet:
            return
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")
        for alarm in line["alarms"][: 0 if self.warned else None]:
            self.warned = True
            log.warning("step %d: %s; see [entropy] in the recipe", line["step"], alarm)
        self.bar.update(
            self.task, completed=line["step"], reward=f"{line['reward']:.3f}", once=f"{line['pass@1']:.3f}",
            length=f"{line['length']:.0f}", entropy=f"{line['entropy']:.3f}", alarm=" (!)" if line["alarms"] else "",
        )  # fmt: skip

    def close(self) -> None:
        if self.quiet:
            return
        self.bar.stop()
        if self.path.exists():
            from favilla.show.figures import rl_figure

            rl_figure(self.path, self.path.with_name("rl.png"))


def alarms(entropy: float, floor: float, ceiling: float) -> list[str]:
    """What is wrong with a policy's entropy (nats a token), in words."""
    if entropy < floor:
        return [f"entropy {entropy:.3f} is below the floor {floor:g}: the policy has stopped to explore"]
    if entropy > ceiling:
        return [f"entropy {entropy:.3f} is above the ceiling {ceiling:g}: the policy is falling apart"]
    return []
