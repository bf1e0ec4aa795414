"""A run as a C3D file, which programs of gait laboratories open.

Everything is on one regular grid, made of readings that came at their own instants; the file says
so in its group ``FES``. Numbers are floats, so nothing is lost to the format's 16-bit steps.
"""

import struct
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from fes_ctrl import __version__
from fes_ctrl.analysis.run import Run
from fes_ctrl.export.c3d_channels import Channel, Point, analog, points
from fes_ctrl.export.c3d_events import (
    CONTEXTS,
    DETECTED,
    FIRST,
    GENERAL,
    LabEvent,
    in_sets,
    lab_events,
    that_fit,
)
from fes_ctrl.export.origin import origin
from fes_ctrl.export.resample import instants, rate_of
from fes_ctrl.units import Us

if TYPE_CHECKING:
    import ezc3d

BLOCK: Final = 512
MOST_BLOCKS: Final = 255
"""A file's parameters have so many blocks at most, for their number is a byte."""
MOST_FRAMES: Final = 0xFFFF
"""A file with more says how many it has in parameters that not every program reads."""
MOST_CHANNELS: Final = 255

METHOD: Final = (
    "readings interpolated in straight lines (switches held) onto a regular grid; "
    "0 and OK = 0 where readings are missing; currents held from pulse to pulse"
)


class C3dError(ValueError):
    """A run that does not fit into a C3D file: why, and what to do."""


@dataclass(frozen=True, slots=True)
class Window:
    """What of a run goes into the file, and how.

    Attributes
    ----------
    from_us, to_us : int or None
        On the run's clock; ``None`` is its start or end.
    rate_hz : float or None
        Of the grid; ``None`` is the rate of the fastest sensor.
    events : str
        ``detected`` or ``truth``.
    """

    from_us: Us | None = None
    to_us: Us | None = None
    rate_hz: float | None = None
    events: str = DETECTED


@dataclass(frozen=True, slots=True)
class Contents:
    """What a file holds, to be told."""

    frames: int
    rate_hz: float
    channels: tuple[str, ...]
    points: tuple[str, ...]
    events: int
    events_left_out: dict[str, int]
    notes: tuple[str, ...] = ()


def c3d_bytes(run: Run, window: Window) -> tuple[bytes, Contents]:
    """Return the file, and what is in it.

    Parameters
    ----------
    run : Run
        As read.
    window : Window
        Which part, on which grid.

    Raises
    ------
    C3dError
        If that part is empty, or more than the format holds.
    """
    start_us = run.start_us if window.from_us is None else max(window.from_us, run.start_us)
    end_us = run.end_us if window.to_us is None else min(window.to_us, run.end_us)
    if end_us <= start_us:
        message = (
            f"the run lasts from {run.start_us / 1e6:g} to {run.end_us / 1e6:g} s and has nothing "
            f"in that part; choose another --from and --until"
        )
        raise C3dError(message)
    rate_hz = window.rate_hz or rate_of(run.samples.values())
    grid = instants(start_us, end_us, rate_hz)
    signals, true = analog(run, grid), points(run, grid)
    if len(signals) > MOST_CHANNELS:
        message = f"{len(signals)} channels, and a C3D file has {MOST_CHANNELS} at most"
        raise C3dError(message)
    events = [
        event._replace(t_us=event.t_us - start_us)
        for event in lab_events(run, window.events)
        if start_us <= event.t_us <= end_us
    ]
    fitting, left_out = that_fit(events)
    if any(label in left_out for label in FIRST):
        message = (
            f"{sum(left_out[label] for label in FIRST)} contacts and toe-offs are more than a C3D "
            f"file has room for; give --from and --until"
        )
        raise C3dError(message)
    file = _file(signals, true, rate_hz, len(grid))
    _add_events(file, fitting)
    _add_origin(file, run, start_us, left_out)
    data = _written(file)
    told = Contents(
        frames=len(grid),
        rate_hz=rate_hz,
        channels=tuple(signal.label for signal in signals),
        points=tuple(point.label for point in true),
        events=len(fitting),
        events_left_out=left_out,
    )
    return data, replace(told, notes=tuple(_notes(told)))


def _notes(told: Contents) -> list[str]:
    notes = []
    if told.frames > MOST_FRAMES:
        notes.append(
            f"{told.frames} frames: programs that do not read TRIAL:ACTUAL_END_FIELD see the first "
            f"{MOST_FRAMES}; --from and --until make smaller files"
        )
    sets = len(in_sets([LabEvent(0, "", "", "", 0)] * told.events))
    if sets > 1:
        others = "EVENT:TIMES2" if sets == 2 else f"EVENT:TIMES2 to EVENT:TIMES{sets}"
        notes.append(
            f"{told.events} events: many programs see the first 255 (contacts and toe-offs first), "
            f"the others are in {others}; --from and --until make smaller files"
        )
    if told.events_left_out:
        listed = ", ".join(f"{count} {label}" for label, count in told.events_left_out.items())
        notes.append(f"left out, for the format has no room: {listed}; give --from and --until")
    return notes


