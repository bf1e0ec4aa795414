"""What can be made to go wrong, by name and time: a table, so that a new one is a row.

The part that is hit says so itself: an injection counts as reached only when it has had an
effect, with the time of that effect.
"""

from typing import Final, NamedTuple

from fes_ctrl.units import Us
from firmware_sim.injection_row import (
    ARMED,
    CERTAIN,
    HELD,
    ONCE,
    OVER,
    PULSED,
    InjectionRow,
)
from firmware_sim.sensor_injections import SENSOR_ROWS

__all__ = [
    "ARMED",
    "BY_NAME",
    "CERTAIN",
    "EVERYWHERE",
    "HELD",
    "ONCE",
    "OVER",
    "PULSED",
    "ROWS",
    "Acknowledgement",
    "Injection",
    "InjectionRow",
    "amount_of",
]

ROWS: Final = (
    *SENSOR_ROWS,
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
        # The next poll of an idle line, and the deadline of its answer, as they are by default.
        seen_after_ms=200,
        certain=ARMED,
    ),
    InjectionRow(
        "emergency_switch",
        "device",
        "the device's emergency switch is pressed, or unplugged; the button at a feslink device",
        "F31",
        None,
        why="output ends; a RehaStim2 says so unasked, and again for each pulse that is asked for "
        "until it is released; a feslink device latches, and is not cleared before",
        certain=ARMED,
        devices=("rehastim2", "feslink"),
    ),
    InjectionRow(
        "module_failed",
        "device",
        "the device's stimulation module fails",
        "F31",
        None,
        why="output ends; a RehaStim2 says so unasked, and again for each pulse that is asked for "
        "while it lasts; a feslink device latches with each",
        certain=ARMED,
        devices=("rehastim2", "feslink"),
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
    # -- the network to whoever watches from afar, and asks for something
    InjectionRow(
        "broker_down",
        "network",
        "nobody takes telemetry",
        "F25",
        None,
        seen_after_ms=10_000,
        why="output goes on: nobody needs to watch",
    ),
    InjectionRow(
        "broker_slow",
        "network",
        "telemetry piles up and is dropped",
        "F25",
        None,
        seen_after_ms=2_000,
        why="output goes on: nobody needs to watch",
    ),
    InjectionRow(
        "command_retained",
        "network",
        "a remote command comes that the broker kept from before",
        "F26",
        None,
        why="it is refused, and output goes on",
        at_once=True,
    ),
    InjectionRow(
        "command_late",
        "network",
        "a remote command comes whose time is over",
        "F26",
        None,
        why="it is refused, and output goes on",
        at_once=True,
    ),
    InjectionRow(
        "command_repeated",
        "network",
        "a remote command comes twice",
        "F26",
        None,
        why="the second is answered as the first was, and output goes on",
        at_once=True,
    ),
    InjectionRow(
        "command_replayed",
        "network",
        "a remote command comes that was meant for a run before this one",
        "F26",
        None,
        why="it is refused, and output goes on",
        at_once=True,
    ),
)

BY_NAME: Final[dict[str, InjectionRow]] = {row.name: row for row in ROWS}

EVERYWHERE: Final = tuple(row for row in ROWS if not row.devices)
"""What can go wrong whatever the device."""


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
