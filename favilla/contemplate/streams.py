"""Reading streams of events whose sender is not trusted: whatever is not of the expected shape raises ValueError.

The openai library checks nothing of what it receives: any attribute can be missing or hold anything, and what came with
status 200 need not be a stream of events at all.
"""

from __future__ import annotations

import asyncio
import json
import math
import re
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, TypeGuard, TypeVar

import openai
from openai.types.chat import ChatCompletion
from openai.types.responses import Response

from favilla.contemplate.solver import Reply, SolverError, Usage

T = TypeVar("T")
Place = tuple[int, int]  # which item of the output of a response, and which part of its content
# Characters for each token that was allowed; real tokens are shorter on average. Who writes more ignores the limit.
CHARACTERS = 256
UNFINISHED = "stream: ended without saying why"  # no finish_reason, which some servers leave out
# Reasons for an answer's end by which it is whole; the last three are other servers' words for the first.
WHOLE = frozenset(("stop", "tool_calls", "function_call", "eos_token", "stop_sequence", "end_turn"))
# What is in reasons by which it is not: limits, faults, filters. A reason of neither kind is a server's own word for an end.
CUT = re.compile(
    "length|max|limit|exceed|insufficient|incomplete|error|fail|abort|cancel|interrupt|timeout|pause"
    "|filter|safety|sensitive|recitation|prohibited|blocklist|guardrail|refusal",
    re.IGNORECASE,
)
# Types of content that may be a stream of events, though only the first says so.
STREAMS = ("text/event-stream", "text/plain", "application/octet-stream", "")
MARK = b"\xef\xbb\xbf"  # of byte order, which may stand before a stream
PATIENCE = 3.0  # seconds for what follows the end of an answer: usage, mostly


@dataclass
class _Written:
    """What has come of a reply so far. ended: whether it is whole, so that only what the server says of it can follow."""

    tokens: Callable[[int], None]
    longest: int
    refusal: bool = False
    ended: bool = False
    _size: int = 0
    _parts: dict[tuple[int, int, int], list[str]] = field(default_factory=dict)
    _whole: Counter[Place] = field(default_factory=Counter)

    def add(self, piece: str | None, at: Place = (0, 0)) -> None:
        if not piece:
            return
        item, part = at
        self._parts.setdefault((item, self._whole[at], part), []).append(piece)
        self._count(len(piece))

    def close(self, text: str | None, refuses: bool, at: Place) -> None:
        """The text at this place was told once more, as a whole; what still comes there, from servers that do not number their
        messages, is a message of its own. Whoever sent no pieces of it says it here for the first time."""
        known = {key[::2] for key in self._parts}
        if at not in known and text not in ["".join(pieces) for pieces in self._parts.values()]:
            self.refusal = self.refusal or refuses
            self.add(text, at)
        self._whole[at] += 1

    def think(self, piece: Any) -> None:
        """A thought, which counts toward the limit and is no part of the reply, whatever its shape."""
        if piece:
            self._count(len(str(piece)))

    @property
    def text(self) -> str:
        """Parts of one message as they follow each other, each message on a line of its own."""
        messages: dict[tuple[int, int], str] = {}
        for (item, turn, _), pieces in sorted(self._parts.items()):
            messages[item, turn] = messages.get((item, turn), "") + "".join(pieces)
        return "\n".join(messages.values())

    def _count(self, characters: int) -> None:
        self._size += characters
        if self._size > self.longest:
            raise SolverError("junk", "writes on past the limit that was asked for", retryable=False, processed=True)
        self.tokens(1)


