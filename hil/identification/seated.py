"""A virtual patient who sits through a bench session, with either muscle; and the goniometer.

The patient is the one who walks elsewhere: the same muscle, foot and reflex, the shank upright
and at rest, the shoe taken off.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hil.identification.protocol import Burst, Release
from hil.patient.config import LegConfig, OrthosisConfig, PatientConfig
from hil.patient.foot import ADULT_KG_M, TO_DEG, Foot
from hil.patient.gait_table import CALF, SHIN
from hil.patient.muscle import make_muscle
from hil.patient.reflex import StretchReflex
from hil.patient.rows import SwingRow
from hil.patient.subtalar import branch_thresholds

Array = NDArray[np.float64]

FOLLOW_S: Final = 1.0
"""The recording goes on for so long after the last burst or release."""


@dataclass(frozen=True, slots=True)
class GoniometerConfig:
    """A goniometer or a pair of IMUs; all sizes are assumptions.

    Attributes
    ----------
    noise_deg : float
        Standard deviation of white noise.
    bias_deg : float
        Constant error of the zero.
    step_deg : float
        Readings are multiples of this.
    """

    noise_deg: float = 0.2
    bias_deg: float = 3.0
    step_deg: float = 0.1


@dataclass(frozen=True, slots=True)
class Session:
    """What happened, without any error of measurement.

    Attributes
    ----------
    t_s, stim_mA, ankle_deg : ndarray, shape (rows,)
        At the sensor's rate; dorsiflexion positive.
    moment_Nm : ndarray, shape (milliseconds,)
        Of the dorsiflexors, as it turns the foot, every millisecond from 0.
    """

    t_s: Array
    stim_mA: Array
    ankle_deg: Array
    moment_Nm: Array


class SeatedPatient:
    """One leg of a patient who sits with the foot hanging free.

    Parameters
    ----------
    patient : PatientConfig
        The body.
    leg : LegConfig
        The leg; what only walking shows of it plays no part.
    knee_deg : float
        Knee flexion; it slackens the calf.
    """

    def __init__(self, patient: PatientConfig, leg: LegConfig, knee_deg: float = 80.0) -> None:
        self._calf = math.exp(CALF[0] + CALF[1] * knee_deg)
        self._shin = math.exp(SHIN[0] + SHIN[1] * knee_deg)
        size = patient.mass_kg * patient.height_m / ADULT_KG_M
        muscle = leg.muscle
        self._gain = muscle.moment_per_force_m * muscle.strength * muscle.innervation * size
        self.motor_mA, _ = branch_thresholds(leg.electrode)
        self._muscle = make_muscle(muscle, self.motor_mA, leg.electrode.chronaxie_us)
        bare = replace(leg.ankle, shoe_kg=0.0)
        self._foot = Foot(bare, OrthosisConfig(), patient.height_m, patient.mass_kg, 0.0)
        self._reflex = StretchReflex(leg.reflex, size)
        still = 0.0, 0.0, 0.0, 0.0
        self._row = SwingRow(*still, self._calf, self._shin, *still, *still)
        self._now_ms = 0
        self._moment = 0.0
        self.rest_rad = self._find_rest()
        self._foot.ride(self.rest_rad, 0.0, 0.0, 0.0)
        self._foot.acceleration = 0.0

    def _find_rest(self) -> float:
        """Return where weight and passive tissue balance, rad; by bisection of the kick."""
        low, high = math.radians(-60.0), math.radians(40.0)
        foot = self._foot
        for _ in range(60):
            middle = 0.5 * (low + high)
            foot.ride(middle, 0.0, 0.0, 0.0)
            self._swing(0.0, 0.0)
            if foot.rate > 0.0:
                low = middle
            else:
                high = middle
        return 0.5 * (low + high)

    def passive_stiffness(self) -> float:
        """Return the slope of the passive moment at rest, Nm/deg, from the foot's own equation."""
        step = math.radians(0.001)
        above = self._foot.passive(self.rest_rad + step, self._calf, self._shin)
        below = self._foot.passive(self.rest_rad - step, self._calf, self._shin)
        return (above - below) / 0.002

    @property
    def ankle_deg(self) -> float:
        """The ankle angle as it is now; dorsiflexion positive."""
        return self._foot.angle * TO_DEG

    def stimulate(self, t_us: int, points: tuple[tuple[int, int], ...]) -> None:
        """Take one delivered pulse; its first phase recruits."""
        width_us, current_uA = points[0]
        self._muscle.stimulate(t_us, current_uA, width_us)

    def advance_to(self, t_us: int) -> None:
        """Integrate up to the last whole millisecond that is not after ``t_us``, foot free."""
        while self._now_ms < t_us // 1000:
            self._step(None)

    def perform(
        self,
        releases: Sequence[Release],
        bursts: Sequence[Burst],
        rate_hz: float,
        sensor_hz: float = 100.0,
    ) -> Session:
        """Sit through a session from its beginning to its end.

        Parameters
        ----------
        releases, bursts : sequence
            What the hand and the stimulator do.
        rate_hz : float
            Of the pulses.
        sensor_hz : float
            Of the angles that are kept.
        """
        end_s = max(
            max((b.start_s + b.duration_s for b in bursts), default=0.0),
            max((r.end_s for r in releases), default=0.0),
        )
        end_ms = round((end_s + FOLLOW_S) * 1000.0)
        pulses = _pulses(bursts, rate_hz)
        held = _held(releases)
        angle = np.empty(end_ms + 1)
        moment = np.empty(end_ms + 1)
        angle[0], moment[0] = self._foot.angle, 0.0
        for ms in range(1, end_ms + 1):
            for current_uA, width_us in pulses.get(ms - 1, ()):
                self._muscle.stimulate((ms - 1) * 1000, current_uA, width_us)
            self._step(held.get(ms))
            angle[ms], moment[ms] = self._foot.angle, self._moment
        t_s = np.arange(0.0, end_ms / 1000.0, 1.0 / sensor_hz)
        stim = np.zeros_like(t_s)
        for burst in bursts:
            on = (t_s >= burst.start_s - 1e-9) & (t_s < burst.start_s + burst.duration_s - 1e-9)
            stim[on] = burst.current_mA
        ankle = np.interp(t_s * 1000.0, np.arange(end_ms + 1), angle) * TO_DEG
        return Session(t_s, stim, ankle, moment)

    def _step(self, lift_deg: float | None) -> None:
        """Advance one millisecond, in the examiner's hand or free."""
        foot = self._foot
        force = self._muscle.step((self._now_ms + 1) * 1000, foot.angle)
        reflex = self._reflex.step(foot.angle, foot.omega)
        if lift_deg is None:
            self._swing(self._gain * force, reflex)
        else:
            pitch = self.rest_rad + math.radians(lift_deg)
            foot.ride(pitch, (pitch - foot.pitch) * 1000.0, 0.0, 0.0)
        self._moment = self._gain * force * foot.gain(foot.angle, foot.omega)
        self._now_ms += 1

    def _swing(self, moment: float, reflex: float) -> None:
        self._foot.swing(self._row, 0.0, 1.0, 0.0, 0.0, moment, reflex, 0.0, 1.0)


