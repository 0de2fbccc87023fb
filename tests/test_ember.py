"""The shipped model: read by the reference, and worth asking."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest
import torch
from transformers import MuseSparkForConditionalGeneration

from favilla.chat.encode import encode_chat
from favilla.chat.images import ImageProcessor, open_image
from favilla.chat.messages import ImagePart
from favilla.chat.tokenizer import Tokenizer
from favilla.data.examples import prompt_messages, solution_message
from favilla.engine.load import find_folder, load
from favilla.evals.accuracy import evaluate
from favilla.model import load_model, pack_pictures
from favilla.worlds.registry import get, names

EXAMPLES = Path(__file__).parents[1] / "examples"
PICTURES = ("counting", "charts", "tables", "screens", "digits")


@pytest.mark.parametrize("family", PICTURES)
def test_the_reference_reads_ember_and_sees_what_it_sees(family: str) -> None:
    """A whole conversation about a picture, through our tokenizer and image processor: same logits from both networks."""
    folder = find_folder("ember")
    theirs, info = MuseSparkForConditionalGeneration.from_pretrained(
        folder, dtype=torch.float32, output_loading_info=True
    )
    assert not info["unexpected_keys"] and not info["mismatched_keys"]
    assert all("audio" in key for key in info["missing_keys"])
    problem = get(family).sample(random.Random(1), 2, "test")
    processor = ImageProcessor.load(folder)
    turns = [*prompt_messages(problem), solution_message(problem, "steps")]
    chat = encode_chat(Tokenizer.load(folder), processor, turns, effort="high")
    ids, (image,) = torch.tensor([chat.ids]), [part.image for part in problem.prompt if isinstance(part, ImagePart)]
    pixels, (height, width) = processor.pixel_values(image)
    ours, _ = load_model(folder)
    packed = pack_pictures(chat.pictures)
    packed = packed.with_pixels(torch.from_numpy(processor.normalise(packed.pixels_RSP.numpy())))
    with torch.no_grad():
        expected = theirs.eval()(
            ids, pixel_values=torch.from_numpy(pixels), image_grid_thw=torch.tensor([[1, height, width]]), use_cache=False
        ).logits  # fmt: skip
        logits = ours(ids, pictures=packed)
    torch.testing.assert_close(logits, expected, atol=2e-3, rtol=1e-3)


@pytest.fixture(scope="module")
def ember():  # type: ignore[no-untyped-def]
    return load("ember")


@pytest.mark.parametrize("family", names())
def test_ember_answers_far_better_than_a_constant(ember, family: str) -> None:
    """Every family at level 1; docs/results/ember-high has the figures with more problems."""
    (row,) = evaluate(ember.engine, [family], [1], n=30, effort="high")
    assert row.accuracy >= 0.3
    if get(family).refusals:
        assert row.refused >= 0.9 * row.n  # there, and only there, a constant answer is right
    else:
        assert row.low > row.constant and row.refused <= 0.1 * row.n


def test_ember_says_which_question_it_was_asked(ember) -> None:
    """The same picture and another question give another answer: it is not the picture alone that decides."""
    questions = [q for q in json.loads((EXAMPLES / "questions.json").read_text()) if q["image"] == "composed.png"]
    image = open_image(EXAMPLES / "composed.png")
    answers = {q["question"]: ember.ask(q["question"], image, effort="high") for q in questions}
    assert len({answer.thinking for answer in answers.values()}) == len(questions) > 1
