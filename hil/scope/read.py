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
        with np.errstate(over="ignore"):  # beyond a float, beyond the screen
            levels.append((block[:, -1] * scale).astype(np.float32))
    current = np.concatenate(levels)
    levels.clear()
    none = np.flatnonzero(np.isnan(current))
    if none.size:
        message = (
            f"{path}: {none.size} samples are no numbers, the first is sample {none[0] + 1}; "
            f"export it again"
        )
        raise TraceError(message)
    over = np.count_nonzero(np.isinf(current))
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
                    lines = [
                        ";".join(
                            cell
                            for row in csv.reader([line], skipinitialspace=True)
                            for cell in row
                        )
                        for line in lines
                    ]
                elif any('"' in line for line in lines):
                    lines = [line.replace('"', "") for line in lines]
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
    except csv.Error as error:
        message = f"{path}: after line {number + 1} it is no table any more; export it again"
        raise TraceError(message) from error


def _numbers(
    path: Path, lines: list[str], delimiter: str | None, places: list[int], number: int
) -> Floats:
    filled = [line for line in lines if line.strip(" ,;\t\r\n")]
    if not filled:
        return np.empty((0, len(places)))
    try:
        return np.loadtxt(filled, delimiter=delimiter, usecols=places, ndmin=2, comments=None)
    except ValueError as error:
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
        message = f"{path}: after line {number + 1} it is no table of numbers; export it again"
        raise TraceError(message) from error


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
    if not np.isfinite(times_s).all():
        place = int(np.argmin(np.isfinite(times_s)))
        message = f"{path}: the time is no number at sample {place + 1}; export it again"
        raise TraceError(message)
    steps = np.diff(times_s)
    rising = int(np.count_nonzero(steps > 0.0))
    back = int(np.argmax(steps < 0.0)) if (steps < 0.0).any() else None
    if back is not None or not rising:
        place = 0 if back is None else back + 1
        message = (
            f"{path}: the time does not rise at sample {place + 1}; export one segment, "
            f"or name the columns (--column)"
        )
        raise TraceError(message)
    usual_s = float(np.median(steps[steps > 0.0]))
    digit_s = _digit(path, times_s, steps)
    first_s, step_s = _line(times_s) if digit_s else (float(times_s[0]), _mean_step(times_s))
    _agree(path, choice, step_s)
    # Written with few digits, times are late or early by one of the last.
    off_s = np.arange(count, dtype=np.float64)
    off_s *= step_s
    off_s += first_s - times_s
    if float(np.abs(off_s).max()) <= max(0.75 * step_s, usual_s, digit_s):
        return first_s, step_s, None
    if rising < count - 1:
        message = f"{path}: the time stands still now and then; export it with more digits"
        raise TraceError(message)
    return float(times_s[0]), usual_s, times_s


def _mean_step(times_s: Floats) -> float:
    return float(times_s[-1] - times_s[0]) / (times_s.size - 1)


def _line(times_s: Floats) -> tuple[float, float]:
    """Return first time and step of the straight line through times that are off by a digit.

    The two ends alone would leave that digit to the step, which is the clock of every rate.
    """
    places = np.arange(times_s.size, dtype=np.float64) - (times_s.size - 1) / 2
    step_s = float(places @ times_s) / float(places @ places)
    return float(times_s.mean()) + step_s * float(places[0]), step_s


def _digit(path: Path, times_s: Floats, steps: Floats) -> float:
    """Return what the last digit of a time is worth where samples share one; 0 where none do.

    A time that is written with few digits stands still for some samples and then steps over all
    of them: what counts is the step for each. Digits may be fewer from one second on.

    Raises
    ------
    TraceError
        If there is a hole.
    """
    rises: NDArray[np.int64] | None = None
    if not (steps > 0.0).all():
        rises = np.flatnonzero(steps > 0.0)
        each_s = steps[rises]
        shared = np.diff(rises, prepend=-1)
        shared[0] = shared[:2].max()  # the first may have begun before the trace
        digit_s = float(each_s[shared > 1].max(initial=0.0))
        each_s /= shared
    else:
        each_s, digit_s = steps, 0.0
    worst = int(each_s.argmax())
    if float(each_s[worst]) > HOLE * float(np.median(each_s)):
        place = worst if rises is None else int(rises[worst])
        message = (
            f"{path}: a hole of {float(steps[place]) * 1e3:.4g} ms at "
            f"{float(times_s[place]):.6g} s; export one segment without gaps"
        )
        raise TraceError(message)
    return digit_s


def _agree(path: Path, choice: Choice, step_s: float) -> None:
    stated_s = choice.interval_s
    if stated_s > 0.0 and abs(step_s - stated_s) > 0.02 * stated_s:
        message = (
            f"{path}: samples are {step_s:.4g} s apart, its preamble says {stated_s:.4g} s; "
            f"correct the unit of time (--time-unit)"
        )
        raise TraceError(message)
