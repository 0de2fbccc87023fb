"""Points and boxes in an answer."""

from __future__ import annotations

import re

# "(042, 310)" in thousandths, or two location tokens in percents; digits are ASCII, spacing is free
_POINT = re.compile(r"[(\[]\s*([0-9]{3})\s*,\s*([0-9]{3})\s*[)\]]" r"|<\|loc_([0-9]{2})\|>\s*,?\s*<\|loc_([0-9]{2})\|>")


_BOX = re.compile(
    r"[(\[]\s*([0-9]{3})\s*,\s*([0-9]{3})\s*,\s*([0-9]{3})\s*,\s*([0-9]{3})\s*[)\]]"
    r"|<\|loc_([0-9]{2})\|><\|loc_([0-9]{2})\|><\|loc_([0-9]{2})\|><\|loc_([0-9]{2})\|>"
)


def find_boxes(text: str) -> list[tuple[float, float, float, float]]:
    """All boxes (left, top, right, bottom) in a text, in order, as fractions of the picture's width and height: four
    numbers where a point has two."""
    boxes = []
    for groups in _BOX.findall(text):
        cells, numbers = (1000, groups[:4]) if groups[0] else (100, groups[4:])
        x0, y0, x1, y1 = ((int(n) + 0.5) / cells for n in numbers)
        boxes.append((x0, y0, x1, y1))
    return boxes


def find_points(text: str) -> list[tuple[float, float]]:
    """All points (x, y) in a text, in order, as fractions of the picture's width and height. Boxes are no points.

    Read are `(xxx, yyy)`, three digits each, thousandths, and `<|loc_NN|><|loc_NN|>`, percents; a point is the middle of
    the cell that they name. Anything else is passed over.
    """
    return [
        ((int(a or c) + 0.5) / (1000 if a else 100), (int(b or d) + 0.5) / (1000 if b else 100))
        for a, b, c, d in _POINT.findall(_BOX.sub(" ", text))
    ]
