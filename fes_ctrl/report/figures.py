"""How people read the figures of candidates: in which words, in which unit, which way is good."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Literal


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure of a walk.

    Attributes
    ----------
    name : str
        Dotted, as pooled over the legs.
    words, unit : str
        As people read it.
    good : str
        Which end of it.
    """

    name: str
    words: str
    unit: str
    good: Literal["low", "high"]


KNOWN: Final = (
    Figure("legs.*.toe_clearance_mm.median", "toe clearance", "mm", "high"),
    Figure("legs.*.toe_clearance_mm.p05", "toe clearance, 5 %", "mm", "high"),
    Figure("legs.*.ankle_at_contact_deg.p05", "ankle at contact, 5 %", "deg", "high"),
    Figure("legs.*.foot_slap_percent", "foot slap", "% of strides", "low"),
    Figure("legs.*.push_off.lost_work_percent", "push-off lost", "%", "low"),
    Figure("legs.*.compensation_mm", "compensation", "mm", "low"),
    Figure("legs.*.fatigue_percent", "fatigue", "%", "low"),
    Figure("charge.total_mC", "charge", "mC", "low"),
)
"""In the order in which they are shown; other figures are in the results' own table."""

BY_NAME: Final = {figure.name: figure for figure in KNOWN}


def figure_of(name: str, best: str = "lowest") -> Figure:
    """Return a figure by its name, known or not."""
    if name in BY_NAME:
        return BY_NAME[name]
    words = name.removeprefix("legs.*.").replace("_", " ").replace(".", ", ")
    return Figure(name, words, "", "high" if best == "highest" else "low")


def shown(by: str, best: str, there: Iterable[str]) -> list[Figure]:
    """Return the figures that a page shows: the one that orders candidates, then the known ones.

    Parameters
    ----------
    by, best : str
        The figure that orders candidates, and which end of it is wanted.
    there : iterable of str
        The figures that there are.
    """
    known = set(there)
    names = [by, *[figure.name for figure in KNOWN if figure.name != by]]
    return [figure_of(name, best) for name in names if name in known]


def short(keys: Sequence[str]) -> list[str]:
    """Return dotted keys by their last parts, as many as tell them apart."""
    for parts in range(1, 10):
        found = [".".join(key.split(".")[-parts:]) for key in keys]
        if len(set(found)) == len(keys):
            return found
    return list(keys)


def digits_of(values: Iterable[float]) -> int:
    """Return how many digits after the point tell these values apart, 3 at most."""
    known = list(values)
    span = max(known) - min(known) if known else 0.0
    for digits in range(3):
        if span >= 5 * 10.0**-digits:
            return digits
    return 3 if 0 < span < 0.05 else 2 if span else 1
