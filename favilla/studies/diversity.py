"""Whether reasoning stays diverse: distinct right solutions and ways of going about it, at the last step and at the start."""

from __future__ import annotations

import math

import numpy as np

from favilla.evals.samples import rarefied_distinct
from favilla.studies.claims import Claim, Evidence, not_measured
from favilla.studies.intervals import percentile
from favilla.studies.logs import Curves

TOPIC = "Diversity"


def diversity(evidence: Evidence) -> list[Claim]:
    """Two claims about the trained set, and the same numbers of the others."""
    arm, trained, least = evidence.analysis.headline, evidence.analysis.trained, evidence.limits.diversity
    out = []
    for name in evidence.sets:
        part = evidence.ends(arm, name)
        for what, measure in (("distinct right solutions", _solutions), ("strategy entropy", _strategies)):
            claim = f"{what} of {name}: at least {100 * least:g} % of the start"
            if part is None:
                out.append(not_measured(TOPIC, claim, evidence.lacking()))
                continue
            found = measure(evidence, part, arm, name)
            if found is None:
                out.append(not_measured(TOPIC, claim, _why(evidence, what)))
                continue
            start, end, ratio_D, note = found
            ratio = percentile(end / start, ratio_D)
            text = f"{start:.2f} to {end:.2f}, a share of {ratio}; {note}"
            numbers = {"start": start, "end": end, "share": vars(ratio), "headline": name == trained}
            out.append(evidence.claim(TOPIC, claim, ratio.low >= least, text, numbers))
    return out


def _why(evidence: Evidence, what: str) -> str:
    if what == "strategy entropy":
        return "the start goes about everything in one way"
    return f"no problem has {evidence.analysis.solutions} right samples at both ends"


Found = tuple[float, float, np.ndarray, str]


def _solutions(evidence: Evidence, part: Curves, arm: str, name: str) -> Found | None:
    """Different solutions among m right ones (rarefied, so that being right more often is no diversity), on problems with as
    many right ones at both ends."""
    m = evidence.analysis.solutions
    value_SPK = part.values(lambda tally: rarefied_distinct(tally.solutions, m))
    both_SP = np.isfinite(value_SPK).all(2)
    if not both_SP.any():
        return None
    value_SPK = np.where(both_SP[:, :, None], value_SPK, 0.0)
    drawn_DK = evidence.draws(value_SPK, arm, name)
    start, end = value_SPK.sum((0, 1)) / both_SP.sum()
    note = f"among {m} right samples, {both_SP.sum()} problems of {evidence.runs(arm, len(part.tallies))} together"
    return float(start), float(end), _ratio(drawn_DK[:, 1], drawn_DK[:, 0]), note


def _strategies(evidence: Evidence, part: Curves, arm: str, name: str) -> Found | None:
    """Entropy of strategies within a family and level (nats), mean over runs: runs that have each come to another single way
    are not diverse."""
    cells = [key[:2] for key in part.problems]
    labels = sorted(
        {(cell, label) for run in part.tallies for step in run for cell, t in zip(cells, step, strict=True) for label in t.strategies}
    )  # fmt: skip
    place = {pair: i for i, pair in enumerate(labels)}
    share_SKPL = np.zeros((len(part.tallies), len(part.steps), len(cells), len(labels)))
    for s, run in enumerate(part.tallies):
        for k, step in enumerate(run):
            for p, (cell, tally) in enumerate(zip(cells, step, strict=True)):
                for label, count in tally.strategies.items():
                    share_SKPL[s, k, p, place[cell, label]] = count / tally.n
    cell_LC = np.array([[cell == other for other in sorted(set(cells))] for cell, _ in labels], dtype=float)
    start, end = conditional_entropy(share_SKPL.mean(2), cell_LC).mean(0)
    if start < 1e-12:
        return None
    weight_DP = evidence.resampling.weights(f"problems of {name}", len(cells))
    weight_DS = evidence.resampling.weights(f"runs of {arm}", len(part.tallies))
    drawn_DSKL = np.einsum("dp,skpl->dskl", weight_DP, share_SKPL, optimize=True)
    drawn_DK = np.einsum("ds,dsk->dk", weight_DS, conditional_entropy(drawn_DSKL, cell_LC))
    note = f"nats, {evidence.n(part, arm)}"
    return float(start), float(end), _ratio(drawn_DK[:, 1], drawn_DK[:, 0]), note


def conditional_entropy(share_XL: np.ndarray, cell_LC: np.ndarray) -> np.ndarray:
    """H(label | cell) in nats, over the last axis, whose entries are (cell, label) pairs: H(cell, label) - H(cell). cell_LC: 1
    where an entry is of a cell. Shares sum to 1."""
    return _entropy(share_XL) - _entropy(share_XL @ cell_LC)


def _entropy(share_XL: np.ndarray) -> np.ndarray:
    return -(share_XL * np.log(np.where(share_XL > 0, share_XL, 1.0))).sum(-1)


def _ratio(above_D: np.ndarray, below_D: np.ndarray) -> np.ndarray:
    return np.divide(above_D, below_D, out=np.full_like(above_D, math.nan), where=below_D > 0)
