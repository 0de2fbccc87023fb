"""Checkpoint folders: Hugging Face folders of model type muse_spark or muse_glimmer, in and out.

Our module names are the published ones, so a state dict is a checkpoint as it stands.
"""

from __future__ import annotations

import hashlib
import json
import os
import warnings
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from favilla.atomic import write_atomically, written_aside
from favilla.errors import UserError
from favilla.model.config import SparkConfig
from favilla.model.spark import MuseSpark

WEIGHTS, INDEX = "model.safetensors", "model.safetensors.index.json"
AUDIO = "model.audio_tower."
EMBEDDING, HEAD = "model.language_model.embed_tokens.weight", "lm_head.weight"
# The reference keeps these in float32 in every checkpoint.
FLOAT32 = ("residual_gate.gate", "mlp.gate.weight", "e_score_correction_bias")


def read_json(path: Path) -> dict:
    """A JSON object from a file; UserError in one line when it is missing or broken."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UserError(f"{path}: no such file; a model folder needs it") from None
    except (json.JSONDecodeError, UnicodeDecodeError, OSError, RecursionError) as error:
        raise UserError(f"{path}: cannot be read as JSON ({error})") from None
    if not isinstance(content, dict):
        raise UserError(f"{path}: holds a {type(content).__name__}, not a JSON object")
    return content


def load_config(folder: str | Path) -> SparkConfig:
    path = Path(folder) / "config.json"
    return SparkConfig.from_dict(read_json(path), str(path))


def skeleton(config: SparkConfig, where: Path | str) -> MuseSpark:
    """The model of a config, without memory for its weights. Raises UserError, naming where the config stands, for sizes that
    no tensor can have, and what else only shows when it is built."""
    try:
        with torch.device("meta"):
            return MuseSpark(config)
    except UserError as error:
        raise UserError(f"{where}: {str(error).removeprefix('config: ')}") from None
    except (RuntimeError, TypeError, OverflowError) as error:
        reason = str(error).partition("\n")[0]
        raise UserError(f"{where}: no model can be built from it ({reason}); mend its sizes") from None


@torch.inference_mode(
    False
)  # whoever loads it: weights made in that mode could not be trained, nor their changes counted
def load_model(
    folder: str | Path, dtype: torch.dtype = torch.float32, device: torch.device | str = "cpu"
) -> tuple[MuseSpark, SparkConfig]:
    """Read a folder into a model in evaluation mode.

    Raises UserError when files are missing or broken, or when weights and config disagree. Tied embeddings become two
    matrices. Weights of an audio tower are carried along untouched, with a notice: this model answers about text and
    pictures.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise UserError(f"{folder}: no such model folder")
    config = load_config(folder)
    model = skeleton(config, folder / "config.json")
    expected = model.state_dict()
    weights: dict[str, torch.Tensor] = {}
    for path in weight_files(folder):
        try:
            with safe_open(path, framework="pt") as file:
                for name in file.keys():  # noqa: SIM118 (not a dict)
                    weights[name] = file.get_tensor(name)
        except (SafetensorError, OSError) as error:
            raise UserError(f"{path}: weights are damaged or incomplete ({error}); fetch the file again") from None
    model.carried = {name: weights.pop(name) for name in list(weights) if name.startswith(AUDIO)}
    if model.carried:
        warnings.warn(
            f"{folder}: has an audio tower, which is not used; text and pictures are answered, audio and video are not",
            stacklevel=2,
        )
    if config.tied and EMBEDDING in weights:
        weights.setdefault(HEAD, weights[EMBEDDING].clone())
    _compare(expected, weights, folder)
    for name, tensor in weights.items():
        keep = any(name.endswith(end) for end in FLOAT32)
        weights[name] = tensor.to(device, torch.float32 if keep else dtype)
    model.load_state_dict(weights, assign=True)
    return model.to(device).eval(), config


def weight_files(folder: Path) -> list[Path]:
    """The safetensors files of a folder: one, else the shards that its index names. As in `transformers`, which leaves the
    index of earlier shards beside the one file that it saves."""
    if (folder / INDEX).exists() and not (folder / WEIGHTS).exists():
        shards = read_json(folder / INDEX).get("weight_map")
        if not isinstance(shards, dict):
            raise UserError(f"{folder / INDEX}: has no weight_map")
        for name in shards.values():
            if not isinstance(name, str) or Path(name).name != name:
                raise UserError(f"{folder / INDEX}: {name!r} is no name of a file in its folder")
        files = [folder / name for name in sorted(set(shards.values()))]
    else:
        files = [folder / WEIGHTS]
    for path in files:
        if not os.path.isfile(path):  # unlike Path.is_file it takes any name, however long
            raise UserError(f"{path}: no such file; the folder's weights are incomplete")
    return files


def weights_fingerprint(folder: str | Path) -> str:
    """A short fingerprint of a folder's weights: same text, same model."""
    digest = hashlib.sha256()
    for path in weight_files(Path(folder)):
        with path.open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()[:16]


def _compare(expected: dict[str, torch.Tensor], weights: dict[str, torch.Tensor], folder: Path) -> None:
    missing, unknown = expected.keys() - weights.keys(), weights.keys() - expected.keys()
    if missing or unknown:
        name = min(missing or unknown)
        raise UserError(
            f"{folder}: config.json and weights disagree: {len(missing)} tensors missing, {len(unknown)} not expected "
            f"(first: {name}); use the config that belongs to these weights"
        )
    for name, tensor in expected.items():
        if tensor.shape != weights[name].shape:
            raise UserError(
                f"{folder}: config.json and weights disagree on {name}: config says {tuple(tensor.shape)}, "
                f"file has {tuple(weights[name].shape)}; use the config that belongs to these weights"
            )
        if not weights[name].is_floating_point():
            raise UserError(
                f"{folder}: {name} has values of type {str(weights[name].dtype).removeprefix('torch.')}; only floating "
                "point is read, so fetch the weights unquantised"
            )


def save_model(model: MuseSpark, folder: str | Path) -> None:
    """Write config.json and model.safetensors, each aside and then renamed. Raises UserError when they cannot be written."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    content = model.config.to_dict()
    content["dtype"] = str(model.lm_head.weight.dtype).removeprefix("torch.")
    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in model.state_dict().items()}
    with written_aside(folder / WEIGHTS) as aside:
        aside.touch()
        mode = aside.stat().st_mode
        save_file({**tensors, **model.carried}, aside, metadata={"format": "pt"})
        aside.chmod(mode)  # as the user's umask says, which safetensors passes over
    # An index left from a sharded folder would point at files that are no longer the model.
    (folder / INDEX).unlink(missing_ok=True)
    write_atomically(folder / "config.json", json.dumps(content, indent=2) + "\n")
