"""Tables of whole numbers (picture).

Level 1: 2 or 3 rows, 1 or 2 columns; look up a cell, or the row with the largest value. Level 2: 3 or 4 rows, 2 or 3
columns; also sums of two cells, and rows found by their value. Level 3: 5 to 7 rows, 3 or 4 columns, values to 999; also
differences and counts above a limit. Level 4: 8 to 10 rows, 4 or 5 columns, in wear; also totals of a column and the row
with the widest gap between two columns.

Answers: integers 0 .. 9,999, or the name of a row (51 names).
"""

from __future__ import annotations

import itertools
import json
import random

from PIL import Image, ImageDraw

from favilla.worlds import tables_wordings as ask
from favilla.worlds.arithmetic import explained
from favilla.worlds.base import Split
from favilla.worlds.drawing import background, degrade, font, ink, luminance, mixed, shade, text_size
from favilla.worlds.marks import Pencil
from favilla.worlds.scenes import Question, Scene, SceneFamily, winners

NAMES = (
    "Ann", "Bob", "Cal", "Dan", "Eve", "Fay", "Gus", "Hal", "Ida", "Jim", "Kim", "Leo", "Mia", "Ned", "Ola", "Pia", "Ray",
    "Sam", "Tom", "Una", "Vic", "Zoe", "Apple", "Bread", "Cake", "Eggs", "Fish", "Milk", "Rice", "Salt", "Soup", "Tea",
    "Rome", "Oslo", "Paris", "Lima", "Bern", "Cairo", "Delhi", "Quito", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun",
    "North", "South", "East", "West",
)  # fmt: skip
HEADERS = ("Price", "Size", "Age", "Year", "Cost", "Sold", "Stock", "Score", "Wins", "Days", "Rank", "Rate", "Left", "Jan", "Feb",
           "Mar", "Apr", "May")  # fmt: skip

# level: (fewest, most rows), (fewest, most columns), largest value, (least, largest) letter height
SIZES = {
    1: ((2, 3), (1, 2), 99, (13, 16)),
    2: ((3, 4), (2, 3), 99, (12, 14)),
    3: ((5, 7), (3, 4), 999, (11, 13)),
    4: ((8, 10), (4, 5), 999, (10, 12)),
}


