"""Marks on pictures: where a model points."""

from __future__ import annotations

import math
from collections.abc import Sequence

from PIL import Image, ImageDraw, ImageFont

SMALLEST = 448  # px: pictures whose longer side is shorter are scaled up, by a whole factor
SUPERSAMPLE = 4
# Two outlines, one dark and one light, so that the mark stands out from any background; the core says it is ours.
DARK, LIGHT, CORE = (0, 0, 0), (255, 255, 255), (255, 0, 128)
GAP = 3  # px between a mark, its label and the border

Box = tuple[int, int, int, int]


def annotate(
    image: Image.Image,
    points: Sequence[tuple[float, float]],
    labels: Sequence[str] = (),
    boxes: Sequence[tuple[float, float, float, float]] = (),
) -> Image.Image:
    """A copy of `image` with a ring and cross hair at each point, its label beside it, and a frame around each box.

    points: (x, y) as fractions of width and height; those outside 0..1 are drawn at the border.
    labels: one per point, or none at all.
    boxes: (left, top, right, bottom), fractions too; opposite corners in any order.
    Returns an RGB picture of the same shape, larger by a whole factor if the given one is small; a label is moved,
    shrunk or shortened rather than cut by the border. Raises ValueError when labels and points do not match or a
    point is not a number.
    """
    if labels and len(labels) != len(points):
        raise ValueError(f"{len(labels)} labels for {len(points)} points")
    factor = max(1, math.ceil(SMALLEST / max(image.size)))
    out = image.convert("RGB").resize((image.width * factor, image.height * factor), Image.Resampling.LANCZOS)
    radius = max(7, round(min(max(out.size) / 40, min(out.size) / 8)))
    for left, top, right, bottom in boxes:
        _frame(out, _pixel((left, top), out.size), _pixel((right, bottom), out.size), max(2, radius // 5))
    centres = [_pixel(point, out.size) for point in points]
    for x, y in centres:
        out.paste(*_mark(radius, x, y))
    taken: list[Box] = [(x - radius, y - radius, x + radius, y + radius) for x, y in centres]
    for (x, y), label in zip(centres, labels, strict=False):
        if text := " ".join(label.split()):
            taken.append(_label(out, text, x, y, radius, taken))
    return out


def _pixel(point: tuple[float, float], size: tuple[int, int]) -> tuple[int, int]:
    x, y = point
    if math.isnan(x) or math.isnan(y):
        raise ValueError(f"point ({x}, {y}) is not a place")
    width, height = size
    return round(min(max(x, 0.0), 1.0) * (width - 1)), round(min(max(y, 0.0), 1.0) * (height - 1))


def _frame(image: Image.Image, a: tuple[int, int], b: tuple[int, int], core: int) -> None:
    """A frame `core` px wide, and its outlines, just inside the box between two corners (px)."""
    (left, right), (top, bottom) = sorted((a[0], b[0])), sorted((a[1], b[1]))
    draw = ImageDraw.Draw(image)
    for colour, extra in ((DARK, 2), (LIGHT, 1), (CORE, 0)):
        outside = (left - extra, top - extra, right + extra, bottom + extra)
        draw.rectangle(outside, outline=colour, width=core + 2 * extra)


def _mark(radius: int, x: int, y: int) -> tuple[Image.Image, tuple[int, int], Image.Image]:
    """Picture, place and mask of one mark, for `Image.paste`; drawn large and reduced, which smooths its edges."""
    half, core = radius * 2, max(2, radius // 5)
    side = (2 * half + 1) * SUPERSAMPLE
    tile = Image.new("RGBA", (side, side), (*DARK, 0))
    draw = ImageDraw.Draw(tile)
    middle, ring, arm = side / 2, radius * SUPERSAMPLE, 1.6 * radius * SUPERSAMPLE
    for colour, extra in ((DARK, 4), (LIGHT, 2), (CORE, 0)):
        width = (core + extra) * SUPERSAMPLE
        # Pillow draws an ellipse's outline inwards from its box.
        r = ring + width / 2
        draw.ellipse((middle - r, middle - r, middle + r, middle + r), outline=(*colour, 255), width=width)
        reach = arm + extra * SUPERSAMPLE / 2
        inner = 0.45 * radius * SUPERSAMPLE - extra * SUPERSAMPLE / 2
        for dx, dy in ((1, 0), (-1, 0), (0, 1), (0, -1)):
            ends = (middle + dx * inner, middle + dy * inner, middle + dx * reach, middle + dy * reach)
            draw.line(ends, fill=(*colour, 255), width=width)
    tile = tile.resize((2 * half + 1, 2 * half + 1), Image.Resampling.LANCZOS)
    return tile.convert("RGB"), (x - half, y - half), tile.getchannel("A")


def _label(image: Image.Image, text: str, x: int, y: int, radius: int, taken: list[Box]) -> Box:
    """Write one label where it covers the least of what is already there; returns the box it took."""
    room = (image.width - 4 * GAP, image.height - 2 * GAP)
    text, font = _fitting(text, room, size=max(12, min(28, max(image.size) // 32)))
    left, top, right, bottom = (math.floor(v) for v in font.getbbox(text))
    width, height = right - left + 4 * GAP, bottom - top + 2 * GAP
    reach = 2 * radius + GAP
    places = [
        (x + reach, y - height // 2), (x - reach - width, y - height // 2),
        (x - width // 2, y - reach - height), (x - width // 2, y + reach),
    ]  # fmt: skip
    boxes = [_inside((px, py, px + width, py + height), image.size) for px, py in places]
    box = min(boxes, key=lambda b: sum(_overlap(b, other) for other in taken))
    draw = ImageDraw.Draw(image)
    draw.rectangle((box[0], box[1], box[2] - 1, box[3] - 1), fill=DARK, outline=LIGHT)
    draw.text((box[0] + 2 * GAP - left, box[1] + GAP - top), text, font=font, fill=LIGHT)
    return box


def _fitting(text: str, room: tuple[int, int], size: int) -> tuple[str, ImageFont.FreeTypeFont]:
    """The text and a font in which it fits into `room` px: smaller down to 10 px, then shorter, then smaller still."""

    def fits(text: str, font: ImageFont.FreeTypeFont) -> bool:
        left, top, right, bottom = font.getbbox(text)
        return right - left <= room[0] and bottom - top <= room[1]

    while size > 10 and not fits(text, _font(size)):
        size -= 1
    font = _font(size)
    short = text
    while not fits(short, font) and len(text) > 1:
        text = text[:-1]
        short = text.rstrip() + "…"
    while not fits(short, font) and size > 1:
        size -= 1
        font = _font(size)
    return short, font


def _font(size: int) -> ImageFont.FreeTypeFont:
    font = ImageFont.load_default(size)
    assert isinstance(font, ImageFont.FreeTypeFont)  # Pillow's wheels all have FreeType
    return font


def _inside(box: Box, size: tuple[int, int]) -> Box:
    """The box moved (and, if larger than the picture, cut) so that it lies inside."""
    left, top = max(0, min(box[0], size[0] - (box[2] - box[0]))), max(0, min(box[1], size[1] - (box[3] - box[1])))
    return left, top, min(size[0], left + box[2] - box[0]), min(size[1], top + box[3] - box[1])


def _overlap(a: Box, b: Box) -> int:
    return max(0, min(a[2], b[2]) - max(a[0], b[0])) * max(0, min(a[3], b[3]) - max(a[1], b[1]))
