"""A heel and an IMU on one foot, and the other foot where it wears them too: a plausibility vote.

Each sensor has a detector of its own. What one of them tells is a candidate; it becomes an event
when more speaks for it than against it. Votes have the other sensor (asked whether the foot
stands), the rhythm of the walker, and the other foot: feet take turns. A sensor that is silent,
stuck or has contradicted a whole stride again and again has no vote, so one alone goes on alone.
"""

from typing import Final

from fes_ctrl.gait.config import FusedConfig
from fes_ctrl.gait.explain import Notebook
from fes_ctrl.gait.intake import CLOCK_JUMP_US
from fes_ctrl.gait.rhythm import Rhythm
from fes_ctrl.gait.witness import DOWN, OFF, SAYS, UNSURE, Witness
from fes_ctrl.model import (
    FOOT_IMU,
    FORE_FORCE,
    FOREFOOT_SWITCH,
    HEEL_FORCE,
    HEEL_OFF,
    HEEL_SWITCH,
    INITIAL_CONTACT,
    SHANK_IMU,
    TERMINAL_CONTACT,
    GaitEvent,
    Remark,
    Sample,
)
from fes_ctrl.units import NEVER_US, Us, us_from_ms

LOADS: Final = (HEEL_SWITCH, HEEL_FORCE, FOREFOOT_SWITCH, FORE_FORCE)
IMUS: Final = (FOOT_IMU, SHANK_IMU)

HEEL: Final = 0
IMU: Final = 1
NAMES: Final = ("heel", "IMU")

CONTRADICTIONS: Final = 3
"""So many strides in a row that one sensor walked and the other denied: it has no vote."""

PERSISTS_US: Final = 150_000
"""A contact that the others deny is one all the same if the foot stays down for so long."""

DOUBTED: Final = 0.4
"""Confidence in it."""

QUICK_US: Final = 2_500_000
"""Strides that follow each other so soon are walking; weight shifts come more slowly."""


