"""What people give: pictures of every kind, prices as a table, policies from JSON; and what is told of the rest in one line."""

from __future__ import annotations

import asyncio
import io
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from favilla.contemplate import (
    Budget,
    ChoiceAnswers,
    Event,
    Limits,
    NumberAnswers,
    Panel,
    Picture,
    Policy,
    Price,
    contemplate_sync,
    stream,
)
from favilla.errors import UserError
from tests.contemplate.solvers import Scripted

NOISE = Image.fromarray(np.random.default_rng(0).integers(0, 256, (9, 7, 3), dtype=np.uint8))


def file(image: Image.Image, kind: str = "PNG") -> bytes:
    out = io.BytesIO()
    image.save(out, kind)
    return out.getvalue()


def received(images: Any) -> list[bytes]:
    """The bytes that an agent gets."""
    seen: list[bytes] = []

    def answer(call: Any) -> str:
        seen.extend(picture.data for picture in call.pictures)
        return "ANSWER: 42"

    contemplate_sync("Which?", panel=Panel((Scripted(answer),)), policy="single", images=images)
    return seen


def test_files_arrive_byte_by_byte(tmp_path: Path) -> None:
    jpeg, path = file(NOISE, "JPEG"), tmp_path / "a.webp"
    path.write_bytes(file(NOISE, "WEBP"))
    assert received(jpeg) == [jpeg] and received(bytearray(jpeg)) == [jpeg]
    assert received([str(path), jpeg, Picture(jpeg, "image/jpeg")]) == [path.read_bytes(), jpeg, jpeg]
    assert received(path) == received(iter([path])) == [path.read_bytes()]
    assert received(None) == received(()) == []


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "P", "1", "CMYK", "F", "PA"])
def test_pil_pictures_arrive_as_they_look(mode: str) -> None:
    picture = NOISE.convert("L").convert(mode) if mode in ("F", "PA", "1") else NOISE.convert(mode)
    (data,) = received(picture)
    arrived, wanted = Image.open(io.BytesIO(data)), picture.convert("RGB")
    assert arrived.format == "PNG" and np.array_equal(np.asarray(arrived.convert("RGB")), np.asarray(wanted))


@pytest.mark.parametrize(
    ("images", "says"),
    [
        ("https://example.org/a.png", "pictures are files"), ("data:image/png;base64,AAAA", "pictures are files"),
        (7, "is a int"), ([None], "is a NoneType"), (b"", "is no PNG"), (b"hello", "is no PNG"),
        ("no/such.png", "cannot be read"), ("a\0b", "cannot be read"),
    ],
)  # fmt: skip
def test_what_is_no_picture_is_told(images: Any, says: str) -> None:
    with pytest.raises(UserError, match=says):
        received(images)


def test_prices_may_be_a_table_as_in_the_file() -> None:
    panel = Panel((Scripted(lambda call: "ANSWER: 42"),))
    costs = [
        contemplate_sync("?", panel=panel, policy="single", prices=prices).cost
        for prices in ({"scripted": Price(1, 2, 1)}, {"scripted": {"input": 1, "output": 2}})
    ]
    assert costs[0] == costs[1] > 0
    for bad in (
        {"scripted": {"input": 1}},
        {"scripted": 3},
        {"scripted": Price(-1, 2, 1)},
        {"scripted": Price(1, math.nan, 1)},
        [1],
    ):
        with pytest.raises(UserError, match="prices: no table of prices"):
            contemplate_sync("?", panel=panel, policy="single", prices=bad, budget=Budget(usd=1))


def test_policies_and_panels_are_checked_before_anybody_is_asked() -> None:
    told: dict[str, Any] = json.loads('{"population": [4, 2], "subset": 2, "rounds": 2, "diversity": ["temperature"]}')
    assert Policy(**told) == Policy((4, 2), 2, 2, diversity=("temperature",))
    for wrong, says in (
        ({"subset": 2.5}, "subset 2.5: give a whole number"), ({"population": 2.5}, "population 2.5: give a whole"),
        ({"population": (4, 2.0), "rounds": 2}, "population"), ({"rounds": 2.0}, "rounds 2.0: give a whole number"),
        ({"rounds": True}, "rounds True"), ({"diversity": "temperature"}, "give several"), ({"population": "4"}, "population '4'"),
    ):  # fmt: skip
        with pytest.raises(UserError, match=says):
            Policy(**wrong)
    solver = Scripted(lambda call: "ANSWER: 42")
    for weights in ((math.nan, 1.0), (math.inf, 1.0), (0.0, 1.0)):
        with pytest.raises(UserError, match="weights"):
            Panel((solver, solver), weights)
    for limits in ({"concurrency": 0.5}, {"retries": 1.5}, {"breaker": math.inf}):
        with pytest.raises(UserError, match="give a whole number"):
            Limits(**limits)  # type: ignore[arg-type]
    with pytest.raises(UserError, match="options 'red': give several"):
        ChoiceAnswers("red")


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"answers": "number"}, "answers 'number': give a kind"), ({"answers": NumberAnswers}, "give a kind"), ({"policy": None}, "policy None: give Policy"),
        ({"policy": {"rounds": 2}}, "give Policy"), ({"budget": 5}, "budget 5: give Budget"), ({"limits": {}}, "give Limits"),
        ({"temperature": "0.5"}, "temperature '0.5': give int or float"), ({"seed": 1.5}, "seed 1.5: give int"),
        ({"interrupt": True}, "interrupt True: give Event"), ({"on_event": None}, "on_event None"), ({"max_output_tokens": "9"}, "give int"),
    ],
)  # fmt: skip
def test_what_is_of_another_kind_is_told_by_name(given: dict[str, Any], says: str) -> None:
    panel = Panel((Scripted(lambda call: "ANSWER: 42"),))
    with pytest.raises(UserError, match=says):
        contemplate_sync("?", **{"panel": panel, **given})


def test_wrong_settings_are_told_by_name() -> None:
    async def told(event: Event) -> None:
        raise AssertionError

    panel = Panel((Scripted(lambda call: "ANSWER: 42"),))
    with pytest.raises(UserError, match=r"on_event .*: give a plain function"):
        contemplate_sync("?", panel=panel, on_event=told)  # type: ignore[arg-type]
    with pytest.raises(UserError, match=r"contemplate: panel \[.*give Panel"):
        contemplate_sync("?", panel=[panel.solvers[0]])
    with pytest.raises(UserError, match="temprature: no setting of an endpoint; there are api, effort"):
        contemplate_sync("?", endpoint="http://127.0.0.1:9/v1", model="m", temprature=1)
    with pytest.raises(UserError, match="efort: no setting of a model in this process"):
        contemplate_sync("?", model="ember", efort="high")
    with pytest.raises(UserError, match="calls '5': give a number"):
        Budget(calls="5")  # type: ignore[arg-type]
    with pytest.raises(UserError, match="quorum 'a': give a number"):
        Limits(quorum="a")  # type: ignore[arg-type]


def test_streams_have_no_callback() -> None:
    async def main() -> None:
        async for _ in stream("?", model="ember", on_event=print):
            raise AssertionError

    with pytest.raises(UserError, match="stream: on_event"):
        asyncio.run(main())
