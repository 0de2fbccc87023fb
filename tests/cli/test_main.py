"""The command as a whole: help, usage errors, exit codes, pipes, interrupts."""

from __future__ import annotations

import json
import signal
import subprocess
import sys

import pytest

from favilla.cli.main import VERBS, _usage_error, main
from favilla.worlds.web import rendering
from tests.cli.conftest import ROOT, refused

HEAVY = ("torch", "numpy", "PIL", "matplotlib", "sklearn", "rich.progress")


@pytest.mark.parametrize("verb", [None, *VERBS])
def test_help_has_an_example(favilla, verb):
    process = favilla(*([verb] if verb else []), "--help")
    assert process.returncode == 0 and process.stderr == ""
    assert "Example: favilla " in process.stdout


def test_help_imports_nothing_heavy():
    code = (
        "import sys\nfrom favilla.cli.main import main\n"
        "try:\n    main(['eval', '--help'])\nexcept SystemExit as end:\n    assert end.code == 0\n"
        f"print([m for m in {HEAVY} if m in sys.modules], file=sys.stderr)"
    )
    process = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert process.stderr == "[]\n"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], "ask"),
        (["nope"], "nope"),
        (["ask"], "QUESTION"),
        (["ask", "why?", "--effort", "ultra"], "'low'"),
        (["ask", "why?", "--max-new-tokens", "many"], "many"),
        (["ask", "why?", "--jsn"], "did you mean --json?"),
        (["worlds", "--rate", "fast"], "fast"),
        (["worlds", "--rate", "-1"], "--rate -1"),
        (["worlds", "--show", "chart"], "did you mean charts"),
        (["worlds", "--show", "lists", "--level", "9", "--out", "x"], "levels 1 to 4"),
        (["worlds", "--show", "lists"], "--out"),
        (["worlds", "--show", "lists", "--out", "pyproject.toml"], "pyproject.toml"),
        (["worlds", "--show", "lists", "--rate", "1", "--out", "x"], "--rate and --show"),
        (["worlds", "--render-screens", "1", "--show", "lists"], "--show and --render-screens"),
        (["worlds", "--render-screens", "1", "--n", "3"], "--level and --n"),
        (["worlds", "--level", "2"], "--level and --n"),
        (["worlds", "--out", "x"], "--out and --seed"),
        (["worlds", "--render-screens", "0"], "--render-screens 0"),
        (["worlds", "--render-screens", "many"], "many"),
        (["worlds", "--render-screens", "1", "--out", "pyproject.toml"], "pyproject.toml"),
        (["eval", "ember", "--n", "0"], "--n 0"),
        (["eval", "ember", "--families", "lists", "--levels", "9"], "--levels 9"),
        (["eval", "ember", "--families", "lists", "--levels", "1", "9"], "--levels 9: none of the families"),
        (["study", "rl", "missing.toml"], "missing.toml"),
        (["study", "rl", "recipes/study-rl.toml", "--jobs", "0"], "--jobs 0"),
        (["study", "rl", "recipes/study-rl.toml", "--arms", "nope", "--out", "x"], "there are none, low"),
        (["report", "rl", "missing"], "missing"),
        (["report", "rl", "recipes"], "holds no study"),
        (["pretrain", "missing.toml"], "missing.toml"),
        (["pretrain", "README.md"], "README.md"),
        (["pretrain", "recipes/debug.toml", "--init", "missing"], "models that are shipped: ember"),
    ],
)
def test_what_is_wrong_with_the_arguments_is_told_in_one_line(favilla, arguments, says):
    assert says in refused(favilla(*arguments))


def test_a_usage_error_in_an_unknown_shape_still_gives_one_line():
    assert _usage_error("", ["ask"]) == "wrong arguments; see favilla ask --help"


def test_other_failures_keep_their_traceback(monkeypatch):
    def broken() -> None:
        raise RuntimeError("a bug")

    monkeypatch.setitem(VERBS, "worlds", broken)
    with pytest.raises(RuntimeError, match="a bug"):
        main(["worlds"])


def test_an_interrupt_ends_with_130(monkeypatch):
    def interrupted() -> None:
        # What starts the tests may have told its children to ignore it.
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setitem(VERBS, "worlds", interrupted)
    assert main(["worlds"]) == 130


