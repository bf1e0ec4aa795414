"""The IMU of a leg, on its foot or on its shank, whichever is worn; the foot's where both are.

A foot IMU that falls silent gives way to the shank's, and comes first again when it is back.
"""

from typing import Final

from fes_ctrl.gait.witness import Witness
from fes_ctrl.model import FOOT_IMU, GaitEvent, Remark, Sample
from fes_ctrl.units import NEVER_US, Us

SILENT_US: Final = 1_000_000
"""So long nothing has arrived from a foot IMU that is worn no more; stalls are mostly shorter."""


class EitherImu:
    """A ``Witness`` on one of two sensors of a leg.

    Parameters
    ----------
    foot, shank : Witness
        Their detectors.
    """

    __slots__ = ("_chosen", "_foot", "_heard_us", "_shank")

    def __init__(self, foot: Witness, shank: Witness) -> None:
        self._foot = foot
        self._shank = shank
        self._chosen = shank
        self._heard_us: Us = -NEVER_US

    @property
    def says(self) -> int:
        """``OFF``, ``UNSURE`` or ``DOWN``, as of the last reading."""
        return self._chosen.says

    @property
    def turn_deg(self) -> float:
        """How far it has turned about the vertical since it last came to rest, to the left."""
        return self._chosen.turn_deg

    def update(self, sample: Sample) -> tuple[GaitEvent, ...]:
        """Take one reading; return the events it makes certain, oldest first."""
        if sample.sensor == FOOT_IMU:
            self._chosen = self._foot
            self._heard_us = sample.t_arrive_us
            return self._foot.update(sample)
        if sample.t_arrive_us - self._heard_us <= SILENT_US:
            return ()
        self._chosen = self._shank
        return self._shank.update(sample)

    def snapshot(self) -> dict[str, object]:
        """Return the state of the one in use."""
        return self._chosen.snapshot()

    def remarks(self) -> tuple[Remark, ...]:
        """Return the remarks since the last call, oldest first, and forget them."""
        return self._chosen.remarks()
