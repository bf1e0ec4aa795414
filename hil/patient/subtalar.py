"""The second angle: eversion of the foot, pulled out by the everters and in by the dorsiflexors.

The deep branch of the peroneal nerve reaches the dorsiflexors, the superficial one the everters;
which of them a pulse recruits, and when, is the electrode's position. The foot follows in one
pole: its inertia about this axis is small beside its stiffness and damping.
"""

from math import exp

from hil.patient.config import ElectrodeConfig, EversionConfig


def branch_thresholds(electrode: ElectrodeConfig) -> tuple[float, float]:
    """Return the currents at which dorsiflexors and everters begin to answer, milliamperes.

    Parameters
    ----------
    electrode : ElectrodeConfig
        Moved towards one branch, it reaches that with less and the other with more.
    """
    moved = electrode.position_mm / electrode.reach_mm
    return electrode.motor_mA * exp(moved), electrode.everter_motor_mA * exp(-moved)


class SubtalarJoint:
    """State of the second angle.

    Parameters
    ----------
    config : EversionConfig
        Its numbers.
    strength : float
        Of the leg's muscles; scales both moments.
    free : float
        Share of the motion that what is worn leaves.

    Attributes
    ----------
    angle_deg : float
        Eversion positive, inversion negative.
    """

    __slots__ = ("_inward", "_outward", "_rest", "_weight", "angle_deg")

    def __init__(self, config: EversionConfig, strength: float, free: float = 1.0) -> None:
        self._rest: float = config.rest_deg * free
        strength *= free
        self._outward: float = strength * config.everter_arm_m / config.stiffness_Nm_per_deg
        self._inward: float = strength * config.inverter_arm_m / config.stiffness_Nm_per_deg
        self._weight: float = 1.0 - exp(-1.0 / config.time_constant_ms)
        self.angle_deg: float = self._rest

    def step(self, everters_N: float, dorsiflexors_N: float) -> float:
        """Advance one millisecond; return the angle."""
        wanted = self._rest + self._outward * everters_N - self._inward * dorsiflexors_N
        self.angle_deg += (wanted - self.angle_deg) * self._weight
        return self.angle_deg
