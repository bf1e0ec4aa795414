"""Traces as an oscilloscope takes them of emitted pulses, and as makers lay them out as text."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from firmware_sim.output import Points
from hil.scenarios import load_scenario
from hil.scope.read import Trace
from hil.simulate import simulate

Emitted = Sequence[tuple[int, Points]]


def walked(log: Path, *sets: str, duration_s: float = 7.0) -> Emitted:
    """Walk, keep the log and return what the first channel emitted."""
    pulses: list[tuple[int, Points]] = []

    def see(at_us: int, channel: int, points: Points) -> None:
        assert channel == 0
        pulses.append((at_us, points))

    scenario = load_scenario("standard", {"duration_s": duration_s}, sets)
    simulate(scenario.walk, log_file=log, watch=see)
    return pulses


@dataclass(frozen=True)
class Probe:
    """An oscilloscope across 1 kohm: when it looks, how fine, and how its clock runs."""

    rate_hz: float = 200e3
    begin_s: float = 1.9
    end_s: float = 5.5
    zero_s: float = 3.0
    drift_ppm: float = 0.0
    noise_mA: float = 0.3
    step_mA: float = 0.5
    offset_mA: float = 0.0
    coupling_s: float = 0.0
    slew_us: float = 0.0
    limit_mA: float = 1e3
    seed: int = 1

    def sampled(self, pulses: Emitted) -> NDArray[np.float64]:
        """Return what it converts, in milliampere."""
        stretch = 1.0 + self.drift_ppm / 1e6
        current = np.zeros(round((self.end_s - self.begin_s) * self.rate_hz))
        for at_us, points in pulses:
            at_s = at_us / 1e6
            for duration_us, current_ua in points:
                edges = [
                    (when_s - self.begin_s) * stretch * self.rate_hz
                    for when_s in (at_s, at_s + duration_us / 1e6)
                ]
                first, stop = np.clip(np.ceil(edges), 0, current.size).astype(int)
                current[first:stop] = current_ua / 1e3
                at_s += duration_us / 1e6
        if self.slew_us:
            size = round(self.slew_us / 1e6 * self.rate_hz) | 1
            current = np.convolve(current, np.full(size, 1.0 / size), mode="same")
        if self.coupling_s:
            current = self._coupled(current)
        current += self.offset_mA
        current += np.random.default_rng(self.seed).normal(0.0, self.noise_mA, current.size)
        current = np.clip(current, -self.limit_mA, self.limit_mA)
        return np.round(current / self.step_mA) * self.step_mA

    def _coupled(self, current: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return what a capacitor lets through."""
        keeps = float(np.exp(-1.0 / self.rate_hz / self.coupling_s))
        passed = np.empty_like(current)
        level = before = 0.0
        for place, value in enumerate(current.tolist()):
            level = keeps * level + value - before
            before = value
            passed[place] = level
        return passed

    def trace(self, pulses: Emitted) -> Trace:
        """Return it as if it were read."""
        current = self.sampled(pulses).astype(np.float32)
        return Trace(current, self.begin_s - self.zero_s, 1.0 / self.rate_hz, None, "CH1", "V")


# -- as text --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Text:
    """How numbers and cells are written."""

    delimiter: str
    decimal: str
    quoted: bool = False

    def number(self, value: float, digits: int = 9) -> str:
        text = f"{value:.{digits}e}".replace(".", self.decimal)
        return f'"{text}"' if self.quoted else text

    def row(self, *cells: str | float) -> str:
        return (
            self.delimiter.join(c if isinstance(c, str) else self.number(c) for c in cells) + "\n"
        )


TEXTS = {
    "comma, point": Text(",", "."),
    "semicolon, point": Text(";", "."),
    "semicolon, comma": Text(";", ","),
    "tab, point": Text("\t", "."),
    "tab, comma": Text("\t", ","),
    "quoted commas": Text(",", ",", quoted=True),
}

Series = Sequence[float]
Layout = Callable[[Text, float, float, Series], str]


def _columns(text: Text, start_s: float, step_s: float, volts: Series, factor: float = 1.0) -> str:
    return "".join(
        text.row((start_s + place * step_s) * factor, volt) for place, volt in enumerate(volts)
    )


