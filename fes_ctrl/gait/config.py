"""The dials of the detectors and of the phase machine."""

from dataclasses import dataclass
from typing import Annotated, Literal

from annotated_types import Ge, Gt, Le


@dataclass(frozen=True, slots=True)
class IntakeConfig:
    """When data count as missing or late.

    Attributes
    ----------
    max_gap_ms : float
        A longer distance of two readings voids what the detector knew.
    max_age_ms : float
        A reading that arrives later than so is dropped.
    max_late_ms : float
        Where only arrival is stamped: estimated lateness from which a backlog is suspected.
    probation_ms : float
        Rows that have kept their ordinary rate for so long after a stall are taken as punctual:
        the missing ones were lost and not queued.
    """

    max_gap_ms: Annotated[float, Ge(20), Le(2000)] = 100.0
    max_age_ms: Annotated[float, Ge(10), Le(1000)] = 100.0
    max_late_ms: Annotated[float, Ge(5), Le(500)] = 80.0
    probation_ms: Annotated[float, Ge(50), Le(2000)] = 300.0


@dataclass(frozen=True, slots=True)
class HeelConfig:
    """Thresholds and shortest durations.

    Attributes
    ----------
    on_N, off_N : float
        Heel force above which the heel is loaded, and below which it is not, for an adult whose
        heel bears 500 N.
    adapts : bool
        After three strides the thresholds are the same share of what the wearer's heel bears.
    min_loaded_ms : float
        After a contact, openings within so long are bounce.
    min_unloaded_ms : float
        After a heel-off, closings within so long are bounce; the swing of the fastest walkers
        lasts about twice as long.
    intake : IntakeConfig
        When data count as missing or late.
    """

    on_N: Annotated[float, Gt(0), Le(2000)] = 40.0
    off_N: Annotated[float, Gt(0), Le(2000)] = 20.0
    adapts: bool = True
    min_loaded_ms: Annotated[float, Ge(0), Le(500)] = 100.0
    min_unloaded_ms: Annotated[float, Ge(0), Le(500)] = 150.0
    intake: IntakeConfig = IntakeConfig()

    def __post_init__(self) -> None:
        """Refuse a hysteresis that is none."""
        if self.off_N >= self.on_N:
            message = f"off_N {self.off_N:g} must lie below on_N {self.on_N:g}"
            raise ValueError(message)


@dataclass(frozen=True, slots=True)
class FootImuConfig:
    """The few absolute numbers, and what is expected of a stride as a share of the walker's usual.

    Attributes
    ----------
    still_dps : float
        Rate below which a foot is at rest, whoever walks.
    still_ms : float
        For how long it has to be, to count as flat.
    heel_off_deg : float
        Toe-down rotation out of rest that is believed to be a heel-off.
    min_swing_ms : float
        Shortest time from terminal to initial contact.
    max_swing_ms : float
        Longest; then the foot is lost until its next rest.
    max_push_ms : float
        Longest time from heel-off to terminal contact.
    min_stance_ms : float
        After a contact without a rest, a heel-off is looked for again after so long.
    push_share : float
        Of the usual push-off rate, that a push has to reach to lift the foot.
    toe_share : float
        Of the peak of a push, below which it is over and the toe off the ground.
    swing_share : float
        Of the usual swing's duration, before which no contact is believed.
    back_share : float
        Of the usual swing's rate, at which a foot that has landed is in the air after all.
    lift_share : float
        Of the usual swing's rate, that a swing without a push has to reach.
    intake : IntakeConfig
        When data count as missing or late.
    """

    still_dps: Annotated[float, Ge(5), Le(100)] = 20.0
    still_ms: Annotated[float, Ge(20), Le(500)] = 80.0
    heel_off_deg: Annotated[float, Ge(0.5), Le(20)] = 3.0
    min_swing_ms: Annotated[float, Ge(50), Le(500)] = 150.0
    max_swing_ms: Annotated[float, Ge(500), Le(5000)] = 2000.0
    max_push_ms: Annotated[float, Ge(200), Le(5000)] = 1500.0
    min_stance_ms: Annotated[float, Ge(100), Le(1000)] = 300.0
    push_share: Annotated[float, Ge(0.05), Le(0.95)] = 0.35
    toe_share: Annotated[float, Ge(0), Le(0.9)] = 0.25
    swing_share: Annotated[float, Ge(0.1), Le(0.95)] = 0.65
    back_share: Annotated[float, Ge(0.1), Le(0.95)] = 0.4
    lift_share: Annotated[float, Ge(0.1), Le(0.95)] = 0.3
    intake: IntakeConfig = IntakeConfig()


