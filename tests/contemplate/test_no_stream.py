"""Servers that answer with status 200 and something else than a stream of events, or do not end one."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from favilla.contemplate import Limits, Result, contemplate
from favilla.contemplate.simulated import virtual_run
from favilla.contemplate.simulated_server import Raw, Server, chat_events, responses_events
from favilla.errors import UserError

CHAT = {
    "id": "c", "object": "chat.completion", "created": 1, "model": "m",
    "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "ANSWER: 42"}}],
    "usage": {"prompt_tokens": 30, "completion_tokens": 7, "total_tokens": 37},
}  # fmt: skip
OUTPUT = [
    {"type": "reasoning", "summary": []},
    {"type": "message", "content": [{"type": "output_text", "text": "ANSWER: 42"}]},
]
RESPONSE = {"id": "r", "object": "response", "status": "completed", "output": OUTPUT,
            "usage": {"input_tokens": 30, "output_tokens": 7, "total_tokens": 37}}  # fmt: skip


async def asked(raw: Raw, api: str = "chat", **limits: Any) -> tuple[Result, int]:
    """One agent at a server that always does this, and how many requests came."""
    async with Server(lambda asked, n: raw) as server:
        patience = Limits(**{"retries": 1, "backoff_seconds": 0.001, **limits})
        result = await contemplate(
            "Why?", endpoint=server.address, model="m", policy="single", api=api, limits=patience
        )
        return result, len(server.asked)


def ask(raw: Raw, api: str = "chat", **limits: Any) -> tuple[Result, int]:
    return asyncio.run(asked(raw, api, **limits))


def sse(*events: Any) -> list[bytes]:
    return [f"data: {json.dumps(event)}\n\n".encode() for event in events]


@pytest.mark.parametrize(("api", "whole"), [("chat", CHAT), ("responses", RESPONSE)])
def test_a_whole_answer_from_a_server_that_does_not_stream_is_taken(api: str, whole: dict[str, Any]) -> None:
    result, came = ask(Raw([json.dumps(whole).encode()], content_type="application/json; charset=utf-8"), api)
    assert (result.answer, result.degraded, came) == ("42", {}, 1)
    assert (result.usage.input_tokens, result.usage.output_tokens, result.usage.unreported) == (30, 7, 0)


def test_half_a_whole_answer_has_no_vote() -> None:
    cut = {**CHAT, "choices": [{**CHAT["choices"][0], "finish_reason": "length"}]}  # type: ignore[index]
    assert ask(Raw([json.dumps(cut).encode()], content_type="application/json"))[0].answer is None
    cut = {**RESPONSE, "status": "incomplete"}
    assert ask(Raw([json.dumps(cut).encode()], content_type="application/json"), "responses")[0].answer is None


@pytest.mark.parametrize("api", ["chat", "responses"])
@pytest.mark.parametrize(
    ("body", "kind", "says"),
    [
        (b"<html>Log in</html>", "text/html; charset=utf-8", r"no event stream \(text/html\)"),
        (b"", "text/html", r"no event stream \(text/html\)"), (b"", "", r"no event stream \(nothing\)"),
        (b"what?", "text/plain", r"no event stream \(text/plain\)"), (b"[" * 100_000, "application/json", "no event stream"),
        (b"7", "application/json", "no event stream"), (b'{"a": 1}', "application/json", "no event stream"),
        (b'{"error": {"message": "model m does not exist"}}', "application/json", "rejected: model m does not exist"),
        (b'{"detail": "model m does not exist", "code": 404}', "application/json", "rejected: model m does not exist"),
        (b'"model m does not exist"', "application/json", "rejected: model m does not exist"),
    ],
)  # fmt: skip
def test_what_is_no_stream_is_told_and_not_asked_for_again(api: str, body: bytes, kind: str, says: str) -> None:
    with pytest.raises(UserError, match=says) as caught:
        ask(Raw([body] if body else [], content_type=kind), api)
    assert "check the address" in str(caught.value)


@pytest.mark.parametrize("api", ["chat", "responses"])
def test_an_error_that_passes_is_tried_again(api: str) -> None:
    for code, why in ((429, "rate limit: 429 busy"), ("503", "server: 503 busy")):
        busy = json.dumps({"error": {"message": "busy", "code": code}}).encode()
        result, came = ask(Raw([busy], content_type="application/json"), api)
        assert came == 2 and result.answers[0].detail == why and result.usage.total_tokens == 0
    result, came = ask(Raw([b'{"choices": ['], end=False, content_type="application/json"), api)
    assert came == 2 and result.answers[0].detail.startswith("connection")
    result, came = ask(Raw([], content_type="text/event-stream"), api)
    assert came == 2 and result.answers[0].detail == "cut: the stream ended before an answer began"


@pytest.mark.parametrize("api", ["chat", "responses"])
@pytest.mark.parametrize(
    "event",
    [b'event: error\ndata: {"message": "out of memory"}\n\n', b'data: {"detail": "out of memory"}\n\n',
     b'data: {"error": "out of memory"}\n\n', b'data: {"object": "error", "message": "out of memory", "code": 500}\n\n'],
)  # fmt: skip
def test_an_error_in_a_stream_says_what_it_is(api: str, event: bytes) -> None:
    result, came = ask(Raw([event]), api)
    assert came == 2 and result.answers[0].detail.endswith("out of memory")


def test_who_sends_no_stream_without_end_is_cut() -> None:
    result, came = ask(Raw((b"<p>" * 100_000 for _ in iter(int, 1)), content_type="text/html"))
    assert came == 1 and result.answers[0].detail == "junk: sends text/html without end"


DELTA_FREE = [
    sse({"type": "response.output_text.done", "text": "ANSWER: 42"}, {"type": "response.completed", "response": {**RESPONSE, "output": []}}),
    sse({"type": "response.completed", "response": RESPONSE}),
]  # fmt: skip


@pytest.mark.parametrize("pieces", DELTA_FREE, ids=("done", "completed"))
def test_a_response_without_deltas_is_read_from_its_end(pieces: list[bytes]) -> None:
    result, _ = ask(Raw(pieces), "responses")
    assert (result.answer, result.degraded, result.usage.output_tokens) == ("42", {}, 7)
    refusal = [{"type": "message", "content": [{"type": "refusal", "refusal": "No."}]}]
    end = {"type": "response.completed", "response": {**RESPONSE, "output": refusal}}
    for said in (sse(end), sse({"type": "response.refusal.done", "refusal": "No."}, end)):
        assert ask(Raw(said), "responses")[0].refused


@pytest.mark.parametrize("api", ["chat", "responses"])
def test_an_answer_is_taken_when_nothing_follows_its_end(api: str) -> None:
    """In virtual time: long before the request would time out."""
    pieces = chat_events("ANSWER: 42")[:-2] if api == "chat" else responses_events("ANSWER: 42")
    result, came = virtual_run(asked(Raw(pieces, stall=True), api, call_seconds=60), 0.1)
    assert (result.answer, result.degraded, came) == ("42", {}, 1) and result.seconds < 60
    half = pieces[:-1]
    result, came = virtual_run(asked(Raw(half, stall=True), api, call_seconds=60), 0.1)
    assert result.answer is None and came == 2 and result.answers[0].detail.startswith("timeout")
