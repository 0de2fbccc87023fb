"""One call that does not give up too early, and many calls of which some may fail.

Nothing here runs on after the function that started it has returned: every task lives in a TaskGroup.
"""

from __future__ import annotations

import asyncio
import math
import random
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from typing import Any

from favilla.contemplate.budget import Ledger
from favilla.contemplate.solver import Call, Panel, Reply, Solver, SolverError, Usage, derive
from favilla.errors import UserError


@dataclass(frozen=True)
class Limits:
    """How patient a run is.

    call_seconds: longest request; reasoning models think for minutes. retries: after 429, 5xx, timeouts and lost
    connections, each after a random part of backoff_seconds x 2^try (full jitter) or what Retry-After says.
    quorum: share of a round's agents whose usable answers are enough; then the others get a grace of grace_share of the
    time so far, at least grace_seconds, and are cut. concurrency: requests at the same time.
    breaker: failures in a row after which an endpoint is left alone for breaker_seconds.
    """

    call_seconds: float = 600.0
    retries: int = 3
    backoff_seconds: float = 0.5
    most_backoff_seconds: float = 30.0
    quorum: float = 0.75
    grace_share: float = 0.5
    grace_seconds: float = 1.0
    concurrency: int = 64
    breaker: int = 10
    breaker_seconds: float = 10.0

    def __post_init__(self) -> None:
        if not 0 < self.quorum <= 1:
            raise UserError(f"quorum {self.quorum}: give a share above 0 and up to 1")
        for name in ("call_seconds", "concurrency", "breaker"):
            if not getattr(self, name) > 0:
                raise UserError(f"{name} {getattr(self, name)}: give a number above 0")
        for name in ("retries", "backoff_seconds", "most_backoff_seconds", "grace_share", "grace_seconds"):
            if not getattr(self, name) >= 0:
                raise UserError(f"{name} {getattr(self, name)}: give 0 or more")


@dataclass
class Breaker:
    """Whether an endpoint may be asked. Half-open after its pause: the next failure opens it again, a success closes it."""

    limit: int
    seconds: float
    failures: int = 0
    open_until: float = -math.inf

    def success(self) -> None:
        self.failures = 0

    def failure(self, now: float) -> None:
        self.failures += 1
        if self.failures >= self.limit:
            self.open_until = now + self.seconds
            self.failures = self.limit - 1


