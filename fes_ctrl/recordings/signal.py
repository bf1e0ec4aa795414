"""The signal of a recording: columns of a table to sensors of the house."""

import io
import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from fes_ctrl.model import (
    FOOT_IMU,
    FORE_FORCE,
    FOREFOOT_SWITCH,
    HEEL_FORCE,
    HEEL_SWITCH,
    LEFT,
    LEG_NAMES,
    SENSOR_CHANNELS,
    Sample,
)
from fes_ctrl.recordings.files import LONGEST_S, US_PER_S, RecordingError, number, read_text
from fes_ctrl.recordings.meta import SITES, Meta, meta_path, read_meta

IMU_CHANNELS: Final = SENSOR_CHANNELS[FOOT_IMU]
SINGLE: Final = {
    "heel": HEEL_SWITCH,
    "fore": FOREFOOT_SWITCH,
    "heel_n": HEEL_FORCE,
    "fore_n": FORE_FORCE,
}
UNUSED: Final = ("mid_n", "total_n", "stim_mA")
"""Columns that a recording may have and that no sensor of the house reads."""


@dataclass(frozen=True, slots=True)
class Stream:
    """One sensor of a recording.

    Attributes
    ----------
    leg, sensor
        As in ``model.Sample``.
    values : ndarray, shape (rows, channels)
        In the order of ``model.SENSOR_CHANNELS``.
    """

    leg: int
    sensor: str
    values: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Recording:
    """A recording in memory.

    Attributes
    ----------
    t_meas_us, t_arrive_us : ndarray of int64, shape (rows,)
        Equal where the file has one clock only.
    seq : ndarray of int64, shape (rows,)
        The file's own count, else the row number from 0.
    streams : tuple of Stream
        At least one.
    stim_ma : ndarray or None
        Stimulation current at the time, milliamperes, where it was recorded.
    ignored : tuple of str
        Columns that were not understood.
    """

    name: str
    path: Path
    meta: Meta
    t_meas_us: NDArray[np.int64]
    t_arrive_us: NDArray[np.int64]
    seq: NDArray[np.int64]
    streams: tuple[Stream, ...]
    stim_ma: NDArray[np.float64] | None
    ignored: tuple[str, ...]

    @property
    def legs(self) -> tuple[int, ...]:
        """The legs that wear a sensor, left first."""
        return tuple(sorted({stream.leg for stream in self.streams}))

    def sensors(self, leg: int) -> tuple[str, ...]:
        """Return the sensor kinds of one leg."""
        return tuple(stream.sensor for stream in self.streams if stream.leg == leg)

    def samples(self) -> Iterator[Sample]:
        """Yield every reading, in order of arrival and within a row in order of the streams."""
        t_meas = self.t_meas_us.tolist()
        t_arrive = self.t_arrive_us.tolist()
        seq = self.seq.tolist()
        columns = [(stream.leg, stream.sensor, stream.values.tolist()) for stream in self.streams]
        make = tuple
        for row, t_us in enumerate(t_meas):
            arrive_us = t_arrive[row]
            count = seq[row]
            for leg, sensor, values in columns:
                yield Sample(t_us, arrive_us, count, leg, sensor, make(values[row]))


def read_recording(path: str | Path) -> Recording:
    """Return a recording.

    Parameters
    ----------
    path : str or Path
        ``NAME.csv`` or ``NAME.csv.gz``; ``NAME.meta.toml`` beside it is read too.

    Raises
    ------
    RecordingError
        If the file or a line of it cannot be used.
    """
    path = Path(path)
    if not path.name.endswith((".csv", ".csv.gz")):
        message = f"{path}: not a recording; give a .csv or .csv.gz file"
        raise RecordingError(message)
    text = read_text(path)
    header, _, body = text.partition("\n")
    names = [name.strip() for name in header.rstrip("\r").split(",")]
    _check_header(path, names)
    table = _table(path, names, body)
    columns = {name: table[:, index] for index, name in enumerate(names)}
    meta = read_meta(meta_path(path))
    t_meas_us = _stamps(path, columns, "t_s", body)
    t_arrive_us = t_meas_us
    if "t_arrive_s" in columns:
        t_arrive_us = _stamps(path, columns, "t_arrive_s", body)
        early = np.flatnonzero(t_arrive_us < t_meas_us)
        if early.size:
            message = (
                f"{path}:{_line_of(body, int(early[0]))}: t_arrive_s lies before t_s; "
                f"check that both are on the same clock"
            )
            raise RecordingError(message)
    if "seq" in columns:
        seq = columns["seq"].astype(np.int64)
    else:
        seq = np.arange(len(t_meas_us), dtype=np.int64)
    streams, ignored = _streams(path, columns, meta)
    return Recording(
        name=path.name.removesuffix(".gz").removesuffix(".csv"),
        path=path,
        meta=meta,
        t_meas_us=t_meas_us,
        t_arrive_us=t_arrive_us,
        seq=seq,
        streams=streams,
        stim_ma=columns.get("stim_mA"),
        ignored=ignored,
    )


