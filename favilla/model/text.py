"""The text backbone of Muse Spark and Muse Glimmer.

Shape suffixes: B rows, T new tokens, S keys, D hidden size, H query heads, G key-value heads, K head width,
V vocabulary. The residual stream is float32 whatever the weights are.
"""

from __future__ import annotations

import torch
from torch import nn

from favilla.model.cache import Step
from favilla.model.config import SparkConfig, TextConfig
from favilla.model.experts import MixtureOfExperts, SwiGLU
from favilla.model.functional import Linear, attention, rotate
from favilla.model.norms import CentredRMSNorm, InputScaledRMSNorm, RMSNorm, rms_norm
from favilla.model.rope import rope_frequencies

# Attention masks by layer type: True where a query may look; None means plainly causal.
Masks = dict[str, torch.Tensor | None]


class ResidualGate(nn.Module):
    """alpha * residual + beta * update, beta = sigmoid(g / temperature), alpha^2 + beta^2 = 1 (down to a floor)."""

    def __init__(self, config: TextConfig):
        super().__init__()
        self.gate = nn.Parameter(torch.empty(config.hidden_size))
        self.temperature = config.residual_gate_temperature

    def forward(self, residual: torch.Tensor, update: torch.Tensor) -> torch.Tensor:
        gate = self.gate.float() / self.temperature
        beta = torch.sigmoid(gate)
        alpha = (torch.sigmoid(-gate) * (1.0 + beta)).clamp(min=1e-3).sqrt()
        return alpha * residual + beta * update


class Attention(nn.Module):
    """Grouped-query attention with scaleless QK-norm, query scale, output norm (Muse Spark) and output gate."""

    def __init__(self, config: SparkConfig, layer: int):
        super().__init__()
        t = config.text
        heads, kv_heads = t.num_attention_heads * t.head_dim, t.num_key_value_heads * t.head_dim
        self.q_proj = Linear(t.hidden_size, heads, bias=t.attention_bias)
        self.k_proj = Linear(t.hidden_size, kv_heads, bias=t.attention_bias)
        self.v_proj = Linear(t.hidden_size, kv_heads, bias=t.attention_bias)
        self.o_proj = Linear(heads, t.hidden_size, bias=t.attention_bias)
        self.gate_proj = Linear(t.hidden_size, heads, bias=False)
        self.layer, self.kind = layer, t.layer_types[layer]
        self.rotary = bool(t.layer_rope_theta[layer])
        self.head_dim = t.head_dim
        self.query_scale, self.eps = t.qk_scale_factor, t.rms_norm_eps
        self.output_norm, self.dropout = config.gated, t.attention_dropout
        # Queries and keys are normed, then perhaps stretched (yarn), so by Cauchy-Schwarz no logit is larger.
        stretch = rope_frequencies(t.rope_parameters, t.head_dim, t.max_position_embeddings)[1] if self.rotary else 1.0
        self.bound = abs(t.qk_scale_factor) * t.head_dim**0.5 * stretch**2

    def forward(
        self,
        x_BTD: torch.Tensor,
        rope: tuple[torch.Tensor, torch.Tensor],
        masks: Masks,
        cache: Step | None,
    ) -> torch.Tensor:
        B, T, _ = x_BTD.shape
        q_BHTK = self.q_proj(x_BTD).view(B, T, -1, self.head_dim).transpose(1, 2)
        k_BGTK = self.k_proj(x_BTD).view(B, T, -1, self.head_dim).transpose(1, 2)
        v_BGTK = self.v_proj(x_BTD).view(B, T, -1, self.head_dim).transpose(1, 2)
        dtype = v_BGTK.dtype
        q_BHTK = rms_norm(q_BHTK, self.eps) * self.query_scale
        k_BGTK = rms_norm(k_BGTK, self.eps)
        if self.rotary:
            q_BHTK, k_BGTK = rotate(q_BHTK, *rope), rotate(k_BGTK, *rope)
        q_BHTK, k_BGTK = q_BHTK.to(dtype), k_BGTK.to(dtype)
        if cache is not None:
            k_BGTK, v_BGTK = cache.update(self.layer, k_BGTK, v_BGTK)
        mask = masks[self.kind]
        out_BHTK = attention(q_BHTK, k_BGTK, v_BGTK, mask, self.dropout if self.training else 0.0, self.bound)
        if self.output_norm:
            out_BHTK = rms_norm(out_BHTK, self.eps).to(dtype)
        out_BTD = out_BHTK.transpose(1, 2).reshape(B, T, -1)
        return self.o_proj(out_BTD * torch.sigmoid(self.gate_proj(x_BTD)))


