"""What the starting model can do, at several temperatures and by majority: sharpening is not to be sold as learning.

Written problem by problem to `start.jsonl`; what is there is not measured again.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from favilla.atomic import write_atomically
from favilla.chat.images import ImageProcessor
from favilla.chat.tokenizer import Tokenizer
from favilla.errors import Interrupted
from favilla.model import load_model
from favilla.studies.logs import key_of, read_records
from favilla.studies.plan import START, Study
from favilla.train.memory import keep_freed_memory
from favilla.train.rl.held_out import digest, line, seed_of, set_prompts
from favilla.train.rl.protocols import Prompt, Sample
from favilla.train.rl.rollout import EngineRollouts, sampling_engine, verified
from favilla.train.stopping import StopRequest

CHUNK = 32  # problems between two looks at whether to stop


def measure_start(study: Study, model_folder: Path, folder: Path, device: str = "cpu") -> None:
    """Measure every set at every temperature. Raises Interrupted when stopped; the same call goes on from there."""
    path = folder / START
    found = read_records(
        path, lambda line: ((float(line["temperature"]), line["set"], *key_of(line)), json.dumps(line) + "\n")
    )
    done = dict(found)
    if done:
        # A line that was cut off would spoil the next one.
        write_atomically(path, "".join(done.values()))
    work = [
        (t, part.name, prompt, n)
        for t, part, prompts, n in _plan(study)
        for prompt in prompts
        if (t, part.name, prompt.family, prompt.level, digest(prompt.task.problem.instance)) not in done
    ]
    if not work:
        return
    if device == "cpu":
        keep_freed_memory()
        study.recipe.check_compiler()
    tokenizer, processor = Tokenizer.load(model_folder), ImageProcessor.load(model_folder)
    model, _ = load_model(model_folder, torch.float32, torch.device(device))
    rollout = study.recipe.rollout
    engine = sampling_engine(rollout)(model.eval(), tokenizer, processor)
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    with Progress(*columns, console=Console(stderr=True)) as bar, StopRequest() as stop, path.open("a") as file:
        task = bar.add_task("start", total=len(done) + len(work), completed=len(done))
        for (t, name, n), prompts in _chunks(work):
            bar.update(task, description=f"start: {name}, temperature {t:g}")
            sample = EngineRollouts(lambda: engine, rollout.max_new_tokens, rollout.batch, t)
            seeds = [seed_of("start", t, name, prompt.task.problem.instance) for prompt in prompts]
            for prompt, samples in zip(prompts, sample(prompts, n, seeds), strict=True):
                file.write(json.dumps(_line(t, name, prompt, samples)) + "\n")
            file.flush()
            bar.advance(task, len(prompts))
            if stop.asked:
                raise Interrupted("stopped while the start was measured; the same command goes on from there")


def _plan(study: Study) -> Iterator[tuple[float, Any, list[Prompt], int]]:
    """(temperature, set, its prompts, samples of each). Temperature 1 is a run's step 0 and has as many as its ends."""
    for t in (1.0, *study.start.temperatures):
        for part in study.sets:
            ends = t == 1.0
            yield t, part, set_prompts(part, ends), (part.ends_samples or part.samples) if ends else part.samples


def _chunks(work: list[tuple[float, str, Prompt, int]]) -> Iterator[tuple[tuple[float, str, int], list[Prompt]]]:
    chunk: list[Prompt] = []
    for i, (t, name, prompt, n) in enumerate(work):
        chunk.append(prompt)
        after = work[i + 1] if i + 1 < len(work) else None
        if len(chunk) == CHUNK or after is None or (after[0], after[1], after[3]) != (t, name, n):
            yield (t, name, n), chunk
            chunk = []


def _line(temperature: float, name: str, prompt: Prompt, samples: list[Sample]) -> dict[str, Any]:
    """A line as of held_out.jsonl, with the answers that can be read (hashed), for majorities."""
    task = prompt.task
    read = [task.family.verify(task.problem, s.answer, s.thinking or "").parsed for s in samples]
    answers = [
        digest(answer) if answer is not None and s.finished else None for answer, s in zip(read, samples, strict=True)
    ]
    scores = verified(prompt, samples)
    return {**line(0, name, prompt, samples, scores), "temperature": temperature, "answers": answers}
