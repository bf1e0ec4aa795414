"""What a foot does, out of what its sensor feels: rest, its own toe-up rate, tilt, turn.

Readings in the sensor's frame come in, for any mounting; toe-up positive rates and angles go out.
The axis comes from where the foot goes (``progression``), and before the first stride is over from
the guess that a foot which leaves its rest lifts its heel.
"""

from typing import Final

from fes_ctrl.gait.config import FootImuConfig
from fes_ctrl.gait.explain import Notebook
from fes_ctrl.gait.flat import FlatFoot
from fes_ctrl.gait.progression import ProgressionPlane
from fes_ctrl.units import Us, us_from_ms

BIAS_PER_S: Final = 0.5
LARGEST_BIAS_DPS: Final = 40.0
"""Of each axis; cheap parts are off by up to 20 (InvenSense MPU-6050, zero-rate output)."""
STEADY_DPS: Final = 3.0
STEADY_US: Final = 250_000
STEADY_S: Final = 0.1
"""Before the first rest: a rate that keeps within so much of its mean for so long is an offset."""
STILL_SHARE: Final = 0.08  # of the usual push-off rate
FIRST_TIP_DEG: Final = 12.0
"""A foot that turns so far out of rest lifts its heel: the axis of a first stride."""
LOOK_S: Final = 0.02
"""A resting foot is asked so often how it lies."""
LEAK_PER_S: Final = 2.5
"""How fast the tilt of a resting foot goes to what gravity says of it."""


