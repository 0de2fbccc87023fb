"""Samples of an engine in this process, for coroutines: written on a thread of their own, all that are asked for together."""

from __future__ import annotations

import asyncio
import functools
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from favilla.engine.generate import Engine, Stream
    from favilla.engine.request import Generation, Request


@functools.cache
def engine_thread() -> ThreadPoolExecutor:
    """The one thread on which models of this process are loaded and run.

    Two threads that compute with OpenMP have more workers than there are cores, and then GNU's runtime lets them sleep at
    every barrier: on two cores a step took twice as long. So nothing else should compute with PyTorch meanwhile or before.
    """
    return ThreadPoolExecutor(1, thread_name_prefix="favilla-engine")


class _Counts:
    """Pieces of text per job, from the engine's thread to a loop: one message for all that come before it looks."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop, self.lock, self.counts = loop, threading.Lock(), dict[_Job, int]()

    def add(self, job: _Job) -> None:
        with self.lock:
            first = not self.counts
            self.counts[job] = self.counts.get(job, 0) + 1
        if first:
            _call(self.loop, self._tell)

    def _tell(self) -> None:
        with self.lock:
            counts, self.counts = self.counts, {}
        for job, number in counts.items():
            if not job.cancel.is_set():
                job.tokens(number)


@dataclass(eq=False)
class _Job:
    """A sample that a coroutine waits for. tokens: told how many more pieces of text have come."""

    request: Request
    tokens: Callable[[int], None]
    counts: _Counts
    done: asyncio.Future[Generation]
    cancel: threading.Event = field(default_factory=threading.Event)

    def end(self, outcome: Generation | BaseException) -> None:
        """From the engine's thread."""
        _call(self.counts.loop, functools.partial(self._end, outcome))

    def _end(self, outcome: Generation | BaseException) -> None:
        if self.done.done():
            return
        if isinstance(outcome, BaseException):
            self.done.set_exception(outcome)
            self.done.exception()  # seen: whoever was cancelled twice does not look any more
        else:
            self.done.set_result(outcome)


class Writer:
    """Writes the samples that coroutines ask for; those that come while others are written join them at the next token.

    Nothing runs on without a job: a sample ends soon after whoever waits for it is cancelled.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._lock = threading.Lock()
        self._new: list[_Job] = []
        self._running = False
        self._counts: _Counts | None = None

    async def sample(self, request: Request, tokens: Callable[[int], None]) -> Generation:
        """The sample of `request` (n = 1).

        Cancelled, it returns all the same if the sample turns out to be complete, else the CancelledError carries what was
        written until then. Raises what the engine raises.
        """
        loop = asyncio.get_running_loop()
        if self._counts is None or self._counts.loop is not loop:
            self._counts = _Counts(loop)
        job = _Job(request, tokens, self._counts, loop.create_future())
        with self._lock:
            self._new.append(job)
        # Those who ask in the same turn of the loop begin together.
        loop.call_soon(self._start)
        try:
            return await asyncio.shield(job.done)
        except asyncio.CancelledError:
            job.cancel.set()
            await asyncio.wait([job.done])
            if job.done.exception() is not None:
                raise
            if (made := job.done.result()).finish_reason == "stop":
                return made
            raise asyncio.CancelledError(made) from None

    def _start(self) -> None:
        with self._lock:
            if self._running:
                return
            self._running = True
        engine_thread().submit(self._write)

    def _write(self) -> None:
        """On the engine's thread: take steps until nobody waits any more."""
        streams: dict[_Job, Stream] = {}
        try:
            while self._join(streams):
                self.engine.step()
                for job, stream in list(streams.items()):
                    try:
                        for _ in stream.ready():
                            job.counts.add(job)
                        if not stream.finished:
                            continue
                        job.end(stream.result)
                    except Exception as error:
                        job.end(error)
                    del streams[job]
        except BaseException as error:
            with self._lock:
                self._running = False
                new, self._new = self._new, []
            for job in (*streams, *new):
                job.end(error)
            raise

    def _join(self, streams: dict[_Job, Stream]) -> bool:
        """Begin with those who have come meanwhile; whether there is anybody."""
        with self._lock:
            new, self._new = self._new, []
            self._running = bool(new or streams)
        for job in new:
            try:
                streams[job] = self.engine.stream(job.request, job.cancel)
            except Exception as error:
                job.end(error)
        return bool(new or streams)


def _call(loop: asyncio.AbstractEventLoop, what: Callable[[], None]) -> None:
    """Let a loop do something soon; one that has been closed has nobody left who waits."""
    try:
        loop.call_soon_threadsafe(what)
    except RuntimeError:
        if not loop.is_closed():
            raise
