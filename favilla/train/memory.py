"""Freed memory is kept for the next step.

The C library gives large blocks back to the system as soon as they are freed, so each step of a training run on CPUs pays again for
having every page of its buffers mapped and cleared: a third of Ember's step (docs/results/speed.md).
"""

from __future__ import annotations

import ctypes
import sys

# mallopt(3): parameter and value
ONE_ARENA = (-8, 1)  # threads share freed blocks; the backward pass runs in a thread of its own
NO_MAPS = (-4, 0)  # large blocks come from the heap, too
NO_TRIM = (-1, 2**31 - 1)  # the heap does not shrink
STRIDE = (-2, 64 << 20)  # bytes by which it grows


def keep_freed_memory() -> bool:
    """Tell glibc's allocator, for the rest of this process; False where there is another allocator."""
    if not sys.platform.startswith("linux"):
        return False
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except AttributeError:
        return False
    return all([mallopt(*option) for option in (ONE_ARENA, NO_MAPS, NO_TRIM, STRIDE)])
