"""Where a patient goes, as a scenario states it."""

from dataclasses import dataclass
from typing import Annotated, Final, Literal

from annotated_types import Ge, Gt, Le

SegmentKind = Literal[
    "stand", "walk", "turn", "shuffle", "slope_up", "slope_down", "stairs_up", "stairs_down"
]


@dataclass(frozen=True, slots=True)
class SegmentConfig:
    """One part of the way.

    Attributes
    ----------
    kind : str
        What is done.
    duration_s : float
        For how long; the stride or stance that is under way then is finished.
    speed_percent : float
        Of the patient's own speed; cadence and step length change alike.
    slope_percent : float
        Rise of a slope: metres in a hundred.
    weight_shifts_per_min : float
        In standing: how often the weight goes over to the other leg and comes back.
    """

    kind: SegmentKind = "walk"
    duration_s: Annotated[float, Gt(0), Le(36_000)] = 10.0
    speed_percent: Annotated[float, Ge(40), Le(160)] = 100.0
    slope_percent: Annotated[float, Ge(0), Le(30)] = 8.0
    weight_shifts_per_min: Annotated[float, Ge(0), Le(60)] = 0.0


WAY: Final = (SegmentConfig("stand", 2.0), SegmentConfig("walk", 1.0))
"""The plainest: quiet standing, and walking to the end."""
