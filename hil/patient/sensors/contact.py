"""Switches and force sensors under the foot: the load on them to readings."""

from random import Random
from typing import Final

from fes_ctrl.model import Sample
from fes_ctrl.units import made
from hil.patient.sensors.config import ForceConfig, SwitchConfig
from hil.patient.sensors.converter import FORCE_STEPS, converted
from hil.patient.sensors.injected import STUCK_CLOSED, Injected

CHATTER: Final = 0.5
"""Share of the readings in a bounce that show the other state. Assumption."""

US_PER_MIN: Final = 60e6


class LoadSwitch:
    """Closed while it is loaded; opens at less load than it closes at; chatters after changes.

    Parameters
    ----------
    kind : str
        ``model.HEEL_SWITCH`` or ``model.FOREFOOT_SWITCH``.
    leg : int
        ``model.LEFT`` or ``model.RIGHT``.
    config : SwitchConfig
        Thresholds and bounce.
    random : random.Random
        Its own stream.
    stuck : list of Injected
        When it is stuck, and how; the last one that holds wins. May grow.
    """

    __slots__ = (
        "_bounce_us",
        "_close_N",
        "_closed",
        "_kind",
        "_last_us",
        "_leg",
        "_open_N",
        "_random",
        "_seq",
        "_stuck",
        "_until_us",
    )

    def __init__(
        self, kind: str, leg: int, config: SwitchConfig, random: Random, stuck: list[Injected]
    ) -> None:
        self._kind = kind
        self._leg = leg
        self._close_N: float = config.close_N
        self._open_N: float = config.open_N
        self._bounce_us: float = config.bounce_ms * 1000.0
        self._random = random
        self._closed: bool = False
        self._last_us: int = -1
        self._until_us: int = 0
        self._seq: int = 0
        self._stuck = stuck

    def read(self, t_us: int, arrive_us: int, load_N: float) -> Sample:
        """Return a reading: 1 closed, 0 open.

        Parameters
        ----------
        t_us, arrive_us : int
            When it is measured and when it arrives.
        load_N : float
            On the switch, at ``t_us``.
        """
        last_us = self._last_us
        self._last_us = t_us
        closed = load_N >= self._open_N if self._closed else load_N > self._close_N
        if closed != self._closed:
            self._closed = closed
            if last_us >= 0:
                # The change lies somewhere between two readings: half-way is taken.
                since_us = (last_us + t_us) // 2
                self._until_us = since_us + int(self._random.random() * self._bounce_us)
        if t_us < self._until_us and self._random.random() < CHATTER:
            closed = not closed
        for stuck in self._stuck:
            if stuck.holds(t_us):
                held = stuck.name == STUCK_CLOSED
                if held != closed:
                    stuck.reach(t_us)
                    closed = held
        self._seq += 1
        value = 1.0 if closed else 0.0
        return made(Sample, (t_us, arrive_us, self._seq, self._leg, self._kind, (value,)))


class ForceSensor:
    """Newtons with an error of gain, an offset that drifts, steps and a limit.

    Parameters
    ----------
    kind : str
        ``model.HEEL_FORCE`` or ``model.FORE_FORCE``.
    leg : int
        ``model.LEFT`` or ``model.RIGHT``.
    config : ForceConfig
        Its errors.
    """

    __slots__ = ("_drift_N_per_us", "_gain", "_highest", "_kind", "_leg", "_offset_N", "_seq")

    def __init__(self, kind: str, leg: int, config: ForceConfig) -> None:
        self._kind = kind
        self._leg = leg
        self._gain: float = 1.0 + config.gain_error_percent / 100.0
        self._offset_N: float = config.offset_N
        self._drift_N_per_us: float = config.drift_N_per_min / US_PER_MIN
        self._highest: int = int(config.limit_N * FORCE_STEPS)
        self._seq: int = 0

    def read(self, t_us: int, arrive_us: int, load_N: float) -> Sample:
        """Return a reading, newton.

        Parameters
        ----------
        t_us, arrive_us : int
            When it is measured and when it arrives.
        load_N : float
            On the sensor, at ``t_us``.
        """
        value = self._gain * load_N + self._offset_N + self._drift_N_per_us * t_us
        self._seq += 1
        reading = converted(value, FORCE_STEPS, 0, self._highest)
        return made(Sample, (t_us, arrive_us, self._seq, self._leg, self._kind, (reading,)))
