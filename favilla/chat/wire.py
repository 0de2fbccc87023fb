"""The Muse wire format: how messages become one text, and how text becomes messages again.

    <|begin_of_text|><|start|>system<|message|>...\\n\\nReasoning strength: high.<|eot|>
    <|start|>user<|message|>What is shown? <|patch|><|eot|>
    <|start|>assistant to=self<|message|>reasoning<|eom|><|start|>assistant to=user<|message|>answer<|eot|>

(without the line breaks). Every message names its role and, for the assistant, whom it addresses: itself (thinking), the
user, or a tool. `<|eom|>` ends a message after which the assistant goes on, `<|eot|>` ends the turn. A generation prompt
ends with `<|start|>assistant`; whether to think first is the model's own choice. `chat_template.jinja` says the same for
other runtimes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from PIL import Image

from favilla.chat.messages import ImagePart, Message, Part, ToolCall
from favilla.chat.tokenizer import BEGIN, EOM, EOT, MESSAGE, PATCH, START
from favilla.errors import UserError

SPOKEN = ("user", "commentary")  # addressees whose messages are words for the user
ROLES, SHOWING = ("system", "user", "assistant", "tool"), ("user", "tool")  # SHOWING: those that may have pictures
EFFORTS = ("low", "medium", "high", "xhigh")
STRENGTH = re.compile(r"(?:\n\n)?Reasoning strength: (low|medium|high|xhigh)\.\Z")

_NAME = re.compile(r"[A-Za-z0-9_.-]{1,128}")
# A string argument is written as it is, unless a reader would take it for JSON or for the end of the argument.
_JSON_STARTS = '-0123456789{["'
_JSON_WORDS = ("true", "false", "null")
_HEADER = re.compile(r"(system|user|tool|assistant)(?: to=([A-Za-z0-9_.-]{1,128})| name=([A-Za-z0-9_.-]{1,128}))?")
_INVOKE = re.compile(r'<atem:invoke name="([^"]*)">(.*?)</atem:invoke>', re.DOTALL)
_PARAMETER = re.compile(r'<atem:parameter name="([^"]*)">(.*?)</atem:parameter>', re.DOTALL)


@dataclass(frozen=True)
class Piece:
    """A run of rendered text.

    control: written by the format, so special tokens in it count; otherwise someone's words, in which they do not.
    target: what the model must learn to write itself.
    image: the picture that stands here, if any (its text is one placeholder).
    """

    text: str
    control: bool
    target: bool = False
    image: Image.Image | None = None


def pieces(messages: Sequence[Message], effort: str | None = None, generation_prompt: bool = False) -> Iterator[Piece]:
    """The rendered conversation piece by piece. Raises UserError for an effort, a role or a tool name that cannot be
    written, and for pictures of the system or the assistant."""
    if effort is not None and effort not in EFFORTS:
        raise UserError(f"effort {effort!r} is unknown; choose one of {', '.join(EFFORTS)}")
    yield Piece(BEGIN, True)
    if effort is not None and not (messages and messages[0].role == "system"):
        yield from _turn("system", (f"Reasoning strength: {effort}.",))
    for index, message in enumerate(messages):
        if message.role not in ROLES:
            raise UserError(f"role {message.role!r} is unknown; choose one of {', '.join(ROLES)}")
        if message.images and message.role not in SHOWING:
            raise UserError(f"a picture in a turn of the {message.role}; put it into one of the user or of a tool")
        if message.role == "assistant":
            yield from _assistant(message)
        elif message.role == "tool":
            yield from _turn(f"tool name={_name(message.name or 'tool')}", message.parts)
        elif index == 0 and message.role == "system" and effort is not None:
            gap = "\n\n" if message.text else ""
            yield from _turn("system", (*message.parts, f"{gap}Reasoning strength: {effort}."))
        else:
            yield from _turn(message.role, message.parts)
    if generation_prompt:
        yield Piece(f"{START}assistant", True)


def render(messages: Sequence[Message], *, effort: str | None = None, generation_prompt: bool = False) -> str:
    """The conversation as text; every picture is one `<|patch|>`. To feed a model use `encode.encode_chat`: only there
    is text that looks like a control token told apart from one."""
    return "".join(piece.text for piece in pieces(messages, effort, generation_prompt))


def _turn(header: str, parts: Sequence[Part]) -> Iterator[Piece]:
    yield Piece(f"{START}{header}{MESSAGE}", True)
    yield from _words(parts)
    yield Piece(EOT, True)


def _words(parts: Sequence[Part], target: bool = False) -> Iterator[Piece]:
    text = ""
    for part in parts:
        if isinstance(part, str):
            text += part
            continue
        if text:
            yield Piece(text, False, target)
        yield Piece(PATCH, True, image=part.image)
        text = ""
    if text:
        yield Piece(text, False, target)


def _assistant(message: Message) -> Iterator[Piece]:
    """Thinking, words for the user, tool calls: one message each, in that order. The model chooses every addressee, so
    all but the turn's first words are targets."""
    bodies: list[tuple[str, Sequence[Part]]] = []
    if message.thinking is not None:
        bodies.append(("self", (message.thinking,)))
    if message.text or not message.tool_calls:
        bodies.append(("user", message.parts))
    bodies += [(_name(call.name), (render_call(call),)) for call in message.tool_calls]
    for index, (addressee, parts) in enumerate(bodies):
        yield Piece(f"{START}assistant", True, target=index > 0)
        yield Piece(f" to={addressee}{MESSAGE}", True, target=True)
        yield from _words(parts, target=True)
        yield Piece(EOM if index + 1 < len(bodies) else EOT, True, target=True)


