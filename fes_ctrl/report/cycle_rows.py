"""Strides stacked on the gait cycle, one row each, with the bursts of two programs laid over them.

The old burst fills the row, the new one lies before it at half the height; ramps are paler than
the plateau. A burst that goes on beyond the next contact goes on in the next row.
"""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from html import escape
from typing import Final

from fes_ctrl.analysis.cycle import Foot, Stride, stride_at
from fes_ctrl.analysis.pairing import (
    EARLY,
    ENDS_EARLY,
    ENDS_LATE,
    EXTRA,
    LATE,
    MISSING,
    STRONGER,
    WEAKER,
    Pair,
    overlapping,
)
from fes_ctrl.analysis.windows import Window
from fes_ctrl.model import FOOT_FLAT, HEEL_OFF, INITIAL_CONTACT, TERMINAL_CONTACT
from fes_ctrl.units import s_from_us

WIDTH: Final = 640
LEFT_PX: Final = 46
RIGHT_PX: Final = 548
OLD: Final = "old"
NEW: Final = "new"
BARS: Final = {OLD: ("burst old ramp", "burst old"), NEW: ("burst new ramp", "burst new")}
"""Classes of ramps and plateau; opaque, or one would dye the other."""
EVENTS: Final = {
    HEEL_OFF: "heel-off",
    TERMINAL_CONTACT: "toe-off",
    FOOT_FLAT: "foot flat",
}
"""Name of an event within a row, whose kind is its class; initial contacts are the row's edges."""

COLUMNS: Final = {
    "on": ((LATE, "M-3 -3L3 0L-3 3Z"), (EARLY, "M3 -3L-3 0L3 3Z")),
    "end": ((ENDS_LATE, "M-3 -3L3 0L-3 3Z"), (ENDS_EARLY, "M3 -3L-3 0L3 3Z")),
    "mA": ((STRONGER, "M-3 3L0 -3L3 3Z"), (WEAKER, "M-3 -3L0 3L3 -3Z")),
    "\u00b1": ((MISSING, "M-3 -3L3 3M3 -3L-3 3"), (EXTRA, "M-3 0H3M0 -3V3")),
}
"""Beside each row, by column: what is marked, and the sign for it, 6 pixels wide."""

CROSSES: Final = frozenset({MISSING, EXTRA})
"""Signs that are lines."""


def row_height(strides: int) -> int:
    """Return the height of a row, pixels: ten minutes of walking are a column to scroll."""
    if strides <= 40:
        return 14
    return 10 if strides <= 150 else 6


def x_of(percent: float) -> float:
    """Return where a part of the gait cycle lies, pixels."""
    return LEFT_PX + (RIGHT_PX - LEFT_PX) * percent / 100.0


def rows_svg(
    strides: Sequence[Stride],
    events: Sequence[Foot],
    old: Sequence[Window],
    new: Sequence[Window],
    pairs: Sequence[Pair],
    top: float,
) -> tuple[str, float]:
    """Return the rows and where they end.

    Parameters
    ----------
    strides : sequence of Stride
        A row each.
    events : sequence of Foot
        In order of time.
    old, new : sequence of Window
        Of one leg and channel, in order of time.
    pairs : sequence of Pair
        The same bursts, paired.
    top : float
        Where the head of the rows begins, pixels.
    """
    height = row_height(len(strides))
    marked = _marked(pairs, strides)
    times = [event.t_us for event in events]
    parts = [_head(top)]
    y = top + 16.0
    for index, stride in enumerate(strides):
        first, last = (bisect_left(times, t) for t in (stride.start_us, stride.end_us))
        marks = marked.get(stride.start_us, [])
        parts += [
            "<g>",
            f"<title>{escape(_words(stride, marks))}</title>",
            f'<rect x="{LEFT_PX}" y="{y:g}" width="{RIGHT_PX - LEFT_PX}" height="{height}" '
            f'class="{"row odd" if index % 2 else "row"}"/>',
            _bars(stride, old, OLD, y + 0.5, height - 1.0),
            _bars(stride, new, NEW, y + 0.25 * height, 0.5 * height),
            _ticks(stride, events[first:last], y, height),
            _signs([mark for pair in marks for mark in pair.marks], y + height / 2, height),
            "</g>",
        ]
        if _numbered(index, len(strides)):
            parts.append(
                f'<text x="{LEFT_PX - 6}" y="{y + height / 2 + 4:g}" '
                f'text-anchor="end">{stride.number}</text>'
            )
        y += height
    parts.append(
        f'<rect x="{LEFT_PX}" y="{top + 16:g}" width="{RIGHT_PX - LEFT_PX}" '
        f'height="{y - top - 16:g}" class="frame"/>'
    )
    return "\n".join(part for part in parts if part), y


