"""The long work of rendering shards: resumable by whole shards, the same again for the same seed.

    python -m favilla.worlds.web.rendering

renders the sample in the package again, which is used where no shards are.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

from favilla.errors import Interrupted
from favilla.worlds.base import Split
from favilla.worlds.web.browser import LEVELS, browser
from favilla.worlds.web.shards import PER_SHARD, SAMPLE, Shard, shard_name, write_shard

# Level and split of each screen in the sample.
SAMPLED: tuple[tuple[int, Split], ...] = tuple(
    (level, split) for level in LEVELS for split in ("train", "train", "train", "train", "dev", "test")
)


def render_shards(folder: Path, count: int, seed: int, tell: Callable[[int], None]) -> list[Path]:
    """Render at least `count` screens of `seed` into whole shards in `folder`, those that are there left as they are.

    Every shard that is written adds a line to render.jsonl: shard, screens, bytes, seconds, browser. `tell` is given how
    many more screens are done, after each. Raises UserError when there is no browser, or a file in the folder is no shard;
    Interrupted on an interrupt.
    """
    paths = [folder / shard_name(seed, number) for number in range(-(-count // PER_SHARD))]
    missing = [(number, path) for number, path in enumerate(paths) if not path.exists()]
    for path in paths:
        if path.exists():
            tell(len(Shard(path)))
    if not missing:
        return paths
    done = len(paths) - len(missing)
    try:
        with browser() as opened:
            for number, path in missing:
                start, screens = time.perf_counter(), []
                for place in range(PER_SHARD):
                    screens.append(opened.screen(f"{seed}/{number}/{place}"))
                    tell(1)
                line = {
                    "shard": path.name, "screens": len(screens), "bytes": write_shard(path, screens, opened),
                    "seconds": round(time.perf_counter() - start, 2), "browser": opened.version,
                }  # fmt: skip
                with (folder / "render.jsonl").open("a", encoding="utf-8") as file:
                    file.write(json.dumps(line) + "\n")
                done += 1
    except KeyboardInterrupt:
        raise Interrupted(
            f"{folder}: stopped after {done} of {len(paths)} shards; the same command goes on from there"
        ) from None
    return paths


def render_sample(path: Path) -> None:
    """Render the small shard that the package brings along."""
    with browser() as opened:
        screens = [opened.screen(f"sample/{n}", level, split) for n, (level, split) in enumerate(SAMPLED)]
        write_shard(path, screens, opened)


if __name__ == "__main__":
    render_sample(SAMPLE)
