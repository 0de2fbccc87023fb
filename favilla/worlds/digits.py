"""Handwritten digits (picture): scikit-learn's scans, by many hands.

Level 1: one number of 2 or 3 digits; read it, or its largest digit, or one of its digits. Level 2: 3 or 4 digits; also
sums of digits, or the number turned round. Level 3: two numbers of 2 or 3 digits; read, add, compare. Level 4: three
numbers of 2 to 4 digits in wear and noise; totals and differences.

A scan belongs to one split, by the hash of its pixels, so test pictures are in hands never trained on. Answers: integers,
10 .. 999 at level 1, up to 29,997 at level 4, and numbers turned round (leading zeros kept).
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable
from functools import lru_cache

import numpy as np
from PIL import Image
from sklearn.datasets import load_digits

from favilla.worlds.arithmetic import explained
from favilla.worlds.base import Split
from favilla.worlds.digits_wordings import (
    GAP,
    GAP_TEST,
    LARGEST,
    LARGEST_TEST,
    PLACE,
    PLACE_TEST,
    READ,
    READ_TEST,
    ROW,
    ROW_TEST,
    SUM,
    SUM_TEST,
    TOP,
    TOP_TEST,
    TOTAL,
    TOTAL_TEST,
    TURNED,
    TURNED_TEST,
)
from favilla.worlds.drawing import RGB, background, degrade, ink, mixed
from favilla.worlds.marks import Mark
from favilla.worlds.scenes import Question, Scene, SceneFamily

ROWS = {1: (1, (2, 3)), 2: (1, (3, 4)), 3: (2, (2, 3)), 4: (3, (2, 4))}
PLACES = ("first", "second", "third", "fourth")


@lru_cache(maxsize=1)
def scans() -> tuple[np.ndarray, dict[Split, list[list[int]]]]:
    """The scans (N, 8, 8) as 0..1, and their indices per split and digit."""
    data = load_digits()
    images = (data.images / 16).astype(np.float32)
    pools: dict[Split, list[list[int]]] = {split: [[] for _ in range(10)] for split in ("train", "dev", "test")}
    for index, (scan, digit) in enumerate(zip(data.images.astype(np.uint8), data.target, strict=True)):
        bucket = hashlib.sha256(scan.tobytes()).digest()[0] % 20
        pools["test" if bucket < 3 else "dev" if bucket < 4 else "train"][digit].append(index)
    return images, pools


class Digits(SceneFamily):
    """Reading handwritten numbers; see the module's docstring for levels and answers."""

    name = "digits"
    levels = 4
    phrasings = {"read": READ, "place": PLACE, "largest": LARGEST, "sum": SUM, "turned": TURNED, "row": ROW,
                 "total": TOTAL, "gap": GAP, "top": TOP}  # fmt: skip
    test_phrasings = {"read": READ_TEST, "place": PLACE_TEST, "largest": LARGEST_TEST, "sum": SUM_TEST,
                      "turned": TURNED_TEST, "row": ROW_TEST, "total": TOTAL_TEST, "gap": GAP_TEST, "top": TOP_TEST}  # fmt: skip

    def scene(self, rng: random.Random, level: int, split: Split) -> Scene:
        """numbers: one text per row; scans: the index of every digit's scan, row by row."""
        rows, (short, long) = ROWS[level]
        numbers = []
        for _ in range(rows):
            digits = [rng.randint(1, 9)] + [rng.randint(0, 9) for _ in range(rng.randint(short, long) - 1)]
            numbers.append("".join(map(str, digits)))
        pools = scans()[1][split]
        return {"numbers": numbers, "scans": [[rng.choice(pools[int(d)]) for d in number] for number in numbers]}

    def render(self, rng: random.Random, scene: Scene, level: int) -> Image.Image:
        size = rng.randint(34, 48) if level <= 2 else rng.randint(26, 40)
        gap = rng.uniform(-0.08, 0.12) * size
        columns = max(len(row) for row in scene["scans"])
        margin = rng.randint(6, 24)
        width = int(columns * (size + gap)) + 2 * margin
        line = int(size * rng.uniform(1.05, 1.35))
        height = line * len(scene["scans"]) + 2 * rng.randint(4, 20)
        coverage = np.zeros((height, width), dtype=np.float32)
        how = rng.choice((Image.Resampling.BILINEAR, Image.Resampling.BICUBIC, Image.Resampling.BICUBIC))
        top = (height - line * len(scene["scans"])) / 2
        left = rng.uniform(0, 1)
        marks = scene["_marks"] = []
        for r, row in enumerate(scene["scans"]):
            start = margin + left * (columns - len(row)) * (size + gap)
            for c, index in enumerate(row):
                scan = Image.fromarray((scans()[0][index] * 255).astype(np.uint8)).resize((size, size), how)
                if level >= 3:
                    scan = scan.rotate(rng.uniform(-10, 10), Image.Resampling.BILINEAR)
                x = round(start + c * (size + gap) + rng.uniform(-1, 1))
                y = round(top + r * line + rng.uniform(0, max(0.0, line - size)))
                x, y = max(0, min(width - size, x)), max(0, min(height - size, y))
                part = coverage[y : y + size, x : x + size]
                np.maximum(part, np.asarray(scan, dtype=np.float32) / 255, out=part)
                marks.append(Mark(scene["numbers"][r][c], (x + size / 2) / width, (y + size / 2) / height))
        paper = background(rng)
        pen: RGB = mixed(
            ink(paper), (rng.randint(0, 255), rng.randint(0, 255), rng.randint(0, 255)), rng.uniform(0, 0.35)
        )
        share = (coverage * rng.uniform(1.1, 1.6)).clip(0, 1)[..., None]
        pixels = np.asarray(paper) * (1 - share) + np.asarray(pen) * share
        return degrade(rng, Image.fromarray(pixels.astype(np.uint8)), (0.2, 0.4, 0.7, 1.0)[level - 1] * rng.random())

    def questions(self, rng: random.Random, scene: Scene, level: int) -> list[Question]:
        numbers = scene["numbers"]
        if level <= 2:
            return _about_one(numbers[0], level)
        rows = [f"row {n}: {number}" for n, number in enumerate(numbers, start=1)]
        out = [
            _question("row", {"row": str(n)}, number, number, [f"row {n}", *rows[:n]])
            for n, number in enumerate(numbers, start=1)
        ]
        values = [int(number) for number in numbers]
        running, sums, small_sums = values[0], [], []
        for value in values[1:]:
            sums.append(f"{running}+{value}={running + value}")
            small_sums.append(explained("+", running, value))
            running += value
        listed = ", ".join(numbers)
        high, low = max(values), min(values)
        steps = ["sum", *rows, *small_sums]
        out.append(_question("total", {}, str(running), f"{listed}: {', '.join(sums)}", steps))
        best, least = (_so_far(values, choose) for choose in (max, min))
        steps = ["largest - smallest", *rows, f"largest {best}", f"smallest {least}", explained("-", high, low)]
        out.append(_question("gap", {}, str(high - low), f"{listed}: {high}-{low}={high - low}", steps))
        out.append(_question("top", {}, str(high), listed, ["largest", *rows, f"largest {best}"]))
        return out


