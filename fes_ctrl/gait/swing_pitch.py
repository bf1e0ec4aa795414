"""How a foot was held in one swing, told by its IMU when the foot is flat again.

Pitch is the integral of the toe-up rate out of the flat foot before it. Neither the mounting nor
the gyro's bias has to be known beforehand: the axis is that of ``FootImuDetector``, which learns it
from where the foot goes, and the bias is learnt by ``GyroBias``. What the integral misses when the
foot is flat again shows whether the stride is to be relied on, and is what the bias is learnt from.
All is told then, so it is for the next stride, and never for the present one.

References
----------
Seel T., Werner C., Raisch J., Schauer T., Control Eng Pract 48:87-97, 2016: foot pitch by an IMU
on the foot, reset in each stance, as what a drop-foot stimulator learns from.
"""

from typing import Final, NamedTuple

from fes_ctrl.gait.config import FootImuConfig
from fes_ctrl.gait.foot_imu import FootImuDetector
from fes_ctrl.gait.foot_stride import LARGEST_TURN_DEG
from fes_ctrl.gait.gyro_bias import SHOWS_US, GyroBias
from fes_ctrl.gait.intake import ABSURD, CLOCK_JUMP_US
from fes_ctrl.gait.turned import turned_deg
from fes_ctrl.model import (
    FOOT_IMU,
    INITIAL_CONTACT,
    TERMINAL_CONTACT,
    GaitEvent,
    Remark,
    Sample,
)
from fes_ctrl.units import NEVER_US, Us

LONGEST_GAP_US: Final = 60_000
"""Between two readings; over a longer one a foot turns by more than can be made up."""

LONGEST_STRIDE_US: Final = 3_500_000
"""From flat to flat: in more time a gyro's error has grown too large, and nobody walks so."""

LARGEST_RESIDUE_DEG: Final = 12.0
"""What a stride may miss at its end. A slope of one in ten that begins or ends in it is 6 deg, and
100 readings a second cut off up to 3 deg of a foot that falls at 500 deg/s."""

CLIPPED_DPS: Final = 200.0
CLIPPED_READINGS: Final = 3
"""So many equal readings in a row of an axis that turns so fast: it reads no more than that."""

MIDDLE: Final = 0.5
"""Share of the swing at which it is asked how the foot is held: there the toe is lowest, in able
walkers at 51 % (Moosabhoy and Gard 2006)."""


class SwingPitch(NamedTuple):
    """One stride of one foot, from flat to flat; angles against the flat foot, toe-up positive.

    It lasts from ``since_us`` to ``t_us``.
    ``mid_deg`` is its pitch in the middle of the swing, ``contact_deg`` at initial contact;
    ``fall_dps`` how fast it came down on its sole after that, at most. ``residue_deg`` is what
    the integral missed at the end; ``turn_deg`` how far it has turned about the vertical.
    ``surge_mps`` is by how much it goes faster ahead in the swing, at most, than at its ends: long
    strides have more of it. Their length would need the speed itself, which the accelerometer's
    errors drift away from; of this, no steady error is a part.
    ``confidence`` the least of the stride's events.
    ``unsure`` says why the angles are not to be relied on; empty where they are.
    """

    since_us: Us
    t_us: Us
    toe_off_us: Us
    contact_us: Us
    mid_deg: float
    contact_deg: float
    fall_dps: float
    residue_deg: float
    turn_deg: float
    surge_mps: float
    confidence: float
    unsure: str


