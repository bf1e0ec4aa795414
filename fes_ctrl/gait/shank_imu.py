"""Shank IMU: the order of a stride, read from the rate at which the shank leans forward and back.

A shank rolls slowly forward over the standing foot, faster once the heel is off, and turns back
in swing. Rates and tilts are positive leaning back, as toe-up is (frames-and-signs). Contact is
where the shank, its swing over, has settled into turning forward (Salarian et al. 2004, IEEE
Trans Biomed Eng 51:1434: the minimum after mid-swing); terminal contact is where the forward
turning of the push-off has gone back to half. A shank does not feel the heel: heel-off is told
where it turns forward much faster than it rolls over the foot (``by = "rate"``), or where it
leans as far forward as it did then in the strides before (``by = "tilt"``).
"""

from typing import Final

from fes_ctrl.gait.config import ShankImuConfig
from fes_ctrl.gait.explain import Notebook, Remark
from fes_ctrl.gait.intake import DROP, RESTART, Intake
from fes_ctrl.gait.sagittal import SagittalAxis
from fes_ctrl.gait.shank_walker import LEAST_RANGE_DEG, LEAST_SWING_DPS, ShankWalker
from fes_ctrl.gait.tilt import Stillness, Tilt
from fes_ctrl.model import (
    HEEL_OFF,
    INITIAL_CONTACT,
    SHANK_IMU,
    TERMINAL_CONTACT,
    GaitEvent,
    Sample,
)
from fes_ctrl.units import Us, us_from_ms

LOST: Final = 0  # waits for rest or for a swing
STANCE: Final = 1
PUSH: Final = 2  # heel off, toe still down
SWING: Final = 3
LANDED: Final = 4  # contact, still turning fast
STATE_NAMES: Final = ("lost", "stance", "push", "swing", "landed")

OFF_RATE: Final = 0.4
"""Of the push-off's peak rate: faster is no rolling over the foot."""
OFF_BEYOND: Final = 0.25
"""At least so far from the rate of mid-stance to that of the push-off."""
LEAST_LEAN: Final = 0.35
"""Of the tilt's range, from the back: behind it the shank still settles after contact."""
SLOW_S: Final = 0.2
"""Time constant of the rate of mid-stance."""
PUSH_SHARE: Final = 0.4
"""Of the expected push-off: less is none."""
OVER: Final = 0.5
"""Of the push-off's peak: back to so much, and the toe leaves the ground."""
SWUNG: Final = 0.6
"""Of the usual turn, after which a swing may end."""
LIFTED: Final = 0.25
LIFTED_RATE: Final = 0.3
"""Of the usual turn and its rate, back without a push: a swing all the same."""
GONE: Final = 0.25
"""Of its own turn, forward again: a swing that was unusually short is over."""
SWINGS_ON: Final = 0.1
"""Of the swing's peak rate, back again: the swing goes on."""
SETTLED: Final = 0.25
"""Of the swing's peak rate, forward again: the foot is on the ground."""
BACK: Final = 0.4
"""Of the swing's peak rate: a shank that turns back so fast again has not landed."""
LONGEST_SETTLING_US: Final = 80_000
LONGEST_BACK_US: Final = 250_000
ROLLING_US: Final = 60_000
EARLIEST_ROLLING: Final = 0.35
"""Of a stride: after so long the foot stands, however fast the shank goes on forward."""

GUESSED: Final = 0.4
"""Confidence in a heel-off that was told by a swing without a push."""
UPRIGHT_S: Final = 1.0
TOPPLED_MS2: Final = 7.0
TOPPLED_DEG: Final = 100.0
"""A leg that rests does not hang so: the sensor was strapped on in another way."""

CLEAR_LEAD: Final = 0.2
CLEAR_DEG: Final = 20.0
"""A sense and a turn so clear leave no doubt; paretic shanks turn by less."""


