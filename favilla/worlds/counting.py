"""Counting coloured shapes (picture).

Level 1: 3 to 6 large shapes; count by colour, by shape, by both, or all. Level 2: 5 to 10 shapes; also differences, the
most frequent colour, and counts of three colours at once. Level 3: 9 to 18 smaller shapes. Level 4: 16 to 30 shapes that
may touch, in wear and noise; also counts within one half of the picture.

Answers: a count (0 .. 30), a colour (8), or counts of three colours ("2, 0, 5": 1,000 and more).
"""

from __future__ import annotations

import itertools
import math
import random
from collections import Counter

from PIL import Image, ImageDraw

from favilla.worlds import counting_wordings as ask
from favilla.worlds.base import Split
from favilla.worlds.drawing import COLOURS, background, canvas_size, degrade, luminance, mixed, shade
from favilla.worlds.marks import Pencil
from favilla.worlds.scenes import Question, Scene, SceneFamily, winners

SHAPES = ("circle", "square", "triangle", "star", "diamond", "cross")
PLURAL = {"circle": "circles", "square": "squares", "triangle": "triangles", "star": "stars", "diamond": "diamonds",
          "cross": "crosses"}  # fmt: skip

# level: (fewest, most shapes), (columns, rows at most), (low, high) of a side in pixels, most image tokens
SIZES = {
    1: ((3, 6), (3, 3), (112, 168), 36),
    2: ((5, 10), (4, 4), (140, 224), 64),
    3: ((9, 18), (6, 5), (196, 308), 100),
    4: ((16, 30), (8, 6), (252, 392), 144),
}


