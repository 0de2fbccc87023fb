"""One question to several agents, with a view of them: what `favilla contemplate` and `favilla ask --agents` share."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from favilla.cli.live import Lines, Screen, is_screen, one_line, summary
from favilla.show.terminal import harmless, notice

if TYPE_CHECKING:
    from favilla.contemplate import Budget, Event, Policy, Result

INTERRUPTED = "stopping with the best answer so far; Ctrl-C again to leave at once"


def run(
    question: str, policy: Policy, name: str, budget: Budget, *, quiet: bool, close: Any = None, **settings: Any
) -> Result:
    """Contemplate, and show it on stderr unless `quiet`. The first Ctrl-C asks for the best answer so far, the second
    raises KeyboardInterrupt. close: a panel to close in the end."""
    from favilla.contemplate import contemplate

    async def main() -> Result:
        loop, interrupt, task = asyncio.get_running_loop(), asyncio.Event(), asyncio.current_task()
        assert task is not None
        with contextlib.ExitStack() as stack:
            tell, say = _view(stack, question, policy, name, budget, quiet)

            def interrupted() -> None:
                if interrupt.is_set():
                    task.cancel()
                interrupt.set()
                say(INTERRUPTED)

            loop.add_signal_handler(signal.SIGINT, interrupted)
            try:
                return await contemplate(
                    question, policy=policy, budget=budget, on_event=tell, interrupt=interrupt, **settings
                )
            finally:
                if close is not None:
                    await close.close()
                loop.remove_signal_handler(signal.SIGINT)

    try:
        return asyncio.run(main())
    except asyncio.CancelledError:
        raise KeyboardInterrupt from None


def _view(
    stack: contextlib.ExitStack, question: str, policy: Policy, name: str, budget: Budget, quiet: bool
) -> tuple[Callable[[Event], None], Callable[[str], None]]:
    if quiet:
        return lambda event: None, lambda note: None
    if is_screen(sys.stderr):
        screen = stack.enter_context(Screen(question, name, policy.rounds, budget))
        return screen.tell, screen.say
    return stack.enter_context(Lines()).tell, notice


def report(result: Result, *, quiet: bool) -> None:
    """The answer on stdout (unless `quiet`), everything else worth knowing on stderr. Leaves with code 1 when there is no
    answer, with 130 when that is because of Ctrl-C."""
    if not quiet:
        print(summary(result), file=sys.stderr)
        if result.answer is not None:
            print(harmless(result.answer))
    for what, count in result.degraded.items():
        notice(f"{one_line(what)} ({count})")
    if result.stopped_by == "interrupted":
        said = "the answer is the best so far" if result.answer is not None else "no agent had answered yet"
        notice(f"stopped by: interrupted; {said}")
    elif result.stopped_by != "finished":
        notice(f"stopped by: {result.stopped_by}")
    if result.answer is None:
        raise SystemExit(130 if result.stopped_by == "interrupted" else 1)
