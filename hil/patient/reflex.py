"""What the nervous system adds: the calf's stretch reflex, and the patient's own dorsiflexion."""

from math import exp
from typing import Final

from hil.patient.config import ReflexConfig, VoluntaryConfig

STEP_MS: Final = 1.0
LARGEST_NM: Final = 60.0
"""An adult's reflex gives no more, about half of what the calf can; without a bound the delayed
answer to its own oscillation grows to thousands. Assumption."""


class StretchReflex:
    """A delayed, thresholded answer of the calf to being stretched, rising in one pole.

    Parameters
    ----------
    config : ReflexConfig
        Its numbers.
    size : float
        Of the body against the adult that the gain holds for.

    Attributes
    ----------
    moment_Nm : float
        Plantarflexing, present.
    """

    __slots__ = (
        "_arc",
        "_at",
        "_delay",
        "_gain",
        "_most",
        "_per_rad",
        "_threshold",
        "_weight",
        "moment_Nm",
    )

    def __init__(self, config: ReflexConfig, size: float) -> None:
        self._gain: float = config.gain_Nms_per_rad * size
        self._most: float = LARGEST_NM * size
        self._threshold: float = config.threshold_deg_per_s / 57.29577951308232
        self._per_rad: float = config.per_deg * 57.29577951308232
        self._delay: int = round(config.delay_ms)
        self._weight: float = 1.0 - exp(-STEP_MS / config.rise_ms)
        # What goes along the reflex arc: rates beyond the threshold, a millisecond each.
        self._arc: list[float] = [0.0] * self._delay
        self._at: int = 0
        self.moment_Nm: float = 0.0

    def step(self, angle: float, rate: float) -> float:
        """Advance one millisecond; return the plantarflexing moment.

        Parameters
        ----------
        angle, rate : float
            Of the ankle, rad and rad/s, dorsiflexion positive: the calf is stretched.
        """
        if self._gain == 0.0:
            return 0.0
        at = self._at
        beyond = self._arc[at]
        entering = rate - self._threshold
        if entering < 0.0:
            entering = 0.0
        if entering != beyond:
            self._arc[at] = entering
        self._at = at + 1 if at + 1 < self._delay else 0
        wanted = 0.0
        if beyond > 0.0:
            wanted = self._gain * beyond * max(0.0, 1.0 + self._per_rad * angle)
            wanted = min(wanted, self._most)
        self.moment_Nm += (wanted - self.moment_Nm) * self._weight
        return self.moment_Nm


class VoluntaryDrive:
    """The patient's own activation of the dorsiflexors, on or off as the phase of gait asks.

    Parameters
    ----------
    config : VoluntaryConfig
        Its numbers.

    Attributes
    ----------
    swing, loading : float
        The share of the muscle that he would drive in swing, and from before contact to after it.
    """

    __slots__ = ("_fall", "_level", "_rise", "loading", "swing")

    def __init__(self, config: VoluntaryConfig) -> None:
        self.swing: float = config.drive
        self.loading: float = min(1.0, config.drive * config.loading)
        self._rise: float = 1.0 - exp(-STEP_MS / config.rise_ms)
        self._fall: float = 1.0 - exp(-STEP_MS / config.fall_ms)
        self._level: float = 0.0

    def step(self, wanted: float) -> float:
        """Advance one millisecond; return the share of the muscle that he drives.

        Parameters
        ----------
        wanted : float
            ``swing``, ``loading``, or nothing.
        """
        level = self._level
        if wanted > level:
            level += (wanted - level) * self._rise
        elif level < 1e-9:
            level = 0.0
        else:
            level += (wanted - level) * self._fall
        self._level = level
        return level
