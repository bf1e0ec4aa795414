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
    rms_mA : float
        Highest r.m.s. current of a channel over any second.
    density_mA_per_cm2 : float
        The same, divided by the electrode's area.
    power_density_W_per_cm2 : float
        Highest mean power over any second into ``load_ohm``, divided by the electrode's area.
    load_ohm : float
        Load at which voltage, energy and power are reckoned.
    pulse_energy_mJ : float
        Highest energy of a pulse, both phases, into ``load_ohm``.
    voltage_V : float
        Highest voltage across ``load_ohm``.
    net_charge_uC : float
        How far the two phases of a pulse may be out of balance.
    start_mA : float
        What a burst may begin with, and the highest peak of the first burst after arming, a fault
        or a pause: about the motor threshold, below which a ramp does nothing.
    level_step_mA : float
        How far a burst's peak may be above that of the last burst.
    ramp_min_ms : float
        Least time in which a burst rises to the last burst's peak.
    duty_percent : float
        Share of the last ten seconds under stimulation that ends the burst.
    dose_mC : float
        Most charge of a session, first phases of all channels.
    session_min : float
        Longest session, from its first pulse.
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
    rms_mA: Annotated[float, Gt(0), Le(50)] = 50.0
    density_mA_per_cm2: Annotated[float, Gt(0), Le(10)] = 2.0
    power_density_W_per_cm2: Annotated[float, Gt(0), Le(0.25)] = 0.25
    load_ohm: Annotated[float, Ge(500), Le(10_000)] = 1000.0
    pulse_energy_mJ: Annotated[float, Gt(0), Le(300)] = 300.0
    voltage_V: Annotated[float, Gt(0), Le(500)] = 150.0
    net_charge_uC: Annotated[float, Ge(0), Le(1)] = 1.0
    start_mA: Annotated[float, Gt(0), Le(50)] = 30.0
    level_step_mA: Annotated[float, Gt(0), Le(50)] = 5.0
    ramp_min_ms: Annotated[float, Ge(0), Le(2000)] = 100.0
    duty_percent: Annotated[float, Gt(0), Le(100)] = 100.0
    dose_mC: Annotated[float, Gt(0), Le(100_000)] = 20_000.0
    session_min: Annotated[float, Gt(0), Le(1440)] = 480.0