class FootMotion:
    """The motion of one foot, from rest to rest.

    Parameters
    ----------
    config : FootImuConfig
        What counts as rest and as a heel-off.
    notes : Notebook
        Where remarks go.

    Attributes
    ----------
    rate_dps, before_dps : float
        Toe-up rate now and at the reading before; 0 while the axis is not even guessed.
    below_dps : float
        The rate below which it rests.
    tilt_deg, lowest_deg : float
        Angle against the last rest, and the least since the foot left it.
    highest_dps : float
        Of the rate since the foot left its rest, or since ``lifted``.
    turn_deg : float
        About the vertical, to the left, since the foot last came to rest.
    roll_deg : float
        About the axis that points forward, to the right, from anywhere; still while it rests.
    resting, entered : bool
        At rest; since this reading.
    still_from_us : int
        Since when the foot has not tipped; -1 while it does.
    tipped_us : int
        When a first stride's heel-off was, which only its guessed axis has shown; -1 otherwise.
    """

    __slots__ = (
        "_bias_x",
        "_bias_y",
        "_bias_z",
        "_flat",
        "_fx",
        "_fy",
        "_fz",
        "_guessed",
        "_gx",
        "_gy",
        "_gz",
        "_heel_off_deg",
        "_looked_s",
        "_notes",
        "_rested",
        "_resting_values",
        "_sound",
        "_steady_from_us",
        "_still_dps",
        "_still_us",
        "_turn_x",
        "_turn_y",
        "_turn_z",
        "_wx",
        "_wy",
        "_wz",
        "before_dps",
        "below_dps",
        "entered",
        "highest_dps",
        "lowest_deg",
        "plane",
        "rate_dps",
        "resting",
        "roll_deg",
        "still_from_us",
        "tilt_deg",
        "tipped_us",
        "turn_deg",
    )

    def __init__(self, config: FootImuConfig, notes: Notebook) -> None:
        self._notes = notes
        self._still_dps: float = config.still_dps
        self._still_us: Us = us_from_ms(config.still_ms)
        self._heel_off_deg: float = config.heel_off_deg
        # What belongs to the mounting outlives a gap.
        self.plane = ProgressionPlane()
        self._flat = FlatFoot()
        self._looked_s = 0.0
        self._rested = False
        self._resting_values: tuple[float, ...] = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
        self._steady_from_us: Us = -1
        self._wx = 0.0
        self._wy = 0.0
        self._wz = 0.0
        self._bias_x = 0.0
        self._bias_y = 0.0
        self._bias_z = 0.0
        self._fx = 0.0
        self._fy = 0.0
        self._fz = 0.0
        # What belongs to the stride does not.
        self._guessed = False
        self._gx = 0.0
        self._gy = 0.0
        self._gz = 0.0
        self._turn_x = 0.0
        self._turn_y = 0.0
        self._turn_z = 0.0
        self._sound = False
        self.below_dps: float = config.still_dps
        self.before_dps = 0.0
        self.rate_dps = 0.0
        self.tilt_deg = 0.0
        self.lowest_deg = 0.0
        self.highest_dps = 0.0
        self.turn_deg = 0.0
        self.roll_deg = 0.0
        self.resting = False
        self.entered = False
        self.still_from_us: Us = -1
        self.tipped_us: Us = -1

    def forget(self) -> None:
        """Know nothing of the stride any more; what was learnt of the mounting stays."""
        self.rate_dps = 0.0
        self.turn_deg = 0.0
        self.resting = False
        self._sound = False
        self._guessed = False
        self.still_from_us = -1

    def update(
        self, t_us: Us, dt_s: float, values: tuple[float, ...], push_dps: float, *, aloft: bool
    ) -> None:
        """Take a reading.

        Parameters
        ----------
        t_us : int
            Its stamp.
        dt_s : float
            Since the reading before.
        values : tuple of float
            Acceleration (m/s2), then angular rate (deg/s), in the sensor's frame.
        push_dps : float
            The walker's usual push-off rate: rest is relative to it.
        aloft : bool
            The foot is in the air, as far as is known.
        """
        if not self._rested:
            self._find_offset(t_us, dt_s, values)
        ax, ay, az, wx, wy, wz = values
        wx -= self._bias_x
        wy -= self._bias_y
        wz -= self._bias_z
        plane = self.plane
        # A foot that stands turns about nothing but the vertical.
        flat = self._flat
        yaw = flat.ux * wx + flat.uy * wy + flat.uz * wz
        if self.entered:
            self.turn_deg = 0.0
        if self._sound or self.resting:
            self.turn_deg += dt_s * yaw
        entered = False
        squared = wx * wx + wy * wy + wz * wz
        if self._at_rest(t_us, squared if aloft else squared - yaw * yaw, push_dps):
            if squared < self._still_dps * self._still_dps:
                self._learn_bias(values, dt_s)
            entered = not self.resting
            if entered:
                self.resting = True
                self._rested = True
                if self._sound:
                    plane.move(dt_s, wx, wy, wz, ax, ay, az)
                    self._close_stride(t_us, ax, ay, az)
                plane.start(wx, wy, wz, ax, ay, az)
            self._resting_values = values
            looked_s = self._looked_s + dt_s
            if entered:
                looked_s = 0.0
                flat.begin(ax, ay, az)
            elif looked_s >= LOOK_S:
                flat.rest(looked_s, ax, ay, az, plane.x, plane.y, plane.z)
                looked_s = 0.0
            self._looked_s = looked_s
        else:
            if self.resting:
                self.resting = False
                self._sound = True
                self._set_off()
                self.lowest_deg = 0.0
                self.highest_dps = 0.0
                self._forget_turn()
            self.roll_deg += dt_s * (self._fx * wx + self._fy * wy + self._fz * wz)
            if self._sound:
                plane.move(dt_s, wx, wy, wz, ax, ay, az)
        self.entered = entered
        before = self.rate_dps
        if plane.found:
            rate = plane.x * wx + plane.y * wy + plane.z * wz
        elif self._sound and not self.resting:
            rate = self._guess(t_us, dt_s, wx, wy, wz)
        else:
            rate = 0.0
        self.before_dps = before
        self.rate_dps = rate
        tilt = self.tilt_deg + 0.5 * (rate + before) * dt_s
        if self.resting:
            # A heel may rise as slowly as rest, and noise must not add up; toes held up are told
            # by gravity, for when they fall no heel comes off.
            tilt += (self._flat.toes_up_deg - tilt) * min(1.0, LEAK_PER_S * dt_s)
        self.tilt_deg = tilt
        if tilt < self.lowest_deg:
            self.lowest_deg = tilt
        if rate > self.highest_dps:
            self.highest_dps = rate

    def _set_off(self) -> None:
        """Begin a way with the last reading at rest: up and across, and so ahead, are known."""
        ax, ay, az, wx, wy, wz = self._resting_values
        plane = self.plane
        plane.start(wx - self._bias_x, wy - self._bias_y, wz - self._bias_z, ax, ay, az)
        flat = self._flat
        self._fx = flat.uy * plane.z - flat.uz * plane.y
        self._fy = flat.uz * plane.x - flat.ux * plane.z
        self._fz = flat.ux * plane.y - flat.uy * plane.x

    def level(self) -> None:
        """Count tilt from here: the foot is flat."""
        self.tilt_deg = 0.0
        self._flat.level()

    def _at_rest(self, t_us: Us, squared: float, push_dps: float) -> bool:
        """Return whether the foot has stood for long enough.

        ``squared`` is of the rate with which it tips; turning about the vertical, it still stands.
        """
        still_dps = self.below_dps = max(self._still_dps, STILL_SHARE * push_dps)
        if squared >= still_dps * still_dps:
            self.still_from_us = -1
            return False
        if self.still_from_us < 0:
            self.still_from_us = t_us
        return t_us - self.still_from_us >= self._still_us

    def _close_stride(self, t_us: Us, ax: float, ay: float, az: float) -> None:
        """Let the way from the last rest to this one tell the plane."""
        plane = self.plane
        was = plane.found
        plane.rest(ax, ay, az)
        if plane.found != was:
            text = "plane of progression found" if plane.found else "plane in doubt"
            self._notes.note(t_us, text)

    def _forget_turn(self) -> None:
        """Begin to guess anew: the foot leaves its rest."""
        self._guessed = False
        self.tipped_us = -1
        self._turn_x = 0.0
        self._turn_y = 0.0
        self._turn_z = 0.0

    def _guess(self, t_us: Us, dt_s: float, wx: float, wy: float, wz: float) -> float:
        """Return the rate about the axis of a first stride: out of rest a foot lifts its heel."""
        if not self._guessed:
            x = self._turn_x = self._turn_x + wx * dt_s
            y = self._turn_y = self._turn_y + wy * dt_s
            z = self._turn_z = self._turn_z + wz * dt_s
            ux, uy, uz = self._flat.ux, self._flat.uy, self._flat.uz
            up = x * ux + y * uy + z * uz
            x -= up * ux
            y -= up * uy
            z -= up * uz
            turned = (x * x + y * y + z * z) ** 0.5
            if self.tipped_us < 0 and turned >= self._heel_off_deg:
                self.tipped_us = t_us
            if turned < FIRST_TIP_DEG:
                return 0.0
            self._guessed = True
            self._gx = -x / turned
            self._gy = -y / turned
            self._gz = -z / turned
            self.tilt_deg = -turned
        return self._gx * wx + self._gy * wy + self._gz * wz

    def _find_offset(self, t_us: Us, dt_s: float, values: tuple[float, ...]) -> None:
        """Before anything has rested: an offset may be larger than what counts as rest.

        Feet turn, and not steadily: a rate that stays the same is the gyro's own. Once there was a
        rest, the offset only creeps, and a steady turn may be the body's.
        """
        share = min(1.0, dt_s / STEADY_S) if dt_s > 0.0 else 1.0
        dx = values[3] - self._wx
        dy = values[4] - self._wy
        dz = values[5] - self._wz
        self._wx += share * dx
        self._wy += share * dy
        self._wz += share * dz
        if dx * dx + dy * dy + dz * dz > STEADY_DPS * STEADY_DPS:
            self._steady_from_us = -1
        elif self._steady_from_us < 0:
            self._steady_from_us = t_us
        elif t_us - self._steady_from_us >= STEADY_US:
            limit = LARGEST_BIAS_DPS
            self._bias_x = max(-limit, min(limit, self._wx))
            self._bias_y = max(-limit, min(limit, self._wy))
            self._bias_z = max(-limit, min(limit, self._wz))
            self._steady_from_us = t_us

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
        """Return tilt, turn and what was learnt of the mounting."""
        return {
            "resting": self.resting,
            "tilt_deg": round(self.tilt_deg, 1),
            "turn_deg": round(self.turn_deg, 1),
            "bias_dps": [round(self._bias_x, 2), round(self._bias_y, 2), round(self._bias_z, 2)],
            "plane": self.plane.snapshot(),
        }