class Counting(SceneFamily):
    """Counting by colour and shape; see the module's docstring for levels and answers."""

    name = "counting"
    levels = 4
    phrasings = {
        "count": ask.COUNT, "difference": ask.DIFFERENCE, "most": ask.MOST, "three": ask.THREE, "half": ask.HALF,
    }  # fmt: skip
    test_phrasings = {
        "count": ask.COUNT_TEST, "difference": ask.DIFFERENCE_TEST, "most": ask.MOST_TEST,
        "three": ask.THREE_TEST, "half": ask.HALF_TEST,
    }  # fmt: skip

    def scene(self, rng: random.Random, level: int, split: Split) -> Scene:
        """grid: (columns, rows); shapes: (column, row, colour, shape) in reading order; no shape on the middle line."""
        (fewest, most), (columns, rows), _, _ = SIZES[level]
        count = rng.randint(fewest, most)
        columns = min(columns, max(2, math.ceil(math.sqrt(count)) + rng.randint(0, 2)))
        rows = min(rows, max(2, math.ceil(count / columns) + rng.randint(0, 1)))
        columns = max(columns, math.ceil(count / rows))
        colours = rng.sample(sorted(COLOURS), rng.randint(2, 3 + (level > 1)))
        shapes = rng.sample(SHAPES, rng.randint(2, 3 + (level > 2)))
        # Uneven shares, so that counts spread over all values.
        weights = [rng.uniform(0.2, 1) ** 2 for _ in colours]
        places = sorted(rng.sample(list(itertools.product(range(rows), range(columns))), count))
        drawn = [[c, r, rng.choices(colours, weights)[0], rng.choice(shapes)] for r, c in places]
        return {"grid": [columns, rows], "shapes": drawn}

    def render(self, rng: random.Random, scene: Scene, level: int) -> Image.Image:
        columns, rows = scene["grid"]
        _, _, (low, high), tokens = SIZES[level]
        width, height = canvas_size(rng, low, high, tokens)
        if (columns > rows) != (width > height):
            width, height = height, width
        black = any(colour == "black" for _, _, colour, _ in scene["shapes"])
        image = Image.new("RGB", (width, height), paper := background(rng, False if black else None))
        draw = Pencil(image)
        if level >= 3:
            _distract(rng, draw, width, height, paper)
        cell_x, cell_y = width / columns, height / rows
        fill = rng.uniform(0.62, 0.8) if level < 4 else rng.uniform(0.7, 1.0)
        for column, row, colour, shape in scene["shapes"]:
            radius = min(cell_x, cell_y) * fill / 2 * rng.uniform(0.8, 1)
            slack_x = max(0.0, cell_x / 2 - radius - 1)
            slack_y = max(0.0, cell_y / 2 - radius - 1) * 0.8
            x = (column + 0.5) * cell_x + rng.uniform(-slack_x, slack_x)
            y = (row + 0.5) * cell_y + rng.uniform(-slack_y, slack_y)
            _shape(rng, draw, shape, x, y, radius, _visible(rng, colour, paper), paper)
            draw.note(f"{colour} {shape}", x, y)
        scene["_marks"] = draw.marks
        return degrade(rng, image, (0.0, 0.3, 0.5, 0.9)[level - 1] * rng.random())

    def questions(self, rng: random.Random, scene: Scene, level: int) -> list[Question]:
        shapes = [(colour, shape) for _, _, colour, shape in scene["shapes"]]
        colours, kinds = sorted({c for c, _ in shapes}), sorted({s for _, s in shapes})
        missing = [c for c in COLOURS if c not in colours]
        wanted: list[tuple[str | None, str | None]] = [(None, None)]
        wanted += [(c, None) for c in (*colours, rng.choice(missing))] + [(None, s) for s in kinds]
        wanted += list(itertools.product(colours, kinds))
        out = [self._count(scene, c, s) for c, s in wanted]
        if level >= 2:
            tally = Counter(c for c, _ in shapes)
            ranked = tally.most_common()
            if len(ranked) > 1 and ranked[0][1] > ranked[1][1]:
                counts = ", ".join(f"{c} {n}" for c, n in ranked)
                out.append(Question("most", {}, ranked[0][0], counts, _most(scene)))
            for one, two in itertools.permutations(colours, 2):
                if tally[one] > tally[two]:
                    gap = f"{tally[one]}-{tally[two]}={tally[one] - tally[two]}"
                    listed = _tallied(scene, [(one, None), (two, None)])
                    out.append(
                        Question(
                            "difference", {"what": f"{one} shapes", "other": f"{two} shapes"}, gap.split("=")[1],
                            f"{one} {tally[one]}, {two} {tally[two]}, {gap}", f"Want: {one} - {two}\n{listed}\n{gap}",
                        )
                    )  # fmt: skip
            pool = colours if len(colours) > 3 else [*colours, *rng.sample(missing, 4 - len(colours))]
            for _ in range(3):
                a, b, c = rng.sample(pool, 3)
                answer = f"{tally[a]}, {tally[b]}, {tally[c]}"
                each = f"{a} {tally[a]}, {b} {tally[b]}, {c} {tally[c]}"
                listed = _tallied(scene, [(colour, None) for colour in (a, b, c)])
                out.append(Question("three", {"a": a, "b": b, "c": c}, answer, each, f"Want: {a}, {b}, {c}\n{listed}"))
        if level >= 4 and scene["grid"][0] % 2 == 0:
            for half, colour in itertools.product(("left", "right"), colours):
                out.append(self._count(scene, colour, None, half))
        return out

    def _count(self, scene: Scene, colour: str | None, shape: str | None, half: str | None = None) -> Question:
        middle = scene["grid"][0] / 2
        found = [
            (c, s)
            for column, _, c, s in scene["shapes"]
            if colour in (None, c) and shape in (None, s) and (half is None or (column < middle) == (half == "left"))
        ]
        what = " ".join([*([colour] if colour else []), PLURAL[shape] if shape else "shapes"])
        numbered = ", ".join(f"{c} {s} {n}" for n, (c, s) in enumerate(found, start=1)) or "none"
        answer = str(len(found))
        slots = {"what": what} if half is None else {"what": what, "half": half}
        wanted = " ".join([*([half] if half else []), *([colour] if colour else []), shape or "shape"])
        steps = f"Want: {wanted}\n{_tallied(scene, [(colour, shape)], half)}"
        return Question("count" if half is None else "half", slots, answer, numbered, steps)


def _rows(scene: Scene) -> list[list[tuple[int, str, str]]]:
    """Column, colour and shape of all shapes, line by line as they stand."""
    by_row = itertools.groupby(scene["shapes"], key=lambda shape: shape[1])
    return [[(column, colour, shape) for column, _, colour, shape in row] for _, row in by_row]


