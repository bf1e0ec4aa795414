"""Bars to the left and right of zero, with their intervals: what turning each dial does."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from fes_ctrl.report.markup import MINUS, Html, text
from fes_ctrl.report.svg import Axis, around, beside_is_too_long, heading, ticks

WIDTH: Final = 420
NAMES: Final = 150
ROW: Final = 26
TOP: Final = 34
BOTTOM: Final = 30


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar.

    Attributes
    ----------
    name, title : str
        Beside it, and what a pointer reads.
    value : float
        How far it goes.
    low, high : float or None
        Ends of its interval.
    strong : bool
        Whether it is beyond noise.
    """

    name: str
    title: str
    value: float
    low: float | None
    high: float | None
    strong: bool


def bars(title: str, remark: str, listed: Sequence[Bar], label: str) -> Html:
    """Return the picture.

    Parameters
    ----------
    title, remark : str
        Above it; the remark is small.
    listed : sequence of Bar
        From above.
    label : str
        What whoever cannot see it is told.
    """
    ends = [end for bar in listed for end in (bar.value, bar.low, bar.high) if end is not None]
    low, high = around([*ends, 0.0], least=1e-6)
    axis = Axis(low, high, NAMES, WIDTH - 14)
    head = TOP + (12 if beside_is_too_long(title, remark, WIDTH) else 0)
    floor = head + ROW * len(listed)
    height = floor + BOTTOM
    parts = [heading(title, remark, WIDTH)]
    for value in ticks(low, high, 4):
        kind = "zero" if value == 0 else "grid"
        at = axis.at(value)
        said = f"{value:g}".replace("-", MINUS)
        parts.append(
            f'<line class="{kind}" x1="{at:.1f}" y1="{head - 4}" x2="{at:.1f}" y2="{floor}"/>'
            f'<text x="{at:.1f}" y="{floor + 16}" text-anchor="middle">{said}</text>'
        )
    parts += [_bar(bar, axis, head + ROW * row) for row, bar in enumerate(listed)]
    return Html(
        f'<svg class="chart" viewBox="0 0 {WIDTH} {height}" role="img" '
        f'aria-label="{text(label)}">{"".join(parts)}</svg>'
    )


def _bar(bar: Bar, axis: Axis, top: float) -> str:
    left, right = sorted((axis.at(0.0), axis.at(bar.value)))
    middle = top + ROW / 2
    kind = "c1" if bar.strong else "weak"
    out = (
        f"<g><title>{text(bar.title)}</title>"
        f'<text class="small" x="{NAMES - 8}" y="{middle + 4:.1f}" text-anchor="end">'
        f"{text(bar.name)}</text>"
        f'<rect class="bar {kind}" x="{left:.1f}" y="{top + 6:.1f}" '
        f'width="{max(0.5, right - left):.1f}" height="{ROW - 12}"/>'
    )
    if bar.low is not None and bar.high is not None and math.isfinite(bar.low + bar.high):
        from_, to = axis.at(bar.low), axis.at(bar.high)
        out += (
            f'<path class="line range" d="M{from_:.1f},{middle:.1f}H{to:.1f}'
            f'M{from_:.1f},{middle - 4:.1f}v8M{to:.1f},{middle - 4:.1f}v8"/>'
        )
    return f"{out}</g>"
