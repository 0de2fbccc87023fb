"""Solvers whose every reply a test decides."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from favilla.contemplate.solver import Call, Reply, SolverError, Usage


@dataclass
class Scripted:
    """script(call) gives the reply or its text, or raises; seconds(call): how long it takes."""

    script: Callable[[Call], str | Reply]
    seconds: Callable[[Call], float] = lambda call: 1.0
    model: str = "scripted"
    endpoint: str = "scripted"
    calls: list[Call] = field(default_factory=list)

    def input_limit(self, call: Call) -> int:
        return len(call.text)

    async def close(self) -> None:
        """Nothing is open."""

    async def reply(self, call: Call, tokens: Callable[[int], None]) -> Reply:
        self.calls.append(call)
        await asyncio.sleep(self.seconds(call))
        said = self.script(call)
        return said if isinstance(said, Reply) else Reply(said, Usage(len(call.text), 10, calls=1))


def down(call: Call) -> str:
    raise SolverError("server", "503", retryable=True)
