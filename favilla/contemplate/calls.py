"""One call that does not give up too early, and many calls of which some may fail.

Nothing here runs on after the function that started it has returned: every task lives in a TaskGroup.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import random
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, TypeVar

from favilla.contemplate.budget import Ledger
from favilla.contemplate.solver import Call, Panel, Reply, Solver, SolverError, Usage, derive
from favilla.errors import UserError, is_number

T = TypeVar("T")


@dataclass(frozen=True)
class Limits:
    """How patient a run is.

    call_seconds: longest request; reasoning models think for minutes. retries: after 429, 5xx, timeouts and lost
    connections, each after a random part of backoff_seconds x 2^try (full jitter, at most most_backoff_seconds), on top of
    what Retry-After says; who asks for more than call_seconds is not waited for.
    quorum: share of a round's agents whose usable answers are enough; then the others get a grace of grace_share of the
    time so far, at least grace_seconds, and are cut. Once so many have failed that it cannot be reached, the same share of
    those who may still answer, rounded down. concurrency: requests at the same time.
    breaker: failures in a row after which an endpoint is left alone for breaker_seconds; then one request tries, every
    breaker_seconds another, until one is answered. Waiting in vain for that counts as a retry.
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
        for limit in fields(self):
            if not is_number(value := getattr(self, limit.name)):
                raise UserError(f"{limit.name} {value!r}: give a number")
        if not 0 < self.quorum <= 1:
            raise UserError(f"quorum {self.quorum}: give a share above 0 and up to 1")
        for name in ("retries", "concurrency", "breaker"):
            if type(getattr(self, name)) is not int:
                raise UserError(f"{name} {getattr(self, name)!r}: give a whole number")
        for name in ("call_seconds", "concurrency", "breaker"):
            if not getattr(self, name) > 0:
                raise UserError(f"{name} {getattr(self, name)}: give a number above 0")
        for name in (
            "retries", "backoff_seconds", "most_backoff_seconds", "grace_share", "grace_seconds", "breaker_seconds",
        ):  # fmt: skip
            if not getattr(self, name) >= 0:
                raise UserError(f"{name} {getattr(self, name)}: give 0 or more")


@dataclass
class Breaker:
    """Whether an endpoint may be asked. Open after `limit` failures in a row; once `seconds` have passed one request tries,
    every `seconds` another, and the first success closes it."""

    limit: int
    seconds: float
    failures: int = 0
    next_try: float = -math.inf

    def admits(self, now: float) -> bool:
        """Whether a request may be sent now; while open, it is the one that tries."""
        if self.failures < self.limit:
            return True
        if now < self.next_try:
            return False
        self.next_try = now + self.seconds
        return True

    def success(self) -> None:
        self.failures = 0

    def failure(self, now: float) -> None:
        self.failures += 1
        # What was under way when it opened says nothing new, and does not make the pause longer.
        if self.failures == self.limit:
            self.next_try = now + self.seconds


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
        self._recovered = asyncio.Event()  # set for a moment when an endpoint answers again

    async def ask(self, call: Call, seat: int, *, final: bool, spent: list[Usage]) -> tuple[Reply, Solver]:
        """The reply to `call` by the solver at `seat`, or by another whose endpoint works, and who that was; usage of every
        try is added to `spent`. Raises SolverError when none comes and BudgetExceeded when there is no room for it."""
        rng = random.Random(derive(self.seed, "jitter", call.key))
        tried = 0
        while True:
            solver = self._route(seat)
            while solver is None:
                if tried > self.limits.retries:
                    endpoint = self.panel.solvers[seat].endpoint
                    raise SolverError("circuit open", f"{endpoint} keeps failing", retryable=False)
                recovered = await self._recovers()
                solver = self._route(seat)
                tried += not recovered and solver is None
            try:
                return await self._once(solver, call, final, spent), solver
            except SolverError as error:
                if not error.retryable or (tried >= self.limits.retries and error.kind != "parameter"):
                    raise
                asks = error.retry_after or 0.0
                if asks > self.limits.call_seconds:
                    text = f"{error}; asks to be left alone for {asks:.0f} s"
                    raise SolverError(error.kind, text, retryable=False, processed=error.processed) from None
                self.retried(call, error.kind)
                if error.kind == "parameter":
                    continue  # each happens once to a solver, and waiting would not help
                # On top of what the endpoint asks for: all are told the same, and must not come back together.
                jitter = rng.random() * self.limits.backoff_seconds * 2.0 ** min(tried, 1000)  # a float holds no more
                await asyncio.sleep(asks + min(jitter, self.limits.most_backoff_seconds))
                tried += 1

    async def _once(self, solver: Solver, call: Call, final: bool, spent: list[Usage]) -> Reply:
        """One try. What `streamed` raises comes out as it is, whatever the solver, through which it passes, makes of it."""
        raised: list[Exception] = []

        def streamed(tokens: int) -> None:
            try:
                self.streamed(call, tokens)
            except Exception as error:
                raised.append(error)
                raise

        try:
            return await self._reply(solver, call, final, spent, streamed)
        finally:
            if raised:
                raise raised[0]

    async def _reply(
        self, solver: Solver, call: Call, final: bool, spent: list[Usage], streamed: Callable[[int], None]
    ) -> Reply:
        breaker = self._breaker(solver)
        async with self._slots:
            try:
                upper = upper_limit(solver, call)
            except UserError as error:  # a solver that cannot take this question; another one may
                raise SolverError("rejected", str(error), retryable=False) from None
            room = await self.ledger.reserve(solver.model, upper, final=final)
            self.asked(call, solver.model, room.upper)
            used: Usage | None = None  # unknown while it runs, and mostly when it is cancelled
            try:
                async with asyncio.timeout(self.limits.call_seconds) as patience:
                    try:
                        reply = await solver.reply(call, streamed)
                    except asyncio.CancelledError as cancelled:
                        used = next((told for told in cancelled.args if isinstance(told, Usage)), None)
                        raise
                used = reply.usage
            except TimeoutError:
                if not patience.expired():
                    raise  # one of the solver's own
                breaker.failure(asyncio.get_running_loop().time())
                text = f"no answer in {self.limits.call_seconds:g} s"
                raise SolverError("timeout", text, retryable=True, processed=True) from None
            except SolverError as error:
                if error.kind in ("rejected", "parameter"):
                    self._answers(breaker)  # no reply, but it is there
                elif error.retryable and error.kind != "rate limit":
                    breaker.failure(asyncio.get_running_loop().time())
                used = None if error.processed else Usage(calls=1)
                raise
            except UserError as error:
                used = Usage(calls=1)
                raise SolverError("rejected", str(error), retryable=False) from None
            finally:
                spent.append(self.ledger.settle(room, solver.model, used))
        self._answers(breaker)
        return reply

    def _route(self, seat: int) -> Solver | None:
        """The solver at `seat` if its endpoint may be asked, else the next one; None if no endpoint may."""
        now = asyncio.get_running_loop().time()
        solvers = self.panel.solvers[seat:] + self.panel.solvers[:seat]
        return next((solver for solver in solvers if self._breaker(solver).admits(now)), None)

    async def _recovers(self) -> bool:
        """Wait until the next endpoint may be tried; True at once when one answers again."""
        until = min(self._breaker(solver).next_try for solver in self.panel.solvers)
        try:
            async with asyncio.timeout_at(until):
                return await self._recovered.wait()
        except TimeoutError:
            return False

    def _answers(self, breaker: Breaker) -> None:
        breaker.success()
        self._recovered.set()
        self._recovered.clear()

    def _breaker(self, solver: Solver) -> Breaker:
        return self.breakers.setdefault(solver.endpoint, Breaker(self.limits.breaker, self.limits.breaker_seconds))


