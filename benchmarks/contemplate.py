"""What several agents bring, for the tokens and the time that they take.

    python benchmarks/contemplate.py --n 50 --out results/contemplate

The same questions (dev split) are answered by one agent that thinks longer (effort, thinking budget), by majority votes of
more and more agents, and by each preset; reported are accuracy, tokens (read and written) and seconds a question, as JSONL, a
table and a figure. Then latency alone: the same policy with one agent and with 16, every thought being forced to the same
length, taken in turns. Stopped, the same command with the same --out goes on.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import math
import os
import platform
import statistics
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from favilla.chat.tokenizer import EOM, EOT
from favilla.contemplate import PRESETS, AnyAnswers, Limits, Panel, Policy, Result, connect, contemplate, open_local
from favilla.contemplate.local import LocalSolver
from favilla.contemplate.problems import question_of
from favilla.contemplate.solver import Reply, Solver
from favilla.engine.load import Loaded
from favilla.engine.request import Generation
from favilla.evals.accuracy import draw, wilson
from favilla.evals.rows import Rows
from favilla.model.folder import weights_fingerprint
from favilla.show.pareto import Point, pareto_figure
from favilla.show.terminal import finish
from favilla.worlds.registry import get

# Everyone is waited for: whom a clock cuts depends on what else the machine does.
PATIENT = Limits(quorum=1.0, call_seconds=3600.0)
THINK, VOTE, PRESET = "one agent, thinking longer", "majority vote", "presets"
AGENTS = 16


@dataclass(frozen=True)
class Arm:
    """One way of answering."""

    group: str
    name: str
    policy: Policy
    settings: dict[str, Any] = field(default_factory=dict)


def arms(effort: str) -> list[Arm]:
    one = PRESETS["single"]
    thinking = [Arm(THINK, f"effort {e}", one, {"effort": e}) for e in ("low", "medium", "high", "xhigh")]
    thinking += [
        Arm(THINK, f"{tokens} tokens", one, {"effort": effort, "thinking_budget": tokens}) for tokens in (16, 48)
    ]
    votes = [Arm(VOTE, f"{n}", Policy(n), {"effort": effort}) for n in (2, 4, 8, 16, 32)]
    presets = [Arm(PRESET, name, policy, {"effort": effort}) for name, policy in PRESETS.items() if name != "single"]
    return thinking + votes + presets


class Forced(LocalSolver):
    """Takes an answer that was cut for a whole one: lengths are what is measured."""

    def _understood(self, made: Generation, note: str) -> Reply:
        return super()._understood(replace(made, finish_reason="stop", answer=made.answer or "0"), note)


def solver(given: argparse.Namespace, loaded: Loaded | None, policy: Policy, settings: dict[str, Any]) -> Solver:
    if loaded is None:
        return connect(given.endpoint, given.model, effort=settings.get("effort"))
    kind = Forced if settings.pop("forced", False) else LocalSolver
    return kind(loaded, given.model, temperature=0.0 if policy.most_agents == 1 else 0.8, **settings)


async def answer(
    given: argparse.Namespace, loaded: Loaded | None, arm: Arm, problem: Any, seed: int, most: int
) -> Result:
    question = question_of(problem)
    if loaded is not None:
        loaded.engine.forget()  # what an earlier way has computed is no gift to a later one
    panel = Panel((solver(given, loaded, arm.policy, dict(arm.settings)),))
    try:
        return await contemplate(
            question.text, panel=panel, images=question.pictures, policy=arm.policy, answers=AnyAnswers(), seed=seed,
            max_output_tokens=most, limits=PATIENT,
        )  # fmt: skip
    finally:
        await panel.close()


def accuracy(given: argparse.Namespace, loaded: Loaded | None) -> list[dict[str, Any]]:
    """A row per arm and question; what --out has of the same settings is not asked again."""
    settings = {name: getattr(given, name) for name in ("model", "endpoint", "effort", "families", "levels", "n", "seed", "max_output_tokens")}  # fmt: skip
    settings |= {"limits": asdict(PATIENT), "weights": weights_fingerprint(loaded.folder) if loaded else None}
    found = Rows(given.out / "rows.jsonl" if given.out else None, settings)
    done = {(row["group"], row["name"], row["question"]) for row in found.rows}
    problems = [
        problem for name in given.families for level in given.levels
        for problem in draw(get(name), level, "dev", given.n, given.seed)
    ]  # fmt: skip
    ways = [arm for arm in arms(given.effort) if loaded is not None or "thinking_budget" not in arm.settings]
    # question by question, so that whatever else the machine does meets all arms alike
    for index, problem in enumerate(problems):
        for arm in ways:
            if (arm.group, arm.name, index) in done:
                continue
            result = asyncio.run(answer(given, loaded, arm, problem, given.seed + index, given.max_output_tokens))
            used = result.usage
            row = {
                "group": arm.group, "name": arm.name, "question": index, "family": problem.family, "level": problem.level,
                "right": get(problem.family).verify(problem, result.answer or "").correct, "answer": result.answer,
                "read": used.input_tokens, "cached": used.cached_tokens, "written": used.output_tokens,
                "calls": used.calls, "seconds": round(result.seconds, 4), "depth": result.depth,
                "stopped_by": result.stopped_by, "degraded": result.degraded,
            }  # fmt: skip
            found.add(row)
        print(f"\r{index + 1} of {len(problems)} questions", end="", flush=True)
    print()
    return found.rows


def points(rows: list[dict[str, Any]]) -> list[Point]:
    """The mean of each arm."""
    found = []
    for group, name in dict.fromkeys((row["group"], row["name"]) for row in rows):
        part = [row for row in rows if (row["group"], row["name"]) == (group, name)]
        right, n = sum(row["right"] for row in part), len(part)
        low, high = wilson(right, n)
        tokens = sum(row["read"] + row["written"] for row in part) / n
        seconds = sum(row["seconds"] for row in part) / n
        found.append(Point(group, name, tokens, seconds, right / n, low, high, line=group == VOTE))
    return found


@contextmanager
def thoughts_do_not_end(loaded: Loaded) -> Iterator[None]:
    """While this lasts the model cannot end a thought by itself, so that its budget decides how long it is."""
    banned_V = loaded.engine.banned_V
    kept_V = banned_V.clone()
    for name in (EOM, EOT):
        banned_V[loaded.engine.tokenizer.id(name)] = True
    try:
        yield
    finally:
        banned_V.copy_(kept_V)


def latency(given: argparse.Namespace, loaded: Loaded) -> dict[str, Any]:
    """Seconds of one agent and of AGENTS with the same policy and as many tokens each, taken in turns."""
    (problem,) = draw(get(given.families[0]), given.levels[0], "dev", 1, given.seed)
    found: dict[str, Any] = {}
    for rounds in (1, 2):
        seconds: dict[int, list[float]] = {1: [], AGENTS: []}
        written: dict[int, list[float]] = {1: [], AGENTS: []}
        for repeat in range(given.repeats + 1):
            for agents in seconds:
                settings = {"effort": given.effort, "thinking_budget": given.length, "forced": True}
                arm = Arm("latency", f"{agents}", Policy(agents, subset=4, rounds=rounds), settings)
                # the answer cannot end by itself either: it is as long as what is left
                with thoughts_do_not_end(loaded):
                    result = asyncio.run(answer(given, loaded, arm, problem, repeat, given.length + 16))
                if repeat:  # the first warms caches up
                    seconds[agents].append(result.seconds)
                    written[agents].append(result.usage.output_tokens / result.usage.calls)
        ratios = [many / one for one, many in zip(seconds[1], seconds[AGENTS], strict=True)]
        found[f"rounds {rounds}"] = {
            "one": statistics.median(seconds[1]), "many": statistics.median(seconds[AGENTS]),
            "ratio": statistics.median(ratios), "ratios": [min(ratios), max(ratios)], "n": len(ratios),
            "tokens_one": statistics.mean(written[1]), "tokens_many": statistics.mean(written[AGENTS]),
        }  # fmt: skip
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--model", default="ember", help="a shipped model, a folder, or with --endpoint its name there")
    parser.add_argument("--endpoint")
    parser.add_argument("--effort", default="high", help="of all but the arms that vary it")
    parser.add_argument("--families", nargs="+", default=["arithmetic", "lists", "counting"])
    parser.add_argument("--levels", nargs="+", type=int, default=[2])
    parser.add_argument("--n", type=int, default=5, help="questions a family and level; 0: latency only")
    parser.add_argument("--repeats", type=int, default=5, help="of the latency measurement; 0: accuracy only")
    parser.add_argument("--length", type=int, default=96, help="tokens of a forced thought")
    parser.add_argument("--max-output-tokens", type=int, default=256)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, help="folder for rows.jsonl, summary.json and figure.png")
    parser.add_argument("--json", action="store_true")
    finish(run, parser.parse_args())


def run(given: argparse.Namespace) -> dict[str, Any]:
    loaded = None if given.endpoint else open_local(given.model).loaded
    machine = f"{platform.machine()}, {os.cpu_count()} cores"
    found = points(accuracy(given, loaded)) if given.n else []
    for p in found:
        print(
            f"{p.group:27} {p.name:12} {p.accuracy:.2f} ({p.low:.2f}-{p.high:.2f})  {p.tokens:7.0f} tokens  {p.seconds:6.2f} s"
        )
    waits = latency(given, loaded) if loaded is not None and given.repeats else {}
    for name, row in waits.items():
        print(f"latency, {name}: one agent {row['one']:.3f} s, {AGENTS} agents {row['many']:.3f} s, ratio {row['ratio']:.2f} "
              f"({row['ratios'][0]:.2f}-{row['ratios'][1]:.2f}), {row['tokens_one']:.0f} and {row['tokens_many']:.0f} tokens "
              f"an agent and round, n {row['n']}")  # fmt: skip
    once = waits.get("rounds 1", {})
    last = {
        "ours": once.get("many"), "peer": once.get("one"), "ratio": once.get("ratio"),
        "unit": f"seconds of one round, {AGENTS} agents against one at equal lengths", "n": once.get("n", 0), "machine": machine,
        "model": given.model, "latency": waits, "accuracy": [vars(p) for p in found],
    }  # fmt: skip
    if given.out is not None:
        given.out.mkdir(parents=True, exist_ok=True)
        (given.out / "summary.json").write_text(json.dumps(last, indent=2) + "\n", encoding="utf-8")
        if found:
            n = math.prod((given.n, len(given.families), len(given.levels)))
            title = (
                f"{given.model}: {', '.join(given.families)}, levels {', '.join(map(str, given.levels))}, {n} questions"
            )
            pareto_figure(found, title, given.out / "figure.png")
    return last


if __name__ == "__main__":
    main()
