"""What can be made to go wrong, by name and time: a table, so that a new one is a row.

The part that is hit says so itself: an injection counts as reached only when it has had an
effect, with the time of that effect.
"""

from typing import Final, NamedTuple

from fes_ctrl.units import Us

HELD: Final = "held"
ARMED: Final = "armed"
PULSED: Final = "pulsed"
ONCE: Final = "once"
OVER: Final = "over"

CERTAIN: Final = {
    "": "not certain",
    HELD: "as long as it holds",
    ARMED: "with the first setpoint while it holds",
    PULSED: "with the first pulse of 15 mA while it holds: weaker ones tell nothing",
    ONCE: "at once, where the device is armed",
    OVER: "when it is over, where it held for longer than the fault may take",
}
"""On what the fault of an injection is certain: a walk in which it does not come then fails."""


class InjectionRow(NamedTuple):
    """One thing that can go wrong.

    ``part`` is who is hit: ``sensor``, ``link``, ``device``, ``electrode`` or ``host``. ``fault``
    is the row of the fault table that is expected to come true; empty where the controller has no
    means to notice, or need not: ``why`` says which. ``lasts_s`` is how long it holds where
    nothing else is said; ``None`` for good, and where ``at_once`` it has no end at all: it happens
    and is over, or cannot be undone. ``amount`` is how much where nothing else is said,
    ``least`` and ``most`` what may be asked for, and ``unit`` its unit; without one there is no
    amount. ``seen_after_ms`` is how long it takes until what the fault observes is there: the
    time allowed to the fault counts from then. ``detector`` is who reads the sensor that is hit.
    ``certain`` is a key of ``CERTAIN``; empty where chance decides, or what else goes on. ``only``
    is a condition on that.
    """

    name: str
    part: str
    effect: str
    fault: str
    lasts_s: float | None
    unit: str = ""
    amount: float = 0.0
    least: float = 0.0
    most: float = 0.0
    seen_after_ms: int = 0
    detector: str = "heel"
    why: str = ""
    certain: str = ""
    only: str = ""
    at_once: bool = False


