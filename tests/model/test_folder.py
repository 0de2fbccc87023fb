"""One folder, two readers: written by either, read by both; and folders that are wrong."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import MuseGlimmerForConditionalGeneration, MuseSparkForConditionalGeneration

from favilla.errors import UserError
from favilla.model import MuseSpark, SparkConfig, TextConfig, VisionConfig, initialise, load_model, save_model
from favilla.model.folder import FLOAT32
from tests.model.reference import Case, draw_case, draw_inputs, ours, reference_model, saved

CLASSES: dict[str, Any] = {
    "muse_spark": MuseSparkForConditionalGeneration, "muse_glimmer": MuseGlimmerForConditionalGeneration,
}  # fmt: skip


def reread(case: Case, folder: Path) -> torch.nn.Module:
    model, info = CLASSES[case.kind].from_pretrained(folder, output_loading_info=True)
    assert not any(info[key] for key in ("missing_keys", "unexpected_keys", "mismatched_keys")), info
    return model.eval()


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_theirs_to_ours_to_theirs(seed: int, dtype: torch.dtype, tmp_path: Path) -> None:
    case = draw_case(seed)
    reference = reference_model(case, seed)
    saved(reference, tmp_path / "theirs")
    save_model(ours(tmp_path / "theirs", dtype), tmp_path / "ours")
    back = reread(case, tmp_path / "ours")
    for (name, a), b in zip(reference.state_dict().items(), back.state_dict().values(), strict=True):
        expected = a if name.endswith(FLOAT32) else a.to(dtype).float()
        assert torch.equal(expected, b.float()), name
    if dtype == torch.float32:
        inputs = draw_inputs(case)
        with torch.no_grad():
            before, after = (m(inputs.ids_BT, **inputs.theirs).logits for m in (reference, back))
        torch.testing.assert_close(after, before, atol=1e-5, rtol=1e-5)
    saved(back, tmp_path / "again")
    first, second = ours(tmp_path / "theirs", dtype).state_dict(), ours(tmp_path / "again", dtype).state_dict()
    assert all(torch.equal(first[name], second[name]) for name in first)


def fresh(**text: Any) -> MuseSpark:
    config = SparkConfig(
        text=TextConfig(**{
            "vocab_size": 64, "hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2, "num_attention_heads": 2,
            "num_key_value_heads": 1, "head_dim": 16, "mlp_layer_types": ["dense"] * 2, **text,
        }),
        vision=VisionConfig(hidden_size=16, intermediate_size=24, num_hidden_layers=1, num_attention_heads=2,
                            pos_emb_height=4, pos_emb_width=4),
        image_token_id=9, projector_hidden_size=24,
    )  # fmt: skip
    model = MuseSpark(config)
    initialise(model, 0)
    return model.eval()


def test_a_folder_of_our_own_is_read_by_theirs(tmp_path: Path) -> None:
    """A model that never was theirs: no audio tower in the file, and one in their model."""
    model = fresh()
    save_model(model, tmp_path)
    theirs, info = MuseSparkForConditionalGeneration.from_pretrained(tmp_path, output_loading_info=True)
    assert not info["unexpected_keys"]
    assert not info["mismatched_keys"]
    assert all("audio" in key for key in info["missing_keys"])
    ids = torch.randint(10, 64, (2, 20))
    with torch.no_grad():
        assert (theirs.eval()(ids).logits - model(ids)).abs().max() < 1e-5


def test_shards_are_read_and_replaced(tmp_path: Path) -> None:
    case = draw_case(1)
    saved(reference_model(case), tmp_path, max_shard_size="100KB")
    assert len(list(tmp_path.glob("*.safetensors"))) > 1
    model = ours(tmp_path)
    save_model(model, tmp_path)
    again = ours(tmp_path)
    assert all(torch.equal(a, b) for a, b in zip(model.state_dict().values(), again.state_dict().values(), strict=True))


def test_an_audio_tower_is_noticed_and_kept(tmp_path: Path) -> None:
    case = draw_case(1)
    assert case.kind == "muse_spark"
    reference = reference_model(case)
    saved(reference, tmp_path / "theirs")
    with pytest.warns(UserWarning, match="audio") as caught:
        model, _ = load_model(tmp_path / "theirs")
    assert "\n" not in str(caught[0].message)
    save_model(model, tmp_path / "ours")
    back = reread(case, tmp_path / "ours")
    audio = {name: tensor for name, tensor in reference.state_dict().items() if "audio_tower" in name}
    assert audio
    assert all(torch.equal(tensor, back.state_dict()[name]) for name, tensor in audio.items())


def test_saving_leaves_nothing_half_written(tmp_path: Path) -> None:
    save_model(fresh(), tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["config.json", "model.safetensors"]


def broken(folder: Path, how: str) -> None:
    weights, config = folder / "model.safetensors", folder / "config.json"
    raw = json.loads(config.read_text())
    if how == "truncated":
        weights.write_bytes(weights.read_bytes()[:-1000])
    elif how == "header":
        weights.write_bytes(b"garbage")
    elif how == "empty":
        weights.write_bytes(b"")
    elif how == "no weights":
        weights.unlink()
    elif how == "no config":
        config.unlink()
    elif how == "no json":
        config.write_text("{")
    elif how == "list":
        config.write_text("[]")
    elif how == "other type":
        config.write_text(json.dumps({**raw, "model_type": "llama"}))
    elif how == "wider":
        config.write_text(json.dumps({**raw, "text_config": {**raw["text_config"], "intermediate_size": 64}}))
    elif how == "deeper":
        text = {**raw["text_config"], "num_hidden_layers": 3, "layer_types": None, "layer_rope_theta": None,
                "mlp_layer_types": ["dense"] * 3}  # fmt: skip
        config.write_text(json.dumps({**raw, "text_config": text}))
    elif how == "heads":
        config.write_text(
            json.dumps(
                {**raw, "text_config": {**raw["text_config"], "num_attention_heads": 3, "num_key_value_heads": 2}}
            )
        )
    elif how == "layers":
        config.write_text(json.dumps({**raw, "text_config": {**raw["text_config"], "layer_types": ["full_attention"]}}))
    elif how == "text":
        config.write_text(json.dumps({**raw, "text_config": "small"}))
    elif how == "number":
        config.write_text(json.dumps({**raw, "text_config": {**raw["text_config"], "hidden_size": "wide"}}))
    elif how == "shard":
        weights.unlink()
        (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": {"x": "none.safetensors"}}))


@pytest.mark.parametrize(
    "how",
    ["truncated", "header", "empty", "no weights", "no config", "no json", "list", "other type", "wider", "deeper", "heads",
     "layers", "text", "number", "shard"],
)  # fmt: skip
def test_wrong_folders_are_refused_in_one_line(how: str, tmp_path: Path) -> None:
    save_model(fresh(), tmp_path)
    broken(tmp_path, how)
    with pytest.raises(UserError) as caught:
        load_model(tmp_path)
    assert "\n" not in str(caught.value)


def test_no_folder(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no such model folder"):
        load_model(tmp_path / "none")
