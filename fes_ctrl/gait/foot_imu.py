"""Foot gyroscope: the order of a stride, read from the rate in the sagittal plane.

A foot that walks is still in stance, tips toe-down at push-off, turns back toe-up in swing, and
comes to rest again. The machine here follows that order on time stamps. It calibrates itself
while walking (axis, sign, bias, usual rates and durations) and says nothing before it has.
Events follow Rampp et al. 2015 (IEEE Trans Biomed Eng 62:1089) where they define them: terminal
contact is where the rate turns from toe-down to toe-up, initial contact where it turns back.
"""

from typing import Final

from fes_ctrl.gait.config import FootImuConfig
from fes_ctrl.gait.explain import Notebook, Remark
from fes_ctrl.gait.intake import DROP, RESTART, Intake
from fes_ctrl.gait.sagittal import LEAST_TIP_DEG, SagittalAxis
from fes_ctrl.model import (
    FOOT_FLAT,
    FOOT_IMU,
    HEEL_OFF,
    INITIAL_CONTACT,
    TERMINAL_CONTACT,
    GaitEvent,
    Sample,
)
from fes_ctrl.units import Us, us_from_ms

LOST: Final = 0  # waits for a stance
FLAT: Final = 1
PUSH: Final = 2  # heel off, toe still down
AIR: Final = 3
LANDED: Final = 4  # contact, not yet at rest
STATE_NAMES: Final = ("lost", "flat", "push", "air", "landed")

LOOK_US: Final = 20_000
BIAS_PER_S: Final = 0.5
LARGEST_BIAS_DPS: Final = 15.0

STILL_SHARE: Final = 0.08  # of the usual push-off rate
PUSH_SHARE: Final = 0.35
SWING_SHARE: Final = 0.7  # of the usual swing's duration, before which no contact is believed
LEARNING: Final = 0.3
LEAST_PUSH_DPS: Final = 40.0
FIRST_PUSH_DPS: Final = 100.0
FULL_TIP_DEG: Final = 20.0
"""A foot that tips by so much leaves no doubt; paretic feet tip by less."""