def axis_svg(y: float) -> str:
    """Return the numbers and the name of the axis below the rows."""
    numbers = "".join(
        f'<text x="{x_of(percent):g}" y="{y + 16:g}" text-anchor="middle">{percent}</text>'
        for percent in range(0, 101, 20)
    )
    middle = x_of(50)
    return (
        f'{numbers}<text x="{middle:g}" y="{y + 32:g}" text-anchor="middle">'
        "gait cycle, % (from initial contact to initial contact)</text>"
    )


def _head(top: float) -> str:
    heads = [f'<text x="{LEFT_PX - 6}" y="{top + 10:g}" text-anchor="end">stride</text>']
    heads += [
        f'<text x="{_column_x(k):g}" y="{top + 10:g}" text-anchor="middle" '
        f'class="small">{name}</text>'
        for k, name in enumerate(COLUMNS)
    ]
    return "".join(heads)


def _column_x(index: int) -> float:
    return RIGHT_PX + 13.0 + 23.0 * index


def _numbered(index: int, count: int) -> bool:
    """Return whether a row is numbered: as many as there is room for."""
    every = next(n for n in (1, 2, 5, 10) if n * row_height(count) >= 14 or n == 10)
    return (index + 1) % every == 0


def _marked(pairs: Sequence[Pair], strides: Sequence[Stride]) -> dict[int, list[Pair]]:
    """Return the pairs that something is to be told of, by when the stride they begin in begins."""
    found: dict[int, list[Pair]] = {}
    for pair in pairs:
        shown = pair.old or pair.new
        stride = None if shown is None else stride_at(strides, shown.onset_us)
        if pair.marks and stride is not None:
            found.setdefault(stride.start_us, []).append(pair)
    return found


def _words(stride: Stride, pairs: Sequence[Pair]) -> str:
    """Return what a pointer over the row is told."""
    told = [f"stride {stride.number}, {s_from_us(stride.start_us):.2f} s"]
    for pair in pairs:
        text = ", ".join(mark.replace("_", " ") for mark in pair.marks)
        if pair.old is not None and pair.new is not None:
            onset_ms = (pair.new.onset_us - pair.old.onset_us) / 1e3
            end_ms = (pair.new.end_us - pair.old.end_us) / 1e3
            text += f" (onset {onset_ms:+.0f} ms, end {end_ms:+.0f} ms)"
        told.append(text + (f": {pair.why}" if pair.why else ""))
    return "; ".join(told)


def _bars(stride: Stride, windows: Sequence[Window], side: str, y: float, height: float) -> str:
    out: list[str] = []
    for index in overlapping((stride.start_us, stride.end_us - 1), windows):
        window = windows[index]
        pale, full = BARS[side]
        out += [
            _bar(stride, window.onset_us, window.end_us, pale, y, height),
            _bar(stride, window.plateau_us, window.fall_us, full, y, height),
        ]
    return "".join(out)


def _bar(stride: Stride, from_us: int, to_us: int, kind: str, y: float, height: float) -> str:
    length_us = stride.end_us - stride.start_us
    left = x_of(100.0 * (max(from_us, stride.start_us) - stride.start_us) / length_us)
    right = x_of(100.0 * (min(to_us, stride.end_us) - stride.start_us) / length_us)
    if right < left:
        return ""
    return (
        f'<rect x="{left:.1f}" y="{y:.1f}" width="{max(0.6, right - left):.1f}" '
        f'height="{height:.1f}" class="{kind}"/>'
    )


def _ticks(stride: Stride, events: Sequence[Foot], y: float, height: int) -> str:
    out: list[str] = []
    for event in events:
        if event.kind == INITIAL_CONTACT:
            continue
        at = 100.0 * (event.t_us - stride.start_us) / (stride.end_us - stride.start_us)
        out.append(f'<path d="M{x_of(at):.1f} {y:g}v{height}" class="event {event.kind}"/>')
    return "".join(out)


def _signs(marks: Sequence[str], y: float, height: int) -> str:
    scale = min(1.0, height / 8.0)
    columns: Mapping[str, tuple[tuple[str, str], ...]] = COLUMNS
    return "".join(
        f'<path d="{path}" transform="translate({_column_x(k):g} {y:g}) scale({scale:g})" '
        f'class="{"moved cross" if mark in CROSSES else "moved"}"/>'
        for k, signs in enumerate(columns.values())
        for mark, path in signs
        if mark in marks
    )
