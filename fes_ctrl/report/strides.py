"""A few strides as one SVG: ankle angle, toe height and stimulation over a common time axis."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Final

from fes_ctrl.report.svg import Axis, ticks
from fes_ctrl.units import s_from_us

WIDTH: Final = 960
MARGIN_LEFT: Final = 76
MARGIN_RIGHT: Final = 20
PANEL_HEIGHT: Final = 150
PANEL_GAP: Final = 34
TOP: Final = 82
TREATED: Final = "#0b6e99"
UNTREATED: Final = "#b0581f"
PULSE: Final = "#3a3f44"
SWING: Final = "#eef3f6"


@dataclass(slots=True)
class Trace:
    """What one leg did, sampled evenly, and the pulses that reached it.

    Attributes
    ----------
    t_us : list of int
        Sampling instants.
    ankle_deg, toe_mm : list of float
        Dorsiflexion positive; height above the floor.
    pulses : list of (int, float)
        Instant and current of each delivered pulse, microseconds and milliamperes.
    swings : list of (int, int)
        Terminal and initial contact of each swing.
    """

    t_us: list[int] = field(default_factory=list)
    ankle_deg: list[float] = field(default_factory=list)
    toe_mm: list[float] = field(default_factory=list)
    pulses: list[tuple[int, float]] = field(default_factory=list)
    swings: list[tuple[int, int]] = field(default_factory=list)


def strides_svg(
    title: str, treated: Trace, untreated: Trace | None, from_us: int, to_us: int
) -> str:
    """Return the picture.

    Parameters
    ----------
    title : str
        Stands above it.
    treated : Trace
        Drawn in full, with its pulses.
    untreated : Trace or None
        The same steps without stimulation, drawn behind.
    from_us, to_us : int
        The part of the walk to show.

    Returns
    -------
    str
        A complete SVG document.
    """
    x = Axis(from_us, to_us, MARGIN_LEFT, WIDTH - MARGIN_RIGHT)
    height = TOP + 3 * PANEL_HEIGHT + 2 * PANEL_GAP + 44
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" '
        f'width="{WIDTH}" height="{height}" font-family="system-ui, sans-serif" font-size="12">',
        f'<rect width="{WIDTH}" height="{height}" fill="white"/>',
        f'<text x="{MARGIN_LEFT}" y="24" font-size="16" font-weight="600">{escape(title)}</text>',
        _legend(with_untreated=untreated is not None),
    ]
    traces = [trace for trace in (untreated, treated) if trace is not None]
    panels = (
        ("ankle angle, deg", "dorsiflexion +", [trace.ankle_deg for trace in traces]),
        ("toe height, mm", "below 0: held by the floor", [trace.toe_mm for trace in traces]),
    )
    top = TOP
    for name, remark, series in panels:
        values = [
            value
            for trace, values in zip(traces, series, strict=True)
            for t_us, value in zip(trace.t_us, values, strict=True)
            if from_us <= t_us <= to_us
        ]
        y = _scale(values, top)
        parts.append(_frame(name, remark, x, y, treated.swings))
        for trace, values in zip(traces, series, strict=True):
            colour = TREATED if trace is treated else UNTREATED
            parts.append(_line(trace.t_us, values, x, y, colour))
        top += PANEL_HEIGHT + PANEL_GAP
    y = Axis(
        0.0,
        max([1.0, *(current * 1.1 for _, current in treated.pulses)]),
        top + PANEL_HEIGHT,
        top,
    )
    parts.append(_frame("stimulation, mA", "one line a pulse", x, y, treated.swings))
    parts.append(_pulses(treated.pulses, x, y))
    parts.append(_time_axis(x, top + PANEL_HEIGHT))
    parts.append("</svg>")
    return "\n".join(parts) + "\n"


def _scale(values: Sequence[float], top: float) -> Axis:
    low, high = (min(values), max(values)) if values else (0.0, 1.0)
    low, high = min(low, 0.0), max(high, 0.0)
    room = 0.06 * (high - low) or 1.0
    return Axis(low - room, high + room, top + PANEL_HEIGHT, top)


def _legend(*, with_untreated: bool) -> str:
    items = [(TREATED, "with stimulation")]
    if with_untreated:
        items.append((UNTREATED, "same steps without"))
    x = MARGIN_LEFT
    out = []
    for colour, text in items:
        out.append(
            f'<line x1="{x}" y1="42" x2="{x + 24}" y2="42" stroke="{colour}" stroke-width="2"/>'
        )
        out.append(f'<text x="{x + 30}" y="46">{text}</text>')
        x += 160
    out.append(f'<rect x="{x}" y="36" width="24" height="12" fill="{SWING}" stroke="#cdd6db"/>')
    out.append(f'<text x="{x + 30}" y="46">swing</text>')
    return "\n".join(out)


def _frame(name: str, remark: str, x: Axis, y: Axis, swings: Sequence[tuple[int, int]]) -> str:
    out = []
    for start_us, end_us in swings:
        left = max(x.at(start_us), x.from_px)
        right = min(x.at(end_us), x.to_px)
        if right > left:
            out.append(
                f'<rect x="{left:.1f}" y="{y.to_px}" width="{right - left:.1f}" '
                f'height="{PANEL_HEIGHT}" fill="{SWING}"/>'
            )
    for tick in ticks(y.low, y.high):
        at = y.at(tick)
        colour = "#8a949b" if tick == 0 else "#e3e8eb"
        out.append(
            f'<line x1="{x.from_px}" y1="{at:.1f}" x2="{x.to_px}" y2="{at:.1f}" stroke="{colour}"/>'
        )
        out.append(f'<text x="{x.from_px - 8}" y="{at + 4:.1f}" text-anchor="end">{tick:g}</text>')
    out.append(
        f'<text x="{x.from_px}" y="{y.to_px - 7}" font-weight="600">{name}'
        f'<tspan dx="8" fill="#6b757c" font-weight="400">{remark}</tspan></text>'
    )
    return "\n".join(out)


def _line(t_us: Sequence[int], values: Sequence[float], x: Axis, y: Axis, colour: str) -> str:
    points = " ".join(
        f"{x.at(t):.1f},{y.at(value):.1f}"
        for t, value in zip(t_us, values, strict=True)
        if x.low <= t <= x.high
    )
    return f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="1.8"/>'


def _pulses(pulses: Sequence[tuple[int, float]], x: Axis, y: Axis) -> str:
    strokes = " ".join(
        f"M{x.at(t):.1f} {y.at(0):.1f}V{y.at(current):.1f}"
        for t, current in pulses
        if x.low <= t <= x.high
    )
    return f'<path d="{strokes}" stroke="{PULSE}" stroke-width="1.2" fill="none"/>'


def _time_axis(x: Axis, bottom: float) -> str:
    from_s, to_s = s_from_us(int(x.low)), s_from_us(int(x.high))
    out = []
    for tick in ticks(from_s, to_s):
        at = x.at(tick * 1e6)
        out.append(f'<text x="{at:.1f}" y="{bottom + 18}" text-anchor="middle">{tick:g}</text>')
    middle = (x.from_px + x.to_px) / 2
    out.append(f'<text x="{middle}" y="{bottom + 36}" text-anchor="middle">time, s</text>')
    return "\n".join(out)
