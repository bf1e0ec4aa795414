"""In which walks an injection's fault is certain: what the row says with ``only``."""

from typing import Final

from fes_ctrl.gait import HEEL
from fes_ctrl.model import HEEL_SWITCH
from fes_ctrl.safety.pace import CROWD, WITHIN_US
from fes_ctrl.units import us_from_ms
from firmware_sim.injections import BY_NAME, Injection, amount_of
from hil.config import WalkConfig
from hil.patient.sensors.lying import IMUS

SLEPT_MS: Final = 1_000.0
"""A clock that is ahead by less than this has not jumped."""

SPOKEN_US: Final = 1_000_000
"""By then every sensor that is worn has been heard of."""

HURRIED_MS: Final = WITHIN_US / 1e3 / (CROWD - 1)
"""Strides shorter than this are no steps."""


def is_certain(config: WalkConfig, injection: Injection) -> bool:
    """Return whether an injection's fault is certain in a walk; see ``only`` of its row."""
    name, from_us, to_us, _ = injection
    row = BY_NAME[name]
    if not row.certain:
        return False
    control = config.control
    amount = amount_of(name, injection.amount)
    age_ms = control.limits.sensor_max_age_ms
    match name:
        case "sensor_frozen":
            return control.detector.name == row.detector
        case "heel_chatters":
            on_heel = [each for each in config.inject if each.name.startswith("heel_")]
            return len(on_heel) < 2 and _hurries(config, amount)
        case "imu_silent":
            return (
                control.detector.name == row.detector
                and from_us >= SPOKEN_US
                and all(_imu_and_more(leg.sensors.worn) for leg in config.patient.leg)
            )
        case "sensor_late":
            return amount >= age_ms
        case "legs_swapped":
            return len(config.sensed) == 1
        case "answers_delayed":
            return amount >= control.stimulator.ack_deadline_ms
        case "clock_forward":
            return amount * 1e3 > SLEPT_MS + age_ms + 100.0
        case "host_suspended":
            return to_us - from_us > us_from_ms(SLEPT_MS + age_ms + 100.0)
    return True


def _imu_and_more(worn: tuple[str, ...]) -> bool:
    """Return whether a leg wears an IMU and another sensor; by default it does, for ``fused``."""
    imus = [sensor for sensor in worn if sensor in IMUS]
    return not worn or 0 < len(imus) < len(worn)


def _hurries(config: WalkConfig, times_per_s: float) -> bool:
    """Return whether every stride that a switch which chatters makes up is too short for one."""
    detector = config.control.detector
    if detector.name != HEEL:
        return False
    half_ms = 500.0 / times_per_s
    longest_ms = 0.0
    for lock_ms in (detector.heel.min_loaded_ms, detector.heel.min_unloaded_ms):
        # Once the lock-out is over, the next change at the latest is believed.
        longest_ms += half_ms if half_ms >= lock_ms else lock_ms + half_ms
    for leg in config.patient.leg:
        packets = leg.sensors.packets
        late_ms = 2.0 * (1e3 / packets.rate_hz)
        rough = packets.loss_probability > 0.0 or packets.stalls_per_min > 0.0
        unworn = leg.sensors.worn and HEEL_SWITCH not in leg.sensors.worn
        if rough or unworn or longest_ms + late_ms >= HURRIED_MS:
            return False
    return True
