"""Our network against the published one: logits and gradients in fp32, errors in bf16."""

from __future__ import annotations

import copy
from pathlib import Path

import pytest
import torch

from tests.model.reference import draw_case, draw_inputs, ours, reference_model, saved

SEEDS = range(20)


@pytest.mark.parametrize("seed", SEEDS)
def test_logits_and_gradients_in_fp32(seed: int, tmp_path: Path) -> None:
    case = draw_case(seed)
    reference = reference_model(case, seed)
    model, inputs = ours(saved(reference, tmp_path)), draw_inputs(case, seed)
    theirs = reference(inputs.ids_BT, **inputs.theirs).logits
    mine = model(inputs.ids_BT, pictures=inputs.pictures)
    assert (mine - theirs).abs().max() < 1e-4
    theirs.square().mean().backward()
    mine.square().mean().backward()
    gradients = {name: p.grad for name, p in reference.named_parameters()}
    for name, parameter in model.named_parameters():
        expected = gradients[name]
        if expected is None:
            assert parameter.grad is None or not parameter.grad.any(), name
            continue
        assert parameter.grad is not None, name
        error = (parameter.grad - expected).norm() / expected.norm().clamp(min=1e-12)
        # An expert that no token chose has no gradient in either, and a router that chooses one expert only rounding noise.
        assert error < 1e-3 or expected.norm() < 1e-8, (name, float(error))


@pytest.mark.parametrize("seed", SEEDS)
def test_bf16_errors_are_no_larger_than_the_reference_s(seed: int, tmp_path: Path) -> None:
    """Error of bf16 logits against the fp32 result, mean per token, over eight inputs. Where a router's choice flips in
    bf16 the error is that of other experts and no rounding noise, so for mixtures the tokens' median is compared."""
    case = draw_case(seed)
    reference = reference_model(case, seed)
    saved(reference, tmp_path)
    exact, model = ours(tmp_path), ours(tmp_path, torch.bfloat16)
    # What its from_pretrained keeps in float32 stays so.
    low = copy.deepcopy(reference).to(torch.bfloat16)
    for (name, a), b in zip(reference.named_parameters(), low.parameters(), strict=True):
        if name.endswith(("residual_gate.gate", "mlp.gate.weight")):
            b.data = a.data.clone()
    for (name, a), b in zip(reference.named_buffers(), low.buffers(), strict=True):
        if "e_score_correction_bias" in name or "freq" in name:
            b.data = a.data.clone()
    mine, theirs = [], []
    with torch.no_grad():
        for number in range(8):
            inputs = draw_inputs(case, number)
            truth = exact(inputs.ids_BT, pictures=inputs.pictures)
            pictures = inputs.pictures
            if pictures is not None:
                pictures = pictures.with_pixels(pictures.pixels_RSP.to(torch.bfloat16))
            given = {k: v.to(torch.bfloat16) if k == "pixel_values" else v for k, v in inputs.theirs.items()}
            mine.append((model(inputs.ids_BT, pictures=pictures) - truth).abs().mean(-1).flatten())
            theirs.append((low(inputs.ids_BT, **given).logits.float() - truth).abs().mean(-1).flatten())
    my_errors, their_errors = torch.cat(mine), torch.cat(theirs)
    assert my_errors.median() <= their_errors.median()
    if "sparse" not in case.text.get("mlp_layer_types", ()):
        assert my_errors.mean() <= their_errors.mean()


def test_the_drawn_cases_cover_what_they_should() -> None:
    cases = [draw_case(seed) for seed in SEEDS]
    spark = [c for c in cases if c.kind == "muse_spark"]
    mixtures = {frozenset(c.text["mlp_layer_types"]) for c in spark}
    assert mixtures == {frozenset({"dense"}), frozenset({"sparse"}), frozenset({"dense", "sparse"})}
    assert len(cases) - len(spark) >= 3, "Glimmer"
    kv = {(c.text["num_key_value_heads"], c.text["num_attention_heads"]) for c in cases}
    assert any(a == 1 for a, _ in kv)
    assert any(a == b for a, b in kv)
    windows = [(c.tokens, c.text["sliding_window"]) for c in cases]
    assert any(t < w for t, w in windows)
    assert any(t == w for t, w in windows)
    assert any(t > w for t, w in windows)
    grids = [grid for c in cases for row in c.grids for grid in row]
    assert any(h != w for h, w in grids)
    assert any(len(row) >= 2 for c in cases for row in c.grids), "several in one sequence"
    assert any(not row for c in cases for row in c.grids if any(c.grids)), "a row without beside one with"
    assert any(not any(c.grids) for c in cases), "no picture at all"
    assert any(max(h, w) > c.vision["pos_emb_height"] for c in cases for row in c.grids for h, w in row), (
        "several windows"
    )
    assert any(0 in c.text.get("layer_rope_theta", ()) for c in cases), "NoPE layers"
    for switch in ("qk_scale_factor", "output_multiplier", "final_logit_softcapping", "attention_bias", "rms_norm_eps",
                   "post_norm_eps"):  # fmt: skip
        assert len({c.text[switch] for c in cases}) == 2, switch
    for switch in ("routed_scaling_factor", "residual_gate_temperature", "hidden_act", "num_experts_per_tok"):
        assert len({c.text[switch] for c in spark}) == 2, switch
    seen = [c for c in cases if any(c.grids)]
    for switch in ("layer_norm_eps", "pos_emb_width", "patch_size", "patch_temporal", "hidden_act"):
        assert len({c.vision[switch] for c in seen}) == 2, switch
    assert {c.vision["merge_size"] for c in seen} == {1, 2, 3}
    assert len({c.vision["rope_parameters"]["rope_theta"] for c in seen}) == 2
    assert {kind for c in seen for kind in c.vision.get("layer_types", ())} == {"full_attention", "window_attention"}
    assert {c.text["rope_parameters"]["rope_type"] for c in cases} == {"default", "linear", "llama3", "yarn"}
    yarn = [c.text["rope_parameters"] for c in cases if c.text["rope_parameters"]["rope_type"] == "yarn"]
    assert {"original_max_position_embeddings" in parameters for parameters in yarn} == {True, False}
