"""Where the patient goes: standing, walking, turning, shuffling, slopes, stairs.

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
        Rate about the vertical, to the left.
    lift_m : float
        Hip and knee lift the leg by so much more than a step is high.
    flat : bool
        The foot is set down flat.
    shifts_per_min : float
        Weight shifts in standing.
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


LEVEL: Final = Manner()

FOREVER_MS: Final = 1 << 62


def manner_of(segment: SegmentConfig) -> Manner:
    """Return how strides of a segment are made; sizes are assumptions, directions are not.

    Turning: shorter, slower steps. Shuffling: the feet hardly leave the ground, and quickly.
    Stairs: slow, the leg lifted, the foot set down flat.
    """
    # Cadence and step length change alike with speed (walk ratio, Sekiya and Nagasaki 1998).
    amplitude = sqrt(segment.speed_percent / 100.0)
    period = 1.0 / amplitude
    slope = atan(segment.slope_percent / 100.0)
    match segment.kind:
        case "stand":
            return Manner(standing=True, shifts_per_min=segment.weight_shifts_per_min)
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
