"""Conversations as token ids, training targets and picture patches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from favilla.chat.images import ImageProcessor
from favilla.chat.messages import Message
from favilla.chat.tokenizer import IMAGE_END, IMAGE_START, PATCH, Tokenizer
from favilla.chat.wire import pieces

# uint8 patches (N, values) in raster order, and the grid (rows, columns) that they fill
EncodedPicture = tuple[np.ndarray, tuple[int, int]]


@dataclass(frozen=True)
class EncodedChat:
    """ids (T); targets (T), True where the model must predict the token itself; pictures in reading order."""

    ids: list[int]
    targets: list[bool]
    pictures: list[EncodedPicture]


def encode_chat(
    tokenizer: Tokenizer,
    processor: ImageProcessor,
    messages: Sequence[Message],
    *,
    effort: str | None = None,
    generation_prompt: bool = False,
    pictures: Sequence[EncodedPicture] | None = None,
    given: int = 0,
) -> EncodedChat:
    """Encode piece by piece, so that nobody's words ever become control tokens.

    Targets are what an assistant writes: whom it addresses, its words, and the marks that end them. A picture takes
    `<|image_start|>`, one `<|patch|>` per merged token, `<|image_end|>`. `pictures` gives their patches when they are
    at hand already. The first `given` messages are what has been said: nothing in them is a target.
    """
    ids: list[int] = []
    targets: list[bool] = []
    encoded: list[EncodedPicture] = []
    at_hand = iter(pictures) if pictures is not None else None
    said = sum(1 for _ in pieces(messages[:given], effort)) if given else 0
    for number, piece in enumerate(pieces(messages, effort, generation_prompt)):
        if piece.image is not None:
            encoded.append(next(at_hand) if at_hand is not None else processor.patches(piece.image))
            height, width = encoded[-1][1]
            count = height * width // processor.merge_size**2
            new = [tokenizer.id(IMAGE_START), *[tokenizer.id(PATCH)] * count, tokenizer.id(IMAGE_END)]
        else:
            new = tokenizer.encode_wire(piece.text) if piece.control else tokenizer.encode(piece.text)
        ids += new
        targets += [piece.target and number >= said] * len(new)
    return EncodedChat(ids, targets, encoded)
