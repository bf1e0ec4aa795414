"""What a simulated patient really did, as the tables that a walk's folder keeps beside the log.

``truth.csv.gz`` has the time series, ``strides.csv`` one line a swing, ``truth.events.csv`` the
events as recordings have them. All of it is of the patient, nothing of what the controller made of
it. ``twin.csv.gz`` has some of the time series of the same steps without stimulation, where those
were walked, too.
"""

import csv
import gzip
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from fes_ctrl.analysis.walk import Swing, TrueEvent
from fes_ctrl.model import EVENT_KINDS, LEG_NAMES

SERIES_FILE: Final = "truth.csv.gz"
STRIDES_FILE: Final = "strides.csv"
EVENTS_FILE: Final = "truth.events.csv"
TWIN_FILE: Final = "twin.csv.gz"

SERIES: Final[dict[str, str]] = {
    "ankle_deg": ".3f",
    "toe_mm": ".2f",
    "pitch_deg": ".3f",
    "heel_n": ".1f",
    "fore_n": ".1f",
    "fitness": ".5f",
}
"""The time series of a leg and how each is written: ankle (dorsiflexion positive), toe height
above the floor (negative where the floor would hold it), foot pitch against the floor (toe-up
positive), vertical load under heel and forefoot, and what fatigue has left of the dorsiflexors."""

TWIN_SERIES: Final = ("ankle_deg", "toe_mm", "pitch_deg")
"""Those that are kept of the twin without stimulation."""

SWING_FIELDS: Final = tuple(field.name for field in fields(Swing))
BAD: Final = "bad"
"""What went astray in a stride; folders of before do not have it."""

NEEDED_FIELDS: Final = tuple(name for name in SWING_FIELDS if name != BAD)


class TruthError(ValueError):
    """A table that cannot be used: which, where, and what to do."""


@dataclass(slots=True)
class TruthLeg:
    """One leg.

    Attributes
    ----------
    leg : int
        ``model.LEFT`` or ``model.RIGHT``.
    t_us : array of int, shape (n,)
        Instants of the series.
    series : dict of str to array of float, shape (n,)
        Each of ``SERIES``.
    swings : list of Swing
        In order.
    events : list of TrueEvent
        In order.
    """

    leg: int
    t_us: NDArray[np.int64]
    series: dict[str, NDArray[np.float64]]
    swings: list[Swing] = field(default_factory=list)
    events: list[TrueEvent] = field(default_factory=list)


@dataclass(slots=True)
class Truth:
    """Every leg that was simulated, stimulated ones first."""

    legs: list[TruthLeg]

    def of(self, leg: int) -> TruthLeg | None:
        """Return one leg's, or ``None`` where it was not simulated."""
        return next((each for each in self.legs if each.leg == leg), None)


def truth_files(truth: Truth) -> dict[str, str]:
    """Return the text of each file by its name.

    Parameters
    ----------
    truth : Truth
        The legs' series have one time base.
    """
    return {
        SERIES_FILE: _series_text(truth, tuple(SERIES)),
        STRIDES_FILE: _strides_text(truth),
        EVENTS_FILE: _events_text(truth),
    }


def twin_files(twin: Truth) -> dict[str, str]:
    """Return the text of the file of a twin without stimulation, by its name.

    Parameters
    ----------
    twin : Truth
        Its strides are those of the walk itself, and are not kept again.
    """
    return {TWIN_FILE: _series_text(twin, TWIN_SERIES)}


def _series_text(truth: Truth, series: Sequence[str]) -> str:
    names = ["t_s"]
    columns: list[list[str]] = []
    for number, leg in enumerate(truth.legs):
        if number == 0:
            columns.append([f"{t / 1e6:.3f}" for t in leg.t_us.tolist()])
        for name in series:
            names.append(f"{LEG_NAMES[leg.leg]}.{name}")
            columns.append([format(value, SERIES[name]) for value in leg.series[name].tolist()])
    return _lines(names, zip(*columns, strict=True))


def _strides_text(truth: Truth) -> str:
    rows = (
        (LEG_NAMES[leg.leg], *[_cell(getattr(swing, name)) for name in SWING_FIELDS])
        for leg in truth.legs
        for swing in leg.swings
    )
    return _lines(("leg", *SWING_FIELDS), rows)


def _events_text(truth: Truth) -> str:
    found = sorted((event.t_us, leg.leg, event.kind) for leg in truth.legs for event in leg.events)
    rows = ((f"{t_us / 1e6:.6f}", kind, LEG_NAMES[leg]) for t_us, leg, kind in found)
    return _lines(("t_s", "event", "leg"), rows)


def _lines(names: Sequence[str], rows: "Iterator[tuple[str, ...]] | zip[tuple[str, ...]]") -> str:
    return "\n".join([",".join(names), *map(",".join, rows)]) + "\n"


def _cell(value: float | str) -> str:
    if isinstance(value, str):
        return value
    # A truth value is a number too: 0 or 1.
    return str(int(value)) if isinstance(value, bool) else repr(value)


