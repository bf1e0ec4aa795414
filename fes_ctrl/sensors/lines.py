"""Lines of text from a sensor to samples: the protocol of ``serial:`` and ``mqtt:`` sources.

One reading a line, ASCII, ended by a line feed, in either form; empty lines and lines that begin
with ``#`` mean nothing::

    right,heel_switch,17,1203450,1
    {"leg": "right", "sensor": "heel_switch", "seq": 17, "t_us": 1203450, "values": [1]}

``leg`` is left or right; ``sensor`` and its values are those of ``model.SENSOR_CHANNELS``; ``seq``
counts the readings of that sensor; ``t_us`` is when it was measured, in whole microseconds of the
sensor's own clock, and empty or null for a sensor that has none.

Either form may end in ``*`` and two hexadecimal digits, the exclusive or of every byte before the
``*``. Once a line has said a right one, lines without are no readings.

A line that is ``stop`` alone, checked or not, is a person's hand on a button.
"""

import json
import math
from collections.abc import Collection, Mapping
from typing import Final, Protocol

from fes_ctrl.model import LEG_NAMES, SENSOR_CHANNELS, Sample
from fes_ctrl.sensors.source import Worn
from fes_ctrl.units import NEVER_US, Us
from fes_ctrl.wire.lines import STAR, Splitter, unseal

STOPS: Final = (b"stop", b"stop*18")
"""Whoever asks for a stop need not say it well."""

WINDOW_US: Final = 10_000_000
"""Two crystals that differ by 100 ppm part by 1 ms in so long."""

SPAN_US: Final = 1_000_000
RISES: Final = 3
"""So many spans on end whose least delay rises: no line is ever slower, it is the clock that is."""

SLOWEST: Final = 100
"""A clock may lose one part in so many: ceramic resonators lose up to one in 200."""


class Placing(Protocol):
    """Says when a reading of one sensor was taken, and whether it counts."""

    def place(self, seq: int, device_us: Us | None, arrive_us: Us) -> Us | None:
        """Return when, on the host's clock; ``None`` where the reading does not count.

        Parameters
        ----------
        seq : int
            The reading's number.
        device_us : int or None
            The sensor's own time, where it has one.
        arrive_us : int
            When the reading came.
        """
        ...


