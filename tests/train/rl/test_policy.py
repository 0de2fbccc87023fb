"""Sampler and trainer compute the same probabilities, however samples are packed."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from favilla.chat.encode import encode_chat
from favilla.chat.images import ImageProcessor
from favilla.chat.tokenizer import Tokenizer
from favilla.engine.generate import Engine
from favilla.model import MuseSpark, load_model, pack_pictures
from favilla.train.loop import ready
from favilla.train.rl.losses import importance
from favilla.train.rl.pack import MicroBatch, pack
from favilla.train.rl.policy import compiled_read, read, token_stats
from favilla.train.rl.protocols import Passage, Sample
from favilla.train.rl.rollout import EngineRollouts, banned
from tests.train.rl.conftest import echo_pool, small_recipe

CPU = torch.device("cpu")


def sampled(
    folder: Path, n: int = 6, max_new_tokens: int = 14, compiled: bool = False
) -> tuple[MuseSpark, Tokenizer, ImageProcessor, list[Sample]]:
    """Samples of prompts with and without pictures."""
    tokenizer, processor = Tokenizer.load(folder), ImageProcessor.load(folder)
    model, _ = load_model(folder)
    prompts = echo_pool(small_recipe(), levels=(1, 3)).draw(0, 5)
    engine = Engine(model, tokenizer, processor, compiled=compiled, any_rows=compiled)
    rollouts = EngineRollouts(lambda: engine, max_new_tokens, batch=2)
    groups = rollouts(prompts, n, range(5))
    assert [len(group) for group in groups] == [n] * 5
    contexts = [encode_chat(tokenizer, processor, p.messages, effort=p.effort, generation_prompt=True) for p in prompts]
    # They are given to the engine short ones first, and come back as they were asked.
    lengths = [len(context.ids) for context in contexts]
    assert lengths != sorted(lengths)
    for group, context in zip(groups, contexts, strict=True):
        assert all(sample.passages[0].context.ids == context.ids for sample in group)
    return model, tokenizer, processor, [sample for group in groups for sample in group]


def packed(
    model: MuseSpark, processor: ImageProcessor, samples: list[Sample], rows: int, tokens: int, steady: bool = False
) -> list[MicroBatch]:
    passages = [(s, passage) for s, sample in enumerate(samples) for passage in sample.passages]
    batches = pack(passages, rows, tokens, model.config.image_token_id, 588, 2, steady)
    for micro in batches:
        ready(micro.batch, processor, CPU)
    return batches


def alone(model: MuseSpark, processor: ImageProcessor, passage: Passage) -> torch.Tensor:
    """Logits (T, V) of a passage's tokens from one plain forward pass over its whole conversation."""
    context = passage.context
    pictures = (
        pack_pictures([(processor.normalise(p), grid) for p, grid in context.pictures]) if context.pictures else None
    )
    logits = model(torch.tensor([[*context.ids, *passage.ids]]), pictures=pictures)[0]
    return logits[len(context.ids) - 1 : -1]


@pytest.mark.parametrize(
    ("rows", "tokens", "compiled"), [(1, 64, False), (2, 96, False), (8, 300, False), (2, 96, True)]
)
def test_trainer_and_sampler_agree(taught: Path, rows: int, tokens: int, compiled: bool) -> None:
    """In float32 every log-probability within 1e-4 of the engine's, compiled or not; the policy's is that among the tokens
    allowed."""
    model, tokenizer, processor, samples = sampled(taught, compiled=compiled)
    banned_V = banned(tokenizer, model.config.text.vocab_size)
    trainer_reads = compiled_read() if compiled else read
    seen = {}
    for micro in packed(model, processor, samples, rows, tokens, steady=compiled):
        with torch.no_grad():
            stats = token_stats(model, micro.batch, banned_V, autocast=False, read=trainer_reads)
        assert len(stats.plain_N) == len(micro.sampler_N) == len(micro.mask_N)
        written = micro.mask_N > 0  # a pass of one shape is filled up with what nobody has written
        assert compiled or written.all()
        torch.testing.assert_close(stats.plain_N[written], micro.sampler_N[written], rtol=0, atol=1e-4)
        for number in micro.sample_N[written].unique().tolist():
            at = (micro.sample_N == number) & written
            (passage,) = samples[number].passages
            assert micro.batch.labels_N[at].tolist() == list(passage.ids)
            seen[number] = stats.policy_N[at], stats.entropy_N[at]
    assert sorted(seen) == list(range(len(samples)))
    for number, (policy_T, entropy_T) in seen.items():
        (passage,) = samples[number].passages
        with torch.no_grad():
            logits_TV = alone(model, processor, passage)
        distribution = torch.distributions.Categorical(logits=logits_TV[:, ~banned_V])
        torch.testing.assert_close(entropy_T, distribution.entropy(), rtol=1e-3, atol=1e-4)
        place = torch.cumsum(~banned_V, 0) - 1  # of a token among those allowed
        torch.testing.assert_close(
            policy_T, distribution.log_prob(place[torch.tensor(passage.ids)]), rtol=1e-4, atol=1e-4
        )


