"""The stimulated dorsiflexors: pulses in, force out, a millisecond at a time.

Calcium, force and fatigue by Ding 2003. The sum over past pulses is kept as a state, which is
exact whatever the pulse times: it jumps by each pulse's share and decays between them. Force is
advanced exactly for the calcium of the middle of the step; the slow fatigue states by Euler.

References
----------
Ding, Wexler, Binder-Macleod, J Electromyogr Kinesiol 13:575-588, 2003. Recruitment: Hmed et al.,
Comput Biol Med 101:218-228, 2018, on the current that is as strong at 300 us (Lapicque).
"""

from collections import deque
from math import exp, tanh
from typing import Final

from hil.patient.config import MuscleConfig

STEP_S: Final = 0.001
STEP_US: Final = 1000

CHRONAXIE_US: Final = 200.0
"""Strength-duration time constant; 100 to 400 us are reported. Assumption."""

REFERENCE_WIDTH_US: Final = 300.0
"""Pulse width that the recruitment currents hold for."""

R0_OFFSET: Final = 1.04
"""Ding 2003: ``R0 = Km + 1.04``, the enhancement of a pulse by the one before it."""


def equivalent_ma(current_ua: int, width_us: int) -> float:
    """Return the current that recruits as much at the reference width, milliamperes."""
    reference = 1.0 + CHRONAXIE_US / REFERENCE_WIDTH_US
    return abs(current_ua) / 1000.0 * reference / (1.0 + CHRONAXIE_US / width_us)


def recruitment(config: MuscleConfig, current_ma: float) -> float:
    """Return the share of the muscle that answers a pulse, 0 below the threshold."""
    reached = (
        tanh(config.recruitment_slope_per_mA * (current_ma - config.half_current_mA))
        + config.recruitment_offset
    )
    return max(0.0, config.recruitment_gain * reached)


class Muscle:
    """The states of one muscle on the millisecond grid.

    Parameters
    ----------
    config : MuscleConfig
        Its parameters.

    Attributes
    ----------
    force_N : float
        Present force.
    """

    __slots__ = (
        "_a",
        "_a_rest",
        "_alpha_a",
        "_alpha_km",
        "_alpha_tau1",
        "_calcium",
        "_config",
        "_delay_us",
        "_km",
        "_km_rest",
        "_last_pulse_us",
        "_pulses",
        "_shares",
        "_sum",
        "_tau1",
        "_tau1_rest",
        "_tau2",
        "_tau_c",
        "_tau_fatigue",
        "force_N",
    )

    def __init__(self, config: MuscleConfig) -> None:
        scale = config.fatigue_scale
        self._config = config
        self._tau_c: float = config.tau_c_s
        self._tau2: float = config.tau2_s
        self._tau_fatigue: float = config.tau_fatigue_s
        self._a_rest: float = config.a_rest_N_per_s
        self._km_rest: float = config.km_rest
        self._tau1_rest: float = config.tau1_rest_s
        self._alpha_a: float = config.alpha_a_per_s2 * scale
        self._alpha_km: float = config.alpha_km_per_s_N * scale
        self._alpha_tau1: float = config.alpha_tau1_per_N * scale
        self._delay_us: int = round(config.delay_ms * 1000.0)
        self._sum: float = 0.0
        self._calcium: float = 0.0
        self._a: float = self._a_rest
        self._km: float = self._km_rest
        self._tau1: float = self._tau1_rest
        self._last_pulse_us: int = -(1 << 62)
        self._pulses: deque[tuple[int, float]] = deque()
        self._shares: dict[tuple[int, int], float] = {}
        self.force_N: float = 0.0

    def stimulate(self, t_us: int, current_ua: int, width_us: int) -> None:
        """Take one pulse; it reaches the muscle after the electromechanical delay."""
        share = self._shares.get((current_ua, width_us), -1.0)
        if share < 0.0:
            share = recruitment(self._config, equivalent_ma(current_ua, width_us))
            self._shares[current_ua, width_us] = share
        if share > 0.0:
            self._pulses.append((t_us + self._delay_us, share))

    def _jump(self, t_us: int, share: float) -> float:
        """Return by how much a pulse raises the calcium sum."""
        since_s = (t_us - self._last_pulse_us) * 1e-6
        self._last_pulse_us = t_us
        r0 = self._km + R0_OFFSET
        return share * (1.0 + (r0 - 1.0) * exp(-since_s / self._tau_c))

    def advance(self, from_ms: int, steps: int, force: list[float]) -> None:
        """Integrate over ``steps`` milliseconds.

        Parameters
        ----------
        from_ms : int
            The present, on the grid.
        steps : int
            How far.
        force : list of float
            Appended to: the force at the end of each step, newton.
        """
        tau_c = self._tau_c
        tau2 = self._tau2
        decay = exp(-STEP_S / tau_c)
        gain = STEP_S / tau_c
        slow = STEP_S / self._tau_fatigue
        alpha_a = self._alpha_a * STEP_S
        alpha_km = self._alpha_km * STEP_S
        alpha_tau1 = self._alpha_tau1 * STEP_S
        a_rest, km_rest, tau1_rest = self._a_rest, self._km_rest, self._tau1_rest
        total, calcium, f = self._sum, self._calcium, self.force_N
        a, km, tau1 = self._a, self._km, self._tau1
        pulses = self._pulses
        due_us = pulses[0][0] if pulses else 1 << 62
        end_us = from_ms * STEP_US
        for _ in range(steps):
            end_us += STEP_US
            before = calcium
            if due_us > end_us:
                calcium = (calcium + total * gain) * decay
                total *= decay
            else:
                at_us = end_us - STEP_US
                while due_us <= end_us:
                    part_s = (due_us - at_us) * 1e-6
                    part = exp(-part_s / tau_c)
                    calcium = (calcium + total * part_s / tau_c) * part
                    self._km = km
                    total = total * part + self._jump(due_us, pulses[0][1])
                    pulses.popleft()
                    at_us = due_us
                    due_us = pulses[0][0] if pulses else 1 << 62
                part_s = (end_us - at_us) * 1e-6
                part = exp(-part_s / tau_c)
                calcium = (calcium + total * part_s / tau_c) * part
                total *= part
            middle = 0.5 * (before + calcium)
            x = middle / (km + middle)
            tau = tau1 + tau2 * x
            level = a * x * tau
            f = level + (f - level) * exp(-STEP_S / tau)
            a += alpha_a * f - (a - a_rest) * slow
            km += alpha_km * f - (km - km_rest) * slow
            tau1 += alpha_tau1 * f - (tau1 - tau1_rest) * slow
            force.append(f)
        self._sum, self._calcium, self.force_N = total, calcium, f
        self._a, self._km, self._tau1 = a, km, tau1

    def snapshot(self) -> dict[str, float]:
        """Return the states: calcium sum, calcium, force, and what fatigue has changed."""
        return {
            "sum": self._sum,
            "calcium": self._calcium,
            "force_N": self.force_N,
            "a_N_per_s": self._a,
            "km": self._km,
            "tau1_s": self._tau1,
        }