class ShankImuDetector:
    """A ``Detector`` on ``shank_imu``, whatever the mounting.

    Parameters
    ----------
    config : ShankImuConfig
        Dials.
    leg : int
        Whose shank; samples of other legs and sensors are ignored.
    """

    __slots__ = (
        "_axis",
        "_bottom_deg",
        "_by_tilt",
        "_contact_us",
        "_crossing_us",
        "_fast_us",
        "_forward_us",
        "_hold_us",
        "_intake",
        "_last_us",
        "_lift_us",
        "_lowest_dps",
        "_max_push_us",
        "_max_swing_us",
        "_min_stance_us",
        "_min_swing_us",
        "_notes",
        "_off_deg",
        "_off_us",
        "_peak_dps",
        "_rate",
        "_reversals",
        "_slow_dps",
        "_stance_us",
        "_still",
        "_tilt",
        "_tilt_on_deg",
        "_top_deg",
        "_upright_deg",
        "_walker",
        "leg",
        "state",
    )

    def __init__(self, config: ShankImuConfig, leg: int) -> None:
        self.leg = leg
        self._notes = Notebook()
        self._intake = Intake(config.intake, self._notes)
        self._by_tilt: bool = config.by == "tilt"
        fixed = config.tilt_on_deg
        self._tilt_on_deg: float = 0.0 if fixed is None else fixed
        self._hold_us: Us = us_from_ms(config.hold_ms)
        self._min_swing_us: Us = us_from_ms(config.min_swing_ms)
        self._max_swing_us: Us = us_from_ms(config.max_swing_ms)
        self._max_push_us: Us = us_from_ms(config.max_push_ms)
        self._min_stance_us: Us = us_from_ms(config.min_stance_ms)
        # What belongs to the walker and the mounting outlives a gap.
        self._axis = SagittalAxis()
        self._tilt = Tilt()
        self._still = Stillness(us_from_ms(config.still_ms))
        self._walker = ShankWalker()
        self._upright_deg = 0.0
        self._reversals: int = 0
        # What belongs to the stride does not.
        self._last_us: Us = 0
        self._forget_stride()

    def _forget_stride(self) -> None:
        self.state: int = LOST
        self._rate: float = 0.0
        self._bottom_deg: float = 0.0
        self._top_deg: float = 0.0
        self._peak_dps: float = 0.0
        self._lowest_dps: float = 0.0
        self._slow_dps: float = 0.0
        self._fast_us: Us = -1
        self._off_deg: float = 0.0
        self._forward_us: Us = -1
        self._crossing_us: Us = -1
        self._contact_us: Us = -1
        self._stance_us: Us = -1
        self._off_us: Us = 0
        self._lift_us: Us = 0

    def update(self, sample: Sample) -> tuple[GaitEvent, ...]:
        """Take one reading; return the events that it makes certain, oldest first.

        Parameters
        ----------
        sample : Sample
            ``shank_imu``: acceleration (m/s2), then angular rate (deg/s), in the sensor's frame.
        """
        t_us, arrive_us, _, leg, sensor, values = sample
        if leg != self.leg or sensor != SHANK_IMU:
            return ()
        ax, ay, az, wx, wy, wz = values
        still = self._still
        wx -= still.bias_x
        wy -= still.bias_y
        wz -= still.bias_z
        square = wx * wx + wy * wy + wz * wz
        check = square + ax * ax + ay * ay + az * az
        if check - check != 0.0:  # NaN or infinite: no reading
            return ()
        verdict = self._intake.judge(t_us, arrive_us)
        if verdict == DROP:
            return ()
        axis = self._axis
        tilt = self._tilt
        last_us = self._last_us
        self._last_us = t_us
        if verdict == RESTART:
            last_us = t_us
            self._forget_stride()
            axis.resume()
            still.resume()
            tilt.begin(ax, ay, az)
        dt_s = (t_us - last_us) * 1e-6
        found = axis.found
        if axis.move(dt_s, wx, wy, wz, ax, ay, az) and axis.found:
            tilt.face(axis.x, axis.y, axis.z, axis.ux, axis.uy, axis.uz)
        resting = still.take(t_us, square, axis.ux, axis.uy, axis.uz)
        if axis.found != found or axis.reversals != self._reversals:
            self._faced(t_us, ax, ay, az)
        rate = axis.rate
        before = self._rate
        self._rate = rate
        if resting:
            still.learn(dt_s, wx, wy, wz)
            axis.rest()
        if not axis.found:
            return ()
        deg = tilt.move(dt_s, 0.5 * (before + rate) * dt_s, ax, ay, az, resting)
        state = self.state
        if resting and state != SWING:
            self._rest(t_us, dt_s)
            return ()
        if state == STANCE:
            return self._stance(t_us, arrive_us, dt_s, rate, deg)
        if state == SWING:
            return self._swing(t_us, arrive_us, rate, deg)
        if state == PUSH:
            return self._push(t_us, arrive_us, rate, deg)
        if state == LANDED:
            self._landed(t_us, rate)
        elif self._lifted(rate, deg):
            self._take_off(t_us)
        return ()

    def _faced(self, t_us: Us, ax: float, ay: float, az: float) -> None:
        """Take note that the axis was found or lost, or that its sense has changed."""
        axis = self._axis
        self._forget_stride()
        if axis.reversals != self._reversals:
            self._reversals = axis.reversals
            self._tilt.forget()
            self._walker.forget()
        if not axis.found:
            self._notes.note(t_us, "sagittal axis in doubt")
            return
        self._notes.note(t_us, "sagittal axis found")
        self._tilt.face(axis.x, axis.y, axis.z, axis.ux, axis.uy, axis.uz)
        tilt = self._tilt
        tilt.begin(ax, ay, az)
        walker = self._walker
        if walker.swings == 0:
            walker.expect(axis.back.peak_dps, axis.back.size_deg, axis.forward.peak_dps)
        if axis.since_deg < 0.0:  # between contact and the next swing
            walker.from_deg = tilt.deg - axis.since_deg
            self.state = LANDED
            self._contact_us = t_us
            self._slow_dps = walker.slow_share * walker.push_dps()
        else:
            self._bottom_deg = tilt.deg - axis.since_deg

    def _rest(self, t_us: Us, dt_s: float) -> None:
        """Stand, and expect a usual step next."""
        axis, tilt = self._axis, self._tilt
        across = axis.x * axis.ux + axis.y * axis.uy + axis.z * axis.uz
        if abs(across) > TOPPLED_MS2 or abs(tilt.felt_deg) > TOPPLED_DEG:
            self._notes.note(t_us, "the sensor hangs in another way: all is found anew")
            axis.forget()
            tilt.forget()
            self._walker.forget()
            self._forget_stride()
            return
        if self.state != STANCE:
            if self.state == PUSH:
                self._notes.note(t_us, "heel-off without a push: the shank has come to rest")
            self._stand(0.0)
        self._walker.rested()
        self._slow_dps = 0.0
        self._bottom_deg = tilt.deg
        self._upright_deg += min(1.0, dt_s / UPRIGHT_S) * (tilt.felt_deg - self._upright_deg)

    # -- the stride, state by state --------------------------------------------------------------

    def _stand(self, slow_dps: float) -> None:
        self.state = STANCE
        self._slow_dps = slow_dps
        self._fast_us = -1
        self._forward_us = -1
        self._lowest_dps = 0.0
        self._peak_dps = 0.0
        self._bottom_deg = self._tilt.deg

    def _fast(self, rate: float) -> bool:
        """Return whether the shank turns forward faster than it rolls over a flat foot."""
        push_dps = self._walker.push_dps()
        slow_dps = self._slow_dps
        limit = max(OFF_RATE * push_dps, slow_dps + OFF_BEYOND * (push_dps - slow_dps))
        return -rate >= limit

    def _lifted(self, rate: float, deg: float) -> bool:
        """Return whether the shank has turned back as far and as fast as in a swing."""
        if rate <= 0.0:
            self._bottom_deg = deg
            self._peak_dps = 0.0
            return False
        if rate > self._peak_dps:
            self._peak_dps = rate
        walker = self._walker
        least_dps = max(LEAST_SWING_DPS, LIFTED_RATE * walker.now_dps)
        least_deg = max(LEAST_RANGE_DEG, LIFTED * walker.now_deg)
        return self._peak_dps >= least_dps and deg - self._bottom_deg >= least_deg

    def _take_off(self, t_us: Us) -> None:
        """Begin a swing; its peak so far and its bottom are known."""
        self.state = SWING
        self._lift_us = t_us
        self._top_deg = self._tilt.deg
        self._crossing_us = -1

    def _stance(
        self, t_us: Us, arrive_us: Us, dt_s: float, rate: float, deg: float
    ) -> tuple[GaitEvent, ...]:
        """Wait for the heel to come off."""
        walker = self._walker
        if self._lifted(rate, deg):
            self._notes.note(t_us, "a swing without a push: heel and toe are off at once")
            self._take_off(t_us)
            return self._say(HEEL_OFF, t_us, arrive_us, GUESSED) + self._say(
                TERMINAL_CONTACT, t_us, arrive_us, GUESSED
            )
        if rate < self._lowest_dps:
            self._lowest_dps = rate
        fast = self._fast(rate)
        share = walker.share(deg)
        if not fast:
            self._fast_us = -1
            slow_dps = self._slow_dps + min(1.0, dt_s / SLOW_S) * (-rate - self._slow_dps)
            self._slow_dps = max(0.0, slow_dps)
        elif self._fast_us < 0:
            self._fast_us = t_us
            self._off_deg = deg
        if not self._by_tilt:
            off = (fast and share >= LEAST_LEAN) or (rate < 0.0 and walker.far(deg))
        elif self._tilt_on_deg > 0.0:
            off = rate < 0.0 and deg - self._upright_deg <= -self._tilt_on_deg
        else:
            off = rate < 0.0 and share >= walker.off_share
        if not off:
            self._forward_us = -1
            return ()
        if self._forward_us < 0:
            self._forward_us = t_us
        if t_us - self._forward_us < self._hold_us:
            return ()
        self.state = PUSH
        self._off_us = t_us
        self._bottom_deg = deg
        return self._say(HEEL_OFF, self._forward_us, arrive_us, 1.0)

    def _push(self, t_us: Us, arrive_us: Us, rate: float, deg: float) -> tuple[GaitEvent, ...]:
        """Wait for the forward turning to go back, after a push worth the name."""
        walker = self._walker
        if rate < self._lowest_dps:
            self._lowest_dps = rate
        if self._fast_us < 0 and self._fast(rate):
            self._fast_us = t_us
            self._off_deg = deg
        push_dps = -self._lowest_dps
        over = rate >= OVER * self._lowest_dps and push_dps >= PUSH_SHARE * walker.push_dps()
        if over or self._lifted(rate, deg):
            off_deg = self._off_deg
            if self._fast_us < 0:
                off_deg = walker.from_deg - walker.off_share * walker.now_deg
            walker.pushed(push_dps, off_deg, self._slow_dps)
            self._bottom_deg = min(self._bottom_deg, deg)
            if over:
                self._peak_dps = 0.0
            self._take_off(t_us)
            return self._say(TERMINAL_CONTACT, t_us, arrive_us, 1.0)
        why = ""
        if rate <= 0.0 and walker.share(deg) < LEAST_LEAN:
            why = "the shank leans back again"
        elif t_us - self._off_us > self._max_push_us:
            why = "nothing follows"
        if why:
            self._notes.note(t_us, f"heel-off without a push: {why}")
            self._stand(0.0)
        return ()

    def _swing(self, t_us: Us, arrive_us: Us, rate: float, deg: float) -> tuple[GaitEvent, ...]:
        """Wait for the shank to turn forward again, far enough into the swing."""
        if t_us - self._lift_us > self._max_swing_us:
            self._notes.note(t_us, "no contact in time: waiting for rest or a swing")
            self.state = LOST
            self._peak_dps = 0.0
            return ()
        if deg > self._top_deg:
            self._top_deg = deg
        if rate > 0.0:
            if rate > self._peak_dps:
                self._peak_dps = rate
            if rate > SWINGS_ON * self._peak_dps:
                self._crossing_us = -1
            return ()
        peak_dps = self._peak_dps
        if peak_dps <= 0.0:
            if deg < self._bottom_deg:
                self._bottom_deg = self._top_deg = deg
            return ()
        if self._crossing_us < 0:
            self._crossing_us = t_us
            self._lowest_dps = rate
        if rate < self._lowest_dps:
            self._lowest_dps = rate
        turned_deg = self._top_deg - self._bottom_deg
        if t_us - self._lift_us < self._min_swing_us or turned_deg < LEAST_RANGE_DEG:
            return ()
        if turned_deg < SWUNG * self._walker.now_deg:
            settled = self._top_deg - deg >= GONE * turned_deg
        else:
            settled = (
                rate <= -SETTLED * peak_dps
                or rate > self._lowest_dps + SWINGS_ON * peak_dps
                or t_us - self._crossing_us >= LONGEST_SETTLING_US
            )
        return self._land(t_us, arrive_us) if settled else ()

    def _land(self, t_us: Us, arrive_us: Us) -> tuple[GaitEvent, ...]:
        walker = self._walker
        walker.swung(self._peak_dps, self._bottom_deg, self._top_deg)
        if self._contact_us >= 0:
            walker.strode(float(t_us - self._contact_us))
        self.state = LANDED
        self._contact_us = t_us
        self._stance_us = -1
        self._slow_dps = walker.slow_share * walker.push_dps()
        return self._say(INITIAL_CONTACT, t_us, arrive_us, 1.0)

    def _landed(self, t_us: Us, rate: float) -> None:
        """Wait for the shank to roll over the foot; take the contact back if it swings on."""
        since_us = t_us - self._contact_us
        walker = self._walker
        if rate > BACK * walker.now_dps and since_us < LONGEST_BACK_US:
            self._notes.note(t_us, "the contact was none: the shank swings on")
            self.state = SWING
            self._crossing_us = -1
            return
        if self._fast(rate):
            self._stance_us = -1
        elif self._stance_us < 0:
            self._stance_us = t_us
        rolls = self._stance_us >= 0 and t_us - self._stance_us >= ROLLING_US
        late = since_us >= EARLIEST_ROLLING * walker.stride_us > 0.0
        if since_us >= self._min_stance_us and (rolls or late):
            self._stand(self._slow_dps)

    def _say(
        self, kind: str, event_us: Us, arrive_us: Us, certainty: float
    ) -> tuple[GaitEvent, ...]:
        axis = self._axis
        clear = axis.planar * min(1.0, max(0.0, axis.lead / CLEAR_LEAD))
        clear *= min(1.0, max(0.0, self._walker.now_deg / CLEAR_DEG))
        return (GaitEvent(kind, self.leg, event_us, arrive_us, round(certainty * clear, 3)),)

    def snapshot(self) -> dict[str, object]:
        """Return the state of the stride and what was learnt of the walker."""
        still = self._still
        return {
            "detector": "shank-imu",
            "state": STATE_NAMES[self.state],
            "tilt_deg": round(self._tilt.deg, 1),
            "upright_deg": round(self._upright_deg, 1),
            "bias_dps": [round(still.bias_x, 2), round(still.bias_y, 2), round(still.bias_z, 2)],
            "axis": self._axis.snapshot(),
            "walker": self._walker.snapshot(),
            "intake": self._intake.snapshot(),
        }

    def remarks(self) -> tuple[Remark, ...]:
        """Return the remarks since the last call, oldest first, and forget them."""
        return self._notes.take()
