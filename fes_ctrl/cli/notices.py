"""What a person at the console is told besides: who has not spoken yet, and what was lost."""

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from fes_ctrl.runlog.log import RunLogWriter
    from fes_ctrl.sensors.serial import SerialSensors
    from fes_ctrl.stimulators.same_device import SameDevice

LOOK_S: Final = 0.2
LONG_S: Final = 3.0

Say = Callable[[str], None]


def expect_device(device: "SameDevice", say: Say, waited_s: float = 0.0) -> None:
    """Tell who the stimulator is as soon as it has said so, and once that it has not for long."""
    if device.identity:
        say(f"stimulator: {device.identity}")
        return
    if waited_s <= LONG_S < waited_s + LOOK_S:
        say("stimulator: no answer so far; is it switched on, and is this its port?")
    later(expect_device, device, say, waited_s + LOOK_S)


def expect_lines(source: "SerialSensors", say: Say, waited_s: float = 0.0, told: int = 0) -> None:
    """Tell which sensors are not heard of, and of lines that mean nothing: each ever more seldom.

    Parameters
    ----------
    source : SerialSensors
        On a serial port.
    say : callable
        Takes a line for the person.
    waited_s : float
        How long it has been listened to.
    told : int
        How many lines that are no reading the person knows of.
    """
    from fes_ctrl.model import LEG_NAMES

    lines = source.lines
    if waited_s <= LONG_S < waited_s + LOOK_S:
        for worn in source.sensors:
            if worn not in lines.heard:
                name = f"{LEG_NAMES[worn.leg]}.{worn.sensor}"
                say(f"sensors: no reading of {name} so far; does the board send it at this rate?")
    if lines.bad > 2 * told:
        told = lines.bad
        counted = "1 line is no reading" if told == 1 else f"{told} lines are no reading"
        say(f"sensors: {counted} of these sensors, the last: {lines.last_bad[:60]!r}")
    later(expect_lines, source, say, waited_s + LOOK_S, told)


def watch_log(log: "RunLogWriter", say: Say, known: int = 0) -> None:
    """Tell while it goes on that the disk does not take the log."""
    dropped = log.dropped
    if dropped and not known:
        say(f"fault F24 warn: {dropped} lines of the run log dropped so far; control goes on")
    later(watch_log, log, say, dropped)


def later(again: Callable[..., None], *arguments: object) -> None:
    """Look again in a while."""
    asyncio.get_running_loop().call_later(LOOK_S, again, *arguments)
