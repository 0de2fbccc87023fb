"""One folder, two readers: written by either, read by both; and folders that are wrong."""

from __future__ import annotations

import copy
import json
import os
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
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


def test_an_index_of_earlier_shards_does_not_count(tmp_path: Path) -> None:
    case = draw_case(4)
    saved(reference_model(case, 1), tmp_path, max_shard_size="100KB")
    latest = saved(reference_model(case, 2), tmp_path)
    assert (latest / "model.safetensors.index.json").exists()
    assert torch.equal(ours(latest).lm_head.weight, reread(case, latest).lm_head.weight)


def test_tied_embeddings_are_read_and_untied(tmp_path: Path) -> None:
    case = draw_case(4)
    untied = reference_model(case)
    assert case.kind == "muse_glimmer"
    config = copy.deepcopy(untied.config)
    config.tie_word_embeddings = True
    saved(type(untied)(config), tmp_path / "theirs")
    assert "lm_head.weight" not in load_file(tmp_path / "theirs" / "model.safetensors")
    reference, model, inputs = reread(case, tmp_path / "theirs"), ours(tmp_path / "theirs"), draw_inputs(case)
    with torch.no_grad():
        theirs = reference(inputs.ids_BT, **inputs.theirs).logits
        assert (model(inputs.ids_BT, pictures=inputs.pictures) - theirs).abs().max() < 1e-4
        model.lm_head.weight += 1
    save_model(model, tmp_path / "ours")
    back = reread(case, tmp_path / "ours")
    assert torch.equal(back.lm_head.weight, model.lm_head.weight)
    embedding = model.model.language_model.embed_tokens.weight
    assert torch.equal(back.model.language_model.embed_tokens.weight, embedding)
    assert not torch.equal(embedding, model.lm_head.weight)


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


@pytest.mark.parametrize(
    ("section", "key", "value", "says"),
    [
        *(("text", "rope_parameters", value, says) for value, says in (
            ({}, "rope_theta"), ("default", "rope_parameters"), ([1], "rope_parameters"),
            ({"rope_theta": "x"}, "rope_theta is 'x'"), ({"rope_theta": 0}, "rope_theta is 0"),
            ({"rope_theta": float("nan")}, "rope_theta is nan"), ({"rope_theta": 10**400}, "rope_theta is 1000"),
            ({"rope_type": "dynamic", "rope_theta": 100.0}, "rope_type"),
            ({"rope_type": "linear", "rope_theta": 100.0}, "'factor' is missing"),
            ({"rope_type": "linear", "rope_theta": 100.0, "factor": 0}, "no finite"),
            ({"rope_type": "linear", "rope_theta": 100.0, "factor": "2"}, "cannot be computed"),
            ({"rope_type": "llama3", "rope_theta": 100.0}, "'factor' is missing"),
            ({"rope_type": "yarn", "rope_theta": 1.0, "original_max_position_embeddings": 8}, "cannot be computed"),
        )),
        ("vision", "rope_parameters", {"rope_type": "axial"}, "rope_theta"),
        ("vision", "rope_parameters", {"rope_type": "yarn", "rope_theta": 100.0}, "axial"),
        ("text", "layer_types", ["full_attention", "flash_attention"], "'flash_attention'"),
        ("text", "layer_types", 2, "layer_types has 2"),
        ("vision", "layer_types", ["sliding_attention"], "'sliding_attention'"),
        ("text", "mlp_layer_types", ["dense", "dens"], "'dens'"),
        ("text", "layer_rope_theta", [0, "500000"], "'500000'"),
        ("text", "layer_rope_theta", [0, -1.0], "-1.0"),
        ("text", "num_hidden_layers", 10**9, "num_hidden_layers is 1000000000"),
        ("vision", "num_hidden_layers", 10**40, "give 4096 at most"),
        ("text", "vocab_size", 10**18, "overflow"),
        ("text", "vocab_size", 10**40, "verflow"),
        ("text", "final_logit_softcapping", 0, "above 0"),
        ("text", "residual_gate_temperature", 0.0, "above 0"),
        ("text", "rms_norm_eps", float("nan"), "rms_norm_eps is nan"),
        ("text", "post_norm_eps", 0, "above 0"),
        ("vision", "layer_norm_eps", float("inf"), "layer_norm_eps is inf"),
        ("text", "qk_scale_factor", float("inf"), "qk_scale_factor is inf"),
        ("text", "output_multiplier", 10**60, "output_multiplier is 1000"),
        ("vision", "pos_emb_width", 3, "pos_emb_width 3"),
    ],
)  # fmt: skip
def test_impossible_configs_are_refused_in_one_line(
    tmp_path: Path, section: str, key: str, value: Any, says: str
) -> None:
    save_model(fresh(), tmp_path)
    config = tmp_path / "config.json"
    raw = json.loads(config.read_text())
    raw[f"{section}_config"][key] = value
    config.write_text(json.dumps(raw))
    with pytest.raises(UserError, match=re.escape(says)) as caught:
        load_model(tmp_path)
    assert "\n" not in str(caught.value) and str(config) in str(caught.value)


