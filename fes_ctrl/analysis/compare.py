"""Runs side by side: what changed in the configuration, what in the outcome, how surely.

The first run is the reference. Where two runs are the same steps (same patient, way and seed, or
the same recording) their strides are pairs, and the differences of pairs are what is judged: most
of what varies from stride to stride varies in both alike, and drops out.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from math import isfinite
from typing import Any, Final

from fes_ctrl.analysis.comparable import input_of, same_steps, scope_of, warnings_of
from fes_ctrl.analysis.figures import LEAST, figures_of_walk, moved, tolerance_of
from fes_ctrl.analysis.intervals import Interval, of_difference, of_mean
from fes_ctrl.analysis.matching import match
from fes_ctrl.analysis.per_stride import LABELS, StrideRow, as_told, rows_of
from fes_ctrl.analysis.run import Run
from fes_ctrl.analysis.settings import Setting, Settings
from fes_ctrl.analysis.summary import summarise

NEAR_US: Final = 100_000
"""Contacts of the same recording so near to each other end the same stride."""

MORE: Final = "more"
LESS: Final = "less"
TRIFLE: Final = "a difference too small to count"
NOISE: Final = "no difference beyond noise"
SAME: Final = "the same"
FEW: Final = "too few strides"
UNKNOWN: Final = "unknown"


@dataclass(frozen=True, slots=True)
class Change:
    """One key of the configuration that is not the same in all runs.

    ``absent``: the runs that have its section at all agree on it; a replay has no patient.
    """

    key: str
    settings: tuple[Setting, ...]
    absent: bool = False

    @property
    def section(self) -> str:
        """The section it is of."""
        return self.key.partition(".")[0]


@dataclass(frozen=True, slots=True)
class Figure:
    """One number of the summaries, and which runs' differ from the reference's by what counts."""

    name: str
    values: tuple[float | None, ...]
    moved: tuple[bool, ...]

    @property
    def known(self) -> int:
        """Of how many runs it is known; below two there is nothing to compare."""
        return sum(value is not None for value in self.values)


@dataclass(frozen=True, slots=True)
class Difference:
    """How a measure of one run differs from the reference's.

    Attributes
    ----------
    interval : Interval or None
        Of the mean difference; ``None`` of too few strides.
    paired : bool
        Over pairs of the same stride.
    verdict : str
        ``more``, ``less``, or why neither.
    first, second : tuple of float
        Of the strides that it is over, of the reference and of the run: those that are pairs, or
        all settled ones. Their means are apart by the mean difference.
    """

    interval: Interval | None
    paired: bool
    verdict: str
    first: tuple[float, ...]
    second: tuple[float, ...]

    @property
    def over(self) -> str:
        """Over how many strides it is: of each run, or of both alike where they are pairs."""
        if self.paired:
            return str(len(self.first))
        return f"{len(self.first)} and {len(self.second)}"


@dataclass(frozen=True, slots=True)
class Measure:
    """One number of every stride, over the strides of each run.

    Attributes
    ----------
    leg, name, label : int, str, str
        Which.
    values : tuple of tuple of float
        Of each run, in order of strides.
    differences : tuple of Difference
        Of each run after the first.
    """

    leg: int
    name: str
    label: str
    values: tuple[tuple[float, ...], ...]
    differences: tuple[Difference, ...]

    def known_beside(self, run: int) -> bool:
        """Return whether it is known of the reference and of a run, by its place."""
        return self.differences[run - 1].verdict != UNKNOWN


@dataclass(frozen=True, slots=True)
class Comparison:
    """Runs side by side.

    Attributes
    ----------
    names : tuple of str
        Of the runs, the reference first; no two alike.
    changes, measures, figures
        The configuration, the strides, the summaries.
    paired : tuple of bool
        Whether each run after the first is the same steps as the reference.
    recordings : tuple of str
        What each run is a replay of; nothing where it is none.
    input : str
        What was put through the runs, where that is a recording or not the same in all.
    warnings : tuple of str
        What cannot be compared.
    scope : str
        Of which steps alone it speaks, in a sentence.
    """

    names: tuple[str, ...]
    changes: tuple[Change, ...]
    measures: tuple[Measure, ...]
    figures: tuple[Figure, ...]
    paired: tuple[bool, ...]
    recordings: tuple[str, ...]
    input: str
    warnings: tuple[str, ...]
    scope: str

    @property
    def shared_figures(self) -> list[Figure]:
        """The figures that are known of more than one run."""
        return [each for each in self.figures if each.known > 1]

    @property
    def shared_changes(self) -> list[Change]:
        """The changes of what more than one run has."""
        return [change for change in self.changes if not change.absent]

    @property
    def absent(self) -> Counter[str]:
        """How many values of which sections there is nothing to hold against."""
        return Counter(change.section for change in self.changes if change.absent)


def compare(runs: Sequence[Run]) -> Comparison:
    """Put runs side by side.

    Parameters
    ----------
    runs : sequence of Run
        At least two; the first is the reference.
    """
    settings = [Settings(run) for run in runs]
    names = _names(runs)
    paired = tuple(
        [same_steps(runs[0], run, settings[0], each) for run, each in _rest(runs, settings)]
    )
    return Comparison(
        names=names,
        changes=tuple(_changes(settings)),
        measures=tuple(_measures(runs, paired)),
        figures=tuple(_figures(runs)),
        paired=paired,
        recordings=tuple([run.recording for run in runs]),
        input=input_of(runs, names, paired),
        warnings=tuple(warnings_of(runs, settings, names, paired)),
        scope=scope_of(runs, settings),
    )


def _rest(runs: Sequence[Run], settings: Sequence[Settings]) -> list[tuple[Run, Settings]]:
    return list(zip(runs, settings, strict=True))[1:]


def _names(runs: Sequence[Run]) -> tuple[str, ...]:
    """Return what to call each run: its folder, and more of its path where two are called alike."""
    paths = [run.folder.resolve() for run in runs]
    for length in range(1, max([len(path.parts) for path in paths]) + 1):
        names = tuple(["/".join(path.parts[-length:]).lstrip("/") for path in paths])
        if len(set(names)) == len(set(paths)):
            break
    seen: dict[str, count[int]] = {}
    # One and the same run may be named twice.
    return tuple([_again(name, next(seen.setdefault(name, count(1)))) for name in names])


def _again(name: str, time: int) -> str:
    return name if time == 1 else f"{name} ({time})"


# -- the configuration ----------------------------------------------------------------------------


def _changes(settings: Sequence[Settings]) -> list[Change]:
    keys = dict.fromkeys(key for each in settings for key in each.values)
    sections = [{key.partition(".")[0] for key in each.values} for each in settings]
    changes: list[Change] = []
    for key in keys:
        lines = tuple([each.line(key) for each in settings])
        if all(line.value == lines[0].value for line in lines):
            continue
        section = key.partition(".")[0]
        having = [line.value for line, its in zip(lines, sections, strict=True) if section in its]
        absent = len(having) < len(lines) and all(value == having[0] for value in having)
        changes.append(Change(key, lines, absent))
    return changes


# -- the strides ----------------------------------------------------------------------------------


def _measures(runs: Sequence[Run], paired: Sequence[bool]) -> list[Measure]:
    found: list[Measure] = []
    known = [run.truth is not None for run in runs]
    # What the foot did is no measure where fewer than two know it, and times from what was told
    # and from what really happened are not alike.
    shown = runs if known.count(True) > 1 else [as_told(run) for run in runs]
    for leg in runs[0].walk.legs:
        rows = [_rows(run, leg.leg) for run in shown]
        sides = [
            (_rows(as_told(runs[0]), leg.leg), _rows(as_told(run), leg.leg))
            if known[0] != its
            else (rows[0], own)
            for run, its, own in zip(runs[1:], known[1:], rows[1:], strict=True)
        ]
        for name, label in LABELS.items():
            values = tuple([_known(of_run, name) for of_run in rows])
            if sum(1 for each in values if each) < 2:
                continue
            differences = tuple(
                [
                    _difference(*both, name, paired=together)
                    for both, together in zip(sides, paired, strict=True)
                ]
            )
            found.append(Measure(leg.leg, name, label, values, differences))
    return found


def _rows(run: Run, leg: int) -> list[StrideRow]:
    return [row for each in run.walk.legs if each.leg == leg for row in rows_of(run, each)]


def _known(rows: Sequence[StrideRow], name: str) -> tuple[float, ...]:
    values = [row.values.get(name) for row in rows]
    return tuple([value for value in values if value is not None and isfinite(value)])


def _difference(
    first: Sequence[StrideRow], second: Sequence[StrideRow], name: str, *, paired: bool
) -> Difference:
    own, other = _known(first, name), _known(second, name)
    known = bool(own) and bool(other)
    if paired:
        pairs = [
            (a.values[name], b.values[name])
            for a, b in _pairs(first, second)
            if name in a.values and name in b.values
        ]
        pairs = [(a, b) for a, b in pairs if isfinite(a) and isfinite(b)]
        own, other = tuple([a for a, _ in pairs]), tuple([b for _, b in pairs])
        interval = of_mean([b - a for a, b in pairs])
    else:
        interval = of_difference(own, other)
    verdict = _verdict(name, interval) if known else UNKNOWN
    return Difference(interval, paired, verdict, own, other)


def _pairs(
    first: Sequence[StrideRow], second: Sequence[StrideRow]
) -> list[tuple[StrideRow, StrideRow]]:
    """Return the strides that are in both: by number where the truth counts, else by contact."""
    if any("clearance_mm" in row.values for row in first):
        of_second = {row.number: row for row in second}
        return [(row, of_second[row.number]) for row in first if row.number in of_second]
    times = [[row.contact_us for row in rows] for rows in (first, second)]
    return [(first[i], second[j]) for i, j in match(times[0], times[1], NEAR_US)]


def _verdict(name: str, interval: Interval | None) -> str:
    if interval is None:
        return FEW
    if interval.low == interval.high == 0.0:
        return SAME
    if interval.holds_zero:
        return NOISE
    least = next((LEAST[unit] for unit in LEAST if name.endswith(f"_{unit}")), 0.0)
    if abs(interval.mean) < least:
        return TRIFLE
    return MORE if interval.mean > 0.0 else LESS


# -- the summaries --------------------------------------------------------------------------------


def _figures(runs: Sequence[Run]) -> list[Figure]:
    tables = [figures_of_walk(summary_of(run)) for run in runs]
    names = dict.fromkeys(name for table in tables for name in table)
    figures: list[Figure] = []
    for name in names:
        values = tuple([table.get(name) for table in tables])
        tolerance = tolerance_of(name, values[0])
        far = [moved(value, values[0], 0.0 if tolerance is None else tolerance) for value in values]
        figures.append(Figure(name, values, tuple(far)))
    return figures


def summary_of(run: Run) -> dict[str, Any]:
    """Return a run's summary; where it was killed, what its log still amounts to."""
    return run.summary if run.summary is not None else summarise(run.walk)
