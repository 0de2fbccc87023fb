"""The trainer's side of the policy: log-probabilities of what was sampled, from packed batches."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

import torch

from favilla.data.batches import Batch
from favilla.model import MuseSpark


@dataclass
class TokenStats:
    """Of each target: policy_N, its log-probability among the tokens that may be sampled; plain_N, that among all (what
    the engine reports); entropy_N, the policy's entropy there (nats, without gradient)."""

    policy_N: torch.Tensor
    plain_N: torch.Tensor
    entropy_N: torch.Tensor


# What `read` computes from embedded tokens; compiled or not.
Read = Callable[..., tuple[torch.Tensor, ...]]


def token_stats(model: MuseSpark, batch: Batch, banned_V: torch.Tensor, autocast: bool, read: Read) -> TokenStats:
    """One forward pass over a batch that `loop.ready` has prepared."""
    pictures = batch.pictures if len(batch.pictures.token_M) else None
    with mixed(batch.ids_BT.device, autocast):
        x_BTD = model.embed(batch.ids_BT, pictures, batch.slots_BT)
    where = batch.positions_BT, batch.segments_BT, batch.branches_BT
    return TokenStats(*read(model, x_BTD, where, batch.at_N, batch.labels_N, banned_V, autocast))


def read(
    model: MuseSpark,
    x_BTD: torch.Tensor,
    where: tuple[torch.Tensor, torch.Tensor, torch.Tensor],
    at_N: torch.Tensor,
    labels_N: torch.Tensor,
    banned_V: torch.Tensor,
    autocast: bool,
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """The three of `TokenStats`; where: positions, segments and branches; where at_N is padding, anything finite. The head
    is float32 whatever the rest is: where probabilities differ by its rounding, their ratio is noise (ScaleRL, 2510.13786)."""
    with mixed(x_BTD.device, autocast):
        x_BTD = model.model.language_model(x_BTD, *where)
    logits_NV = model.head(x_BTD.flatten(0, 1)[at_N].float())
    chosen_N = logits_NV.gather(1, labels_N.clamp(min=0)[:, None])[:, 0]
    allowed_NV = logits_NV.masked_fill(banned_V, -torch.inf)
    total_N = allowed_NV.logsumexp(1)
    with torch.no_grad():
        log_NV = allowed_NV - total_N[:, None]
        entropy_N = -(log_NV.exp() * log_NV.masked_fill(banned_V, 0.0)).sum(1)
        plain_N = chosen_N - logits_NV.logsumexp(1)
    return chosen_N - total_N, plain_N, entropy_N


def compiled_read() -> Read:
    """`read` compiled for one shape of text and any number of targets: the head is a third of the work, none of it for padding."""
    compiled = torch.compile(read, dynamic=False)

    def reading(model: MuseSpark, x_BTD: torch.Tensor, where: Any, *given: Any) -> tuple[torch.Tensor, ...]:
        for targets_N in given[:2]:
            torch._dynamo.mark_dynamic(targets_N, 0)
        return compiled(model, x_BTD, where, *given)

    return reading


def mixed(device: torch.device, autocast: bool) -> AbstractContextManager[object]:
    return torch.autocast(device.type, torch.bfloat16) if autocast else nullcontext()
