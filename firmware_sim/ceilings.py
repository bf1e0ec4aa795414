"""What the limiter lets through at most: its own reading of a limits file, under caps of its own.

The numbers of a bench or a study stand in one file, and guard, limiter and witness each read it
with their own code. So there is no second set of numbers that could be forgotten or loosened.
"""

import math
import tomllib
from pathlib import Path
from typing import Final

CAPS: Final[dict[str, float]] = {
    "current_mA": 100.0,
    "pulse_width_us": 500.0,
    "rate_hz": 100.0,
    "charge_per_phase_uC": 40.0,
    "net_charge_uC": 1.0,
    "burst_ms": 3_000.0,
    "duty_percent": 100.0,
    "rms_mA": 50.0,
    "density_mA_per_cm2": 10.0,
    "power_density_W_per_cm2": 0.25,
    "pulse_energy_mJ": 300.0,
    "voltage_V": 500.0,
    "start_mA": 50.0,
    "level_step_mA": 50.0,
    "dose_mC": 100_000.0,
    "session_min": 1_440.0,
    "electrode_area_cm2": 200.0,
}
"""Highest value of each key that a file may set; a file that has no such key has this one."""

ELSEWHERE: Final[dict[str, float]] = {
    "ramp_min_ms": 0.0,
    "load_ohm": 1_000.0,
    "electrode_area_cm2": 16.0,
}
"""Where a file without the key means something else than the cap."""


class CeilingsError(ValueError):
    """A limits file that the limiter does not take: which, why, and what to do."""


class Ceilings:
    """The limiter's limits in whole microseconds, microamperes and picocoulombs.

    Parameters
    ----------
    file : Path or None
        A limits file; without it the caps alone.

    Raises
    ------
    CeilingsError
        If it cannot be read, or a value is no positive number.
    """

    __slots__ = (
        "area_cm2",
        "burst_us",
        "charge_pc",
        "current_ua",
        "density_ma_per_cm2",
        "dose_pc",
        "duty_percent",
        "energy_mj",
        "first_ua",
        "interval_us",
        "load_ohm",
        "net_pc",
        "power_w_per_cm2",
        "ramp_us",
        "rms_ma",
        "session_us",
        "start_ua",
        "step_ua",
        "voltage_v",
        "width_us",
    )

    def __init__(self, file: Path | None) -> None:
        table = _table(file)
        found = {key: _value(file, table, key) for key in CAPS | ELSEWHERE}
        self.current_ua = int(found["current_mA"] * 1e3)
        self.width_us = int(found["pulse_width_us"])
        self.interval_us = math.ceil(1e6 / found["rate_hz"])
        self.charge_pc = int(found["charge_per_phase_uC"] * 1e6)
        self.net_pc = int(found["net_charge_uC"] * 1e6)
        self.burst_us = int(found["burst_ms"] * 1e3)
        self.duty_percent = found["duty_percent"]
        self.rms_ma = found["rms_mA"]
        self.density_ma_per_cm2 = found["density_mA_per_cm2"]
        self.power_w_per_cm2 = found["power_density_W_per_cm2"]
        self.area_cm2 = found["electrode_area_cm2"]
        self.load_ohm = found["load_ohm"]
        self.energy_mj = found["pulse_energy_mJ"]
        self.voltage_v = found["voltage_V"]
        self.step_ua = int(found["level_step_mA"] * 1e3)
        self.ramp_us = int(found["ramp_min_ms"] * 1e3)
        # A file with neither key says nothing of how a burst, or the first of all, begins.
        asked = "start_mA" in table or "ramp_min_ms" in table
        self.start_ua = int(found["start_mA"] * 1e3) if asked else 0
        self.first_ua = self.start_ua if asked else self.current_ua
        self.dose_pc = int(found["dose_mC"] * 1e9)
        self.session_us = int(found["session_min"] * 60e6)


def _table(file: Path | None) -> dict[str, object]:
    if file is None:
        return {}
    try:
        table = tomllib.loads(file.read_text(encoding="utf-8")).get("limits")
    except OSError as error:
        message = f"{file}: {error.strerror}; give a limits file that can be read"
        raise CeilingsError(message) from error
    except ValueError as error:
        message = f"{file}: {error}; give a limits file in TOML"
        raise CeilingsError(message) from error
    if not isinstance(table, dict):
        message = f"{file}: has no table [limits]; give a limits file, as configs/limits/bench.toml"
        raise CeilingsError(message)
    return table


def _value(file: Path | None, table: dict[str, object], key: str) -> float:
    cap = CAPS.get(key, math.inf)
    value = table.get(key, ELSEWHERE.get(key, cap))
    if isinstance(value, bool) or not isinstance(value, int | float):
        value = math.nan
    least_is_zero = key in {"ramp_min_ms", "net_charge_uC"}
    if not (0 < value < math.inf or (value == 0 and least_is_zero)):
        message = f"{file}: limits.{key}: must be a positive number; the limiter takes no other"
        raise CeilingsError(message)
    return min(cap, float(value))
