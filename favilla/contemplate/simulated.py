"""A solver whose accuracy, lengths, latencies and failures are known, and time that does not pass.

Scheduling, budgets and statistics are tested on it: with `virtual_run` thousands of runs take seconds. Right or wrong is
drawn from another stream of random numbers than failures, so that runs with and without failures are paired.
"""

from __future__ import annotations

import asyncio
import random
import re
import selectors
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any, TypeVar

from favilla.contemplate.solver import Call, Reply, SolverError, Usage, derive

T = TypeVar("T")
_SHOWN = re.compile(r"^ANSWER: (.+)$", re.MULTILINE)


@dataclass(frozen=True)
class Faults:
    """Shares of requests that fail with 503, hang until they are cancelled, are cut in the middle, or bring junk."""

    fail: float = 0.0
    hang: float = 0.0
    cut: float = 0.0
    junk: float = 0.0


@dataclass
class SimulatedSolver:
    """Answers a question whose right answer is `truth(text of the call)`.

    accuracy: of an independent attempt; wrong answers are `distractors` others, the first twice as likely as the rest.
    skill: probability that an agent who is shown the right answer among others takes it; else it attempts anew.
    tokens: mean length, exponential; seconds_per_token and latency: how long a reply takes. refuse: share of refusals.
    confident: whether log-probabilities are told; they are higher for right answers.
    """

    truth: Callable[[str], str]
    accuracy: float = 0.5
    skill: float = 0.7
    distractors: int = 3
    tokens: float = 200.0
    latency: float = 0.5
    seconds_per_token: float = 0.02
    refuse: float = 0.0
    confident: bool = False
    faults: Faults = Faults()
    seed: int = 0
    model: str = "simulated"
    endpoint: str = "simulated"
    _tries: dict[str, int] = field(default_factory=dict, repr=False)

    def input_limit(self, call: Call) -> int:
        return len(call.text) + len(call.system)

    async def close(self) -> None:
        """Nothing is open."""

    async def reply(self, call: Call, tokens: Callable[[int], None]) -> Reply:
        tried = self._tries[call.digest] = self._tries.get(call.digest, 0) + 1
        mind = random.Random(derive(self.seed, "mind", call.digest))
        luck = random.Random(derive(self.seed, "luck", call.digest, tried))
        length = max(1, min(call.max_output_tokens, round(mind.expovariate(1 / self.tokens))))
        fault, seconds = luck.random(), self.latency + self.seconds_per_token * length
        usage = Usage(min(self.input_limit(call), len(call.text) // 4 + 1), length, calls=1)
        text, right = self._answer(call, mind)
        if fault < self.faults.fail:
            await asyncio.sleep(self.latency)
            raise SolverError("server", "503 simulated", retryable=True)
        fault -= self.faults.fail
        if fault < self.faults.hang:
            await asyncio.get_running_loop().create_future()
        fault -= self.faults.hang
        if fault < self.faults.cut:
            await asyncio.sleep(seconds / 2)
            raise SolverError("cut", "simulated", retryable=True, processed=True)
        fault -= self.faults.cut
        await asyncio.sleep(seconds)
        tokens(length)
        if fault < self.faults.junk:
            return Reply("\x00\x07#\n" * 20, usage)
        logprob = (-0.2 if right else -0.9) - 0.2 * mind.random() if self.confident else None
        return Reply(text, usage, logprob)

    def _answer(self, call: Call, mind: random.Random) -> tuple[str, bool]:
        truth = self.truth(call.text)
        draws = mind.random(), mind.random(), mind.random()
        if draws[0] < self.refuse:
            return "I'm sorry, but I can't help with that.", False
        shown = _SHOWN.findall(call.text)
        if call.kind in ("selection", "match"):
            rights = [i for i, answer in enumerate(shown, 1) if answer == truth]
            known = rights and draws[1] < self.skill
            chosen = rights[0] if known else mind.randint(1, len(shown))
            return f"ANSWER: {chosen}", bool(known)
        right = (truth in shown and draws[1] < self.skill) or draws[2] < self.accuracy
        wrong = mind.choices(range(self.distractors), [2] + [1] * (self.distractors - 1))[0]
        answer = truth if right else f"{truth}{wrong}9"
        return f"SUMMARY: I worked it out.\nANSWER: {answer}", right


class _NoWaiting(selectors.DefaultSelector):  # type: ignore[misc, valid-type]
    """Instead of waiting for `timeout` seconds, lets them pass on the loop's clock. silence: see `virtual_run`."""

    def __init__(self, silence: float) -> None:
        super().__init__()
        self.silence, self.passed = silence, 0.0

    def select(self, timeout: float | None = None) -> list[Any]:
        ready = super().select(0 if timeout == 0 else self.silence)
        if ready or timeout == 0:
            return ready
        if timeout is None:
            raise RuntimeError("nothing is scheduled any more: everything waits for something that never comes")
        self.passed += timeout
        return ready


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """An event loop whose clock stands still while there is anything to do, and then jumps to what is scheduled next."""

    def __init__(self, silence: float = 0.0) -> None:
        self._clock = _NoWaiting(silence)
        super().__init__(self._clock)

    def time(self) -> float:
        return self._clock.passed


def virtual_run(main: Coroutine[Any, Any, T], silence: float = 0.0) -> T:
    """Like asyncio.run, in virtual time. silence: real seconds without input or output after which none is to be expected;
    needed where sockets are used, both ends of them in this loop."""
    with asyncio.Runner(loop_factory=lambda: VirtualTimeLoop(silence)) as runner:
        return runner.run(main)
