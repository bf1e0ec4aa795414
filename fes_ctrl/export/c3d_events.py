"""The events of a C3D file, with the labels and contexts that gait laboratories' programs know.

A parameter of a C3D file has 255 entries at most. Contacts and toe-offs come first; what does not
fit goes on in parameters with a number behind their names, as it is usual for labels of points. All
parameters together have a limit as well: kinds that do not fit are left out as a whole and counted.
"""

from typing import Final, NamedTuple

from fes_ctrl.analysis.run import Run
from fes_ctrl.export.moments import side
from fes_ctrl.model import LEFT, RIGHT
from fes_ctrl.units import Us

MOST: Final = 255
MOST_SETS: Final = 13
"""So many sets of 255 leave room for everything else in a file's 130 kB of parameters."""

FIRST: Final = ("Foot Strike", "Foot Off")
ORDER: Final = (FIRST, ("Fault",), ("Stim On", "Stim Off"), ("Heel Off",), ("Foot Flat",))
"""What is kept before what, where not everything fits."""

CONTEXTS: Final = {LEFT: "Left", RIGHT: "Right"}
GENERAL: Final = "General"
LABELS: Final = {
    "ic": ("Foot Strike", 1),
    "tc": ("Foot Off", 2),
    "ff": ("Foot Flat", 0),
    "ho": ("Heel Off", 0),
}
"""Label and icon of each kind of gait event."""

DETECTED: Final = "detected"
TRUE: Final = "truth"
SOURCES: Final = (DETECTED, TRUE)


class LabEvent(NamedTuple):
    """One event as a gait laboratory has it."""

    t_us: Us
    context: str
    label: str
    says: str
    icon: int


def lab_events(run: Run, source: str) -> list[LabEvent]:
    """Return all events: contacts and toe-offs in order, then the others in order.

    Parameters
    ----------
    run : Run
        As read.
    source : str
        ``detected``, or ``truth`` of a simulated patient.
    """
    found = _gait(run, source)
    for leg in run.walk.legs:
        for burst in leg.bursts:
            says = f"{side(leg.leg)}, channel {burst.start.channel}"
            found.append(LabEvent(burst.start.t_us, GENERAL, "Stim On", says, 0))
            if burst.end is not None:
                found.append(LabEvent(burst.end.t_us, GENERAL, "Stim Off", says, 0))
    found += [
        LabEvent(fault.t_us, GENERAL, "Fault", f"{fault.id}, {fault.reaction}", 0)
        for fault in run.walk.faults
    ]
    return sorted(found, key=lambda event: (event.label not in FIRST, event))


def that_fit(events: list[LabEvent]) -> tuple[list[LabEvent], dict[str, int]]:
    """Return the events that a file has room for, and how many of which label it has not."""
    kept: set[str] = set()
    left: dict[str, int] = {}
    room = MOST * MOST_SETS
    for labels in ORDER:
        counts = {label: sum(event.label == label for event in events) for label in labels}
        if sum(counts.values()) <= room:
            kept.update(labels)
            room -= sum(counts.values())
        else:
            left.update(counts)
    return [event for event in events if event.label in kept], left


def _gait(run: Run, source: str) -> list[LabEvent]:
    if source == TRUE:
        true = run.truth.legs if run.truth else []
        kinds = [(event.t_us, leg.leg, event.kind) for leg in true for event in leg.events]
    else:
        kinds = [
            (event.t_event_us, leg.leg, event.kind)
            for leg in (*run.walk.legs, *run.walk.sensing)
            for event in leg.detected
        ]
    return [
        LabEvent(t_us, CONTEXTS[leg], LABELS[kind][0], source, LABELS[kind][1])
        for t_us, leg, kind in kinds
    ]


def in_sets(events: list[LabEvent]) -> list[tuple[str, list[LabEvent]]]:
    """Return them in sets that fit, each with what is put behind the names of its parameters."""
    starts = range(0, max(1, len(events)), MOST)
    return [
        ("" if number == 1 else str(number), events[start : start + MOST])
        for number, start in enumerate(starts, 1)
    ]
