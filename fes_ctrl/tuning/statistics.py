"""What a sweep tells: each candidate's figures, and how they differ from the baseline's.

Every candidate walks the same pairs of patient and seed, so differences are taken pair by pair,
and what a seed does to a walk falls out of them. The interval is Student's t over the seeds: the
differences of one seed are first averaged over the patients, who are given and not drawn; it says
where the mean difference of these patients lies over all seeds, in 95 of 100 such intervals. The
median is given for the figures themselves, for figures with long tails.
"""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from statistics import fmean, median, stdev
from typing import Final

from fes_ctrl.analysis.figure_words import BY_NAME, LEGS
from fes_ctrl.tuning.job import FIGURES, Row, Settings, candidate_of
from fes_ctrl.tuning.manifest import Manifest
from fes_ctrl.tuning.store import Store

CONFIDENCE: Final = 0.95
COUNTED: Final = (".ended_by.", "safety.clipped.", "safety.refused.")
"""Such figures are there only where they are not zero."""

Pair = tuple[str, int]
Figures = dict[str, float]


@dataclass(frozen=True, slots=True)
class Difference:
    """A figure less the baseline's, pair by pair.

    Attributes
    ----------
    mean : float
        Over the seeds.
    low, high : float or None
        Of the 95 % interval; ``None`` of a single seed.
    seeds : int
        Over how many.
    """

    mean: float
    low: float | None
    high: float | None
    seeds: int


@dataclass(frozen=True, slots=True)
class Spread:
    """A figure of one candidate.

    Attributes
    ----------
    walks : int
        In which it is known.
    mean, median : float
        Over those.
    difference : Difference or None
        From the baseline; ``None`` where there is none to compare with.
    """

    walks: int
    mean: float
    median: float
    difference: Difference | None


@dataclass(frozen=True, slots=True)
class Candidate:
    """What came of one candidate.

    Attributes
    ----------
    name : str
        Short digest of its settings; ``baseline`` for none.
    settings : Settings
        What is set otherwise than the scenario has it.
    walks, failed : int
        How many came back, and how many of those came to no result, by an error.
    passed : int
        How many met every bound of the scenario's ``[pass]``.
    errors : tuple of str
        Why walks came to none, each once.
    figures : dict of str to Spread
        By dotted name; of both legs the mean, as ``legs.*.…``.
    """

    name: str
    settings: Settings
    walks: int
    failed: int
    passed: int
    errors: tuple[str, ...]
    figures: dict[str, Spread]


def pooled_name(name: str) -> str:
    """Return a figure's name with ``legs.*.`` in place of a leg; empty for what is no figure."""
    if not name.startswith(FIGURES):
        return ""
    head, _, rest = name.partition(".")
    return f"legs.*.{rest.partition('.')[2]}" if head == "legs" else name


def names_in(row: Mapping[str, object]) -> list[str]:
    """Return the names of a row's figures, known or not, as they are pooled."""
    return list(dict.fromkeys(filter(None, map(pooled_name, row))))


def pooled(row: Mapping[str, object], counted: Iterable[str] = ()) -> Figures:
    """Return the known figures of a walk, of the stimulated legs their mean as ``legs.*.…``.

    Parameters
    ----------
    row : mapping
        The walk.
    counted : iterable of str
        Figures that are there only where they are not zero, in any walk of a sweep.
    """
    found: dict[str, list[float]] = {}
    legs: set[str] = set()
    for name, value in row.items():
        whole = pooled_name(name)
        if whole.startswith(LEGS):
            legs.add(name.split(".", 2)[1])
        if whole and isinstance(value, int | float):
            found.setdefault(whole, []).append(float(value))
    for name in (*filter(_is_counted, found), *counted):
        values = found.setdefault(name, [])
        of = len(legs) if name.startswith(LEGS) else 1
        values += [0.0] * (max(of, 1) - len(values))
    return {name: fmean(values) for name, values in found.items()}


def _is_counted(name: str) -> bool:
    return any(part in name for part in COUNTED)


def counted_in(rows: Iterable[Row]) -> list[str]:
    """Return the figures that are there only where they are not zero, as they are pooled."""
    names = (pooled_name(name) for row in rows for name in row if _is_counted(name))
    return list(dict.fromkeys(filter(None, names)))