def upper_limit(solver: Solver, call: Call) -> Usage:
    """What one try of `call` uses at most."""
    nested = getattr(solver, "upper", None)
    return nested(call) if nested is not None else Usage(solver.input_limit(call), call.max_output_tokens, calls=1)


@contextlib.asynccontextmanager
async def together() -> AsyncIterator[asyncio.TaskGroup]:
    """A TaskGroup that raises the first exception of its tasks as it is, so that whoever can mend it is told plainly."""
    raised: BaseException | None = None
    try:
        async with asyncio.TaskGroup() as group:
            yield group
    except* Exception as several:
        raised = several.exceptions[0]
    if raised is not None:
        raise raised


async def gather(
    jobs: Sequence[Coroutine[Any, Any, bool]],
    limits: Limits,
    since: float,
    deadline: float,
    decided: Callable[[int], bool],
    interrupt: asyncio.Event | None = None,
) -> str | None:
    """Run `jobs` together until all are done, or the quorum (see `Limits`) of those that return True (usable) and then the
    grace are over, or `decided(outstanding)` says so, or the loop's clock shows `deadline`, or `interrupt` is set; then cancel the
    rest and wait for their end. Returns why jobs were cut: "stragglers", "decided", "seconds", "interrupted" or None. What
    jobs find out they note themselves; what the first of them raises is raised as it is. since: when the loop's clock saw
    this work begin (earlier than now in a run that goes on).
    """
    loop = asyncio.get_running_loop()
    cut_at = deadline
    reached = False
    async with together() as group:
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
            elif not reached and enough(
                sum(task.result() for task in finished), len(pending), len(jobs), limits.quorum
            ):
                reached = True
                elapsed = loop.time() - since
                grace = max(limits.grace_seconds, limits.grace_share * elapsed)
                cut_at = min(deadline, loop.time() + grace)
        for waits in (*pending, *bell):
            waits.cancel()
    return reason


def enough(usable: int, pending: int, asked: int, quorum: float) -> bool:
    """Whether `usable` answers are the quorum of `asked` agents; or, where the `pending` ones cannot complete it any more,
    of those who may still answer: else one that hangs would be waited for because others have failed."""
    wanted, possible = math.ceil(quorum * asked), usable + pending
    return usable >= (wanted if possible >= wanted else max(1, math.floor(quorum * possible)))


class Interrupted(Exception):  # noqa: N818  (somebody wanted it; it is no error)
    """Work that was given up because the best answer so far is wanted."""


async def unless_interrupted(work: Coroutine[Any, Any, T], interrupt: asyncio.Event | None) -> T:
    """What `work` returns. Raises Interrupted, once `work` has ended, when `interrupt` is set first."""
    if interrupt is None:
        return await work
    working, bell = asyncio.ensure_future(work), asyncio.ensure_future(interrupt.wait())
    try:
        await asyncio.wait([working, bell], return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            raise Interrupted
        return working.result()
    finally:
        working.cancel()
        bell.cancel()
        await asyncio.wait([working, bell])
