"""What a setup refuses before anybody is stimulated, in one line each."""

import subprocess
import sys
import tomllib
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from fes_ctrl.cli.setup_file import SetupRecord, as_toml
from fes_ctrl.stim.config import ChannelConfig, MuscleSetup

DEVICE = ["--stimulator", "p24:///dev/none"]


def setup(*options: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "fes_ctrl", "setup", *options],
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
        timeout=60,
        cwd=cwd,
    )


GOOD = [*DEVICE, "--arm-allowed", "bench", "--out", "new.toml"]


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (GOOD, "/dev/none"),
        ([*DEVICE, "--out", "new.toml"], "--arm-allowed"),
        ([*DEVICE, "--arm-allowed", "bench"], "--out"),
        (["--arm-allowed", "bench", "--out", "new.toml"], "--stimulator"),
        ([*DEVICE, "--arm-allowed", "none", "--out", "new.toml"], "limits 'none' is unknown"),
        ([*GOOD, "--stimulator", "x24:///dev/null"], "no device 'x24'"),
        ([*GOOD, "--out", "there.toml"], "--overwrite"),
        ([*GOOD, "--out", "folder.toml", "--overwrite"], "is no file"),
        ([*GOOD, "--out", "none/new.toml"], "there is no folder none"),
        ([*GOOD, "--out", "new"], "end it in .toml"),
        ([*GOOD, "--muscle", "biceps"], "biceps"),
        ([*GOOD, "--leg", "third"], "third"),
        ([*GOOD, "--position", "here\nsetup.calf.motor_mA = 1"], "--position"),
        ([*GOOD, "--position", "x" * 201], "--position"),
        ([*GOOD, "--pulse-width", "9"], "--pulse-width 9"),
        ([*GOOD, "--pulse-width", "501"], "--pulse-width 501"),
        ([*GOOD, "--pulse-width", "400"], "above limits.pulse_width_us = 300"),
        ([*GOOD, "--rate", "nan"], "--rate nan"),
        ([*GOOD, "--rate", "0.5"], "--rate 0.5"),
        ([*GOOD, "--rate", "60"], "above limits.rate_hz = 50"),
        ([*GOOD, "--start", "0"], "--start 0: give 1 to 30 mA"),
        ([*GOOD, "--start", "31"], "--start 31: give 1 to 30 mA"),
        ([*GOOD, "--start", "1.5"], "1.5"),
        ([*GOOD, "--set", "program.nonsense=1"], "program.nonsense"),
        ([*GOOD, "--set", "limits.current_mA=100"], "limits"),
        ([*GOOD, "--set", 'detector.name="foot-imu"'], "foot-imu"),
        ([*GOOD, "--set", "program.time_out_ms=2500"], "above limits.burst_ms"),
    ],
)
def test_a_refusal_is_one_line(options: list[str], says: str, tmp_path: Path) -> None:
    (tmp_path / "there.toml").write_text("kept")
    (tmp_path / "folder.toml").mkdir()
    done = setup(*options, cwd=tmp_path)
    assert done.returncode == 2, done.stderr
    assert says in done.stderr
    assert done.stderr.startswith("fes-ctrl: ")
    assert len(done.stderr.strip().splitlines()) == 1
    assert (tmp_path / "there.toml").read_text() == "kept"
    assert not (tmp_path / "new.toml").exists()


RECORD = SetupRecord(
    MuscleSetup(10, 19, 60, 300),
    ChannelConfig(muscle="evertors", rate_hz=35.0, channel=4),
    2,
    "left",
    "behind the fibular head",
    "P24 1.4 no. 77",
    date(2026, 3, 1),
)


def test_the_file_says_what_was_found_and_how() -> None:
    text = as_toml(RECORD)
    assert tomllib.loads(text) == {
        "setup": {
            "leg": "left",
            "evertors": {
                "sensory_mA": 10,
                "motor_mA": 19,
                "tolerated_mA": 60,
                "pulse_width_us": 300,
            },
        }
    }
    for told in (
        "2026-03-01",
        "Position: behind the fibular head\n",
        "Leg: left, channel 4 of P24 1.4 no. 77\n",
        "35 Hz, 300 us, a plateau of 1 s at most, from 2 mA in steps of 1 mA",
    ):
        assert told in text


def test_what_a_device_calls_itself_stays_a_comment() -> None:
    text = as_toml(replace(RECORD, device="P24\n[setup.calf]\nmotor_mA = 1", position=""))
    assert list(tomllib.loads(text)["setup"]) == ["leg", "evertors"]
    assert "Position: not told" in text
