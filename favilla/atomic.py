"""Files that are written whole or not at all: beside their place, then renamed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from safetensors import SafetensorError

from favilla.errors import UserError


@contextmanager
def written_aside(path: Path, end: str | None = None) -> Iterator[Path]:
    """A file beside `path`, of the same suffix, to write to, which then takes its place in one rename, so that a reader never sees
    half a file. end: of that file's stem, by default the process. Raises UserError, with `path` as it was and nothing beside it,
    when it cannot be written."""
    # Cut, since a name that just fits must not become one that does not; characters have four bytes at most.
    aside = path.with_name(f".{path.stem[:40]}.{end or os.getpid()}{path.suffix}")
    try:
        yield aside
        os.replace(aside, path)
    except (OSError, SafetensorError, RuntimeError, ValueError) as error:
        # Of a full disk PyTorch tells in a RuntimeError, which was raised while it handled the OSError that says so.
        first = error.__context__ if isinstance(error.__context__, OSError) else error
        reason = getattr(first, "strerror", None) or " ".join(str(first).split())
        hint = "" if isinstance(first, ValueError) else "; make room, or choose another folder"
        raise UserError(f"{path}: cannot be written ({reason}){hint}") from error
    finally:
        aside.unlink(missing_ok=True)


def write_atomically(path: Path, content: bytes | str) -> None:
    """Write beside and rename. Raises UserError when it cannot be written."""
    with written_aside(path) as aside:
        aside.write_bytes(content.encode() if isinstance(content, str) else content)
