"""The axis about which a shank walks, found from how it turns: whatever the mounting and the side.

A shank turns mainly forward and back. The axis is the principal one of its rate, among those that
lie level; so a body that turns round does not tilt it. The sense follows from time: in a stride
the shank turns forward and back by the same angle, and back in swing, which is shorter than
stance in all walking, since both feet share the ground. Turning as far in less time takes more
of the squared rate; so the sense with more of it is that of swing: leaning back, toe-up.

Memory is measured in strides by their energy (squared rate over time), so rest washes nothing out.
"""

from math import sqrt
from typing import Final

STRIDES: Final = 4.0
"""Memory: so many strides' worth of energy."""

SETTLE_S: Final = 0.04
"""How often the axis is worked out, from the mean rate since; shanks turn slowly against it."""

UP_S: Final = 0.4
"""Time constant of what is felt as up."""

LEAST_TURN_DEG: Final = 10.0
LARGE_SHARE: Final = 0.2
"""A turn back by so much, and by this share of the usual turn, ends a turn."""

MOST_LEAD: Final = 0.5
"""No pair of turns counts for more."""

CLEAR: Final = 0.1
"""From this lead of one sense in energy on, the sense is told; walkers have 0.2 to 0.55."""

PLANAR: Final = 0.6
DOUBTFUL: Final = 0.45
"""Share of the level energy that is about the axis: from the first on it is believed, below the
second no more."""


class Turn:
    """What turns one way are like: energy, peak rate and size, over the last few.

    Attributes
    ----------
    energy : float
        Squared rate over time, deg2/s.
    last_energy : float
        Of the last one.
    peak_dps, size_deg : float
        Without a sign.
    count : int
        Whole turns seen.
    """

    __slots__ = ("count", "energy", "last_energy", "peak_dps", "size_deg")

    def __init__(self) -> None:
        self.count: int = 0
        self.energy: float = 0.0
        self.last_energy: float = 0.0
        self.peak_dps: float = 0.0
        self.size_deg: float = 0.0

    def learn(self, energy: float, peak_dps: float, size_deg: float) -> None:
        """Take a whole turn."""
        self.count += 1
        self.last_energy = energy
        weight = max(1.0 / STRIDES, 1.0 / self.count)
        self.energy += weight * (energy - self.energy)
        self.peak_dps += weight * (peak_dps - self.peak_dps)
        self.size_deg += weight * (size_deg - self.size_deg)


