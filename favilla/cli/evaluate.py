"""`favilla eval`: accuracy per family and level, as a table, JSON and Markdown."""

from __future__ import annotations

import json as json_format
import os
import platform
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from tyro.conf import Positional, arg

from favilla.errors import UserError
from favilla.show.terminal import notice

if TYPE_CHECKING:
    from favilla.evals.accuracy import Row
    from favilla.worlds.base import Family

MOST_PROBLEMS = 100_000  # a family and level; all are drawn before the first is asked


def evaluate(
    model: Annotated[Positional[str], arg(metavar="MODEL")],
    families: Annotated[tuple[str, ...], arg(metavar="FAMILY", help_behavior_hint="(default: all)")] = (),
    levels: Annotated[tuple[int, ...], arg(metavar="N")] = (1, 2),
    n: Annotated[int, arg(metavar="N")] = 200,
    split: Literal["test", "dev", "train"] = "test",
    effort: Literal["low", "medium", "high", "xhigh"] = "medium",
    seed: Annotated[int, arg(metavar="N")] = 0,
    batch: Annotated[int, arg(metavar="N")] = 256,
    max_new_tokens: Annotated[int, arg(metavar="N")] = 512,
    samples: Annotated[int, arg(metavar="N")] = 1,
    dtype: Literal["float32", "bfloat16"] | None = None,
    int8: bool = False,
    compiled: bool = False,
    out: Annotated[Path | None, arg(metavar="DIR", help_behavior_hint="")] = None,
    json: bool = False,
) -> None:
    """Measure a model on problems it has never seen: accuracy with a 95 % interval, and what a constant answer scores.

    Example: favilla eval ember --families counting charts --levels 1 2 --out results/ember

    Args:
        model: Name of a shipped model, or a model folder.
        families: Families of problems.
        levels: Their levels.
        n: Problems per family and level.
        split: Where the problems come from.
        effort: Reasoning strength.
        seed: Seed of the problems.
        batch: Most answers written at the same time.
        max_new_tokens: Longest answer, thinking included.
        samples: Answers to each problem. One is greedy; more are drawn at temperature 1 and give pass@1 and pass@N.
        dtype: What to compute in. Default: float32 for small models, else what the model's config says.
        int8: Round the weights to 8 bits first.
        compiled: Compile the step that writes a token: half a minute first, faster afterwards.
        out: Folder for results.json and results.md, written after every row; the same command goes on where it was.
        json: Print one JSON object.
    """
    for name, value in (
        ("--n", n),
        ("--batch", batch),
        ("--max-new-tokens", max_new_tokens),
        ("--samples", samples),
        *(("--levels", v) for v in levels),
    ):
        if value < 1:
            raise UserError(f"{name} {value}: give at least 1")
    if n > MOST_PROBLEMS:
        raise UserError(f"--n {n}: give at most {MOST_PROBLEMS}")
    from favilla.worlds.registry import families as loadable
    from favilla.worlds.registry import get

    chosen = {name: get(name) for name in families} or loadable()
    todo = [(name, level) for name, f in chosen.items() for level in dict.fromkeys(levels) if level <= f.levels]
    most = max((f.levels for f in chosen.values()), default=0)
    if beyond := [level for level in levels if level > most]:
        raise UserError(
            f"--levels {' '.join(map(str, beyond))}: none of the families has that many; the highest level is {most}"
        )
    if out is not None:
        from favilla.cli.files import output_folder

        output_folder(out)

    from favilla.engine.load import DTYPES, load
    from favilla.evals.accuracy import Row
    from favilla.evals.accuracy import evaluate as measure
    from favilla.model.folder import weights_fingerprint

    loaded = load(model, DTYPES[dtype] if dtype else None, int8=int8, compiled=compiled, any_rows=True, max_rows=batch)
    settings = {
        "model": model, "weights": weights_fingerprint(loaded.folder), "split": split, "effort": effort, "n": n, "seed": seed,
        "max_new_tokens": max_new_tokens, "samples": samples, "int8": int8, **({"dtype": dtype} if dtype else {}),
    }  # fmt: skip
    results = _resumed(out, settings, _screens(chosen))
    done = {(row["family"], row["level"]): Row(**row) for row in results["rows"]}
    try:
        with _progress() as progress:
            task = progress.add_task("", total=len(todo))
            for name, level in todo:
                progress.update(task, description=f"{name} {level}")
                if (name, level) not in done:
                    start = time.perf_counter()
                    (done[name, level],) = measure(
                        loaded.engine, [name], [level], n=n, split=split, effort=effort, seed=seed,
                        max_new_tokens=max_new_tokens, samples=samples,
                    )  # fmt: skip
                    results["seconds"] += time.perf_counter() - start
                order = dict.fromkeys((*todo, *done))  # rows that were made anew stand where they stood
                results["rows"] = [asdict(done[key]) for key in order if key in done]
                _write(out, results)
                progress.advance(task)
    finally:
        # Also where a later family fails, or somebody has seen enough: without --out they are nowhere else.
        rows = [done[key] for key in todo if key in done]
        if rows:
            print(json_format.dumps(results, indent=2) if json else markdown(rows, settings))
    if few := [f"{r.family} {r.level} ({r.n})" for r in rows if r.n < n]:
        notice(f"fewer than {n} different problems, so wider intervals: {', '.join(few)}")


