"""Streams as servers really send them: bytes as they are, read to the answer that they hold."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from favilla.contemplate import Limits, Result, contemplate
from favilla.contemplate.simulated_server import Raw, Server

FAST = Limits(backoff_seconds=0.001, retries=0, call_seconds=20.0)
BOTH = pytest.mark.parametrize("api", ["chat", "responses"])
BOM = b"\xef\xbb\xbf"


def ask(raw: Raw, api: str = "chat", **settings: Any) -> Result:
    """One agent at a server that always sends this."""

    async def main() -> Result:
        async with Server(lambda asked, n: raw) as server:
            given = {"policy": "single", "limits": FAST, "max_output_tokens": 100, **settings}
            return await contemplate("Why?", endpoint=server.address, model="m", api=api, **given)

    return asyncio.run(main())


def sse(*events: Any) -> list[bytes]:
    return [f"data: {json.dumps(event)}\n\n".encode() for event in events]


def chat(delta: Any, finish: Any = None, **more: Any) -> dict[str, Any]:
    return {"id": "c", "choices": [{"index": 0, "delta": delta, "finish_reason": finish, **more}]}


def delta(text: str, **where: Any) -> dict[str, Any]:
    return {"type": "response.output_text.delta", "delta": text, **where}


def completed(*output: Any) -> dict[str, Any]:
    return {"type": "response.completed", "response": {"status": "completed", "output": list(output)}}


def said(api: str, *pieces: str) -> list[bytes]:
    """A whole stream in which the text comes in these pieces, the first of them in the first event."""
    if api == "chat":
        return [*sse(*(chat({"content": piece}) for piece in pieces), chat({}, "stop")), b"data: [DONE]\n\n"]
    return sse(*map(delta, pieces), completed())


@BOTH
@pytest.mark.parametrize("split", [1, 2, 3, 10**6])
def test_a_mark_of_byte_order_costs_no_event(api: str, split: int) -> None:
    whole = BOM + b"".join(said(api, "ANSWER: 4", "2"))
    result = ask(Raw([whole[i : i + split] for i in range(0, len(whole), split)]), api)
    assert (result.answer, result.degraded) == ("42", {})


@BOTH
@pytest.mark.parametrize(
    "silent",
    [b"retry: 3000\n\n", b"id: 1\n: ping\n\n", b"event: ping\n\n", b"data:\n\n", b"data: \n\n", b"data:   \n\n", b"id: 7\n\n\n\n"],
    ids=repr,
)  # fmt: skip
def test_events_without_data_say_nothing(api: str, silent: bytes) -> None:
    first, *rest = said(api, "ANSWER: 4", "2")
    result = ask(Raw([silent, first, silent, b": ping\n\n", *rest]), api)
    assert (result.answer, result.degraded) == ("42", {})
