"""What a leg really did: events, swings, and what a swing amounts to."""

from math import inf
from typing import Final, NamedTuple

from hil.patient.bad_strides import BadStride
from hil.patient.foot import TO_DEG

SLAP_FACTOR: Final = 884.0 / 378.0
"""A forefoot that falls so much faster than the able one of the same stride slaps: 95 % of 19 able
walkers stayed below 884 deg/s after contact, their median was 378."""


class LegEvent(NamedTuple):
    """Something the foot really did: ``ic``, ``ff``, ``ho`` or ``tc``."""

    kind: str
    t_us: int


class LegSwing(NamedTuple):
    """One swing as it really was; see ``fes_ctrl.analysis.walk.Swing``."""

    stride: int
    heel_off_us: int
    toe_off_us: int
    contact_us: int
    clearance_mm: float
    ankle_at_contact_deg: float
    peak_dorsiflexion_deg: float
    slap: bool
    lost_push_off_percent: float
    compensation_mm: float
    circumduction_mm: float
    eversion_at_contact_deg: float
    foot_flat_ms: float
    fall_deg_per_s: float
    reflex_Nm: float
    ankle_at_toe_off_deg: float
    peak_knee_flexion_deg: float
    speed_m_per_s: float
    bad: str


class TraceRow(NamedTuple):
    """One row of the time series that pictures need.

    ``pitch_deg`` is the foot's against the floor, toe-up positive; the loads are vertical, newton;
    ``fitness`` is what fatigue has left of the dorsiflexors, 1 when fresh.
    """

    t_us: int
    ankle_deg: float
    toe_mm: float
    pitch_deg: float
    heel_n: float
    fore_n: float
    fitness: float


def mid_swing_clearance(toe_mm: list[float]) -> float:
    """Return the toe clearance of one swing, mm.

    Parameters
    ----------
    toe_mm : list of float
        Toe height at every millisecond of the swing.

    Returns
    -------
    float
        The lowest local minimum at 20-80 % of swing; where there is none, the minimum there.
        Negative values are virtual: the floor holds the toe.
    """
    n = len(toe_mm)
    low, high = n // 5, n - n // 5
    lowest = inf
    for k in range(max(low, 1), min(high, n - 1)):
        here = toe_mm[k]
        if here <= toe_mm[k - 1] and here < toe_mm[k + 1] and here < lowest:
            lowest = here
    return lowest if lowest < inf else min(toe_mm[low:high])


class Truth:
    """What one leg really did, told as it happens.

    Attributes
    ----------
    events : list of LegEvent
        So far.
    swings : list of LegSwing
        Those after which the foot has come to rest on its whole sole.
    toe_mm, ankle_rad : list of float
        Height of the toe and angle of the ankle at every millisecond of the swing under way.
    bad : list of BadStride
        Those that have begun in which something goes astray.
    """

    __slots__ = (
        "_contact_us",
        "_heel_off_us",
        "_number",
        "_swing",
        "_toe_off_rad",
        "_toe_off_us",
        "ankle_rad",
        "bad",
        "events",
        "swings",
        "toe_mm",
    )

    def __init__(self) -> None:
        self.events: list[LegEvent] = []
        self.swings: list[LegSwing] = []
        self.bad: list[BadStride] = []
        self.toe_mm: list[float] = []
        self.ankle_rad: list[float] = []
        self._number: int = 0
        self._heel_off_us: int = 0
        self._toe_off_us: int = 0
        self._toe_off_rad: float = 0.0
        self._contact_us: int = 0
        self._swing: LegSwing | None = None

    def heel_off(self, t_us: int) -> None:
        """Take note that the heel has left the ground."""
        self._heel_off_us = t_us
        self.events.append(LegEvent("ho", t_us))

    def toe_off(self, t_us: int, ankle_rad: float) -> None:
        """Take note that the foot has left the ground: a swing begins."""
        self._toe_off_us = t_us
        self._toe_off_rad = ankle_rad
        self.toe_mm.clear()
        self.ankle_rad.clear()
        self.events.append(LegEvent("tc", t_us))

    def contact(
        self,
        t_us: int,
        ankle_rad: float,
        *,
        lost_push_off: float,
        compensation_mm: float,
        circumduction_mm: float,
        eversion_deg: float,
        reflex_Nm: float,
        knee_rad: float,
        speed_m_per_s: float,
        bad: str,
    ) -> float:
        """Take note that the foot has met the ground; return the toe clearance of the swing, mm."""
        self._number += 1
        self._contact_us = t_us
        clearance_mm = mid_swing_clearance(self.toe_mm)
        angles = self.ankle_rad
        self._swing = LegSwing(
            stride=self._number,
            heel_off_us=self._heel_off_us,
            toe_off_us=self._toe_off_us,
            contact_us=t_us,
            clearance_mm=clearance_mm,
            ankle_at_contact_deg=ankle_rad * TO_DEG,
            # The peak is sought after the foot has left the push-off's plantarflexion behind.
            peak_dorsiflexion_deg=max(angles[len(angles) // 3 :]) * TO_DEG,
            slap=False,
            lost_push_off_percent=100.0 * lost_push_off,
            compensation_mm=compensation_mm,
            circumduction_mm=circumduction_mm,
            eversion_at_contact_deg=eversion_deg,
            foot_flat_ms=0.0,
            fall_deg_per_s=0.0,
            reflex_Nm=reflex_Nm,
            ankle_at_toe_off_deg=self._toe_off_rad * TO_DEG,
            peak_knee_flexion_deg=knee_rad * TO_DEG,
            speed_m_per_s=speed_m_per_s,
            bad=bad,
        )
        self.events.append(LegEvent("ic", t_us))
        return clearance_mm

    def flat(self, t_us: int, fastest_rad_per_s: float, able_rad_per_s: float) -> None:
        """Take note that the foot rests on its whole sole; a fast fall of the forefoot was a slap.

        Parameters
        ----------
        t_us : int
            When.
        fastest_rad_per_s : float
            Rate at which the forefoot fell, toe-up positive.
        able_rad_per_s : float
            How fast an able one falls in this stride.
        """
        self.events.append(LegEvent("ff", t_us))
        swing = self._swing
        if swing is None:
            return
        self.swings.append(
            swing._replace(
                slap=fastest_rad_per_s < -SLAP_FACTOR * able_rad_per_s,
                foot_flat_ms=(t_us - self._contact_us) / 1000.0,
                fall_deg_per_s=-fastest_rad_per_s * TO_DEG,
            )
        )
        self._swing = None
