"""A tiny model that has learned how a turn looks, and a family that it can learn to solve."""

from __future__ import annotations

import random
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from favilla.chat.encode import encode_chat
from favilla.chat.images import ImageProcessor
from favilla.chat.messages import ImagePart, Message
from favilla.chat.tokenizer import Tokenizer
from favilla.model import load_model, save_model
from favilla.train.rl.pool import Entry, Pool
from favilla.train.rl.recipe import RLRecipe
from favilla.worlds.base import STYLES, Family, Problem, Solution, Split, Verdict

DIGITS = "0123456789"


class Echo(Family):
    """Level 1: a digit, to be said again. Level 2: its successor. Level 3: the digit stands beside a picture."""

    name, levels, pictures = "echo", 3, True

    def sample(self, rng: random.Random, level: int, split: Split) -> Problem:
        digit = rng.choice(DIGITS)
        answer = digit if level != 2 else str((int(digit) + 1) % 10)
        noise = np.random.default_rng(rng.getrandbits(32)).integers(0, 256, (56, 56, 3), dtype=np.uint8)
        prompt = (ImagePart(Image.fromarray(noise)), digit) if level == 3 else (digit,)
        solutions = {style: Solution("", answer) for style in STYLES}
        return Problem(
            self.name,
            level,
            split,
            prompt,
            answer,
            solutions,
            f"echo: {level} {digit}" + f" {noise.sum()}" * (level == 3),
        )

    def verify(self, problem: Problem, text: str, thinking: str = "") -> Verdict:
        digit = text.strip()
        read = digit if digit and digit in DIGITS else None
        return Verdict(read == problem.answer, read, digit, "think" if thinking else "direct")


@pytest.fixture(scope="session")
def taught(tiny_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of a model that answers a digit with some digit, often enough with the same, at times after a thought of
    some digits."""
    return teach(tiny_folder, tmp_path_factory.mktemp("taught"), {"high": 0.5})


@pytest.fixture(scope="session")
def taught_efforts(tiny_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same, thinking more often at high effort than at low."""
    return teach(tiny_folder, tmp_path_factory.mktemp("taught_efforts"), {"low": 0.3, "high": 0.7})


def teach(tiny_folder: Path, folder: Path, thinks: dict[str, float]) -> Path:
    """thinks: at each effort, the share of examples with a thought."""
    shutil.copytree(tiny_folder, folder, dirs_exist_ok=True)
    tokenizer, processor = Tokenizer.load(folder), ImageProcessor.load(folder)
    model, _ = load_model(folder)
    rng, asked = random.Random(0), random.Random(1)
    optimiser = torch.optim.AdamW(model.parameters(), lr=3e-3)
    torch.manual_seed(0)
    for _ in range(250):
        chats = []
        for _ in range(32):
            effort = asked.choice(list(thinks))
            thought = rng.random() < thinks[effort]
            thinking = "".join(rng.choice(DIGITS) for _ in range(rng.randint(1, 4))) if thought else None
            digit = rng.choice(DIGITS)
            answer = digit if rng.random() < 0.3 else rng.choice(DIGITS)
            turns = [Message("user", (digit,)), Message("assistant", (answer,), thinking=thinking)]
            chats.append(encode_chat(tokenizer, processor, turns, effort=effort))
        longest = max(len(chat.ids) for chat in chats)
        ids, targets, segments = (torch.zeros(len(chats), longest, dtype=torch.long) for _ in range(3))
        for row, chat in enumerate(chats):
            ids[row, : len(chat.ids)], targets[row, : len(chat.ids)] = (
                torch.tensor(chat.ids),
                torch.tensor(chat.targets),
            )
            segments[row, : len(chat.ids)] = 1
        logits = model(ids, segments_BT=segments, positions_BT=torch.arange(longest).expand_as(ids))[:, :-1]
        learned = targets[:, 1:] == 1
        loss = torch.nn.functional.cross_entropy(logits[learned], ids[:, 1:][learned])
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    save_model(model, folder)
    return folder


def small_recipe(**changes: Any) -> RLRecipe:
    """A few prompts a step; `changes` replace parts, key by key one level deep."""
    raw: dict[str, Any] = {
        "name": "small", "tasks": {"arithmetic": {"levels": [1]}},
        "rollout": {"prompts": 4, "samples": 4, "max_new_tokens": 12, "pool": 8},
        "optim": {"steps": 6, "warmup": 1, "muon_lr": 0.005, "adam_lr": 0.002},
        "run": {"rows": 2, "tokens": 96, "save_every": 2},
    }  # fmt: skip
    for part, values in changes.items():
        raw[part] = {**raw.get(part, {}), **values} if isinstance(values, dict) else values
    return RLRecipe.model_validate(raw)


def echo_pool(recipe: RLRecipe, levels: tuple[int, ...] = (1,)) -> Pool:
    entries = [Entry(Echo(), level, 1.0) for level in levels]
    return Pool(entries, recipe.effort_weights(), recipe.rollout.pool, recipe.seed, leave=recipe.rollout.leave)