async def read_chat(stream: Any, tokens: Callable[[int], None], most: int) -> Reply:
    """The reply that a stream of Chat Completions chunks makes, or a completion that came as a whole. most: output tokens
    that were allowed. Raises SolverError, ValueError and what the openai library raises."""
    written, logprobs, finish, usage = _Written(tokens, CHARACTERS * most), list[float](), None, None
    async for chunk in _events(stream, ChatCompletion, written):
        told, choices = shaped(chunk, lambda chunk: (chunk.usage, list(chunk.choices or ())))
        usage = _most(usage, chat_usage(told))
        for choice in choices:
            if shaped(choice, _index):
                continue  # another one, which nobody asked for
            finish = _of(shaped(choice, lambda c: getattr(c, "finish_reason", None)), str) or finish
            written.ended = finish is not None
            delta, likely = shaped(
                choice,
                lambda c: (
                    getattr(c, "delta", getattr(c, "message", None)),
                    list((c.logprobs and c.logprobs.content) or ()),
                ),
            )
            if delta is None:
                continue  # some servers say nothing else with the finish_reason
            content, refusal = shaped(delta, lambda delta: (delta.content, delta.refusal))
            # Two names for the same; who sends both sends it twice.
            written.think(
                getattr(delta, "reasoning_content", None) or getattr(delta, "reasoning", None) or _thoughts(content)
            )
            written.refusal = written.refusal or bool(_of(refusal, str))
            logprobs += [shaped(token, lambda token: float(token.logprob)) for token in likely]
            written.add(_text(content) or refusal)
    if finish is None and not written.text:
        raise _cut(begun=False)
    mean = math.fsum(logprobs) / len(logprobs) if logprobs and all(map(math.isfinite, logprobs)) else None
    refused = written.refusal or finish == "content_filter"
    truncated = finish is not None and CUT.search(finish) is not None and not refused
    known = refused or truncated or (finish or "").lower() in WHOLE
    note = UNFINISHED if finish is None else "" if known else f"stream: ended by {finish!r}, taken as whole"
    return Reply(spoken(written.text), usage, mean, refused, truncated, note)


async def read_responses(stream: Any, tokens: Callable[[int], None], most: int) -> Reply:
    """The same for a stream of Responses events. A SolverError's message may contain anything."""
    written, final, ended = _Written(tokens, CHARACTERS * most), None, ""
    async for event in _events(stream, Response, written):
        if isinstance(event, Response):
            final = event
            continue
        kind = shaped(event, lambda event: _of(event.type, str))
        if kind in ("response.output_text.delta", "response.refusal.delta"):
            written.refusal = written.refusal or kind == "response.refusal.delta"
            written.add(shaped(event, lambda event: _of(event.delta, str)), _place(event))
        elif kind is not None and kind.startswith("response.reasoning") and kind.endswith(".delta"):
            written.think(getattr(event, "delta", None))
        elif kind == "response.output_text.done":
            written.close(shaped(event, lambda event: _of(event.text, str)), False, _place(event))
        elif kind == "response.refusal.done":
            written.close(shaped(event, lambda event: _of(event.refusal, str)), True, _place(event))
        elif kind == "response.output_item.done":
            item, _ = _place(event)
            for text, refuses, (_, part) in shaped(event, lambda event: _texts([event.item])):
                written.close(text, refuses, (item, part))
        elif kind in ("response.completed", "response.incomplete", "response.failed"):
            final, ended = shaped(event, lambda event: event.response), kind
            written.ended = final is not None
        elif kind == "error":
            message = shaped(event, lambda event: str(event.message))
            raise SolverError("server", message, retryable=True, processed=True)
    if final is None:
        raise _cut(bool(written.text))
    status, error, incomplete = shaped(final, lambda final: (final.status, final.error, final.incomplete_details))
    if status == "failed":
        message = shaped(error, lambda error: str(error.message)) if error else "the response failed"
        raise SolverError("server", message, retryable=True, processed=True)
    if not written.text:
        for text, refuses, place in shaped(final, lambda final: _texts(getattr(final, "output", None) or ())):
            written.close(text, refuses, place)
    reason = shaped(incomplete, lambda incomplete: incomplete.reason) if incomplete else None
    usage = responses_usage(shaped(final, lambda final: final.usage))
    refused = written.refusal or reason == "content_filter"
    truncated = (ended == "response.incomplete" or status not in (None, "completed")) and not refused
    return Reply(spoken(written.text), usage, None, refused, truncated)