def _file(signals: list[Channel], true: list[Point], rate_hz: float, frames: int) -> "ezc3d.c3d":
    import ezc3d

    file = ezc3d.c3d()
    point = file["parameters"]["POINT"]
    point["RATE"]["value"] = [rate_hz]
    point["UNITS"]["value"] = ["mm"]
    point["LABELS"]["value"] = [each.label for each in true]
    point["DESCRIPTIONS"]["value"] = [each.says for each in true]
    if true:
        groups = list(dict.fromkeys(each.group for each in true))
        for group in groups:
            labels = [each.label for each in true if each.group == group]
            file.add_parameter("POINT", group, labels)
        file.add_parameter("POINT", "TYPE_GROUPS", groups)
        file.add_parameter("POINT", "ANGLE_UNITS", ["deg"])
        file.add_parameter("POINT", "SCALAR_UNITS", ["mm"])
    places = np.zeros((4, len(true), frames))
    places[3] = 1.0
    residuals = np.zeros((1, len(true), frames))
    for number, each in enumerate(true):
        places[0, number] = each.values
        residuals[0, number] = np.where(each.valid, 0.0, -1.0)
    file["data"]["points"] = places
    file["data"]["meta_points"]["residuals"] = residuals
    told = file["parameters"]["ANALOG"]
    told["RATE"]["value"] = [rate_hz]
    told["LABELS"]["value"] = [each.label for each in signals]
    told["DESCRIPTIONS"]["value"] = [each.says for each in signals]
    told["UNITS"]["value"] = [each.unit for each in signals]
    values = np.zeros((1, len(signals), frames))
    for number, signal in enumerate(signals):
        values[0, number] = signal.values
    file["data"]["analogs"] = values
    low, high = frames % (MOST_FRAMES + 1), frames // (MOST_FRAMES + 1)
    _integers(file, "TRIAL", "ACTUAL_START_FIELD", [1, 0])
    _integers(file, "TRIAL", "ACTUAL_END_FIELD", [low, high])
    file.add_parameter("TRIAL", "CAMERA_RATE", float(rate_hz))
    if frames > MOST_FRAMES:
        file.add_parameter("POINT", "LONG_FRAMES", float(frames))
    return file


def _add_events(file: "ezc3d.c3d", events: list[LabEvent]) -> None:
    contexts = [*CONTEXTS.values(), GENERAL]
    _integers(file, "EVENT_CONTEXT", "USED", [len(contexts)])
    file.add_parameter("EVENT_CONTEXT", "LABELS", contexts)
    file.add_parameter("EVENT_CONTEXT", "DESCRIPTIONS", [f"{each} side" for each in contexts])
    _integers(file, "EVENT_CONTEXT", "ICON_IDS", [0] * len(contexts))
    for number, listed in in_sets(events):
        _integers(file, "EVENT", f"USED{number}", [len(listed)])
        if not listed:
            continue
        times = [divmod(event.t_us, 60_000_000) for event in listed]
        minutes = [float(minute) for minute, _ in times]
        seconds = [rest_us / 1e6 for _, rest_us in times]
        file.add_parameter("EVENT", f"TIMES{number}", np.array([minutes, seconds]))
        file.add_parameter("EVENT", f"CONTEXTS{number}", [event.context for event in listed])
        file.add_parameter("EVENT", f"LABELS{number}", [event.label for event in listed])
        if not number:
            says = [_ascii(event.says)[:32] for event in listed]
            file.add_parameter("EVENT", "DESCRIPTIONS", says)
        file.add_parameter("EVENT", f"SUBJECTS{number}", [" "] * len(listed))
        _integers(file, "EVENT", f"ICON_IDS{number}", [event.icon for event in listed])
        _integers(file, "EVENT", f"GENERIC_FLAGS{number}", [0] * len(listed))


def _add_origin(file: "ezc3d.c3d", run: Run, start_us: Us, left_out: dict[str, int]) -> None:
    file.add_parameter("MANUFACTURER", "SOFTWARE", ["fes-ctrl"])
    file.add_parameter("MANUFACTURER", "VERSION_LABEL", [__version__])
    said = origin(run)
    del said["config"]
    said |= {"frame_1_us": str(start_us), "resampling": METHOD}
    said["events_left_out"] = ", ".join(f"{count} {label}" for label, count in left_out.items())
    for name, text in said.items():
        # An empty text would have no length, which not every reader takes.
        file.add_parameter("FES", name.upper(), [_ascii(text)[:MOST_CHANNELS] or " "])


def _integers(file: "ezc3d.c3d", group: str, name: str, values: list[int]) -> None:
    # The library's own method makes floats of lists of integers; these have to be integers.
    from ezc3d import ezc3d as low

    parameter: Any = low.Parameter(name, "")
    parameter.set(low.VecInt(values), [len(values)])
    file["parameters"].add_parameter(group, parameter)


def _ascii(text: str) -> str:
    return text.encode("ascii", "replace").decode()


def _written(file: "ezc3d.c3d") -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "run.c3d"
        file.write(str(path))
        data = path.read_bytes()
    (data_start,) = struct.unpack_from("<H", data, 16)
    blocks = data_start - 2
    if blocks > MOST_BLOCKS:
        message = (
            f"labels and events take {blocks} blocks of {BLOCK} bytes, and a C3D file has "
            f"{MOST_BLOCKS}; give --from and --until"
        )
        raise C3dError(message)
    return data
