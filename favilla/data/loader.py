"""A deterministic, resumable stream of batches.

The stream is a function of (mixture, seed): example i is always the same. The loader's whole state is which
examples have been used, so a run that is killed and resumed sees exactly what it would have seen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from favilla.data.batches import Batch, Packer, Shape
from favilla.data.examples import Example
from favilla.data.stream import ExampleStream, MakeExample
from favilla.errors import UserError

GIVE_UP = 1000  # examples in a row that no batch can take
LOOK_AHEAD = 24  # examples that may wait for a later batch because they did not fit this one


@dataclass
class LoaderState:
    """next: index of the first example not looked at yet; waiting: earlier ones that did not fit so far;
    skipped: examples so far that no batch can take."""

    next: int = 0
    waiting: list[int] = field(default_factory=list)
    skipped: int = 0


class Loader:
    """Iterates over batches; `state` is what to save so that a new loader goes on after the last batch given."""

    def __init__(
        self,
        factory: Callable[[], MakeExample],
        shape: Shape,
        image_token_id: int,
        workers: int = 0,
        state: LoaderState | None = None,
    ):
        self.shape, self.image_token_id = shape, image_token_id
        self.state = state or LoaderState()
        self.stream = ExampleStream(factory, self.state.next, workers)
        self.waiting: dict[int, Example] = {}
        for index in self.state.waiting:
            example = self.stream.make(index)
            assert example is not None, "an example that waited must exist"
            self.waiting[index] = example

    def __iter__(self) -> Iterator[Batch]:
        return self

    def __next__(self) -> Batch:
        """The next batch. Raises UserError when nothing ever fits."""
        return self.fill().batch()

    def fill(self) -> Packer:
        """The examples of the next batch: those that wait first, then new ones until too many do not fit. Raises UserError
        when nothing ever fits."""
        packer, kept_out = Packer(self.shape, self.image_token_id), 0
        for index in list(self.waiting):
            if packer.add(self.waiting[index]):
                del self.waiting[index]
        while len(self.waiting) < LOOK_AHEAD and packer.fill < 0.995:
            index, example = self.state.next, next(self.stream)
            self.state.next += 1
            if example is None or not packer.fits_at_all(example):
                # Kept out for good: an example that fits no batch would clog every one after it.
                self.state.skipped += 1
                kept_out += 1
                if kept_out == GIVE_UP:
                    s = self.shape
                    raise UserError(
                        f"recipe: [data] none of {GIVE_UP} examples in a row fits a batch of {s.rows} x {s.tokens} tokens "
                        f"({s.targets} of them targets) and {s.picture_rows} x {s.picture_patches} patches; make it larger"
                    )
                continue
            kept_out = 0
            if not packer.add(example):
                self.waiting[index] = example
        self.state.waiting = list(self.waiting)
        return packer

    def close(self) -> None:
        self.stream.close()
