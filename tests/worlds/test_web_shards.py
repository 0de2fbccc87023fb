"""Shards of rendered screens: where they are looked for, what is wrong with them, and rendering them again."""

from __future__ import annotations

import io
import json
import pickle
import random
import shutil
from collections.abc import Iterator

import numpy as np
import pytest
from PIL import Image
from safetensors import safe_open
from safetensors.numpy import save_file

from favilla.errors import Interrupted, UserError
from favilla.worlds.web import rendering
from favilla.worlds.web.browser import PROGRAMS, Browser, browser
from favilla.worlds.web.pages import controls
from favilla.worlds.web.shards import SAMPLE, Shard, collection, fingerprint
from favilla.worlds.web_screens import WebScreens


@pytest.fixture(autouse=True)
def no_shards(monkeypatch, tmp_path) -> None:
    """Whatever has been rendered on this machine is not looked at."""
    monkeypatch.setenv("FAVILLA_HOME", str(tmp_path / "home"))


def test_shards_in_the_home_folder_are_shown_instead_of_the_sample(monkeypatch, tmp_path) -> None:
    monkeypatch.setenv("FAVILLA_HOME", str(tmp_path))
    assert WebScreens().folder is None
    (tmp_path / "web_screens").mkdir()
    shutil.copy(SAMPLE, tmp_path / "web_screens" / "0-00000.safetensors")
    family = WebScreens()
    assert family.folder == tmp_path / "web_screens"
    # The same screens, so the same problems, wherever they lie; also after a journey to a worker process.
    for other in (pickle.loads(pickle.dumps(family)), WebScreens(shards=tmp_path / "web_screens")):
        for level in (1, 4):
            a, b = (f.sample(random.Random(5), level, "dev") for f in (WebScreens(), other))
            assert (a.answer, a.instance, a.prompt[-1], a.marks) == (b.answer, b.instance, b.prompt[-1], b.marks)


def test_a_folder_without_shards_is_refused(tmp_path) -> None:
    with pytest.raises(ValueError, match="--render-screens"):
        WebScreens(shards=tmp_path)


@pytest.mark.parametrize("damage", ["cut", "empty", "other"])
def test_a_damaged_shard_is_named(tmp_path, damage) -> None:
    path = tmp_path / "0-00000.safetensors"
    content = SAMPLE.read_bytes()
    path.write_bytes({"cut": content[:5000], "empty": b"", "other": b""}[damage])
    if damage == "other":
        save_file({"weight": np.zeros(3)}, path)
    with pytest.raises(UserError, match=r"0-00000\.safetensors"):
        WebScreens(shards=tmp_path).sample(random.Random(0), 1, "train")


