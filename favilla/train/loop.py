"""The training loop that pretraining and tuning share: one process, or several started by torchrun.

It may be stopped at any moment; called again with the same job it goes on from the last checkpoint and gives the same losses.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing, nullcontext
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
import torch.distributed as dist

from favilla.chat.images import ImageProcessor
from favilla.data.batches import Batch, Shape
from favilla.data.loader import Loader, LoaderState
from favilla.data.stream import MakeExample
from favilla.errors import Interrupted
from favilla.model import MuseSpark
from favilla.model.experts import MixtureOfExperts
from favilla.train.checkpoint import load_checkpoint, save_checkpoint
from favilla.train.flops import measured_peak, step_flops
from favilla.train.loss import cross_entropy_sum
from favilla.train.marks import MarkReader
from favilla.train.memory import keep_freed_memory
from favilla.train.optim import make_optimisers, warmup_stable_decay
from favilla.train.progress import Progress
from favilla.train.ranks import gather, total
from favilla.train.recipe import OptimPart, RunPart
from favilla.train.stopping import StopRequest

LOAD_BIAS_RATE = 1e-3  # step of the routing bias per update (DeepSeek-V3, section 2.1.2)


@dataclass(frozen=True)
class Job:
    """identity: text that tells this run from others; a checkpoint is resumed by the same text alone."""

    name: str
    optim: OptimPart
    run: RunPart
    shape: Shape
    workers: int
    identity: str


def loss_sum(
    model: MuseSpark, batch: Batch, autocast: bool, reader: MarkReader | None = None
) -> tuple[torch.Tensor, torch.Tensor]:
    """Cross-entropy summed over the batch's targets, and over its marks if there is a reader for them; a batch without any
    gives 0, not NaN."""
    device = batch.ids_BT.device.type
    with torch.autocast(device, torch.bfloat16) if autocast else nullcontext():
        features = model.model.vision_tower(batch.pictures)
        image_MD = model.project(features)
        logits_NV = model(
            batch.ids_BT, positions_BT=batch.positions_BT, segments_BT=batch.segments_BT,
            branches_BT=batch.branches_BT, at_N=batch.at_N,
            embedded_BTD=model.embed(batch.ids_BT, batch.pictures, batch.slots_BT, image_MD),
        )  # fmt: skip
        marks = logits_NV.new_zeros(()) if reader is None else reader(batch, features, image_MD)
    return cross_entropy_sum(logits_NV, batch.labels_N, model.config.text.final_logit_softcapping), marks


def ready(batch: Batch, processor: ImageProcessor, device: torch.device) -> Batch:
    """Pixels normalised, tensors on the device."""
    pixels = torch.from_numpy(processor.normalise(batch.pictures.pixels_RSP.numpy()))
    batch.pictures = batch.pictures.with_pixels(pixels).to(device)
    for name, value in vars(batch).items():
        if isinstance(value, torch.Tensor):
            setattr(batch, name, value.to(device))
    return batch


def train(
    job: Job,
    model: MuseSpark,
    processor: ImageProcessor,
    maker: Callable[[], MakeExample],
    folder: Path,
    place: torch.device,
    quiet: bool = False,
) -> None:
    """Train `model` in place to the job's last step; `maker` gives what makes this rank's examples by number.

    Leaves checkpoint.pt, metrics.jsonl and loss.png in `folder`. Raises Interrupted, with everything kept, when asked to stop.
    """
    world = dist.get_world_size() if dist.is_initialized() else 1
    rank = dist.get_rank() if dist.is_initialized() else 0
    o = job.optim
    if place.type == "cpu":
        keep_freed_memory()
    model.train()
    reader = MarkReader(model.config) if o.marks else None
    trained = torch.nn.ModuleDict({"model": model} | ({"reader": reader} if reader else {})).to(place)
    optimisers = make_optimisers(trained, o.muon_lr, o.adam_lr, o.adam_betas, o.weight_decay, o.vision_rate)
    resumed = load_checkpoint(folder, trained, optimisers, job.identity, world, o.steps)
    first, data_states = resumed or (0, [asdict(LoaderState())] * world)
    loader = Loader(maker, job.shape, model.config.image_token_id, job.workers, LoaderState(**data_states[rank]))

    step_loss = torch.compile(loss_sum, dynamic=False) if job.run.compile else loss_sum
    peak = measured_peak(place, torch.bfloat16 if job.run.autocast else torch.float32)
    progress = Progress(
        folder, job.name, o.steps, job.run.log_every, first, step_flops(model, model.config, job.shape), peak * world,
        quiet or rank > 0,
    )  # fmt: skip
    finished = first
    with closing(loader), closing(progress), StopRequest() as stop:
        for step in range(first, o.steps):
            batch = ready(next(loader), processor, place)
            counts = torch.tensor(
                [batch.targets, batch.tokens, batch.examples, batch.marks if reader else 0, stop.asked],
                dtype=torch.float64,
            )
            total(counts, world)

            loss, marks = step_loss(model, batch, job.run.autocast, reader)
            loss, marks = loss / counts[0].clamp(min=1).item(), marks / counts[3].clamp(min=1).item()
            (loss + o.marks * marks).backward()
            if world > 1:
                loss, marks = all_reduce(trained, loss, marks)
            norm = torch.nn.utils.clip_grad_norm_(trained.parameters(), o.clip)

            scale = warmup_stable_decay(step, o.steps, o.warmup, o.decay)
            for optimiser in optimisers:
                for group in optimiser.param_groups:
                    group["lr"] = group["peak_lr"] * scale
                # A step without targets or with a broken gradient must not touch the weights.
                if counts[0] > 0 and torch.isfinite(norm):
                    optimiser.step()
                optimiser.zero_grad(set_to_none=True)
            balance_experts(model)

            finished = step + 1
            progress.step(step, loss.item(), marks.item(), norm.item(), scale, counts.tolist(), loader.state.skipped)
            stopping = counts[4] > 0
            if stopping or finished == o.steps or finished % job.run.save_every == 0:
                states = gather(asdict(loader.state), world)
                progress.flush()
                if rank == 0:
                    save_checkpoint(folder, finished, trained, optimisers, states, job.identity)
            if stopping:
                break
    if finished < o.steps:
        raise Interrupted(f"stopped after step {finished} of {o.steps}; the same command goes on from there")


def all_reduce(trained: torch.nn.Module, *losses: torch.Tensor) -> list[torch.Tensor]:
    """Sum gradients and losses over ranks. Each rank's losses are already divided by the global counts of targets and marks;
    a parameter that a rank did not use counts as zero there, so no rank waits for another for ever. What no rank used has no
    gradient, as in one process: to an optimiser with momentum none is not the same as zero."""
    parameters = list(trained.parameters())
    used = torch.tensor([float(p.grad is not None) for p in parameters], device=parameters[0].device)
    dist.all_reduce(used)
    for parameter, ranks in zip(parameters, used.tolist(), strict=True):
        if not ranks:
            continue
        if parameter.grad is None:
            parameter.grad = torch.zeros_like(parameter)
        dist.all_reduce(parameter.grad)
    summed = [loss.detach().clone() for loss in losses]
    for loss in summed:
        dist.all_reduce(loss)
    return summed


@torch.no_grad()
def balance_experts(model: MuseSpark) -> None:
    """Raise the routing bias of experts with less than their share of tokens, lower that of the others."""
    for module in model.modules():
        if isinstance(module, MixtureOfExperts):
            load_E = module.load_E
            if dist.is_initialized():
                dist.all_reduce(load_E)
            module.gate.e_score_correction_bias += LOAD_BIAS_RATE * torch.sign(load_E.mean() - load_E)
            load_E.zero_()
