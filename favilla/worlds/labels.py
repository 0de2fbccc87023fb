"""Nutrition labels (picture), and the same told in words (`labels_text`).

Level 1: 2 to 4 lines, one column (per 100 g or per serving), whole numbers; read a value, or find the line of one. Level 2: 3 or
4 lines, both columns; also two servings, the sum of two lines, which of two lines is more. Level 3: 5 or 6 lines, tenths of
grams; also several servings, round amounts in grams, differences, percents of a day's amount. Level 4: 6 to 8 lines, percents of
a day printed; other amounts, percents of several servings, how many servings make an amount.

Answers: numbers without their unit, whole or with one decimal, 0.1 .. 5,600; a line's name (12). Values per serving are exactly
those per 100 g times the serving's share, and nothing has to be rounded.
"""

from __future__ import annotations

import json
import math
import random

from PIL import Image

from favilla.worlds.base import Split
from favilla.worlds.drawn import Drawn, Told, ended
from favilla.worlds.label_looks import draw_label
from favilla.worlds.label_questions import (
    LINES,
    about_pairs,
    divides,
    in_grams,
    in_servings,
    number,
    percent_of_day,
    servings_until,
)  # fmt: skip
from favilla.worlds.labels_wordings import (
    AMOUNT,
    AMOUNT_TEST,
    GAP,
    GAP_TEST,
    LESS,
    LESS_TEST,
    MORE,
    MORE_TEST,
    PERCENT,
    PERCENT_TEST,
    PRINTED,
    PRINTED_TEST,
    READ,
    READ_TEST,
    SERVINGS,
    SERVINGS_TEST,
    SUM,
    SUM_TEST,
    TWO,
    TWO_TEST,
    UNTIL,
    UNTIL_TEST,
    WHICH,
    WHICH_TEST,
)
from favilla.worlds.scenes import Question, Scene
from favilla.worlds.written_sums import times

# level: (fewest, most lines)
COUNTS = {1: (2, 4), 2: (3, 4), 3: (5, 6), 4: (6, 8)}
AMOUNTS = {3: (50, 200, 300, 10, 20), 4: (25, 75, 150, 250, 350, 40, 60, 120)}


