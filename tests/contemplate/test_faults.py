"""Nothing is lost under faults; the same seed gives the same run."""

from __future__ import annotations

import asyncio
import random

import pytest

from favilla.contemplate import Limits, NumberAnswers, Panel, Policy, Result, contemplate, rsa
from favilla.contemplate.simulated import Faults, SimulatedSolver, virtual_run
from favilla.contemplate.solver import Call
from tests.contemplate.server import Asked, Behaviour, Cut, Fail, Hang, Junk, Say, Server
from tests.contemplate.solvers import Scripted


def test_ten_questions_are_answered_by_a_bad_server() -> None:
    rng = random.Random(1)

    def behave(asked: Asked, number: int) -> Behaviour:
        luck = rng.random()
        for share, fault in ((0.30, Fail(503)), (0.10, Hang()), (0.10, Cut()), (0.05, Junk())):
            if luck < share:
                return fault
            luck -= share
        return Say(f"SUMMARY: s\nANSWER: {asked.text.split()[2]}")

    limits = Limits(backoff_seconds=0.005, call_seconds=0.4, grace_seconds=0.05, breaker=100)

    async def main() -> None:
        tasks = asyncio.all_tasks()
        async with Server(behave) as server:
            for question in range(10):
                result = await contemplate(
                    f"What is {question} + 0?", endpoint=server.address, model="m", policy=Policy(16), limits=limits,
                    answers=NumberAnswers(), seed=question,
                )  # fmt: skip
                assert result.answer == str(question) and len(result.answers) == 16
                told = sum(n for what, n in result.degraded.items())
                assert told == sum(answer.status != "usable" for answer in result.answers)
            await server.quiet.wait()
            assert asyncio.all_tasks() == tasks

    asyncio.run(main())


def test_faults_cost_no_accuracy_at_equal_quorum() -> None:
    """Paired: the same question and the same thoughts of each agent, with and without faults; 12 usable of 16."""
    limits = Limits(quorum=0.75, grace_share=0.0, grace_seconds=0.0, breaker=1000)

    async def one(question: int, faults: Faults) -> Result:
        solver = SimulatedSolver(lambda text: "42", accuracy=0.5, seed=question, faults=faults)
        return await contemplate("6 * 7?", panel=Panel((solver,)), policy=Policy(16), limits=limits,
                                 answers=NumberAnswers(), seed=question)  # fmt: skip

    async def main() -> tuple[list[Result], list[Result]]:
        bad = Faults(fail=0.3, hang=0.1, cut=0.1, junk=0.05)
        questions = range(2000)
        return [await one(q, Faults()) for q in questions], [await one(q, bad) for q in questions]

    clean, faulty = virtual_run(main())
    assert all(result.answer is not None for result in (*clean, *faulty))
    difference = sum((f.answer == "42") - (c.answer == "42") for f, c in zip(faulty, clean, strict=True)) / 2000
    assert abs(difference) <= 0.01
    assert 0.7 < sum(result.answer == "42" for result in clean) / 2000 < 0.99


def test_the_same_seed_gives_the_same_run() -> None:
    def run(seed: int, order: int) -> tuple[Result, list[str]]:
        def script(call: Call) -> str:
            return f"SUMMARY: agent {call.agent}\nANSWER: {call.seed % 3}"

        solver = Scripted(script, lambda call: 1 + random.Random(f"{order}/{call.key}").random())
        result = virtual_run(
            contemplate("Which?", panel=Panel((solver,)), policy=rsa(6, 3, 3), seed=seed, limits=Limits(quorum=1.0))
        )
        return result, sorted(call.digest for call in solver.calls)

    (first, sent), (second, sent_again) = run(1, 0), run(1, 0)
    assert first.json() == second.json() and sent == sent_again
    third, sent_otherwise = run(1, 1)  # replies in another order
    assert sent_otherwise == sent and third.answer == first.answer and third.dissent == first.dissent
    assert run(2, 0)[1] != sent


def test_refusing_agents_are_counted() -> None:
    def refusing(count: int) -> Result:
        solver = Scripted(lambda call: "I can't help with that." if call.agent < count else "ANSWER: 42")
        return virtual_run(contemplate("Why?", panel=Panel((solver,)), policy=Policy(4), limits=Limits(quorum=1.0)))

    assert refusing(1).answer == "42" and refusing(1).agreement == 0.75 and refusing(1).dissent == {"refused": 1}
    result = refusing(3)
    assert result.answer is None and result.refused and result.stopped_by == "refusals"
    assert result.dissent == {"42": 1, "refused": 3}


@pytest.mark.parametrize("quorum", [0.5, 1.0])
def test_stragglers_get_a_grace_and_are_cut(quorum: float) -> None:
    solver = Scripted(lambda call: "ANSWER: 42", lambda call: 1.0 if call.agent < 2 else 100.0)
    limits = Limits(quorum=quorum, grace_seconds=3.0)
    result = virtual_run(contemplate("Why?", panel=Panel((solver,)), policy=Policy(4), limits=limits))
    assert result.answer == "42" and result.seconds == (4.0 if quorum == 0.5 else 100.0)
    assert result.degraded == ({"cut: stragglers": 2} if quorum == 0.5 else {})
