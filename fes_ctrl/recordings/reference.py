"""Reference events, and the index that says which spans of a recording not to score."""

import math
from pathlib import Path
from typing import NamedTuple

from fes_ctrl.model import EVENT_KINDS, LEG_NAMES
from fes_ctrl.recordings.files import US_PER_S, RecordingError, dictionaries, instant
from fes_ctrl.units import Us


class ReferenceEvent(NamedTuple):
    """One line of an events file.

    ``leg`` is -1 where the file does not say; ``t_emit_us`` is ``None`` in references.
    """

    t_us: Us
    kind: str
    leg: int
    t_emit_us: Us | None


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
    names, rows = dictionaries(path)
    stamp = "t_s" if "t_s" in names else "t_event_s"
    for needed in (stamp, "event"):
        if needed not in names:
            message = (
                f"{path}:1: no column {needed}; events have t_s,event or t_emit_s,t_event_s,event"
            )
            raise RecordingError(message)
    events: list[ReferenceEvent] = []
    for line, row in rows:
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
                instant(path, line, stamp, row[stamp]),
                kind,
                LEG_NAMES.index(leg) if leg else -1,
                None if emit is None else instant(path, line, "t_emit_s", emit),
            )
        )
    return tuple(sorted(events, key=lambda event: event.t_us))


class IndexEntry(NamedTuple):
    """One line of an index of recordings.

    ``exclude_us`` are spans that must not be scored; ``reference`` says what the events were
    told by.
    """

    name: str
    cohort: str
    subject: str
    side: str
    exclude_us: tuple[tuple[Us, Us], ...]
    reference: str = ""


def read_index(path: str | Path) -> dict[str, IndexEntry]:
    """Return the lines of ``recordings.csv`` by name.

    Raises
    ------
    RecordingError
        If the file or a line of it cannot be used.
    """
    path = Path(path)
    index: dict[str, IndexEntry] = {}
    names, rows = dictionaries(path)
    if "name" not in names:
        message = f"{path}:1: no column name; an index names its recordings"
        raise RecordingError(message)
    for line, row in rows:
        if row["name"] in index:
            message = f"{path}:{line}: {row['name']} is there twice; remove or rename one line"
            raise RecordingError(message)
        try:
            spans = parse_spans(row.get("exclude_s", ""))
        except ValueError as error:
            message = f"{path}:{line}: exclude_s: {error}"
            raise RecordingError(message) from None
        index[row["name"]] = IndexEntry(
            row["name"],
            row.get("cohort", ""),
            row.get("subject", ""),
            row.get("side", ""),
            spans,
            row.get("reference", ""),
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