class SagittalAxis:
    """Running estimate of a segment's sagittal axis, and the rate about it.

    Attributes
    ----------
    x, y, z : float
        Unit vector in the sensor's frame; the rate about it is positive leaning back once
        ``found``; nil while nothing is known.
    ux, uy, uz : float
        What is felt as up, m/s2, slowly averaged.
    rate : float
        The present rate about the axis, deg/s.
    since_deg : float
        How far it has turned since the last turning point, leaning back positive.
    found : bool
        Axis and sense are known.
    planar : float
        Share of the level energy that is about the axis, 0 to 1.
    lead : float
        How far the energy of leaning back leads in two turns that follow one another, -1 to 1.
    back, forward : Turn
        What turns are like.
    reversals : int
        How often the sense was told the other way round.
    """

    __slots__ = (
        "_extreme_deg",
        "_extreme_energy",
        "_peak_dps",
        "_rising",
        "_since_s",
        "_turn_energy",
        "_tx",
        "_ty",
        "_tz",
        "_whole",
        "_xx",
        "_xy",
        "_xz",
        "_yy",
        "_yz",
        "_zz",
        "back",
        "forward",
        "found",
        "lead",
        "planar",
        "rate",
        "reversals",
        "since_deg",
        "ux",
        "uy",
        "uz",
        "x",
        "y",
        "z",
    )

    def __init__(self) -> None:
        self.reversals: int = 0
        self.forget()

    def forget(self) -> None:
        """Begin anew: the sensor was strapped on in another way."""
        self._xx: float = 0.0
        self._xy: float = 0.0
        self._xz: float = 0.0
        self._yy: float = 0.0
        self._yz: float = 0.0
        self._zz: float = 0.0
        self.back: Turn = Turn()
        self.forward: Turn = Turn()
        self.x: float = 0.0
        self.y: float = 0.0
        self.z: float = 0.0
        self.found: bool = False
        self.planar: float = 0.0
        self.lead: float = 0.0
        self.resume()

    def resume(self) -> None:
        """Go on after a gap: what belongs to the mounting stays."""
        self.rate: float = 0.0
        self.ux: float = 0.0
        self.uy: float = 0.0
        self.uz: float = 0.0
        self._since_s: float = 0.0
        self._tx: float = 0.0
        self._ty: float = 0.0
        self._tz: float = 0.0
        self._rising: bool = True
        self._begin_turn()
        self._whole: bool = False

    def rest(self) -> None:
        """Take note of rest: the next turn is seen from its beginning."""
        self._begin_turn()
        self._whole = True

    def _begin_turn(self) -> None:
        self.since_deg: float = 0.0
        self._extreme_deg: float = 0.0
        self._turn_energy: float = 0.0
        self._extreme_energy: float = 0.0
        self._peak_dps: float = 0.0

    def move(
        self, dt_s: float, wx: float, wy: float, wz: float, ax: float, ay: float, az: float
    ) -> bool:
        """Take a reading: rate in deg/s, acceleration in m/s2; return whether the axis moved."""
        ux, uy, uz = self.ux, self.uy, self.uz
        weight = dt_s / UP_S
        if weight > 1.0 or not (ux or uy or uz):
            weight = 1.0
        self.ux = ux + weight * (ax - ux)
        self.uy = uy + weight * (ay - uy)
        self.uz = uz + weight * (az - uz)
        self._tx += wx * dt_s
        self._ty += wy * dt_s
        self._tz += wz * dt_s
        self.rate = rate = self.x * wx + self.y * wy + self.z * wz
        turn = rate * dt_s
        energy = self._turn_energy = self._turn_energy + rate * turn
        since_deg = self.since_deg = self.since_deg + turn
        ahead = since_deg - self._extreme_deg
        if not self._rising:
            ahead = -ahead
            rate = -rate
        if rate > self._peak_dps:
            self._peak_dps = rate
        if ahead > 0.0:
            self._extreme_deg = since_deg
            self._extreme_energy = energy
        elif ahead < -LEAST_TURN_DEG and ahead < -LARGE_SHARE * self.back.size_deg:
            self._turned()
        self._since_s += dt_s
        if self._since_s >= SETTLE_S:
            self._remember()
            self._settle()
            return True
        return False

    def _turned(self) -> None:
        """Take note that a turn one way has ended, and let the sense be told."""
        turned_deg = abs(self._extreme_deg)
        turns = self.back if self._rising else self.forward
        since_deg = self.since_deg - self._extreme_deg
        if turned_deg >= LEAST_TURN_DEG:
            if self._whole:
                turns.learn(self._extreme_energy, self._peak_dps, turned_deg)
            self._whole = True
        self._rising = not self._rising
        energy = self._turn_energy - self._extreme_energy
        self._begin_turn()
        self.since_deg = self._extreme_deg = since_deg
        self._turn_energy = self._extreme_energy = energy
        self._peak_dps = abs(self.rate)
        back, forward = self.back, self.forward
        if back.count == 0 or forward.count == 0:
            return
        # Each pair counts alike: of one fast turn after slow ones nothing follows.
        whole = back.last_energy + forward.last_energy
        lead = (back.last_energy - forward.last_energy) / whole
        lead = max(-MOST_LEAD, min(MOST_LEAD, lead))
        pairs = back.count + forward.count - 1
        lead = self.lead = self.lead + max(1.0 / STRIDES, 1.0 / pairs) * (lead - self.lead)
        if lead < -CLEAR:
            self._reverse()
        if self.lead >= CLEAR and self.planar >= PLANAR:
            self.found = True

    def _reverse(self) -> None:
        self.reversals += 1
        self.x = -self.x
        self.y = -self.y
        self.z = -self.z
        self.rate = -self.rate
        self.lead = -self.lead
        self.back, self.forward = self.forward, self.back
        self.since_deg = -self.since_deg
        self._extreme_deg = -self._extreme_deg
        self._rising = not self._rising
        self.found = False

    def _remember(self) -> None:
        """Add what has been turned since the last time, square by square."""
        tx, ty, tz = self._tx, self._ty, self._tz
        per_s = 1.0 / self._since_s
        sx = per_s * tx
        sy = per_s * ty
        self._xx += sx * tx
        self._xy += sx * ty
        self._xz += sx * tz
        self._yy += sy * ty
        self._yz += sy * tz
        self._zz += per_s * tz * tz
        self._since_s = self._tx = self._ty = self._tz = 0.0
        kept = STRIDES * (self.back.energy + self.forward.energy)
        energy = self._xx + self._yy + self._zz
        if energy > kept > 0.0:
            self._fade(kept / energy)

    def _settle(self) -> None:
        """Work the axis out: one step of power iteration from where it was, kept level."""
        x, y, z = self.x, self.y, self.z
        if x == 0.0 and y == 0.0 and z == 0.0:
            # The column of the largest rate is never square to the axis.
            if self._xx >= self._yy and self._xx >= self._zz:
                x = 1.0
            elif self._yy >= self._zz:
                y = 1.0
            else:
                z = 1.0
        ux, uy, uz = self.ux, self.uy, self.uz
        gravity = ux * ux + uy * uy + uz * uz
        if gravity < 1.0:
            return
        xx, xy, xz, yy, yz, zz = self._xx, self._xy, self._xz, self._yy, self._yz, self._zz
        px = xx * x + xy * y + xz * z
        py = xy * x + yy * y + yz * z
        pz = xz * x + yz * y + zz * z
        across = (px * ux + py * uy + pz * uz) / gravity
        px -= across * ux
        py -= across * uy
        pz -= across * uz
        length = sqrt(px * px + py * py + pz * pz)
        if length <= 0.0:
            return
        self.x = x = px / length
        self.y = y = py / length
        self.z = z = pz / length
        # The energy about the axis, and about what is up.
        about = (
            x * (xx * x + xy * y + xz * z)
            + y * (xy * x + yy * y + yz * z)
            + z * (xz * x + yz * y + zz * z)
        )
        upright = (
            ux * (xx * ux + xy * uy + xz * uz)
            + uy * (xy * ux + yy * uy + yz * uz)
            + uz * (xz * ux + yz * uy + zz * uz)
        )
        level = xx + yy + zz - upright / gravity
        self.planar = about / level if level > about else 1.0
        if self.planar < DOUBTFUL:
            self.found = False

    def _fade(self, share: float) -> None:
        self._xx *= share
        self._xy *= share
        self._xz *= share
        self._yy *= share
        self._yz *= share
        self._zz *= share

    def snapshot(self) -> dict[str, object]:
        """Return the axis and how clear it is."""
        return {
            "axis": [round(self.x, 3), round(self.y, 3), round(self.z, 3)],
            "found": self.found,
            "planar": round(self.planar, 3),
            "lead": round(self.lead, 3),
            "turns": [self.back.count, self.forward.count],
        }
