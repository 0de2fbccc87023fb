"""Thought compression: fewer thinking tokens at equal accuracy, and whether thoughts first extend, then compress, then extend."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np

from favilla.evals.samples import Resampling
from favilla.studies.claims import Claim, Evidence, not_measured, pass_1, spread, thinking
from favilla.studies.intervals import equivalent, percentile
from favilla.studies.logs import Curves, Tally
from favilla.studies.segments import Broken, segmented

TOPIC, PHASES = "Thought compression", "Phases"
THREE = "+-+"  # extend, compress, extend


def penalised(evidence: Evidence) -> list[str]:
    return [name for name, arm in evidence.study.arms.items() if arm.coefficient > 0]


def compression(evidence: Evidence) -> list[Claim]:
    """Each penalised arm beside the headline arm after the same number of steps, never beside a verbose start."""
    head, name, limits = evidence.analysis.headline, evidence.analysis.trained, evidence.limits
    out = []
    for arm in penalised(evidence):
        claim = f"arm {arm} thinks in {100 * limits.fewer_tokens:g} % fewer tokens than {head} at equal accuracy"
        ours, theirs = evidence.ends(arm, name), evidence.ends(head, name)
        if ours is None or theirs is None:
            out.append(not_measured(TOPIC, claim, evidence.lacking(arm)))
            continue
        (a_S, b_S) = (part.values(thinking)[:, :, -1] for part in (ours, theirs))
        drawn = [evidence.draws(v, who, name) for v, who in ((a_S, arm), (b_S, head))]
        fewer = percentile(1 - a_S.mean() / b_S.mean() if b_S.mean() else math.nan, _fewer(*drawn))
        right_a, right_b = (part.values(pass_1)[:, :, -1] for part in (ours, theirs))
        difference_D = evidence.draws(right_a, arm, name) - evidence.draws(right_b, head, name)
        equal, difference = equivalent(float(right_a.mean() - right_b.mean()), difference_D, limits.equal)
        same = _among_right(ours, theirs)
        text = (
            f"{b_S.mean():.1f} to {a_S.mean():.1f} thinking tokens, {100 * fewer.value:.0f} % fewer ({100 * fewer.low:.0f} to "
            f"{100 * fewer.high:.0f}; among right answers to problems that both solve {same}); accuracy {spread(difference)} (90 %), "
            f"{'equal' if equal else 'not shown to be equal'} within {100 * limits.equal:g} points; {evidence.n(ours, arm)} and "
            f"{evidence.n(theirs, head)}"
        )
        numbers = {"fewer": vars(fewer), "difference": vars(difference), "equal": equal}
        out.append(evidence.claim(TOPIC, claim, fewer.low >= limits.fewer_tokens and equal, text, numbers, arm))
    return out


def by_level(evidence: Evidence) -> list[dict[str, Any]]:
    """A row for each level of each family of the trained set and each arm that compression is about, after the last step: a mean
    over families cannot tell thoughts that are shorter from thoughts that are no longer had."""
    name, rows = evidence.analysis.trained, []
    arms = [evidence.analysis.headline, *penalised(evidence)]
    parts = {arm: part for arm in arms if (part := evidence.ends(arm, name)) is not None}
    for family, level in sorted({key[:2] for part in parts.values() for key in part.problems}):
        for arm, part in parts.items():
            cell, label = part.cell(family, level), f"{name} {family} {level}"
            tokens_SP, right_SP = (cell.values(of)[:, :, -1] for of in (thinking, pass_1))
            rows.append({
                "level": f"{family} {level}", "arm": arm, "problems": len(cell.problems), "thinking": vars(evidence.mean(tokens_SP, arm, label)),
                "thinking by run": tokens_SP.mean(1).tolist(), "pass@1": vars(evidence.mean(right_SP, arm, label)),
            })  # fmt: skip
    return rows


def _fewer(a_D: np.ndarray, b_D: np.ndarray) -> np.ndarray:
    return 1 - np.divide(a_D, b_D, out=np.full_like(a_D, np.nan), where=b_D > 0)


def _among_right(ours: Curves, theirs: Curves) -> str:
    def right(part: Curves) -> np.ndarray:
        value_SP = part.values(_right_thinking)[:, :, -1]
        there_SP = np.isfinite(value_SP)
        total_P = np.where(there_SP, value_SP, 0).sum(0)
        return np.divide(total_P, there_SP.sum(0), out=np.full(len(total_P), np.nan), where=there_SP.any(0))

    a_P, b_P = right(ours), right(theirs)
    both_P = np.isfinite(a_P) & np.isfinite(b_P)
    if not both_P.any() or not b_P[both_P].mean():
        return "not measured"
    return f"{100 * (1 - a_P[both_P].mean() / b_P[both_P].mean()):.0f} %, n = {both_P.sum()}"


def _right_thinking(tally: Tally) -> float:
    return tally.thinking_right


def phases(evidence: Evidence) -> list[Claim]:
    """Segmented regression of thinking tokens on ln step, level by level of each family: a mixture whose parts are learned
    one after the other could look like phases. What falls must fall by a quarter while no less is right. Penalised arms, and the
    headline arm as a control, without which nothing is claimed."""
    head, name = evidence.analysis.headline, evidence.analysis.trained
    control = _cells(evidence, head, name)
    out = []
    for arm in penalised(evidence):
        claim = f"arm {arm} extends, compresses and extends its thoughts, without a schedule"
        cells = _cells(evidence, arm, name)
        if not cells:
            why = evidence.unfinished(head, arm) or "too few measurements for a broken line"
            out.append(not_measured(PHASES, claim, why))
            continue
        holds, also = ([cell for cell, found in part.items() if found["holds"]] for part in (cells, control))
        alone = [cell for cell in cells if cell not in control]
        told = [f"at {', '.join(holds) or 'no level'} of {len(cells)}"]
        told += [f"{cell}: {found['text']}" for cell, found in cells.items()]
        told.append(
            f"{head} as a control: " + (", ".join(f"{cell} {c['signs']}" for cell, c in control.items()) or "none")
        )
        if alone:
            told.append(f"no control of {', '.join(alone)}")
        if holds and also:
            told.append(f"the control does it too ({', '.join(also)}), so it is not the penalty")
        whole = evidence.claim(
            PHASES, claim, bool(holds) and not also, "; ".join(told), {"levels": cells, "control": control}, arm
        )
        out.append(replace(whole, verdict="not measured") if alone else whole)
    return out


def _cells(evidence: Evidence, arm: str, name: str) -> dict[str, dict[str, Any]]:
    """What is found at each level of each family, by their names."""
    part = evidence.curves(arm, name)
    if part is None:
        return {}
    steps = np.array(part.steps, dtype=float)
    after_K = steps >= 1
    if after_K.sum() < 3:
        return {}
    x_K = np.log(steps[after_K])
    found = {}
    for family, level in sorted({key[:2] for key in part.problems}):
        one, cell = part.cell(family, level), f"{family} {level}"
        value_SPK = one.values(thinking)[:, :, after_K]
        drawn_DK = evidence.draws(value_SPK, arm, f"{name} {cell}")
        whole = segmented(x_K, value_SPK.mean((0, 1)), drawn_DK)
        dip = largest_fall(steps[after_K], value_SPK.mean(1), drawn_DK)
        singles = [_single(x_K, value_PK, evidence.analysis.draws) for value_PK in value_SPK]
        agree = sum(single.signs == THREE for single in singles)
        shorter = _fall(evidence, one, arm, f"{name} {cell}", x_K, after_K, whole) if whole.signs == THREE else None
        bends = ", ".join(f"{math.exp(c):.0f}" for c in whole.breaks)
        slopes = ", ".join(f"{b:+.2f} ({low:+.2f} to {high:+.2f})" for b, low, high in zip(whole.slopes, whole.low, whole.high, strict=True))  # fmt: skip
        found[cell] = {
            "holds": shorter is not None and shorter["holds"] and agree >= evidence.limits.seeds_agree * len(singles),
            "fall": shorter, "largest fall": dip,
            "signs": whole.signs, "runs": [single.signs for single in singles], "breaks": [math.exp(c) for c in whole.breaks],
            "slopes": whole.slopes, "low": whole.low, "high": whole.high,
            "text": f"{whole.signs} (tokens a factor e: {slopes}{'; bends at steps ' + bends if bends else ''}; {agree} of "
                    f"{evidence.runs(arm, len(singles))} {THREE}{'; ' + shorter['text'] if shorter else ''}; {len(one.problems)} problems; {dip['text'] if dip else 'never falls'})",
        }  # fmt: skip
    return found


def largest_fall(step_K: np.ndarray, mean_SK: np.ndarray, drawn_DK: np.ndarray) -> dict[str, Any] | None:
    """The largest fall of the mean over runs between two measurements (a share) and the rise from there to the last (tokens), with
    paired intervals; None for a curve that never falls. No line is fitted, so a fall too short for three points a piece is seen,
    too; its place is chosen on the same data, which favours it, so it describes and decides nothing."""
    mean_K = mean_SK.mean(0)
    fall_KK = np.triu(mean_K[:, None] - mean_K[None])
    top, least = (int(i) for i in np.unravel_index(fall_KK.argmax(), fall_KK.shape))
    if fall_KK[top, least] <= 0:
        return None
    fall = percentile(1 - mean_K[least] / mean_K[top], _fewer(drawn_DK[:, least], drawn_DK[:, top]))
    rise = percentile(mean_K[-1] - mean_K[least], drawn_DK[:, -1] - drawn_DK[:, least])
    both = int(((mean_SK[:, least] < mean_SK[:, top]) & (mean_SK[:, -1] > mean_SK[:, least])).sum())
    steps, tokens = ([float(part_K[i]) for i in (top, least, -1)] for part_K in (step_K, mean_K))
    return {
        "steps": steps, "tokens": tokens, "fall": vars(fall), "rise": vars(rise), "runs with both": both,
        "text": f"largest fall from {tokens[0]:.1f} tokens at step {steps[0]:g} to {tokens[1]:.1f} at {steps[1]:g}, {100 * fall.value:.0f} % "
                f"({100 * fall.low:.0f} to {100 * fall.high:.0f}), then to the last {rise.value:+.1f} tokens ({rise.low:+.1f} to "
                f"{rise.high:+.1f}), both in {both} of {len(mean_SK)} runs",
    }  # fmt: skip


def _fall(
    evidence: Evidence, part: Curves, arm: str, problems: str, x_K: np.ndarray, after_K: np.ndarray, line: Broken
) -> dict[str, Any]:
    """By how much thoughts become shorter between the two bends, and what happens to accuracy meanwhile: it may grow, but must
    not fall by the margin of equality (one-sided, 5 %)."""
    first, last = np.flatnonzero(x_K >= line.breaks[0] - 1e-9)[0], np.flatnonzero(x_K <= line.breaks[1] + 1e-9)[-1]
    tokens_K = part.values(thinking)[:, :, after_K].mean((0, 1))
    right_SPK = part.values(pass_1)[:, :, after_K]
    change_SP = right_SPK[:, :, last] - right_SPK[:, :, first]
    change = percentile(float(change_SP.mean()), evidence.draws(change_SP, arm, problems), 0.90)
    fewer = float(1 - tokens_K[last] / tokens_K[first]) if tokens_K[first] else math.nan
    return {
        "holds": fewer >= evidence.limits.compressed and change.low > -evidence.limits.equal, "fewer": fewer,
        "accuracy": vars(change), "text": f"between the bends {100 * fewer:.0f} % fewer tokens, accuracy {spread(change)} (90 %)",
    }  # fmt: skip


def _single(x_K: np.ndarray, value_PK: np.ndarray, draws: int) -> Broken:
    """One run: only its problems are drawn anew."""
    drawn_DK = Resampling(draws).means(value_PK[None], "one run", "problems")
    return segmented(x_K, value_PK.mean(0), drawn_DK)
