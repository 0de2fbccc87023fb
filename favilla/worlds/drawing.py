"""What picture families draw with: fonts, nameable colours, backgrounds, canvas sizes and wear.

Everything random comes from the given `random.Random`, so the same seed draws the same pixels.
"""

from __future__ import annotations

import io
import random
from functools import lru_cache
from pathlib import Path

import matplotlib
import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

RGB = tuple[int, int, int]

# Bundled with matplotlib, so that pictures are the same on every machine.
FACES = (
    "DejaVuSans", "DejaVuSans-Bold", "DejaVuSans-Oblique", "DejaVuSerif", "DejaVuSerif-Bold", "DejaVuSansMono",
    "DejaVuSansMono-Bold", "STIXGeneral", "STIXGeneralBol",
)  # fmt: skip

COLOURS: dict[str, RGB] = {
    "red": (214, 40, 40),
    "green": (46, 150, 60),
    "blue": (40, 84, 214),
    "yellow": (244, 206, 30),
    "orange": (242, 130, 24),
    "purple": (138, 50, 178),
    "black": (28, 28, 28),
    "grey": (136, 136, 136),
}


@lru_cache(maxsize=512)
def face(name: str, size: int) -> ImageFont.FreeTypeFont:
    """A bundled font by name at `size` pixels."""
    return ImageFont.truetype(str(Path(matplotlib.get_data_path()) / "fonts" / "ttf" / f"{name}.ttf"), size)


def font(rng: random.Random, size: int) -> ImageFont.FreeTypeFont:
    """A random bundled font at `size` pixels."""
    return face(rng.choice(FACES), size)


def shade(rng: random.Random, name: str) -> RGB:
    """A shade of a named colour that nobody would name otherwise."""
    light = rng.uniform(-14, 14)
    return tuple(_byte(value + light + rng.uniform(-10, 10)) for value in COLOURS[name])  # type: ignore[return-value]


def background(rng: random.Random, dark: bool | None = None) -> RGB:
    """A muted colour, light four times out of five unless told."""
    is_dark = rng.random() < 0.2 if dark is None else dark
    grey = rng.uniform(24, 60) if is_dark else rng.uniform(216, 255)
    return tuple(_byte(grey + rng.uniform(-10, 10)) for _ in range(3))  # type: ignore[return-value]


def luminance(colour: RGB) -> float:
    """Perceived brightness, 0..255 (ITU-R BT.601)."""
    return 0.299 * colour[0] + 0.587 * colour[1] + 0.114 * colour[2]


def ink(paper: RGB) -> RGB:
    """Black or white with a trace of the paper, whichever is readable on it."""
    base = 20 if luminance(paper) > 128 else 240
    return tuple(_byte(base + (value - 128) * 0.06) for value in paper)  # type: ignore[return-value]


def mixed(a: RGB, b: RGB, share: float) -> RGB:
    """`share` of b in a."""
    return tuple(_byte(x + (y - x) * share) for x, y in zip(a, b, strict=True))  # type: ignore[return-value]


def tinted_ink(rng: random.Random, paper: RGB) -> RGB:
    """Ink that is readable on the paper, with up to two fifths of a nameable colour in it."""
    return mixed(ink(paper), shade(rng, rng.choice(sorted(COLOURS))), rng.uniform(0, 0.4))


def canvas_size(rng: random.Random, low: int, high: int, max_tokens: int) -> tuple[int, int]:
    """(width, height), each side within low..high pixels, of at most `max_tokens` tokens of 28 x 28 pixels."""
    while True:
        width, height = rng.randint(low, high), rng.randint(low, high)
        if -(-width // 28) * -(-height // 28) <= max_tokens:
            return width, height


def text_size(draw: ImageDraw.ImageDraw, text: str, letters: ImageFont.FreeTypeFont) -> tuple[int, int]:
    """Width and height in pixels that the text takes from its anchor "lt"."""
    left, top, right, bottom = draw.textbbox((0, 0), text, font=letters, anchor="lt")
    return int(right - left), int(bottom - top)


def degrade(rng: random.Random, image: Image.Image, strength: float) -> Image.Image:
    """Noise, contrast, blur and JPEG as photographs and screenshots suffer them; strength 0 (untouched) .. 1."""
    if strength <= 0:
        return image
    pixels = np.asarray(image).astype(np.float32)
    if rng.random() < 0.7:
        contrast = 1 - rng.uniform(0, 0.25) * strength
        pixels = (pixels - 128) * contrast + 128 + rng.uniform(-16, 16) * strength
    if rng.random() < 0.7:
        noise = np.random.default_rng(rng.getrandbits(64))
        pixels += noise.standard_normal(pixels.shape[:2], dtype=np.float32)[..., None] * (rng.uniform(0, 18) * strength)
    out = Image.fromarray(pixels.clip(0, 255).astype(np.uint8))
    if rng.random() < 0.3 * strength:
        out = out.filter(ImageFilter.GaussianBlur(rng.uniform(0.2, 0.7)))
    if rng.random() < 0.3 * strength:
        buffer = io.BytesIO()
        out.save(buffer, "JPEG", quality=rng.randint(55, 90))
        out = Image.open(buffer).convert("RGB")
    return out


def _byte(value: float) -> int:
    return max(0, min(255, round(value)))