class Tables(SceneFamily):
    """Reading tables; see the module's docstring for levels and answers."""

    name = "tables"
    levels = 4
    phrasings = {
        "cell": ask.CELL, "largest": ask.LARGEST, "find": ask.FIND, "sum": ask.SUM,
        "gap": ask.GAP, "above": ask.ABOVE, "total": ask.TOTAL, "widest": ask.WIDEST,
    }  # fmt: skip
    test_phrasings = {
        "cell": ask.CELL_TEST, "largest": ask.LARGEST_TEST, "find": ask.FIND_TEST, "sum": ask.SUM_TEST,
        "gap": ask.GAP_TEST, "above": ask.ABOVE_TEST, "total": ask.TOTAL_TEST, "widest": ask.WIDEST_TEST,
    }  # fmt: skip

    def scene(self, rng: random.Random, level: int, split: Split) -> Scene:
        """columns: their headers; rows: name -> values in the order of the columns."""
        (few, many), (narrow, wide), largest, _ = SIZES[level]
        columns = rng.sample(HEADERS, rng.randint(narrow, wide))
        names = rng.sample(NAMES, rng.randint(few, many))
        top = [rng.choice((9, 30, 99)) if level <= 2 else rng.choice((99, 500, 999)) for _ in columns]
        return {"columns": columns, "rows": {n: [rng.randint(0, min(largest, t)) for t in top] for n in names}}

    def instance(self, scene: Scene) -> str:
        """Cell by cell: a table with its rows or columns in another order is the same."""
        cells = {name: dict(zip(scene["columns"], row, strict=True)) for name, row in scene["rows"].items()}
        return f"tables: {json.dumps(cells, sort_keys=True, separators=(',', ':'))}"

    def render(self, rng: random.Random, scene: Scene, level: int) -> Image.Image:
        letters = font(rng, rng.randint(*SIZES[level][3]))
        heads = font(rng, int(letters.size)) if rng.random() < 0.4 else letters
        cells = [["", *scene["columns"]], *([name, *map(str, values)] for name, values in scene["rows"].items())]
        ruler = ImageDraw.Draw(Image.new("RGB", (1, 1)))
        pad_x, pad_y = rng.uniform(0.35, 0.9) * letters.size, rng.uniform(0.25, 0.6) * letters.size
        widths = [
            max(text_size(ruler, row[c], heads if r == 0 else letters)[0] for r, row in enumerate(cells)) + 2 * pad_x
            for c in range(len(cells[0]))
        ]
        line = letters.size * 1.15 + 2 * pad_y
        margin = rng.randint(3, 18)
        paper = background(rng)
        width, height = int(sum(widths)) + 2 * margin, int(line * len(cells)) + 2 * margin
        image = Image.new("RGB", (max(width, 84), max(height, 84)), paper)
        draw = Pencil(image)
        pen = ink(paper)
        rule, stripe = mixed(paper, pen, rng.uniform(0.2, 0.7)), mixed(paper, pen, 0.08)
        head = shade(rng, rng.choice(("blue", "green", "purple", "orange", "grey"))) if rng.random() < 0.4 else paper
        style = rng.choice(("grid", "lines", "stripes", "plain", "box"))
        align = rng.choice(("mm", "rm", "mm", "lm"))
        edges = [margin + sum(widths[:c]) for c in range(len(widths) + 1)]
        for r, row in enumerate(cells):
            y = margin + r * line
            if r == 0 and head != paper:
                draw.rectangle((margin, y, edges[-1], y + line), fill=head)
            elif style == "stripes" and r % 2:
                draw.rectangle((margin, y, edges[-1], y + line), fill=stripe)
            for c, text in enumerate(row):
                anchor = "lm" if c == 0 else align
                x = {"l": edges[c] + pad_x, "r": edges[c + 1] - pad_x, "m": (edges[c] + edges[c + 1]) / 2}[anchor[0]]
                colour = ink(head) if r == 0 and head != paper else pen
                draw.text((x, y + line / 2), text, font=heads if r == 0 else letters, fill=colour, anchor=anchor)
            if style in ("grid", "lines"):
                draw.line((margin, y + line, edges[-1], y + line), fill=rule)
        if style in ("grid", "box"):
            draw.rectangle((margin, margin, edges[-1], margin + line * len(cells)), outline=rule)
        if style == "grid":
            for x in edges[1:-1]:
                draw.line((x, margin, x, margin + line * len(cells)), fill=rule)
        if luminance(paper) > 128 and style in ("plain", "lines"):
            draw.line((margin, margin + line, edges[-1], margin + line), fill=pen)
        scene["_marks"] = draw.marks
        return degrade(rng, image, (0.0, 0.2, 0.4, 0.8)[level - 1] * rng.random())

    def questions(self, rng: random.Random, scene: Scene, level: int) -> list[Question]:
        rows, out = scene["rows"], []
        for column in scene["columns"]:
            values = _column(scene, column)
            # A row is read from its name up to the asked column, so that what is asked for is what was read last.
            read = {name: _read(scene, name, column) for name in rows}
            listed = ", ".join(f"{name} {value}" for name, value in values.items())
            for name, value in values.items():
                slots = {"row": name, "column": column}
                want = f"{column} of {name}"
                out.append(_question("cell", slots, str(value), f"{name} {column} {value}", [want, read[name]]))
                if level >= 2 and list(values.values()).count(value) == 1:
                    slots = {"column": column, "value": str(value)}
                    out.append(
                        _question("find", slots, name, f"{column} {value} {name}", _found(column, values, read, name))
                    )
            high = max(values.values())
            best = [name for name, value in values.items() if value == high]
            if len(best) == 1:
                lines = [f"{read[name]}; {won}" for name, won in zip(rows, _won(values), strict=True)]
                out.append(_question("largest", {"column": column}, best[0], listed, [f"largest {column}", *lines]))
            if level >= 2:
                for a, b in itertools.combinations(values, 2):
                    out.append(_combined("+", "sum", column, (a, b), values, read))
            if level >= 3:
                for a, b in itertools.permutations(values, 2):
                    if values[a] > values[b]:
                        out.append(_combined("-", "gap", column, (a, b), values, read))
                limit = rng.choice(sorted(values.values()))
                above = [name for name, value in values.items() if value > limit]
                running = itertools.accumulate(int(value > limit) for value in values.values())
                lines = [
                    f"{read[name]}, {limit}: {'yes' if values[name] > limit else 'no'} {count}"
                    for name, count in zip(rows, running, strict=True)
                ]
                slots, found = {"column": column, "limit": str(limit)}, ", ".join(above) or "none"
                out.append(_question("above", slots, str(len(above)), found, [f"count {column} above {limit}", *lines]))
            if level == 4:
                out.append(_total(column, values, read))
        if level == 4:
            out += _widest(scene)
        return out


