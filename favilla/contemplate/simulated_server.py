"""A small OpenAI-compatible server on the loopback interface: Chat Completions and Responses, streamed, with faults.

It has no model: a function decides what each request meets. Tests and benchmarks of what talks HTTP run against it.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
import itertools
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

# Connections that may wait to be accepted; one too many would be tried again by the client's system a second later.
BACKLOG = 1024


@dataclass
class Asked:
    """One request as it came in."""

    path: str
    headers: dict[str, str]
    body: dict[str, Any]

    @property
    def model(self) -> str:
        return str(self.body["model"])

    @property
    def text(self) -> str:
        if "input" in self.body:
            return str(self.body["input"][0]["content"][-1]["text"])
        content = self.body["messages"][-1]["content"]
        return str(content if isinstance(content, str) else content[-1]["text"])

    @property
    def picture_hashes(self) -> list[str]:
        """SHA-256 of the bytes of every picture, in order."""
        if "input" in self.body:
            urls = [p["image_url"] for p in self.body["input"][0]["content"] if p["type"] == "input_image"]
        else:
            content = self.body["messages"][-1]["content"]
            urls = [p["image_url"]["url"] for p in content if p["type"] == "image_url"]
        return [hashlib.sha256(base64.b64decode(url.partition(",")[2])).hexdigest() for url in urls]


@dataclass(frozen=True)
class Pace:
    """How a stream comes: seconds before its first piece, seconds between pieces, and how many there are."""

    first: float
    each: float
    pieces: int


@dataclass
class Say:
    """A whole answer. hold: an event to wait for in the middle of the stream; pace: by default it comes at once."""

    text: str = "SUMMARY: worked out.\nANSWER: 42"
    hold: asyncio.Event | None = None
    pace: Pace = Pace(0.0, 0.0, 2)


@dataclass
class Fail:
    """An error status; `error` is the body's error object, `body` all of it instead (a string: as plain text)."""

    status: int
    error: dict[str, Any] = field(default_factory=lambda: {"message": "no"})
    headers: dict[str, str] = field(default_factory=dict)
    body: dict[str, Any] | str | None = None


@dataclass
class Hang:
    """Nothing, until the client goes away. after_text: the beginning of an answer comes first."""

    after_text: bool = False


class Cut:
    """The connection ends in the middle of the answer."""


class Junk:
    """Status 200, and a stream of something else."""


@dataclass
class Raw:
    """Status 200, and these pieces as they are. end: whether the stream ends as it should, or the connection just does;
    stall: nothing follows, until the client goes away."""

    pieces: Iterable[bytes]
    end: bool = True
    stall: bool = False
    content_type: str = "text/event-stream"


Behaviour = Say | Fail | Hang | Cut | Junk | Raw


