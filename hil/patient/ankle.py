"""The foot about the moving ankle: four ways a foot moves in a stride, a millisecond at a time.

*Prescribed* in stance, where the ground holds it; *swinging* freely after toe-off under gravity,
muscle, passive tissue and the ankle's own acceleration; *loading* after a heel-first contact,
when the ground turns it down about the heel; *landing* after a flat or toe-first contact, when
the ground turns it up onto the heel. Angles in radians inside, toe-up and dorsiflexion positive.

References
----------
Passive moment: Riener and Edrich, J Biomech 32:539, 1999 (its angle is plantarflexion-positive).
Rocker: the lever of the ground reaction falls to nothing at foot flat, with a peak of 0.15 to
0.25 Nm per kg of body mass; a constant lever would ask more than any stimulated muscle has.
"""

from math import cos, degrees, exp, radians, sin
from typing import Final

from hil.patient.config import AnkleConfig
from hil.patient.gait_table import FLAT_RAD, Stride

STEP_S: Final = 0.001
GRAVITY: Final = 9.81

GAUSS_PF: Final = 1.792
"""Constant of the passive moment, Nm."""

FLAT_MARGIN_RAD: Final = radians(1.0)
"""A foot this close to flat is flat."""

LANDING_TAU_S: Final = 0.012
"""Time constant with which the ground turns a foot that lands flat or toe first. Assumption."""

SLAP_RATE: Final = radians(884.0)
"""A forefoot that meets the ground faster slaps: 95 % of 19 able walkers stayed below 884 deg/s
after contact (median 378)."""

SWITCH_MARGIN_RAD: Final = radians(2.0)
"""The heel bears on the ground when the foot is so close to flat."""


