"""The phase machine of one leg: events in, phase and activity out.

What it says goes stale by itself: without events a leg that was in stance is standing, and a leg
that was in the air is no longer known.
"""

from typing import Final

from fes_ctrl.gait.config import PhaseConfig
from fes_ctrl.model import (
    FOOT_FLAT,
    HEEL_OFF,
    INITIAL_CONTACT,
    PRE_SWING,
    STANCE,
    STANDING,
    SWING,
    TURNING,
    UNKNOWN,
    WALKING,
    GaitEvent,
    PhaseChange,
)
from fes_ctrl.units import NEVER_US, Us, us_from_ms

MIN_SWING_US: Final = 100_000
MIN_STANCE_US: Final = 100_000
LEARNING: Final = 0.2


class PhaseMachine:
    """Where one leg is in its cycle.

    Parameters
    ----------
    leg : int
        Whose events these are; others change nothing.
    config : PhaseConfig
        Time-outs.

    Attributes
    ----------
    phase, activity : str
        As ``model.PhaseName`` and ``model.ActivityName``. It is *walking* from the first
        contact that follows a heel-off or terminal contact, and *turning* where that stride, or a
        foot that stays on the ground, has turned about the vertical; only an IMU knows of that.
    stepping : bool
        It walks, straight on or turning; a foot that only pivots does not.
    last_stance_us : int
        From contact to terminal contact, or to heel-off where the detector tells no terminal
        contact; 0 while unknown.
    last_stride_us : int
        From contact to contact; 0 while unknown.
    deadline_us : int
        When ``tick`` wants to be called; ``NEVER_US`` if not at all.
    """

    __slots__ = (
        "_contact_us",
        "_left",
        "_lift_us",
        "_stance_out_us",
        "_swing_out_us",
        "_turn_deg",
        "_usual_turn_deg",
        "activity",
        "deadline_us",
        "last_stance_us",
        "last_stride_us",
        "leg",
        "phase",
        "stepping",
    )

    def __init__(self, leg: int, config: PhaseConfig | None = None) -> None:
        dials = PhaseConfig() if config is None else config
        self.leg = leg
        self._stance_out_us: Us = us_from_ms(dials.stance_time_out_ms)
        self._swing_out_us: Us = us_from_ms(dials.swing_time_out_ms)
        self._turn_deg: float = dials.turn_deg
        self._usual_turn_deg = 0.0
        self.phase: str = UNKNOWN
        self.activity: str = UNKNOWN
        self.stepping = False
        self.last_stance_us: Us = 0
        self.last_stride_us: Us = 0
        self.deadline_us: Us = NEVER_US
        self._contact_us: Us = NEVER_US
        self._lift_us: Us = NEVER_US
        self._left = False

    def update(self, event: GaitEvent, turn_deg: float = 0.0) -> PhaseChange | None:
        """Take an event; return what it changed, if anything.

        Parameters
        ----------
        event : GaitEvent
            Durations are taken from ``t_event_us``; the change is dated ``t_emit_us``, when it
            could be known.
        turn_deg : float
            How far the foot has turned about the vertical since it last came to rest.
        """
        kind, leg, event_us, emit_us, _ = event
        if leg != self.leg:
            return None
        activity = self.activity
        if kind == INITIAL_CONTACT:
            phase = STANCE
            if self._contact(event_us):
                self.stepping = True
                activity = TURNING if self._turns(turn_deg) else WALKING
        elif kind == FOOT_FLAT:
            phase = STANCE
            if not self.stepping and abs(turn_deg) > self._turn_deg:
                activity = TURNING
        elif kind == HEEL_OFF:
            phase = PRE_SWING
            self._lift(event_us, leaves=False)
        else:
            phase = SWING
            self._lift(event_us, leaves=True)
        in_stance = phase == STANCE
        self.deadline_us = emit_us + (self._stance_out_us if in_stance else self._swing_out_us)
        return self._change(emit_us, phase, activity)

    def _contact(self, event_us: Us) -> bool:
        """Measure the stride; return whether a whole swing lies behind it."""
        stepped = self._lift_us != NEVER_US and event_us - self._lift_us >= MIN_SWING_US
        if event_us > self._contact_us:  # neither unknown nor by a clock that was set back since
            self.last_stride_us = event_us - self._contact_us
        self._contact_us = event_us
        self._lift_us = NEVER_US
        self._left = False
        return stepped

    def _turns(self, turn_deg: float) -> bool:
        """Return whether a stride turned; feet that swing out and in do so by as much each time."""
        beyond_deg = turn_deg - self._usual_turn_deg
        limit_deg = self._turn_deg
        self._usual_turn_deg += LEARNING * max(-limit_deg, min(limit_deg, beyond_deg))
        return abs(beyond_deg) > limit_deg

    def _lift(self, event_us: Us, *, leaves: bool) -> None:
        # Once the foot has left, a lift without a contact before it ends a stance that was missed.
        stance_known = self._contact_us != NEVER_US and not self._left
        if stance_known and event_us - self._contact_us >= MIN_STANCE_US:
            self.last_stance_us = event_us - self._contact_us
            self._left = leaves
        if self._lift_us == NEVER_US:
            self._lift_us = event_us

    def tick(self, now_us: Us) -> PhaseChange | None:
        """Let time pass; return what it changed, if anything."""
        if now_us < self.deadline_us:
            return None
        self.deadline_us = NEVER_US
        # Whatever comes next belongs to another walk: no stride reaches across a pause.
        self._contact_us = NEVER_US
        self._lift_us = NEVER_US
        self.stepping = False
        if self.phase == STANCE:
            return self._change(now_us, STANCE, STANDING)
        return self._change(now_us, UNKNOWN, UNKNOWN)

    def _change(self, t_us: Us, phase: str, activity: str) -> PhaseChange | None:
        if phase == self.phase and activity == self.activity:
            return None
        self.phase = phase
        self.activity = activity
        return PhaseChange(t_us, self.leg, phase, activity)

    def snapshot(self) -> dict[str, object]:
        """Return phase, activity and the last durations."""
        return {
            "phase": self.phase,
            "activity": self.activity,
            "last_stance_us": self.last_stance_us,
            "last_stride_us": self.last_stride_us,
            "deadline_us": self.deadline_us,
        }
