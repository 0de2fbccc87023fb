"""One sample while it is written: which message a token belongs to, and the text so far.

Control tokens are told from words by id. A model may spell "<|eot|>" letter by letter as much as it likes.
"""

from __future__ import annotations

import random
import re
from collections import deque

from favilla.chat.messages import ToolCall
from favilla.chat.tokenizer import EOM, EOT, MESSAGE, START, Tokenizer
from favilla.chat.wire import SPOKEN, read_calls
from favilla.engine.request import FinishReason, Generation, Piece, Request, Usage

_ADDRESSED = re.compile(r"(?:assistant)? to=([A-Za-z0-9_.-]{0,128})")


class Control:
    """The control tokens of a vocabulary, by what they mean to a turn."""

    def __init__(self, tokenizer: Tokenizer):
        self.tokenizer = tokenizer
        self.message = tokenizer.id(MESSAGE)
        self.stops = {tokenizer.special_ids[name] for name in (EOT, "<|end_of_text|>") if name in tokenizer.special_ids}
        self.ends = {tokenizer.id(EOM), tokenizer.id(START), *self.stops}
        # piece by piece, as `encode_chat` writes what the model has learned from
        self.answer_now = [
            i for text in (EOM, f"{START}assistant", f" to=user{MESSAGE}") for i in tokenizer.encode_wire(text)
        ]


class TextDecoder:
    """Tokens to text, holding back the bytes of a character that is not complete yet."""

    def __init__(self, tokenizer: Tokenizer):
        self.tokenizer = tokenizer
        self.ids: list[int] = []
        self.sent = 0

    def push(self, token: int) -> str:
        """The text that is certain now and was not before."""
        self.ids.append(token)
        text = self.tokenizer.decode(self.ids, skip_special=True)
        # An incomplete character decodes to one U+FFFD, always the last; so does a broken one, which can wait.
        certain = text.removesuffix("\ufffd")
        new, self.sent = certain[self.sent :], len(certain)
        if certain == text:
            self.ids, self.sent = [], 0
        return new

    def flush(self) -> str:
        """What is left: nothing, or U+FFFD for a character that was never completed."""
        text = self.tokenizer.decode(self.ids, skip_special=True)[self.sent :]
        self.ids, self.sent = [], 0
        return text


class Turn:
    """Sample number `sample` of a request, at most `limit` tokens, written after `<|start|>assistant`.

    cached_tokens: of the prompt, those that had been computed for another sample or request.
    """

    def __init__(
        self, control: Control, request: Request, sample: int, prompt_tokens: int, image_tokens: int, limit: int
    ):
        self.control, self.request, self.sample = control, request, sample
        self.prompt_tokens, self.image_tokens, self.limit = prompt_tokens, image_tokens, limit
        self.cached_tokens = 0
        self.random = random.Random(f"{request.seed}/{sample}")
        self.decoder = TextDecoder(control.tokenizer)
        self.ids: list[int] = []
        self.logprobs: list[float] = []
        self.forced: deque[int] = deque()
        self.finish_reason: FinishReason | None = None
        self.header = ""
        self.addressee: str | None = None  # None while the header of a message is being written
        self.bodies: list[tuple[str, list[str]]] = []
        self.tokens = {"thinking": 0, "answer": 0}

    def add(self, token: int, logprob: float) -> list[Piece]:
        """Take the next token; returns the text that it completes."""
        self.ids.append(token)
        self.logprobs.append(logprob)
        if self.forced:
            self.forced.popleft()
        pieces: list[Piece] = []
        if token in self.control.ends:
            pieces += self._close()
        elif self.addressee is not None:
            if token != self.control.message:
                self.tokens["thinking" if self.addressee == "self" else "answer"] += 1
            pieces += self._write(self.decoder.push(token))
        elif token == self.control.message:
            self.header += self.decoder.flush()
            found = _ADDRESSED.fullmatch(self.header)
            pieces += self._open(found[1] if found and found[1] else "user")
        else:
            self.header += self.decoder.push(token)
            if not _is_header(self.header):
                # A model that does not name an addressee speaks to the user.
                self.tokens["answer"] += 1
                words, self.header = self.header, ""
                pieces += self._open("user") + self._write(words)
        if token in self.control.stops:
            pieces += self.finish("stop")
        elif len(self.ids) >= self.limit:
            pieces += self.finish("length")
        elif self.addressee == "self" and not self.forced and self._spent():
            self.forced.extend(self.control.answer_now)
        return pieces

    def finish(self, reason: FinishReason) -> list[Piece]:
        """End the turn; returns the text that was held back."""
        self.finish_reason = reason
        return self._close()

    def cancel(self) -> list[Piece]:
        """End the turn unless it has ended; returns the text that was held back."""
        return self.finish("cancelled") if self.finish_reason is None else []

    def result(self) -> Generation:
        """The sample; only of a finished turn."""
        assert self.finish_reason is not None
        thinking = [text for addressee, body in self.bodies if addressee == "self" for text in body]
        calls: list[ToolCall] = []
        for addressee, body in self.bodies:
            if addressee not in ("self", *SPOKEN):
                calls += read_calls("".join(body))
        return Generation(
            answer="".join(text for addressee, body in self.bodies if addressee in SPOKEN for text in body),
            thinking="".join(thinking) if any(addressee == "self" for addressee, _ in self.bodies) else None,
            finish_reason=self.finish_reason,
            usage=Usage(
                self.prompt_tokens,
                self.image_tokens,
                self.tokens["thinking"],
                self.tokens["answer"],
                self.cached_tokens,
            ),
            ids=tuple(self.ids),
            logprobs=tuple(self.logprobs),
            tool_calls=tuple(calls),
        )

    def _spent(self) -> bool:
        budget = self.request.thinking_budget
        return budget is not None and self.tokens["thinking"] >= budget

    def _open(self, addressee: str) -> list[Piece]:
        header, self.header, self.addressee = self.header, "", addressee
        self.bodies.append((addressee, []))
        return [Piece("control", header)] if header else []

    def _write(self, text: str) -> list[Piece]:
        if not text:
            return []
        assert self.addressee is not None
        self.bodies[-1][1].append(text)
        kinds = {"self": "thinking", **dict.fromkeys(SPOKEN, "answer")}
        return [Piece(kinds.get(self.addressee, "control"), text)]  # type: ignore[arg-type]

    def _close(self) -> list[Piece]:
        rest = self.decoder.flush()
        pieces = self._write(rest) if self.addressee is not None else []
        self.header, self.addressee = "", None
        return pieces


def _is_header(text: str) -> bool:
    """Whether `text` is, or may become, what stands before `<|message|>`."""
    return any(whole.startswith(text) for whole in ("assistant to=", " to=")) or bool(_ADDRESSED.fullmatch(text))
