"""What goes wrong with the sensors of one leg in those of its strides that go astray."""

from random import Random
from typing import Final

from fes_ctrl.model import Sample
from hil.patient.bad_strides import BadStride, BadStridesConfig
from hil.patient.leg import PatientLeg
from hil.patient.sensors.injected import CHATTERS, DROPOUT, Injected
from hil.patient.sensors.lying import LyingSensors

STANCE: Final = 0.6
"""A heel that does not bear does not for so much of the coming stride, taken to be as long as the
present one: past its heel-off, at about 0.4."""


class TroubledSensors:
    """The sensors of one leg in its bad strides.

    Parameters
    ----------
    config : BadStridesConfig
        How long troubles last.
    leg : PatientLeg
        Whose strides.
    random : random.Random
        Its own stream.
    """

    __slots__ = (
        "_config",
        "_leg",
        "_lifted_from_us",
        "_lifted_to_us",
        "_lying",
        "_random",
        "_seen",
    )

    def __init__(self, config: BadStridesConfig, leg: PatientLeg, random: Random) -> None:
        self._config = config
        self._leg = leg
        self._random = random
        self._lying = LyingSensors(random)
        self._seen: int = 0
        self._lifted_from_us: int = 0
        self._lifted_to_us: int = 0

    def lifted(self, t_us: int) -> bool:
        """Return whether the heel's sensors feel no load; the leg has been advanced to ``t_us``."""
        begun = self._leg.bad
        while self._seen < len(begun):
            self._take(begun[self._seen])
            self._seen += 1
        return self._lifted_from_us <= t_us < self._lifted_to_us

    def pass_on(self, found: tuple[Sample, ...], t_us: int, arrive_us: int) -> tuple[Sample, ...]:
        """Return what arrives of the readings of an instant, as ``LyingSensors`` does."""
        return self._lying.pass_on(found, t_us, arrive_us)

    def _take(self, stride: BadStride) -> None:
        kind, from_us, contact_us = stride
        config = self._config
        if kind == "late_contact":
            self._lifted_from_us = contact_us
            self._lifted_to_us = contact_us + round(1000.0 * config.late_ms)
        elif kind == "missed_contact":
            self._lifted_from_us = contact_us
            self._lifted_to_us = contact_us + round(STANCE * (contact_us - from_us))
        elif kind == "chatter":
            self._lie(CHATTERS, stride, config.chatter_ms, config.chatter_hz)
        elif kind == "gap":
            self._lie(DROPOUT, stride, config.gap_ms, 0.0)

    def _lie(self, name: str, stride: BadStride, lasts_ms: float, amount: float) -> None:
        """Let the sensors lie from some instant of a stride on; the lie before is over by then."""
        _, from_us, contact_us = stride
        begins_us = from_us + int(self._random.random() * (contact_us - from_us))
        self._lying = LyingSensors(self._random)
        self._lying.add(Injected(name, begins_us, begins_us + round(1000.0 * lasts_ms), amount))
