"""Calcium, force and fatigue by Ding 2003 (recruited by amplitude) or Ding 2007 (by width).

The sum over past pulses is kept as a state, which is exact whatever the pulse times: it jumps by
each pulse's share and decays between them. Force is advanced exactly for the calcium of the
middle of the step; the slow fatigue states by Euler.

References
----------
Ding, Wexler, Binder-Macleod, J Electromyogr Kinesiol 13:575-588, 2003; Ding et al., Muscle Nerve
36:214, 2007.
"""

from collections import deque
from math import exp
from typing import Final

from hil.patient.muscle.config import MuscleConfig
from hil.patient.muscle.recruitment import by_amplitude, by_width, equivalent_ma, threshold_ma

STEP_S: Final = 0.001
STEP_US: Final = 1000

R0_OFFSET: Final = 1.04
"""``R0 = Km + 1.04``: the enhancement of a pulse by the one before it (Ding 2003)."""

SILENT: Final = 1e-12
"""A calcium sum and a force below this are nothing; they would decay into denormal numbers."""

NEVER_US: Final = 1 << 60


class DingMuscle:
    """The states of one muscle on the millisecond grid.

    Parameters
    ----------
    config : MuscleConfig
        Its parameters; ``model`` is ``ding2003`` or ``ding2007``.
    motor_mA : float
        Where its nerve begins to answer, at the reference width.
    chronaxie_us : float
        Of its nerve.

    Attributes
    ----------
    force_N : float
        Present force at the optimum of length and velocity.
    """

    __slots__ = (
        "_a",
        "_a_rest",
        "_alpha_a",
        "_alpha_km",
        "_alpha_tau1",
        "_calcium",
        "_chronaxie_us",
        "_config",
        "_decay",
        "_delay_growth",
        "_delay_us",
        "_drive",
        "_due_us",
        "_gain",
        "_given",
        "_given_us",
        "_km",
        "_km_per_rad",
        "_km_rest",
        "_known",
        "_last_pulse_us",
        "_motor_ma",
        "_pulses",
        "_scale",
        "_slow",
        "_sum",
        "_tau1",
        "_tau1_rest",
        "_tau2",
        "_tau_c",
        "force_N",
    )

    def __init__(self, config: MuscleConfig, motor_mA: float, chronaxie_us: float) -> None:
        if config.model == "ding2007":
            wide = config.ding2007
            self._tau_c: float = wide.tau_c_s
            self._tau2: float = wide.tau2_s
            self._a_rest: float = wide.a_scale_N_per_s
            self._km_rest: float = wide.km_rest
            self._tau1_rest: float = wide.tau1_rest_s
        else:
            high = config.ding2003
            self._tau_c = high.tau_c_s
            self._tau2 = high.tau2_s
            self._a_rest = high.a_rest_N_per_s
            self._km_rest = high.km_rest
            self._tau1_rest = high.tau1_rest_s
        fatigue = config.fatigue
        self._alpha_a: float = fatigue.alpha_a_per_s2 * fatigue.scale * STEP_S
        self._alpha_km: float = fatigue.alpha_km_per_s_N * fatigue.scale * STEP_S
        self._alpha_tau1: float = fatigue.alpha_tau1_per_N * fatigue.scale * STEP_S
        self._slow: float = STEP_S / fatigue.tau_s
        self._decay: float = exp(-STEP_S / self._tau_c)
        self._gain: float = STEP_S / self._tau_c
        self._config = config
        self._motor_ma: float = motor_mA
        self._scale: float = threshold_ma(config.ding2003) / motor_mA
        self._chronaxie_us: float = chronaxie_us
        self._delay_us: int = round(config.delay_ms * 1000.0)
        self._delay_growth: float = config.delay_growth
        self._km_per_rad: float = config.km_per_rad
        self._sum: float = 0.0
        self._calcium: float = 0.0
        self._a: float = self._a_rest
        self._km: float = self._km_rest
        self._tau1: float = self._tau1_rest
        self._drive: float = 1.0
        self._last_pulse_us: int = -NEVER_US
        self._due_us: int = NEVER_US
        self._given: deque[tuple[int, float, float]] = deque()
        self._given_us: int = NEVER_US
        self._pulses: deque[tuple[int, float, float]] = deque()
        self._known: dict[tuple[int, int], tuple[float, float]] = {}
        self.force_N: float = 0.0

    def stimulate(self, t_us: int, current_ua: int, width_us: int) -> float:
        """Take one pulse; it reaches the muscle after the electromechanical delay.

        Parameters
        ----------
        t_us : int
            When it was given.
        current_ua, width_us : int
            Of its first phase.

        Returns
        -------
        float
            The share of the muscle that answers; the scale of the force where width recruits.
        """
        found = self._known.get((current_ua, width_us))
        if found is None:
            found = self._recruited(current_ua, width_us)
            self._known[current_ua, width_us] = found
        share, drive = found
        if share > 0.0:
            # How tired the muscle is, and so when the pulse arrives, is known at its instant and
            # not when somebody tells of it.
            if not self._given:
                self._given_us = t_us
            self._given.append((t_us, share, drive))
        return share * drive

    def _send(self, end_us: int) -> None:
        """Send the pulses of the present millisecond on their way to the muscle."""
        given = self._given
        lost = 1.0 - self._a / self._a_rest
        delay_us = self._delay_us + int(self._delay_us * self._delay_growth * 2.0 * lost)
        while self._given_us < end_us:
            t_us, share, drive = given.popleft()
            self._given_us = given[0][0] if given else NEVER_US
            self.excite(t_us + delay_us, share, drive)

    def excite(self, at_us: int, share: float, drive: float = 1.0) -> None:
        """Let a pulse reach the muscle at an instant, past its nerve and its delay.

        Parameters
        ----------
        at_us : int
            Not before the present; pulses that would overtake one another come together.
        share, drive : float
            What it adds to the calcium, and the scale of the force from then on.
        """
        if self._pulses and at_us < self._pulses[-1][0]:
            at_us = self._pulses[-1][0]
        if not self._pulses:
            self._due_us = at_us
        self._pulses.append((at_us, share, drive))

    def _recruited(self, current_ua: int, width_us: int) -> tuple[float, float]:
        equivalent = equivalent_ma(current_ua, width_us, self._chronaxie_us)
        if self._config.model == "ding2007":
            answers = equivalent > self._motor_ma
            return (1.0, by_width(self._config.ding2007, width_us)) if answers else (0.0, 0.0)
        return by_amplitude(self._config.ding2003, equivalent * self._scale), 1.0

    def step(self, end_us: int, angle: float) -> float:
        """Advance one millisecond; return the force at its end.

        Parameters
        ----------
        end_us : int
            The end of the step.
        angle : float
            Of the ankle, rad, dorsiflexion positive: the muscle is shorter.

        Returns
        -------
        float
            Newton, at the optimum of length and velocity.
        """
        before = self._calcium
        total = self._sum
        force = self.force_N
        km, a, tau1 = self._km, self._a, self._tau1
        slow = self._slow
        if self._given_us < end_us:
            self._send(end_us)
        if self._due_us > end_us:
            if total < SILENT and force < SILENT:
                self._sum = self._calcium = self.force_N = 0.0
                self._a = a - (a - self._a_rest) * slow
                self._km = km - (km - self._km_rest) * slow
                self._tau1 = tau1 - (tau1 - self._tau1_rest) * slow
                return 0.0
            decay = self._decay
            calcium = (before + total * self._gain) * decay
            self._sum = total * decay
        else:
            calcium = self._take_pulses(end_us)
        self._calcium = calcium
        middle = 0.5 * (before + calcium)
        x = middle / (km * (1.0 + self._km_per_rad * angle) + middle)
        tau = tau1 + self._tau2 * x
        level = a * self._drive * x * tau
        force = level + (force - level) * exp(-STEP_S / tau)
        self._a = a + self._alpha_a * force - (a - self._a_rest) * slow
        self._km = km + self._alpha_km * force - (km - self._km_rest) * slow
        self._tau1 = tau1 + self._alpha_tau1 * force - (tau1 - self._tau1_rest) * slow
        self.force_N = force
        return force

    def _take_pulses(self, end_us: int) -> float:
        """Advance calcium exactly through a step in which pulses arrive; return it at the end."""
        tau_c = self._tau_c
        calcium, total = self._calcium, self._sum
        at_us = end_us - STEP_US
        pulses = self._pulses
        while self._due_us <= end_us:
            due_us, share, self._drive = pulses.popleft()
            part_s = (due_us - at_us) * 1e-6
            part = exp(-part_s / tau_c)
            calcium = (calcium + total * part_s / tau_c) * part
            since_s = (due_us - self._last_pulse_us) * 1e-6
            r0 = self._km + R0_OFFSET
            total = total * part + share * (1.0 + (r0 - 1.0) * exp(-since_s / tau_c))
            self._last_pulse_us = due_us
            at_us = due_us
            self._due_us = pulses[0][0] if pulses else NEVER_US
        part_s = (end_us - at_us) * 1e-6
        part = exp(-part_s / tau_c)
        self._sum = total * part
        return (calcium + total * part_s / tau_c) * part

    def fitness(self) -> float:
        """Return what fatigue has left of the muscle's scale, 1 when fresh."""
        return self._a / self._a_rest

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