def summarise(manifest: Manifest, store: Store) -> Iterator[Candidate]:
    """Yield what came of each candidate, in their order; the baseline comes first.

    Parameters
    ----------
    manifest : Manifest
        What was walked.
    store : Store
        The rows.
    """
    baseline: dict[Pair, Figures] | None = None
    counted = counted_in(manifest.rows(store))
    jobs = manifest.jobs()
    pairs = len(manifest.patients) * len(manifest.seeds)
    for settings in manifest.candidates:
        found: dict[Pair, Figures] = {}
        walks = passed = 0
        errors: dict[str, None] = {}
        for _ in range(pairs):
            key, job = next(jobs)
            row = store.get(key)
            if row is None:
                continue
            walks += 1
            passed += row.get("passed") is True
            if row["ok"]:
                found[job.patient, job.seed] = pooled(row, counted)
            else:
                errors.setdefault(str(row["error"]))
        others = baseline
        if not settings:
            baseline, others = found, None
        yield Candidate(
            name=candidate_of(settings),
            settings=settings,
            walks=walks,
            failed=walks - len(found),
            passed=passed,
            errors=tuple(errors),
            figures=_spreads(manifest, found, others),
        )


def _spreads(
    manifest: Manifest, found: Mapping[Pair, Figures], baseline: Mapping[Pair, Figures] | None
) -> dict[str, Spread]:
    names: dict[str, None] = {}
    for figures in (*found.values(), *(baseline or {}).values()):
        names.update(dict.fromkeys(figures))
    spreads: dict[str, Spread] = {}
    for name in names:
        mine = _of(found, name)
        if not mine:
            continue
        difference = None
        if baseline is not None:
            theirs = _of(baseline, name)
            apart = {pair: mine[pair] - theirs[pair] for pair in mine if pair in theirs}
            difference = _difference(apart, manifest.patients, manifest.seeds)
        spreads[name] = Spread(len(mine), fmean(mine.values()), median(mine.values()), difference)
    return spreads


def _of(found: Mapping[Pair, Figures], name: str) -> dict[Pair, float]:
    return {pair: figures[name] for pair, figures in found.items() if name in figures}


def _difference(
    apart: Mapping[Pair, float], patients: Sequence[str], seeds: Sequence[int]
) -> Difference | None:
    """Return the mean difference and its interval over the seeds that every patient walked.

    A patient of whom the figure is never known has no part in it.
    """
    whose = [patient for patient in patients if any((patient, seed) in apart for seed in seeds)]
    by_seed = [
        fmean(apart[patient, seed] for patient in whose)
        for seed in seeds
        if whose and all((patient, seed) in apart for patient in whose)
    ]
    if not by_seed:
        return None
    mean, count = fmean(by_seed), len(by_seed)
    if count == 1:
        return Difference(mean, None, None, 1)
    half = quantile(count - 1) * stdev(by_seed) / math.sqrt(count)
    return Difference(mean, mean - half, mean + half, count)


@cache
def quantile(freedom: int) -> float:
    """Return how many standard errors a 95 % interval reaches to either side."""
    from scipy.special import stdtrit

    return float(stdtrit(freedom, (1 + CONFIDENCE) / 2))


def ranked(candidates: Sequence[Candidate], figure: str, best: str) -> list[Candidate]:
    """Return candidates in order of a figure's mean, the unknown last.

    Parameters
    ----------
    candidates : sequence of Candidate
        What came of each.
    figure : str
        Its whole name.
    best : str
        ``lowest`` or ``highest``.
    """
    sign = -1.0 if best == "highest" else 1.0
    return sorted(
        candidates,
        key=lambda candidate: (
            figure not in candidate.figures,
            sign * candidate.figures[figure].mean if figure in candidate.figures else 0.0,
        ),
    )


def whole_name(figure: str, names: Sequence[str]) -> str:
    """Return the figure that a name or its end means.

    Raises
    ------
    ValueError
        If there is none, or more than one.
    """
    if figure in names:
        return figure
    ends = [name for name in names if name.endswith(f".{figure}")]
    if len(ends) == 1:
        return ends[0]
    if ends:
        message = f"{figure}: that may be {' or '.join(ends[:4])}; write more of it"
        raise ValueError(message)
    import difflib

    usual = [name for name in names if name in BY_NAME]
    holds = [name for name in (*usual, *names) if figure.lower() in name.lower()]
    close = list(dict.fromkeys(holds))[:3]
    if not close:
        tails = {".".join(name.split(".")[-1 - figure.count(".") :]): name for name in names}
        close = [tails[tail] for tail in difflib.get_close_matches(figure, tails, n=3)]
    said = f"near it are {', '.join(close)}" if close else f"choose from {', '.join(usual)}"
    message = f"{figure}: no such figure; {said}"
    raise ValueError(message)
