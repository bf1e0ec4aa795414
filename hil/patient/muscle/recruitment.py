"""How much of a muscle answers a pulse: one surface over current and pulse width.

Current and width are joined by strength and duration first: the current that is as strong at the
reference width. Two laws of recruitment multiplied would count the width twice.

References
----------
Strength and duration: Weiss 1901, Lapicque 1907. Amplitude: Hmed et al., Comput Biol Med
101:218, 2018. Width: Ding et al., Muscle Nerve 36:214, 2007. Linear: Veltink et al. 1992.
"""

from math import atanh, exp, tanh
from typing import Final

from hil.patient.muscle.config import Ding2003Config, Ding2007Config

REFERENCE_WIDTH_US: Final = 300.0
"""Pulse width that currents are stated for."""


def first_phase(points: tuple[tuple[int, int], ...]) -> tuple[int, int]:
    """Return length and mean current of a pulse's first phase, us and uA without sign.

    By Weiss's law a phase excites by its charge and its length, whatever its form in between; a
    pause within it counts, one before or behind it does not. What comes after it, and how soon, is
    not modelled.

    Parameters
    ----------
    points : tuple of (int, int)
        Duration in us and current in uA.
    """
    width_us = pause_us = charge_pc = 0
    for duration_us, current_ua in points:
        if current_ua == 0:
            pause_us += duration_us
        elif charge_pc * current_ua < 0:
            break
        else:
            width_us += duration_us + (pause_us if charge_pc else 0)
            pause_us = 0
            charge_pc += duration_us * current_ua
    return (width_us, abs(charge_pc) // width_us) if width_us else points[0]


def equivalent_ma(current_ua: int, width_us: int, chronaxie_us: float = 200.0) -> float:
    """Return the current that recruits as much at the reference width, milliamperes.

    Parameters
    ----------
    current_ua, width_us : int
        Of the first phase; the sign does not matter.
    chronaxie_us : float
        Strength-duration time constant; 100 to 400 us are reported.
    """
    reference = 1.0 + chronaxie_us / REFERENCE_WIDTH_US
    return abs(current_ua) / 1000.0 * reference / (1.0 + chronaxie_us / width_us)


def by_amplitude(config: Ding2003Config, current_ma: float) -> float:
    """Return the share of the muscle that answers, 0 below the threshold (Hmed 2018)."""
    reached = (
        tanh(config.recruitment_slope_per_mA * (current_ma - config.half_current_mA))
        + config.recruitment_offset
    )
    return max(0.0, config.recruitment_gain * reached)


def threshold_ma(config: Ding2003Config) -> float:
    """Return the current at which recruitment by amplitude begins."""
    offset = config.recruitment_offset
    if offset >= 1.0:
        return 0.0
    return config.half_current_mA - atanh(offset) / config.recruitment_slope_per_mA


def by_width(config: Ding2007Config, width_us: float) -> float:
    """Return the share of the scale that a width recruits, 0 below its threshold (Ding 2007)."""
    if width_us <= config.threshold_us:
        return 0.0
    return 1.0 - exp(-(width_us - config.threshold_us) / config.constant_us)


def linear(current_ma: float, threshold: float, saturation: float) -> float:
    """Return the share that answers, rising from threshold to saturation (Veltink 1992)."""
    return min(1.0, max(0.0, (current_ma - threshold) / (saturation - threshold)))
