"""Conversations of a user: what is learned of them, and what is said about each wrong line."""

from __future__ import annotations

import base64
import io
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from favilla.chat.images import ImageProcessor
from favilla.chat.tokenizer import Tokenizer
from favilla.data.conversations import (
    Conversations,
    Size,
    check_conversations,
    fingerprint,
    fingerprint_with_pictures,
)
from favilla.engine.load import PACKAGE
from favilla.errors import UserError

EMBER = PACKAGE / "ember"
TOKENIZER, PROCESSOR = Tokenizer.load(EMBER), ImageProcessor.load(EMBER)


def png(colour: tuple[int, int, int] = (200, 30, 30)) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (56, 28), colour).save(buffer, "PNG")
    return buffer.getvalue()


def user(content: Any, **more: Any) -> dict[str, Any]:
    return {"role": "user", "content": content, **more}


ANSWER = {"role": "assistant", "content": "red", "thinking": "all of it"}


def written(folder: Path, *lines: Any) -> Path:
    path = folder / "pairs.jsonl"
    path.write_text("\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines), encoding="utf-8")
    return path


def check(path: Path, context: int = 2048) -> list[Size]:
    return check_conversations(path, TOKENIZER, PROCESSOR, context)


def test_targets_are_what_the_assistant_writes(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(png())
    path = written(
        tmp_path,
        {
            "messages": [
                user("Colour?", images=["a.png"]),
                ANSWER,
                user("Sure?"),
                {"role": "assistant", "content": "yes"},
            ]
        },
    )
    example = Conversations(str(path), str(EMBER), 0)(0)
    ((ids, targets),) = example.branches
    learned = TOKENIZER.decode([int(i) for i in ids[targets]])
    assert "all of it" in learned and "red" in learned and "yes" in learned
    assert "Colour" not in learned and "Sure" not in learned
    assert len(example.pictures) == 1 and (ids == TOKENIZER.id("<|patch|>")).sum() == 2


def test_four_ways_to_give_a_picture_are_one(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(png())
    address = "data:image/png;base64," + base64.b64encode(png()).decode()
    text = {"type": "text", "text": "Colour?"}
    path = written(
        tmp_path,
        {"messages": [user("Colour?", images=["a.png"]), ANSWER]},
        {"messages": [user("Colour?", images=[address]), ANSWER]},
        {"messages": [user([{"type": "image", "image": "a.png"}, text]), ANSWER]},
        {"messages": [user([{"type": "image_url", "image_url": {"url": address}}, text]), ANSWER]},
    )
    assert len(set(check(path))) == 1
    made = [Conversations(str(path), str(EMBER), 0)(number) for number in range(4)]
    for example in made[1:]:
        assert np.array_equal(example.branches[0][0], made[0].branches[0][0])
        assert np.array_equal(example.pictures[0].encoded[0], made[0].pictures[0].encoded[0])


def test_every_pass_sees_every_line_once_in_another_order(tmp_path: Path) -> None:
    path = written(
        tmp_path, *({"messages": [user(f"{n}?"), {"role": "assistant", "content": f"n{n}"}]} for n in range(12))
    )
    source = Conversations(str(path), str(EMBER), 5)

    def answers(start: int) -> list[str]:
        found = []
        for number in range(start, start + 12):
            ((ids, targets),) = source(number).branches
            found.append(TOKENIZER.decode([int(i) for i in ids[targets]], skip_special=True))
        return found

    first, second = answers(0), answers(12)
    assert sorted(first) == sorted(second) and first != second
    assert first == answers(0)


FAULTS: list[tuple[Any, str]] = [
    ('{"messages": [], "messages": []}', "line 2: 'messages' is given twice"),
    ('{"messages": [{"role": "user", "content": "a", "content": "b"}]}', "line 2: 'content' is given twice"),
    ("{not json", "line 2.*JSON"),
    ([1, 2], "line 2"),
    ({"messages": [user("Hi")]}, "line 2: messages"),
    ({"messages": [user("Hi"), ANSWER], "efort": "low"}, "line 2: efort"),
    ({"messages": [user("Hi"), ANSWER], "effort": "maximal"}, "line 2: effort.*'xhigh'"),
    ({"messages": [{"role": "bot", "content": "Hi"}, ANSWER]}, "line 2: messages.0.role"),
    ({"messages": [ANSWER, user("Hi")]}, "line 2: the last message must be the assistant's"),
    ({"messages": [user("Hi"), {"role": "assistant", "content": "  "}]}, "line 2: .*an answer to learn"),
    ({"messages": [user("Hi"), {"role": "assistant", "content": ""}, user("So?"), ANSWER]}, "line 2: messages.1: .* is empty"),
    ({"messages": [user("Hi"), {**ANSWER, "thinking": ""}]}, "line 2: messages.1: thinking is empty"),
    ({"messages": [{"role": "user"}, ANSWER]}, "line 2: messages.0: the user turn is empty"),
    ({"messages": [user(" "), ANSWER]}, "line 2: messages.0: the user turn is empty"),
    ({"messages": [user(3), ANSWER]}, "line 2: messages.0.content: give text, or a list of parts"),
    ({"messages": [{"role": "system", "content": "Be brief."}, ANSWER]}, "line 2: there is no user turn"),
    ({"messages": [user("Hi"), {"role": "system", "content": "Be brief."}, ANSWER]}, "line 2: messages.1: a system turn stands first"),
    ({"messages": [user("Hi", thinking="hm"), ANSWER]}, "line 2: a user turn has thinking"),
    ({"messages": [user("Hi", images=["none.png"]), ANSWER]}, r"line 2: .*none\.png: no such picture"),
    ({"messages": [user("Hi", images=["bad.png"]), ANSWER]}, r"line 2: .*bad\.png"),
    ({"messages": [user("Hi", images=["data:image/png,xyz"]), ANSWER]}, "line 2: a data: address must"),
    ({"messages": [user("Hi", images=["data:image/png;base64,%%%"]), ANSWER]}, "line 2: a data: address is no base64"),
    ({"messages": [user("Hi", images=["data:image/png;base64,é"]), ANSWER]}, "line 2: a data: address is no base64"),
    ({"messages": [user("Hi", images=["https://example.com/a.png"]), ANSWER]}, "line 2: https://example.com/a.png: .* not fetched"),
    ({"messages": [user([{"type": "image_url", "image_url": {"url": "a.png", "detail": "low"}}]), ANSWER]},
     "line 2: messages.0.content.0.*detail: Extra"),
    ({"messages": [user([{"type": "text", "txt": "Hi"}]), ANSWER]}, "line 2: messages.0.content.0.text.text: Field required"),
    ('{"messages": [', "line 2: Invalid JSON: .* at column"),
    ({"messages": [user("Hi"), {**ANSWER, "images": ["a.png"]}]}, "line 2: an assistant writes text"),
    ({"messages": [user("Hi"), {"role": "assistant", "content": [{"type": "image", "image": "a.png"}]}]},
     "line 2: an assistant writes text"),
    ({"messages": [{"role": "system", "content": "x", "images": ["a.png"]}, user("Hi"), ANSWER]}, "line 2: a system turn"),
    ({"messages": [user([{"type": "sound", "sound": "x"}]), ANSWER]}, "line 2: messages.0.content"),
    ({"messages": [user("word " * 3000), ANSWER]}, "line 2: [0-9]+ tokens, 2048 is the most that fits"),
]  # fmt: skip


@pytest.mark.parametrize(("line", "told"), FAULTS)
def test_a_wrong_line_is_named(tmp_path: Path, line: Any, told: str) -> None:
    (tmp_path / "a.png").write_bytes(png())
    (tmp_path / "bad.png").write_bytes(b"\x89PNG\r\n\x1a\nbroken")
    good = {"messages": [user("Hi"), ANSWER]}
    path = written(tmp_path, good, line, good)
    with pytest.raises(UserError, match=told) as raised:
        check(path)
    assert "\n" not in str(raised.value) and "pairs.jsonl" in str(raised.value)


def test_what_other_programs_write_is_read(tmp_path: Path) -> None:
    """A mark of the encoding before the first line, and content of every turn as parts."""
    parts = [
        {"role": turn["role"], "content": [{"type": "text", "text": turn["content"]}]} for turn in (user("Hi"), ANSWER)
    ]
    path = written(tmp_path, {"messages": parts}, {"messages": [user("Hi"), {"role": "assistant", "content": "red"}]})
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    first, second = check(path)
    assert first == second
    ids = [Conversations(str(path), str(EMBER), 0)(number).branches[0][0] for number in (0, 1)]
    assert np.array_equal(*ids)


def test_what_no_batch_can_take_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(png())
    path = written(
        tmp_path, {"messages": [user("Hi"), ANSWER]}, {"messages": [user("Same?", images=["a.png"] * 3), ANSWER]}
    )
    assert [size.patches for size in check(path)] == [(), (8, 8, 8)]
    with pytest.raises(
        UserError, match=r"line 2: \d+ tokens, \d+ of them targets, and pictures of 8 \+ 8 \+ 8 patches fit no"
    ):
        check_conversations(path, TOKENIZER, PROCESSOR, 2048, lambda example: len(example.pictures) < 3)


def test_many_wrong_lines_are_counted(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"line 1.*line 2.*line 3.*and 7 more"):
        check(written(tmp_path, *["{}"] * 10))


def test_what_can_be_read_only_once_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", Path("/dev/null"), tmp_path):
        with pytest.raises(UserError, match="no regular file"):
            check(path)


def test_another_picture_is_another_file(tmp_path: Path) -> None:
    """Wherever it stands in a line; text alone has the fingerprint of its bytes."""
    line = {"messages": [user("Hi"), ANSWER]}
    path = written(tmp_path, line)
    assert fingerprint_with_pictures(path) == fingerprint(path)
    inside = "data:image/png;base64," + base64.b64encode(png()).decode()
    path = written(tmp_path, {"messages": [user("Hi", images=[inside]), ANSWER]})
    assert fingerprint_with_pictures(path) == fingerprint(path)
    url = [{"type": "text", "text": "c"}, {"type": "image_url", "image_url": {"url": "c.png"}}]
    contents = [user("a", images=["a.png"]), user([{"type": "image", "image": "b.png"}]), user(url)]
    path = written(tmp_path, *({"messages": [content, ANSWER]} for content in contents))
    for name in "abc":
        (tmp_path / f"{name}.png").write_bytes(png())
    seen = {fingerprint_with_pictures(path)}
    for name in "abc":
        (tmp_path / f"{name}.png").write_bytes(png((1, 2, 3)))
        seen.add(fingerprint_with_pictures(path))
    assert len(seen) == 4 and fingerprint(path) not in seen


def test_files_that_hold_nothing(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no such file"):
        check(tmp_path / "none.jsonl")
    with pytest.raises(UserError, match="holds no conversations"):
        check(written(tmp_path, "", "  "))
    (tmp_path / "b.jsonl").write_bytes(b"\xff\xfe{}")
    with pytest.raises(UserError, match="UTF-8"):
        check(tmp_path / "b.jsonl")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(min_size=1, max_size=60).filter(str.strip))
def test_any_text_is_a_conversation_or_a_told_fault(tmp_path: Path, text: str) -> None:
    path = tmp_path / "any.jsonl"
    path.write_bytes(json.dumps({"messages": [user(text), {"role": "assistant", "content": text}]}).encode())
    assert check(path)[0][1] > 0
    path.write_bytes(text.encode("utf-8", "replace"))
    with pytest.raises(UserError):
        check(path)
