"""Grids and the rule behind them (picture), and the same in letters (`grids_text`): example grids before and after, and one
more grid, whose outcome is asked for.

Level 1: 3 x 3 cells, one example; one colour becomes another, or cells are mirrored or move on by one; a cell, a row or all
of the outcome. Level 2: 3 x 3 or 4 x 4, one or two examples; also colours exchanged, turns, one row that moves; a row or all.
Level 3: 3 x 3, a move and a change of colour together, two examples. Level 4: 4 x 4, up to two changes of colour.

Colours are written as letters: R, G, B, Y, O, P. Answers: a letter (6), a row "R G B" (216, 4 x 4: 1,296), or all rows
"R G B / G Y Y / B B O" (10 million and more). The rule is not always plain from the examples, but the answer is: all rules of the level
(`grid_rules`) are tried, and those that explain the examples agree about it.
"""

from __future__ import annotations

import random

from PIL import Image, ImageDraw

from favilla.worlds.base import Split
from favilla.worlds.drawing import RGB, background, degrade, face, ink, mixed, shade
from favilla.worlds.drawn import Drawn, Told, ended
from favilla.worlds.grid_rules import (
    COLOURS,
    Grid,
    answers,
    applied,
    maps_of,
    moves_of,
    read,
    searched,
    spaced,
    written,
)
from favilla.worlds.grids_wordings import (
    ALL,
    ALL_TEST,
    CELL,
    CELL_TEST,
    ROW,
    ROW_TEST,
)
from favilla.worlds.marks import Pencil
from favilla.worlds.scenes import Question, Scene

# level: sides of grids, (fewest, most examples), (least, largest) cell in pixels
SIZES = {
    1: ((3,), (1, 1), (15, 24)),
    2: ((3, 3, 3, 4), (1, 2), (14, 20)),
    3: ((3,), (2, 2), (13, 18)),
    4: ((4,), (2, 2), (12, 16)),
}
ORDINALS = ("first", "second", "third", "fourth")

TOLD = (
    ("{a} -> {b}", "{a} -> ?", "\n"),
    ("{a} becomes {b}.", "{a} becomes ?", "\n"),
    ("In: {a}\nOut: {b}", "In: {a}\nOut: ?", "\n"),
    ("{a} => {b}", "{a} => ?", "; "),
    ("before {a}, after {b}", "before {a}, after ?", "\n"),
    ("from {a} to {b}", "from {a} to ?", "\n"),
)


