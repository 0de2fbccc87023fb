"""Splits, determinism, the registry and plug-ins."""

from __future__ import annotations

import logging
import random
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from favilla.errors import UserError
from favilla.worlds import registry
from favilla.worlds.base import STYLES, Split, draw_in_split, split_of
from favilla.worlds.phrasing import pick
from favilla.worlds.throughput import problems_per_second
from favilla.worlds.verify import format_point, format_point_locations, read_integer, read_point

TEXT_FAMILIES = ("arithmetic", "hops", "lists")
SPLITS: tuple[Split, ...] = ("train", "dev", "test")
PLUGIN = Path(__file__).parent / "plugin"


@pytest.mark.parametrize("name", TEXT_FAMILIES)
def test_splits_never_meet_whatever_the_seed(name: str) -> None:
    family = registry.get(name)
    counts = {"train": 900, "dev": 60, "test": 120}
    instances: dict[str, set[str]] = {split: set() for split in SPLITS}
    prompts: dict[str, set[str]] = {split: set() for split in SPLITS}
    for number, split in enumerate(SPLITS):
        for seed in range(3):
            for level in range(1, family.levels + 1):
                rng = random.Random(1000 * number + seed)
                for _ in range(counts[split] // 3):
                    problem = family.sample(rng, level, split)
                    instances[split].add(problem.instance)
                    prompts[split].add("".join(str(part) for part in problem.prompt))
    for kind in (instances, prompts):
        assert not kind["train"] & kind["test"]
        assert not kind["train"] & kind["dev"]
        assert not kind["dev"] & kind["test"]
    assert len(instances["train"]) > 3000  # the sets are not empty by an accident of the test


def test_mirrored_sums_share_a_split() -> None:
    family = registry.get("arithmetic")
    by_operands: dict[frozenset[str], set[str]] = {}
    rng = random.Random(0)
    for split in SPLITS:
        for _ in range(2000):
            problem = family.sample(rng, 1, split)
            left, op, right = problem.facts["expression"].split()
            if op == "+":
                by_operands.setdefault(frozenset((left, right)), set()).add(split)
    assert len(by_operands) > 1000
    assert all(len(splits) == 1 for splits in by_operands.values())


def test_shares_of_the_splits() -> None:
    splits = [split_of(f"instance {number}") for number in range(20_000)]
    assert abs(splits.count("test") / 20_000 - 0.10) < 0.01
    assert abs(splits.count("dev") / 20_000 - 0.05) < 0.01


def test_draw_in_split_gives_up_on_a_space_that_is_too_small() -> None:
    lonely = next(str(number) for number in range(1000) if split_of(str(number)) == "train")
    with pytest.raises(RuntimeError, match="too small"):
        draw_in_split(lambda: lonely, str, "test", tries=50)


def test_pick_keeps_test_phrasings_for_test() -> None:
    rng = random.Random(0)
    for split in ("train", "dev"):
        assert {pick(rng, split, ("a", "b"), ("z",)) for _ in range(200)} == {"a", "b"}
    drawn = [pick(rng, "test", ("a", "b"), ("z",)) for _ in range(2000)]
    assert 0.45 < drawn.count("z") / 2000 < 0.55
    assert drawn.count("a") > 300
    assert pick(rng, "test", ("only",), ()) == "only"


@given(st.integers())
def test_read_integer_reads_what_python_writes(number: int) -> None:
    assert read_integer(str(number)) == (number if len(str(number)) <= 100 else None)


@given(st.text(max_size=30))
def test_read_integer_reads_only_canonical_text(text: str) -> None:
    number = read_integer(text)
    assert number is None or str(number) == text


@pytest.mark.parametrize(
    "text",
    ["", "-", "+7", "07", "-0", "00", "7.0", "7 ", " 7", "7\n", "1,000", "1_000", "1e3", "0x7", "٣", "７", "²", "Ⅶ",
     "−7", "7 8", "seven", "nan", "inf", "9" * 5000, "\x007"],
)  # fmt: skip
def test_read_integer_refuses(text: str) -> None:
    assert read_integer(text) is None


def test_read_point_forms() -> None:
    assert read_point("(000, 999)") == (0.0005, 0.9995)
    assert read_point("(123, 045)") == (0.1235, 0.0455)
    assert read_point("<|loc_00|><|loc_99|>") == (0.005, 0.995)


@given(st.floats(0, 1), st.floats(0, 1))
def test_points_come_back_within_half_a_cell(x: float, y: float) -> None:
    for text, cells in ((format_point(x, y), 1000), (format_point_locations(x, y), 100)):
        read = read_point(text)
        assert read is not None
        assert abs(read[0] - x) <= 0.5 / cells + 1e-9
        assert abs(read[1] - y) <= 0.5 / cells + 1e-9


def test_points_outside_go_to_the_edge() -> None:
    assert format_point(-3.0, 1.0) == "(000, 999)"
    assert format_point_locations(1.5, -0.1) == "<|loc_99|><|loc_00|>"


@pytest.mark.parametrize(
    "text",
    ["", "(1, 2)", "(0123, 456)", "(123,456)", "(123,  456)", "123, 456", "(123, 456) ", "(123, 456)\n", "(-12, 345)",
     "(١٢٣, 456)", "(123, 456)(123, 456)", "(0.1, 0.2)", "[123, 456]", "(100-900, 456)", "(123, 456, 789)",
     "<|loc_1|><|loc_2|>", "<|loc_12|> <|loc_34|>", "<|loc_12|>", "<|loc_12|><|loc_34|><|loc_56|>", "(nan, inf)"],
)  # fmt: skip
def test_read_point_refuses(text: str) -> None:
    assert read_point(text) is None


@pytest.mark.parametrize("name", registry.BUILT_IN)
def test_built_in_families_load(name: str) -> None:
    assert registry.get(name).name == name
    assert name in registry.families()


def test_names_and_text_families_need_no_picture_libraries() -> None:
    code = "import sys; from favilla.worlds import registry; registry.get('hops'); registry.names();"
    code += "assert not {'matplotlib', 'sklearn', 'torch'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_unknown_name_gets_near_ones() -> None:
    with pytest.raises(UserError, match="did you mean arithmetic") as near:
        registry.get("arithmatic")
    with pytest.raises(UserError, match="there are arithmetic, hops") as far:
        registry.get("xyzzy")
    assert "\n" not in str(near.value) + str(far.value)


@pytest.fixture
def plugin_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(PLUGIN))


