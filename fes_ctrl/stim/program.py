"""One leg's program: what gait events, predicted ones too, make of its bursts.

A burst is planned when its trigger comes. A contact, or the other leg's heel-off, can only bring
its fall forward; a dial that is turned meanwhile waits for its end.
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
from fes_ctrl.stim.burst import Burst
from fes_ctrl.stim.config import ProgramConfig, SetupConfig
from fes_ctrl.stim.dials import check_dial, turned
from fes_ctrl.stim.quantise import plan_channel
from fes_ctrl.stim.timing import Timing
from fes_ctrl.stim.trains import Trains
from fes_ctrl.units import NEVER_US, Us

SURE: Final = 0.5
"""Confidence from which a trigger out of standing counts as a step."""

PREDICTED: Final = "predicted_"
"""Before the kind of a trigger that had not come when the burst began."""

TRIGGERS: Final = {"heel_off": HEEL_OFF, "initial_contact": INITIAL_CONTACT, "tilt": HEEL_OFF}


class Program:
    """The program of one leg.

    Attributes
    ----------
    burst : Burst
        The leg's burst.
    config : ProgramConfig
        As it is now, with the dials that were turned.
    lead_us, end_lead_us : int
        How far ahead of predicted events it would begin, and end.
    trigger_kind : str
        The gait event that starts a burst.
    unconfirmed : bool
        A burst runs whose trigger was predicted and has not come yet.
    """

    __slots__ = (
        "_ends_on_contact",
        "_ends_on_other",
        "_queued",
        "_waiting_changes",
        "burst",
        "config",
        "end_lead_us",
        "lead_us",
        "leg",
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
        trains = Trains(
            leg,
            [
                plan_channel(channel, setup.of(channel.muscle), device, index)
                for index, channel in enumerate(config.channel)
            ],
        )
        timing = Timing(config)
        self.burst = Burst(trains, timing, device)
        self._waiting_changes: dict[str, float] = {}
        self._queued: GaitEvent | None = None
        self.unconfirmed = False
        self._take(config, timing)

    def _take(self, config: ProgramConfig, timing: Timing) -> None:
        self.config = config
        self.trigger_kind: str = TRIGGERS[config.trigger]
        self.lead_us: Us = timing.lead_us
        self.end_lead_us: Us = timing.end_lead_us
        self._ends_on_contact = config.end == "initial_contact"
        self._ends_on_other = config.end == "other_heel_off"

    def change(self, name: str, value: float) -> None:
        """Take over a new value of one dial, between bursts.

        Raises
        ------
        ValueError
            If the dial cannot be changed while walking, or not to that value.
        """
        check_dial(name, value)
        self._waiting_changes[name] = value
        if not self.burst.active:
            self._apply_changes()

    @property
    def waiting(self) -> bool:
        """Whether a dial that was turned waits for the end of the burst."""
        return len(self._waiting_changes) > 0

    def _apply_changes(self) -> None:
        for name, value in self._waiting_changes.items():
            config = turned(self.config, name, value)
            self.burst.timing = timing = Timing(config)
            self._take(config, timing)
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
            self.burst.trigger_us = event.t_event_us
            return ()
        if not allowed:
            return ()
        doubtful = not walking and event.confidence < SURE
        if doubtful and self.config.standing == "inhibit":
            return ()
        burst = self.burst
        if burst.onset_us == NEVER_US:
            return self._plan(event)
        if burst.testing:
            # What such a burst moves is no step; one of a leg that walks gets its own after it.
            if walking:
                self._queued = event
        elif event.t_emit_us >= burst.fall_from_us:
            # A short stance: the next swing begins while the last burst still falls.
            self._queued = event
        return ()

    def _plan(self, event: GaitEvent) -> tuple[Record, ...]:
        """Plan a burst; a trigger within the lock-out waits for its end."""
        burst = self.burst
        due_us = max(event.t_emit_us, burst.onset_for(event.t_event_us))
        return burst.plan(due_us, event.kind, event.t_event_us)

    def anticipate(self, at_us: Us, trigger_us: Us) -> tuple[Record, ...]:
        """Begin a burst now whose trigger is predicted; it has to come, or to be cut.

        Parameters
        ----------
        at_us : int
            The present; no burst is planned or running.
        trigger_us : int
            For when the trigger is predicted.
        """
        starts = self.burst.plan(at_us, PREDICTED + self.trigger_kind, trigger_us)
        self.unconfirmed = True
        return starts

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
        burst = self.burst
        flat = event.kind == FOOT_FLAT
        if flat and (burst.contact_us != NEVER_US or event.t_event_us <= burst.trigger_us):
            return ()
        self._queued = None
        if burst.onset_us == NEVER_US or burst.contact_us != NEVER_US or burst.testing:
            return ()
        burst.contact_us = event.t_event_us
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
        burst = self.burst
        if not self._ends_on_other or burst.onset_us == NEVER_US or burst.testing:
            return ()
        if event.t_event_us <= burst.trigger_us:
            return ()
        return self._ends_after(event, stance_us, "other_heel_off")

    def _ends_after(self, event: GaitEvent, stance_us: Us, reason: str) -> tuple[Record, ...]:
        """Let the running burst fall after an event, or end before its onset has come."""
        burst = self.burst
        if event.t_emit_us < burst.onset_us:
            return self._finish(event.t_emit_us, reason)
        # An event that is known late cannot take back pulses that were given.
        burst.fall(max(burst.fall_for(event.t_event_us, stance_us), event.t_emit_us), reason)
        return ()

    @property
    def awaits_contact(self) -> bool:
        """Whether a burst runs that a contact would end."""
        burst = self.burst
        waits = burst.contact_us == NEVER_US and self._ends_on_contact
        return burst.active and waits and not burst.testing

    def release(self, at_us: Us) -> None:
        """Let the fall start now, for a contact that is predicted and not told yet."""
        self.burst.fall(at_us, "predicted_contact")

    def fire(self, at_us: Us, setpoints: list[Setpoint], records: list[Record]) -> None:
        """Give the pulses planned for ``at_us``, or end the burst if it is over by then.

        Parameters
        ----------
        at_us : int
            ``burst.next_at_us``.
        setpoints, records : list
            Appended to.
        """
        burst = self.burst
        timing = burst.timing
        end_us = burst.fall_from_us + timing.fall_us
        if at_us >= end_us:
            queued = self._queued
            records.extend(self._finish(at_us, burst.ended_by))
            if queued is not None:
                records.extend(self._plan(queued))
            return
        # Past the burst, not through it: one call less for every pulse.
        burst.next_at_us = burst.trains.give(
            at_us, burst.onset_us, burst.rise_us, burst.fall_from_us, timing.fall_us, setpoints
        )

    def cut(self, at_us: Us, reason: str) -> tuple[Record, ...]:
        """End a burst at once, without a ramp; nothing if there is none."""
        if not self.burst.active:
            return ()
        self.burst.broken = True
        return self._finish(at_us, reason)

    def _finish(self, at_us: Us, reason: str) -> tuple[Record, ...]:
        ends = self.burst.finish(at_us, reason)
        self._queued = None
        self.unconfirmed = False
        self._apply_changes()
        return ends
