"""``import``: two files that every command reads, or one line and nothing written."""

import gzip
import json
import math
import shlex
import tomllib
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from fes_ctrl.cli import group
from fes_ctrl.model import FOOT_IMU, HEEL_FORCE, LEFT, RIGHT, SHANK_IMU
from fes_ctrl.recordings import read_meta, read_recording

MAPS = ["--map", "acc=a{xyz}", "--map", "gyr=w{xyz}", "--map", "time=t"]


def imports(*arguments: object) -> Result:
    return CliRunner().invoke(group, ["import", *map(str, arguments)])


@pytest.fixture
def lab(tmp_path: Path) -> Path:
    """Two seconds of a swinging sensor, and the force under its heel."""
    lines = ["t,ax,ay,az,wx,wy,wz,FSR1,FSR2"]
    for row in range(200):
        swing = math.sin(2 * math.pi * row / 100)
        force = max(0.0, 300 * swing)
        lines.append(f"{row / 128:.7f},{swing:.4f},0.5,9.8,0,{-300 * swing:.4f},1,{force:.1f},20")
    path = tmp_path / "walk.txt"
    path.write_text("\n".join(lines) + "\n")
    return path


def names(lab: Path) -> list[str]:
    return sorted(path.name for path in lab.parent.iterdir())


def test_the_recording_and_its_description_stand_beside_the_file(lab: Path) -> None:
    result = imports(lab, *MAPS, "--side", "right", "--site", "shank")
    assert result.exit_code == 0
    assert names(lab) == ["walk.recording.csv", "walk.recording.meta.toml", "walk.txt"]
    recording = read_recording(lab.with_name("walk.recording.csv"))
    assert [(stream.leg, stream.sensor) for stream in recording.streams] == [(RIGHT, SHANK_IMU)]
    assert recording.ignored == ()
    assert recording.meta.side == "right"
    assert recording.meta.clock == "measurement"
    first = next(recording.samples())
    assert first.values == (0.0, 0.5, 9.8, 0.0, 0.0, 1.0)
    said = tomllib.loads(lab.with_name("walk.recording.meta.toml").read_text())["imported"]
    assert said["from"] == "walk.txt"
    assert said["map"] == ["acc=a{xyz}", "gyr=w{xyz}", "time=t"]
    assert said["acc_unit"] == "m/s2"
    assert "200 rows, 1.6 s at 128 Hz; no gaps" in result.stdout


def test_nothing_is_lost_in_the_digits(lab: Path) -> None:
    assert imports(lab, *MAPS).exit_code == 0
    recording = read_recording(lab.with_name("walk.recording.csv"))
    source = np.loadtxt(lab, delimiter=",", skiprows=1)
    np.testing.assert_allclose(recording.streams[0].values, source[:, 1:7], rtol=1e-6)
    np.testing.assert_allclose(recording.t_meas_us, source[:, 0] * 1e6, atol=0.6)


def test_sensors_of_both_legs_come_from_one_file(lab: Path) -> None:
    maps = [
        *("--map", "left.foot.acc=a{xyz}", "--map", "left.foot.gyr=w{xyz}"),
        *("--map", "right.heel_n=FSR1+FSR2", "--map", "time=t"),
    ]
    out = lab.with_name("both.csv.gz")
    assert imports(lab, *maps, "--out", out, "--clock", "arrival").exit_code == 0
    assert gzip.decompress(out.read_bytes()).startswith(b"t_s,left.foot.acc_x,")
    recording = read_recording(out)
    assert [(stream.leg, stream.sensor) for stream in recording.streams] == [
        (LEFT, FOOT_IMU),
        (RIGHT, HEEL_FORCE),
    ]
    assert recording.streams[1].values[25, 0] == pytest.approx(320)
    assert read_meta(lab.with_name("both.meta.toml")).clock == "arrival"


