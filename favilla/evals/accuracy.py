"""Accuracy on the worlds, per family and level.

Every row states n, a 95 % Wilson interval and, beside it, the best constant answer: what a model would score that
always gives the answer most frequent in the training split of that family and level. It also states how many answers
said that the question lies outside of what the model was trained on: in families of such questions that is right, in all
others it is a false refusal.
"""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from favilla.chat.messages import Message
from favilla.engine.generate import Engine, Request
from favilla.evals.samples import two_level_bootstrap
from favilla.worlds.base import Family, Problem, Split, draw_distinct
from favilla.worlds.limits import is_refusal
from favilla.worlds.registry import get

Z95 = 1.959964


@dataclass(frozen=True)
class Row:
    """Accuracy of one family and level. Shares are 0..1; tokens are means per answer; refused: answers that are refusals.

    samples: answers to each problem. With one, greedy, the interval is Wilson's. With more, drawn at temperature 1, accuracy is
    pass@1, its interval a bootstrap over problems, and `solved` is pass@samples: the share of problems with a right answer.
    """

    family: str
    level: int
    split: str
    effort: str
    n: int
    accuracy: float
    low: float
    high: float
    constant: float
    finished: float
    thinking_tokens: float
    answer_tokens: float
    refused: int
    samples: int
    solved: float


def wilson(successes: float, n: int, z: float = Z95) -> tuple[float, float]:
    """Wilson score interval of a share (Wilson 1927)."""
    p, zz = successes / n, z * z / n
    centre, spread = p + zz / 2, z * math.sqrt(p * (1 - p) / n + zz / (4 * n))
    return max(0.0, (centre - spread) / (1 + zz)), min(1.0, (centre + spread) / (1 + zz))


def draw(family: Family, level: int, split: Split, n: int, seed: int) -> list[Problem]:
    """n different problems of a family and level, fewer where there are no more, the same for the same seed."""
    rng = random.Random(f"evaluate/{seed}/{family.name}/{level}/{split}")
    return draw_distinct(family, rng, level, split, n)


def constant_answer(family: Family, level: int, seed: int, samples: int = 300) -> str:
    """The most frequent answer of the training split; for points, the middle of the picture."""
    rng = random.Random(f"constant/{seed}/{family.name}/{level}")
    answers = Counter(family.sample(rng, level, "train").answer for _ in range(samples))
    answer, count = answers.most_common(1)[0]
    return "(500, 500)" if family.name == "screens" and count < 0.1 * samples else answer


def evaluate(
    engine: Engine,
    families: list[str],
    levels: list[int],
    *,
    n: int = 200,
    split: Split = "test",
    effort: str = "medium",
    seed: int = 0,
    max_new_tokens: int = 512,
    samples: int = 1,
) -> Iterator[Row]:
    """Answers to n problems a family and level, verified; yields a row each. One sample is greedy, more are drawn at
    temperature 1."""
    for name in families:
        family = get(name)
        for level in [level for level in levels if level <= family.levels]:
            problems = draw(family, level, split, n, seed)
            requests = [
                Request(
                    (*p.history, Message("user", p.prompt)), n=samples, seed=number, effort=effort,
                    temperature=0.0 if samples == 1 else 1.0, max_new_tokens=max_new_tokens,
                )
                for number, p in enumerate(problems)
            ]  # fmt: skip
            shares = []  # of right answers, by problem
            refused = finished = thinking = answering = 0
            for problem, made in zip(problems, engine.generate(requests), strict=True):
                shares.append(sum(family.verify(problem, g.answer, g.thinking or "").correct for g in made) / samples)
                for generation in made:
                    refused += is_refusal(generation.answer)
                    finished += generation.finish_reason == "stop"
                    thinking += generation.usage.thinking_tokens
                    answering += generation.usage.answer_tokens
            right = sum(shares)
            constant = constant_answer(family, level, seed)
            count = len(problems)
            answers = count * samples
            # Problems that all score alike say nothing of how others would; Wilson's interval does.
            alike = samples == 1 or len(set(shares)) == 1
            low, high = wilson(right, count) if alike else two_level_bootstrap([shares])[1:]
            yield Row(
                name, level, split, effort, count, right / count, low, high,
                constant=sum(family.verify(p, constant).correct for p in problems) / count, finished=finished / answers,
                thinking_tokens=thinking / answers, answer_tokens=answering / answers, refused=refused,
                samples=samples, solved=sum(share > 0 for share in shares) / count,
            )  # fmt: skip
