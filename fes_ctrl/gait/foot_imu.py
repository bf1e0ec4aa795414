"""Foot IMU: the order of a stride, read from the rate at which the foot turns toe-up and toe-down.

A foot that walks is still in stance, tips toe-down at push-off, turns back toe-up in swing, and
comes to rest again. The machine here follows that order on time stamps, on the motion that
``foot_motion`` reads for any mounting; usual rates and durations are learnt while walking.
Initial contact is where the rate turns toe-down at the end of swing (Rampp et al. 2015, IEEE Trans
Biomed Eng 62:1089); terminal contact is where push-off has all but ended, which comes some 10 ms
before Rampp's zero crossing, and as much nearer to what cameras see.
"""

from typing import Final

from fes_ctrl.gait.config import FootImuConfig
from fes_ctrl.gait.explain import Notebook
from fes_ctrl.gait.foot_motion import FootMotion
from fes_ctrl.gait.foot_walker import FootWalker
from fes_ctrl.gait.intake import ABSURD, DROP, RESTART, Intake
from fes_ctrl.gait.side import Side
from fes_ctrl.gait.witness import DOWN, OFF, UNSURE
from fes_ctrl.model import (
    FOOT_FLAT,
    FOOT_IMU,
    HEEL_OFF,
    INITIAL_CONTACT,
    TERMINAL_CONTACT,
    GaitEvent,
    Remark,
    Sample,
)
from fes_ctrl.units import Us, us_from_ms

LOST: Final = 0  # waits for a stance
FLAT: Final = 1
PUSH: Final = 2  # heel off, toe still down
AIR: Final = 3
LANDED: Final = 4  # contact, not yet at rest
STATE_NAMES: Final = ("lost", "flat", "push", "air", "landed")

LIFT_LENGTH: Final = 0.6  # of the usual swing's duration, of a swing without a push
LEAST_LOBE_DPS: Final = 15.0
GOES_ON: Final = 0.5  # of the swing's greatest speed ahead: a foot that has landed is slower
STANDING_US: Final = 2_500_000
"""From contact to heel-off; no walker's stance lasts so long."""
IDLE_LIFTS: Final = 2
"""So many heels that rose and came down again without a step: who taps will tap on."""
IDLE_SHARE: Final = 0.5  # of the usual tip, that a heel-off has to reach then
TRAVELS: Final = 0.3  # of the usual swing's greatest speed ahead, of a foot that steps
PIVOT_DEG: Final = 25.0
"""A foot that has turned so far about the vertical since its last rest has pivoted."""
LARGEST_TURN_DEG: Final = 20.0
"""In a stride; in a turn a foot rolls the way it turns, whichever it is."""
FLAT_US: Final = 15_000
"""A foot that has landed and tips no more for so long is flat."""
GUESSED: Final = 0.3
"""Confidence in the events of a stride whose plane is a guess."""


