"""Opening and cutting pictures, against the reference's own rule (read from its source: it needs torchvision)."""

from __future__ import annotations

import ast
import importlib.util
import io
import itertools
import json
import math
import os
import struct
import subprocess
import sys
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st
from PIL import EpsImagePlugin, Image
from transformers.image_processing_base import ImageProcessingMixin

from favilla.chat.images import FORMATS, ImageProcessor, open_image, smart_resize
from favilla.errors import UserError


def reference(name: str) -> Callable[..., Any]:
    """A function or method of the published image processor, compiled from its source without its imports."""
    found = importlib.util.find_spec("transformers")
    assert found is not None and found.origin is not None
    source = Path(found.origin).parent / "models" / "muse_glimmer" / "image_processing_muse_glimmer.py"
    tree = ast.parse(source.read_text())
    node = next(n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef) and n.name == name)
    node.decorator_list = []
    scope: dict[str, Any] = {"itertools": itertools, "math": math, "torch": torch}
    exec(compile(ast.Module([node], []), str(source), "exec"), scope)
    return scope[name]


@settings(max_examples=500)
@given(st.integers(1, 5000), st.integers(1, 5000), st.sampled_from([1, 16, 64, 81, 256, 4096]))
def test_grid_equals_the_reference(height: int, width: int, cap: int) -> None:
    theirs = reference("smart_resize")(height, width, 28, cap)
    rows, columns = smart_resize(height, width, 28, cap)
    # For very narrow pictures the reference exceeds its own cap.
    assert rows * columns <= cap
    assert (28 * rows, 28 * columns) == theirs or theirs[0] * theirs[1] > cap * 28**2


@pytest.fixture(scope="module")
def muse_spark() -> Any:
    return pytest.importorskip("mlx_lm.processors.muse_spark", reason="mlx-lm is not installed", exc_type=ImportError)


@settings(max_examples=300, deadline=None)
@given(height=st.integers(1, 6000), width=st.integers(1, 6000), cap=st.sampled_from([1, 16, 64, 81, 256, 4096]))
@example(height=1, width=6000, cap=64)
@example(height=20, width=3000, cap=4096)
def test_grid_equals_that_of_mlx_lm(muse_spark: Any, height: int, width: int, cap: int) -> None:
    _, theirs = muse_spark._find_resize_target(height, width, patch_h=28, patch_w=28, min_tokens=1, max_tokens=cap)
    # Pictures of less than one token it enlarges first; the reference does not.
    assert smart_resize(height, width, 28, cap) == theirs or height * width < 28**2


@pytest.mark.parametrize("size", [(1, 1), (20, 3000), (29, 27), (100, 60), (56, 84), (600, 400)])
def test_pixels_equal_those_of_mlx_lm(muse_spark: Any, size: tuple[int, int]) -> None:
    image = noise(*size)
    theirs, count = muse_spark.Processor(max_num_image_tokens=256).preprocess_image(np.asarray(image))
    processor = ImageProcessor(max_image_tokens=256)
    patches, (rows, columns) = processor.patches(image)
    assert count == rows * columns // 4
    mine = (
        processor.normalise(patches)
        .reshape(rows, columns, 3, 14, 14)
        .transpose(2, 0, 3, 1, 4)
        .reshape(3, rows * 14, columns * 14)
    )
    np.testing.assert_allclose(mine, np.array(theirs), atol=1e-5)


@pytest.mark.parametrize(
    ("height", "width", "cap", "grid"),
    [
        (1, 1, 4096, (2, 2)), (28, 28, 4096, (2, 2)), (27, 29, 4096, (2, 2)), (20, 3000, 4096, (2, 216)),
        (56, 84, 4096, (4, 6)), (280, 280, 25, (10, 10)),
    ],
)  # fmt: skip
def test_grids_by_hand(height: int, width: int, cap: int, grid: tuple[int, int]) -> None:
    assert ImageProcessor(max_image_tokens=cap).grid(height, width) == grid


def noise(height: int, width: int) -> Image.Image:
    return Image.fromarray(np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8))


@pytest.mark.parametrize("size", [(28, 28), (56, 84), (140, 56), (27, 29), (1, 1), (20, 300)])
def test_patches_equal_the_reference(size: tuple[int, int]) -> None:
    """Its order of patches and of the values in a patch, on the picture that we resized; its normalisation."""
    processor, image = ImageProcessor(), noise(*size)
    ours, (rows, columns) = processor.pixel_values(image)
    resized = image.resize((columns * 14, rows * 14), Image.Resampling.LANCZOS)
    tensor = torch.from_numpy(np.asarray(resized).transpose(2, 0, 1).copy()).float()[None]
    theirs, height, width = reference("patchify")(None, (tensor / 255 - 0.5) / 0.5, 14, 2)
    assert (rows, columns) == (height, width)
    np.testing.assert_allclose(ours, theirs[0].numpy(), atol=1e-6)


