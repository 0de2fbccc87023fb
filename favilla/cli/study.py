"""`favilla study`: the runs of a study; `favilla report`: what they show."""

from __future__ import annotations

import json as json_format
from pathlib import Path
from typing import Annotated, Literal

from tyro.conf import Positional, arg

from favilla.errors import UserError


def study(
    kind: Annotated[Positional[Literal["rl"]], arg(metavar="rl")],
    file: Annotated[Positional[Path], arg(metavar="STUDY")],
    out: Annotated[Path | None, arg(metavar="DIR", help_behavior_hint="")] = None,
    only: Annotated[tuple[Literal["base", "start", "runs"], ...], arg(help_behavior_hint="(default: all)")] = (),
    arms: Annotated[tuple[str, ...], arg(metavar="ARM", help_behavior_hint="(default: all)")] = (),
    seeds: Annotated[tuple[int, ...], arg(metavar="N", help_behavior_hint="(default: all)")] = (),
    jobs: Annotated[int, arg(metavar="N")] = 1,
    device: Literal["cpu", "cuda"] = "cpu",
    json: bool = False,
) -> None:
    """Do all runs of a study: pretrain what they start from, measure it, then RL arm by arm and seed by seed.

    Stopped at any moment, the same command goes on where it was; what is finished is skipped.

    Example: favilla study rl recipes/study-rl.toml --out runs/study --jobs 2

    Args:
        kind: Sort of study; there is one.
        file: A TOML file; see recipes/study-rl.toml.
        out: Folder of the study. Default: a folder named like the study under $FAVILLA_HOME.
        only: Parts of it: base (pretraining), start (what the starting model can do), runs.
        arms: Arms to run.
        seeds: Seeds to run.
        jobs: Runs at a time; they share the cores.
        device: Where to compute.
        json: Print one JSON object.
    """
    if jobs < 1:
        raise UserError(f"--jobs {jobs}: give at least 1")
    from favilla.cli.files import output_folder
    from favilla.home import home
    from favilla.studies.plan import BASE, finished, read_study, run_folder
    from favilla.studies.runs import base_model, choose, prepare, run_all
    from favilla.studies.start import measure_start
    from favilla.train.claim import claimed

    plan = read_study(file)
    chosen = choose(plan, arms, seeds)
    folder = output_folder(out or home() / "studies" / plan.name)
    parts = only or ("base", "start", "runs")
    with claimed(folder) as lock:
        prepare(plan, folder)
        if "base" not in parts and plan.base and not finished(folder / BASE):
            raise UserError(f"{folder / BASE}: holds no model yet; run --only base first")
        model = base_model(plan, folder, device)
        if "start" in parts:
            measure_start(plan, model, folder, device)
        if "runs" in parts:
            run_all(plan, folder, model, chosen, lock, jobs, device)
    done = sum(finished(run_folder(folder, arm, seed)) for arm, seed in chosen)
    if json:
        print(json_format.dumps({"study": str(folder), "runs": len(chosen), "finished": done}))
        return
    print(f"{folder}: {done} of {len(chosen)} runs finished\n\nwhat they show: favilla report rl {folder}")


def report(
    kind: Annotated[Positional[Literal["rl"]], arg(metavar="rl")],
    folder: Annotated[Positional[Path], arg(metavar="DIR")],
    out: Annotated[Path | None, arg(metavar="FOLDER", help_behavior_hint="")] = None,
    json: bool = False,
) -> None:
    """Make a study's report from its logs, without training and without a model: figures, numbers, what was shown and what not.

    Of a single run's folder: whether its efforts are ordered.

    Example: favilla report rl runs/study --out docs/results/rl

    Args:
        kind: Sort of study; there is one.
        folder: Folder of the study, whose runs may still be going on or lack; or of one run.
        out: Where to write report.md, report.json and figures. Default: report/ in the study's folder.
        json: Print report.json; of one run, its claims.
    """
    from favilla.cli.files import output_folder
    from favilla.studies.efforts import efforts
    from favilla.studies.plan import PLAN, declared
    from favilla.studies.report import report as make

    if (folder / "held_out.jsonl").exists() and not (folder / PLAN).exists():
        if out is not None:
            raise UserError(f"--out {out}: {folder} is one run, of which nothing is written; leave --out away")
        claims = efforts(folder)
        if json:
            print(json_format.dumps([vars(claim) for claim in claims]))
            return
        for claim in claims:
            print(f"{claim.verdict:12}  {claim.name}: {claim.text}")
        return
    declared(folder)
    target = output_folder(out or folder / "report")
    found = make(folder, target)
    if json:
        print(json_format.dumps(found))
        return
    for claim in found["claims"]:
        print(f"{claim['verdict']:12}  {claim['name']}")
    if found["lacking"]:
        print(f"\n{len(found['lacking'])} things lack, see {target / 'report.md'}")
    print(f"\n{target / 'report.md'}")
