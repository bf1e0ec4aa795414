"""Distributions side by side as our own SVG: a row a run, a dot a stride, quartiles and median."""

from collections.abc import Sequence
from typing import Final

import numpy as np

from fes_ctrl.report.markup import MINUS, Html, text
from fes_ctrl.report.svg import Axis, around, ticks

WIDTH: Final = 420
LEFT: Final = 14
ROW: Final = 46
TOP: Final = 30
BOTTOM: Final = 26
COLOURS: Final = 4
"""So many colours a page has; more runs begin again with the first."""


def colour(index: int) -> str:
    """Return the class of a run's colour."""
    return f"c{index % COLOURS + 1}"


def strips(title: str, names: Sequence[str], values: Sequence[Sequence[float]]) -> Html:
    """Return the picture of one measure.

    Parameters
    ----------
    title : str
        The measure with its unit.
    names : sequence of str
        Of the runs.
    values : sequence of sequence of float
        Of each run, finite; may be empty.
    """
    axis = Axis(*around([v for run in values for v in run], least=1e-6), LEFT, WIDTH - LEFT)
    height = TOP + ROW * len(names) + BOTTOM
    floor = height - BOTTOM
    parts = [f'<text class="title" x="8" y="18">{text(title)}</text>']
    for value in ticks(axis.low, axis.high, 5):
        at, kind = axis.at(value), "zero" if value == 0 else "grid"
        said = f"{value:g}".replace("-", MINUS)
        parts.append(
            f'<line class="{kind}" x1="{at:.1f}" y1="{TOP}" x2="{at:.1f}" y2="{floor}"/>'
            f'<text x="{at:.1f}" y="{floor + 16}" text-anchor="middle">{said}</text>'
        )
    for index, (name, run) in enumerate(zip(names, values, strict=True)):
        parts.append(_row(axis, TOP + ROW * index, colour(index), _short(name), run))
    told = "; ".join(f"{name}: {_in_words(run)}" for name, run in zip(names, values, strict=True))
    return Html(
        f'<svg class="chart" viewBox="0 0 {WIDTH} {height}" role="img" '
        f'aria-label="{text(f"{title}. {told}")}">{"".join(parts)}</svg>'
    )


def _short(name: str) -> str:
    return name if len(name) <= 44 else f"\N{HORIZONTAL ELLIPSIS}{name[-43:]}"


def _in_words(values: Sequence[float]) -> str:
    if not values:
        return "unknown"
    low, middle, high = np.percentile(values, (25, 50, 75))
    return f"median {middle:.4g}, quartiles {low:.4g} and {high:.4g}, {len(values)} strides"


def _row(axis: Axis, top: int, kind: str, name: str, values: Sequence[float]) -> str:
    label = f'<text class="small" x="{LEFT}" y="{top + 12}">{text(name)}</text>'
    middle = top + 28
    if not values:
        return f'{label}<text class="small" x="{LEFT}" y="{middle + 4}">unknown</text>'
    low, median, high = [axis.at(float(at)) for at in np.percentile(values, (25, 50, 75))]
    box = (
        f'<rect class="band {kind}" x="{low:.1f}" y="{middle - 8}" '
        f'width="{max(high - low, 1.0):.1f}" height="16"/>'
        f'<path class="line {kind}" d="M{median:.1f},{middle - 10}V{middle + 10}"/>'
    )
    # Strides on end lie beside each other, so that none hides the next.
    dots = "".join(
        f'<circle class="dot {kind}" cx="{axis.at(value):.1f}" '
        f'cy="{middle + 5 * (index % 5 - 2) / 2:.1f}" r="1.8"/>'
        for index, value in enumerate(values)
    )
    return label + box + dots
