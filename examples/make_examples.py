"""Draws the example pictures and writes questions.json beside them.

    python examples/make_examples.py

Five pictures come from the worlds' test split, which no training has seen; the sixth is composed here by hand from
the same kinds of things. The same code draws the same bytes.
"""

from __future__ import annotations

import json
import random
from pathlib import Path

from PIL import Image, ImageDraw

from favilla.chat.messages import ImagePart
from favilla.worlds.base import Problem
from favilla.worlds.registry import get

HERE = Path(__file__).parent
# family, level, number of the draw, name of the picture; chosen so that the pictures differ, before any model was asked
FROM_WORLDS = (
    ("counting", 1, 1, "shapes"),
    ("charts", 1, 5, "chart"),
    ("tables", 1, 4, "table"),
    ("screens", 1, 4, "screen"),
    ("digits", 2, 1, "digits"),
)


def from_world(name: str, level: int, seed: str) -> Problem:
    """A problem of the test split that is one picture and a question."""
    return get(name).sample(random.Random(seed), level, "test")


def by_hand() -> Image.Image:
    """Three red circles, two blue squares and a green triangle on white, 224 x 168 px."""
    scale = 4  # drawn large and reduced, so that edges are smooth
    image = Image.new("RGB", (224 * scale, 168 * scale), "white")
    draw = ImageDraw.Draw(image)
    for x, y, r in ((40, 44, 18), (120, 36, 14), (182, 120, 22)):
        draw.ellipse([v * scale for v in (x - r, y - r, x + r, y + r)], fill=(204, 40, 40))
    for x, y, r in ((178, 44, 17), (44, 124, 20)):
        draw.rectangle([v * scale for v in (x - r, y - r, x + r, y + r)], fill=(44, 84, 200))
    draw.polygon([v * scale for v in (112, 100, 88, 144, 136, 144)], fill=(40, 150, 70))
    return image.resize((224, 168), Image.Resampling.LANCZOS)


def save(image: Image.Image, name: str) -> str:
    path = HERE / f"{name}.png"
    image.save(path, optimize=True)
    return path.name


def main() -> None:
    questions = []
    for family, level, number, name in FROM_WORLDS:
        problem = from_world(family, level, f"examples/{name}/{number}")
        (picture,) = [part.image for part in problem.prompt if isinstance(part, ImagePart)]
        question = "".join(part for part in problem.prompt if isinstance(part, str)).strip()
        questions.append({"image": save(picture, name), "question": question, "expected": problem.answer})
        # A second question about two of them, for `make demo`.
        scene = problem.facts["scene"]
        if name == "chart":
            values = dict(zip(scene["names"], scene["series"][""], strict=True))
            largest = max(values, key=lambda item: values[item])
            questions.append({"image": "chart.png", "question": "Which item is largest?", "expected": largest})
        if name == "shapes":
            count = sum((colour, shape) == ("orange", "circle") for _, _, colour, shape in scene["shapes"])
            wording = "How many orange circles are there?"
            questions.append({"image": "shapes.png", "question": wording, "expected": str(count)})
        # What the two ask, in the words of README and `make demo`.
        if name == "screen":
            questions.append({"image": "screen.png", "question": "Point at Cancel.", "expected": problem.answer})
        if name == "digits":
            wording = "Which digits are these, as one number?"
            questions.append({"image": "digits.png", "question": wording, "expected": problem.answer})
    composed = save(by_hand(), "composed")
    questions.append({"image": composed, "question": "How many red circles are there?", "expected": "3"})
    questions.append({"image": composed, "question": "How many squares are there?", "expected": "2"})
    (HERE / "questions.json").write_text(json.dumps(questions, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