class Labels(Drawn):
    """Reading nutrition labels; see the module's docstring for levels and answers."""

    name = topic = "labels"
    twin = "labels_text"
    levels = 4
    phrasings = {
        "read": READ, "which": WHICH, "two": TWO, "sum": SUM, "more": MORE, "less": LESS, "gap": GAP, "servings": SERVINGS,
        "amount": AMOUNT, "percent": PERCENT, "printed": PRINTED, "until": UNTIL,
    }  # fmt: skip
    test_phrasings = {
        "read": READ_TEST, "which": WHICH_TEST, "two": TWO_TEST, "sum": SUM_TEST, "more": MORE_TEST, "less": LESS_TEST,
        "gap": GAP_TEST, "servings": SERVINGS_TEST, "amount": AMOUNT_TEST, "percent": PERCENT_TEST, "printed": PRINTED_TEST,
        "until": UNTIL_TEST,
    }  # fmt: skip

    def scene(self, rng: random.Random, level: int, split: Split) -> Scene:
        """serving: its grams; columns: "100 g" and "serving", or one of them; lines: name -> values in tenths of its unit, one a
        column; percents: name -> of the day per serving, at level 4."""
        serving = rng.choice((20, 25, 30, 40, 50))
        # Values per 100 g are multiples of this, so that those per serving are exact.
        step = 100 // math.gcd(serving, 100)
        columns = [rng.choice(("100 g", "serving"))] if level == 1 else ["100 g", "serving"]
        if level >= 3 and rng.random() < 0.4:
            columns.reverse()
        per_100 = {}
        for name in rng.sample(sorted(LINES), rng.randint(*COUNTS[level])):
            unit, (least, largest) = LINES[name]
            tenth = level >= 3 and unit == "g" and (name == "Salt" or rng.random() < 0.5)
            scale = 1 if tenth else 10
            most = max(1, largest * 10 // (scale * step))
            per_100[name] = scale * step * rng.randint(min(most, max(1, least * 10 // (scale * step))), most)
        for part, whole in (("Saturates", "Fat"), ("Sugar", "Carbs"), ("Starch", "Carbs")):
            if part in per_100 and whole in per_100 and per_100[part] > per_100[whole]:
                per_100[part], per_100[whole] = per_100[whole], per_100[part]
        share = {"100 g": 100, "serving": serving}
        lines = {name: [value * share[column] // 100 for column in columns] for name, value in per_100.items()}
        scene: Scene = {"serving": serving, "columns": columns, "lines": lines}
        if level == 4:
            scene["percents"] = {name: rng.randint(2, 40) for name in rng.sample(sorted(lines), len(lines) - 2)}
        return scene

    def instance(self, scene: Scene) -> str:
        """Cell by cell, so that the order of lines and columns does not count."""
        cells = {name: dict(zip(scene["columns"], row, strict=True)) for name, row in scene["lines"].items()}
        facts = [scene["serving"] if "serving" in scene["columns"] else 0, cells, scene.get("percents", {})]
        return f"{self.topic}: {json.dumps(facts, sort_keys=True, separators=(',', ':'))}"

    def transcript(self, scene: Scene) -> str:
        percents = scene.get("percents", {})
        heads = ", ".join(c if c == "100 g" else f"serving {scene['serving']} g" for c in scene["columns"])
        rows = [
            f"{name} {', '.join(map(number, row))} {LINES[name][0]}"
            + (f" {percents[name]}%" if name in percents else "")
            for name, row in scene["lines"].items()
        ]
        return "\n".join([heads, *rows])

    def tell(self, rng: random.Random, scene: Scene, level: int) -> str:
        columns, serving = scene["columns"], scene["serving"]
        # In the picture's order, in which workings go through them.
        lines = list(scene["lines"].items())
        percents = scene.get("percents", {})
        size = f" ({serving} g)"
        way = rng.choice(("columns", "rows", "table"))
        if way == "table":
            heads = [c + size if c == "serving" else c for c in columns] + (["% of the day"] if percents else [])
            out = [" | ".join(["per", *heads])]
            for name, row in lines:
                cells = [f"{number(v)} {LINES[name][0]}" for v in row]
                if percents:
                    cells.append(str(percents.get(name, "-")))
                out.append(" | ".join([name, *cells]))
            return "\n".join(out)
        if way == "rows":
            out = [f"A serving is {serving} g."] if "serving" in columns else []
            for name, row in lines:
                each = [f"{number(v)} {LINES[name][0]} per {c}" for v, c in zip(row, columns, strict=True)]
                day = [f"{percents[name]} % of the day"] if name in percents else []
                out.append(f"{name}: {', '.join(each + day)}.")
            return "\n".join(out)
        out = []
        for index, column in enumerate(columns):
            stated = ", ".join(f"{name} {number(row[index])} {LINES[name][0]}" for name, row in lines)
            out.append(f"Per {column}{size if column == 'serving' else ''}: {stated}.")
        if percents:
            stated = ", ".join(f"{name} {percents[name]}" for name, _ in lines if name in percents)
            out.append(f"Percent of the day: {stated}.")
        return "\n".join(out)

    def render(self, rng: random.Random, scene: Scene, level: int) -> Image.Image:
        rows = {name: (LINES[name][0], [number(v) for v in row]) for name, row in scene["lines"].items()}
        image, scene["_marks"] = draw_label(rng, scene["columns"], scene["serving"], rows, scene.get("percents"), level)
        return image

    def questions(self, rng: random.Random, scene: Scene, level: int) -> list[Question]:
        out: list[Question] = []
        columns, lines = scene["columns"], scene["lines"]
        for index, per in enumerate(columns):
            values = {name: row[index] for name, row in lines.items()}
            if level <= 2:
                for name, value in values.items():
                    seen = f"{name} per {per}: {number(value)}"
                    slots = {"line": name, "unit": LINES[name][0], "per": per}
                    out.append(ended("read", slots, number(value), seen, seen))
                    same = [n for n, v in values.items() if (v, LINES[n][0]) == (value, LINES[name][0])]
                    if len(same) == 1:
                        told = f"{number(value)} {LINES[name][0]}"
                        each = ", ".join(f"{n} {number(v)}" for n, v in values.items())
                        out.append(
                            ended("which", {"value": told, "per": per}, name, seen, f"per {per}: {each}\n{seen}")
                        )
            if level >= 2:
                out += about_pairs(values, per, level)
        if level >= 2:
            served = {name: row[columns.index("serving")] for name, row in lines.items()}
            weighed = {name: row[columns.index("100 g")] for name, row in lines.items()}
            out += [in_servings(name, value, 2, "two") for name, value in served.items()] if level == 2 else []
        if level >= 3:
            for name in lines:
                out += [in_servings(name, served[name], k, "servings") for k in rng.sample(range(3, 8), 2)]
                out += [
                    in_grams(name, weighed[name], grams) for grams in AMOUNTS[level] if divides(weighed[name], grams)
                ]
                out += percent_of_day(rng, name, served[name], 1 if level == 3 else rng.randint(2, 4))
                if level == 4:
                    out += [servings_until(name, served[name], rng.randint(3, 8))]
            for name, percent in scene.get("percents", {}).items():
                k = rng.randint(2, 6)
                work = f"{name} per serving: {percent} %\n{times(percent, k)}"
                out.append(ended("printed", {"line": name, "k": str(k)}, str(percent * k), f"{percent}*{k}", work))
        return out


class LabelsText(Told, Labels):
    """Nutrition labels told in words; see the module's docstring."""

    name = "labels_text"
    twin = "labels"
