"""Rotary frequencies of the text backbone, with the published ways of stretching a trained context."""

from __future__ import annotations

import math
from typing import Any

import torch

from favilla.errors import UserError


def rope_frequencies(parameters: dict[str, Any], head_dim: int, max_positions: int) -> tuple[torch.Tensor, float]:
    """Angular frequencies (head_dim/2, radians per token) and the factor on cos and sin.

    `parameters` is the config's `rope_parameters`. Types: default (Su et al. 2021), linear (Chen et al. 2023),
    llama3 (Llama 3.1), yarn (Peng et al. 2023). Raises UserError for another type, and for parameters that are missing
    or give no finite frequencies.
    """
    try:
        frequency, scale = _frequencies(parameters, head_dim, max_positions)
    except KeyError as error:
        raise UserError(f"config: rope_parameters {parameters}: {error} is missing") from None
    except (TypeError, ValueError, ArithmeticError) as error:
        raise UserError(f"config: rope_parameters {parameters} cannot be computed with ({error})") from None
    if not (frequency.isfinite().all() and math.isfinite(scale)):
        raise UserError(f"config: rope_parameters {parameters} give no finite frequencies")
    return frequency, scale


def _frequencies(parameters: dict[str, Any], head_dim: int, max_positions: int) -> tuple[torch.Tensor, float]:
    theta, kind = float(parameters["rope_theta"]), parameters.get("rope_type", "default")
    frequency = theta ** -(torch.arange(0, head_dim, 2, dtype=torch.float32, device="cpu") / head_dim)
    if kind == "default":
        return frequency, 1.0
    if kind == "linear":
        return frequency / parameters["factor"], 1.0
    if kind == "llama3":
        return _llama3(frequency, parameters, max_positions), 1.0
    if kind == "yarn":
        return _yarn(frequency, parameters, theta, head_dim, max_positions)
    raise UserError(f"config: rope_type {kind!r} is not supported; use default, linear, llama3 or yarn")


def _trained(parameters: dict[str, Any], max_positions: int) -> int:
    """Positions that a model was trained at before its context was stretched; by default, as for `transformers`, all."""
    return parameters.get("original_max_position_embeddings") or max_positions


def _llama3(frequency: torch.Tensor, parameters: dict[str, Any], max_positions: int) -> torch.Tensor:
    """Long wavelengths are stretched by `factor`, short ones kept, those between blended."""
    factor, low, high = parameters["factor"], parameters["low_freq_factor"], parameters["high_freq_factor"]
    turns = _trained(parameters, max_positions) * frequency / (2 * math.pi)
    keep = ((turns - low) / (high - low)).clamp(0, 1)
    return keep * frequency + (1 - keep) * frequency / factor


def _yarn(
    frequency: torch.Tensor, parameters: dict[str, Any], theta: float, dim: int, max_positions: int
) -> tuple[torch.Tensor, float]:
    """NTK-by-parts: dimensions that turn often are kept, those that turn rarely are interpolated."""
    trained = _trained(parameters, max_positions)
    factor = parameters.get("factor") or max_positions / trained

    def dimension_of(turns: float) -> float:
        return dim * math.log(trained / (turns * 2 * math.pi)) / (2 * math.log(theta))

    low = dimension_of(parameters.get("beta_fast") or 32)
    high = dimension_of(parameters.get("beta_slow") or 1)
    if parameters.get("truncate", True):
        low, high = math.floor(low), math.ceil(high)
    low, high = max(low, 0), min(high, dim - 1)
    width = (high - low) or 0.001
    interpolate = ((torch.arange(dim // 2, dtype=torch.float32, device="cpu") - low) / width).clamp(0, 1)
    stretched = interpolate * frequency / factor + (1 - interpolate) * frequency

    def temperature(weight: float) -> float:
        return 1.0 if factor <= 1 else 0.1 * weight * math.log(factor) + 1.0

    scale = parameters.get("attention_factor")
    if scale is None:
        numerator, denominator = parameters.get("mscale"), parameters.get("mscale_all_dim")
        scale = temperature(1.0)
        if numerator and denominator:
            scale = temperature(numerator) / temperature(denominator)
    return stretched, float(scale)
