"""A controller without gait: trains on demand, each setpoint through the real guard.

What its driver reports as a fault stops the device and stays until a person clears it, as with the
real controller.
"""

from typing import Final

from fes_ctrl.model import (
    LINK_CHANGED,
    LINK_DEAD,
    LINK_DOWN,
    LINK_ELECTRODE,
    LINK_ERROR,
    LINK_READY,
    LINK_SILENT,
    LINK_SKIPPED,
    LINK_STUCK,
    NOTHING,
    SYMMETRIC,
    Arm,
    Capabilities,
    Command,
    Input,
    LinkReport,
    Operator,
    Setpoint,
    Step,
    Stop,
)
from fes_ctrl.safety.guard import Guard
from fes_ctrl.safety.limits import Limits
from fes_ctrl.units import NEVER_US, MicroAmp, Us

FAULTS: Final = frozenset(
    (
        LINK_SILENT,
        LINK_ELECTRODE,
        LINK_ERROR,
        LINK_STUCK,
        LINK_DOWN,
        LINK_DEAD,
        LINK_CHANGED,
    )
)
"""Reports after which nothing is given until a person has cleared them."""

PERIOD_US: Final = 40_000
"""25 Hz, which every device of the table can give in every mode."""

LIFE_US: Final = 20_000
WIDTH_US: Final = 200
CHANNEL: Final = 0
LEG: Final = 0


class Hands:
    """A person's hands and a program of one channel, in the controller's place.

    Parameters
    ----------
    limits : Limits
        In force.
    capabilities : Capabilities
        Of the device.

    Attributes
    ----------
    reports : list of LinkReport
        Of the driver.
    refused : list of str
        Why the guard let setpoints not through.
    fault : str
        The report that stopped the device, until it is cleared.
    bypass : int
        Current of one setpoint that goes past the guard, in uA, when one is due.
    missed : int
        Setpoints of which the clock was so late that they were over.
    """

    def __init__(self, limits: Limits, capabilities: Capabilities) -> None:
        self._guard = Guard(limits, capabilities, 1)
        self._ma = 0
        self._next_us: Us = NEVER_US
        self.reports: list[LinkReport] = []
        self.refused: list[str] = []
        self.fault = ""
        self.bypass: MicroAmp = 0
        self.missed = 0

    def step(self, now_us: Us, item: Input | None) -> Step:
        """Take one input, or fire what is due."""
        commands: list[Command] = []
        if isinstance(item, LinkReport):
            self._report(now_us, item, commands)
        elif isinstance(item, Operator):
            self._operate(now_us, item, commands)
        while now_us >= self._next_us:
            self._pulse(now_us, commands)
        return NOTHING._replace(commands=tuple(commands), wake_at_us=self._next_us)

    def setpoint(self, at_us: Us, current_ua: MicroAmp) -> Setpoint:
        """Return the pulse of an instant."""
        expires_us = at_us + LIFE_US
        return Setpoint(at_us, LEG, CHANNEL, current_ua, WIDTH_US, expires_us, SYMMETRIC)

    def _pulse(self, now_us: Us, commands: list[Command]) -> None:
        at_us = self._next_us
        self._next_us += PERIOD_US
        if self.bypass:
            commands.append(self.setpoint(at_us, self.bypass))
            self.bypass = 0
            return
        if now_us > at_us + LIFE_US:
            self.missed += 1
            return
        # The sensor of this leg is the scenario itself.
        self._guard.sensor_seen(LEG, now_us)
        reason = self._guard.check(self.setpoint(at_us, self._ma * 1000), now_us)
        if reason:
            self.refused.append(reason)
        if self._guard.given is not None:
            commands.append(self._guard.given)

    def _report(self, now_us: Us, report: LinkReport, commands: list[Command]) -> None:
        self.reports.append(report)
        self._guard.link_seen(report.pending_since_us)
        if report.kind == LINK_READY and not self.fault:
            self._guard.arm()
        elif report.kind == LINK_SKIPPED:
            self._guard.skipped(report.channel, report.pulse_us)
        elif report.kind in FAULTS and not self.fault:
            self.fault = report.kind
            self._halt(now_us, commands)

    def _operate(self, now_us: Us, hand: Operator, commands: list[Command]) -> None:
        if hand.action == "arm" and not self.fault:
            commands.append(Arm(now_us, 0))
        elif hand.action == "level":
            self._ma = hand.value
            if self._next_us == NEVER_US:
                self._next_us = now_us
        elif hand.action == "pause":
            self._next_us = NEVER_US
        elif hand.action == "clear":
            self.fault = ""
        elif hand.action == "stop":
            self._halt(now_us, commands)

    def _halt(self, now_us: Us, commands: list[Command]) -> None:
        self._guard.armed = False
        self._next_us = NEVER_US
        commands.append(Stop(now_us, 0, "suite"))
