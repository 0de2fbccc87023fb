"""Messages: what a conversation is made of, before it becomes text or tokens."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from PIL import Image

Role = Literal["system", "user", "assistant", "tool"]


@dataclass(frozen=True)
class ImagePart:
    """One picture inside a message, already opened and upright (see `images.open_image`)."""

    image: Image.Image


# A part is plain text or a picture.
Part = str | ImagePart


@dataclass(frozen=True)
class ToolCall:
    """A call that the assistant addresses to a tool: `name` and JSON-serialisable `arguments`."""

    name: str
    arguments: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Message:
    """One turn.

    parts: text and pictures in reading order (pictures only in user and tool turns).
    thinking: the assistant's reasoning, addressed to itself; None if it did not think.
    tool_calls: calls that the assistant makes in this turn.
    name: for role "tool", the tool that answers.
    """

    role: Role
    parts: tuple[Part, ...] = ()
    thinking: str | None = None
    tool_calls: tuple[ToolCall, ...] = ()
    name: str | None = None

    @property
    def text(self) -> str:
        """The text parts joined; pictures left out."""
        return "".join(part for part in self.parts if isinstance(part, str))

    @property
    def images(self) -> tuple[Image.Image, ...]:
        return tuple(part.image for part in self.parts if isinstance(part, ImagePart))