def test_a_patch_by_hand() -> None:
    image = noise(28, 56)
    patches, grid = ImageProcessor().patches(image)
    pixels = np.asarray(image)
    assert grid == (2, 4)
    for row, column, channel in itertools.product(range(2), range(4), range(3)):
        part = pixels[14 * row : 14 * row + 14, 14 * column : 14 * column + 14, channel]
        assert (patches[4 * row + column, 196 * channel : 196 * channel + 196] == part.ravel()).all()


def saved(image: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def test_transparency_becomes_white() -> None:
    for mode, clear in (("RGBA", (10, 20, 30, 0)), ("LA", (10, 0))):
        assert open_image(saved(Image.new(mode, (4, 4), clear))).getpixel((1, 1)) == (255, 255, 255)
        premultiplied = Image.new(mode, (4, 4), clear).convert({"RGBA": "RGBa", "LA": "La"}[mode])
        assert open_image(premultiplied).getpixel((1, 1)) == (255, 255, 255)
    palette = Image.new("P", (4, 4), 1)
    palette.putpalette([0, 0, 0, 200, 10, 20])
    assert open_image(saved(palette)).getpixel((0, 0)) == (200, 10, 20)
    assert open_image(saved(palette, transparency=1)).getpixel((0, 0)) == (255, 255, 255)
    deep = open_image(saved(Image.fromarray(np.array([[500, 501]], dtype=np.uint16)), transparency=500))
    assert [deep.getpixel((x, 0)) for x in (0, 1)] == [(255, 255, 255), (2, 2, 2)]
    half = open_image(saved(Image.new("RGBA", (2, 2), (0, 0, 0, 128)))).getpixel((0, 0))
    assert all(abs(v - 127) <= 1 for v in half)


def png(bits: int, kind: int, row: bytes, clear: bytes) -> bytes:
    """A PNG of one row of pixels, by its specification: `bits` a channel, grey (kind 0) or colour (2), one clear value."""
    width = 8 * len(row) // (bits * (3 if kind == 2 else 1))
    parts = (
        (b"IHDR", struct.pack(">IIBBBBB", width, 1, bits, kind, 0, 0, 0)),
        (b"tRNS", clear), (b"IDAT", zlib.compress(b"\0" + row)), (b"IEND", b""),
    )  # fmt: skip
    chunks = (struct.pack(">I", len(d)) + name + d + struct.pack(">I", zlib.crc32(name + d)) for name, d in parts)
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def test_the_clear_value_of_any_depth_becomes_white() -> None:
    def reds(content: bytes) -> list[int]:
        opened = open_image(content)
        return [int(value) for value in np.asarray(opened)[0, :, 0]]

    assert reds(png(2, 0, bytes([0b00_01_10_11]), b"\0\1")) == [0, 255, 170, 255]
    assert reds(png(4, 0, bytes([0x07, 0x8F]), b"\0\7")) == [0, 255, 136, 255]
    assert reds(png(8, 0, bytes([0, 7, 8, 255]), b"\0\7")) == [0, 255, 8, 255]
    deep = struct.pack(">6H", 1000, 2000, 3000, 9000, 2000, 3000)
    assert reds(png(16, 2, deep, struct.pack(">3H", 1000, 2000, 3000))) == [255, 9000 >> 8]


def test_resamples_as_the_folder_says(tmp_path: Path) -> None:
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 256, (61, 83, 3), dtype=np.uint8))
    ImageProcessor(resample=3).save(tmp_path)
    patches, (rows, columns) = ImageProcessor.load(tmp_path).patches(noise)
    wanted = np.asarray(noise.resize((columns * 14, rows * 14), Image.Resampling.BICUBIC))
    assert (patches.reshape(rows, columns, 3, 14, 14).transpose(0, 3, 1, 4, 2).reshape(wanted.shape) == wanted).all()
    with pytest.raises(UserError, match=r"resample is 99.*3 bicubic"):
        ImageProcessor(resample=99)


def test_deep_grey_keeps_its_range() -> None:
    grey = Image.fromarray(np.array([[0, 32_768, 65_535]], dtype=np.uint16))
    opened = open_image(saved(grey))
    assert [opened.getpixel((x, 0)) for x in range(3)] == [(0,) * 3, (128,) * 3, (255,) * 3]
    # A value is worth the same whatever the brightest is.
    for dtype, brightest in itertools.product((np.uint16, np.int32), (255, 256, 65_535)):
        opened = open_image(saved(Image.fromarray(np.array([[0, 100, 200, brightest]], dtype=dtype)), "TIFF"))
        assert [opened.getpixel((x, 0))[0] for x in range(3)] == [0, 0, 1]
    floats = Image.fromarray(np.array([[0.0, 0.5, 1.0]], dtype=np.float32))
    assert [open_image(saved(floats, "TIFF")).getpixel((x, 0))[0] for x in range(3)] == [0, 128, 255]


