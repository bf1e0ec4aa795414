"""Many scored recordings as figures of a cohort, with the person whom a detector serves worst.

A mean hides the one foot that a detector fails on, and that foot is somebody's: so the worst
recording and the worst person stand beside every mean.
"""

import statistics
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple


class Scored(NamedTuple):
    """What ``score.score`` says about one recording, and whose it is.

    Recordings of one ``cohort`` are pooled; several of one ``person`` count as one person.
    """

    cohort: str
    person: str
    kinds: Mapping[str, Mapping[str, Any]]


def pooled(recordings: Iterable[Scored]) -> dict[str, dict[str, dict[str, Any]]]:
    """Return the figures of each cohort and kind of event.

    A recording counts for the kinds of which its reference has an event. Every recording weighs
    the same in a mean; a person's figure is the mean over that person's recordings.

    Returns
    -------
    dict
        By cohort and kind: ``recordings`` and ``persons``, how many; ``raw_f1_mean``,
        ``raw_f1_worst``, ``aligned_f1_mean``, ``aligned_f1_worst``, ``raw_sensitivity_mean``;
        ``aligned_sd_ms_mean`` and ``aligned_sd_ms_worst`` of the recordings in which anything
        was paired, else ``None``; ``worst_person`` with ``person`` and ``f1``, ``raw`` and
        ``aligned``. *Worst* without more words is that of a recording.
    """
    groups: dict[str, dict[str, list[tuple[str, Mapping[str, Any]]]]] = {}
    for cohort, person, kinds in recordings:
        for kind, figures in kinds.items():
            if figures["n"]:
                groups.setdefault(cohort, {}).setdefault(kind, []).append((person, figures))
    return {
        cohort: {kind: _figures(rows) for kind, rows in kinds.items()}
        for cohort, kinds in groups.items()
    }


def _figures(rows: list[tuple[str, Mapping[str, Any]]]) -> dict[str, Any]:
    f1 = {way: [(person, row[way]["f1"]) for person, row in rows] for way in ("raw", "aligned")}
    figures: dict[str, Any] = {
        "recordings": len(rows),
        "persons": len({person for person, _ in rows}),
    }
    for way, values in f1.items():
        figures[f"{way}_f1_mean"] = round(statistics.fmean(value for _, value in values), 4)
        figures[f"{way}_f1_worst"] = min(value for _, value in values)
    sensitivity = statistics.fmean(row["raw"]["sensitivity"] for _, row in rows)
    figures["raw_sensitivity_mean"] = round(sensitivity, 4)
    sds = [row["aligned"]["sd_ms"] for _, row in rows if row["aligned"]["sd_ms"] is not None]
    figures["aligned_sd_ms_mean"] = round(statistics.fmean(sds), 3) if sds else None
    figures["aligned_sd_ms_worst"] = max(sds, default=None)
    figures["worst_person"] = {way: _worst(values) for way, values in f1.items()}
    return figures


def _worst(values: list[tuple[str, float]]) -> dict[str, Any]:
    by_person: dict[str, list[float]] = {}
    for person, value in values:
        by_person.setdefault(person, []).append(value)
    means = {person: statistics.fmean(found) for person, found in by_person.items()}
    person = min(means, key=lambda one: (means[one], one))
    return {"person": person, "f1": round(means[person], 4)}