def _about_one(number: str, level: int) -> list[Question]:
    spelled, digits = " ".join(number), [int(digit) for digit in number]
    out = [_question("read", {}, number, spelled, ["number", spelled])]
    for n, digit in enumerate(number, start=1):
        numbered = [f"{place} {d}" for place, d in zip(PLACES[:n], number, strict=False)]
        slots = {"place": PLACES[n - 1], "n": str(n)}
        out.append(_question("place", slots, digit, spelled, [f"{PLACES[n - 1]} digit", *numbered]))
    steps = ["largest digit", spelled, f"largest {_so_far(digits, max)}"]
    out.append(_question("largest", {}, max(number), spelled, steps))
    if level >= 2:
        total = str(sum(digits))
        running, sums = digits[0], []
        for value in digits[1:]:
            sums.append(f"{running}+{value}={running + value}")
            running += value
        terse = f"{spelled}: {'+'.join(number)}={total}"
        out.append(_question("sum", {}, total, terse, ["digit sum", spelled, *sums]))
        out.append(_question("turned", {}, number[::-1], spelled, ["backwards", spelled, " ".join(number[::-1])]))
    return out


def _so_far(values: list[int], choose: Callable[[list[int]], int]) -> str:
    """Each value with the largest, or smallest, so far behind it: "3: 3, 7: 7, 5: 7"."""
    return ", ".join(f"{value}: {choose(values[:count])}" for count, value in enumerate(values, start=1))


def _question(kind: str, slots: dict[str, str], answer: str, terse: str, steps: list[str]) -> Question:
    return Question(kind, slots, answer, terse, "\n".join([f"Want: {steps[0]}", *steps[1:]]))