def markdown(rows: list[Row], settings: dict[str, Any]) -> str:
    """The table for people: one line per family and level, then the mean of each level."""
    samples = settings["samples"]
    drawn = "greedy" if samples == 1 else f"{samples} samples a problem at temperature 1"
    solved = "" if samples == 1 else f" pass@{samples} |"
    lines = [
        f"{settings['model']}: {settings['split']} split, effort {settings['effort']}, seed {settings['seed']}, {drawn}",
        "",
        f"| family | level | {'accuracy' if samples == 1 else 'pass@1'} | 95 % interval |{solved} constant answer | n | refused "
        "| thinking tokens | finished |",
        f"|---|---|---|---|{'---|' if solved else ''}---|---|---|---|---|",
    ]
    lines += [
        f"| {r.family} | {r.level} | {r.accuracy:.3f} | {r.low:.3f}-{r.high:.3f} |{f' {r.solved:.3f} |' if solved else ''} "
        f"{r.constant:.3f} | {r.n} | {r.refused} | {r.thinking_tokens:.0f} | {r.finished:.0%} |"
        for r in rows
    ]
    for level in sorted({r.level for r in rows}):
        part = [r for r in rows if r.level == level]
        mean, most, constant = (
            sum(v) / len(part) for v in zip(*((r.accuracy, r.solved, r.constant) for r in part), strict=True)
        )
        lines.append(
            f"| *mean of {len(part)}* | {level} | {mean:.3f} | |{f' {most:.3f} |' if solved else ''} {constant:.3f} "
            f"| {sum(r.n for r in part)} | | | |"
        )
    return "\n".join(lines)


def _write(out: Path | None, results: dict[str, Any]) -> None:
    if out is None:
        return
    from favilla.atomic import write_atomically
    from favilla.evals.accuracy import Row

    write_atomically(out / "results.json", json_format.dumps(results, indent=2) + "\n")
    rows = [Row(**row) for row in results["rows"]]
    write_atomically(out / "results.md", markdown(rows, results["settings"]) + "\n")


def _screens(chosen: dict[str, Family]) -> dict[str, str]:
    """Which rendered screens are asked about, if any are: unlike all else that is measured, they are files."""
    from favilla.worlds.web.shards import fingerprint
    from favilla.worlds.web_screens import WebScreens

    return {name: fingerprint(family.folder) for name, family in chosen.items() if isinstance(family, WebScreens)}


def _resumed(out: Path | None, settings: dict[str, Any], screens: dict[str, str]) -> dict[str, Any]:
    """What an interrupted run with the same settings and screens has left in `out`, or an empty result.

    Raises UserError when the folder holds results of something else: they are never written over.
    """
    from favilla.evals.accuracy import Row

    fresh = {
        "settings": settings, "machine": f"{platform.machine()}, {os.cpu_count()} cores",
        "date": time.strftime("%Y-%m-%d"), "seconds": 0.0, "screens": screens, "rows": [],
    }  # fmt: skip
    path = out / "results.json" if out is not None else None
    if path is None or not path.exists():
        return fresh
    try:
        found = json_format.loads(path.read_text(encoding="utf-8"))
        same = found["settings"] == settings
        found["seconds"] += 0.0
        # Those of other families, or of results that do not say, are no others.
        found["screens"] = {**screens, **found.get("screens", {})}
        shown = {**found["screens"], **screens} == found["screens"]
        [Row(**row) for row in found["rows"]]  # results of an earlier version lack what is measured now
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UserError(f"{path}: not results that can be gone on with ({error}); choose another --out") from None
    if not same:
        raise UserError(f"{path}: holds results of another model or other settings; choose another --out")
    if not shown:
        raise UserError(f"{path}: holds results on other rendered screens; choose another --out")
    return found


def _progress():  # type: ignore[no-untyped-def]
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    return Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TimeRemainingColumn(),
        console=Console(file=sys.stderr), transient=True,
    )  # fmt: skip