class FootImuDetector:
    """A ``Detector`` on ``foot_imu``, whatever the mounting.

    Parameters
    ----------
    config : FootImuConfig
        Dials.
    leg : int
        Whose foot; samples of other legs and sensors are ignored.

    Attributes
    ----------
    state : int
        Where the foot is in its stride: ``LOST`` to ``LANDED``.
    motion : FootMotion
        What it does.
    side : Side
        Which foot it is, as it moves.
    """

    __slots__ = (
        "_back_share",
        "_crossing_us",
        "_fastest_mps",
        "_flat_told",
        "_heel_off_deg",
        "_idle",
        "_intake",
        "_landed_us",
        "_last_us",
        "_lift_share",
        "_lift_us",
        "_lobe_dps",
        "_max_push_us",
        "_max_swing_us",
        "_min_stance_us",
        "_min_swing_us",
        "_notes",
        "_off_us",
        "_peak_dps",
        "_pivoted_deg",
        "_still_dps",
        "_toe_share",
        "_walker",
        "leg",
        "motion",
        "side",
        "state",
    )

    def __init__(self, config: FootImuConfig, leg: int) -> None:
        self.leg = leg
        self._notes = Notebook(leg)
        self._intake = Intake(config.intake, self._notes)
        self.motion = FootMotion(config, self._notes)
        self._still_dps: float = config.still_dps
        self._heel_off_deg: float = config.heel_off_deg
        self._min_swing_us: Us = us_from_ms(config.min_swing_ms)
        self._max_swing_us: Us = us_from_ms(config.max_swing_ms)
        self._max_push_us: Us = us_from_ms(config.max_push_ms)
        self._min_stance_us: Us = us_from_ms(config.min_stance_ms)
        self._toe_share: float = config.toe_share
        self._back_share: float = config.back_share
        self._lift_share: float = config.lift_share
        # What belongs to the walker outlives a gap.
        self._walker = FootWalker(config)
        self.side = Side(leg)
        # What belongs to the stride does not.
        self.state = LOST
        self._last_us: Us = 0
        self._idle: int = 0
        self._off_us: Us = 0
        self._peak_dps = 0.0
        self._lift_us: Us = 0
        self._crossing_us: Us = -1
        self._landed_us: Us = 0
        self._lobe_dps = 0.0
        self._fastest_mps = 0.0
        self._flat_told = False
        self._pivoted_deg = 0.0

    @property
    def turn_deg(self) -> float:
        """How far it has turned about the vertical since it last came to rest, to the left."""
        return self.motion.turn_deg

    @property
    def says(self) -> int:
        """Whether the foot stands, as ``witness`` knows it."""
        state = self.state
        if self._intake.stale:
            return UNSURE
        if state in {PUSH, AIR}:
            return OFF
        if state == LANDED or (state == FLAT and self.motion.resting):
            return DOWN
        return UNSURE

    def update(self, sample: Sample) -> tuple[GaitEvent, ...]:
        """Take one reading; return the events that it makes certain, oldest first.

        Parameters
        ----------
        sample : Sample
            ``foot_imu``: acceleration (m/s2), then angular rate (deg/s), in the sensor's frame.
        """
        t_us, arrive_us, _, leg, sensor, values = sample
        if leg != self.leg or sensor != FOOT_IMU:
            return ()
        ax, ay, az, wx, wy, wz = values
        square = ax * ax + ay * ay + az * az + wx * wx + wy * wy + wz * wz
        if not square < ABSURD:  # nor if it is NaN: no reading
            return ()
        verdict = self._intake.judge(t_us, arrive_us)
        if verdict == DROP:
            return ()
        last_us = self._last_us
        self._last_us = t_us
        motion = self.motion
        if verdict == RESTART:
            self.state = LOST
            self._idle = 0
            self._landed_us = t_us  # nothing says that it has stood since
            motion.forget()
            last_us = t_us
        state = self.state
        dt_s = (t_us - last_us) * 1e-6
        # A contact that was taken back may have been one, on the toes: see ``_rest``.
        aloft = state == AIR and self._crossing_us != self._landed_us
        motion.update(t_us, dt_s, values, self._walker.push_dps, aloft=aloft)
        if motion.entered and state not in {PUSH, FLAT}:
            return self._rest(t_us, arrive_us)
        if state == LOST:
            if motion.resting:
                self._stand()
            return ()
        before, rate = motion.before_dps, motion.rate_dps
        if state == FLAT:
            return self._flat(t_us, arrive_us, last_us, before, rate)
        if state == PUSH:
            return self._push(t_us, arrive_us, last_us, before, rate)
        if state == AIR:
            return self._air(t_us, arrive_us, last_us, before, rate)
        return self._landed(t_us, arrive_us, last_us, before, rate)

    # -- the stride, state by state --------------------------------------------------------------

    def _flat(
        self, t_us: Us, arrive_us: Us, last_us: Us, before: float, rate: float
    ) -> tuple[GaitEvent, ...]:
        """Wait for the heel to come off: the foot tips toe-down out of its stance.

        A foot may also be lifted as it stands, in a turn or by a paretic leg; then only its
        contact can be told.
        """
        motion = self.motion
        if motion.entered:
            self._pivoted_deg = 0.0
        pivot_deg = motion.turn_deg - self._pivoted_deg
        if motion.resting and not -PIVOT_DEG < pivot_deg < PIVOT_DEG:
            self._pivoted_deg = motion.turn_deg
            self._notes.note(t_us, f"pivoted by {pivot_deg:.0f} deg without a step")
            return self._say(FOOT_FLAT, t_us, arrive_us)
        if rate > 0.0:
            if before <= 0.5 * self._lift_share * self._walker.swing_dps < rate:
                self._lift_us = t_us
                self._fastest_mps = 0.0
            if rate > self._lobe_dps:
                self._lobe_dps = rate
            if not motion.resting:
                ahead_mps = motion.plane.ahead_mps()
                if ahead_mps > self._fastest_mps:
                    self._fastest_mps = ahead_mps
            return ()
        lobe_dps = self._lobe_dps
        self._lobe_dps = 0.0
        long = t_us - self._lift_us >= max(self._min_swing_us, LIFT_LENGTH * self._walker.swing_us)
        if long and lobe_dps > self._lift_share * self._walker.swing_dps > 0.0 and before > 0.0:
            self._lift_us = -1
            if self._fastest_mps < TRAVELS * self._walker.swing_mps:
                self._notes.note(t_us, "no contact: the toes were lifted, the foot went nowhere")
                return ()
            self._notes.note(t_us, "contact: the end of a swing without a push")
            return self._land(zero_us(last_us, before, t_us, rate), arrive_us)
        off_deg = self._heel_off_deg
        if self._idle >= IDLE_LIFTS:
            off_deg = max(off_deg, IDLE_SHARE * self._walker.tip_deg)
        if motion.tilt_deg >= -off_deg or rate >= -0.5 * self._still_dps:
            return ()
        self.state = PUSH
        self._off_us = t_us
        self._peak_dps = rate
        self.side.begin(motion.roll_deg)
        tipped_us = motion.tipped_us
        motion.tipped_us = -1
        text = f"heel-off: tipped {-motion.tilt_deg:.1f} deg out of rest, at {rate:.0f} deg/s"
        self._notes.note(t_us, text)
        return self._say(HEEL_OFF, t_us if tipped_us < 0 else tipped_us, arrive_us)

    def _push(
        self, t_us: Us, arrive_us: Us, last_us: Us, before: float, rate: float
    ) -> tuple[GaitEvent, ...]:
        """Wait for the end of the push, if it was worth the name."""
        motion = self.motion
        if rate < self._peak_dps:
            self._peak_dps = rate
        if t_us - self._off_us > self._max_push_us:
            motion.level()
            self._lose(t_us, "heel-off without a push")
            return ()
        toe_dps = self._toe_share * self._peak_dps
        back = motion.tilt_deg > -0.5 * self._heel_off_deg
        if rate < toe_dps and not (motion.resting and back):
            return ()
        peak_dps = -self._peak_dps
        if peak_dps < self._walker.least_push_dps():
            if before < toe_dps:
                self._walker.pushed_weakly()
                self._notes.note(t_us, f"no terminal contact: push of {peak_dps:.0f} deg/s is weak")
            if back:
                self.state = FLAT
                if self._stood:
                    self._idle += 1
                    self._notes.note(t_us, "the heel came down again: no step")
            return ()
        self._walker.pushed(peak_dps)
        self.side.pushed(motion.roll_deg)
        lift_us = zero_us(last_us, before - toe_dps, t_us, rate - toe_dps)
        self._lift_us = lift_us
        self._crossing_us = -1
        self._lobe_dps = rate
        motion.highest_dps = 0.0
        self._fastest_mps = 0.0
        self.state = AIR
        self._notes.note(t_us, f"terminal contact: push of {peak_dps:.0f} deg/s is over")
        return self._say(TERMINAL_CONTACT, lift_us, arrive_us)

    def _air(
        self, t_us: Us, arrive_us: Us, last_us: Us, before: float, rate: float
    ) -> tuple[GaitEvent, ...]:
        """Wait for the rate to turn toe-down again, late enough in the swing."""
        ahead_mps = self.motion.plane.ahead_mps()
        if ahead_mps > self._fastest_mps:
            self._fastest_mps = ahead_mps
        aloft_us = t_us - self._lift_us
        if aloft_us > self._max_swing_us:
            self._lose(t_us, "no contact in time")
            return ()
        if not self._turned(last_us, before, t_us, rate):
            return ()
        if aloft_us < self._walker.least_swing_us():
            self._notes.note(t_us, "no contact: too early in the swing")
            return ()
        crossing_us = self._crossing_us
        if 0 <= crossing_us - self._landed_us < self._min_swing_us:
            self.state = LANDED
            self._notes.note(t_us, "the contact stands: the foot had only bounced")
            return ()
        text = f"contact: the foot turns toe-down {aloft_us / 1000:.0f} ms after toe-off"
        self._notes.note(t_us, text)
        return self._land(crossing_us, arrive_us)

    def _turned(self, last_us: Us, before: float, t_us: Us, rate: float) -> bool:
        """Return whether the rate turned toe-down here, after toe-up motion worth the name."""
        if rate > 0.0:
            if rate > self._lobe_dps:
                self._lobe_dps = rate
            return False
        worth = before > 0.0 and self._lobe_dps > max(LEAST_LOBE_DPS, 0.1 * self._walker.swing_dps)
        self._lobe_dps = 0.0
        if worth:
            self._crossing_us = zero_us(last_us, before, t_us, rate)
        return worth

    def _land(self, contact_us: Us, arrive_us: Us) -> tuple[GaitEvent, ...]:
        self.state = LANDED
        self._landed_us = contact_us
        self._flat_told = False
        self.side.begin(self.motion.roll_deg)
        return self._say(INITIAL_CONTACT, contact_us, arrive_us)

    def _landed(
        self, t_us: Us, arrive_us: Us, last_us: Us, before: float, rate: float
    ) -> tuple[GaitEvent, ...]:
        """Wait for the foot to come to rest; take the contact back if it swings on."""
        self._turned(last_us, before, t_us, rate)
        since_us = t_us - self._landed_us
        if (
            rate > self._back_share * self._walker.swing_dps > 0.0
            and since_us < 0.5 * self._walker.swing_us
            and self.motion.plane.ahead_mps() > GOES_ON * self._fastest_mps
        ):
            self._notes.note(t_us, "the contact was none: the foot swings on")
            self.state = AIR
            return ()
        if since_us >= self._min_stance_us:
            self._stand()
            return ()
        still_us = self.motion.still_from_us
        flat = still_us >= 0 and t_us - max(still_us, self._landed_us) >= FLAT_US
        if flat and not self._flat_told:
            self._flat_told = True
            self._notes.note(t_us, "foot flat: it has landed and tips no more")
            return self._say(FOOT_FLAT, max(still_us, self._landed_us), arrive_us)
        return ()

    def _rest(self, t_us: Us, arrive_us: Us) -> tuple[GaitEvent, ...]:
        """Take note that the foot has come to rest: the end of one stride, the ground of all."""
        motion = self.motion
        rest_us = motion.still_from_us
        state = self.state
        if state == AIR and t_us - self._lift_us < self._walker.least_swing_us():
            motion.resting = False  # a foot may hang still in mid-swing: ask again
            return ()
        events: tuple[GaitEvent, ...] = ()
        if state == AIR and self._crossing_us == self._landed_us:
            # It landed on its toes: what looked like swinging on was the heel coming down.
            self._notes.note(t_us, "the contact stands: the heel came down after the toes")
            state = LANDED
        if state == AIR and self._stood and self._fastest_mps < TRAVELS * self._walker.swing_mps:
            self._idle += 1
            self._notes.note(t_us, "no contact: the foot came down where it was")
            events = self._say(FOOT_FLAT, rest_us, arrive_us)
            state = FLAT
        if state == AIR:
            late_us = max(self._crossing_us, rest_us, self._lift_us)
            self._notes.note(t_us, "contact: the foot came to rest without turning toe-down")
            events = self._land(late_us, arrive_us)
            state = LANDED
        if state == LANDED:
            self._idle = 0
            self._learn_swing(rest_us)
            self._learn_side(t_us)
            if not self._flat_told:
                events += self._say(FOOT_FLAT, max(rest_us, self._landed_us), arrive_us)
        motion.level()
        self._stand()
        return events

    @property
    def _stood(self) -> bool:
        """Whether the last heel-off was out of standing, and not out of a stride."""
        return self._idle > 0 or self._off_us - self._landed_us > STANDING_US

    def _learn_swing(self, rest_us: Us) -> None:
        """Learn what a swing is like, from its last turn before the foot came to rest.

        Only now is it known which turn was the last; the contact had to be told before.
        """
        if self._lift_us < 0:
            return
        motion = self.motion
        end_us = self._crossing_us if self._crossing_us >= 0 else rest_us
        swing_us = float(end_us - self._lift_us)
        self._walker.swung(swing_us, motion.highest_dps, self._fastest_mps, -motion.lowest_deg)

    def _learn_side(self, t_us: Us) -> None:
        """Learn which foot it is, from a stride straight on."""
        motion = self.motion
        if motion.plane.found and -LARGEST_TURN_DEG < motion.turn_deg < LARGEST_TURN_DEG:
            text = self.side.loaded(motion.roll_deg)
            if text:
                self._notes.note(t_us, text)

    def _stand(self) -> None:
        self.state = FLAT
        # A foot that has just come to rest counts its turn from now.
        self._pivoted_deg = 0.0 if self.motion.entered else self.motion.turn_deg
        self._lobe_dps = 0.0

    def _lose(self, t_us: Us, why: str) -> None:
        self.state = LOST
        self._walker.lost()
        self._notes.note(t_us, f"{why}: waiting for the next rest")

    def _say(self, kind: str, event_us: Us, arrive_us: Us) -> tuple[GaitEvent, ...]:
        plane = self.motion.plane
        confidence = plane.agreement if plane.found else GUESSED
        confidence *= self._walker.sureness()
        return (GaitEvent(kind, self.leg, event_us, arrive_us, round(confidence, 3)),)

    def snapshot(self) -> dict[str, object]:
        """Return the state of the stride and what was learnt of the walker."""
        return {
            "detector": "foot-imu",
            "state": STATE_NAMES[self.state],
            "push_dps": round(self._walker.push_dps, 1),
            "swing_us": round(self._walker.swing_us),
            "tip_deg": round(self._walker.tip_deg, 1),
            "side": self.side.snapshot(),
            "motion": self.motion.snapshot(),
            "intake": self._intake.snapshot(),
        }

    def remarks(self) -> tuple[Remark, ...]:
        """Return the remarks since the last call, oldest first, and forget them."""
        return self._notes.take()


def zero_us(before_us: Us, before: float, t_us: Us, value: float) -> Us:
    """Return when a rate passed zero between two readings, by linear interpolation."""
    if value == before:
        return t_us
    share = min(1.0, max(0.0, before / (before - value)))
    return before_us + round(share * (t_us - before_us))
