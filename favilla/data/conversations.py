"""A user's own conversations, one JSON object a line, checked line by line before anything starts.

    {"messages": [{"role": "user", "content": "What is this?", "images": ["tea.png"]},
                  {"role": "assistant", "content": "Tea.", "thinking": "white cup, brown liquid"}], "effort": "high"}

`content` is text, or a list of parts as chat APIs have them: {"type": "text", "text": ...}, {"type": "image", "image": ...},
{"type": "image_url", "image_url": {"url": ...}}. `images` stand before the text. A picture is a path that starts from the
file's folder, or a data: address. `effort` is optional. Every assistant turn is learned.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import random
import re
from collections import Counter
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from favilla.chat.encode import encode_chat
from favilla.chat.images import ImageProcessor, open_image
from favilla.chat.messages import ImagePart, Message, Part
from favilla.chat.tokenizer import Tokenizer
from favilla.data.examples import Example, branch, marked_picture
from favilla.errors import UserError

SHOWN = 3  # faulty lines that are told; the rest are counted
_DATA = "data:"
_ADDRESS = re.compile(r"[a-z]+://", re.IGNORECASE)


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Text(Strict):
    type: Literal["text"]
    text: str


class Url(Strict):
    url: str


class Linked(Strict):
    type: Literal["image_url"]
    image_url: Url

    @property
    def source(self) -> str:
        return self.image_url.url


class Pictured(Strict):
    type: Literal["image"]
    image: str

    @property
    def source(self) -> str:
        return self.image


def _parts(content: object) -> object:
    """Content as parts: a wrong part is told where it stands, not that it is no string."""
    if not isinstance(content, str | list | tuple):
        raise ValueError("give text, or a list of parts")
    return ({"type": "text", "text": content},) if isinstance(content, str) else content


class Turn(Strict):
    role: Literal["system", "user", "assistant"]
    content: Annotated[
        tuple[Annotated[Text | Linked | Pictured, Field(discriminator="type")], ...], BeforeValidator(_parts)
    ] = ()
    images: tuple[str, ...] = ()
    thinking: str | None = None

    @property
    def sources(self) -> tuple[str, ...]:
        """Where its pictures come from: paths and data: addresses."""
        return (*self.images, *(part.source for part in self.content if not isinstance(part, Text)))

    def message(self, folder: Path) -> Message:
        """The turn with its pictures read. Raises UserError for a picture that cannot be."""
        parts: list[Part] = [_picture(source, folder) for source in self.images]
        for part in self.content:
            parts.append(part.text if isinstance(part, Text) else _picture(part.source, folder))
        return Message(self.role, tuple(part for part in parts if part != ""), self.thinking)


class Conversation(Strict):
    """One line of the file."""

    messages: tuple[Turn, ...] = Field(min_length=2)
    effort: Literal["low", "medium", "high", "xhigh"] | None = None

    def example(self, tokenizer: Tokenizer, processor: ImageProcessor, folder: Path) -> Example:
        """Tokens and patches, the assistant's turns as targets. Raises UserError for what no model can learn from."""
        for number, turn in enumerate(self.messages):
            if turn.role == "assistant" and (turn.images or not all(isinstance(part, Text) for part in turn.content)):
                raise UserError("an assistant writes text; give its content without images")
            if turn.role != "assistant" and turn.thinking is not None:
                raise UserError(f"a {turn.role} turn has thinking; only the assistant thinks")
            if turn.thinking is not None and not turn.thinking.strip():
                raise UserError(f"messages.{number}: thinking is empty; leave it out where nothing is thought")
            if turn.role == "system" and number:
                raise UserError(f"messages.{number}: a system turn stands first or not at all")
        if self.messages[-1].role != "assistant":
            raise UserError("the last message must be the assistant's, with an answer to learn")
        if all(turn.role != "user" for turn in self.messages):
            raise UserError("there is no user turn; say what the assistant answers to")
        messages = [turn.message(folder) for turn in self.messages]
        for number, message in enumerate(messages):
            if not message.text.strip() and not message.images:
                said = "an answer to learn" if message.role == "assistant" else "what is said"
                raise UserError(f"messages.{number}: the {message.role} turn is empty; give {said} as its content")
        if messages[0].role == "system" and messages[0].images:
            raise UserError("a system turn holds no pictures; put them into the user's")
        encoded = encode_chat(tokenizer, processor, messages, effort=self.effort)
        pictures = tuple(marked_picture(tokenizer, picture, ()) for picture in encoded.pictures)
        made = branch("conversations", [encoded], len(encoded.ids), pictures)
        assert made is not None
        return made


class Conversations:
    """The examples of a file by number, line `line_of` each."""

    def __init__(self, path: str, model: str, seed: int):
        self.path, self.seed = Path(path), seed
        self.tokenizer, self.processor = Tokenizer.load(model), ImageProcessor.load(model)
        self.lines = [line for _, line in _lines(self.path)]

    def __call__(self, index: int) -> Example:
        line = self.lines[line_of(index, len(self.lines), self.seed)]
        return Conversation.model_validate_json(line).example(self.tokenizer, self.processor, self.path.parent)


