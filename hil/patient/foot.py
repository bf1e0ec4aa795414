"""The foot about the moving ankle: four ways a foot moves in a stride, a millisecond at a time.

*Riding* in stance, where the ground holds it; *swinging* freely after toe-off under gravity,
muscle, passive tissue and the ankle's own acceleration; *loaded* after a heel-first contact,
when the ground also turns it down about the heel; *landing* after a flat or toe-first contact,
when the ground turns it up onto the heel. Angles in radians, toe-up and dorsiflexion positive,
against the ground. Free motion is integrated by leapfrog: ``rate`` is that of half a step ago.

References
----------
Passive moment: Riener and Edrich, J Biomech 32:539, 1999 (its angle is plantarflexion-positive).
Rocker: the lever of the ground reaction falls to nothing at foot flat, with a peak of 0.15 to
0.25 Nm per kg of body mass; a constant lever would ask more than any stimulated muscle has.
"""

from math import cos, exp, sin
from typing import Final

from hil.patient.config import AnkleConfig, OrthosisConfig
from hil.patient.orthosis import Orthosis
from hil.patient.rows import StanceRow, SwingRow

STEP_S: Final = 0.001
GRAVITY: Final = 9.81
TO_DEG: Final = 57.29577951308232

PASSIVE_OFFSET: Final = 1.792
"""Constant of the passive moment, Nm."""

ADULT_KG_M: Final = 75.0 * 1.75
"""Mass times height of the adult that passive moments and muscle moments are stated for; they
scale with it. Assumption."""

LANDING_WEIGHT: Final = 1.0 - exp(-1.0 / 40.0)
"""A foot that lands flat or toe first is turned with a time constant of 40 ms. Assumption."""

ROCKER_FALL_RAD: Final = 0.052
"""The rocker's lever falls to nothing over the last three degrees. Assumption."""

FULL_GROUND_N_PER_KG: Final = 7.0
"""Ground reaction at which the rocker's moment is at its peak: the measured ankle moment is, at
a tenth of stance."""


