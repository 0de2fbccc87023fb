"""What a run tells while it runs: a progress bar, metrics as JSONL, and a loss figure."""

from __future__ import annotations

import json
import time
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

from favilla.atomic import write_atomically
from favilla.errors import UserError


class Progress:
    """Appends one JSON line to metrics.jsonl every `log_every` steps, and before every checkpoint: step, loss (mean nats
    per target token since the last line), marks_loss (nats per mark, summed over both
    readers; null without marks), grad_norm, lr_scale, examples, tokens, tokens_per_second, targets, peak_share,
    skipped, seconds.

    flops: operations of a step on one rank; peak: operations per second of the machine.
    """

    def __init__(
        self, folder: Path, name: str, steps: int, log_every: int, first: int, flops: int, peak: float, quiet: bool
    ):
        self.path, self.every = folder / "metrics.jsonl", log_every
        self.flops, self.peak, self.quiet = flops, peak, quiet
        if not quiet:
            drop_lines_after(self.path, first)
            self.bar = Bar(
                TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed}/{task.total}"),
                TextColumn("loss {task.fields[loss]} · {task.fields[rate]} tok/s · {task.fields[share]} of peak"),
                TimeRemainingColumn(), console=Console(stderr=True),
            )  # fmt: skip
            self.task = self.bar.add_task(name, total=steps, completed=first, loss="-", rate="-", share="-")
            self.bar.start()
        self.reset()

    def reset(self) -> None:
        self.start = time.perf_counter()
        self.losses, self.marks, self.sums = 0.0, 0.0, [0.0, 0.0, 0.0, 0.0]
        self.count = 0

    def step(
        self, step: int, loss: float, marks: float, norm: float, scale: float, counts: list[float], skipped: int
    ) -> None:
        """Take note of one finished step; `counts` begins with targets, tokens, examples, marks of all ranks."""
        self.last = (step, norm, scale, skipped)
        self.losses += loss * counts[0]
        self.marks += marks * counts[3]
        self.sums = [a + b for a, b in zip(self.sums, counts, strict=False)]
        self.count += 1
        if (step + 1) % self.every == 0:
            self.flush()
        elif not self.quiet:
            self.bar.update(self.task, completed=step + 1)

    def flush(self) -> None:
        """Write down the steps since the last line, so that a run that is killed and resumed loses none."""
        if self.quiet or not self.count:
            return
        step, norm, scale, skipped = self.last
        seconds = time.perf_counter() - self.start
        targets, tokens, examples, marks = self.sums
        line = {
            "step": step + 1, "loss": self.losses / max(targets, 1), "marks_loss": self.marks / marks if marks else None, "grad_norm": norm, "lr_scale": scale,
            "examples": int(examples), "tokens": int(tokens), "targets": int(targets),
            "tokens_per_second": tokens / seconds, "peak_share": self.count * self.flops / seconds / self.peak,
            "skipped": skipped, "seconds": seconds,
        }  # fmt: skip
        try:
            with self.path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(line) + "\n")
        except OSError as error:
            raise UserError(
                f"{self.path}: cannot be written ({error.strerror}); make room, or choose another --out"
            ) from None
        self.bar.update(
            self.task, completed=step + 1, loss=f"{line['loss']:.3f}", rate=f"{line['tokens_per_second']:,.0f}",
            share=f"{line['peak_share']:.0%}",
        )  # fmt: skip
        self.reset()

    def close(self) -> None:
        if self.quiet:
            return
        self.flush()
        self.bar.stop()
        if self.path.exists():
            from favilla.show.figures import loss_figure

            loss_figure(self.path, self.path.with_name("loss.png"))


def drop_lines_after(path: Path, step: int) -> None:
    """Forget metrics of steps that a resumed run is about to repeat. Raises UserError for a line that is none, unless it is the
    last one, which was being written when the run was killed."""
    if not path.exists():
        return
    lines, kept = path.read_text(encoding="utf-8", errors="replace").splitlines(keepends=True), []
    for number, line in enumerate(lines, 1):
        try:
            if line.endswith("\n") and json.loads(line)["step"] <= step:
                kept.append(line)
        except (ValueError, KeyError, TypeError):
            if number < len(lines):
                raise UserError(f"{path}: line {number} is no metrics of a step; mend it or delete the line") from None
    write_atomically(path, "".join(kept))
