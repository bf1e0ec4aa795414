"""What the sensors of one leg are and what is wrong with them, as data."""

from dataclasses import dataclass
from typing import Annotated, Literal, TypeAlias

from annotated_types import Ge, Gt, Le

SensorName: TypeAlias = Literal[
    "heel_switch", "forefoot_switch", "heel_force", "fore_force", "foot_imu", "shank_imu"
]
Angle: TypeAlias = Annotated[float, Ge(-180), Le(180)]
Rate: TypeAlias = Annotated[float, Ge(-50), Le(50)]
Acceleration: TypeAlias = Annotated[float, Ge(-10), Le(10)]


@dataclass(frozen=True, slots=True)
class SwitchConfig:
    """A switch under one part of the foot.

    Attributes
    ----------
    close_N, open_N : float
        Load above which it closes, and below which it opens. The heel detector's thresholds on a
        force, which give contacts with an F1 of about 0.98 on insole recordings.
    bounce_ms : float
        It chatters for up to so long after it opens or closes. Assumption.
    """

    close_N: Annotated[float, Gt(0), Le(2000)] = 40.0
    open_N: Annotated[float, Gt(0), Le(2000)] = 20.0
    bounce_ms: Annotated[float, Ge(0), Le(50)] = 15.0

    def __post_init__(self) -> None:
        """Refuse a hysteresis that is none."""
        if self.open_N >= self.close_N:
            message = f"open_N {self.open_N:g} must lie below close_N {self.close_N:g}"
            raise ValueError(message)


@dataclass(frozen=True, slots=True)
class ForceConfig:
    """A force sensor under one part of the foot.

    Attributes
    ----------
    gain_error_percent : float
        It reads so much more than there is.
    offset_N, drift_N_per_min : float
        Added to the reading, at the start and with every minute.
    limit_N : float
        It reads from 0 to this. Assumption: twice the weight of 75 kg is enough for walking.
    """

    gain_error_percent: Annotated[float, Ge(-90), Le(100)] = 0.0
    offset_N: Annotated[float, Ge(-500), Le(500)] = 0.0
    drift_N_per_min: Annotated[float, Ge(-100), Le(100)] = 0.0
    limit_N: Annotated[float, Gt(0), Le(10_000)] = 1500.0


@dataclass(frozen=True, slots=True)
class ImuConfig:
    """An inertial sensor on one segment.

    Attributes
    ----------
    mount_deg : tuple of float
        How it is turned against its segment: about the segment's x (forwards), then its y (to
        the left), then its z (up). No sensor sits straight. Assumption.
    gyro_bias_deg_per_s, acc_bias_m_per_s2 : tuple of float
        Constant offset of each of its axes. Assumption.
    gyro_drift_deg_per_s_per_min : tuple of float
        How fast the offset of each rate grows.
    gyro_noise_deg_per_s, acc_noise_m_per_s2 : float
        Standard deviation of white noise. Assumption. Less than a step of the converter, and an
        axis that nothing moves reads ever the same: after half a second of walking it is frozen.
    gyro_range_deg_per_s, acc_range_g : float
        It reads no more than this: the widest ranges of the usual 16-bit parts.
    """

    mount_deg: tuple[Angle, Angle, Angle] = (12.0, 0.0, 0.0)
    gyro_bias_deg_per_s: tuple[Rate, Rate, Rate] = (0.3, 0.3, 0.3)
    acc_bias_m_per_s2: tuple[Acceleration, Acceleration, Acceleration] = (0.0, 0.0, 0.0)
    gyro_drift_deg_per_s_per_min: tuple[Rate, Rate, Rate] = (0.0, 0.0, 0.0)
    gyro_noise_deg_per_s: Annotated[float, Ge(0), Le(50)] = 0.5
    acc_noise_m_per_s2: Annotated[float, Ge(0), Le(10)] = 0.05
    gyro_range_deg_per_s: Annotated[float, Ge(10), Le(4000)] = 2000.0
    acc_range_g: Annotated[float, Ge(1), Le(200)] = 16.0


