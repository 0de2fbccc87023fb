"""What several rooms' tests share."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# Workers that each use all cores wait for one another. Set before anything imports torch.
if (workers := int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))) > 1:
    os.environ.setdefault("OMP_NUM_THREADS", str(max(1, (os.cpu_count() or 1) // workers)))

# How fast a machine is, and what else it does meanwhile, is no property of the code.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--no-skips", action="store_true", help="fail a test that skips itself (make test-all)")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo):
    report = yield
    if report.skipped and not hasattr(report, "wasxfail") and item.config.getoption("--no-skips"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome, report.longrepr = "failed", f"{item.nodeid} must not be skipped here: {reason}"
    return report


@pytest.fixture(scope="session")
def tiny_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model folder with random weights (about 0.2 M parameters, context 256, 36 image tokens a picture). Shared by
    all tests: copy it before changing anything in it."""
    from favilla.chat.images import ImageProcessor
    from favilla.chat.tokenizer import train_tokenizer
    from favilla.model import MuseSpark, SparkConfig, TextConfig, VisionConfig, initialise, save_model

    folder = tmp_path_factory.mktemp("tiny")
    lines = ["What is 12 + 34?", "Where is the Save button?", "There are 3 red circles.", "assistant to=self to=user"]
    tokenizer = train_tokenizer(lines * 20, 640)
    tokenizer.save(folder)
    ImageProcessor(max_image_tokens=36).save(folder)
    end, pad = tokenizer.id("<|eot|>"), tokenizer.pad_id
    config = SparkConfig(
        text=TextConfig(
            vocab_size=tokenizer.vocab_size, hidden_size=64, intermediate_size=96, num_hidden_layers=4,
            num_attention_heads=2, num_key_value_heads=1, head_dim=32, sliding_window=32, max_position_embeddings=256,
            mlp_layer_types=["dense"] * 4, output_multiplier=2.0,
        ),
        vision=VisionConfig(
            hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=2, pos_emb_height=8,
            pos_emb_width=8,
        ),
        image_token_id=tokenizer.id("<|patch|>"),
        projector_hidden_size=48,
        extra={"text_config": {"eos_token_id": end, "pad_token_id": pad, "bos_token_id": None}},
    )  # fmt: skip
    model = MuseSpark(config)
    initialise(model, 0)
    save_model(model, folder)
    generation = {"eos_token_id": end, "pad_token_id": pad, "do_sample": False}
    (folder / "generation_config.json").write_text(json.dumps(generation))
    return folder
