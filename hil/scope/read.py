"""Reading a trace's samples, in blocks, and its time axis.

Ten million rows take some 200 MB: values are kept as 32-bit floats, which hold any converter's
step, and times only until they have proven to be regular.
"""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hil.scope.choose import Choice, choose
from hil.scope.errors import TraceError
from hil.scope.layout import Layout, layout_of
from hil.scope.text import OVER, open_trace

BLOCK_LINES: Final = 100_000
HOLE: Final = 5.0
"""A step of so many usual ones is a hole: segments of a recording, or lost samples."""

Floats = NDArray[np.float64]
Samples = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Options:
    """What the person says of a file; it overrules what the file says.

    ``column`` is a name, or a number from 1; ``ohm`` the load across which a voltage was taken.
    """

    column: str | None = None
    time_unit: str | None = None
    unit: str | None = None
    ohm: float | None = None
    invert: bool = False


@dataclass(frozen=True, slots=True)
class Trace:
    """Current over time.

    Attributes
    ----------
    current_mA : array of float32, shape (n,)
    t0_s, dt_s : float
        Of the first sample, and the usual step.
    times_s : array of float64, shape (n,), or None
        Where the steps differ.
    column, unit : str
        What was read.
    """

    current_mA: Samples
    t0_s: float
    dt_s: float
    times_s: Floats | None
    column: str
    unit: str

    def time_s(self, place: float) -> float:
        """Return when a sample was taken; a fraction is between two."""
        if self.times_s is None:
            return self.t0_s + place * self.dt_s
        before = min(int(place), self.times_s.size - 2)
        first_s, next_s = self.times_s[before : before + 2].tolist()
        return float(first_s + (place - before) * (next_s - first_s))

    @property
    def span_s(self) -> float:
        """From the first sample to the last."""
        return self.time_s(self.current_mA.size - 1) - self.time_s(0)


def read_trace(path: Path, options: Options) -> Trace:
    """Return a trace as current.

    Raises
    ------
    TraceError
        Saying what in the file, or in the options, cannot be.
    """
    layout = layout_of(path)
    choice = choose(path, layout, options.column, options.time_unit, options.unit)
    scale = _to_milliampere(path, choice, options)
    times: list[Floats] = []
    levels: list[Samples] = []
    for block in _blocks(path, layout, choice):
        if choice.time is not None:
            times.append(block[:, 0] * choice.time_factor)
        levels.append((block[:, -1] * scale).astype(np.float32))
    current = np.concatenate(levels)
    levels.clear()
    over = np.count_nonzero(~np.isfinite(current))
    if over:
        message = (
            f"{path}: {over} samples left the screen, clipped at the top or bottom; "
            f"choose more volts a division"
        )
        raise TraceError(message)
    start_s, step_s, times_s = _axis(path, choice, times, current.size)
    return Trace(current, start_s, step_s, times_s, choice.value.name, choice.unit_text)


def _to_milliampere(path: Path, choice: Choice, options: Options) -> float:
    sign = -1e3 if options.invert else 1e3
    if choice.is_current:
        if options.ohm is not None:
            message = f"{path}: column {choice.value} is a current already; leave --ohm out"
            raise TraceError(message)
        return sign * choice.factor
    if options.ohm is None:
        message = f"{path}: column {choice.value} is a voltage; say across what load: --ohm 1000"
        raise TraceError(message)
    return sign * choice.factor / options.ohm


def _blocks(path: Path, layout: Layout, choice: Choice) -> Iterator[Floats]:
    """Yield times (where there are any) and values, shape (rows, 1 or 2)."""
    places = [choice.value.place] if choice.time is None else [choice.time.place]
    if choice.time is not None:
        places.append(choice.value.place)
    style = layout.style
    quoted = style.delimiter == style.decimal
    number = layout.first_line
    try:
        with open_trace(path) as file:
            for _ in islice(file, layout.first_line):
                pass
            while lines := list(islice(file, BLOCK_LINES)):
                if quoted:
                    lines = [";".join(row) for row in csv.reader(lines)]
                if style.decimal != ".":
                    lines = [line.replace(",", ".") for line in lines]
                if any(OVER in line for line in lines):
                    lines = [line.replace(OVER, "inf") for line in lines]
                delimiter = {" ": None, ",": ";" if quoted else ","}.get(
                    style.delimiter, style.delimiter
                )
                yield _numbers(path, lines, delimiter, places, number)
                number += len(lines)
    except UnicodeError as error:
        message = f"{path}: after line {number + 1} it is no text any more; export it again"
        raise TraceError(message) from error


def _numbers(
    path: Path, lines: list[str], delimiter: str | None, places: list[int], number: int
) -> Floats:
    filled = [line for line in lines if line.strip(" ,;\t\r\n")]
    if not filled:
        return np.empty((0, len(places)))
    try:
        return np.loadtxt(filled, delimiter=delimiter, usecols=places, ndmin=2, comments=None)
    except ValueError:
        for offset, line in enumerate(lines):
            cells = line.split(delimiter)
            try:
                [float(cells[place]) for place in places if line.strip(" ,;\t\r\n")]
            except (ValueError, IndexError):
                message = (
                    f"{path}:{number + offset + 1}: no number where a sample belongs; "
                    f"export it again, or cut the file there"
                )
                raise TraceError(message) from None
        raise


def _axis(
    path: Path, choice: Choice, times: list[Floats], count: int
) -> tuple[float, float, Floats | None]:
    """Return the first time, the usual step, and the times where steps differ."""
    if count < 16:
        message = f"{path}: {count} samples; export the whole memory"
        raise TraceError(message)
    if choice.time is None:
        return choice.start_s, choice.interval_s, None
    times_s = np.concatenate(times)
    times.clear()
    steps = np.diff(times_s)
    step_s = float(times_s[-1] - times_s[0]) / (count - 1)
    positive = steps[steps > 0.0]
    back = int(np.argmax(steps < 0.0)) if (steps < 0.0).any() else None
    if back is not None or not positive.size:
        place = 0 if back is None else back + 1
        message = (
            f"{path}: the time does not rise at sample {place + 1}; export one segment, "
            f"or name the columns (--column)"
        )
        raise TraceError(message)
    usual_s = float(np.median(positive))
    if float(steps.max()) > HOLE * usual_s:
        at_s = float(times_s[int(steps.argmax())])
        message = (
            f"{path}: a hole of {float(steps.max()) * 1e3:.4g} ms at {at_s:.6g} s; "
            f"export one segment without gaps"
        )
        raise TraceError(message)
    _agree(path, choice, step_s)
    # Written with few digits, times are late or early by one of the last.
    steps = np.arange(count, dtype=np.float64)
    steps *= step_s
    steps += times_s[0] - times_s
    if float(np.abs(steps).max()) <= max(0.75 * step_s, usual_s):
        return float(times_s[0]), step_s, None
    if positive.size < count - 1:
        message = f"{path}: the time stands still now and then; export it with more digits"
        raise TraceError(message)
    return float(times_s[0]), usual_s, times_s


def _agree(path: Path, choice: Choice, step_s: float) -> None:
    stated_s = choice.interval_s
    if stated_s > 0.0 and abs(step_s - stated_s) > 0.02 * stated_s:
        message = (
            f"{path}: samples are {step_s:.4g} s apart, its preamble says {stated_s:.4g} s; "
            f"correct the unit of time (--time-unit)"
        )
        raise TraceError(message)
