"""Pictures: opening what people have, and cutting it into patches as the published image processor does."""

from __future__ import annotations

import io
import itertools
import json
import math
import warnings
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import ExifTags, Image, ImageOps, UnidentifiedImageError

from favilla.errors import UserError

MAX_PIXELS = 50_000_000  # decoded, Pillow keeps up to 4 bytes of each
MAX_BYTES = 200_000_000
# What Pillow decodes by itself. Left out are formats for which it starts another program (EPS: Ghostscript), needs one (BUFR,
# GRIB, HDF5, MPEG, WMF; FPX and MIC a further package), or opens what is inside as a file of any format (IPTC).
FORMATS = (
    "PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF", "AVIF", "BLP", "CUR", "DCX", "DDS", "DIB", "FITS", "FLI", "FTEX", "GBR",
    "ICNS", "ICO", "IM", "IMT", "JPEG2000", "MCIDAS", "MSP", "PCD", "PCX", "PIXAR", "PPM", "PSD", "QOI", "SGI", "SPIDER",
    "SUN", "TGA", "XBM", "XPM", "XVTHUMB",
)  # fmt: skip


def open_image(source: str | Path | bytes | Image.Image) -> Image.Image:
    """An upright RGB picture from a path, the bytes of a file, or a PIL picture; transparency becomes white, of a film
    the first frame is taken. Raises UserError for what is missing, empty, damaged, no picture, or too large."""
    if isinstance(source, bytes | Image.Image):
        return _decoded(source, "picture")
    if not isinstance(source, str | Path):
        raise UserError(f"picture: is a {type(source).__name__}; give a path, the bytes of a file or a PIL picture")
    path = Path(source)
    try:
        if path.is_dir():
            raise UserError(f"{path}: is a directory; name a picture file")
        # A pipe or a device may never end.
        if path.exists() and not path.is_file():
            raise UserError(f"{path}: is no regular file; name a picture file")
        if path.stat().st_size > MAX_BYTES:
            raise UserError(f"{path}: has more than {MAX_BYTES:,} bytes; make the picture smaller")
        content = path.read_bytes()
    except FileNotFoundError:
        raise UserError(f"{path}: no such picture; check the path") from None
    except (OSError, ValueError) as error:
        raise UserError(f"{path}: cannot be read ({getattr(error, 'strerror', None) or error})") from None
    return _decoded(content, str(path))


def _decoded(source: bytes | Image.Image, name: str) -> Image.Image:
    """The picture as RGB. A PIL picture may be as damaged as a file: it is often opened before it is read."""
    if isinstance(source, bytes) and not source:
        raise UserError(f"{name}: is empty (0 bytes); the file was probably not written to its end")
    try:
        with warnings.catch_warnings():
            # Of a damaged file Pillow warns in several lines before it gives up or goes on.
            warnings.simplefilter("ignore")
            return _rgb(source if isinstance(source, Image.Image) else _opened(source), name)
    except UnidentifiedImageError:
        raise UserError(f"{name}: not a picture that can be read; use PNG, JPEG, WebP, GIF, BMP or TIFF") from None
    except Image.DecompressionBombError:
        raise UserError(f"{name}: has too many pixels (limit {MAX_PIXELS:,}); make it smaller") from None
    except UserError:
        raise
    # A damaged file surfaces as almost anything, depending on its format's decoder.
    except (OSError, SyntaxError, ValueError, EOFError, IndexError, KeyError, TypeError, AttributeError, MemoryError,
            OverflowError, NotImplementedError, ArithmeticError, RuntimeError) as error:  # fmt: skip
        reason = " ".join(str(error).split()) or type(error).__name__
        raise UserError(f"{name}: the picture is damaged or incomplete ({reason})") from None


def _opened(content: bytes) -> Image.Image:
    Image.init()
    # Not every build of Pillow has all of them.
    return Image.open(io.BytesIO(content), formats=[kind for kind in FORMATS if kind in Image.OPEN])


def _rgb(image: Image.Image, name: str) -> Image.Image:
    _scale_transparent_value(image)
    width, height = image.size
    if width * height > MAX_PIXELS:
        raise UserError(f"{name}: {width} x {height} pixels are too many (limit {MAX_PIXELS:,}); make it smaller")
    if width == 0 or height == 0:
        raise UserError(f"{name}: has no pixels ({width} x {height})")
    if image.getexif().get(ExifTags.Base.Orientation, 1) != 1:
        image = ImageOps.exif_transpose(image)
    if image.mode.startswith(("I", "F")):
        clear = image.info.get("transparency")
        return _strip_by_strip(image, lambda strip: Image.fromarray(_eight_bits(np.asarray(strip), clear)))
    if image.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in image.info:
        return _strip_by_strip(image, _on_white)
    return image.copy() if image.mode == "RGB" else image.convert("RGB")