def flipped(name: str, content: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    values = content[name].copy()
    values.reshape(-1)[40:4000] ^= 0x55
    return {**content, name: values}


@pytest.mark.parametrize(
    "damage", ["pictures", "records", "index", "no pictures", "no records", "no index", "flat index"]
)
def test_a_shard_whose_content_is_broken_is_named(tmp_path, damage) -> None:
    path = tmp_path / "0-00000.safetensors"
    with safe_open(SAMPLE, framework="numpy") as file:
        content, metadata = {name: file.get_tensor(name) for name in file.keys()}, file.metadata()  # noqa: SIM118
    without = {name: values for name, values in content.items() if damage != f"no {name}"}
    flat = {**content, "index": content["index"].reshape(-1)}
    made = flat if damage == "flat index" else without if damage.startswith("no ") else flipped(damage, content)
    save_file(made, path, metadata=metadata)
    family = WebScreens(shards=tmp_path)
    with pytest.raises(UserError, match=r"0-00000\.safetensors.*render again") as caught:
        [family.sample(random.Random(number), 1 + number % 4, "train") for number in range(24)]
    assert "\n" not in str(caught.value)


def test_other_screens_have_another_fingerprint(tmp_path) -> None:
    (tmp_path / "0-00000.safetensors").write_bytes(SAMPLE.read_bytes())
    assert fingerprint(tmp_path) == fingerprint(None)
    (tmp_path / "0-00001.safetensors").write_bytes(SAMPLE.read_bytes())
    assert fingerprint(tmp_path) != fingerprint(None)


def test_a_level_that_no_shard_has_is_told(monkeypatch, tmp_path) -> None:
    shutil.copy(SAMPLE, tmp_path / "0-00000.safetensors")
    monkeypatch.setattr(collection(tmp_path), "places", {(1, "train"): [(0, 0)]})
    with pytest.raises(UserError, match="level 2 for the split test"):
        WebScreens(shards=tmp_path).sample(random.Random(0), 2, "test")


# Rendering, where there is a browser.


@pytest.fixture(scope="module")
def opened() -> Iterator[Browser]:
    pytest.importorskip("playwright", reason="Playwright is not installed")
    if not any(map(shutil.which, PROGRAMS)):
        pytest.skip("no Chromium on this machine (Debian: apt install chromium fonts-liberation)")
    with browser() as one:
        yield one


def test_the_sample_is_rendered_again(opened: Browser) -> None:
    shard = Shard(SAMPLE)
    if shard.maker != {"browser": opened.version, "rulers": opened.rulers}:
        pytest.skip(f"the sample is by Chromium {shard.maker['browser']} and its fonts; here is {opened.version}")
    for row in (0, 5, 7, 13, 20):
        picture, record = shard.read(row)
        pixels = np.asarray(picture).astype(int)
        again = opened.screen(f"sample/{row}", *rendering.SAMPLED[row])
        assert (again.page, again.signs, list(again.size)) == (record["page"], record["signs"], record["size"])
        assert again.boxes == record["boxes"]
        shown = np.asarray(Image.open(io.BytesIO(again.png)).convert("RGB")).astype(int)
        assert np.abs(shown - pixels).max() <= 2


def test_rendering_goes_on_where_it_stopped_and_gives_the_same(opened: Browser, monkeypatch, tmp_path) -> None:
    # One browser at a time can be driven; the one that is open serves.
    class Same:
        def __enter__(self) -> Browser:
            return opened

        def __exit__(self, *rest: object) -> None:
            pass

    monkeypatch.setattr(rendering, "browser", Same)
    monkeypatch.setattr(rendering, "PER_SHARD", 3)
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    whole.mkdir(), cut.mkdir()
    told: list[int] = []
    paths = rendering.render_shards(whole, 7, 4, told.append)
    assert [path.name for path in paths] == ["4-00000.safetensors", "4-00001.safetensors", "4-00002.safetensors"]
    assert sum(told) == 9

    def stop(done: int) -> None:
        told.append(done)
        if len(told) == 5:
            raise KeyboardInterrupt

    told.clear()
    with pytest.raises(Interrupted, match="1 of 3 shards"):
        rendering.render_shards(cut, 9, 4, stop)
    assert sorted(path.name for path in cut.iterdir()) == ["4-00000.safetensors", "render.jsonl"]
    told.clear()
    rendering.render_shards(cut, 9, 4, told.append)
    assert told == [3, 1, 1, 1, 1, 1, 1]
    for path in paths:
        assert (cut / path.name).read_bytes() == path.read_bytes()
    lines = [json.loads(line) for line in (cut / "render.jsonl").read_text().splitlines()]
    assert [line["shard"] for line in lines] == [path.name for path in paths]
    assert all(line["bytes"] == (cut / line["shard"]).stat().st_size for line in lines)
    # Another seed gives other screens.
    rendering.render_shards(cut, 1, 5, told.append)
    assert (cut / "5-00000.safetensors").read_bytes() != (cut / "4-00000.safetensors").read_bytes()


def test_what_lies_in_front_hides(opened: Browser) -> None:
    """A control under a dialog has no box, and no sign of it is noted; the dialog's own are."""
    hidden = 0
    for number in range(12):
        screen = opened.screen(f"front/{number}", 4)
        parts = controls(screen.page)
        over = [control for block in screen.page if block.get("over") for control in block["controls"]]
        for n, (control, box) in enumerate(zip(parts, screen.boxes, strict=True)):
            spelt = "".join(sign for sign, _, _, owner in screen.signs if owner == n)
            if any(control is one for one in over):
                assert box is not None
            if box is not None and control[1] and control[0] != "icon":
                assert spelt == control[1].replace(" ", "")
            hidden += box is None
    assert hidden > 3
