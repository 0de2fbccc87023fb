"""From a recipe of roles to files to learn from.

    favilla roles recipes/roles.toml

measures which levels are neither too easy nor too hard, lets the model attempt problems of these, and writes worked examples
(`examples.jsonl`, conversations as in `data.conversations`) and prompts to practise on (`prompts.jsonl`, see `train.rl.roles`).
"""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from favilla.atomic import write_atomically
from favilla.chat.messages import Message
from favilla.contemplate.local import LocalSolver
from favilla.contemplate.problems import question_of, role_call
from favilla.contemplate.roles.attempts import Attempted, Sampling
from favilla.contemplate.roles.recipe import ChoicePart, RolesRecipe
from favilla.contemplate.roles.worked import Shown, compose, worked
from favilla.contemplate.solver import Picture
from favilla.data.examples import STYLE_OF_EFFORT
from favilla.engine.load import Loaded
from favilla.errors import Interrupted, UserError
from favilla.model.folder import weights_fingerprint
from favilla.train.stopping import StopRequest
from favilla.worlds.base import Family, Problem, Split

# called with what is being done, how much of it has been, and how much there is
Tell = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Rate:
    """How often one attempt is right: the mean over `n` different problems of the dev split."""

    family: str
    level: int
    rate: float
    n: int


def rates(
    solver: LocalSolver, recipe: RolesRecipe, folder: Path, tell: Tell = lambda *_: None
) -> list[tuple[Family, int, Rate]]:
    """Measure every family and level of a recipe. Raises Interrupted, with what is done kept, when asked to stop."""
    attempts = _attempts(solver, recipe, folder, "dev", recipe.entries(), recipe.choice.problems, tell)
    return [
        (family, level, Rate(family.name, level, sum(map(share, found)) / len(found), len(found)))
        for (family, level), found in attempts
    ]


def share(one: Attempted) -> float:
    """Of the attempts at a problem, those that are right."""
    return sum(attempt.right for attempt in one.attempts) / len(one.attempts)


def in_range(measured: Sequence[tuple[Family, int, Rate]], choice: ChoicePart) -> list[tuple[Family, int]]:
    """Those families and levels that are neither too easy nor too hard. Raises UserError when there are none."""
    chosen = [(family, level) for family, level, found in measured if choice.least <= found.rate <= choice.most]
    if not chosen:
        told = ", ".join(f"{one.family} {one.level}: {one.rate:.2f}" for _, _, one in measured)
        raise UserError(
            f"recipe: [choice] no level is solved by {choice.least:g} to {choice.most:g} of the attempts ({told}); "
            "widen the range or add levels"
        )
    return chosen


def make_roles(recipe: RolesRecipe, loaded: Loaded, folder: Path, tell: Tell = lambda *_: None) -> dict[str, Any]:
    """Sample what is missing in `folder` and write examples, prompts and a summary, which is returned.

    Raises UserError for a folder of another recipe or other weights, and for a model that is not asked briefly; Interrupted, with
    everything kept, when asked to stop.
    """
    a = recipe.attempts
    solver = LocalSolver(loaded, str(loaded.folder), a.effort, temperature=a.temperature)
    if not solver.short:
        raise UserError(
            f"{loaded.folder}: roles are for models with a short context; this one has {solver.engine.context}"
        )
    _claim(folder, recipe, weights_fingerprint(loaded.folder), str(next(solver.engine.model.parameters()).dtype))
    measured = rates(solver, recipe, folder, tell)
    levels = [vars(found) for _, _, found in measured]
    write_atomically(folder / "levels.json", json.dumps(levels, indent=2) + "\n")
    chosen = in_range(measured, recipe.choice)
    attempted = _attempts(solver, recipe, folder, "train", chosen, a.problems, tell)

    writer = _Writer(solver, recipe, folder)
    examples: list[dict[str, Any]] = []
    practice: list[dict[str, Any]] = []
    mixes: Counter[str] = Counter()
    planted = 0
    for count, ((family, level), found) in enumerate(attempted):
        tell("writing examples", count, len(attempted))
        made = list(writer.drawn(family, found, "examples", recipe.examples.examples))
        kept = balanced(made, random.Random(f"{recipe.seed}/balance/{family.name}/{level}"))
        mixes.update(f"{shown.kind} {shown.mix}" for _, shown in kept)
        planted += sum(shown.planted is not None for _, shown in kept)
        examples += [line for line, _ in kept]
        practice += [line for line, _ in writer.drawn(family, found, "prompts", recipe.examples.prompts)]
    for name, lines in (("examples", examples), ("prompts", practice)):
        write_atomically(folder / f"{name}.jsonl", "".join(json.dumps(line) + "\n" for line in lines))
    summary = {
        "levels": levels, "chosen": [[family.name, level] for family, level in chosen],
        "problems": sum(len(found) for _, found in attempted), "examples": len(examples), "prompts": len(practice),
        "mixes": dict(sorted(mixes.items())), "planted": planted,
    }  # fmt: skip
    write_atomically(folder / "summary.json", json.dumps(summary, indent=2) + "\n")
    tell("writing examples", len(attempted), len(attempted))
    return summary


def balanced(
    made: Sequence[tuple[dict[str, Any], Shown]], rng: random.Random
) -> list[tuple[dict[str, Any], Shown]]:  # fmt: skip
    """Of each kind no more examples in which no attempt is right than such in which only a minority is, since there is nothing
    to choose from; then no more whose most frequent answer is right than others, so that copying it is right half of the time
    at most. Which ones are left out is chance; the order stays."""
    kept: set[int] = set()
    for kind in ("synthesis", "refine"):
        none, minority, right = (
            [i for i, (_, s) in enumerate(made) if s.kind == kind and s.mix in mixes]
            for mixes in (("none",), ("minority",), ("agreed", "vote"))
        )
        wrong = minority + rng.sample(none, min(len(none), len(minority)))
        kept |= {*wrong, *rng.sample(right, min(len(right), len(wrong)))}
    return [one for i, one in enumerate(made) if i in kept]