@dataclass(frozen=True, slots=True)
class PacketConfig:
    """How readings reach the host: one packet for every instant at which the sensors are read.

    Attributes
    ----------
    rate_hz : float
        Packets per second, as the sensor's clock counts them.
    clock_error_ppm : float
        The sensor's clock runs fast by so much, so packets come that much more often. Stamps
        stay in the host's time, as a driver that has synchronised the clocks gives them.
    latency_ms, latency_jitter_ms : float
        Least time from measurement to arrival, and what is added at random; never zero.
    loss_probability, duplicate_probability : float
        That a packet never arrives, and that one that arrives comes a second time.
    stalls_per_min : float
        How often the host stalls: nothing arrives, then what has queued up. In 14 recordings of
        a foot IMU (Sanchez Manchola et al. 2019, Sensors 19:2988) it is 1.1 times a minute,
        counting gaps of more than 0.25 s.
    stall_min_s, stall_max_s : float
        Shortest and longest stall, all alike likely. In those recordings 0.3 to 4.5 s (10th and
        90th percentile), 1.4 s in the middle.
    """

    rate_hz: Annotated[float, Ge(20), Le(400)] = 100.0
    clock_error_ppm: Annotated[float, Ge(-10_000), Le(10_000)] = 0.0
    latency_ms: Annotated[float, Ge(0.1), Le(500)] = 2.0
    latency_jitter_ms: Annotated[float, Ge(0), Le(500)] = 2.0
    loss_probability: Annotated[float, Ge(0), Le(1)] = 0.0
    duplicate_probability: Annotated[float, Ge(0), Le(1)] = 0.0
    stalls_per_min: Annotated[float, Ge(0), Le(60)] = 0.0
    stall_min_s: Annotated[float, Gt(0), Le(10)] = 0.3
    stall_max_s: Annotated[float, Gt(0), Le(10)] = 2.0

    def __post_init__(self) -> None:
        """Refuse stalls that are longer than they may be."""
        if self.stall_min_s > self.stall_max_s:
            message = (
                f"stall_min_s {self.stall_min_s:g} must not exceed stall_max_s {self.stall_max_s:g}"
            )
            raise ValueError(message)


@dataclass(frozen=True, slots=True)
class SensorConfig:
    """The sensors of one leg; only those that are worn are read.

    Attributes
    ----------
    worn : tuple of str
        Which of them the leg wears; none named: those that the detector reads.
    heel_stuck : str
        The heel switch reads ``open`` or ``closed`` whatever bears on it; ``no``: it works.
    stuck_from_s : float
        From when on it is stuck, seconds since the walk began.
    tremor_deg_per_s : float
        Root mean square of the rate with which a foot on the ground trembles; only inertial
        sensors feel it. In the stillest tenth of the recordings of stroke patients named at
        ``PacketConfig`` feet turn at 1 to 1.5 deg/s about their mean of 0.2 s.
    heel_switch, forefoot_switch : SwitchConfig
        The switches.
    heel_force, fore_force : ForceConfig
        The force sensors.
    foot_imu, shank_imu : ImuConfig
        The inertial sensors, on the instep and in the middle of the shank. A shank is long
        upwards, so its sensor is turned about that axis. Assumption.
    packets : PacketConfig
        How readings reach the host.
    """

    worn: tuple[SensorName, ...] = ()
    heel_stuck: Literal["no", "open", "closed"] = "no"
    stuck_from_s: Annotated[float, Ge(0), Le(36_000)] = 0.0
    tremor_deg_per_s: Annotated[float, Ge(0), Le(20)] = 1.0
    heel_switch: SwitchConfig = SwitchConfig()
    forefoot_switch: SwitchConfig = SwitchConfig()
    heel_force: ForceConfig = ForceConfig()
    fore_force: ForceConfig = ForceConfig()
    foot_imu: ImuConfig = ImuConfig()
    shank_imu: ImuConfig = ImuConfig(mount_deg=(0.0, 0.0, 12.0))
    packets: PacketConfig = PacketConfig()
