"""Requests to an engine in this process: those that come together are decoded together, on a thread of their own.

`Batches._generate` is the only place that calls the engine. A batch ends as a whole: the engine tells of single samples
only while they are being written.
"""

from __future__ import annotations

import asyncio
import functools
import threading
from collections.abc import Callable, Hashable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from favilla.engine.generate import Engine
    from favilla.engine.request import Generation, Piece, Request


@functools.cache
def engine_thread() -> ThreadPoolExecutor:
    """The one thread on which models of this process are loaded and run.

    Two threads that compute with OpenMP have more workers than there are cores, and then GNU's runtime lets them sleep at
    every barrier: on two cores a step took twice as long. So nothing else should compute with PyTorch meanwhile or before.
    """
    return ThreadPoolExecutor(1, thread_name_prefix="favilla-engine")


@dataclass(eq=False)
class Job:
    """One sample that somebody waits for. shared: equal for jobs whose requests differ in nothing but the seed;
    tokens: told how many more pieces of text have come."""

    request: Request
    shared: Hashable
    tokens: Callable[[int], None]
    done: asyncio.Future[tuple[Generation, bool]]
    dropped: bool = False


@dataclass(eq=False)
class _Batch:
    jobs: list[Job]
    cancel: threading.Event = field(default_factory=threading.Event)
    over: asyncio.Future[list[tuple[Generation, bool]]] | None = None


class _Counts:
    """Pieces of text per job, from the engine's thread to the loop: one message for all that come in a step."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop, self.lock, self.counts = loop, threading.Lock(), dict[Job, int]()

    def add(self, job: Job) -> None:
        with self.lock:
            first = not self.counts
            self.counts[job] = self.counts.get(job, 0) + 1
        if first:
            self.loop.call_soon_threadsafe(self._tell)

    def _tell(self) -> None:
        with self.lock:
            counts, self.counts = self.counts, {}
        for job, number in counts.items():
            if not job.dropped:
                job.tokens(number)


class Batches:
    """Gathers the jobs of one turn of the event loop into one `generate`; those that come while it runs are the next.

    Nothing here runs on without a job: a batch ends soon after its last job is cancelled.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._waiting: list[Job] = []
        self._running: _Batch | None = None

    async def sample(
        self, request: Request, shared: Hashable, tokens: Callable[[int], None]
    ) -> tuple[Generation, bool]:
        """The sample of `request`, and whether its prompt had been computed for another one already.

        Cancelled, it ends the batch if nobody else waits for it, and returns all the same if the sample turns out to be
        complete. Raises what the engine raises.
        """
        loop = asyncio.get_running_loop()
        job = Job(request, shared, tokens, loop.create_future())
        if not self._waiting and self._running is None:
            loop.call_soon(self._start)
        self._waiting.append(job)
        try:
            return await asyncio.shield(job.done)
        except asyncio.CancelledError:
            if not await self._drop(job):
                raise
            return job.done.result()

    async def _drop(self, job: Job) -> bool:
        """Take back a job. Returns whether its sample is complete."""
        job.dropped = True
        await asyncio.sleep(0)  # those who are cancelled together all drop their jobs before the batch is looked at
        batch = self._running
        if batch is None or job not in batch.jobs or not all(other.dropped for other in batch.jobs):
            job.done.cancel()
            return False
        batch.cancel.set()
        assert batch.over is not None
        await asyncio.wait([batch.over])  # `_end` has run before this goes on
        if not job.done.done():
            job.done.cancel()
        if job.done.cancelled() or job.done.exception() is not None:
            return False
        return job.done.result()[0].finish_reason == "stop"

    def _start(self) -> None:
        jobs, self._waiting = [job for job in self._waiting if not job.dropped], []
        if not jobs:
            return
        loop = asyncio.get_running_loop()
        batch = self._running = _Batch(jobs)
        batch.over = loop.run_in_executor(engine_thread(), self._generate, jobs, _Counts(loop), batch.cancel)
        batch.over.add_done_callback(functools.partial(self._end, batch))

    def _end(self, batch: _Batch, over: asyncio.Future[list[tuple[Generation, bool]]]) -> None:
        self._running = None
        if over.cancelled() or (error := over.exception()) is not None:
            for job in batch.jobs:
                if over.cancelled():
                    job.done.cancel()
                elif not job.done.done():
                    assert error is not None
                    job.done.set_exception(error)
                    job.done.exception()  # seen: a job that was dropped has nobody to see it
        else:
            for job, outcome in zip(batch.jobs, over.result(), strict=True):
                if not job.done.done():
                    job.done.set_result(outcome)
        if self._waiting:
            self._start()

    def _generate(self, jobs: list[Job], counts: _Counts, cancel: threading.Event) -> list[tuple[Generation, bool]]:
        """All samples, on the calling thread; jobs that share all but the seed become samples of one request, whose prompt
        and pictures are computed once. Such a sample depends on its place among them, and on the seed of the first."""
        groups: dict[Hashable, list[Job]] = {}
        for job in jobs:
            groups.setdefault(job.shared, []).append(job)
        members = list(groups.values())

        def on_token(request: int, sample: int, piece: Piece) -> None:
            counts.add(members[request][sample])

        requests = [replace(group[0].request, n=len(group)) for group in members]
        made = self.engine.generate(requests, on_token, cancel)
        found = {
            job: (sample, index > 0)
            for group, samples in zip(members, made, strict=True)
            for index, (job, sample) in enumerate(zip(group, samples, strict=True))
        }
        return [found[job] for job in jobs]
