"""The fitted figures of the prescribed leg are what the tool makes of the normative tables."""

import subprocess
import sys
from pathlib import Path

import pytest

from hil.patient import gait_data

ROOT = Path(__file__).resolve().parents[2]


def test_the_fitted_figures_can_be_made_again(shared_data: Path) -> None:
    plant = shared_data / "plant"
    done = subprocess.run(
        [
            sys.executable,
            str(ROOT / "tools" / "fit_gait_table.py"),
            str(plant / "gait_winter_wm22.csv"),
            str(plant / "stance_kinetics.csv"),
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    made: dict[str, object] = {}
    exec(done.stdout, made)  # noqa: S102 - our own tool's output
    names = [name for name in dir(gait_data) if name.isupper()]
    assert len(names) >= 10
    for name in names:
        assert made[name] == pytest.approx(getattr(gait_data, name), rel=1e-5, abs=1e-6), name
