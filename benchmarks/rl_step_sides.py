"""The two sides of benchmarks/rl_step.py: a round of steps by `favilla rl`, and one by TRL's GRPOTrainer. No script of its own."""

from __future__ import annotations

import json
import re
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import transformers
from transformers.trainer_callback import PrinterCallback

from favilla.chat.encode import EncodedChat, encode_chat
from favilla.chat.images import ImageProcessor
from favilla.chat.tokenizer import EOM, EOT, MESSAGE, START, Tokenizer
from favilla.chat.wire import SPOKEN
from favilla.engine.generate import Engine
from favilla.model import MuseSpark
from favilla.train.rl.protocols import Prompt, Reward, Rollouts, Sample
from favilla.train.rl.recipe import RLRecipe, RolloutPart
from favilla.train.rl.rollout import banned, sampling_engine, verified
from favilla.train.rl.trainer import rl

EFFORT = "high"
RATE = 1e-5  # small: every step of a round shall sample from much the same policy
PAGE = 32  # tokens

_MESSAGE = re.compile(
    rf"(?:^|{re.escape(START)}assistant) to=(\S+?){re.escape(MESSAGE)}(.*?)(?={re.escape(EOM)}|{re.escape(EOT)}|{re.escape(START)}|\Z)",
    re.DOTALL,
)


@dataclass(frozen=True)
class Work:
    """One kind of work. prompts: those of all steps of a round. full: samples of exactly `tokens` tokens, not at most."""

    name: str
    folder: Path
    prompts: list[list[Prompt]]
    samples: int
    tokens: int
    full: bool

    @property
    def rollouts(self) -> int:
        """Samples a step."""
        return len(self.prompts[0]) * self.samples


@dataclass(frozen=True)
class Step:
    """Seconds by phase, tokens that were sampled, and those that were learned from."""

    rollout: float
    reward: float
    update: float
    sampled: int
    learned: int
    grad_norm: float

    @property
    def seconds(self) -> float:
        return self.rollout + self.reward + self.update


# --- ours


class Given:
    """`Prompts` that are known beforehand."""

    def __init__(self, steps: list[list[Prompt]]):
        self.steps = steps

    def draw(self, step: int, count: int) -> list[Prompt]:
        return self.steps[step]

    def learn(self, prompts: Sequence[Prompt], pass_rates: Sequence[float]) -> None:
        """Nobody leaves."""

    def state(self) -> dict[str, Any]:
        return {}

    def restore(self, state: dict[str, Any]) -> None:
        """There is none."""


def endless(part: RolloutPart) -> Callable[[MuseSpark, Tokenizer, ImageProcessor], Engine]:
    """What makes an engine that never ends a turn of itself."""

    def make(model: MuseSpark, tokenizer: Tokenizer, processor: ImageProcessor) -> Engine:
        engine = sampling_engine(part)(model, tokenizer, processor)
        engine.banned_V[list(engine.control.stops)] = True
        return engine

    return make


@dataclass(frozen=True)
class Mode:
    """sampler: weights that the engine samples with; autocast: the trainer computes in bfloat16; compiled: both sides of it."""

    sampler: str
    autocast: bool
    compiled: bool


OURS = {
    "float32": Mode("float32", False, False),
    "autocast": Mode("float32", True, False),
    "bfloat16": Mode("bfloat16", True, False),
    "compiled": Mode("float32", False, True),
    "compiled autocast": Mode("float32", True, True),
    "compiled bfloat16": Mode("bfloat16", True, True),
}


def recipe_of(work: Work, mode: str, importance: float) -> RLRecipe:
    """The defaults of a recipe wherever the comparison does not say otherwise."""
    m = OURS[mode]
    return RLRecipe.model_validate({
        "name": "rl-step", "tasks": {"arithmetic": {"levels": [1]}},  # not asked: prompts are given
        "rollout": {
            "prompts": len(work.prompts[0]), "samples": work.samples, "max_new_tokens": work.tokens, "sampler": m.sampler,
            "compiled": m.compiled,
        },
        "loss": {"algorithm": "reinforce", "filter": False, "importance": importance},
        "optim": {"steps": len(work.prompts), "warmup": 0, "muon_lr": RATE, "adam_lr": RATE},
        "run": {"autocast": m.autocast, "compile": m.compiled, "save_every": len(work.prompts)},
    })  # fmt: skip