def test_values_out_of_range_are_black_or_white() -> None:
    for values in (np.array([[-5, 70_000]], dtype=np.int32), np.array([[-1.0, 2.0]], dtype=np.float32)):
        opened = open_image(saved(Image.fromarray(values), "TIFF"))
        assert [opened.getpixel((x, 0))[0] for x in (0, 1)] == [0, 255]


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="peak memory is read from /proc")
@pytest.mark.parametrize("mode", ["I;16", "RGBA", "LA", "RGB"])
def test_opening_takes_little_more_memory_than_the_picture(tmp_path: Path, mode: str) -> None:
    """Pillow's own picture and the RGB one, 4 bytes a pixel each at most, and a few megabytes."""
    Image.new(mode, (4000, 4000)).save(tmp_path / "large.png")
    code = """if True:
        import pathlib, sys
        from favilla.chat.images import open_image
        def peak():
            status = pathlib.Path("/proc/self/status").read_text()
            return int(status.partition("VmHWM:")[2].split()[0]) * 1024
        before = peak()
        image = open_image(sys.argv[1])
        print((peak() - before) / (image.width * image.height))
    """
    command = [sys.executable, "-c", code, str(tmp_path / "large.png")]
    done = subprocess.run(
        command, cwd=Path(__file__).parents[2], capture_output=True, text=True, check=True, timeout=60
    )
    assert float(done.stdout) < 10


def test_exif_rotation_is_applied() -> None:
    image = Image.new("RGB", (40, 20), "white")
    image.paste((255, 0, 0), (0, 0, 20, 20))
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned: show it turned by 90 degrees clockwise
    opened = open_image(saved(image, "JPEG", exif=exif, quality=95))
    assert opened.size == (20, 40)
    top, bottom = opened.getpixel((10, 5)), opened.getpixel((10, 35))
    assert top[0] > 200 and top[1] < 60 and min(bottom) > 200


@pytest.mark.parametrize("kind", ["JPEG", "WEBP", "GIF", "BMP", "TIFF", "PPM"])
def test_common_formats_open(kind: str) -> None:
    assert open_image(saved(noise(9, 7), kind)).size == (7, 9)


