"""Answers that are places in a picture: points and boxes, the same when they are close. Whoever says them nearest to all
others in a group speaks for it, so that the answer shown is one that an agent gave."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence

from favilla.contemplate.answers import final
from favilla.errors import UserError

Place = tuple[float, ...]
_VALUE = r"\s*(-?\d{1,6}(?:\.\d{1,9})?)\s*"


class PointAnswers:
    """A point (x, y), in whatever unit the question asks for; two are the same within `tolerance` of that unit."""

    form = "the point alone, as (x, y)"
    slow = False
    exact = False

    def __init__(self, tolerance: float) -> None:
        if not tolerance > 0:
            raise UserError(f"tolerance {tolerance}: give a distance above 0")
        self.tolerance = tolerance

    def parse(self, text: str) -> Place | None:
        return _numbers(text, 2)

    def group(self, parsed: Sequence[Place]) -> list[int]:
        return cluster(parsed, lambda a, b: math.dist(a, b) <= self.tolerance)

    def show(self, parsed: Sequence[Place]) -> str:
        return _shown(min(parsed, key=lambda a: sum(math.dist(a, b) for b in parsed)))


class BoxAnswers:
    """A box (left, top, right, bottom); two are the same when their intersection over union is at least `iou`."""

    form = "the box alone, as (left, top, right, bottom)"
    slow = False
    exact = False

    def __init__(self, iou: float = 0.5) -> None:
        if not 0 < iou <= 1:
            raise UserError(f"iou {iou}: give a share above 0 and up to 1")
        self.iou = iou

    def parse(self, text: str) -> Place | None:
        box = _numbers(text, 4)
        return box if box is not None and box[0] < box[2] and box[1] < box[3] else None

    def group(self, parsed: Sequence[Place]) -> list[int]:
        return cluster(parsed, lambda a, b: intersection_over_union(a, b) >= self.iou)

    def show(self, parsed: Sequence[Place]) -> str:
        return _shown(max(parsed, key=lambda a: sum(intersection_over_union(a, b) for b in parsed)))


def cluster(places: Sequence[Place], close: Callable[[Place, Place], bool]) -> list[int]:
    """Group numbers by complete linkage: every two places in a group are close, so that a chain of small steps does not
    join what is far apart. The place with most neighbours takes its neighbours first."""
    groups = [-1] * len(places)
    near = [[j for j in range(len(places)) if close(places[i], places[j])] for i in range(len(places))]
    number = 0
    while (left := [i for i, g in enumerate(groups) if g < 0]) and number < len(places):
        seed = max(left, key=lambda i: (sum(groups[j] < 0 for j in near[i]), -i))
        members = [seed]
        for j in near[seed]:
            if groups[j] < 0 and j != seed and all(j in near[m] for m in members):
                members.append(j)
        for member in members:
            groups[member] = number
        number += 1
    return groups


def intersection_over_union(a: Place, b: Place) -> float:
    """Of two boxes (left, top, right, bottom); 0 when they do not touch."""
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    if width <= 0 or height <= 0:
        return 0.0
    both = width * height
    return both / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - both)


def _numbers(text: str, count: int) -> Place | None:
    pattern = r"[(\[]" + ",".join([_VALUE] * count) + r"[)\]]"
    found = re.findall(pattern, final(text))
    return tuple(map(float, found[-1])) if found else None


def _shown(place: Place) -> str:
    return "(" + ", ".join(f"{value:g}" for value in place) + ")"