def our_run(
    work: Work, mode: str, reward: Reward = verified, rollouts: Rollouts | None = None, importance: float = 2.0
) -> list[Step]:
    """The steps of a round, the first included."""
    recipe = recipe_of(work, mode, importance)
    with tempfile.TemporaryDirectory() as folder:
        rl(
            recipe, Path(folder), init=work.folder, prompts=Given(work.prompts), rollouts=rollouts, reward=reward,
            engine=endless(recipe.rollout) if work.full else None,
        )  # fmt: skip
        lines = [json.loads(line) for line in (Path(folder) / "metrics.jsonl").read_text().splitlines()]
    return [
        Step(
            line["seconds"]["rollout"], line["seconds"]["reward"], line["seconds"]["pack"] + line["seconds"]["update"],
            round(line["length"] * work.rollouts), round(line["tokens"]), line["grad_norm"],
        )
        for line in lines
    ]  # fmt: skip


# --- TRL's


def read_turn(text: str) -> tuple[str, str, bool]:
    """(answer, thinking, whether it has ended) of a well-formed turn: what follows `<|start|>assistant`, control tokens included.

    At once, as users of GRPOTrainer would do it: the engine's own reader, token by token, would slow the peer.
    """
    bodies = _MESSAGE.findall(text)
    answer = "".join(body for addressee, body in bodies if addressee in SPOKEN)
    return answer, "".join(body for addressee, body in bodies if addressee == "self"), text.endswith(EOT)


def their_reward(prompts: list[Prompt], reward: Reward, tokenizer: Tokenizer) -> Callable[..., list[float]]:
    """A reward function of TRL's that gives what `reward` gives each sample."""

    def judge(completion_ids: list[list[int]], number: list[int], **_: Any) -> list[float]:
        rewards = []
        for ids, index in zip(completion_ids, number, strict=True):
            answer, thinking, ended = read_turn(tokenizer.decode(ids))
            rewards.append(reward(prompts[index], [Sample((), answer, thinking, 0, ended)])[0].reward)
        return rewards

    return judge


def conversation(prompt: Prompt) -> list[dict[str, str]]:
    return [{"role": message.role, "content": message.text} for message in prompt.messages]


MODES: dict[str, dict[str, Any]] = {
    "plain": {},
    "micro": {"micro": True},
    "static": {"cache_implementation": "static"},
    "continuous": {"use_transformers_continuous_batching": True},
    "bfloat16": {"bf16": True},
    "compiled": {"torch_compile": True},
    "default": {"bf16": True, "gradient_checkpointing": True},
}


class Watch(transformers.TrainerCallback):  # type: ignore[misc]
    """What a run of GRPOTrainer does, step by step. Its own phases are measured by wrapping the methods they are in."""

    def __init__(self, trainer: Any):
        self.steps: list[Step] = []
        self.spent: dict[str, float] = {}
        self.sampled, self.learned, self.since, self.norm = 0, 0, 0.0, float("nan")
        self.time(trainer, "_generate", self.count)
        self.time(trainer, "_calculate_rewards")
        self.time(trainer, "compute_loss", entered=self.learn)

    def time(self, owner: Any, name: str, left: Any = None, entered: Any = None) -> None:
        method = getattr(owner, name)

        def timed(*given: Any, **named: Any) -> Any:
            if entered is not None:
                entered(*given)
            start = time.perf_counter()
            result = method(*given, **named)
            self.spent[name] = self.spent.get(name, 0.0) + time.perf_counter() - start
            if left is not None:
                left(result)
            return result

        setattr(owner, name, timed)

    def count(self, generated: tuple[Any, ...]) -> None:
        self.sampled += sum(map(len, generated[1]))

    def learn(self, model: Any, inputs: dict[str, torch.Tensor], *_: Any) -> None:
        self.learned += int(inputs["completion_mask"].sum())

    def on_step_begin(self, *_: Any, **__: Any) -> None:
        self.spent, self.sampled, self.learned, self.since = {}, 0, 0, time.perf_counter()

    def on_step_end(self, *_: Any, **__: Any) -> None:
        whole = time.perf_counter() - self.since
        rollout, reward = self.spent["_generate"], self.spent["_calculate_rewards"]
        self.steps.append(Step(rollout, reward, whole - rollout - reward, self.sampled, self.learned, float("nan")))

    def on_log(self, *_: Any, logs: dict[str, float], **__: Any) -> None:
        self.norm = float(logs.get("grad_norm", self.norm))


