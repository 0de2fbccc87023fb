"""What is asked of the engine, and what comes back."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from favilla.chat.messages import ImagePart, Message, ToolCall
from favilla.chat.wire import EFFORTS, render_call
from favilla.errors import UserError, is_number

FinishReason = Literal["stop", "length", "cancelled"]


@dataclass(frozen=True)
class Request:
    """A conversation to go on with, `n` times.

    n: samples; the prompt and its pictures are computed once for all of them.
    temperature: 0 takes the likeliest token. top_p: share of the probability to choose from, in (0, 1].
    seed: sample i of a request is the same for the same seed, alone or in any batch.
    max_new_tokens: most tokens written, thinking and control tokens included.
    effort: reasoning strength (low, medium, high, xhigh), or None to say nothing about it.
    thinking_budget: after that many tokens of thinking it is closed and the answer begins; None for no limit.

    Raises UserError for anything out of range, and for a conversation that does not end with a question.
    """

    messages: Sequence[Message]
    n: int = 1
    temperature: float = 0.0
    top_p: float = 1.0
    seed: int = 0
    max_new_tokens: int = 512
    effort: str | None = "medium"
    thinking_budget: int | None = None

    def __post_init__(self) -> None:
        if isinstance(self.messages, str | Message) or not isinstance(self.messages, Iterable):
            raise UserError(
                f"messages: a {type(self.messages).__name__}; give several, as in (Message('user', ('...',)),)"
            )
        object.__setattr__(self, "messages", tuple(self.messages))
        _check_messages(self.messages)
        check_integer("n", self.n, 1)
        check_integer("max_new_tokens", self.max_new_tokens, 1)
        check_integer("seed", self.seed, None)
        if self.thinking_budget is not None:
            check_integer("thinking_budget", self.thinking_budget, 0)
        if not is_number(self.temperature) or not 0 <= self.temperature < math.inf:
            raise UserError(f"temperature {self.temperature!r}: give a number, 0 or more")
        if not is_number(self.top_p) or not 0 < self.top_p <= 1:
            raise UserError(f"top_p {self.top_p!r}: give a number above 0 and up to 1")
        if self.effort is not None and self.effort not in EFFORTS:
            raise UserError(f"effort {self.effort!r} is unknown; choose one of {', '.join(EFFORTS)}")


def _check_messages(messages: Sequence[Message]) -> None:
    for number, message in enumerate(messages, 1):
        if not isinstance(message, Message):
            raise UserError(f"message {number} is a {type(message).__name__}; make it a favilla.chat.messages.Message")
        for part in message.parts:
            if not isinstance(part, str | ImagePart):
                raise UserError(f"message {number} has a {type(part).__name__} in it; give text or an ImagePart")
    if not messages or messages[-1].role not in ("user", "tool"):
        raise UserError("the conversation must end with a message of the user or of a tool; add the question")
    last = messages[-1]
    if last.role == "user" and not last.text.strip() and not last.images:
        raise UserError("the question is empty; say what you want to know")
    for number, message in enumerate(messages, 1):
        try:
            "".join((message.text, message.thinking or "", *map(render_call, message.tool_calls))).encode()
        except UnicodeEncodeError as error:
            raise UserError(f"message {number} is not valid Unicode ({error.reason}); mend its text") from None


def check_integer(name: str, value: Any, least: int | None) -> None:
    """Raises UserError unless `value` is a whole number, `least` or more."""
    if isinstance(value, bool) or not isinstance(value, int) or (least is not None and value < least):
        raise UserError(f"{name} {value!r}: give a whole number" + ("" if least is None else f", {least} or more"))


@dataclass(frozen=True)
class Usage:
    """Tokens. prompt_tokens include the image_tokens; thinking_tokens and answer_tokens (tool calls included) are the
    words themselves, without the control tokens around them. cached_tokens: prompt tokens that had been computed for
    another sample or request; they say nothing about the text, so usages that differ in them alone are equal."""

    prompt_tokens: int
    image_tokens: int
    thinking_tokens: int
    answer_tokens: int
    cached_tokens: int = field(default=0, compare=False)


@dataclass(frozen=True)
class Piece:
    """Some text as it is written. "control" is what is not meant for reading: addressees and tool calls."""

    kind: Literal["thinking", "answer", "control"]
    text: str


@dataclass(frozen=True)
class Generation:
    """One sample.

    thinking: None if the model answered at once. finish_reason: "stop" when the model ended its turn, "length" at
    max_new_tokens or at the end of the context, "cancelled".
    ids: every token written after the prompt, control tokens and the last one included. logprobs: of each, under the
    plain softmax (see `sampling.sample`); also of those that the thinking budget forced upon the model.
    """

    answer: str
    thinking: str | None
    finish_reason: FinishReason
    usage: Usage
    ids: tuple[int, ...]
    logprobs: tuple[float, ...]
    tool_calls: tuple[ToolCall, ...]
