"""How fast a family makes problems: the number that says whether the processor can feed training."""

from __future__ import annotations

import random
import time

from favilla.worlds.base import Family


def problems_per_second(family: Family, level: int, seconds: float) -> float:
    """Train problems of `level` that one process draws and renders per second, measured for about `seconds`.

    Questions asked again about the same picture (`follow_up`) are not counted.
    """
    rng = random.Random(0)
    family.sample(rng, level, "train")  # what is loaded once (fonts, scans) is not part of the rate
    made = 0
    start = time.perf_counter()
    while (elapsed := time.perf_counter() - start) < seconds or not made:
        family.sample(rng, level, "train")
        made += 1
    return made / elapsed
