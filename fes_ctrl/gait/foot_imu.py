"""Foot IMU: the order of a stride, read from the rate at which the foot turns toe-up and toe-down.

A foot that walks is still in stance, tips toe-down at push-off, turns back toe-up in swing, and
comes to rest again. ``foot_stride`` follows that order on time stamps, on the motion that
``foot_motion`` reads for any mounting; usual rates and durations are learnt while walking.
Initial contact is where the rate turns toe-down at the end of swing (Rampp et al. 2015, IEEE Trans
Biomed Eng 62:1089); terminal contact is where push-off has all but ended, which comes some 10 ms
before Rampp's zero crossing, and as much nearer to what cameras see.
"""

from fes_ctrl.gait.config import FootImuConfig
from fes_ctrl.gait.explain import Notebook
from fes_ctrl.gait.foot_motion import FootMotion
from fes_ctrl.gait.foot_stride import AIR, FLAT, LANDED, PUSH, STATE_NAMES, FootStride
from fes_ctrl.gait.foot_walker import FootWalker
from fes_ctrl.gait.intake import ABSURD, DROP, RESTART, Intake
from fes_ctrl.gait.side import Side
from fes_ctrl.gait.told import Told, events_of
from fes_ctrl.gait.witness import DOWN, OFF, UNSURE
from fes_ctrl.model import FOOT_IMU, GaitEvent, Remark, Sample
from fes_ctrl.units import Us


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
    motion : FootMotion
        What it does.
    side : Side
        Which foot it is, as it moves.
    """

    __slots__ = (
        "_intake",
        "_last_us",
        "_notes",
        "_stride",
        "_walker",
        "leg",
        "motion",
        "side",
    )

    def __init__(self, config: FootImuConfig, leg: int) -> None:
        self.leg = leg
        self._notes = Notebook(leg)
        self._intake = Intake(config.intake, self._notes)
        self.motion = FootMotion(config, self._notes)
        # What belongs to the walker outlives a gap.
        self._walker = FootWalker(config)
        self.side = Side(leg)
        # What belongs to the stride does not.
        self._stride = FootStride(config, self.motion, self._walker, self.side, self._notes)
        self._last_us: Us = 0

    @property
    def turn_deg(self) -> float:
        """How far it has turned about the vertical since it last came to rest, to the left."""
        return self.motion.turn_deg

    @property
    def says(self) -> int:
        """Whether the foot stands, as ``witness`` knows it."""
        state = self._stride.state
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
        stride = self._stride
        if verdict == RESTART:
            stride.forget(t_us)
            motion.forget()
            last_us = t_us
        state = stride.state
        dt_s = (t_us - last_us) * 1e-6
        # A contact that was taken back may have been one, on the toes: see ``FootStride.rest``.
        aloft = state == AIR and stride.crossing_us != stride.landed_us
        motion.update(t_us, dt_s, values, self._walker.push_dps, aloft=aloft)
        told: Told = ()
        before, rate = motion.before_dps, motion.rate_dps
        if motion.entered and state not in {PUSH, FLAT}:
            told = stride.rest(t_us)
        elif state == FLAT:
            told = stride.flat(t_us, last_us, before, rate)
        elif state == PUSH:
            told = stride.push(t_us, last_us, before, rate)
        elif state == AIR:
            told = stride.air(t_us, last_us, before, rate)
        elif state == LANDED:
            told = stride.landed(t_us, last_us, before, rate)
        elif motion.resting:
            stride.stand()
        return events_of(told, leg, arrive_us, 1.0) if told else ()

    def snapshot(self) -> dict[str, object]:
        """Return the state of the stride and what was learnt of the walker."""
        return {
            "detector": "foot-imu",
            "state": STATE_NAMES[self._stride.state],
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