def _name(name: str) -> str:
    if not _NAME.fullmatch(name) or name in ("self", *SPOKEN):
        raise UserError(f"tool name {name!r} cannot be addressed; use letters, digits, '_', '.' or '-'")
    return name


def render_call(call: ToolCall) -> str:
    """A tool call as text. Raises UserError for a name or an argument that cannot be written."""
    parameters = "".join(
        f'<atem:parameter name="{_name(name)}">{_value(value)}</atem:parameter>'
        for name, value in call.arguments.items()
    )
    return (
        f'<atem:function_calls><atem:invoke name="{_name(call.name)}">{parameters}</atem:invoke></atem:function_calls>'
    )


def _value(value: Any) -> str:
    if isinstance(value, str) and value[:1] not in _JSON_STARTS and value not in _JSON_WORDS and "<" not in value:
        return value
    try:
        said = json.dumps(value, ensure_ascii=False, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise UserError(f"an argument of a tool call cannot be written as JSON ({error}); give plain values") from None
    # In JSON a "<" can only stand in a string, where its escape means the same and closes no tag.
    return said.replace("<", "\\u003c")


def _read_value(text: str) -> Any:
    if text and (text[0] in _JSON_STARTS or text in _JSON_WORDS):
        try:
            return json.loads(text)
        except (ValueError, RecursionError):
            return text
    return text


def read_calls(body: str) -> tuple[ToolCall, ...]:
    """The calls in a message to a tool; what is no call is passed over."""
    return tuple(
        ToolCall(name, {key: _read_value(value) for key, value in _PARAMETER.findall(inside)})
        for name, inside in _INVOKE.findall(body)
    )


def parse(text: str, images: Sequence[Image.Image] = ()) -> tuple[list[Message], str | None]:
    """Messages and effort of a rendered conversation; the k-th `<|patch|>` becomes the k-th of `images`.

    Texts come back joined (adjacent parts are one), a trailing generation prompt is dropped. Raises UserError with the
    place where the text departs from the format.
    """
    if not text.startswith(BEGIN):
        raise UserError(f"wire text must start with {BEGIN}")
    messages: list[Message] = []
    pictures = iter(images)
    open_turn: list[tuple[str, str]] = []
    at, effort = len(BEGIN), None
    while at < len(text) and text[at:] != f"{START}assistant":
        role, addressee, name, body, end, at = _read_message(text, at)
        if role == "assistant":
            open_turn.append((addressee or "user", body))
            if end == EOT:
                messages.append(_assembled(open_turn))
                open_turn = []
            continue
        if open_turn or end != EOT:
            raise UserError(f"wire text, character {at}: a turn of role {role!r} stands inside an unfinished one")
        if role == "system" and not messages and (found := STRENGTH.search(body)):
            effort, body = found[1], body[: found.start()]
            if not body:
                continue
        messages.append(Message(role, _read_parts(body, pictures), name=name))  # type: ignore[arg-type]
    if open_turn:
        raise UserError(f"wire text, character {at}: the assistant's last turn is not finished")
    if next(pictures, None) is not None:
        raise UserError("wire text: more pictures than placeholders")
    return messages, effort


def _read_message(text: str, at: int) -> tuple[str, str | None, str | None, str, str, int]:
    middle = text.find(MESSAGE, at)
    header = _HEADER.fullmatch(text[at + len(START) : middle]) if text.startswith(START, at) and middle > 0 else None
    if header is None:
        raise UserError(f"wire text, character {at}: expected {START}role{MESSAGE}")
    body_at = middle + len(MESSAGE)
    ends = [(where, mark) for mark in (EOM, EOT) if (where := text.find(mark, body_at)) >= 0]
    if not ends:
        raise UserError(f"wire text, character {body_at}: a message without {EOM} or {EOT}")
    where, end = min(ends)
    return header[1], header[2], header[3], text[body_at:where], end, where + len(end)


def _read_parts(body: str, pictures: Iterator[Image.Image]) -> tuple[Part, ...]:
    parts: list[Part] = []
    for index, words in enumerate(body.split(PATCH)):
        if index:
            picture = next(pictures, None)
            if picture is None:
                raise UserError("wire text: more placeholders than pictures")
            parts.append(ImagePart(picture))
        if words:
            parts.append(words)
    return tuple(parts)


def _assembled(bodies: list[tuple[str, str]]) -> Message:
    thinking = [body for addressee, body in bodies if addressee == "self"]
    answer = "".join(body for addressee, body in bodies if addressee in SPOKEN)
    calls = tuple(call for addressee, body in bodies if addressee not in ("self", *SPOKEN) for call in read_calls(body))
    return Message("assistant", (answer,) if answer else (), "".join(thinking) if thinking else None, calls)