@dataclass(frozen=True)
class _Writer:
    solver: LocalSolver
    recipe: RolesRecipe
    folder: Path

    def drawn(
        self, family: Family, found: Sequence[Attempted], what: str, each: int
    ) -> Iterator[tuple[dict[str, Any], Shown]]:
        """At most `each` examples, or prompts to practise on, for every problem, with what they show."""
        part, seed = self.recipe.examples, self.recipe.seed
        for one in found:
            problem = one.problem(family, seed)
            for number in range(each):
                rng = random.Random(f"{seed}/{what}/{one.family}/{one.level}/{one.number}/{number}")
                others = sorted(
                    {a.answer for o in rng.sample(found, min(8, len(found))) for a in o.attempts if a.usable}
                )
                natural = what == "prompts"
                shown = compose(rng, part, family, problem, one.attempts, others, natural)
                line = None if shown is None else (self.prompt if natural else self.example)(problem, one, shown)
                if shown is not None and line is not None:
                    yield line, shown

    def messages(self, problem: Problem, shown: Shown) -> tuple[Message, ...]:
        """The prompt that Contemplating sends for these attempts."""
        most = self.recipe.attempts.max_new_tokens
        call = role_call(question_of(problem), shown.kind, shown.messages, most, shown.own)
        return self.solver.messages(call)[0]

    def example(self, problem: Problem, one: Attempted, shown: Shown) -> dict[str, Any] | None:
        """A conversation, or None when it is too long."""
        solution = worked(problem, STYLE_OF_EFFORT[self.recipe.attempts.effort], shown)
        prompt = self.messages(problem, shown)
        reply = Message("assistant", (solution.answer,), thinking=solution.thinking)
        asked, whole = self.solver.length(prompt), self.solver.length((*prompt, reply), generation_prompt=False)
        if whole > self.recipe.examples.longest or whole - asked > self.recipe.attempts.max_new_tokens:
            return None
        (user,) = prompt
        images = [self.picture(picture) for picture in question_of(problem).pictures]
        said = {"role": "assistant", "content": solution.answer, "thinking": solution.thinking}
        turns = [{"role": "user", "content": user.text, **({"images": images} if images else {})}, said]
        return {"messages": turns, "effort": self.recipe.attempts.effort}

    def prompt(self, problem: Problem, one: Attempted, shown: Shown) -> dict[str, Any] | None:
        """A prompt whose problem is drawn anew where it is used, or None when it is too long."""
        messages = self.messages(problem, shown)
        if self.solver.length(messages) > self.recipe.examples.longest:
            return None
        return {
            "family": one.family, "options": self.recipe.tasks[one.family].options, "level": one.level,
            "seed": self.recipe.seed, "number": one.number, "instance": one.instance, "role": shown.kind,
            "text": messages[-1].text, "effort": self.recipe.attempts.effort,
        }  # fmt: skip

    def picture(self, picture: Picture) -> str:
        """The picture's file, from the folder."""
        name = f"pictures/{picture.digest}.png"
        if not (self.folder / name).exists():
            (self.folder / "pictures").mkdir(exist_ok=True)
            write_atomically(self.folder / name, picture.data)
        return name


def _attempts(
    solver: LocalSolver, recipe: RolesRecipe, folder: Path, split: Split, entries: Sequence[tuple[Family, int]],
    problems: int, tell: Tell,
) -> list[tuple[tuple[Family, int], list[Attempted]]]:  # fmt: skip
    """The attempts at different problems, family by family and level by level."""
    sampling = Sampling(solver, recipe.attempts, folder, split, recipe.seed)
    shards = sampling.shards(problems)
    found: list[tuple[tuple[Family, int], list[Attempted]]] = []
    done, whole = 0, len(entries) * len(shards)
    with StopRequest() as stop:
        for family, level in entries:
            different: dict[str, Attempted] = {}
            for numbers in shards:
                tell(f"{split}: {family.name} {level}", done, whole)
                for one in sampling.shard(family, level, numbers):
                    different.setdefault(one.instance, one)
                done += 1
                if stop.asked and done < whole:
                    raise Interrupted(
                        f"stopped after shard {done} of {whole} of the {split} split; the same command goes on"
                    )
            found.append(((family, level), list(different.values())))
    return found


def _claim(folder: Path, recipe: RolesRecipe, weights: str, dtype: str) -> None:
    """The folder holds attempts of these weights, computed in `dtype`, and settings from now on; how many, and what is made of them, may change.
    Raises UserError when it holds others."""
    folder.mkdir(parents=True, exist_ok=True)
    sampled = recipe.attempts.model_dump(mode="json", exclude={"problems", "batch"})
    options = {name: part.options for name, part in recipe.tasks.items() if part.options}
    settings = {"weights": weights, "dtype": dtype, "seed": recipe.seed, **sampled, "options": options}
    path = folder / "settings.json"
    if path.exists():
        try:
            same = json.loads(path.read_text(encoding="utf-8")) == settings
        except (OSError, ValueError) as error:
            raise UserError(f"{path}: cannot be read ({error}); choose another --out") from None
        if not same:
            raise UserError(f"{path}: attempts of another model or with other settings; choose another --out")
    write_atomically(path, json.dumps(settings, indent=2) + "\n")
