"""Reference events that a replay is held against: those of the recording, and on its clock."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from fes_ctrl.cli.errors import Refusal

if TYPE_CHECKING:
    from fes_ctrl.analysis.walk import LegWalk
    from fes_ctrl.recordings import Recording, ReferenceEvent


def reference_of(path: Path, signal: "Recording") -> "tuple[tuple[ReferenceEvent, ...], str]":
    """Return the events of a file, and what speaks against their being of a recording.

    Parameters
    ----------
    path : Path
        Of the events.
    signal : Recording
        The recording.

    Raises
    ------
    Refusal
        If the file cannot be read, or none of its events is within the recording.
    """
    from fes_ctrl.recordings import RecordingError, read_events

    try:
        events = read_events(path)
    except RecordingError as error:
        raise Refusal(str(error)) from error
    begin_us, end_us = int(signal.t_meas_us[0]), int(signal.t_meas_us[-1])
    inside = sum(begin_us <= event.t_us <= end_us for event in events)
    if inside == len(events):
        return events, ""
    span = f"{begin_us / 1e6:.1f} to {end_us / 1e6:.1f} s"
    told = f"{path}: {inside} of {len(events)} events are within the recording ({span})"
    if inside == 0:
        message = f"{told}; give those of {signal.path.name}, on its clock"
        raise Refusal(message)
    return events, told


def score_of(
    legs: "Sequence[LegWalk]",
    reference: "Sequence[ReferenceEvent]",
    excluded_us: tuple[tuple[int, int], ...],
) -> dict[str, dict[str, object]]:
    """Return how well detected events agree with a reference, kind by kind.

    Parameters
    ----------
    legs : sequence of LegWalk
        With what was detected.
    reference : sequence of ReferenceEvent
        What they are held against.
    excluded_us : tuple of (int, int)
        Spans that are not scored.
    """
    from fes_ctrl.analysis.score import score
    from fes_ctrl.model import ALL_LEGS
    from fes_ctrl.recordings import ReferenceEvent

    # A reference without legs is compared as a whole, so the detected ones lose theirs too.
    named = any(event.leg != ALL_LEGS for event in reference)
    found = [
        ReferenceEvent(
            event.t_event_us, event.kind, event.leg if named else ALL_LEGS, event.t_emit_us
        )
        for leg in legs
        for event in leg.detected
    ]
    return score(sorted(found), reference, exclude_us=excluded_us)