def test_a_reader_that_leaves_is_no_drama():
    command = f"{sys.executable} -m favilla.cli.main worlds --show lists --n 4000 --out $OUT | head -1"
    process = subprocess.run(
        ["bash", "-c", f"OUT=$(mktemp -d); {command}; rm -r $OUT"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert process.stderr == "" and len(process.stdout.splitlines()) == 1


@pytest.mark.parametrize("closed", ["stdout", "stderr"])
def test_a_stream_that_the_shell_closed_is_no_drama(tiny_folder, closed):
    command = f"{sys.executable} -m favilla.cli.main ask Hi --max-new-tokens 3 --model {tiny_folder}"
    redirect = {"stdout": ">&-", "stderr": "2>&-"}[closed]
    good = subprocess.run(
        ["bash", "-c", f"{command} {redirect}"], cwd=ROOT, capture_output=True, text=True, timeout=300
    )
    assert good.returncode == 0 and "Traceback" not in good.stderr
    bad = subprocess.run(
        ["bash", "-c", f"{command}x {redirect}"], cwd=ROOT, capture_output=True, text=True, timeout=300
    )
    assert bad.returncode == 2 and bad.stdout == "" and bad.stderr.count("\n") == (closed == "stdout")


def test_worlds_lists_families_and_measures_them(favilla):
    process = favilla("worlds", "--rate", "0.01", "--json")
    content = json.loads(process.stdout)
    assert process.returncode == 0 and content["arithmetic"]["levels"] == 4
    assert all(len(f["problems_per_second"]) == f["levels"] for f in content.values())
    assert all(rate > 0 for f in content.values() for rate in f["problems_per_second"])
    assert "arithmetic" in favilla("worlds").stdout


def test_worlds_shows_samples_and_shows_the_same_again(favilla, tmp_path):
    for out in ("a", "b"):
        process = favilla("worlds", "--show", "counting", "--level", 2, "--n", 2, "--seed", 5, "--out", tmp_path / out)
        assert process.returncode == 0 and len(process.stdout.splitlines()) == 4
    names = sorted(path.name for path in (tmp_path / "a").iterdir())
    assert names == [f"counting-2-5-0{i}.{end}" for i in (0, 1) for end in ("png", "txt")]
    assert all((tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes() for name in names)
    assert "answer: " in (tmp_path / "a" / "counting-2-5-00.txt").read_text()


def test_rendering_tells_how_far_it_is_where_nobody_watches(tmp_path, monkeypatch, capsys):
    def render(folder, count, seed, tell):
        for more in (100, *[1] * 200):  # a shard that was there, and two that are rendered
            tell(more)
        return []

    monkeypatch.setattr(rendering, "render_shards", render)
    assert main(["worlds", "--render-screens", "300", "--out", str(tmp_path)]) == 0
    told = capsys.readouterr().err.splitlines()
    assert [line.partition(",")[0] for line in told] == ["200 of 300 screens", "300 of 300 screens"]


def test_rendering_without_a_browser_says_what_to_install(favilla, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "apt install chromium" in refused(favilla("worlds", "--render-screens", 1, "--out", tmp_path / "shards"))
    assert list((tmp_path / "shards").iterdir()) == []


def test_rendering_does_not_mistake_another_file_for_its_own(favilla, tmp_path):
    (tmp_path / "0-00000.safetensors").write_text("something else")
    assert "0-00000.safetensors" in refused(favilla("worlds", "--render-screens", 1, "--out", tmp_path))


def test_pretrain_leaves_a_model_folder(favilla, tmp_path):
    recipe = (ROOT / "recipes" / "debug.toml").read_text()
    for before, after in (("steps = 60", "steps = 2"), ("warmup = 10", "warmup = 1"), ("samples = 40", "samples = 5"),
                          ("workers = 1", "workers = 0")):  # fmt: skip
        assert before in recipe
        recipe = recipe.replace(before, after)
    (tmp_path / "two.toml").write_text(recipe)
    process = favilla("pretrain", tmp_path / "two.toml", "--out", tmp_path / "run", "--json")
    assert process.returncode == 0, process.stderr
    folder = tmp_path / "run" / "model"
    assert json.loads(process.stdout.splitlines()[-1]) == {"model": str(folder)}
    assert (folder / "config.json").exists() and (tmp_path / "run" / "loss.png").exists()
