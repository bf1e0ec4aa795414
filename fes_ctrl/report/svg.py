"""Parts of our own SVG pictures: scales, ticks, axes, lines, bands and bars.

Colours are classes of the page's style sheet, so that a picture follows light, dark and print.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from fes_ctrl.report.markup import MINUS, Html, text

STEPS: Final = (1.0, 2.0, 2.5, 5.0, 10.0)

SHAPES: Final = {
    "circle": "M1 0A1 1 0 1 1 -1 0A1 1 0 1 1 1 0Z",
    "diamond": "M0 -1.3L1.3 0L0 1.3L-1.3 0Z",
    "square": "M-0.9 -0.9H0.9V0.9H-0.9Z",
    "triangle": "M0 -1.2L1.15 0.9H-1.15Z",
    "cross": "M-0.8 -0.8L0.8 0.8M-0.8 0.8L0.8 -0.8",
    "ring": "M1.9 0A1.9 1.9 0 1 1 -1.9 0A1.9 1.9 0 1 1 1.9 0Z",
}
"""Signs about 0, of the size of 1."""


@dataclass(frozen=True, slots=True)
class Axis:
    """Maps a range of values to pixels."""

    low: float
    high: float
    from_px: float
    to_px: float

    def at(self, value: float) -> float:
        """Return where a value is."""
        share = (value - self.low) / (self.high - self.low)
        return self.from_px + share * (self.to_px - self.from_px)


def ticks(low: float, high: float, most: int = 6) -> list[float]:
    """Return round values within a range, so many gaps at most.

    Parameters
    ----------
    low, high : float
        The range, either way round.
    most : int
        Gaps between them.
    """
    low, high = min(low, high), max(low, high)
    span = high - low
    power = 10.0 ** math.floor(math.log10(span / most))
    step = next(power * s for s in STEPS if span / (power * s) <= most * (1 + 1e-9))
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [round(k * step, 12) for k in range(first, last + 1)]


def around(
    values: Iterable[float], *, zero: bool = False, least: float = 1e-9, room: float = 0.06
) -> tuple[float, float]:
    """Return a range that holds finite values with some room; 0 to 1 where there are none.

    Parameters
    ----------
    values : iterable of float
        NaN is left out.
    zero : bool
        The range reaches to zero.
    least : float
        The least height of the range.
    room : float
        Share of it above and below.
    """
    known = [value for value in values if math.isfinite(value)]
    if not known:
        return 0.0, 1.0
    low, high = min(known), max(known)
    if zero:
        low, high = min(low, 0.0), max(high, 0.0)
    missing = max(0.0, least - (high - low))
    if zero and low == 0.0:
        high += missing
    elif zero and high == 0.0:
        low -= missing
    else:
        low, high = low - missing / 2.0, high + missing / 2.0
    margin = room * (high - low) or 1.0
    return (
        0.0 if zero and low == 0.0 else low - margin,
        0.0 if zero and high == 0.0 else high + margin,
    )


class Chart:
    """One picture with two axes, made of parts in the order in which they are added.

    Parameters
    ----------
    title : str
        Stands above it.
    label : str
        What whoever cannot see it is told.
    x, y : tuple of float
        Range of each axis.
    x_name : str
        Below the axis; the vertical one is named by the title.
    width, height : int
        Of the picture, in its own units; a page scales it.
    remark : str
        Small, beside the title.
    whole_y : bool
        Vertical ticks at whole numbers only.
    x_words : sequence of str
        Stand at 0, 1 and so on in place of the numbers of the horizontal axis.
    """

    LEFT: Final = 46
    RIGHT: Final = 14
    TOP: Final = 30
    BOTTOM: Final = 40

    def __init__(
        self,
        title: str,
        label: str,
        x: tuple[float, float],
        y: tuple[float, float],
        x_name: str = "",
        width: int = 420,
        height: int = 230,
        *,
        remark: str = "",
        whole_y: bool = False,
        x_words: Sequence[str] = (),
    ) -> None:
        self.width, self.height = width, height
        self._two_lines = bool(remark) and beside_is_too_long(title, remark, width)
        # Long numbers beside the vertical axis need their room.
        longest = max((len(_said(value)) for value in ticks(*y, 5)), default=0)
        self.x = Axis(*x, max(self.LEFT, 10 + 7.2 * longest), width - self.RIGHT)
        self.y = Axis(*y, height - self.BOTTOM, self.TOP + (12 if self._two_lines else 0))
        self._title, self._label, self._x_name, self._remark = title, label, x_name, remark
        self._whole_y = whole_y
        self._x_words = x_words
        self._below: list[str] = []
        self._parts: list[str] = []

    def shade(self, from_x: float, to_x: float, kind: str = "shade") -> None:
        """Shade a part of the horizontal axis, behind the grid."""
        left, right = self.x.at(max(from_x, self.x.low)), self.x.at(min(to_x, self.x.high))
        if right > left:
            self._below.append(
                f'<rect class="{kind}" x="{left:.1f}" y="{self.y.to_px:.1f}" '
                f'width="{right - left:.1f}" height="{self.y.from_px - self.y.to_px:.1f}"/>'
            )

    def line(self, xs: Sequence[float], ys: Sequence[float], kind: str) -> None:
        """Draw a line; NaN interrupts it."""
        self._parts.append(f'<path class="line {kind}" d="{self._path(xs, ys)}"/>')

    def band(
        self, xs: Sequence[float], lows: Sequence[float], highs: Sequence[float], kind: str
    ) -> None:
        """Fill what lies between two lines; where one is NaN nothing is."""
        for from_, to in _runs(
            [math.isfinite(a) and math.isfinite(b) for a, b in zip(lows, highs, strict=True)]
        ):
            part = slice(from_, to)
            there = self._points(xs[part], highs[part])
            back = self._points(xs[part][::-1], lows[part][::-1])
            if there:
                self._parts.append(f'<path class="band {kind}" d="M{" ".join([*there, *back])}Z"/>')

    def bars(self, edges: Sequence[float], heights: Sequence[float], kind: str) -> None:
        """Draw a histogram: ``heights`` between one edge and the next."""
        floor = self.y.at(0.0)
        for (left, right), height in zip(pairwise(edges), heights, strict=True):
            if height > 0:
                x, top = self.x.at(left), self.y.at(height)
                self._parts.append(
                    f'<rect class="bar {kind}" x="{x + 0.5:.1f}" y="{top:.1f}" '
                    f'width="{max(0.5, self.x.at(right) - x - 1.0):.1f}" '
                    f'height="{floor - top:.1f}"/>'
                )

    def dots(self, xs: Sequence[float], ys: Sequence[float], kind: str, radius: float = 2) -> None:
        """Draw a dot for each pair of finite numbers."""
        for x, y in zip(xs, ys, strict=True):
            if math.isfinite(x) and math.isfinite(y):
                self._parts.append(
                    f'<circle class="dot {kind}" cx="{self.x.at(x):.1f}" '
                    f'cy="{self.y.at(y):.1f}" r="{radius:g}"/>'
                )

    def mark(
        self, x: float, y: float, shape: str, kind: str, title: str = "", size: float = 5
    ) -> None:
        """Draw one of ``SHAPES`` at a place; a pointer reads its title.

        Shapes differ, not colours alone, so that whoever sees no colours can tell them apart.
        """
        told = f"<title>{text(title)}</title>" if title else ""
        self._parts.append(
            f'<path class="sign {kind}" d="{SHAPES[shape]}" '
            f'transform="translate({self.x.at(x):.1f} {self.y.at(y):.1f}) scale({size:g})">'
            f"{told}</path>"
        )

    def whisker(self, x: float, low: float, high: float, kind: str) -> None:
        """Draw an interval: an upright line with ends."""
        at, top, bottom = self.x.at(x), self.y.at(high), self.y.at(low)
        self._parts.append(
            f'<path class="line {kind}" d="M{at:.1f},{top:.1f}V{bottom:.1f}'
            f'M{at - 4:.1f},{top:.1f}h8M{at - 4:.1f},{bottom:.1f}h8"/>'
        )

    def upright(self, x: float, name: str, kind: str = "mark") -> None:
        """Draw a line across at one value of the horizontal axis, and name it."""
        at = self.x.at(x)
        anchor = "end" if at > self.x.from_px + 0.8 * (self.x.to_px - self.x.from_px) else "start"
        shift = -3 if anchor == "end" else 3
        self._parts.append(
            f'<line class="{kind}" x1="{at:.1f}" y1="{self.y.to_px:.1f}" x2="{at:.1f}" '
            f'y2="{self.y.from_px:.1f}"/>'
            f'<text class="small" x="{at + shift:.1f}" y="{self.y.to_px + 9:.1f}" '
            f'text-anchor="{anchor}">{text(name)}</text>'
        )

    def level(self, y: float, name: str, kind: str = "mark") -> None:
        """Draw a line along at one value of the vertical axis, and name it."""
        at = self.y.at(y)
        self._parts.append(
            f'<line class="{kind}" x1="{self.x.from_px}" y1="{at:.1f}" x2="{self.x.to_px}" '
            f'y2="{at:.1f}"/><text class="small" x="{self.x.to_px - 2}" y="{at - 3:.1f}" '
            f'text-anchor="end">{text(name)}</text>'
        )

    def svg(self) -> Html:
        """Return the picture."""
        return Html(
            f'<svg class="chart" viewBox="0 0 {self.width} {self.height}" role="img" '
            f'aria-label="{text(self._label)}">{"".join(self._below)}{self._frame()}'
            f"{''.join(self._parts)}</svg>"
        )

    def _frame(self) -> str:
        x, y = self.x, self.y
        out = [heading(self._title, self._remark, self.width)]
        for value in ticks(y.low, y.high, 5):
            if self._whole_y and value != int(value):
                continue
            at = y.at(value)
            kind = "zero" if value == 0 else "grid"
            out.append(
                f'<line class="{kind}" x1="{x.from_px}" y1="{at:.1f}" x2="{x.to_px}" '
                f'y2="{at:.1f}"/><text x="{x.from_px - 6}" y="{at + 4:.1f}" '
                f'text-anchor="end">{_said(value)}</text>'
            )
        marked = [(float(place), word) for place, word in enumerate(self._x_words)] or [
            (value, _said(value)) for value in ticks(x.low, x.high, 6)
        ]
        for value, said in marked:
            at = x.at(value)
            out.append(
                f'<line class="tick" x1="{at:.1f}" y1="{y.from_px}" x2="{at:.1f}" '
                f'y2="{y.from_px + 4}"/><text x="{at:.1f}" y="{y.from_px + 16:.1f}" '
                f'text-anchor="middle">{text(said)}</text>'
            )
        middle = (x.from_px + x.to_px) / 2
        out.append(
            f'<text x="{middle:.1f}" y="{self.height - 6}" text-anchor="middle">'
            f"{text(self._x_name)}</text>"
        )
        return "".join(out)

    def _path(self, xs: Sequence[float], ys: Sequence[float]) -> str:
        known = [math.isfinite(a) and math.isfinite(b) for a, b in zip(xs, ys, strict=True)]
        return "".join(
            f"M{' '.join(self._points(xs[from_:to], ys[from_:to]))}" for from_, to in _runs(known)
        )

    def _points(self, xs: Sequence[float], ys: Sequence[float]) -> list[str]:
        return [f"{self.x.at(x):.1f},{self.y.at(y):.1f}" for x, y in zip(xs, ys, strict=True)]


def _runs(known: Sequence[bool]) -> list[tuple[int, int]]:
    """Return the spans of what is known."""
    out: list[tuple[int, int]] = []
    start: int | None = None
    for index, good in enumerate([*known, False]):
        if good and start is None:
            start = index
        elif not good and start is not None:
            out.append((start, index))
            start = None
    return out


def beside_is_too_long(title: str, remark: str, width: int) -> bool:
    """Return whether a remark has no room beside its title, by the width of ordinary letters."""
    return 7.4 * len(title) + 5.8 * len(remark) + 22 > width


def heading(title: str, remark: str, width: int) -> str:
    """Return a picture's title with its remark, beside it or below."""
    below = beside_is_too_long(title, remark, width)
    place = 'x="8" dy="13"' if below else 'dx="7"'
    small = f'<tspan class="small" {place}>{text(remark)}</tspan>' if remark else ""
    return f'<text class="title" x="8" y="18">{text(title)}{small}</text>'


def _said(value: float) -> str:
    return f"{value:g}".replace("-", MINUS)


def legend(items: Iterable[tuple[str, str]]) -> Html:
    """Return a legend: class and name of each line or band."""
    out = []
    for kind, name in items:
        shape = (
            '<rect class="band {0}" width="26" height="12"/>'
            if kind.startswith("band")
            else '<path class="line {0}" d="M0 6H26"/>'
        )
        if kind.startswith("shade"):
            shape = '<rect class="{0}" width="26" height="12"/>'
        drawn = shape.format(kind.removeprefix("band "))
        out.append(
            f'<span class="key"><svg viewBox="0 0 26 12" width="26" height="12" aria-hidden="true">'
            f"{drawn}</svg> {text(name)}</span>"
        )
    return Html(f'<p class="legend">{"".join(out)}</p>')
