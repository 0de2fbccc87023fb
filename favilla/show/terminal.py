"""What a person sees in the terminal while a model thinks and answers."""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
from collections.abc import Callable
from typing import Any, TextIO

from favilla.errors import UserError

DIM, BOLD, RESET = "\x1b[2m", "\x1b[1m", "\x1b[0m"
# A model's words, and names of files, must not be able to steer the terminal: only line breaks and tabs pass.
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def styled(file: TextIO) -> bool:
    """Whether `file` is a terminal that shows styles, and the user wants them (https://no-color.org)."""
    return file.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def harmless(text: str) -> str:
    """`text` with control characters replaced by U+FFFD."""
    return CONTROL.sub("\ufffd", text)


def complain(message: str) -> None:
    """Print one line on stderr, whatever the message looks like."""
    print(f"favilla: {harmless(' '.join(message.split()))}", file=sys.stderr)


def notice(message: str) -> None:
    """Tell in one line on stderr what is worth knowing and no error."""
    complain(f"notice: {message}")


def finish(run: Callable[[argparse.Namespace], dict[str, Any]], given: argparse.Namespace) -> None:
    """A benchmark's last step: measure, and print what was found where JSON is asked for; what the user can mend is one line and exit
    code 2."""
    try:
        last = run(given)
    except UserError as error:
        complain(str(error))
        raise SystemExit(2) from None
    if given.json:
        print(json.dumps(last))


class StreamPrinter:
    """Prints pieces as they come: thinking dim, then the answer bold; plain where the output is no terminal.

    The answer begins on a line of its own, with an empty line between it and the thinking.
    """

    def __init__(self, file: TextIO | None = None):
        self.file = file or sys.stdout
        self.styled = styled(self.file)
        self.kind: str | None = None
        self.at_line_start = True

    def piece(self, kind: str, text: str) -> None:
        """Print some text of `kind` "thinking" or "answer"."""
        if not text:
            return
        if kind != self.kind and self.kind is not None:
            self._write(("" if self.at_line_start else "\n") + "\n")
        self.kind = kind
        text = harmless(text)
        self._write(f"{DIM if kind == 'thinking' else BOLD}{text}{RESET}" if self.styled else text)
        self.at_line_start = text.endswith("\n")

    def end(self) -> None:
        """Finish the last line."""
        if self.kind is not None and not self.at_line_start:
            self._write("\n")
        self.at_line_start = True

    def _write(self, text: str) -> None:
        self.file.write(text)
        self.file.flush()