class Grids(Drawn):
    """Rules of grids; see the module's docstring for levels and answers."""

    name = topic = "grids"
    twin = "grids_text"
    levels = 4
    phrasings = {"all": ALL, "row": ROW, "cell": CELL}
    test_phrasings = {"all": ALL_TEST, "row": ROW_TEST, "cell": CELL_TEST}

    def scene(self, rng: random.Random, level: int, split: Split) -> Scene:
        """examples: [before, after] as "R G B / G Y Y / B B O"; test; _answer."""
        sizes, (fewest, most), _ = SIZES[level]
        while True:
            size = rng.choice(sizes)
            # At level 2 the larger grids come with one example, for short workings.
            count = fewest if (level, size) == (2, 4) else rng.randint(fewest, most)
            rule = _rule(rng, level, size)
            palette = rng.sample(sorted(COLOURS), rng.randint(3, 4 if level <= 2 else 5))
            weights = [rng.uniform(0.4, 1) for _ in palette]
            if rng.random() < 0.4:
                weights[0] += 1.5  # a background
            *inputs, test = [_filled(rng, size, palette, weights) for _ in range(count + 1)]
            examples = [(grid, applied(rule, grid)) for grid in inputs]
            answer = applied(rule, test)
            changes = all(before != after for before, after in [*examples, (test, answer)])
            changes = changes and len(set("".join(answer))) > 1  # of one colour, it could be guessed
            coloured = all(a in "".join(inputs[0]) for a, _ in rule[1])
            if level >= 3:
                coloured = coloured and any(a in "".join(test) for a, _ in rule[1])
            if (
                changes
                and coloured
                and len({*inputs, test}) == count + 1
                and answers(level, examples, test) == {answer}
            ):
                pairs = [[written(before), written(after)] for before, after in examples]
                return {"examples": pairs, "test": written(test), "_answer": written(answer)}

    def transcript(self, scene: Scene) -> str:
        return "\n".join([*(f"{a} > {b}" for a, b in scene["examples"]), f"{scene['test']} > ?"])

    def tell(self, rng: random.Random, scene: Scene, level: int) -> str:
        pair, last, between = rng.choice(TOLD)
        return between.join([*(pair.format(a=a, b=b) for a, b in scene["examples"]), last.format(a=scene["test"])])

    def render(self, rng: random.Random, scene: Scene, level: int) -> Image.Image:
        pairs = [*scene["examples"], [scene["test"], ""]]
        size = len(read(scene["test"]))
        cell = rng.randint(*SIZES[level][2])
        if size == 4 and level == 2:
            cell = rng.randint(12, 14)
        side, link, gap, rim = size * cell, rng.randint(20, 28), rng.randint(8, 14), rng.randint(4, 9)
        aside = rng.random() < 0.25 and len(pairs) == 2  # pairs beside each other, each from top to bottom
        long, wide = 2 * side + link + 2 * rim, len(pairs) * side + (len(pairs) - 1) * gap + 2 * rim
        width, height = (wide, long) if aside else (long, wide)
        paper = background(rng)
        image = Image.new("RGB", (width, height), paper)
        draw = Pencil(image)
        looks = _Looks(rng, paper, cell)
        sign = face(rng.choice(("DejaVuSans", "DejaVuSans-Bold", "DejaVuSerif")), rng.randint(16, 22))
        for index, (before, after) in enumerate(pairs):
            x = y = rim
            if aside:
                x += index * (side + gap)
            else:
                y += index * (side + gap)
            far = side + link
            looks.grid(draw, x, y, read(before))
            to_x, to_y = (x, y + far) if aside else (x + far, y)
            if after:
                looks.grid(draw, to_x, to_y, read(after))
            else:
                draw.text((to_x + side / 2, to_y + side / 2), "?", font=sign, fill=ink(paper), anchor="mm")
            middle = side / 2
            start, end = ((x + middle, y + side + 4), (x + middle, y + far - 4)) if aside else (
                (x + side + 4, y + middle), (x + far - 4, y + middle))  # fmt: skip
            looks.arrow(draw, start, end)
        if level >= 3 and rng.random() < 0.3:
            draw.line([(0, 0), (width, 0)] if aside else [(rim, height - rim - side - gap // 2), (width - rim, height - rim - side - gap // 2)],
                      fill=mixed(paper, ink(paper), 0.4))  # fmt: skip
        scene["_marks"] = draw.marks
        return degrade(rng, image, (0.0, 0.2, 0.3, 0.5)[level - 1] * rng.random())

    def questions(self, rng: random.Random, scene: Scene, level: int) -> list[Question]:
        examples = [(read(before), read(after)) for before, after in scene["examples"]]
        working, out = searched(level, examples, read(scene["test"]))
        answer = written(out)
        terse = working.split("\n")[-len(out) - 1].split(":")[0]  # the rule's name
        found = [ended("all", {}, answer, terse, working)]
        if level <= 2:
            for n, row in enumerate(out, start=1):
                slots = {"n": str(n), "nth": ORDINALS[n - 1]}
                found.append(ended("row", slots, spaced(row), terse, f"{working}\nrow {n}: {spaced(row)}"))
                if level == 1:
                    found += [
                        ended(
                            "cell",
                            {**slots, "m": str(m)},
                            letter,
                            terse,
                            f"{working}\nrow {n}: {spaced(row)}",
                        )
                        for m, letter in enumerate(row, start=1)
                    ]
        return found


class GridsText(Told, Grids):
    """Grids in letters; see the module's docstring."""

    name = "grids_text"
    twin = "grids"


def _rule(rng: random.Random, level: int, size: int) -> tuple[str, tuple[tuple[str, str], ...]]:
    """A change of colour as often as two kinds of moves at levels 1 and 2, where it is one of many kinds of rules."""
    if level <= 2 and rng.random() < 0.3:
        return "stay", _colours(rng, level)
    return rng.choice(moves_of(level, size)), _colours(rng, level) if level >= 3 else ()


def _colours(rng: random.Random, level: int) -> tuple[tuple[str, str], ...]:
    maps = maps_of(level)
    single = rng.random() < (0.6 if level <= 3 else 0.3)
    return rng.choice([colours for colours in maps if (len(colours) == 1) == single or level == 1])


def _filled(rng: random.Random, size: int, palette: list[str], weights: list[float]) -> Grid:
    return tuple("".join(rng.choices(palette, weights, k=size)) for _ in range(size))


class _Looks:
    """How grids look: shades, lines between cells, arrows."""

    def __init__(self, rng: random.Random, paper: RGB, cell: int):
        self.cell, self.pen = cell, ink(paper)
        self.shades = {letter: shade(rng, name) for letter, name in COLOURS.items()}
        self.lines = rng.choice(("grid", "grid", "gaps", "border"))
        self.line = rng.choice((self.pen, mixed(paper, self.pen, 0.5), paper))
        self.width = rng.choice((1, 2))
        self.head = rng.uniform(3.5, 5)

    def grid(self, draw: Pencil, x: float, y: float, grid: Grid) -> None:
        inner = 1 if self.lines == "gaps" else 0
        for r, row in enumerate(grid):
            for c, letter in enumerate(row):
                left, top = x + c * self.cell, y + r * self.cell
                box = (left + inner, top + inner, left + self.cell - 1 - inner, top + self.cell - 1 - inner)
                outline = self.line if self.lines == "grid" else None
                draw.rectangle(box, fill=self.shades[letter], outline=outline)
                draw.note(letter, left + self.cell / 2, top + self.cell / 2)
        if self.lines == "border":
            side = len(grid) * self.cell
            draw.rectangle((x - 1, y - 1, x + side, y + side), outline=self.pen)

    def arrow(self, draw: ImageDraw.ImageDraw, start: tuple[float, float], end: tuple[float, float]) -> None:
        draw.line([start, end], fill=self.pen, width=self.width)
        (x, y), h = end, self.head
        down = start[0] == end[0]
        wings = [(x - h, y - h), end, (x + h, y - h)] if down else [(x - h, y - h), end, (x - h, y + h)]
        draw.polygon(wings, fill=self.pen)
