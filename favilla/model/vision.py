"""The vision tower: a NaViT-style encoder of any aspect ratio, window and full layers, axial positions, 2 x 2 merge.

Pictures are packed into rows, as documents are: attention never crosses a picture. Inside a picture the patches
stand block by block (merge x merge patches together), so merging is a reshape.

Shape suffixes: R rows, S patches in a row, P values in a patch, C tower width, M image tokens, D text hidden size.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import nn

from favilla.model.config import SparkConfig, VisionConfig
from favilla.model.functional import Linear, activation, attention, linear, rotate

NEIGHBOURS = ((1, 0), (-1, 0), (0, 1), (0, -1))  # (columns, rows) away


@dataclass(frozen=True)
class PackedPictures:
    """Pictures packed into R rows of S patches.

    pixels_RSP: normalised patch values (channels x patch x patch, frames identical) or with the temporal axis.
    row_RS, col_RS: a patch's place in its grid; height_RS, width_RS: that grid's size in patches.
    segment_RS: number of the picture within its row, from 1; 0 is padding.
    token_M: for the k-th image token, in picture order, its index into the flattened merged rows.
    """

    pixels_RSP: torch.Tensor
    row_RS: torch.Tensor
    col_RS: torch.Tensor
    height_RS: torch.Tensor
    width_RS: torch.Tensor
    segment_RS: torch.Tensor
    token_M: torch.Tensor

    def with_pixels(self, pixels_RSP: torch.Tensor) -> PackedPictures:
        return replace(self, pixels_RSP=pixels_RSP)

    def to(self, device: torch.device | str) -> PackedPictures:
        return PackedPictures(**{name: tensor.to(device) for name, tensor in vars(self).items()})


def block_order(height: int, width: int, merge: int) -> np.ndarray:
    """Raster indices of a grid's patches, merge x merge block by block."""
    index = np.arange(height * width).reshape(height // merge, merge, width // merge, merge)
    return index.transpose(0, 2, 1, 3).reshape(-1)


def pack_pictures(
    pictures: list[tuple[np.ndarray, tuple[int, int]]],
    row_length: int | None = None,
    rows: int | None = None,
    merge: int = 2,
) -> PackedPictures:
    """Pack `(patches (N, P) in raster order, (height, width))` first-fit into rows of `row_length` patches.

    Without `row_length`, rows are as long as the largest picture. With `rows`, exactly that many come back, padding
    included. Raises ValueError when a picture is longer than a row or the rows do not suffice.
    """
    if not pictures:
        raise ValueError("no pictures to pack")
    lengths = [height * width for _, (height, width) in pictures]
    row_length = row_length or max(lengths)
    if max(lengths) > row_length:
        raise ValueError(f"a picture of {max(lengths)} patches does not fit a row of {row_length}")
    free: list[int] = [] if rows is None else [row_length] * rows
    counts: list[int] = [0] * len(free)
    places = []
    for length in lengths:
        row = next((r for r, space in enumerate(free) if space >= length), None)
        if row is None:
            if rows is not None:
                raise ValueError(f"{sum(lengths)} patches do not fit {rows} rows of {row_length}")
            free.append(row_length)
            counts.append(0)
            row = len(free) - 1
        counts[row] += 1
        places.append((row, row_length - free[row], counts[row]))
        free[row] -= length

    first = pictures[0][0]
    pixels = np.zeros((len(free), row_length, first.shape[1]), dtype=first.dtype)
    grid = np.zeros((5, len(free), row_length), dtype=np.int64)
    tokens = []
    for (patches, (height, width)), (row, start, number) in zip(pictures, places, strict=True):
        order = block_order(height, width, merge)
        span = slice(start, start + len(order))
        pixels[row, span] = patches[order]
        grid[:, row, span] = np.stack(np.broadcast_arrays(order // width, order % width, height, width, number))
        first_token = (row * row_length + start) // merge**2
        tokens.append(np.arange(first_token, first_token + len(order) // merge**2))
    if row_length % merge**2:
        raise ValueError(f"rows of {row_length} patches cannot be merged {merge} x {merge}")
    row_RS, col_RS, height_RS, width_RS, segment_RS = map(torch.from_numpy, grid)
    token_M = torch.from_numpy(np.concatenate(tokens))
    return PackedPictures(torch.from_numpy(pixels), row_RS, col_RS, height_RS, width_RS, segment_RS, token_M)


class PatchEmbedder(nn.Module):
    """A linear map of the pixels plus a learned position table, resampled to each picture's grid."""

    def __init__(self, config: SparkConfig):
        super().__init__()
        v = config.vision
        self.patch_embedding = Linear(v.patch_temporal * 3 * v.patch_size**2, v.hidden_size, bias=False)
        self.position_embedding_table = nn.Embedding(v.pos_emb_height * v.pos_emb_width, v.hidden_size)
        self.side, self.frames = v.pos_emb_height, v.patch_temporal
        self.transposed = config.gated

    def forward(self, pictures: PackedPictures) -> torch.Tensor:
        weight = self.patch_embedding.weight
        if pictures.pixels_RSP.shape[-1] * self.frames == weight.shape[1]:
            # A picture is a film of identical frames, so the frames' weights add up.
            weight = weight.unflatten(1, (self.frames, -1)).sum(1)
        x_RSC = linear(pictures.pixels_RSP.to(weight.dtype), weight)
        share_RSN = self.shares(pictures).to(x_RSC.dtype)
        return x_RSC + share_RSN @ self.position_embedding_table.weight[: self.side**2].to(x_RSC.dtype)

    def shares(self, pictures: PackedPictures) -> torch.Tensor:
        """How much of every table entry each patch takes (R, S, side^2): bilinear between the four around it; entries
        that would lie outside of the table are zero."""
        row, col, height, width = pictures.row_RS, pictures.col_RS, pictures.height_RS, pictures.width_RS
        if self.transposed:
            # Muse Spark reads the table along the transposed grid: patch number n of an H x W picture stands
            # where number n of a W x H picture would. For square pictures and Muse Glimmer this is the identity's
            # transpose and the identity.
            number, height, width = row * width + col, width, height
            row, col = number // width.clamp(min=1), number % width.clamp(min=1)
        entry = torch.arange(self.side, device=row.device)
        down, across = (
            (1 - ((place + 0.5) * self.side / size.clamp(min=1) - 0.5)[..., None].sub(entry).abs()).clamp(min=0)
            for place, size in ((row, height), (col, width))
        )
        return (down[..., :, None] * across[..., None, :]).flatten(-2)


class VisionAttention(nn.Module):
    def __init__(self, config: VisionConfig):
        super().__init__()
        width = config.hidden_size
        self.q_proj, self.k_proj, self.v_proj = (Linear(width, width) for _ in range(3))
        self.proj = Linear(width, width)
        self.heads = config.num_attention_heads

    def forward(self, x_RSC: torch.Tensor, rope: tuple[torch.Tensor, torch.Tensor], mask: torch.Tensor):
        q, k, v = (
            proj(x_RSC).unflatten(-1, (self.heads, -1)).transpose(1, 2)
            for proj in (self.q_proj, self.k_proj, self.v_proj)
        )
        q, k = rotate(q.float(), *rope).to(v.dtype), rotate(k.float(), *rope).to(v.dtype)
        return self.proj(attention(q, k, v, mask).transpose(1, 2).flatten(2))


class VisionMLP(nn.Module):
    def __init__(self, config: VisionConfig):
        super().__init__()
        self.fc1 = Linear(config.hidden_size, config.intermediate_size)
        self.fc2 = Linear(config.intermediate_size, config.hidden_size)
        self.act = activation(config.hidden_act)

    def forward(self, x_RSC: torch.Tensor) -> torch.Tensor:
        return self.fc2(self.act(self.fc1(x_RSC)))


class VisionLayer(nn.Module):
    """Pre-norm transformer layer with LayerNorm."""

    def __init__(self, config: VisionConfig):
        super().__init__()
        self.norm1 = nn.LayerNorm(config.hidden_size, eps=1e-5)
        self.norm2 = nn.LayerNorm(config.hidden_size, eps=1e-5)
        self.attn = VisionAttention(config)
        self.mlp = VisionMLP(config)

    def forward(self, x_RSC: torch.Tensor, rope: tuple[torch.Tensor, torch.Tensor], mask: torch.Tensor):
        x_RSC = x_RSC + self.attn(self.norm1(x_RSC), rope, mask)
        return x_RSC + self.mlp(self.norm2(x_RSC))


class VisionTower(nn.Module):
    """Packed pictures in, merged features (R * S / merge^2, C * merge^2) out."""

    frequency: torch.Tensor

    def __init__(self, config: SparkConfig):
        super().__init__()
        v = config.vision
        self.config = v
        self.patch_embedder = PatchEmbedder(config)
        self.ln_pre = nn.LayerNorm(v.hidden_size, eps=v.layer_norm_eps)
        self.layers = nn.ModuleList(VisionLayer(v) for _ in range(v.num_hidden_layers))
        self.ln_post = nn.LayerNorm(v.hidden_size, eps=v.layer_norm_eps)
        spatial = v.hidden_size // v.num_attention_heads // 2
        # on the CPU even when the weights are laid out on the meta device first
        step = torch.arange(0, spatial, 2, dtype=torch.float32, device="cpu") / spatial
        frequency = float(v.rope_parameters["rope_theta"]) ** -step
        self.register_buffer("frequency", frequency, persistent=False)

    def forward(self, pictures: PackedPictures) -> torch.Tensor:
        # Axial rotary positions count from 1, columns before rows.
        place_RS2 = torch.stack([pictures.col_RS, pictures.row_RS], dim=-1) + 1
        angles = (place_RS2[..., None].float() * self.frequency.float()).flatten(-2)
        angles_R1SK = torch.cat([angles, angles], dim=-1)[:, None]
        rope = angles_R1SK.cos(), angles_R1SK.sin()
        masks = self.masks(pictures)

        x_RSC = self.ln_pre(self.patch_embedder(pictures))
        for layer, kind in zip(self.layers, self.config.layer_types, strict=True):
            x_RSC = layer(x_RSC, rope, masks[kind])
        merge = self.config.merge_size**2
        # channel-major inside a merged token, as the reference's pixel shuffle leaves it
        return self.ln_post(x_RSC).reshape(-1, merge, x_RSC.shape[-1]).transpose(1, 2).flatten(1)

    def masks(self, pictures: PackedPictures) -> dict[str, torch.Tensor]:
        """Same picture, and for window layers the same square of `pos_emb_height` patches a side."""
        side = self.config.pos_emb_height
        segment = pictures.segment_RS
        same = segment[:, :, None] == segment[:, None, :]
        window = (pictures.row_RS // side) * 2**20 + pictures.col_RS // side
        return {
            "full_attention": same[:, None],
            "window_attention": (same & (window[:, :, None] == window[:, None, :]))[:, None],
        }


@torch.no_grad()
def look_at_neighbours(tower: VisionTower, generator: torch.Generator, sharpness: float = 5.0) -> None:
    """Let heads start by looking at the patch to the right, left, below and above, in turn, whatever is drawn there, and
    let what they see count: values and outputs start at the scale that keeps their variance.

    In the manner of convolutional starts of attention (d'Ascoli et al. 2021): with query and key biases alone the logit
    is `sharpness`^2 * sum over frequencies of cos(frequency * (offset - neighbour)), over the root of the head's width.
    """
    width = tower.frequency.numel() * 4
    for layer in tower.layers:
        assert isinstance(layer, VisionLayer)
        attn = layer.attn
        key_HK, query_HK = torch.zeros(2, attn.heads, width)
        for head in range(attn.heads):
            column, row = NEIGHBOURS[head % len(NEIGHBOURS)]
            angle = torch.cat([tower.frequency * column, tower.frequency * row])
            key_HK[head, : width // 2] = sharpness
            query_HK[head] = sharpness * torch.cat([angle.cos(), angle.sin()])
        attn.q_proj.bias.copy_(query_HK.flatten())
        attn.k_proj.bias.copy_(key_HK.flatten())
        for proj in (attn.v_proj, attn.proj):
            proj.weight.normal_(0, proj.in_features**-0.5, generator=generator)


class VisionAdapter(nn.Module):
    def __init__(self, config: SparkConfig):
        super().__init__()
        width, inner = config.vision.hidden_size * config.vision.merge_size**2, config.projector_hidden_size
        self.fc1 = Linear(width, inner, bias=False)
        self.fc2 = Linear(inner, inner, bias=False)
        self.act = activation(config.projector_hidden_act)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.act(self.fc2(self.act(self.fc1(x))))
