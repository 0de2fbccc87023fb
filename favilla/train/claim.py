"""One process at a time in a folder: two would write each other's logs and checkpoints to pieces."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from favilla.errors import UserError

LOCK = ".lock"


@contextmanager
def claimed(folder: Path) -> Iterator[int]:
    """Keep a folder, which is made if need be, for this process and those that inherit the descriptor that is yielded. Raises
    UserError while another has it, be it one whose parent was killed."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / LOCK).open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise UserError(
                f"{folder}: another run is going on there; wait for its end or choose another --out"
            ) from None
        yield lock.fileno()
