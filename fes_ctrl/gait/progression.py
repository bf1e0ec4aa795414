"""The plane in which a foot swings, found from where it goes: whatever the mounting, whoever walks.

From one rest to the next a foot ends ahead of where it began, and stands as it stood. So its
displacement tells forward, its resting accelerometer up, and the two the axis about which toe-up
is positive, sign included, after a single stride. The plane in which it *turns* does not: a paretic
foot that is swung out and round turns about another axis than the one it walks across.

With velocity ``v`` and displacement ``p`` integrated from rest out of everything that the
accelerometer feels, ``p - v T / 2`` after ``T`` is the displacement less whatever any constant
acceleration added: gravity falls out of it without being known, and so does the error of the
attitude at the start.
"""

from typing import Final

LEAST_S: Final = 0.3
LONGEST_S: Final = 3.5
"""Between two rests; less is no stride, and in more the sensor's errors have grown too large."""

LEAST_STRIDE_M: Final = 0.15
LONGEST_STRIDE_M: Final = 3.0

LEARNING: Final = 0.3
"""Weight of a stride against those before it; the first few are averaged."""

CLEAR: Final = 0.6
"""Strides agree on a direction when their mean is so long against themselves."""

TO_RAD: Final = 0.017453292519943295

Vector = tuple[float, float, float]


