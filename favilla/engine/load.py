"""A model by name or folder, ready to be asked."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from PIL import Image

import favilla
from favilla.chat.images import ImageProcessor, open_image
from favilla.chat.messages import ImagePart, Message, Part
from favilla.chat.tokenizer import Tokenizer
from favilla.engine.generate import Engine
from favilla.engine.points import find_boxes, find_points
from favilla.engine.request import FinishReason, Generation, Request, Usage
from favilla.errors import UserError
from favilla.model.folder import load_config, load_model, skeleton
from favilla.model.int8 import quantise

PACKAGE = Path(favilla.__file__).parent
SMALL = 1_000_000_000  # parameters; below that, CPUs are faster and steadier in float32
DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}

ImageSource = str | Path | bytes | Image.Image
# called with ("thinking" | "answer", text)
OnText = Callable[[str, str], None]


@dataclass(frozen=True)
class Answer:
    """answer: as written. thinking: None if the model answered at once. points, boxes: those in the answer, (x, y) and
    (left, top, right, bottom), in pixels of the first picture as given. seconds: wall-clock time that it took."""

    answer: str
    thinking: str | None
    points: list[tuple[float, float]]
    boxes: list[tuple[float, float, float, float]]
    usage: Usage
    finish_reason: FinishReason
    seconds: float


@dataclass(frozen=True)
class Loaded:
    """A model that was read from `folder`; `engine` generates with it, in batches too."""

    engine: Engine
    folder: Path

    def ask(
        self,
        question: str,
        images: ImageSource | Sequence[ImageSource] = (),
        *,
        effort: str | None = "medium",
        temperature: float = 0.0,
        top_p: float = 1.0,
        seed: int = 0,
        max_new_tokens: int = 512,
        thinking_budget: int | None = None,
        stream: OnText | None = None,
        cancel: threading.Event | None = None,
    ) -> Answer:
        """Ask about words and pictures.

        images: a path, the bytes of a file, a PIL picture, or a list of these, in the order in which the model sees
        them (before the question). stream: called with ("thinking" or "answer", text) as text comes. The others are
        those of `Request`. Raises UserError for an empty question, a picture that cannot be read, numbers out of range,
        and a prompt that leaves no room in the context.
        """
        start = time.perf_counter()
        if not isinstance(question, str):
            raise UserError(f"the question is a {type(question).__name__}; ask in words")
        if not question.strip():
            raise UserError("the question is empty; say what you want to know")
        several = isinstance(images, Sequence) and not isinstance(images, str | bytes)
        sources: Sequence[ImageSource] = images if several else [images]  # type: ignore[assignment, list-item]
        pictures = [ImagePart(open_image(source)) for source in sources]
        parts: list[Part] = [*pictures]
        request = Request(
            (Message("user", (*parts, question)),), temperature=temperature, top_p=top_p, seed=seed, max_new_tokens=max_new_tokens,
            effort=effort, thinking_budget=thinking_budget,
        )  # fmt: skip
        pieces = self.engine.stream(request, cancel)
        for piece in pieces:
            if stream is not None and piece.kind != "control":
                stream(piece.kind, piece.text)
        made: Generation = pieces.result
        seconds = time.perf_counter() - start
        width, height = pictures[0].image.size if pictures else (0, 0)
        points = [(x * width, y * height) for x, y in find_points(made.answer)] if pictures else []
        boxes = (
            [(a * width, b * height, c * width, d * height) for a, b, c, d in find_boxes(made.answer)]
            if pictures
            else []
        )
        return Answer(made.answer, made.thinking, points, boxes, made.usage, made.finish_reason, seconds)


def load(
    name_or_folder: str | Path = "ember",
    dtype: torch.dtype | str | None = None,
    device: torch.device | str = "cpu",
    *,
    int8: bool = False,
    compiled: bool = False,
    any_rows: bool = False,
    max_rows: int = 64,
    cache_bytes: int | None = None,
) -> Loaded:
    """A model shipped with the package, by name, or any folder of type muse_spark or muse_glimmer with a tokenizer.

    dtype: one of PyTorch's, or its name (float32, bfloat16, float16); by default what the folder's config says, except that
    small models run in float32 on a CPU. int8: round the
    weights of backbone and head to 8 bits (docs/engine.md). compiled, any_rows, max_rows, cache_bytes: see
    `Engine`. Raises UserError when there is no such model, dtype or device, or files are missing, broken or at odds with each
    other.
    """
    if isinstance(dtype, str):
        dtype = DTYPES.get(dtype, dtype)
    # PyTorch stores numbers in 8 bits but does not compute in them.
    if dtype is not None and not (isinstance(dtype, torch.dtype) and dtype.is_floating_point and dtype.itemsize > 1):
        raise UserError(f"dtype {dtype!r} is not known; choose one of {', '.join(DTYPES)}")
    try:
        on_cpu = torch.empty(0, device=device).device.type == "cpu"
    except (RuntimeError, AssertionError, TypeError) as error:
        reason = str(error).partition("\n")[0]
        raise UserError(f"device {device!r} cannot be used ({reason}); use cpu, or cuda where there is one") from None
    folder = find_folder(name_or_folder)
    config = load_config(folder)
    # first, because it is fast: a wrong folder is told at once
    tokenizer, processor = Tokenizer.load(folder), ImageProcessor.load(folder)
    if dtype is None:
        stated = str(config.extra.get("dtype") or config.extra.get("torch_dtype"))
        small = sum(parameter.numel() for parameter in skeleton(config, folder / "config.json").parameters()) < SMALL
        dtype = torch.float32 if small and on_cpu else DTYPES.get(stated, torch.float32)
    model, _ = load_model(folder, dtype, device)
    if int8:
        quantise(model)
    try:
        engine = Engine(
            model, tokenizer, processor, compiled=compiled, any_rows=any_rows, max_rows=max_rows, cache_bytes=cache_bytes
        )  # fmt: skip
        return Loaded(engine, folder)
    except UserError as error:
        raise UserError(f"{folder}: {error}") from None


def find_folder(name_or_folder: str | Path) -> Path:
    """The folder of a shipped model or of a path. Raises UserError, naming what is shipped, for neither."""
    shipped = {config.parent.name: config.parent for config in sorted(PACKAGE.glob("*/config.json"))}
    if not isinstance(name_or_folder, str | Path):
        raise UserError(f"model is a {type(name_or_folder).__name__}; give a name or a folder")
    folder = shipped.get(str(name_or_folder), Path(name_or_folder))
    if not os.path.isdir(folder):  # unlike Path.is_dir it takes any name, however long
        names = ", ".join(shipped) or "none"
        raise UserError(f"model {str(name_or_folder)!r}: no such folder; models that are shipped: {names}")
    return folder
