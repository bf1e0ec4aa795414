"""What a program is judged by: rows of figures, which way is better, and what may be lost.

Each objective is read from the rows of walks. All of them count per stride of the same true gait,
so that a program that stops early or lets the toe drag gains nothing by it but charge.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import fmean
from typing import Final, Literal

from fes_ctrl.analysis.figure_words import BY_NAME as FIGURES
from fes_ctrl.analysis.figure_words import LEGS, Way
from fes_ctrl.tuning.job import Row


@dataclass(frozen=True, slots=True)
class Objective:
    """One thing that a program is judged by.

    Attributes
    ----------
    name : str
        As options and results call it.
    words, short, unit : str
        As people read it, and as the head of a column.
    figure : str
        Below a leg in the summary of a walk, of which the worst leg counts; or ``CHARGE``.
    better : str
        Which way.
    step : float
        The least difference that counts; smaller ones decide nothing.
    may_lose : float or None
        By how much a program may be worse than the given one and still be suggested; ``None``:
        by any amount, for this is what the search trades.
    why : str
        Why so much.
    enough : float or None
        Beyond it, better counts no more.
    of_members : str
        Over the patients of a population: their mean, or the worst of them.
    relative : bool
        ``step`` is a share of the given program's value.
    astray : bool
        Judged in the walks in which strides go astray, over those strides and the ones right
        after them.
    """

    name: str
    words: str
    short: str
    unit: str
    figure: str
    better: Way
    step: float
    may_lose: float | None
    why: str
    enough: float | None = None
    of_members: Literal["mean", "worst"] = "mean"
    relative: bool = False
    astray: bool = False

    def cost(self, value: float) -> float:
        """Return a value as a cost: less is better, and enough is enough."""
        if self.better == "less":
            return value if self.enough is None else max(value, self.enough)
        return -value if self.enough is None else -min(value, self.enough)

    def loss(self, value: float, given: float) -> float:
        """Return by how much a value is worse than the given program's; negative is better."""
        return value - given if self.better == "less" else given - value

    def against(self, given: float) -> "Objective":
        """Return it with ``step`` in its own unit."""
        if not self.relative:
            return self
        return replace(self, step=self.step * abs(given) or 1e-9, relative=False)


CHARGE: Final = "charge.total_mC"
BAD: Final = LEGS + "bad_strides."


def _objective(
    name: str,
    figure: str,
    *,
    step: float,
    may_lose: float | None,
    why: str,
    enough: float | None = None,
    of_members: Literal["mean", "worst"] = "mean",
    relative: bool = False,
    unit: str = "",
    astray: bool = False,
) -> Objective:
    """Return an objective in the words of its figure."""
    told = FIGURES[figure]
    return Objective(
        name=name,
        words=told.words,
        short=told.short,
        unit=unit or told.unit,
        figure=figure.removeprefix(LEGS),
        better=told.better,
        step=step,
        may_lose=may_lose,
        why=why,
        enough=enough,
        of_members=of_members,
        relative=relative,
        astray=astray,
    )


OBJECTIVES: Final = (
    _objective(
        "toe_clearance",
        LEGS + "toe_clearance_mm.median",
        step=0.5,
        may_lose=3.0,
        enough=15.0,
        why=(
            "able walkers clear 11 to 12 mm with a spread of 4.4 to 4.7 mm from stride to stride: "
            "above 15 mm more is no better, and 3 mm lie within the spread"
        ),
    ),
    _objective(
        "ankle_at_contact",
        LEGS + "ankle_at_contact_deg.p05",
        step=0.2,
        may_lose=1.0,
        enough=5.0,
        why=(
            "half of the 2 deg that gait laboratories cannot tell apart; able feet land at 0 to "
            "5 deg"
        ),
    ),
    _objective(
        "foot_slap",
        LEGS + "foot_slap_percent",
        step=1.0,
        may_lose=2.0,
        why="one stride in fifty",
    ),
    _objective(
        "push_off",
        LEGS + "push_off.lost_work_percent",
        step=0.2,
        may_lose=0.5,
        why="far below what stimulation of the dorsiflexors costs anyway, 1 to 4 %",
    ),
    _objective(
        "compensation",
        LEGS + "compensation_mm",
        step=0.5,
        may_lose=2.0,
        why="the patient's own spread from stride to stride",
    ),
    _objective(
        "charge",
        CHARGE,
        # Longer walks are no dearer.
        unit="uC a stride",
        step=0.01,
        may_lose=None,
        relative=True,
        why="it is what the others are bought with; the limits bound it",
    ),
    _objective(
        "fatigue",
        LEGS + "fatigue_percent",
        step=0.1,
        may_lose=1.0,
        why="of the muscle's strength, at the end of a walk",
    ),
    _objective(
        "robustness",
        LEGS + "toe_clearance_mm.p05",
        step=0.5,
        may_lose=3.0,
        enough=15.0,
        of_members="worst",
        why="as for the toe clearance, of one stride in twenty and the patient who fares worst",
    ),
)

