"""Folders and questions."""

from __future__ import annotations

import io
import json
import shutil
import threading
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

from favilla.chat.messages import Message
from favilla.engine.load import Loaded, load
from favilla.engine.request import Request
from favilla.errors import UserError
from favilla.model import load_model, save_model
from tests.engine.conftest import BLUE, COLOUR, GREEN, RED


@pytest.fixture(scope="module")
def loaded(tiny_folder):
    return load(tiny_folder)


@pytest.fixture
def folder(tiny_folder, tmp_path):
    return shutil.copytree(tiny_folder, tmp_path / "model")


def refusal(call) -> str:
    with pytest.raises(UserError) as error:
        call()
    assert "\n" not in str(error.value)
    return str(error.value)


def test_pictures_in_every_form_are_the_same_picture(loaded, tmp_path):
    image = Image.new("RGB", (56, 56), "orange")
    path, buffer = tmp_path / "a.png", io.BytesIO()
    image.save(path)
    image.save(buffer, "PNG")
    forms = [image, path, str(path), buffer.getvalue(), [image], (path,)]
    answers = [loaded.ask("Where?", form, max_new_tokens=12) for form in forms]
    assert len({(a.answer, a.thinking) for a in answers}) == 1
    assert answers[0].usage.image_tokens == 4
    assert loaded.ask("Where?", [image, path], max_new_tokens=2).usage.image_tokens == 8


def test_the_stream_is_the_answer(loaded):
    heard = []
    answer = loaded.ask(
        "Hi", temperature=1.0, seed=3, max_new_tokens=40, stream=lambda kind, text: heard.append((kind, text))
    )
    assert "".join(text for kind, text in heard if kind == "answer") == answer.answer != ""
    assert {kind for kind, _ in heard} <= {"thinking", "answer"}
    assert answer.finish_reason in ("stop", "length") and answer.seconds > 0
    assert answer.usage.prompt_tokens > 0


def test_settings_reach_the_engine(loaded):
    """The same as a request to the engine, and different where the setting is."""
    question, seen = "What is 12 + 34?", set()
    for settings in ({}, {"temperature": 1.0}, {"temperature": 1.0, "seed": 5}, {"temperature": 1.0, "top_p": 0.4},
                     {"effort": "high"}, {"max_new_tokens": 3}):  # fmt: skip
        settings = {"max_new_tokens": 25, **settings}
        ((expected,),) = loaded.engine.generate([Request((Message("user", (question,)),), **settings)])
        answer = loaded.ask(question, **settings)
        assert (answer.answer, answer.thinking) == (expected.answer, expected.thinking)
        seen.add((answer.answer, answer.thinking))
    assert len(seen) == 6


def test_a_question_can_be_cancelled(loaded):
    cancel, heard = threading.Event(), []

    def stream(kind, text):
        heard.append(text)
        cancel.set()

    answer = loaded.ask("Hi", max_new_tokens=200, stream=stream, cancel=cancel)
    assert answer.finish_reason == "cancelled" and len(heard) <= 2


def test_points_and_boxes_are_in_pixels_of_the_first_picture(trained):
    """BLUE is 28 wide and 56 high, GREEN 56 and 84; what the model says stands in LEARNED."""
    loaded = Loaded(trained, Path())

    def asked(*images):
        answer = loaded.ask(COLOUR, list(images), effort="low")
        return answer.points, answer.boxes

    assert asked(RED) == ([pytest.approx((0.125 * 56, 0.345 * 28))], [])
    assert asked(BLUE) == ([pytest.approx((0.1235 * 28, 0.4565 * 56))], [])
    assert asked(BLUE, GREEN) == ([pytest.approx((0.5005 * 28, 0.2505 * 56))], [])
    assert asked(GREEN) == ([], [pytest.approx((0.1005 * 56, 0.2005 * 84, 0.6005 * 56, 0.9005 * 84))])


def test_bad_questions_are_refused(loaded, tmp_path):
    assert "question is empty" in refusal(lambda: loaded.ask(" "))
    assert "question is empty" in refusal(lambda: loaded.ask("", Image.new("RGB", (9, 9))))
    assert "question is a NoneType" in refusal(lambda: loaded.ask(None))
    assert "ndarray" in refusal(lambda: loaded.ask("Hi", np.zeros((4, 4, 3), dtype=np.uint8)))
    assert "NoneType" in refusal(lambda: loaded.ask("Hi", None))
    assert "no such picture" in refusal(lambda: loaded.ask("Hi", tmp_path / "none.png"))
    assert "0 bytes" in refusal(lambda: loaded.ask("Hi", b""))
    assert "effort 'ultra'" in refusal(lambda: loaded.ask("Hi", effort="ultra"))
    assert "context of 256" in refusal(lambda: loaded.ask("why " * 300))


def test_unknown_models_are_refused(tmp_path):
    assert "models that are shipped: " in refusal(lambda: load("no-such-model"))
    assert "models that are shipped: " in refusal(lambda: load("x" * 5000 + "\n"))
    assert "config.json" in refusal(lambda: load(tmp_path))
    assert "model is a NoneType" in refusal(lambda: load(None))


def test_broken_folders_are_refused(folder):
    weights = folder / "model.safetensors"
    whole = weights.read_bytes()
    weights.write_bytes(whole[: len(whole) // 2])
    assert "damaged or incomplete" in refusal(lambda: load(folder))
    weights.write_bytes(whole)
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "image_token_id": 3}))
    assert "use the model's own tokenizer" in refusal(lambda: load(folder))
    config["text_config"]["hidden_size"] = 32
    (folder / "config.json").write_text(json.dumps(config))
    assert "disagree" in refusal(lambda: load(folder))
    (folder / "tokenizer.json").unlink()
    assert "tokenizer" in refusal(lambda: load(folder))


def test_a_small_float32_file_keeps_its_digits_whatever_its_config_says(folder):
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "dtype": "bfloat16"}))
    written = load_file(folder / "model.safetensors")
    assert torch.equal(load(folder).engine.model.lm_head.weight, written["lm_head.weight"])


def test_small_bfloat16_models_run_in_float32(folder):
    save_model(load_model(folder, torch.bfloat16)[0], folder)
    assert json.loads((folder / "config.json").read_text())["dtype"] == "bfloat16"
    assert {p.dtype for p in load(folder).engine.model.parameters()} == {torch.float32}
    kept = load(folder, dtype=torch.bfloat16)
    assert kept.engine.model.lm_head.weight.dtype == torch.bfloat16
    assert kept.ask("Hi", max_new_tokens=3).usage.prompt_tokens > 0


def test_devices_and_dtypes_that_are_not_there_are_refused(folder):
    assert "device 'gpu' cannot be used" in refusal(lambda: load(folder, device="gpu"))
    assert "device 5.5 cannot be used" in refusal(lambda: load(folder, device=5.5))  # type: ignore[arg-type]
    if not torch.cuda.is_available():
        assert "device 'cuda' cannot be used" in refusal(lambda: load(folder, device="cuda"))
    for dtype in ("bf16", torch.int8, torch.float8_e4m3fn, 16):
        assert f"dtype {dtype!r} is not known; choose one of float32, bfloat16" in refusal(lambda: load(folder, dtype))


@pytest.mark.parametrize("name", ["float32", "bfloat16"])
def test_a_dtype_may_be_given_by_name(folder, name):
    assert load(folder, name).engine.model.lm_head.weight.dtype == getattr(torch, name)
