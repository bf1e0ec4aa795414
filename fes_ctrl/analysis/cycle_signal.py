"""What a sensor of a leg showed over the gait cycle: the ground that bursts are drawn on."""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from fes_ctrl.analysis.cycle import Stride, over_strides
from fes_ctrl.model import FOOT_IMU, HEEL_FORCE, HEEL_SWITCH, SHANK_IMU
from fes_ctrl.recordings import Recording

SHOWN: Final = {
    HEEL_FORCE: ("heel load", "N"),
    HEEL_SWITCH: ("heel down", ""),
    FOOT_IMU: ("rate of turn of the foot", "deg/s"),
    SHANK_IMU: ("rate of turn of the shank", "deg/s"),
}
"""By sensor, the most telling first: what of it is shown, and in what.

Of an IMU it is the length of the rate's vector, which no mounting changes.
"""


class CycleSignal(NamedTuple):
    """The median over the strides, at 0 to 100 per cent of the gait cycle."""

    name: str
    unit: str
    median: NDArray[np.float64]


def cycle_signal(recording: Recording, leg: int, strides: Sequence[Stride]) -> CycleSignal | None:
    """Return what the most telling sensor of a leg showed; ``None`` where there is no stride."""
    if not strides:
        return None
    streams = {stream.sensor: stream for stream in recording.streams if stream.leg == leg}
    for sensor, (name, unit) in SHOWN.items():
        if sensor in streams:
            values = streams[sensor].values
            shown = values[:, 0] if values.shape[1] == 1 else np.linalg.norm(values[:, 3:], axis=1)
            course = over_strides(recording.t_meas_us, shown, strides)
            return CycleSignal(name, unit, np.median(course, axis=0))
    return None
