"""Generation: prompts in one prefill, then one token a row and step, rows leaving as they finish.

Shape suffixes: B rows, T tokens, V vocabulary.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence

import torch

from favilla.chat.encode import EncodedChat, encode_chat
from favilla.chat.images import ImageProcessor
from favilla.chat.tokenizer import BEGIN, EOM, EOT, IMAGE_END, IMAGE_START, MEDIA, MESSAGE, PAD, PATCH, START, Tokenizer
from favilla.engine.request import FinishReason, Generation, Piece, Request, Usage
from favilla.engine.sampling import sample
from favilla.engine.turn import Control, Turn
from favilla.errors import UserError
from favilla.model.cache import KVCache
from favilla.model.spark import MuseSpark
from favilla.model.vision import pack_pictures

__all__ = ["Engine", "FinishReason", "Generation", "Piece", "Request", "Stream", "Usage"]

# (request, sample, piece): some text of that sample of that request
OnToken = Callable[[int, int, Piece], None]


class Engine:
    """Generates with one model. Raises UserError when model and tokenizer do not belong together."""

    def __init__(self, model: MuseSpark, tokenizer: Tokenizer, processor: ImageProcessor):
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
        self.model, self.tokenizer, self.processor = model, tokenizer, processor
        self.control = Control(tokenizer)
        self.context = text.max_position_embeddings
        # Published vocabularies are padded beyond what the tokenizer can decode.
        banned_V = torch.arange(text.vocab_size) >= tokenizer.vocab_size
        banned_V[[tokenizer.special_ids[name] for name in (*MEDIA, PAD, BEGIN) if name in tokenizer.special_ids]] = True
        self.banned_V = banned_V.to(model.lm_head.weight.device)

    def generate(
        self,
        requests: Sequence[Request],
        on_token: OnToken | None = None,
        cancel: threading.Event | None = None,
    ) -> list[list[Generation]]:
        """All samples of all requests, computed as one batch: a list per request, in order.

        on_token: called with (request, sample, piece) as text comes. cancel: once set, what is there is returned.
        Raises UserError when a prompt leaves no room in the context, and when the model computes no finite numbers.
        """
        prompts = [self._encode(request) for request in requests]
        turns = [self._turns(request, prompt) for request, prompt in zip(requests, prompts, strict=True)]
        number = {id(turn): i for i, samples in enumerate(turns) for turn in samples}
        for turn, piece in self._run(prompts, turns, cancel):
            if on_token is not None:
                on_token(number[id(turn)], turn.sample, piece)
        return [[turn.result() for turn in samples] for samples in turns]

    def stream(self, request: Request, cancel: threading.Event | None = None) -> Stream:
        """The pieces of one sample as they come; see `Stream`. Raises UserError as `generate` does, and for n > 1."""
        if request.n != 1:
            raise UserError(f"n {request.n!r}: one sample can be streamed at a time; use generate for several")
        prompt = self._encode(request)
        (turn,) = self._turns(request, prompt)
        return Stream(turn, (piece for _, piece in self._run([prompt], [[turn]], cancel)))

    def _encode(self, request: Request) -> EncodedChat:
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

    @torch.inference_mode()
    def _run(
        self, prompts: list[EncodedChat], turns: list[list[Turn]], cancel: threading.Event | None
    ) -> Iterator[tuple[Turn, Piece]]:
        """Write all turns to their ends; yields every piece of text with its turn."""
        rows = [turn for samples in turns for turn in samples]
        cancelled = cancel.is_set if cancel is not None else lambda: False
        if rows and not cancelled():
            logits_BV, cache = self._prefill(prompts, max(turn.limit for turn in rows))
            prompt_B = [i for i, samples in enumerate(turns) for _ in samples]
            if len(rows) > len(prompts):
                logits_BV, cache = logits_BV[prompt_B], cache.select(torch.tensor(prompt_B, device=logits_BV.device))
        while rows:
            if cancelled():
                for turn in rows:
                    if turn.finish_reason is None:
                        yield from ((turn, piece) for piece in turn.finish("cancelled"))
                return
            ids_B, logprobs_B = self._choose(rows, logits_BV)
            for turn, token, logprob in zip(rows, ids_B.tolist(), logprobs_B.tolist(), strict=True):
                if turn.finish_reason is None:
                    yield from ((turn, piece) for piece in turn.add(token, logprob))
            alive = [i for i, turn in enumerate(rows) if turn.finish_reason is None]
            # Leaving copies the cache of those who stay, so the finished leave a quarter of the batch at a time.
            if len(alive) <= 0.75 * len(rows):
                rows = [rows[i] for i in alive]
                if not rows:
                    return
                rows_B = torch.tensor(alive, device=ids_B.device)
                ids_B, cache = ids_B[rows_B], cache.select(rows_B)
            logits_BV = self.model(ids_B[:, None], cache=cache)[:, 0]

    def _prefill(self, prompts: list[EncodedChat], new_tokens: int) -> tuple[torch.Tensor, KVCache]:
        """Next-token logits (B, V) of right-padded prompts, and their cache with room for `new_tokens` more."""
        weight = self.model.lm_head.weight
        lengths = [len(prompt.ids) for prompt in prompts]
        # Any token will do as padding, if only it is no picture's.
        ids_BT = torch.full((len(prompts), max(lengths)), self.tokenizer.id(EOT))
        segments_BT = torch.zeros_like(ids_BT)
        for row, (prompt, length) in enumerate(zip(prompts, lengths, strict=True)):
            ids_BT[row, :length] = torch.tensor(prompt.ids)
            segments_BT[row, :length] = 1
        encoded = [picture for prompt in prompts for picture in prompt.pictures]
        pictures = None
        if encoded:
            normalised = [(self.processor.normalise(patches), grid) for patches, grid in encoded]
            pictures = pack_pictures(normalised, merge=self.processor.merge_size).to(weight.device)
        cache = KVCache(
            self.model.config.text, len(prompts), max(lengths) + new_tokens, dtype=weight.dtype, device=weight.device
        )
        logits_B1V = self.model(
            ids_BT.to(weight.device), pictures=pictures, segments_BT=segments_BT.to(weight.device), cache=cache,
            last_only=True,
        )  # fmt: skip
        return logits_B1V[:, 0], cache

    def _choose(self, rows: list[Turn], logits_BV: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        device = logits_BV.device
        if not logits_BV.isfinite().all():
            raise UserError(
                "the model's logits are not finite: its weights are damaged or too large for their dtype; load it in "
                "float32, or fetch the weights again"
            )
        return sample(
            logits_BV,
            torch.tensor([turn.request.temperature for turn in rows], dtype=torch.float64, device=device),
            torch.tensor([turn.request.top_p for turn in rows], dtype=torch.float64, device=device),
            torch.tensor([turn.random.random() for turn in rows], dtype=torch.float64, device=device),
            self.banned_V.to(device),
            torch.tensor([turn.forced[0] if turn.forced else -1 for turn in rows], device=device),
        )


class Stream:
    """Iterates over the pieces of one sample; `result` is the whole sample, for which it runs to the end if need be."""

    def __init__(self, turn: Turn, pieces: Iterator[Piece]):
        self._turn, self._pieces = turn, pieces

    def __iter__(self) -> Iterator[Piece]:
        return self

    def __next__(self) -> Piece:
        return next(self._pieces)

    @property
    def result(self) -> Generation:
        for _ in self:
            pass
        return self._turn.result()