ASTRAY: Final = (
    _objective(
        "bad_clearance",
        BAD + "toe_clearance_mm.p05",
        step=0.5,
        may_lose=3.0,
        enough=15.0,
        of_members="worst",
        astray=True,
        why="as for the toe clearance, of bad strides and the patient who fares worst",
    ),
    _objective(
        "bad_ankle",
        BAD + "ankle_at_contact_deg.p05",
        step=0.2,
        may_lose=1.0,
        enough=5.0,
        of_members="worst",
        astray=True,
        why="as for the ankle at contact, of bad strides and the patient who fares worst",
    ),
    _objective(
        "bad_service",
        BAD + "poor_percent",
        step=1.0,
        may_lose=2.0,
        of_members="worst",
        astray=True,
        why="no pulse in swing, strong only after toe-off, or let go before contact; one in fifty",
    ),
    _objective(
        "bad_push_off",
        BAD + "lost_push_off_percent.p95",
        step=0.5,
        may_lose=2.0,
        of_members="worst",
        astray=True,
        why=(
            "a burst whose contact is not told goes on into the next push-off, which costs the "
            "standard program 12 to 18 %"
        ),
    ),
)
"""What counts besides where strides go astray."""

BY_NAME: Final = {objective.name: objective for objective in (*OBJECTIVES, *ASTRAY)}

IN_BAD_WALKS: Final = "_with_bad_strides"
"""What the names of violations end in that happened in walks with strides astray."""

VIOLATIONS: Final = {
    "refused_setpoints": "safety.refused_setpoints",
    "faults": "safety.faults",
    "witness_violations": "safety.witness_violations",
    "missed_swings": "burst.missed_swings",
    "drag_strides": "drag_strides",
}
"""What no program may do more often than the given one on the same walk; the last two by leg."""

NEVER: Final = ("witness_violations",)
"""What none may do at all, whatever the given one does."""


def legs_of(row: Row) -> list[str]:
    """Return the legs that a walk has figures of, as ``legs.left``."""
    return sorted({".".join(key.split(".")[:2]) for key in row if key.startswith("legs.")})


def value_of(objective: Objective, row: Row) -> float | None:
    """Return an objective's value in one walk, of its worst leg; ``None`` where it is unknown.

    Parameters
    ----------
    objective : Objective
        Which.
    row : dict
        Of the walk: figures of its summary by dotted name.
    """
    legs = legs_of(row)
    if objective.astray:
        # Of two legs one may have been spared.
        legs = [leg for leg in legs if f"{leg}.bad_strides.strides" in row]
    if objective.figure == CHARGE:
        strides = sum(int(number_of(row, f"{leg}.strides") or 0) for leg in legs)
        total_mC = number_of(row, CHARGE)
        return None if not strides or total_mC is None else 1000.0 * total_mC / strides
    values = [number_of(row, f"{leg}.{objective.figure}") for leg in legs]
    known = [value for value in values if value is not None]
    if not known or len(known) < len(values):
        return None
    return max(known) if objective.better == "less" else min(known)


def over_members(objective: Objective, values: Sequence[float]) -> float:
    """Return the value of a population from those of its members."""
    if objective.of_members == "mean":
        return fmean(values)
    return max(values) if objective.better == "less" else min(values)


def violations_of(row: Row) -> dict[str, int]:
    """Return how often a walk broke what none may break; 0 where a figure is unknown."""
    found = {}
    for name, figure in VIOLATIONS.items():
        where = (
            [figure]
            if figure.startswith("safety.")
            else [f"{leg}.{figure}" for leg in legs_of(row)]
        )
        found[name] = sum(int(number_of(row, key) or 0) for key in where)
    return found


def number_of(row: Mapping[str, object], key: str) -> float | None:
    """Return a figure of a row as a number; ``None`` where it is unknown."""
    value = row.get(key)
    return float(value) if isinstance(value, int | float) else None