class Foot:
    """State of one foot.

    Parameters
    ----------
    config : AnkleConfig
        Shares and factors.
    orthosis : OrthosisConfig
        What is worn.
    height_m, mass_kg : float
        Of the body.
    pitch : float
        Where it begins, rad.

    Attributes
    ----------
    pitch, rate, acceleration : float
        Of the foot against the ground, rad, rad/s, rad/s2.
    angle, omega : float
        Of the ankle, rad and rad/s.
    """

    __slots__ = (
        "_arm",
        "_calf_scale",
        "_com",
        "_damping",
        "_fv_gain",
        "_fv_long",
        "_fv_short",
        "_inertia",
        "_mass",
        "_offset",
        "_orthosis",
        "_rocker",
        "_rocker_damping",
        "_size",
        "_v_max",
        "_width",
        "acceleration",
        "angle",
        "omega",
        "pitch",
        "rate",
    )

    def __init__(
        self,
        config: AnkleConfig,
        orthosis: OrthosisConfig,
        height_m: float,
        mass_kg: float,
        pitch: float,
    ) -> None:
        foot_kg = config.foot_mass_fraction * mass_kg
        com_m = config.com_forward_fraction * height_m
        shoe_m = 1.2 * com_m
        brace_kg = orthosis.mass_kg if orthosis.kind != "none" else 0.0
        self._mass: float = foot_kg + config.shoe_kg + brace_kg
        self._com: float = ((foot_kg + brace_kg) * com_m + config.shoe_kg * shoe_m) / self._mass
        self._inertia: float = (
            foot_kg * (config.gyration_fraction * height_m) ** 2
            + config.shoe_kg * shoe_m**2
            + brace_kg * com_m**2
        )
        self._size: float = mass_kg * height_m / ADULT_KG_M
        self._damping: float = config.damping_Nms_per_rad * self._size * height_m / 1.75
        self._calf_scale: float = config.calf_scale * self._size
        self._offset: float = PASSIVE_OFFSET * self._size
        self._arm: float = config.arm_m
        self._width: float = config.width * config.optimum_m
        self._v_max: float = config.v_max_m_per_s
        self._fv_short: float = config.fv_short * config.v_max_m_per_s
        self._fv_long: float = config.fv_long
        self._fv_gain: float = config.fv_gain
        self._rocker: float = config.rocker_Nm_per_kg * mass_kg
        self._rocker_damping: float = (
            config.rocker_damping_Nms_per_rad * self._size * height_m / 1.75
        )
        self._orthosis = Orthosis(orthosis, self._inertia)
        self.pitch: float = pitch
        self.rate: float = 0.0
        self.acceleration: float = 0.0
        self.angle: float = 0.0
        self.omega: float = 0.0

    def gain(self, angle: float, omega: float) -> float:
        """Return the length and velocity factor of the dorsiflexors.

        Parameters
        ----------
        angle, omega : float
            Of the ankle, rad and rad/s, dorsiflexion positive (the muscle shortens).
        """
        stretch = self._arm * angle / self._width
        speed = self._arm * omega
        if speed >= 0.0:
            velocity = (1.0 - speed / self._v_max) / (1.0 + speed / self._fv_short)
            if velocity < 0.0:
                velocity = 0.0
        else:
            ratio = -speed / self._fv_long
            velocity = (1.0 + self._fv_gain * ratio) / (1.0 + ratio)
        return velocity * exp(-stretch * stretch)

    def passive(self, angle: float, calf: float, shin: float) -> float:
        """Return the passive moment, plantarflexing positive, Nm.

        Parameters
        ----------
        angle : float
            Of the ankle, rad.
        calf, shin : float
            The knee's share of the two exponentials.
        """
        angle_deg = angle * TO_DEG
        return (
            self._calf_scale * calf * exp(0.0843 * angle_deg)
            - self._size * shin * exp(-0.1949 * angle_deg)
            - self._offset
        )

    def ride(self, pitch: float, rate: float, shank: float, shank_rate: float) -> None:
        """Be held by the ground: take pitch and rate as given."""
        self.acceleration = (rate - self.rate) / STEP_S
        self.pitch = pitch
        self.rate = rate
        self.angle = pitch - shank
        self.omega = rate - shank_rate

    def against_push_off(self, moment: float) -> float:
        """Return what works against plantarflexion in stance, Nm: muscle and orthosis.

        Parameters
        ----------
        moment : float
            Of the stimulated dorsiflexors without length and velocity factors, Nm.
        """
        resisted = moment * self.gain(self.angle, self.omega) if moment > 0.0 else 0.0
        if self._orthosis.worn:
            resisted += self._orthosis.moment(self.angle)
        return resisted

    def swing(
        self,
        row: SwingRow,
        since_row: float,
        per_stride_s: float,
        hike_m: float,
        knee_loss: float,
        moment: float,
        reflex: float,
        slope: float,
        share: float,
    ) -> None:
        """Move freely for one millisecond.

        Parameters
        ----------
        row : SwingRow
            The prescribed leg at the beginning of the step.
        since_row : float
            Time of the step's beginning less the row's, as a share of the stride.
        per_stride_s : float
            One over the stride time, 1/s.
        hike_m, knee_loss : float
            What the patient adds: hip hike, and knee flexion that he lacks (rad).
        moment, reflex : float
            Of the dorsiflexors, without length and velocity factors, and of the calf's reflex
            (plantarflexing), Nm.
        slope : float
            Of the ground, rad.
        share : float
            Of the kick: a half in the first step, which moves the rate to the middle of it.
        """
        squared = per_stride_s * per_stride_s
        shank = row.shank + (row.shank_rate * since_row + knee_loss * row.loss)
        shank_rate = (row.shank_rate + knee_loss * row.loss_rate) * per_stride_s
        # d/d(knee) of exp(-0.0176 knee), per rad
        calf = row.calf * (1.0 + 1.0084 * knee_loss * row.loss)
        self._fall(
            shank,
            shank_rate,
            (row.forward + knee_loss * row.loss_forward) * squared,
            (row.upward + hike_m * row.hike_upward + knee_loss * row.loss_upward) * squared,
            self.passive(self.pitch - shank, calf, row.shin) + reflex,
            moment,
            slope,
            share,
        )

    def load(
        self,
        row: StanceRow,
        since_row: float,
        per_stride_s: float,
        moment: float,
        reflex: float,
        slope: float,
        flat: float,
    ) -> None:
        """Be turned down about the heel for one millisecond; see ``swing``.

        Parameters
        ----------
        row, since_row, per_stride_s, moment, reflex, slope
            As there.
        flat : float
            Pitch of the flat foot, rad.
        """
        squared = per_stride_s * per_stride_s
        shank = row.shank + row.shank_rate * since_row
        lever = (self.pitch - flat) / ROCKER_FALL_RAD
        lever = 0.0 if lever < 0.0 else min(lever, 1.0)
        rocker = self._rocker * min(1.0, row.ground_per_kg / FULL_GROUND_N_PER_KG) * lever
        rocker += self._rocker_damping * self.rate
        self._fall(
            shank,
            row.shank_rate * per_stride_s,
            row.forward * squared,
            row.upward * squared,
            self.passive(self.pitch - shank, row.calf, row.shin) + reflex + rocker,
            moment,
            slope,
            1.0,
        )

    def _fall(
        self,
        shank: float,
        shank_rate: float,
        ax: float,
        ay: float,
        against: float,
        moment: float,
        slope: float,
        share: float,
    ) -> None:
        """Take one step of free motion; ``against`` is all that plantarflexes, Nm."""
        pitch, rate = self.pitch, self.rate
        angle = pitch - shank
        damping = self._damping
        total = -against
        if moment > 0.0:
            # The rate of now: that of half a step ago, and on by half a step; of now in the first.
            on = 0.5 * STEP_S * self.acceleration if share == 1.0 else 0.0
            total += moment * self.gain(angle, rate + on - shank_rate)
        if self._orthosis.worn:
            braced = self._orthosis.moment(angle)
            total += braced
            if braced != 0.0:
                damping += self._orthosis.damping
        up = GRAVITY
        forward = ax
        if slope != 0.0:
            up = GRAVITY * cos(slope)
            forward += GRAVITY * sin(slope)
        total -= self._mass * self._com * ((up + ay) * cos(pitch) - forward * sin(pitch))
        step = STEP_S * share / self._inertia
        half = 0.5 * step * damping
        after = (rate * (1.0 - half) + step * (total + damping * shank_rate)) / (1.0 + half)
        self.acceleration = (after - rate) / (STEP_S * share)
        self.rate = after
        self.pitch = pitch + STEP_S * after
        self.omega = after - shank_rate
        self.angle = angle + STEP_S * self.omega

    def land(self, sole: float, sole_rate: float, shank: float, shank_rate: float) -> None:
        """Be turned by the ground towards a pitch, or stay there, for one millisecond.

        Parameters
        ----------
        sole, sole_rate : float
            Where the ground holds a foot that is down, and how that moves; rad, rad/s.
        shank, shank_rate : float
            Tilt at the end of the step, rad, and its rate.
        """
        ahead = self.pitch + sole_rate * STEP_S
        pitch = ahead + (sole - ahead) * LANDING_WEIGHT
        self.ride(pitch, (pitch - self.pitch) / STEP_S, shank, shank_rate)
