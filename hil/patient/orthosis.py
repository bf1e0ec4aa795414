"""An ankle-foot orthosis as a spring about the ankle: both ways, or against plantarflexion only."""

from typing import Final

from hil.patient.config import OrthosisConfig

STIFFNESS_NM_PER_DEG: Final = {"none": 0.0, "rigid": 5.0, "hinged": 3.0, "carbon": 1.0}
"""Where the configuration states none. Assumption."""

SIDEWAYS: Final = {"none": 1.0, "rigid": 0.25, "hinged": 0.3, "carbon": 0.5}
"""What is left of inversion and eversion inside it. Assumption."""

DAMPING_SHARE: Final = 0.3
"""Of critical: what straps, shoe and skin take from a spring. Assumption."""


class Orthosis:
    """The moment of what is worn; nothing where nothing is.

    Parameters
    ----------
    config : OrthosisConfig
        Its kind and numbers.
    inertia : float
        Of the foot about the ankle, kg m2.

    Attributes
    ----------
    worn : bool
        Whether there is any.
    damping : float
        Viscous, Nms/rad; acts where the spring does.
    """

    __slots__ = ("_neutral", "_one_way", "_stiffness", "damping", "worn")

    def __init__(self, config: OrthosisConfig, inertia: float) -> None:
        stated = config.stiffness_Nm_per_deg
        per_deg = STIFFNESS_NM_PER_DEG[config.kind] if stated is None else stated
        self.worn: bool = config.kind != "none"
        self._stiffness: float = per_deg * 57.29577951308232 if self.worn else 0.0
        self._neutral: float = config.neutral_deg / 57.29577951308232
        self._one_way: bool = config.kind == "hinged"
        self.damping: float = 2.0 * DAMPING_SHARE * (self._stiffness * inertia) ** 0.5

    def moment(self, angle: float) -> float:
        """Return the moment at an ankle angle (rad), dorsiflexing positive, Nm."""
        away = self._neutral - angle
        if self._one_way and away < 0.0:
            return 0.0
        return self._stiffness * away