class DeviceTime:
    """A sensor's own clock on the host's: the reading that came fastest tells the difference.

    Delay is only ever added, so the least difference of arrival and stamp seen lately is the
    offset of the clocks plus the least delay, which stays unknown and is counted as none. Where a
    clock is so slow that its readings would seem to grow old, that difference goes with it.
    """

    __slots__ = (
        "_last_us",
        "_least_us",
        "_new_us",
        "_old_us",
        "_rises_us",
        "_span_from_us",
        "_span_us",
        "_turn_us",
    )

    def __init__(self) -> None:
        self._last_us: Us = -1
        self._new_us: Us = NEVER_US
        self._old_us: Us = NEVER_US
        self._turn_us: Us = -NEVER_US
        self._span_from_us: Us = -NEVER_US
        self._span_us: Us = NEVER_US
        self._least_us: Us = NEVER_US
        self._rises_us: list[Us] = []

    def place(self, _seq: int, device_us: Us | None, arrive_us: Us) -> Us:
        """Return when a reading was taken; when it came, where the sensor does not know."""
        return arrive_us if device_us is None else self.on_host(device_us, arrive_us)

    def on_host(self, device_us: Us, arrive_us: Us) -> Us:
        """Return when a reading was taken, on the host's clock; never after its arrival."""
        if device_us < self._last_us:
            # The sensor was restarted, or its counter ran over.
            self._new_us = self._old_us = NEVER_US
            self._least_us = self._span_us = NEVER_US
        self._last_us = device_us
        if arrive_us >= self._turn_us:
            self._turn_us = arrive_us + WINDOW_US
            self._old_us, self._new_us = self._new_us, NEVER_US
        if arrive_us - self._span_from_us >= SPAN_US:
            self._follow(arrive_us)
        self._span_us = min(self._span_us, arrive_us - device_us)
        self._new_us = min(self._new_us, arrive_us - device_us)
        return device_us + min(self._new_us, self._old_us)

    def _follow(self, arrive_us: Us) -> None:
        """Let the difference of the clocks rise where every reading of some seconds says so."""
        if NEVER_US in (self._span_us, self._least_us):
            self._rises_us.clear()
        else:
            self._rises_us.append(self._span_us - self._least_us)
        del self._rises_us[:-RISES]
        if len(self._rises_us) == RISES:
            rise_us = min(max(0, min(self._rises_us)), SPAN_US // SLOWEST)
            self._new_us += rise_us
            self._old_us += rise_us
        self._least_us, self._span_us = self._span_us, NEVER_US
        self._span_from_us = arrive_us


class SensorLines:
    """Feed bytes, get samples.

    Parameters
    ----------
    sensors : collection of Worn
        The sensors that may speak.
    times : mapping of Worn to Placing, or None
        What places their readings in time; ``None``: their own clocks, on a line that holds
        nothing back.

    Attributes
    ----------
    last_bad : bytes
        The last line that was left out, to be shown to whoever wonders.
    heard : set of Worn
        Sensors that have given a reading.
    stops : int
        Lines that asked for a stop.
    """

    def __init__(
        self, sensors: Collection[Worn], times: Mapping[Worn, Placing] | None = None
    ) -> None:
        self._times: Mapping[Worn, Placing] = (
            {worn: DeviceTime() for worn in sensors} if times is None else times
        )
        self._splitter = Splitter()
        self._sums = False
        self._misread = 0
        self.last_bad = b""
        self.heard: set[Worn] = set()
        self.stops = 0

    @property
    def bad(self) -> int:
        """How many lines were no reading of one of these sensors, and were left out."""
        return self._misread + self._splitter.overlong

    def feed(self, arrive_us: Us, data: bytes) -> list[Sample]:
        """Return the readings that are complete with these bytes.

        Parameters
        ----------
        arrive_us : int
            When they came.
        data : bytes
            The next piece, of any length.
        """
        samples: list[Sample] = []
        for line, whole in self._splitter.feed(data):
            text = line.strip()
            if text in STOPS:
                self.stops += 1
                continue
            if not whole or not text or text.startswith(b"#"):
                continue
            try:
                sample = self._sample(arrive_us, self._checked(text))
            except (ValueError, KeyError, TypeError):
                # A line that noise has spoilt: the next one is as good.
                self._misread += 1
                self.last_bad = text
                continue
            if sample is not None:
                samples.append(sample)
        return samples

    def _checked(self, text: bytes) -> bytes:
        """Return a line without its check; one that is wrong, or missing now, is refused."""
        if STAR not in text:
            if self._sums:
                raise ValueError(text)
            return text
        body = unseal(text)
        self._sums = True
        return body

    def _sample(self, arrive_us: Us, text: bytes) -> Sample | None:
        leg_name, sensor, seq, device_us, values = _fields(text.decode("ascii"))
        worn = Worn(LEG_NAMES.index(leg_name), sensor)
        time = self._times[worn]
        if len(values) != len(SENSOR_CHANNELS[sensor]) or not all(map(math.isfinite, values)):
            raise ValueError(text)
        self.heard.add(worn)
        meas_us = time.place(seq, device_us, arrive_us)
        if meas_us is None:
            return None
        return Sample(meas_us, arrive_us, seq, worn.leg, sensor, values)


def _fields(text: str) -> tuple[str, str, int, Us | None, tuple[float, ...]]:
    if not text.startswith("{"):
        leg, sensor, seq, t_us, *values = text.split(",")
        stamp = int(t_us) if t_us.strip() else None
        return leg.strip(), sensor.strip(), int(seq), stamp, tuple([float(v) for v in values])
    match json.loads(text):
        case {
            "leg": str(leg),
            "sensor": str(sensor),
            "seq": int(number),
            "t_us": int() | None as stamp,
            "values": list(listed),
        }:
            return leg, sensor, number, stamp, tuple([float(v) for v in listed])
        case _:
            raise ValueError(text)
