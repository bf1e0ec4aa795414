"""Foot IMU: the order of a stride, read from the rate at which the foot turns toe-up and toe-down.

A foot that walks is still in stance, tips toe-down at push-off, turns back toe-up in swing, and
comes to rest again. The machine here follows that order on time stamps. The axis and its sense
come from where the foot goes (``progression``), after one stride and for any mounting; usual
rates and durations are learnt while walking. Events follow Rampp et al. 2015 (IEEE Trans Biomed
Eng 62:1089) where they define them: terminal contact is where the rate turns from toe-down to
toe-up, initial contact where it turns back.
"""

from typing import Final

from fes_ctrl.gait.config import FootImuConfig
from fes_ctrl.gait.explain import Notebook, Remark
from fes_ctrl.gait.intake import DROP, RESTART, Intake
from fes_ctrl.gait.progression import ProgressionPlane
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

BIAS_PER_S: Final = 0.5
LARGEST_BIAS_DPS: Final = 15.0

STILL_SHARE: Final = 0.08  # of the usual push-off rate
PUSH_SHARE: Final = 0.35
SWING_SHARE: Final = 0.65  # of the usual swing's duration, before which no contact is believed
BACK_SHARE: Final = 0.4  # of the usual swing's rate, at which a foot that landed is in the air
LIFT_SHARE: Final = 0.3  # of the usual swing's rate, of a swing without a push
LIFT_LENGTH: Final = 0.6  # of its duration
LEARNING: Final = 0.3
LEAST_PUSH_DPS: Final = 25.0
LEAST_LOBE_DPS: Final = 15.0
FIRST_PUSH_DPS: Final = 100.0
FIRST_TIP_DEG: Final = 12.0
"""A foot that turns so far out of rest lifts its heel: the axis of a first stride."""
GUESSED: Final = 0.3
"""Confidence in the events of a stride whose plane is a guess."""
LEAK_PER_S: Final = 2.5
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
        "_bias_x",
        "_bias_y",
        "_bias_z",
        "_crossing_us",
        "_guess",
        "_gx",
        "_gy",
        "_gz",
        "_heel_off_deg",
        "_highest_dps",
        "_intake",
        "_landed_us",
        "_last_us",
        "_lift_us",
        "_lobe_dps",
        "_lowest_deg",
        "_max_push_us",
        "_max_swing_us",
        "_min_stance_us",
        "_min_swing_us",
        "_notes",
        "_off_us",
        "_peak_dps",
        "_plane",
        "_push_dps",
        "_rate",
        "_resting",
        "_sound",
        "_still_dps",
        "_still_from_us",
        "_still_us",
        "_swing_dps",
        "_swing_us",
        "_tilt_deg",
        "_tip_deg",
        "_tip_us",
        "_turn_x",
        "_turn_y",
        "_turn_z",
        "_ux",
        "_uy",
        "_uz",
        "leg",
        "state",
    )

    def __init__(self, config: FootImuConfig, leg: int) -> None:
        self.leg = leg
        self._notes = Notebook()
        self._intake = Intake(config.intake, self._notes)
        self._plane = ProgressionPlane()
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
        self._swing_dps = 0.0
        self._tip_deg = 0.0
        # What belongs to the stride does not.
        self.state = LOST
        self._last_us: Us = 0
        self._rate = 0.0
        self._resting = False
        self._sound = False
        self._still_from_us: Us = -1
        self._ux = 0.0
        self._uy = 0.0
        self._uz = 0.0
        self._turn_x = 0.0
        self._turn_y = 0.0
        self._turn_z = 0.0
        self._guess = False
        self._gx = 0.0
        self._gy = 0.0
        self._gz = 0.0
        self._tip_us: Us = -1
        self._off_us: Us = 0
        self._peak_dps = 0.0
        self._lift_us: Us = 0
        self._crossing_us: Us = -1
        self._landed_us: Us = 0
        self._tilt_deg = 0.0
        self._lowest_deg = 0.0
        self._lobe_dps = 0.0
        self._highest_dps = 0.0

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
        wx -= self._bias_x
        wy -= self._bias_y
        wz -= self._bias_z
        squared = wx * wx + wy * wy + wz * wz
        check = squared + ax * ax + ay * ay + az * az
        if check - check != 0.0:  # NaN or infinite: no reading
            return ()
        verdict = self._intake.judge(t_us, arrive_us)
        if verdict == DROP:
            return ()
        last_us = self._last_us
        self._last_us = t_us
        if verdict == RESTART:
            self._forget()
            last_us = t_us
        dt_s = (t_us - last_us) * 1e-6
        plane = self._plane
        entered = False
        if self._at_rest(t_us, squared):
            self._learn_bias(values, dt_s)
            entered = not self._resting
            if entered:
                self._resting = True
                if self._sound:
                    plane.move(dt_s, wx, wy, wz, ax, ay, az)
                    self._close_stride(t_us, ax, ay, az)
            plane.start(wx, wy, wz, ax, ay, az)
            self._ux = ax
            self._uy = ay
            self._uz = az
        else:
            if self._resting:
                self._resting = False
                self._sound = True
                self._lowest_deg = 0.0
                self._highest_dps = 0.0
            if self._sound:
                plane.move(dt_s, wx, wy, wz, ax, ay, az)
        before = self._rate
        if plane.found:
            rate = plane.x * wx + plane.y * wy + plane.z * wz
        elif self._sound:
            rate = self._guessed(t_us, dt_s, wx, wy, wz)
        else:
            rate = 0.0
        self._rate = rate
        tilt = self._tilt_deg + 0.5 * (rate + before) * dt_s
        if self._resting:
            # A heel may rise as slowly as rest; noise must not add up.
            tilt -= tilt * min(1.0, LEAK_PER_S * dt_s)
        self._tilt_deg = tilt
        if tilt < self._lowest_deg:
            self._lowest_deg = tilt
        if rate > self._highest_dps:
            self._highest_dps = rate
        state = self.state
        if entered and state not in {PUSH, FLAT}:
            return self._rest(t_us, arrive_us)
        if state == LOST:
            if self._resting:
                self._stand()
            return ()
        if state == FLAT:
            return self._flat(t_us, arrive_us, last_us, before, rate, tilt)
        if state == PUSH:
            return self._push(t_us, arrive_us, last_us, before, rate, tilt)
        if state == AIR:
            return self._air(t_us, arrive_us, last_us, before, rate)
        return self._landed(t_us, last_us, before, rate)

    def _at_rest(self, t_us: Us, squared: float) -> bool:
        """Return whether the foot has been still for long enough; ``squared`` is of its rate."""
        still_dps = max(self._still_dps, STILL_SHARE * self._push_dps)
        if squared >= still_dps * still_dps:
            self._still_from_us = -1
            return False
        if self._still_from_us < 0:
            self._still_from_us = t_us
        return t_us - self._still_from_us >= self._still_us

    def _close_stride(self, t_us: Us, ax: float, ay: float, az: float) -> None:
        """Let the way from the last rest to this one tell the plane."""
        plane = self._plane
        was = plane.found
        plane.rest(ax, ay, az)
        if plane.found != was:
            text = "plane of progression found" if plane.found else "plane in doubt"
            self._notes.note(t_us, text)
        self._guess = False
        self._tip_us = -1
        self._turn_x = 0.0
        self._turn_y = 0.0
        self._turn_z = 0.0

    def _guessed(self, t_us: Us, dt_s: float, wx: float, wy: float, wz: float) -> float:
        """Return the rate about the axis of a first stride: out of rest a foot lifts its heel."""
        if not self._guess:
            x = self._turn_x = self._turn_x + wx * dt_s
            y = self._turn_y = self._turn_y + wy * dt_s
            z = self._turn_z = self._turn_z + wz * dt_s
            ux, uy, uz = self._ux, self._uy, self._uz
            up = (x * ux + y * uy + z * uz) / max(1.0, ux * ux + uy * uy + uz * uz)
            x -= up * ux
            y -= up * uy
            z -= up * uz
            turned = (x * x + y * y + z * z) ** 0.5
            if self._tip_us < 0 and turned >= self._heel_off_deg:
                self._tip_us = t_us
            if turned < FIRST_TIP_DEG:
                return 0.0
            self._guess = True
            self._gx = -x / turned
            self._gy = -y / turned
            self._gz = -z / turned
            self._tilt_deg = -turned
        return self._gx * wx + self._gy * wy + self._gz * wz

    # -- the stride, state by state --------------------------------------------------------------

    def _flat(
        self, t_us: Us, arrive_us: Us, last_us: Us, before: float, rate: float, tilt: float
    ) -> tuple[GaitEvent, ...]:
        """Wait for the heel to come off: the foot tips toe-down out of its stance.

        A foot may also be lifted as it stands, in a turn or by a paretic leg; then only its
        contact can be told.
        """
        if rate > 0.0:
            if before <= 0.5 * LIFT_SHARE * self._swing_dps < rate:
                self._lift_us = t_us
            if rate > self._lobe_dps:
                self._lobe_dps = rate
            return ()
        lobe_dps = self._lobe_dps
        self._lobe_dps = 0.0
        long = t_us - self._lift_us >= max(self._min_swing_us, LIFT_LENGTH * self._swing_us)
        if long and lobe_dps > LIFT_SHARE * self._swing_dps > 0.0 and before > 0.0:
            self._lift_us = -1
            self._notes.note(t_us, "a swing without a push")
            return self._land(zero_us(last_us, before, t_us, rate), arrive_us)
        if tilt >= -self._heel_off_deg or rate >= -0.5 * self._still_dps:
            return ()
        self.state = PUSH
        self._off_us = t_us
        self._peak_dps = rate
        tipped_us = self._tip_us
        self._tip_us = -1
        return self._say(HEEL_OFF, t_us if tipped_us < 0 else tipped_us, arrive_us)

    def _push(
        self, t_us: Us, arrive_us: Us, last_us: Us, before: float, rate: float, tilt: float
    ) -> tuple[GaitEvent, ...]:
        """Wait for the rate to turn toe-up, after a push worth the name."""
        if rate < self._peak_dps:
            self._peak_dps = rate
        if t_us - self._off_us > self._max_push_us:
            self._tilt_deg = 0.0
            self._lose(t_us, "heel-off without a push")
            return ()
        if rate < 0.0 and not (self._resting and tilt > -0.5 * self._heel_off_deg):
            return ()
        peak_dps = -self._peak_dps
        if peak_dps < max(LEAST_PUSH_DPS, PUSH_SHARE * self._push_dps):
            if before < 0.0:
                self._push_dps = max(LEAST_PUSH_DPS, 0.9 * self._push_dps)
                self._notes.note(t_us, f"no terminal contact: push of {peak_dps:.0f} deg/s is weak")
            if tilt > -0.5 * self._heel_off_deg:
                self.state = FLAT
            return ()
        self._push_dps += LEARNING * (peak_dps - self._push_dps)
        lift_us = zero_us(last_us, before, t_us, rate)
        self._lift_us = lift_us
        self._crossing_us = -1
        self._lobe_dps = rate
        self._highest_dps = 0.0
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
        if not self._turned(last_us, before, t_us, rate):
            return ()
        if aloft_us < self._least_swing_us():
            self._notes.note(t_us, "no contact: too early in the swing")
            return ()
        return self._land(self._crossing_us, arrive_us)

    def _turned(self, last_us: Us, before: float, t_us: Us, rate: float) -> bool:
        """Return whether the rate turned toe-down here, after toe-up motion worth the name."""
        if rate > 0.0:
            if rate > self._lobe_dps:
                self._lobe_dps = rate
            return False
        worth = before > 0.0 and self._lobe_dps > max(LEAST_LOBE_DPS, 0.1 * self._swing_dps)
        self._lobe_dps = 0.0
        if worth:
            self._crossing_us = zero_us(last_us, before, t_us, rate)
        return worth

    def _land(self, contact_us: Us, arrive_us: Us) -> tuple[GaitEvent, ...]:
        self.state = LANDED
        self._landed_us = contact_us
        return self._say(INITIAL_CONTACT, contact_us, arrive_us)

    def _landed(self, t_us: Us, last_us: Us, before: float, rate: float) -> tuple[GaitEvent, ...]:
        """Wait for the foot to come to rest; take the contact back if it swings on."""
        self._turned(last_us, before, t_us, rate)
        since_us = t_us - self._landed_us
        if rate > BACK_SHARE * self._swing_dps > 0.0 and since_us < 0.5 * self._swing_us:
            self._notes.note(t_us, "the contact was none: the foot swings on")
            self.state = AIR
            return ()
        if since_us >= self._min_stance_us:
            self._stand()
        return ()

    def _rest(self, t_us: Us, arrive_us: Us) -> tuple[GaitEvent, ...]:
        """Take note that the foot has come to rest: the end of one stride, the ground of all."""
        rest_us = self._still_from_us
        state = self.state
        if state == AIR and t_us - self._lift_us < self._least_swing_us():
            self._resting = False  # a foot may hang still in mid-swing: ask again
            return ()
        events: tuple[GaitEvent, ...] = ()
        if state == AIR:
            late_us = max(self._crossing_us, rest_us)
            events = self._land(late_us, arrive_us)
            state = LANDED
        if state == LANDED:
            self._learn_swing(rest_us)
            events += self._say(FOOT_FLAT, max(rest_us, self._landed_us), arrive_us)
        self._tilt_deg = 0.0
        self._stand()
        return events

    def _learn_swing(self, rest_us: Us) -> None:
        """Learn what a swing is like, from its last turn before the foot came to rest.

        Only now is it known which turn was the last; the contact had to be told before.
        """
        if self._lift_us < 0:
            return
        end_us = self._crossing_us if self._crossing_us >= 0 else rest_us
        swing_us = float(end_us - self._lift_us)
        if self._swing_us == 0.0:
            self._swing_us = swing_us
            self._swing_dps = self._highest_dps
        self._swing_us += LEARNING * (swing_us - self._swing_us)
        self._swing_dps += LEARNING * (self._highest_dps - self._swing_dps)
        self._tip_deg += LEARNING * (-self._lowest_deg - self._tip_deg)

    def _least_swing_us(self) -> float:
        """Return how long a swing lasts at least, before which no contact is believed."""
        return max(self._min_swing_us, SWING_SHARE * self._swing_us)

    def _stand(self) -> None:
        self.state = FLAT
        self._lobe_dps = 0.0

    def _lose(self, t_us: Us, why: str) -> None:
        self.state = LOST
        self._push_dps = max(LEAST_PUSH_DPS, 0.8 * self._push_dps)
        self._notes.note(t_us, f"{why}: waiting for the next rest")

    def _forget(self) -> None:
        self.state = LOST
        self._rate = 0.0
        self._resting = False
        self._sound = False
        self._guess = False
        self._still_from_us = -1

    def _say(self, kind: str, event_us: Us, arrive_us: Us) -> tuple[GaitEvent, ...]:
        plane = self._plane
        confidence = plane.agreement if plane.found else GUESSED
        if self._tip_deg > 0.0:
            confidence *= min(1.0, self._tip_deg / FULL_TIP_DEG)
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
            "plane": self._plane.snapshot(),
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
