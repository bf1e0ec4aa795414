"""What may be given at most: absolute caps that no file can raise, and a file's narrower limits.

The narrowest wins. The defaults stay below what marketed drop-foot stimulators give (0-100 mA,
25-360 us, 17-60 Hz, bursts of up to 3 s) and far below the 300 mJ a pulse and 50 mA r.m.s. of
IEC 60601-2-10 clause 201.12.4.104; what binds in practice is charge, and time.
"""

from typing import Final

from fes_ctrl.safety.config import LimitsConfig
from fes_ctrl.units import MicroAmp, PicoCoulomb, Us, ua_from_ma, us_from_ms

CAP_CURRENT_UA: Final = 100_000
CAP_WIDTH_US: Final = 500
CAP_RATE_HZ: Final = 100
CAP_CHARGE_PC: Final = 40_000_000
CAP_BURST_US: Final = 3_000_000


class Limits:
    """The limits in force, in the units of a setpoint: of cap and file the narrower one."""

    __slots__ = (
        "answer_max_age_us",
        "burst_us",
        "charge_pc",
        "current_ua",
        "duty_warn_percent",
        "life_us",
        "min_interval_us",
        "sensor_max_age_us",
        "width_us",
    )

    def __init__(self, config: LimitsConfig) -> None:
        self.current_ua: MicroAmp = min(CAP_CURRENT_UA, ua_from_ma(config.current_mA))
        self.width_us: Us = min(CAP_WIDTH_US, config.pulse_width_us)
        # Round the interval up: a limit of 30 Hz must not let 30.0003 Hz through.
        self.min_interval_us: Us = max(1_000_000 // CAP_RATE_HZ, -int(-1_000_000 // config.rate_hz))
        self.charge_pc: PicoCoulomb = min(
            CAP_CHARGE_PC, round(config.charge_per_phase_uC * 1_000_000)
        )
        self.burst_us: Us = min(CAP_BURST_US, us_from_ms(config.burst_ms))
        self.duty_warn_percent: float = config.duty_warn_percent
        self.sensor_max_age_us: Us = us_from_ms(config.sensor_max_age_ms)
        self.answer_max_age_us: Us = us_from_ms(config.answer_max_age_ms)
        self.life_us: Us = us_from_ms(config.setpoint_max_life_ms)