class Size(NamedTuple):
    """Of a conversation. patches: of each of its pictures."""

    tokens: int
    targets: int
    patches: tuple[int, ...]


def check_conversations(
    path: Path,
    tokenizer: Tokenizer,
    processor: ImageProcessor,
    context: int,
    fits: Callable[[Example], bool] | None = None,
) -> list[Size]:
    """The size of every line; each is parsed, its pictures are opened. fits: whether a batch has room for an example.

    Raises UserError that names the first faulty lines and says what is wrong with each.
    """
    found: list[Size] = []
    faults: list[str] = []
    for number, line in _lines(path):
        try:
            _refuse_repeated_names(line)
            example = Conversation.model_validate_json(line).example(tokenizer, processor, path.parent)
            if len(example) > context:
                raise UserError(f"{len(example)} tokens, {context} is the most that fits; shorten it")
            size = Size(len(example), example.targets, tuple(len(picture.encoded[0]) for picture in example.pictures))
            if fits is not None and not fits(example):
                pictures = f" and pictures of {' + '.join(map(str, size.patches))} patches" if size.patches else ""
                raise UserError(
                    f"{size.tokens} tokens, {size.targets} of them targets,{pictures} fit no batch of the recipe; shorten it, "
                    "or make [data] larger"
                )
            found.append(size)
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(part) for part in first["loc"])
            # The line of the file is told already; a conversation has one line only.
            told = first["msg"].removeprefix("Value error, ").replace(" at line 1 column ", " at column ")
            faults.append(f"line {number}: {where + ': ' if where else ''}{told}")
        except UserError as error:
            faults.append(f"line {number}: {error}")
    if faults:
        more = f"; and {len(faults) - SHOWN} more" if len(faults) > SHOWN else ""
        raise UserError(f"{path}: {'; '.join(faults[:SHOWN])}{more}")
    if not found:
        raise UserError(f"{path}: holds no conversations; give one JSON object a line")
    return found


def line_of(index: int, count: int, seed: int) -> int:
    """The line, from 0, that example number `index` is: a pass goes through all `count` of them, each in a new order."""
    turn, place = divmod(index, count)
    return _order(count, f"{seed}/{turn}")[place]


def _refuse_repeated_names(line: str) -> None:
    """Raises UserError where an object has a name twice: readers take the last, and what the first one said is lost."""

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        names = Counter(name for name, _ in pairs)
        if twice := [name for name, count in names.items() if count > 1]:
            raise UserError(f"{twice[0]!r} is given twice; keep one")
        return dict(pairs)

    with contextlib.suppress(ValueError, RecursionError):  # what is no JSON is told by whoever reads it
        json.loads(line, object_pairs_hook=once)


def fingerprint(path: Path) -> str:
    """Changes when the file does."""
    return hashlib.sha256(path.read_bytes()).hexdigest()[:16]


def fingerprint_with_pictures(path: Path) -> str:
    """Changes when a file of conversations does, or one of its pictures; that of the file alone where it has none beside it.
    All of it must have been checked."""
    digest = hashlib.sha256(path.read_bytes())
    turns = [turn for _, line in _lines(path) for turn in Conversation.model_validate_json(line).messages]
    files = [source for turn in turns for source in turn.sources if not source.startswith(_DATA)]
    for source in dict.fromkeys(files):
        digest.update(hashlib.sha256((path.parent / source).read_bytes()).digest())
    return digest.hexdigest()[:16]


def _lines(path: Path) -> list[tuple[int, str]]:
    # It is read more than once, and by several processes.
    if path.exists() and not path.is_file():
        raise UserError(f"{path}: is no regular file; write the conversations to one")
    try:
        text = path.read_text(encoding="utf-8-sig")  # some editors begin a file with a mark of its encoding
    except FileNotFoundError:
        raise UserError(f"{path}: no such file") from None
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path}: cannot be read as UTF-8 text ({error})") from None
    # Not splitlines: JSON strings may hold separators that are no line ends.
    return [(number, line) for number, line in enumerate(text.split("\n"), start=1) if line.strip()]


@lru_cache(maxsize=2)
def _order(count: int, seed: str) -> list[int]:
    return random.Random(seed).sample(range(count), count)


def _picture(source: str, folder: Path) -> ImagePart:
    if _ADDRESS.match(source):
        raise UserError(
            f"{source}: web addresses are not fetched; save the picture and give its path, or a data: address"
        )
    if not source.startswith(_DATA):
        return ImagePart(open_image(folder / source))
    head, comma, body = source.partition(",")
    if not comma or not head.endswith(";base64"):
        raise UserError("a data: address must look like data:image/png;base64,...")
    try:
        content = base64.b64decode(body, validate=True)
    except ValueError as error:
        raise UserError(f"a data: address is no base64 ({error})") from None
    return ImagePart(open_image(content))