def test_no_picture_starts_another_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever its name is: an EPS is a program, and what runs it need not be there."""
    started = tmp_path / "started"
    (tmp_path / "gs").write_text(f"#!/bin/sh\ntouch {started}\nexit 1\n")
    (tmp_path / "gs").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    monkeypatch.setattr(EpsImagePlugin, "gs_binary", None)  # whether there is one is looked up once a process
    content = saved(Image.new("RGB", (4, 4)), "EPS")
    (tmp_path / "seen.png").write_bytes(content)
    for source in (content, tmp_path / "seen.png"):
        with pytest.raises(UserError, match="not a picture that can be read"):
            open_image(source)
    assert not started.exists()


def test_which_formats_are_refused() -> None:
    Image.init()
    refused = set(Image.OPEN) - set(FORMATS)
    assert refused - {"FPX", "MIC"} == {"BUFR", "EPS", "GRIB", "HDF5", "IPTC", "MPEG", "WMF"}


def test_cmyk_one_bit_and_films() -> None:
    assert open_image(saved(Image.new("CMYK", (5, 5), (0, 0, 0, 0)), "JPEG")).getpixel((2, 2)) == (255, 255, 255)
    assert open_image(saved(Image.new("1", (5, 5), 1))).getpixel((2, 2)) == (255, 255, 255)
    frames = [Image.new("RGB", (5, 5), colour) for colour in ("red", "blue")]
    film = saved(frames[0], "GIF", save_all=True, append_images=frames[1:])
    assert open_image(film).getpixel((0, 0)) == (255, 0, 0)


def test_an_open_picture_is_not_changed() -> None:
    image = Image.new("RGBA", (3, 3), (1, 2, 3, 4))
    open_image(image)
    assert image.mode == "RGBA"


def png_header(width: int, height: int) -> bytes:
    """A PNG that says how large it is and holds next to nothing."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"), (b"hello", "not a picture"), (b"\x89PNG\r\n\x1a\n", "not a picture"),
        (saved(noise(64, 64))[:2000], "damaged"), (saved(noise(64, 64), "JPEG")[:1000], "damaged"),
        (png_header(20_000, 10_000), "pixels"), (png_header(11_000, 11_000), "pixels"), (png_header(8, 8), "damaged"),
    ],
)  # fmt: skip
def test_bad_pictures_are_refused_in_one_line(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "picture.png"
    path.write_bytes(content)
    for source in (path, str(path), content):
        with pytest.raises(UserError, match=words) as caught:
            open_image(source)
        assert "\n" not in str(caught.value)


def test_missing_pictures_and_directories(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no such picture"):
        open_image(tmp_path / "none.png")
    with pytest.raises(UserError, match="directory"):
        open_image(tmp_path)
    with pytest.raises(UserError):
        open_image("a\0b")


def test_what_may_never_end_is_not_read(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no regular file"):
        open_image("/dev/null")
    large = tmp_path / "large.png"
    with large.open("wb") as file:
        file.truncate(200_000_001)
    with pytest.raises(UserError, match="200,000,000 bytes"):
        open_image(large)


def test_pillow_s_own_pictures_may_be_damaged_too() -> None:
    half = Image.open(io.BytesIO(saved(noise(64, 64))[:2000]))
    closed = noise(8, 8)
    closed.close()
    for image in (half, closed):
        with pytest.raises(UserError, match="damaged") as caught:
            open_image(image)
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize("source", [None, 5, np.zeros((4, 4, 3), dtype=np.uint8)])
def test_what_is_no_source_of_a_picture_is_named(source: Any) -> None:
    with pytest.raises(UserError, match=type(source).__name__):
        open_image(source)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_damage_anywhere_is_a_picture_or_one_line(data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from(["PNG", "JPEG", "GIF", "WEBP", "TIFF", "BMP"]))
    content = bytearray(saved(noise(20, 30), kind))
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    try:
        opened = open_image(bytes(content))
    except UserError as error:
        assert "\n" not in str(error)
    else:
        assert opened.mode == "RGB"


def test_settings_round_trip(tmp_path: Path) -> None:
    processor = ImageProcessor(max_image_tokens=64, image_mean=(0.1, 0.2, 0.3))
    processor.save(tmp_path)
    assert ImageProcessor.load(tmp_path) == processor
    (tmp_path / "preprocessor_config.json").unlink()
    assert ImageProcessor.load(tmp_path) == processor
    (tmp_path / "processor_config.json").unlink()
    assert ImageProcessor.load(tmp_path) == ImageProcessor()
    (tmp_path / "preprocessor_config.json").write_text(json.dumps({"image_mean": None, "patch_size": 16}))
    assert ImageProcessor.load(tmp_path) == ImageProcessor(patch_size=16)


def test_settings_are_read_from_the_file_that_transformers_reads(tmp_path: Path) -> None:
    """A processor that it saves into a folder writes the one and leaves the other as it was."""
    for nested in (
        {"image_processor": {"max_image_tokens": 25}},
        {"processor_class": "MuseSparkProcessor"},
        {"image_processor": None},
    ):
        (tmp_path / "preprocessor_config.json").write_text(json.dumps({"max_image_tokens": 64}))
        (tmp_path / "processor_config.json").write_text(json.dumps(nested))
        theirs, _ = ImageProcessingMixin.get_image_processor_dict(tmp_path)
        assert ImageProcessor.load(tmp_path) == ImageProcessor(max_image_tokens=theirs["max_image_tokens"])


@pytest.mark.parametrize(
    "content",
    [
        "{", "[]", "[" * 200_000,
        *(json.dumps(settings) for settings in (
            {"patch_size": 0}, {"patch_size": "x"}, {"patch_size": 14.0}, {"merge_size": True}, {"max_image_tokens": -1},
            {"do_normalize": False}, {"rescale_factor": 1.0},
            {"temporal_patch_size": 0}, {"image_mean": "x"}, {"image_mean": "abc"}, {"image_mean": [0.5, 0.5]},
            {"image_mean": 0.5}, {"image_mean": [0.5, 0.5, None]}, {"image_mean": [0.5, 0.5, float("nan")]},
            {"image_std": [0, 0, 0]}, {"image_std": [0.5, -0.5, 0.5]}, {"image_std": [0.5, 0.5, 10**400]},
        )),
    ],
    ids=lambda content: content[:40],
)  # fmt: skip
def test_settings_that_cannot_work_are_refused_in_one_line(tmp_path: Path, content: str) -> None:
    (tmp_path / "preprocessor_config.json").write_text(content)
    with pytest.raises(UserError, match="image processor") as caught:
        ImageProcessor.load(tmp_path)
    assert "\n" not in str(caught.value) and str(tmp_path) in str(caught.value)
