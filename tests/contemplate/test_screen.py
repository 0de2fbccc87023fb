"""`favilla contemplate` on a terminal: what the screen shows while agents work, and what Ctrl-C does."""

from __future__ import annotations

import asyncio
import re
import signal
from collections.abc import Callable

import pytest

from favilla.cli.agents import run
from favilla.contemplate import Budget, Panel, Policy
from favilla.contemplate.simulated_server import Asked, Behaviour, Hang, Say, Server
from favilla.contemplate.solver import Call, Reply
from tests.contemplate.solvers import Scripted
from tests.contemplate.terminal import Terminal


def row(lines: list[str], agent: str) -> list[str]:
    """The cells of an agent's row."""
    found = [line for line in lines if re.match(rf"{re.escape(agent)}\s", line)]
    return re.split(r"\s{2,}", found[0]) if found else []


def shows(text: str):  # type: ignore[no-untyped-def]
    return lambda lines: any(text in line for line in lines)


def half_answer(held: asyncio.Event | None = None):  # type: ignore[no-untyped-def]
    """Two say 40, one 41, the others begin and wait."""

    def behave(asked: Asked, number: int) -> Behaviour:
        return Say(f"ANSWER: {40 + number // 2}") if number < 3 else Say("ANSWER: 40", hold=held or asyncio.Event())

    return behave


def test_a_row_per_agent_and_ctrl_c_gives_the_best_answer_so_far() -> None:
    async def main() -> None:
        async with Server(half_answer()) as server:
            arguments = ("contemplate", "Why \x1b[31m not?", "--endpoint", server.address, "--model", "m", "--policy",
                         "rsa(6,2,3)", "--calls", "40", "--budget", "90000000")  # fmt: skip
            with Terminal(*arguments) as terminal:
                # which three are answered depends on who comes first
                states = [["usable"], ["writing"]]
                lines = await terminal.until(
                    lambda s: (
                        shows("votes: 40 x2, 41 x1")(s)
                        and sorted(row(s, str(agent))[1:2] for agent in range(1, 7)) == sorted(3 * states)
                        and all("".join(row(s, str(agent))[2:3]).isdigit() for agent in range(1, 7))
                    )
                )
                assert lines[0].startswith("rsa(6,2,3)   round 1 of 3") and lines[1] == "Why � not?".replace(
                    "�", "�[31m"
                )
                assert re.split(r"\s{2,}", lines[2]) == ["agent", "state", "tokens", "answer"]
                cells = [row(lines, str(agent)) for agent in range(1, 7)]
                assert [c[1] for c in cells].count("usable") == 3 and [c[1] for c in cells].count("writing") == 3
                assert sorted(c[-1] for c in cells if c[1] == "usable") == ["40", "40", "41"]
                assert shows("agreement 67%")(lines) and shows("calls 3 of 40")(lines)
                assert shows("both 111 of 90,000,000")(lines)  # 3 x (30 read + 7 written)
                terminal.type(b"\x03")
                assert await terminal.wait() == 0
                assert terminal.left.split("\r\n")[1:3] == ["40", "favilla: notice: cut: interrupted (3)"]
                assert "stopped by: interrupted; the answer is the best so far" in terminal.left
                assert terminal.raw.count(b"\x1b[?1049h") == terminal.raw.count(b"\x1b[?1049l") == 1

    asyncio.run(main())


def test_rounds_the_judge_and_more_agents_than_lines() -> None:
    async def main() -> None:
        held = asyncio.Event()

        def behave(asked: Asked, number: int) -> Behaviour:
            if "Attempts at an answer" in asked.text:
                return Say("SUMMARY: s\nANSWER: 77", hold=held)
            return Say(f"ANSWER: {4 if number < 12 else 5}")  # no tie, which whoever came first would decide

        async with Server(behave) as server:
            where = ("--endpoint", server.address, "--model", "m", "--policy", "low", "--agents", "20")
            with Terminal("contemplate", "Why?", *where, rows=16, columns=80) as terminal:
                lines = await terminal.until(lambda s: row(s, "judge 1")[1:2] == ["writing"])
                assert "aggregation: synthesis" in lines[0]
                assert shows("round 1: 4 x12, 5 x8; agreement 60%")(lines), lines
                held.set()
                assert await terminal.wait() == 0 and terminal.left.split("\r\n")[1] == "77"
        async with Server(lambda asked, n: Hang(after_text=True)) as server:
            where = ("--endpoint", server.address, "--model", "m", "--policy", "vote", "--agents", "20")
            with Terminal("contemplate", "Why?", *where, rows=16, columns=80) as terminal:
                lines = await terminal.until(shows("13 writing"))
                assert row(lines, "7") and not row(lines, "8") and row(lines, "+ 13")
                terminal.type(b"\x03")
                assert await terminal.wait() == 130 and "no agent had answered yet" in terminal.left

    asyncio.run(main())


class Stubborn(Scripted):
    """Is interrupted while it answers, and once more while that is obeyed, which takes it a minute."""

    obeyed = False

    async def reply(self, call: Call, tokens: Callable[[int], None]) -> Reply:
        signal.raise_signal(signal.SIGINT)
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            signal.raise_signal(signal.SIGINT)
            await asyncio.sleep(60)
            self.obeyed = True
        return Reply("ANSWER: 42")


def test_a_second_ctrl_c_leaves_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    solver = Stubborn(lambda call: "")
    with pytest.raises(KeyboardInterrupt):
        run("Why?", Policy(1), "single", Budget(), quiet=False, panel=Panel((solver,)))
    assert not solver.obeyed and "42" not in capsys.readouterr().out


def test_ctrl_c_held_down_leaves_a_clean_terminal() -> None:
    async def main() -> None:
        # how many of them arrive is up to the system
        async with Server(half_answer()) as server:
            where = ("--endpoint", server.address, "--model", "m", "--policy", "vote", "--agents", "6")
            with Terminal("contemplate", "Why?", *where) as terminal:
                await terminal.until(shows("votes: 40 x2"))
                terminal.type(b"\x03\x03\x03")
                assert await terminal.wait() in (0, 130) and "Traceback" not in terminal.left

    asyncio.run(main())


def test_a_terminal_that_cannot_be_drawn_on_gets_lines() -> None:
    async def main() -> None:
        async with Server() as server:
            where = ("--endpoint", server.address, "--model", "m", "--policy", "vote", "--agents", "2")
            with Terminal("contemplate", "Why?", *where, term="dumb") as terminal:
                assert await terminal.wait() == 0
                assert b"\x1b" not in terminal.raw
                assert {"round 1: 2 agents", "  agent 1 usable: 42", "42"} <= set(terminal.lines())

    asyncio.run(main())


def test_our_own_model_on_a_terminal() -> None:
    async def main() -> None:
        with Terminal("contemplate", "What is 17 + 25 - 8?", "--policy", "rsa(16,4,60)") as terminal:
            lines = await terminal.until(lambda s: re.search(r"round ([3-9]|[1-5]\d) of 60", s[0]) is not None)
            assert row(lines, "1")
            terminal.type(b"\x03")
            assert await terminal.wait() == 0
            assert "stopped by: interrupted; the answer is the best so far" in terminal.left

    asyncio.run(main())
