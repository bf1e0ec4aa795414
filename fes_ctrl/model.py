"""The vocabulary of the house: what travels from sensor to stimulator, and what the log tells.

Everything here is an immutable value without behaviour. The values that travel at the rate of
samples and pulses are named tuples, since they are made four times as fast as frozen dataclasses
and compile as they stand; kinds and phases are plain strings for the same reason, and because a
log of strings can be read.

Frames and signs (docs/explanations/frames-and-signs.md): dorsiflexion, toe-up and knee flexion
are positive; a sensor's time stamp is that of the measurement, its arrival is stated beside it.
"""

from typing import Final, Literal, NamedTuple, Protocol, TypeAlias

from fes_ctrl.units import NEVER_US, MicroAmp, Us

# -- legs ---------------------------------------------------------------------------------------

LEFT: Final = 0
RIGHT: Final = 1
LEG_NAMES: Final = ("left", "right")
ALL_LEGS: Final = -1

# -- sensors ------------------------------------------------------------------------------------

SensorKind: TypeAlias = Literal[
    "heel_switch", "forefoot_switch", "heel_force", "fore_force", "foot_imu", "shank_imu"
]
HEEL_SWITCH: Final = "heel_switch"
FOREFOOT_SWITCH: Final = "forefoot_switch"
HEEL_FORCE: Final = "heel_force"
FORE_FORCE: Final = "fore_force"
FOOT_IMU: Final = "foot_imu"
SHANK_IMU: Final = "shank_imu"

SENSOR_CHANNELS: Final[dict[str, tuple[str, ...]]] = {
    HEEL_SWITCH: ("heel",),  # 1 loaded, 0 not
    FOREFOOT_SWITCH: ("fore",),  # 1 loaded, 0 not
    HEEL_FORCE: ("heel_n",),  # newton
    FORE_FORCE: ("fore_n",),  # newton
    FOOT_IMU: ("acc_x", "acc_y", "acc_z", "gyr_x", "gyr_y", "gyr_z"),  # m/s2, deg/s
    SHANK_IMU: ("acc_x", "acc_y", "acc_z", "gyr_x", "gyr_y", "gyr_z"),
}


class Sample(NamedTuple):
    """One reading of one sensor.

    ``values`` follow ``SENSOR_CHANNELS[sensor]``. ``t_meas_us`` is when it was measured,
    ``t_arrive_us`` when the host had it; ``seq`` counts the readings of that sensor.
    """

    t_meas_us: Us
    t_arrive_us: Us
    seq: int
    leg: int
    sensor: str
    values: tuple[float, ...]


# -- gait ---------------------------------------------------------------------------------------

EventKind: TypeAlias = Literal["ic", "ff", "ho", "tc"]
INITIAL_CONTACT: Final = "ic"
FOOT_FLAT: Final = "ff"
HEEL_OFF: Final = "ho"
TERMINAL_CONTACT: Final = "tc"
EVENT_KINDS: Final = (INITIAL_CONTACT, FOOT_FLAT, HEEL_OFF, TERMINAL_CONTACT)


class GaitEvent(NamedTuple):
    """Something the foot did, when it did it, and when the detector could know.

    ``confidence`` is between 0 and 1; a foot switch that closes is 1.
    """

    kind: str
    leg: int
    t_event_us: Us
    t_emit_us: Us
    confidence: float


class Remark(NamedTuple):
    """Why a detector told an event or did not: a gap, a backlog, an edge it did not believe."""

    t_us: Us
    leg: int
    text: str


class Detector(Protocol):
    """A causal gait-event detector of one leg: samples in, events out, no clock and no I/O."""

    @property
    def turn_deg(self) -> float:
        """How far the foot has turned about the vertical since it last came to rest, to the left.

        0 where nothing is known of it.
        """
        ...

    def update(self, sample: Sample) -> tuple[GaitEvent, ...]:
        """Take one reading of that leg; return the events it makes certain, oldest first."""
        ...

    def snapshot(self) -> dict[str, object]:
        """Return the present state, for logs and tests."""
        ...

    def remarks(self) -> tuple[Remark, ...]:
        """Return the remarks since the last call, oldest first, and forget them."""
        ...


PhaseName: TypeAlias = Literal["unknown", "stance", "pre_swing", "swing"]
UNKNOWN: Final = "unknown"
STANCE: Final = "stance"
PRE_SWING: Final = "pre_swing"
SWING: Final = "swing"

ActivityName: TypeAlias = Literal["unknown", "standing", "walking", "turning"]
STANDING: Final = "standing"
WALKING: Final = "walking"
TURNING: Final = "turning"


