"""The simpler muscle, for comparison: linear recruitment, one pole, fatigue by use.

References
----------
Veltink et al., IEEE Trans Rehabil Eng, 1992; Riener and Fuhr, IEEE Trans Rehabil Eng 6:113, 1998.
"""

from collections import deque
from math import exp
from typing import Final

from hil.patient.muscle.config import MuscleConfig
from hil.patient.muscle.recruitment import equivalent_ma, linear

STEP_S: Final = 0.001
NEVER_US: Final = 1 << 60


class VeltinkMuscle:
    """The states of one muscle on the millisecond grid; as ``DingMuscle`` from outside.

    Parameters
    ----------
    config : MuscleConfig
        Its parameters.
    motor_mA : float
        Where its nerve begins to answer, at the reference width.
    chronaxie_us : float
        Of its nerve.
    """

    __slots__ = (
        "_activation",
        "_chronaxie_us",
        "_delay_us",
        "_due_us",
        "_fatigue",
        "_fitness",
        "_fitness_min",
        "_force",
        "_hold_us",
        "_motor_ma",
        "_pulses",
        "_recovery",
        "_saturation_ma",
        "_share",
        "_until_us",
        "_weight",
        "force_N",
    )

    def __init__(self, config: MuscleConfig, motor_mA: float, chronaxie_us: float) -> None:
        numbers = config.veltink
        self._motor_ma: float = motor_mA
        self._saturation_ma: float = motor_mA * numbers.saturation_per_threshold
        self._chronaxie_us: float = chronaxie_us
        self._delay_us: int = round(config.delay_ms * 1000.0)
        self._hold_us: int = round(numbers.hold_ms * 1000.0)
        self._force: float = numbers.force_N
        self._fitness_min: float = numbers.fitness_min
        self._fatigue: float = STEP_S / numbers.tau_fatigue_s * config.fatigue.scale
        self._recovery: float = STEP_S / numbers.tau_recovery_s
        self._weight: float = 1.0 - exp(-STEP_S / numbers.tau_s)
        self._activation: float = 0.0
        self._fitness: float = 1.0
        self._share: float = 0.0
        self._until_us: int = -NEVER_US
        self._due_us: int = NEVER_US
        self._pulses: deque[tuple[int, float]] = deque()
        self.force_N: float = 0.0

    def stimulate(self, t_us: int, current_ua: int, width_us: int) -> float:
        """Take one pulse; return the share of the muscle that answers it."""
        current_ma = equivalent_ma(current_ua, width_us, self._chronaxie_us)
        share = linear(current_ma, self._motor_ma, self._saturation_ma)
        if share > 0.0:
            self.excite(t_us + self._delay_us, share)
        return share

    def excite(self, at_us: int, share: float, drive: float = 1.0) -> None:
        """Let a pulse reach the muscle at an instant, past its nerve and its delay."""
        if not self._pulses:
            self._due_us = at_us
        self._pulses.append((at_us, share * drive))

    def step(self, end_us: int, angle: float) -> float:  # noqa: ARG002 - as DingMuscle
        """Advance one millisecond; return the force at its end, newton."""
        pulses = self._pulses
        while self._due_us <= end_us:
            at_us, self._share = pulses.popleft()
            self._until_us = at_us + self._hold_us
            self._due_us = pulses[0][0] if pulses else NEVER_US
        wanted = self._share if end_us <= self._until_us else 0.0
        activation = self._activation + (wanted - self._activation) * self._weight
        if activation < 1e-12:
            activation = 0.0
        fitness = self._fitness
        fitness += (self._fitness_min - fitness) * activation * self._fatigue
        fitness += (1.0 - fitness) * (1.0 - activation) * self._recovery
        self._activation, self._fitness = activation, fitness
        self.force_N = self._force * activation * fitness
        return self.force_N

    def fitness(self) -> float:
        """Return what fatigue has left of the muscle's force, 1 when fresh."""
        return self._fitness

    def snapshot(self) -> dict[str, float]:
        """Return the states."""
        return {
            "activation": self._activation,
            "force_N": self.force_N,
            "fitness": self._fitness,
        }