class FusedDetector:
    """A ``Detector`` on heel and IMU, with the other foot's where there are any.

    Parameters
    ----------
    config : FusedConfig
        Dials.
    leg : int
        Whose foot; the other leg's samples only tell whose turn it is.
    heel, imu : Witness
        The detectors of this foot.
    other_heel, other_imu : Witness
        Those of the other foot.

    Attributes
    ----------
    off : bool
        This foot's heel is off the ground, as far as has been told.
    """

    __slots__ = (
        "_contact_us",
        "_contradicted",
        "_cycle_us",
        "_distrusted",
        "_expire_us",
        "_heel",
        "_imu",
        "_last_us",
        "_max_silence_us",
        "_moved",
        "_notes",
        "_off_us",
        "_other_contact_us",
        "_other_heel",
        "_other_imu",
        "_rhythm",
        "_stamps_us",
        "_standing_us",
        "_toe_told",
        "_waiting",
        "_waiting_by",
        "leg",
        "off",
    )

    def __init__(
        self,
        config: FusedConfig,
        leg: int,
        heel: Witness,
        imu: Witness,
        other_heel: Witness,
        other_imu: Witness,
    ) -> None:
        self.leg = leg
        self._heel = heel
        self._imu = imu
        self._other_heel = other_heel
        self._other_imu = other_imu
        self._notes = Notebook(leg)
        self._expire_us: Us = us_from_ms(config.expire_ms)
        self._max_silence_us: Us = us_from_ms(config.max_silence_ms)
        self._standing_us: Us = us_from_ms(config.standing_ms)
        self._rhythm = Rhythm()
        self._stamps_us: dict[str, Us] = {}
        self._last_us: list[Us] = [-NEVER_US, -NEVER_US]
        self._moved: list[bool] = [False, False]
        self._contradicted: list[int] = [0, 0]
        self._cycle_us: list[Us] = [-NEVER_US, -NEVER_US]
        self._distrusted: list[bool] = [False, False]
        self._waiting: GaitEvent | None = None
        self._waiting_by = HEEL
        self._contact_us: Us = -NEVER_US
        self._other_contact_us: Us = -NEVER_US
        self._off_us: Us = 0
        self._toe_told = False
        self.off = False

    @property
    def turn_deg(self) -> float:
        """How far it has turned about the vertical since it last came to rest, to the left."""
        return self._imu.turn_deg

    def update(self, sample: Sample) -> tuple[GaitEvent, ...]:
        """Take one reading of either foot; return the events of this one that it makes certain."""
        sensor = sample.sensor
        is_load = sensor in LOADS
        if not is_load and sensor not in IMUS:
            return ()
        if sample.leg != self.leg:
            watched = self._other_heel if is_load else self._other_imu
            for event in watched.update(sample):
                if event.kind == INITIAL_CONTACT:
                    self._other_contact_us = event.t_event_us
            return ()
        by = HEEL if is_load else IMU
        told = (self._heel if is_load else self._imu).update(sample)
        t_us, arrive_us = sample.t_meas_us, sample.t_arrive_us
        if t_us > arrive_us:
            return ()  # by a clock that runs ahead: no witness has taken it
        stamp_us = self._stamps_us.get(sensor, t_us)
        self._stamps_us[sensor] = t_us
        if t_us - stamp_us <= -CLOCK_JUMP_US:
            self._set_anew(t_us)
        if arrive_us - t_us > self._max_silence_us:
            return ()  # what comes so late says nothing
        waiting = self._waiting
        if waiting is not None and arrive_us - waiting.t_event_us > self._expire_us:
            self._drop(waiting, t_us)
        if t_us > self._last_us[by]:
            self._last_us[by] = t_us
        events: list[GaitEvent] = []
        for event in told:
            self._take(event, by, t_us, events)
        if self._waiting is not None:
            self._ask_again(t_us, arrive_us, events)
        return tuple(events)

    def _set_anew(self, t_us: Us) -> None:
        """Forget instants by a clock that was set back since: they seem yet to come."""
        self._waiting = None
        self._last_us[HEEL] = self._last_us[IMU] = -NEVER_US
        self._cycle_us[HEEL] = self._cycle_us[IMU] = -NEVER_US
        self._contact_us = self._other_contact_us = -NEVER_US
        self._off_us = t_us

    # -- candidates -------------------------------------------------------------------------------

    def _take(self, event: GaitEvent, by: int, t_us: Us, events: list[GaitEvent]) -> None:
        """Take what one of the two detectors tells."""
        kind = event.kind
        if kind == HEEL_OFF:
            self._moved[by] = True
            self._distrusted[by] = False
            if not self._is_off(event.t_event_us):
                self._propose(event, by)
        elif kind == INITIAL_CONTACT:
            self._judge(1 - by, by, event.t_event_us)
            # Without a heel-off it is the second witness of a contact, until that is long over.
            again = event.t_event_us - self._contact_us > self._expire_us
            if self.off or (again and self._says(HEEL, t_us) == UNSURE):
                self._propose(event, by)
            elif by == IMU:
                self._note(t_us, "no contact by the IMU alone: the heel did not leave the ground")
        elif kind == TERMINAL_CONTACT:
            self._toe_off(event, by, t_us, events)
        else:
            self._flat(event, by, t_us, events)

    def _toe_off(self, event: GaitEvent, by: int, t_us: Us, events: list[GaitEvent]) -> None:
        """Take a toe that has left the ground: whoever knows of it knows of the heel."""
        if not self._is_off(event.t_event_us):
            other = self._says(1 - by, t_us)
            shifts = by == HEEL and self._standing(event.t_event_us) and self._has_vote(IMU, t_us)
            if other == DOWN or (shifts and other == UNSURE):
                text = f"no tc: only the {NAMES[by]}; the {NAMES[1 - by]} says {SAYS[other + 1]}"
                self._note(t_us, text)
                return
            self._waiting = None
            self._heel_off(event._replace(kind=HEEL_OFF), events)
        if not self._toe_told:
            self._toe_told = True
            events.append(event)

    def _flat(self, event: GaitEvent, by: int, t_us: Us, events: list[GaitEvent]) -> None:
        """Take a foot that is flat: a contact that waited was one, a heel-off without is undone."""
        waiting = self._waiting
        if waiting is not None and waiting.kind == INITIAL_CONTACT:
            self._waiting = None
            self._note(t_us, f"ic by the {NAMES[self._waiting_by]}; the foot has come to rest")
            self._land(waiting._replace(t_emit_us=event.t_emit_us), events)
        elif self.off and self._says(1 - by, t_us) != OFF:
            self._note(t_us, f"flat again: by the {NAMES[by]}")
            self.off = False
            self._waiting = None
        if not self.off:
            events.append(event)

    def _propose(self, event: GaitEvent, by: int) -> None:
        waiting = self._waiting
        if waiting is not None and waiting.kind == event.kind:
            return  # the second witness of one event is asked when the votes are counted
        self._waiting = event
        self._waiting_by = by

    def _ask_again(self, t_us: Us, arrive_us: Us, events: list[GaitEvent]) -> None:
        """Count the votes for the candidate; drop it when its own witness takes it back."""
        event = self._waiting
        if event is None:
            return
        by = self._waiting_by
        want = OFF if event.kind == HEEL_OFF else DOWN
        own = self._says(by, t_us)
        other = self._says(1 - by, t_us)
        rhythm = self._rhythm_says(event, want)
        votes = 1 + _vote(other, want) + rhythm
        # Out of standing a heel alone is no step yet: the foot has to tip.
        alone = by == HEEL and want == OFF and other == UNSURE and self._has_vote(IMU, t_us)
        if votes > 0 and not (alone and self._standing(event.t_event_us)):
            self._waiting = None
            late = event._replace(t_emit_us=max(event.t_emit_us, arrive_us))
            late = late._replace(confidence=self._confidence(event, other, rhythm, want))
            self._note(t_us, f"{event.kind} by the {NAMES[by]}{self._because(by, other, rhythm)}")
            if want == OFF:
                self._heel_off(late, events)
            else:
                self._land(late, events)
        elif want == DOWN == own and t_us - event.t_event_us > PERSISTS_US:
            self._waiting = None
            self._note(t_us, f"ic by the {NAMES[by]}: it lasts")
            self._land(event._replace(t_emit_us=arrive_us, confidence=DOUBTED), events)
        elif own == -want:
            self._drop(event, t_us)

    def _drop(self, event: GaitEvent, t_us: Us) -> None:
        """Let a candidate go: too little spoke for it, in time."""
        by = self._waiting_by
        rhythm = self._rhythm_says(event, OFF if event.kind == HEEL_OFF else DOWN)
        why = self._because(by, self._says(1 - by, t_us), rhythm)
        self._waiting = None
        self._note(t_us, f"no {event.kind}: only the {NAMES[by]}{why}")

    # -- votes ------------------------------------------------------------------------------------

    def _says(self, which: int, t_us: Us) -> int:
        """Return what a sensor says, if it has a vote."""
        if not self._has_vote(which, t_us):
            return UNSURE
        return (self._heel if which == HEEL else self._imu).says

    def _has_vote(self, which: int, t_us: Us) -> bool:
        silent = t_us - self._last_us[which] > self._max_silence_us
        return not silent and not self._distrusted[which]

    def _rhythm_says(self, event: GaitEvent, want: int) -> int:
        """Return 1 where the walker's rhythm and the other foot speak for it, -1 where against."""
        t_us = event.t_event_us
        if want == DOWN:
            return self._rhythm.swing(t_us - self._off_us) if self.off else -1
        stance_us = t_us - self._contact_us
        if stance_us > self._standing_us:
            return 0
        votes = self._rhythm.stance(stance_us)
        # Feet take turns: the other one has to have landed since this one did, or to be about to,
        # for heels rise while it still swings.
        if (
            t_us - self._other_contact_us < self._standing_us
            and self._other_contact_us < self._contact_us
            and OFF not in {self._other_imu.says, self._other_heel.says}
        ):
            return -1
        return votes

    def _is_off(self, t_us: Us) -> bool:
        """Return whether it is off the ground; after long, a contact has gone unseen."""
        return self.off and t_us - self._off_us <= self._standing_us

    def _standing(self, t_us: Us) -> bool:
        return t_us - self._contact_us > self._standing_us

    def _confidence(self, event: GaitEvent, other: int, rhythm: int, want: int) -> float:
        agreed = _vote(other, want)
        if agreed > 0:
            return 1.0
        share = 1.0 if agreed == 0 else 2.0 / 3.0
        return round(share * max(event.confidence, 0.6 if rhythm > 0 else 0.0), 3)

    def _because(self, by: int, other: int, rhythm: int) -> str:
        turn = ("against it", "unknown", "for it")[rhythm + 1]
        return f"; the {NAMES[1 - by]} says {SAYS[other + 1]}, rhythm {turn}"

    # -- what has been told -----------------------------------------------------------------------

    def _heel_off(self, event: GaitEvent, events: list[GaitEvent]) -> None:
        self.off = True
        self._off_us = event.t_event_us
        self._toe_told = False
        if not self._standing(event.t_event_us):
            self._rhythm.learn_stance(event.t_event_us - self._contact_us)
        events.append(event)

    def _land(self, event: GaitEvent, events: list[GaitEvent]) -> None:
        t_us = event.t_event_us
        if self.off:
            self._rhythm.learn_swing(t_us - self._off_us)
        self.off = False
        self._contact_us = t_us
        events.append(event)

    def _judge(self, which: int, by: int, t_us: Us) -> None:
        """After a stride that one sensor saw: who has denied too many loses its vote."""
        quick = t_us - self._cycle_us[by] < QUICK_US
        self._cycle_us[by] = t_us
        if self._moved[which] or not quick:
            self._contradicted[which] = 0
        elif t_us - self._last_us[which] <= self._max_silence_us:
            self._contradicted[which] += 1
            if self._contradicted[which] == CONTRADICTIONS:
                self._distrusted[which] = True
                self._note(t_us, f"the {NAMES[which]} denies every stride: no vote")
        self._moved[which] = False

    def _note(self, t_us: Us, text: str) -> None:
        self._notes.note(t_us, text)

    def snapshot(self) -> dict[str, object]:
        """Return what has been told, who has a vote, and the witnesses' own states."""
        return {
            "detector": "fused",
            "off": self.off,
            "distrusted": [NAMES[which] for which in (HEEL, IMU) if self._distrusted[which]],
            "rhythm": self._rhythm.snapshot(),
            "heel": self._heel.snapshot(),
            "imu": self._imu.snapshot(),
        }

    def remarks(self) -> tuple[Remark, ...]:
        """Return the remarks since the last call and forget them, the witnesses' first."""
        self._other_heel.remarks()
        self._other_imu.remarks()
        heel, imu, own = self._heel.remarks(), self._imu.remarks(), self._notes.take()
        if not heel and not imu:
            return own
        named = [remark._replace(text=f"heel: {remark.text}") for remark in heel]
        named += [remark._replace(text=f"IMU: {remark.text}") for remark in imu]
        return (*named, *own)


def _vote(says: int, want: int) -> int:
    """Return 1 for, -1 against, 0 for an abstention."""
    return says * want
