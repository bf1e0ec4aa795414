"""What one patient is, as data: every number with its source, or marked as an assumption."""

from dataclasses import dataclass
from typing import Annotated, Literal

from annotated_types import Ge, Gt, Le, MinLen


@dataclass(frozen=True, slots=True)
class MuscleConfig:
    """The dorsiflexors under stimulation: Ding 2003 with amplitude recruitment by Hmed 2018.

    Attributes
    ----------
    strength : float
        Scales the moment; 0 is a muscle that no longer answers.
    moment_per_force_m : float
        Ankle moment per newton of the model's force: 315 N of tetanus give 20 Nm. Assumption:
        full recruitment of the dorsiflexors gives 15 to 20 Nm.
    a_rest_N_per_s, tau1_rest_s, tau2_s, km_rest, tau_c_s : float
        Ding, Wexler, Binder-Macleod, J Electromyogr Kinesiol 13:575, 2003 (quadriceps).
    tau_fatigue_s, alpha_a_per_s2, alpha_km_per_s_N, alpha_tau1_per_N : float
        Fatigue of the same model.
    fatigue_scale : float
        Scales the three alphas: 1 for stimulation over the muscle point, about 0.1 for the nerve
        (an estimate).
    half_current_mA, recruitment_slope_per_mA, recruitment_gain, recruitment_offset : float
        Hmed et al., Comput Biol Med 101:218, 2018: ``gain * (tanh(slope * (I - half)) + offset)``.
    delay_ms : float
        From pulse to calcium. Evoked electromechanical delay is about 17 ms to force.
    """

    strength: Annotated[float, Ge(0), Le(3)] = 1.0
    moment_per_force_m: Annotated[float, Gt(0), Le(1)] = 0.0635
    a_rest_N_per_s: Annotated[float, Gt(0), Le(20_000)] = 3009.0
    tau1_rest_s: Annotated[float, Gt(0), Le(1)] = 0.050957
    tau2_s: Annotated[float, Gt(0), Le(1)] = 0.060
    km_rest: Annotated[float, Gt(0), Le(2)] = 0.103
    tau_c_s: Annotated[float, Gt(0), Le(0.5)] = 0.020
    tau_fatigue_s: Annotated[float, Gt(0), Le(3600)] = 127.0
    alpha_a_per_s2: Annotated[float, Ge(-10), Le(0)] = -0.4
    alpha_km_per_s_N: Annotated[float, Ge(0), Le(1)] = 1.9e-5
    alpha_tau1_per_N: Annotated[float, Ge(0), Le(1)] = 2.1e-5
    fatigue_scale: Annotated[float, Ge(0), Le(10)] = 0.1
    half_current_mA: Annotated[float, Gt(0), Le(200)] = 63.1
    recruitment_slope_per_mA: Annotated[float, Gt(0), Le(1)] = 0.026
    recruitment_gain: Annotated[float, Gt(0), Le(5)] = 0.586
    recruitment_offset: Annotated[float, Ge(0), Le(5)] = 0.833
    delay_ms: Annotated[float, Ge(1), Le(100)] = 10.0


