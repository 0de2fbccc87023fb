"""Whether freed memory stays: page faults of a process that frees and takes the same large block, counted by the system."""

from __future__ import annotations

import subprocess
import sys

import pytest

SCRIPT = """
import resource, sys, torch
from favilla.train.memory import keep_freed_memory
if sys.argv[1] == "keep" and not keep_freed_memory():
    raise SystemExit("no glibc")
def faults():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(16):
    torch.ones(64 << 20, dtype=torch.uint8)
before = faults()
for _ in range(10):
    torch.ones(64 << 20, dtype=torch.uint8)
print(faults() - before)
"""


def test_a_block_of_the_same_size_is_not_mapped_again() -> None:
    counts = {}
    for mode in ("plain", "keep"):
        run = subprocess.run([sys.executable, "-c", SCRIPT, mode], capture_output=True, text=True, timeout=120)
        if "no glibc" in run.stderr:
            pytest.skip("this system has another allocator than glibc's")
        counts[mode] = int(run.stdout)
    assert counts["keep"] * 20 < counts["plain"], counts
