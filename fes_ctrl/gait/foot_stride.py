"""The order of a foot's stride: its motion in, state by state, events out.

Stance, push-off, swing and landing follow one another on time stamps; what is weak, short or slow
is measured against what is usual for the walker (``foot_walker``). Rates and tilts are positive
toe-up. The caller asks, at each reading, what it means in the state that the foot is in.
"""

from typing import Final

from fes_ctrl.gait.config import FootImuConfig
from fes_ctrl.gait.explain import Notebook
from fes_ctrl.gait.foot_motion import FootMotion
from fes_ctrl.gait.foot_walker import FootWalker
from fes_ctrl.gait.side import Side
from fes_ctrl.gait.told import Told
from fes_ctrl.model import FOOT_FLAT, HEEL_OFF, INITIAL_CONTACT, TERMINAL_CONTACT
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


class FootStride:
    """Where in its stride a foot is.

    Parameters
    ----------
    config : FootImuConfig
        Dials.
    motion : FootMotion
        What the foot does; counts tilt anew from where it is flat.
    walker : FootWalker
        What is usual; learns from every stride.
    side : Side
        Which foot it is; learns from every stride straight on.
    notes : Notebook
        Where remarks go.

    Attributes
    ----------
    state : int
        One of the above.
    crossing_us : int
        Where the rate last turned toe-down in a swing; -1 before it has.
    landed_us : int
        The last contact. A foot in the air whose contact was taken back has both at once.
    """

    __slots__ = (
        "_back_share",
        "_fastest_mps",
        "_flat_told",
        "_heel_off_deg",
        "_idle",
        "_lift_share",
        "_lift_us",
        "_lobe_dps",
        "_max_push_us",
        "_max_swing_us",
        "_min_stance_us",
        "_min_swing_us",
        "_motion",
        "_notes",
        "_off_us",
        "_peak_dps",
        "_pivoted_deg",
        "_rested",
        "_side",
        "_still_dps",
        "_toe_share",
        "_walker",
        "crossing_us",
        "landed_us",
        "state",
    )

    def __init__(
        self,
        config: FootImuConfig,
        motion: FootMotion,
        walker: FootWalker,
        side: Side,
        notes: Notebook,
    ) -> None:
        self._motion = motion
        self._walker = walker
        self._side = side
        self._notes = notes
        self._still_dps: float = config.still_dps
        self._heel_off_deg: float = config.heel_off_deg
        self._min_swing_us: Us = us_from_ms(config.min_swing_ms)
        self._max_swing_us: Us = us_from_ms(config.max_swing_ms)
        self._max_push_us: Us = us_from_ms(config.max_push_ms)
        self._min_stance_us: Us = us_from_ms(config.min_stance_ms)
        self._toe_share: float = config.toe_share
        self._back_share: float = config.back_share
        self._lift_share: float = config.lift_share
        self.state: int = LOST
        self._idle: int = 0
        self._off_us: Us = 0
        self._peak_dps = 0.0
        self._lift_us: Us = 0
        self.crossing_us: Us = -1
        self.landed_us: Us = 0
        self._lobe_dps = 0.0
        self._fastest_mps = 0.0
        self._flat_told = False
        self._pivoted_deg = 0.0
        self._rested = True

    def forget(self, t_us: Us) -> None:
        """Begin anew after a gap: nothing is known of the stride."""
        self.state = LOST
        self._idle = 0
        self.landed_us = t_us  # nothing says that it has stood since

    def flat(self, t_us: Us, last_us: Us, before: float, rate: float) -> Told:
        """Wait for the heel to come off: the foot tips toe-down out of its stance.

        A foot may also be lifted as it stands, in a turn or by a paretic leg; then only its
        contact can be told.
        """
        motion = self._motion
        if motion.entered:
            self._pivoted_deg = 0.0
        pivot_deg = motion.turn_deg - self._pivoted_deg
        if motion.resting and not -PIVOT_DEG < pivot_deg < PIVOT_DEG:
            self._pivoted_deg = motion.turn_deg
            self._notes.note(t_us, f"pivoted by {pivot_deg:.0f} deg without a step")
            return self._say(FOOT_FLAT, t_us)
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
            return self._land(zero_us(last_us, before, t_us, rate))
        off_deg = self._heel_off_deg
        if self._idle >= IDLE_LIFTS:
            off_deg = max(off_deg, IDLE_SHARE * self._walker.tip_deg)
        if motion.tilt_deg >= -off_deg or rate >= -0.5 * self._still_dps:
            return ()
        self.state = PUSH
        self._off_us = t_us
        self._peak_dps = rate
        self._side.begin(motion.roll_deg)
        tipped_us = motion.tipped_us
        motion.tipped_us = -1
        since = "out of rest" if self._rested else "since a rest before its contact"
        text = f"heel-off: tipped {-motion.tilt_deg:.1f} deg {since}, at {rate:.0f} deg/s"
        text += "" if self._rested else self._below()
        if tipped_us < 0:
            tipped_deg = 0.5e-6 * (before + rate) * (t_us - last_us)
            text += self._why_now(off_deg, motion.tilt_deg - tipped_deg, before)
        self._notes.note(t_us, text)
        return self._say(HEEL_OFF, t_us if tipped_us < 0 else tipped_us)

    def _why_now(self, off_deg: float, was_deg: float, before: float) -> str:
        """Return what a heel-off has waited for, where it was not that the foot tips so far."""
        if was_deg >= -off_deg:
            return f", {off_deg:.1f} after idle lifts" if off_deg > self._heel_off_deg else ""
        if before >= -0.5 * self._still_dps:
            return ", fast enough only now"
        return ", looked for only now"

    def push(self, t_us: Us, last_us: Us, before: float, rate: float) -> Told:
        """Wait for the end of the push, if it was worth the name."""
        motion = self._motion
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
        least_dps = self._walker.least_push_dps()
        if peak_dps < least_dps:
            if before < toe_dps:
                self._walker.pushed_weakly()
                text = f"no terminal contact: push of {peak_dps:.0f} deg/s is weak"
                self._notes.note(t_us, f"{text} ({least_dps:.1f} at least)")
            if back:
                self.state = FLAT
                if self._stood:
                    self._idle += 1
                    self._notes.note(t_us, "the heel came down again: no step")
            return ()
        self._walker.pushed(peak_dps)
        self._side.pushed(motion.roll_deg)
        lift_us = zero_us(last_us, before - toe_dps, t_us, rate - toe_dps)
        self._lift_us = lift_us
        self.crossing_us = -1
        self._lobe_dps = rate
        motion.highest_dps = 0.0
        self._fastest_mps = 0.0
        self.state = AIR
        text = f"terminal contact: push of {peak_dps:.0f} deg/s is over"
        if rate < toe_dps:
            text += ", the foot rests" + self._below()
        self._notes.note(t_us, text)
        return self._say(TERMINAL_CONTACT, lift_us)

    def air(self, t_us: Us, last_us: Us, before: float, rate: float) -> Told:
        """Wait for the rate to turn toe-down again, late enough in the swing."""
        ahead_mps = self._motion.plane.ahead_mps()
        if ahead_mps > self._fastest_mps:
            self._fastest_mps = ahead_mps
        aloft_us = t_us - self._lift_us
        if aloft_us > self._max_swing_us:
            self._lose(t_us, "no contact in time")
            return ()
        if not self._turned(last_us, before, t_us, rate):
            return ()
        least_us = self._walker.least_swing_us()
        if aloft_us < least_us:
            text = f"no contact: too early in the swing ({least_us / 1000:.1f} ms at least)"
            self._notes.note(t_us, text)
            return ()
        crossing_us = self.crossing_us
        if 0 <= crossing_us - self.landed_us < self._min_swing_us:
            self.state = LANDED
            self._notes.note(t_us, "the contact stands: the foot had only bounced")
            return ()
        text = f"contact: the foot turns toe-down {aloft_us / 1000:.0f} ms after toe-off"
        self._notes.note(t_us, text)
        return self._land(crossing_us)

    def _turned(self, last_us: Us, before: float, t_us: Us, rate: float) -> bool:
        """Return whether the rate turned toe-down here, after toe-up motion worth the name."""
        if rate > 0.0:
            if rate > self._lobe_dps:
                self._lobe_dps = rate
            return False
        worth = before > 0.0 and self._lobe_dps > max(LEAST_LOBE_DPS, 0.1 * self._walker.swing_dps)
        self._lobe_dps = 0.0
        if worth:
            self.crossing_us = zero_us(last_us, before, t_us, rate)
        return worth

    def _land(self, contact_us: Us) -> Told:
        self.state = LANDED
        self.landed_us = contact_us
        self._flat_told = self._rested = False
        self._side.begin(self._motion.roll_deg)
        return self._say(INITIAL_CONTACT, contact_us)

    def landed(self, t_us: Us, last_us: Us, before: float, rate: float) -> Told:
        """Wait for the foot to come to rest; take the contact back if it swings on."""
        self._turned(last_us, before, t_us, rate)
        since_us = t_us - self.landed_us
        if (
            rate > self._back_share * self._walker.swing_dps > 0.0
            and since_us < 0.5 * self._walker.swing_us
            and self._motion.plane.ahead_mps() > GOES_ON * self._fastest_mps
        ):
            self._notes.note(t_us, "the contact was none: the foot swings on")
            self.state = AIR
            return ()
        if since_us >= self._min_stance_us:
            self.stand()
            return ()
        still_us = self._motion.still_from_us
        flat = still_us >= 0 and t_us - max(still_us, self.landed_us) >= FLAT_US
        if flat and not self._flat_told:
            self._flat_told = True
            text = "foot flat: it has landed and tips no more" + self._below()
            self._notes.note(t_us, text)
            return self._say(FOOT_FLAT, max(still_us, self.landed_us))
        return ()

    def rest(self, t_us: Us) -> Told:
        """Take note that the foot has come to rest: the end of one stride, the ground of all."""
        motion = self._motion
        rest_us = motion.still_from_us
        state = self.state
        if state == AIR and t_us - self._lift_us < self._walker.least_swing_us():
            motion.resting = False  # a foot may hang still in mid-swing: ask again
            return ()
        told: Told = ()
        if state == AIR and self.crossing_us == self.landed_us:
            # It landed on its toes: what looked like swinging on was the heel coming down.
            self._notes.note(t_us, "the contact stands: the heel came down after the toes")
            state = LANDED
        if state == AIR and self._stood and self._fastest_mps < TRAVELS * self._walker.swing_mps:
            self._idle += 1
            self._notes.note(t_us, "no contact: the foot came down where it was" + self._below())
            told = self._say(FOOT_FLAT, rest_us)
            state = FLAT
        if state == AIR:
            late_us = max(self.crossing_us, rest_us, self._lift_us)
            text = "contact: the foot came to rest without turning toe-down" + self._below()
            self._notes.note(t_us, text)
            told = self._land(late_us)
            state = LANDED
        if state == LANDED:
            self._idle = 0
            self._learn_swing(rest_us)
            self._learn_side(t_us)
            if not self._flat_told:
                self._notes.note(t_us, "foot flat: it has come to rest" + self._below())
                told += self._say(FOOT_FLAT, max(rest_us, self.landed_us))
        motion.level()
        self._rested = True
        self.stand()
        return told

    def _below(self) -> str:
        """Return the rate below which the foot rests."""
        return f", below {self._motion.below_dps:.1f} deg/s"

    @property
    def _stood(self) -> bool:
        """Whether the last heel-off was out of standing, and not out of a stride."""
        return self._idle > 0 or self._off_us - self.landed_us > STANDING_US

    def _learn_swing(self, rest_us: Us) -> None:
        """Learn what a swing is like, from its last turn before the foot came to rest.

        Only now is it known which turn was the last; the contact had to be told before.
        """
        if self._lift_us < 0:
            return
        motion = self._motion
        end_us = self.crossing_us if self.crossing_us >= 0 else rest_us
        swing_us = float(end_us - self._lift_us)
        self._walker.swung(swing_us, motion.highest_dps, self._fastest_mps, -motion.lowest_deg)

    def _learn_side(self, t_us: Us) -> None:
        """Learn which foot it is, from a stride straight on."""
        motion = self._motion
        if motion.plane.found and -LARGEST_TURN_DEG < motion.turn_deg < LARGEST_TURN_DEG:
            text = self._side.loaded(motion.roll_deg)
            if text:
                self._notes.note(t_us, text)

    def stand(self) -> None:
        """Be flat: the next stride begins here."""
        self.state = FLAT
        # A foot that has just come to rest counts its turn from now.
        self._pivoted_deg = 0.0 if self._motion.entered else self._motion.turn_deg
        self._lobe_dps = 0.0

    def _lose(self, t_us: Us, why: str) -> None:
        self.state = LOST
        self._walker.lost()
        self._notes.note(t_us, f"{why}: waiting for the next rest")

    def _say(self, kind: str, event_us: Us) -> Told:
        plane = self._motion.plane
        confidence = plane.agreement if plane.found else GUESSED
        confidence *= self._walker.sureness()
        return ((kind, event_us, confidence),)


def zero_us(before_us: Us, before: float, t_us: Us, value: float) -> Us:
    """Return when a rate passed zero between two readings, by linear interpolation."""
    if value == before:
        return t_us
    share = min(1.0, max(0.0, before / (before - value)))
    return before_us + round(share * (t_us - before_us))