@dataclass
class Caller:
    """Makes calls for one run: route, reserve, ask, settle, retry."""

    panel: Panel
    ledger: Ledger
    limits: Limits
    seed: int
    retried: Callable[[Call, str], None] = lambda call, kind: None
    asked: Callable[[Call, str, Usage], None] = lambda call, model, upper: None
    streamed: Callable[[Call, int], None] = lambda call, tokens: None
    breakers: dict[str, Breaker] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._slots = asyncio.Semaphore(self.limits.concurrency)

    async def ask(self, call: Call, seat: int, *, final: bool, spent: list[Usage]) -> tuple[Reply, Solver]:
        """The reply to `call` by the solver at `seat`, or by another whose endpoint works, and who that was; usage of every
        try is added to `spent`. Raises SolverError when none comes and BudgetExceeded when there is no room for it."""
        rng = random.Random(derive(self.seed, "jitter", call.key))
        tried = 0
        while True:
            solver = await self._route(seat)
            try:
                return await self._once(solver, call, final, spent), solver
            except SolverError as error:
                if not error.retryable or (tried == self.limits.retries and error.kind != "parameter"):
                    raise
                self.retried(call, error.kind)
                if error.kind == "parameter":
                    continue  # each happens once to a solver, and waiting would not help
                wait = rng.random() * self.limits.backoff_seconds * 2**tried
                wait = max(wait, error.retry_after or 0.0)
                await asyncio.sleep(min(wait, self.limits.most_backoff_seconds))
                tried += 1

    async def _once(self, solver: Solver, call: Call, final: bool, spent: list[Usage]) -> Reply:
        breaker = self._breaker(solver)
        async with self._slots:
            room = await self.ledger.reserve(solver.model, upper_limit(solver, call), final=final)
            self.asked(call, solver.model, room.upper)
            used: Usage | None = None  # unknown while it runs, and when it is cancelled
            try:
                async with asyncio.timeout(self.limits.call_seconds):
                    reply = await solver.reply(call, lambda tokens: self.streamed(call, tokens))
                used = reply.usage
            except TimeoutError:
                breaker.failure(asyncio.get_running_loop().time())
                text = f"no answer in {self.limits.call_seconds:g} s"
                raise SolverError("timeout", text, retryable=True, processed=True) from None
            except SolverError as error:
                if error.retryable and error.kind not in ("rate limit", "parameter"):
                    breaker.failure(asyncio.get_running_loop().time())
                used = None if error.processed else Usage(calls=1)
                raise
            finally:
                spent.append(self.ledger.settle(room, solver.model, used))
        breaker.success()
        return reply

    async def _route(self, seat: int) -> Solver:
        """The solver at `seat` if its endpoint is not left alone, else the next one; if all are, after the pause."""
        solvers = self.panel.solvers[seat:] + self.panel.solvers[:seat]
        for last_try in (False, True):
            now = asyncio.get_running_loop().time()
            for solver in solvers:
                if self._breaker(solver).open_until <= now:
                    return solver
            if not last_try:
                await asyncio.sleep(min(self._breaker(s).open_until for s in solvers) - now)
        raise SolverError("circuit open", f"{solvers[0].endpoint} keeps failing", retryable=False)

    def _breaker(self, solver: Solver) -> Breaker:
        return self.breakers.setdefault(solver.endpoint, Breaker(self.limits.breaker, self.limits.breaker_seconds))


def upper_limit(solver: Solver, call: Call) -> Usage:
    """What one try of `call` uses at most."""
    nested = getattr(solver, "upper", None)
    return nested(call) if nested is not None else Usage(solver.input_limit(call), call.max_output_tokens, calls=1)


async def gather(
    jobs: Sequence[Coroutine[Any, Any, bool]],
    limits: Limits,
    since: float,
    deadline: float,
    decided: Callable[[int], bool],
    interrupt: asyncio.Event | None = None,
) -> str | None:
    """Run `jobs` together until all are done, or the quorum of those that return True (usable) and then the grace are
    over, or `decided(outstanding)` says so, or the loop's clock shows `deadline`, or `interrupt` is set; then cancel the
    rest and wait for their end. Returns why jobs were cut: "stragglers", "decided", "seconds", "interrupted" or None. What
    jobs find out they note themselves. since: when the loop's clock saw this work begin (earlier than now in a run that
    goes on).
    """
    loop = asyncio.get_running_loop()
    cut_at = deadline
    quorum = math.ceil(limits.quorum * len(jobs))
    reached = False
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(job) for job in jobs]
        pending = set(tasks)
        bell = {group.create_task(interrupt.wait())} if interrupt is not None else set()
        reason = None
        while pending and reason is None:
            patience = None if cut_at == math.inf else max(0.0, cut_at - loop.time())
            done, waiting = await asyncio.wait(pending | bell, timeout=patience, return_when=asyncio.FIRST_COMPLETED)
            pending = waiting - bell
            finished = [task for task in tasks if task.done() and not task.cancelled()]
            if any(task.exception() for task in finished):
                break  # a bug in a job: the group cancels the rest and raises
            if pending and interrupt is not None and interrupt.is_set():
                reason = "interrupted"
            elif pending and not done:
                reason = "seconds" if cut_at == deadline else "stragglers"
            elif pending and decided(len(pending)):
                reason = "decided"
            elif not reached and sum(task.result() for task in finished) >= quorum:
                reached = True
                elapsed = loop.time() - since
                grace = max(limits.grace_seconds, limits.grace_share * elapsed)
                cut_at = min(deadline, loop.time() + grace)
        for waits in (*pending, *bell):
            waits.cancel()
    return reason
