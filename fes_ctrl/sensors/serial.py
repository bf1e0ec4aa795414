"""Sensors on a serial port that speak the lines of ``fes_ctrl.sensors.lines``."""

import asyncio
from collections.abc import AsyncGenerator, Callable

from fes_ctrl.links.serial_port import SerialLinkError, SerialSettings
from fes_ctrl.links.url import serial_link
from fes_ctrl.model import Sample
from fes_ctrl.sensors.lines import SensorLines
from fes_ctrl.sensors.source import NowUs, SensorError, Worn


class SerialSensors:
    """A ``SensorSource`` on a serial port, on the real loop.

    Parameters
    ----------
    port : str
        Its path.
    settings : SerialSettings
        Of the line.
    sensors : tuple of Worn
        The sensors that may speak; lines of others are counted as bad.
    now_us : callable
        The walk's clock.

    Attributes
    ----------
    lines : SensorLines
        With the count of bad lines.
    on_stop : callable
        Called when a line asks for a stop, before the samples that came with it are handed on.
    on_sample : callable or None
        As of every ``PromptSource``.
    unheard : str
        What to ask who hears nothing of a sensor.

    Raises
    ------
    SensorError
        If the port cannot be opened.
    """

    unheard = "does the board send it at this rate?"

    def __init__(
        self, port: str, settings: SerialSettings, sensors: tuple[Worn, ...], now_us: NowUs
    ) -> None:
        self._sensors = sensors
        self._now_us = now_us
        self._news: asyncio.Queue[Sample | str] = asyncio.Queue()
        self.lines = SensorLines(sensors)
        self.on_stop: Callable[[], None] = _nobody
        self.on_sample: Callable[[Sample], None] | None = None
        try:
            self._link = serial_link(port, settings)
        except SerialLinkError as error:
            raise SensorError(str(error)) from error
        self._link.on_bytes = self._bytes
        self._link.on_lost = self._news.put_nowait

    @property
    def sensors(self) -> tuple[Worn, ...]:
        """Those that may speak."""
        return self._sensors

    async def samples(self) -> AsyncGenerator[Sample, None]:
        """Yield each reading as it arrives."""
        while True:
            news = await self._news.get()
            if isinstance(news, str):
                message = f"sensors: {news}; check the cable"
                raise SensorError(message)
            yield news

    def close(self) -> None:
        """Close the port."""
        self._link.close()

    def _bytes(self, data: bytes) -> None:
        stops = self.lines.stops
        samples = self.lines.feed(self._now_us(), data)
        if self.lines.stops > stops:
            self.on_stop()
        take = self.on_sample or self._news.put_nowait
        for sample in samples:
            take(sample)


def _nobody() -> None:
    """Stop nothing: nobody listens yet."""
