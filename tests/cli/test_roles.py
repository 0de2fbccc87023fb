"""`favilla roles` as a command."""

from __future__ import annotations

import json

from tests.cli.conftest import refused

RECIPE = (
    'name = "r"\n[tasks.lists]\nlevels = [1]\n[attempts]\nsamples = 2\nproblems = 3\nbatch = 2\nmax_new_tokens = 8\n'
    "[choice]\nproblems = 2\nleast = 0.0\n[examples]\nsizes = [2]\n"
)


def test_it_leaves_what_it_says_and_mistakes_are_told_in_one_line(favilla, tiny_folder, tmp_path):
    recipe, out = tmp_path / "r.toml", tmp_path / "roles"
    recipe.write_text(RECIPE)
    command = ["roles", recipe, "--model", tiny_folder, "--out", out]
    done = favilla(*command, "--json")
    assert done.returncode == 0, done.stderr
    summary = json.loads(done.stdout)
    assert summary["folder"] == str(out) and summary["chosen"] == [["lists", 1]] and summary["problems"] == 3
    # random weights do not end a turn in eight tokens: there is nothing to show
    assert summary["examples"] == len((out / "examples.jsonl").read_text().splitlines())
    assert json.loads((out / "summary.json").read_text()) == {k: v for k, v in summary.items() if k != "folder"}
    recipe.write_text(RECIPE.replace("least = 0.0", "least = 0.9\nmost = 0.9"))
    assert "no level is solved by 0.9 to 0.9" in refused(favilla(*command))
    recipe.write_text(RECIPE.replace("samples = 2", "samples = 3"))
    assert "other settings" in refused(favilla(*command))
    recipe.write_text(RECIPE)
    assert "other settings" in refused(favilla(*command, "--dtype", "bfloat16"))
    recipe.write_text(RECIPE.replace("levels = [1]", "levels = [7]"))
    assert "levels 1 to" in refused(favilla(*command))
