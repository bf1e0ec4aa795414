"""The control core: one call takes an instant and at most one input, and says what to do.

``step`` first fires its own deadlines up to now, in order and at their planned times, and only
then takes the input; so a late call or a tie cannot change the result. It reads no clock, does
no I/O and logs nothing: what is to be remembered is in the records it returns.
"""

from typing import Final

from fes_ctrl.authority import Authority
from fes_ctrl.leg import LegController, join
from fes_ctrl.model import (
    FOOT_FLAT,
    HEEL_OFF,
    INITIAL_CONTACT,
    LEG_NAMES,
    WALKING,
    BurstEnd,
    Capabilities,
    Command,
    Decision,
    Fault,
    GaitEvent,
    Input,
    LinkReport,
    Operator,
    Record,
    Sample,
    Setpoint,
    Step,
)
from fes_ctrl.parameter_changes import LIMITS, narrow_limit, turn_dial
from fes_ctrl.safety.faults import CLEARED, INHIBIT, WARN
from fes_ctrl.safety.guard import ALLOWED, Guard
from fes_ctrl.safety.limits import Limits
from fes_ctrl.safety.pace import CROWD
from fes_ctrl.safety.refusals import REFUSALS
from fes_ctrl.senses import Senses
from fes_ctrl.stim.burst import TEST
from fes_ctrl.units import NEVER_US, Us, made

TOLD_BY_A_WATCHDOG: Final = ("blocked", "dead")
"""Reports that say why nothing was called for a while."""

CLOCK_BACK_US: Final = 10_000
"""A clock that is back by more than this has jumped."""

CLOCK_AHEAD_US: Final = 1_000_000
"""A call that comes so much later than it was asked for: the host slept, or its clock jumped."""


