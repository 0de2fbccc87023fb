"""Generation: requests in, samples out; `batch` writes those of all requests together.

Shape suffixes: B rows, V vocabulary.
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import torch

from favilla.chat.encode import EncodedChat, encode_chat
from favilla.chat.images import ImageProcessor
from favilla.chat.tokenizer import BEGIN, EOM, EOT, IMAGE_END, IMAGE_START, MEDIA, MESSAGE, PAD, PATCH, START, Tokenizer
from favilla.engine.batch import Batch, Call
from favilla.engine.passes import Passes, compiled_passes
from favilla.engine.request import FinishReason, Generation, Piece, Request, Usage, check_integer
from favilla.engine.turn import Control, Turn
from favilla.errors import UserError
from favilla.model.spark import MuseSpark

__all__ = ["Engine", "FinishReason", "Generation", "Piece", "Request", "Stream", "Usage"]

# (request, sample, piece): some text of that sample of that request
OnToken = Callable[[int, int, Piece], None]


class Engine:
    """Generates with one model. May be asked from several threads; all samples are written as one batch.

    compiled: let `torch.compile` fuse the step that writes a token, and the passes over a prompt and a picture that are read
    alone, for the weights as they are: up to five times as fast (docs/results/speed.md), after half a minute of compiling for
    each of these, and for each of 1, 4, 16, 64, ... rows that come to be used. any_rows: a compiled step serves any number of rows, and weights that
    change between requests: for hundreds of samples at a time and for training; with few rows slower. max_rows: most samples written at once; the others wait. cache_bytes: most memory that keys and values of samples and of kept prompts may take; by default
    a quarter of the memory of the machine, container or GPU.

    Raises UserError when model and tokenizer do not belong together, for weights made under `torch.inference_mode`, for numbers
    out of range, and where something is to be compiled and there is no C++ compiler.
    """

    def __init__(
        self,
        model: MuseSpark,
        tokenizer: Tokenizer,
        processor: ImageProcessor,
        *,
        compiled: bool = False,
        any_rows: bool = False,
        max_rows: int = 64,
        cache_bytes: int | None = None,
    ):
        text = model.config.text
        lacking = [t for t in (BEGIN, START, MESSAGE, EOM, EOT, IMAGE_START, PATCH, IMAGE_END)
                   if t not in tokenizer.special_ids]  # fmt: skip
        if lacking:
            raise UserError(f"tokenizer: has no {lacking[0]}; use a tokenizer of the Muse Spark family")
        if tokenizer.vocab_size > text.vocab_size or tokenizer.id(PATCH) != model.config.image_token_id:
            raise UserError(
                f"tokenizer: {tokenizer.vocab_size} entries, {PATCH} is {tokenizer.id(PATCH)}; the model's config says "
                f"{text.vocab_size} entries, image token {model.config.image_token_id}; use the model's own tokenizer"
            )
        vision = model.config.vision
        if (processor.patch_size, processor.merge_size) != (vision.patch_size, vision.merge_size):
            raise UserError(
                f"image processor: patches of {processor.patch_size} px merged by {processor.merge_size}; the model's "
                f"config says {vision.patch_size} and {vision.merge_size}; use the model's own image processor"
            )
        if any(parameter.is_inference() for parameter in model.parameters()):
            raise UserError(
                "the model's weights were made under torch.inference_mode, where changes are not counted; make it under "
                "torch.inference_mode(False)"
            )
        self.model, self.tokenizer, self.processor = model, tokenizer, processor
        self.control = Control(tokenizer)
        self.context = text.max_position_embeddings
        # Published vocabularies are padded beyond what the tokenizer can decode.
        banned_V = torch.arange(text.vocab_size) >= tokenizer.vocab_size
        banned_V[[tokenizer.special_ids[name] for name in (*MEDIA, PAD, BEGIN) if name in tokenizer.special_ids]] = True
        self.banned_V = banned_V.to(model.model.language_model.embed_tokens.weight.device)
        if cache_bytes is None:
            cache_bytes = quarter_of_memory(self.banned_V.device)
        check_integer("max_rows", max_rows, 1)
        check_integer("cache_bytes", cache_bytes, 1)
        passes = compiled_passes(model, not any_rows) if compiled else Passes()
        self._lock = threading.Lock()
        self._batch = Batch(
            model, self.control, processor, passes, self.banned_V, max_rows, cache_bytes,
            steady=compiled and not any_rows, any_rows=compiled and any_rows,
        )  # fmt: skip

    def generate(
        self,
        requests: Iterable[Request],
        on_token: OnToken | None = None,
        cancel: threading.Event | None = None,
    ) -> list[list[Generation]]:
        """All samples of all requests: a list per request, in order.

        on_token: called with (request, sample, piece) as text comes. cancel: once set, what is there is returned.
        Raises UserError when a prompt leaves no room in the context, and when the model computes no finite numbers.
        """
        if isinstance(requests, str | Request):
            raise UserError("generate: give a list of requests, even of one")
        requests = list(requests)
        prompts = [self._encode(request) for request in requests]
        turns = [self._turns(request, prompt) for request, prompt in zip(requests, prompts, strict=True)]
        number = {id(turn): i for i, samples in enumerate(turns) for turn in samples}
        call = self._call(prompts, turns, cancel)
        try:
            while (said := self._next(call)) is not None:
                turn, piece = said
                if on_token is not None:
                    on_token(number[id(turn)], turn.sample, piece)
        finally:
            call.dropped = True
        return [[turn.result() for turn in samples] for samples in turns]

    def stream(self, request: Request, cancel: threading.Event | None = None) -> Stream:
        """The pieces of one sample as they come; see `Stream`. Raises UserError as `generate` does, and for n > 1."""
        prompt = self._encode(request)
        if request.n != 1:
            raise UserError(f"n {request.n!r}: one sample can be streamed at a time; use generate for several")
        (turn,) = self._turns(request, prompt)
        return Stream(self, turn, self._call([prompt], [[turn]], cancel))

    def step(self) -> None:
        """Write one more token of every sample that is being written."""
        with self._lock, torch.inference_mode():
            self._batch.step()

    def _call(self, prompts: list[EncodedChat], turns: list[list[Turn]], cancel: threading.Event | None) -> Call:
        call = Call([turn for samples in turns for turn in samples], cancel)
        with self._lock:
            self._batch.add(call, prompts, turns)
        return call

    def _next(self, call: Call) -> tuple[Turn, Piece] | None:
        """The next piece that a call's samples say, or None when they have ended. Whoever needs a piece takes the step that
        writes it, for everybody."""
        while not call.outbox:
            with self._lock, torch.inference_mode():
                if call.outbox:
                    break
                if call.finished:
                    return None
                self._batch.step()
        said = call.outbox.popleft()
        if isinstance(said, Exception):
            raise said
        return said

    def forget(self) -> None:
        """Drop the prompts that are kept for requests that begin alike."""
        with self._lock:
            self._batch.prefixes.shrink(0)

    def _encode(self, request: Request) -> EncodedChat:
        if not isinstance(request, Request):
            raise UserError(f"a {type(request).__name__} is no request; make it a favilla.engine.request.Request")
        prompt = encode_chat(
            self.tokenizer, self.processor, request.messages, effort=request.effort, generation_prompt=True
        )
        if len(prompt.ids) >= self.context:
            raise UserError(
                f"prompt of {len(prompt.ids)} tokens, context of {self.context}: nothing is left for an answer; "
                "shorten the text or use fewer or smaller pictures"
            )
        return prompt

    def _turns(self, request: Request, prompt: EncodedChat) -> list[Turn]:
        length, image_tokens = len(prompt.ids), prompt.ids.count(self.model.config.image_token_id)
        limit = min(request.max_new_tokens, self.context - length)
        return [Turn(self.control, request, i, length, image_tokens, limit) for i in range(request.n)]


def quarter_of_memory(device: torch.device, groups: Path = Path("/sys/fs/cgroup")) -> int:
    """Bytes: of the GPU's memory, or of what this machine or container may use. groups: where control groups are mounted."""
    if device.type == "cuda":
        return torch.cuda.get_device_properties(device).total_memory // 4
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    for name in ("memory.max", "memory/memory.limit_in_bytes"):  # of version 2 and of version 1
        with contextlib.suppress(OSError, ValueError):  # none there, or no limit: "max"
            memory = min(memory, int((groups / name).read_text()))
    return memory // 4


class Stream:
    """Iterates over the pieces of one sample; `result` is the whole sample, for which it runs to the end if need be.

    Dropped before its end, it cancels the sample.
    """

    def __init__(self, engine: Engine, turn: Turn, call: Call):
        self._engine, self._turn, self._call = engine, turn, call

    def __iter__(self) -> Iterator[Piece]:
        return self

    def __next__(self) -> Piece:
        said = self._engine._next(self._call)
        if said is None:
            raise StopIteration
        return said[1]

    def __del__(self) -> None:
        self._call.dropped = True

    @property
    def finished(self) -> bool:
        """Whether all has been written and read."""
        return self._turn.finish_reason is not None and not self._call.outbox

    def ready(self) -> Iterator[Piece]:
        """The pieces that are there already, without writing any further."""
        while self._call.outbox:
            yield next(self)

    @property
    def result(self) -> Generation:
        for _ in self:
            pass
        return self._turn.result()
