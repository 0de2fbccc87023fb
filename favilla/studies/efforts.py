"""Whether the efforts of one run are ordered: more thinking at the higher one, and no less that is right.

From the last measurement in the folder of any `favilla rl` whose recipe has held-out sets that differ in effort alone.
"""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import get_args

import numpy as np

from favilla.errors import UserError
from favilla.evals.samples import Resampling
from favilla.studies.claims import Claim, judged, pass_1, spread, thinking
from favilla.studies.intervals import percentile
from favilla.studies.logs import Key, Tally, key_of, read_records, tally
from favilla.train.rl.recipe import EffortName

TOPIC, ORDER = "Efforts", get_args(EffortName)


def efforts(folder: Path, draws: int = 2000) -> list[Claim]:
    """Two claims for each two neighbouring efforts, on the problems that all efforts share, in pairs; intervals: 95 %,
    bootstrap over problems. Raises UserError when there are no two efforts to compare."""
    step, measured = last_measurement(folder)
    names = [name for name in ORDER if name in measured]
    keys = sorted(set.intersection(*(set(measured[name]) for name in names))) if names else []
    if len(names) < 2 or not keys:
        raise UserError(
            f"{folder}: no problems were measured at two efforts; give the recipe [[eval]] sets that differ in effort alone"
        )
    thinking_EP, right_EP = (
        np.array([[of(measured[name][key]) for key in keys] for name in names]) for of in (thinking, pass_1)
    )
    resampling = Resampling(draws)
    out = []
    for e, (lower, higher) in enumerate(pairwise(names)):
        more, better = (
            percentile(float(d_P.mean()), resampling.means(d_P[None], "one run", "problems"))
            for d_P in (thinking_EP[e + 1] - thinking_EP[e], right_EP[e + 1] - right_EP[e])
        )
        rests = f"step {step}, {len(keys)} problems x {measured[lower][keys[0]].n} samples"
        out += [
            Claim(
                TOPIC, f"{higher} thinks more than {lower}", judged(more.low > 0),
                f"{thinking_EP[e].mean():.1f} and {thinking_EP[e + 1].mean():.1f} thinking tokens, {more.value:+.1f} "
                f"({more.low:+.1f} to {more.high:+.1f}); {rests}", vars(more),
            ),
            Claim(
                TOPIC, f"{higher} is right no less often than {lower}", judged(better.high >= 0),
                f"{right_EP[e].mean():.3f} and {right_EP[e + 1].mean():.3f}, {spread(better)}; {rests}", vars(better),
            ),
        ]  # fmt: skip
    return out


def last_measurement(folder: Path) -> tuple[int, dict[str, dict[Key, Tally]]]:
    """The last step at which every set is whole, and its problems by effort. One that is not was cut short, or is being
    written."""
    found: dict[int, dict[str, dict[Key, Tally]]] = {}
    sizes: dict[str, Counter[int]] = {}
    for step, name, effort, key, one in read_records(
        folder / "held_out.jsonl",
        lambda line: (int(line["step"]), str(line["set"]), line["effort"], key_of(line), tally(line)),
    ):
        found.setdefault(step, {}).setdefault(effort, {})[key] = one
        sizes.setdefault(name, Counter())[step] += 1
    steps = [step for step in found if all(_whole(by_step, step) for by_step in sizes.values())]
    return (max(steps), found[max(steps)]) if steps else (0, {})


def _whole(by_step: Counter[int], step: int) -> bool:
    """Whether a set was measured to its end: sets differ in size, and a run's ends may be larger than what lies between, but a
    measurement that was cut short has neither as many lines as another one nor more than all."""
    others = [size for other, size in by_step.items() if other != step]
    return by_step[step] in others or by_step[step] > max(others, default=0)
