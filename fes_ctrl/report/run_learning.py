"""Of a run's page: what a program that learns made of each stride, and when it was frozen."""

from collections.abc import Sequence

import numpy as np

from fes_ctrl.analysis.adaptations import UNTAUGHT, frozen_by, stride_of
from fes_ctrl.analysis.settings import values_of
from fes_ctrl.model import Adaptation
from fes_ctrl.report.markup import Html, folded, join, number, table, tag
from fes_ctrl.report.run_view import LegView, RunView
from fes_ctrl.report.series import Line, NumberedSpan, Panel, series_plot


def learning_section(view: RunView) -> Html:
    """Return what the section says; nothing where no leg learnt."""
    return join([_leg(view, leg) for leg in view.legs if leg.walk.adaptations])


def _leg(view: RunView, leg: LegView) -> Html:
    heading = tag("h3", f"{leg.side.capitalize()} leg") if view.two_legs else Html("")
    told = leg.walk.adaptations
    said = (
        "A point a stride, when its foot was flat again: what was measured in it, and what the "
        "next burst was given for that. Frozen strides taught nothing."
    )
    run = view.run
    plot = series_plot(
        "course",
        f"What was learnt of the {leg.side} leg, stride by stride",
        _panels(view, told),
        from_us=run.start_us,
        to_us=run.end_us,
        leg=leg.side if view.two_legs else "",
        strides=[NumberedSpan(s.number, s.start_us, s.end_us) for s in leg.spans],
    )
    return join([heading, tag("p", said), _why_frozen(leg), plot, _every(view, leg)])


# -- pictures -------------------------------------------------------------------------------------


def _panels(view: RunView, told: Sequence[Adaptation]) -> list[Panel]:
    share = [100.0 * each.share for each in told]
    times = [
        _dots("onset later", told, [each.later_us / 1000.0 for each in told], 0.1, 1),
        _dots("fall sooner", told, [each.sooner_us / 1000.0 for each in told], 0.1, 2),
        _dots("ramp shorter", told, [each.shorter_us / 1000.0 for each in told], 0.1, 3),
    ]
    contact = [each.contact_deg for each in told]
    mid = [each.mid_deg for each in told]
    fall = [each.fall_dps for each in told]
    return [
        Panel("Share of the plateau", "%", _apart(told, share, 0.1), 120, zero=True, least=20.0),
        Panel(
            "Onset later, fall sooner, ramp shorter",
            "ms",
            times,
            120,
            True,
            20.0,
        ),
        _held_against(view, "Pitch at contact", "deg", told, contact, "contact_deg", 0.1),
        _held_against(view, "Pitch in mid-swing", "deg", told, mid, "mid_deg", 0.1),
        _held_against(view, "Fall of the forefoot", "deg/s", told, fall, "fall_deg_per_s", 1.0),
    ]


def _held_against(
    view: RunView,
    title: str,
    unit: str,
    told: Sequence[Adaptation],
    values: Sequence[float],
    dial: str,
    step: float,
) -> Panel:
    """Return what was measured, and a line where it is wanted."""
    lines = _apart(told, values, step)
    wanted = values_of(view.run.header).get(f"program.adaptive.{dial}")
    if isinstance(wanted, int | float):
        name = "allowed" if dial == "fall_deg_per_s" else "wanted"
        t_us = np.array([view.run.start_us, max(view.run.end_us, view.run.start_us + 1)])
        lines.append(Line(name, t_us, np.full(2, float(wanted)), step, 3, dashed=True))
    return Panel(title, unit, lines, 120, least=100.0 if unit == "deg/s" else 4.0)


def _apart(told: Sequence[Adaptation], values: Sequence[float], step: float) -> list[Line]:
    """Return strides that taught and those that were frozen as two series."""
    lines = []
    for name, frozen, colour in (("learnt from", False, 1), ("frozen", True, 2)):
        chosen = [index for index, each in enumerate(told) if (each.verdict in UNTAUGHT) is frozen]
        if chosen:
            some = [told[index] for index in chosen]
            lines.append(_dots(name, some, [values[index] for index in chosen], step, colour))
    return lines


def _dots(
    name: str, told: Sequence[Adaptation], values: Sequence[float], step: float, colour: int
) -> Line:
    t_us = np.array([each.t_us for each in told], dtype=np.int64)
    return Line(name, t_us, np.array(values, dtype=np.float64), step, colour, dots=True)


# -- tables ---------------------------------------------------------------------------------------


def _why_frozen(leg: LegView) -> Html:
    reasons = frozen_by(leg.walk.adaptations)
    if not reasons:
        return tag("p", "No stride was frozen.")
    caption = f"Frozen: {sum(reasons.values())} of {len(leg.walk.adaptations)} strides"
    return table(("because (n is a number)", "strides"), reasons.items(), caption)


def _every(view: RunView, leg: LegView) -> Html:
    prefix = f"{leg.side}-" if view.two_legs else ""
    ends_us = [span.end_us for span in leg.spans]
    lines: list[Sequence[object]] = []
    for told in leg.walk.adaptations:
        index = stride_of(told, ends_us, leg.walk)
        stride = None if index is None else leg.spans[index].number
        link = None if stride is None else tag("a", stride, href=f"#{prefix}stride-{stride}")
        known = np.isfinite(told.contact_deg)
        lines.append(
            (
                link,
                number(told.t_us / 1e6, 2),
                told.verdict,
                number(told.contact_deg) if known else None,
                number(told.mid_deg) if known else None,
                number(told.fall_dps, 0) if known else None,
                number(100.0 * told.share),
                number(told.later_us / 1000.0, 0),
                number(told.sooner_us / 1000.0, 0),
                number(told.shorter_us / 1000.0, 0),
                told.reason,
            )
        )
    head = ("stride", "told at, s", "verdict", "pitch at contact, deg", "in mid-swing, deg",
            "forefoot's fall, deg/s", "next share, %", "onset later, ms", "fall sooner, ms",
            "ramp shorter, ms", "because")  # fmt: skip
    return folded("What was learnt, stride by stride", table(head, lines, numeric=False))
