"""Signs that a foot is about to leave the ground, before a heel-off can be told.

A cadence cannot know that a person stops; the foot can. Each sign is learnt from the heel-offs
that the leg's detector told before: which way the foot tips and the shank leans until then, and
what heel and forefoot bear. It needs no mounting and shows nothing before it has been learnt.
"""

from typing import Final

from fes_ctrl.gait.config import IntakeConfig
from fes_ctrl.gait.explain import Notebook
from fes_ctrl.gait.intake import DROP, RESTART, Intake
from fes_ctrl.model import (
    FOOT_FLAT,
    FOOT_IMU,
    FORE_FORCE,
    HEEL_FORCE,
    HEEL_OFF,
    INITIAL_CONTACT,
    SHANK_IMU,
    GaitEvent,
    Sample,
)
from fes_ctrl.units import Us, us_from_ms

LEARNING: Final = 0.3
KNOWN: Final = 3
"""So many heel-offs show what usually comes before one."""

HOLDS_US: Final = 20_000
"""A sign counts when it has held for so long."""

GIVE_BACK: Final = 0.5
"""A sign that falls back below this share of its threshold is withdrawn."""

STILL_DPS: Final = 20.0
STILL_SHARE: Final = 0.08  # of the usual fastest turn of a stride
STILL_US: Final = 60_000
LEAK_PER_S: Final = 2.5
BIAS_PER_S: Final = 0.5
LARGEST_BIAS_DPS: Final = 15.0

LEAST_TIP_DEG: Final = 1.0
TIP_SHARE: Final = 1.0 / 3.0
"""Of the way that the foot has tipped when a heel-off is told."""

NOISES: Final = 4.0
"""A foot at rest seems to tip so many times its mean deviation, and no more."""
LEAST_RATE_DPS: Final = 4.0

LEAN_SHARE: Final = 0.8
"""Of the way that the shank goes from contact to heel-off. It stands upright at about half."""

LEAST_LEAN_DEG: Final = 10.0
AGREES: Final = 0.7
"""Least cosine between the way it goes and the way it usually goes."""

HEEL_SHARE: Final = 0.25
FORE_SHARE: Final = 0.5
"""Who stands has half his weight on a foot, and half of that on the forefoot: a quarter of what
the forefoot bears alone. Beyond a half, the body goes over it."""


BORE_SHARE: Final = 0.5


