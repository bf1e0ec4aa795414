"""Sensor recordings and their reference events: files in, samples in order of arrival out.

A file that cannot be trusted is refused as a whole, with the line and the column; nothing is
guessed, skipped or mended.
"""

import csv
import gzip
import io
import itertools
import math
import tomllib
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from fes_ctrl.model import (
    EVENT_KINDS,
    FOOT_IMU,
    FORE_FORCE,
    HEEL_FORCE,
    HEEL_SWITCH,
    LEFT,
    LEG_NAMES,
    SENSOR_CHANNELS,
    SHANK_IMU,
    Sample,
)
from fes_ctrl.units import Us

IMU_CHANNELS: Final = SENSOR_CHANNELS[FOOT_IMU]
SINGLE: Final = {"heel": HEEL_SWITCH, "heel_n": HEEL_FORCE, "fore_n": FORE_FORCE}
SITES: Final = {"foot": FOOT_IMU, "shank": SHANK_IMU}
UNUSED: Final = ("mid_n", "total_n", "stim_mA")
"""Columns that a recording may have and that no sensor of the house reads."""

CLOCKS: Final = ("measurement", "arrival")
LONGEST_S: Final = 1e9
"""Stamps beyond some thirty years are not seconds."""

US_PER_S: Final = 1e6


class RecordingError(ValueError):
    """A file that cannot be used: what, where, and what to do."""


class Meta(NamedTuple):
    """What ``NAME.meta.toml`` says; empty where it says nothing.

    ``clock`` is ``measurement`` or ``arrival``: which of the two ``t_s`` is.
    """

    side: str = ""
    affected_side: str = ""
    mounting: str = ""
    aid: str = ""
    clock: str = "measurement"


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


class ReferenceEvent(NamedTuple):
    """One line of an events file.

    ``leg`` is -1 where the file does not say; ``t_emit_us`` is ``None`` in references.
    """

    t_us: Us
    kind: str
    leg: int
    t_emit_us: Us | None


# -- the signal ---------------------------------------------------------------------------------


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


