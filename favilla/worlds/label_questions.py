"""What can be asked about a nutrition label, with workings. Values are in tenths of their unit."""

from __future__ import annotations

import itertools
import random

from favilla.worlds.drawn import ended
from favilla.worlds.scenes import Question
from favilla.worlds.written_sums import minus, plus, times

# line: its unit, (least, largest) per 100 g
LINES: dict[str, tuple[str, tuple[int, int]]] = {
    "Energy": ("kcal", (40, 560)), "Fat": ("g", (2, 36)), "Saturates": ("g", (1, 15)), "Carbs": ("g", (8, 60)),
    "Sugar": ("g", (2, 40)), "Fibre": ("g", (1, 14)), "Protein": ("g", (2, 28)), "Salt": ("g", (1, 4)),
    "Sodium": ("mg", (20, 900)), "Calcium": ("mg", (20, 600)), "Iron": ("mg", (2, 20)), "Starch": ("g", (4, 40)),
}  # fmt: skip


def number(tenths: int) -> str:
    """Tenths as a number: 12 is "1.2", 120 is "12"."""
    return str(tenths // 10) if tenths % 10 == 0 else f"{tenths // 10}.{tenths % 10}"


class _Scale:
    """Decimals are reckoned with as tenths, and said so; where all are whole, in ones."""

    def __init__(self, *tenths: int):
        self.whole = all(value % 10 == 0 for value in tenths)
        self.ints = [value // 10 if self.whole else value for value in tenths]
        self.opening = [] if self.whole else [", ".join(f"{number(v)} = {v} tenths" for v in tenths)]

    def closing(self, value: int) -> list[str]:
        return [] if self.whole else [f"{value} tenths = {number(value)}"]


def about_pairs(values: dict[str, int], per: str, level: int) -> list[Question]:
    """Sums and comparisons of two lines with the same unit, and from level 3 on differences."""
    out = []
    for a, b in itertools.permutations(values, 2):
        unit = LINES[a][0]
        if unit != LINES[b][0]:
            continue
        one, two = values[a], values[b]
        seen = f"{a} {number(one)}, {b} {number(two)}"
        slots = {"line": a, "other": b, "per": per}
        scale = _Scale(one, two)
        x, y = scale.ints
        if one != two:
            sign = "<" if one < two else ">"
            compared = "\n".join([f"per {per}: {seen}", *scale.opening, f"{x} {sign} {y}"])
            out.append(ended("more", slots, a if one > two else b, seen, compared))
            out.append(ended("less", slots, b if one > two else a, seen, compared))
        slots["unit"] = unit
        lines = [f"per {per}: {seen}", *scale.opening, plus(x, y), *scale.closing(x + y)]
        out.append(ended("sum", slots, number(one + two), seen, "\n".join(lines)))
        if level >= 3 and one > two:
            lines = [f"per {per}: {seen}", *scale.opening, minus(x, y), *scale.closing(x - y)]
            out.append(ended("gap", slots, number(one - two), seen, "\n".join(lines)))
    return out


def in_servings(name: str, value: int, k: int, kind: str) -> Question:
    """value: per serving; kind: "two", which names no number, or "servings"."""
    scale = _Scale(value)
    (x,) = scale.ints
    lines = [f"{name} per serving: {number(value)}", *scale.opening, times(x, k), *scale.closing(x * k)]
    slots = {"line": name, "unit": LINES[name][0], **({"k": str(k)} if kind == "servings" else {})}
    return ended(kind, slots, number(value * k), f"{number(value)}*{k}", "\n".join(lines))


def divides(value: int, grams: int) -> bool:
    """Whether the amount is a whole number of tenths, and so is each piece of the working."""
    return value % {0: 1, 50: 2, 25: 4, 75: 4}.get(grams % 100, 10) == 0


def in_grams(name: str, value: int, grams: int) -> Question:
    """value: per 100 g; from there to hundreds, to a half and a quarter, or to tens."""
    rest, result = grams % 100, value * grams // 100
    unit_piece = {0: value, 50: value // 2, 25: value // 4, 75: value // 4}.get(rest, value // 10)
    scale = _Scale(value, value // 2 if rest in (25, 50, 75) else value, unit_piece, result)
    whole, half, piece, _ = scale.ints
    lines = [f"{name} per 100 g: {number(value)}"]
    if not scale.whole:
        lines.append(f"{number(value)} = {whole} tenths")
    parts = []
    if grams >= 100:
        parts.append(whole * (grams // 100))
        lines.append(f"{grams - rest} g: {whole}" if grams < 200 else f"{grams - rest} g: {times(whole, grams // 100)}")
    if rest in (25, 50, 75):
        lines.append(f"50 g: {whole}/2={half}")
        if rest != 50:
            lines.append(f"25 g: {half}/2={piece}")
        parts += {25: [piece], 50: [half], 75: [half, piece]}[rest]
    elif rest:
        lines.append(f"10 g: {whole}/10={piece}")
        if rest > 10:
            lines.append(f"{rest} g: {times(piece, rest // 10)}")
        parts.append(piece * (rest // 10))
    if len(parts) == 2:
        lines.append(plus(*parts))
    lines += scale.closing(sum(parts))
    slots = {"line": name, "unit": LINES[name][0], "grams": str(grams)}
    return ended("amount", slots, number(result), f"{number(value)}*{grams}/100", "\n".join(lines))


def percent_of_day(rng: random.Random, name: str, value: int, k: int) -> list[Question]:
    """value: per serving, of which there are k. A day's amount is chosen so that the percentage is a multiple of ten, or of five below fifty."""
    total = value * k
    fitting = [p for p in (5, 10, 15, 20, 25, 30, 40, 50, 60, 80) if _parts(total, p)]
    if not fitting:
        return []
    percent = rng.choice(fitting)
    day = total * 100 // percent
    base = 10 if percent % 10 == 0 else 5
    scale = _Scale(value, total, day, day * base // 100)
    x, _, _, z = scale.ints
    lines = [f"{name} per serving: {number(value)}"]
    if not scale.whole:
        lines.append(f"{number(value)} = {x} tenths, {number(day)} = {day} tenths")
    if k > 1:
        lines.append(times(x, k))
    shown = day // 10 if scale.whole else day
    tenth = f"10 %: {shown}/10={shown // 10}"
    lines.append(tenth if base == 10 else f"{tenth}, 5 %: {shown // 10}/2={z}")
    lines.append(f"{', '.join(str(z * i) for i in range(1, percent // base + 1))}: {percent // base}")
    lines.append(f"{percent // base}*{base}={percent}")
    portion = f"{k} servings" if k > 1 else rng.choice(("a serving", "one serving"))
    slots = {"line": name, "unit": LINES[name][0], "day": number(day), "portion": portion}
    return [ended("percent", slots, str(percent), f"{number(total)}/{number(day)}", "\n".join(lines))]


def _parts(total: int, percent: int) -> bool:
    """Whether a whole, and its tenth and twentieth where they are needed, are whole numbers: ones for whole totals, else
    tenths."""
    one = 10 if total % 10 == 0 else 1
    day, rest = divmod(total * 100, percent)
    return rest == 0 and day % (10 * one if percent % 10 == 0 else 20 * one) == 0


def servings_until(name: str, value: int, k: int) -> Question:
    """How many servings hold what k of them hold, by counting up."""
    scale = _Scale(value, value * k)
    x, total = scale.ints
    counted = ", ".join(f"{i}: {x * i}" for i in range(1, k + 1))
    lines = [f"{name} per serving: {number(value)}", *scale.opening, f"{counted}"]
    slots = {"line": name, "unit": LINES[name][0], "total": number(value * k)}
    return ended("until", slots, str(k), f"{total}/{x}", "\n".join(lines))
