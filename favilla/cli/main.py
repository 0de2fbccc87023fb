"""The command `favilla`: which verbs there are, and what an exit code means.

0 done; 2 what the user gave is wrong (one line on stderr); 130 interrupted; 1 anything else. A verb imports what it
needs (torch above all) only when it runs, so `--help` is there at once.
"""

from __future__ import annotations

import contextlib
import functools
import io
import logging
import os
import re
import sys
import warnings
from collections.abc import Callable, Sequence
from typing import Any

import tyro

from favilla.cli.ask import ask
from favilla.cli.contemplate import contemplate
from favilla.cli.evaluate import evaluate
from favilla.cli.pretrain import pretrain
from favilla.cli.rl import rl
from favilla.cli.roles import roles
from favilla.cli.study import report, study
from favilla.cli.tune import tune
from favilla.cli.worlds import worlds
from favilla.errors import UserError
from favilla.show.terminal import complain, notice

VERBS: dict[str, Callable[..., None]] = {
    "ask": ask,
    "worlds": worlds,
    "eval": evaluate,
    "pretrain": pretrain,
    "tune": tune,
    "rl": rl,
    "roles": roles,
    "study": study,
    "report": report,
    "contemplate": contemplate,
}

DESCRIPTION = """Small, natively multimodal reasoning models: ask them, measure them, train your own.

Example: favilla ask "How many red circles are there?" --image picture.png"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command line (default: the process's own) and return its exit code."""
    # Python has no stream where the shell closed one (`>&-`), and would print complaints on the other.
    sys.stdout, sys.stderr = (stream or open(os.devnull, "w") for stream in (sys.stdout, sys.stderr))  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal that lacks a character is no reason to fail
    _one_line_notices()
    try:
        run = _parse(sys.argv[1:] if argv is None else argv)
        run()
        sys.stdout.flush()
    except UserError as error:
        complain(str(error))
        return 2
    except KeyboardInterrupt as error:
        if str(error):
            complain(str(error))
        return 130
    except BrokenPipeError:
        # The reader (head, a pager) has left. Python would complain once more when it closes stdout.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    return 0


def _parse(argv: Sequence[str]) -> Callable[[], None]:
    """The verb with its arguments, ready to run. Leaves with code 2 and one line when the arguments are wrong."""
    verbs = {name: _deferred(verb) for name, verb in VERBS.items()}
    complaint = io.StringIO()
    try:
        with contextlib.redirect_stderr(complaint):
            return tyro.extras.subcommand_cli_from_dict(
                verbs, prog="favilla", description=DESCRIPTION, args=list(argv),
                config=(tyro.conf.FlagCreatePairsOff, tyro.conf.HelptextFromCommentsOff),
            )  # fmt: skip
    except SystemExit as exit:
        if exit.code == 2:
            raise UserError(_usage_error(complaint.getvalue(), argv)) from None
        raise


def _deferred(verb: Callable[..., None]) -> Callable[..., Any]:
    """`verb` as seen by the parser; called, it only remembers its arguments."""

    @functools.wraps(verb)
    def remember(*args: Any, **kwargs: Any) -> Callable[[], None]:
        return functools.partial(verb, *args, **kwargs)

    return remember


def _usage_error(box: str, argv: Sequence[str]) -> str:
    """The sentence inside the box in which tyro prints a usage error."""
    paragraphs = re.split(r"─{3,}\s*│?", box.partition("\n")[2])
    sentence = " ".join(re.sub(r"[│╭╮╰╯─]", " ", paragraphs[0]).split())
    sentence = sentence.partition(". Got errors:")[0].rstrip(".")
    guesses = list(dict.fromkeys(re.findall(r"^│\s+(--[a-z][a-z-]*)", box, re.MULTILINE)))
    hint = f"did you mean {' or '.join(guesses)}?" if "Perhaps you meant" in box and guesses else ""
    verb = f" {argv[0]}" if argv and argv[0] in VERBS else ""
    return f"{sentence or 'wrong arguments'}; {hint or f'see favilla{verb} --help'}"


def _one_line_notices() -> None:
    """What the package warns about (an audio tower left out, a family that does not load) is one line, not three."""
    show = warnings.showwarning

    def tell(message: Warning | str, category: type[Warning], *rest: Any, **more: Any) -> None:
        if category is UserWarning:
            notice(str(message))
        else:
            show(message, category, *rest, **more)

    warnings.showwarning = tell
    logging.basicConfig(format="favilla: notice: %(message)s", level=logging.WARNING)


if __name__ == "__main__":
    sys.exit(main())
