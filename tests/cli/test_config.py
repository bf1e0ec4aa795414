"""``config``: show, check, schema."""

import json
import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from fes_ctrl.cli.config import command

PARTS = ["program", "setup", "patient", "stimulator", "limits"]


def config(*arguments: object) -> Result:
    return CliRunner().invoke(command, [str(argument) for argument in arguments])


def test_show_tells_each_value_and_its_origin() -> None:
    result = config("show", "late_onset", "--set", "program.rise_ms=150")
    assert result.exit_code == 0
    lines = [" ".join(line.split()) for line in result.stdout.splitlines()]
    assert "rise_ms = 150.0 # --set program.rise_ms=150" in lines
    assert "current_mA = 80.0 # configs/limits/bench.toml:5" in lines
    assert any(line.startswith("delay_ms = 388.0 # configs/scenarios/late_onset") for line in lines)
    assert "arm_at_s = 0.5 # default" in lines


def test_show_as_json_says_the_same() -> None:
    result = config("show", "late_onset", "--json", "--set", "program.rise_ms=150")
    shown = json.loads(result.stdout)
    text = config("show", "late_onset", "--set", "program.rise_ms=150").stdout
    assert f"# config_sha256 {shown['config_sha256']}\n" in text
    read = tomllib.loads(text)
    assert list(read) == list(shown["values"])
    assert read["program"]["rise_ms"] == shown["values"]["program"]["rise_ms"] == 150
    assert shown["origins"]["program.rise_ms"] == "--set program.rise_ms=150"


@pytest.mark.parametrize("part", PARTS)
def test_a_section_that_was_shown_is_a_file_of_it(tmp_path: Path, part: str) -> None:
    first = config("show", "--section", part)
    file = tmp_path / "mine.toml"
    file.write_text(first.stdout)
    assert config("check", file).stdout == f"{file}: good ({part})\n"
    again = config("show", f"--{part}", file, "--section", part, "--json")
    values = json.loads(config("show", "--section", part, "--json").stdout)["values"]
    assert json.loads(again.stdout)["values"] == values


def test_every_shipped_file_is_good(root: Path) -> None:
    files = sorted((root / "configs").glob("*/*.toml"))
    result = config("check", *files)
    assert result.exit_code == 0, result.stderr
    assert result.stdout.count(": good (") == len(files)
    for part in PARTS:
        assert f"good ({part})" in result.stdout


def test_every_scenario_says_what_makes_it_a_pass(root: Path) -> None:
    for file in (root / "configs" / "scenarios").glob("*.toml"):
        assert tomllib.loads(file.read_text()).get("pass"), file.name


def test_check_names_every_file_that_is_refused(tmp_path: Path) -> None:
    bad = tmp_path / "bad.toml"
    bad.write_text("[program]\ndelay_ms = nan\n")
    worse = tmp_path / "worse.toml"
    worse.write_text("[walk]\nseed = -1\n")
    result = config("check", bad, "standard", worse)
    assert result.exit_code == 2
    assert result.stdout == "standard: good (scenario)\n"
    first, second = result.stderr.splitlines()
    assert "program.delay_ms = nan" in first
    assert f"({bad}:2)" in first
    assert "walk.seed = -1" in second
    assert f"({worse}:2)" in second


def test_check_as_json_has_an_entry_for_each_file(tmp_path: Path) -> None:
    bad = tmp_path / "bad.toml"
    bad.write_text("[program]\ndelay_ms = nan\n")
    result = config("check", "--json", "standard", bad)
    good, refused = json.loads(result.stdout)["files"]
    assert good == {"file": "standard", "kind": "scenario", "problem": None}
    assert "program.delay_ms = nan" in refused["problem"]
    assert result.exit_code == 2


