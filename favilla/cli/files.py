"""Where results go: checked before the work starts, written aside and renamed."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from favilla.atomic import written_aside
from favilla.errors import UserError

if TYPE_CHECKING:
    from PIL import Image

# Formats of pictures that are written, and the most pixels that a side can have in them.
SIDES = {".png": 2**31 - 1, ".jpg": 65_500, ".jpeg": 65_500, ".webp": 16_383}


def output_folder(path: Path) -> Path:
    """`path` as an existing folder that can be written to. Raises UserError when it cannot be one."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"{path}: cannot be made a folder ({error.strerror}); choose another --out") from None
    if not os.access(path, os.W_OK | os.X_OK):
        raise UserError(f"{path}: is not writable; choose another --out")
    return path


def output_picture(path: Path) -> Path:
    """`path`, if a picture can be written there. Raises UserError if not."""
    if path.suffix.lower() not in SIDES:
        raise UserError(f"--annotate {path}: end the name in .png, .jpg or .webp")
    # the functions of os.path take any name, however long or odd
    if os.path.isdir(path) or not os.path.isdir(path.parent) or not os.access(path.parent, os.W_OK | os.X_OK):
        raise UserError(f"--annotate {path}: cannot be written there; name a file in an existing, writable folder")
    try:
        path.lstat()
    except FileNotFoundError:
        pass
    except (OSError, ValueError) as error:
        raise UserError(f"--annotate {path}: no file can have this name ({error.args[-1]}); choose another") from None
    return path


def check_sides(path: Path, size: tuple[int, int]) -> None:
    """Raises UserError for a picture whose width or height (px) its format cannot have."""
    if max(size) > SIDES[path.suffix.lower()]:
        raise UserError(
            f"--annotate {path}: {size[0]} x {size[1]} pixels are too many for this format (limit "
            f"{SIDES[path.suffix.lower()]:,} a side); end the name in .png"
        )


def write_picture(image: Image.Image, path: Path) -> None:
    """Write a picture so that a reader never sees half of it. Raises UserError, leaving nothing, when it cannot be."""
    with written_aside(path) as aside:
        image.save(aside)
