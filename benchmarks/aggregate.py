"""What trained aggregation brings, beside votes at equal tokens and beside one agent at equal latency.

    python benchmarks/aggregate.py --model ROLES/model --voter PLAIN/model --longer LONG/model --n 500 --out results/aggregate

Levels are chosen on the dev split, where one attempt of --model is right in --least to --most of the cases; the
questions are those of another split, and every way answers all of them, one question after the other.

- ours: K attempts and a synthesis; and K attempts, a refinement of each and a synthesis (--ways).
- votes of --voter: as many agents a question as it takes to use at least ours' tokens of that question, read and written.
- one agent of --longer, that criticises and mends its answer for round after round, at each effort: of all numbers of rounds up to
  the first that takes at least as long as ours in the mean, the one that turns out best.

Both baselines so get a little more than ours, unless --voters or --rounds are too few for that, which is told. Reported: paired differences with 95 % bootstrap intervals, over all and for each level.
Stopped, the same command with the same --out goes on.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import math
import os
import platform
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from favilla.contemplate import AnyAnswers, Limits, Panel, Policy, Result, contemplate
from favilla.contemplate.aggregate import group_answers
from favilla.contemplate.local import LocalSolver
from favilla.contemplate.problems import question_of
from favilla.contemplate.roles.recipe import ChoicePart, RolesRecipe
from favilla.contemplate.roles.run import in_range, rates
from favilla.engine.load import load
from favilla.evals.accuracy import draw, wilson
from favilla.evals.paired import enough, paired_difference
from favilla.evals.rows import Rows
from favilla.model.folder import weights_fingerprint
from favilla.show.pareto import Point, pareto_figure
from favilla.show.terminal import finish
from favilla.train.recipe import read_recipe
from favilla.worlds.base import Family, Problem

SYNTHESIS, REFINE = "synthesis", "refine and synthesis"
EFFORTS = ("high", "xhigh")
# Everyone is waited for: whom a clock cuts depends on what else the machine does.
PATIENT = Limits(quorum=1.0, call_seconds=1e6)


@dataclass(frozen=True)
class Models:
    """The folders' models: whose way is measured, who votes, who thinks longer."""

    ours: LocalSolver
    voter: LocalSolver
    longer: dict[str, LocalSolver]


def policies(given: argparse.Namespace) -> dict[str, Policy]:
    agents = given.agents
    found = {
        SYNTHESIS: Policy(agents, aggregate="synthesis"),
        REFINE: Policy(agents, subset=agents - 1, rounds=2, refine="both", aggregate="synthesis"),
    }
    return {way: found[way] for way in given.ways}


def ask(solver: LocalSolver, problem: Problem, policy: Policy, seed: int, most: int) -> Result:
    question = question_of(problem)
    # what an earlier way has computed is no gift to a later one
    solver.engine.forget()
    return asyncio.run(
        contemplate(
            question.text, panel=Panel((solver,)), images=question.pictures, policy=policy, answers=AnyAnswers(), seed=seed,
            max_output_tokens=most, limits=PATIENT,
        )
    )  # fmt: skip


def answered(models: Models, given: argparse.Namespace, family: Family, problem: Problem, seed: int) -> dict[str, Any]:
    """All ways of answering one question. Votes: by number of agents; one agent: by number of rounds; tokens and seconds of each
    agent or round."""

    def right(answer: str | None) -> bool:
        return answer is not None and family.verify(problem, answer).correct

    most = given.max_output_tokens
    ours = {}
    for name, policy in policies(given).items():
        result = ask(models.ours, problem, policy, seed, most)
        ours[name] = {
            "right": right(result.answer), "tokens": result.usage.total_tokens, "seconds": round(result.seconds, 4),
            "degraded": result.degraded,
        }  # fmt: skip
    votes = ask(models.voter, problem, Policy(given.voters), seed, most).answers
    found = {
        "right": [
            right(voted([a.parsed for a in votes[:n] if a.status == "usable"])) for n in range(1, len(votes) + 1)
        ],
        "tokens": [answer.usage.total_tokens for answer in votes],
    }
    longer = {}
    for effort, solver in models.longer.items():
        rounds = ask(solver, problem, Policy(1, rounds=given.rounds, refine="critique"), seed, most).answers
        last: str | None = None
        kept = []
        for answer in rounds:
            last = answer.answer if answer.status == "usable" else last
            kept.append(right(last))
        longer[effort] = {
            "right": kept, "tokens": [answer.usage.total_tokens for answer in rounds],
            "seconds": [round(answer.seconds, 4) for answer in rounds],
        }  # fmt: skip
    return {"ours": ours, "votes": found, "longer": longer}


def voted(parsed: Sequence[Any]) -> str | None:
    return group_answers(AnyAnswers(), parsed)[0].answer if parsed else None


