"""Where the patient goes: standing, walking, turning, shuffling, slopes, stairs, and being still.

A stride is walked to its end in the manner in which it was begun.
"""

from collections.abc import Sequence
from math import atan, sqrt
from typing import Final, NamedTuple

from hil.patient.way import SegmentConfig


class Manner(NamedTuple):
    """How a stride differs from level walking.

    Attributes
    ----------
    standing : bool
        There are no strides.
    amplitude, period : float
        Factors on the excursions and on the stride time.
    stance : float
        Added to the share of stance that follows from the stride time.
    slope_rad : float
        Of the ground, uphill positive.
    turn_deg_per_s : float
        Mean rate about the vertical, to the left, at which the way turns; each foot turns in swing.
    lift_m : float
        Hip and knee lift the leg by so much more than a step is high.
    flat : bool
        The foot is set down flat.
    shifts_per_min : float
        Weight shifts in standing.
    forward : float
        Steps go so far, of what their excursions would take them.
    spin_deg_per_s : float
        Mean rate at which steps turn the body on the spot: the foot turns while it is in the air.
    seated : bool
        On a chair, as far as there is time to sit down and rise.
    fidgets_per_min, taps_per_min, pivots_per_min : float
        What else is done while there are no strides.
    heel_taps : bool
        The heel taps, not the toe.
    swing : float
        The swing takes so many times as long, and the stride so much longer or shorter.
    """

    standing: bool = False
    amplitude: float = 1.0
    period: float = 1.0
    stance: float = 0.0
    slope_rad: float = 0.0
    turn_deg_per_s: float = 0.0
    lift_m: float = 0.0
    flat: bool = False
    shifts_per_min: float = 0.0
    forward: float = 1.0
    spin_deg_per_s: float = 0.0
    seated: bool = False
    fidgets_per_min: float = 0.0
    taps_per_min: float = 0.0
    heel_taps: bool = False
    pivots_per_min: float = 0.0
    swing: float = 1.0


LEVEL: Final = Manner()

FOREVER_MS: Final = 1 << 60


def manner_of(segment: SegmentConfig) -> Manner:
    """Return how strides of a segment are made; sizes are assumptions, directions are not.

    Turning: shorter, slower steps. Shuffling: the feet hardly leave the ground, and quickly.
    Stairs: slow, the leg lifted, the foot set down flat. On the spot: the foot is lifted, hardly
    goes forward, and comes down flat; 60 deg/s is a whole turn in 6 s.
    """
    # Cadence and step length change alike with speed (walk ratio, Sekiya and Nagasaki 1998).
    amplitude = sqrt(segment.speed_percent / 100.0)
    period = 1.0 / amplitude
    slope = atan(segment.slope_percent / 100.0)
    match segment.kind:
        case "stand":
            return Manner(standing=True, shifts_per_min=segment.weight_shifts_per_min)
        case "sit":
            return Manner(standing=True, seated=True, fidgets_per_min=segment.fidgets_per_min)
        case "tap":
            return Manner(
                standing=True,
                seated=segment.on_chair,
                taps_per_min=segment.taps_per_min,
                heel_taps=segment.taps_with == "heel",
            )
        case "turn_on_spot":
            if segment.pivots_per_min > 0.0:
                return Manner(standing=True, pivots_per_min=segment.pivots_per_min)
            return Manner(
                amplitude=0.3 * amplitude,
                period=period,
                stance=0.03,
                lift_m=0.03,
                flat=True,
                forward=0.1,
                spin_deg_per_s=60.0 / period,
            )
        case "walk":
            return Manner(False, amplitude, period)
        case "turn":
            return Manner(False, 0.7 * amplitude, 1.1 * period, 0.02, 0.0, 45.0)
        case "shuffle":
            return Manner(False, 0.35 * amplitude, 0.85 * period, 0.1)
        case "slope_up":
            return Manner(False, 0.95 * amplitude, 1.05 * period, 0.0, slope)
        case "slope_down":
            return Manner(False, 0.95 * amplitude, 0.98 * period, 0.0, -slope)
        case "stairs_up":
            return Manner(False, 0.75 * amplitude, 1.4 * period, 0.0, 0.0, 0.0, 0.02, True)
        case "stairs_down":
            return Manner(False, 0.7 * amplitude, 1.3 * period, 0.0, 0.0, 0.0, 0.01, True)


class Plan:
    """The way, as manners with the instant at which each ends.

    Parameters
    ----------
    segments : sequence of SegmentConfig
        One after the other; the last goes on for ever.
    """

    __slots__ = ("_at", "_ends_ms", "_manners")

    def __init__(self, segments: Sequence[SegmentConfig]) -> None:
        self._manners: list[Manner] = [manner_of(segment) for segment in segments]
        self._ends_ms: list[int] = []
        end_s = 0.0
        for segment in segments:
            end_s += segment.duration_s
            self._ends_ms.append(round(end_s * 1000.0))
        self._ends_ms[-1] = FOREVER_MS
        self._at: int = 0

    def at(self, t_ms: int) -> Manner:
        """Return the manner of an instant; instants never go backwards."""
        while t_ms >= self._ends_ms[self._at]:
            self._at += 1
        return self._manners[self._at]

    def end_ms(self) -> int:
        """Return when the present segment ends."""
        return self._ends_ms[self._at]


def stand_then_walk(standing_s: float) -> Plan:
    """Return the plainest way: quiet standing, then level walking for ever."""
    return Plan((SegmentConfig("stand", standing_s), SegmentConfig("walk", 1.0)))