def measured(session: Session, sensor: GoniometerConfig, random: Random) -> Array:
    """Return the ankle angles that a sensor reads, degrees.

    Parameters
    ----------
    session : Session
        What happened.
    sensor : GoniometerConfig
        Its errors.
    random : random.Random
        For the noise.
    """
    noise = np.random.default_rng(random.getrandbits(64)).normal(size=session.ankle_deg.size)
    read = session.ankle_deg + sensor.bias_deg + sensor.noise_deg * noise
    if sensor.step_deg > 0.0:
        read = np.round(read / sensor.step_deg) * sensor.step_deg
    return np.asarray(read, dtype=np.float64)


def as_csv(session: Session, sensor: GoniometerConfig, random: Random) -> str:
    """Return the file of a session, as a bench would write it.

    Parameters
    ----------
    session : Session
        What happened.
    sensor : GoniometerConfig
        How it is measured.
    random : random.Random
        For the noise.
    """
    angles = measured(session, sensor, random)
    rows = zip(session.t_s.tolist(), session.stim_mA.tolist(), angles.tolist(), strict=True)
    lines = [f"{t:.3f},{current:g},{angle:.3f}" for t, current, angle in rows]
    return "\n".join(["t_s,stim_mA,ankle_deg", *lines]) + "\n"


def _pulses(bursts: Sequence[Burst], rate_hz: float) -> dict[int, list[tuple[int, int]]]:
    """Return current (uA) and width of the pulses by the millisecond in which they are given."""
    found: dict[int, list[tuple[int, int]]] = {}
    for burst in bursts:
        for number in range(round(burst.duration_s * rate_hz)):
            at_ms = round((burst.start_s + number / rate_hz) * 1000.0)
            pulse = (round(burst.current_mA * 1000.0), round(burst.width_us))
            found.setdefault(at_ms, []).append(pulse)
    return found


def _held(releases: Sequence[Release]) -> dict[int, float]:
    """Return the height at which the hand holds the foot by millisecond, degrees above rest."""
    found: dict[int, float] = {}
    for release in releases:
        begin = round(release.start_s * 1000.0)
        for ms in range(begin, round(release.end_s * 1000.0)):
            rising = min(1.0, (ms - begin) / (release.lift_s * 1000.0))
            # A smooth hand: half a cosine.
            found[ms] = release.lift_deg * 0.5 * (1.0 - math.cos(math.pi * rising))
    return found