@dataclass(frozen=True, slots=True)
class ShankImuConfig:
    """The few absolute numbers; the others follow from the walker.

    Attributes
    ----------
    by : str
        What tells heel-off: ``rate``, the shank turning forward faster than it rolls over the
        foot; or ``tilt``, the shank leaning forward far enough, as tilt switches do.
    tilt_on_deg : float or None
        For ``tilt``: lean forward of quiet standing that counts as heel-off; none: as far as at
        the push-offs before.
    hold_ms : float
        For how long either has to last out of standing; between steps half as long.
    still_ms : float
        A shank that has kept its tilt for so long is at rest.
    min_swing_ms : float
        Shortest time from terminal to initial contact.
    max_swing_ms : float
        Longest; then the shank is lost until it rests or swings.
    max_push_ms : float
        Longest time from heel-off to terminal contact.
    min_stance_ms : float
        After a contact no heel-off is looked for so long.
    intake : IntakeConfig
        When data count as missing or late.
    """

    by: Literal["rate", "tilt"] = "rate"
    tilt_on_deg: Annotated[float, Gt(0), Le(60)] | None = None
    hold_ms: Annotated[float, Ge(0), Le(100)] = 15.0
    still_ms: Annotated[float, Ge(300), Le(3000)] = 800.0
    min_swing_ms: Annotated[float, Ge(50), Le(500)] = 150.0
    max_swing_ms: Annotated[float, Ge(500), Le(5000)] = 2000.0
    max_push_ms: Annotated[float, Ge(200), Le(5000)] = 1500.0
    min_stance_ms: Annotated[float, Ge(50), Le(1000)] = 150.0
    intake: IntakeConfig = IntakeConfig()

    def __post_init__(self) -> None:
        """Refuse a threshold that nothing reads."""
        if self.tilt_on_deg is not None and self.by != "tilt":
            message = (
                f"tilt_on_deg {self.tilt_on_deg:g} is read with by = 'tilt' alone; set that too"
            )
            raise ValueError(message)


@dataclass(frozen=True, slots=True)
class FusedConfig:
    """How heel and IMU are brought together.

    Attributes
    ----------
    expire_ms : float
        So long what one of them tells waits for the other.
    max_silence_ms : float
        A sensor that has said nothing for longer has no vote.
    standing_ms : float
        From contact on; a foot that has stood for so long has no rhythm to go by.
    """

    expire_ms: Annotated[float, Ge(50), Le(2000)] = 600.0
    max_silence_ms: Annotated[float, Ge(20), Le(2000)] = 150.0
    standing_ms: Annotated[float, Ge(1000), Le(10000)] = 2500.0


@dataclass(frozen=True, slots=True)
class PhaseConfig:
    """How long a leg may do nothing.

    Attributes
    ----------
    stance_time_out_ms : float
        A stance without an event for so long is standing. Strides after a stroke last up to
        2.6 s, of which about two thirds are stance (Sanchez Manchola et al. 2019, Sensors
        19:2988, their recordings), so walking stays below it.
    swing_time_out_ms : float
        A foot that left the ground so long ago without a contact: nothing is known of it.
    turn_deg : float
        A stride that turns the foot by so much more than the walker's usual one is a turn. Strides
        on a treadmill vary by less than 15 degrees about their mean (Sanchez Manchola et al. 2019,
        their recordings); a half turn takes two to four.
    """

    stance_time_out_ms: Annotated[float, Ge(500), Le(10000)] = 2500.0
    swing_time_out_ms: Annotated[float, Ge(500), Le(10000)] = 2500.0
    turn_deg: Annotated[float, Ge(5), Le(180)] = 25.0
