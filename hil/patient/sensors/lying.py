"""Sensors that lie: what an injection makes of the readings of one leg."""

from random import Random
from typing import Final

from fes_ctrl.model import FOOT_IMU, HEEL_SWITCH, SHANK_IMU, Sample
from hil.patient.sensors.injected import (
    ABSURD,
    AXIS_FROZEN,
    BACKLOG,
    BOUNCE,
    CHATTERS,
    DROPOUT,
    FROZEN,
    FUTURE,
    GYRO_BIAS,
    IMU_SILENT,
    LATE,
    NAN,
    SHUFFLES,
    SWAPPED,
    Injected,
)

CHATTER: Final = 0.5
"""Share of the readings in a bounce that show the other state. Assumption."""

RAMP_US: Final = 10_000_000
"""So long a gyroscope takes to drift off."""

AXIS: Final = 4
"""Which of an inertial sensor's: the rate about its y, about which a leg that walks turns most."""

IMUS: Final = (FOOT_IMU, SHANK_IMU)

BEYOND: Final = 1e9
"""A reading that no sensor gives."""


class LyingSensors:
    """Takes the readings of one leg and gives what arrives of them.

    Parameters
    ----------
    random : random.Random
        Its own stream.
    """

    __slots__ = (
        "_axis_seen",
        "_bounce_until_us",
        "_held",
        "_injected",
        "_loaded",
        "_random",
        "_rose_us",
        "_seen",
    )

    def __init__(self, random: Random) -> None:
        self._random = random
        self._injected: list[Injected] = []
        self._held: list[Sample] = []
        self._seen: dict[str, tuple[float, ...]] = {}
        self._axis_seen: dict[str, float] = {}
        self._loaded: float = -1.0
        self._rose_us: int = 0
        self._bounce_until_us: int = 0

    def add(self, injected: Injected) -> None:
        """Take one more injection."""
        self._injected.append(injected)

    def pass_on(self, found: tuple[Sample, ...], t_us: int, arrive_us: int) -> tuple[Sample, ...]:
        """Return what arrives of the readings of an instant.

        Parameters
        ----------
        found : tuple of Sample
            As they were measured; empty where the packet was lost.
        t_us, arrive_us : int
            When they were measured, and when this packet arrives.
        """
        if not self._injected:
            return found
        holds_back = False
        for injected in self._injected:
            if not injected.holds(t_us):
                if injected.name == FROZEN:
                    self._seen = {sample.sensor: sample.values for sample in found}
                elif injected.name == AXIS_FROZEN:
                    self._axis_seen.clear()
                continue
            name = injected.name
            if name == BACKLOG:
                holds_back = True
                injected.reach(t_us)
            elif name == DROPOUT:
                injected.reach(t_us)
                found = ()
            elif name == IMU_SILENT:
                heard = tuple([sample for sample in found if sample.sensor not in IMUS])
                if len(heard) < len(found):
                    injected.reach(t_us)
                found = heard
            else:
                found = tuple([self._spoilt(injected, sample) for sample in found])
        if holds_back:
            self._held.extend(found)
            return ()
        if self._held:
            found = tuple([sample._replace(t_arrive_us=arrive_us) for sample in self._held]) + found
            self._held.clear()
        return found

    def _spoilt(self, injected: Injected, sample: Sample) -> Sample:
        name = injected.name
        t_us = sample.t_meas_us
        if name in {BOUNCE, CHATTERS, SHUFFLES}:
            if sample.sensor != HEEL_SWITCH:
                return sample
            value = self._heel(injected, t_us, sample.values[0])
            if value == sample.values[0]:
                return sample
            injected.reach(t_us)
            return sample._replace(values=(value,))
        if name == GYRO_BIAS:
            if sample.sensor not in IMUS:
                return sample
            off = injected.amount * min(1.0, (t_us - injected.from_us + 1) / RAMP_US)
            values = sample.values
            injected.reach(t_us)
            return sample._replace(
                values=(*values[:3], values[3] + off, values[4] + off, values[5] + off)
            )
        if name == AXIS_FROZEN:
            if sample.sensor not in IMUS:
                return sample
            values = sample.values
            value = self._axis_seen.setdefault(sample.sensor, values[AXIS])
            if value != values[AXIS]:
                injected.reach(t_us)
            return sample._replace(values=(*values[:AXIS], value, *values[AXIS + 1 :]))
        if name == FROZEN:
            values = self._seen.setdefault(sample.sensor, sample.values)
            if values != sample.values:
                injected.reach(t_us)
            return sample._replace(values=values)
        injected.reach(t_us)
        if name == NAN:
            return sample._replace(values=(float("nan"),) * len(sample.values))
        if name == ABSURD:
            return sample._replace(values=(BEYOND,) * len(sample.values))
        if name == FUTURE:
            return sample._replace(t_meas_us=t_us + round(injected.amount * 1e6))
        if name == LATE:
            return sample._replace(t_meas_us=t_us - round(injected.amount * 1e3))
        if name == SWAPPED:
            return sample._replace(leg=1 - sample.leg)
        return sample

    def _heel(self, injected: Injected, t_us: int, value: float) -> float:
        if injected.name == CHATTERS:
            half_us = 5e5 / injected.amount
            return 1.0 if int((t_us - injected.from_us) / half_us) % 2 else 0.0
        changed = value != self._loaded
        self._loaded = value
        amount_us = round(injected.amount * 1e3)
        if changed:
            self._rose_us = t_us
            self._bounce_until_us = t_us + amount_us
        if injected.name == SHUFFLES:
            return value if t_us - self._rose_us < amount_us else 0.0
        if not changed and t_us < self._bounce_until_us and self._random.random() < CHATTER:
            return 1.0 - value
        return value
