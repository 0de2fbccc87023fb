"""Pictures that look like photographs of nothing in particular: clouds, landscapes, stone, lights out of focus, grass, faces
without features. They are made of noise and gradients, so that no family's question about them has an answer.
"""

from __future__ import annotations

import random

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

KINDS = ("clouds", "landscape", "stone", "lights", "grass", "blur", "portrait", "grain")


def photo_like(rng: random.Random, kind: str, width: int, height: int) -> Image.Image:
    """A picture of one of KINDS, everything else drawn with `rng`."""
    noise = np.random.default_rng(rng.getrandbits(64))
    pixels = _MAKE[kind](rng, noise, width, height)
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    pixels = pixels * (1 - rng.uniform(0, 0.35) * (x * x + y * y) / 2)[..., None]  # lenses darken corners
    pixels = pixels + noise.standard_normal((height, width, 1)) * rng.uniform(1, 9)
    return Image.fromarray(pixels.clip(0, 255).astype(np.uint8))


def _field(noise: np.random.Generator, width: int, height: int, coarse: int, octaves: int = 4) -> np.ndarray:
    """Smooth noise, 0..1: octaves of random grids, each twice as fine and half as strong."""
    total, weight = np.zeros((height, width), np.float32), 1.0
    for octave in range(octaves):
        cells = coarse * 2**octave
        grid = noise.random((max(2, cells * height // max(width, height)) + 1, cells + 1), dtype=np.float32)
        total += weight * np.asarray(Image.fromarray(grid).resize((width, height), Image.Resampling.BICUBIC))
        weight /= 2
    low, high = float(total.min()), float(total.max())
    return (total - low) / (high - low + 1e-6)


def _colour(rng: random.Random, low: float, high: float) -> np.ndarray:
    grey = rng.uniform(low, high)
    return np.array([min(255.0, max(0.0, grey + rng.uniform(-55, 55))) for _ in "rgb"])


def _between(share: np.ndarray, one: np.ndarray, two: np.ndarray) -> np.ndarray:
    return one + share[..., None] * (two - one)


def _clouds(rng: random.Random, noise: np.random.Generator, width: int, height: int) -> np.ndarray:
    share = (_field(noise, width, height, rng.randint(2, 4)) * rng.uniform(1.2, 2) - rng.uniform(0, 0.6)).clip(0, 1)
    sky = _between(
        np.linspace(0, 1, height)[:, None] * np.ones((1, width)), _colour(rng, 60, 150), _colour(rng, 130, 220)
    )
    return sky + share[..., None] * (_colour(rng, 190, 250) - sky)


def _landscape(rng: random.Random, noise: np.random.Generator, width: int, height: int) -> np.ndarray:
    down = np.linspace(0, 1, height)[:, None] * np.ones((1, width))
    pixels = _between(down, _colour(rng, 70, 170), _colour(rng, 170, 245))
    ridges = rng.randint(2, 4)
    far, near = _colour(rng, 110, 170), _colour(rng, 30, 80)
    for ridge in range(ridges):
        share = (ridge + 1) / ridges
        top = 0.25 + 0.5 * share + 0.25 * (_field(noise, width, 2, 2 + 2 * ridge)[0] - 0.5)
        tone = (far + share * (near - far)) * (0.8 + 0.4 * _field(noise, width, height, 6 + 4 * ridge))[..., None]
        pixels = np.where((down > top)[..., None], tone, pixels)
    return pixels


def _stone(rng: random.Random, noise: np.random.Generator, width: int, height: int) -> np.ndarray:
    x, y = np.meshgrid(np.linspace(0, 1, width), np.linspace(0, 1, height))
    along = x * rng.uniform(-8, 8) + y * rng.uniform(-8, 8)
    veins = 0.5 + 0.5 * np.sin(6.3 * (along + rng.uniform(1, 4) * _field(noise, width, height, 3)))
    return _between(veins, _colour(rng, 60, 150), _colour(rng, 120, 230))


def _lights(rng: random.Random, noise: np.random.Generator, width: int, height: int) -> np.ndarray:
    base = _between(_field(noise, width, height, 2, 2), _colour(rng, 10, 60), _colour(rng, 30, 110))
    image = Image.fromarray(base.clip(0, 255).astype(np.uint8))
    for _ in range(rng.randint(3, 6)):
        layer = image.copy()
        pen = ImageDraw.Draw(layer)
        for _ in range(rng.randint(2, 6)):
            r = rng.uniform(0.05, 0.16) * min(width, height)
            x, y = rng.uniform(0, width), rng.uniform(0, height)
            pen.ellipse((x - r, y - r, x + r, y + r), fill=tuple(int(v) for v in _colour(rng, 120, 230)))
        image = Image.blend(image, layer, rng.uniform(0.2, 0.5))
    return np.asarray(image.filter(ImageFilter.GaussianBlur(rng.uniform(2, 4)))).astype(float)


def _grass(rng: random.Random, noise: np.random.Generator, width: int, height: int) -> np.ndarray:
    dark, light = _colour(rng, 30, 80), _colour(rng, 110, 190)
    image = Image.fromarray(_between(_field(noise, width, height, 5), dark, light).clip(0, 255).astype(np.uint8))
    pen = ImageDraw.Draw(image)
    lean = rng.uniform(-0.5, 0.5)
    for _ in range(width * height // 60):
        x, y, length = rng.uniform(0, width), rng.uniform(0, height), rng.uniform(4, 18)
        tone = dark + rng.random() * (light - dark)
        pen.line((x, y, x + length * (lean + rng.uniform(-0.3, 0.3)), y - length), fill=tuple(int(v) for v in tone))
    return np.asarray(image.filter(ImageFilter.GaussianBlur(rng.uniform(0.4, 1)))).astype(float)


def _blur(rng: random.Random, noise: np.random.Generator, width: int, height: int) -> np.ndarray:
    one = _between(_field(noise, width, height, 2, 2), _colour(rng, 30, 120), _colour(rng, 120, 240))
    return one + _field(noise, width, height, 3, 2)[..., None] * (_colour(rng, 40, 220) - one) * 0.7


def _portrait(rng: random.Random, noise: np.random.Generator, width: int, height: int) -> np.ndarray:
    """A head and shoulders out of focus."""
    base = _blur(rng, noise, width, height).clip(0, 255).astype(np.uint8)
    image = Image.fromarray(base)
    pen = ImageDraw.Draw(image)
    x, y, r = (
        width * rng.uniform(0.35, 0.65),
        height * rng.uniform(0.35, 0.5),
        min(width, height) * rng.uniform(0.16, 0.24),
    )
    skin = np.array([224, 172, 140]) * rng.uniform(0.4, 1.1)
    coat, hair = (tuple(int(v) for v in _colour(rng, *span)) for span in ((30, 160), (20, 110)))
    pen.ellipse((x - 2.2 * r, y + 1.2 * r, x + 2.2 * r, y + 7 * r), fill=coat)
    pen.ellipse((x - 1.15 * r, y - 1.55 * r, x + 1.15 * r, y + 1.0 * r), fill=hair)
    pen.ellipse((x - 0.9 * r, y - 1.1 * r, x + 0.9 * r, y + 1.25 * r), fill=tuple(int(min(v, 255)) for v in skin))
    pixels = np.asarray(image.filter(ImageFilter.GaussianBlur(r / 7 + 1))).astype(float)
    return pixels * (0.85 + 0.3 * _field(noise, width, height, 4))[..., None]


def _grain(rng: random.Random, noise: np.random.Generator, width: int, height: int) -> np.ndarray:
    size = rng.randint(1, 5)
    dots = noise.random((height // size + 1, width // size + 1, 3)) * rng.uniform(60, 200) + rng.uniform(0, 60)
    image = Image.fromarray(dots.clip(0, 255).astype(np.uint8)).resize((width, height), Image.Resampling.BILINEAR)
    return np.asarray(image).astype(float)


_MAKE = {
    "clouds": _clouds, "landscape": _landscape, "stone": _stone, "lights": _lights, "grass": _grass, "blur": _blur,
    "portrait": _portrait, "grain": _grain,
}  # fmt: skip
