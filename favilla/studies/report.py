"""The report of a study, made from its logs alone: figures, every number as JSON, and Markdown that says what was shown."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from favilla.atomic import write_atomically
from favilla.evals.samples import pass_at_k
from favilla.show.study import curves_figure, diversity_figure, thinking_figure
from favilla.studies.claims import Claim, Evidence, pass_1, pass_k, thinking
from favilla.studies.diversity import diversity
from favilla.studies.growth import curve, drawdown, generalises, growth, no_level_falls, sharpening
from favilla.studies.logs import Curves, Logs, read_logs
from favilla.studies.thinking import by_level, compression, phases


def report(folder: Path, out: Path) -> dict[str, Any]:
    """Write report.md, report.json and the figures into `out`; returns what report.json holds. Raises UserError when the folder
    holds no study. Runs that are not there are named, and claims that need them are "not measured"."""
    evidence = Evidence(read_logs(folder))
    out.mkdir(parents=True, exist_ok=True)
    claims = [
        *growth(evidence), drawdown(evidence), no_level_falls(evidence), *sharpening(evidence), *diversity(evidence),
        *generalises(evidence), *compression(evidence), *phases(evidence),
    ]  # fmt: skip
    found = {
        "study": evidence.study.name, "analysis": evidence.analysis.model_dump(mode="json"),
        "lacking": lacking(evidence.logs), "claims": [vars(claim) for claim in claims], "curves": all_curves(evidence),
        "ends": all_ends(evidence), "thinking by level": by_level(evidence), "start": all_starts(evidence), "runs": [run_row(evidence, run) for runs in evidence.logs.arms.values() for run in runs],
    }  # fmt: skip
    found = plain(found)
    figures(evidence, found, out)
    write_atomically(out / "report.json", json.dumps(found, indent=1, allow_nan=False) + "\n")
    write_atomically(out / "report.md", markdown(found, claims))
    return found


def lacking(logs: Logs) -> list[str]:
    """What the study asks for and is not there, in words."""
    last, out = logs.study.recipe.optim.steps, []
    for t in (1.0, *logs.study.start.temperatures):
        sets = [part.name for part in logs.study.sets if part.name not in logs.start.get(t, {})]
        if sets:
            out.append(f"start at temperature {t:g}: {', '.join(sets)}")
    for arm, seed in logs.asked:
        run = next((run for run in logs.arms.get(arm, []) if run.seed == seed), None)
        if run is None:
            out.append(f"arm {arm}, seed {seed}: not begun")
        elif run.steps < last:
            out.append(f"arm {arm}, seed {seed}: {run.steps} of {last} steps")
        elif run not in logs.finished(arm):
            out.append(f"arm {arm}, seed {seed}: not measured after its last step")
    return out


def all_curves(evidence: Evidence) -> dict[str, Any]:
    """arm -> set -> measure -> curve; thinking also by level."""
    k = evidence.analysis.k
    measures = {"pass@1": pass_1, f"pass@{k}": pass_k(k), "thinking": thinking}
    return {
        arm: {
            name: {measure: curve(evidence, arm, name, of) for measure, of in measures.items()}
            for name in evidence.sets
            if evidence.curves(arm, name) is not None
        }
        for arm in evidence.logs.arms
    }


def all_ends(evidence: Evidence) -> list[dict[str, Any]]:
    """A row for each arm and set: start and last step, and the difference, on all problems of the ends."""
    k, rows = evidence.analysis.k, []
    for arm in evidence.logs.arms:
        for name in evidence.sets:
            part = evidence.ends(arm, name)
            if part is None:
                continue
            row: dict[str, Any] = {"arm": arm, "set": name, "runs": len(part.tallies), "problems": len(part.problems),
                                   "samples": part.tallies[0][-1][0].n}  # fmt: skip
            for measure, of in (("pass@1", pass_1), (f"pass@{k}", pass_k(k)), ("thinking", thinking)):
                value_SPK = part.values(of)
                row[measure] = [vars(evidence.mean(value_SPK[:, :, i], arm, name)) for i in (0, 1)]
            row["by k"] = [_by_k(part, i) for i in (0, 1)]
            row["parsed"] = [float(part.values(lambda t: t.parsed)[:, :, i].mean()) for i in (0, 1)]
            row["finished"] = [float(part.values(lambda t: t.finished)[:, :, i].mean()) for i in (0, 1)]
            rows.append(row)
    return rows


def _by_k(part: Curves, at: int) -> dict[int, float]:
    """Mean pass@k for k = 1, 2, 4, ... as far as there are samples."""
    tallies = [tally for run in part.tallies for tally in run[at]]
    powers = [2**i for i in range(min(t.n for t in tallies).bit_length())]
    return {k: float(np.mean([pass_at_k(t.n, t.correct, k) for t in tallies])) for k in powers}


def all_starts(evidence: Evidence) -> list[dict[str, Any]]:
    """A row for each temperature and set of the starting model; and what RL has to work with at temperature 1: the share of
    problems that are solved at times, and of each strategy."""
    rows = []
    for t, sets in sorted(evidence.logs.start.items()):
        for name, tallies in sets.items():
            parts = list(tallies.values())
            votes = [part.votes for part in parts if part.votes is not None]
            strategies: Counter[str] = Counter()
            for part in parts:
                strategies.update(part.strategies)
            total = sum(strategies.values())
            rows.append({
                "temperature": t, "set": name, "problems": len(parts), "samples": parts[0].n,
                "pass@1": _mean([pass_1(part) for part in parts]),
                f"pass@{evidence.analysis.k}": _mean([part.pass_at(evidence.analysis.k) for part in parts]),
                f"majority@{evidence.study.start.votes}": _mean(votes) if votes else None,
                "solved at times": _mean([float(0 < part.correct < part.n) for part in parts]),
                "thinking": _mean([part.thinking for part in parts]), "parsed": _mean([part.parsed for part in parts]),
                "strategies": {label: count / total for label, count in sorted(strategies.items())},
            })  # fmt: skip
    return rows


def run_row(evidence: Evidence, run: Any) -> dict[str, Any]:
    """How a run went, from what it logged step by step."""
    metrics, steps = run.metrics, evidence.last
    norms = [line["grad_norm"] for line in metrics]
    entropy = [line["entropy"] for line in metrics]
    seconds = [sum(line["seconds"].values()) for line in metrics]
    held_out = [line["seconds"].get("held_out", 0.0) for line in metrics]
    return {
        "arm": run.arm, "seed": run.seed, "steps": run.steps, "of": steps,
        "entropy": [entropy[0], min(entropy), entropy[-1]], "alarms": sum(bool(line["alarms"]) for line in metrics),
        "broken gradients": sum(not math.isfinite(norm) for norm in norms),
        "gradient p99 / median": float(np.percentile(norms, 99) / np.median(norms)) if np.median(norms) > 0 else None,
        "mismatch": max(line["mismatch_max"] for line in metrics), "filtered": _mean([line["filtered"] for line in metrics]),
        "minutes": sum(seconds) / 60, "of them held-out": sum(held_out) / 60,
        "seconds a step": float(np.median([s - h for s, h in zip(seconds, held_out, strict=True)])),
    }  # fmt: skip


def figures(evidence: Evidence, found: dict[str, Any], out: Path) -> None:
    """growth.png, held_out.png, diversity.png, thinking.png, thinking_by_step.png."""
    analysis, found_curves = evidence.analysis, found["curves"]
    trained, k, head = analysis.trained, f"pass@{analysis.k}", analysis.headline
    by_arm = {arm: sets[trained] for arm, sets in found_curves.items() if trained in sets}
    panels = {
        f"{measure}, {trained}": {arm: part[measure] for arm, part in by_arm.items()} for measure in ("pass@1", k)
    }
    curves_figure(panels, "share of problems", out / "growth.png", analysis.window)
    sets = found_curves.get(head, {})
    panels = {f"{name}, arm {head}": {m: part[m] for m in ("pass@1", k)} for name, part in sets.items()}
    curves_figure(panels, "share of problems", out / "held_out.png", analysis.window)
    curves_figure(
        {f"thinking, {trained}": {arm: part["thinking"] for arm, part in by_arm.items()}}, "tokens a sample",
        out / "thinking_by_step.png",
    )  # fmt: skip
    paths = {
        arm: list(zip(part["thinking"]["steps"], part["thinking"]["mean"], part["pass@1"]["mean"], strict=True))
        for arm, part in by_arm.items()
    }
    thinking_figure(paths, out / "thinking.png")
    row = next((row for row in found["ends"] if row["arm"] == head and row["set"] == trained), None)
    pass_at = dict(zip(("start", "last step"), row["by k"], strict=True)) if row else {}
    shares: dict[str, dict[str, list[float]]] = {}
    for claim in found["claims"]:
        share = claim["numbers"].get("share")
        if claim["topic"] == "Diversity" and share and None not in share.values():
            what, _, rest = claim["name"].partition(" of ")
            shares.setdefault(what, {})[rest.split(" stay")[0]] = [share["value"], share["low"], share["high"]]
    at = {name: {int(n): v for n, v in values.items()} for name, values in pass_at.items()}
    diversity_figure(at, shares, analysis.thresholds.diversity, out / "diversity.png")


def markdown(found: dict[str, Any], claims: Sequence[Claim]) -> str:
    """The report for people."""
    analysis, k = found["analysis"], f"pass@{found['analysis']['k']}"
    verdicts = Counter(claim.verdict for claim in claims)
    lines = [
        f"# {found['study']}: what was shown", "",
        "Made from the logs by `favilla report rl`. "
        + ", ".join(f"{verdicts[v]} {v}" for v in ("shown", "not shown", "not measured"))
        + f". Declared before the runs, as far as `study.json` has it: headline arm `{analysis['headline']}`, window steps {analysis['window'][0]} to "
        f"{analysis['window'][1]}, thresholds " + ", ".join(f"{name} {value:g}" for name, value in analysis["thresholds"].items()) + ". "
        f"Intervals: 95 %, bootstrap over runs and problems, {analysis['draws']} draws. A claim with an interval is shown when the whole interval keeps to its threshold. "
        "A point is a hundredth. Where runs differ more than problems, a bootstrap over few of them is too narrow: in simulations with nothing but differences between "
        "runs, three runs' intervals hold the truth in some 72 of 100 cases, five runs' in 84.", "",
    ]  # fmt: skip
    if found["lacking"]:
        lines += ["**Lacking:** " + "; ".join(found["lacking"]) + ".", ""]
    for topic in dict.fromkeys(claim.topic for claim in claims):
        lines += [f"## {topic}", "", "| claim | | numbers |", "|---|---|---|"]
        lines += [f"| {_cell(c.name)} | **{c.verdict}** | {_cell(c.text)} |" for c in claims if c.topic == topic] + [""]
        lines += [f"![{name}]({name}.png)" for name in FIGURES.get(topic, ())] + [""]
    if found["ends"]:
        lines += ["## Start and last step", "", f"| arm | set | pass@1 | {k} | thinking tokens | parsed | n |", "|---|---|---|---|---|---|---|"]  # fmt: skip
        lines += [
            f"| {row['arm']} | {row['set']} | {_change(row['pass@1'])} | {_change(row[k])} | {_change(row['thinking'], 1)} | "
            f"{_number(row['parsed'][0], 2)} to {_number(row['parsed'][1], 2)} | {row['runs']} x {row['problems']} x {row['samples']} |"
            for row in found["ends"]
        ] + [""]  # fmt: skip
    if found["thinking by level"]:
        lines += [f"## Thinking by level, {analysis['trained']}, last step", "", "| level | arm | thinking tokens | by run | pass@1 | problems |", "|---|---|---|---|---|---|"]  # fmt: skip
        lines += [
            f"| {row['level']} | {row['arm']} | {_with_ends(row['thinking'], 1)} | {', '.join(_number(v, 1) for v in row['thinking by run'])} | "
            f"{_with_ends(row['pass@1'])} | {row['problems']} |"
            for row in found["thinking by level"]
        ] + [""]  # fmt: skip
    if found["start"]:
        vote = next(key for key in found["start"][0] if key.startswith("majority"))
        lines += ["## The starting model", "", f"| temperature | set | pass@1 | {k} | {vote} | solved at times | thinking tokens | parsed | strategies | n |", "|---|---|---|---|---|---|---|---|---|---|"]  # fmt: skip
        for row in found["start"]:
            ways = ", ".join(f"{label} {share:.2f}" for label, share in row["strategies"].items())
            numbers = " | ".join(_number(row[key]) for key in ("pass@1", k, vote, "solved at times"))
            lines.append(
                f"| {row['temperature']:g} | {row['set']} | {numbers} | {_number(row['thinking'], 1)} | {_number(row['parsed'], 2)} | "
                f"{_cell(ways)} | {row['problems']} x {row['samples']} |"
            )  # fmt: skip
        lines.append("")
    if found["runs"]:
        lines += ["## Runs", "", "| arm | seed | steps | entropy first, least, last | alarms | broken gradients | p99 / median of gradients | largest mismatch | filtered | s a step | minutes (held-out) |", "|---|---|---|---|---|---|---|---|---|---|---|"]  # fmt: skip
        lines += [
            f"| {r['arm']} | {r['seed']} | {r['steps']}/{r['of']} | {', '.join(_number(e) for e in r['entropy'])} | {r['alarms']} | "
            f"{r['broken gradients']} | {_number(r['gradient p99 / median'], 1)} | {_number(r['mismatch'], 6)} | {_number(r['filtered'], 2)} | "
            f"{r['seconds a step']:.1f} | {r['minutes']:.0f} ({r['of them held-out']:.0f}) |"
            for r in found["runs"]
        ] + [""]  # fmt: skip
    return "\n".join(lines)


FIGURES = {
    "Growth": ("growth",),
    "Held-out": ("held_out",),
    "Diversity": ("diversity",),
    "Thought compression": ("thinking",),
    "Phases": ("thinking_by_step",),
}


def plain(value: Any) -> Any:
    """As JSON knows it: numbers that are not finite become null."""
    if isinstance(value, dict):
        return {str(key): plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [plain(part) for part in value]
    if isinstance(value, float | np.floating):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, np.bool_ | np.integer):
        return value.item()
    return value


def _change(both: Sequence[dict[str, Any]], digits: int = 3) -> str:
    start, end = both
    return f"{_number(start['value'], digits)} to {_with_ends(end, digits)}"


def _with_ends(interval: dict[str, Any], digits: int = 3) -> str:
    return (
        f"{_number(interval['value'], digits)} ({_number(interval['low'], digits)}-{_number(interval['high'], digits)})"
    )


def _number(value: float | None, digits: int = 3) -> str:
    return "-" if value is None else f"{value:.{digits}f}"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