def key_and_value_beside(text: Text, start_s: float, step_s: float, volts: Series) -> str:
    """Tektronix TDS: the preamble stands in the first columns, beside the first samples."""
    beside = [
        text.row("Record Length", float(len(volts)), "").rstrip("\n"),
        text.row("Sample Interval", step_s, "").rstrip("\n"),
        text.row("Trigger Point", 12.0, "").rstrip("\n"),
        text.row("Vertical Units", "V", "").rstrip("\n"),
        text.row("Horizontal Units", "s", "").rstrip("\n"),
    ]
    empty = text.delimiter * 2
    return "".join(
        f"{beside[place] if place < len(beside) else empty}{text.delimiter}"
        f"{text.row(start_s + place * step_s, volt)}"
        for place, volt in enumerate(volts)
    )


def key_and_value_above(text: Text, start_s: float, step_s: float, volts: Series) -> str:
    """Tektronix MDO: the preamble above, names at its end, units within it."""
    return (
        text.row("Model", "MDO3014")
        + "\n"
        + text.row("Horizontal Units", "s")
        + text.row("Sample Interval", step_s)
        + text.row("Vertical Units", "V")
        + text.row("Label", "")
        + text.row("TIME", "CH1")
        + _columns(text, start_s, step_s, volts)
    )


def start_and_increment(text: Text, start_s: float, step_s: float, volts: Series) -> str:
    """Rigol DS1000Z: samples are counted, time stands in the second row."""
    return (
        text.row("X", "CH1", "Start", "Increment", "")
        + text.row("Sequence", "Volt", start_s, step_s)
        + "".join(text.row(str(place), volt, "") for place, volt in enumerate(volts))
    )


def inline_increment(text: Text, start_s: float, step_s: float, volts: Series) -> str:
    """Rigol DHO: one column, and time in the name's row."""
    named = [
        f"{name} = {text.number(value)}".replace('"', "")
        for name, value in (("t0", start_s), ("tInc", step_s))
    ]
    if text.quoted:
        named = [f'"{cell}"' for cell in named]
    return text.row("CH1V", *named, "") + "".join(text.row(volt, "") for volt in volts)


def second_volt(text: Text, start_s: float, step_s: float, volts: Series) -> str:
    """Siglent: keys and values, then units alone."""
    return (
        text.row("Record Length", f"Analog:{len(volts)}")
        + text.row("Sample Rate", 1.0 / step_s)
        + text.row("Horizontal Scale", 0.01)
        + text.row("Second", "Volt")
        + _columns(text, start_s, step_s, volts)
    )


def numbered_channels(text: Text, start_s: float, step_s: float, volts: Series) -> str:
    """Keysight: the channel's number is its name; units below."""
    return (
        text.row("x-axis", "1")
        + text.row("second", "Volt")
        + _columns(text, start_s, step_s, volts)
    )


def units_in_brackets(text: Text, start_s: float, step_s: float, volts: Series) -> str:
    """PicoScope: names, units in brackets, a blank line; milliseconds and millivolts."""
    return (
        text.row("Time", "Channel A")
        + text.row("(ms)", "(mV)")
        + "\n"
        + _columns(text, start_s, step_s, [volt * 1e3 for volt in volts], 1e3)
    )


def unit_in_name(text: Text, start_s: float, step_s: float, volts: Series) -> str:
    """Saleae and others: the unit behind the name; here microseconds."""
    return text.row("Time [µs]", "Channel 0 (V)") + _columns(text, start_s, step_s, volts, 1e6)


def unit_after_in(text: Text, start_s: float, step_s: float, volts: Series) -> str:
    """Rohde & Schwarz."""
    return text.row("in s", "CH1 in V") + _columns(text, start_s, step_s, volts)


def without_units(text: Text, start_s: float, step_s: float, volts: Series) -> str:
    """LeCroy: segments, then names without units."""
    return (
        text.row("LECROYWS3024", "12345", "Waveform")
        + text.row("Segments", "1", "SegmentSize", str(len(volts)))
        + text.row("Segment", "TrigTime", "TimeSinceSegment1")
        + text.row("#1", "01-Feb-2025 10:11:12", "0")
        + text.row("Time", "Ampl")
        + _columns(text, start_s, step_s, volts)
    )


LAYOUTS: dict[str, Layout] = {
    layout.__name__: layout
    for layout in (
        key_and_value_beside,
        key_and_value_above,
        start_and_increment,
        inline_increment,
        second_volt,
        numbered_channels,
        units_in_brackets,
        unit_in_name,
        unit_after_in,
        without_units,
    )
}