def their_trainer(
    work: Work, mode: dict[str, Any], folder: str, reward: Reward = verified, rollouts: Callable[..., Any] | None = None
) -> tuple[Any, Watch]:
    """GRPOTrainer for a round of `work`. rollouts: makes samples in place of its own `generate`."""
    from datasets import Dataset
    from trl import GRPOConfig, GRPOTrainer

    given = {"bf16": False, "gradient_checkpointing": False, "logging_strategy": "no"} | mode
    micro = given.pop("micro", False)
    tokenizer = Tokenizer.load(work.folder)
    network: Any = transformers.MuseSparkForConditionalGeneration.from_pretrained(work.folder, dtype=torch.float32)
    prompts = [prompt for step in work.prompts for prompt in step]
    least = {"min_new_tokens": work.tokens} if work.full else {}
    if given.get("use_transformers_continuous_batching"):
        longest = max(len(context.ids) for context in contexts_of(work.folder, prompts))
        # By default its cache takes half of the machine's memory.
        pages = work.rollouts * ((longest + work.tokens) // PAGE + 2)
        given["transformers_continuous_batching_config"] = {
            "page_size": PAGE, "num_blocks": pages, "max_batch_tokens": max(256, work.rollouts),
        }  # fmt: skip
    config = GRPOConfig(
        folder, use_cpu=True, report_to=[], save_strategy="no", disable_tqdm=True, shuffle_dataset=False,
        max_steps=len(work.prompts), per_device_train_batch_size=work.samples if micro else work.rollouts,
        gradient_accumulation_steps=len(work.prompts[0]) if micro else 1,
        num_generations=work.samples, max_completion_length=work.tokens, temperature=1.0,
        beta=0.0, loss_type="dr_grpo", scale_rewards="none", learning_rate=RATE, lr_scheduler_type="constant",
        adam_beta1=0.9, adam_beta2=0.98, weight_decay=0.0, max_grad_norm=1.0, optim="adamw_torch_fused",
        chat_template_kwargs={"reasoning_effort": EFFORT},
        generation_kwargs={
            "suppress_tokens": banned(tokenizer, network.config.get_text_config().vocab_size).nonzero()[:, 0].tolist(), **least,
        },
        **given,
    )  # fmt: skip
    trainer = GRPOTrainer(
        network, their_reward(prompts, reward, tokenizer), config,
        Dataset.from_list([{"prompt": conversation(p), "number": number} for number, p in enumerate(prompts)]),
        processing_class=transformers.AutoTokenizer.from_pretrained(work.folder),
        rollout_func=rollouts,
    )  # fmt: skip
    trainer.remove_callback(PrinterCallback)
    watch = Watch(trainer)
    trainer.add_callback(watch)
    return trainer, watch


def their_run(work: Work, mode: dict[str, Any]) -> list[Step]:
    with tempfile.TemporaryDirectory() as folder:
        trainer, watch = their_trainer(work, mode, folder)
        try:
            trainer.train()
        finally:
            # It keeps threads and pages between calls.
            trainer.model.destroy_cached_continuous_batching_manager()
    return watch.steps


def contexts_of(folder: Path, prompts: list[Prompt]) -> list[EncodedChat]:
    parts = Tokenizer.load(folder), ImageProcessor.load(folder)
    return [encode_chat(*parts, p.messages, effort=p.effort, generation_prompt=True) for p in prompts]
