"""What counts in a round, when no further one is needed, and what a run says of how it ended."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from favilla.contemplate import PRESETS, Budget, Event, Limits, NumberAnswers, Panel, Policy, Result, contemplate
from favilla.contemplate.budget import Ledger
from favilla.contemplate.openai_client import Capabilities
from favilla.contemplate.simulated import virtual_run
from favilla.contemplate.solver import Call, Reply, Solver, Usage
from favilla.errors import UserError
from tests.contemplate.solvers import Scripted, down

CUT = Reply("so it is\nANSWER: 4", Usage(5, 5, calls=1), truncated=True)
ENDED = Reply("ANSWER: 42\nLet me check once mo", Usage(5, 5, calls=1), truncated=True)


def ask(*solvers: Solver, **settings: object) -> Result:
    settings = {"answers": NumberAnswers(), **settings}
    return virtual_run(contemplate("What is 6 * 7?", panel=Panel(solvers), **settings))  # type: ignore[arg-type]


def test_an_answer_that_was_cut_off_is_none() -> None:
    everyone = Limits(quorum=1.0)
    solver = Scripted(lambda call: "ANSWER: 42" if call.agent == 0 else ENDED if call.agent == 1 else CUT)
    result = ask(solver, policy=Policy(5), limits=everyone)
    assert [answer.status for answer in result.answers] == ["usable", "usable", "unusable", "unusable", "unusable"]
    assert (result.answer, result.agreement, result.dissent) == ("42", 1.0, {})
    assert result.degraded == {"unusable: truncated": 3}
    assert result.answers[1].message == "ANSWER: 42"  # peers are not shown what may go on either


@pytest.mark.parametrize("aggregate", ["synthesis", "selection", "pairwise"])
def test_a_judge_that_was_cut_off_gives_no_verdict(aggregate: str) -> None:
    def script(call: Call) -> str | Reply:
        return f"ANSWER: {min(call.agent, 1)}" if call.kind == "attempt" else Reply("ANSWER: 1", truncated=True)

    result = ask(Scripted(script), policy=Policy(3, aggregate=aggregate), limits=Limits(quorum=1.0))  # type: ignore[arg-type]
    assert result.answer == "1" and result.agreement == 2 / 3  # the vote
    assert any("the judge's reply was cut off" in what for what in result.degraded)


def test_a_decided_vote_is_not_overturned_by_the_round_before(tmp_path: Path) -> None:
    """Nine of sixteen are enough to decide, and fewer than the quorum; the same when the run is taken up again."""
    solver = Scripted(lambda call: f"ANSWER: {1 + call.round}", lambda call: 1.0 + call.agent)
    policy = PRESETS["vote"].with_(rounds=2)
    for _ in range(2):
        result = ask(solver, policy=policy, limits=Limits(quorum=0.75), log=tmp_path / "log.jsonl")
        assert (result.answer, result.agreement, result.dissent) == ("2", 1.0, {})
        assert sum(answer.status == "usable" for answer in result.answers if answer.round == 1) == 9
        assert result.stopped_by == "agreement"
    assert len(solver.calls) == 32


def test_auto_asks_no_more_where_nobody_disagrees() -> None:
    def run(script, **more: object) -> int:  # type: ignore[no-untyped-def]
        solver = Scripted(script, lambda call: 1e5 if call.agent == 3 and more else 1.0)
        result = ask(solver, policy="auto")
        assert result.answer == "42" and (result.stopped_by == "agreement" or len(result.answers) > 4)
        return len(result.answers)

    agree = "ANSWER: 42"
    assert run(lambda call: agree) == 4
    assert run(lambda call: agree, straggler=True) == 4
    assert run(lambda call: "nothing\nat all" if call.agent == 1 else agree) == 4
    assert run(lambda call: "ANSWER: 7" if call.key == "attempt/0/1" else agree) > 4
    assert run(lambda call: "I can't help." if call.key == "attempt/0/1" else agree) > 4
    # fewer than the quorum say nothing about the others
    assert run(lambda call: "nothing\nat all" if call.round == 0 and call.agent < 2 else agree) > 4
    few = ask(Scripted(lambda call: agree), policy=Policy((3, 4), rounds=2, refine="more", stop="beta"))
    assert len(few.answers) == 7


def test_a_soft_limit_of_time_is_called_soft() -> None:
    """The agents of a run with a judge may use the soft share of its time."""
    solver = Scripted(
        lambda call: f"ANSWER: {call.agent}", lambda call: 1e6 if call.kind == "attempt" and call.agent else 1.0
    )
    result = ask(solver, policy="low", budget=Budget(seconds=100))
    assert (result.stopped_by, result.seconds, result.answer) == ("soft seconds", 80.0, "0")
    result = ask(solver, policy=Policy(4), budget=Budget(seconds=100))
    assert (result.stopped_by, result.seconds) == ("seconds", 100.0)


@dataclass
class Contemplating(Scripted):
    """One that would contemplate itself: up to seven requests for each of its calls."""

    def upper(self, call: Call) -> Usage:
        return Usage(70, 700, calls=7)


def test_requests_of_a_solver_that_contemplates_itself_count_when_it_is_cut() -> None:
    solver = Contemplating(lambda call: "ANSWER: 42", lambda call: 1.0 if call.agent < 3 else 1e6)
    result = ask(solver, policy=Policy(4))
    cut = result.answers[3]
    assert cut.status == "cut" and cut.usage == Usage(70, 700, calls=7, unreported=7)
    assert result.usage.calls == 3 + 7


class Picky(Scripted):
    """Takes no question at all, and says so as a model in this process does."""

    def input_limit(self, call: Call) -> int:
        raise UserError("question of 9 tokens: shorten it")


class Late(Scripted):
    """The same, found out when it is asked."""

    async def reply(self, call: Call, tokens) -> Reply:  # type: ignore[no-untyped-def]
        raise UserError("that picture is damaged")


def test_what_the_user_can_mend_is_told_plainly() -> None:
    good = Scripted(lambda call: "ANSWER: 42", endpoint="good")
    # every solver that has a seat is looked at before anybody is asked
    with pytest.raises(UserError, match="shorten it"):
        ask(good, Picky(lambda call: "", endpoint="picky"), policy=Policy(4))
    assert good.calls == []
    # one who finds out later fails alone, also where it stands in for another
    result = ask(good, Late(lambda call: "", endpoint="late"), policy=Policy(4))
    assert result.answer == "42" and result.degraded == {"failed: rejected": 2}
    with pytest.raises(UserError, match="damaged"):
        ask(Late(lambda call: ""), policy=Policy(4))
    bad = Scripted(down, endpoint="bad")
    with pytest.raises(UserError, match="shorten it"):
        ask(bad, Picky(lambda call: "", endpoint="picky"), policy=Policy(1), limits=Limits(breaker=1))


@pytest.mark.parametrize("kind", ["round", "started", "answered", "aggregation"])
def test_what_a_callback_or_a_bug_raises_comes_out_as_it_is(kind: str) -> None:
    def tell(event: Event) -> None:
        if event.kind == kind:
            raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        ask(Scripted(lambda call: f"ANSWER: {call.agent}"), policy="low", on_event=tell)

    def broken(call: Call) -> str:
        if call.kind == "match" or call.agent == 1:
            raise ZeroDivisionError(call.key)
        return f"ANSWER: {call.agent}"

    with pytest.raises(ZeroDivisionError, match="attempt/0/1"):
        ask(Scripted(broken), policy=Policy(4))
    with pytest.raises(ZeroDivisionError, match="match"):
        ask(Scripted(lambda call: broken(call) if call.kind == "match" else f"ANSWER: {call.agent}"), policy="pairwise")


def test_nothing_runs_on_after_a_bug() -> None:
    async def main() -> None:
        tasks = asyncio.all_tasks()
        slow = Scripted(lambda call: {}["no"], lambda call: 1.0 if call.agent == 0 else 1e6)  # type: ignore[typeddict-item]
        with pytest.raises(KeyError):
            await contemplate("Why?", panel=Panel((slow,)), policy="low")
        assert asyncio.all_tasks() == tasks and asyncio.get_running_loop().time() == 1.0

    virtual_run(main())


@pytest.mark.parametrize(
    ("fraction", "size", "fresh"), [(0.1, 8, 1), (0.29, 100, 29), (0.5, 4, 2), (0.0, 8, 0), (1.0, 3, 3), (0.3, 10, 3)]
)
def test_fresh_agents_are_no_fewer_than_asked_for(fraction: float, size: int, fresh: int) -> None:
    solver = Scripted(lambda call: "ANSWER: 7")
    virtual_run(
        contemplate(
            "Why?",
            panel=Panel((solver,)),
            policy=Policy(size, rounds=2, fresh_fraction=fraction),
            limits=Limits(concurrency=200),
        )
    )
    assert sum(call.round == 1 and call.kind == "attempt" for call in solver.calls) == fresh


def test_who_answers_for_another_is_told(tmp_path: Path) -> None:
    """Also when the run is read from its log."""
    good, bad = (
        Scripted(lambda call: "ANSWER: 7", model="cheap", endpoint="a"),
        Scripted(down, model="dear", endpoint="b"),
    )
    given: dict[str, Any] = {"panel": Panel((good, bad)), "policy": Policy(16), "log": tmp_path / "log"}
    limits = Limits(breaker=3, breaker_seconds=1000, retries=3)
    for _ in range(2):
        result = virtual_run(contemplate("Why?", limits=limits, **given))
        assert {answer.model for answer in result.answers} == {"cheap"}
        assert result.degraded["dear: does not answer, another model did"] == 8


def test_time_before_the_first_question_makes_no_straggler_slow() -> None:
    """A probe of a minute: one who hangs is waited for as long as without."""

    @dataclass
    class Probed(Scripted):
        async def probe(self, ledger: Ledger) -> Capabilities:
            await asyncio.sleep(60)
            return Capabilities(None, None, None, None, ())

        def check(self, pictures: int) -> None:
            """Takes everything."""

    seconds = []
    for probe in (False, True):
        solver = Probed(lambda call: "ANSWER: 7", seconds=lambda call: 1.0 if call.agent else 1e6)
        panel = Panel((solver,))
        seconds.append(virtual_run(contemplate("Why?", panel=panel, policy=Policy(4), probe=probe)).seconds)
    assert seconds[1] == pytest.approx(seconds[0] + 60)