def _texts(output: Iterable[Any]) -> list[tuple[str | None, bool, Place]]:
    """The texts of the messages among `output`, whether they refuse, and their places."""
    parts = [
        (part, (item, at))
        for item, message in enumerate(output)
        if message.type == "message"
        for at, part in enumerate(message.content)
    ]
    texts = [(_of(part.text, str), False, place) for part, place in parts if part.type == "output_text"]
    return texts + [(_of(part.refusal, str), True, place) for part, place in parts if part.type == "refusal"]


def _place(event: Any) -> Place:
    """Where the text of an event of the Responses API belongs; some servers do not say."""
    item, part = (_of(getattr(event, name, None), int) for name in ("output_index", "content_index"))
    return item or 0, part or 0


def spoken(text: str) -> str:
    """`text` without the thoughts that some models begin with and some servers leave in: all up to </think>, or to the end
    if they never end. The mark of their beginning may have been part of the prompt."""
    before, mark, after = text.partition("</think>")
    if text.lstrip().startswith("<think>") or (mark and after.strip() and "<think>" not in before):
        return after.lstrip()
    return text


def words(error: Any) -> str:
    """What the body of an error says went wrong, without the request that some servers repeat in it; "" if it does not."""
    if isinstance(error, list):  # as FastAPI does
        return " ".join(f"{one.get('loc')} {one.get('msg')}" for one in error if isinstance(one, dict))
    if isinstance(error, dict):
        return next((said for name in ("detail", "message", "error") if (said := words(error.get(name)))), "")
    return error.strip() if isinstance(error, str) else ""


def _cut(begun: bool) -> SolverError:
    where = "in the middle of an answer" if begun else "before an answer began"
    return SolverError("cut", f"the stream ended {where}", retryable=True, processed=True)


async def _events(stream: Any, whole: type[openai.BaseModel], written: _Written) -> AsyncIterator[Any]:
    """The events of a stream that are objects of this API, or one `whole` if the server does not stream; anything else is
    junk. Once `written` has ended, what follows may be lost, and is waited for no longer than `PATIENCE`."""
    kind = stream.response.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in STREAMS:
        body = await _body(stream.response, kind, 4 * written.longest)
        yield shaped(body, lambda body: whole.construct(**body))
        return
    stream._decoder = _Decoder(stream._decoder)
    loop, until, came = asyncio.get_running_loop(), math.inf, False
    while True:
        until = loop.time() + PATIENCE if until == math.inf and written.ended else until
        try:
            async with asyncio.timeout_at(None if until == math.inf else until):
                event = await anext(stream)
        except StopAsyncIteration:
            break
        except (TimeoutError, openai.APIConnectionError):
            if not written.ended:
                raise
            break
        came = True
        if not isinstance(event, openai.BaseModel):
            raise ValueError("the stream carries something else")
        says_nothing = not getattr(event, "choices", None) and not isinstance(getattr(event, "type", None), str)
        if says_nothing and (said := words(event.model_extra)):  # an error, by another name than the library looks for
            raise openai.APIError(said, stream.response.request, body=event.model_extra)
        yield event
    if not came and kind != STREAMS[0]:
        raise _no_stream(kind)


class _Decoder:
    """The openai library's decoder, for two things that the format allows and the library trips over: a mark of byte order, by
    which it loses the first event, and events without data (`retry:`, `id:` before a comment, a ping), which it takes for JSON."""

    def __init__(self, decoder: Any) -> None:
        self.decoder = decoder

    async def aiter_bytes(self, pieces: AsyncIterator[bytes]) -> AsyncIterator[Any]:
        async for event in self.decoder.aiter_bytes(_unmarked(pieces)):
            if event.data.strip():
                yield event


