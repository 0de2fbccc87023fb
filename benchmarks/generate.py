"""Generation beside `transformers`' `muse_spark`: the same folder, prompts and tokens, in one process.

    python benchmarks/generate.py --json

Four kinds of work: one stream, sixteen streams (sixteen prompts at once), sixteen samples of one prompt with a picture,
and the first token of an answer about a picture. Prompts are those of many drawn problems whose greedy answers are
longest; they are written to their ends or to `--tokens`, and what counts is tokens written a second of the whole call.
Samples are drawn on both sides from a nucleus of one token, so that they can be compared.

In float32 both sides must write equal tokens, in every run, or the script fails; only a mode of ours that says that it rounds may
differ, and its share of equal tokens is given. With `--dtype bfloat16`, which is what `from_pretrained` takes from Ember's folder by
itself, each side rounds in its own way: shares are given for all, and speeds are of the tokens that each side writes. `generate` gets its prompts as tensors; our time includes making
tokens of the words and words of the tokens. The time to the first token runs from an unread picture file to the id
of the token, on both sides; where `transformers`' own processor does not load (it needs torchvision), its pictures are
cut by ours, within its time, and a line says so.

The peer's modes: `generate` as people call it; its forward compiled; its static cache, eager and compiled (its own
`CompileConfig`); its continuous batching (`generate_batch`, its manager kept between calls). A mode that fails has
its error as its row. Rounds are interleaved; a row gives the median over rounds with the fastest and the slowest.
"""

from __future__ import annotations

import argparse
import contextlib
import inspect
import json
import logging
import os
import platform
import random
import statistics
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import torch
import transformers
from transformers import AutoProcessor, CompileConfig, ContinuousBatchingConfig, GenerationConfig

import favilla
from favilla.chat.encode import encode_chat
from favilla.chat.images import ImageProcessor, open_image
from favilla.chat.messages import ImagePart, Message
from favilla.chat.tokenizer import Tokenizer
from favilla.data.examples import prompt_messages
from favilla.engine.load import find_folder
from favilla.engine.request import Request
from favilla.worlds.registry import get

SCREEN, QUESTION = Path(__file__).parents[1] / "examples" / "screen.png", "Point at Cancel."
TEXT, PICTURES = ("lists", "countdown"), ("counting", "charts")
PAGE = 32  # tokens
GREEDY = {"do_sample": False}
ONE_TOKEN_NUCLEUS = {"do_sample": True, "temperature": 1.0, "top_p": 1e-6, "top_k": 0}

Ids = list[list[int]]


@dataclass(frozen=True)
class Job:
    """requests: what our engine is asked. inputs: the same for `generate`, with `sampling`. Both are called within the
    time that is taken. first_token: what counts is the time itself, not tokens a second."""

    name: str
    requests: Callable[[], list[Request]]
    inputs: Callable[[], dict[str, Any]]
    tokens: int
    sampling: dict[str, Any]
    first_token: bool = False


@dataclass
class Side:
    """One way to do a job. exact: must write the tokens that all write. rounded: rounds more than the peer does, so it is no
    match for it. rounds: seconds, one entry a round."""

    name: str
    run: Callable[[Job], Ids]
    ours: bool
    exact: bool = True
    rounded: bool = False
    rounds: list[float] = field(default_factory=list)
    ids: Ids = field(default_factory=list)
    error: str | None = None

    def take(self, job: Job) -> float:
        finish()
        start = time.perf_counter()
        self.ids = self.run(job)
        finish()
        return time.perf_counter() - start


def finish() -> None:
    """Wait for what a GPU still computes."""
    if torch.cuda.is_initialized():
        torch.cuda.synchronize()


# name, keyword arguments of `favilla.load`, whether it rounds more than the peer
OURS: tuple[tuple[str, dict[str, Any], bool], ...] = (
    ("ours", {}, False), ("ours, compiled", {"compiled": True}, False), ("ours, int8", {"int8": True}, True),
)  # fmt: skip


def our_side(folder: Path, dtype: torch.dtype, device: str, name: str, given: dict[str, Any], rounded: bool) -> Side:
    engine = favilla.load(folder, dtype, device, **given).engine

    def run(job: Job) -> Ids:
        # Rounds repeat their prompts; what was kept of them would flatter us.
        engine.forget()
        return [list(made.ids) for samples in engine.generate(job.requests()) for made in samples]

    return Side(name, run, ours=True, exact=dtype == torch.float32 and not rounded, rounded=rounded)