class ProgressionPlane:
    """Running estimate of the toe-up axis in the frame of the sensor.

    Attributes
    ----------
    x, y, z : float
        Unit vector; the rate about it is toe-up positive once ``found``.
    found : bool
        At least one stride has told it, and those that did agree.
    agreement : float
        Of the strides so far, 0 to 1.
    stride_m : float
        Length of the last stride that had one.
    """

    __slots__ = (
        "_ax",
        "_ay",
        "_az",
        "_elapsed_s",
        "_length_m",
        "_mx",
        "_my",
        "_mz",
        "_px",
        "_py",
        "_pz",
        "_rx",
        "_ry",
        "_rz",
        "_strides",
        "_vx",
        "_vy",
        "_vz",
        "_wx",
        "_wy",
        "_wz",
        "agreement",
        "found",
        "stride_m",
        "x",
        "y",
        "z",
    )

    def __init__(self) -> None:
        self._mx = 0.0
        self._my = 0.0
        self._mz = 0.0
        self._length_m = 0.0
        self._strides = 0
        self.x = 0.0
        self.y = 0.0
        self.z = 0.0
        self.found = False
        self.agreement = 0.0
        self.stride_m = 0.0
        self.start(0.0, 0.0, 0.0, 0.0, 0.0, 0.0)

    def start(self, wx: float, wy: float, wz: float, ax: float, ay: float, az: float) -> None:
        """Begin at rest with a reading: rate in deg/s, acceleration in m/s2."""
        self._vx = 0.0
        self._vy = 0.0
        self._vz = 0.0
        self._px = 0.0
        self._py = 0.0
        self._pz = 0.0
        self._elapsed_s = 0.0
        self._wx = wx
        self._wy = wy
        self._wz = wz
        self._ax = ax
        self._ay = ay
        self._az = az
        self._rx = ax
        self._ry = ay
        self._rz = az

    def move(
        self, dt_s: float, wx: float, wy: float, wz: float, ax: float, ay: float, az: float
    ) -> None:
        """Take the next reading of a foot that moves.

        Velocity and displacement are kept in the frame of the sensor, which turns: each step adds
        half of what was felt before it, turns, and adds half of what is felt after it.
        """
        half = 0.5 * dt_s
        turn = half * TO_RAD
        rx = turn * (self._wx + wx)
        ry = turn * (self._wy + wy)
        rz = turn * (self._wz + wz)
        vx = self._vx
        vy = self._vy
        vz = self._vz
        px = self._px + half * vx
        py = self._py + half * vy
        pz = self._pz + half * vz
        vx += half * self._ax
        vy += half * self._ay
        vz += half * self._az
        # u - r x u + r x (r x u) / 2, for both.
        cx = ry * vz - rz * vy
        cy = rz * vx - rx * vz
        cz = rx * vy - ry * vx
        vx += 0.5 * (ry * cz - rz * cy) - cx + half * ax
        vy += 0.5 * (rz * cx - rx * cz) - cy + half * ay
        vz += 0.5 * (rx * cy - ry * cx) - cz + half * az
        cx = ry * pz - rz * py
        cy = rz * px - rx * pz
        cz = rx * py - ry * px
        self._px = px + 0.5 * (ry * cz - rz * cy) - cx + half * vx
        self._py = py + 0.5 * (rz * cx - rx * cz) - cy + half * vy
        self._pz = pz + 0.5 * (rx * cy - ry * cx) - cz + half * vz
        ux = self._rx
        uy = self._ry
        uz = self._rz
        cx = ry * uz - rz * uy
        cy = rz * ux - rx * uz
        cz = rx * uy - ry * ux
        self._rx = ux + 0.5 * (ry * cz - rz * cy) - cx
        self._ry = uy + 0.5 * (rz * cx - rx * cz) - cy
        self._rz = uz + 0.5 * (rx * cy - ry * cx) - cz
        self._vx = vx
        self._vy = vy
        self._vz = vz
        self._wx = wx
        self._wy = wy
        self._wz = wz
        self._ax = ax
        self._ay = ay
        self._az = az
        self._elapsed_s += dt_s

    def ahead_mps(self) -> float:
        """Return how fast the foot goes ahead now, m/s, once the plane is known.

        Up is what was felt at rest, turned as the foot has turned since; gravity falls out of the
        component across it. The error grows with time: it is good for a swing, and for shares.
        """
        ux, uy, uz = self._rx, self._ry, self._rz
        fx = uy * self.z - uz * self.y
        fy = uz * self.x - ux * self.z
        fz = ux * self.y - uy * self.x
        up: float = (ux * ux + uy * uy + uz * uz) ** 0.5
        if up < 1.0:
            return 0.0
        return (self._vx * fx + self._vy * fy + self._vz * fz) / up

    def rest(self, ax: float, ay: float, az: float) -> bool:
        """Close a stride at rest; return whether it told the plane.

        Parameters
        ----------
        ax, ay, az : float
            What the accelerometer feels at rest, m/s2: up.
        """
        elapsed_s = self._elapsed_s
        gravity = (ax * ax + ay * ay + az * az) ** 0.5
        if not LEAST_S <= elapsed_s <= LONGEST_S or gravity < 1.0:
            return False
        ax /= gravity
        ay /= gravity
        az /= gravity
        half = 0.5 * elapsed_s
        dx = self._px - half * self._vx
        dy = self._py - half * self._vy
        dz = self._pz - half * self._vz
        # Forward times up: the horizontal part of the way, turned to the axis.
        mx = dy * az - dz * ay
        my = dz * ax - dx * az
        mz = dx * ay - dy * ax
        length_m = (mx * mx + my * my + mz * mz) ** 0.5
        if not LEAST_STRIDE_M <= length_m <= LONGEST_STRIDE_M:
            return False
        self.stride_m = length_m
        self._strides += 1
        weight = max(LEARNING, 1.0 / self._strides)
        mx = self._mx = self._mx + weight * (mx - self._mx)
        my = self._my = self._my + weight * (my - self._my)
        mz = self._mz = self._mz + weight * (mz - self._mz)
        self._length_m += weight * (length_m - self._length_m)
        mean = (mx * mx + my * my + mz * mz) ** 0.5
        self.agreement = mean / self._length_m
        self.found = self.agreement >= CLEAR
        if mean > 0.0:
            self.x = mx / mean
            self.y = my / mean
            self.z = mz / mean
        return True

    def snapshot(self) -> dict[str, object]:
        """Return the axis and how far strides agree on it."""
        return {
            "axis": [round(self.x, 3), round(self.y, 3), round(self.z, 3)],
            "agreement": round(self.agreement, 3),
            "stride_m": round(self.stride_m, 3),
            "found": self.found,
        }