class Turning:
    """How far one segment has turned about the axis about which it turns before heel-offs.

    Attributes
    ----------
    turned_deg, rate_dps : float
        About the learnt axis, in the sense that leads to heel-off.
    usual_deg : float
        How far it has turned when a heel-off is told.
    known : int
        From so many heel-offs in agreement.
    still : bool
        The segment rests.
    """

    __slots__ = (
        "_ax",
        "_ay",
        "_az",
        "_bias_x",
        "_bias_y",
        "_bias_z",
        "_fastest_dps",
        "_last_us",
        "_still_dps",
        "_still_from_us",
        "_x",
        "_y",
        "_z",
        "known",
        "rate_dps",
        "still",
        "turned_deg",
        "usual_deg",
    )

    def __init__(self) -> None:
        self._ax = self._ay = self._az = 0.0
        self._bias_x = self._bias_y = self._bias_z = 0.0
        self._x = self._y = self._z = 0.0
        self._last_us: Us = -1
        self._fastest_dps = 0.0
        self._still_dps = STILL_DPS
        self._still_from_us: Us = -1
        self.known = 0
        self.usual_deg = 0.0
        self.turned_deg = 0.0
        self.rate_dps = 0.0
        self.still = False

    def forget(self) -> None:
        """Start anew: readings are missing."""
        self._last_us = -1
        self._still_from_us = -1
        self.still = False
        self.zero()

    def zero(self) -> None:
        """Count from here."""
        self._x = self._y = self._z = 0.0
        self.turned_deg = 0.0

    def move(self, t_us: Us, values: tuple[float, ...], *, leaks: bool) -> None:
        """Take a reading: acceleration, then rate; ``leaks`` where rest is turning nowhere."""
        dt_s = (t_us - self._last_us) * 1e-6 if self._last_us >= 0 else 0.0
        self._last_us = t_us
        wx = values[3] - self._bias_x
        wy = values[4] - self._bias_y
        wz = values[5] - self._bias_z
        x = self._x + wx * dt_s
        y = self._y + wy * dt_s
        z = self._z + wz * dt_s
        squared = wx * wx + wy * wy + wz * wz
        if squared >= self._still_dps * self._still_dps:
            self._still_from_us = -1
            self.still = False
            if squared > self._fastest_dps * self._fastest_dps:
                self._fastest_dps = squared**0.5
        else:
            if self._still_from_us < 0:
                self._still_from_us = t_us
            self.still = t_us - self._still_from_us >= STILL_US
            if self.still and leaks and squared < STILL_DPS * STILL_DPS:
                weight = min(1.0, BIAS_PER_S * dt_s)
                self._bias_x = _bounded(self._bias_x + weight * wx)
                self._bias_y = _bounded(self._bias_y + weight * wy)
                self._bias_z = _bounded(self._bias_z + weight * wz)
                # A heel may rise as slowly as rest; noise must not add up.
                keep = 1.0 - min(1.0, LEAK_PER_S * dt_s)
                x *= keep
                y *= keep
                z *= keep
        self._x = x
        self._y = y
        self._z = z
        self.turned_deg = x * self._ax + y * self._ay + z * self._az
        self.rate_dps = wx * self._ax + wy * self._ay + wz * self._az

    def stride(self) -> None:
        """Take note that a stride is over: how fast it turned tells what rest is."""
        still_dps = max(STILL_DPS, STILL_SHARE * self._fastest_dps)
        self._still_dps += LEARNING * (still_dps - self._still_dps)
        self._fastest_dps = 0.0

    def learn(self, least_deg: float) -> None:
        """Take note that a heel-off is told: this is how it turns until then."""
        x, y, z = self._x, self._y, self._z
        turned = (x * x + y * y + z * z) ** 0.5
        if turned < least_deg:
            return
        x /= turned
        y /= turned
        z /= turned
        if self.known and x * self._ax + y * self._ay + z * self._az < AGREES:
            self.known = 0
        weight = max(LEARNING, 1.0 / (self.known + 1.0))
        x = self._ax + weight * (x - self._ax)
        y = self._ay + weight * (y - self._ay)
        z = self._az + weight * (z - self._az)
        size = (x * x + y * y + z * z) ** 0.5
        self._ax = x / size
        self._ay = y / size
        self._az = z / size
        self.usual_deg += weight * (turned - self.usual_deg)
        self.known += 1


def _bounded(bias: float) -> float:
    return max(-LARGEST_BIAS_DPS, min(LARGEST_BIAS_DPS, bias))


class Sign:
    """Since when something has been so: it has to hold for a while, and may be withdrawn."""

    __slots__ = ("_from_us", "seen_us", "since_us")

    def __init__(self) -> None:
        self._from_us: Us = -1
        self.seen_us: Us = -1
        self.since_us: Us = -1

    def clear(self) -> None:
        """Take it that it is not so."""
        self._from_us = -1
        self.since_us = -1

    def see(self, arrive_us: Us, *, shown: bool, kept: bool) -> None:
        """Take how it looks: shown, or at least no reason to withdraw it."""
        self.seen_us = arrive_us
        if self.since_us >= 0:
            if not kept:
                self.clear()
        elif not shown:
            self._from_us = -1
        else:
            if self._from_us < 0:
                self._from_us = arrive_us
            if arrive_us - self._from_us >= HOLDS_US:
                self.since_us = arrive_us


class FootTips:
    """A foot IMU: the foot tips toe-down out of its rest, beyond what rest looks like."""

    __slots__ = ("_noise_deg", "_rested", "_turning", "sign")

    def __init__(self) -> None:
        self._turning = Turning()
        self._noise_deg = 0.3
        self._rested = False
        self.sign = Sign()

    def event(self, kind: str) -> None:
        """Take an event of the leg."""
        if kind == HEEL_OFF:
            if self._rested:
                self._turning.learn(LEAST_TIP_DEG)
            self._turning.stride()
            self._rested = False
            self.sign.clear()
        elif kind in {INITIAL_CONTACT, FOOT_FLAT}:
            self.sign.clear()

    def forget(self) -> None:
        """Start anew: readings are missing."""
        self._turning.forget()
        self._rested = False
        self.sign.clear()

    def move(self, t_us: Us, arrive_us: Us, values: tuple[float, ...]) -> None:
        """Take a reading."""
        turning = self._turning
        was_still = turning.still
        turning.move(t_us, values, leaks=True)
        if turning.still and not was_still and self.sign.since_us < 0:
            if not self._rested:
                turning.zero()
            self._rested = True
        if not self._rested or turning.known < KNOWN:
            return
        tip_deg = turning.turned_deg
        least_deg = max(LEAST_TIP_DEG, TIP_SHARE * turning.usual_deg, NOISES * self._noise_deg)
        shown = tip_deg >= least_deg and turning.rate_dps >= LEAST_RATE_DPS
        self.sign.see(arrive_us, shown=shown, kept=tip_deg >= GIVE_BACK * least_deg)
        if turning.still and tip_deg < least_deg:
            self._noise_deg += 0.01 * (abs(tip_deg) - self._noise_deg)