class SwingPitchMeter:
    """Measures a foot's pitch in its swings.

    Parameters
    ----------
    config : FootImuConfig
        Dials of the detector that it reads the stride with.
    leg : int
        Whose foot; samples of other legs and sensors are ignored.
    """

    __slots__ = (
        "_ahead_mps",
        "_bias",
        "_clipped",
        "_confidence",
        "_contact_us",
        "_deg",
        "_detector",
        "_fall_dps",
        "_flat_deg",
        "_found",
        "_last_us",
        "_lasted",
        "_rate_dps",
        "_rates",
        "_since_us",
        "_times",
        "_toe_off_us",
        "_unsure",
        "_values",
        "leg",
    )

    def __init__(self, config: FootImuConfig, leg: int) -> None:
        self.leg = leg
        self._detector = FootImuDetector(config, leg)
        self._last_us: Us = -NEVER_US
        self._values: tuple[float, ...] = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
        self._lasted: list[int] = [0, 0, 0]
        self._bias: GyroBias = GyroBias()
        self._rate_dps: float = 0.0
        self._times: list[Us] = []
        self._rates: list[float] = []
        self._ahead_mps: list[float] = []
        self._begin(-NEVER_US, "no flat foot before it")

    def _begin(self, t_us: Us, unsure: str) -> None:
        """Begin a stride, flat."""
        self._since_us: Us = t_us
        self._unsure = unsure
        self._deg: float = 0.0
        self._flat_deg: float = 0.0
        self._fall_dps: float = 0.0
        self._confidence: float = 1.0
        self._toe_off_us: Us = NEVER_US
        self._contact_us: Us = NEVER_US
        self._found: bool = self._detector.motion.plane.found
        self._clipped: bool = False
        self._times.clear()
        self._rates.clear()
        self._ahead_mps.clear()

    def update(self, sample: Sample) -> SwingPitch | None:
        """Take one reading; return the stride that it ends, if it does.

        Parameters
        ----------
        sample : Sample
            ``foot_imu``: acceleration (m/s2), then angular rate (deg/s), in the sensor's frame.
        """
        if sample.leg != self.leg or sample.sensor != FOOT_IMU:
            return None
        t_us = sample.t_meas_us
        ax, ay, az, wx, wy, wz = sample.values
        if not ax * ax + ay * ay + az * az + wx * wx + wy * wy + wz * wz < ABSURD:
            return None  # nor if it is NaN: no reading
        detector = self._detector
        motion = detector.motion
        events = detector.update(sample)
        gap_us = t_us - self._last_us
        if -CLOCK_JUMP_US < gap_us <= 0:
            return None  # again, or out of order
        self._last_us = t_us
        if not 0 < gap_us <= LONGEST_STRIDE_US:
            self._begin(-NEVER_US, "no flat foot before it")
        elif gap_us > LONGEST_GAP_US:
            self._begin(-NEVER_US, f"a gap of {gap_us / 1000:.0f} ms")
        elif self._since_us != -NEVER_US:
            self._follow(t_us, gap_us, sample.values)
        else:
            self._rate_dps = 0.0
        for event in events:
            self._note(event)
        if motion.resting:
            self._bias.rest(t_us, sample.values, entered=motion.entered)
            if t_us - self._since_us <= SHOWS_US:
                # A foot still settles when it has come to rest; what counts is where it settles.
                self._flat_deg = self._deg
        else:
            self._bias.move()
        if not motion.entered:
            return None
        # Flat again.
        ended: SwingPitch | None = None
        if NEVER_US not in {self._contact_us, self._toe_off_us}:
            ended = self._measured(t_us)
            if not ended.unsure and -LARGEST_TURN_DEG <= ended.turn_deg <= LARGEST_TURN_DEG:
                plane = motion.plane
                lasted_us = t_us - ended.since_us
                self._bias.stride(ended.residue_deg, lasted_us, (plane.x, plane.y, plane.z))
        self._begin(t_us, "")
        self._times.append(t_us)
        self._rates.append(self._rate_dps)
        self._ahead_mps.append(0.0)
        return ended

    def _follow(self, t_us: Us, gap_us: Us, values: tuple[float, ...]) -> None:
        """Turn on by what the gyro felt since the reading before."""
        plane = self._detector.motion.plane
        bias = self._bias
        rate_dps = (
            plane.x * (values[3] - bias.x)
            + plane.y * (values[4] - bias.y)
            + plane.z * (values[5] - bias.z)
        )
        self._deg += 0.5e-6 * (rate_dps + self._rate_dps) * gap_us
        self._rate_dps = rate_dps
        if t_us - self._since_us > LONGEST_STRIDE_US:
            # It stands: there is nothing to keep.
            self._begin(-NEVER_US, "it began out of standing")
            return
        self._times.append(t_us)
        self._rates.append(rate_dps)
        self._ahead_mps.append(plane.ahead_mps())
        if self._contact_us != NEVER_US and -rate_dps > self._fall_dps:
            self._fall_dps = -rate_dps
        lasted = self._lasted
        before = self._values
        for axis in range(3):
            value = values[3 + axis]
            if value == before[3 + axis] and not -CLIPPED_DPS < value < CLIPPED_DPS:
                lasted[axis] += 1
                if lasted[axis] >= CLIPPED_READINGS - 1:
                    self._clipped = True
            else:
                lasted[axis] = 0
        self._values = values

    def _note(self, event: GaitEvent) -> None:
        kind = event.kind
        if event.confidence < self._confidence:
            self._confidence = event.confidence
        if kind == TERMINAL_CONTACT:
            self._toe_off_us = event.t_event_us
        elif kind == INITIAL_CONTACT:
            self._contact_us = event.t_event_us
            self._fall_dps = 0.0

    def _measured(self, t_us: Us) -> SwingPitch:
        detector = self._detector
        motion = detector.motion
        residue_deg = self._deg
        toe_off_us, contact_us = self._toe_off_us, self._contact_us
        unsure = self._unsure
        mid_deg = contact_deg = 0.0
        if not unsure and self._times:
            middle_us = toe_off_us + round(MIDDLE * (contact_us - toe_off_us))
            flat_deg = self._flat_deg
            mid_deg = turned_deg(self._times, self._rates, middle_us) - flat_deg
            contact_deg = turned_deg(self._times, self._rates, contact_us) - flat_deg
        if not unsure:
            if contact_us <= toe_off_us:
                unsure = "contact before toe-off"
            elif not self._bias.known:
                unsure = "no rest has shown the gyro's bias"
            elif not self._found:
                unsure = "the plane in which it walks is not known"
            elif self._clipped:
                unsure = "the gyro reads no more than it did"
            elif not -LARGEST_RESIDUE_DEG <= residue_deg <= LARGEST_RESIDUE_DEG:
                unsure = f"flat again it is {residue_deg:.0f} deg off"
        return SwingPitch(
            self._since_us,
            t_us,
            toe_off_us,
            contact_us,
            mid_deg,
            contact_deg,
            self._fall_dps,
            residue_deg,
            motion.turn_deg,
            self._surge_mps(toe_off_us, contact_us),
            self._confidence,
            unsure,
        )

    def _surge_mps(self, toe_off_us: Us, contact_us: Us) -> float:
        """Return by how much the foot went faster ahead in its swing than at both its ends."""
        first_mps = last_mps = fastest_mps = 0.0
        begun = False
        for t_us, ahead_mps in zip(self._times, self._ahead_mps, strict=True):
            if not toe_off_us <= t_us <= contact_us:
                continue
            if not begun:
                begun = True
                first_mps = fastest_mps = ahead_mps
            last_mps = ahead_mps
            if ahead_mps > fastest_mps:
                fastest_mps = ahead_mps
        return fastest_mps - 0.5 * (first_mps + last_mps)

    def remarks(self) -> tuple[Remark, ...]:
        """Return the remarks of the detector inside since the last call, and forget them."""
        return self._detector.remarks()

    def snapshot(self) -> dict[str, object]:
        """Return the stride under way."""
        return {
            "since_us": self._since_us,
            "pitch_deg": round(self._deg, 1),
            "bias_dps": self._bias.snapshot(),
            "unsure": self._unsure,
        }
