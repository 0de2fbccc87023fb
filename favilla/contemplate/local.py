"""A model in this process as a solver. The engine, and PyTorch with it, is imported when a model is opened, not before.

Small models are asked as they were trained: the bare question for an attempt, `chat.attempts` for the other roles; there
the working is shown, and is what peers see. Models with a long context get the prompts that endpoints get.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np

from favilla.chat.attempts import Role, attempt_text, role_prompt
from favilla.chat.encode import encode_chat
from favilla.chat.images import open_image
from favilla.chat.messages import ImagePart, Message
from favilla.contemplate.answers import before_answer, final
from favilla.contemplate.solver import Call, Picture, Reply, SolverError, Usage
from favilla.contemplate.writer import Writer
from favilla.engine.request import Generation, Request
from favilla.errors import UserError
from favilla.worlds.limits import is_refusal

if TYPE_CHECKING:
    from PIL import Image

    from favilla.engine.load import Loaded

ROLES: dict[str, Role] = {"refine": "refine", "synthesis": "aggregate", "selection": "select", "match": "select"}
SHORT_CONTEXT = 8192  # tokens; models with less are asked briefly
LEAST_SHOWN = 12  # tokens of an attempt below which it is left out rather than shortened
SHORTENED = "context: attempts of others shortened or left out"


@dataclass
class LocalSolver:
    """A loaded model.

    effort, thinking_budget: as in `engine.request.Request`. temperature: of attempts and refinements where the run does not
    say; the judge is greedy then. prompts: "short" or "full"; by default what the length of the context suggests.
    """

    loaded: Loaded = field(repr=False)
    model: str = "local"
    effort: str | None = "high"
    thinking_budget: int | None = None
    temperature: float = 0.8
    prompts: Literal["short", "full"] | None = None

    def __post_init__(self) -> None:
        self.engine = self.loaded.engine
        self.short = self.engine.context < SHORT_CONTEXT if self.prompts is None else self.prompts == "short"
        self._writer = Writer(self.engine)
        self._images: dict[bytes, Image.Image] = {}
        Request((Message("user", ("?",)),), effort=self.effort, thinking_budget=self.thinking_budget)  # checks them

    @property
    def usual_output_tokens(self) -> int:
        return min(512, self.engine.context // 4)

    @property
    def endpoint(self) -> str:
        return f"local, effort {self.effort}, thinking {self.thinking_budget}, temperature {self.temperature:g}"

    async def close(self) -> None:
        """Nothing stays open: a sample ends with the call that waits for it."""

    def input_limit(self, call: Call) -> int:
        """Exact. An aggregation whose attempts are not known yet may fill the context. Raises UserError for a picture that
        is damaged and for a question that leaves no room for an answer."""
        if call.kind != "attempt" and not call.attempts:
            return self.engine.context
        messages, _ = self.messages(call)
        length = self.length(messages)
        if length >= self.engine.context and call.kind == "attempt":
            raise UserError(
                f"question of {length} tokens, context of {self.engine.context}: nothing is left for an answer; "
                "shorten the text or use fewer or smaller pictures"
            )
        return min(length, self.engine.context)

    async def reply(self, call: Call, tokens: Callable[[int], None]) -> Reply:
        try:
            messages, note = self.messages(call)
            request = Request(
                messages, temperature=self._temperature(call), seed=call.seed, max_new_tokens=call.max_output_tokens,
                effort=self.effort, thinking_budget=self.thinking_budget,
            )  # fmt: skip
            made = await self._writer.sample(request, tokens)
        except UserError as error:
            raise SolverError("rejected", str(error), retryable=False) from None
        except asyncio.CancelledError as cancelled:
            written = [made for made in cancelled.args if isinstance(made, Generation)]
            raise asyncio.CancelledError(*map(_usage, written)) from None
        return self._understood(made, note)

    def _temperature(self, call: Call) -> float:
        if call.temperature is not None:
            return call.temperature
        return self.temperature if call.kind in ("attempt", "refine") else 0.0

    def _understood(self, made: Generation, note: str) -> Reply:
        usage = _usage(made)
        logprob = sum(made.logprobs) / len(made.ids) if made.ids else None
        cut, answer = made.finish_reason != "stop", made.answer.strip()
        if cut or not answer:
            return Reply("", usage, logprob, truncated=cut, note=note)
        text = answer if not self.short else reply_text(made.thinking or "", answer)
        return Reply(text, usage, logprob, is_refusal(answer), note=note)

    def messages(self, call: Call) -> tuple[tuple[Message, ...], str]:
        """The conversation, and what had to be left out to make it fit."""
        pictures = [ImagePart(self._image(picture)) for picture in call.pictures]
        if not self.short or not call.question:
            return (Message("system", (call.system,)), Message("user", (*pictures, call.text))), ""
        if call.kind == "attempt" or not call.attempts:
            return (Message("user", (*pictures, call.question)),), ""

        def written(attempts: Sequence[str]) -> tuple[Message, ...]:
            return (Message("user", (*pictures, role_prompt(call.question, ROLES[call.kind], attempts, call.own))),)

        whole = [_as_attempt(message) for message in call.attempts]
        room = self.engine.context - min(call.max_output_tokens, self.engine.context // 4)
        shown, spare = whole, room - self.length(written([]))
        while shown and (length := self.length(written(shown))) > room:
            # the second time round: what the lines' own marks take
            spare -= length - room if shown is not whole else 0
            shown = self._shortened(whole, spare)
        return written(shown), SHORTENED if shown != whole else ""

    def _shortened(self, attempts: list[str], room: int) -> list[str]:
        """`attempts` in `room` tokens: the longest lose lines from their beginning, and if little would be left of any, the
        last are left out."""
        sizes = [len(self.engine.tokenizer.encode(text)) for text in attempts]
        while attempts:
            share, left = max(sizes), room
            for count, size in zip(range(len(sizes), 0, -1), sorted(sizes), strict=True):
                if size > left // count:
                    share = left // count
                    break
                left -= size
            if share >= min(LEAST_SHOWN, max(sizes)):
                return [self._end(text, share) for text in attempts]
            attempts, sizes = attempts[:-1], sizes[:-1]
        return []

    def _end(self, text: str, most: int) -> str:
        """The last lines of `text` that have together at most `most` tokens; of a single longer line, its end."""
        encode = self.engine.tokenizer.encode
        lines: list[str] = []
        left = most
        for line in reversed(text.splitlines()):
            left -= len(encode(line + "\n"))
            if lines and left < 0:
                break
            lines.insert(0, line)
        end = "\n".join(lines)
        while len(ids := encode(end)) > most:
            end = end[max(1, len(end) * (len(ids) - most) // len(ids)) :]
        return end

    def length(self, messages: Sequence[Message], generation_prompt: bool = True) -> int:
        """Tokens of a conversation, and of the beginning of a reply if that is what comes next."""
        processor = self.engine.processor
        images = [image for message in messages for image in message.images]
        # the lengths of pictures, without their patches
        sizes = [(np.empty(0), processor.grid(image.height, image.width)) for image in images]
        chat = encode_chat(
            self.engine.tokenizer,
            processor,
            messages,
            effort=self.effort,
            generation_prompt=generation_prompt,
            pictures=sizes,
        )
        return len(chat.ids)

    def _image(self, picture: Picture) -> Image.Image:
        key = hashlib.sha256(picture.data).digest()
        if key not in self._images:
            self._images = {key: open_image(picture.data), **dict(list(self._images.items())[:15])}
        return self._images[key]


def _usage(made: Generation) -> Usage:
    used = made.usage
    return Usage(used.prompt_tokens, len(made.ids), used.cached_tokens, used.thinking_tokens, 1)


def reply_text(thinking: str, answer: str) -> str:
    """A small model's working and answer as the reply that `prompts.summary` shortens for others."""
    return f"SUMMARY: {thinking.strip()}\nANSWER: {answer}"


def _as_attempt(message: str) -> str:
    """What peers are shown of a reply (`prompts.summary`), in the words of `chat.attempts`."""
    working = before_answer(message).strip()
    return attempt_text(working.removeprefix("SUMMARY:"), final(message))
