"""Thought compression: fewer thinking tokens at equal accuracy, and whether thoughts first extend, then compress, then extend."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from favilla.evals.samples import Resampling
from favilla.studies.claims import Claim, Evidence, judged, not_measured, pass_1, spread, thinking
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
            out.append(not_measured(TOPIC, claim, evidence.lacking(head if theirs is None else arm)))
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
        out.append(Claim(TOPIC, claim, judged(fewer.low >= limits.fewer_tokens and equal), text, numbers))
    return out


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
    """Segmented regression of thinking tokens on ln step, level by level: a mixture whose levels are learned one after the
    other could look like phases. Penalised arms, and the headline arm as a control, for which nothing is claimed."""
    name = evidence.analysis.trained
    control = _levels(evidence, evidence.analysis.headline, name)
    out = []
    for arm in penalised(evidence):
        claim = f"arm {arm} extends, compresses and extends its thoughts, without a schedule"
        levels = _levels(evidence, arm, name)
        if not evidence.logs.finished(arm) or not levels:
            why = evidence.lacking(arm) if not evidence.logs.finished(arm) else "too few measurements for a broken line"
            out.append(not_measured(PHASES, claim, why))
            continue
        told = [f"level {level}: {found['text']}" for level, found in levels.items()]
        told += [f"{evidence.analysis.headline}, level {level}: {found['text']}" for level, found in control.items()]
        holds = any(found["holds"] for found in levels.values())
        also = any(found["holds"] for found in control.values())
        text = "; ".join(told) + ("; the control does it too, so it is not the penalty" if holds and also else "")
        numbers = {"levels": {str(level): found for level, found in levels.items()}}
        out.append(Claim(PHASES, claim, judged(holds and not also), text, numbers))
    return out


def _levels(evidence: Evidence, arm: str, name: str) -> dict[int, dict[str, Any]]:
    part = evidence.curves(arm, name)
    if part is None:
        return {}
    found = {}
    for level in sorted({key[1] for key in part.problems}):
        one = part.level(level)
        steps = np.array(one.steps, dtype=float)
        after_K = steps >= 1
        if after_K.sum() < 3:
            continue
        x_K = np.log(steps[after_K])
        value_SPK = one.values(thinking)[:, :, after_K]
        whole = segmented(x_K, value_SPK.mean((0, 1)), evidence.draws(value_SPK, arm, f"{name} level {level}"))
        singles = [_single(x_K, value_PK, evidence.analysis.draws) for value_PK in value_SPK]
        agree = sum(single.signs == THREE for single in singles)
        bends = ", ".join(f"{math.exp(c):.0f}" for c in whole.breaks)
        slopes = ", ".join(f"{b:+.2f} ({low:+.2f} to {high:+.2f})" for b, low, high in zip(whole.slopes, whole.low, whole.high, strict=True))  # fmt: skip
        found[level] = {
            "holds": whole.signs == THREE and agree >= evidence.limits.seeds_agree * len(singles),
            "signs": whole.signs, "runs": [single.signs for single in singles], "breaks": [math.exp(c) for c in whole.breaks],
            "slopes": whole.slopes, "low": whole.low, "high": whole.high,
            "text": f"{whole.signs} (tokens a factor e: {slopes}{'; bends at steps ' + bends if bends else ''}; {agree} of "
                    f"{evidence.runs(arm, len(singles))} {THREE}; {len(one.problems)} problems)",
        }  # fmt: skip
    return found


def _single(x_K: np.ndarray, value_PK: np.ndarray, draws: int) -> Broken:
    """One run: only its problems are drawn anew."""
    drawn_DK = Resampling(draws).means(value_PK[None], "one run", "problems")
    return segmented(x_K, value_PK.mean(0), drawn_DK)
