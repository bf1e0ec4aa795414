"""Reference events that a replay is held against: those of the recording, and on its clock."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from fes_ctrl.cli.errors import Refusal

if TYPE_CHECKING:
    from fes_ctrl.analysis.walk import LegWalk
    from fes_ctrl.recordings import Recording, ReferenceEvent


def reference_of(path: Path, signal: "Recording") -> "tuple[tuple[ReferenceEvent, ...], str]":
    """Return the events of a file that are within a recording, and what is left out of it.

    An event beyond the recording is none that a detector could have told or a burst have met.

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
    from fes_ctrl.model import ALL_LEGS
    from fes_ctrl.recordings import RecordingError, read_events

    try:
        events = read_events(path)
    except RecordingError as error:
        raise Refusal(str(error)) from error
    if not events:
        message = f"{path}: holds no events; give those of {signal.path.name}, or none"
        raise Refusal(message)
    begin_us, end_us = int(signal.t_meas_us[0]), int(signal.t_meas_us[-1])
    inside = tuple(event for event in events if begin_us <= event.t_us <= end_us)
    span = f"{begin_us / 1e6:.1f} to {end_us / 1e6:.1f} s"
    counts = f"{len(inside)} of {len(events)} events are within the recording ({span})"
    if not inside:
        message = f"{path}: {counts}; give those of {signal.path.name}, on its clock"
        raise Refusal(message)
    said = []
    if len(inside) < len(events):
        said = [counts, _by_leg(events, inside), "the others are left out"]
    named = tuple(event for event in inside if event.leg != ALL_LEGS)
    if len(signal.legs) > 1 and 0 < len(named) < len(inside):
        said.append(f"{len(inside) - len(named)} do not say of which leg, and are left out")
        inside = named
    said.append(_without_reference(inside, signal))
    doubt = "; ".join(each for each in said if each)
    return inside, f"{path}: {doubt}" if doubt else ""


def _by_leg(events: "Sequence[ReferenceEvent]", inside: "Sequence[ReferenceEvent]") -> str:
    """Return how many events of each leg are within the recording, where there are two."""
    from fes_ctrl.model import ALL_LEGS, LEG_NAMES

    legs = sorted({event.leg for event in events} - {ALL_LEGS})
    if len(legs) < 2:
        return ""
    counts = [
        [sum(event.leg == leg for event in those) for leg in legs] for those in (inside, events)
    ]
    return ", ".join(
        f"{LEG_NAMES[leg]} leg {those} of {all_}"
        for leg, those, all_ in zip(legs, *counts, strict=True)
    )


def _without_reference(inside: "Sequence[ReferenceEvent]", signal: "Recording") -> str:
    """Return which recorded leg has no event of its own, where others have."""
    from fes_ctrl.model import ALL_LEGS, LEG_NAMES

    known = {event.leg for event in inside}
    if ALL_LEGS in known:
        return ""
    sides = " and ".join(LEG_NAMES[leg] for leg in signal.legs if leg not in known)
    return f"none is of the {sides} leg, which is without a reference" if sides else ""


def score_of(
    legs: "Sequence[LegWalk]",
    reference: "Sequence[ReferenceEvent]",
    excluded_us: tuple[tuple[int, int], ...],
) -> dict[str, dict[str, object]] | None:
    """Return how well detected events agree with a reference, kind by kind.

    Of a leg without a reference nothing is known, so what was detected of it is left out; so are
    events of a leg that was not recorded. ``None`` where that leaves no reference.

    Parameters
    ----------
    legs : sequence of LegWalk
        That were recorded, with what was detected.
    reference : sequence of ReferenceEvent
        What they are held against.
    excluded_us : tuple of (int, int)
        Spans that are not scored.
    """
    from fes_ctrl.analysis.score import score
    from fes_ctrl.model import ALL_LEGS
    from fes_ctrl.recordings import ReferenceEvent

    recorded = {ALL_LEGS, *(leg.leg for leg in legs)}
    reference = [event for event in reference if event.leg in recorded]
    if not reference:
        return None
    # A reference without legs is compared as a whole, so the detected ones lose theirs too.
    named = any(event.leg != ALL_LEGS for event in reference)
    known = {event.leg for event in reference}
    found = [
        ReferenceEvent(
            event.t_event_us, event.kind, event.leg if named else ALL_LEGS, event.t_emit_us
        )
        for leg in legs
        for event in leg.detected
        if event.leg in known or ALL_LEGS in known
    ]
    return score(sorted(found), reference, exclude_us=excluded_us)