ROWS: Final = (
    # -- sensors
    InjectionRow(
        "sensor_dropout", "sensor", "no sample of any sensor arrives", "F04", 1.0, certain=HELD
    ),
    InjectionRow(
        "heel_stuck_open",
        "sensor",
        "the heel switch reads open, whatever bears on it",
        "F02",
        None,
        # It is a heel-off itself; the burst that it begins may have to wait for the lock-out.
        seen_after_ms=500,
    ),
    InjectionRow(
        "heel_stuck_closed",
        "sensor",
        "the heel switch reads closed in the air as well",
        "",
        None,
        why="closed in the air is taken for a contact, after which there is no heel-off",
    ),
    InjectionRow(
        "heel_bounce",
        "sensor",
        "the heel switch chatters after every change",
        "",
        None,
        "ms",
        20.0,
        1.0,
        20.0,
        why="F01: the lock-out after an edge sees to it that nothing comes of it",
    ),
    InjectionRow(
        "heel_chatters",
        "sensor",
        "the heel switch opens and closes so often, whatever bears on it",
        "F03",
        None,
        "Hz",
        5.0,
        2.5,
        20.0,
        # Five heel-offs up to half a second apart, and a lock-out before the first.
        seen_after_ms=3_000,
        certain=HELD,
        only="with that detector, where its lock-outs leave strides of less than half a second "
        "and no packet is lost",
    ),
    InjectionRow(
        "heel_shuffles",
        "sensor",
        "the heel never bears load for longer than a blip",
        "",
        None,
        "ms",
        30.0,
        10.0,
        60.0,
        why="each blip is a contact that ends the burst before it; F10 is for a leg without any",
    ),
    InjectionRow(
        "gyro_bias",
        "sensor",
        "every gyroscope axis drifts off within ten seconds",
        "",
        None,
        "deg/s",
        5.0,
        0.1,
        50.0,
        detector="foot-imu",
        why="F07: the detector subtracts what the sensor reads at rest",
    ),
    InjectionRow(
        "sensor_frozen",
        "sensor",
        "samples come with ever the same reading",
        "F04",
        None,
        seen_after_ms=200,
        detector="foot-imu",
        why="a switch that is frozen is one that is stuck: F02",
        certain=HELD,
        only="with that detector",
    ),
    InjectionRow(
        "axis_frozen",
        "sensor",
        "one axis of inertial sensors, the rate about their y, gives ever the same reading",
        "F04",
        None,
        # Half a second of movement: that of a slow stride.
        seen_after_ms=2_500,
        detector="foot-imu",
        why="where another sensor of the leg goes on: F05; nothing of a foot that rests",
    ),
    InjectionRow(
        "imu_silent",
        "sensor",
        "inertial sensors give no sample, the others go on",
        "F05",
        None,
        seen_after_ms=500,
        detector="fused",
        why="an IMU that is a detector's only sensor: F04",
        certain=HELD,
        only="with that detector, from 1 s on, where an IMU and another sensor are worn",
    ),
    InjectionRow("sensor_nan", "sensor", "readings are no numbers", "F04", 1.0, certain=HELD),
    InjectionRow(
        "sensor_absurd",
        "sensor",
        "readings are beyond what any sensor reads",
        "F04",
        1.0,
        certain=HELD,
    ),
    InjectionRow(
        "sensor_future",
        "sensor",
        "stamps of measurement lie in the future",
        "F04",
        1.0,
        "s",
        5.0,
        0.1,
        3600.0,
        certain=HELD,
    ),
    InjectionRow(
        "sensor_late",
        "sensor",
        "samples are older when they arrive than they may be",
        "F04",
        1.0,
        "ms",
        300.0,
        100.0,
        5000.0,
        certain=HELD,
        only="from sensor_max_age_ms up",
    ),
    InjectionRow(
        "sensor_backlog",
        "sensor",
        "no sample arrives, and then all of them at once",
        "F04",
        1.0,
        certain=HELD,
    ),
    InjectionRow(
        "legs_swapped",
        "sensor",
        "samples say that they are of the other leg",
        "F04",
        1.0,
        why="where both legs are worn on, nothing in a sample tells them apart",
        certain=HELD,
        only="with one leg",
    ),
    # -- the cable
    InjectionRow(
        "cable_pulled",
        "link",
        "the connection hangs up",
        "F15",
        None,
        certain=ONCE,
        at_once=True,
    ),
    InjectionRow(
        "frames_corrupted",
        "link",
        "writes of both ends are damaged: bits flipped, cut short, spliced, doubled",
        "F18",
        2.0,
        "%",
        30.0,
        0.1,
        100.0,
        # How soon a frame is hit and goes unanswered is drawn.
        seen_after_ms=2_100,
    ),
    InjectionRow(
        "answers_held",
        "link",
        "answers pile up on the way, and then all come at once",
        "F18",
        1.0,
        seen_after_ms=100,
        certain=ARMED,
    ),
    InjectionRow(
        "write_blocked",
        "link",
        "the line takes bytes and sends none, and then all that are still there",
        "F18",
        1.0,
        seen_after_ms=100,
        certain=ARMED,
    ),
    # -- the device
    InjectionRow(
        "answers_lost",
        "device",
        "commands are executed, answers never come",
        "F18",
        None,
        seen_after_ms=100,
        certain=ARMED,
    ),
    InjectionRow(
        "answers_delayed",
        "device",
        "answers come late",
        "F18",
        None,
        "ms",
        300.0,
        50.0,
        500.0,
        seen_after_ms=100,
        why="up to the device's deadline of 100 ms it only makes pulses be skipped",
        certain=ARMED,
        only="from the device's deadline up",
    ),
    InjectionRow(
        "answers_to_nobody",
        "device",
        "answers come twice, with another number, and unasked",
        "F35",
        2.0,
        why="they are no sign of life and end no wait, so output goes on",
        certain=ONCE,
    ),
    InjectionRow(
        "device_reset",
        "device",
        "the device starts anew and has forgotten that it was armed",
        "F31",
        None,
        seen_after_ms=100,
        certain=ONCE,
        at_once=True,
    ),
    InjectionRow(
        "device_swapped",
        "device",
        "the device starts anew, and another one at that: other serial number and version",
        "F31",
        None,
        seen_after_ms=100,
        why="who it is, is asked before it is armed again: then F34",
        certain=ONCE,
        at_once=True,
    ),
    InjectionRow(
        "device_stuck_on",
        "device",
        "the device repeats its last pulse and hears nothing, until its line is cut",
        "F20",
        None,
        # The first command that it does not answer, and the deadline of that answer.
        seen_after_ms=100,
        certain=ARMED,
    ),
    # -- the electrode
    InjectionRow(
        "electrode_off",
        "electrode",
        "the electrode lifts off the skin",
        "F12",
        None,
        certain=PULSED,
    ),
    InjectionRow(
        "electrode_short",
        "electrode",
        "the electrodes touch",
        "F12",
        None,
        "ohm",
        50.0,
        1.0,
        99.0,
        certain=PULSED,
    ),
    InjectionRow(
        "electrode_peeled",
        "electrode",
        "so much of the electrode's area has come off; its impedance rises as what is left shrinks",
        "",
        None,
        "%",
        50.0,
        1.0,
        90.0,
        why="a current source drives on; the current's density rises, and a P24 cannot tell",
    ),
    # -- the host
    InjectionRow(
        "host_paused",
        "host",
        "the host's process is halted; what happens meanwhile waits for it",
        "F04",
        0.3,
        certain=OVER,
    ),
    InjectionRow(
        "host_suspended",
        "host",
        "the host sleeps; what happens meanwhile is lost",
        "F36",
        5.0,
        certain=OVER,
        only="from 1 s and 0.1 s and sensor_max_age_ms up",
    ),
    InjectionRow(
        "clock_forward",
        "host",
        "the host's clock jumps ahead",
        "F36",
        None,
        "s",
        2.0,
        1.1,
        3600.0,
        certain=ONCE,
        only="from 1 s and 0.1 s and sensor_max_age_ms up",
        at_once=True,
    ),
    InjectionRow(
        "clock_back",
        "host",
        "the host's clock jumps back",
        "F36",
        None,
        "s",
        2.0,
        0.1,
        3600.0,
        certain=ONCE,
        at_once=True,
    ),
)

BY_NAME: Final[dict[str, InjectionRow]] = {row.name: row for row in ROWS}


class Injection(NamedTuple):
    """One injection of a walk.

    ``to_us`` is ``NEVER_US`` where it lasts for good, ``amount`` 0 where it is the row's.
    """

    name: str
    from_us: Us
    to_us: Us
    amount: float = 0.0


class Acknowledgement(NamedTuple):
    """The part that was hit says when an injection first had an effect."""

    name: str
    t_us: Us


def amount_of(name: str, amount: float) -> float:
    """Return how much an injection is: what was asked for, or its row's."""
    return amount or BY_NAME[name].amount
