"""Answers that are Python programs: the same when they print the same for the same inputs.

Limits of a run: a process of its own in an empty folder, with an environment of its own and the standard library only, CPU and wall time,
memory, size of files, and no network where Linux lets an ordinary user have a network namespace (`no_network()` tells).
It is NOT a jail: the program can read what the user who runs it can read. Run programs of models that you do not trust in
a container. Needs a POSIX system.
"""

from __future__ import annotations

import functools
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import textwrap
import threading
import time
from collections.abc import Hashable, Sequence

from favilla.contemplate.answers import EqualAnswers
from favilla.errors import UserError

# Fences have few lengths: each that is never closed is looked for to the end of the text, once.
_BLOCK = re.compile(
    r"^[ \t]*+(?P<fence>`{3,9}+|~{3,9}+)[ \t]*+(?P<label>[^\s`]*+)[^\n`]*+\n(?P<program>.*?)(?P=fence)",
    re.DOTALL | re.MULTILINE,
)
# "python3.11", "{python}", "{.python" and "python:main.py" too; "python-repl" and "pycon" are what a console showed.
_PYTHON = re.compile(r"[{.]*+(?:python[\d.]*|py3?)(?![\w-])", re.IGNORECASE)
POLL = 0.02  # seconds between two looks at whether a program has ended, or shall
MOST_OUTPUT = 100_000  # bytes of a program's output that are compared
# All that the environment holds. Sets of words are printed in the same order by the same program: random hashes would make
# different answers of it. So it is not -I, which ignores these, but what else that means: no folder of the user's (-s) and
# none of the program's (-P).
_ENVIRONMENT = {"PYTHONHASHSEED": "0", "PYTHONIOENCODING": "utf-8"}
# The limits are set by the new process itself, after it has started: code between fork and exec is unsafe with threads.
# exit() and quit() are there as anywhere else, though the module `site`, which makes them, is not.
_START = """import builtins, resource, sys
seconds, memory = int(sys.argv[1]), int(sys.argv[2])
resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
program = sys.argv[3]
sys.argv = ["program.py"]
builtins.exit = builtins.quit = sys.exit
exec(compile(program, "program.py", "exec"), {"__name__": "__main__"})
"""


class ProgramAnswers(EqualAnswers):
    """A Python program in a fenced block, compared by what it prints for each of `inputs` (standard input).

    seconds: of each run; memory: bytes. A program that fails for every input is no answer.
    """

    form = (
        "the word PROGRAM; the whole Python program, which needs the standard library only, reads standard input and prints, "
        "stands in a ```python block above"
    )
    slow = True

    def __init__(self, inputs: Sequence[str], seconds: int = 2, memory: int = 512 << 20) -> None:
        if not inputs:
            raise UserError("inputs: give at least one standard input to compare programs by")
        if seconds < 1 or memory < 64 << 20:
            raise UserError(f"limits {seconds} s, {memory} bytes: give at least 1 s and {64 << 20} bytes")
        self.inputs, self.seconds, self.memory = tuple(inputs), seconds, memory

    def parse(self, text: str, stop: threading.Event | None = None) -> tuple[tuple[str | None, ...], str] | None:
        """Runs the program. stop: once set, whatever runs is ended and there is no answer."""
        stop, program = stop or threading.Event(), program_in(text)
        if not program or len(program.encode()) > MOST_OUTPUT or "\0" in program:
            return None
        outputs = tuple(run_program(program, given, self.seconds, self.memory, stop) for given in self.inputs)
        return (outputs, program) if any(output is not None for output in outputs) else None

    def show(self, parsed: Sequence[tuple[Hashable, str]]) -> str:
        return min((program for _, program in parsed), key=len)


def program_in(text: str) -> str:
    """The last fenced block that is labelled as Python; the last without a label if there is none; else "". Without the
    indentation of a list in which it stands."""
    blocks = [(match["label"], match["program"]) for match in _BLOCK.finditer(text.replace("\r\n", "\n"))]
    labelled = [program for label, program in blocks if _PYTHON.match(label)]
    plain = [program for label, program in blocks if not label]
    program = next(iter([*reversed(labelled), *reversed(plain)]), "")
    return textwrap.dedent(program).encode("utf-8", "replace").decode("utf-8")


def run_program(program: str, given: str, seconds: int, memory: int, stop: threading.Event) -> str | None:
    """What `program` prints for the standard input `given`, trailing spaces of lines removed; None if it fails, or is ended
    because `stop` is set."""
    if stop.is_set():
        return None
    isolate = [shutil.which("unshare") or "", "-rn", "--"] if no_network() else []
    command = [*isolate, sys.executable, "-s", "-P", "-S", "-c", _START, str(seconds), str(memory), program]
    # Input and output are files: nobody has to feed a pipe, or to read one without end. The size of files is limited.
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryFile() as typed, tempfile.TemporaryFile() as output:
        typed.write(given.encode("utf-8", "replace"))
        typed.seek(0)
        process = subprocess.Popen(
            command, cwd=folder, env=_ENVIRONMENT, stdin=typed, stdout=output,
            stderr=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
        until = time.monotonic() + seconds + 1
        try:
            while process.poll() is None and time.monotonic() < until and not stop.wait(POLL):
                pass
            if process.returncode is None:
                return None
        finally:
            _end_group(process)
        output.seek(0)
        printed = output.read(MOST_OUTPUT + 1)
    if process.returncode != 0 or len(printed) > MOST_OUTPUT:
        return None
    return "\n".join(line.rstrip() for line in printed.decode("utf-8", "replace").rstrip().splitlines())


def _end_group(process: subprocess.Popen[bytes]) -> None:
    """End the program and whatever it has started in its session."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return  # nothing of it is left
    finally:
        process.wait()


@functools.cache
def no_network() -> bool:
    """Whether programs run without a network here."""
    unshare = shutil.which("unshare")
    if sys.platform != "linux" or unshare is None:
        return False
    return subprocess.run([unshare, "-rn", "--", "true"], capture_output=True).returncode == 0
