"""Time series on a page: panels one above the other that zoom and point together, by uPlot."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from fes_ctrl.report.detail import Detail, Series
from fes_ctrl.report.markup import MINUS, Html, join, tag
from fes_ctrl.report.packed import POINTS, Floats, Ints, packed, rounded, thinned
from fes_ctrl.report.svg import around
from fes_ctrl.units import Us

TIME_STEP_US: Final = 100
"""Instants are rounded to this on a page."""


@dataclass(frozen=True, slots=True)
class Line:
    """One series.

    Attributes
    ----------
    name : str
        In the legend.
    t_us : ndarray of int64, shape (n,)
        In order.
    values : ndarray, shape (n,)
        NaN where it is not known.
    resolution : float
        To which values are rounded.
    colour : int
        1 to 4, of the page.
    dashed, filled, dots : bool
        How it is drawn besides its colour.
    """

    name: str
    t_us: Ints
    values: Floats
    resolution: float
    colour: int = 1
    dashed: bool = False
    filled: bool = False
    dots: bool = False


@dataclass(frozen=True, slots=True)
class Panel:
    """Series over the same vertical axis.

    Attributes
    ----------
    title, unit : str
        What it shows; the unit may be empty.
    lines : sequence of Line
        At least one.
    height : int
        Of the drawing, CSS pixels.
    zero : bool
        The axis reaches to zero.
    least : float
        The least height of the axis, in its unit.
    names : mapping of int to str
        Stand on the axis instead of numbers, from 1 up: each line then tells which.
    remark : str
        Small, beside the title.
    """

    title: str
    unit: str
    lines: Sequence[Line]
    height: int = 150
    zero: bool = False
    least: float = 1e-6
    names: Mapping[int, str] = field(default_factory=dict)
    remark: str = ""


@dataclass(frozen=True, slots=True)
class NumberedSpan:
    """Where a stride is: it ends with the contact that ends its swing."""

    number: int
    start_us: Us
    end_us: Us


@dataclass(frozen=True, slots=True)
class Mark:
    """An instant with a name of a few letters; ``kind`` is fault, injection or operator."""

    t_us: Us
    name: str
    kind: str


def series_plot(
    key: str,
    label: str,
    panels: Sequence[Panel],
    *,
    from_us: Us,
    to_us: Us,
    leg: str = "",
    shades: Sequence[tuple[Us, Us]] = (),
    strides: Sequence[NumberedSpan] = (),
    marks: Sequence[Mark] = (),
    view: tuple[Us, Us] | None = None,
    whole: int = POINTS,
    most: int = POINTS,
    detail: Detail | None = None,
) -> Html:
    """Return panels with one horizontal axis.

    Parameters
    ----------
    key : str
        Everything of one key on a page zooms and points together.
    label : str
        What they show, for whoever cannot see them.
    panels : sequence of Panel
        From top to bottom.
    from_us, to_us : int
        The whole of the axis.
    leg : str
        Whose strides these are, where there are two: ``#left-stride-12`` shows them, and
        ``#stride-12`` those of the first.
    shades : sequence of (int, int)
        Spans to shade, as swings.
    strides : sequence of NumberedSpan
        Numbers on the axis, and what ``#stride-12`` shows.
    marks : sequence of Mark
        Lines across.
    view : tuple of int or None
        What is shown at first; the whole where nothing is said.
    whole : int
        A series of more points is too long to be shown whole.
    most : int
        Points of such a series that are shown.
    detail : Detail or None
        Where nothing is left out of such a series, as far as there is room.
    """
    to_us = max(to_us, from_us + TIME_STEP_US)
    listed, thin = [], 1
    spans = [] if detail is None else detail.spans()
    lossy: list[Series] = []
    for panel in panels:
        drawn = []
        for line in panel.lines:
            room = whole if len(line.t_us) <= whole else most
            t_us, values, size = thinned(line.t_us, line.values, room, spans)
            thin = max(thin, size)
            if size > 1:
                lossy.append((line.t_us, t_us))
            drawn.append(_line(line, t_us, values))
        ranges = np.concatenate([line.values for line in panel.lines])
        low, high = around(ranges, zero=panel.zero, least=panel.least)
        if panel.names:
            low, high = 0.5, max(panel.names) + 0.5
        listed.append(
            {"title": panel.title, "unit": panel.unit, "remark": panel.remark}
            | {
                "height": panel.height,
                "low": low,
                "high": high,
                "lines": drawn,
                "names": dict(panel.names),
            }
        )
    data = {
        "key": key,
        "leg": leg,
        "from": from_us / 1e6,
        "to": to_us / 1e6,
        "shades": [[a / 1e6, b / 1e6] for a, b in shades],
        "strides": [[each.number, each.start_us / 1e6, each.end_us / 1e6] for each in strides],
        "marks": [[mark.t_us / 1e6, mark.name, mark.kind] for mark in marks],
        "view": None if view is None else [view[0] / 1e6, view[1] / 1e6],
        "panels": listed,
    }
    drawings = [tag("div", class_="panel", role="img", aria_label=_told(panel)) for panel in panels]
    note = ""
    if thin > 1:
        kept = "" if detail is None else detail.kept(lossy)
        note = tag(
            "p",
            f"The series is too long to be shown whole: of up to {thin} values in a row the least "
            f"and the greatest are drawn, so that no peak is lost."
            f"{f' Nothing is left out {kept}.' if kept else ''}",
            class_="note",
        )
    return tag(
        "div",
        _controls(strides),
        *drawings,
        note,
        tag("noscript", tag("p", "The time series are drawn by a script, which is switched off.")),
        Html(f'<script type="application/json">{as_json(data)}</script>'),
        class_="series",
        role="group",
        aria_label=label,
    )


def as_json(data: object) -> str:
    """Return JSON that can stand in a script element."""
    listed = json.dumps(data, allow_nan=False, separators=(",", ":"), ensure_ascii=True)
    return listed.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _controls(strides: Sequence[NumberedSpan]) -> Html:
    def button(do: str, shown: str, told: str) -> Html:
        return tag("button", shown, type="button", data_do=do, aria_label=told, title=told)

    zoom = [
        button("all", "Whole run", "Show the whole run"),
        button("in", "+", "Zoom in"),
        button("out", MINUS, "Zoom out"),
        button("back", "◀", "Move back in time"),
        button("on", "▶", "Move on in time"),
    ]
    jump = Html("")
    if strides:
        numbers = [each.number for each in strides]
        bounds = {"min": min(numbers), "max": max(numbers), "step": 1}
        field = tag("input", type="number", inputmode="numeric", **bounds)
        jump = tag(
            "form",
            tag("label", "Stride ", field),
            " ",
            tag("button", "Show", type="submit"),
            class_="jump",
        )
    return tag("div", join(zoom), jump, tag("output", aria_live="polite"), class_="controls")


def _told(panel: Panel) -> str:
    unit = f", {panel.unit}" if panel.unit else ""
    if panel.names:
        return f"{panel.title}: {', '.join(panel.names.values())}"
    told = []
    for line in panel.lines:
        known = line.values[np.isfinite(line.values)]
        if len(known):
            told.append(f"{line.name} between {known.min():.4g} and {known.max():.4g}")
        else:
            told.append(f"{line.name} not known")
    return f"{panel.title}{unit}: {'; '.join(told)}"


def _line(line: Line, t_us: Ints, values: Floats) -> dict[str, Any]:
    steps, gaps = rounded(values, line.resolution)
    return {
        "name": line.name,
        "colour": line.colour,
        "dashed": line.dashed,
        "filled": line.filled,
        "dots": line.dots,
        "n": len(steps),
        "digits": max(0, -int(np.floor(np.log10(line.resolution) + 1e-9))),
        "step": line.resolution,
        "t": _times(t_us),
        "y": packed(steps),
        "gaps": gaps,
    }


def _times(t_us: Ints) -> dict[str, Any]:
    """Return instants: from where and how far apart where they are even, else one by one.

    One by one they are counted in the longest step that they all keep to.
    """
    apart = np.diff(t_us)
    if len(apart) and (apart == apart[0]).all():
        return {"from": int(t_us[0]) / 1e6, "every": int(apart[0]) / 1e6}
    steps = t_us // TIME_STEP_US
    first = int(steps[0]) if len(steps) else 0
    longest = max(1, int(np.gcd.reduce(steps - first)) if len(steps) else 1)
    return {
        "from": first * TIME_STEP_US / 1e6,
        "step": longest * TIME_STEP_US / 1e6,
        "packed": packed((steps - first) // longest),
    }
