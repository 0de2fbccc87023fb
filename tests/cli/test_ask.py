"""`favilla ask`: what it prints, and one line for everything that can be wrong with what it was given."""

from __future__ import annotations

import json
import re
import shutil
import struct
import zlib
from pathlib import Path

import pytest
from PIL import Image, ImageChops

from favilla.cli.ask import write_marked
from favilla.cli.main import main
from favilla.engine.load import load
from favilla.errors import UserError
from favilla.model import save_model
from tests.cli.conftest import refused
from tests.engine.conftest import BLUE, COLOUR, GREEN, SUM, THOUGHT, make_tokenizer, make_trained


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


def test_annotate_is_checked_before_anything_runs(favilla, picture, tmp_path, capsys):
    assert "no picture to mark" in refused(favilla("ask", "Where?", "--annotate", tmp_path / "a.png"))
    long = "x" * 300
    for out, says in (("a.txt", "end the name in"), ("no/such/a.png", "existing, writable folder"),
                      (f"{long}.png", "File name too long"), (f"{long}/a.png", "existing, writable folder")):  # fmt: skip
        line = refused(favilla("ask", "Where?", "--image", picture, "--annotate", tmp_path / out))
        assert says in line and out in line
    assert main(["ask", "Where?", "--image", str(picture), "--annotate", str(tmp_path / "a\0b.png")]) == 2
    error = capsys.readouterr().err
    assert "null" in error and error.count("\n") == 1


def test_a_picture_that_is_asked_about_is_not_written_over(picture, tmp_path, capsys):
    """By whatever name, and wherever it stands among the pictures."""
    before, other = picture.read_bytes(), tmp_path / "other.png"
    Image.new("RGB", (9, 9)).save(other)
    (tmp_path / "link.png").symlink_to(picture)
    for out in (picture, tmp_path / "link.png"):
        asked = ["ask", "Where?", "--image", str(other), str(picture), "--annotate", str(out)]
        assert main(asked) == 2 and "choose another name" in capsys.readouterr().err
    assert picture.read_bytes() == before


@pytest.mark.parametrize(("suffix", "side"), [(".webp", 16_383), (".jpg", 65_500)])
def test_a_picture_too_wide_for_its_format_is_told_before_anything_runs(favilla, tmp_path, suffix, side):
    out = tmp_path / f"marked{suffix}"
    for width in (side, side + 1):
        Image.new("RGB", (width, 20)).save(tmp_path / f"{width}.png")
    Image.new("RGB", (side, 20)).save(out)
    with pytest.raises((OSError, ValueError)):
        Image.new("RGB", (side + 1, 20)).save(tmp_path / f"pillow{suffix}")
    question = ["ask", "Where?", "--annotate", out, "--model", "no-such-model", "--image"]
    assert f"limit {side:,} a side" in refused(favilla(*question, tmp_path / f"{side + 1}.png"))
    assert "no-such-model" in refused(favilla(*question, tmp_path / f"{side}.png"))


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
    assert set(content) == {"answer", "thinking", "points", "boxes", "usage", "seconds", "finish_reason"}
    said = content["answer"], content["thinking"], content["finish_reason"]
    assert said == (answer.answer, answer.thinking, answer.finish_reason)
    assert set(content["usage"]) == {
        "prompt_tokens",
        "image_tokens",
        "thinking_tokens",
        "answer_tokens",
        "cached_tokens",
    }
    assert (
        content["usage"]["image_tokens"] == answer.usage.image_tokens == 2 * 6
    )  # 60 x 100 px: of the grids near it, 2 x 3 has the nearest shape
    plain = favilla("ask", question, *options)
    assert plain.returncode == 0 and "\x1b" not in plain.stdout and "\x1b" not in plain.stderr
    shown = re.sub(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]", "\ufffd", answer.answer)
    assert shown and plain.stdout.rstrip("\n").endswith(shown.rstrip("\n"))


@pytest.mark.parametrize(
    ("option", "value", "says"),
    [("--temperature", "-1", "temperature"), ("--agents", "0", "--agents 0"), ("--max-new-tokens", "0", "--max-new-tokens 0")],
)  # fmt: skip
def test_numbers_out_of_range_are_told_in_one_line(tiny_folder, capsys, option, value, says):
    assert main(["ask", "why?", option, value, "--model", str(tiny_folder)]) == 2
    printed = capsys.readouterr()
    assert printed.out == "" and printed.err.count("\n") == 1 and says in printed.err


def test_an_answer_without_a_point_writes_no_picture(tiny_folder, picture, tmp_path, capsys):
    out = tmp_path / "marked.png"
    arguments = ["--image", picture, "--model", tiny_folder, "--max-new-tokens", 3, "--annotate", out]
    assert main(["ask", "Where?", *map(str, arguments)]) == 0
    assert "names no point" in capsys.readouterr().err
    assert not out.exists()


def test_points_of_an_answer_are_marked(tmp_path):
    image, out = Image.new("RGB", (600, 300), "white"), tmp_path / "marked.jpg"
    write_marked(image, [(300, 150), (540, 30)], [], out)
    with Image.open(out) as marked:
        box = ImageChops.invert(marked.convert("L")).point(lambda v: 255 * (v > 60)).getbbox()
    assert marked.size == image.size and [path.name for path in tmp_path.iterdir()] == ["marked.jpg"]
    assert box is not None and box[0] < 300 < 540 < box[2] and box[1] < 30 < 150 < box[3]