def measure(models: Models, given: argparse.Namespace, chosen: list[tuple[Family, int]], found: Rows) -> None:
    """A row a question."""
    done = {row["question"] for row in found.rows}
    each = math.ceil(given.n / len(chosen))
    problems = [
        (family, level, problem)
        for family, level in chosen for problem in draw(family, level, given.split, each, given.seed)
    ]  # fmt: skip
    for index, (family, level, problem) in enumerate(problems):
        if index not in done:
            row = answered(models, given, family, problem, given.seed + index)
            found.add({"question": index, "family": family.name, "level": level, **row})
        print(f"\r{index + 1} of {len(problems)} questions", end="", flush=True)
    print()


def compared(rows: list[dict[str, Any]], name: str) -> dict[str, Any]:
    """One of our ways beside both baselines over the same questions."""
    ours = [row["ours"][name] for row in rows]
    agents = [enough(row["votes"]["tokens"], own["tokens"]) for row, own in zip(rows, ours, strict=True)]
    votes = [row["votes"]["right"][n - 1] for row, n in zip(rows, agents, strict=True)]
    spent = [sum(row["votes"]["tokens"][:n]) for row, n in zip(rows, agents, strict=True)]
    right = [own["right"] for own in ours]
    seconds = statistics.mean(own["seconds"] for own in ours)
    arm = best_longer(rows, seconds)
    kept = [at(row, *arm["arm"]) for row in rows]
    return {
        "n": len(rows), "accuracy": statistics.mean(right), "tokens": statistics.mean(own["tokens"] for own in ours),
        "seconds": seconds, "degraded": sum(bool(own["degraded"]) for own in ours),
        "vote": {
            **_difference(right, votes), "tokens": statistics.mean(spent), "agents": statistics.mean(agents),
            "too_few": sum(s < own["tokens"] for s, own in zip(spent, ours, strict=True)),
        },
        "longer": {**_difference(right, kept), **arm},
    }  # fmt: skip


def best_longer(rows: list[dict[str, Any]], seconds: float) -> dict[str, Any]:
    """The most accurate arm (effort, rounds) of one agent, of those up to the first of each effort that takes at least `seconds` in
    the mean. reached: whether any takes that long."""
    found = []
    for effort, first in rows[0]["longer"].items():
        means = [
            statistics.mean(row["longer"][effort]["seconds"][r] for row in rows) for r in range(len(first["right"]))
        ]
        for rounds in range(1, enough(means, seconds) + 1):
            accuracy = statistics.mean(at(row, effort, rounds) for row in rows)
            found.append((accuracy, -rounds, effort, sum(means[:rounds]), sum(means) >= seconds))
    _, fewer, effort, took, _ = max(found)
    return {"arm": (effort, -fewer), "seconds": took, "reached": any(reached for *_, reached in found)}


def padded(row: dict[str, Any], rounds: int) -> dict[str, Any]:
    """A row in which one agent has all its `rounds`: after a refusal, which ends a run, it keeps what it had and costs no more."""
    longer = {
        effort: {
            what: values + [values[-1] if what == "right" else 0] * (rounds - len(values)) for what, values in arm.items()
        } for effort, arm in row["longer"].items()
    }  # fmt: skip
    return {**row, "longer": longer}


def at(row: dict[str, Any], effort: str, rounds: int) -> bool:
    """Whether one agent is right after so many rounds."""
    found: bool = row["longer"][effort]["right"][rounds - 1]
    return found


def _difference(ours: Sequence[bool], theirs: Sequence[bool]) -> dict[str, float]:
    mean, low, high = paired_difference(ours, theirs)
    return {"accuracy": statistics.mean(theirs), "difference": mean, "low": low, "high": high}


def points(rows: list[dict[str, Any]]) -> list[Point]:
    """Every way's mean cost and accuracy. The latency of fewer votes than were asked for at once is not known."""
    count = len(rows)
    found = []

    def add(group: str, name: str, right: list[bool], tokens: float, seconds: float, line: bool = False) -> None:
        found.append(Point(group, name, tokens, seconds, sum(right) / count, *wilson(sum(right), count), line))

    for name in rows[0]["ours"]:
        own = [row["ours"][name] for row in rows]
        add("trained", name, [o["right"] for o in own], statistics.mean(o["tokens"] for o in own),
            statistics.mean(o["seconds"] for o in own))  # fmt: skip
    most = len(rows[0]["votes"]["right"])
    for n in [2**i for i in range(most.bit_length()) if 2**i <= most]:
        tokens = statistics.mean(sum(row["votes"]["tokens"][:n]) for row in rows)
        add("majority vote", f"{n}", [row["votes"]["right"][n - 1] for row in rows], tokens, math.nan, True)
    for effort, first in rows[0]["longer"].items():
        for rounds in range(1, len(first["right"]) + 1):
            tokens, seconds = (
                statistics.mean(sum(row["longer"][effort][what][:rounds]) for row in rows)
                for what in ("tokens", "seconds")
            )
            add(f"one agent, {effort}", f"{rounds}", [at(row, effort, rounds) for row in rows], tokens, seconds, True)
    return found


