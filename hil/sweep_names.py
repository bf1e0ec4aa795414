"""Which figures the walks of a sweep may have, as short walks tell it before the first of its own.

Walks have other figures than others by what detects their events, by whether the program learns and
by whether strides go astray: one walk of each such sort tells them all. What is only there where
something went astray, or was refused, or ended a burst otherwise, no single walk tells; those names
are made.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final, NamedTuple, get_args

from fes_ctrl.analysis.bad_strides import unknown_figures
from fes_ctrl.analysis.figures import figures_of_walk
from fes_ctrl.model import EndReason
from fes_ctrl.safety.refusals import ROWS
from fes_ctrl.tuning.job import Job, Row
from fes_ctrl.tuning.manifest import Manifest
from fes_ctrl.tuning.statistics import names_in
from hil.config import WalkConfig
from hil.sweep_walk import build, walk_row

PROBE_S: Final = 10.0
"""So much of a walk has nearly every figure that a walk has."""
LATE: Final = re.compile(r"\.(ic|ff|ho|tc)\.")
"""How a kind of event is detected is told from the first such event on."""
COUNTED: Final = re.compile(r"\.(ended_by|refused|clipped)\.")
"""By reasons, of which a walk has those that there were."""
FROZEN: Final = "frozen."
"""After it stands why a program did not learn, in words of its own."""


class Sort(NamedTuple):
    """What walks have the same figures by.

    Attributes
    ----------
    detector : str
        What finds their events.
    learns : bool
        Whether the program does.
    astray : tuple of str
        What happens to strides; empty where nothing does.
    """

    detector: str
    learns: bool
    astray: tuple[str, ...]


def sort_of(walk: WalkConfig) -> Sort:
    """Return of which sort a walk is."""
    bad = walk.bad_strides
    return Sort(
        walk.control.detector.name,
        walk.control.program.adaptive.learn,
        tuple(sorted(set(bad.kinds))) if bad.percent > 0 else (),
    )


def one_of_each(sweep: Manifest) -> list[Job]:
    """Return a walk of each sort of a sweep, as far as its files are still those that were walked.

    Raises
    ------
    ConfigError
        If they are not here, or are refused.
    """
    found: dict[Sort, Job] = {}
    for settings, configs in zip(sweep.candidates, sweep.configs, strict=True):
        for patient, config in zip(sweep.patients, configs, strict=True):
            job = Job(sweep.scenario, settings, patient, sweep.seeds[0], sweep.duration_s)
            built = build(job)
            if built.walk is not None and built.sha256 == config:
                found.setdefault(sort_of(built.walk), job)
    return list(found.values())


def names_for(figure: str, one_of_each: Sequence[Job]) -> list[str]:
    """Return the names of all figures that walks may have, pooled; of none if none can be walked.

    Parameters
    ----------
    figure : str
        The one that is looked for, by its name or the end of it: where a short walk has no such
        figure, and a longer one may have it, a whole one is walked.
    one_of_each : sequence of Job
        A walk of each sort.
    """
    walks = [(job, walk) for job in one_of_each if (walk := build(job).walk) is not None]
    sorts = [sort_of(walk) for _, walk in walks]
    rows = [
        _row(replace(job, duration_s=min(walk.duration_s, PROBE_S)), job) for job, walk in walks
    ]
    found = dict.fromkeys(_walked(rows))
    if not found:
        return []
    found.update(dict.fromkeys(_made(figure, sorts)))
    learns = any(sort.learns for sort in sorts)
    there = any(f".{name}".endswith(f".{figure}") for name in found)
    if not there and (learns or LATE.search(f".{figure}.")):
        rows = [walk_row(job) for job, walk in walks if walk.duration_s > PROBE_S]
        found.update(dict.fromkeys(_walked(rows)))
    before, frozen, reason = figure.rpartition(FROZEN)
    if learns and frozen and "legs.*.adaptation.".endswith(before):
        found[f"legs.*.adaptation.{FROZEN}{reason}"] = None
    return list(found)


def _row(short: Job, whole: Job) -> Row:
    row = walk_row(short)
    # What is to happen late in a walk may have no place in a short one.
    return row if row["ok"] else walk_row(whole)


def _walked(rows: Sequence[Row]) -> Iterator[str]:
    for row in rows:
        if row["ok"]:
            yield from names_in(row)


def _made(figure: str, sorts: Sequence[Sort]) -> list[str]:
    """Return the names of figures that are only there where there is something to count."""
    kinds = dict.fromkeys(kind for sort in sorts for kind in sort.astray)
    leg: dict[str, object] = {}
    safety: dict[str, object] = {}
    if kinds:
        leg["bad_strides"] = unknown_figures(kinds)
    # A bare reason, as charge or power, is more likely meant for a figure of that name.
    if COUNTED.search(f".{figure}"):
        leg["burst"] = {"ended_by": dict.fromkeys(get_args(EndReason))}
        safety["refused"] = dict.fromkeys(row.reason for row in ROWS)
        safety["clipped"] = dict.fromkeys(row.reason for row in ROWS if row.clips)
    return names_in(figures_of_walk({"legs": {"left": leg}, "safety": safety}))
