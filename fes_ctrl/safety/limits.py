"""What may be given at most: absolute caps that no file can raise, and a file's narrower limits.

The narrowest wins, and a running walk can only narrow. The defaults stay below what marketed
drop-foot stimulators give (0-100 mA, 25-360 us, 17-60 Hz, bursts of up to 3 s) and far below the
300 mJ a pulse and 50 mA r.m.s. of IEC 60601-2-10 clause 201.12.4.104; what binds in practice is
charge, current density at small electrodes, and time.
"""

from dataclasses import replace
from math import isfinite
from typing import Any, Final

from fes_ctrl.safety.account import SECOND_US
from fes_ctrl.safety.config import LimitsConfig
from fes_ctrl.safety.limit_rows import BY_KEY, FIXED, HIGHER
from fes_ctrl.units import MicroAmp, PicoCoulomb, Us, ua_from_ma, us_from_ms

CAP_CURRENT_UA: Final = 100_000
CAP_WIDTH_US: Final = 500
LEAST_INTERVAL_US: Final = 10_000
CAP_CHARGE_PC: Final = 40_000_000
CAP_BURST_US: Final = 3_000_000
CAP_RMS_UA: Final = 50_000
CAP_DENSITY_UA_PER_CM2: Final = 10_000.0
CAP_POWER_W_PER_CM2: Final = 0.25
CAP_AREA_CM2: Final = 200.0
CAP_ENERGY_MJ: Final = 300.0
CAP_VOLTAGE_V: Final = 500.0
CAP_NET_PC: Final = 1_000_000
CAP_START_UA: Final = 50_000
CAP_LEVEL_STEP_UA: Final = 50_000
CAP_DUTY_PERCENT: Final = 100.0
CAP_DOSE_PC: Final = 100_000_000_000_000
CAP_SESSION_US: Final = 86_400_000_000
CAP_SENSOR_AGE_US: Final = 500_000
CAP_ANSWER_AGE_US: Final = 500_000
CAP_LIFE_US: Final = 100_000
LEAST_LOAD_OHM: Final = 500.0


class Limits:
    """The limits in force, in the units of a setpoint: of cap, file and input the narrowest.

    Currents over time are limits of one sum, the square of the current integrated over a second,
    in uA2 us: ``rms_square``, ``density_square`` and ``power_square``, ``square`` the least.
    """

    __slots__ = (
        "answer_max_age_us",
        "burst_us",
        "charge_pc",
        "config",
        "current_ua",
        "density_square",
        "dose_pc",
        "duty_percent",
        "duty_warn_percent",
        "energy_square",
        "level_step_ua",
        "life_us",
        "min_interval_us",
        "net_pc",
        "power_square",
        "ramp_us",
        "rms_square",
        "sensor_max_age_us",
        "session_us",
        "square",
        "start_ua",
        "voltage_ua",
        "width_us",
    )

    def __init__(self, config: LimitsConfig) -> None:
        self._take(config)

    def _take(self, config: LimitsConfig) -> None:
        self.config = config
        self.current_ua: MicroAmp = min(CAP_CURRENT_UA, ua_from_ma(config.current_mA))
        self.width_us: Us = min(CAP_WIDTH_US, int(config.pulse_width_us))
        # Round the interval up: a limit of 30 Hz must not let 30.0003 Hz through.
        self.min_interval_us: Us = max(LEAST_INTERVAL_US, -int(-1_000_000 // config.rate_hz))
        self.charge_pc: PicoCoulomb = min(
            CAP_CHARGE_PC, round(config.charge_per_phase_uC * 1_000_000)
        )
        self.burst_us: Us = min(CAP_BURST_US, us_from_ms(config.burst_ms))
        self.duty_warn_percent: float = min(CAP_DUTY_PERCENT, config.duty_warn_percent)
        self.sensor_max_age_us: Us = min(CAP_SENSOR_AGE_US, us_from_ms(config.sensor_max_age_ms))
        self.answer_max_age_us: Us = min(CAP_ANSWER_AGE_US, us_from_ms(config.answer_max_age_ms))
        self.life_us: Us = min(CAP_LIFE_US, us_from_ms(config.setpoint_max_life_ms))
        self._take_over_time(config)
        self.net_pc: PicoCoulomb = min(CAP_NET_PC, round(config.net_charge_uC * 1_000_000))
        self.start_ua: MicroAmp = min(CAP_START_UA, ua_from_ma(config.start_mA))
        self.level_step_ua: MicroAmp = min(CAP_LEVEL_STEP_UA, ua_from_ma(config.level_step_mA))
        self.ramp_us: Us = us_from_ms(config.ramp_min_ms)
        self.duty_percent: float = min(CAP_DUTY_PERCENT, config.duty_percent)
        self.dose_pc: PicoCoulomb = min(CAP_DOSE_PC, round(config.dose_mC * 1e9))
        self.session_us: Us = min(CAP_SESSION_US, round(config.session_min * 60e6))

    def _take_over_time(self, config: LimitsConfig) -> None:
        area_cm2 = min(CAP_AREA_CM2, config.electrode_area_cm2)
        load_ohm = max(LEAST_LOAD_OHM, config.load_ohm)
        rms_ua = min(float(CAP_RMS_UA), config.rms_mA * 1e3)
        density_ua = area_cm2 * min(CAP_DENSITY_UA_PER_CM2, config.density_mA_per_cm2 * 1e3)
        power_w = area_cm2 * min(CAP_POWER_W_PER_CM2, config.power_density_W_per_cm2)
        self.rms_square: int = round(rms_ua * rms_ua * SECOND_US)
        self.density_square: int = round(density_ua * density_ua * SECOND_US)
        # W / ohm is A2, J / ohm A2 s, and an A2 1e12 uA2.
        self.power_square: int = round(power_w / load_ohm * 1e12 * SECOND_US)
        self.square: int = min(self.rms_square, self.density_square, self.power_square)
        energy_mj = min(CAP_ENERGY_MJ, config.pulse_energy_mJ)
        self.energy_square: int = round(energy_mj / 1e3 / load_ohm * 1e12 * SECOND_US)
        self.voltage_ua: MicroAmp = round(min(CAP_VOLTAGE_V, config.voltage_V) / load_ohm * 1e6)

    def narrow(self, key: str, value: float) -> str:
        """Take a narrower value of one limit, in the unit of its key.

        Parameters
        ----------
        key : str
            A key of ``LimitsConfig``.
        value : float
            At least as narrow as what is in force.

        Returns
        -------
        str
            Empty where it holds from now on, else why it is refused; nothing has changed then.
        """
        row = BY_KEY.get(key)
        if row is None:
            return f"limits.{key}: there is no such limit"
        told = f"limits.{key} = {value:g}"
        if row.narrower == FIXED:
            return f"{told}: cannot be changed in a walk; write it into the limits file"
        if not isfinite(value) or value <= 0.0:
            return f"{told}: must be a finite number above 0"
        present: float = getattr(self.config, key)
        if row.narrower == HIGHER and value < present:
            return f"{told}: would widen the {present:g} in force; a walk can only raise it"
        if row.narrower != HIGHER and value > present:
            return f"{told}: would widen the {present:g} in force; a walk can only lower it"
        # A whole number of microseconds stays below the value, so it is no wider.
        whole: Any = int(value) if key == "pulse_width_us" else value
        config = replace(self.config, **{key: whole})
        try:
            Limits(config)
        except ArithmeticError:
            return f"{told}: no stimulator has such a limit"
        self._take(config)
        return ""
