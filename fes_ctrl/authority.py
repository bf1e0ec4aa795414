"""Who may give anything, and who takes that away: the authority over one stimulator.

Arming, level and latch, the device's reports, the operator's hand, and stop. It knows no gait; it
ends the bursts of its legs, begins those that a person asks for, and orders what the driver is to
do.
"""

from collections.abc import Callable
from typing import Final

from fes_ctrl.leg import LegController
from fes_ctrl.model import (
    ALL_LEGS,
    LEG_NAMES,
    Arm,
    Command,
    Disarm,
    Fault,
    LinkReport,
    Operator,
    Record,
    StateChange,
    Stop,
)
from fes_ctrl.safety.arming import ARMED, DISARMED, Arming
from fes_ctrl.safety.faults import BY_ID, CLEARED, WARN, FaultRow
from fes_ctrl.safety.guard import Guard
from fes_ctrl.stim.burst import TEST
from fes_ctrl.units import NEVER_US, Us, s_from_us, ua_from_ma

FAULT_OF_REPORT: Final = {
    "silent": "F18",
    "electrode": "F12",
    "error": "F31",
    "stuck": "F20",
    "down": "F15",
    "blocked": "F37",
    "dead": "F29",
    "changed": "F34",
    "orphan": "F35",
    "corrupt": "F17",
}

STOP_AGAIN_US: Final = 50_000
"""A device whose latch holds already is stopped again for what it does, so often at most."""

SEEN_US: Final = 200_000
"""Nobody answers to a latch sooner than this. A wish to clear it that comes before was meant for
something else: it waited while the host slept, or it crossed the fault on its way."""


