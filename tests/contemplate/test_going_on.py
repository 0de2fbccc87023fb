"""A run that goes on with its log: nothing that was paid for is thrown away or paid for again, and the books stay whole."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from favilla.contemplate import Budget, Limits, Panel, Policy, Result, TextAnswers, contemplate
from favilla.contemplate.simulated import Faults, SimulatedSolver, virtual_run
from favilla.contemplate.solver import Call, Solver, Usage
from favilla.errors import UserError
from tests.contemplate.solvers import Scripted

MORE = Policy(4, rounds=3, refine="more")


def ask(
    solver: Solver, policy: Policy, log: Path, killed_after: float | None = None, **settings: object
) -> Result | None:
    """The result, or None of a run that was killed after so many seconds."""

    async def main() -> Result | None:
        run = asyncio.create_task(
            contemplate("Why?", panel=Panel((solver,)), policy=policy, log=log, answers=TextAnswers(),
                        max_output_tokens=1000, **settings)  # type: ignore[arg-type]
        )  # fmt: skip
        await asyncio.wait([run], timeout=killed_after)
        if not run.done():
            run.cancel()
            await asyncio.wait([run])
            return None
        return run.result()

    return virtual_run(main())


def whole(result: Result | None) -> Result:
    assert result is not None and sum(result.usage_by.values(), Usage()) == result.usage
    return result


@pytest.mark.parametrize("limit", ["calls", "seconds"])
def test_a_finished_run_repeated_gives_the_same_answer(limit: str, tmp_path: Path) -> None:
    """All three rounds were within the soft limit when they began, and are not when everything has been paid for."""
    for seed in range(10):
        solver, log = SimulatedSolver(lambda text: "7", accuracy=0.4, seed=seed), tmp_path / str(seed)
        plain = whole(ask(solver, MORE, tmp_path / f"{seed}-plain"))
        budget = Budget(calls=12) if limit == "calls" else Budget(seconds=1.1 * plain.seconds)
        first, again = (whole(ask(solver, MORE, log, budget=budget)) for _ in range(2))
        assert len(first.answers) == 12 and first.usage == again.usage
        assert (again.answer, again.agreement, again.dissent) == (first.answer, first.agreement, first.dissent)
        assert (again.stopped_by, len(again.answers)) == (first.stopped_by, 12)


def test_what_was_paid_for_before_a_kill_counts_after_it(tmp_path: Path) -> None:
    """Ten of twelve had answered, A three times, B seven; two were under way."""

    def script(call: Call) -> str:
        return f"ANSWER: {'A' if call.round == 0 and call.agent < 3 else 'B'}"

    def slow(call: Call) -> float:
        return 100.0 if call.round == 2 and call.agent > 1 else 1.0

    budget, log = Budget(calls=12), tmp_path / "log.jsonl"
    assert ask(Scripted(script, slow), MORE, log, 10.0, budget=budget, limits=Limits(quorum=1.0)) is None
    solver = Scripted(script)
    result = whole(ask(solver, MORE, log, budget=budget, limits=Limits(quorum=1.0)))
    assert (result.answer, result.dissent, result.stopped_by) == ("B", {"A": 3}, "calls") and solver.calls == []
    assert result.usage.calls == 12 and result.usage_by["repeated"].calls == 2


def test_nobody_is_asked_whom_there_is_no_time_for(tmp_path: Path) -> None:
    """The agents of a run with a judge may use the soft share of its time; this one was killed after that."""
    policy, budget, log = Policy(4, aggregate="synthesis"), Budget(seconds=100), tmp_path / "log.jsonl"
    solvers = [
        Scripted(lambda call: f"ANSWER: {call.agent}", lambda call: 1e6 if call.agent else 1.0) for _ in range(2)
    ]
    first, again = (whole(ask(solver, policy, log, budget=budget)) for solver in solvers)
    assert solvers[1].calls == [] and again.usage == first.usage
    assert (again.answer, again.stopped_by) == (first.answer, first.stopped_by) == ("0", "soft seconds")


def test_books_stay_whole_however_often_a_run_goes_on(tmp_path: Path) -> None:
    """Whatever fails, hangs or is killed when: usage by agent adds up to all that was used."""
    for seed in range(20):
        faults = Faults(0.3, 0.1, 0.1, 0.1)
        log = tmp_path / str(seed)
        settings = {"seed": seed, "limits": Limits(call_seconds=20, retries=2)}
        policy = (Policy(16, stop="unassailable"), Policy(5, rounds=3, refine="more", aggregate="selection"))[seed % 2]
        for killed_after in (3.0 + seed, 2.0, None, None):
            solver = SimulatedSolver(lambda text: "7", accuracy=0.4, faults=faults, seed=seed)
            if (result := ask(solver, policy, log, killed_after, **settings)) is not None:
                whole(result)


FULL = """
import resource, sys
from pathlib import Path
from favilla.contemplate import Limits, NumberAnswers, Panel, Policy, contemplate_sync
from favilla.errors import UserError
from tests.contemplate.solvers import Scripted
most = int(sys.argv[2])
resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
try:
    result = contemplate_sync("Why?", panel=Panel((Scripted(lambda call: "ANSWER: 42", lambda call: 0.0),)), policy=Policy(8),
                              answers=NumberAnswers(), log=Path(sys.argv[1]), limits=Limits(quorum=1.0))
    print(result.answer, len(result.answers), result.degraded, result.usage.calls)