class Controller:
    """Legs and the authority over their stimulators, composed.

    Parameters
    ----------
    legs : list of LegController
        At most one of each leg; those that only sense may trigger the other one.
    devices : list of Capabilities
        The stimulators, as ``LegController.stimulator`` numbers them.
    limits : Limits
        In force for all of them.
    """

    __slots__ = (
        "_authorities",
        "_commands",
        "_idle",
        "_legs",
        "_limits",
        "_now_us",
        "_records",
        "_senses",
        "_wake_at_us",
    )

    def __init__(
        self, legs: list[LegController], devices: list[Capabilities], limits: Limits
    ) -> None:
        self._legs = legs
        self._limits = limits
        self._idle = Step((), (), NEVER_US)
        self._commands: list[Command] = []
        self._records: list[Record] = []
        self._authorities: list[Authority] = [
            Authority(
                stimulator,
                Guard(limits, device),
                [leg for leg in legs if leg.stimulated and leg.stimulator == stimulator],
                self._cut,
                self._commands,
                self._records,
            )
            for stimulator, device in enumerate(devices)
        ]
        self._senses = Senses(
            legs,
            self._authorities,
            limits.sensor_max_age_us,
            self._take_event,
            self._cut,
            self._look,
            self._records,
        )
        self._now_us: Us = -NEVER_US
        self._wake_at_us: Us = NEVER_US
        join(legs)
        for leg in legs:
            for other in leg.bears:
                guard = self._authorities[other.stimulator].guard
                guard.rest(other.leg, tuple([each.leg for each in other.rests_on]))
                if guard not in leg.guards:
                    leg.guards.append(guard)
        self._rouse()

    # -- the one call -----------------------------------------------------------------------------

    def step(self, now_us: Us, item: Input | None) -> Step:
        """Fire the deadlines up to now, then take one input.

        Parameters
        ----------
        now_us : int
            The present. An instant before the last one counts as the last one: time does not
            go backwards here, whatever the host's clock did.
        item : Sample, LinkReport, Operator, ParameterChange or None
            What has come in; ``None`` where only time has passed.

        Returns
        -------
        Step
            Commands in the order to carry them out, records in the order they became true, and
            when to call again at the latest.
        """
        if now_us < self._now_us:
            if now_us < self._now_us - CLOCK_BACK_US:
                self._clock_jumped(
                    f"the clock went back by {(self._now_us - now_us) / 1000:.0f} ms"
                )
            now_us = self._now_us
        self._now_us = now_us
        if self._wake_at_us <= now_us:
            late_us = now_us - self._wake_at_us
            if late_us > CLOCK_AHEAD_US:
                # Before anything that was planned in that time.
                if isinstance(item, LinkReport) and item.kind in TOLD_BY_A_WATCHDOG:
                    self._authorities[item.stimulator].report(now_us, item)
                    item = None
                else:
                    self._clock_jumped(f"called {late_us / 1000:.0f} ms late")
            self._fire_deadlines(now_us)
        if item is not None:
            if isinstance(item, Sample):
                self._senses.take(now_us, item)
            elif isinstance(item, LinkReport):
                self._authorities[item.stimulator].report(now_us, item)
            elif isinstance(item, Operator):
                for authority in self._authorities:
                    authority.operate(now_us, item)
                if item.action == TEST:
                    self._look(now_us)
            elif item.name.startswith(LIMITS):
                narrow_limit(item, now_us, self._limits, self._legs, self._authorities)
            else:
                turn_dial(item, self._legs)
                self._rouse()
            # What the input made due now (a burst that starts at once) is fired in this step.
            self._wake_at_us = self._next_deadline()
            if self._wake_at_us <= now_us:
                self._fire_deadlines(now_us)
        if not self._commands and not self._records:
            # Most samples change nothing: the same answer again costs nothing.
            if self._idle.wake_at_us != self._wake_at_us:
                self._idle = made(Step, ((), (), self._wake_at_us))
            return self._idle
        done = made(Step, (tuple(self._commands), tuple(self._records), self._wake_at_us))
        self._commands.clear()
        self._records.clear()
        return done

    # -- time -------------------------------------------------------------------------------------

    def _next_deadline(self) -> Us:
        soonest_us = NEVER_US
        for leg in self._legs:
            # Asked after every reading. No min(): the interpreter takes longer to call it than to
            # compare, and the compiled build compares machine words.
            at_us = leg.burst.next_at_us
            if at_us < soonest_us:
                soonest_us = at_us
            at_us = leg.monitor.deadline_us
            if at_us < soonest_us:
                soonest_us = at_us
            at_us = leg.roll.deadline_us
            if at_us < soonest_us:
                soonest_us = at_us
            at_us = leg.phase.deadline_us
            if at_us < soonest_us:
                soonest_us = at_us
            at_us = leg.ahead.next_at_us
            if at_us < soonest_us:
                soonest_us = at_us
        return soonest_us

    def _fire_deadlines(self, now_us: Us) -> None:
        at_us = self._next_deadline()
        while at_us <= now_us:
            # Of simultaneous deadlines the one that forbids comes before the one that gives.
            for leg in self._legs:
                if leg.monitor.deadline_us <= at_us:
                    self._senses.silent(leg, at_us)
                if leg.roll.deadline_us <= at_us:
                    self._senses.call_roll(leg, at_us)
            for leg in self._legs:
                if leg.phase.deadline_us <= at_us:
                    change = leg.phase.tick(at_us)
                    if change is not None:
                        self._records.append(change)
                    leg.predictor.pause()
                    self._look(at_us)
            for leg in self._legs:
                if leg.ahead.next_at_us <= at_us:
                    self._fire_ahead(leg, at_us)
            for leg in self._legs:
                if leg.burst.next_at_us <= at_us:
                    self._fire_program(leg, at_us, now_us)
            at_us = self._next_deadline()
        self._wake_at_us = at_us

    def _clock_jumped(self, detail: str) -> None:
        """Trust nothing that was planned: what time it is, is not known."""
        for authority in self._authorities:
            authority.clock_jumped(self._now_us, detail)
        for leg in self._legs:
            self._cut(leg, self._now_us, "fault")

    def _fire_program(self, leg: LegController, at_us: Us, now_us: Us) -> None:
        setpoints: list[Setpoint] = []
        records: list[Record] = []
        leg.program.fire(at_us, setpoints, records)
        for setpoint in setpoints:
            if not self._guarded(leg, setpoint, now_us):
                break
        for record in records:
            self._records.append(record)
            if isinstance(record, BurstEnd):
                self._burst_ended(leg, record)
                self._look(at_us)

    def _guarded(self, leg: LegController, setpoint: Setpoint, now_us: Us) -> bool:
        """Give what the guard lets through; return whether the burst goes on."""
        authority = self._authorities[leg.stimulator]
        guard = authority.guard
        reason = guard.check(setpoint, now_us)
        given = guard.given
        if given is not None:
            self._commands.append(given)
            if guard.duty_turned:
                detail = f"{guard.duty_percent:.1f} % of the last 10 s"
                reaction = WARN if guard.duty_warning else CLEARED
                self._records.append(Fault(setpoint.at_us, "F30", reaction, leg.leg, detail))
            if reason == ALLOWED:
                return True
        verdict = "refuse" if given is None else "clip"
        self._records.append(
            Decision(setpoint.at_us, leg.leg, setpoint.channel, verdict, reason, setpoint)
        )
        if leg.learning is not None:
            leg.learning.withheld = True
        row = REFUSALS[reason]
        ended = given is None and row.ends_burst
        if ended:
            self._cut(leg, setpoint.at_us, "refused")
        if guard.fault:
            authority.latch(now_us, guard.fault, row.meaning)
        return not ended

    def _burst_ended(self, leg: LegController, end: BurstEnd) -> None:
        """Take the end of one channel: that of the first tells of the whole burst."""
        if end.channel != leg.burst.trains.plans[0].channel:
            return
        # A dial that was turned in the burst holds from now on.
        self._rouse()
        if end.ended_by == TEST or not leg.watched:
            # It needs no contact, and says nothing of those that steps need; or nothing tells any.
            return
        if leg.learning is not None:
            unmeasured = leg.learning.burst_ended(end.t_us, end.onset_us)
            if unmeasured is not None:
                self._records.append(unmeasured)
        self._records.extend(leg.contacts.burst_ended(end))

    def _cut(self, leg: LegController, at_us: Us, reason: str) -> None:
        self._records.extend(leg.program.cut(at_us, reason))
        self._rouse()

    # -- gait --------------------------------------------------------------------------------------

    def _take_event(self, leg: LegController, event: GaitEvent) -> None:
        self._records.append(event)
        walking = leg.phase.stepping
        change = leg.phase.update(event, leg.detector.turn_deg)
        if change is not None:
            self._records.append(change)
        if event.kind in {INITIAL_CONTACT, FOOT_FLAT}:
            turned = leg.program.waiting
            self._records.extend(leg.program.contact(event, leg.phase.last_stance_us))
            if turned:
                # A burst that was planned and is not given takes its dials over as it ends.
                self._rouse()
            self._records.extend(leg.contacts.contact(event.t_emit_us))
        if event.kind == HEEL_OFF and leg.pace.heel_off(event.t_event_us):
            self._pace_changed(leg, event.t_emit_us)
        for other in self._legs:
            if other.source is leg:
                if event.kind == HEEL_OFF:
                    stance_us = leg.phase.last_stance_us
                    self._records.extend(other.program.other_leaves(event, stance_us))
                allowed = self._allowed(other) and not leg.pace.hurried
                refusal = other.ahead.refusal(event)
                starts = other.program.trigger(event, walking=walking, allowed=allowed)
                self._records.extend(starts)
                if starts and refusal is not None:
                    self._records.append(refusal)
        for each in self._legs:
            each.predictor.update(event)
        leg.readiness.event(event)
        self._look(event.t_emit_us)

    def _pace_changed(self, leg: LegController, at_us: Us) -> None:
        """Tell those whom a leg's steps trigger that they are too fast to be any, or no longer."""
        hurried = leg.pace.hurried
        reaction = INHIBIT if hurried else CLEARED
        detail = f"{CROWD} heel-offs of the {LEG_NAMES[leg.leg]} within {leg.pace.lasted_s:.2f} s"
        for other in self._legs:
            if other.source is leg:
                self._records.append(Fault(at_us, "F03", reaction, other.leg, detail))
                if hurried:
                    self._cut(other, at_us, "sensor")

    def _allowed(self, leg: LegController) -> bool:
        """Return whether a burst may begin, at the level that is set now."""
        arming = self._authorities[leg.stimulator].arming
        leg.burst.level_percent = arming.level_percent
        if leg.contacts.inhibit:
            return False
        for sensed in leg.rests_on:
            if sensed.monitor.silent:
                return False
        return not arming.paused and not arming.latched

    # -- what is to come --------------------------------------------------------------------------

    def _rouse(self) -> None:
        """Let those legs be looked at closely whose next step somebody wants to know."""
        for leg in self._legs:
            leg.readiness.awake = False
        for leg in self._legs:
            if leg.source is not None and leg.ahead.wanted:
                leg.source.readiness.awake = True

    def _look(self, t_us: Us) -> None:
        """Let every program plan anew what it does ahead of events."""
        for leg in self._legs:
            records = leg.ahead.look(t_us, leg.phase.last_stance_us)
            if records:
                self._records.extend(records)
                self._rouse()

    def _fire_ahead(self, leg: LegController, at_us: Us) -> None:
        allowed = self._allowed(leg)
        source = leg.source
        if source is not None and (source.phase.activity != WALKING or source.pace.hurried):
            allowed = False
        self._records.extend(leg.ahead.fire(at_us, allowed=allowed))

    # -- to look at -------------------------------------------------------------------------------

    @property
    def waiting(self) -> bool:
        """Whether a dial that was turned waits for the end of a burst."""
        return any(leg.program.waiting for leg in self._legs)

    def snapshot(self) -> dict[str, object]:
        """Return the state of every part, for logs and tests."""
        return {
            "now_us": self._now_us,
            "guards": [authority.guard.snapshot() for authority in self._authorities],
            "legs": [
                {
                    "leg": leg.leg,
                    "stimulated": leg.stimulated,
                    "silent": leg.monitor.silent,
                    "latched": leg.monitor.latched,
                    "detector": leg.detector.snapshot(),
                    "prediction": leg.predictor.snapshot(),
                    "program": leg.burst.snapshot(),
                    "learning": None if leg.learning is None else leg.learning.snapshot(),
                }
                for leg in self._legs
            ],
        }
