"""Writes what Ember can do into README.md and its model card, from the results of `favilla eval`.

    favilla eval ember --effort high --compiled --out docs/results/ember-high
    python tools/card.py docs/results/ember-high/results.json

In both files the lines between `<!-- model card -->` and `<!-- /model card -->` are written anew; nothing else is touched.
"""

from __future__ import annotations

import json
import statistics
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
BEGIN, END = "<!-- model card -->", "<!-- /model card -->"
WEAK = 0.60
REFUSALS = ("limits", "limits_pictures")

Row = dict[str, Any]


def cell(row: Row) -> str:
    return f"{row['accuracy']:.2f} ({row['low']:.2f}-{row['high']:.2f}) | {row['constant']:.2f}"


def table(rows: dict[str, list[Row]]) -> list[str]:
    lines = [
        "| family | level 1 | constant answer | level 2 | constant answer |", "|---|---|---|---|---|",
        *(f"| {family} | {cell(one)} | {cell(two)} |" for family, (one, two) in rows.items()),
    ]  # fmt: skip
    means = [
        (statistics.fmean(pair[i]["accuracy"] for pair in rows.values()), statistics.fmean(pair[i]["constant"] for pair in rows.values()))
        for i in (0, 1)
    ]  # fmt: skip
    cells = " | ".join(f"**{accuracy:.2f}** | {constant:.2f}" for accuracy, constant in means)
    return [*lines, f"| **mean of {len(rows)}** | {cells} |"]


def prose(rows: dict[str, list[Row]]) -> str:
    mean = {family: statistics.fmean(r["accuracy"] for r in pair) for family, pair in rows.items()}
    weak = ", ".join(
        f"`{family}` {mean[family]:.2f}" for family in sorted(mean, key=mean.__getitem__) if mean[family] < WEAK
    )
    outside = [r for family in REFUSALS for r in rows[family]]
    inside = [r for family, pair in rows.items() if family not in REFUSALS for r in pair]
    caught, false = (sum(r["refused"] for r in part) for part in (outside, inside))
    asked, others = (sum(r["n"] for r in part) for part in (outside, inside))
    twins = "; ".join(
        f"{family} {mean[family]:.2f} to {mean[f'{family}_text']:.2f}"
        for family in mean
        if f"{family}_text" in mean and family != "follow_ups"
    )
    return (
        f"Mean over both levels: {statistics.fmean(mean.values()):.2f}; families below {WEAK:.2f}: {weak or 'none'}. Questions outside of all this are refused "
        f"in {caught / asked:.1%} of {asked:,} cases, half of them on topics that training never showed, others by mistake in {false / others:.1%} of {others:,}. "
        f"Pictures against their text twins: {twins}."
    )  # fmt: skip


def main() -> None:
    path = Path(sys.argv[1])
    results = json.loads(path.read_text(encoding="utf-8"))
    rows: dict[str, list[Row]] = defaultdict(list)
    for row in sorted(results["rows"], key=lambda row: row["level"]):
        rows[row["family"]].append(row)
    settings = results["settings"]
    n = settings["n"]
    fewer = [
        f"{family} {' and '.join(str(r['n']) for r in pair)}"
        for family, pair in rows.items()
        if any(r["n"] < n for r in pair)
    ]
    but = f" ({', '.join(fewer)}: all that there were)" if fewer else ""
    for target, prefix in ((ROOT / "README.md", ""), (ROOT / "favilla" / "ember" / "README.md", "../../")):
        card = [
            f"Accuracy on the {settings['split']} split (95 % Wilson intervals), {n} problems a family and level{but}, effort {settings['effort']}, greedy, {results['date']}:",
            "", *table(rows), "", prose(rows),
            f"`favilla eval ember --effort {settings['effort']} --compiled` measures it again (about {results['seconds'] / 60:.0f} minutes on two cores), where "
            "`favilla worlds --render-screens 3000` has rendered the screens of web_screens before; without them that family has a problem a level. All figures: "
            f"[docs/results/ember-high]({prefix}docs/results/ember-high/results.md).",
        ]  # fmt: skip
        text = target.read_text(encoding="utf-8")
        before, rest = text.split(BEGIN)
        after = rest.split(END)[1]
        target.write_text(f"{before}{BEGIN}\n" + "\n".join(card) + f"\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