except Exception as error:
    print(type(error).__name__, error)
"""


def test_a_log_that_cannot_be_written_any_more_ends_no_run(tmp_path: Path) -> None:
    """As on a full disk; what is in it until then is still good for going on."""
    log = tmp_path / "log.jsonl"

    def run(most: int) -> str:
        path = os.pathsep.join(part for part in sys.path if part)
        done = subprocess.run([sys.executable, "-c", FULL, str(log), str(most)], capture_output=True, text=True,
                              env={**os.environ, "PYTHONPATH": path})  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    note = "log: cannot be written any more, File too large"
    assert run(4000) == f"42 8 {{'{note}': 1}} 8" and log.stat().st_size == 4000
    # the line that was cut off goes; of those who had answered nobody is asked again
    whole_lines = log.read_text().rpartition("\n")[0]
    asked, replies = (whole_lines.count(f'"event": "{event}"') for event in ("asked", "reply"))
    assert 0 < replies < 8 and run(10**6) == f"42 8 {{}} {asked + 8 - replies}"
    assert run(10).startswith(f"UserError --log {log}: cannot be written (File too large); make room")


@pytest.mark.parametrize("content", [b'{"m": {"input": 1.0}}', b"a\nb\nc", b'{"event": "reply"}\n', b"x"])
def test_a_file_that_is_no_log_keeps_every_byte(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "prices.json"
    path.write_bytes(content)
    with pytest.raises(UserError, match="is no"):
        ask(Scripted(lambda call: "ANSWER: 7"), Policy(2), path)
    assert path.read_bytes() == content


def test_a_log_that_was_killed_in_its_first_line_begins_anew(tmp_path: Path) -> None:
    path = tmp_path / "log"
    whole(ask(Scripted(lambda call: "ANSWER: 7"), Policy(2), path))
    complete = path.read_bytes()
    first = complete.index(b"\n") + 1
    for length in (0, 1, first // 2, first - 1):
        path.write_bytes(complete[:length])
        whole(ask(Scripted(lambda call: "ANSWER: 7"), Policy(2), path))
        assert path.read_bytes().splitlines()[0] + b"\n" == complete[:first]


@pytest.mark.parametrize(
    ("event", "field", "value"),
    [
        ("closed", "round", None), ("reply", "usage", None), ("reply", "usage", {"input_tokens": "3"}), ("reply", "reply", {"odd": 1}),
        ("reply", "seconds", "3"), ("asked", "call", "odd"), ("asked", "call", 3), ("reply", "digest", None),
    ],
)  # fmt: skip
def test_a_damaged_log_is_told_by_its_line(event: str, field: str, value: object, tmp_path: Path) -> None:
    path = tmp_path / "log"
    whole(ask(Scripted(lambda call: "ANSWER: 7"), Policy(2, rounds=2), path))
    events = [json.loads(line) for line in path.read_text().splitlines()]
    at = next(number for number, one in enumerate(events) if one["event"] == event)
    events[at] = {k: v for k, v in events[at].items() if k != field} | ({field: value} if value is not None else {})
    path.write_text(damaged := "".join(json.dumps(one) + "\n" for one in events))
    with pytest.raises(UserError, match=f"line {at + 1} is no event of a run"):
        ask(Scripted(lambda call: "ANSWER: 7"), Policy(2, rounds=2), path)
    assert path.read_text() == damaged