@dataclass(frozen=True, slots=True)
class AnkleConfig:
    """One foot about one ankle; lengths and masses scale with the patient.

    Attributes
    ----------
    foot_mass_fraction : float
        Of body mass: Winter/Dempster 0.0145.
    com_forward_fraction : float
        Centre of mass ahead of the ankle, of body height: 0.0768 m at 1.80 m (gait2d constants).
    gyration_fraction : float
        Radius of gyration about the ankle, of body height: 0.690 of the line from malleolus to
        second metatarsal (Winter), taken as 0.13 m at 1.80 m.
    shoe_kg : float
        A shoe, its mass taken at 1.2 times the foot's centre of mass. Assumption.
    damping_Nms_per_rad : float
        Viscous damping; published values run from 0.1 to 0.8. Assumption.
    calf_scale : float
        Scales the passive calf: 1 healthy; 1.5 matches Chung 2004 for spastic calves.
    arm_m, optimum_m, width, v_max_m_per_s, fv_short, fv_long, fv_gain : float
        Moment arm and the length and velocity factors of the dorsiflexors (the set used with
        Benoussaad's drop-foot model).
    rocker_Nm_per_kg : float
        Peak of the plantarflexing moment of the ground after heel contact: 0.15 to 0.25.
    """

    foot_mass_fraction: Annotated[float, Gt(0), Le(0.1)] = 0.0145
    com_forward_fraction: Annotated[float, Gt(0), Le(0.2)] = 0.0427
    gyration_fraction: Annotated[float, Gt(0), Le(0.2)] = 0.0498
    shoe_kg: Annotated[float, Ge(0), Le(3)] = 0.35
    damping_Nms_per_rad: Annotated[float, Gt(0), Le(5)] = 0.4
    calf_scale: Annotated[float, Ge(0), Le(5)] = 1.0
    arm_m: Annotated[float, Gt(0), Le(0.2)] = 0.037
    optimum_m: Annotated[float, Gt(0), Le(0.5)] = 0.098
    width: Annotated[float, Gt(0), Le(3)] = 0.56
    v_max_m_per_s: Annotated[float, Gt(0), Le(5)] = 0.9
    fv_short: Annotated[float, Gt(0), Le(2)] = 0.18
    fv_long: Annotated[float, Gt(0), Le(2)] = 0.023
    fv_gain: Annotated[float, Gt(0), Le(3)] = 1.33
    rocker_Nm_per_kg: Annotated[float, Ge(0), Le(1)] = 0.20


@dataclass(frozen=True, slots=True)
class SensorConfig:
    """The heel switch and the foot IMU of one leg.

    Attributes
    ----------
    worn : tuple of str
        Which of them the leg wears; none named: those that the detector reads.
    rate_hz : float
        Readings per second of each.
    latency_ms, latency_jitter_ms : float
        Least time from measurement to arrival, and what is added at random; never zero.
    bounce_ms : float
        The switch chatters for up to so long after it opens or closes.
    gyro_noise_deg_per_s, acc_noise_m_per_s2 : float
        Standard deviation of white noise.
    gyro_bias_deg_per_s : float
        Constant offset of each axis.
    mount_deg : float
        Rotation of the IMU about the foot's long axis: no sensor sits straight.
    """

    worn: tuple[Literal["heel_switch", "foot_imu"], ...] = ()
    rate_hz: Annotated[float, Ge(20), Le(400)] = 100.0
    latency_ms: Annotated[float, Ge(0.1), Le(500)] = 2.0
    latency_jitter_ms: Annotated[float, Ge(0), Le(500)] = 2.0
    bounce_ms: Annotated[float, Ge(0), Le(50)] = 15.0
    gyro_noise_deg_per_s: Annotated[float, Ge(0), Le(50)] = 0.5
    acc_noise_m_per_s2: Annotated[float, Ge(0), Le(10)] = 0.05
    gyro_bias_deg_per_s: Annotated[float, Ge(-50), Le(50)] = 0.3
    mount_deg: Annotated[float, Ge(-180), Le(180)] = 12.0


@dataclass(frozen=True, slots=True)
class LegConfig:
    """One affected leg."""

    side: Literal["left", "right"] = "right"
    channel: Annotated[int, Ge(0), Le(7)] = 0
    muscle: MuscleConfig = MuscleConfig()
    ankle: AnkleConfig = AnkleConfig()
    sensors: SensorConfig = SensorConfig()


@dataclass(frozen=True, slots=True)
class PatientConfig:
    """One patient.

    Attributes
    ----------
    name : str
        For people to read.
    height_m, mass_kg : float
        Of the body; foot and leg scale with them.
    stride_s, stride_cv_percent : float
        Stride time and its variation from stride to stride.
    leg : tuple of LegConfig
        The legs with drop foot.
    """

    name: str = "flaccid drop foot"
    height_m: Annotated[float, Ge(0.8), Le(2.3)] = 1.75
    mass_kg: Annotated[float, Ge(10), Le(250)] = 75.0
    stride_s: Annotated[float, Ge(0.6), Le(4)] = 1.1
    stride_cv_percent: Annotated[float, Ge(0), Le(20)] = 2.0
    leg: Annotated[tuple[LegConfig, ...], MinLen(1)] = (LegConfig(),)