@pytest.mark.parametrize(
    ("program", "says"),
    [
        ("time_out_ms = 2900", "above limits.burst_ms"),
        ('trigger_side = "contralateral"', "only the right leg is sensed"),
    ],
)
def test_check_asks_whether_the_parts_of_a_scenario_fit_together(
    program: str, says: str, tmp_path: Path
) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(f"[walk]\n[program]\n{program}\n")
    result = config("check", file)
    assert result.exit_code == 2
    assert says in result.stderr
    assert str(file) in result.stderr


def test_a_misspelt_part_is_refused_with_those_there_are(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text("# mine\n[progam]\ndelay_ms = 5\n")
    result = config("check", file)
    assert result.exit_code == 2
    assert "progam: no section of the configuration; known are walk, patient" in result.stderr
    assert f"({file}:2)" in result.stderr


@pytest.mark.parametrize("kind", ["scenario", *PARTS])
def test_there_is_a_schema_for_each_kind_of_file(kind: str) -> None:
    schema = json.loads(config("schema", kind).stdout)
    assert schema["additionalProperties"] is False
    if kind == "scenario":
        assert "limits" not in schema["properties"]
        assert {"walk", "program", "pass"} <= set(schema["properties"])
    else:
        assert list(schema["properties"]) == [kind]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("schema", "scenrio"), "choose scenario, patient, program"),
        (("show", "--section", "progam"), "choose walk, patient, program"),
        (("show", "nobody"), "scenario 'nobody' is unknown; choose "),
        (("show", "--limits", "nobody"), "limits 'nobody' is unknown; choose bench"),
        (("show", "--set", "limits.current_mA=100"), "limits come from files only"),
        (("check",), "FILE"),
    ],
)
def test_what_cannot_be_done_is_refused_with_the_way_out(
    arguments: tuple[str, ...], told: str
) -> None:
    result = config(*arguments)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert told in result.stderr


SHAPED = """[stimulator]
shape = [
    [1.0, 1.0],
    [0.33, 0.0],
    [1.0, -1.0],
]
poll_ms = 50
"""


def test_a_pulse_shape_is_shown_as_a_file_can_hold_it(tmp_path: Path) -> None:
    file = tmp_path / "shaped.toml"
    file.write_text(SHAPED)
    shown = config("show", "--stimulator", file, "--section", "stimulator").stdout
    assert "shape = [[1.0, 1.0], [0.33, 0.0], [1.0, -1.0]] # " in shown
    file.write_text(shown)
    assert config("check", file).stdout == f"{file}: good (stimulator)\n"
    changed = config(
        "show", "--stimulator", file, "--set", "stimulator.shape.1.0=0.5", "--section", "stimulator"
    )
    assert "shape = [[1.0, 1.0], [0.5, 0.0], [1.0, -1.0]]" in changed.stdout


@pytest.mark.parametrize(
    ("was", "becomes", "says"),
    [
        ("-1.0", "-0.8", "stimulator: shape.2: the points leave +0.2 of current times width"),
        ("-1.0", "-1.2", "stimulator.shape.2.1 = -1.2: must be at least -1"),
        ("0.33", "0", "stimulator.shape.1.0 = 0: must be above 0"),
        ("0.33", '"a third"', 'stimulator.shape.1.0 = "a third": must be a number'),
        ("0.0]", "0.0, 1]", "stimulator.shape.1 = [0.33, 0.0, 1]: must have at most 2, not 3"),
        ("[\n", '[\n"x",', 'stimulator.shape.0 = "x": must be an array, as [1, 2]'),
    ],
)
def test_a_shape_that_cannot_be_is_refused_at_its_place(
    tmp_path: Path, was: str, becomes: str, says: str
) -> None:
    file = tmp_path / "shaped.toml"
    file.write_text(SHAPED.replace(was, becomes))
    result = config("check", file)
    assert result.exit_code == 2
    assert f"fes-ctrl: {says}" in result.stderr
    # Where the array ends, and not where the last value of the table stands.
    assert result.stderr.endswith(f"({file}:6)\n")
