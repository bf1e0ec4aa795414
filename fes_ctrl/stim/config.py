"""The dials of a program and of a setup, with their units and bounds."""

from dataclasses import dataclass
from typing import Annotated, Literal

from annotated_types import Ge, Gt, Le, MaxLen, MinLen

from fes_ctrl.stim.adaptive_config import AdaptiveConfig


@dataclass(frozen=True, slots=True)
class ChannelConfig:
    """What one electrode pair gives.

    Attributes
    ----------
    muscle : str
        The muscle group; names the thresholds in the setup.
    intensity : float
        Plateau current as a fraction of the range from motor threshold (0) to highest tolerated
        current (1) of the setup.
    current_mA : float or None
        Plateau current in milliamperes instead, independent of the setup.
    pulse_width_us : int
        Width of the first phase, microseconds.
    rate_hz : float
        Pulses per second.
    waveform : str
        Charge-balanced either way: phases alike, or a long shallow second phase.
    polarity : str
        Sign of the first phase.
    channel : int
        Output of the stimulator, counted from 0.
    """

    muscle: str = "dorsiflexors"
    intensity: Annotated[float, Ge(0), Le(1)] = 0.6
    current_mA: Annotated[float, Gt(0), Le(100)] | None = None
    pulse_width_us: Annotated[int, Ge(10), Le(500)] = 300
    rate_hz: Annotated[float, Ge(1), Le(100)] = 40.0
    waveform: Literal["symmetric", "asymmetric"] = "symmetric"
    polarity: Literal["normal", "inverted"] = "normal"
    channel: Annotated[int, Ge(0), Le(7)] = 0


@dataclass(frozen=True, slots=True)
class ProgramConfig:
    """A drop-foot program: what starts a burst, how it rises, what ends it.

    Attributes
    ----------
    trigger : str
        The gait event that starts a burst; ``tilt`` is the heel-off that a shank IMU tells by tilt.
    trigger_side : str
        Whose event: this leg's or the other's.
    delay_ms : float
        From the trigger to the first pulse.
    trigger_lead_ms : float
        So much sooner, where the trigger is predicted surely and the foot shows that it is about
        to leave; elsewhere the burst waits for the trigger as ever. 0: no prediction is used.
    rise_ms : float
        From the motor threshold, below which a ramp does nothing, to the set current.
    end : str
        What starts the fall: initial contact of this leg; heel-off of the other one, where that
        triggers and this leg may wear no sensor; or the time-out alone.
    extension_ms : float
        From the ending event to the start of the fall.
    extension_percent_stance : float or None
        The same as a share of the last stance, instead of ``extension_ms``.
    end_lead_ms : float
        The fall starts so much sooner, at most by the extension: never before the contact, or
        before the surely predicted contact where the detector tells it late. 0: no prediction is
        used.
    fall_ms : float
        From the set current back to the motor threshold.
    time_out_ms : float
        Longest time from the onset to the start of the fall.
    min_on_ms : float
        Shortest time from the onset to the start of the fall.
    lock_out_ms : float
        From the start of the fall, or from the end where there was none: a trigger that comes
        sooner waits so long, and is forgotten if the foot lands again meanwhile.
    standing : str
        Whether a trigger out of quiet standing that the detector doubts is inhibited or
        stimulated; a trigger it is sure of is always stimulated, so that no first step is missed.
    adaptive : AdaptiveConfig
        Whether it learns from stride to stride, and what for.
    """

    trigger: Literal["heel_off", "initial_contact", "tilt", "phase"] = "heel_off"
    trigger_side: Literal["same", "contralateral"] = "same"
    delay_ms: Annotated[float, Ge(0), Le(2000)] = 0.0
    trigger_lead_ms: Annotated[float, Ge(0), Le(300)] = 0.0
    rise_ms: Annotated[float, Ge(0), Le(2000)] = 200.0
    end: Literal["initial_contact", "other_heel_off", "time_out"] = "initial_contact"
    extension_ms: Annotated[float, Ge(0), Le(1000)] = 100.0
    extension_percent_stance: Annotated[float, Ge(0), Le(100)] | None = None
    end_lead_ms: Annotated[float, Ge(0), Le(300)] = 0.0
    fall_ms: Annotated[float, Ge(0), Le(1000)] = 150.0
    time_out_ms: Annotated[float, Ge(50), Le(3000)] = 1800.0
    min_on_ms: Annotated[float, Ge(0), Le(3000)] = 200.0
    lock_out_ms: Annotated[float, Ge(0), Le(3000)] = 200.0
    standing: Literal["inhibit", "stimulate"] = "inhibit"
    adaptive: AdaptiveConfig = AdaptiveConfig()
    channel: Annotated[tuple[ChannelConfig, ...], MinLen(1), MaxLen(8)] = (ChannelConfig(),)


@dataclass(frozen=True, slots=True)
class MuscleSetup:
    """Thresholds of one electrode position, found with the patient seated.

    Attributes
    ----------
    sensory_mA, motor_mA, tolerated_mA : float
        Least current that is felt, that moves the foot, and the highest tolerated one.
    pulse_width_us : int
        Pulse width that the thresholds hold for.
    """

    sensory_mA: Annotated[float, Gt(0), Le(100)] = 10.0
    motor_mA: Annotated[float, Gt(0), Le(100)] = 18.0
    tolerated_mA: Annotated[float, Gt(0), Le(100)] = 60.0
    pulse_width_us: Annotated[int, Ge(10), Le(500)] = 300

    def __post_init__(self) -> None:
        """Refuse thresholds that are out of order."""
        if not self.sensory_mA <= self.motor_mA < self.tolerated_mA:
            message = (
                f"sensory_mA {self.sensory_mA:g}, motor_mA {self.motor_mA:g} and tolerated_mA "
                f"{self.tolerated_mA:g} must rise in this order"
            )
            raise ValueError(message)


@dataclass(frozen=True, slots=True)
class SetupConfig:
    """What a session with the seated patient found.

    Attributes
    ----------
    leg : str
        Whose; empty where it does not say.
    dorsiflexors, evertors, hamstrings, quadriceps, calf : MuscleSetup
        By muscle group, as programs name them.
    """

    leg: Literal["", "left", "right"] = ""

    dorsiflexors: MuscleSetup = MuscleSetup()
    evertors: MuscleSetup = MuscleSetup()
    hamstrings: MuscleSetup = MuscleSetup()
    quadriceps: MuscleSetup = MuscleSetup()
    calf: MuscleSetup = MuscleSetup()

    def of(self, muscle: str) -> MuscleSetup:
        """Return the thresholds of a muscle group.

        Raises
        ------
        ValueError
            If no such group is known.
        """
        match muscle:
            case "dorsiflexors":
                return self.dorsiflexors
            case "evertors":
                return self.evertors
            case "hamstrings":
                return self.hamstrings
            case "quadriceps":
                return self.quadriceps
            case "calf":
                return self.calf
            case _:
                message = (
                    f"muscle {muscle!r} is unknown: choose dorsiflexors, evertors, hamstrings, "
                    f"quadriceps or calf"
                )
                raise ValueError(message)