async def _unmarked(pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """`pieces` without the mark of byte order that they may begin with, wherever it is split."""
    begin, begun = b"", False
    async for piece in pieces:
        if not begun:
            begin += piece
            if len(begin) < len(MARK) and MARK.startswith(begin):
                continue
            piece, begun = begin.removeprefix(MARK), True
        yield piece
    if not begun:
        yield begin


async def _body(response: Any, kind: str, longest: int) -> dict[str, Any]:
    """The JSON object that came instead of a stream, if it is no error."""
    body = b""
    try:
        async for piece in response.aiter_bytes():
            body += piece
            if len(body) > longest:
                raise SolverError("junk", f"sends {kind} without end", retryable=False, processed=True)
    except SolverError:
        raise
    except Exception as broken:  # whatever the HTTP library under the openai library raises
        raise openai.APIConnectionError(request=response.request) from broken
    try:
        content = json.loads(body)
    except (ValueError, RecursionError):
        raise _no_stream(kind) from None
    if isinstance(content, dict) and ("choices" in content or "output" in content):
        return content
    if not (said := words(content)):
        raise _no_stream(kind)
    error = content.get("error") if isinstance(content, dict) else None
    code = str((error if isinstance(error, dict) else content).get("code")) if isinstance(content, dict) else ""
    if re.fullmatch("429|5[0-9][0-9]", code):
        raise SolverError("rate limit" if code == "429" else "server", f"{code} {said}", retryable=True)
    raise SolverError("rejected", said, retryable=False)


def _no_stream(kind: str) -> SolverError:
    return SolverError("rejected", f"no event stream ({kind or 'nothing'})", retryable=False)


def shaped(value: Any, read: Callable[[Any], T]) -> T:
    """read(value), which only looks at attributes; ValueError if they are not there or not what they should be."""
    try:
        return read(value)
    except (AttributeError, TypeError, IndexError) as error:
        raise ValueError(f"the stream carries something else ({error})") from None


def _of(value: Any, kind: type[T]) -> T | None:
    if value is not None and not isinstance(value, kind):
        raise ValueError(f"the stream carries {type(value).__name__} for {kind.__name__}")
    return value


def _text(content: Any) -> str | None:
    """A string, or what the parts of type "text" in a list say; others are thoughts."""
    if not isinstance(content, list):
        return _of(content, str)
    parts = [
        part["text"] for part in content if isinstance(part, dict) and part.get("type") == "text" and "text" in part
    ]
    return "".join(_of(part, str) or "" for part in parts)


def _thoughts(content: Any) -> list[Any]:
    """Parts of a content that are thoughts."""
    parts = content if isinstance(content, list) else []
    return [part for part in parts if isinstance(part, dict) and part.get("type") in ("thinking", "reasoning")]


def chat_usage(told: Any) -> Usage | None:
    return _usage(told, ("prompt_tokens", "completion_tokens", "prompt_tokens_details", "completion_tokens_details"))


def responses_usage(told: Any) -> Usage | None:
    return _usage(told, ("input_tokens", "output_tokens", "input_tokens_details", "output_tokens_details"))


def _usage(told: Any, names: tuple[str, str, str, str]) -> Usage | None:
    """Usage of one request; an endpoint may leave any of it out. Numbers that make no sense tell nothing. Some do not count
    thoughts as output: then their total says more than its parts, or there are more thoughts than output."""
    if told is None:
        return None
    read, written, read_details, written_details = (getattr(told, name, None) for name in names)
    if not (_is_count(read) and _is_count(written)):
        return None
    cached, reasoning = getattr(read_details, "cached_tokens", 0), getattr(written_details, "reasoning_tokens", 0)
    thoughts, total = reasoning if _is_count(reasoning) else 0, getattr(told, "total_tokens", 0)
    output = max(written, total - read if _is_count(total) else 0, written + thoughts if thoughts > written else 0)
    return Usage(read, output, min(cached, read) if _is_count(cached) else 0, min(thoughts, output), 1)


def _index(choice: Any) -> int:
    """Which choice it is; some servers do not say."""
    index = getattr(choice, "index", 0)
    return index if isinstance(index, int) else 0


def _is_count(value: Any) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**12


def _most(one: Usage | None, other: Usage | None) -> Usage | None:
    """Of usage told twice in a stream: each number grows, so that the larger one counts."""
    if one is None or other is None:
        return one or other
    return Usage(
        max(one.input_tokens, other.input_tokens), max(one.output_tokens, other.output_tokens),
        max(one.cached_tokens, other.cached_tokens), max(one.reasoning_tokens, other.reasoning_tokens), 1,
    )  # fmt: skip