def test_json_tells_what_was_found_and_done(lab: Path) -> None:
    lines = lab.read_text().splitlines()
    lines[50] = "0.3828125,,,,,,,,"
    lab.write_text("\n".join(lines) + "\n")
    result = imports(lab, *MAPS, "--json")
    told = json.loads(result.stdout)
    assert told["rows"] == 199
    assert told["rows_left_out"] == 1
    assert told["rate_hz"] == 128
    assert told["gaps"] == {"n": 1, "longest_s": 0.015625}
    assert told["units"] == {"acc": "m/s2", "gyr": "deg/s", "time": "s"}
    assert told["figures"]["acc"] == pytest.approx(9.8, abs=0.1)
    assert told["recording"] == str(lab.with_name("walk.recording.csv"))
    assert len(told["notes"]) == 2
    assert "1 row lacks a value (line 51) and became a gap" in result.stderr
    assert "it counts as the left; give --side" in result.stderr


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--acc-unit", "g"], "looks like m/s2; give --acc-unit m/s2"),
        (["--time-unit", "ms"], "looks like s; give --time-unit s"),
        (["--rate-hz", "100"], "--rate-hz and --map time= say two clocks"),
        (["--rate-hz", "5"], "--rate-hz 5: gait is sampled at 20 to 2000 Hz"),
        (["--map", "gaitmapp"], "--map gaitmapp: name one ready map (gaitmap, gaitpdb, xsens"),
        (["--map", "xsens", "--map", "movella"], "name one ready map"),
        (["--out", "walk.toml"], "--out walk.toml: a recording is a .csv or .csv.gz"),
        (["--acc-unit", "G"], "'G' is not one of 'm/s2', 'g', 'mg'"),
    ],
)
def test_what_cannot_be_imported_is_one_line_and_leaves_no_file(
    lab: Path, options: list[str], says: str
) -> None:
    result = imports(lab, *MAPS, *options)
    assert result.exit_code == 2
    assert says in " ".join(result.stderr.split())
    assert result.stdout == ""
    assert names(lab) == ["walk.txt"]


def test_a_recording_that_is_there_is_kept_unless_said_otherwise(lab: Path) -> None:
    assert imports(lab, *MAPS, "--side", "left").exit_code == 0
    result = imports(lab, *MAPS, "--side", "right")
    assert result.exit_code == 2
    assert "walk.recording.csv: exists; choose another --out, or give --overwrite" in result.stderr
    assert imports(lab, *MAPS, "--side", "right", "--overwrite").exit_code == 0
    assert read_recording(lab.with_name("walk.recording.csv")).legs == (RIGHT,)


def test_a_description_of_something_else_is_not_replaced(lab: Path) -> None:
    lab.with_name("walk.recording.meta.toml").write_text('aid = "cane"\n')
    result = imports(lab, *MAPS)
    assert result.exit_code == 2
    assert "walk.recording.meta.toml: exists" in result.stderr


def test_the_file_itself_is_never_written(lab: Path) -> None:
    source = lab.rename(lab.with_name("walk.csv"))
    before = source.read_bytes()
    result = imports(source, *MAPS, "--out", source, "--overwrite")
    assert result.exit_code == 2
    assert "that is the file itself" in result.stderr
    assert source.read_bytes() == before


def test_names_and_maps_in_any_letters_are_described_truly(lab: Path) -> None:
    source = lab.rename(lab.with_name('Schritt "ä" 🚶.txt'))
    result = imports(source, *MAPS, "--out", lab.with_name("walk.csv"))
    assert result.exit_code == 0
    said = tomllib.loads(lab.with_name("walk.meta.toml").read_text(encoding="utf-8"))
    assert said["imported"]["from"] == 'Schritt "ä" 🚶.txt'


def test_what_to_do_next_can_be_pasted_into_a_shell(lab: Path) -> None:
    spaced = lab.with_name("Monday's walk.txt")
    lab.rename(spaced)
    (line,) = [one for one in imports(spaced, *MAPS).stderr.splitlines() if "now:" in one]
    command = shlex.split(line.removeprefix("now: fes-ctrl "))
    assert CliRunner().invoke(group, command).exit_code == 0
