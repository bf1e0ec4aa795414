"""``replay`` and ``run`` take the detector that was named, wherever it was named, for every leg."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from fes_ctrl.cli.replay import command as replay_command
from fes_ctrl.cli.run import command as run_command

HEEL = ("heel",)
FOOT = tuple(f"foot.{column}_{axis}" for column in ("acc", "gyr") for axis in "xyz")
SHANK = tuple(column.replace("foot", "shank") for column in FOOT)


def recording(folder: Path, left: tuple[str, ...], right: tuple[str, ...] = ()) -> Path:
    """Return two seconds of quiet standing with these columns."""
    columns = [
        f"{side}.{name}" for side, worn in (("left", left), ("right", right)) for name in worn
    ]
    values = ["1" if c.endswith("heel") else "9.8" if c.endswith("acc_z") else "0" for c in columns]
    rows = [",".join(["t_s", *columns])]
    rows += [",".join([f"{row / 100:.2f}", *values]) for row in range(200)]
    path = folder / "walk.csv"
    path.write_text("\n".join(rows) + "\n")
    return path


def replay(path: Path, *options: str) -> Result:
    return CliRunner().invoke(replay_command, [str(path), "--json", *options])


def run(sensor: str, *options: str) -> Result:
    """Run with a stimulator that is not there: what is refused before that is seen."""
    urls = ["--sensor", sensor, "--stimulator", "p24:///dev/none"]
    return CliRunner().invoke(run_command, [*urls, *options])


@pytest.mark.parametrize("options", [("--detector", "fused"), ("--set", "detector.name=fused")])
def test_a_replay_says_which_detector_it_had(tmp_path: Path, options: tuple[str, str]) -> None:
    result = replay(recording(tmp_path, HEEL + FOOT), *options)
    assert result.exit_code == 0
    assert json.loads(result.stdout)["detector"] == "fused"


def test_without_a_name_it_is_the_first_that_serves_both_legs(tmp_path: Path) -> None:
    result = replay(recording(tmp_path, HEEL + FOOT, FOOT))
    assert result.exit_code == 0
    assert json.loads(result.stdout)["detector"] == "foot-imu"


@pytest.mark.parametrize("way", ["replay", "run"])
def test_legs_that_no_one_detector_serves_are_refused(tmp_path: Path, way: str) -> None:
    path = recording(tmp_path, HEEL, FOOT)
    result = replay(path) if way == "replay" else run(f"replay:{path}")
    assert result.exit_code == 2
    assert "none works with each (left heel_switch; right foot_imu)" in result.stderr
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize("options", [("--detector", "fused"), ("--set", "detector.name=fused")])
def test_a_sensor_on_one_leg_and_one_on_the_other_are_not_two_on_each(
    tmp_path: Path, options: tuple[str, str]
) -> None:
    result = run(f"replay:{recording(tmp_path, HEEL + FOOT, HEEL)}", *options)
    assert result.exit_code == 2
    assert "right leg: --detector fused needs" in result.stderr


def test_a_detector_set_for_a_run_is_not_overruled_by_the_sensors() -> None:
    result = run("metronome:", "--set", "detector.name=shank-imu")
    assert result.exit_code == 2
    assert "--detector shank-imu needs shank_imu" in result.stderr


def test_a_run_on_a_shank_is_triggered_by_its_tilt(tmp_path: Path) -> None:
    sets = ("--set", "program.trigger=tilt", "--set", "detector.shank_imu.by=tilt")
    result = run(f"replay:{recording(tmp_path, SHANK)}", *sets)
    assert "/dev/none" in result.stderr
    assert "tilt" not in result.stderr


@pytest.mark.parametrize("way", ["replay", "run"])
def test_a_trigger_by_the_other_leg_needs_one_that_is_sensed(tmp_path: Path, way: str) -> None:
    crossed = ("--set", "program.trigger_side=contralateral")
    path = recording(tmp_path, HEEL)
    result = replay(path, *crossed) if way == "replay" else run(f"replay:{path}", *crossed)
    assert result.exit_code == 2
    assert "trigger_side = 'contralateral': only the left leg is sensed" in result.stderr
    assert "the right leg needs a sensor too (heel_switch or heel_force)" in result.stderr
    assert result.stderr.count("\n") == 1
    both = recording(tmp_path, HEEL, HEEL)
    result = replay(both, *crossed) if way == "replay" else run(f"replay:{both}", *crossed)
    assert "sensed" not in result.stderr


@pytest.mark.parametrize("way", ["replay", "run"])
def test_a_detector_without_a_name_is_refused(tmp_path: Path, way: str) -> None:
    none = ("--detector", "")
    path = recording(tmp_path, HEEL)
    result = replay(path, *none) if way == "replay" else run("metronome:", *none)
    assert result.exit_code == 2
    assert "must be 'heel'" in result.stderr or "choose heel" in result.stderr


def test_help_of_a_run_names_every_detector() -> None:
    assert "heel|foot-imu|shank-imu|fused" in run("metronome:", "--help").stdout