def told(label: str, line: dict[str, Any]) -> str:
    vote, longer = line["vote"], line["longer"]
    fewer = f", on {vote['too_few']} questions fewer than ours" if vote["too_few"] else ""
    return (
        f"{label}: {line['accuracy']:.3f} ({line['tokens']:.0f} tokens, {line['seconds']:.2f} s, n {line['n']}); vote of {vote['agents']:.1f} "
        f"{vote['accuracy']:.3f} ({vote['tokens']:.0f} tokens{fewer}), difference {100 * vote['difference']:+.1f} points ({100 * vote['low']:+.1f} to "
        f"{100 * vote['high']:+.1f}); one agent, {longer['arm'][0]}, {longer['arm'][1]} rounds {longer['accuracy']:.3f} ({longer['seconds']:.2f} s"
        f"{'' if longer['reached'] else ', never as long as ours'}), difference {100 * longer['difference']:+.1f} ({100 * longer['low']:+.1f} to "
        f"{100 * longer['high']:+.1f})"
    )


def run(given: argparse.Namespace) -> dict[str, Any]:
    recipe = read_recipe(given.recipe, RolesRecipe)
    choice = ChoicePart(problems=recipe.choice.problems, least=given.least, most=given.most)
    recipe = recipe.model_copy(update={"choice": choice})
    names = {"ours": given.model, "voter": given.voter or given.model, "longer": given.longer or given.model}
    loaded = {name: load(name, max_rows=max(64, given.voters)) for name in dict.fromkeys(names.values())}

    def solver(who: str, temperature: float = 0.8, effort: str = given.effort) -> LocalSolver:
        return LocalSolver(loaded[names[who]], names[who], effort, temperature=temperature)

    models = Models(solver("ours"), solver("voter"), {e: solver("longer", 0.0, e) for e in EFFORTS})
    settings = {name: getattr(given, name) for name in ("agents", "ways", "voters", "rounds", "effort", "n", "split", "seed", "max_output_tokens")}  # fmt: skip
    settings |= {"limits": asdict(PATIENT)}
    settings |= {"weights": {who: weights_fingerprint(loaded[name].folder) for who, name in names.items()}}
    settings |= {"recipe": recipe.model_dump(mode="json", exclude={"name", "model", "examples"})}
    measured = Rows(given.out / "rows.jsonl", settings)  # first, since it refuses a folder of other settings
    levels = rates(
        models.ours,
        recipe,
        given.out,
        lambda what, done, whole: print(f"\r{what}, {done} of {whole}   ", end="", flush=True),
    )
    print()
    chosen = in_range(levels, recipe.choice)
    measure(models, given, chosen, measured)
    rows = [padded(row, given.rounds) for row in measured.rows]
    found = {name: compared(rows, name) for name in policies(given)}
    by_level = {
        f"{family.name} {level}": {
            name: compared([r for r in rows if (r["family"], r["level"]) == (family.name, level)], name)
            for name in found
        }
        for family, level in chosen
    }
    first = found[given.ways[0]]
    last = {
        "ours": first["accuracy"], "peer": first["vote"]["accuracy"],
        "ratio": first["accuracy"] / first["vote"]["accuracy"] if first["vote"]["accuracy"] else None,
        "unit": f"share of answers right, {given.ways[0]} against a vote at equal tokens", "n": len(rows),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores", "models": names, "found": found, "levels": by_level,
        "dev": [vars(rate) for _, _, rate in levels], "settings": settings,
    }  # fmt: skip
    (given.out / "summary.json").write_text(json.dumps(last, indent=2) + "\n", encoding="utf-8")
    title = f"{given.model}: {len(rows)} questions of {len(chosen)} levels, {given.agents} agents"
    pareto_figure(points(rows), title, given.out / "figure.png")
    for name, line in found.items():
        print(told(name, line))
        for level, ways in by_level.items():
            print(f"  {told(level, ways[name])}")
    return last


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--model", default="ember", help="a shipped model or a folder: whose aggregation is measured")
    parser.add_argument("--voter", help="who votes (default: --model)")
    parser.add_argument("--longer", help="who thinks longer (default: --model)")
    parser.add_argument(
        "--recipe", type=Path, default=Path("recipes/roles.toml"), help="its tasks and attempts are used"
    )
    parser.add_argument("--least", type=float, default=0.2, help="share of right attempts from which a level is chosen")
    parser.add_argument("--most", type=float, default=0.6, help="and up to which")
    parser.add_argument("--effort", default="high", help="of agents and voters")
    parser.add_argument("--agents", type=int, default=4, help="K")
    parser.add_argument("--ways", nargs="+", choices=[SYNTHESIS, REFINE], default=[SYNTHESIS, REFINE])
    parser.add_argument("--voters", type=int, default=32, help="most votes")
    parser.add_argument("--rounds", type=int, default=6, help="most rounds of one agent")
    parser.add_argument("--n", type=int, default=500, help="questions, the same number of each level")
    parser.add_argument("--split", default="test", choices=["dev", "test"])
    parser.add_argument("--max-output-tokens", type=int, default=512)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, required=True, help="folder for rows.jsonl, summary.json and figure.png")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    if not 0 <= given.least <= given.most <= 1:
        parser.error(f"--least {given.least:g} --most {given.most:g}: give shares from 0 to 1, in order")
    finish(run, given)


if __name__ == "__main__":
    main()