def test_a_marked_picture_appears_whole_or_not_at_all(tmp_path):
    image, long = Image.new("RGB", (600, 300), "white"), tmp_path / f"{'x' * 250}.png"
    write_marked(image, [(300, 150)], [], long)
    assert [path.name for path in tmp_path.iterdir()] == [long.name]
    wide = tmp_path / "wide"
    wide.mkdir()
    with pytest.raises(UserError, match="cannot be written") as caught:
        write_marked(Image.new("RGB", (16_384, 20)), [(5, 5)], [], wide / "a.webp")
    assert "\n" not in str(caught.value)
    (wide / "b.png").mkdir()
    with pytest.raises(UserError, match="cannot be written"):
        write_marked(image, [(5, 5)], [], wide / "b.png")
    assert [path.name for path in wide.iterdir()] == ["b.png"]


@pytest.fixture(scope="module")
def pointing(tmp_path_factory):
    """Folder of a model that has learned a few answers by heart, and pictures that it knows."""
    folder = tmp_path_factory.mktemp("pointing")
    engine = make_trained(make_tokenizer())
    engine.tokenizer.save(folder)
    engine.processor.save(folder)
    save_model(engine.model, folder)
    BLUE.save(folder / "blue.png")
    GREEN.save(folder / "green.png")
    return folder


def test_thinking_and_answer_are_printed(favilla, pointing):
    assert favilla("ask", SUM, "--model", pointing, "--effort", "high").stdout == f"{THOUGHT}\n\n46\n"
    assert favilla("ask", SUM, "--model", pointing, "--effort", "low").stdout == "46\n"


def marked_part(picture: Image.Image, out: Path) -> tuple[list[float], float]:
    """Of what was drawn on a picture: left, top, right and bottom (in its pixels), and the factor of its enlargement."""
    with Image.open(out) as marked:
        plain = picture.resize(marked.size, Image.Resampling.LANCZOS)
        box = ImageChops.difference(plain, marked.convert("RGB")).convert("L").getbbox()
        factor = marked.width / picture.width
    assert box is not None
    return [v / factor for v in box], factor


@pytest.mark.parametrize("others", [[], ["green.png"]], ids=["one picture", "two pictures"])
def test_a_point_is_told_and_marked_on_the_first_picture(favilla, pointing, tmp_path, others):
    """blue.png is 28 pixels wide and 56 high; the model says (123, 456), or (500, 250) with green.png beside it."""
    x, y = (14.014, 14.028) if others else (3.458, 25.564)
    images, out = [pointing / name for name in ("blue.png", *others)], tmp_path / "marked.png"
    process = favilla(
        "ask", COLOUR, "--image", *images, "--model", pointing, "--effort", "low", "--annotate", out, "--json"
    )
    assert process.returncode == 0 and process.stderr == ""
    content = json.loads(process.stdout)
    assert content["points"] == [[pytest.approx(x, abs=0.051), pytest.approx(y, abs=0.051)]]
    assert content["boxes"] == []
    (left, top, right, bottom), factor = marked_part(BLUE, out)
    # The mark reaches the left border in one of the two.
    assert left == 0 or abs((left + right) / 2 - x) < 1
    assert right > x and abs((top + bottom) / 2 - y) < 1
    with Image.open(out) as marked:
        place = (round(x * factor), round(y * factor))
        assert sum(ImageChops.difference(marked, BLUE.resize(marked.size)).getpixel(place)) < 10  # what it points at


def test_a_box_is_told_and_drawn(favilla, pointing, tmp_path):
    """green.png is 56 pixels wide and 84 high; the model says (100, 200, 600, 900)."""
    out = tmp_path / "marked.png"
    arguments = ["--image", pointing / "green.png", "--model", pointing, "--effort", "low", "--annotate", out]
    content = json.loads(favilla("ask", COLOUR, *arguments, "--json").stdout)
    expected = [5.628, 16.842, 33.628, 75.642]
    assert content["points"] == [] and content["boxes"] == [pytest.approx(expected, abs=0.051)]
    drawn, _ = marked_part(GREEN, out)
    assert drawn == pytest.approx(expected, abs=1.5)


def test_temperature_and_seed_reach_the_model(tiny_folder, capsys):
    def asked(**settings: float) -> str:
        options = [str(v) for name, value in settings.items() for v in (f"--{name}", value)]
        assert main(["ask", "Hi", "--model", str(tiny_folder), "--max-new-tokens", "20", "--json", *options]) == 0
        return json.loads(capsys.readouterr().out)["answer"]

    loaded = load(tiny_folder)
    answers = [asked(), asked(temperature=1.0, seed=3), asked(temperature=1.0, seed=4), asked(temperature=0.3, seed=3)]
    assert len(set(answers)) == 4
    assert answers == [
        loaded.ask("Hi", max_new_tokens=20, temperature=t, seed=s).answer
        for t, s in ((0, 0), (1.0, 3), (1.0, 4), (0.3, 3))
    ]