def read_truth(folder: Path) -> Truth | None:
    """Return what a walk's folder keeps of the patient.

    Parameters
    ----------
    folder : Path
        Of a walk.

    Returns
    -------
    Truth or None
        ``None`` where the folder keeps nothing of a patient: a replay's, a real run's, or a walk's
        that did not come to its end.

    Raises
    ------
    TruthError
        If one of the tables is missing or damaged.
    """
    if not any((folder / name).exists() for name in (SERIES_FILE, STRIDES_FILE, EVENTS_FILE)):
        return None
    legs = _read_legs(folder / SERIES_FILE, tuple(SERIES))
    swings = _read_strides(folder / STRIDES_FILE)
    events = _read_events(folder / EVENTS_FILE)
    for leg in legs:
        leg.swings, leg.events = swings.get(leg.leg, []), events.get(leg.leg, [])
    return Truth(legs)


def read_twin(folder: Path) -> Truth | None:
    """Return what a walk's folder keeps of the same steps without stimulation.

    Parameters
    ----------
    folder : Path
        Of a walk.

    Returns
    -------
    Truth or None
        With ``TWIN_SERIES`` alone, for its strides are the walk's own; ``None`` where the folder
        keeps no twin.

    Raises
    ------
    TruthError
        If the table is damaged.
    """
    path = folder / TWIN_FILE
    return Truth(_read_legs(path, TWIN_SERIES)) if path.exists() else None


def _read_legs(path: Path, series: Sequence[str]) -> list[TruthLeg]:
    names, values = _read_series(path)
    t_us = np.rint(values[:, 0] * 1e6).astype(np.int64)
    legs = []
    for side in dict.fromkeys(name.partition(".")[0] for name in names[1:]):
        wanted = [f"{side}.{name}" for name in series]
        if side not in LEG_NAMES or any(name not in names for name in wanted):
            message = f"{path}:1: the columns of {side} are not a walk's; walk anew"
            raise TruthError(message)
        columns = {name: values[:, names.index(f"{side}.{name}")].copy() for name in series}
        legs.append(TruthLeg(LEG_NAMES.index(side), t_us, columns))
    return legs


def _read_series(path: Path) -> tuple[list[str], NDArray[np.float64]]:
    try:
        with gzip.open(path, "rt", encoding="utf-8") as file:
            text = file.read()
        head, _, body = text.partition("\n")
        names = head.split(",")
        values = np.loadtxt(io.StringIO(body), delimiter=",", ndmin=2) if body else None
    except (OSError, EOFError, ValueError) as error:
        message = f"{path}: {_why(error)}; the table of a walk is damaged, walk anew"
        raise TruthError(message) from error
    if values is None:
        values = np.empty((0, len(names)))
    if names[0] != "t_s" or values.shape[1] != len(names):
        message = f"{path}:1: not the time series of a walk; walk anew"
        raise TruthError(message)
    return names, values


def _rows(path: Path, wanted: Sequence[str]) -> Iterator[tuple[int, Mapping[str, str]]]:
    try:
        with path.open(newline="", encoding="utf-8") as file:
            reader = csv.DictReader(file)
            if [name for name in wanted if name not in (reader.fieldnames or ())]:
                message = f"{path}:1: not a table of a walk, which has {','.join(wanted)}"
                raise TruthError(message)
            for number, row in enumerate(reader, 2):
                if row["leg"] not in LEG_NAMES or None in row.values():
                    message = f"{path}:{number}: not a line of this table; walk anew"
                    raise TruthError(message)
                yield number, row
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        message = f"{path}: {_why(error)}; the table of a walk is damaged, walk anew"
        raise TruthError(message) from error


def _read_strides(path: Path) -> dict[int, list[Swing]]:
    swings: dict[int, list[Swing]] = {}
    for number, row in _rows(path, ("leg", *NEEDED_FIELDS)):
        try:
            values: dict[str, Any] = {name: _number(name, row[name]) for name in NEEDED_FIELDS}
            swing = Swing(**values, bad=row.get(BAD, ""))
        except ValueError as error:
            message = f"{path}:{number}: {error}; walk anew"
            raise TruthError(message) from error
        swings.setdefault(LEG_NAMES.index(row["leg"]), []).append(swing)
    return swings


def _number(name: str, text: str) -> float | bool:
    if name == "slap":
        return bool(int(text))
    return int(text) if name == "stride" or name.endswith("_us") else float(text)


def _read_events(path: Path) -> dict[int, list[TrueEvent]]:
    events: dict[int, list[TrueEvent]] = {}
    for number, row in _rows(path, ("t_s", "event", "leg")):
        try:
            t_us = round(float(row["t_s"]) * 1e6)
        except ValueError as error:
            message = f"{path}:{number}: {error}; walk anew"
            raise TruthError(message) from error
        if row["event"] not in EVENT_KINDS:
            message = f"{path}:{number}: event {row['event']!r} is unknown; walk anew"
            raise TruthError(message)
        leg = LEG_NAMES.index(row["leg"])
        events.setdefault(leg, []).append(TrueEvent(row["event"], t_us))
    return events


def _why(error: Exception) -> str:
    return str(getattr(error, "strerror", None) or error)
