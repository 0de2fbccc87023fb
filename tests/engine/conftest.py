"""Two tiny engines: one with random weights, one that has learned a few conversations by heart."""

from __future__ import annotations

import random

import numpy as np
import pytest
import torch
from PIL import Image

from favilla.chat.encode import encode_chat
from favilla.chat.images import ImageProcessor
from favilla.chat.messages import ImagePart, Message
from favilla.chat.tokenizer import Tokenizer, train_tokenizer
from favilla.engine.generate import Engine
from favilla.engine.request import Request
from favilla.engine.sampling import sample
from favilla.model import MuseSpark, SparkConfig, TextConfig, VisionConfig, initialise, pack_pictures

WORDS = ["What is 12+34?", "12+34: 2+4=6, 1+3=4, so 46.", "Which colour? The picture is red.", "Größe: 5 µm 🙂 你好"]
# Long enough that the window (16) is left behind while thinking.
THOUGHT = "12+34: 2+4=6, 1+3=4, so 46. Check: 46-34=12, and 12 is what it was."
WINDOW, CONTEXT = 16, 256


def user(*parts: str | Image.Image) -> tuple[Message, ...]:
    return (Message("user", tuple(part if isinstance(part, str) else ImagePart(part) for part in parts)),)


def noise(seed: int, width: int, height: int) -> Image.Image:
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    return Image.fromarray(pixels)


GREEN = Image.new("RGB", (56, 84), "green")
RED, BLUE = Image.new("RGB", (56, 28), "red"), Image.new("RGB", (28, 56), "blue")
SUM, COLOUR = "What is 12+34?", "Which colour?"
# (prompt, effort, what the assistant says)
LEARNED = [
    (user(SUM), "high", Message("assistant", ("46",), thinking=THOUGHT)),
    (user(SUM), "low", Message("assistant", ("46",))),
    (user(RED, COLOUR), "low", Message("assistant", ("red 🙂 <|loc_12|><|loc_34|>",))),
    (user(BLUE, COLOUR), "low", Message("assistant", ("blue 🙂 (123, 456)",))),
    (user(BLUE, GREEN, COLOUR), "low", Message("assistant", ("(500, 250)",))),
    (user(GREEN, COLOUR), "low", Message("assistant", ("(100, 200, 600, 900)",))),
]


def make_config(tokenizer: Tokenizer, window: int = WINDOW) -> SparkConfig:
    return SparkConfig(
        text=TextConfig(
            vocab_size=tokenizer.vocab_size + 5, hidden_size=64, intermediate_size=96, num_hidden_layers=4,
            num_attention_heads=4, num_key_value_heads=2, head_dim=16, sliding_window=window,
            max_position_embeddings=CONTEXT, mlp_layer_types=["dense", "sparse", "dense", "dense"], num_local_experts=4,
            num_experts_per_tok=2, moe_hidden_size=32, moe_intermediate_size=32, output_multiplier=2.0,
            qk_scale_factor=2.0, initializer_range=0.1,
        ),
        vision=VisionConfig(
            hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=2, pos_emb_height=4,
            pos_emb_width=4,
        ),
        image_token_id=tokenizer.id("<|patch|>"), projector_hidden_size=48,
    )  # fmt: skip


def make_tokenizer() -> Tokenizer:
    return train_tokenizer([*WORDS, THOUGHT, "assistant to=self to=user"] * 20, 512)


@pytest.fixture(scope="session")
def tokenizer() -> Tokenizer:
    return make_tokenizer()


def make_engine(tokenizer: Tokenizer) -> Engine:
    model = MuseSpark(make_config(tokenizer))
    initialise(model, 1)
    return Engine(model.eval(), tokenizer, ImageProcessor(max_image_tokens=16))


@pytest.fixture(scope="session")
def wild(tokenizer: Tokenizer) -> Engine:
    """Random weights: says anything."""
    return make_engine(tokenizer)


@pytest.fixture(scope="session")
def trained(tokenizer: Tokenizer) -> Engine:
    return make_trained(tokenizer)


def make_trained(tokenizer: Tokenizer) -> Engine:
    """Knows LEARNED by heart."""
    engine = make_engine(tokenizer)
    chats = [
        encode_chat(tokenizer, engine.processor, (*prompt, answer), effort=effort) for prompt, effort, answer in LEARNED
    ]
    length = max(len(chat.ids) for chat in chats)
    ids, segments, targets = (torch.zeros(len(chats), length, dtype=torch.long) for _ in range(3))
    for row, chat in enumerate(chats):
        ids[row, : len(chat.ids)], segments[row, : len(chat.ids)] = torch.tensor(chat.ids), 1
        targets[row, : len(chat.ids)] = torch.tensor(chat.targets)
    pictures = pack_pictures([(engine.processor.normalise(p), grid) for chat in chats for p, grid in chat.pictures])
    learned = targets[:, 1:] == 1
    optimiser = torch.optim.AdamW(engine.model.parameters(), lr=3e-3)
    for _ in range(150):
        logits = engine.model(ids, pictures=pictures, segments_BT=segments)[:, :-1]
        loss = torch.nn.functional.cross_entropy(logits[learned], ids[:, 1:][learned])
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        if loss < 0.005:
            break
    assert loss < 0.05
    return engine


@torch.inference_mode()
def slow(engine: Engine, request: Request, index: int) -> tuple[list[int], list[float]]:
    """Sample number `index` of a request without cache or batch: the whole sequence anew for every token."""
    prompt = encode_chat(
        engine.tokenizer, engine.processor, request.messages, effort=request.effort, generation_prompt=True
    )
    packed = [(engine.processor.normalise(patches), grid) for patches, grid in prompt.pictures]
    pictures = pack_pictures(packed) if packed else None
    rng = random.Random(f"{request.seed}/{index}")
    ids, logprobs = list(prompt.ids), []
    for _ in range(request.max_new_tokens):
        logits_V = engine.model(torch.tensor([ids]), pictures=pictures)[0, -1]
        settings = [torch.tensor([v]) for v in (request.temperature, request.top_p, rng.random())]
        token, _ = sample(logits_V[None], *settings, engine.banned_V)
        ids.append(int(token))
        logprobs.append(float(logits_V.log_softmax(0)[token]))
        if ids[-1] in engine.control.stops:
            break
    return ids[len(prompt.ids) :], logprobs