def test_plugin_is_found_and_works(plugin_installed: None) -> None:
    family = registry.families()["remainders"]
    assert registry.get("remainders").levels == 2
    rng = random.Random(3)
    for split in SPLITS:
        for level in (1, 2):
            problem = family.sample(rng, level, split)
            assert split_of(problem.instance) == problem.split == split
            a, b = (int(number) for number in problem.instance.split()[1:])
            while a >= b:
                a -= b
            assert problem.answer == str(a)
            assert all(family.verify(problem, problem.solutions[style].answer).correct for style in STYLES)


def test_plugin_is_gone_when_not_installed() -> None:
    assert "remainders" not in registry.names()


BROKEN = {
    "crashes": ("raise OSError('two\\nlines')", "crashes:Family", "OSError: two lines"),
    "missing": ("import no_such_module_anywhere", "missing:Family", "ModuleNotFoundError"),
    "absent": ("", "absent:NoSuchName", "AttributeError"),
    "alien": ("class Alien: pass", "alien:Alien", "not a favilla.worlds.base.Family"),
    "misnamed": (
        "from favilla.worlds.arithmetic import Arithmetic\nclass Other(Arithmetic): name = 'other'",
        "misnamed:Other",
        "calls itself 'other'",
    ),
    "levelless": (
        "from favilla.worlds.arithmetic import Arithmetic\nclass Flat(Arithmetic): name, levels = 'levelless', 0",
        "levelless:Flat",
        "how many levels",
    ),
    "arithmetic": ("class Thief: pass", "thief:Thief", "the name belongs to"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_plugin_gives_one_line_and_hides_nothing(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, plugin_installed: None
) -> None:
    source, target, complaint = BROKEN[name]
    (tmp_path / f"{target.partition(':')[0]}.py").write_text(source)
    info = tmp_path / "broken_example-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: broken-example\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[favilla.worlds]\n{name} = {target}\n")
    monkeypatch.syspath_prepend(str(tmp_path))

    with caplog.at_level(logging.WARNING):
        loaded = registry.families()
    assert {"arithmetic", "hops", "lists", "remainders"} <= set(loaded)
    complaints = [record.getMessage() for record in caplog.records if complaint in record.getMessage()]
    assert complaints
    assert all("\n" not in line and name in line for line in complaints)
    if name == "arithmetic":
        assert type(registry.get("arithmetic")).__module__ == "favilla.worlds.arithmetic"
    else:
        assert name not in loaded
        with pytest.raises(UserError, match="plug-in family"):
            registry.get(name)


def test_throughput_is_a_rate() -> None:
    assert problems_per_second(registry.get("arithmetic"), 1, 0.05) > 10
