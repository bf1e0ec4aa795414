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
from fes_ctrl.gait.explain import Notebook
from fes_ctrl.gait.intake import ABSURD, DROP, RESTART, Intake
from fes_ctrl.gait.sagittal import SagittalAxis
from fes_ctrl.gait.shank_stride import (
    LANDED,
    LOST,
    PUSH,
    STATE_NAMES,
    SWING,
    SWUNG,
    ShankStride,
)
from fes_ctrl.gait.shank_walker import ShankWalker
from fes_ctrl.gait.tilt import Stillness, Tilt
from fes_ctrl.gait.told import Told, events_of
from fes_ctrl.gait.witness import DOWN, OFF, UNSURE
from fes_ctrl.model import INITIAL_CONTACT, SHANK_IMU, GaitEvent, Remark, Sample
from fes_ctrl.units import Us, us_from_ms

GRAVITY: Final = 9.81
UPRIGHT_S: Final = 1.0
TOPPLED_MS2: Final = 7.0
TOPPLED_DEG: Final = 100.0
"""A leg that rests does not hang so: the sensor was strapped on in another way."""

STRANGE_TURNS: Final = 4
"""After so many whole turns back of which none is a swing as swings used to be, what they used to
be was somebody else's, or nonsense; of a stride that is not lost only where they go as far."""

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

    Attributes
    ----------
    turn_deg : float
        About the vertical, to the left, since the last contact; a shank at rest has not turned.
    """

    __slots__ = (
        "_axis",
        "_intake",
        "_landed",
        "_last_us",
        "_notes",
        "_rate",
        "_reversals",
        "_still",
        "_stride",
        "_tilt",
        "_turns",
        "_walker",
        "leg",
        "turn_deg",
    )

    def __init__(self, config: ShankImuConfig, leg: int) -> None:
        self.leg = leg
        self._notes = Notebook(leg)
        self._intake = Intake(config.intake, self._notes)
        # What belongs to the walker and the mounting outlives a gap.
        self._axis = SagittalAxis()
        self._tilt = Tilt()
        self._still = Stillness(us_from_ms(config.still_ms))
        self._walker = ShankWalker()
        self._reversals: int = 0
        self._turns: int = 0
        # What belongs to the stride does not.
        self._stride = ShankStride(config, self._walker, self._notes)
        self._last_us: Us = 0
        self._rate: float = 0.0
        self._landed = False
        self.turn_deg: float = 0.0

    @property
    def says(self) -> int:
        """Whether the foot below stands, as ``witness`` knows it."""
        state = self._stride.state
        if self._intake.stale:
            return UNSURE
        if state in {PUSH, SWING}:
            return OFF
        return DOWN if state == LANDED or self._still.resting else UNSURE

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
        force = ax * ax + ay * ay + az * az
        if not square + force < ABSURD:  # nor if it is NaN: no reading
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
            self._stride.forget()
            axis.resume()
            still.resume()
            self._rate = 0.0
            tilt.begin(ax, ay, az)
        dt_s = (t_us - last_us) * 1e-6
        found = axis.found
        moved = axis.move(dt_s, wx, wy, wz, ax, ay, az)
        ux, uy, uz = axis.ux, axis.uy, axis.uz
        if moved and axis.found:
            tilt.face(axis.x, axis.y, axis.z, ux, uy, uz)
        resting = still.take(t_us, square, ux, uy, uz)
        if resting or self._landed:
            self._landed = False
            self.turn_deg = 0.0
        else:
            self.turn_deg += dt_s / GRAVITY * (wx * ux + wy * uy + wz * uz)
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
        deg = tilt.move(dt_s, 0.5 * (before + rate) * dt_s, force, ax, ay, az, resting=resting)
        stride = self._stride
        if tilt.found_deg:
            stride.shift(tilt.found_deg)
        if resting and stride.state != SWING:
            self._rest(t_us, dt_s)
            return ()
        told = stride.move(t_us, dt_s, rate, deg)
        if stride.state in {SWING, LANDED} or axis.back.count < self._turns:
            self._turns = axis.back.count
        elif axis.back.count >= self._turns + STRANGE_TURNS and (
            stride.state == LOST or axis.back.size_deg >= SWUNG * self._walker.now_deg
        ):
            self._find_anew(t_us)
        if not told:
            return ()
        self._landed = told[-1][0] == INITIAL_CONTACT
        return self._say(told, arrive_us)

    def _faced(self, t_us: Us, ax: float, ay: float, az: float) -> None:
        """Take note that the axis was found or lost, or that its sense has changed."""
        axis = self._axis
        self._stride.forget()
        if axis.reversals != self._reversals:
            self._reversals = axis.reversals
            self._tilt.forget()
            self._walker.forget()
        if not axis.found:
            self._notes.note(t_us, "sagittal axis in doubt")
            return
        self._notes.note(t_us, "sagittal axis found")
        tilt = self._tilt
        tilt.face(axis.x, axis.y, axis.z, axis.ux, axis.uy, axis.uz)
        tilt.begin(ax, ay, az)
        walker = self._walker
        if walker.swings == 0:
            walker.expect(axis.back.peak_dps, axis.back.size_deg, axis.forward.peak_dps)
        self._stride.begin(t_us, tilt.deg, axis.since_deg)

    def _find_anew(self, t_us: Us) -> None:
        """Forget what is usual: the shank turns back and forth, and never as it used to."""
        axis, walker = self._axis, self._walker
        self._turns = axis.back.count
        self._notes.note(t_us, "no turn is as usual swings were: what is usual is found anew")
        walker.forget()
        walker.expect(axis.back.peak_dps, axis.back.size_deg, axis.forward.peak_dps)
        self._stride.forget()

    def _rest(self, t_us: Us, dt_s: float) -> None:
        """Stand, and expect a usual step next."""
        axis, tilt = self._axis, self._tilt
        across = axis.x * axis.ux + axis.y * axis.uy + axis.z * axis.uz
        if abs(across) > TOPPLED_MS2 or abs(tilt.felt_deg) > TOPPLED_DEG:
            self._notes.note(t_us, "the sensor hangs in another way: all is found anew")
            axis.forget()
            tilt.forget()
            self._walker.forget()
            self._stride.forget()
            return
        stride = self._stride
        stride.rest(t_us, tilt.deg)
        upright_deg = stride.upright_deg
        stride.upright_deg += min(1.0, dt_s / UPRIGHT_S) * (tilt.felt_deg - upright_deg)

    def _say(self, told: Told, arrive_us: Us) -> tuple[GaitEvent, ...]:
        axis = self._axis
        clear = axis.planar * min(1.0, max(0.0, axis.lead / CLEAR_LEAD))
        clear *= min(1.0, max(0.0, self._walker.now_deg / CLEAR_DEG))
        return events_of(told, self.leg, arrive_us, clear)

    def snapshot(self) -> dict[str, object]:
        """Return the state of the stride and what was learnt of the walker."""
        still = self._still
        return {
            "detector": "shank-imu",
            "state": STATE_NAMES[self._stride.state],
            "tilt_deg": round(self._tilt.deg, 1),
            "upright_deg": round(self._stride.upright_deg, 1),
            "bias_dps": [round(still.bias_x, 2), round(still.bias_y, 2), round(still.bias_z, 2)],
            "axis": self._axis.snapshot(),
            "walker": self._walker.snapshot(),
            "intake": self._intake.snapshot(),
        }

    def remarks(self) -> tuple[Remark, ...]:
        """Return the remarks since the last call, oldest first, and forget them."""
        return self._notes.take()