class ShankLeans:
    """A shank IMU: the shank has leant forwards nearly as far as it does until heel-off."""

    __slots__ = ("_counts", "_turning", "sign")

    def __init__(self) -> None:
        self._turning = Turning()
        self._counts = False
        self.sign = Sign()

    def event(self, kind: str) -> None:
        """Take an event of the leg."""
        if kind == HEEL_OFF:
            if self._counts:
                self._turning.learn(LEAST_LEAN_DEG)
            self._counts = False
            self.sign.clear()
        elif kind == INITIAL_CONTACT:
            self._turning.zero()
            self._counts = True
            self.sign.clear()

    def forget(self) -> None:
        """Start anew: readings are missing."""
        self._turning.forget()
        self._counts = False
        self.sign.clear()

    def move(self, t_us: Us, arrive_us: Us, values: tuple[float, ...]) -> None:
        """Take a reading."""
        turning = self._turning
        turning.move(t_us, values, leaks=False)
        if not self._counts or turning.known < KNOWN:
            return
        least_deg = LEAN_SHARE * turning.usual_deg
        far = turning.turned_deg >= least_deg
        self.sign.see(
            arrive_us,
            shown=far and turning.rate_dps >= LEAST_RATE_DPS,
            kept=turning.turned_deg >= (1.0 - GIVE_BACK * (1.0 - LEAN_SHARE)) * least_deg,
        )


class Unloading:
    """Heel and forefoot force: the heel empties while the body goes over the forefoot.

    A heel that empties alone shows nothing: so does that of one who shifts his weight to the
    other leg. Nor does one that bore nothing, in a foot that landed on its toes.
    """

    __slots__ = (
        "_counts",
        "_fore_n",
        "_fore_top_n",
        "_fore_us",
        "_heel_top_n",
        "_usual_fore_n",
        "_usual_heel_n",
        "known",
        "sign",
    )

    def __init__(self) -> None:
        self._counts = False
        self._heel_top_n = 0.0
        self._fore_top_n = 0.0
        self._fore_n = 0.0
        self._fore_us: Us = -1
        self._usual_fore_n = 0.0
        self._usual_heel_n = 0.0
        self.known = 0
        self.sign = Sign()

    def event(self, kind: str) -> None:
        """Take an event of the leg."""
        if kind == INITIAL_CONTACT:
            if self._fore_top_n > 0.0:
                weight = max(LEARNING, 1.0 / (self.known + 1.0))
                self._usual_fore_n += weight * (self._fore_top_n - self._usual_fore_n)
                self._usual_heel_n += weight * (self._heel_top_n - self._usual_heel_n)
                self.known += 1
            self._fore_top_n = 0.0
            self._heel_top_n = 0.0
            self._counts = True
            self.sign.clear()
        elif kind != FOOT_FLAT:
            self._counts = False
            self.sign.clear()

    def forget(self) -> None:
        """Start anew: readings are missing."""
        self._heel_top_n = 0.0
        self._fore_top_n = 0.0
        self._counts = False
        self.sign.clear()

    def fore(self, t_us: Us, value_n: float) -> None:
        """Take a reading of the forefoot."""
        self._fore_n = value_n
        self._fore_us = t_us
        self._fore_top_n = max(self._fore_top_n, value_n)

    def heel(self, t_us: Us, arrive_us: Us, value_n: float, max_gap_us: Us) -> None:
        """Take a reading of the heel."""
        self._heel_top_n = max(self._heel_top_n, value_n)
        fresh = self._fore_us >= 0 and t_us - self._fore_us <= max_gap_us
        if not self._counts or self.known < KNOWN or not fresh:
            self.sign.clear()
            return
        share = value_n / max(1.0, self._heel_top_n)
        over = self._fore_n / max(1.0, self._usual_fore_n)
        bore = self._heel_top_n >= BORE_SHARE * self._usual_heel_n
        self.sign.see(
            arrive_us,
            shown=bore and share <= HEEL_SHARE and over >= FORE_SHARE,
            kept=share <= 2.0 * HEEL_SHARE and over >= GIVE_BACK * FORE_SHARE,
        )


