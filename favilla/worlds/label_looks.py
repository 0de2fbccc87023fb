"""How nutrition labels look: panels with a title, rules and columns in the manner of many countries."""

from __future__ import annotations

import random

from PIL import Image, ImageDraw

from favilla.worlds.drawing import COLOURS, background, degrade, face, font, ink, mixed, shade, text_size, tinted_ink
from favilla.worlds.marks import Mark, Pencil

TITLES = ("Nutrition", "Nutrition Facts", "Contents", "What is in it", "Values")

# level: (least, largest) letter height
LETTERS = {1: (13, 16), 2: (12, 13), 3: (12, 13), 4: (11, 13)}


def draw_label(
    rng: random.Random, columns: list[str], serving: int, rows: dict[str, tuple[str, list[str]]],
    percents: dict[str, int] | None, level: int,
) -> tuple[Image.Image, tuple[Mark, ...]]:  # fmt: skip
    """A picture of the label, and what it notes. rows: name -> (unit, values, one a column)."""
    letters = font(rng, rng.randint(*LETTERS[level]))
    bold = face(
        rng.choice(("DejaVuSans-Bold", "DejaVuSerif-Bold", "STIXGeneralBol")), int(letters.size) + rng.randint(0, 2)
    )
    size = int(letters.size)
    units = rng.choice(("behind", "behind", "tight", "name"))
    sized = rng.choice(("head", "line")) if "serving" in columns else "none"
    cells = [[_head(rng, column, serving if sized == "head" else 0, level) for column in columns]]
    if percents is not None:
        cells[0].append(rng.choice(("% day", "%", "DV %")))
    for name, (unit, values) in rows.items():
        gap = {"behind": f" {unit}", "tight": unit, "name": ""}[units]
        line = [f"{value}{gap}" for value in values]
        if percents is not None:
            line.append(f"{percents[name]}%" if name in percents else "")
        cells.append(line)
    names = ["", *(f"{name} ({unit})" if units == "name" else name for name, (unit, _) in rows.items())]
    title = rng.choice(TITLES) if level >= 3 or (level == 2 and rng.random() < 0.6) else ""
    ruler = ImageDraw.Draw(Image.new("RGB", (1, 1)))
    pad = rng.randint(5, 9 if level != 2 else 6)
    under = rng.random() < 0.3  # parts of other lines stand a little to the right
    first = max(text_size(ruler, name, letters)[0] for name in names) + pad + (6 if under else 0)
    widths = [max(text_size(ruler, row[c], letters)[0] for row in cells) + pad + 5 for c in range(len(cells[0]))]
    line_height = size + rng.randint(4, 8)
    top = (int(bold.size) + 5 if title else 0) + (line_height if sized == "line" else 0)
    rim, slack = (rng.randint(4, 9), rng.randint(0, 16)) if level != 2 else (rng.randint(4, 6), 0)
    inner = max(
        first + sum(widths) + slack,
        *(text_size(ruler, t, bold)[0] for t in (title, f"Serving {serving} g" if sized == "line" else "")),
    )
    width, height = max(84, inner + 2 * rim), max(84, line_height * len(cells) + top + 2 * rim)
    paper = background(rng)
    image = Image.new("RGB", (width, height), paper)
    draw = Pencil(image)
    pen, rule = (
        tinted_ink(rng, paper) if rng.random() < 0.4 else ink(paper),
        mixed(paper, ink(paper), rng.uniform(0.3, 0.8)),
    )
    style = rng.choice(("rules", "rules", "stripes", "plain", "grid"))
    band = shade(rng, rng.choice(sorted(COLOURS))) if rng.random() < 0.25 else None
    left, right = rim, width - rim
    y = float(rim)
    if title:
        draw.text((left + 1, y + bold.size / 2 + 1), title, font=bold, fill=pen, anchor="lm")
        y += int(bold.size) + 5
    if sized == "line":
        draw.text((left + 1, y + line_height / 2), f"Serving {serving} g", font=letters, fill=pen, anchor="lm")
        y += line_height
    heavy = rng.random() < 0.4
    if title and heavy:
        draw.rectangle((left, y - 2, right, y), fill=pen)
    edges = [right - sum(widths[c + 1 :]) for c in range(len(widths))]
    table_top = y
    for r, (name, row) in enumerate(zip(names, cells, strict=True)):
        colour = pen
        if r == 0 and band:
            draw.rectangle((left - 2, y, right + 2, y + line_height - 1), fill=band)
            colour = ink(band)
        elif style == "stripes" and r % 2:
            draw.rectangle((left - 2, y, right + 2, y + line_height - 1), fill=mixed(paper, pen, 0.1))
        middle = y + line_height / 2
        indent = 6 if under and name.startswith(("Saturates", "Sugar", "Starch")) else 0
        if name:
            draw.text((left + 1 + indent, middle), name, font=letters, fill=colour, anchor="lm")
        for c, text in enumerate(row):
            if text:
                draw.text((edges[c] - 2, middle), text, font=letters, fill=colour, anchor="rm")
        y += line_height
        if style in ("rules", "grid") or (r == 0 and not band):
            draw.line(
                (left, y - 1, right, y - 1), fill=pen if r == 0 and heavy else rule, width=2 if r == 0 and heavy else 1
            )
    if style == "grid":
        for c in range(len(widths)):
            x = edges[c] - widths[c] + 1
            draw.line((x, table_top, x, y - 1), fill=rule)
    if rng.random() < 0.6:
        draw.rectangle((1, 1, width - 2, height - 2), outline=pen, width=rng.choice((1, 2)))
    return degrade(rng, image, (0.0, 0.2, 0.3, 0.5)[level - 1] * rng.random()), draw.marks


def _head(rng: random.Random, column: str, serving: int, level: int) -> str:
    """A column's head; serving: its grams if they are to stand there."""
    if column == "100 g":
        return rng.choice(("100 g", "per 100 g", "in 100 g")) if level != 2 else "100 g"
    if serving:
        return f"serving {serving} g" if level == 1 or rng.random() < 0.5 else f"serving ({serving}g)"
    return rng.choice(("serving", "per serving", "a serving")) if level != 2 else "serving"
