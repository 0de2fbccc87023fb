"""Budgets: never exceeded, the aggregation reserved for, the best answer so far at the limit."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from favilla.contemplate import PRESETS, Budget, Limits, NumberAnswers, Panel, Policy, Price, Result, contemplate, rsa
from favilla.contemplate.budget import BudgetExceeded, Ledger
from favilla.contemplate.simulated import Faults, SimulatedSolver, virtual_run
from favilla.contemplate.solver import Call, Reply, Solver, Usage
from favilla.errors import UserError
from tests.contemplate.solvers import Scripted, down


def ask(solver: Solver, policy: Policy, budget: Budget, **more: object) -> Result:
    return virtual_run(
        contemplate(
            "What is 6 * 7?", panel=Panel((solver,)), policy=policy, budget=budget, answers=NumberAnswers(), **more
        )  # type: ignore[arg-type]
    )


@dataclass
class Counting(SimulatedSolver):
    """Counts for itself what is asked and what is produced."""

    started: int = 0
    produced: int = 0
    read: int = 0

    async def reply(self, call: Call, tokens: Callable[[int], None]) -> Reply:
        self.started += 1
        reply = await super().reply(call, tokens)
        assert reply.usage is not None
        self.produced += reply.usage.output_tokens
        self.read += reply.usage.input_tokens
        return reply


POLICIES = [PRESETS["low"], PRESETS["vote"], PRESETS["auto"], PRESETS["pairwise"], rsa(5, 2, 3), PRESETS["moa"]]
RATE = st.sampled_from([0.0, 0.1, 0.3])


@settings(max_examples=200, deadline=None)
@given(
    policy=st.sampled_from(POLICIES), calls=st.none() | st.integers(1, 40), output=st.none() | st.integers(50, 9000),
    total=st.none() | st.integers(500, 60_000), fail=RATE, hang=RATE, cut=RATE, junk=RATE, seed=st.integers(0, 10**6),
    read=st.none() | st.integers(200, 40_000), usd=st.none() | st.floats(0.001, 0.1), seconds=st.none() | st.floats(1, 400),
    concurrency=st.integers(1, 20), soft=st.sampled_from([0.5, 0.8, 1.0]), longest=st.sampled_from([40, 300]),
)  # fmt: skip
def test_hard_limits_hold(
    policy, calls, output, total, fail, hang, cut, junk, seed, read, usd, seconds, concurrency, soft, longest
) -> None:  # type: ignore[no-untyped-def]
    solver = Counting(lambda text: "42", faults=Faults(fail, hang, cut, junk), seed=seed, accuracy=0.4)
    budget = Budget(read, output, total, usd, seconds, calls, soft)
    prices = {"simulated": Price(1.25, 4.25, 0.15)}
    limits = Limits(concurrency=concurrency, call_seconds=60)
    try:
        result = ask(solver, policy, budget, limits=limits, seed=seed, max_output_tokens=longest, prices=prices)
    except UserError as error:
        assert "no room for one attempt" in str(error) and solver.started == 0
        return
    if calls is not None:
        assert solver.started <= result.usage.calls <= calls
    if output is not None:
        assert solver.produced <= result.usage.output_tokens <= output
    if total is not None:
        assert solver.produced + solver.read <= result.usage.total_tokens <= total
    if read is not None:
        assert solver.read <= result.usage.input_tokens <= read
    if usd is not None:
        spent = 1.25 * solver.read + 4.25 * solver.produced
        assert result.cost is not None and spent / 1e6 <= result.cost + 1e-9 <= usd + 2e-9
    if seconds is not None:
        assert result.seconds <= seconds + 1e-6
    assert not any(name.startswith("over budget") for name in result.degraded)
    assert solver.started == result.usage.calls
    assert sum(result.usage_by.values(), Usage()) == result.usage
    if any(answer.status == "usable" for answer in result.answers):
        assert result.answer is not None or result.refused


@settings(max_examples=60, deadline=None)
@given(
    jobs=st.lists(st.tuples(st.integers(1, 50), st.integers(0, 50), st.integers(0, 5)), min_size=1, max_size=20),
    limit=st.integers(1, 120),
)
def test_reservations_are_atomic(jobs: list[tuple[int, int, int]], limit: int) -> None:
    """jobs: (reserved, used at most that, seconds); the sum in flight and used stays below the limit at any moment."""
    ledger = Ledger(Budget(output_tokens=limit))
    done: list[int] = []
    flying: list[int] = []

    async def job(upper: int, used: int, seconds: int) -> None:
        try:
            room = await ledger.reserve("m", Usage(1, upper, calls=1))
        except BudgetExceeded:
            assert sum(done) + upper > limit
            return
        flying.append(upper)
        assert sum(done) + sum(flying) <= limit
        await asyncio.sleep(seconds)
        flying.remove(upper)
        done.append(min(used, upper))
        ledger.settle(room, "m", Usage(1, min(used, upper), calls=1))

    async def main() -> None:
        async with asyncio.TaskGroup() as group:
            for one in jobs:
                group.create_task(job(*one))

    virtual_run(main())
    assert ledger.used.output_tokens == sum(done) <= limit


def test_the_aggregation_is_reserved_for() -> None:
    def script(call: Call) -> str:
        if call.kind == "synthesis":
            return "SUMMARY: checked\nANSWER: 42"
        return down(call) if call.agent > 1 else f"ANSWER: {call.agent}"

    solver = Scripted(script)
    result = ask(solver, PRESETS["low"], Budget(calls=6))
    # 2 replies, 3 failures until all but the reserved call are used, 1 synthesis
    assert [call.kind for call in solver.calls].count("synthesis") == 1 and len(solver.calls) == 6
    assert result.answer == "42" and result.agreement == 0.0 and result.stopped_by == "calls"


def test_without_room_for_the_aggregation_it_votes_and_says_so() -> None:
    solver = Scripted(lambda call: f"ANSWER: {min(call.agent, 1)}")
    result = ask(solver, PRESETS["pairwise"], Budget(calls=8))
    assert result.answer == "1" and result.agreement == 7 / 8
    assert result.degraded == {"aggregation: no room in the budget, voted": 1}


def test_best_answer_so_far_at_each_limit() -> None:
    solver = Scripted(lambda call: "ANSWER: 42")
    result = ask(solver, rsa(4, 2, 5), Budget(calls=6, soft=1.0), limits=Limits(quorum=1.0))
    assert (result.answer, result.stopped_by, len(solver.calls)) == ("42", "calls", 6)
    result = ask(Scripted(lambda call: "ANSWER: 42"), rsa(4, 2, 5), Budget(calls=10))
    assert (result.answer, result.stopped_by, result.usage.calls) == ("42", "soft calls", 8)
    slow = Scripted(lambda call: "ANSWER: 42", lambda call: 1.0 if call.agent == 0 else 1e6)
    result = ask(slow, Policy(4), Budget(seconds=30))
    assert (result.answer, result.stopped_by, result.seconds) == ("42", "seconds", 30.0)
    assert result.degraded == {"cut: seconds": 3} and result.usage.unreported == 3
    dear = {"scripted": Price(0.0, 1e6, 0.0)}
    result = ask(Scripted(lambda call: "ANSWER: 42"), Policy(4), Budget(usd=25), prices=dear, max_output_tokens=10)
    assert (result.answer, result.stopped_by, result.cost) == ("42", "usd", 20.0)


def test_a_dear_endpoint_is_told() -> None:
    """An endpoint that counts more than what was asked for cannot be stopped, only told."""
    result = ask(Scripted(lambda call: "ANSWER: 42"), Policy(1), Budget(output_tokens=5), max_output_tokens=5)
    assert result.answer == "42" and result.degraded == {"over budget: output_tokens": 1}


def test_budgets_that_make_no_sense_are_refused() -> None:
    for bad in ({"calls": 0}, {"usd": float("nan")}, {"seconds": -1.0}, {"soft": 0.0}):
        with pytest.raises(UserError):
            Budget(**bad)  # type: ignore[arg-type]
    with pytest.raises(UserError, match="no price"):
        ask(Scripted(lambda call: "ANSWER: 42"), Policy(1), Budget(usd=1.0))