class Readiness:
    """All signs of one leg, from whatever it wears.

    Parameters
    ----------
    leg : int
        Whose foot; samples and events of other legs are ignored.
    intake : IntakeConfig
        When data count as missing or late.

    Attributes
    ----------
    awake : bool
        Whether anybody asks; nothing is computed otherwise.
    leaving_us : int
        Since when the foot is known to be about to leave; -1 where it is not.
    """

    __slots__ = (
        "_foot",
        "_foot_intake",
        "_heel_intake",
        "_load",
        "_max_gap_us",
        "_seen",
        "_shank",
        "_shank_intake",
        "awake",
        "leaving_us",
        "leg",
    )

    def __init__(self, leg: int, intake: IntakeConfig | None = None) -> None:
        self.leg = leg
        dials = IntakeConfig() if intake is None else intake
        notes = Notebook()
        self._max_gap_us: Us = us_from_ms(dials.max_gap_ms)
        self._foot_intake = Intake(dials, notes)
        self._shank_intake = Intake(dials, notes)
        self._heel_intake = Intake(dials, notes)
        self._foot = FootTips()
        self._shank = ShankLeans()
        self._load = Unloading()
        self._seen = False
        self.awake = False
        self.leaving_us: Us = -1

    @property
    def seen(self) -> bool:
        """Whether any sensor is worn that could show a foot that is leaving."""
        return self._seen

    def event(self, event: GaitEvent) -> None:
        """Take an event of the leg's detector."""
        if event.leg == self.leg:
            self._foot.event(event.kind)
            self._shank.event(event.kind)
            self._load.event(event.kind)
            self._look()

    def forget(self) -> None:
        """Start anew: nothing was seen for a while."""
        self._foot.forget()
        self._shank.forget()
        self._load.forget()
        self._look()

    def update(self, sample: Sample) -> bool:
        """Take one reading; return whether the foot has begun to leave, or no longer does."""
        t_us, arrive_us, _, leg, sensor, values = sample
        if leg != self.leg:
            return False
        total = 0.0
        for value in values:
            total += value
        if total - total != 0.0:  # NaN or infinite: no reading
            return False
        if sensor == FOOT_IMU:
            verdict = self._foot_intake.judge(t_us, arrive_us)
            if verdict == RESTART or self._foot_intake.stale:
                self._foot.forget()
            if verdict != DROP:
                self._foot.move(t_us, arrive_us, values)
        elif sensor == HEEL_FORCE:
            verdict = self._heel_intake.judge(t_us, arrive_us)
            if verdict == RESTART or self._heel_intake.stale:
                self._load.forget()
            if verdict != DROP:
                self._load.heel(t_us, arrive_us, values[0], self._max_gap_us)
        elif sensor == FORE_FORCE:
            self._load.fore(t_us, values[0])
        elif sensor == SHANK_IMU:
            verdict = self._shank_intake.judge(t_us, arrive_us)
            if verdict == RESTART or self._shank_intake.stale:
                self._shank.forget()
            if verdict != DROP:
                self._shank.move(t_us, arrive_us, values)
        else:
            return False
        self._seen = True
        return self._look()

    def fresh(self, at_us: Us) -> bool:
        """Return whether what shows the sign has been read lately, and not only once."""
        for sign in (self._foot.sign, self._load.sign, self._shank.sign):
            if sign.since_us >= 0 and at_us - sign.seen_us <= self._max_gap_us:
                return True
        return False

    def _look(self) -> bool:
        before_us = self.leaving_us
        leaving_us: Us = -1
        for since_us in (
            self._foot.sign.since_us,
            self._load.sign.since_us,
            self._shank.sign.since_us,
        ):
            if since_us >= 0 and (leaving_us < 0 or since_us < leaving_us):
                leaving_us = since_us
        self.leaving_us = leaving_us
        return leaving_us != before_us
