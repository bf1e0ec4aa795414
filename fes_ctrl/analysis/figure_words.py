"""How people read the figures of a summary: in which words, in which unit, which way is better.

One place for all that show them: tables of sweeps, pages, objectives of a search.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal

Way = Literal["more", "less"]

LEGS: Final = "legs.*."
"""Begins the name of a figure that is pooled over the legs."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure of a walk.

    Attributes
    ----------
    name : str
        Dotted, as the summary has it, pooled over the legs.
    words, unit : str
        As people read it; the unit may be empty.
    better : str
        Which way.
    short : str
        As the head of a column, in narrow lines.
    """

    name: str
    words: str
    unit: str
    better: Way
    short: str

    @property
    def heading(self) -> str:
        """The head of a column, with its unit."""
        return heading(self.short, self.unit)


KNOWN: Final = (
    Figure("legs.*.toe_clearance_mm.median", "toe clearance", "mm", "more", "clear-\nance"),
    Figure(
        "legs.*.toe_clearance_mm.p05", "clearance of the low strides", "mm", "more", "low\nstrides"
    ),
    Figure("legs.*.ankle_at_contact_deg.p05", "ankle at contact (p05)", "deg", "more", "ankle"),
    Figure("legs.*.foot_slap_percent", "foot slap", "% of strides", "less", "foot\nslap"),
    Figure(
        "legs.*.push_off.lost_work_percent", "push-off work lost", "%", "less", "push-off\nlost"
    ),
    Figure("legs.*.compensation_mm", "compensation", "mm", "less", "compen-\nsation"),
    Figure("legs.*.fatigue_percent", "fatigue at the end", "%", "less", "fatigue"),
    Figure("charge.total_mC", "charge", "mC", "less", "charge"),
)
"""What a walk is judged by, in the order in which it is shown."""

ASTRAY: Final = (
    Figure(
        "legs.*.bad_strides.toe_clearance_mm.p05",
        "clearance in bad strides (p05)",
        "mm",
        "more",
        "bad:\nclear-\nance",
    ),
    Figure(
        "legs.*.bad_strides.ankle_at_contact_deg.p05",
        "ankle in bad strides (p05)",
        "deg",
        "more",
        "bad:\nankle",
    ),
    Figure(
        "legs.*.bad_strides.poor_percent",
        "bad strides served poorly",
        "%",
        "less",
        "bad:\nserved\npoorly",
    ),
    Figure(
        "legs.*.bad_strides.lost_push_off_percent.p95",
        "push-off lost in bad strides (p95)",
        "%",
        "less",
        "bad:\npush-off\nlost",
    ),
)
"""And what besides, where strides go astray."""

BY_NAME: Final = {figure.name: figure for figure in (*KNOWN, *ASTRAY)}

UNITS: Final = {
    "mA_per_cm2": "mA/cm2",
    "deg_per_s": "deg/s",
    "m_per_s": "m/s",
    "percent": "%",
    "deg": "deg",
    "mm": "mm",
    "ms": "ms",
    "uC": "uC",
    "mC": "mC",
    "Nm": "Nm",
    "s": "s",
}
"""How a unit within a name is read, longest first."""

OF_MANY: Final = re.compile(r"min|median|max|p\d\d")
"""Last part of the name of one figure of a distribution."""


def figure_of(name: str, best: str = "lowest") -> Figure:
    """Return a figure by its name; one that is not among the known is read from the name.

    Parameters
    ----------
    name : str
        Dotted, pooled over the legs.
    best : str
        Which end of it is wanted, ``lowest`` or ``highest``, where that is not known.
    """
    if name in BY_NAME:
        return BY_NAME[name]
    *above, last = name.removeprefix(LEGS).split(".")
    many = f" ({last})" if above and OF_MANY.fullmatch(last) else ""
    parts = above if many else [*above, last]
    unit = ""
    for place, part in enumerate(parts):
        for token, told in UNITS.items():
            found = re.search(rf"_{token}(?=_|$)", part)
            if found:
                unit = told
                parts[place] = part[: found.start()] + part[found.end() :]
                break
    said = [part.replace("_", " ") for part in parts]
    better: Way = "more" if best == "highest" else "less"
    return Figure(name, ", ".join(said) + many, unit, better, "\n".join(said) + many)


def shown(by: str, best: str, there: Iterable[str]) -> list[Figure]:
    """Return the figures that are shown: the one that orders candidates, then the known ones.

    Parameters
    ----------
    by, best : str
        The figure that orders candidates, and which end of it is wanted.
    there : iterable of str
        The figures that there are.
    """
    known = set(there)
    names = [by, *[name for name in BY_NAME if name != by]]
    return [figure_of(name, best) for name in names if name in known]


def heading(short: str, unit: str) -> str:
    """Return the head of a column: what it is in narrow lines, and the first word of its unit."""
    return f"{short}\n{unit.partition(' ')[0]}".rstrip()
