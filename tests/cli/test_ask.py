"""`favilla ask`: what it prints, and one line for everything that can be wrong with what it was given."""

from __future__ import annotations

import json
import shutil
import struct
import zlib
from pathlib import Path

import pytest
from PIL import Image, ImageChops

from favilla.cli.ask import write_marked
from favilla.cli.main import main
from favilla.engine.load import load
from tests.cli.conftest import refused


def bomb(path: Path) -> None:
    """A PNG of 20,000 x 10,000 pixels in a few hundred kilobytes."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    rows = zlib.compress(b"\0" * (20_001 * 10_000), 1)
    header = struct.pack(">IIBBBBB", 20_000, 10_000, 8, 0, 0, 0, 0)
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b""))


def half_a_picture(path: Path) -> None:
    Image.effect_noise((90, 90), 60).save(path)
    path.write_bytes(path.read_bytes()[:700])


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda path: None, "no such picture"),
        (half_a_picture, "damaged"),
        (lambda path: path.write_text("no picture at all"), "not a picture"),
        (lambda path: path.write_bytes(b""), "empty (0 bytes)"),
        (bomb, "too many"),
        (lambda path: path.mkdir(), "directory"),
    ],
    ids=["missing", "broken", "text", "zero-byte", "200-megapixel", "folder"],
)
def test_a_bad_picture_is_told_in_one_line(favilla, tiny_folder, tmp_path, make, says):
    path = tmp_path / "bad.png"
    make(path)
    line = refused(favilla("ask", "What is this?", "--image", path, "--model", tiny_folder))
    assert says in line and str(path) in line


@pytest.mark.parametrize("question", ["", " \n\t"])
def test_an_empty_question_is_told_in_one_line(favilla, tiny_folder, question):
    assert "question is empty" in refused(favilla("ask", question, "--model", tiny_folder))


def test_annotate_is_checked_before_anything_runs(favilla, picture, tmp_path):
    assert "no picture to mark" in refused(favilla("ask", "Where?", "--annotate", tmp_path / "a.png"))
    for out, says in (("a.txt", "end the name in"), ("no/such/a.png", "existing, writable folder")):
        line = refused(favilla("ask", "Where?", "--image", picture, "--annotate", tmp_path / out))
        assert says in line and out in line


def truncate_weights(folder: Path) -> None:
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:5000])


def disagree(folder: Path) -> None:
    config = json.loads((folder / "config.json").read_text())
    config["text_config"]["intermediate_size"] += 8
    (folder / "config.json").write_text(json.dumps(config))


@pytest.mark.parametrize(
    ("spoil", "says"),
    [(shutil.rmtree, "no such folder"), (truncate_weights, "damaged or incomplete"), (disagree, "disagree")],
    ids=["unknown model", "truncated weights", "config disagrees"],
)
def test_a_bad_model_is_told_in_one_line(favilla, tiny_folder, tmp_path, spoil, says):
    folder = tmp_path / "model"
    shutil.copytree(tiny_folder, folder)
    spoil(folder)
    line = refused(favilla("ask", "What is 1 + 1?", "--model", folder))
    assert says in line and str(folder) in line


def test_a_prompt_over_the_context_is_told_in_one_line(favilla, tiny_folder):
    line = refused(favilla("ask", "why " * 300, "--model", tiny_folder))
    assert "context of 256" in line


def test_text_and_json_say_what_the_library_says(favilla, tiny_folder, picture):
    question = "What is 12 + 34?"
    answer = load(tiny_folder).ask(question, [picture, picture], effort="high", max_new_tokens=12, thinking_budget=4)
    options = ["--image", picture, picture, "--model", tiny_folder, "--effort", "high", "--max-new-tokens", 12,
               "--thinking-budget", 4]  # fmt: skip
    process = favilla("ask", question, *options, "--json")
    content = json.loads(process.stdout)
    assert process.returncode == 0
    assert set(content) == {"answer", "thinking", "points", "boxes", "usage", "seconds"}
    assert (content["answer"], content["thinking"]) == (answer.answer, answer.thinking)
    assert set(content["usage"]) == {"prompt_tokens", "image_tokens", "thinking_tokens", "answer_tokens"}
    assert (
        content["usage"]["image_tokens"] == answer.usage.image_tokens == 2 * 6
    )  # 60 x 100 px: of the grids near it, 2 x 3 has the nearest shape
    plain = favilla("ask", question, *options)
    assert plain.returncode == 0 and "\x1b" not in plain.stdout and "\x1b" not in plain.stderr
    if answer.answer.isprintable():
        assert plain.stdout.rstrip("\n").endswith(answer.answer.rstrip("\n"))


def test_numbers_out_of_range_are_told_in_one_line(tiny_folder, capsys):
    assert main(["ask", "why?", "--temperature", "-1", "--model", str(tiny_folder)]) == 2
    printed = capsys.readouterr()
    assert printed.out == "" and printed.err.count("\n") == 1 and "temperature" in printed.err


def test_an_answer_without_a_point_writes_no_picture(tiny_folder, picture, tmp_path, capsys):
    out = tmp_path / "marked.png"
    arguments = ["--image", picture, "--model", tiny_folder, "--max-new-tokens", 3, "--annotate", out]
    assert main(["ask", "Where?", *map(str, arguments)]) == 0
    assert "names no point" in capsys.readouterr().err
    assert not out.exists()


def test_points_of_an_answer_are_marked(tmp_path):
    image, out = Image.new("RGB", (600, 300), "white"), tmp_path / "marked.jpg"
    write_marked(image, [(300, 150), (540, 30)], out)
    with Image.open(out) as marked:
        box = ImageChops.invert(marked.convert("L")).point(lambda v: 255 * (v > 60)).getbbox()
    assert marked.size == image.size and [path.name for path in tmp_path.iterdir()] == ["marked.jpg"]
    assert box is not None and box[0] < 300 < 540 < box[2] and box[1] < 30 < 150 < box[3]
