"""Equations as pictures: built-up fractions, upright and slanted letters, plain, ruled and squared paper."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass

from PIL import Image, ImageDraw, ImageFont

from favilla.worlds.drawing import RGB, background, degrade, face, ink, mixed, tinted_ink
from favilla.worlds.marks import Mark, Pencil

CELL = 28
# Numbers and signs, letters for unknowns.
FACES = (
    ("DejaVuSans", "DejaVuSans-Oblique"),
    ("DejaVuSans", "DejaVuSerif-Italic"),
    ("DejaVuSans-Bold", "DejaVuSans-BoldOblique"),
    ("DejaVuSerif", "DejaVuSerif-Italic"),
    ("DejaVuSerif-Bold", "DejaVuSerif-BoldItalic"),
    ("DejaVuSansMono", "DejaVuSansMono-Oblique"),
    ("DejaVuSansMono-Bold", "DejaVuSansMono-Bold"),
    ("STIXGeneral", "STIXGeneralItalic"),
    ("STIXGeneralBol", "STIXGeneralItalic"),
)
# level: least and largest letter height in pixels, wear
SIZES = {1: (16, 26), 2: (15, 24), 3: (15, 24), 4: (14, 22)}
WEAR = {1: 0.2, 2: 0.3, 3: 0.5, 4: 0.8}

_PIECE = re.compile(r"\{([^|{}]*)\|([^|{}]*)\}|([^{}]+)")


@dataclass(frozen=True)
class Hand:
    """How a line is written: fonts for signs and letters, the width of a space and of a sign's unsteadiness in pixels."""

    signs: ImageFont.FreeTypeFont
    letters: ImageFont.FreeTypeFont
    space: float
    unsteady: float
    pen: RGB

    def font(self, sign: str) -> ImageFont.FreeTypeFont:
        return self.letters if sign.isalpha() else self.signs

    def width(self, text: str) -> float:
        return sum(self.space if sign == " " else self.font(sign).getlength(_shape(sign)) for sign in text)

    def smaller(self, share: float) -> Hand:
        signs, letters = (font.font_variant(size=round(font.size * share)) for font in (self.signs, self.letters))
        return Hand(signs, letters, self.space * share, self.unsteady, self.pen)


def picture(rng: random.Random, lines: tuple[str, ...], level: int) -> tuple[Image.Image, tuple[Mark, ...]]:
    """Lines with fractions as {top|bottom}, drawn below each other, and what stands where."""
    size = rng.randint(*SIZES[level])
    upright, slanted = rng.choice(FACES)
    paper = background(rng)
    hand = Hand(
        face(upright, size),
        face(slanted if rng.random() < 0.6 else upright, size),
        rng.uniform(0.18, 0.42) * size,
        rng.choice((0.0, 0.0, 0.0, 0.04)) * size,
        tinted_ink(rng, paper),
    )
    inner = hand.smaller(rng.uniform(0.88, 1.0))
    widths = [_line_width(line, hand, inner) for line in lines]
    heights = [size * (2.5 if "{" in line else rng.uniform(1.35, 1.8)) for line in lines]
    braced = len(lines) > 1 and rng.random() < 0.4
    brace = face(upright, round(sum(heights) * 0.75))
    aside = brace.getlength("{") if braced else 0.0
    # Whole cells of 28 pixels: so small a picture would lose its letters' shapes if it were fitted to the grid.
    width = _cells(max(widths) + aside + rng.uniform(6, 34)) * CELL
    height = _cells(sum(heights) + rng.uniform(2, 20)) * CELL
    image = Image.new("RGB", (width, height), paper)
    pencil = Pencil(image)
    _rule(rng, pencil, paper, size)
    left = rng.uniform(3, width - max(widths) - aside - 3) + aside
    top = rng.uniform(0, height - sum(heights))
    if braced:
        # It means nothing for the solution and is not noted.
        at = (left - aside * 0.55, top + sum(heights) / 2)
        ImageDraw.ImageDraw.text(pencil, at, "{", font=brace, fill=hand.pen, anchor="mm")
    centred = rng.random() < 0.4
    for line, line_width, line_height in zip(lines, widths, heights, strict=True):
        start = left + ((max(widths) - line_width) / 2 if centred else 0)
        _write(rng, pencil, line, (start, top + line_height / 2), hand, inner)
        top += line_height
    return degrade(rng, image, WEAR[level] * rng.random()), pencil.marks


def _line_width(line: str, hand: Hand, inner: Hand) -> float:
    return sum(
        hand.width(text) if text else _bar(top, bottom, inner) + hand.space * 0.6
        for top, bottom, text in _PIECE.findall(line)
    )


def _bar(top: str, bottom: str, inner: Hand) -> float:
    return max(inner.width(top), inner.width(bottom)) + inner.signs.size * 0.3


def _write(rng: random.Random, pencil: Pencil, line: str, at: tuple[float, float], hand: Hand, inner: Hand) -> None:
    x, middle = at
    for top, bottom, text in _PIECE.findall(line):
        if text:
            x = _signs(rng, pencil, text, (x, middle), hand)
            continue
        size, bar = inner.signs.size, _bar(top, bottom, inner)
        x += hand.space * 0.3
        _signs(rng, pencil, top, (x + (bar - inner.width(top)) / 2, middle - 0.58 * size), inner)
        pencil.line((x, middle, x + bar, middle), fill=hand.pen, width=max(1, round(size / 14)))
        pencil.note("/", x + bar / 2, middle)
        _signs(rng, pencil, bottom, (x + (bar - inner.width(bottom)) / 2, middle + 0.66 * size), inner)
        x += bar + hand.space * 0.3


def _signs(rng: random.Random, pencil: Pencil, text: str, at: tuple[float, float], hand: Hand) -> float:
    """Writes signs one after the other and returns where the next one goes; signs are noted as they are typed."""
    x, middle = at
    for sign in text:
        advance = hand.width(sign)
        if sign != " ":
            y = middle + rng.uniform(-hand.unsteady, hand.unsteady)
            shape, font = _shape(sign), hand.font(sign)
            ImageDraw.ImageDraw.text(pencil, (x, y), shape, font=font, fill=hand.pen, anchor="lm")
            pencil.note(sign, x + advance / 2, y)
        x += advance
    return x


def _rule(rng: random.Random, pencil: Pencil, paper: RGB, size: int) -> None:
    """Now and then lines or squares on the paper, faint enough to be no signs."""
    kind = rng.choice(("plain", "plain", "plain", "ruled", "squared"))
    if kind == "plain":
        return
    tone = mixed(paper, ink(paper), rng.uniform(0.08, 0.2))
    step = rng.uniform(0.6, 0.9) * size if kind == "squared" else rng.uniform(1.2, 1.8) * size
    offset = rng.uniform(0, step)
    for n in range(int(pencil.height / step) + 1):
        pencil.line((0, offset + n * step, pencil.width, offset + n * step), fill=tone)
    for n in range(int(pencil.width / step) + 1 if kind == "squared" else 0):
        pencil.line((offset + n * step, 0, offset + n * step, pencil.height), fill=tone)


def _shape(sign: str) -> str:
    """A minus is drawn as a minus, not as a hyphen."""
    return "\u2212" if sign == "-" else sign


def _cells(pixels: float) -> int:
    return int(-(-pixels // CELL))