def _tallied(scene: Scene, wanted: list[tuple[str | None, str | None]], half: str | None = None) -> str:
    """All shapes as they stand, behind each how many there are so far of each (colour, shape) that is wanted; None is any.
    With `half`, only what lies in that half of the picture."""
    counts, lines = [0] * len(wanted), []
    for row in _rows(scene):
        line = []
        for column, colour, shape in row:
            if half is not None and (column < scene["grid"][0] / 2) != (half == "left"):
                continue
            for place, (c, s) in enumerate(wanted):
                counts[place] += c in (None, colour) and s in (None, shape)
            line.append(f"{colour} {shape} {' '.join(map(str, counts))}")
        if line:
            lines.append(", ".join(line))
    return "\n".join(lines) or "none"


def _most(scene: Scene) -> str:
    """All shapes with the running number of their own colour, the last number of each colour, and the largest of these."""
    tally: Counter[str] = Counter()
    lines = []
    for row in _rows(scene):
        line = []
        for _, colour, shape in row:
            tally[colour] += 1
            line.append(f"{colour} {shape} {tally[colour]}")
        lines.append(", ".join(line))
    return "\n".join(["Want: most frequent colour", *lines, *winners(list(tally.items()), largest=True)])


def _visible(rng: random.Random, colour: str, paper: tuple[int, int, int]) -> tuple[int, int, int]:
    """A shade of the colour that stands out from the paper."""
    tone = shade(rng, colour)
    if abs(luminance(tone) - luminance(paper)) < 32:
        tone = mixed(tone, (255, 255, 255) if luminance(paper) < 128 else (0, 0, 0), 0.12)
    return tone


def _distract(
    rng: random.Random, draw: ImageDraw.ImageDraw, width: int, height: int, paper: tuple[int, int, int]
) -> None:
    """Faint lines behind the shapes."""
    tone = mixed(paper, (128, 128, 128), 0.3)
    for _ in range(rng.randint(0, 6)):
        ends = [(rng.uniform(0, width), rng.uniform(0, height)) for _ in range(2)]
        draw.line(ends, fill=tone, width=1)


def _shape(
    rng: random.Random, draw: ImageDraw.ImageDraw, shape: str, x: float, y: float, r: float,
    fill: tuple[int, int, int], paper: tuple[int, int, int],
) -> None:  # fmt: skip
    # Every colour gets an edge against paper of nearly its own tone.
    edge = mixed(fill, (0, 0, 0) if luminance(paper) > 128 else (255, 255, 255), 0.45)
    if shape == "circle":
        draw.ellipse((x - r, y - r, x + r, y + r), fill=fill, outline=edge)
        return
    turn = rng.uniform(-0.15, 0.15)
    draw.polygon([(x + r * px, y + r * py) for px, py in _outline(shape, turn)], fill=fill, outline=edge)


def _outline(shape: str, turn: float) -> list[tuple[float, float]]:
    """Corners of a shape inside the unit circle, turned by `turn` radians."""

    def around(count: int, radii: tuple[float, ...], start: float) -> list[tuple[float, float]]:
        angles = [start + turn + 2 * math.pi * i / count for i in range(count)]
        return [
            (radii[i % len(radii)] * math.cos(a), radii[i % len(radii)] * math.sin(a)) for i, a in enumerate(angles)
        ]

    if shape == "square":
        return around(4, (1.0,), math.pi / 4)
    if shape == "triangle":
        return around(3, (1.0,), -math.pi / 2)
    if shape == "star":
        return around(10, (1.0, 0.42), -math.pi / 2)
    if shape == "diamond":
        return [(px * 0.7, py) for px, py in around(4, (1.0,), 0)]
    arm = 0.3
    corners = [(-arm, -1), (arm, -1), (arm, -arm), (1, -arm), (1, arm), (arm, arm),
               (arm, 1), (-arm, 1), (-arm, arm), (-1, arm), (-1, -arm), (-arm, -arm)]  # fmt: skip
    c, s = math.cos(turn), math.sin(turn)
    return [(0.95 * (px * c - py * s), 0.95 * (px * s + py * c)) for px, py in corners]
