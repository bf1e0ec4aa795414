"""Of a run's page: its course in time, which zooms to a stride."""

import numpy as np

from fes_ctrl.model import EVENT_KINDS, INITIAL_CONTACT
from fes_ctrl.report.detail import Detail
from fes_ctrl.report.markup import Html, join, tag
from fes_ctrl.report.packed import POINTS
from fes_ctrl.report.run_signals import Signal, shown_of
from fes_ctrl.report.run_view import LegView, RunView
from fes_ctrl.report.series import Line, Mark, NumberedSpan, Panel, series_plot
from fes_ctrl.safety.faults import CLEARED

EVENT_NAMES = {"ic": "contact", "ff": "flat", "ho": "heel-off", "tc": "toe-off"}
MARKS = 400
LONG_US = 90_000_000
"""A longer run is a blot when it is shown whole."""
OPENS_ON = 10
ACTS = frozenset({"arm", "disarm", "pause", "resume", "stop", "clear", "test"})


def time_section(view: RunView, most: int = POINTS) -> Html:
    """Return what the section says; ``most`` points of a series are shown."""
    said = (
        "Drag across a plot to zoom all of them, double-click for the whole; or choose a stride. "
        "Swings are shaded."
    )
    return join([tag("p", said), *[_leg(view, leg, most) for leg in view.legs]])


def _leg(view: RunView, leg: LegView, most: int) -> Html:
    role = "" if leg.stimulated else ", which only senses"
    heading = tag("h3", f"{leg.side.capitalize()} leg{role}") if view.two_legs else Html("")
    panels = _panels(shown_of(view.run, leg))
    events = _events(leg)
    if events is not None:
        panels.append(events)
    if not panels:
        return join([heading, tag("p", "Nothing was sensed, told or given on this leg.")])
    missing = []
    if leg.stimulated and not any(burst.setpoints for burst in leg.walk.bursts):
        missing.append("No pulse was given on this leg.")
    if leg.truth is None:
        missing.append("What the foot truly did is not known: only what its sensors told is shown.")
    run = view.run
    marks = _marks(view, leg)
    first = _opens_on(view, leg, marks)
    plot = series_plot(
        "time",
        f"The {leg.side} leg in time",
        panels,
        from_us=run.start_us,
        to_us=run.end_us,
        leg=leg.side if view.two_legs else "",
        shades=[(s.lift_us, s.end_us) for s in leg.spans if s.lift_us is not None],
        strides=[NumberedSpan(s.number, s.start_us, s.end_us) for s in leg.spans],
        marks=marks,
        view=first,
        whole=most,
        most=min(most, POINTS // len(view.legs)),
        detail=Detail(run.start_us, first, [m.t_us for m in marks if m.kind != "operator"]),
    )
    if first is not None:
        missing.append(
            f"It opens on {OPENS_ON} strides in the middle of the run; “Whole run” shows it all."
        )
    return join([heading, *[tag("p", each) for each in missing], plot])


def _opens_on(view: RunView, leg: LegView, marks: list[Mark]) -> tuple[int, int] | None:
    """Return what of a long run is shown at first; all of it, where something happened in it."""
    told = any(mark.kind != "operator" for mark in marks)
    if told or view.run.end_us - view.run.start_us < LONG_US or len(leg.settled) < OPENS_ON:
        return None
    begin = (len(leg.settled) - OPENS_ON) // 2
    return leg.settled[begin].start_us, leg.settled[begin + OPENS_ON - 1].end_us


def _panels(signals: list[Signal]) -> list[Panel]:
    by_title: dict[str, list[Signal]] = {}
    for signal in signals:
        by_title.setdefault(signal.title, []).append(signal)
    panels = []
    for title, parts in by_title.items():
        lines = [
            Line(
                signal.name,
                signal.t_us,
                signal.values,
                signal.resolution,
                colour=1 + index % 4,
                dashed=index > 0,
                filled=signal.unit == "mA" and index == 0,
            )
            for index, signal in enumerate(parts)
        ]
        first = parts[0]
        head, _, remark = title.partition(", ")
        height = 150 if first.unit else 60  # a switch has but two values
        panel = Panel(head, first.unit, lines, height, first.zero, first.least, remark=remark)
        panels.append(panel)
    return panels


def _events(leg: LegView) -> Panel | None:
    kinds = [
        kind
        for kind in EVENT_KINDS
        if any(event.kind == kind for event in leg.walk.detected)
        or (kind in {INITIAL_CONTACT, "ho"} and any(e.kind == kind for e in leg.walk.truth))
    ]
    if not kinds:
        return None
    row = {kind: len(kinds) - index for index, kind in enumerate(kinds)}
    lines = []
    true = sorted((event.t_us, row[event.kind]) for event in leg.walk.truth if event.kind in row)
    told = sorted((event.t_event_us, row[event.kind]) for event in leg.walk.detected)
    for name, found, shift, hollow in (("true", true, 0.18, True), ("told", told, -0.18, False)):
        if found:
            t_us = np.array([t for t, _ in found], dtype=np.int64)
            values = np.array([r + shift for _, r in found], dtype=np.float64)
            colour = 2 if hollow else 1
            lines.append(Line(name, t_us, values, 0.01, colour, dashed=hollow, dots=True))
    names = {number: EVENT_NAMES[kind] for kind, number in row.items()}
    return Panel("Events", "", lines, height=30 + 26 * len(kinds), names=names)


def _marks(view: RunView, leg: LegView) -> list[Mark]:
    run = view.run
    marks = [
        Mark(fault.t_us, fault.id, "fault")
        for fault in run.walk.faults
        if fault.reaction != CLEARED and fault.leg in {-1, leg.walk.leg}
    ]
    marks += [Mark(t_us, name, "injection") for name, t_us in run.injections]
    marks += [
        Mark(now_us, act.action, "operator") for now_us, act in run.operator if act.action in ACTS
    ]
    return sorted(marks, key=lambda mark: (mark.kind != "fault", mark.t_us))[:MARKS]
