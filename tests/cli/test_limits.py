"""``fes-ctrl limits``: what is in force, what is refused, and what a walk emits."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from helpers.here import fes_ctrl_here


def limits(*arguments: str) -> subprocess.CompletedProcess[str]:
    return fes_ctrl_here("limits", *arguments)


def limits_apart(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Say them in a process of its own, as a user does."""
    return subprocess.run(
        [sys.executable, "-m", "fes_ctrl", "limits", *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_each_limit_is_told_with_its_cap_and_its_origin(tmp_path: Path) -> None:
    mine = tmp_path / "mine.toml"
    mine.write_text("[limits]\ncurrent_mA = 40\n")
    done = limits_apart("--limits", str(mine), "--json")
    assert done.returncode == 0, done.stderr
    rows = {row["key"]: row for row in json.loads(done.stdout)["limits"]}
    assert rows["current_mA"]["value"] == 40
    assert rows["current_mA"]["cap"] == 100
    assert rows["current_mA"]["origin"] == f"{mine}:2"
    assert rows["density_mA_per_cm2"]["origin"] == "default"
    assert rows["rms_mA"]["origin"] == "cap"
    text = limits("--limits", str(mine)).stdout
    assert f"{mine}:2" in text
    assert len(text.splitlines()) == 1 + len(rows)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("rms_mA = nan", "limits.rms_mA = nan"),
        ("rms_mA = inf", "limits.rms_mA = inf"),
        ("dose_mC = -1", "limits.dose_mC = -1"),
        ("start_mA = 'high'", "limits.start_mA"),
        ("level_step_mA = 51", "limits.level_step_mA = 51"),
        ("net_charge_uC = 1.1", "limits.net_charge_uC = 1.1"),
        ("load_ohm = 499", "limits.load_ohm = 499"),
        ("session_min = 1441", "limits.session_min = 1441"),
        ("power_density_W_per_cm2 = 0.26", "limits.power_density_W_per_cm2 = 0.26"),
        ("ramp_ms = 100", "limits.ramp_ms"),
    ],
)
def test_a_value_that_cannot_hold_is_refused_by_name_and_place(
    tmp_path: Path, line: str, says: str
) -> None:
    mine = tmp_path / "mine.toml"
    mine.write_text(f"[limits]\ncurrent_mA = 40\n{line}\n")
    done = limits("--limits", str(mine))
    assert done.returncode == 2
    assert says in done.stderr
    assert f"{mine}:3" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert done.stdout == ""


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("voltage_V = 43.1", "limits.voltage_V"),
        ("pulse_energy_mJ = 1", "limits.pulse_energy_mJ"),
        ("rms_mA = 6", "limits.rms_mA"),
        ("electrode_area_cm2 = 3", "limits.density_mA_per_cm2"),
        ("power_density_W_per_cm2 = 0.002", "limits.power_density_W_per_cm2"),
    ],
)
def test_a_program_that_the_guard_would_refuse_is_refused_before_the_walk(
    tmp_path: Path, line: str, says: str
) -> None:
    mine = tmp_path / "mine.toml"
    mine.write_text(f"[limits]\n{line}\n")
    done = limits("--limits", str(mine), "--table")
    assert done.returncode == 2
    assert says in done.stderr
    assert "program.channel.0" in done.stderr


def test_the_table_is_of_what_was_emitted_into_each_load() -> None:
    done = limits("--table", "--duration", "10", "--json")
    assert done.returncode == 0, done.stderr
    whole = json.loads(done.stdout)
    loads = whole["channels"]["0"]
    assert list(loads) == ["500", "2000", "10000"]
    assert [loads[load]["voltage_V"] for load in loads] == [21.5, 86.0, 150.0]
    assert loads["500"]["charge_per_phase_uC"] == pytest.approx(43 * 0.3)
    assert whole["unit"]["stimulator"] == "sim+p24"


def test_a_walk_that_emits_nothing_has_no_table() -> None:
    done = limits("--table", "--duration", "1")
    assert done.returncode == 2
    assert "--duration" in done.stderr
