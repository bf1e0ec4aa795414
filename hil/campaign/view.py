"""What the judges of a walk know: who may give current now, reckoned apart from the controller.

It hears what goes into the controller and what comes out of it as a run log does, and each pulse
at the electrode. Authority comes from the operator's hand alone and is lost by the first thing
that takes it away, whatever the controller makes of it.
"""

from collections.abc import Callable
from typing import Final

from fes_ctrl.assembly import on_connector
from fes_ctrl.model import (
    LEG_NAMES,
    LINK_IDLE,
    LINK_READY,
    LINK_SKIPPED,
    LINK_UP,
    Arm,
    BurstEnd,
    BurstStart,
    Command,
    Disarm,
    Fault,
    Input,
    LinkReport,
    Operator,
    Record,
    Sample,
    Setpoint,
    Stop,
)
from fes_ctrl.runtime.clock import Clock
from fes_ctrl.safety.faults import BY_ID, CLEARED, INHIBIT, LATCH, STOP, is_over
from fes_ctrl.safety.limits import Limits
from fes_ctrl.units import NEVER_US, Us, us_from_ms
from firmware_sim.injections import BY_NAME, Acknowledgement
from hil.campaign.line import Line
from hil.config import WalkConfig
from hil.host import BACK
from hil.unheard import DISOBEYS, cut_off_us, first_stop_us

FRAME_BYTES: Final = 64
"""More than any frame with current has."""

GONE: Final = ("down", "stuck", "changed")
"""Reports after which there is no device to be stopped."""

GAP_US: Final = 100_000
"""Pulses further apart than this belong to different bursts."""


