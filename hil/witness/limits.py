"""The limits as the witness reads them: the file's, never above caps of the witness's own."""

import math
import tomllib
from pathlib import Path
from typing import Final

DC_UA: Final = 10.0
"""Direct current that unbalanced pulses may add up to, over any second: what IEC 60601-1 allows a
patient auxiliary current in normal condition (from memory of the standard)."""

AREA_CM2: Final = 16.0
"""Electrode area where the file says nothing: the bench's."""

LOAD_OHM: Final = 1000.0
"""Load where neither the electrode nor the file says anything: stimulators are specified at it."""

RAMP_MS: Final = 100.0
"""Least ramp where the file's is no number."""

LEAST_OHM: Final = 500.0
"""What regulators ask for at least."""


class WitnessLimits:
    """The limits in force.

    Parameters
    ----------
    limits_file : Path or None
        TOML; without it, and for keys that are missing or no numbers, the caps hold.
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
        "interval_us",
        "level_step_ua",
        "load_ohm",
        "net_pc",
        "power_w_per_cm2",
        "ramp_us",
        "rms_ma",
        "session_us",
        "start_ua",
        "voltage_v",
        "width_us",
    )

    def __init__(self, limits_file: Path | None) -> None:
        table: dict[str, object] = {}
        if limits_file is not None:
            with limits_file.open("rb") as file:
                table = tomllib.load(file).get("limits", {})
        self.current_ua = _least(table, "current_mA", 100.0) * 1e3
        self.width_us = _least(table, "pulse_width_us", 500.0)
        self.charge_pc = _least(table, "charge_per_phase_uC", 40.0) * 1e6
        self.net_pc = _least(table, "net_charge_uC", 1.0) * 1e6
        rate_hz = _least(table, "rate_hz", 100.0)
        self.interval_us = 1e6 / rate_hz if rate_hz > 0.0 else math.inf
        self.burst_us = _least(table, "burst_ms", 3000.0) * 1e3
        self.duty_percent = _least(table, "duty_percent", 100.0)
        self.rms_ma = _least(table, "rms_mA", 50.0)
        self.density_ma_per_cm2 = _least(table, "density_mA_per_cm2", 10.0)
        self.power_w_per_cm2 = _least(table, "power_density_W_per_cm2", 0.25)
        self.energy_mj = _least(table, "pulse_energy_mJ", 300.0)
        self.voltage_v = _least(table, "voltage_V", 500.0)
        self.level_step_ua = _least(table, "level_step_mA", 50.0) * 1e3
        self.dose_pc = _least(table, "dose_mC", 100_000.0) * 1e9
        self.session_us = _least(table, "session_min", 24 * 60.0) * 60e6
        # The start of a burst is the one thing that only a file limits, by either of two keys.
        self.start_ua = math.inf
        if "start_mA" in table or "ramp_min_ms" in table:
            self.start_ua = _least(table, "start_mA", 50.0) * 1e3
        ramp_ms = _number(table.get("ramp_min_ms", 0.0))
        self.ramp_us = 1e3 * (RAMP_MS if math.isnan(ramp_ms) else ramp_ms)
        self.area_cm2 = _positive(table.get("electrode_area_cm2"), AREA_CM2)
        self.load_ohm = max(LEAST_OHM, _positive(table.get("load_ohm"), LOAD_OHM))


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return math.nan
    return float(value)


def _least(table: dict[str, object], key: str, cap: float) -> float:
    # The cap comes first: of it and a NaN, min() then gives the cap.
    return min(cap, _number(table.get(key, cap)))


def _positive(value: object, otherwise: float) -> float:
    number = _number(value)
    return number if 0.0 < number < math.inf else otherwise
