"""A train of pulses timed by the truth, and who walks under it; see ``open_loop``."""

from dataclasses import dataclass

from hil.patient.config import OrthosisConfig, PatientConfig
from hil.patient.way import WAY, SegmentConfig


@dataclass(frozen=True, slots=True)
class Train:
    """One burst a swing, timed by the truth.

    Attributes
    ----------
    current_ua, width_us, period_us : int
        Of its pulses; no current is no pulse.
    delay_us : int
        From true heel-off to the first pulse.
    rise_us : int
        From half the current to the whole.
    extension_us : int
        From true contact to the last pulse.
    """

    current_ua: int = 40_000
    width_us: int = 300
    period_us: int = 25_000
    delay_us: int = 0
    rise_us: int = 200_000
    extension_us: int = 150_000


@dataclass(frozen=True, slots=True)
class OpenWalk:
    """One patient's walk; picklable."""

    patient: PatientConfig
    train: Train = Train()
    seed: int = 1
    duration_s: float = 60.0
    way: tuple[SegmentConfig, ...] = WAY
    orthosis: OrthosisConfig = OrthosisConfig()
