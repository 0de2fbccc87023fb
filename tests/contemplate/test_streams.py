"""Streams as servers really send them: bytes as they are, read to the answer that they hold."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from favilla.contemplate import Event, Limits, Result, connect, contemplate
from favilla.contemplate.simulated_server import Raw, Server
from favilla.contemplate.solver import Call, Reply, SolverError

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


def read(raw: Raw, api: str = "chat", tokens: Callable[[int], None] = lambda tokens: None, most: int = 100) -> Reply:
    """What the solver makes of it."""

    async def main() -> Reply:
        async with Server(lambda asked, n: raw) as server:
            solver = connect(server.address, "m", api=api)
            try:
                return await solver.reply(Call("attempt", 0, 0, "Be brief.", "Why?", (), 0, most), tokens)
            finally:
                await solver.close()

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


def message(*texts: str) -> dict[str, Any]:
    return {"type": "message", "content": [{"type": "output_text", "text": text} for text in texts]}


def item_done(index: int, *texts: str) -> dict[str, Any]:
    return {"type": "response.output_item.done", "output_index": index, "item": message(*texts)}


def text_done(text: str, **where: Any) -> dict[str, Any]:
    return {"type": "response.output_text.done", "text": text, **where}


FIRST, SECOND, OTHER_PART = [{"output_index": i, "content_index": j} for i, j in ((0, 0), (2, 0), (0, 1))]
THINK = {"type": "response.output_item.done", "output_index": 1, "item": {"type": "reasoning", "summary": []}}


TALK = "Let me think.\nANSWER: 42"


@pytest.mark.parametrize(
    ("events", "text"),
    [
        ([delta("Let me think.", **FIRST), delta("ANSWER: ", **SECOND), delta("42", **SECOND)], TALK),
        ([delta("ANSWER: ", **SECOND), delta("Let me think.", **FIRST), delta("42", **SECOND)], TALK),  # out of turn
        ([delta("ANSWER:", **SECOND), delta("think.", **OTHER_PART), delta(" 42", **SECOND), delta("Let me ", **FIRST)], TALK),
        # messages without numbers
        ([delta("Let me "), delta("think."), text_done("Let me think."), delta("ANSWER: 4"), delta("2"), text_done("ANSWER: 42")],
         TALK),
        # told only as a whole
        ([delta("Let me think.", **FIRST), item_done(0, "Let me think."), THINK, item_done(2, "ANSWER: 42")], TALK),
        ([item_done(0, "Let me ", "think."), THINK, item_done(2, "ANSWER: 42")], TALK),
        ([text_done("Let me think.", **FIRST), text_done("ANSWER: 42", **SECOND)], TALK),
        ([completed(message("Let me think."), {"type": "reasoning", "summary": []}, message("ANSWER: ", "42"))], TALK),
        # told over and over, also under another number
        ([delta("ANSWER: 42"), text_done("ANSWER: 42"), item_done(0, "ANSWER: 42"), item_done(2, "ANSWER: 42")], "ANSWER: 42"),
        ([delta("ANSWER: 42"), completed({"type": "reasoning", "summary": []}, message("ANSWER: 42"))], "ANSWER: 42"),
    ],
)  # fmt: skip
def test_each_message_of_a_response_is_read_once_and_by_itself(events: list[dict[str, Any]], text: str) -> None:
    ended = events[-1]["type"] == "response.completed"
    assert read(Raw(sse(*events, *([] if ended else [completed()]))), "responses").text == text


def test_a_refusal_that_is_told_only_as_an_item_is_one() -> None:
    item = {"type": "message", "content": [{"type": "refusal", "refusal": "No."}]}
    done = {"type": "response.output_item.done", "output_index": 0, "item": item}
    assert read(Raw(sse(done, completed())), "responses").refused


def thought(kind: str, text: str) -> dict[str, Any]:
    if kind.startswith("response."):
        return {"type": kind, "delta": text}
    if kind == "part":
        return chat({"content": [{"type": "thinking", "thinking": [{"type": "text", "text": text}]}]})
    return chat({name: text for name in kind.split()})


@pytest.mark.parametrize(
    "kind",
    ["reasoning_content", "reasoning", "reasoning reasoning_content", "part", "response.reasoning_text.delta",
     "response.reasoning_summary_text.delta"],
)  # fmt: skip
def test_thinking_is_seen_and_bounded_but_not_read(kind: str) -> None:
    api = "responses" if kind.startswith("response.") else "chat"
    came = list[int]()
    whole = Raw([*sse(*[thought(kind, "ANSWER: 7\n")] * 3), *said(api, "ANSWER: 4", "2")])
    assert read(whole, api, came.append).text == "ANSWER: 42" and sum(came) == 5  # a chunk is a token
    for length, bounded in ((5_000, True), (4_000, False)):  # 6 of them; 256 characters for each of 100 tokens
        pieces = [*sse(*[thought(kind, "x" * length)] * 6), *said(api, "ANSWER: 42")]
        if bounded:
            with pytest.raises(SolverError, match="writes on past the limit"):
                read(Raw(pieces), api)
        else:
            assert read(Raw(pieces), api).text == "ANSWER: 42"


@pytest.mark.parametrize("odd", [7, True, [1], {"a": 1}, None, ""], ids=repr)
def test_thoughts_of_odd_shape_cost_no_answer(odd: Any) -> None:
    for name in ("reasoning_content", "reasoning"):
        assert read(Raw([*sse(chat({name: odd})), *said("chat", "ANSWER: 42")])).text == "ANSWER: 42"
    pieces = [*sse({"type": "response.reasoning.delta", "delta": odd}), *said("responses", "ANSWER: 42")]
    assert read(Raw(pieces), "responses").text == "ANSWER: 42"


@BOTH
def test_a_thought_without_end_is_cut(api: str) -> None:
    """Of a server that would go on for ever."""

    def forever() -> Iterator[bytes]:
        event = thought("reasoning_content" if api == "chat" else "response.reasoning_text.delta", "x" * 1000)
        while True:
            yield sse(event)[0]

    seen = list[Event]()
    result = ask(Raw(forever()), api, on_event=seen.append)
    assert result.answers[0].detail == "junk: writes on past the limit that was asked for"
    assert sum(event.data["tokens"] for event in seen if event.kind == "tokens") == 25


@pytest.mark.parametrize("end", ["end", "COMPLETE", "eos", "done", "x" * 1000, "a\nb"])
def test_a_reason_in_a_servers_own_words_ends_a_whole_answer_and_is_told(end: str) -> None:
    result = ask(Raw(sse(chat({"content": "ANSWER: 42"}, end))))
    (note,) = result.degraded
    assert result.answer == "42" and note.startswith(f"stream: ended by {end!r}"[:300]) and len(note) <= 300


@pytest.mark.parametrize(
    "end", ["length", "MAX_TOKENS", "model_length", "max_output_tokens", "ERROR_LIMIT", "user_cancel", "safety"]
)
def test_a_reason_that_names_a_limit_or_a_fault_is_none(end: str) -> None:
    result = ask(Raw(sse(chat({"content": "ANSWER: 4"}, end))))
    assert result.answer is None and result.degraded == {"unusable: truncated": 1}


def test_a_key_in_the_reason_is_not_told(tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_text("sk-SENTINEL-0123456789")
    result = ask(Raw(sse(chat({"content": "ANSWER: 42"}, f"{'x' * 260} {key.read_text()}"))), key_file=key)
    (note,) = result.degraded
    assert result.answer == "42" and "[key]" in note and "sk-" not in note


def test_another_choice_is_not_the_answer() -> None:
    pieces = said("chat", "ANSWER: 4", "2")
    for index in (1, 2):
        other = sse({"choices": [{"index": index, "delta": {"content": "7"}, "finish_reason": "length"}]})
        assert read(Raw([pieces[0], *other, *pieces[1:]])) == read(Raw(pieces))
    two = [{"index": 1, "message": {"content": "ANSWER: 7"}}, {"index": 0, "message": {"content": "ANSWER: 42"}}]
    whole = json.dumps({"choices": two}).encode()
    assert read(Raw([whole], content_type="application/json")).text == "ANSWER: 42"