class PhaseChange(NamedTuple):
    """The phase machine of one leg moved on."""

    t_us: Us
    leg: int
    phase: str
    activity: str


# -- stimulation --------------------------------------------------------------------------------

SYMMETRIC: Final = 0
ASYMMETRIC: Final = 1
WAVEFORM_NAMES: Final = ("symmetric", "asymmetric")
ASYMMETRY: Final = 4
"""An asymmetric pulse's second phase is so many times longer and shallower than its first.

Currents are rounded to so many steps, so that both phases carry exactly the same charge.
"""


class Setpoint(NamedTuple):
    """One charge-balanced pulse: this current and width on this channel at this instant.

    It is void after ``expires_us``; nothing repeats it. ``current_ua`` is the current of the
    first phase, negative where the polarity is inverted.
    """

    at_us: Us
    leg: int
    channel: int
    current_ua: MicroAmp
    width_us: Us
    expires_us: Us
    waveform: int


class Shape(NamedTuple):
    """What a symmetric setpoint looks like at the electrode, where it is to look otherwise.

    Each of ``points`` is a duration in millionths of the setpoint's width, and a current in parts
    of its current, of which there are ``parts``. The last one lasts as long as balances the others.
    """

    points: tuple[tuple[int, int], ...]
    parts: int


class Capabilities(NamedTuple):
    """What one stimulator in one mode can do: data to the program, the guard and the driver.

    ``unattended_ms`` is how long it goes on giving pulses without the host; 0 where every pulse
    is a command of its own. Electrodes are detected from ``electrode_detection_ua`` up only.
    A pulse comes at most ``latency_us`` after its command, of which ``spread_us`` vary. A device
    that repeats pulses by itself does so every ``period_us`` (0: it does not, or at any), and for
    ``lingers_us`` at most after the last setpoint. ``one_form``: symmetric, positive phase first.
    ``points_max``: any form of so many points, which a ``shape`` may ask for; 0: none.
    """

    device: str
    mode: str
    channels: int
    current_step_ua: MicroAmp
    current_max_ua: MicroAmp
    width_step_us: Us
    width_min_us: Us
    width_max_us: Us
    time_grid_us: Us
    min_interval_us: Us
    frame_spacing_us: Us
    rate_max_hz: float
    unattended_ms: int
    ack_deadline_us: Us
    electrode_detection_ua: MicroAmp
    latency_us: Us = 0
    spread_us: Us = 0
    period_us: Us = 0
    lingers_us: Us = 0
    one_form: bool = False
    points_max: int = 0
    shape: Shape | None = None


class Stop(NamedTuple):
    """End all output of one stimulator now."""

    t_us: Us
    stimulator: int
    reason: str


class Arm(NamedTuple):
    """Make one stimulator ready for output; gives none."""

    t_us: Us
    stimulator: int


class Disarm(NamedTuple):
    """Take one stimulator out of readiness, after its output has ended."""

    t_us: Us
    stimulator: int


Command: TypeAlias = Setpoint | Stop | Arm | Disarm

# -- what else comes in -------------------------------------------------------------------------

ReportKind: TypeAlias = Literal[
    "up",
    "ready",
    "idle",
    "answer",
    "skipped",
    "silent",
    "electrode",
    "error",
    "stuck",
    "down",
    "blocked",
    "dead",
    "changed",
    "missed",
    "outlasted",
    "orphan",
    "corrupt",
]
LINK_UP: Final = "up"  # the handshake is done; detail names the device
LINK_READY: Final = "ready"  # armed: the device takes pulses
LINK_IDLE: Final = "idle"  # disarmed or stopped: the device has confirmed that output has ended
LINK_ANSWER: Final = "answer"  # a fresh answer
LINK_SKIPPED: Final = "skipped"  # a setpoint was dropped: expired, or the last is unanswered
LINK_SILENT: Final = "silent"  # an answer is later than the device's deadline
LINK_ELECTRODE: Final = "electrode"  # the device sees no electrode
LINK_ERROR: Final = "error"  # the device refused a command or reported an error
LINK_STUCK: Final = "stuck"  # the device does not answer a stop
LINK_DOWN: Final = "down"  # the connection is gone
# Not of the device: whoever watches the program itself took the link and stopped the output.
LINK_BLOCKED: Final = "blocked"  # the program did not turn
LINK_DEAD: Final = "dead"  # a part of the program failed
LINK_CHANGED: Final = "changed"  # the device is not the one that answered before
LINK_MISSED: Final = "missed"  # a pulse was taken back: whether it was given is not known
LINK_OUTLASTED: Final = "outlasted"  # a pulse was repeated after its setpoint's time was over
LINK_ORPHAN: Final = "orphan"  # an answer belongs to no frame
LINK_CORRUPT: Final = "corrupt"  # bytes came that are no whole frame


