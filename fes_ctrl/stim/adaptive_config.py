"""The dials of a program that learns while its wearer walks."""

from dataclasses import dataclass
from typing import Annotated

from annotated_types import Ge, Gt, Le


@dataclass(frozen=True, slots=True)
class AdaptiveConfig:
    """What a learning program steers for, and how fast it may learn.

    It only ever takes away from the program: the plateau is a share of the program's and the
    operator's, the ramp to it as steep as the program's and so shorter, the onset comes later than
    the program's, the fall sooner. Pitch is of the foot against its flat stance, toe-up positive,
    as ``gait.swing_pitch`` measures it.

    Attributes
    ----------
    learn : bool
        Off, the program is the fixed one.
    contact_deg : float
        Pitch wanted at initial contact. Two able walkers landed at 25 (Winter's table) and 27
        (one recorded by gaitmap's authors); 12 is heel first with a margin. Choice.
    mid_deg : float
        Pitch wanted in the middle of the swing, where the toe is lowest. The simulated able
        walker has -19; below about -25 simulated patients begin to hike the hip. Choice.
    fall_deg_per_s : float
        How fast the forefoot may fall after contact. Of 19 able walkers 95 % stayed below 884,
        their median was 378; 800 leaves a margin. Choice.
    band_deg : float
        So far from the wanted pitch it is corrected with care, and further off at once. From
        stride to stride the pitch of simulated feet varies by 0.2 to 0.5 (standard deviation), and
        its measurement by 0.2.
    start : float
        Share with which it begins after arming.
    step_mA : float
        Most that the plateau rises from stride to stride; it falls by twice as much at most.
        Guards allow a little more (``limits.level_step_mA``).
    step_ms : float
        Most that the onset is put off, or the start of the fall moved, from stride to stride.
    latest_ms : float
        Most that the onset is put off for what mid-swing has to spare. What it comes later by with
        a shorter ramp, half of what that has lost, is on top.
    least_extension_ms : float
        What is left of the program's extension at least.
    sure : float
        Least confidence of a stride's events from which it is learnt from.
    revert_strides : int
        After so many strides in a row that it could not learn from, it goes back to the start
        and to the program's own times, step by step.
    """

    learn: bool = False
    contact_deg: Annotated[float, Ge(-20), Le(40)] = 12.0
    mid_deg: Annotated[float, Ge(-60), Le(20)] = -23.0
    fall_deg_per_s: Annotated[float, Ge(100), Le(2000)] = 800.0
    band_deg: Annotated[float, Ge(0.5), Le(10)] = 1.5
    start: Annotated[float, Ge(0), Le(1)] = 0.6
    step_mA: Annotated[float, Gt(0), Le(10)] = 4.5
    step_ms: Annotated[float, Gt(0), Le(100)] = 20.0
    latest_ms: Annotated[float, Ge(0), Le(500)] = 100.0
    least_extension_ms: Annotated[float, Ge(0), Le(1000)] = 30.0
    sure: Annotated[float, Ge(0), Le(1)] = 0.5
    revert_strides: Annotated[int, Ge(3), Le(1000)] = 20