class DecoderLayer(nn.Module):
    """Attention, then feed-forward, each between a norm before and a norm after."""

    def __init__(self, config: SparkConfig, layer: int):
        super().__init__()
        t = config.text
        self.self_attn = Attention(config, layer)
        self.mlp = MixtureOfExperts(t) if t.mlp_layer_types[layer] == "sparse" else SwiGLU(t)
        self.input_layernorm = CentredRMSNorm(t.hidden_size, t.rms_norm_eps)
        self.pre_feedforward_layernorm = CentredRMSNorm(t.hidden_size, t.rms_norm_eps)
        self.post_feedforward_layernorm: nn.Module
        self.gated, self.post_eps = config.gated, t.post_norm_eps
        if config.gated:
            self.post_feedforward_layernorm = InputScaledRMSNorm(t.hidden_size, t.post_norm_eps)
            self.post_attention_residual_gate = ResidualGate(t)
            self.post_feedforward_residual_gate = ResidualGate(t)
        else:
            self.post_attention_layernorm = CentredRMSNorm(t.hidden_size, t.post_norm_eps)
            self.post_feedforward_layernorm = CentredRMSNorm(t.hidden_size, t.post_norm_eps)

    def forward(
        self,
        x_BTD: torch.Tensor,
        rope: tuple[torch.Tensor, torch.Tensor],
        masks: Masks,
        cache: Step | None,
    ) -> torch.Tensor:
        normed = self.input_layernorm(x_BTD).to(self.self_attn.q_proj.dtype)
        attended = self.self_attn(normed, rope, masks, cache)
        if self.gated:
            x_BTD = self.post_attention_residual_gate(x_BTD, rms_norm(attended, self.post_eps))
        else:
            x_BTD = x_BTD + self.post_attention_layernorm(attended)
        fed = self.post_feedforward_layernorm(self.mlp(self.pre_feedforward_layernorm(x_BTD)))
        return self.post_feedforward_residual_gate(x_BTD, fed) if self.gated else x_BTD + fed


class TextBackbone(nn.Module):
    """Embeddings (B, T, D) in, normed hidden states (B, T, D) out."""

    frequency: torch.Tensor

    def __init__(self, config: SparkConfig):
        super().__init__()
        t = config.text
        self.config = t
        self.embed_tokens = nn.Embedding(t.vocab_size, t.hidden_size)
        self.layers = nn.ModuleList(DecoderLayer(config, i) for i in range(t.num_hidden_layers))
        self.norm = RMSNorm(t.hidden_size, t.rms_norm_eps)
        frequency, self.rope_scale = rope_frequencies(t.rope_parameters, t.head_dim, t.max_position_embeddings)
        self.register_buffer("frequency", frequency, persistent=False)

    def embed(self, ids_BT: torch.Tensor) -> torch.Tensor:
        return rms_norm(self.embed_tokens(ids_BT), self.config.rms_norm_eps)

    def forward(
        self,
        x_BTD: torch.Tensor,
        positions_BT: torch.Tensor | None = None,
        segments_BT: torch.Tensor | None = None,
        branches_BT: torch.Tensor | None = None,
        cache: Step | None = None,
    ) -> torch.Tensor:
        B, T, _ = x_BTD.shape
        if cache is not None:
            positions_BT, masks = cache.positions_BT, cache.masks
        else:
            if positions_BT is None:
                positions_BT = torch.arange(T, device=x_BTD.device).expand(B, T)
            masks = training_masks(self.config, positions_BT, segments_BT, branches_BT)
        angles_B1Tk = (positions_BT[..., None].float() * self.frequency.float())[:, None].repeat(1, 1, 1, 2)
        rope = angles_B1Tk.cos() * self.rope_scale, angles_B1Tk.sin() * self.rope_scale
        for layer in self.layers:
            x_BTD = layer(x_BTD, rope, masks, cache)
        return self.norm(x_BTD)


def training_masks(
    config: TextConfig,
    positions_BT: torch.Tensor,
    segments_BT: torch.Tensor | None,
    branches_BT: torch.Tensor | None,
) -> Masks:
    """Causal, inside one document, and inside the window where the layer has one.

    Within a document, branch 0 is seen by all its branches and a branch by itself alone: one picture, several
    questions, each as if it were asked first. Padding (document 0) sees padding, so no row of a softmax is empty.
    """
    T = positions_BT.shape[1]
    window = config.sliding_window
    index_T = torch.arange(T, device=positions_BT.device)
    full = (index_T[:, None] >= index_T)[None]
    if segments_BT is not None:
        full = full & (segments_BT[:, :, None] == segments_BT[:, None, :])
    if branches_BT is not None:
        full = full & ((branches_BT[:, None, :] == 0) | (branches_BT[:, :, None] == branches_BT[:, None, :]))
    near = full
    windowed = False
    if window is not None and window < T:
        windowed = True
        near = full & (positions_BT[:, :, None] - positions_BT[:, None, :] < window)
    plain = segments_BT is None and branches_BT is None
    return {
        "full_attention": None if plain else full[:, None],
        "sliding_attention": None if plain and not windowed else near[:, None],
    }
