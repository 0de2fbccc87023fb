"""Reading streams of events whose sender is not trusted: whatever is not of the expected shape raises ValueError.

The openai library checks nothing of what it receives: any attribute can be missing or hold anything.
"""

from __future__ import annotations

import math
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any, TypeGuard, TypeVar

import openai

from favilla.contemplate.solver import Reply, SolverError, Usage

T = TypeVar("T")
# Characters for each token that was allowed; real tokens are shorter on average. Who writes more ignores the limit.
CHARACTERS = 256
UNFINISHED = "stream: ended without saying why"  # no finish_reason, which some servers leave out


@dataclass
class _Written:
    """What has come of a reply so far."""

    tokens: Callable[[int], None]
    longest: int
    text: list[str] = field(default_factory=list)
    size: int = 0
    refusal: bool = False

    def add(self, piece: str | None) -> None:
        if not piece:
            return
        self.text.append(piece)
        self.size += len(piece)
        if self.size > self.longest:
            raise SolverError("junk", "writes on past the limit that was asked for", retryable=False, processed=True)
        self.tokens(1)


async def read_chat(stream: Any, tokens: Callable[[int], None], most: int) -> Reply:
    """The reply that a stream of Chat Completions chunks makes. most: output tokens that were allowed. Raises SolverError,
    ValueError and what the openai library raises."""
    written, logprobs, finish, usage = _Written(tokens, CHARACTERS * most), list[float](), None, None
    try:
        async for chunk in _events(stream):
            told, choices = shaped(chunk, lambda chunk: (chunk.usage, list(chunk.choices or ())))
            usage = _most(usage, chat_usage(told))
            for choice in choices:
                finish = _of(shaped(choice, lambda c: getattr(c, "finish_reason", None)), str) or finish
                delta, likely = shaped(
                    choice, lambda c: (getattr(c, "delta", None), list((c.logprobs and c.logprobs.content) or ()))
                )
                if delta is None:
                    continue  # some servers say nothing else with the finish_reason
                content, refusal = shaped(delta, lambda delta: (delta.content, delta.refusal))
                written.refusal = written.refusal or bool(_of(refusal, str))
                logprobs += [shaped(token, lambda token: float(token.logprob)) for token in likely]
                written.add(_text(content) or refusal)
    except openai.APIConnectionError:
        if finish is None:
            raise
        # The answer was whole; only what follows it is lost.
    if finish is None and not written.text:
        raise _cut()
    mean = math.fsum(logprobs) / len(logprobs) if logprobs and all(map(math.isfinite, logprobs)) else None
    refused = written.refusal or finish == "content_filter"
    note = UNFINISHED if finish is None else ""
    return Reply("".join(written.text), usage, mean, refused, finish == "length", note)


async def read_responses(stream: Any, tokens: Callable[[int], None], most: int) -> Reply:
    """The same for a stream of Responses events. A SolverError's message may contain anything."""
    written, final = _Written(tokens, CHARACTERS * most), None
    try:
        async for event in _events(stream):
            kind = shaped(event, lambda event: _of(event.type, str))
            if kind in ("response.output_text.delta", "response.refusal.delta"):
                written.refusal = written.refusal or kind == "response.refusal.delta"
                written.add(shaped(event, lambda event: _of(event.delta, str)))
            elif kind in ("response.completed", "response.incomplete", "response.failed"):
                final = shaped(event, lambda event: event.response)
            elif kind == "error":
                message = shaped(event, lambda event: str(event.message))
                raise SolverError("server", message, retryable=True, processed=True)
    except openai.APIConnectionError:
        if final is None:
            raise
    if final is None:
        raise _cut()
    status, error, incomplete = shaped(final, lambda final: (final.status, final.error, final.incomplete_details))
    if status == "failed":
        message = shaped(error, lambda error: str(error.message)) if error else "the response failed"
        raise SolverError("server", message, retryable=True, processed=True)
    reason = shaped(incomplete, lambda incomplete: incomplete.reason) if incomplete else None
    usage = responses_usage(shaped(final, lambda final: final.usage))
    refused = written.refusal or reason == "content_filter"
    return Reply("".join(written.text), usage, None, refused, reason == "max_output_tokens")


def _cut() -> SolverError:
    return SolverError("cut", "the stream ended in the middle of an answer", retryable=True, processed=True)


async def _events(stream: Any) -> AsyncIterator[Any]:
    """The events of a stream that are objects of this API; anything else is junk."""
    async for event in stream:
        if not isinstance(event, openai.BaseModel):
            raise ValueError("the stream carries something else")
        yield event


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