def _column(scene: Scene, column: str) -> dict[str, int]:
    place = scene["columns"].index(column)
    return {name: row[place] for name, row in scene["rows"].items()}


def _read(scene: Scene, name: str, column: str) -> str:
    """A row cell by cell, each beside its header, up to a column: "Fish: Left 29, Price 19"."""
    count = scene["columns"].index(column) + 1
    cells = zip(scene["columns"][:count], scene["rows"][name][:count], strict=True)
    return f"{name}: {', '.join(f'{head} {value}' for head, value in cells)}"


def _won(values: dict[str, int]) -> list[str]:
    """For each row the best before it, and the best with it: what is compared stands side by side."""
    best = [line.partition(": ")[2] for line in winners(list(values.items()), largest=True)]
    return [best[0], *(f"{before}; {now}" for before, now in itertools.pairwise(best))]


def _found(column: str, values: dict[str, int], read: dict[str, str], asked: str) -> list[str]:
    """Row after row against the wanted value, until it is there."""
    names = list(values)
    names = names[: names.index(asked) + 1]
    return [
        f"{column} = {values[asked]}",
        *(f"{read[name]}, {values[asked]}: {'yes' if name == asked else 'no'}" for name in names),
    ]


def _combined(
    op: str, kind: str, column: str, names: tuple[str, str], values: dict[str, int], read: dict[str, str]
) -> Question:
    a, b = (values[name] for name in names)
    result = str(a + b if op == "+" else a - b)
    slots = {"row": names[0], "other": names[1], "column": column}
    terse = f"{names[0]} {a}, {names[1]} {b}, {a}{op}{b}={result}"
    steps = [f"{column} of {names[0]} {op} {names[1]}", *(read[name] for name in names), explained(op, a, b)]
    return _question(kind, slots, result, terse, steps)


def _total(column: str, values: dict[str, int], read: dict[str, str]) -> Question:
    running, lines, sums = 0, [], []
    for name, value in values.items():
        total = f"{running}+{value}={running + value}"
        lines.append(f"{read[name]}; {total}")
        sums.append(total)
        running += value
    return _question("total", {"column": column}, str(running), ", ".join(sums[1:]), [f"total {column}", *lines])


def _widest(scene: Scene) -> list[Question]:
    out = []
    for (i, a), (j, b) in itertools.combinations(enumerate(scene["columns"]), 2):
        gaps = {name: abs(row[i] - row[j]) for name, row in scene["rows"].items()}
        high = max(gaps.values())
        best = [name for name, gap in gaps.items() if gap == high]
        if len(best) == 1:
            terse = ", ".join(f"{name} {gap}" for name, gap in gaps.items())
            lines = []
            for (name, row), won in zip(scene["rows"].items(), _won(gaps), strict=True):
                lines.append(f"{name}: {max(row[i], row[j])}-{min(row[i], row[j])}={gaps[name]}; {won}")
            out.append(_question("widest", {"column": a, "other": b}, best[0], terse, [f"widest {a} - {b}", *lines]))
    return out


def _question(kind: str, slots: dict[str, str], answer: str, terse: str, steps: list[str]) -> Question:
    return Question(kind, slots, answer, terse, "\n".join([f"Want: {steps[0]}", *steps[1:]]))