def _scale_transparent_value(image: Image.Image) -> None:
    """Of an unread PNG with 2, 4 or 16 bits a channel Pillow scales the pixels, but not the value that means transparent."""
    clear = image.info.get("transparency")
    tiles = getattr(image, "tile", None)
    coding = tiles[0].args if tiles else None
    if coding in ("L;2", "L;4") and isinstance(clear, int):
        image.info["transparency"] = clear * (85 if coding == "L;2" else 17)
    elif coding == "RGB;16B" and isinstance(clear, tuple):
        image.info["transparency"] = tuple(value >> 8 for value in clear)


def _strip_by_strip(image: Image.Image, convert: Callable[[Image.Image], Image.Image]) -> Image.Image:
    """RGB picture of what `convert` makes of about a million pixels at a time, which bounds its temporaries."""
    out = Image.new("RGB", image.size)
    rows = max(1, 2**20 // image.width)
    for top in range(0, image.height, rows):
        strip = image.crop((0, top, image.width, min(top + rows, image.height)))
        out.paste(convert(strip).convert("RGB"), (0, top))
    return out


def _on_white(image: Image.Image) -> Image.Image:
    # Pillow knows no way from premultiplied grey but this.
    rgba = (image.convert("LA") if image.mode == "La" else image).convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", rgba.size, "white"), rgba)


def _eight_bits(values: np.ndarray, clear: Any = None) -> np.ndarray:
    """Grey values as 8 bits, whatever else is in the picture: integers of 0..65,535 (also those of 32 bits, as which
    Pillow opens some 16-bit files), floats of 0..1; what lies outside is black or white. clear: the value that means
    transparent, if any."""
    if isinstance(clear, int):
        values = np.where(values == clear, 65_535, values)
    if values.dtype.kind == "f":
        return (np.clip(np.nan_to_num(values), 0, 1) * 255).round().astype(np.uint8)
    return ((np.clip(values, 0, 65_535).astype(np.uint32) + 128) // 257).astype(np.uint8)


def smart_resize(height: int, width: int, cell: int, max_tokens: int) -> tuple[int, int]:
    """The grid (rows, columns) of `cell`-pixel tokens with the least distortion among those next to the picture's own
    size, or next to the largest of its shape under `max_tokens`; for pictures so narrow that none of these is allowed,
    the allowed grid nearest to it. (Muse Spark's image processor; that of `transformers` breaks the cap in the last case.)
    """
    rows, columns = height / cell, width / cell
    ratio = columns / rows
    if rows * columns > max_tokens:
        rows = (max_tokens / ratio) ** 0.5
        columns = rows * ratio
    near = itertools.product((math.floor(rows), math.ceil(rows)), (math.floor(columns), math.ceil(columns)))
    fitting = [(r, c) for r, c in set(near) if r >= 1 and c >= 1 and r * c <= max_tokens]
    if not fitting:
        allowed = ((r, min(max(round(columns), 1), max_tokens // r)) for r in range(1, max_tokens + 1))
        return min(allowed, key=lambda grid: (grid[0] - rows) ** 2 + (grid[1] - columns) ** 2)
    return min(fitting, key=lambda grid: abs(grid[0] / grid[1] - height / width))


# What is done to every picture; a folder's settings may say no other.
ALWAYS = {"do_resize": True, "do_rescale": True, "rescale_factor": 1 / 255, "do_normalize": True}


@dataclass(frozen=True)
class ImageProcessor:
    """Resizes to a grid of patches, normalises, and cuts; settings as `preprocessor_config.json` names them.

    Raises UserError for settings with which this cannot be done.
    """

    patch_size: int = 14
    temporal_patch_size: int = 2
    merge_size: int = 2
    max_image_tokens: int = 4096
    image_mean: tuple[float, ...] = (0.5, 0.5, 0.5)
    image_std: tuple[float, ...] = (0.5, 0.5, 0.5)
    resample: int = Image.Resampling.LANCZOS.value

    def __post_init__(self) -> None:
        for name in ("patch_size", "temporal_patch_size", "merge_size", "max_image_tokens"):
            value = getattr(self, name)
            if type(value) is not int or value < 1:
                raise UserError(f"image processor: {name} is {value!r}; give a whole number, 1 or more")
        if type(self.resample) is not int or self.resample not in list(Image.Resampling):
            names = ", ".join(f"{way.value} {way.name.lower()}" for way in sorted(Image.Resampling))
            raise UserError(f"image processor: resample is {self.resample!r}; give the number of one of {names}")
        for name, least in (("image_mean", -1e6), ("image_std", 1e-6)):
            value = getattr(self, name)
            numbers = isinstance(value, tuple) and all(type(v) in (int, float) and least <= v <= 1e6 for v in value)
            if not numbers or len(value) != 3:
                raise UserError(f"image processor: {name} is {value!r}; give three numbers, {least:g} to 1000000")

    def grid(self, height: int, width: int) -> tuple[int, int]:
        """Rows and columns of patches for a picture of height x width pixels."""
        rows, columns = smart_resize(height, width, self.patch_size * self.merge_size, self.max_image_tokens)
        return rows * self.merge_size, columns * self.merge_size

    def patches(self, image: Image.Image) -> tuple[np.ndarray, tuple[int, int]]:
        """uint8 patches (N, 3 * patch * patch) in raster order, channel by channel inside a patch, and their grid."""
        rows, columns = self.grid(image.height, image.width)
        p = self.patch_size
        if image.size != (columns * p, rows * p):
            image = image.resize((columns * p, rows * p), Image.Resampling(self.resample))
        pixels = np.asarray(image.convert("RGB")).reshape(rows, p, columns, p, 3)
        return np.ascontiguousarray(pixels.transpose(0, 2, 4, 1, 3)).reshape(rows * columns, 3 * p * p), (rows, columns)

    def normalise(self, patches: np.ndarray) -> np.ndarray:
        """float32 of the same shape (..., 3 * patch * patch): (value / 255 - mean) / std."""
        std, mean = (np.asarray(v, dtype=np.float32) for v in (self.image_std, self.image_mean))
        scale, shift = np.repeat(std, self.patch_size**2), np.repeat(mean, self.patch_size**2)
        out = patches.astype(np.float32)
        out *= 1 / (255 * scale)
        out -= shift / scale
        return out

    def pixel_values(self, image: Image.Image) -> tuple[np.ndarray, tuple[int, int]]:
        """The reference's input: float32 (N, frames * 3 * patch * patch), the picture in every frame, and its grid."""
        patches, grid = self.patches(image)
        return np.tile(self.normalise(patches), (1, self.temporal_patch_size)), grid

    @classmethod
    def load(cls, folder: str | Path) -> ImageProcessor:
        """Read the part of `processor_config.json`, else `preprocessor_config.json`, as `transformers` does; published
        values for what is absent or null. Raises UserError when a file is broken or asks for what is not done here."""
        folder = Path(folder)
        for name, section in (("processor_config.json", "image_processor"), ("preprocessor_config.json", None)):
            path = folder / name
            if not path.exists():
                continue
            try:
                raw = json.loads(path.read_text(encoding="utf-8"))
                if section and raw.get(section) is None:
                    continue
                raw = raw[section] if section else raw
                for key, value in ALWAYS.items():
                    if raw.get(key) not in (None, value):
                        raise UserError(f"image processor: {key} is {raw[key]!r}; only {value!r} is supported")
                settings: dict[str, Any] = {
                    k: tuple(v) if isinstance(v, list) else v
                    for k, v in raw.items()
                    if v is not None and k in cls.__dataclass_fields__
                }
                return cls(**settings)
            except UserError as error:
                raise UserError(f"{path}: {error}") from None
            except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
                raise UserError(f"{path}: not a readable image processor config ({error})") from None
        return cls()

    def save(self, folder: str | Path) -> None:
        """Write preprocessor_config.json and processor_config.json as `transformers` reads them."""
        settings = {
            "image_processor_type": "MuseGlimmerImageProcessor",
            **ALWAYS, "do_convert_rgb": True, **asdict(self),
        }  # fmt: skip
        for name, content in (
            ("preprocessor_config.json", settings),
            ("processor_config.json", {"processor_class": "MuseSparkProcessor", "image_processor": settings}),
        ):
            (Path(folder) / name).write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
