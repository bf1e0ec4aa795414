"""A recording that comes again, at the pace of its own time stamps."""

from collections.abc import AsyncGenerator, Iterable

from fes_ctrl.model import Sample
from fes_ctrl.sensors.source import NowUs, Worn, until


class Replay:
    """A ``SensorSource`` of samples that were recorded.

    The first arrives at once and the others as long after it as they did. Where a recording
    stamps the arrival alone (``t_meas_us == t_arrive_us``), so does the replay.

    Parameters
    ----------
    samples : iterable of Sample
        In order of arrival.
    sensors : tuple of Worn
        Whose they are.
    now_us : callable
        The walk's clock.
    """

    def __init__(self, samples: Iterable[Sample], sensors: tuple[Worn, ...], now_us: NowUs) -> None:
        self._samples = samples
        self._sensors = sensors
        self._now_us = now_us

    @property
    def sensors(self) -> tuple[Worn, ...]:
        """Those of the recording."""
        return self._sensors

    async def samples(self) -> AsyncGenerator[Sample, None]:
        """Yield each sample when its time has come."""
        shift_us: int | None = None
        for sample in self._samples:
            if shift_us is None:
                shift_us = self._now_us() - sample.t_arrive_us
            arrive_us = await until(sample.t_arrive_us + shift_us, self._now_us)
            meas_us = sample.t_meas_us + shift_us
            if sample.t_meas_us == sample.t_arrive_us:
                meas_us = arrive_us
            yield sample._replace(t_meas_us=meas_us, t_arrive_us=arrive_us)

    def close(self) -> None:
        """Hold nothing to let go of."""
