"""Samples from the engine, and rewards from the worlds' verifiers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import torch

from favilla.chat.encode import EncodedChat, encode_chat
from favilla.chat.images import ImageProcessor
from favilla.chat.tokenizer import BEGIN, MEDIA, PAD, Tokenizer
from favilla.engine.generate import Engine
from favilla.engine.request import Generation, Request
from favilla.model import MuseSpark
from favilla.train.rl.pool import WorldTask
from favilla.train.rl.protocols import Passage, Prompt, Sample, Score
from favilla.train.rl.recipe import RolloutPart


def sampling_engine(part: RolloutPart) -> Callable[[MuseSpark, Tokenizer, ImageProcessor], Engine]:
    """What makes the engine that a recipe asks for."""
    return partial(Engine, compiled=part.compiled, any_rows=True, max_rows=part.max_rows)


def banned(tokenizer: Tokenizer, vocab_size: int) -> torch.Tensor:
    """True (V) at the tokens that the engine never samples: the policy is the softmax over the others."""
    banned_V = torch.arange(vocab_size) >= tokenizer.vocab_size
    banned_V[[tokenizer.special_ids[name] for name in (*MEDIA, PAD, BEGIN) if name in tokenizer.special_ids]] = True
    return banned_V


class EngineRollouts:
    """`Rollouts` of one turn, from the whole distribution, at temperature 1 unless a measurement wants another, so that
    log-probabilities are the policy's.

    engine: gives the engine, asked each time, so that its weights can be brought up to date. At most `batch` prompts are
    given to it at a time, short ones first: each step reads as much of every row as its longest one has.
    """

    def __init__(self, engine: Callable[[], Engine], max_new_tokens: int, batch: int = 64, temperature: float = 1.0):
        self.engine, self.max_new_tokens, self.batch, self.temperature = engine, max_new_tokens, batch, temperature

    def __call__(self, prompts: Sequence[Prompt], n: int, seeds: Sequence[int]) -> list[list[Sample]]:
        engine = self.engine()
        requests = [
            Request(
                p.messages, n=n, temperature=self.temperature, seed=seed, max_new_tokens=self.max_new_tokens,
                effort=p.effort,
            )
            for p, seed in zip(prompts, seeds, strict=True)
        ]  # fmt: skip
        contexts = [
            encode_chat(engine.tokenizer, engine.processor, r.messages, effort=r.effort, generation_prompt=True)
            for r in requests
        ]
        order = sorted(range(len(requests)), key=lambda i: len(contexts[i].ids))
        groups: list[list[Sample]] = [[] for _ in requests]
        for start in range(0, len(order), self.batch):
            part = order[start : start + self.batch]
            for i, generations in zip(part, engine.generate([requests[i] for i in part]), strict=True):
                groups[i] = [read(contexts[i], generation) for generation in generations]
        return groups


def read(context: EncodedChat, generation: Generation) -> Sample:
    """A generation of one turn as a sample."""
    passage = Passage(context, generation.ids, generation.logprobs, (True,) * len(generation.ids))
    return Sample(
        (passage,), generation.answer, generation.thinking, generation.usage.thinking_tokens,
        generation.finish_reason == "stop" and not generation.tool_calls,
    )  # fmt: skip


def verified(prompt: Prompt, samples: Sequence[Sample]) -> list[Score]:
    """The `Reward` of the worlds: 1 for an answer that the family's verifier takes, from a turn that has ended, else 0."""
    task: WorldTask = prompt.task
    scores = []
    for sample in samples:
        verdict = task.family.verify(task.problem, sample.answer, sample.thinking or "")
        right = verdict.correct and sample.finished
        scores.append(Score(float(right), right, verdict.parsed is not None, verdict.strategy, verdict.solution_key))
    return scores