class Server:
    """`async with Server(behave) as server`; behave(asked, number of the request from 0) says what to do.

    slots: requests that are worked on at the same time; further ones wait. A client who leaves frees its slot.
    """

    def __init__(
        self, behave: Callable[[Asked, int], Behaviour] = lambda asked, number: Say(), slots: int | None = None
    ) -> None:
        self.behave, self.asked, self.open = behave, list[Asked](), 0
        self.quiet = asyncio.Event()
        self.quiet.set()
        self.arrived = asyncio.Condition()
        self._handlers: set[asyncio.Task[None]] = set()
        self._slots = contextlib.nullcontext() if slots is None else asyncio.Semaphore(slots)

    async def __aenter__(self) -> Server:
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", 0, backlog=BACKLOG)
        self.address = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/v1"
        return self

    async def __aexit__(self, *exception: object) -> None:
        self._server.close()
        for handler in list(self._handlers):
            handler.cancel()
        await asyncio.gather(*self._handlers, return_exceptions=True)

    async def requests(self, count: int) -> None:
        """Wait until that many requests have come."""
        async with self.arrived:
            await self.arrived.wait_for(lambda: len(self.asked) >= count)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._handlers.add(task)
        self.open += 1
        self.quiet.clear()
        try:
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
                while await self._serve(reader, writer):
                    pass
        finally:
            self._handlers.discard(task)
            writer.close()
            self.open -= 1
            if not self.open:
                self.quiet.set()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers = {k.lower(): v for k, _, v in (line.partition(": ") for line in head[1:] if line)}
        body = json.loads(await reader.readexactly(int(headers.get("content-length", 0))))
        asked = Asked(head[0].split()[1], headers, body)
        async with self.arrived:
            self.asked.append(asked)
            behaviour = self.behave(asked, len(self.asked) - 1)
            self.arrived.notify_all()
        async with self._slots:
            return await self._answer(asked, behaviour, reader, writer)

    async def _answer(
        self, asked: Asked, behaviour: Behaviour, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> bool:
        """Whether the connection can be used again."""
        if isinstance(behaviour, Hang) and not behaviour.after_text:
            await reader.read()
            return False
        if isinstance(behaviour, Fail):
            body = behaviour.body or {"error": behaviour.error}
            kind, content = ("text/plain", body) if isinstance(body, str) else ("application/json", json.dumps(body))
            more = "".join(f"{k}: {v}\r\n" for k, v in behaviour.headers.items())
            writer.write(
                f"HTTP/1.1 {behaviour.status} X\r\ncontent-type: {kind}\r\n{more}"
                f"content-length: {len(content.encode())}\r\n\r\n{content}".encode()
            )
            await writer.drain()
            return True
        if not asked.body.get("stream"):
            whole = json.dumps(_whole(behaviour, asked)).encode()
            writer.write(
                f"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {len(whole)}\r\n\r\n".encode()
                + whole
            )
            return True
        kind = behaviour.content_type if isinstance(behaviour, Raw) else "text/event-stream"
        writer.write(f"HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\ntransfer-encoding: chunked\r\n\r\n".encode())
        if isinstance(behaviour, Junk):
            _chunk(writer, b"data: [1, 2\n\ndata: <html>\n\n")
            _chunk(writer, b"")
            return True
        if isinstance(behaviour, Raw):
            for piece in behaviour.pieces:
                _chunk(writer, piece)
                await writer.drain()
            if behaviour.stall:
                await reader.read()
                return False
            if behaviour.end:
                _chunk(writer, b"")
                await writer.drain()
            return behaviour.end
        said = behaviour if isinstance(behaviour, Say) else Say("SUMMARY: half")
        pace = said.pace
        events = (chat_events if asked.path.endswith("/chat/completions") else responses_events)(said.text, pace.pieces)
        for index, event in enumerate(events):
            if 1 <= index <= pace.pieces and not await _stays(reader, pace.first if index == 1 else pace.each):
                return False
            if index == 2:
                await writer.drain()
                if isinstance(behaviour, Cut):
                    return False
                if isinstance(behaviour, Hang):
                    await reader.read()
                    return False
                if said.hold is not None:
                    await said.hold.wait()
            _chunk(writer, event)
        _chunk(writer, b"")
        await writer.drain()
        return True


async def _stays(reader: asyncio.StreamReader, seconds: float) -> bool:
    """Whether the client, who sends nothing meanwhile, is still there after `seconds`."""
    if not seconds:
        return True
    try:
        async with asyncio.timeout(seconds):
            await reader.read(1)
    except TimeoutError:
        return True
    return False


def _split(text: str, pieces: int) -> list[str]:
    ends = [len(text) * i // pieces for i in range(pieces + 1)]
    return [text[a:b] for a, b in itertools.pairwise(ends)]


def _chunk(writer: asyncio.StreamWriter, data: bytes) -> None:
    writer.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")


def chat_events(text: str, pieces: int = 2) -> list[bytes]:
    def chunk(delta: dict[str, Any], finish: str | None = None, **more: Any) -> bytes:
        choices = [] if more else [{"index": 0, "delta": delta, "finish_reason": finish}]
        content = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": choices, **more}
        return f"data: {json.dumps(content)}\n\n".encode()

    usage = {
        "prompt_tokens": 30, "completion_tokens": 7, "total_tokens": 37,
        "prompt_tokens_details": {"cached_tokens": 20}, "completion_tokens_details": {"reasoning_tokens": 3},
    }  # fmt: skip
    return [
        chunk({"role": "assistant", "content": ""}), *(chunk({"content": piece}) for piece in _split(text, pieces)),
        chunk({}, "stop"), chunk({}, usage=usage), b"data: [DONE]\n\n",
    ]  # fmt: skip


def responses_events(text: str, pieces: int = 2) -> list[bytes]:
    usage = {
        "input_tokens": 30, "output_tokens": 7, "total_tokens": 37,
        "input_tokens_details": {"cached_tokens": 20}, "output_tokens_details": {"reasoning_tokens": 3},
    }  # fmt: skip
    response = {
        "id": "r", "object": "response", "created_at": 1, "model": "m", "status": "in_progress", "output": [],
        "parallel_tool_calls": False, "tool_choice": "auto", "tools": [],
    }  # fmt: skip

    def delta(piece: str) -> dict[str, Any]:
        return {"type": "response.output_text.delta", "item_id": "i", "output_index": 0, "content_index": 0,
                "delta": piece, "logprobs": []}  # fmt: skip

    events = [
        {"type": "response.created", "response": response}, *map(delta, _split(text, pieces)),
        {"type": "response.completed", "response": {**response, "status": "completed", "usage": usage}},
    ]  # fmt: skip
    return [
        f"event: {e['type']}\ndata: {json.dumps({**e, 'sequence_number': i})}\n\n".encode()
        for i, e in enumerate(events)
    ]


def _whole(behaviour: Behaviour, asked: Asked) -> dict[str, Any]:
    assert isinstance(behaviour, Say)
    if asked.path.endswith("/responses"):
        part = {"type": "output_text", "text": behaviour.text, "annotations": []}
        output = [{"type": "message", "id": "i", "role": "assistant", "status": "completed", "content": [part]}]
        return {"id": "r", "object": "response", "created_at": 1, "model": "m", "status": "completed", "output": output,
                "usage": {"input_tokens": 5, "output_tokens": 2, "total_tokens": 7}}  # fmt: skip
    choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": behaviour.text}}
    return {
        "id": "c", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice] * asked.body.get("n", 1),
        "usage": {"prompt_tokens": 5, "completion_tokens": 2, "total_tokens": 7},
    }  # fmt: skip