class LinkReport(NamedTuple):
    """What a driver session has to say about its device.

    ``pending_since_us`` is when the oldest unanswered frame was written, or ``NEVER_US``. Where a
    pulse was skipped, ``channel`` and ``pulse_us`` are its channel and planned instant; where one
    was repeated for too long, its channel and when that ended at the latest.
    """

    t_us: Us
    stimulator: int
    kind: str
    pending_since_us: Us
    detail: str
    channel: int = -1
    pulse_us: Us = NEVER_US


OperatorAction: TypeAlias = Literal[
    "arm", "disarm", "level", "pause", "resume", "clear", "stop", "test"
]


class Operator(NamedTuple):
    """A person's (or a script's) hand.

    ``value`` is the level in per cent for ``level``; for ``test`` the plateau of the burst in
    milliamperes, or 0 for the one of the level; else 0.
    """

    t_us: Us
    action: str
    value: int


class ParameterChange(NamedTuple):
    """A new value of one field of a leg's program, taken over between bursts."""

    t_us: Us
    leg: int
    name: str
    value: float


Input: TypeAlias = Sample | LinkReport | Operator | ParameterChange

# -- what the log tells ---------------------------------------------------------------------------

EndReason: TypeAlias = Literal[
    "initial_contact",
    "foot_flat",
    "predicted_contact",
    "no_step",
    "time_out",
    "fault",
    "operator",
    "stop",
    "refused",
    "sensor",
    "test",
]


class BurstStart(NamedTuple):
    """A burst was planned: ``t_us`` is its first pulse, ``trigger_us`` the event's own time.

    ``trigger`` is the kind of the event, ``predicted_`` before it where it had not come yet;
    ``test`` where a person asked for the burst, then.
    """

    t_us: Us
    leg: int
    channel: int
    trigger: str
    trigger_us: Us
    set_current_ua: MicroAmp


class BurstEnd(NamedTuple):
    """A burst gave its last pulse; ``contact_us`` is the contact that ended it, or ``NEVER_US``."""

    t_us: Us
    leg: int
    channel: int
    ended_by: str
    onset_us: Us
    contact_us: Us


class Anticipation(NamedTuple):
    """A predicted event was acted on, or was not: at most a few for a stride, and why.

    ``event`` is what was predicted for ``predicted_us`` (``NEVER_US`` where nothing was), give or
    take ``sd_us``. ``verdict`` is *used*, *refused*, or *withdrawn* where it did not come.
    """

    t_us: Us
    leg: int
    event: str
    verdict: str
    predicted_us: Us
    sd_us: Us
    reason: str


class Adaptation(NamedTuple):
    """What a program that learns made of one stride.

    ``verdict`` is *learnt*, *held* where nothing had to change, *frozen* where the stride was
    not to be learnt from, or *reverted* where it went a step back to its start; ``reason`` says
    why. Angles are of the foot against its flat stance, not a number where they are not known.
    ``share`` of the plateau, onset so much later, fall so much sooner and ramp so much shorter hold
    from the next burst.
    """

    t_us: Us
    leg: int
    verdict: str
    reason: str
    mid_deg: float
    contact_deg: float
    fall_dps: float
    share: float
    later_us: Us
    sooner_us: Us
    shorter_us: Us = 0


class Decision(NamedTuple):
    """The guard's answer to one setpoint, recorded where it is not a plain *allow*."""

    t_us: Us
    leg: int
    channel: int
    verdict: str  # "clip" | "refuse"
    reason: str
    setpoint: Setpoint


class Fault(NamedTuple):
    """A row of the fault table came true (or cleared, with reaction ``cleared``)."""

    t_us: Us
    id: str
    reaction: str  # "inhibit" | "stop" | "latch" | "warn" | "cleared"
    leg: int  # ALL_LEGS where it concerns the stimulator
    detail: str


class StateChange(NamedTuple):
    """Armed or not, and the operator's level, per cent."""

    t_us: Us
    armed: bool
    level_percent: int
    reason: str


Record: TypeAlias = (
    GaitEvent
    | Remark
    | PhaseChange
    | BurstStart
    | BurstEnd
    | Anticipation
    | Adaptation
    | Decision
    | Fault
    | StateChange
)


class Step(NamedTuple):
    """What one call of ``Controller.step`` gives: to do, to remember, and when to call again."""

    commands: tuple[Command, ...]
    records: tuple[Record, ...]
    wake_at_us: Us


NOTHING: Final = Step((), (), NEVER_US)
