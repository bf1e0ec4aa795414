"""Where a patient goes, as a scenario states it."""

from dataclasses import dataclass
from typing import Annotated, Final, Literal

from annotated_types import Ge, Gt, Le

SegmentKind = Literal[
    "stand",
    "walk",
    "turn",
    "shuffle",
    "slope_up",
    "slope_down",
    "stairs_up",
    "stairs_down",
    "sit",
    "tap",
    "turn_on_spot",
]


LEAST_SEATED_S: Final = 8.0
"""Sitting down and rising take up to 5 s, and the stride before is finished first."""


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
        In standing: how often the weight goes over to the other leg and comes back; shank and
        foot give way a little.
    fidgets_per_min : float
        In sitting: how often a foot slides, or lifts its heel or its toes.
    taps_with : str
        In tapping: the ``toe``, the heel staying down, or the ``heel``, the toe staying down.
    taps_per_min : float
        In tapping: how often.
    on_chair : bool
        In tapping: on a chair, on which one sits down first and from which one rises.
    pivots_per_min : float
        In turning on the spot: how often the foot turns on the ground without being lifted; 0:
        the body turns in small steps.
    """

    kind: SegmentKind = "walk"
    duration_s: Annotated[float, Gt(0), Le(36_000)] = 10.0
    speed_percent: Annotated[float, Ge(40), Le(160)] = 100.0
    slope_percent: Annotated[float, Ge(0), Le(30)] = 8.0
    weight_shifts_per_min: Annotated[float, Ge(0), Le(60)] = 0.0
    fidgets_per_min: Annotated[float, Ge(0), Le(30)] = 6.0
    taps_with: Literal["toe", "heel"] = "toe"
    taps_per_min: Annotated[float, Ge(1), Le(300)] = 100.0
    on_chair: bool = False
    pivots_per_min: Annotated[float, Ge(0), Le(40)] = 0.0

    def __post_init__(self) -> None:
        """Refuse a chair on which there is no time to sit."""
        if self.duration_s < LEAST_SEATED_S and (
            self.kind == "sit" or (self.kind == "tap" and self.on_chair)
        ):
            message = (
                f"duration_s {self.duration_s:g} is too short to sit down and rise; "
                f"sit for at least {LEAST_SEATED_S:g} s"
            )
            raise ValueError(message)


WAY: Final = (SegmentConfig("stand", 2.0), SegmentConfig("walk", 1.0))
"""The plainest: quiet standing, and walking to the end."""
