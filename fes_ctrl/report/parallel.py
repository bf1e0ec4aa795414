"""Parallel coordinates: an upright axis for each setting and figure, a line for each candidate."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from fes_ctrl.report.markup import MINUS, Html, tag, text
from fes_ctrl.report.svg import ticks

APART: Final = 118
LEFT: Final = 64
TOP: Final = 58
HIGH: Final = 250
BOTTOM: Final = 22
CLOSE: Final = 13
"""Labels of an axis are no closer than this."""


@dataclass(frozen=True, slots=True)
class Upright:
    """One axis.

    Attributes
    ----------
    name, unit : str
        Above it.
    low, high : float
        Its range; equal ends are drawn as one place in the middle.
    words : tuple of str
        Of an axis of words: the one at 0, at 1 and so on; none of an axis of numbers.
    downwards : bool
        The low end is above, for what is better low.
    group : str
        ``setting`` or ``figure``.
    """

    name: str
    unit: str
    low: float
    high: float
    words: tuple[str, ...] = ()
    downwards: bool = False
    group: str = "setting"

    def at(self, value: float) -> float:
        """Return how far down a value is."""
        share = 0.5 if self.high == self.low else (value - self.low) / (self.high - self.low)
        return TOP + HIGH * (share if self.downwards else 1.0 - share)


@dataclass(frozen=True, slots=True)
class Trail:
    """One line across the axes.

    Attributes
    ----------
    values : tuple of float or None
        On each axis; the line is interrupted where it is not known.
    kind : str
        Classes of the style sheet.
    title : str
        What a pointer reads.
    """

    values: tuple[float | None, ...]
    kind: str
    title: str


def upright_of(
    name: str,
    unit: str,
    values: Sequence[object],
    *,
    downwards: bool = False,
    group: str = "setting",
) -> tuple[Upright, list[float | None]]:
    """Return an axis for values, and where each of them is on it.

    Parameters
    ----------
    name, unit : str
        Of the axis.
    values : sequence
        Numbers, or anything else, which is then taken as words; ``None`` is not known.
    downwards, group : bool, str
        As ``Upright`` has them.
    """
    known = [value for value in values if value is not None]
    if all(isinstance(value, int | float) and not isinstance(value, bool) for value in known):
        numbers = [None if value is None else float(value) for value in values]  # type: ignore[arg-type]
        there = [number for number in numbers if number is not None] or [0.0]
        axis = Upright(name, unit, min(there), max(there), downwards=downwards, group=group)
        return axis, numbers
    words = tuple(sorted({str(value) for value in known}))
    places = [None if value is None else float(words.index(str(value))) for value in values]
    last = float(max(1, len(words) - 1))
    return Upright(name, unit, 0.0, last, words, group=group), places


def parallel(axes: Sequence[Upright], trails: Sequence[Trail], label: str) -> Html:
    """Return the picture, which can be moved sideways where it is wider than the page.

    Parameters
    ----------
    axes : sequence of Upright
        From left to right.
    trails : sequence of Trail
        The later ones lie above the earlier ones.
    label : str
        What whoever cannot see it is told.
    """
    width = 2 * LEFT + APART * (len(axes) - 1)
    height = TOP + HIGH + BOTTOM
    parts = [_lines(axes, trail) for trail in trails]
    parts += [_axis(number, axis) for number, axis in enumerate(axes)]
    drawn = Html(
        f'<svg class="chart wide" viewBox="0 0 {width} {height}" width="{width}" '
        f'height="{height}" role="img" aria-label="{text(label)}">{"".join(parts)}</svg>'
    )
    return tag("div", drawn, class_="scroll", tabindex="0", role="region", aria_label=label)


def _place(number: int) -> float:
    return LEFT + APART * number


def _lines(axes: Sequence[Upright], trail: Trail) -> str:
    pieces: list[str] = []
    open_ = False
    for number, (axis, value) in enumerate(zip(axes, trail.values, strict=True)):
        if value is None:
            open_ = False
            continue
        pieces.append(f"{'L' if open_ else 'M'}{_place(number):.1f},{axis.at(value):.1f}")
        open_ = True
    return (
        f'<path class="line trail {text(trail.kind)}" d="{"".join(pieces)}">'
        f"<title>{text(trail.title)}</title></path>"
    )


def _axis(number: int, axis: Upright) -> str:
    x = _place(number)
    out = [
        f'<line class="upright {axis.group}" x1="{x:.1f}" y1="{TOP}" x2="{x:.1f}" '
        f'y2="{TOP + HIGH}"/>'
    ]
    for row, line in enumerate(_wrapped(axis.name)):
        out.append(
            f'<text class="name" x="{x:.1f}" y="{16 + 13 * row}" text-anchor="middle">'
            f"{text(line)}</text>"
        )
    if axis.unit:
        out.append(
            f'<text class="small" x="{x:.1f}" y="{TOP - 12}" text-anchor="middle">'
            f"{text(axis.unit)}</text>"
        )
    for value, said in _labels(axis):
        y = axis.at(value)
        out.append(
            f'<line class="tick" x1="{x - 4:.1f}" y1="{y:.1f}" x2="{x + 4:.1f}" y2="{y:.1f}"/>'
            f'<text class="small value" x="{x + 7:.1f}" y="{y + 3.5:.1f}">{text(said)}</text>'
        )
    return "".join(out)


def _labels(axis: Upright) -> list[tuple[float, str]]:
    if axis.words:
        return [(float(at), word) for at, word in enumerate(axis.words)]
    if axis.low == axis.high:
        return [(axis.low, _said(axis.low))]
    ends = [axis.low, axis.high]
    taken = [axis.at(end) for end in ends]
    found = [(end, _said(end)) for end in ends]
    for value in ticks(axis.low, axis.high, 5):
        if all(abs(axis.at(value) - at) >= CLOSE for at in taken):
            taken.append(axis.at(value))
            found.append((value, _said(value)))
    return found


def _wrapped(name: str, most: int = 17) -> list[str]:
    """Return a name in two lines at most."""
    if len(name) <= most:
        return [name]
    words = name.replace("_", " ").replace(".", ". ").split()
    first = ""
    while words and len(first) + len(words[0]) < most:
        first = f"{first} {words.pop(0)}".strip()
    rest = " ".join(words)
    if not first:
        first, rest = rest[:most], rest[most:]
    return [first, rest if len(rest) <= most + 2 else f"{rest[: most + 1]}\N{HORIZONTAL ELLIPSIS}"]


def _said(value: float) -> str:
    return f"{value:.4g}".replace("-", MINUS)
