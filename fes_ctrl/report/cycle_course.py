"""The mean current of two programs over the gait cycle, with what the foot did behind it."""

from collections.abc import Sequence
from html import escape
from typing import Final

import numpy as np
from numpy.typing import NDArray

from fes_ctrl.analysis.cycle import Foot, Stride, current_course, stride_at
from fes_ctrl.analysis.cycle_signal import CycleSignal
from fes_ctrl.analysis.windows import Window
from fes_ctrl.report.cycle_rows import EVENTS, LEFT_PX, NEW, OLD, RIGHT_PX, x_of

HEIGHT: Final = 130.0


def course_svg(
    strides: Sequence[Stride],
    events: Sequence[Foot],
    old: Sequence[Window],
    new: Sequence[Window],
    signal: CycleSignal | None,
    top: float,
) -> tuple[str, float]:
    """Return the panel and where it ends.

    Parameters
    ----------
    strides : sequence of Stride
        What the means are taken over.
    events : sequence of Foot
        Their median instants are marked.
    old, new : sequence of Window
        Of one leg and channel, in order of time.
    signal : CycleSignal or None
        Drawn behind, to a scale of its own.
    top : float
        Where the panel begins, pixels.
    """
    courses = [(current_course(old, strides), OLD), (current_course(new, strides), NEW)]
    highest = max(1.0, *(float(course.max()) for course, _ in courses)) * 1.08
    begin = top + 34.0
    bottom = begin + HEIGHT
    heading = "mean current, mA"
    parts = [
        f'<text x="{LEFT_PX}" y="{top + 12:g}" class="title">{heading}'
        f'<tspan dx="8" class="small">{_told_of(signal)}</tspan></text>',
        _grid(highest, begin, bottom),
        _ground(signal, begin, bottom),
    ]
    parts += [
        f'<polyline points="{_points(course, highest, begin, bottom)}" class="mean {side}"/>'
        for course, side in courses
    ]
    parts.append(_medians(strides, events, begin, bottom))
    return "\n".join(part for part in parts if part), bottom


def _told_of(signal: CycleSignal | None) -> str:
    if signal is None:
        return ""
    return escape(
        f"grey: {signal.name}, median, 0 to {float(signal.median.max()):.3g} {signal.unit}".rstrip()
    )


def _points(values: NDArray[np.float64], highest: float, begin: float, bottom: float) -> str:
    scale = (bottom - begin) / highest
    step = 100.0 / (len(values) - 1)
    return " ".join(
        f"{x_of(step * k):.1f},{bottom - scale * float(value):.1f}"
        for k, value in enumerate(values)
    )


def _ground(signal: CycleSignal | None, begin: float, bottom: float) -> str:
    if signal is None or float(signal.median.max()) <= 0.0:
        return ""
    points = _points(signal.median, float(signal.median.max()) * 1.08, begin, bottom)
    return f'<polygon points="{LEFT_PX},{bottom:g} {points} {RIGHT_PX},{bottom:g}" class="ground"/>'


def _grid(highest: float, begin: float, bottom: float) -> str:
    step = next(s for s in (0.5, 1, 2, 5, 10, 20, 50) if highest / s <= 5 or s == 50)
    out = [
        f'<path d="M{LEFT_PX} {begin:g}V{bottom:g}H{RIGHT_PX}" class="frame"/>',
    ]
    for k in range(int(highest // step) + 1):
        y = bottom - (bottom - begin) * k * step / highest
        out.append(f'<text x="{LEFT_PX - 6}" y="{y + 4:.1f}" text-anchor="end">{k * step:g}</text>')
    return "".join(out)


def _medians(strides: Sequence[Stride], events: Sequence[Foot], begin: float, bottom: float) -> str:
    """Return a line at the median instant of each kind of event, named above the panel."""
    out: list[str] = []
    named_until = 0.0
    medians = sorted(
        (float(np.median(shares)), kind)
        for kind in EVENTS
        if (shares := _shares(kind, strides, events))
    )
    for percent, kind in medians:
        name = EVENTS[kind]
        x = x_of(percent)
        out.append(f'<path d="M{x:.1f} {begin - 4:g}V{bottom:g}" class="median {kind}"/>')
        # Names of events that lie close together step aside, never over each other.
        half = 3.2 * len(name)
        middle = max(x, named_until + half)
        named_until = middle + half + 4.0
        out.append(
            f'<text x="{middle:.1f}" y="{begin - 8:g}" text-anchor="middle" '
            f'class="named {kind}">{name}</text>'
        )
    return "".join(out)


def _shares(kind: str, strides: Sequence[Stride], events: Sequence[Foot]) -> list[float]:
    shares: list[float] = []
    for event in events:
        stride = stride_at(strides, event.t_us) if event.kind == kind else None
        if stride is not None:
            length_us = stride.end_us - stride.start_us
            shares.append(100.0 * (event.t_us - stride.start_us) / length_us)
    return shares
