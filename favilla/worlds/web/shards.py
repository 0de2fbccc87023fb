"""Files of rendered screens ("shards"): written by `favilla worlds --render-screens`, read while training.

A shard is a safetensors file of three arrays: `pictures` and `records` hold the bytes of all pictures (lossless WebP) and
records (JSON) one after the other, and `index` has a row a screen: level, number of the split, and where its picture and its
record end. Files are mapped, not read, so a screen costs no more than its own bytes.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from favilla.atomic import write_atomically
from favilla.errors import UserError
from favilla.home import home
from favilla.worlds.base import Split

if TYPE_CHECKING:
    from favilla.worlds.web.browser import Browser, Rendered

FORMAT = "favilla web screens 1"
PER_SHARD = 100
RECORD = {"page", "boxes", "signs", "size"}  # what is said about a screen
SPLITS: tuple[Split, ...] = ("train", "dev", "test")
# What families show where nothing has been rendered, and what tests look at.
SAMPLE = Path(__file__).with_name("sample.safetensors")


def default_folder() -> Path:
    """Where shards are looked for unless told otherwise."""
    return home() / "web_screens"


def shard_name(seed: int, number: int) -> str:
    """A shard's file name; what is in it is a function of these two, on machines with the same browser and fonts."""
    return f"{seed}-{number:05d}.safetensors"


def write_shard(path: Path, screens: Sequence[Rendered], browser: Browser) -> int:
    """Write screens as one shard, aside and renamed. Returns its size in bytes."""
    pictures, records, index = b"", b"", []
    for screen in screens:
        pictures += _webp(screen.png)
        record = {"page": screen.page, "boxes": screen.boxes, "signs": screen.signs, "size": screen.size}
        records += json.dumps(record, separators=(",", ":")).encode()
        index.append((screen.level, SPLITS.index(screen.split), len(pictures), len(records)))
    arrays: dict[str, np.ndarray] = {
        "pictures": np.frombuffer(pictures, dtype=np.uint8),
        "records": np.frombuffer(records, dtype=np.uint8),
        "index": np.asarray(index, dtype=np.int64).reshape(-1, 4),
    }
    # One entry, since several are not always written in the same order.
    metadata = {FORMAT: json.dumps({"browser": browser.version, "rulers": browser.rulers})}
    write_atomically(path, save(arrays, metadata=metadata))
    return path.stat().st_size


def _webp(png: bytes) -> bytes:
    buffer = io.BytesIO()
    Image.open(io.BytesIO(png)).convert("RGB").save(buffer, "WEBP", lossless=True, quality=80, method=4)
    return buffer.getvalue()


class Shard:
    """One mapped file; maker: the `browser` and `rulers` of the browser that rendered it. Raises UserError when it is damaged or something else."""

    def __init__(self, path: Path):
        try:
            self.file = safe_open(path, framework="numpy")
            known = FORMAT in (metadata := self.file.metadata() or {})
            self.maker: dict[str, Any] = json.loads(metadata[FORMAT]) if known else {}
            if known:
                self.index: np.ndarray = self.file.get_tensor("index")
                self.pictures, self.records = (self.file.get_slice(name) for name in ("pictures", "records"))
        except (SafetensorError, OSError, ValueError) as error:
            raise _damaged(path, error) from None
        if not known:
            raise UserError(f"{path}: is no shard of this version's screens; delete it and render again")
        if self.index.ndim != 2 or self.index.shape[1] != 4 or not np.isin(self.index[:, 1], range(len(SPLITS))).all():
            raise _damaged(path, "its index is not one")
        self.path = path

    def __len__(self) -> int:
        return len(self.index)

    def read(self, row: int) -> tuple[Image.Image, dict[str, Any]]:
        """The picture (RGB) and the record of a row. Raises UserError when they are damaged."""
        starts = self.index[row - 1, 2:] if row else (0, 0)
        ends = self.index[row, 2:]
        try:
            picture, record = (
                blob[int(start) : int(end)].tobytes()
                for blob, start, end in zip((self.pictures, self.records), starts, ends, strict=True)
            )
            found = json.loads(record)
            if not isinstance(found, dict) or found.keys() != RECORD:
                raise ValueError("a record lacks something")
            return Image.open(io.BytesIO(picture), formats=["WEBP"]).convert("RGB"), found
        except (SafetensorError, OSError, ValueError) as error:
            raise _damaged(self.path, error) from None


def _damaged(path: Path, reason: object) -> UserError:
    said = " ".join(str(reason).split())
    return UserError(f"{path}: is no shard of screens or damaged ({said}); delete it and render again")


class Collection:
    """All screens of some shards by level and split, in the order of the files' names."""

    def __init__(self, paths: Sequence[Path]):
        self.shards = [Shard(path) for path in paths]
        self.places: dict[tuple[int, Split], list[tuple[int, int]]] = {}
        for number, shard in enumerate(self.shards):
            for row, (level, split, _, _) in enumerate(shard.index.tolist()):
                self.places.setdefault((level, SPLITS[split]), []).append((number, row))

    def __len__(self) -> int:
        return sum(map(len, self.shards))

    def read(self, level: int, split: Split, share: float) -> tuple[Image.Image, dict[str, Any]] | None:
        """The screen at a share (0 to below 1) of those of a level and split; None when there are none of these."""
        places = self.places.get((level, split))
        if not places:
            return None
        number, row = places[int(share * len(places))]
        return self.shards[number].read(row)


def shards_in(folder: Path) -> list[Path]:
    """The shards in a folder, by name; none when there is no such folder."""
    return sorted(folder.glob("[!.]*.safetensors"))


@lru_cache(maxsize=4)
def collection(folder: Path | None) -> Collection:
    """What is in a folder (None: the committed sample), mapped once a process. Raises UserError for a damaged file."""
    return Collection(_paths(folder))


def fingerprint(folder: Path | None) -> str:
    """Changes when what `collection` gives does."""
    digest = hashlib.sha256()
    for path in _paths(folder):
        with path.open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()[:16]


def _paths(folder: Path | None) -> list[Path]:
    return [SAMPLE] if folder is None else shards_in(folder)
