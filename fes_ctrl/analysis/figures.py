"""The numbers of a summary by their dotted names, and how far each may move unnoticed.

Between platforms, sums of floats differ in their last digits, and now and then a pulse or a stride
with them; a figure that moved by less than its tolerance has not moved.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Final

from fes_ctrl.model import LEG_NAMES

RELATIVE: Final = 0.02
"""A figure may differ by two per cent, or by the least that counts in its unit: the larger."""

LEAST: Final[dict[str, float]] = {
    "mA_per_cm2": 0.01,
    "deg_per_s": 5.0,
    "m_per_s": 0.02,
    "percent": 0.5,
    "share": 0.01,
    "deg": 0.5,
    "mm": 0.5,
    "ms": 0.5,
    "uC": 0.1,
    "mC": 0.05,
    "Nm": 0.2,
    "f1": 0.01,
    "s": 0.0,
}
"""By unit, longest first: what is nothing in it."""

COUNT: Final = 0.5
COUNTED: Final = frozenset(
    {
        *("strides", "bursts", "setpoints", "pulses", "settled_from_stride", "drag_strides"),
        *("missed_swings", "extra", "first_step_missed", "ended_by", "skipped_pulses", "n"),
        *("late_swings", "cut_swings"),
        *("refused_setpoints", "refused", "clipped", "faults", "witness_violations", "frozen"),
    }
)
"""Whole numbers: none may differ below 25, and two per cent above that."""

SHOWN: Final = ("duration_s", "legs", "charge", "safety")
WHERE_THERE_ARE: Final = ("adaptation", "bad_strides")
"""What a leg has no figures of where its program does not learn, or no stride goes astray: that is
no unknown figure."""

APART: Final = ("safety.limiter", *[f"legs.{side}.charge." for side in LEG_NAMES])
"""What is not held against another walk's: a latch is in the verdict, a leg's charge in the sum."""


def figures_of_walk(summary: Mapping[str, object]) -> dict[str, float | None]:
    """Return every number of a summary that depends on the walk alone, by dotted name.

    Parameters
    ----------
    summary : mapping
        As ``walk --json`` prints it.

    Returns
    -------
    dict of str to float or None
        Lists count as how many there are; ``None`` is unknown.
    """
    shown = {key: summary[key] for key in SHOWN if key in summary}
    return {name: value for name, value in _numbers(shown) if not name.startswith(APART)}


def _numbers(values: Mapping[str, object], above: str = "") -> Iterator[tuple[str, float | None]]:
    for key, value in values.items():
        name = f"{above}{key}"
        if isinstance(value, Mapping):
            yield from _numbers(value, f"{name}.")
        elif isinstance(value, list):
            yield name, len(value)
        elif value is None:
            if key not in WHERE_THERE_ARE:
                yield name, None
        elif isinstance(value, int | float):
            yield name, int(value) if isinstance(value, bool) else value


def tolerance_of(name: str, value: float | None) -> float | None:
    """Return how far a figure may move from this value.

    Parameters
    ----------
    name : str
        Dotted; its unit stands in it.
    value : float or None
        What it was.

    Returns
    -------
    float or None
        ``None`` where the name tells no unit.
    """
    for part in reversed(name.split(".")):
        if part in COUNTED:
            return max(COUNT, RELATIVE * abs(value or 0.0))
        for unit, least in LEAST.items():
            if re.search(rf"(?:^|_){unit}(?:_|$)", part):
                return max(least, RELATIVE * abs(value or 0.0))
    return None


def moved(now: float | None, before: float | None, tolerance: float) -> bool:
    """Return whether a figure moved further than it may; unknown is far from everything."""
    if now is None or before is None:
        return now is not before
    return abs(now - before) > tolerance


def said(value: float | None) -> str:
    """Return a figure as a person reads it."""
    return "unknown" if value is None else f"{value:g}"