def test_gradient_of_a_packed_group_is_that_of_its_samples(taught: Path) -> None:
    """Branches, shared prefixes and shared pictures change nothing about the gradient."""
    model, tokenizer, processor, samples = sampled(taught, n=4)
    banned_V = banned(tokenizer, model.config.text.vocab_size)
    worth_S = torch.linspace(-1, 1, len(samples))
    for micro in packed(model, processor, samples, 2, 120):
        stats = token_stats(model, micro.batch, banned_V, autocast=False, read=read)
        (worth_S[micro.sample_N] * stats.policy_N).sum().backward()
    together = {name: p.grad.clone() for name, p in model.named_parameters() if p.grad is not None}
    model.zero_grad()
    for worth, sample in zip(worth_S, samples, strict=True):
        (passage,) = sample.passages
        logits_TV = alone(model, processor, passage).masked_fill(banned_V, -torch.inf)
        (worth * logits_TV.log_softmax(1).gather(1, torch.tensor(passage.ids)[:, None]).sum()).backward()
    assert any("vision_tower" in name for name in together)
    for name, parameter in model.named_parameters():
        if parameter.grad is not None:
            torch.testing.assert_close(together[name], parameter.grad, rtol=1e-3, atol=1e-4, msg=name)


def test_what_is_compiled_once_serves_all_passes_and_gives_the_same_gradient(taught: Path) -> None:
    """One shape of text, any number of targets."""
    torch._dynamo.reset()
    torch._dynamo.utils.counters.clear()
    model, tokenizer, processor, samples = sampled(taught, n=4)
    banned_V = banned(tokenizer, model.config.text.vocab_size)
    worth_S = torch.linspace(-1, 1, len(samples))
    found = []
    for steady, trainer_reads in ((False, read), (True, compiled_read())):
        model.zero_grad()
        loss, counted, batches = torch.zeros(()), 0.0, packed(model, processor, samples, 2, 120, steady)
        for micro in batches:
            stats = token_stats(model, micro.batch, banned_V, autocast=False, read=trainer_reads)
            for part in (stats.policy_N, stats.plain_N, stats.entropy_N):
                assert part.shape == micro.mask_N.shape and part.isfinite().all()
            loss = loss + (worth_S[micro.sample_N] * stats.policy_N * micro.mask_N).sum()
            counted += float(micro.mask_N.sum())
        loss.backward()
        gradient = {name: p.grad.clone() for name, p in model.named_parameters() if p.grad is not None}
        shapes = {(*micro.batch.ids_BT.shape, len(micro.mask_N)) for micro in batches}
        assert len(shapes) > 1
        found.append((loss.item(), counted, gradient, len(batches), shapes))
    (loss, counted, gradient, number, _), (compiled_loss, compiled_counted, compiled_gradient, again, steady_shapes) = (
        found
    )
    assert number == again and {shape[:2] for shape in steady_shapes} == {(2, 120)}
    assert torch._dynamo.utils.counters["stats"]["unique_graphs"] == 1
    assert counted == compiled_counted == sum(len(p.ids) for sample in samples for p in sample.passages)
    assert compiled_loss == pytest.approx(loss, rel=1e-4)
    for name, expected in gradient.items():
        torch.testing.assert_close(compiled_gradient[name], expected, rtol=1e-3, atol=1e-4, msg=name)


def test_what_is_banned_is_what_the_engine_never_writes(tiny_folder: Path) -> None:
    """At a temperature at which all tokens are alike, the engine writes every other one sooner or later."""
    from favilla.chat.messages import Message
    from favilla.engine.request import Request

    model, config = load_model(tiny_folder)
    tokenizer, processor = Tokenizer.load(tiny_folder), ImageProcessor.load(tiny_folder)
    engine = Engine(model, tokenizer, processor)
    hot = Request((Message("user", ("1",)),), n=200, temperature=1e4, max_new_tokens=120)
    written = torch.zeros(config.text.vocab_size, dtype=torch.bool)
    for generation in engine.generate([hot])[0]:
        written[list(generation.ids)] = True
    assert torch.equal(written, ~banned(tokenizer, config.text.vocab_size))


def test_bfloat16_differs_a_little_and_is_corrected(taught: Path) -> None:
    """The trainer in bfloat16 beside a sampler in float32: log-probabilities are off by more than rounding of float32 and far
    less than by another model; the truncated weights are exp of the difference."""
    model, tokenizer, processor, samples = sampled(taught)
    banned_V = banned(tokenizer, model.config.text.vocab_size)
    differences = []
    for micro in packed(model, processor, samples, 4, 120):
        with torch.no_grad():
            stats = token_stats(model, micro.batch, banned_V, autocast=True, read=read)
        assert stats.policy_N.dtype == torch.float32
        difference_N = stats.plain_N - micro.sampler_N
        weight_N = importance(stats.plain_N, micro.sampler_N, most=1.01)
        torch.testing.assert_close(weight_N, difference_N.exp().clamp(max=1.01))
        differences.append(difference_N.abs())
    largest = torch.cat(differences).max().item()
    assert 1e-4 < largest < 0.5


def test_tokens_that_were_put_there_are_read_but_not_chosen(taught: Path) -> None:
    """Two passages of one sample (as with a tool between them) are packed under one number, with their masks."""
    model, _, processor, samples = sampled(taught, n=1)
    (first,), (second,) = samples[0].passages, samples[1].passages
    forced = Passage(first.context, first.ids, first.logprobs, (False,) * len(first.ids))
    both = Sample((forced, second), "", None, 0, True)
    assert both.length == len(second.ids)
    batches = packed(model, processor, [both], 2, 200)
    masks = torch.cat([micro.mask_N for micro in batches])
    assert sum(len(micro.sample_N) for micro in batches) == len(first.ids) + len(second.ids)
    assert masks.sum() == len(second.ids)
