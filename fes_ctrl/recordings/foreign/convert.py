"""A foreign file and a layout to a recording, or the one reason why not."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from fes_ctrl.recordings.files import RecordingError
from fes_ctrl.recordings.foreign.clock import Clock, counted, from_rate, from_time
from fes_ctrl.recordings.foreign.header import find_header
from fes_ctrl.recordings.foreign.layout import (
    FORCES,
    SWITCHES,
    VECTORS,
    Layout,
    Source,
    refuse_halves,
    split_target,
)
from fes_ctrl.recordings.foreign.numbers import Numbers, read_numbers
from fes_ctrl.recordings.foreign.text import ForeignText
from fes_ctrl.recordings.foreign.units import ACC, FORCE, GYR, QUANTITIES, median_length, peak

AXES: Final = "xyz"
GAP_STEPS: Final = 1.5
"""A step of so many ordinary ones is a gap: a row was lost."""

SUM_WITHIN_N: Final = 1.0

Columns = dict[str, NDArray[np.float64]]


@dataclass(frozen=True, slots=True)
class Imported:
    """A recording made of a foreign file, not yet written.

    Attributes
    ----------
    columns : dict of str to ndarray
        In the recording's names and units.
    units : dict of str to str
        What the file's numbers were in, by quantity.
    rows_left_out : int
        Rows without a value where one was needed: gaps now.
    figures : dict of str to float
        What the units were judged by, by sensor.
    notes : tuple of str
        Everything that was done beyond reading.
    """

    columns: Columns
    clock: Clock
    units: dict[str, str]
    rows_left_out: int
    figures: dict[str, float]
    notes: tuple[str, ...]

    @property
    def rows(self) -> int:
        """How many there are."""
        return len(self.clock.t_s)

    @property
    def duration_s(self) -> float:
        """From the first row to the last."""
        return float(self.clock.t_s[-1] - self.clock.t_s[0])

    @property
    def rate_hz(self) -> float:
        """Of the ordinary step from row to row."""
        steps = np.diff(self.clock.t_s)
        return float(1 / np.median(steps)) if steps.size else 0.0

    @property
    def gaps(self) -> tuple[int, float]:
        """How many, and the longest in seconds."""
        steps = np.diff(self.clock.t_s)
        gaps = steps[steps > GAP_STEPS * np.median(steps)] if steps.size else steps
        return len(gaps), float(gaps.max()) if gaps.size else 0.0


@np.errstate(over="ignore")  # what overflows lies in no band
def convert(
    text: ForeignText, layout: Layout, *, rate_hz: float | None = None, trusting: bool = False
) -> Imported:
    """Return the recording that a layout finds in a foreign file.

    Parameters
    ----------
    text : ForeignText
    layout : Layout
    rate_hz : float or None
        In place of the file's clock.
    trusting : bool
        Take acceleration, rates and forces to be in the units that were said, whatever they show.

    Raises
    ------
    RecordingError
        If a column is missing, a cell cannot be read, or the numbers contradict their units.
    """
    refuse_halves(layout)
    names = layout.columns()
    numbers = read_numbers(text, find_header(text, names), names)
    cells = dict(zip(names, numbers.values.T, strict=True))
    layout = _with_a_clock(text, layout, cells, rate_hz)
    needed = [name for source in layout.sources.values() for total in source for name in total]
    keep, notes = _complete(text, numbers, layout, cells, needed)
    lines = numbers.lines[keep]
    cells = {name: values[keep] for name, values in cells.items()}
    _check_sums(text, layout, cells, lines)
    clock = _clock(text, layout, cells, lines)
    columns: Columns = {}
    for target, source in layout.sources.items():
        columns.update(_converted(target, source, layout.units, cells))
    figures = _judged(text, layout, columns, trusting=trusting)
    _check_switches(text, columns, lines)
    notes = (*numbers.notes, *notes, *clock.notes)
    left_out = len(numbers.lines) - len(lines)
    return Imported(columns, clock, _units_used(layout), left_out, figures, notes)


def _units_used(layout: Layout) -> dict[str, str]:
    channels = {split_target(target)[2] for target in layout.sources}
    force = bool(channels & set(FORCES))
    return {
        name: unit
        for name, unit in layout.units.items()
        if name in channels or (name == "force" and force)
    }


def _with_a_clock(
    text: ForeignText, layout: Layout, cells: Columns, rate_hz: float | None
) -> Layout:
    """Return the layout with the clock that is to be used, and no other."""
    sources = dict(layout.sources)
    time = sources.get("time")
    rate = rate_hz or layout.stated_hz
    empty = time is not None and all(np.isnan(cells[name]).all() for name in time[0])
    if rate_hz or (empty and "seq" in sources and rate):
        sources.pop("time", None)
    elif time is None and "seq" in sources and rate:
        pass
    elif time is None or empty:
        raise _no_clock(text, "the time is empty" if empty else "no time")
    return replace(layout, sources=sources, stated_hz=rate)


def _no_clock(text: ForeignText, why: str) -> RecordingError:
    return RecordingError(
        f"{text.path}: {why}; give --rate-hz, or --map time= with a column that has it"
    )


def _complete(
    text: ForeignText, numbers: Numbers, layout: Layout, cells: Columns, needed: list[str]
) -> tuple[NDArray[np.bool_], tuple[str, ...]]:
    """Return which rows have every value, and what is to be said about the others."""
    notes: list[str] = []
    empty = {name: np.isnan(cells[name]) for name in needed}
    keep = ~np.logical_or.reduce(list(empty.values()))
    if 2 * int(keep.sum()) <= len(keep):
        worst = max(empty, key=lambda name: int(empty[name].sum()))
        message = (
            f"{text.path}: column {worst} is empty in {int(empty[worst].sum())} of {len(keep)} "
            f"rows; map another column, or export it again"
        )
        raise RecordingError(message)
    if not keep.all():
        first = int(numbers.lines[~keep][0])
        count = int((~keep).sum())
        rows = "1 row lacks" if count == 1 else f"{count} rows lack"
        notes.append(f"{rows} a value (line {first}{' on' * (count > 1)}) and became a gap")
    if layout.zero_start:
        still = np.ones(len(keep), dtype=np.bool_)
        for target in layout.sources:
            if split_target(target)[2] == "acc":
                still &= np.all([cells[n] == 0 for t in layout.sources[target] for n in t], axis=0)
        begin = int(np.argmin(still))
        if begin:
            keep[:begin] = False
            rows = "a row" if begin == 1 else f"{begin} rows"
            notes.append(f"{rows} of zeros at the beginning left out")
    return keep, tuple(notes)


def _clock(
    text: ForeignText,
    layout: Layout,
    cells: Columns,
    lines: NDArray[np.int64],
) -> Clock:
    where = str(text.path)
    time = layout.sources.get("time")
    seq: NDArray[np.int64] | None = None
    notes: tuple[str, ...] = ()
    if "seq" in layout.sources:
        name = layout.sources["seq"][0][0]
        try:
            seq, notes = counted(where, name, cells[name], lines)
        except RecordingError as error:
            if time is None:
                raise
            notes = (f"left out as seq: {error}",)
    rate = layout.stated_hz
    if time is not None:
        ticks = np.sum([cells[name] for name in time[0]], axis=0)
        name = "+".join(time[0])
        clock = from_time(where, name, layout.units["time"], rate, layout.wraps, ticks, lines)
    elif rate:
        counts = "rows" if seq is None else "seq"
        clock = from_rate(where, rate, seq, len(lines), f"{counts} at {rate:g} Hz")
    else:
        raise _no_clock(text, "no time")
    return Clock(clock.t_s, seq, clock.origin_s, clock.source, (*notes, *clock.notes))


def _converted(target: str, source: Source, units: Mapping[str, str], cells: Columns) -> Columns:
    channel = split_target(target)[2]
    sums = [np.sum([cells[name] for name in total], axis=0) for total in source]
    if channel in VECTORS:
        factor = QUANTITIES[channel].units[units[channel]]
        return {f"{target}_{axis}": v * factor for axis, v in zip(AXES, sums, strict=True)}
    if channel in FORCES:
        return {target: sums[0] * FORCE.units[units["force"]]}
    return {} if channel in ("time", "seq") else {target: sums[0]}


def _check_sums(
    text: ForeignText, layout: Layout, cells: Columns, lines: NDArray[np.int64]
) -> None:
    for total, parts in layout.sums:
        off = np.abs(np.sum([cells[name] for name in parts], axis=0) - cells[total])
        if bool((off > SUM_WITHIN_N).any()):
            row = int(np.argmax(off))
            message = (
                f"{text.path}:{lines[row]}: columns {parts[0]} to {parts[-1]} do not add up to "
                f"{total} (off by {off[row]:.1f}); it is laid out otherwise, choose another --map"
            )
            raise RecordingError(message)


def _judged(
    text: ForeignText, layout: Layout, columns: Columns, *, trusting: bool
) -> dict[str, float]:
    """Return the figures that units were judged by, or refuse what they contradict."""
    figures: dict[str, float] = {}
    forces: dict[str, list[NDArray[np.float64]]] = {}
    for target in layout.sources:
        leg, _, channel = split_target(target)
        if channel in VECTORS:
            vectors = np.column_stack([columns[f"{target}_{axis}"] for axis in AXES])
            figures[target] = median_length(vectors) if channel == "acc" else peak(vectors)
            quantity = ACC if channel == "acc" else GYR
            why = quantity.objection(figures[target], layout.units[channel], target)
            _refuse(text, None if trusting else why)
        elif channel in FORCES:
            forces.setdefault(leg, []).append(columns[target])
    for leg, of_leg in forces.items():
        where = f"{leg} force".strip()
        figures[where] = max(peak(values) for values in of_leg)
        why = FORCE.objection(figures[where], layout.units["force"], where)
        _refuse(text, None if trusting else why)
    return figures


def _refuse(text: ForeignText, why: str | None) -> None:
    if why is not None:
        message = f"{text.path}: {why}"
        raise RecordingError(message)


def _check_switches(text: ForeignText, columns: Columns, lines: NDArray[np.int64]) -> None:
    for target, values in columns.items():
        if target.rpartition(".")[2] in SWITCHES:
            odd = np.flatnonzero((values != 0) & (values != 1))
            if odd.size:
                row = int(odd[0])
                message = (
                    f"{text.path}:{lines[row]}: {target} = {values[row]:g} is neither 0 nor 1; "
                    f"map a sensor of force to {target}_n, in newton"
                )
                raise RecordingError(message)
