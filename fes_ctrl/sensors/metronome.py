"""A heel switch that keeps time by itself: no foot, no bounce, no noise."""

from collections.abc import AsyncGenerator

from fes_ctrl.model import HEEL_SWITCH, Sample
from fes_ctrl.sensors.source import NowUs, Worn, until
from fes_ctrl.units import Us, us_from_s

PERIOD_US: Us = 10_000


class Metronome:
    """A ``SensorSource`` of an ideal heel switch, read a hundred times a second.

    It begins with the heel on the ground.

    Parameters
    ----------
    leg : int
        Whose heel.
    stride_s : float
        From contact to contact.
    stance : float
        Share of the stride with the heel loaded, between 0 and 1.
    now_us : callable
        The walk's clock.
    """

    def __init__(self, leg: int, stride_s: float, stance: float, now_us: NowUs) -> None:
        self._leg = leg
        self._stride_us = us_from_s(stride_s)
        self._loaded_us = us_from_s(stride_s * stance)
        self._now_us = now_us

    @property
    def sensors(self) -> tuple[Worn, ...]:
        """The one switch."""
        return (Worn(self._leg, HEEL_SWITCH),)

    async def samples(self) -> AsyncGenerator[Sample, None]:
        """Yield a reading every 10 ms, for ever; a late one says when it was measured."""
        start_us = self._now_us()
        seq = 0
        while True:
            since_us = seq * PERIOD_US
            meas_us = start_us + since_us
            arrive_us = await until(meas_us, self._now_us)
            value = 1.0 if since_us % self._stride_us < self._loaded_us else 0.0
            yield Sample(meas_us, arrive_us, seq, self._leg, HEEL_SWITCH, (value,))
            seq += 1

    def close(self) -> None:
        """Hold nothing to let go of."""
