"""A sweep as its file gives it: axes over configuration values, patients, seeds, the design."""

import math
from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal

from annotated_types import Ge, Gt, Le, MaxLen, MinLen

from fes_ctrl.config.build import show

MOST_CANDIDATES: Final = 1_000_000
MOST_LEVELS: Final = 100_000
GIVEN_ELSEWHERE: Final = {
    "walk.patient": "patients",
    "walk.seed": "seeds",
    "walk.duration_s": "duration_s",
}
"""Keys that a sweep gives by a key of its own."""

Seed = Annotated[int, Ge(0), Le(2**63 - 1)]
Number = int | float


class WrongError(ValueError):
    """One of the values does not go with the others, and which it is.

    Attributes
    ----------
    path : tuple of str
        Its key.
    """

    def __init__(self, key: str, what: str) -> None:
        super().__init__(what)
        self.path = (key,)


@dataclass(frozen=True, slots=True)
class AxisConfig:
    """One configuration value, and what it is set to: ``values``, or from ``min`` to ``max``.

    Attributes
    ----------
    key : str
        Dotted, as ``--set`` takes it.
    values : tuple
        What it is set to, one by one.
    min, max : int, float or None
        Ends of a range, both included.
    step : int, float or None
        From ``min`` on; of whole numbers the values are whole numbers.
    points : int or None
        So many values instead, ends included, evenly on the scale.
    scale : str
        On which a range is even; ``log`` for what counts by its ratio.
    """

    key: str
    values: Annotated[tuple[Any, ...], MaxLen(MOST_LEVELS)] = ()
    min: Number | None = None
    max: Number | None = None
    step: Annotated[int, Gt(0)] | Annotated[float, Gt(0)] | None = None
    points: Annotated[int, Ge(2), Le(MOST_LEVELS)] | None = None
    scale: Literal["linear", "log"] = "linear"

    def __post_init__(self) -> None:
        """Refuse what makes no axis."""
        head, dot, _ = self.key.partition(".")
        if not dot or not all(self.key.split(".")):
            what = f"key = {show(self.key)}: write SECTION.KEY, as program.delay_ms"
            raise WrongError("key", what)
        if self.key in GIVEN_ELSEWHERE:
            what = f"key = {show(self.key)}: give {GIVEN_ELSEWHERE[self.key]} in [sweep] instead"
            raise WrongError("key", what)
        if head == "limits":
            what = f"key = {show(self.key)}: limits come from files only; vary walk.limits"
            raise WrongError("key", what)
        if self.values:
            self._check_values()
        else:
            self._check_range()

    def _check_values(self) -> None:
        for name in ("min", "max", "step", "points"):
            if getattr(self, name) is not None:
                raise WrongError(name, f"{name}: the axis has values already; give one or other")
        if self.scale != "linear":
            raise WrongError("scale", 'scale = "log": is that of a range; leave it out')
        seen: list[object] = []
        for value in self.values:
            if not _is_plain(value):
                what = f"values: {show(value)} is no number, text, true, false or array of these"
                raise WrongError("values", what)
            if any(_same(value, other) for other in seen):
                raise WrongError("values", f"values: {show(value)} stands there twice")
            seen.append(value)

    def _check_range(self) -> None:
        if self.min is None or self.max is None:
            raise WrongError("values", f"{self.key}: give values, or min and max")
        if not self.min < self.max:
            what = f"min = {show(self.min)}: must be below max = {show(self.max)}"
            raise WrongError("min", what)
        if self.scale == "log" and self.min <= 0:
            what = f"min = {show(self.min)}: must be above 0 on a logarithmic scale"
            raise WrongError("min", what)
        if self.step is None:
            return
        if self.points is not None:
            raise WrongError("points", "points: the axis has a step already; give one or other")
        if self.scale == "log":
            raise WrongError("step", "step: has no meaning on a logarithmic scale; give points")
        if (self.max - self.min) / self.step > MOST_LEVELS:
            what = f"step = {show(self.step)}: makes more than {MOST_LEVELS} values; give a larger"
            raise WrongError("step", what)


