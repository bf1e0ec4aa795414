"""Of a run's page: charge, compensation and fatigue over time, and every stride in a table."""

from collections.abc import Sequence
from typing import Final

import numpy as np

from fes_ctrl.analysis.stride_course import StrideRow
from fes_ctrl.report.markup import Html, folded, join, number, table, tag
from fes_ctrl.report.run_view import LegView, RunView
from fes_ctrl.report.series import Line, NumberedSpan, Panel, series_plot

SLOW: Final = 6_000
"""Points of what changes slowly, where it is too long to be shown whole."""

ROWS: Final = 1_000
"""Strides in the table: of a longer walk the first and the last."""


def course_section(view: RunView) -> Html:
    """Return what the section says."""
    return join([_leg(view, leg) for leg in view.legs])


def _leg(view: RunView, leg: LegView) -> Html:
    role = "" if leg.stimulated else ", which only senses"
    heading = tag("h3", f"{leg.side.capitalize()} leg{role}") if view.two_legs else Html("")
    panels = _panels(view, leg)
    if not panels:
        return join([heading, tag("p", "No stride is known of this leg.")])
    said = (
        "A point a stride, at the contact that ends it; the charge is of the first phases, as "
        "commanded."
    )
    missing = Html("")
    if not leg.spans:
        said = "No stride is known of this leg."
    if not leg.walk.swings:
        said = said.replace("the contact", "the told contact")
        missing = tag("p", "Clearance, compensation and fatigue of this leg are not known.")
    run = view.run
    plot = series_plot(
        "course",
        f"The {leg.side} leg, stride by stride",
        panels,
        from_us=run.start_us,
        to_us=run.end_us,
        leg=leg.side if view.two_legs else "",
        strides=[NumberedSpan(s.number, s.start_us, s.end_us) for s in leg.spans],
        most=SLOW,
    )
    return join([heading, tag("p", said), missing, plot, _strides(view, leg)])


def _panels(view: RunView, leg: LegView) -> list[Panel]:
    rows = leg.rows
    panels = []
    if rows and leg.stimulated:
        charge = _dots("charge", rows, [row.charge_uC for row in rows], 0.1)
        panels.append(Panel("Charge of a stride", "µC", [charge], height=120, zero=True, least=1.0))
    if leg.stimulated and view.run.states:
        panels.append(_level(view))
    if leg.walk.swings:
        swings = [row.swing for row in rows if row.swing is not None]
        with_swing = [row for row in rows if row.swing is not None]
        panels += [
            _panel("Toe clearance", "mm", with_swing, [s.clearance_mm for s in swings], 0.1, 10.0),
            _panel(
                "Ankle at contact",
                "deg",
                with_swing,
                [s.ankle_at_contact_deg for s in swings],
                0.1,
                4.0,
            ),
            _panel(
                "Compensation by lifting the leg",
                "mm",
                with_swing,
                [s.compensation_mm for s in swings],
                0.1,
                10.0,
            ),
            _panel(
                "Push-off work lost",
                "%",
                with_swing,
                [s.lost_push_off_percent for s in swings],
                0.1,
                5.0,
            ),
        ]
    if leg.truth is not None and len(leg.truth.t_us) and leg.stimulated:
        fitness = Line("fitness", leg.truth.t_us, leg.truth.series["fitness"], 0.001)
        panels.append(
            Panel(
                "Fitness: what fatigue has left of the muscle, 1 is rested",
                "",
                [fitness],
                height=120,
                least=0.1,
            )
        )
    if rows and not leg.walk.swings:
        whole = [row for row in rows if row.span.whole]
        lasted = [(row.span.end_us - row.span.start_us) / 1e6 for row in whole]
        if whole:
            panels.append(
                Panel(
                    "Time of a stride",
                    "s",
                    [_dots("stride", whole, lasted, 0.001)],
                    height=120,
                    least=0.2,
                )
            )
    return panels


def _panel(
    title: str, unit: str, rows: Sequence[StrideRow], values: list[float], step: float, least: float
) -> Panel:
    return Panel(title, unit, [_dots("stride", rows, values, step)], 120, zero=True, least=least)


def _dots(name: str, rows: Sequence[StrideRow], values: list[float], step: float) -> Line:
    t_us = np.array([row.span.end_us for row in rows], dtype=np.int64)
    return Line(name, t_us, np.array(values, dtype=np.float64), step, dots=True)


def _level(view: RunView) -> Panel:
    """Return the operator's level as stairs."""
    t_us, level = [view.run.start_us], [0.0]
    for state in view.run.states:
        at_us = max(state.t_us, t_us[-1])
        t_us += [at_us, at_us]
        level += [level[-1], float(state.level_percent) if state.armed else 0.0]
    t_us.append(max(view.run.end_us, t_us[-1]))
    level.append(level[-1])
    line = Line("level", np.array(t_us, dtype=np.int64), np.array(level), 1.0, filled=True)
    return Panel("Operator's level while armed", "%", [line], height=90, zero=True, least=100.0)


def _strides(view: RunView, leg: LegView) -> Html:
    prefix = f"{leg.side}-" if view.two_legs else ""
    lines = []
    rows = leg.rows
    left = len(rows) - ROWS
    if left > 0:
        rows = [*rows[: ROWS // 2], *rows[-ROWS // 2 :]]
    for row in rows:
        swing = row.swing
        link = tag("a", row.span.number, href=f"#{prefix}stride-{row.span.number}")
        line: list[object] = [
            link,
            number(row.span.start_us / 1e6, 2),
            number((row.span.end_us - row.span.start_us) / 1e6, 2),
            row.pulses if leg.stimulated else None,
            number(row.charge_uC, 1) if leg.stimulated else None,
            number(row.peak_mA, 1),
        ]
        if leg.walk.swings:
            line += [
                number(row.onset_ms, 0),
                number(swing.clearance_mm) if swing else None,
                number(swing.ankle_at_contact_deg) if swing else None,
                ("yes" if swing.slap else "no") if swing else None,
                number(swing.lost_push_off_percent) if swing else None,
                number(swing.compensation_mm) if swing else None,
                number(row.fitness, 3),
            ]
        lines.append(line)
    head = ["stride", "from, s", "lasts, s", "pulses", "charge, µC", "peak, mA"]
    if leg.walk.swings:
        head += ["onset after heel-off, ms", "toe clearance, mm", "ankle at contact, deg",
                 "foot slap", "push-off lost, %", "compensation, mm", "fitness"]  # fmt: skip
    said = "A number leads to that stride in the course in time."
    if left > 0:
        said += (
            f" These are the first {ROWS // 2} strides and the last; the {left} between them are "
            "too many for a page: fes-ctrl export --to parquet gives all of them."
        )
    return folded("Every stride" if left <= 0 else "Strides", tag("p", said), table(head, lines))
