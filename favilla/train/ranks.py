"""One process, or several started by torchrun."""

from __future__ import annotations

import os
from typing import Any

import torch
import torch.distributed as dist

from favilla.errors import UserError


def join(device: str) -> tuple[int, int, torch.device]:
    """(rank, number of processes, where this one computes). Raises UserError when there is no such device."""
    rank, world = int(os.environ.get("RANK", 0)), int(os.environ.get("WORLD_SIZE", 1))
    if world > 1 and not dist.is_initialized():
        dist.init_process_group("cpu:gloo,cuda:nccl" if device == "cuda" else "gloo")
    place = torch.device(device)
    if device == "cuda":
        if not torch.cuda.is_available():
            raise UserError("--device cuda: this PyTorch sees no CUDA device; use --device cpu")
        place = torch.device(device, int(os.environ.get("LOCAL_RANK", rank)) % torch.cuda.device_count())
        torch.cuda.set_device(place)
    return rank, world, place


def first() -> bool:
    """Whether this is the process that speaks for all: the only one, or the first that torchrun started."""
    return int(os.environ.get("RANK", 0)) == 0


def gather(mine: Any, world: int) -> list[Any]:
    """What every rank has, in order of ranks."""
    everybody = [mine] * world
    if world > 1:
        dist.all_gather_object(everybody, mine)
    return everybody


def total(values: torch.Tensor, world: int) -> torch.Tensor:
    """The sum over ranks, in place."""
    if world > 1:
        dist.all_reduce(values)
    return values
