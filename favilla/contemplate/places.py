"""Answers that are places in a picture: points and boxes, the same when they are close. Whoever says them nearest to all
others in a group speaks for it, so that the answer shown is one that an agent gave.

Numbers are in whatever unit the question asks for, in brackets or in a JSON object under x and y or left, top, right and
bottom. Location tokens, `<|loc_NN|>`, which name a hundredth of the picture's width or height, are read as the thousandth in
its middle, so that they stand beside numbers in thousandths.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Hashable, Sequence
from typing import Any

from favilla.contemplate.answers import Answers, Settings, TextAnswers, final
from favilla.errors import UserError

Place = tuple[float, ...]
_VALUE = r"\s*(-?\d{1,6}(?:\.\d{0,20})?)\s*"  # so many decimals have computed floats
_LOCATION = r"<\|loc_([0-9]{2})\|>"
_LOCATIONS = re.compile(rf"{_LOCATION}(?:\s{{0,9}},?\s{{0,9}}{_LOCATION})*")
_OBJECT = re.compile(r"\{[^{}]*\}")
_KEYS = {2: ("x", "y"), 4: ("left", "top", "right", "bottom")}
THOUSANDTHS = 50.0  # two points as close as this, in thousandths of the picture, are the same unless one says otherwise


class Written(tuple[float, ...]):
    """A place that knows how it was written, in the forms that must be given back as they are."""

    text: str


class PointAnswers(Settings):
    """A point (x, y), or two location tokens; two points are the same within `tolerance` of the question's unit."""

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


class BoxAnswers(Settings):
    """A box (left, top, right, bottom), or four location tokens; two are the same when their intersection over union is
    at least `iou`."""

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


class AnyAnswers(Settings):
    """Whatever an agent says: an answer that is a place in thousandths or location tokens and nothing else counts as a
    point or box (`PointAnswers(THOUSANDTHS)`, `BoxAnswers()`), anything else as words (`TextAnswers`)."""

    form = "the final answer alone"
    slow = False
    exact = False
    _kinds: tuple[Answers, ...] = (PointAnswers(THOUSANDTHS), BoxAnswers(), TextAnswers())

    def parse(self, text: str) -> tuple[int, Any] | None:
        for kind in (0, 1, 2) if _ONLY_PLACE.fullmatch(final(text)) else (2,):
            if (parsed := self._kinds[kind].parse(text)) is not None:
                return kind, parsed
        return None

    def group(self, parsed: Sequence[tuple[int, Any]]) -> list[int]:
        groups: dict[tuple[int, Hashable], int] = {}
        out = [0] * len(parsed)
        for number, kind in enumerate(self._kinds):
            members = [i for i, (of, _) in enumerate(parsed) if of == number]
            for i, group in zip(members, kind.group([parsed[i][1] for i in members]), strict=True):
                out[i] = groups.setdefault((number, group), len(groups))
        return out

    def show(self, parsed: Sequence[tuple[int, Any]]) -> str:
        return self._kinds[parsed[0][0]].show([value for _, value in parsed])


_ONLY_PLACE = re.compile(r"\(\d{3}(?:, ?\d{3})+\)|(?:<\|loc_[0-9]{2}\|>)+")


def _numbers(text: str, count: int) -> Place | None:
    """The last place with so many numbers in an answer."""
    said = re.sub(r"\\left|\\right", "", final(text)).replace("\u2212", "-")
    if re.fullmatch(",".join([_VALUE] * count), said):
        said = f"({said})"
    numbers = r"[(\[]" + ",".join([_VALUE] * count) + r"[)\]]"
    found = [(match.start(), match[0], match.groups()) for match in re.finditer(numbers, said)]
    found += [
        (match.start(), match[0], values)
        for match in _LOCATIONS.finditer(said)
        # not a part of more: a box is no point
        if len(values := tuple(re.findall(_LOCATION, match[0]))) == count
    ]
    found += [
        (match.start(), "", members)
        for match in _OBJECT.finditer(said)
        if (members := _members(match[0], _KEYS[count])) is not None
    ]
    if not found:
        return None
    _, written, values = max(found)
    if "loc_" in written:
        place = Written(10.0 * int(value) + 5 for value in values)
        place.text = written
    else:
        place = Written(map(float, values))
        place.text = written if all(len(value) == 3 for value in values) else ""
    return place


def _members(text: str, keys: tuple[str, ...]) -> tuple[str, ...] | None:
    """The numbers that a JSON object has under these keys, if it has no others."""
    try:
        value = json.loads(text, parse_int=str, parse_float=str, parse_constant=str)
    except (ValueError, RecursionError):
        return None
    numbers = {key: said for key, said in value.items() if isinstance(said, str) and re.fullmatch(_VALUE, said)}
    return tuple(numbers[key].strip() for key in keys) if numbers.keys() == set(keys) else None


def _shown(place: Place) -> str:
    written = place.text if isinstance(place, Written) else ""
    return written or "(" + ", ".join(f"{value:g}" for value in place) + ")"
