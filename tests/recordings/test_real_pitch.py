"""Pitch of real feet in swing: flat again, the integral misses little, stride after stride."""

from pathlib import Path
from statistics import median

import pytest

from fes_ctrl.gait import DetectorConfig
from fes_ctrl.gait.swing_pitch import SwingPitch, SwingPitchMeter
from fes_ctrl.model import FOOT_IMU
from fes_ctrl.recordings import read_recording

FEET = ("gaitmap-left", "gaitmap-right", "hmm-H02-1", "hmm-H07-1", "hmm-P02-1", "hmm-P03-1")
KNOWN = 3
"""Strides from which on the bias is known."""


def measured(path: Path) -> list[SwingPitch]:
    samples = [each for each in read_recording(path).samples() if each.sensor == FOOT_IMU]
    meter = SwingPitchMeter(DetectorConfig().foot_imu, samples[0].leg)
    return [swing for each in samples if (swing := meter.update(each)) is not None]


@pytest.mark.parametrize("foot", FEET)
def test_what_a_stride_misses_is_no_bias(gait: Path, foot: str) -> None:
    # What rests of these feet read as a bias is their heel: it would be 2 to 8 deg a stride.
    swings = measured(gait / f"{foot}.csv.gz")
    sure = [swing for swing in swings if not swing.unsure]
    assert len(sure) > 0.85 * len(swings)
    assert median(swing.residue_deg for swing in sure[KNOWN:]) == pytest.approx(0.0, abs=1.5)
