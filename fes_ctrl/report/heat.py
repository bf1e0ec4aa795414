"""Heat maps: one figure over two settings, dark where it is high, with the numbers in it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from fes_ctrl.report.markup import Html, number, text

SHADES: Final = ("#f3f8fb", "#cde2ee", "#9ac6dd", "#5ea3c7", "#2a7aaa", "#0c5484", "#06335a")
"""Evenly apart in lightness, of one hue: whoever sees no colours sees the same order."""
AS_DARK_AS_LIGHT: Final = 0.179
"""Relative luminance (WCAG 2) from which black and white stand out equally, 4.6 to 1."""

CELL: Final = 58
WIDE: Final = 420
"""A map of few cells is no narrower: its title has to fit, and its text is not to be blown up."""
TALL: Final = 34
LEFT: Final = 74
TOP: Final = 40
BOTTOM: Final = 44


@dataclass(frozen=True, slots=True)
class Cell:
    """One combination.

    Attributes
    ----------
    value : float or None
        ``None`` where there is none.
    why : str
        Stands in its place then.
    title : str
        What a pointer reads.
    """

    value: float | None
    title: str
    why: str = "none"


def heat_map(
    title: str,
    x: tuple[str, Sequence[str]],
    y: tuple[str, Sequence[str]],
    cells: Sequence[Sequence[Cell]],
    digits: int = 1,
) -> Html:
    """Return the picture.

    Parameters
    ----------
    title : str
        The figure.
    x, y : tuple of str and sequence of str
        Name of each setting and its values, from the left and from below.
    cells : sequence of sequence of Cell
        For each value of y, for each of x.
    digits : int
        After the point.
    """
    known = [cell.value for row in cells for cell in row if cell.value is not None]
    low, high = (min(known), max(known)) if known else (0.0, 0.0)
    cell_px = max(CELL, (WIDE - LEFT - 16) // max(1, len(x[1])))
    width = LEFT + cell_px * len(x[1]) + 16
    height = TOP + TALL * len(y[1]) + BOTTOM
    parts = [f'<text class="title" x="8" y="18">{text(title)}</text>']
    for row, (name, listed) in enumerate(zip(y[1], cells, strict=True)):
        top = TOP + TALL * (len(y[1]) - 1 - row)
        parts.append(
            f'<text x="{LEFT - 8}" y="{top + TALL / 2 + 4:.1f}" text-anchor="end">'
            f"{text(name)}</text>"
        )
        parts += [
            _cell(
                cell, (LEFT + cell_px * column, top), cell_px, _share(cell.value, low, high), digits
            )
            for column, cell in enumerate(listed)
        ]
    below = TOP + TALL * len(y[1])
    for column, name in enumerate(x[1]):
        at = LEFT + cell_px * (column + 0.5)
        parts.append(
            f'<text x="{at:.1f}" y="{below + 16}" text-anchor="middle">{text(name)}</text>'
        )
    middle = LEFT + cell_px * len(x[1]) / 2
    parts.append(
        f'<text x="{middle:.1f}" y="{below + 34}" text-anchor="middle">{text(x[0])}</text>'
        f'<text x="8" y="{TOP - 8}">{text(y[0])}</text>'
    )
    label = f"{title} over {x[0]} and {y[0]}"
    return Html(
        f'<svg class="chart heat" viewBox="0 0 {width} {height}" role="img" '
        f'aria-label="{text(label)}">{"".join(parts)}</svg>'
    )


def shade(share: float) -> str:
    """Return the colour of a place between 0 and 1."""
    place = min(max(share, 0.0), 1.0) * (len(SHADES) - 1)
    lower = min(int(place), len(SHADES) - 2)
    rest = place - lower
    mixed = [
        round(
            int(SHADES[lower][at : at + 2], 16) * (1 - rest)
            + int(SHADES[lower + 1][at : at + 2], 16) * rest
        )
        for at in (1, 3, 5)
    ]
    return "#" + "".join(f"{part:02x}" for part in mixed)


def luminance(colour: str) -> float:
    """Return the relative luminance of a colour as WCAG 2 defines it."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _share(value: float | None, low: float, high: float) -> float | None:
    if value is None:
        return None
    return 0.5 if high == low else (value - low) / (high - low)


def _cell(cell: Cell, at: tuple[float, float], width: int, share: float | None, digits: int) -> str:
    x, y = at
    box = f'x="{x + 1}" y="{y + 1}" width="{width - 2}" height="{TALL - 2}"'
    middle = f'x="{x + width / 2:.1f}" y="{y + TALL / 2 + 4:.1f}" text-anchor="middle"'
    if share is None:
        return (
            f'<g><title>{text(cell.title)}</title><rect class="nothing" {box}/>'
            f'<text class="small" {middle}>{text(cell.why)}</text></g>'
        )
    ink = "light" if luminance(shade(share)) < AS_DARK_AS_LIGHT else "ink"
    return (
        f'<g><title>{text(cell.title)}</title><rect {box} fill="{shade(share)}"/>'
        f'<text class="cell {ink}" {middle}>{text(number(cell.value, digits))}</text></g>'
    )
