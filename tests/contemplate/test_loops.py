"""One panel of endpoints for many event loops: one after the other, in threads, and such as end badly."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from favilla.contemplate import Event, Limits, Panel, Policy, Result, connect, contemplate, contemplate_sync, stream
from favilla.contemplate.simulated_server import Server
from tests.contemplate.sockets import linux, sockets
from tests.contemplate.solvers import Scripted

pytestmark = linux
AGENTS = 4


def closed(before: int) -> None:
    """Wait until there are no more sockets than before; the server's ends of them close a little later than ours."""
    until = time.monotonic() + 60
    while sockets() != before:
        assert time.monotonic() < until, "connections stay open"
        time.sleep(0.01)


@contextlib.contextmanager
def running() -> Iterator[asyncio.AbstractEventLoop]:
    """A loop that runs on a thread of its own."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield loop
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


def wait(loop: asyncio.AbstractEventLoop, work: Any) -> Any:
    return asyncio.run_coroutine_threadsafe(work, loop).result(60)


@pytest.fixture
def panel(caplog: pytest.LogCaptureFixture) -> Iterator[Panel]:
    """Of two solvers at one server; at the end, nothing has been said of tasks whose exception was never retrieved."""
    with running() as loop:
        server = wait(loop, Server().__aenter__())
        yield Panel((connect(server.address, "m"), connect(server.address, "m", api="responses")))
        wait(loop, server.__aexit__())
    gc.collect()
    assert [
        record.getMessage() for record in caplog.records if record.name == "asyncio" and record.levelname != "DEBUG"
    ] == []


def good(result: Result) -> bool:
    return result.answer == "42" and result.degraded == {} and result.usage.calls == AGENTS


def settings(panel: Panel) -> dict[str, Any]:
    return {"panel": panel, "policy": Policy(AGENTS), "limits": Limits(quorum=1.0)}


def test_one_loop_after_the_other(panel: Panel) -> None:
    before = sockets()
    for _ in range(3):
        assert good(contemplate_sync("Why?", **settings(panel)))
        closed(before)
    asyncio.run(panel.close())
    assert good(contemplate_sync("Why?", **settings(panel)))
    closed(before)


def test_threads_share_a_panel(panel: Panel) -> None:
    before, together = sockets(), threading.Barrier(4)

    def one(number: int) -> bool:
        together.wait(60)
        return good(contemplate_sync(f"Why {number}?", **settings(panel)))

    with ThreadPoolExecutor(4) as threads:
        assert all(threads.map(one, range(16)))
    closed(before)


def test_a_loop_that_ends_without_closing_anything(panel: Panel) -> None:
    before = sockets()
    for _ in range(2):
        loop = asyncio.new_event_loop()
        assert good(loop.run_until_complete(contemplate("Why?", **settings(panel))))
        assert sockets() > before
        loop.close()  # and no asyncgens were shut down: Python closes such sockets when it throws them away

    async def other() -> None:
        assert good(await contemplate("Why?", **settings(panel)))
        gc.collect()  # where a loop runs, which must not be given what belonged to another
        await asyncio.sleep(0)

    asyncio.run(other())
    closed(before)


def test_closing_a_panel_closes_what_other_threads_have_open(panel: Panel) -> None:
    before = sockets()
    with running() as loop:
        there = sockets()
        assert good(wait(loop, contemplate("Why?", **settings(panel)))) and sockets() > there
        asyncio.run(panel.close())
        closed(there)
        assert good(wait(loop, contemplate("Why?", **settings(panel))))
        wait(loop, panel.close())
        closed(there)
    closed(before)


@pytest.mark.parametrize("moment", ["result", "answered", "standing"])
def test_whoever_is_cancelled_in_any_moment_closes_everything(moment: str, panel: Panel) -> None:
    """Also while it closes."""
    before = sockets()

    async def cancelled() -> None:
        mine = asyncio.current_task()
        assert mine is not None

        def tell(event: Event) -> None:
            if event.kind == moment:
                asyncio.get_running_loop().call_soon(mine.cancel)

        endpoint = panel.solvers[0]
        await contemplate("Why?", endpoint=endpoint.endpoint, model="m", policy=Policy(AGENTS), on_event=tell)

    async def main() -> None:
        for _ in range(3):
            ended = await asyncio.gather(asyncio.create_task(cancelled()), return_exceptions=True)
            assert isinstance(ended[0], asyncio.CancelledError)

    asyncio.run(main())
    closed(before)


@pytest.mark.parametrize("events", [1, 6, 12, 1000])
def test_leaving_a_stream_closes_everything(events: int, panel: Panel) -> None:
    before = sockets()

    async def main() -> None:
        count = 0
        async for _ in stream("Why?", endpoint=panel.solvers[0].endpoint, model="m", policy=Policy(AGENTS)):
            count += 1
            if count == events:
                break

    asyncio.run(main())
    closed(before)


def test_another_thread_can_interrupt() -> None:
    """With the best answer so far; what hangs is not waited for."""
    stop = threading.Event()
    quick_and_hanging = Scripted(lambda call: "ANSWER: 7", seconds=lambda call: 0.01 if call.agent else 3600.0)
    timer = threading.Timer(0.3, stop.set)
    timer.start()
    result = contemplate_sync(
        "Why?", panel=Panel((quick_and_hanging,)), policy=Policy(3), limits=Limits(quorum=1.0), interrupt=stop
    )
    timer.join()
    assert (result.answer, result.stopped_by) == ("7", "interrupted")
