"""Where results go: checked before the work starts, written aside and renamed."""

from __future__ import annotations

import os
from pathlib import Path

from favilla.errors import UserError


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
    from PIL import Image

    if path.suffix.lower() not in (".png", ".jpg", ".jpeg", ".webp"):
        raise UserError(f"--annotate {path}: end the name in .png, .jpg or .webp")
    Image.init()
    if path.is_dir() or not path.parent.is_dir() or not os.access(path.parent, os.W_OK | os.X_OK):
        raise UserError(f"--annotate {path}: cannot be written there; name a file in an existing, writable folder")
    return path


def aside(path: Path) -> Path:
    """A name beside `path`, with its suffix, to write to before `os.replace`."""
    return path.with_name(f".{os.getpid()}.{path.name}")


def write_text(path: Path, content: str) -> None:
    """Write a text file so that a reader never sees half of it."""
    aside(path).write_text(content, encoding="utf-8")
    os.replace(aside(path), path)
