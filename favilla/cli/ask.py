"""`favilla ask`: one question, with or without pictures."""

from __future__ import annotations

import json as json_format
import os
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from tyro.conf import Positional, UseAppendAction, arg

from favilla.cli.files import check_sides, output_picture, write_picture
from favilla.errors import UserError
from favilla.show.terminal import StreamPrinter, notice

if TYPE_CHECKING:
    from PIL import Image

Point = tuple[float, float]
Box = tuple[float, float, float, float]


def ask(
    question: Annotated[Positional[str], arg(metavar="QUESTION")],
    image: Annotated[UseAppendAction[tuple[tuple[Path, ...], ...]], arg(metavar="PATH")] = (),
    model: Annotated[str, arg(metavar="NAME|FOLDER")] = "ember",
    effort: Literal["low", "medium", "high", "xhigh"] = "medium",
    thinking_budget: Annotated[int | None, arg(metavar="TOKENS", help_behavior_hint="(default: none)")] = None,
    temperature: Annotated[float, arg(metavar="T")] = 0.0,
    seed: Annotated[int, arg(metavar="N")] = 0,
    max_new_tokens: Annotated[int, arg(metavar="TOKENS")] = 512,
    agents: Annotated[int, arg(metavar="N")] = 1,
    annotate: Annotated[Path | None, arg(metavar="OUT.png", help_behavior_hint="")] = None,
    json: bool = False,
) -> None:
    """Ask a model about words and pictures; it prints its thinking, then its answer.

    Example: favilla ask "Where is the Save button?" --image screen.png --annotate marked.png

    Args:
        question: What you want to know.
        image: Pictures, in the order in which the model shall see them.
        model: Name of a shipped model, or a model folder.
        effort: Reasoning strength: low answers at once, high thinks longest.
        thinking_budget: After that many tokens the thinking is closed and the answer begins.
        temperature: 0 always takes the likeliest token.
        seed: Seed of the sampling, for temperatures above 0.
        max_new_tokens: Longest answer, thinking included.
        agents: Several of them answer at the same time and vote; see favilla contemplate for more.
        annotate: Write the first picture with the points and boxes of the answer marked.
        json: Print one JSON object instead: answer, thinking, points and boxes (pixels of the first picture),
            usage, seconds, why it ended ("stop", or "length" if it was cut off).
    """
    if not question.strip():
        raise UserError("the question is empty; say what you want to know")
    for name, value in (("--agents", agents), ("--max-new-tokens", max_new_tokens)):
        if value < 1:
            raise UserError(f"{name} {value}: give at least 1")
    paths = [path for group in image for path in group]
    if annotate is not None:
        if not paths:
            raise UserError(f"--annotate {annotate}: there is no picture to mark; give one with --image")
        output_picture(annotate)
    pictures = _open(paths)
    if annotate is not None:
        if os.path.exists(annotate) and any(os.path.samefile(annotate, path) for path in paths):
            raise UserError(
                f"--annotate {annotate}: is a picture that you ask about; choose another name, it would be lost"
            )
        check_sides(annotate, pictures[0].size)
    if agents != 1:
        points, boxes = _ask_agents(question, paths, pictures, agents, model, effort, thinking_budget, temperature, seed,
                                    max_new_tokens, json)  # fmt: skip
        _annotate(annotate, pictures, points, boxes)
        return

    from favilla.engine.load import load

    printer = StreamPrinter()
    answer = load(model).ask(
        question, pictures, effort=effort, temperature=temperature, seed=seed, max_new_tokens=max_new_tokens,
        thinking_budget=thinking_budget, stream=None if json else printer.piece,
    )  # fmt: skip
    printer.end()
    if json:
        content = {
            "answer": answer.answer, "thinking": answer.thinking,
            "points": [[round(v, 1) for v in point] for point in answer.points],
            "boxes": [[round(v, 1) for v in box] for box in answer.boxes], "usage": asdict(answer.usage),
            "seconds": round(answer.seconds, 3), "finish_reason": answer.finish_reason,
        }  # fmt: skip
        print(json_format.dumps(content, indent=2))
    if answer.finish_reason == "length":
        notice(f"cut off after {max_new_tokens} tokens or at the end of the context; see --max-new-tokens")
    _annotate(annotate, pictures, answer.points, answer.boxes)


def _annotate(annotate: Path | None, pictures: list[Image.Image], points: list[Point], boxes: list[Box]) -> None:
    if annotate is not None and not points and not boxes:
        notice(f"the answer names no point and no box, so {annotate} was not written")
    elif annotate is not None:
        write_marked(pictures[0], points, boxes, annotate)


def _ask_agents(
    question: str, paths: list[Path], pictures: list[Image.Image], agents: int, model: str, effort: str,
    thinking_budget: int | None, temperature: float, seed: int, max_new_tokens: int, json: bool,
) -> tuple[list[Point], list[Box]]:  # fmt: skip
    """Several agents instead of one; prints what they agree on and returns its points and boxes (px)."""
    from favilla.cli.agents import report, run
    from favilla.contemplate import AnyAnswers, Budget, Panel, open_local, parse_policy
    from favilla.engine.points import find_boxes, find_points

    policy = parse_policy("vote").with_(agents)
    # several agents who all take the likeliest token would be one
    spread = temperature or 0.8
    panel = Panel((open_local(model, effort=effort, thinking_budget=thinking_budget, temperature=spread),))
    result = run(
        question, policy, "vote", Budget(), quiet=json, panel=panel, close=panel, answers=AnyAnswers(), images=paths,
        seed=seed, max_output_tokens=max_new_tokens,
    )  # fmt: skip
    width, height = pictures[0].size if pictures else (0, 0)
    said = result.answer if pictures and result.answer is not None else ""
    points = [(x * width, y * height) for x, y in find_points(said)]
    boxes = [(a * width, b * height, c * width, d * height) for a, b, c, d in find_boxes(said)]
    if json:
        places = {"points": [[round(v, 1) for v in point] for point in points],
                  "boxes": [[round(v, 1) for v in box] for box in boxes]}  # fmt: skip
        print(json_format.dumps(result.json() | places, indent=2))
    report(result, quiet=json)
    return points, boxes


def _open(paths: list[Path]) -> list[Image.Image]:
    """The pictures, before the model is loaded: a wrong path is told at once."""
    if not paths:
        return []
    from favilla.chat.images import open_image

    return [open_image(path) for path in paths]


def write_marked(image: Image.Image, points: list[Point], boxes: list[Box], out: Path) -> None:
    """Mark points and boxes (pixels) and write the picture; points are numbered if there are several."""
    from favilla.show.annotate import annotate

    width, height = image.size
    labels = [str(i) for i in range(1, len(points) + 1)] if len(points) > 1 else ()
    marked = annotate(
        image, [(x / width, y / height) for x, y in points], labels,
        [(a / width, b / height, c / width, d / height) for a, b, c, d in boxes],
    )  # fmt: skip
    write_picture(marked, out)
