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

from favilla.worlds.base import Split
from favilla.worlds.drawing import background, degrade, font, ink, luminance, mixed, shade, text_size
from favilla.worlds.marks import Pencil
from favilla.worlds.scenes import Question, Scene, SceneFamily

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

CELL = (
    "What is {row}'s {column}?",
    "What is the {column} of {row}?",
    "{column} of {row}?",
    "Which value stands at {row}, {column}?",
    "Read the {column} of {row}.",
    "In the row {row}, what is {column}?",
    "Look up {column} for {row}.",
)
CELL_TEST = (
    "For {row}, how much is {column}?",
    "Tell me the number at row {row} and column {column}.",
    "{row}: {column}?",
)
LARGEST = (
    "Which row has the largest {column}?",
    "Who or what has the highest {column}?",
    "Where is {column} largest?",
    "Name the row with the most {column}.",
)
LARGEST_TEST = ("By {column}, which row comes first?", "Whose {column} is greatest?")
FIND = (
    "Which row has {column} {value}?",
    "Whose {column} is {value}?",
    "Where is {column} equal to {value}?",
    "{column} is {value} in which row?",
)
FIND_TEST = ("Find the row where {column} reads {value}.",)
SUM = (
    "What is the {column} of {row} and {other} together?",
    "Add the {column} of {row} and {other}.",
    "{column}: {row} plus {other}?",
    "How much {column} do {row} and {other} have together?",
)
SUM_TEST = ("Take the {column} of {row}, add that of {other}.",)
GAP = (
    "By how much does {row}'s {column} exceed {other}'s?",
    "What is {row}'s {column} minus {other}'s?",
    "{column}: {row} minus {other}?",
)
GAP_TEST = ("How much larger is the {column} of {row} than that of {other}?",)
ABOVE = (
    "How many rows have {column} above {limit}?",
    "Count the rows with {column} over {limit}.",
    "In how many rows is {column} more than {limit}?",
)
ABOVE_TEST = ("For how many rows does {column} exceed {limit}?",)
TOTAL = ("What is the total of {column}?", "Add up the column {column}.", "Sum of {column}?")
TOTAL_TEST = ("All of {column} together makes what?",)
WIDEST = (
    "In which row do {column} and {other} differ most?",
    "Which row has the widest gap between {column} and {other}?",
)
WIDEST_TEST = ("Where are {column} and {other} farthest apart?",)


class Tables(SceneFamily):
    """Reading tables; see the module's docstring for levels and answers."""

    name = "tables"
    levels = 4
    phrasings = {"cell": CELL, "largest": LARGEST, "find": FIND, "sum": SUM, "gap": GAP, "above": ABOVE, "total": TOTAL,
                 "widest": WIDEST}  # fmt: skip
    test_phrasings = {"cell": CELL_TEST, "largest": LARGEST_TEST, "find": FIND_TEST, "sum": SUM_TEST, "gap": GAP_TEST,
                      "above": ABOVE_TEST, "total": TOTAL_TEST, "widest": WIDEST_TEST}  # fmt: skip

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
        columns, rows = scene["columns"], scene["rows"]
        out = []
        for c, column in enumerate(columns):
            values = {name: row[c] for name, row in rows.items()}
            listed = ", ".join(f"{name} {value}" for name, value in values.items())
            column_text = f"{column}: {listed}"
            for name, value in values.items():
                row_text = f"{name}: " + ", ".join(f"{h} {v}" for h, v in zip(columns, rows[name], strict=True))
                out.append(
                    _question("cell", {"row": name, "column": column}, str(value), f"{name} {column} {value}", row_text)
                )
                if level >= 2 and list(values.values()).count(value) == 1:
                    slots = {"column": column, "value": str(value)}
                    out.append(_question("find", slots, name, f"{column} {value} {name}", column_text))
            high = max(values.values())
            best = [name for name, value in values.items() if value == high]
            if len(best) == 1:
                out.append(
                    _question(
                        "largest", {"column": column}, best[0], listed, f"{column_text}\nlargest {best[0]} {high}"
                    )
                )
            if level >= 2:
                for a, b in itertools.combinations(values, 2):
                    work = f"{values[a]}+{values[b]}={values[a] + values[b]}"
                    slots = {"row": a, "other": b, "column": column}
                    terse = f"{a} {values[a]}, {b} {values[b]}, {work}"
                    out.append(_question("sum", slots, str(values[a] + values[b]), terse, f"{column_text}\n{work}"))
            if level >= 3:
                for a, b in itertools.permutations(values, 2):
                    if values[a] > values[b]:
                        work = f"{values[a]}-{values[b]}={values[a] - values[b]}"
                        slots = {"row": a, "other": b, "column": column}
                        terse = f"{a} {values[a]}, {b} {values[b]}, {work}"
                        out.append(_question("gap", slots, str(values[a] - values[b]), terse, f"{column_text}\n{work}"))
                limit = rng.choice(sorted(values.values()))
                above = [name for name, value in values.items() if value > limit]
                found = ", ".join(above) or "none"
                steps = f"{column_text}\nabove {limit}: {found}"
                out.append(_question("above", {"column": column, "limit": str(limit)}, str(len(above)), found, steps))
            if level == 4:
                running, sums = 0, []
                for value in values.values():
                    sums.append(f"{running}+{value}={running + value}")
                    running += value
                work = ", ".join(sums[1:])
                out.append(_question("total", {"column": column}, str(running), work, f"{column_text}\n{work}"))
        if level == 4:
            out += _widest(scene)
        return out


def _widest(scene: Scene) -> list[Question]:
    out = []
    for (i, a), (j, b) in itertools.combinations(enumerate(scene["columns"]), 2):
        gaps = {name: abs(row[i] - row[j]) for name, row in scene["rows"].items()}
        high = max(gaps.values())
        best = [name for name, gap in gaps.items() if gap == high]
        if len(best) == 1:
            terse = ", ".join(f"{name} {gap}" for name, gap in gaps.items())
            lines = "\n".join(f"{name}: {row[i]}, {row[j]}: {gaps[name]}" for name, row in scene["rows"].items())
            out.append(
                _question("widest", {"column": a, "other": b}, best[0], terse, f"{lines}\nwidest {best[0]} {high}")
            )
    return out


def _question(kind: str, slots: dict[str, str], answer: str, terse: str, steps: str) -> Question:
    return Question(kind, slots, answer, terse, f"{steps}\nCheck: {answer}")
