"""Stride lists of real feet against motion capture, through the class that gaitmap's users call."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from fes_ctrl.analysis.batch import CausalEventDetection
from fes_ctrl.analysis.matching import match
from fes_ctrl.recordings import read_events

RATE_HZ = 204.8
TOLERANCE = round(0.1 * RATE_HZ)


def load(gait: Path, side: str) -> pd.DataFrame:
    return pd.read_csv(gait / f"gaitmap-{side}.csv.gz").drop(columns="t_s")


@pytest.mark.parametrize(
    ("kind", "stride_type", "longest_mae_ms"), [("ic", "ic", 15.0), ("tc", "segmented", 29.0)]
)
def test_strides_of_both_feet_agree_with_motion_capture(
    shared_data: Path, kind: str, stride_type: str, longest_mae_ms: float
) -> None:
    gait = shared_data / "gait"
    data = {f"{side}_sensor": load(gait, side) for side in ("left", "right")}
    found = CausalEventDetection(stride_type=stride_type).detect(data, sampling_rate_hz=RATE_HZ)
    for name, strides in found.stride_list_.items():
        path = gait / f"gaitmap-{name.removesuffix('_sensor')}.events.csv"
        true = [round(e.t_us * RATE_HZ / 1e6) for e in read_events(path) if e.kind == kind]
        samples = strides[kind].tolist()
        pairs = match(samples, true, TOLERANCE)
        # Strides that were walked but not labelled exist, so precision says nothing.
        assert len(pairs) / len(true) >= 0.95, name
        errors = [samples[i] - true[j] for i, j in pairs]
        assert np.abs(errors).mean() / RATE_HZ * 1000 <= longest_mae_ms, name
