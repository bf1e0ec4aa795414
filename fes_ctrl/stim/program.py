"""One leg's program: gait events in, the pulses of a burst out, each at its planned instant.

A burst is planned when its trigger comes: the onset, and the latest start of its fall (the
time-out). A contact can only bring the fall forward. Every pulse instant follows from the onset
and the channel's period alone, so the arrival of samples never shifts a pulse.
"""

from typing import Final

from fes_ctrl.model import (
    FOOT_FLAT,
    HEEL_OFF,
    INITIAL_CONTACT,
    Capabilities,
    GaitEvent,
    Record,
    Setpoint,
)
from fes_ctrl.stim.adaptive import NOTHING_TAKEN, Adapted
from fes_ctrl.stim.config import ProgramConfig, SetupConfig
from fes_ctrl.stim.dials import check_dial, turned
from fes_ctrl.stim.quantise import ceil_to_grid, plan_channel
from fes_ctrl.stim.timing import Timing, pause_us
from fes_ctrl.stim.trains import Trains
from fes_ctrl.units import NEVER_US, MicroAmp, PicoCoulomb, Us

SURE: Final = 0.5
"""Confidence from which a trigger out of standing counts as a step."""

TEST: Final = "test"
"""What starts, and what ends, a burst that a person asked for."""

PREDICTED: Final = "predicted_"
"""Before the kind of a trigger that had not come when the burst began."""

TRIGGERS: Final = {"heel_off": HEEL_OFF, "initial_contact": INITIAL_CONTACT, "tilt": HEEL_OFF}