class Ankle:
    """State of one foot.

    Parameters
    ----------
    config : AnkleConfig
        Shares and factors.
    height_m, mass_kg : float
        Of the body.

    Attributes
    ----------
    pitch, rate, acceleration : float
        Of the foot against the horizontal, rad, rad/s, rad/s2.
    torque_Nm : float
        Of the stimulated muscle, at the last step.
    angle_deg : float
        Of the ankle, dorsiflexion positive.
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
        "_optimum",
        "_rocker",
        "_v_max",
        "_width",
        "acceleration",
        "angle_deg",
        "pitch",
        "rate",
        "torque_Nm",
    )

    def __init__(self, config: AnkleConfig, height_m: float, mass_kg: float) -> None:
        foot_kg = config.foot_mass_fraction * mass_kg
        com_m = config.com_forward_fraction * height_m
        shoe_m = 1.2 * com_m
        self._mass: float = foot_kg + config.shoe_kg
        self._com: float = (foot_kg * com_m + config.shoe_kg * shoe_m) / self._mass
        self._inertia: float = (
            foot_kg * (config.gyration_fraction * height_m) ** 2 + config.shoe_kg * shoe_m**2
        )
        self._damping: float = config.damping_Nms_per_rad
        self._calf_scale: float = config.calf_scale
        self._arm: float = config.arm_m
        self._optimum: float = config.optimum_m
        self._width: float = config.width * config.optimum_m
        self._v_max: float = config.v_max_m_per_s
        self._fv_short: float = config.fv_short * config.v_max_m_per_s
        self._fv_long: float = config.fv_long
        self._fv_gain: float = config.fv_gain
        self._rocker: float = config.rocker_Nm_per_kg * mass_kg
        self.pitch: float = FLAT_RAD
        self.rate: float = 0.0
        self.acceleration: float = 0.0
        self.torque_Nm: float = 0.0
        self.angle_deg: float = 0.0

    def gain(self, angle: float, rate: float) -> float:
        """Return the length and velocity factor of the muscle at an ankle angle and rate.

        Parameters
        ----------
        angle, rate : float
            rad and rad/s, dorsiflexion positive (the muscle shortens).
        """
        stretch = -self._arm * angle / self._width
        speed = self._arm * rate
        if speed >= 0.0:
            velocity = (1.0 - speed / self._v_max) / (1.0 + speed / self._fv_short)
        else:
            ratio = -speed / self._fv_long
            velocity = (1.0 + self._fv_gain * ratio) / (1.0 + ratio)
        return max(0.0, velocity) * exp(-stretch * stretch)

    def prescribe(
        self,
        stride: Stride,
        index: int,
        steps: int,
        moment: list[float],
        push: list[float],
    ) -> None:
        """Follow the table: flat until mid-stance, then as the able foot does.

        Parameters
        ----------
        stride : Stride
            The present one.
        index : int
            Present millisecond in it.
        steps : int
            How far.
        moment : list of float
            What the muscle would give at every step, Nm, without length and velocity factors.
        push : list of float
            Two sums that are added to: work taken by the muscle from plantarflexion, and the
            able ankle's work per kg, both between heel-off and toe-off.
        """
        pitch, rate = self.pitch, self.rate
        heel_off = stride.heel_off
        taken, able = push
        torque = self.torque_Nm
        before = rate
        for k in range(steps):
            index += 1
            # A foot that came down early stays flat until the able one is down as well.
            target = stride.pitch_rad[index]
            if index < heel_off and target > FLAT_RAD:
                target = FLAT_RAD
            before = rate
            rate = (target - pitch) / STEP_S
            pitch = target
            if index > heel_off:
                omega = stride.pitch_rate[index] - stride.shank_rate[index]
                torque = moment[k] * self.gain(pitch - stride.shank_rad[index], omega)
                if omega < 0.0:
                    taken -= torque * omega * STEP_S
                    able -= stride.moment_per_kg[index] * omega * STEP_S
            else:
                torque = moment[k]
        push[0], push[1] = taken, able
        self.pitch, self.rate, self.torque_Nm = pitch, rate, torque
        self.acceleration = (rate - before) / STEP_S
        self.angle_deg = degrees(pitch - stride.shank_rad[index])

    def swing(
        self,
        stride: Stride,
        index: int,
        steps: int,
        moment: list[float],
        *,
        loaded: bool,
        heights: list[float],
    ) -> int:
        """Move freely; in ``loaded`` contact also under the ground's moment about the heel.

        Parameters
        ----------
        stride, index, steps, moment
            As for ``prescribe``.
        loaded : bool
            The heel is down: stop when the foot is flat.
        heights : list of float
            Appended to in swing: pitch at every step.

        Returns
        -------
        int
            Steps taken; fewer than asked for where a loaded foot came flat.
        """
        pitch, rate, torque = self.pitch, self.rate, self.torque_Nm
        damping_share = STEP_S * self._damping / self._inertia
        lag = 1.0 / (1.0 + damping_share)
        push = STEP_S / self._inertia
        weight = self._mass * self._com
        calf_scale = self._calf_scale
        shank, shank_rate = stride.shank_rad, stride.shank_rate
        ax, ay, calf, shin = stride.ankle_ax, stride.ankle_ay, stride.calf, stride.shin
        rocker, rocker_peak = stride.rocker, self._rocker
        arm, width, v_max = self._arm, self._width, self._v_max
        fv_short, fv_long, fv_gain = self._fv_short, self._fv_long, self._fv_gain
        to_deg = 57.29577951308232
        before = rate
        taken = 0
        for k in range(steps):
            index += 1
            shank_rate_now = shank_rate[index]
            angle = pitch - shank[index]
            omega = rate - shank_rate_now
            angle_deg = angle * to_deg
            speed = arm * omega
            if speed >= 0.0:
                velocity = (1.0 - speed / v_max) / (1.0 + speed / fv_short)
                if velocity < 0.0:
                    velocity = 0.0
            else:
                ratio = -speed / fv_long
                velocity = (1.0 + fv_gain * ratio) / (1.0 + ratio)
            stretch = arm * angle / width
            torque = moment[k] * velocity * exp(-stretch * stretch)
            passive = (
                calf_scale * calf[index] * exp(0.0843 * angle_deg)
                - shin[index] * exp(-0.1949 * angle_deg)
                - GAUSS_PF
            )
            weight_now = weight * ((GRAVITY + ay[index]) * cos(pitch) - ax[index] * sin(pitch))
            total = torque - passive - weight_now
            if loaded:
                total -= rocker_peak * rocker[index]
            before = rate
            rate = (rate + push * total + damping_share * shank_rate_now) * lag
            pitch += STEP_S * rate
            taken += 1
            if loaded:
                if pitch <= FLAT_RAD + FLAT_MARGIN_RAD:
                    break
            else:
                heights.append(pitch)
        self.pitch, self.rate, self.torque_Nm = pitch, rate, torque
        self.acceleration = (rate - before) / STEP_S
        self.angle_deg = degrees(pitch - shank[index])
        return taken

    def land(self, stride: Stride, index: int, steps: int, moment: list[float]) -> int:
        """Be turned onto the flat sole by the ground; return the steps taken until flat."""
        share = 1.0 - exp(-STEP_S / LANDING_TAU_S)
        taken = 0
        for k in range(steps):
            index += 1
            change = (FLAT_RAD - self.pitch) * share
            before = self.rate
            self.rate = change / STEP_S
            self.acceleration = (self.rate - before) / STEP_S
            self.pitch += change
            self.torque_Nm = moment[k]
            taken += 1
            if abs(self.pitch - FLAT_RAD) <= FLAT_MARGIN_RAD:
                break
        self.angle_deg = degrees(self.pitch - stride.shank_rad[index])
        return taken