class View:
    """The facts of one walk, kept while it goes on.

    Parameters
    ----------
    config : WalkConfig
        What is walked.

    Attributes
    ----------
    acknowledged : callable
        Returns the injections that have had an effect.
    clock : Clock
        Of the walk; the host's own may be wrong, and its ``now`` with it.
    now_us : int
        The present.
    unarmed_us, latched_us, stopped_us, paused_us, zero_us : int
        Since when nothing may be given because nobody has armed, a fault is latched, the operator
        has stopped, has paused, or the level is zero; ``NEVER_US`` where that is not so.
    latched : str
        Which fault.
    inhibited_us : dict
        By fault and leg: since when the leg is inhibited.
    wire_us : int
        What was sent before an instant arrives so much later at most.
    held_us : int
        A setpoint that was allowed before an instant may be written so much later.
    heard_us : int
        When anything of the device came last.
    stop_due_us : int
        When the device's silence must be confirmed, or its line cut.
    bursts : dict
        By leg and channel: when a burst began that is open.
    runs : dict
        By channel: first and last pulse of the burst at the electrode.
    ended_us : dict
        By channel: the last pulse of the burst before.
    pulses : list of (int, int)
        Instant and channel of all pulses.
    faults : list of (int, Fault)
        All of them, and when they were told.
    arms_us : list of int
        When the operator asked to arm.
    line : Line
        What was allowed, written and delivered.
    """

    __slots__ = (
        "_arm_asked",
        "_asked_us",
        "_asking",
        "_halts",
        "_stimulator",
        "_up",
        "_up_us",
        "acknowledged",
        "arms_us",
        "burst_us",
        "bursts",
        "clock",
        "ended_us",
        "events",
        "faults",
        "heard_us",
        "held_us",
        "inhibited_us",
        "latched",
        "latched_us",
        "leg_of",
        "level",
        "line",
        "longest_open_us",
        "now_us",
        "paused_us",
        "pulses",
        "runs",
        "skipped_us",
        "stop_due_us",
        "stop_us",
        "stopped_us",
        "unarmed_us",
        "unordered",
        "wire_us",
        "zero_us",
    )

    def __init__(self, config: WalkConfig) -> None:
        cable = config.cable
        limits = Limits(config.control.limits)
        program = config.control.program
        self.clock: Clock | None = None
        self.now_us: Us = 0
        self.wire_us: Us = cable.latency_us + cable.jitter_us + int(FRAME_BYTES * cable.byte_us) + 1
        self.held_us: Us = limits.life_us
        self.burst_us: Us = limits.burst_us
        slowest_us = max(round(1e6 / channel.rate_hz) for channel in program.channel)
        # The end of a burst is told when the pulse after its last one would have come.
        self.longest_open_us: Us = limits.burst_us + slowest_us + 100_000
        self.stop_us: Us = us_from_ms(BY_ID["F20"].limit_ms)
        self.leg_of: dict[int, int] = {}
        for index, leg in enumerate(config.patient.leg):
            for channel in on_connector(program, index).channel:
                self.leg_of[channel.channel] = LEG_NAMES.index(leg.side)
        self.unarmed_us: Us = -1
        self.latched_us: Us = NEVER_US
        self.stopped_us: Us = NEVER_US
        self.paused_us: Us = NEVER_US
        self.zero_us: Us = -1
        self.level = 0
        self.latched = ""
        self.inhibited_us: dict[tuple[str, int], Us] = {}
        self.stop_due_us: Us = NEVER_US
        self.unordered = ""
        self.bursts: dict[tuple[int, int], Us] = {}
        self.runs: dict[int, tuple[Us, Us]] = {}
        self.ended_us: dict[int, Us] = {}
        self.pulses: list[tuple[Us, int]] = []
        self.faults: list[tuple[Us, Fault]] = []
        self.arms_us: list[Us] = []
        self.line = Line()
        self.acknowledged: Callable[[], list[Acknowledgement]] = list
        self._halts = [
            injection
            for injection in config.inject
            if BY_NAME[injection.name].part == "host" and BY_NAME[injection.name].lasts_s
        ]
        self.events = 0
        self.skipped_us: dict[int, Us] = {}
        self.heard_us: Us = 0
        self._arm_asked = False
        self._up = False
        self._up_us: Us = -1
        self._asking = False  # it is being armed
        self._asked_us: Us = -1  # it was, until then
        self._stimulator = config.control.stimulator

    # -- what goes in and comes out, as a run log hears it ----------------------------------------

    def input(self, now_us: Us, item: Input) -> None:
        """Hear what the controller is about to be given."""
        self._arm_asked = False
        if isinstance(item, Sample):
            return
        now_us = self._true_us(now_us)
        if isinstance(item, Operator):
            self._operate(now_us, item)
        elif isinstance(item, LinkReport):
            kind = item.kind
            if kind == LINK_SKIPPED:
                self.skipped_us[item.channel] = now_us
            if kind == LINK_READY:
                self._asked(now_us)
            if kind == LINK_UP:
                self._up = True
                self._up_us = now_us
            elif kind in GONE:
                self._up = False
            elif kind != LINK_IDLE:
                return
            self.stop_due_us = NEVER_US

    def wake(self, now_us: Us) -> None:  # noqa: ARG002 - the log's signature
        """Hear that the controller was woken."""
        self._arm_asked = False

    def written(self, now_us: Us, setpoint: Setpoint) -> None:  # noqa: ARG002 - as above
        """Hear for which setpoint a frame was written."""
        self.line.written(setpoint)

    def frame(self, direction: str, now_us: Us, device_us: Us | None, data: bytes) -> None:  # noqa: ARG002 - as above
        """Hear of a frame; what those of the device say is the cable's affair."""
        if direction == "out":
            self.line.frame(data)
        else:
            self.heard_us = self._true_us(now_us)

    def step(self, now_us: Us, commands: tuple[Command, ...], records: tuple[Record, ...]) -> None:
        """Hear what the controller said."""
        host_us = now_us
        now_us = self._true_us(now_us)
        must_stop = False
        for record in records:
            if isinstance(record, Fault):
                must_stop = self._fault(now_us, record) or must_stop
            elif isinstance(record, BurstStart):
                began_us = record.t_us + now_us - host_us
                self.bursts.setdefault((record.leg, record.channel), began_us)
            elif isinstance(record, BurstEnd):
                self.bursts.pop((record.leg, record.channel), None)
        for command in commands:
            if isinstance(command, Setpoint):
                self.line.allowed(command)
                continue
            if isinstance(command, Arm):
                if not self._arm_asked:
                    self.unordered = "the device was armed without the operator's asking"
                else:
                    self._armed()
                    self._asking = True
            elif isinstance(command, Stop | Disarm):
                must_stop = False
                self._asked(now_us)
                if self._up:
                    self.stop_due_us = min(self.stop_due_us, now_us + self.stop_us)
        if must_stop:
            self.unordered = f"{self.latched} was latched and the device was not stopped"

    def disobeyed(self, t_us: Us) -> bool:
        """Return whether a pulse is one of a device that was made to hear nothing.

        Until its line has been cut, and that is what the row of this fault gives time for, nobody
        in the host can do anything about it.
        """
        for name, hit_us in self.acknowledged():
            row = BY_NAME[name]
            if row.fault != DISOBEYS or row.part != "device" or hit_us > t_us:
                continue
            silent_us = max(hit_us, self.heard_us)
            within_us = cut_off_us(self._stimulator, asked=self.asked(silent_us))
            if t_us <= silent_us + within_us + self.wire_us:
                return True
        return False

    def unheard_us(self, hit_us: Us, seen_us: Us) -> Us:
        """Return how long after a device heard nothing more it may be told to stop at the latest.

        Parameters
        ----------
        hit_us : int
            From then on it heard nothing.
        seen_us : int
            When it was told of; what came of the device until then had been on its way.
        """
        silent_us = max(hit_us, min(self.heard_us, seen_us))
        asked = self.asked(silent_us)
        return silent_us - hit_us + first_stop_us(self._stimulator, asked=asked)

    def asked(self, since_us: Us) -> bool:
        """Return whether the device was being greeted or armed at an instant, or later."""
        if self._asking or self._asked_us >= since_us:
            return True
        for name, back_us in self.acknowledged():
            # The driver begins anew then.
            if name == BACK and (self._up_us < back_us or self._up_us >= since_us):
                return True
        return False

    def _asked(self, now_us: Us) -> None:
        if self._asking:
            self._asking = False
            self._asked_us = now_us

    def halted_us(self, from_us: Us, to_us: Us) -> Us:
        """Return for how long the host was made to stand still between two instants."""
        halted_us = 0
        for injection in self._halts:
            halted_us += max(0, min(to_us, injection.to_us) - max(from_us, injection.from_us))
        return halted_us

    def _true_us(self, now_us: Us) -> Us:
        return now_us if self.clock is None else self.clock.now_us()

    def _operate(self, now_us: Us, item: Operator) -> None:
        action = item.action
        if action == "arm":
            self._arm_asked = True
            self.arms_us.append(now_us)
        elif action == "level":
            if self.unarmed_us == NEVER_US and not self.latched:
                self.level = item.value
                if item.value > 0:
                    self.zero_us = NEVER_US
                else:
                    self._at_zero(now_us)
        elif action == "pause":
            self.paused_us = min(self.paused_us, now_us)
            self._at_zero(now_us)
        elif action == "resume":
            self.paused_us = NEVER_US
        elif action == "clear":
            self.latched_us = NEVER_US
            self.latched = ""
        elif action != "test":
            self.stopped_us = min(self.stopped_us, now_us)
            self._lost(now_us)

    def _armed(self) -> None:
        self.unarmed_us = NEVER_US
        self.stopped_us = NEVER_US
        self.paused_us = NEVER_US

    def _lost(self, now_us: Us) -> None:
        """Nobody has armed any more."""
        self.unarmed_us = min(self.unarmed_us, now_us)
        self._at_zero(now_us)

    def _at_zero(self, now_us: Us) -> None:
        self.level = 0
        self.zero_us = min(self.zero_us, now_us)

    def _fault(self, now_us: Us, record: Fault) -> bool:
        """Take a fault; return whether the device has to be stopped for it in this very step."""
        self.faults.append((now_us, record))
        row = BY_ID[record.id]
        if record.reaction == CLEARED:
            for key in list(self.inhibited_us):
                if is_over(*key, record.id, record.leg):
                    del self.inhibited_us[key]
        elif record.reaction == INHIBIT:
            self.inhibited_us.setdefault((record.id, record.leg), now_us)
        elif record.reaction in {LATCH, STOP}:
            if record.reaction == LATCH:
                self.latched_us = min(self.latched_us, now_us)
                self.latched = self.latched or record.id
            if not row.keeps_level:
                armed = self.unarmed_us == NEVER_US
                self._lost(now_us)
                return armed
        return False

    # -- what reaches the electrode ---------------------------------------------------------------

    def pulse(self, t_us: Us, channel: int) -> None:
        """Take note of a pulse that was judged."""
        self.pulses.append((t_us, channel))
        if not self.disobeyed(t_us):
            self.line.pulse(channel)
        first_us, last_us = self.runs.get(channel, (t_us, -NEVER_US))
        if t_us - last_us > GAP_US:
            first_us = t_us
            self.ended_us[channel] = last_us
        self.runs[channel] = (first_us, t_us)
