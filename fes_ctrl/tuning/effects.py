"""What each setting of a sweep does by itself: how a figure moves with it, whatever the others are.

The walks at one level of a setting are compared with all walks of the same seed, so that what the
seed does falls out. In a full grid every level meets the same others, and the 95 % interval is
over the seeds. In a sample of the settings it does not: the interval is then over the candidates
at that level, so that it also holds what the others did to them.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise, product
from statistics import fmean, stdev
from typing import Final, Literal

from fes_ctrl.tuning.job import Settings, candidate_of
from fes_ctrl.tuning.manifest import Manifest
from fes_ctrl.tuning.statistics import Figures, counted_in, pooled, quantile
from fes_ctrl.tuning.store import Store

MOST_LEVELS: Final = 8
"""A setting with more values than that is looked at in ``BINS`` parts of equal count."""
BINS: Final = 5

Outcomes = dict[str, dict[int, Figures]]
"""By candidate and seed: the known figures, each the mean of the patients'."""


@dataclass(frozen=True, slots=True)
class Level:
    """One value of a setting, or a part of its range.

    Attributes
    ----------
    label : str
        As people read it.
    at : float or None
        Where it is on the setting's axis; ``None`` for what is no number.
    mean : float
        Of the figure, less the mean of all candidates.
    low, high : float or None
        Of the 95 % interval; ``None`` of one alone.
    candidates : int
        How many have it.
    """

    label: str
    at: float | None
    mean: float
    low: float | None
    high: float | None
    candidates: int


@dataclass(frozen=True, slots=True)
class MainEffect:
    """What one setting does to one figure.

    Attributes
    ----------
    key, figure : str
        Which.
    levels : tuple of Level
        In order.
    over : str
        What the intervals are over.
    """

    key: str
    figure: str
    levels: tuple[Level, ...]
    over: Literal["seeds", "candidates"]


def outcomes(manifest: Manifest, store: Store) -> Outcomes:
    """Return what came of each candidate, seed by seed; only where every patient's walk did.

    Parameters
    ----------
    manifest : Manifest
        What was walked.
    store : Store
        The rows.
    """
    walks: dict[tuple[str, int], list[Figures]] = {}
    counted = counted_in(manifest.rows(store))
    for key, job in manifest.jobs():
        row = store.get(key)
        if row is not None and row["ok"]:
            each = walks.setdefault((candidate_of(job.settings), job.seed), [])
            each.append(pooled(row, counted))
    found: Outcomes = {}
    for (candidate, seed), figures in walks.items():
        if len(figures) == len(manifest.patients):
            common = set(figures[0]).intersection(*figures[1:])
            found.setdefault(candidate, {})[seed] = {
                name: fmean(each[name] for each in figures) for name in sorted(common)
            }
    return found


def varied(candidates: Sequence[Settings]) -> dict[str, list[object]]:
    """Return the settings that candidates differ in, each with its values in order."""
    found: dict[str, list[object]] = {}
    for settings in candidates:
        for key, value in settings:
            if value not in found.setdefault(key, []):
                found[key].append(value)
    return {
        key: sorted(values, key=_order) for key, values in sorted(found.items()) if len(values) > 1
    }


def is_grid(candidates: Sequence[Settings]) -> bool:
    """Return whether candidates are every combination of their values, each once."""
    given = [dict(settings) for settings in candidates if settings]
    levels = varied(candidates)
    wanted = set(product(*levels.values()))
    there = [tuple(settings.get(key) for key in levels) for settings in given]
    return bool(levels) and len(there) == len(wanted) and set(there) == wanted


def main_effect(
    candidates: Sequence[Settings],
    found: Mapping[str, Mapping[int, Figures]],
    key: str,
    figure: str,
) -> MainEffect | None:
    """Return what a setting does to a figure; ``None`` where too little is known.

    Parameters
    ----------
    candidates : sequence of Settings
        The baseline, which has none of them, is left out.
    found : mapping
        ``outcomes``.
    key, figure : str
        Which setting, and which figure by its pooled name.
    """
    by_value: dict[object, list[dict[int, float]]] = {}
    known: set[str] = set()
    for settings in candidates:
        value = dict(settings).get(key)
        walked = found.get(candidate_of(settings), {})
        series = {seed: figures[figure] for seed, figures in walked.items() if figure in figures}
        if settings and value is not None and series:
            by_value.setdefault(value, []).append(series)
            known.add(candidate_of(settings))
    seeds = set.intersection(
        *[set(series) for listed in by_value.values() for series in listed] or [set()]
    )
    if len(by_value) < 2 or not seeds:
        return None
    everything = [series for listed in by_value.values() for series in listed]
    middle = {seed: fmean(series[seed] for series in everything) for seed in seeds}
    grid = is_grid([settings for settings in candidates if candidate_of(settings) in known])
    levels = []
    for label, at, listed in _levels(by_value):
        # By seed, or by candidate: each the mean over the other, from the middle of all.
        by_seed = [fmean(each[seed] for each in listed) - middle[seed] for seed in sorted(seeds)]
        by_candidate = [fmean(each[seed] - middle[seed] for seed in seeds) for each in listed]
        spread = by_seed if grid else by_candidate
        low, high = _interval(spread)
        levels.append(Level(label, at, fmean(by_candidate), low, high, len(listed)))
    return MainEffect(key, figure, tuple(levels), "seeds" if grid else "candidates")


def _levels(
    by_value: Mapping[object, list[dict[int, float]]],
) -> list[tuple[str, float | None, list[dict[int, float]]]]:
    values = sorted(by_value, key=_order)
    numbers = [float(value) for value in values if _is_number(value)]  # type: ignore[arg-type]
    if len(values) <= MOST_LEVELS or len(numbers) < len(values):
        return [
            (_said(value), float(value) if _is_number(value) else None, by_value[value])  # type: ignore[arg-type]
            for value in values
        ]
    flat = [
        (number, each)
        for number, value in zip(numbers, values, strict=True)
        for each in by_value[value]
    ]
    edges = [round(part * len(flat) / BINS) for part in range(BINS + 1)]
    found: list[tuple[str, float | None, list[dict[int, float]]]] = []
    for start, end in pairwise(edges):
        part = flat[start:end]
        label = f"{_said(part[0][0])} to {_said(part[-1][0])}"
        found.append((label, fmean(number for number, _ in part), [each for _, each in part]))
    return found


def _interval(values: Sequence[float]) -> tuple[float | None, float | None]:
    if len(values) < 2:
        return None, None
    half = quantile(len(values) - 1) * stdev(values) / math.sqrt(len(values))
    mean = fmean(values)
    return mean - half, mean + half


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _order(value: object) -> tuple[bool, float, str]:
    number = float(value) if _is_number(value) else 0.0  # type: ignore[arg-type]
    return not _is_number(value), number, str(value)


def _said(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
