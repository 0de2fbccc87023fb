"""Whether pass rates grow with the logarithm of the step, smoothly, at every level, and beyond what sharpening gives."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from favilla.studies.claims import Claim, Evidence, not_measured, pass_1, pass_k, spread
from favilla.studies.fits import all_fits, extrapolated, line, worst_drawdown
from favilla.studies.intervals import Interval, holm, percentile
from favilla.studies.logs import Tally, common

GROWTH, STABILITY, SHARPENING = "Growth", "Stability", "Sharpening"


def growth(evidence: Evidence) -> list[Claim]:
    """Two claims a set, pass@1 and pass@k. Fitted on the window that the study declares."""
    k = evidence.analysis.k
    return [
        _grows(evidence, name, metric, of)
        for name in evidence.sets
        for metric, of in (("pass@1", pass_1), (f"pass@{k}", pass_k(k)))
    ]


def curve(evidence: Evidence, arm: str, name: str, of: Callable[[Tally], float]) -> dict[str, Any] | None:
    """Mean and 95 % interval at each measured step, on the problems that all measurements share."""
    part = evidence.curves(arm, name)
    if part is None:
        return None
    value_SPK = part.values(of)
    low_K, high_K = np.percentile(evidence.draws(value_SPK, arm, name), (2.5, 97.5), axis=0)
    mean_K = value_SPK.mean((0, 1))
    return {
        "steps": list(part.steps), "mean": mean_K.tolist(), "low": low_K.tolist(), "high": high_K.tolist(),
        "runs": len(value_SPK), "problems": len(part.problems),
    }  # fmt: skip


def _grows(evidence: Evidence, name: str, metric: str, of: Callable[[Tally], float]) -> Claim:
    arm, limits = evidence.analysis.headline, evidence.limits
    claim = f"{metric} of {name} grows log-linearly"
    part = evidence.curves(arm, name)
    if part is None:
        return not_measured(GROWTH, claim, f"no run of arm {arm!r} has measured {name}")
    value_SPK = part.values(of)
    steps, mean_K = np.array(part.steps, dtype=float), value_SPK.mean((0, 1))
    first, last = evidence.analysis.window
    inside_K = (steps >= first) & (steps <= last)
    s, y = steps[inside_K], mean_K[inside_K]
    if len(s) < 3:
        return not_measured(GROWTH, claim, f"{len(s)} measurements between steps {first} and {last}, at least 3 needed")
    # The sigmoid rises from the start: without one there is none.
    start = float(mean_K[0]) if part.steps[0] == 0 else None
    fits, ahead = all_fits(s, y, start), extrapolated(s, y, start)
    drawn_DK = evidence.draws(value_SPK[:, :, inside_K], arm, name)
    slope = percentile(fits["log-linear"].parameters["b"], np.array([line(np.log(s), drawn)[1] for drawn in drawn_DK]))
    log, straight = fits["log-linear"], fits["linear"]
    decades, error = math.log10(s[-1] / s[0]), ahead.get("log-linear", math.nan)
    holds = {
        f"R2 >= {limits.r2:g}": log.r2 >= limits.r2,
        "lower error than linear": log.rmse < straight.rmse,
        f">= {limits.decades:g} decades": decades >= limits.decades,
        f"second half foretold within {100 * limits.extrapolation:g} points": error <= limits.extrapolation,
        "slope above 0": slope.low > 0,
    }
    best = min(fits.values(), key=lambda fit: fit.aicc)
    curved = f"{fits['sigmoid'].r2:.3f}" if "sigmoid" in fits else "not fitted, since the start is not measured"
    text = (
        f"steps {s[0]:g} to {s[-1]:g} ({decades:.2f} decades, {len(s)} points): {100 * slope.value:.2f} points a factor e "
        f"({100 * slope.low:.2f} to {100 * slope.high:.2f}), R2 {log.r2:.3f} (linear {straight.r2:.3f}, sigmoid "
        f"{curved}, power {fits['power'].r2:.3f}), RMSE {100 * log.rmse:.2f} points (linear "
        f"{100 * straight.rmse:.2f}), second half from the first within "
        + (f"{100 * error:.1f} points" if ahead else "(too few points)")
        + f", least AICc {best.name if math.isfinite(best.aicc) else 'of none (too few points)'}; {evidence.n(part, arm, 1)}"
    )
    missing = [name for name, good in holds.items() if not good]
    text += f". Fails: {', '.join(missing)}" if missing else ""
    numbers = {
        "holds": holds, "slope": vars(slope), "decades": decades, "steps": s.tolist(), "values": y.tolist(),
        "fits": {fit.name: {"parameters": fit.parameters, "r2": fit.r2, "rmse": fit.rmse, "aicc": fit.aicc,
                            "foretold within": ahead.get(fit.name)} for fit in fits.values()},
    }  # fmt: skip
    return evidence.claim(GROWTH, claim, not missing, text, numbers)


def drawdown(evidence: Evidence) -> Claim:
    """The worst fall of the trained set's pass@1 below an earlier measurement, of the mean over runs: a single run's
    measurements are so noisy that the worst of many falls without any cause."""
    arm, name, most = evidence.analysis.headline, evidence.analysis.trained, evidence.limits.drawdown
    claim = f"pass@1 of {name} never falls by more than {100 * most:g} points"
    part = evidence.curves(arm, name)
    if part is None:
        return not_measured(STABILITY, claim, f"no run of arm {arm!r} has measured {name}")
    mean_SK = part.values(pass_1).mean(1)
    fall, falls = worst_drawdown(mean_SK.mean(0)), [worst_drawdown(mean_K) for mean_K in mean_SK]
    text = (
        f"worst fall of the mean over runs {100 * fall:.1f} points (of single runs {', '.join(f'{100 * one:.1f}' for one in falls)}), "
        f"between any two of {len(part.steps)} measurements; {evidence.n(part, arm, 1)}"
    )
    return evidence.claim(STABILITY, claim, fall <= most, text, {"fall": fall, "falls": falls})


def no_level_falls(evidence: Evidence) -> Claim:
    """pass@k of every family and level of every set, last step minus start, in pairs, all at once (Holm)."""
    arm, k = evidence.analysis.headline, evidence.analysis.k
    claim = f"at no level pass@{k} falls below the start"
    values, draws, sizes, absent = {}, {}, [], []
    for name in evidence.sets:
        part, gain_SP = evidence.ends(arm, name), evidence.gains(arm, name, pass_k(k))
        if part is None or gain_SP is None:
            absent.append(name)
            continue
        for cell in sorted({key[:2] for key in part.problems}):
            at = [i for i, key in enumerate(part.problems) if key[:2] == cell]
            label = f"{name} {cell[0]} {cell[1]}"
            values[label] = float(gain_SP[:, at].mean())
            draws[label] = evidence.draws(gain_SP[:, at], arm, label)
            sizes.append(len(at))
    if not values:
        return not_measured(STABILITY, claim, evidence.lacking())
    found = holm(values, draws)
    fallen = [label for label, interval in found.items() if interval.high < 0]
    least = min(found, key=lambda label: found[label].value)
    text = (
        f"{len(fallen)} of {len(found)} levels fall{': ' + ', '.join(fallen) if fallen else ''}; lowest {least} "
        f"{spread(found[least])}; {min(sizes)} to {max(sizes)} problems a level, {evidence.runs(arm, len(evidence.logs.finished(arm)))}"
    )
    if absent:
        text += f"; not measured: {', '.join(absent)}"
    whole = evidence.claim(STABILITY, claim, not fallen, text, {label: vars(i) for label, i in found.items()})
    return replace(whole, verdict="not measured") if absent and not fallen else whole


def generalises(evidence: Evidence) -> list[Claim]:
    """Gain of each held-out set in pass@1 over that of the trained set."""
    arm, trained, least = evidence.analysis.headline, evidence.analysis.trained, evidence.limits.gain
    out = []
    for name in evidence.analysis.held_out:
        claim = f"{name} gains at least {least:g} of what {trained} gains"
        ours, theirs = (evidence.gains(arm, one, pass_1) for one in (name, trained))
        part = evidence.ends(arm, name)
        if ours is None or theirs is None or part is None:
            out.append(not_measured("Held-out", claim, evidence.lacking()))
            continue
        drawn, base = evidence.draws(ours, arm, name), evidence.draws(theirs, arm, trained)
        # Where training brings nothing there is no share of it.
        ratio_D = np.divide(drawn, base, out=np.full_like(drawn, np.nan), where=base > 0)
        gain, gain_trained = percentile(float(ours.mean()), drawn), percentile(float(theirs.mean()), base)
        value = gain.value / gain_trained.value if gain_trained.value > 0 else math.nan
        ratio = percentile(value, ratio_D)
        text = (
            f"{spread(gain)}, {trained} {spread(gain_trained)}: a share of {ratio}{_only_estimate(ratio, least)}; "
            f"{evidence.n(part, arm)}"
        )
        numbers = {"gain": vars(gain), "gain_trained": vars(gain_trained), "share": vars(ratio)}
        out.append(evidence.claim("Held-out", claim, ratio.low >= least, text, numbers))
    return out


def sharpening(evidence: Evidence) -> list[Claim]:
    """Two claims a set: the trained model's pass@1 at temperature 1 beside the starting model at its best temperature, and its
    majority. The best is chosen on the problems that it is measured on, which favours the start."""
    return [claim for name in evidence.sets for claim in _sharpening(evidence, name)]


def _sharpening(evidence: Evidence, name: str) -> list[Claim]:
    arm, votes = evidence.analysis.headline, evidence.study.start.votes
    claims = {
        "best temperature": (f"pass@1 of {name} exceeds the start at its best temperature", pass_1),
        f"majority@{votes}": (f"pass@1 of {name} exceeds the start's majority of {votes}", _votes),
    }
    temperatures = {t: sets[name] for t, sets in sorted(evidence.logs.start.items()) if name in sets}
    asked = {1.0, *evidence.study.start.temperatures}
    runs = evidence.logs.finished(arm)
    out = []
    for label, (claim, of) in claims.items():
        lacking = sorted(asked - set(temperatures))
        if lacking or not runs:
            why = (
                f"the start lacks temperatures {', '.join(f'{t:g}' for t in lacking)}"
                if lacking
                else evidence.lacking()
            )
            out.append(not_measured(SHARPENING, claim, why))
            continue
        last = [run.held_out[name][evidence.last] for run in runs]
        keys = common([*temperatures.values(), *last])
        if not keys:
            out.append(not_measured(SHARPENING, claim, "start and runs share no problems"))
            continue
        means = {t: float(np.mean([of(part[key]) for key in keys])) for t, part in temperatures.items()}
        best = max(means, key=lambda t: means[t])
        start_P = np.array([of(temperatures[best][key]) for key in keys])
        end_SP = np.array([[pass_1(part[key]) for key in keys] for part in last])
        gain = evidence.mean(end_SP - start_P, arm, f"{name}, common")
        # Beyond an end of the range the start might be better still.
        end = ", an end of the range" if best in (min(means), max(means)) else ""
        text = (
            f"start {means[best]:.3f} at temperature {best:g}, the best of {len(means)} tried{end} (at 1: {means[1.0]:.3f}), "
            f"trained {end_SP.mean():.3f}: {spread(gain)}; {evidence.runs(arm, len(runs))} x {len(keys)} problems"
        )
        numbers = {"temperatures": {f"{t:g}": mean for t, mean in means.items()}, "gain": vars(gain), "measure": label}
        out.append(evidence.claim(SHARPENING, claim, gain.low > 0, text, numbers))
    return out


def _votes(tally: Tally) -> float:
    return math.nan if tally.votes is None else tally.votes


def _only_estimate(interval: Interval, least: float) -> str:
    return f" (the estimate reaches {least:g}, the interval does not)" if interval.low < least <= interval.value else ""
