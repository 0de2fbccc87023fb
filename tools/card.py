"""Writes what Ember can do into README.md and its model card, from the results of `favilla eval`.

    for effort in low medium high; do favilla eval ember --effort $effort --compiled --dtype bfloat16 --out docs/results/ember-$effort; done
    favilla eval ember-base --effort high --compiled --dtype bfloat16 --out docs/results/ember-base-high
    favilla eval ember --levels 3 --samples 16 --n 8 --effort high --compiled --out docs/results/ember-upper
    python tools/card.py

In both files the lines between `<!-- model card -->` and `<!-- /model card -->` are written anew; nothing else is touched.
"""

from __future__ import annotations

import json
import statistics
from collections import defaultdict
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
BEGIN, END = "<!-- model card -->", "<!-- /model card -->"
WEAK = 0.60
REFUSALS = ("limits", "limits_pictures")

Row = dict[str, Any]


def read(name: str) -> tuple[dict[str, Any], dict[str, list[Row]]]:
    """A folder's results, and its rows by family, level by level."""
    results = json.loads((ROOT / "docs" / "results" / name / "results.json").read_text(encoding="utf-8"))
    rows: dict[str, list[Row]] = defaultdict(list)
    for row in sorted(results["rows"], key=lambda row: row["level"]):
        rows[row["family"]].append(row)
    return results, rows


def mean(rows: dict[str, list[Row]], key: str, level: int | None = None) -> float:
    """Over families, and levels unless one (0 or 1) is given."""
    return statistics.fmean(r[key] for pair in rows.values() for r in (pair if level is None else [pair[level]]))


def accuracies(rows: dict[str, list[Row]], before: dict[str, list[Row]]) -> list[str]:
    """A line a family: at each level before and after RL, and what a constant answer gets."""

    def cells(family: str) -> str:
        return " | ".join(
            f"{old['accuracy']:.2f} | {new['accuracy']:.2f} ({new['low']:.2f}-{new['high']:.2f}) | {new['constant']:.2f}"
            for old, new in zip(before[family], rows[family], strict=True)
        )

    means = " | ".join(
        f"{mean(before, 'accuracy', i):.3f} | **{mean(rows, 'accuracy', i):.3f}** | {mean(rows, 'constant', i):.2f}"
        for i in (0, 1)
    )
    return [
        "| family | level 1, before RL | level 1 | constant answer | level 2, before RL | level 2 | constant answer |",
        "|---|---|---|---|---|---|---|",
        *(f"| {family} | {cells(family)} |" for family in rows),
        f"| **mean of {len(rows)}** | {means} |",
    ]


def efforts(found: dict[str, dict[str, list[Row]]]) -> list[str]:
    """A line an effort: accuracy and thinking tokens, means of all rows."""
    return [
        "| effort | accuracy, level 1 | level 2 | thinking tokens, level 1 | level 2 |", "|---|---|---|---|---|",
        *(
            f"| {effort} | " + " | ".join(f"{mean(rows, 'accuracy', i):.3f}" for i in (0, 1)) + " | "
            + " | ".join(f"{mean(rows, 'thinking_tokens', i):.1f}" for i in (0, 1)) + " |"
            for effort, rows in found.items()
        ),
    ]  # fmt: skip


def prose(rows: dict[str, list[Row]]) -> str:
    of = {family: statistics.fmean(r["accuracy"] for r in pair) for family, pair in rows.items()}
    weak = ", ".join(f"`{family}` {of[family]:.2f}" for family in sorted(of, key=of.__getitem__) if of[family] < WEAK)
    outside = [r for family in REFUSALS for r in rows[family]]
    inside = [r for family, pair in rows.items() if family not in REFUSALS for r in pair]
    caught, false = (sum(r["refused"] for r in part) for part in (outside, inside))
    asked, others = (sum(r["n"] for r in part) for part in (outside, inside))
    twins = "; ".join(
        f"{family} {of[family]:.2f} to {of[f'{family}_text']:.2f}"
        for family in of
        if f"{family}_text" in of and family != "follow_ups"
    )
    return (
        f"Mean over both levels: {mean(rows, 'accuracy'):.3f}; families below {WEAK:.2f}: {weak or 'none'}. Questions outside of all this are refused "
        f"in {caught / asked:.1%} of {asked:,} cases, half of them on topics that training never showed, others by mistake in {false / others:.1%} of {others:,}. "
        f"Pictures against their text twins: {twins}."
    )  # fmt: skip


def upper() -> str:
    """Of the level above, which is left to practice."""
    results, rows = read("ember-upper")
    all_rows = [row for part in rows.values() for row in part]
    (level,) = {row["level"] for row in all_rows}
    once, ever = (statistics.fmean(row[key] for row in all_rows) for key in ("accuracy", "solved"))
    never = ", ".join(f"`{row['family']}`" for row in all_rows if row["solved"] == 0)
    return (
        f"Level {level} is left to practice ({results['settings']['n']} problems a family, {results['settings']['samples']} samples of each at temperature 1): one "
        f"sample is right in {once:.2f} of the cases, one of {results['settings']['samples']} in {ever:.2f}; none of them ever in {never}."
    )


def main() -> None:
    _, before = read("ember-base-high")
    results, rows = read("ember-high")
    found = {effort: read(f"ember-{effort}")[1] for effort in ("low", "medium")} | {"high": rows}
    settings = results["settings"]
    dtype = f" --dtype {settings['dtype']}" if settings.get("dtype") else ""
    n = settings["n"]
    fewer = [
        f"{name} {' and '.join(str(r['n']) for r in pair)}"
        for name, pair in rows.items()
        if any(r["n"] < n for r in pair)
    ]
    but = f" ({', '.join(fewer)}: all that there were)" if fewer else ""
    for target, prefix in ((ROOT / "README.md", ""), (ROOT / "favilla" / "ember" / "README.md", "../../")):
        card = [
            f"Accuracy on the {settings['split']} split (95 % Wilson intervals), {n} problems a family and level{but}, effort {settings['effort']}, greedy, {results['date']}; "
            "before RL: `ember-base`, which ships too:",
            "", *accuracies(rows, before), "", prose(rows), "", "The same problems at each effort, means of all rows:", "", *efforts(found), "", upper(), "",
            f"`favilla eval ember --effort {settings['effort']} --compiled{dtype}` measures it again (about {results['seconds'] / 60:.0f} minutes on two cores), where "
            "`favilla worlds --render-screens 3000` has rendered the screens of web_screens before; without them that family has a problem a level. All figures: "
            f"[docs/results/ember-high]({prefix}docs/results/ember-high/results.md) and beside it.",
        ]  # fmt: skip
        text = target.read_text(encoding="utf-8")
        before_card, rest = text.split(BEGIN)
        after_card = rest.split(END)[1]
        target.write_text(f"{before_card}{BEGIN}\n" + "\n".join(card) + f"\n{END}{after_card}", encoding="utf-8")


if __name__ == "__main__":
    main()
