"""Examples by index, in order, made ahead of time by worker processes. No torch here: workers start fast."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool

from favilla.data.examples import Example
from favilla.errors import UserError

CHUNK = 16  # examples made by one request to a worker
MOST_RESTARTS = 5

MakeExample = Callable[[int], Example | None]

_make: MakeExample | None = None


def _initialise(factory: Callable[[], MakeExample]) -> None:
    global _make
    # Where cores are few, a worker that takes one makes every parallel region of the training step wait for it.
    os.nice(10)
    # Ctrl-C and SIGTERM, which may reach the whole group, are for the trainer, which ends its workers; they end with it, too,
    # when it is killed.
    for stop in (signal.SIGINT, signal.SIGTERM):
        signal.signal(stop, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _make = factory()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)


def _chunk(first: int) -> list[Example | None]:
    assert _make is not None
    return [_make(i) for i in range(first, first + CHUNK)]


class ExampleStream:
    """Examples by index, in order, from `workers` processes that run ahead (0: made in this process). Where workers are ended from
    outside (by the system, for want of memory), others take over: an example is a function of its index. Raises UserError when that
    goes on."""

    def __init__(self, factory: Callable[[], MakeExample], first: int, workers: int, ahead: int = 32):
        self.factory, self.make, self.workers = factory, factory(), workers
        self.index, self.ahead = first, ahead
        self.pool: ProcessPoolExecutor | None = None
        self.futures: deque[Future[list[Example | None]]] = deque()
        self.buffer: deque[Example | None] = deque()
        self.wanted = first  # of the chunk that is read next
        if workers:
            self._start()
            self._refill()

    def _start(self) -> None:
        """Workers, with nothing to do yet."""
        # Not fork: a forked child of a process that has run OpenMP threads may hang.
        spawn = multiprocessing.get_context("spawn")
        self.pool = ProcessPoolExecutor(self.workers, spawn, _initialise, (self.factory,))
        self.futures.clear()
        self.submitted = self.wanted

    def _refill(self) -> None:
        while self.pool is not None and len(self.futures) < self.ahead:
            self.futures.append(self.pool.submit(_chunk, self.submitted))
            self.submitted += CHUNK

    def _read(self) -> None:
        """The next chunk into the buffer."""
        for _ in range(MOST_RESTARTS):
            try:
                self._refill()
                self.buffer.extend(self.futures[0].result())
                break
            except BrokenProcessPool:
                self.close()
                self._start()
        else:
            raise UserError(
                f"the processes that make examples were ended {MOST_RESTARTS} times in a row (is there too little memory?); "
                "give fewer [data] workers"
            )
        self.futures.popleft()
        self.wanted += CHUNK

    def __next__(self) -> Example | None:
        self.index += 1
        if self.pool is None:
            return self.make(self.index - 1)
        if not self.buffer:
            self._read()
        return self.buffer.popleft()

    def close(self) -> None:
        if self.pool is not None:
            self.pool.shutdown(wait=False, cancel_futures=True)
