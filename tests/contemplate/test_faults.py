"""Nothing is lost under faults; the same seed gives the same run."""

from __future__ import annotations

import asyncio
import json
import random
import statistics
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import pytest

from favilla.contemplate import Budget, Limits, NumberAnswers, Panel, Policy, Result, contemplate, rsa
from favilla.contemplate.calls import Breaker, enough
from favilla.contemplate.openai_client import OpenAISolver
from favilla.contemplate.simulated import Faults, SimulatedSolver, virtual_run
from favilla.contemplate.simulated_server import Asked, Behaviour, Cut, Fail, Hang, Junk, Say, Server
from favilla.contemplate.solver import Call, SolverError, derive
from tests.contemplate.solvers import Scripted, down

SILENCE = 0.05  # seconds
AT_ONCE = 12  # questions
BAD = Faults(fail=0.30, hang=0.10, cut=0.10, junk=0.05)


@dataclass
class BadServer:
    """What happens to a request depends on what it says and on how often it has said it, not on when it comes: so the
    outcome of every agent can be worked out beforehand, and the same run can be made twice."""

    seed: int
    faults: Faults
    came: Counter[str] = field(default_factory=Counter)

    def luck(self, body: dict[str, Any], time: int) -> str:
        """What the `time`-th request with this body meets."""
        draw = random.Random(f"{self.seed} {time} {json.dumps(body, sort_keys=True)}").random()
        for name in ("fail", "hang", "cut", "junk"):
            draw -= getattr(self.faults, name)
            if draw < 0:
                return name
        return "say"

    def behave(self, asked: Asked, number: int) -> Behaviour:
        said = json.dumps(asked.body, sort_keys=True)
        self.came[said] += 1
        answer = Say(f"SUMMARY: s\nANSWER: {asked.text.split()[2]}")
        return {"fail": Fail(503), "hang": Hang(), "cut": Cut(), "junk": Junk(), "say": answer}[
            self.luck(asked.body, self.came[said])
        ]

    def outcome(self, body: dict[str, Any], retries: int) -> tuple[str, int]:
        """How an agent who sends `body` ends, and after how many requests."""
        for time in range(1, retries + 2):
            if (met := self.luck(body, time)) in ("say", "junk"):
                return {"say": "usable", "junk": "failed"}[met], time
        return "failed", retries + 1


def test_a_bad_server_costs_no_answer() -> None:
    """200 questions to 16 agents each, over HTTP. Every agent ends as the server's draws say that it must: a request that
    was lost, asked once too often or given up too early would show. Time passes only while the sockets are silent, so that
    nothing times out but what hangs, on the slowest machine too."""
    limits = Limits(backoff_seconds=0.0, quorum=1.0, breaker=10**6, concurrency=16)
    bad = BadServer(seed=1, faults=BAD)
    results: dict[int, Result] = {}

    async def main() -> list[Asked]:
        tasks = asyncio.all_tasks()
        async with Server(bad.behave) as server:
            solver, free = OpenAISolver(server.address, "m"), asyncio.Semaphore(AT_ONCE)

            async def one(question: int) -> None:
                async with free:
                    results[question] = await contemplate(
                        f"What is {question} + 0?", panel=Panel((solver,)), policy=Policy(16), limits=limits,
                        answers=NumberAnswers(), seed=question,
                    )  # fmt: skip

            async with asyncio.TaskGroup() as group:
                for question in range(200):
                    group.create_task(one(question))
            await solver.close()
            await server.quiet.wait()
            assert asyncio.all_tasks() == tasks
            return server.asked

    asked = virtual_run(main(), SILENCE)
    bodies = {(one.text.split()[2], one.body["seed"]): one.body for one in asked}
    assert len(bodies) == 200 * 16 and len(asked) > 1.5 * len(bodies)
    for question, result in results.items():
        assert result.answer == str(question) and result.agreement == 1.0 and result.stopped_by == "finished"
        expected = [
            bad.outcome(bodies[str(question), derive(question, 0, agent)], limits.retries) for agent in range(16)
        ]
        assert [answer.status for answer in result.answers] == [status for status, _ in expected]
        assert [answer.usage.calls for answer in result.answers] == [calls for _, calls in expected]
        assert sum(result.degraded.values()) == sum(status == "failed" for status, _ in expected)
    assert sum(result.usage.calls for result in results.values()) == len(asked)


