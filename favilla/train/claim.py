"""One process at a time in a folder: two would write each other's logs and checkpoints to pieces."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from favilla.errors import UserError

LOCK = ".lock"


@contextmanager
def claimed(folder: Path, rank: int = 0) -> Iterator[tuple[int, ...]]:
    """Keep a folder, which is made if need be, for this process and those that inherit the descriptors that are yielded. Raises
    UserError while another has it, be it one whose parent was killed, and where nothing can be written. rank: of several
    processes that train together the first, 0, keeps it for all."""
    if rank:
        yield ()
        return
    try:
        folder.mkdir(parents=True, exist_ok=True)
        opened = (folder / LOCK).open("w")
    except OSError as error:
        raise UserError(f"{folder}: cannot be written to ({error.strerror}); choose another --out") from None
    with opened as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UserError(
                f"{folder}: another run is going on there; wait for its end or choose another --out"
            ) from None
        except OSError as error:
            raise UserError(
                f"{folder}: its file system cannot lock a file ({error.strerror}); choose another --out"
            ) from None
        yield (lock.fileno(),)
