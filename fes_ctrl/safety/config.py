"""The limits of one bench or study, as a file states them."""

from dataclasses import dataclass
from typing import Annotated

from annotated_types import Ge, Gt, Le


@dataclass(frozen=True, slots=True)
class LimitsConfig:
    """Limits of one bench or study, from a file only.

    Attributes
    ----------
    current_mA : float
        Highest current of a pulse.
    pulse_width_us : int
        Longest first phase.
    rate_hz : float
        Highest pulse rate of a channel; its inverse is the least interval of two pulses.
    charge_per_phase_uC : float
        Highest charge of one phase.
    burst_ms : float
        Longest burst, the falling ramp included.
    duty_warn_percent : float
        Share of the last ten seconds under stimulation at which a warning is given.
    sensor_max_age_ms : float
        Age of the newest sample at which stimulation ends.
    answer_max_age_ms : float
        Age of the oldest unanswered frame at which no further pulse is let through.
    setpoint_max_life_ms : float
        Longest time from a setpoint's instant to its expiry.
    max_unattended_ms : float
        How long a device may go on without the host at most.
    electrode_area_cm2 : float
        Effective area of the smaller electrode, for current densities.
    """

    current_mA: Annotated[float, Gt(0), Le(100)] = 80.0
    pulse_width_us: Annotated[int, Ge(10), Le(500)] = 300
    rate_hz: Annotated[float, Ge(1), Le(100)] = 50.0
    charge_per_phase_uC: Annotated[float, Gt(0), Le(40)] = 24.0
    burst_ms: Annotated[float, Ge(50), Le(3000)] = 2000.0
    duty_warn_percent: Annotated[float, Gt(0), Le(100)] = 85.0
    sensor_max_age_ms: Annotated[float, Ge(20), Le(500)] = 100.0
    answer_max_age_ms: Annotated[float, Ge(5), Le(500)] = 100.0
    setpoint_max_life_ms: Annotated[float, Ge(1), Le(100)] = 20.0
    max_unattended_ms: Annotated[float, Ge(0), Le(5000)] = 200.0
    electrode_area_cm2: Annotated[float, Gt(0), Le(200)] = 16.0