def test_a_bad_server_with_the_limits_that_are_there_by_default() -> None:
    """The same with backoff, breaker, quorum and grace as they are."""
    bad = BadServer(seed=2, faults=Faults(fail=0.30, hang=0.02, cut=0.10, junk=0.05))

    async def main() -> tuple[list[Result], int]:
        async with Server(bad.behave) as server:
            solver = OpenAISolver(server.address, "m")
            results = [
                await contemplate(
                    f"What is {question} + 0?", panel=Panel((solver,)), policy=Policy(16), answers=NumberAnswers(),
                    seed=question,
                ) for question in range(5)
            ]  # fmt: skip
            await solver.close()
            return results, len(server.asked)

    results, asked = virtual_run(main(), SILENCE)
    assert [result.answer for result in results] == [str(question) for question in range(5)]
    assert all(usable(result) >= 12 and result.agreement == 1.0 for result in results)
    assert sum(result.usage.calls for result in results) == asked > 5 * 16
    assert not any("circuit" in name for result in results for name in result.degraded)


def test_faults_cost_no_accuracy_at_equal_quorum() -> None:
    """Paired: the same question and the same thoughts of each agent, with and without faults, 12 usable of 16 both times.

    Which 12 differs, so single votes come out otherwise: about 4 % of them, so that the standard error of the difference is
    0.3 points. The test passes with probability 0.998 if faults cost nothing, and with 0.001 if they cost two points.
    """
    pairs, agents, quorum = 4000, 16, 12
    limits = Limits(quorum=quorum / agents, grace_share=0.0, grace_seconds=0.0, breaker=10**6)

    async def one(question: int, faults: Faults) -> Result:
        solver = SimulatedSolver(lambda text: "42", accuracy=0.65, seed=question, faults=faults)
        return await contemplate("6 * 7?", panel=Panel((solver,)), policy=Policy(agents), limits=limits,
                                 answers=NumberAnswers(), seed=question)  # fmt: skip

    async def main() -> list[tuple[Result, Result]]:
        return [(await one(question, Faults()), await one(question, BAD)) for question in range(pairs)]

    compared = virtual_run(main())
    equal = [(clean, faulty) for clean, faulty in compared if usable(clean) == usable(faulty) == quorum]
    # the rest: more than four agents met junk or four failures in a row, or two came in at the same moment
    assert len(equal) > 0.8 * pairs
    for clean, faulty in compared:
        # nobody's thoughts changed, and the answer is the vote of those who are there
        thoughts = {answer.agent: answer.answer for answer in clean.answers if answer.status == "usable"}
        for answer in faulty.answers:
            assert answer.status != "usable" or thoughts.get(answer.agent, answer.answer) == answer.answer
        for result in (clean, faulty):
            votes = Counter(answer.answer for answer in result.answers if answer.status == "usable")
            assert result.answer == max(votes, key=lambda answer: votes[answer])  # of equals the first, as it happens
    differences = [(faulty.answer == "42") - (clean.answer == "42") for clean, faulty in equal]
    middle = statistics.fmean(differences)
    assert abs(middle) <= 0.01, middle
    assert 0.8 < statistics.fmean(clean.answer == "42" for clean, _ in equal) < 0.98  # room to lose and to gain


def usable(result: Result) -> int:
    return sum(answer.status == "usable" for answer in result.answers)


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


def outage(until: float) -> Scripted:
    """Down until the loop's clock shows `until`; a request takes a second, or a tenth to fail."""

    def script(call: Call) -> str:
        return down(call) if asyncio.get_running_loop().time() < until else "ANSWER: 42"

    return Scripted(script, lambda call: 0.1 if asyncio.get_running_loop().time() < until else 1.0)


@pytest.mark.parametrize("seconds", [0.5, 3.0, 12.0])
@pytest.mark.parametrize("limits", [Limits(), Limits(quorum=1.0)])
def test_an_outage_costs_no_agent(seconds: float, limits: Limits) -> None:
    """One endpoint: while it is down it is left alone, and afterwards all are answered."""
    solver = outage(seconds)
    result = virtual_run(contemplate("Why?", panel=Panel((solver,)), policy=Policy(16), limits=limits))
    assert result.degraded == {} and result.agreement == 1.0 and result.seconds < 10.0 + seconds + 10.0
    # 16 at once, then those that try alone, and 16 that are answered
    assert len(solver.calls) <= 16 + 2 + 16