def read_text(path: Path) -> str:
    """Return the text of a plain or gzipped file; ``RecordingError`` says why it cannot be had."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        message = f"{path}: no such file; check the path"
        raise RecordingError(message) from None
    except OSError as error:
        message = f"{path}: cannot be read ({error.strerror}); check the path and its permissions"
        raise RecordingError(message) from None
    if path.name.endswith(".gz"):
        try:
            data = gzip.decompress(data)
        except (OSError, EOFError, zlib.error):
            message = f"{path}: not a whole gzip file; copy it again, or drop the .gz if it is text"
            raise RecordingError(message) from None
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        message = f"{path}:{line}: not UTF-8 text; save it as UTF-8"
        raise RecordingError(message) from None


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
            [_number(path, line, name, cell) for name, cell in zip(names, cells, strict=True)]
        )
    return np.array(rows, dtype=np.float64)


def _number(path: Path, line: int, column: str, cell: str) -> float:
    text = cell.strip()
    try:
        value = float(text)
    except ValueError:
        what = f"{text!r} is not a number" if text else "no value"
        message = f"{path}:{line}: column {column}: {what}; mend or remove the line"
        raise RecordingError(message) from None
    if not math.isfinite(value):
        message = f"{path}:{line}: column {column}: {text} is not a finite number; remove the line"
        raise RecordingError(message)
    return value


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


# -- columns to sensors -------------------------------------------------------------------------


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
    site = "shank" if "shank" in meta.mounting else "foot"
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


# -- what lies beside a recording ---------------------------------------------------------------


def meta_path(path: Path) -> Path:
    """Return where the description of a recording would be."""
    return path.with_name(path.name.removesuffix(".gz").removesuffix(".csv") + ".meta.toml")


def read_meta(path: Path) -> Meta:
    """Return what a description says; all empty if there is none."""
    if not path.exists():
        return Meta()
    text = read_text(path)
    try:
        said = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        message = f"{path}: not TOML ({error}); mend or remove it"
        raise RecordingError(message) from None
    values: dict[str, str] = {}
    for key in Meta._fields:
        value = said.get(key, "")
        if not isinstance(value, str):
            message = f"{path}: {key} = {value!r} is not text; put it in quotes"
            raise RecordingError(message)
        values[key] = value
    if values["side"] not in ("", *LEG_NAMES):
        message = f"{path}: side = {values['side']!r}; say left or right, or leave it out"
        raise RecordingError(message)
    if values["clock"] not in ("", *CLOCKS):
        message = f"{path}: clock = {values['clock']!r}; say {' or '.join(CLOCKS)}"
        raise RecordingError(message)
    values["clock"] = values["clock"] or "measurement"
    return Meta(**values)


def read_events(path: str | Path) -> tuple[ReferenceEvent, ...]:
    """Return reference or detected events in order of time.

    Parameters
    ----------
    path : str or Path
        ``t_s,event`` with an optional ``leg``; or ``t_emit_s,t_event_s,event`` with an optional
        ``leg``, as ``detect`` writes it.

    Raises
    ------
    RecordingError
        If the file or a line of it cannot be used.
    """
    path = Path(path)
    rows = _dictionaries(path)
    events: list[ReferenceEvent] = []
    first = True
    stamp = "t_s"
    for line, row in rows:
        if first:
            stamp = "t_s" if "t_s" in row else "t_event_s"
            for needed in (stamp, "event"):
                if needed not in row:
                    message = (
                        f"{path}:1: no column {needed}; events have t_s,event or "
                        f"t_emit_s,t_event_s,event"
                    )
                    raise RecordingError(message)
            first = False
        kind = row["event"]
        if kind not in EVENT_KINDS:
            known = ", ".join(EVENT_KINDS)
            message = f"{path}:{line}: event {kind!r} is unknown; known are {known}"
            raise RecordingError(message)
        leg = row.get("leg", "")
        if leg not in ("", *LEG_NAMES):
            message = f"{path}:{line}: leg {leg!r} is neither left nor right"
            raise RecordingError(message)
        emit = row.get("t_emit_s")
        events.append(
            ReferenceEvent(
                _instant(path, line, stamp, row[stamp]),
                kind,
                LEG_NAMES.index(leg) if leg else -1,
                None if emit is None else _instant(path, line, "t_emit_s", emit),
            )
        )
    return tuple(sorted(events, key=lambda event: event.t_us))


def _instant(path: Path, line: int, column: str, cell: str) -> Us:
    seconds = _number(path, line, column, cell)
    if abs(seconds) > LONGEST_S:
        message = f"{path}:{line}: {column} = {cell} is not a time in seconds; convert it"
        raise RecordingError(message)
    return round(seconds * US_PER_S)


def _dictionaries(path: Path) -> Iterable[tuple[int, dict[str, str]]]:
    reader = csv.reader(io.StringIO(read_text(path)))
    try:
        names = [name.strip() for name in next(reader)]
    except StopIteration:
        message = f"{path}:1: empty; it begins with its column names"
        raise RecordingError(message) from None
    for cells in reader:
        if not cells:
            continue
        if len(cells) != len(names):
            message = (
                f"{path}:{reader.line_num}: {len(cells)} values for {len(names)} columns; "
                f"mend the line"
            )
            raise RecordingError(message)
        yield reader.line_num, dict(zip(names, (cell.strip() for cell in cells), strict=True))


class IndexEntry(NamedTuple):
    """One line of an index of recordings.

    ``exclude_us`` are spans that must not be scored.
    """

    name: str
    cohort: str
    subject: str
    side: str
    exclude_us: tuple[tuple[Us, Us], ...]


def read_index(path: str | Path) -> dict[str, IndexEntry]:
    """Return the lines of ``recordings.csv`` by name.

    Raises
    ------
    RecordingError
        If the file or a line of it cannot be used.
    """
    path = Path(path)
    index: dict[str, IndexEntry] = {}
    for line, row in _dictionaries(path):
        if "name" not in row:
            message = f"{path}:1: no column name; an index names its recordings"
            raise RecordingError(message)
        try:
            spans = parse_spans(row.get("exclude_s", ""))
        except ValueError as error:
            message = f"{path}:{line}: exclude_s: {error}"
            raise RecordingError(message) from None
        index[row["name"]] = IndexEntry(
            row["name"], row.get("cohort", ""), row.get("subject", ""), row.get("side", ""), spans
        )
    return index


def parse_spans(text: str) -> tuple[tuple[Us, Us], ...]:
    """Return spans of time from ``"a b;a b"`` in seconds.

    Raises
    ------
    ValueError
        If a part is not two finite numbers in order.
    """
    spans: list[tuple[Us, Us]] = []
    for part in text.split(";"):
        if not part.strip():
            continue
        try:
            begin, end = (float(number) for number in part.split())
        except ValueError:
            begin, end = math.nan, math.nan
        if not (math.isfinite(begin) and math.isfinite(end) and begin <= end):
            message = f"{part.strip()!r} is not a span; write two times in seconds, 'begin end'"
            raise ValueError(message)
        spans.append((round(begin * US_PER_S), round(end * US_PER_S)))
    return tuple(spans)
