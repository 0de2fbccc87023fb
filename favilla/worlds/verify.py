"""Strict readers of answers: one canonical form each, so that an answer is right or wrong and never "close enough".

None of them raises, whatever the text, and none takes time that grows faster than the text.
"""

from __future__ import annotations

import math
import re

# `[0-9]` and not `\d`, and `fullmatch` and not `$`: other alphabets' digits and a trailing newline are refused.
_INTEGER = re.compile(r"-?[1-9][0-9]*|0")
_POINT_DIGITS = re.compile(r"\(([0-9]{3}), ([0-9]{3})\)")
_POINT_LOCATIONS = re.compile(r"<\|loc_([0-9]{2})\|><\|loc_([0-9]{2})\|>")
_TIME = re.compile(r"([0-9]{1,2}):([0-5][0-9])")
# Python refuses to convert very long digit strings, and no question here has an answer of this length.
_LONGEST_INTEGER = 100


def read_integer(text: str) -> int | None:
    """The integer that `text` writes in canonical form (`-?[1-9][0-9]*|0`, ASCII digits), else None.

    "07", "+7", "-0", "7.0", "7 ", "1,000" and digits of other alphabets are all None, and so is anything of more than
    a hundred characters. Callers strip white space first when they allow it.
    """
    if len(text) > _LONGEST_INTEGER or not _INTEGER.fullmatch(text):
        return None
    return int(text)


def read_point(text: str) -> tuple[float, float] | None:
    """The point (x, y) that `text` writes, in fractions of the picture's width and height, else None.

    Exactly two forms are read. `(xxx, yyy)` has three digits each, thousandths of width and height; the value is the
    middle of the cell, (n + 0.5) / 1000. `<|loc_NN|><|loc_NN|>` has two digits each, percents; the value is
    (n + 0.5) / 100. A model that always answers with one of them has chosen one cell, never an area.
    """
    for pattern, cells in ((_POINT_DIGITS, 1000), (_POINT_LOCATIONS, 100)):
        match = pattern.fullmatch(text)
        if match:
            return (int(match[1]) + 0.5) / cells, (int(match[2]) + 0.5) / cells
    return None


def read_time(text: str) -> tuple[int, int] | None:
    """The hours and minutes that `text` writes as `H:MM` or `HH:MM`, else None."""
    match = _TIME.fullmatch(text)
    return (int(match[1]), int(match[2])) if match else None


def format_point(x: float, y: float) -> str:
    """The point (x, y), fractions of width and height, as `(xxx, yyy)`; values outside 0..1 go to the nearest cell."""
    return f"({_cell(x, 1000):03d}, {_cell(y, 1000):03d})"


def format_point_locations(x: float, y: float) -> str:
    """The point (x, y), fractions of width and height, as `<|loc_NN|><|loc_NN|>`, clamped like `format_point`."""
    return f"<|loc_{_cell(x, 100):02d}|><|loc_{_cell(y, 100):02d}|>"


def _cell(fraction: float, cells: int) -> int:
    return min(cells - 1, max(0, math.floor(fraction * cells)))