@pytest.mark.parametrize("kind", CLASSES)
@pytest.mark.parametrize(
    "text",
    [
        {}, {"rope_parameters": None}, {"rope_theta": 300.0}, {"rope_parameters": {"rope_theta": 300.0}},
        {"rope_parameters": {"rope_type": "default"}, "rope_theta": 300.0},
        {"rope_parameters": {"type": "linear", "factor": 2.0, "rope_theta": 300.0}},
        {"rope_theta": 300.0, "rope_scaling": {"type": "linear", "factor": 2.0}},
        {"rope_theta": 300.0, "rope_scaling": None},
    ],
)  # fmt: skip
def test_rotary_parameters_under_earlier_names(kind: str, text: dict[str, Any]) -> None:
    theirs = CLASSES[kind].config_class(text_config=copy.deepcopy(text)).text_config
    ours = SparkConfig.from_dict({"model_type": kind, "text_config": text})
    for name, value in theirs.rope_parameters.items():
        assert name == "type" or ours.text.rope_parameters[name] == value
    assert ours.text.layer_rope_theta == theirs.layer_rope_theta
    again = SparkConfig.from_dict(ours.to_dict())
    assert again.text.rope_parameters == ours.text.rope_parameters


def test_whole_numbers_are_written_as_theirs_reads_them(tmp_path: Path) -> None:
    """As a recipe may say them; theirs wants a fraction where the default is one."""
    save_model(fresh(final_logit_softcapping=20, residual_gate_temperature=1, attention_dropout=0), tmp_path)
    theirs = MuseSparkForConditionalGeneration.config_class.from_pretrained(tmp_path).text_config
    assert (theirs.final_logit_softcapping, theirs.residual_gate_temperature, theirs.attention_dropout) == (20, 1, 0)


def test_more_experts_a_token_than_there_are_is_refused() -> None:
    with pytest.raises(UserError, match="9 experts per token of 8"):
        fresh(mlp_layer_types=["dense", "sparse"], num_local_experts=8, num_experts_per_tok=9)


@pytest.mark.parametrize("kind", CLASSES)
def test_heads_that_transformers_refuses_are_not_built(kind: str) -> None:
    """Theirs wants a hidden size that its heads divide, whatever head_dim says."""
    theirs = CLASSES[kind].config_class
    text = {"hidden_size": 32, "num_attention_heads": 3, "num_key_value_heads": 1, "head_dim": 16}
    with pytest.raises(Exception, match="not a multiple"):
        theirs(text_config=text)
    with pytest.raises(UserError, match="no multiple of 3 attention heads"):
        SparkConfig.from_dict({"model_type": kind, "text_config": text})
    SparkConfig.from_dict({"model_type": kind, "text_config": {**text, "num_attention_heads": 4}})


@pytest.mark.parametrize(
    "name", [5, None, "../model.safetensors", "/etc/passwd", "sub/model.safetensors", "..", "x" * 300]
)
def test_an_index_names_files_of_its_folder(tmp_path: Path, name: Any) -> None:
    folder = tmp_path / "model"
    save_model(fresh(), folder)
    shutil.move(folder / "model.safetensors", tmp_path)
    (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": {"lm_head.weight": name}}))
    with pytest.raises(UserError, match=r"name of a file|no such file"):
        load_model(folder)


def test_weights_that_are_no_floating_point_are_refused(tmp_path: Path) -> None:
    save_model(fresh(), tmp_path)
    tensors = load_file(tmp_path / "model.safetensors")
    tensors["lm_head.weight"] = tensors["lm_head.weight"].to(torch.int8)
    save_file(tensors, tmp_path / "model.safetensors")
    with pytest.raises(UserError, match=r"lm_head.weight has values of type int8"):
        load_model(tmp_path)


def test_json_that_is_nested_too_deep_is_refused(tmp_path: Path) -> None:
    save_model(fresh(), tmp_path)
    (tmp_path / "config.json").write_text("[" * 200_000)
    with pytest.raises(UserError, match="cannot be read as JSON"):
        load_model(tmp_path)


def test_weights_may_be_read_by_whom_the_umask_lets(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        save_model(fresh(), tmp_path)
    finally:
        os.umask(before)
    assert {path.name: path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {
        "config.json": 0o640, "model.safetensors": 0o640,
    }  # fmt: skip


def test_no_folder(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no such model folder"):
        load_model(tmp_path / "none")
