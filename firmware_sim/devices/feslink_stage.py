"""The output stage of a feslink device: what waits for its instant, what is given, what it met.

A pulse begins at its instant; where whoever calls is late, as late as that is, and never more than
a millisecond. The fault that comes of one is returned, and whoever called latches it.
"""

from collections.abc import Callable
from typing import Final

from fes_ctrl.units import NEVER_US, MicroAmp, PicoCoulomb, Us
from fes_ctrl.wire import feslink_messages as fm
from firmware_sim.devices.feslink_account import Table
from firmware_sim.output import Points

GAP_US: Final = 200
"""Between the end of a pulse and the next one of another channel: one stage serves them all."""

LATE_US: Final = 1_000
"""A pulse that cannot begin within this is not given."""

SHORT_OHM: Final = 100

OFF_PERCENT: Final = 10
"""Current may differ from what was asked for by so much, and by one step."""

Give = Callable[[Us, int, Points], int]
"""Gives a pulse: instant, channel, points; returns the impedance that it met, ohm."""


def points_of(current_ua: int, width_us: Us, asymmetric: int) -> Points:
    """Return the two phases of a pulse; their charge is equal, for the device makes the second."""
    if asymmetric:
        return (width_us, current_ua), (width_us * fm.ASYMMETRY, -current_ua // fm.ASYMMETRY)
    return (width_us, current_ua), (width_us, -current_ua)


class Pulse:
    """A setpoint that was accepted."""

    __slots__ = ("at_us", "channel", "counts", "end_us", "met_ohm", "points", "sequence")

    def __init__(self, sequence: int, at_us: Us, channel: int, points: Points) -> None:
        self.sequence = sequence
        self.at_us = at_us
        self.channel = channel
        self.points = points
        self.end_us: Us = at_us + points[0][0] + points[1][0]
        self.met_ohm = 0
        self.counts = True


class Stage:
    """One stage, which serves all channels in turn.

    Parameters
    ----------
    table : Table
        What the device can do.
    give : callable
        The output.

    Attributes
    ----------
    fails : bool
        It does not start any pulse.
    lacks_ua : int
        So much less flows than was asked for.
    queue : list of Pulse
        Those that wait, in the order of their instants.
    pulses, last_sequence, voltage_10mv, ohm : int
        Of the session's account.
    charge_pc : int
        Of first phases, as measured.
    """

    __slots__ = (
        "_active",
        "_free_us",
        "_give",
        "_table",
        "charge_pc",
        "fails",
        "lacks_ua",
        "last_sequence",
        "ohm",
        "pulses",
        "queue",
        "voltage_10mv",
    )

    def __init__(self, table: Table, give: Give) -> None:
        self._table = table
        self._give = give
        self._active: Pulse | None = None
        self._free_us: Us = -NEVER_US
        self.fails = False
        self.lacks_ua: MicroAmp = 0
        self.queue: list[Pulse] = []
        self.restart()

    def restart(self) -> None:
        """Begin a session's account; a pulse that is under way is of the session before."""
        self.pulses = 0
        self.charge_pc: PicoCoulomb = 0
        self.last_sequence = 0
        self.voltage_10mv = 0
        self.ohm = 0
        if self._active is not None:
            self._active.counts = False

    # -- what waits -----------------------------------------------------------------------------

    def collides(self, pulse: Pulse) -> bool:
        """Return whether a pulse would overlap another, or come too close to it."""
        if pulse.at_us < self._free_us:
            return True
        for other in self.queue:
            if pulse.at_us < other.end_us + GAP_US and other.at_us < pulse.end_us + GAP_US:
                return True
        return False

    def enter(self, pulse: Pulse) -> None:
        """Let a pulse wait for its instant."""
        place = len(self.queue)
        while place and self.queue[place - 1].at_us > pulse.at_us:
            place -= 1
        self.queue.insert(place, pulse)

    # -- what is given --------------------------------------------------------------------------

    @property
    def begin_us(self) -> Us:
        """When the next pulse begins: not before the stage is free, should the last be late."""
        if not self.queue or self._active is not None:
            return NEVER_US
        return max(self.queue[0].at_us, self._free_us)

    @property
    def end_us(self) -> Us:
        """When the pulse ends that is under way."""
        return NEVER_US if self._active is None else self._active.end_us

    def begin(self, now_us: Us) -> tuple[int, int]:
        """Begin the next pulse; return the fault, and its channel."""
        pulse = self.queue.pop(0)
        if now_us - pulse.at_us > LATE_US:
            return fm.FAULT_OVERRUN, pulse.channel
        if self.fails:
            return fm.FAULT_OUTPUT, pulse.channel
        pulse.end_us += now_us - pulse.at_us
        self._active = pulse
        self._free_us = pulse.end_us + GAP_US
        pulse.met_ohm = self._give(now_us, pulse.channel, pulse.points)
        return fm.NO_FAULT, pulse.channel

    def end(self) -> tuple[int, int]:
        """Count the pulse that is over and judge what it met; return the fault, and its channel."""
        pulse, self._active = self._active, None
        if pulse is None:
            return fm.NO_FAULT, fm.NO_CHANNEL
        width_us, signed_ua = pulse.points[0]
        asked_ua = abs(signed_ua)
        ohm = pulse.met_ohm
        most_uv = self._table.compliance_v * 1_000_000
        at_its_end = asked_ua * ohm > most_uv
        given_ua = asked_ua
        if ohm >= fm.OPEN_OHM:
            given_ua = 0
        elif at_its_end:
            given_ua = most_uv // ohm
        given_ua -= min(given_ua, self.lacks_ua)
        if pulse.counts:
            self.ohm = min(ohm, fm.OPEN_OHM)
            self.voltage_10mv = min(asked_ua * ohm, most_uv) // 10_000
            self.pulses += 1
            self.charge_pc += given_ua * width_us
            self.last_sequence = pulse.sequence
        step_ua = self._table.current_step_ua
        fault = fm.NO_FAULT
        if asked_ua < self._table.detection_steps * step_ua:
            pass
        elif ohm >= fm.OPEN_OHM:
            fault = fm.FAULT_OPEN
        elif ohm < SHORT_OHM:
            fault = fm.FAULT_SHORT
        elif at_its_end:
            fault = fm.FAULT_COMPLIANCE
        elif abs(given_ua - asked_ua) > asked_ua // 100 * OFF_PERCENT + step_ua:
            fault = fm.FAULT_OUTPUT
        return fault, pulse.channel