class FootImuDetector:
    """A ``Detector`` on ``foot_imu``, whatever the mounting.

    Parameters
    ----------
    config : FootImuConfig
        Dials.
    leg : int
        Whose foot; samples of other legs and sensors are ignored.
    """

    __slots__ = (
        "_axis",
        "_bias_x",
        "_bias_y",
        "_bias_z",
        "_crossing_us",
        "_heel_off_deg",
        "_highest_deg",
        "_highest_dps",
        "_intake",
        "_landed_us",
        "_last_us",
        "_lift_us",
        "_lobe_dps",
        "_look_us",
        "_lowest_deg",
        "_lowest_dps",
        "_max_push_us",
        "_max_swing_us",
        "_min_stance_us",
        "_min_swing_us",
        "_notes",
        "_off_us",
        "_peak_dps",
        "_push_dps",
        "_rate",
        "_resting",
        "_still_dps",
        "_still_from_us",
        "_still_us",
        "_stride_sound",
        "_swing_us",
        "_tilt_deg",
        "_tip_deg",
        "_turned_deg",
        "leg",
        "state",
    )

    def __init__(self, config: FootImuConfig, leg: int) -> None:
        self.leg = leg
        self._notes = Notebook()
        self._intake = Intake(config.intake, self._notes)
        self._axis = SagittalAxis()
        self._still_dps: float = config.still_dps
        self._still_us: Us = us_from_ms(config.still_ms)
        self._heel_off_deg: float = config.heel_off_deg
        self._min_swing_us: Us = us_from_ms(config.min_swing_ms)
        self._max_swing_us: Us = us_from_ms(config.max_swing_ms)
        self._max_push_us: Us = us_from_ms(config.max_push_ms)
        self._min_stance_us: Us = us_from_ms(config.min_stance_ms)
        # What belongs to the walker and the mounting outlives a gap.
        self._bias_x = 0.0
        self._bias_y = 0.0
        self._bias_z = 0.0
        self._push_dps = FIRST_PUSH_DPS
        self._swing_us = 0.0
        self._tip_deg = 0.0
        # What belongs to the stride does not.
        self.state = LOST
        self._last_us: Us = 0
        self._look_us: Us = 0
        self._rate = 0.0
        self._resting = False
        self._still_from_us: Us = -1
        self._off_us: Us = -1
        self._turned_deg = 0.0
        self._peak_dps = 0.0
        self._lift_us: Us = 0
        self._crossing_us: Us = -1
        self._landed_us: Us = 0
        self._tilt_deg = 0.0
        self._lowest_deg = 0.0
        self._highest_deg = 0.0
        self._lowest_dps = 0.0
        self._highest_dps = 0.0
        self._lobe_dps = 0.0
        self._stride_sound = False

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
        wx = values[3] - self._bias_x
        wy = values[4] - self._bias_y
        wz = values[5] - self._bias_z
        squared = wx * wx + wy * wy + wz * wz
        if squared - squared != 0.0:  # NaN or infinite: no reading
            return ()
        verdict = self._intake.judge(t_us, arrive_us)
        if verdict == DROP:
            return ()
        last_us = self._last_us
        self._last_us = t_us
        if verdict == RESTART:
            self._forget(t_us)
            last_us = t_us
        axis = self._axis
        still_dps = self._still_dps
        if squared > 4.0 * still_dps * still_dps and t_us - self._look_us >= LOOK_US:
            self._look_us = t_us
            axis.look(wx, wy, wz)
        before = self._rate
        rate = axis.x * wx + axis.y * wy + axis.z * wz
        self._rate = rate
        elapsed_s = (t_us - last_us) * 1e-6
        still_dps = max(still_dps, STILL_SHARE * self._push_dps)
        turned_deg = 0.5 * (rate + before) * elapsed_s
        at_rest = False
        if squared < still_dps * still_dps:
            if self._still_from_us < 0:
                self._still_from_us = t_us
            elif t_us - self._still_from_us >= self._still_us:
                at_rest = True
                self._learn_bias(values, elapsed_s)
        else:
            self._still_from_us = -1
        if at_rest:
            if not self._resting:
                return self._rest(t_us, arrive_us)
        else:
            if self._resting:
                self._resting = False
                self._tilt_deg = 0.0
                self._lowest_deg = 0.0
                self._highest_deg = 0.0
                self._lowest_dps = 0.0
                self._highest_dps = 0.0
                self._stride_sound = True
            tilt_deg = self._tilt_deg + turned_deg
            self._tilt_deg = tilt_deg
            if tilt_deg < self._lowest_deg:
                self._lowest_deg = tilt_deg
            elif tilt_deg > self._highest_deg:
                self._highest_deg = tilt_deg
            if rate < self._lowest_dps:
                self._lowest_dps = rate
            elif rate > self._highest_dps:
                self._highest_dps = rate
        state = self.state
        if state == LOST:
            return ()
        if state == FLAT:
            return self._flat(t_us, arrive_us, before, rate, turned_deg, still_dps)
        if state == PUSH:
            return self._push(t_us, arrive_us, last_us, before, rate)
        if state == AIR:
            return self._air(t_us, arrive_us, last_us, before, rate)
        self._track_turns(last_us, before, t_us, rate, still_dps)
        if t_us - self._landed_us >= self._min_stance_us:
            self._stand()
        return ()

    # -- the stride, state by state --------------------------------------------------------------

    def _flat(
        self, t_us: Us, arrive_us: Us, before: float, rate: float, turned_deg: float, still: float
    ) -> tuple[GaitEvent, ...]:
        """Wait for the heel to come off: a toe-down rotation out of rest."""
        if rate >= 0.0:
            self._off_us = -1
            return ()
        if self._off_us < 0:
            if rate > -0.5 * still:
                return ()
            self._off_us = t_us
            self._turned_deg = 0.0
        self._turned_deg += turned_deg
        if self._turned_deg > -self._heel_off_deg:
            return ()
        self.state = PUSH
        self._peak_dps = min(before, rate)
        return self._say(HEEL_OFF, self._off_us, arrive_us)

    def _push(
        self, t_us: Us, arrive_us: Us, last_us: Us, before: float, rate: float
    ) -> tuple[GaitEvent, ...]:
        """Wait for the rate to turn toe-up, after a push worth the name."""
        self._peak_dps = min(self._peak_dps, rate)
        if rate < 0.0:
            if t_us - self._off_us > self._max_push_us:
                self._lose(t_us, "heel-off without a push")
            return ()
        peak_dps = -self._peak_dps
        if peak_dps < max(LEAST_PUSH_DPS, PUSH_SHARE * self._push_dps):
            # The heel moved and came back. Weaker steps than usual must not be missed for ever.
            self._push_dps = max(LEAST_PUSH_DPS, 0.8 * self._push_dps)
            self._notes.note(t_us, f"no terminal contact: push of {peak_dps:.0f} deg/s is weak")
            self._stand()
            return ()
        self._push_dps += LEARNING * (peak_dps - self._push_dps)
        lift_us = zero_us(last_us, before, t_us, rate)
        self._lift_us = lift_us
        self._crossing_us = -1
        self._lobe_dps = rate
        self.state = AIR
        return self._say(TERMINAL_CONTACT, lift_us, arrive_us)

    def _air(
        self, t_us: Us, arrive_us: Us, last_us: Us, before: float, rate: float
    ) -> tuple[GaitEvent, ...]:
        """Wait for the rate to turn toe-down again, late enough in the swing."""
        aloft_us = t_us - self._lift_us
        if aloft_us > self._max_swing_us:
            self._lose(t_us, "no contact in time")
            return ()
        if not self._track_turns(last_us, before, t_us, rate, self._still_dps):
            return ()
        crossing_us = self._crossing_us
        if aloft_us < max(self._min_swing_us, SWING_SHARE * self._swing_us):
            self._notes.note(t_us, "no contact: too early in the swing")
            return ()
        return self._land(crossing_us, arrive_us)

    def _track_turns(
        self, last_us: Us, before: float, t_us: Us, rate: float, least_dps: float
    ) -> bool:
        """Return whether the rate turned toe-down here, after toe-up motion worth the name."""
        if rate > 0.0:
            self._lobe_dps = max(self._lobe_dps, rate)
            return False
        worth = before > 0.0 and self._lobe_dps > least_dps
        self._lobe_dps = 0.0
        if worth:
            self._crossing_us = zero_us(last_us, before, t_us, rate)
        return worth

    def _land(self, contact_us: Us, arrive_us: Us) -> tuple[GaitEvent, ...]:
        self.state = LANDED
        self._landed_us = contact_us
        return self._say(INITIAL_CONTACT, contact_us, arrive_us)

    def _rest(self, t_us: Us, arrive_us: Us) -> tuple[GaitEvent, ...]:
        """Take note that the foot has come to rest: the end of one stride, the ground of all."""
        self._resting = True
        rest_us = self._still_from_us
        state = self.state
        if state == AIR and t_us - self._lift_us < max(
            self._min_swing_us, SWING_SHARE * self._swing_us
        ):
            self._resting = False  # a foot may hang still in mid-swing: ask again
            return ()
        events: tuple[GaitEvent, ...] = ()
        if state == AIR:
            # It landed without a turn of the rate that could be believed.
            late_us = max(self._crossing_us, rest_us)
            events = self._land(late_us, arrive_us)
            state = LANDED
        if state == LANDED:
            self._learn_swing(rest_us)
            events += self._say(FOOT_FLAT, max(rest_us, self._landed_us), arrive_us)
        self._close_stride(t_us)
        self._stand()
        return events

    def _learn_swing(self, rest_us: Us) -> None:
        """Learn how long a swing lasts, from its last turn before the foot came to rest.

        Only now is it known which turn was the last; the contact had to be told before.
        """
        end_us = self._crossing_us if self._crossing_us >= 0 else rest_us
        swing_us = float(end_us - self._lift_us)
        if self._swing_us == 0.0:
            self._swing_us = swing_us
        self._swing_us += LEARNING * (swing_us - self._swing_us)

    def _close_stride(self, t_us: Us) -> None:
        """Let the stride from the last rest to this one judge the axis."""
        if not self._stride_sound:
            return
        self._stride_sound = False
        tip_deg = self._highest_deg - self._lowest_deg
        if tip_deg >= LEAST_TIP_DEG:
            self._tip_deg += LEARNING * (tip_deg - self._tip_deg)
        axis = self._axis
        was_locked = axis.locked
        turned = axis.vote(self._lowest_deg, self._highest_deg, self._lowest_dps, self._highest_dps)
        if turned:
            self._rate = -self._rate
        if axis.locked != was_locked:
            text = "sagittal axis found" if axis.locked else "sagittal axis in doubt: silent"
            self._notes.note(t_us, text)

    def _stand(self) -> None:
        self.state = FLAT
        self._off_us = -1

    def _lose(self, t_us: Us, why: str) -> None:
        self.state = LOST
        self._push_dps = max(LEAST_PUSH_DPS, 0.8 * self._push_dps)
        self._notes.note(t_us, f"{why}: waiting for the next rest")

    def _forget(self, t_us: Us) -> None:
        self.state = LOST
        self._rate = 0.0
        self._resting = False
        self._still_from_us = -1
        self._look_us = t_us
        self._stride_sound = False

    # -- what it says ----------------------------------------------------------------------------

    def _say(self, kind: str, event_us: Us, arrive_us: Us) -> tuple[GaitEvent, ...]:
        if not self._axis.locked:
            return ()
        tip = min(1.0, self._tip_deg / FULL_TIP_DEG)
        confidence = min(1.0, self._axis.score) * tip
        return (GaitEvent(kind, self.leg, event_us, arrive_us, round(confidence, 3)),)

    def _learn_bias(self, values: tuple[float, ...], elapsed_s: float) -> None:
        weight = min(1.0, BIAS_PER_S * elapsed_s)
        limit = LARGEST_BIAS_DPS
        bias_x = self._bias_x + weight * (values[3] - self._bias_x)
        bias_y = self._bias_y + weight * (values[4] - self._bias_y)
        bias_z = self._bias_z + weight * (values[5] - self._bias_z)
        self._bias_x = max(-limit, min(limit, bias_x))
        self._bias_y = max(-limit, min(limit, bias_y))
        self._bias_z = max(-limit, min(limit, bias_z))

    def snapshot(self) -> dict[str, object]:
        """Return the state of the stride and what was learnt of the walker."""
        return {
            "detector": "foot-imu",
            "state": STATE_NAMES[self.state],
            "push_dps": round(self._push_dps, 1),
            "swing_us": round(self._swing_us),
            "tip_deg": round(self._tip_deg, 1),
            "bias_dps": [round(self._bias_x, 2), round(self._bias_y, 2), round(self._bias_z, 2)],
            "axis": self._axis.snapshot(),
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