def _check_header(path: Path, names: list[str]) -> None:
    if names == [""]:
        message = f"{path}:1: empty; a recording begins with its column names, t_s first"
        raise RecordingError(message)
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        message = f"{path}:1: column {twice[0]} is there twice; rename or remove one"
        raise RecordingError(message)
    if "t_s" not in names:
        message = f"{path}:1: no column t_s (seconds); the columns are {', '.join(names)}"
        raise RecordingError(message)


def _table(path: Path, names: list[str], body: str) -> NDArray[np.float64]:
    """Parse the numbers, quickly if all is well and carefully if not."""
    if not body.strip():
        message = f"{path}: no rows after the header; nothing to read"
        raise RecordingError(message)
    try:
        table = np.loadtxt(io.StringIO(body), delimiter=",", ndmin=2, comments=None)
    except ValueError:
        table = _table_by_row(path, names, body)
    if table.shape[1] != len(names) or not bool(np.isfinite(table).all()):
        # Empty lines shift the numbers of the rows, so the place is found in the text.
        table = _table_by_row(path, names, body)
    return table


def _table_by_row(path: Path, names: list[str], body: str) -> NDArray[np.float64]:
    rows: list[list[float]] = []
    for line, text in enumerate(body.split("\n"), start=2):
        if not text.strip():
            continue
        cells = text.split(",")
        if len(cells) != len(names):
            message = f"{path}:{line}: {len(cells)} values for {len(names)} columns; mend the line"
            raise RecordingError(message)
        rows.append(
            [number(path, line, name, cell) for name, cell in zip(names, cells, strict=True)]
        )
    return np.array(rows, dtype=np.float64)


def _line_of(body: str, row: int) -> int:
    """Return the line in the file of a row of the table; blank lines are lines but no rows."""
    lines = (line for line, text in enumerate(body.split("\n"), start=2) if text.strip())
    return next(itertools.islice(lines, row, None))


def _stamps(
    path: Path, columns: dict[str, NDArray[np.float64]], name: str, body: str
) -> NDArray[np.int64]:
    seconds = columns[name]
    beyond = np.flatnonzero(np.abs(seconds) > LONGEST_S)
    if beyond.size:
        row = int(beyond[0])
        message = (
            f"{path}:{_line_of(body, row)}: {name} = {seconds[row]:g} is not a time in seconds; "
            f"convert it"
        )
        raise RecordingError(message)
    stamps = np.rint(seconds * US_PER_S).astype(np.int64)
    back = np.flatnonzero(np.diff(stamps) < 0)
    if back.size:
        row = int(back[0]) + 1
        message = (
            f"{path}:{_line_of(body, row)}: {name} goes back from {seconds[row - 1]:.6f} to "
            f"{seconds[row]:.6f} s; sort the rows, or cut the file where its clock was set anew"
        )
        raise RecordingError(message)
    return stamps


def _streams(
    path: Path, columns: dict[str, NDArray[np.float64]], meta: Meta
) -> tuple[tuple[Stream, ...], tuple[str, ...]]:
    found: dict[tuple[int, str], dict[str, NDArray[np.float64]]] = {}
    labels: dict[tuple[int, str], str] = {}
    ignored: list[str] = []
    for name, values in columns.items():
        if name in {"t_s", "t_arrive_s", "seq"} or name.rpartition(".")[2] in UNUSED:
            continue
        place = _place(name, meta)
        if place is None:
            ignored.append(name)
            continue
        prefix, _, channel = name.rpartition(".")
        previous = labels.setdefault(place, prefix)
        if previous != prefix:
            message = (
                f"{path}:1: {previous or 'no prefix'} and {prefix or 'no prefix'} both name the "
                f"{LEG_NAMES[place[0]]} {place[1]}; keep one of them"
            )
            raise RecordingError(message)
        found.setdefault(place, {})[channel] = values
    streams = []
    for (leg, sensor), channels in sorted(found.items()):
        wanted = SENSOR_CHANNELS[sensor]
        missing = [channel for channel in wanted if channel not in channels]
        if missing:
            dot = labels[leg, sensor] and labels[leg, sensor] + "."
            message = (
                f"{path}:1: no column {dot}{missing[0]}; "
                f"a {sensor.replace('_', ' ')} has {', '.join(wanted)}"
            )
            raise RecordingError(message)
        streams.append(Stream(leg, sensor, np.column_stack([channels[c] for c in wanted])))
    if not streams:
        message = (
            f"{path}:1: no column of a sensor; needed is heel, heel_n or acc_x acc_y acc_z "
            f"gyr_x gyr_y gyr_z, with a prefix such as left.foot. where there are several"
        )
        raise RecordingError(message)
    return tuple(streams), tuple(ignored)


def _place(name: str, meta: Meta) -> tuple[int, str] | None:
    """Return leg and sensor of a column, or ``None`` if it is not understood."""
    *prefixes, channel = name.split(".")
    leg = LEG_NAMES.index(meta.side) if meta.side else LEFT
    site = meta.site
    if prefixes and prefixes[0] in LEG_NAMES:
        leg = LEG_NAMES.index(prefixes.pop(0))
    if prefixes and prefixes[0] in SITES:
        site = prefixes.pop(0)
    if prefixes:
        return None
    if channel in SINGLE:
        return leg, SINGLE[channel]
    if channel in IMU_CHANNELS:
        return leg, SITES[site]
    return None
