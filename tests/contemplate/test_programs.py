"""Answers that are programs: which block of a reply is one, what it prints, and that none outlives its run."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from pathlib import Path

import pytest

from favilla.contemplate import Budget, Panel, ProgramAnswers, contemplate
from favilla.contemplate.programs import program_in
from tests.contemplate.solvers import Scripted

ENDLESS = "```python\nwhile True: pass\n```\nANSWER: PROGRAM"


def test_programs_are_compared_by_what_they_print() -> None:
    kind = ProgramAnswers(["2\n", "5\n"], seconds=1)
    texts = ["print(int(input()) * 2)", "n = int(input())\nprint(n + n)  ", "print(int(input()) ** 2)"]
    parsed = [kind.parse(f"```python\n{text}\n```\nANSWER: PROGRAM") for text in texts]
    assert None not in parsed and kind.group(parsed) == [0, 0, 1]  # type: ignore[arg-type]
    for bad in ("1 / 0", "while True: pass", "x = 'a' * (2 << 30)", "print('x' * 5_000_000)", "def"):
        assert ProgramAnswers(["1"], seconds=1).parse(f"```python\n{bad}\n```") is None, bad


@pytest.mark.parametrize(
    ("program", "printed"),
    [("print(6)\nexit()", "6"), ("print(6)\nquit(0)\nprint(7)", "6"), ("print(6)\nexit(1)", None), ("quit('no')", None),
     ("print('\u00e9\u6771')", "\u00e9\u6771"), ("import favilla", None), ("import numpy", None),
     ("import os\nprint(sorted(k for k in os.environ if k.startswith('PYTHON')))", "['PYTHONHASHSEED', 'PYTHONIOENCODING']"),
     ("import sys\nprint('' in sys.path, sys.flags.no_user_site, sys.flags.safe_path, sys.flags.no_site)", "False 1 True 1")],
)  # fmt: skip
def test_how_programs_are_run(program: str, printed: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))  # `favilla` is there, but not for the program
    parsed = ProgramAnswers([""]).parse(f"```python\n{program}\n```")
    assert (parsed and parsed[0]) == (printed and (printed,))


def test_the_same_program_is_one_answer() -> None:
    """Six words have 720 orders: with random hashes, four runs would hardly print the same."""
    text = "```python\nprint({'one', 'two', 'three', 'four', 'five', 'six'})\n```"
    kind = ProgramAnswers([""])
    assert kind.group([kind.parse(text) for _ in range(4)]) == [0] * 4  # type: ignore[misc]


@pytest.mark.parametrize("fence", ["```", "~~~", "````"])
@pytest.mark.parametrize(
    "label",
    [
        "python",
        "python3",
        "Python",
        "PY",
        "python title=main",
        "",
        "python3.11",
        "{python}",
        "{.python .big}",
        "py:a.py",
    ],
)
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_usual_fences(fence: str, label: str, end: str) -> None:
    text = f"So:\n{fence}{label}\nprint(1)\n\n{fence}\nANSWER: PROGRAM".replace("\n", end)
    assert program_in(text) == "print(1)\n\n"


@pytest.mark.parametrize(
    "text",
    ["1. So:\n   ```python\n   if 1:\n       print(1)\n   ```\n2. Done", "\t```\n\tif 1:\n\t    print(1)\n\t```",
     "   ```python\n     if 1:\n         print(1)\n   ```"],
)  # fmt: skip
def test_a_program_may_stand_in_a_list(text: str) -> None:
    assert program_in(text) == "if 1:\n    print(1)\n"


@pytest.mark.parametrize(
    "other",
    ["```\n1\n```", "```text\n1\n```", "~~~\n1\n~~~", "```sh\npython x.py\n```", "```python-repl\n>>> 1\n```"],
)
def test_a_block_of_output_is_no_program(other: str) -> None:
    program = "```python\nprint(1)\n```\n"
    for text in (
        f"{program}Output:\n{other}",
        f"{other}\n{program}",
        f"{program.replace('1', '2')}\nbetter:\n{program}",
    ):
        assert program_in(text) == "print(1)\n", text
    assert program_in("```\nx\n```\n```\nprint(1)\n```") == "print(1)\n"
    assert program_in(other) == ("1\n" if other in ("```\n1\n```", "~~~\n1\n~~~") else "")
    assert program_in("```python\nno end") == ""


def programs() -> int:
    """Processes that this one has started and that still run."""
    found = 0
    for task in Path("/proc/self/task").iterdir():
        with contextlib.suppress(OSError):  # a thread that has just ended
            found += len((task / "children").read_text().split())
    return found


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="needs /proc to see processes")
@pytest.mark.parametrize("how", ["interrupt", "cancel", "seconds"])
def test_programs_end_with_their_run(how: str) -> None:
    """Of many inputs, each of which takes as long as it may."""

    async def main() -> None:
        before, interrupt = programs(), asyncio.Event()
        solver = Scripted(lambda call: ENDLESS, lambda call: 0.0)
        budget = Budget(seconds=2.0) if how == "seconds" else None
        run = asyncio.create_task(
            contemplate("Why?", panel=Panel((solver,)), policy="single", answers=ProgramAnswers(["1"] * 4, seconds=3),
                        interrupt=interrupt, budget=budget)
        )  # fmt: skip
        while programs() == before and not run.done():
            await asyncio.sleep(0.01)
        if how == "interrupt":
            interrupt.set()
        elif how == "cancel":
            run.cancel()
        await asyncio.wait([run])
        assert programs() == before
        if how != "cancel":
            assert run.result().answer is None and run.result().stopped_by == (
                "interrupted" if how == "interrupt" else how
            )

    asyncio.run(main())


def test_what_a_slow_kind_raises_comes_out_as_it_is() -> None:
    class Broken(ProgramAnswers):
        def parse(self, text: str, stop: threading.Event | None = None) -> None:
            raise ZeroDivisionError(text)

    async def main(call_text: str = "ANSWER: 1") -> None:
        solver = Scripted(lambda call: call_text, lambda call: 0.0)
        with pytest.raises(ZeroDivisionError, match="ANSWER: 1"):
            await contemplate("Why?", panel=Panel((solver,)), policy="single", answers=Broken(["1"]))

    asyncio.run(main())
