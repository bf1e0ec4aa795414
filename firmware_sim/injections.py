"""What can be made to go wrong, by name and time: a table, so that a new one is a row.

The part that is hit says so itself: an injection counts as reached only when it has had an
effect, with the time of that effect.
"""

import math
from typing import Final, NamedTuple

from fes_ctrl.units import NEVER_US, Us


class InjectionRow(NamedTuple):
    """One thing that can go wrong.

    ``part`` is who is hit: ``sensor``, ``link``, ``device`` or ``electrode``. ``fault`` is the
    row of the fault table that is expected to come true; empty where the controller has no means
    to notice, and the stimulation just ends. ``lasts_s`` is how long it holds where
    nothing else is said; ``None`` for good.
    """

    name: str
    part: str
    effect: str
    fault: str
    lasts_s: float | None


ROWS: Final = (
    InjectionRow("sensor_dropout", "sensor", "no sample of any sensor arrives", "F04", 1.0),
    InjectionRow(
        "heel_stuck_open", "sensor", "the heel switch reads open, whatever bears on it", "F02", None
    ),
    InjectionRow(
        "heel_stuck_closed", "sensor", "the heel switch reads closed in the air as well", "", None
    ),
    InjectionRow("cable_pulled", "link", "the connection hangs up", "F15", None),
    InjectionRow(
        "answers_lost", "device", "commands are executed, answers never come", "F18", None
    ),
    InjectionRow("answers_delayed", "device", "answers come 300 ms late", "F18", None),
    InjectionRow("electrode_off", "electrode", "the electrode lifts off the skin", "F12", None),
)

BY_NAME: Final[dict[str, InjectionRow]] = {row.name: row for row in ROWS}


class Injection(NamedTuple):
    """One injection of a walk: ``to_us`` is ``NEVER_US`` where it lasts for good."""

    name: str
    from_us: Us
    to_us: Us


class Acknowledgement(NamedTuple):
    """The part that was hit says when an injection first had an effect."""

    name: str
    t_us: Us


def parse(text: str) -> Injection:
    """Return the injection of ``NAME@T`` or ``NAME@T+DURATION``, seconds from the start.

    Raises
    ------
    ValueError
        Saying what is wrong and what to write instead.
    """
    name, at, when = text.partition("@")
    if not at:
        message = f"injection {text!r}: write NAME@T, T in seconds from the start"
        raise ValueError(message)
    row = BY_NAME.get(name)
    if row is None:
        message = f"injection {name!r} is unknown: choose {', '.join(BY_NAME)}"
        raise ValueError(message)
    start, plus, length = when.partition("+")
    from_s = _seconds(text, start)
    lasts_s = _seconds(text, length) if plus else row.lasts_s
    from_us = round(from_s * 1e6)
    to_us = NEVER_US if lasts_s is None else from_us + round(lasts_s * 1e6)
    return Injection(name, from_us, to_us)


def _seconds(text: str, number: str) -> float:
    try:
        value = float(number)
    except ValueError:
        value = math.nan
    if not 0.0 <= value <= 1e6:
        message = (
            f"injection {text!r}: {number!r} is no time; write seconds from the start, as 12.5"
        )
        raise ValueError(message)
    return value