def generate(network: Any, **given: Any) -> Callable[[Job], Ids]:
    ends = network.generation_config.eos_token_id
    ends = {ends} if isinstance(ends, int) else set(ends)

    def run(job: Job) -> Ids:
        inputs = job.inputs()
        rows = network.generate(**inputs, max_new_tokens=job.tokens, **job.sampling, **given)
        return [until(row, ends) for row in rows[:, inputs["input_ids"].shape[1] :].tolist()]

    return run


def until(row: list[int], ends: set[int]) -> list[int]:
    """The tokens up to the first end; what follows is padding."""
    return row[: next((i + 1 for i, token in enumerate(row) if token in ends), len(row))]


def compiled(network: Any) -> Callable[[Job], Ids]:
    network.forward = torch.compile(network.forward, dynamic=True)
    return generate(network)


def static_compiled(network: Any) -> Callable[[Job], Ids]:
    # With dynamic=False it compiles anew for every token: the cache's length is a number in its graph.
    config = CompileConfig(mode="default")
    # Without it `generate` compiles on accelerators only.
    config._compile_all_devices = True
    return generate(network, cache_implementation="static", compile_config=config)


def generate_batch(network: Any) -> Callable[[Job], Ids]:
    def run(job: Job) -> Ids:
        inputs = job.inputs()
        lacking = (
            set(inputs) - {"input_ids", "attention_mask"} - set(inspect.signature(network.generate_batch).parameters)
        )
        if lacking:
            raise TypeError(f"generate_batch takes no {', '.join(sorted(lacking))}")
        prompts = [
            row[kept].tolist() for row, kept in zip(inputs["input_ids"], inputs["attention_mask"].bool(), strict=True)
        ]
        end = GenerationConfig(**{**network.generation_config.to_diff_dict(), **job.sampling})
        # By default its cache takes 60 % of the machine's memory.
        pages = sum((len(prompt) + job.tokens) // PAGE + 2 for prompt in prompts)
        config = ContinuousBatchingConfig(
            page_size=PAGE, num_blocks=pages, max_batch_tokens=max(256, *(len(prompt) for prompt in prompts))
        )
        outputs = network.generate_batch(
            prompts, end, config, max_new_tokens=job.tokens, persistent_manager=True, warmup=False
        )  # fmt: skip
        # It logs what goes wrong and returns what there is.
        for output in outputs.values():
            if output.error is not None:
                raise RuntimeError(output.error)
        if len(outputs) < len(prompts):
            raise RuntimeError(f"generate_batch answered {len(outputs)} of {len(prompts)} prompts")
        return [output.generated_tokens for output in outputs.values()]

    return run


PEERS: dict[str, Callable[[Any], Callable[[Job], Ids]]] = {
    "generate": generate,
    "compiled": compiled,
    "static": lambda network: generate(network, cache_implementation="static"),
    "static-compiled": static_compiled,
    "generate_batch": generate_batch,
}


def their_side(folder: Path, dtype: torch.dtype, device: str, name: str, leaving: contextlib.ExitStack) -> Side:
    network: Any = transformers.MuseSparkForConditionalGeneration.from_pretrained(folder, dtype=dtype).to(device).eval()
    leaving.callback(network.destroy_cached_continuous_batching_manager)
    return Side(f"transformers, {name}", PEERS[name](network), ours=False, exact=dtype == torch.float32)


def tensors(tokenizer: Tokenizer, processor: ImageProcessor, requests: Iterable[Request]) -> dict[str, Any]:
    """Prompts as `generate` takes them: padded on the left, pictures in the reference's form."""
    ids, pixels, grids = [], [], []
    for request in requests:
        chat = encode_chat(tokenizer, processor, request.messages, effort=request.effort, generation_prompt=True)
        ids.append(chat.ids)
        for patches, grid in chat.pictures:
            values = torch.from_numpy(processor.normalise(patches))
            pixels.append(values.repeat(1, processor.temporal_patch_size))
            grids.append([1, *grid])
    longest = max(map(len, ids))
    inputs = {
        "input_ids": torch.tensor([[tokenizer.pad_id] * (longest - len(row)) + row for row in ids]),
        "attention_mask": torch.tensor([[0] * (longest - len(row)) + [1] * len(row) for row in ids]),
    }
    return {**inputs, "pixel_values": torch.cat(pixels), "image_grid_thw": torch.tensor(grids)} if pixels else inputs


def moved(inputs: dict[str, Any], device: str) -> dict[str, Any]:
    return {name: value.to(device) for name, value in inputs.items()}


def longest_answers(folder: Path, families: Iterable[str], draws: int, tokens: int, device: str) -> list[Request]:
    """A request for each of `draws` problems of the families' highest levels, longest greedy answers first."""
    rng = random.Random(0)
    problems = [get(name).sample(rng, get(name).levels, "test") for name in families for _ in range(draws)]
    requests = [Request(tuple(prompt_messages(problem)), max_new_tokens=tokens, effort="high") for problem in problems]
    made = favilla.load(folder, torch.float32, device).engine.generate(requests)
    lengths = [len(generation.ids) for (generation,) in made]
    return [requests[i] for i in sorted(range(len(requests)), key=lambda i: -lengths[i])]


def first_token_job(folder: Path, device: str) -> Job:
    def requests() -> list[Request]:
        return [Request((Message("user", (ImagePart(open_image(SCREEN)), QUESTION)),), max_new_tokens=1, effort="high")]

    def inputs() -> dict[str, Any]:
        content = [{"type": "image", "image": open_image(SCREEN)}, {"type": "text", "text": QUESTION}]
        return processor.apply_chat_template(
            [{"role": "user", "content": content}], reasoning_effort="high", add_generation_prompt=True, tokenize=True,
            return_dict=True, return_tensors="pt",
        ).to(device)  # fmt: skip

    name = "first token, with a picture"
    try:
        processor = AutoProcessor.from_pretrained(folder)
    except (ImportError, ValueError) as error:
        parts = Tokenizer.load(folder), ImageProcessor.load(folder)
        print(f"{name}: transformers' pictures are cut by our processor; its own does not load ({one_line(error)})")
        return Job(name, requests, lambda: moved(tensors(*parts, requests()), device), 1, GREEDY, first_token=True)
    return Job(name, requests, inputs, 1, GREEDY, first_token=True)


def make_jobs(folder: Path, streams: int, tokens: int, draws: int, device: str) -> list[Job]:
    def prepared(name: str, requests: list[Request], sampling: dict[str, Any]) -> Job:
        inputs = moved(tensors(Tokenizer.load(folder), ImageProcessor.load(folder), requests), device)
        return Job(name, lambda: requests, lambda: dict(inputs), tokens, sampling)

    text = longest_answers(folder, TEXT, draws, tokens, device)
    picture = longest_answers(folder, PICTURES, draws, tokens, device)[0]
    samples = prepared(
        f"{streams} samples, one picture", [replace(picture, n=streams, temperature=1.0, top_p=1e-6)],
        {**ONE_TOKEN_NUCLEUS, "num_return_sequences": streams},
    )  # fmt: skip
    return [
        prepared("one stream", text[:1], GREEDY),
        prepared(f"{streams} streams", text[:streams], GREEDY),
        samples,
        first_token_job(folder, device),
    ]


def one_line(error: BaseException) -> str:
    text = " ".join(f"{type(error).__name__}: {error}".split())
    return text if len(text) <= 200 else text[:197] + "..."


def check(job: Job, side: Side, wanted: Ids) -> None:
    """End the script where tokens differ that must not."""
    for row, (mine, theirs) in enumerate(zip(side.ids, wanted, strict=True)):
        if side.exact and mine != theirs:
            shared = next((i for i, (a, b) in enumerate(zip(mine, theirs, strict=False)) if a != b), "their end")
            raise SystemExit(f"{job.name}: {side.name} writes other tokens than `generate`, row {row} from {shared} on")


def measure(job: Job, sides: list[Side], rounds: int) -> list[Side]:
    """Every side's warm-up (what compiles, compiles), then the rounds. `sides[0]` is `generate`."""
    for number in range(2 + rounds):
        for side in sides:
            if side.error is not None:
                continue
            try:
                seconds = side.take(job)
            except Exception as error:
                # A mode of the peer that does not work is a result.
                if side.ours or side is sides[0]:
                    raise
                side.error = one_line(error)
                continue
            if number:
                check(job, side, sides[0].ids)
            if number >= 2:
                side.rounds.append(seconds)
    return sides


def report(job: Job, sides: list[Side], rounds: int) -> dict[str, Any]:
    """Print a job's rows and ratios; returns them. Speeds are tokens a second, or first tokens a second."""
    rows: list[dict[str, Any]] = []
    print(f"\n{job.name}: {len(sides[0].ids)} answers, {sum(map(len, sides[0].ids))} tokens, n {rounds}")
    for side in sides:
        if side.error is not None:
            rows.append({"name": side.name, "error": side.error})
            print(f"  {side.name:30} fails: {side.error}")
            continue
        written = sum(map(len, side.ids))
        speeds = [written / seconds for seconds in side.rounds]
        rows.append({
            "name": side.name, "ours": side.ours, "exact": side.exact, "rounded": side.rounded, "tokens": written,
            "speed": statistics.median(speeds), "slowest": min(speeds), "fastest": max(speeds),
        })  # fmt: skip
        seconds = sorted(side.rounds)
        if job.first_token:
            figures = (
                f"{statistics.median(seconds) * 1e3:9.1f} ms    ({seconds[-1] * 1e3:.1f} to {seconds[0] * 1e3:.1f})"
            )
        else:
            figures = "{speed:9,.0f} tok/s ({slowest:,.0f} to {fastest:,.0f})".format(**rows[-1])
        if not side.exact and side is not sides[0]:
            pairs = [(a, b) for mine, theirs in zip(side.ids, sides[0].ids, strict=True) for a, b in zip(mine, theirs, strict=False)]  # fmt: skip
            rows[-1]["equal"] = sum(a == b for a, b in pairs) / len(pairs)
            figures += f", {rows[-1]['equal']:.0%} of the tokens equal"
        print(f"  {side.name:30} {figures}")
    peer = max(row["speed"] for row in rows if row.get("ours") is False)
    ratios = {row["name"]: (row["speed"] / peer, row["speed"] / rows[0]["speed"]) for row in rows if row.get("ours")}
    for name, (best, plain) in ratios.items():
        print(f"  ratio of {name}: {best:.2f} to its best mode, {plain:.2f} to `generate`")
    ours = max(row["speed"] for row in rows if row.get("ours") and not row["rounded"])
    return {
        "name": job.name, "ours": ours, "peer": peer, "ratio": ours / peer, "ratio_generate": ours / rows[0]["speed"],
        "unit": "first tokens/s" if job.first_token else "tokens/s", "rows": rows,
    }  # fmt: skip


def positive(text: str) -> int:
    if (number := int(text)) < 1:
        raise argparse.ArgumentTypeError(f"{number} is less than 1")
    return number


def main() -> None:
    others = [name for name in PEERS if name != "generate"]
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--model", default="ember")
    parser.add_argument("--streams", type=positive, default=16)
    parser.add_argument("--tokens", type=positive, default=128, help="most tokens an answer")
    parser.add_argument("--rounds", type=positive, default=7)
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--dtype", choices=("float32", "bfloat16"), default="float32")
    parser.add_argument("--draws", type=positive, default=150, help="problems a family to choose prompts from")
    parser.add_argument(
        "--jobs",
        nargs="+",
        type=int,
        choices=(1, 2, 3, 4),
        default=[1, 2, 3, 4],
        help="of the four kinds of work, in order",
    )
    parser.add_argument("--peers", nargs="*", choices=others, default=others, help="modes beside `generate`")
    parser.add_argument(
        "--ours", nargs="*", choices=[name for name, _, _ in OURS], default=[name for name, _, _ in OURS]
    )
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    if all(rounded for name, _, rounded in OURS if name in given.ours):
        parser.error("--ours: name a mode that does not round")
    if given.streams > len(TEXT) * given.draws:
        parser.error(f"--streams {given.streams}: {len(TEXT)} x {given.draws} prompts are drawn; raise --draws")
    if given.device == "cuda" and not torch.cuda.is_available():
        parser.error("--device cuda: this PyTorch sees no CUDA device")
    dtype = getattr(torch, given.dtype)
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    logging.getLogger("ContinuousBatchingLogger").setLevel(logging.CRITICAL)
    folder = find_folder(given.model)
    made = make_jobs(folder, given.streams, given.tokens, given.draws, given.device)
    machine = f"{platform.machine()}, {os.cpu_count()} cores"
    if given.device == "cuda":
        machine += f", {torch.cuda.get_device_name()}"
    jobs: list[dict[str, Any]] = []
    try:
        for job in [job for number, job in enumerate(made, 1) if number in given.jobs]:
            # Every job has models of its own: what one compiled, or how large its cache was, must not slow the next.
            torch.compiler.reset()
            with contextlib.ExitStack() as leaving:
                sides = [their_side(folder, dtype, given.device, name, leaving) for name in ("generate", *given.peers)]
                sides += [our_side(folder, dtype, given.device, *mode) for mode in OURS if mode[0] in given.ours]
                jobs.append(report(job, measure(job, sides, given.rounds), given.rounds))
    finally:  # also what was measured before something failed
        if given.json and jobs:
            print(json.dumps({
                **{key: jobs[0][key] for key in ("ours", "peer", "ratio", "ratio_generate", "unit")}, "n": given.rounds,
                "dtype": given.dtype, "jobs": jobs, "machine": machine,
            }))  # fmt: skip


if __name__ == "__main__":
    main()