class Program:
    """The burst state of one leg.

    Attributes
    ----------
    trains : Trains
        Its channels.
    next_at_us : int
        When ``fire`` wants to be called next; ``NEVER_US`` between bursts.
    level_percent : int
        The operator's level; a burst keeps the one it began with.
    lead_us, end_lead_us : int
        How far ahead of predicted events it would begin, and end.
    trigger_kind : str
        The gait event that starts a burst.
    unconfirmed : bool
        A burst runs whose trigger was predicted and has not come yet.
    testing : bool
        A burst is planned or runs that a person asked for; gait has no part in it.
    adapted : Adapted
        What has been learnt to take away from it; the next burst keeps to it.
    begun_us, begun_level : int
        Onset and level of the burst that was planned last, over or not.
    broken : bool
        That burst was cut, or a person had asked for it.
    """

    __slots__ = (
        "_device",
        "_ends_on_contact",
        "_ends_on_other",
        "_grid_us",
        "_queued",
        "_sooner_us",
        "_timing",
        "_trigger_us",
        "_waiting_changes",
        "adapted",
        "begun_level",
        "begun_us",
        "broken",
        "config",
        "contact_us",
        "end_lead_us",
        "ended_by",
        "fall_from_us",
        "lead_us",
        "leg",
        "level_percent",
        "lock_until_us",
        "next_at_us",
        "onset_us",
        "testing",
        "trains",
        "trigger_kind",
        "unconfirmed",
    )

    def __init__(
        self, leg: int, config: ProgramConfig, setup: SetupConfig, device: Capabilities
    ) -> None:
        if config.trigger not in TRIGGERS:
            message = (
                f"program.trigger = {config.trigger!r}: no detector gives it yet; "
                f"choose {' or '.join(TRIGGERS)}"
            )
            raise ValueError(message)
        self.leg = leg
        self._device = device
        self._grid_us = device.time_grid_us
        self.trains = Trains(
            leg,
            [
                plan_channel(channel, setup.of(channel.muscle), device, index)
                for index, channel in enumerate(config.channel)
            ],
        )
        self._waiting_changes: dict[str, float] = {}
        self._queued: GaitEvent | None = None
        self._trigger_us: Us = NEVER_US
        self.level_percent = 0
        self.onset_us: Us = NEVER_US
        self.fall_from_us: Us = NEVER_US
        self.contact_us: Us = NEVER_US
        self.lock_until_us: Us = -NEVER_US
        self.next_at_us: Us = NEVER_US
        self.ended_by = ""
        self.unconfirmed = False
        self.testing = False
        self.adapted: Adapted = NOTHING_TAKEN
        self._sooner_us: Us = 0
        self.begun_us: Us = -NEVER_US
        self.begun_level = 0
        self.broken = False
        self._take(config)

    def _take(self, config: ProgramConfig) -> None:
        self.config = config
        self.trigger_kind: str = TRIGGERS[config.trigger]
        self._timing = timing = Timing(config)
        self.lead_us: Us = timing.lead_us
        self.end_lead_us: Us = timing.end_lead_us
        self._ends_on_contact = config.end == "initial_contact"
        self._ends_on_other = config.end == "other_heel_off"

    @property
    def extension_us(self) -> Us:
        """Its extension; 0 where that is another one in every stride, a share of the stance."""
        return self._timing.extension_us

    @property
    def active(self) -> bool:
        """Whether a burst is planned or running."""
        return self.onset_us != NEVER_US

    def change(self, name: str, value: float) -> None:
        """Take over a new value of one dial, between bursts.

        Raises
        ------
        ValueError
            If the dial cannot be changed while walking, or not to that value.
        """
        check_dial(name, value)
        self._waiting_changes[name] = value
        if self.onset_us == NEVER_US:
            self._apply_changes()

    @property
    def waiting(self) -> bool:
        """Whether a dial that was turned waits for the end of the burst."""
        return len(self._waiting_changes) > 0

    def _apply_changes(self) -> None:
        for name, value in self._waiting_changes.items():
            self._take(turned(self.config, name, value))
        self._waiting_changes.clear()

    def trigger(self, event: GaitEvent, *, walking: bool, allowed: bool) -> tuple[Record, ...]:
        """Take an event of the leg that triggers this program.

        Parameters
        ----------
        event : GaitEvent
            Any event; others than the trigger change nothing.
        walking : bool
            Whether that leg is known to walk.
        allowed : bool
            False while stimulation of this leg is inhibited.

        Returns
        -------
        tuple of Record
            The start of a burst, or nothing.
        """
        if event.kind != self.trigger_kind:
            return ()
        if self.unconfirmed:
            self.unconfirmed = False
            self._trigger_us = event.t_event_us
            return ()
        if not allowed:
            return ()
        doubtful = not walking and event.confidence < SURE
        if doubtful and self.config.standing == "inhibit":
            return ()
        if self.onset_us == NEVER_US:
            return self._plan(event)
        if self.testing:
            # What such a burst moves is no step; one of a leg that walks gets its own after it.
            if walking:
                self._queued = event
        elif event.t_emit_us >= self.fall_from_us:
            # A short stance: the next swing begins while the last burst still falls.
            self._queued = event
        return ()

    def _plan(self, event: GaitEvent) -> tuple[Record, ...]:
        """Plan a burst; a trigger within the lock-out waits for its end."""
        due_us = max(event.t_emit_us, self.onset_for(event.t_event_us))
        return self._start(due_us, event.kind, event.t_event_us)

    def onset_for(self, trigger_us: Us) -> Us:
        """Return when a burst would begin whose trigger is at that instant, known beforehand."""
        onset_us = self._timing.onset_for(trigger_us, self.adapted.later_us)
        return max(onset_us, self.lock_until_us)

    def anticipate(self, at_us: Us, trigger_us: Us) -> tuple[Record, ...]:
        """Begin a burst now whose trigger is predicted; it has to come, or to be cut.

        Parameters
        ----------
        at_us : int
            The present; no burst is planned or running.
        trigger_us : int
            For when the trigger is predicted.
        """
        starts = self._start(at_us, PREDICTED + self.trigger_kind, trigger_us)
        self.unconfirmed = True
        return starts

    def test_burst(self, at_us: Us, current_ua: MicroAmp) -> tuple[Record, ...]:
        """Plan a burst that no event of the gait starts or ends; within the lock-out it waits.

        Parameters
        ----------
        at_us : int
            The present; no burst is planned or running.
        current_ua : int
            Its plateau, whatever the level is; 0 for the one of the level.

        Returns
        -------
        tuple of Record
            Its start.
        """
        starts = self._start(max(at_us, self.lock_until_us), TEST, at_us, current_ua)
        self.fall_from_us = self.onset_us + self._timing.test_us
        self.ended_by = TEST
        self.testing = True
        self.broken = True
        return starts

    def _start(
        self, due_us: Us, trigger: str, trigger_us: Us, current_ua: MicroAmp = 0
    ) -> tuple[Record, ...]:
        onset_us = ceil_to_grid(due_us, self._grid_us)
        self.onset_us = onset_us
        self._trigger_us = trigger_us
        self.fall_from_us = onset_us + self._timing.time_out_us
        self.contact_us = NEVER_US
        self.ended_by = "time_out"
        share_ppm, _, sooner_us = self.adapted
        self._sooner_us = sooner_us
        self.begun_us = onset_us
        self.begun_level = self.level_percent
        self.broken = False
        self.next_at_us = self.trains.begin(onset_us, self.level_percent, current_ua, share_ppm)
        return self.trains.starts(onset_us, trigger, trigger_us)

    def contact(self, event: GaitEvent, stance_us: Us) -> tuple[Record, ...]:
        """Take an initial contact of this leg: the fall begins after the extension.

        A foot that is flat without a contact before it never left the ground, or landed unseen:
        its burst ends the same way.

        Parameters
        ----------
        event : GaitEvent
            The contact, or the flat foot.
        stance_us : int
            The leg's last stance, for an extension in per cent of it; 0 if unknown.

        Returns
        -------
        tuple of Record
            The end of a burst whose onset had not come yet, or nothing.
        """
        if self.unconfirmed and self.config.trigger_side == "same":
            # The foot has not left: whether it will is not for this event to say.
            return ()
        flat = event.kind == FOOT_FLAT
        if flat and (self.contact_us != NEVER_US or event.t_event_us <= self._trigger_us):
            return ()
        self._queued = None
        if self.onset_us == NEVER_US or self.contact_us != NEVER_US or self.testing:
            return ()
        self.contact_us = event.t_event_us
        if not self._ends_on_contact:
            return ()
        return self._ends_after(event, stance_us, "foot_flat" if flat else "initial_contact")

    def other_leaves(self, event: GaitEvent, stance_us: Us) -> tuple[Record, ...]:
        """Take a heel-off of the other leg, where that triggers: the swing is about to end.

        Parameters
        ----------
        event : GaitEvent
            The heel-off.
        stance_us : int
            That leg's last stance, for an extension in per cent of it; 0 if unknown.

        Returns
        -------
        tuple of Record
            The end of a burst whose onset had not come yet, or nothing.
        """
        if not self._ends_on_other or self.onset_us == NEVER_US or self.testing:
            return ()
        if event.t_event_us <= self._trigger_us:
            return ()
        return self._ends_after(event, stance_us, "other_heel_off")

    def _ends_after(self, event: GaitEvent, stance_us: Us, reason: str) -> tuple[Record, ...]:
        """Let the running burst fall after an event, or end before its onset has come."""
        if event.t_emit_us < self.onset_us:
            return self._finish(event.t_emit_us, reason)
        # An event that is known late cannot take back pulses that were given.
        fall_from_us = max(self.fall_for(event.t_event_us, stance_us), event.t_emit_us)
        if fall_from_us < self.fall_from_us:
            self.fall_from_us = fall_from_us
            self.ended_by = reason
        return ()

    def fall_for(self, contact_us: Us, stance_us: Us) -> Us:
        """Return when the fall of the running burst would start for a contact at that instant."""
        return self._timing.fall_for(contact_us, stance_us, self.onset_us, self._sooner_us)

    @property
    def awaits_contact(self) -> bool:
        """Whether a burst runs that a contact would end."""
        waits = self.contact_us == NEVER_US and self._ends_on_contact
        return self.active and waits and not self.testing

    def release(self, at_us: Us) -> None:
        """Let the fall start now, for a contact that is predicted and not told yet."""
        if at_us < self.fall_from_us:
            self.fall_from_us = at_us
            self.ended_by = "predicted_contact"

    def fire(self, at_us: Us, setpoints: list[Setpoint], records: list[Record]) -> None:
        """Give the pulses planned for ``at_us``, or end the burst if it is over by then.

        Parameters
        ----------
        at_us : int
            ``next_at_us``.
        setpoints, records : list
            Appended to.
        """
        timing = self._timing
        end_us = self.fall_from_us + timing.fall_us
        if at_us >= end_us:
            queued = self._queued
            records.extend(self._finish(at_us, self.ended_by))
            if queued is not None:
                records.extend(self._plan(queued))
            return
        self.next_at_us = self.trains.give(
            at_us, self.onset_us, timing.rise_us, self.fall_from_us, timing.fall_us, setpoints
        )

    def cut(self, at_us: Us, reason: str) -> tuple[Record, ...]:
        """End a burst at once, without a ramp; nothing if there is none."""
        if self.onset_us == NEVER_US:
            return ()
        self.broken = True
        return self._finish(at_us, reason)

    def _finish(self, at_us: Us, reason: str) -> tuple[Record, ...]:
        given_us = self.trains.last_pulse_us
        last_us = at_us if given_us == NEVER_US else given_us
        ends = self.trains.ends(last_us, reason, self.onset_us, self.contact_us)
        self.lock_until_us = max(
            min(self.fall_from_us, at_us) + self._timing.lock_out_us,
            last_us + pause_us(self.trains.slowest_us, self._device),
        )
        self._queued = None
        self.unconfirmed = False
        self.testing = False
        self.onset_us = NEVER_US
        self.fall_from_us = NEVER_US
        self.next_at_us = NEVER_US
        self._apply_changes()
        return ends

    def lower(self, level_percent: int) -> None:
        """Take a level below the running burst's at once; a higher one waits for the next burst.

        The next burst may wait already, for the end of a lock-out or of this one.
        """
        self.level_percent = level_percent
        self.trains.lower(level_percent)

    def bound(self, current_ua: MicroAmp, charge_pc: PicoCoulomb) -> None:
        """Give no more than this from now on: see ``Trains.bound``."""
        self.trains.bound(current_ua, charge_pc)

    def snapshot(self) -> dict[str, object]:
        """Return the burst as it stands."""
        return {
            "active": self.active,
            "onset_us": self.onset_us,
            "fall_from_us": self.fall_from_us,
            "next_at_us": self.next_at_us,
            "level_percent": self.level_percent,
            "lock_until_us": self.lock_until_us,
        }
