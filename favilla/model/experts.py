"""Feed-forward layers of Muse Spark: dense SwiGLU, and a mixture of experts in a narrower space.

Shape suffixes: N tokens, D hidden size, M width of the expert space, F expert intermediate size, E experts,
K experts per token.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import nn

from favilla.model.config import TextConfig
from favilla.model.functional import Linear, activation, linear
from favilla.model.norms import CentredRMSNorm, InputScaledRMSNorm


class SwiGLU(nn.Module):
    """down(act(gate(x)) * up(x)) (Shazeer 2020)."""

    def __init__(self, config: TextConfig):
        super().__init__()
        self.gate_proj = Linear(config.hidden_size, config.intermediate_size, bias=False)
        self.up_proj = Linear(config.hidden_size, config.intermediate_size, bias=False)
        self.down_proj = Linear(config.intermediate_size, config.hidden_size, bias=False)
        self.act = activation(config.hidden_act)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = x.to(self.up_proj.dtype)
        return self.down_proj(self.act(self.gate_proj(x)) * self.up_proj(x))


class Router(nn.Module):
    """Sigmoid scores; a bias corrects the choice of experts but not their weights (DeepSeek-V3)."""

    e_score_correction_bias: torch.Tensor

    def __init__(self, config: TextConfig):
        super().__init__()
        self.weight = nn.Parameter(torch.empty(config.num_local_experts, config.hidden_size))
        self.register_buffer("e_score_correction_bias", torch.zeros(config.num_local_experts))
        self.top_k = config.num_experts_per_tok
        self.multiplier = config.output_multiplier
        self.scale = config.routed_scaling_factor

    def forward(self, x_ND: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Weights and indices (N, K) of each token's experts; scores in float32 whatever the model's dtype."""
        with torch.autocast(x_ND.device.type, enabled=False):
            scores_NE = torch.sigmoid(F.linear(x_ND.float(), self.weight.float()) * self.multiplier)
        index_NK = (scores_NE + self.e_score_correction_bias).topk(self.top_k, dim=-1, sorted=False).indices
        weight_NK = scores_NE.gather(1, index_NK)
        weight_NK = weight_NK / (weight_NK.sum(-1, keepdim=True) + 1e-15) * self.scale
        return weight_NK, index_NK


class Experts(nn.Module):
    """E SwiGLU experts of width M, each followed by a shared norm."""

    def __init__(self, config: TextConfig):
        super().__init__()
        experts, width, inner = config.num_local_experts, config.moe_hidden_size, config.moe_intermediate_size
        self.gate_up_proj = nn.Parameter(torch.empty(experts, 2 * inner, width))
        self.down_proj = nn.Parameter(torch.empty(experts, width, inner))
        self.post_expert_norm = InputScaledRMSNorm(width, config.post_norm_eps)
        self.act = activation(config.hidden_act)

    def forward(self, x_NM: torch.Tensor, weight_NK: torch.Tensor, index_NK: torch.Tensor) -> torch.Tensor:
        experts, top_k = len(self.down_proj), index_NK.shape[1]
        # Tokens sorted by expert, so that each expert is one contiguous matrix product.
        order = index_NK.flatten().argsort(stable=True)
        counts = index_NK.flatten().bincount(minlength=experts).tolist()
        token, weight = order // top_k, weight_NK.flatten()[order]
        outputs = []
        for e, x_eM in enumerate(x_NM[token].split(counts)):
            if len(x_eM):
                gate, up = self.matrix(x_eM, "gate_up_proj", e).chunk(2, dim=-1)
                outputs.append(self.post_expert_norm(self.matrix(self.act(gate) * up, "down_proj", e)))
        return torch.zeros_like(x_NM, dtype=torch.float32).index_add(0, token, torch.cat(outputs) * weight[:, None])

    def matrix(self, x: torch.Tensor, name: str, expert: int) -> torch.Tensor:
        """x (..., in) times that matrix of one expert."""
        return linear(x, getattr(self, name)[expert])


class MixtureOfExperts(nn.Module):
    """Down to the expert space, routed experts, and back up."""

    load_E: torch.Tensor

    def __init__(self, config: TextConfig):
        super().__init__()
        self.gate = Router(config)
        self.pre_expert_proj = Linear(config.hidden_size, config.moe_hidden_size, bias=False)
        self.pre_expert_norm = CentredRMSNorm(config.moe_hidden_size, config.rms_norm_eps)
        self.experts = Experts(config)
        self.post_expert_proj = Linear(config.moe_hidden_size, config.hidden_size, bias=False)
        # tokens routed to each expert since the trainer last looked; it steers the correction bias
        self.register_buffer("load_E", torch.zeros(config.num_local_experts, device="cpu"), persistent=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        dtype = self.pre_expert_proj.dtype
        x_ND = x.reshape(-1, x.shape[-1])
        weight_NK, index_NK = self.gate(x_ND)
        if self.training:
            self.load_E += index_NK.flatten().bincount(minlength=len(self.load_E))
        x_NM = self.pre_expert_norm(self.pre_expert_proj(x_ND.to(dtype))).to(dtype)
        x_NM = self.experts(x_NM, weight_NK, index_NK).to(dtype)
        return self.post_expert_proj(x_NM).view(x.shape)
