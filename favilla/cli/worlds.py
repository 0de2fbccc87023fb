"""`favilla worlds`: which families of problems there are, how fast they are made, and what they look like."""

from __future__ import annotations

import json as json_format
import random
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from tyro.conf import arg

from favilla.errors import UserError

if TYPE_CHECKING:
    from favilla.worlds.base import Family, Problem

LEVEL, SAMPLES = 1, 6  # of --show, unless told otherwise


def worlds(
    rate: Annotated[float | None, arg(metavar="SECONDS", help_behavior_hint="")] = None,
    show: Annotated[str | None, arg(metavar="FAMILY", help_behavior_hint="")] = None,
    render_screens: Annotated[int | None, arg(metavar="N", help_behavior_hint="")] = None,
    level: Annotated[int, arg(metavar="N")] = LEVEL,
    n: Annotated[int, arg(metavar="N")] = SAMPLES,
    seed: Annotated[int, arg(metavar="N")] = 0,
    out: Annotated[Path | None, arg(metavar="DIR", help_behavior_hint="")] = None,
    json: bool = False,
) -> None:
    """List the families of problems; measure how fast they are made, write samples of one, or render screens.

    Example: favilla worlds --show charts --level 2 --out samples

    Args:
        rate: Measure problems per second of every family and level, for that many seconds each.
        show: Write samples of this family into --out: pictures as PNG, questions and solutions as text.
        render_screens: Render that many screens in a browser, by the hundred, for the family web_screens to show. Needs
            Chromium and Playwright. What is there already stays; the same command goes on where it was stopped.
        level: Level of the samples.
        n: Number of samples.
        seed: Seed of the samples, or of the screens.
        out: Folder for the samples; for screens, by default web_screens in $FAVILLA_HOME.
        json: Print one JSON object.
    """
    asked = {"--rate": rate, "--show": show, "--render-screens": render_screens}
    given = [name for name, value in asked.items() if value is not None]
    if len(given) > 1:
        raise UserError(f"{' and '.join(given)}: ask for one of them at a time")
    if show is None and (level, n) != (LEVEL, SAMPLES):
        raise UserError("--level and --n are those of samples; name a family with --show")
    if show is None and render_screens is None and (out is not None or seed):
        raise UserError("--out and --seed go with --show or --render-screens; give one of these")
    if render_screens is not None:
        _render(render_screens, seed, out, json)
    elif show is not None:
        _show(show, level, n, seed, out, json)
    else:
        _list(rate, json)


def _list(rate: float | None, json: bool) -> None:
    from rich.console import Console
    from rich.table import Table

    from favilla.worlds.registry import families

    if rate is not None and not 0 < rate <= 3600:
        raise UserError(f"--rate {rate:g}: give seconds above 0, at most 3600")
    loaded = families()
    rates = _rates(loaded, rate) if rate is not None else {}
    if json:
        content = {
            name: {"levels": f.levels, "pictures": f.pictures, "problems_per_second": rates.get(name)}
            for name, f in loaded.items()
        }
        print(json_format.dumps(content, indent=2))
        return
    table = Table("family", "levels", "pictures", title="problems per second, one process" if rates else None)
    for level in range(1, max((len(r) for r in rates.values()), default=0) + 1):
        table.add_column(f"level {level}", justify="right")
    for name, family in loaded.items():
        columns = [f"{r:,.0f}" if r >= 10 else f"{r:.1f}" for r in rates.get(name, [])]
        table.add_row(name, f"1-{family.levels}", "yes" if family.pictures else "", *columns)
    Console().print(table)


def _rates(loaded: dict[str, Family], seconds: float) -> dict[str, list[float]]:
    from rich.console import Console
    from rich.progress import Progress

    from favilla.worlds.throughput import problems_per_second

    rates: dict[str, list[float]] = {name: [] for name in loaded}
    with Progress(console=Console(file=sys.stderr), transient=True) as progress:
        task = progress.add_task("measuring", total=sum(f.levels for f in loaded.values()))
        for name, family in loaded.items():
            for level in range(1, family.levels + 1):
                progress.update(task, description=f"{name} {level}")
                rates[name].append(problems_per_second(family, level, seconds))
                progress.advance(task)
    return rates


def _show(name: str, level: int, n: int, seed: int, out: Path | None, json: bool) -> None:
    from favilla.cli.files import output_folder
    from favilla.worlds.registry import get

    family = get(name)
    if not 1 <= level <= family.levels:
        raise UserError(f"--level {level}: {name} has levels 1 to {family.levels}")
    if n < 1:
        raise UserError(f"--n {n}: give at least 1")
    if out is None:
        raise UserError(f"--show {name}: say where the samples go, with --out DIR")
    folder = output_folder(out)
    rng = random.Random(seed)
    files = [
        path
        for index in range(n)
        for path in write_sample(family.sample(rng, level, "train"), folder, f"{name}-{level}-{seed}-{index:02d}")
    ]
    print(json_format.dumps({"files": [str(f) for f in files]}, indent=2) if json else "\n".join(map(str, files)))


def _render(count: int, seed: int, out: Path | None, json: bool) -> None:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from favilla.cli.files import output_folder
    from favilla.worlds.web.rendering import render_shards
    from favilla.worlds.web.shards import PER_SHARD, default_folder

    if not 1 <= count <= 10_000_000:
        raise UserError(f"--render-screens {count}: give at least 1, at most 10,000,000")
    folder = output_folder(out or default_folder())
    total, watched, start = -(-count // PER_SHARD) * PER_SHARD, sys.stderr.isatty(), time.perf_counter()
    columns = (
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[rate]}"), TimeRemainingColumn()
    )  # fmt: skip
    bar = Progress(*columns, console=Console(file=sys.stderr), transient=True, disable=not watched)
    with bar as progress:
        task, done, rendered = progress.add_task("rendering", total=total, rate=""), 0, 0

        def tell(more: int) -> None:
            nonlocal done, rendered
            # What was there already comes by the shard.
            done, rendered = done + more, rendered + (more == 1)
            rate = f"{rendered / (time.perf_counter() - start):.1f}/s"
            progress.update(task, completed=done, rate=rate)
            if not watched and more == 1 and done % PER_SHARD == 0:
                print(f"{done} of {total} screens, {rate}", file=sys.stderr)

        paths = render_shards(folder, count, seed, tell)
    print(json_format.dumps({"files": [str(path) for path in paths]}, indent=2) if json else "\n".join(map(str, paths)))


def write_sample(problem: Problem, folder: Path, stem: str) -> list[Path]:
    """Write a problem's pictures and its text as files that start with `stem`; returns their paths."""
    from favilla.atomic import write_atomically
    from favilla.chat.messages import ImagePart, Message
    from favilla.cli.files import write_picture

    files: list[Path] = []
    turns: list[str] = []
    for message in (*problem.history, Message("user", problem.prompt)):
        words = [f"{message.role}:"] if problem.history else []
        for part in message.parts:
            if isinstance(part, ImagePart):
                path = folder / f"{stem}{'' if not files else f'-{len(files)}'}.png"
                write_picture(part.image, path)
                files.append(path)
                words.append(f"[{path.name}]")
            else:
                words.append(part)
        turns.append(" ".join(words))
    text = ["\n".join(turns), f"answer: {problem.answer}"]
    text += [f"-- {style} --\n{s.thinking}\n=> {s.answer}" for style, s in problem.solutions.items()]
    path = folder / f"{stem}.txt"
    write_atomically(path, "\n\n".join(text) + "\n")
    return [*files, path]
