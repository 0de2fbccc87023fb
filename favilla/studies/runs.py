"""Runs of a study, one after the other or several at a time, each an ordinary `favilla rl` in a folder of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.live import Live
from rich.table import Table

from favilla.atomic import write_atomically
from favilla.errors import Interrupted, UserError
from favilla.studies.plan import Study, base_folders, declare, finished, run_folder, to_toml
from favilla.train.stopping import StopRequest

OUTPUT = "output.txt"
WAITING, RUNNING, DONE, FAILED = "waiting", "running", "done", "failed"
LOOK = 0.5  # seconds between two looks at the runs


@dataclass
class Job:
    """One run: its recipe (arm and seed), where it is, and the process that it runs in, if one does."""

    arm: str
    seed: int
    folder: Path
    state: str = WAITING
    process: subprocess.Popen[bytes] | None = None


def choose(study: Study, arms: Sequence[str], seeds: Sequence[int]) -> list[tuple[str, int]]:
    """(arm, seed) of the runs that are asked for, all by default; the first seed of every arm before the second. Raises
    UserError for arms or seeds that there are not."""
    for arm in arms:
        if arm not in study.arms:
            raise UserError(f"--arms {arm}: no such arm; there are {', '.join(study.arms)}")
    wanted = {name: part for name, part in study.arms.items() if not arms or name in arms}
    for seed in seeds:
        if not any(seed in part.seeds for part in wanted.values()):
            raise UserError(f"--seeds {seed}: none of the arms has it")
    pairs = [(i, name, seed) for name, part in wanted.items() for i, seed in enumerate(part.seeds)]
    return [(name, seed) for _, name, seed in sorted(pairs, key=lambda pair: pair[0]) if not seeds or seed in seeds]


def prepare(study: Study, folder: Path) -> None:
    """Declare the study in its folder."""
    folder.mkdir(parents=True, exist_ok=True)
    declare(study, folder)


def base_model(study: Study, folder: Path, device: str = "cpu") -> Path:
    """The model that all runs start from, pretrained here unless it is there already or the study names one."""
    from favilla.engine.load import find_folder
    from favilla.train.pretrain import pretrain

    if not study.base:
        return find_folder(study.init or "")
    stages = base_folders(study, folder)
    before = None
    for recipe, stage in zip(study.base, stages, strict=True):
        if not finished(stages[-1]) and not finished(stage):
            pretrain(recipe, stage, device, init=before)
        before = stage / "model"
    return stages[-1] / "model"


def run_all(
    study: Study,
    folder: Path,
    model: Path,
    chosen: Sequence[tuple[str, int]],
    lock: tuple[int, ...],
    workers: int = 1,
    device: str = "cpu",
) -> None:
    """Go through the runs, `workers` at a time, which share the processor's cores. Finished ones are skipped. Stopped, all
    running ones save what they have, and the same call goes on.

    Raises Interrupted when stopped; UserError when runs have failed, after the others were done.
    """
    jobs = [Job(arm, seed, run_folder(folder, arm, seed)) for arm, seed in chosen]
    for job in jobs:
        _write_recipe(study, job)
        job.state = DONE if finished(job.folder) else WAITING
    threads = max(1, (os.cpu_count() or 1) // workers)
    steps = study.recipe.optim.steps
    with Live(console=Console(stderr=True), auto_refresh=False) as view, StopRequest() as stop:
        try:
            while any(job.state in (WAITING, RUNNING) for job in jobs) and not stop.asked:
                for job in jobs:
                    if job.state == WAITING and sum(other.state == RUNNING for other in jobs) < workers:
                        _start(job, model, lock, threads, device)
                _look(jobs)
                view.update(_table(jobs, steps), refresh=True)
                time.sleep(LOOK)
        finally:
            _stop(jobs)
            view.update(_table(jobs, steps), refresh=True)
    failed = [job for job in jobs if job.state == FAILED]
    if stop.asked:
        done = sum(job.state == DONE for job in jobs)
        raise Interrupted(f"stopped after {done} of {len(jobs)} runs; the same command goes on from there")
    if failed:
        path = failed[0].folder / OUTPUT
        said = path.read_text(errors="replace").strip().splitlines()[-1:] or ["nothing was said"]
        raise UserError(f"{len(failed)} of {len(jobs)} runs failed; {path} ends: {said[0]}")


def _write_recipe(study: Study, job: Job) -> None:
    """Raises UserError when the folder is that of another recipe."""
    job.folder.mkdir(parents=True, exist_ok=True)
    path, text = job.folder / "recipe.toml", to_toml(study.arm_recipe(job.arm, job.seed))
    if path.exists() and path.read_text(encoding="utf-8") != text:
        raise UserError(f"{path}: is not the recipe of this arm and seed; choose another --out or delete the folder")
    write_atomically(path, text)


def _start(job: Job, model: Path, lock: tuple[int, ...], threads: int, device: str) -> None:
    command = [sys.executable, "-m", "favilla.cli.main", "rl", str(job.folder / "recipe.toml")]
    command += ["--out", str(job.folder), "--init", str(model), "--device", device]
    limited = {name: str(threads) for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")}
    with (job.folder / OUTPUT).open("ab") as output:
        # A session of its own: Ctrl-C must reach a run once, and through us.
        job.process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True, pass_fds=lock,
            env=os.environ | limited,
        )  # fmt: skip
    job.state = RUNNING


def _look(jobs: Sequence[Job]) -> None:
    for job in jobs:
        if job.process is not None and (code := job.process.poll()) is not None:
            job.state, job.process = DONE if code == 0 else FAILED, None


def _stop(jobs: Sequence[Job]) -> None:
    """Ask what still runs to save and end, and wait for it."""
    for job in jobs:
        if job.process is not None:
            job.process.send_signal(signal.SIGTERM)
    for job in jobs:
        if job.process is not None:
            job.state = DONE if job.process.wait() == 0 else WAITING
            job.process = None


def _table(jobs: Sequence[Job], steps: int) -> Table:
    table = Table(box=None, pad_edge=False)
    for name in ("arm", "seed", "state", "step", "pass@1", "thinking", "s a step", "minutes left"):
        table.add_column(name, justify="left" if name in ("arm", "state") else "right")
    for job in jobs:
        last = last_line(job.folder / "metrics.jsonl")
        if last is None:
            table.add_row(job.arm, str(job.seed), job.state, f"0/{steps}")
            continue
        seconds = sum(value for phase, value in last["seconds"].items() if phase != "held_out")
        left = "" if job.state == DONE else f"{seconds * (steps - last['step']) / 60:.0f}"
        table.add_row(
            job.arm, str(job.seed), job.state, f"{last['step']}/{steps}", f"{last['pass@1']:.3f}",
            f"{last['thinking']:.0f}", f"{seconds:.1f}", left,
        )  # fmt: skip
    return table


def last_line(path: Path, tail: int = 65_536) -> dict[str, Any] | None:
    """The last whole line of a JSONL file that may be written to meanwhile; None if there is none."""
    if not path.exists():
        return None
    with path.open("rb") as file:
        file.seek(max(0, file.seek(0, os.SEEK_END) - tail))
        whole = file.read().split(b"\n")[:-1]
    return json.loads(whole[-1]) if whole else None
