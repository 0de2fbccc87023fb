"""What a callback or a backend of the user's own raises comes out as it is."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass

import pytest

from favilla.contemplate import Event, Limits, Panel, Policy, contemplate, contemplate_sync
from favilla.contemplate.simulated_server import Asked, Behaviour, Say, Server
from favilla.contemplate.solver import Call
from favilla.errors import UserError
from tests.contemplate.solvers import Scripted

FAST = Limits(retries=1, backoff_seconds=0.001, call_seconds=20.0)


@dataclass
class Bug:
    """Raises as a callback would."""

    error: Exception
    kind: str
    round: int = 0

    def __call__(self, event: Event) -> None:
        if event.kind == self.kind and event.round >= self.round:
            raise self.error


ERRORS = [
    ValueError("mine"), TimeoutError("mine"), UnicodeEncodeError("ascii", "x", 0, 1, "mine"), RecursionError("mine"),
    json.JSONDecodeError("mine", "", 0), UserError("mine"), OSError("mine"), KeyError("mine"),
]  # fmt: skip
every_error = pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)


def behave(asked: Asked, number: int) -> Behaviour:
    return Say(f"SUMMARY: s\nANSWER: {number}")  # so that a judge is asked


@every_error
@pytest.mark.parametrize("api", ["chat", "responses"])
@pytest.mark.parametrize(
    ("kind", "round_"), [("tokens", 0), ("tokens", 1), ("started", 0), ("answered", 0), ("standing", 0)]
)
def test_what_a_callback_raises_comes_out(error: Exception, api: str, kind: str, round_: int) -> None:
    """Of every agent's pieces, and of the judge's, who comes after round 0."""

    async def main() -> None:
        async with Server(behave) as server:
            with pytest.raises(type(error)) as caught:
                await contemplate(
                    "Why?", endpoint=server.address, model="m", api=api, policy="low", limits=FAST,
                    on_event=Bug(error, kind, round_),
                )  # fmt: skip
            assert caught.value is error and len(server.asked) <= 5  # none is asked again

    asyncio.run(main())


@every_error
def test_what_a_callback_raises_at_the_probe_comes_out(error: Exception) -> None:
    async def main() -> None:
        async with Server() as server:
            with pytest.raises(type(error)) as caught:
                await contemplate(
                    "Why?",
                    endpoint=server.address,
                    model="m",
                    policy="single",
                    probe=True,
                    on_event=Bug(error, "probe"),
                )
            assert caught.value is error

    asyncio.run(main())


@pytest.mark.parametrize("kind", ["attempt", "synthesis"])
@pytest.mark.parametrize(
    "error", [e for e in ERRORS if not isinstance(e, UserError)], ids=lambda error: type(error).__name__
)
def test_what_a_backend_raises_comes_out(error: Exception, kind: str) -> None:
    """But for a UserError, by which a backend says that it cannot take this question."""

    def script(call: Call) -> str:
        if call.kind == kind:
            raise error
        return f"ANSWER: {call.agent}"

    panel = Panel((Scripted(script, seconds=lambda call: 0.0),))
    with pytest.raises(type(error)) as caught:
        contemplate_sync("Why?", panel=panel, policy=Policy(3, aggregate="synthesis"), limits=FAST)
    assert caught.value is error and sum(call.kind == kind for call in panel.solvers[0].calls) <= 3  # type: ignore[attr-defined]


def test_a_backend_that_is_too_slow_has_still_timed_out() -> None:
    async def main() -> None:
        panel = Panel((Scripted(lambda call: "ANSWER: 7", seconds=lambda call: 60.0),))
        limits = Limits(retries=0, call_seconds=0.05)
        result = await contemplate("Why?", panel=panel, policy="single", limits=limits)
        assert result.answers[0].detail == "timeout: no answer in 0.05 s"

    asyncio.run(main())