class Authority:
    """Over one stimulator.

    Parameters
    ----------
    stimulator : int
        Which one.
    guard : Guard
        Its account; armed and disarmed here alone.
    legs : list of LegController
        Those that it stimulates.
    cut : callable
        Ends the burst of a leg at an instant, for a reason.
    commands, records : list
        Where to put what is to be done, and what is to be remembered.

    Attributes
    ----------
    guard : Guard
        As given.
    arming : Arming
        Armed or not, level, latch.
    """

    __slots__ = (
        "_commands",
        "_cut",
        "_latched_us",
        "_legs",
        "_records",
        "_stimulator",
        "_stopped_us",
        "_told_us",
        "arming",
        "guard",
    )

    def __init__(
        self,
        stimulator: int,
        guard: Guard,
        legs: list[LegController],
        cut: Callable[[LegController, Us, str], None],
        commands: list[Command],
        records: list[Record],
    ) -> None:
        self._stimulator = stimulator
        self._legs = legs
        self._cut = cut
        self._commands = commands
        self._records = records
        self._latched_us: Us = -NEVER_US
        self._stopped_us: Us = -NEVER_US
        self._told_us: Us = 0
        self.guard = guard
        self.arming = Arming()

    # -- the device -------------------------------------------------------------------------------

    def report(self, now_us: Us, report: LinkReport) -> None:
        """Take what the driver has to say of its device."""
        arming = self.arming
        self.guard.link_seen(report.pending_since_us)
        kind = report.kind
        if kind == "answer":
            return
        if kind in {"skipped", "missed"}:
            # Of one that was missed nobody knows whether it was felt; it is no pulse by name.
            self.guard.skipped(report.channel, report.pulse_us)
        elif kind == "outlasted":
            self.guard.outlasted(report.channel, report.pulse_us)
        elif kind == "up":
            arming.link_up = True
        elif kind == "ready":
            if arming.ready():
                self.guard.arm()
                for leg in self._legs:
                    if leg.learning is not None:
                        leg.learning.start_over()
                self.tell(now_us, "device ready")
        elif kind in FAULT_OF_REPORT:
            if kind in {"down", "stuck", "changed"}:
                arming.link_up = False
            self._told_us = report.t_us
            fault_id = FAULT_OF_REPORT[kind]
            if BY_ID[fault_id].reaction == WARN:
                self._records.append(Fault(now_us, fault_id, WARN, ALL_LEGS, report.detail))
            else:
                self.latch(now_us, fault_id, report.detail)

    def latch(self, now_us: Us, fault_id: str, detail: str) -> None:
        """Take a latching fault of the device or the guard, and stop the device."""
        row = BY_ID[fault_id]
        repeated = self.arming.latched == row.id
        must_stop = self.arming.latch(row)
        if not repeated:
            self._latched_us = now_us
            self._records.append(Fault(now_us, row.id, row.reaction, ALL_LEGS, detail))
        if must_stop:
            self.halt(now_us, row.id)
        elif not row.keeps_level and self._stops_again():
            # Latched and stopped before; what it does now is not known: it is stopped again.
            self._order_stop(now_us, row.id)

    def hold(self, at_us: Us, row: FaultRow) -> None:
        """Take a latching fault of one leg's sensors: it holds every leg, planned bursts too."""
        self.arming.latch(row)
        self._latched_us = max(self._latched_us, at_us)
        self.cut_all(at_us, "fault")

    def clock_jumped(self, now_us: Us, detail: str) -> None:
        """Trust nothing that was planned: what time it is, is not known."""
        row = BY_ID["F36"]
        if self.arming.state != DISARMED and self.arming.latch(row):
            self._latched_us = now_us
            self._records.append(Fault(now_us, row.id, row.reaction, ALL_LEGS, detail))
            self.halt(now_us, row.id)

    def halt(self, now_us: Us, reason: str) -> None:
        """Take the authority away, end the bursts, stop the device: in this order."""
        self.guard.armed = False
        self.cut_all(now_us, "fault" if reason in BY_ID else "stop")
        self._order_stop(now_us, reason)
        self.tell(now_us, reason)

    def cut_all(self, now_us: Us, reason: str) -> None:
        """End the bursts of every leg."""
        for leg in self._legs:
            self._cut(leg, now_us, reason)

    def tell(self, now_us: Us, reason: str) -> None:
        """Record how it stands."""
        armed = self.arming.state == ARMED
        self._records.append(StateChange(now_us, armed, self.arming.level_percent, reason))

    def _stops_again(self) -> bool:
        """Return whether the last stop is some time ago, by the clock of who reports.

        The controller's own stands still where the host's has gone back.
        """
        return abs(self._told_us - self._stopped_us) >= STOP_AGAIN_US

    def _order_stop(self, now_us: Us, reason: str) -> None:
        self._stopped_us = self._told_us
        self._commands.append(Stop(now_us, self._stimulator, reason))

    # -- the operator -----------------------------------------------------------------------------

    def operate(self, now_us: Us, operator: Operator) -> None:
        """Take the operator's hand."""
        arming = self.arming
        action = operator.action
        if action == "arm":
            if arming.ask_to_arm():
                self._commands.append(Arm(now_us, self._stimulator))
            else:
                self.tell(now_us, f"not armed: {arming.why_not()}")
        elif action == "level":
            self._level(now_us, operator.value)
        elif action == "pause":
            arming.pause()
            self.guard.start_over()
            self.cut_all(now_us, "operator")
            self.tell(now_us, "pause")
        elif action == "resume":
            arming.paused = False
            self.tell(now_us, "resume")
        elif action == "clear":
            self._clear(now_us)
        elif action == "disarm":
            if arming.state != DISARMED:
                arming.disarm()
                self.guard.armed = False
                self.cut_all(now_us, "operator")
                self._commands.append(Disarm(now_us, self._stimulator))
                self.tell(now_us, "disarm")
        elif action == TEST:
            self._test(now_us, max(0, operator.value))
        else:
            arming.disarm()
            self.halt(now_us, "stop")

    def _level(self, now_us: Us, percent: int) -> None:
        arming = self.arming
        if not arming.set_level(percent):
            return
        if arming.level_percent == 0:
            self.guard.start_over()
        for leg in self._legs:
            leg.burst.lower(arming.level_percent)
        self.tell(now_us, "level")

    def _test(self, now_us: Us, current_ma: int) -> None:
        """Give a burst on every leg that can begin one now, or say why there is none."""
        why = self.arming.why_silent()
        if why:
            self.tell(now_us, f"no test burst: {why}")
            return
        for leg in self._legs:
            why = leg.why_held()
            if why:
                self.tell(now_us, f"no test burst on the {LEG_NAMES[leg.leg]}: {why}")
                continue
            leg.burst.level_percent = self.arming.level_percent
            self._records.extend(leg.burst.test(now_us, ua_from_ma(current_ma)))

    def _clear(self, now_us: Us) -> None:
        latched = self.arming.latched
        since_us = now_us - self._latched_us
        if latched and since_us < SEEN_US:
            self.tell(now_us, f"not cleared: {latched} is only {since_us / 1000:.0f} ms old")
            return
        held = self.arming.clear()
        for leg in self._legs:
            for sensed in leg.rests_on:
                if sensed.monitor.latched:
                    sensed.monitor.clear()
        if held == "F32":
            self.guard.new_session()
        if held:
            detail = f"by hand at {s_from_us(now_us):.3f} s"
            self._records.append(Fault(now_us, held, CLEARED, ALL_LEGS, detail))