def test_an_endpoint_that_stays_down_is_given_up() -> None:
    solver = outage(1e9)
    result = virtual_run(contemplate("Why?", panel=Panel((solver,)), policy=Policy(16)))
    assert result.answer is None and sum(result.degraded.values()) == 16
    assert set(result.degraded) <= {"failed: server", "failed: circuit open"}
    # each waits for three pauses of 10 s, its retries; one request tries after each
    assert 30.0 <= result.seconds < 35.0 and len(solver.calls) <= 16 + 4
    result = virtual_run(contemplate("Why?", panel=Panel((outage(1e9),)), policy=Policy(16), budget=Budget(seconds=5)))
    assert (result.stopped_by, result.seconds) == ("seconds", 5.0)


def test_one_that_tries_and_hangs_holds_nobody_up_for_long() -> None:
    solver = outage(5.0)
    slow = solver.seconds
    solver.seconds = lambda call: 1e6 if len(solver.calls) == 17 else slow(call)
    result = virtual_run(contemplate("Why?", panel=Panel((solver,)), policy=Policy(16)))
    assert result.answer == "42" and result.degraded == {"cut: stragglers": 1} and result.seconds < 35.0


def test_a_breaker_by_hand() -> None:
    breaker = Breaker(limit=2, seconds=10.0)
    breaker.failure(1.0)
    assert breaker.admits(1.0)
    breaker.failure(2.0)
    breaker.failure(9.0)  # was under way when it opened
    assert not breaker.admits(11.0) and breaker.admits(12.0) and not breaker.admits(12.0)
    breaker.failure(13.0)
    assert not breaker.admits(21.0) and breaker.admits(22.0)
    breaker.success()
    assert breaker.admits(22.0) and breaker.admits(22.0)


def test_what_an_endpoint_asks_for_is_kept_and_not_all_come_back_together() -> None:
    def busy(seconds: float) -> tuple[Scripted, Result, list[float]]:
        came: list[float] = []

        def script(call: Call) -> str:
            came.append(asyncio.get_running_loop().time())
            if len(came) <= 16:
                raise SolverError("rate limit", "429", retryable=True, retry_after=seconds)
            return "ANSWER: 42"

        solver = Scripted(script, lambda call: 0.0)
        result = virtual_run(contemplate("Why?", panel=Panel((solver,)), policy=Policy(16), limits=Limits(quorum=1.0)))
        return solver, result, came[16:]

    _, result, again = busy(90.0)
    assert result.degraded == {} and min(again) >= 90.0 and len(set(again)) == 16 and max(again) - min(again) > 0.2
    solver, result, _ = busy(7200.0)  # longer than the longest request: not waited for
    assert len(solver.calls) == 16 and result.degraded == {"failed: rate limit": 16} and result.seconds == 0.0
    assert "7200 s" in result.answers[0].detail


@pytest.mark.parametrize(("agents", "failing"), [(16, 5), (4, 2), (16, 14)])
def test_one_that_hangs_is_not_waited_for_because_others_failed(agents: int, failing: int) -> None:
    def script(call: Call) -> str:
        return "nothing\nat all" if call.agent < failing else "ANSWER: 42"

    solver = Scripted(script, lambda call: 1e6 if call.agent == agents - 1 else 2.0)
    result = virtual_run(contemplate("Why?", panel=Panel((solver,)), policy=Policy(agents)))
    assert result.answer == "42" and result.seconds == 3.0
    # who waits for everyone, waits for everyone; and the only one left is waited for
    assert not enough(9, 1, 16, 1.0) and enough(9, 0, 16, 1.0) and not enough(0, 1, 4, 0.75)
    assert not enough(11, 2, 16, 0.75) and enough(12, 2, 16, 0.75)


@pytest.mark.parametrize("quorum", [0.5, 1.0])
def test_stragglers_get_a_grace_and_are_cut(quorum: float) -> None:
    solver = Scripted(lambda call: "ANSWER: 42", lambda call: 1.0 if call.agent < 2 else 100.0)
    limits = Limits(quorum=quorum, grace_seconds=3.0)
    result = virtual_run(contemplate("Why?", panel=Panel((solver,)), policy=Policy(4), limits=limits))
    assert result.answer == "42" and result.seconds == (4.0 if quorum == 0.5 else 100.0)
    assert result.degraded == ({"cut: stragglers": 2} if quorum == 0.5 else {})


def test_patience_may_be_long() -> None:
    """In virtual time; 2 to the power of 1,024 is no float."""
    limits = Limits(retries=1100, backoff_seconds=0.5, breaker=10**6)
    result = virtual_run(contemplate("Why?", panel=Panel((Scripted(down),)), policy="single", limits=limits))
    assert result.answers[0].detail == "server: 503" and result.usage.calls == 1101
