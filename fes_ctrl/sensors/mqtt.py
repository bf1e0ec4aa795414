"""Sensors that publish the lines of ``fes_ctrl.sensors.lines`` to a topic of an MQTT broker.

The broker is spoken to by a process of its own. A connection that is lost is made again, and raises
nothing: what the controller sees of it is silence, which has a fault of its own (F04).
"""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Callable
from dataclasses import asdict
from typing import Any, Final, NamedTuple

from fes_ctrl.links.broker import Broker
from fes_ctrl.model import Sample
from fes_ctrl.sensors.in_time import InTime
from fes_ctrl.sensors.lines import SensorLines
from fes_ctrl.sensors.source import NowUs, SensorError, Worn
from fes_ctrl.units import Us

SUBSCRIBER: Final = "fes_ctrl.telemetry.subscriber"
DIED: Final = "the process that listens has died and is started again"


class Link(NamedTuple):
    """How it stands with the broker: ``up`` is ``None`` before the first attempt is over."""

    up: bool | None = None
    why: str = ""
    denied: bool = False


class MqttSensors:
    """A ``SensorSource`` at a broker, on the real loop.

    Parameters
    ----------
    broker : Broker
        Where; its path is the topic.
    sensors : tuple of Worn
        The sensors that may speak; lines of others are counted as bad.
    max_age_us : int
        A reading that is older when it comes does not count.
    clock_ppm : int
        So much slower than ours may the sensors' clocks be.
    now_us : callable
        The walk's clock.

    Attributes
    ----------
    lines : SensorLines
        With the count of bad lines.
    in_time : dict of Worn to InTime
        With the counts of readings that were late, lost or out of order.
    left_out : dict of str to int
        Messages that were not read, by why.
    link : Link
        How it stands with the broker.
    on_stop : callable
        Called when a line asks for a stop, before the samples that came with it are handed on.
    on_sample : callable or None
        As of every ``PromptSource``.
    unheard : str
        What to ask who hears nothing of a sensor: a broker does not always say that one may not
        read.

    Raises
    ------
    SensorError
        If there is no process to be had, or a certificate that cannot be read.
    """

    unheard = "does its board publish there, and may we read it?"

    def __init__(
        self,
        broker: Broker,
        sensors: tuple[Worn, ...],
        max_age_us: Us,
        clock_ppm: int,
        now_us: NowUs,
    ) -> None:
        # aiomqtt is waited for only where there is a broker.
        from fes_ctrl.telemetry.process import AgentProcess

        self.broker = broker
        self._sensors = sensors
        self._now_us = now_us
        self._news: asyncio.Queue[Sample] = asyncio.Queue()
        self.in_time = {worn: InTime(max_age_us, clock_ppm) for worn in sensors}
        self.lines = SensorLines(sensors, self.in_time)
        # A message begins with a line, where a port may be opened in the middle of one.
        self.lines.feed(now_us(), b"\n")
        self.left_out: dict[str, int] = {}
        self._left_out_before: Counter[str] = Counter()
        self.link = Link()
        self.on_stop: Callable[[], None] = _nobody
        self.on_sample: Callable[[Sample], None] | None = None
        try:
            broker.tls_context()
        except OSError as error:
            files = ", ".join(name for name in (broker.ca, broker.cert, broker.key) if name)
            message = f"{broker}: {files}: {error.strerror or error}; give files in PEM format"
            raise SensorError(message) from error
        self._process = AgentProcess(
            SUBSCRIBER,
            {"broker": asdict(broker), "topic": broker.path},
            self._heard,
            _nobody,
            self._died,
        )
        try:
            self._process.start()
        except OSError as error:
            message = f"{broker}: no process can be started to listen there: {error.strerror}"
            raise SensorError(message) from error

    @property
    def sensors(self) -> tuple[Worn, ...]:
        """Those that may speak."""
        return self._sensors

    @property
    def pid(self) -> int | None:
        """The process that listens, where there is one now."""
        return self._process.pid

    async def samples(self) -> AsyncGenerator[Sample, None]:
        """Yield each reading that is in time, as it arrives."""
        while True:
            yield await self._news.get()

    def close(self) -> None:
        """Hang up."""
        self._process.close()

    def _heard(self, line: dict[str, Any]) -> None:
        match line:
            case {"kind": "payload", "text": str(text)}:
                self._payload(text.encode("latin-1"))
            case {"kind": "link", "up": bool(up), "why": str(why)}:
                self.link = Link(up, why)
            case {"kind": "denied", "why": str(why)}:
                self.link = Link(True, why, denied=True)
            case {"kind": "left_out", "counts": dict(counts)}:
                self.left_out = dict(self._left_out_before + Counter(counts))

    def _payload(self, payload: bytes) -> None:
        stops = self.lines.stops
        # The end of a message is the end of a line.
        samples = self.lines.feed(self._now_us(), payload + b"\n")
        if self.lines.stops > stops:
            self.on_stop()
        take = self.on_sample or self._news.put_nowait
        for sample in samples:
            take(sample)

    def _died(self) -> None:
        # What the next one counts begins anew.
        self._left_out_before = Counter(self.left_out)
        self.link = Link(up=False, why=DIED)


def _nobody() -> None:
    """Stop nothing: nobody listens yet."""