@dataclass(frozen=True, slots=True)
class SweepConfig:
    """The table ``[sweep]``: every candidate walks with every patient by every seed.

    Attributes
    ----------
    scenario : str
        Name or file of what is walked.
    axis : tuple of AxisConfig
        What differs between candidates.
    design : str
        ``grid``: every combination; ``random``, or ``latin_hypercube``, which spreads evenly along
        each axis.
    candidates : int or None
        So many; a grid has as many as its axes make.
    design_seed : int
        Of a design that is drawn.
    patients : tuple of str
        Names or files; none: the scenario's.
    seeds : tuple of int
        By which everything random in a walk is drawn, the same for every candidate.
    seed_count : int or None
        So many instead, one after the other.
    first_seed : int
        Of those.
    duration_s : float or None
        Of each walk; none: the scenario's.
    baseline : bool
        Walk the scenario as it stands too, and compare every candidate with it.
    by : str
        The figure that candidates are ordered by; its end will do where no other ends so.
    best : str
        Which end of that figure is wanted.
    """

    scenario: str
    axis: Annotated[tuple[AxisConfig, ...], MinLen(1), MaxLen(100)]
    design: Literal["grid", "random", "latin_hypercube"] = "grid"
    candidates: Annotated[int, Ge(1), Le(MOST_CANDIDATES)] | None = None
    design_seed: Seed = 1
    patients: Annotated[tuple[str, ...], MaxLen(10_000)] = ()
    seeds: Annotated[tuple[Seed, ...], MaxLen(MOST_CANDIDATES)] = ()
    seed_count: Annotated[int, Ge(1), Le(MOST_CANDIDATES)] | None = None
    first_seed: Seed = 1
    duration_s: Annotated[float, Gt(0), Le(36_000)] | None = None
    baseline: bool = True
    by: str = "charge.total_mC"
    best: Literal["lowest", "highest"] = "lowest"

    def __post_init__(self) -> None:
        """Refuse what cannot be walked, or would be walked twice."""
        if not self.axis:
            raise WrongError("axis", "no [[sweep.axis]]: no candidate; give at least one")
        _once("axis", [axis.key for axis in self.axis])
        _once("patients", self.patients)
        _once("seeds", self.seeds)
        if self.design == "grid":
            if self.candidates is not None:
                what = "candidates: a grid has as many as its axes make; leave it out"
                raise WrongError("candidates", what)
            for axis in self.axis:
                if not axis.values and axis.step is None and axis.points is None:
                    what = f"axis {axis.key}: a grid needs its values, a step, or points"
                    raise WrongError("axis", what)
        elif self.candidates is None:
            what = f'candidates: design = "{self.design}" needs to know how many'
            raise WrongError("candidates", what)
        if bool(self.seeds) == (self.seed_count is not None):
            raise WrongError("seeds", "seeds: give a list, or seed_count; one of them")
        if self.seed_count is not None and self.first_seed + self.seed_count > 2**63:
            raise WrongError("first_seed", "first_seed: too large for so many after it")

    @property
    def all_seeds(self) -> tuple[int, ...]:
        """The seeds, in order."""
        if self.seed_count is None:
            return self.seeds
        return tuple(range(self.first_seed, self.first_seed + self.seed_count))


def _once(key: str, values: "list[str] | tuple[object, ...]") -> None:
    seen = set()
    for value in values:
        if value in seen:
            raise WrongError(key, f"{key}: {show(value)} stands there twice")
        seen.add(value)


def _is_plain(value: object) -> bool:
    if isinstance(value, list | tuple):
        return all(map(_is_plain, value))
    if isinstance(value, float):
        return math.isfinite(value)
    return isinstance(value, bool | int | str)


def _same(a: object, b: object) -> bool:
    """Return whether two values are the same to a configuration: 1 and 1.0 are, true is neither."""
    return a == b and isinstance(a, bool) == isinstance(b, bool)
