"""Three axes together, more or less pretraining, with or without RL, one or sixteen agents: do their gains multiply?

    python benchmarks/axes.py --less LESS/model --less-rl A/model B/model --more MORE/model --more-rl C/model D/model \\
        --families arithmetic hops lists clocks_text --levels 1 2 --n 500 --out results/axes

Each option takes one model folder or several (seeds). Every model is asked every question by --agents agents, who vote
(`favilla.contemplate`); one agent's share right is the mean over them. Reported: accuracy of the eight cells, what each axis multiplies
the odds of a right answer by, and whether the others change that (`favilla.studies.interactions`), with 95 % intervals over questions and
models. From fewer than SEEDS models a cell nothing follows for others that are trained alike, so then none is said to multiply or not;
a table, a figure, rows.jsonl and summary.json. Stopped, the same command with the same --out goes on; so it does with more models.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import platform
from pathlib import Path
from typing import Any

import numpy as np
from aggregate import ask
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from favilla.contemplate import Policy
from favilla.contemplate.local import LocalSolver
from favilla.engine.load import find_folder, load
from favilla.evals.accuracy import draw
from favilla.evals.rows import Rows
from favilla.model.folder import weights_fingerprint
from favilla.show.figures import save
from favilla.show.terminal import finish
from favilla.studies.interactions import Cell, odds_ratios
from favilla.studies.intervals import Interval
from favilla.worlds.registry import get

AXES = ("pretraining", "rl", "agents")
SEEDS = 3
CELLS: dict[str, Cell] = {"less": (), "less_rl": ("rl",), "more": ("pretraining",), "more_rl": ("pretraining", "rl")}


def measure(given: argparse.Namespace, found: Rows) -> None:
    """A row a model and question: share of the agents that are right, and whether their vote is."""
    done = {(row["weights"], row["question"]) for row in found.rows}
    each = math.ceil(given.n / (len(given.families) * len(given.levels)))
    problems = [
        (get(name), problem)
        for name in given.families for level in given.levels
        for problem in draw(get(name), level, given.split, each, given.seed)
    ]  # fmt: skip
    for folder in dict.fromkeys(folder for name in CELLS for folder in getattr(given, name)):
        solver = LocalSolver(load(folder), folder, given.effort, temperature=given.temperature)
        weights = weights_fingerprint(find_folder(folder))
        for question, (family, problem) in enumerate(problems):
            if (weights, question) in done:
                continue
            result = ask(solver, problem, Policy(given.agents), given.seed + question, given.max_output_tokens)
            alone = [
                a.answer is not None and a.status == "usable" and family.verify(problem, a.answer).correct
                for a in result.answers
            ]
            vote = result.answer is not None and family.verify(problem, result.answer).correct
            found.add({
                "weights": weights, "question": question, "family": problem.family, "level": problem.level,
                "alone": sum(alone) / given.agents, "vote": vote, "tokens": result.usage.total_tokens,
            })  # fmt: skip
            print(f"\r{folder}: {question + 1} of {len(problems)} questions", end="", flush=True)
        print()


def table(rows: list[dict[str, Any]], given: argparse.Namespace) -> dict[Cell, np.ndarray]:
    """Shares right (models, questions) of the eight cells."""
    of = {(row["weights"], row["question"]): row for row in rows}
    questions = sorted({row["question"] for row in rows})
    weights = {name: [weights_fingerprint(find_folder(folder)) for folder in getattr(given, name)] for name in CELLS}
    right: dict[Cell, np.ndarray] = {}
    for name, cell in CELLS.items():
        for key, agents in (("alone", ()), ("vote", ("agents",))):
            right[(*cell, *agents)] = np.array([[float(of[own, q][key]) for q in questions] for own in weights[name]])
    return right


def clipped(share: Interval, half: float) -> Interval:
    """Half an answer away from 0 and 1, which this scale does not have."""
    return Interval(*(min(max(value, half), 1 - half) for value in (share.value, share.low, share.high)), share.level)


def figure(accuracy: dict[Cell, Interval], agents: int, half: float, out: Path) -> None:
    drawn = Figure(figsize=(6, 4.2), layout="constrained")
    FigureCanvasAgg(drawn)
    axes = drawn.subplots()
    for number, (name, cell) in enumerate(CELLS.items()):
        ends = [clipped(accuracy[cell], half), clipped(accuracy[(*cell, "agents")], half)]
        spread = [[e.value - e.low for e in ends], [e.high - e.value for e in ends]]
        label = f"{name.split('_')[0]} pretraining{', RL' if 'rl' in name else ''}"
        style = "--" if "rl" in name else "-"
        axes.errorbar([0, 1], [e.value for e in ends], yerr=spread, label=label, color=f"C{number // 2}", linestyle=style, marker="o",
                      capsize=3)  # fmt: skip
    axes.set_xticks([0, 1], ["one agent", f"{agents} agents, vote"])
    axes.set_xlim(-0.3, 1.3)
    # Equal gains in odds are equal steps on this scale: lines that are parallel multiply.
    axes.set_yscale("logit")
    axes.set_ylabel("share of questions answered right (log-odds scale)")
    axes.grid(alpha=0.3, which="both")
    drawn.legend(loc="outside upper center", ncols=2, fontsize=8)
    save(drawn, out)


def told(ratios: dict[Cell, Interval], models: int) -> list[str]:
    """models: in the cell that has fewest."""
    lines = ["| axes | odds of a right answer are multiplied by | 95 % interval | |", "|---|---|---|---|"]
    for effect, ratio in ratios.items():
        verdict = ""
        if len(effect) > 1:
            apart = "more than multiply" if ratio.low > 1 else "less than multiply" if ratio.high < 1 else ""
            verdict = apart or "not told apart from multiplying"
        if models < SEEDS:
            verdict = f"of these models alone ({models} a cell)"
        lines.append(f"| {' x '.join(effect)} | {ratio.value:.2f} | {ratio.low:.2f} to {ratio.high:.2f} | {verdict} |")
    return lines


def run(given: argparse.Namespace) -> dict[str, Any]:
    folders = {name: getattr(given, name) for name in CELLS}
    settings = {k: getattr(given, k) for k in ("families", "levels", "n", "agents", "effort", "temperature", "split", "seed", "max_output_tokens")}  # fmt: skip
    measured = Rows(given.out / "rows.jsonl", settings)
    measure(given, measured)
    right = table(measured.rows, given)
    accuracy, ratios = odds_ratios(right, AXES)
    lines = ["| pretraining | RL | agents | share right | 95 % interval | models |", "|---|---|---|---|---|---|"]
    for cell, share in accuracy.items():
        turned = ["more" if "pretraining" in cell else "less", "yes" if "rl" in cell else "no"]
        count = given.agents if "agents" in cell else 1
        lines.append(
            f"| {' | '.join(turned)} | {count} | {share.value:.3f} | {share.low:.3f} to {share.high:.3f} | {len(right[cell])} |"
        )
    text = "\n".join([*lines, "", *told(ratios, min(map(len, right.values())))]) + "\n"
    figure(accuracy, given.agents, 0.5 / len(right[()][0]), given.out / "figure.png")
    (given.out / "table.md").write_text(text, encoding="utf-8")
    both = accuracy[AXES].value
    last = {
        "ours": both, "peer": accuracy[()].value, "ratio": both / accuracy[()].value if accuracy[()].value else None,
        "unit": "share right, all axes up against none", "n": len(right[()][0]),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores", "settings": settings, "models": folders,
        "accuracy": {" ".join(c) or "none": vars(i) for c, i in accuracy.items()},
        "odds_ratios": {" ".join(c): vars(i) for c, i in ratios.items()},
    }  # fmt: skip
    (given.out / "summary.json").write_text(json.dumps(last, indent=2) + "\n", encoding="utf-8")
    print(text)
    return last


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    for name in CELLS:
        parser.add_argument(f"--{name.replace('_', '-')}", nargs="+", required=True, help="model folders, one a seed")
    parser.add_argument("--families", nargs="+", default=["arithmetic", "hops", "lists", "clocks_text"])
    parser.add_argument("--levels", nargs="+", type=int, default=[1, 2])
    parser.add_argument("--n", type=int, default=500, help="questions, the same number of each family and level")
    parser.add_argument("--agents", type=int, default=16)
    parser.add_argument("--effort", default="high")
    parser.add_argument("--temperature", type=float, default=1.0, help="of all agents, the single one too")
    parser.add_argument("--split", default="test", choices=["dev", "test"])
    parser.add_argument("--max-output-tokens", type=int, default=96)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--out", type=Path, required=True, help="folder for rows.jsonl, summary.json, table.md and figure.png"
    )
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    finish(run, given)


if __name__ == "__main__":
    main()
