"""What the page of a sweep is made of: candidates in order, figures, what each setting does."""

from dataclasses import dataclass
from pathlib import Path

from fes_ctrl.analysis.figure_words import Figure, shown
from fes_ctrl.report.figures import short
from fes_ctrl.tuning.effects import MainEffect, is_grid, main_effect, outcomes, varied
from fes_ctrl.tuning.leading import Leading, leading
from fes_ctrl.tuning.manifest import Manifest
from fes_ctrl.tuning.statistics import Candidate, ranked, summarise, whole_name
from fes_ctrl.tuning.store import Store


@dataclass(frozen=True, slots=True)
class SweepView:
    """A sweep, read.

    Attributes
    ----------
    manifest : Manifest
        What was walked.
    candidates : tuple of Candidate
        In order of the figure, the unknown last.
    figures : tuple of Figure
        Those that are shown, the one that orders them first; none where no walk came to anything.
    moving : tuple of Figure
        Those of them that are not the same for every candidate.
    best : str
        ``lowest`` or ``highest``.
    leading : Leading or None
        The candidate that is told first; ``None`` where no walk came to anything.
    axes : dict of str to list
        The settings that candidates differ in, with their values in order.
    names : dict of str to str
        How each of those is called.
    grid : bool
        Whether candidates are every combination.
    effects : tuple of MainEffect
        Of each setting on each figure.
    missing : int
        Walks that have not been walked.
    """

    manifest: Manifest
    candidates: tuple[Candidate, ...]
    figures: tuple[Figure, ...]
    moving: tuple[Figure, ...]
    best: str
    leading: Leading | None
    axes: dict[str, list[object]]
    names: dict[str, str]
    grid: bool
    effects: tuple[MainEffect, ...] = ()
    missing: int = 0

    @property
    def name(self) -> str:
        """Return what the sweep is called, without the folders of its file."""
        return Path(self.manifest.name).stem

    @property
    def walks(self) -> int:
        """Return how many walks came back."""
        return sum(candidate.walks for candidate in self.candidates)

    @property
    def failed(self) -> int:
        """Return how many of those came to no result."""
        return sum(candidate.failed for candidate in self.candidates)

    @property
    def baseline(self) -> Candidate | None:
        """Return the scenario as it stands, where it was walked."""
        return next((each for each in self.candidates if not each.settings), None)


def sweep_view(manifest: Manifest, store: Store) -> SweepView:
    """Return what the page of a sweep is made of.

    Parameters
    ----------
    manifest : Manifest
        Of its folder.
    store : Store
        Its rows; some may be missing.
    """
    candidates = tuple(summarise(manifest, store))
    there = list(dict.fromkeys(name for each in candidates for name in each.figures))
    asked, best = str(manifest.asked.get("by", "")), str(manifest.asked.get("best", "lowest"))
    try:
        by = whole_name(asked, there)
    except ValueError:
        by = ""
    figures = shown(by, best, there)
    moving = [figure for figure in figures if _moves(candidates, figure)]
    axes = varied(manifest.candidates)
    found = outcomes(manifest, store)
    effects = [
        main_effect(manifest.candidates, found, key, figure.name)
        for key in axes
        for figure in moving
    ]
    first = figures[0].name if figures else ""
    order = ranked(candidates, first, best)
    return SweepView(
        manifest=manifest,
        candidates=tuple(order),
        figures=tuple(figures),
        moving=tuple(moving),
        best=best,
        leading=leading(order, first),
        axes=axes,
        names=dict(zip(axes, short(list(axes)), strict=True)),
        grid=is_grid(manifest.candidates),
        effects=tuple(effect for effect in effects if effect is not None),
        missing=len(manifest.missing(store)),
    )


def _moves(candidates: tuple[Candidate, ...], figure: Figure) -> bool:
    means = [each.figures[figure.name].mean for each in candidates if figure.name in each.figures]
    return max(means) - min(means) > 1e-9 * max(1.0, abs(means[0]))
