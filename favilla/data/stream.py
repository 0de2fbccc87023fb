"""Examples by index, in order, made ahead of time by worker processes. No torch here: workers start fast."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor

from favilla.data.examples import Example

CHUNK = 16  # examples made by one request to a worker

MakeExample = Callable[[int], Example | None]

_make: MakeExample | None = None


def _initialise(factory: Callable[[], MakeExample]) -> None:
    global _make
    # Where cores are few, a worker that takes one makes every parallel region of the training step wait for it.
    os.nice(10)
    # Ctrl-C is for the trainer, which ends its workers; they end with it, too, when it is killed.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
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
    """Examples by index, in order, from `workers` processes that run ahead (0: made in this process)."""

    def __init__(self, factory: Callable[[], MakeExample], first: int, workers: int, ahead: int = 32):
        self.make = factory()
        self.index, self.pool = first, None
        self.futures: deque[Future[list[Example | None]]] = deque()
        self.buffer: deque[Example | None] = deque()
        self.ahead = ahead
        if workers:
            # Not fork: a forked child of a process that has run OpenMP threads may hang.
            self.pool = ProcessPoolExecutor(workers, multiprocessing.get_context("spawn"), _initialise, (factory,))
            self.submitted = first
            self._refill()

    def _refill(self) -> None:
        while self.pool is not None and len(self.futures) < self.ahead:
            self.futures.append(self.pool.submit(_chunk, self.submitted))
            self.submitted += CHUNK

    def __next__(self) -> Example | None:
        self.index += 1
        if self.pool is None:
            return self.make(self.index - 1)
        if not self.buffer:
            self.buffer.extend(self.futures.popleft().result())
            self._refill()
        return self.buffer.popleft()

    def close(self) -> None:
        if self.pool is not None:
            self.pool.shutdown(wait=False, cancel_futures=True)
