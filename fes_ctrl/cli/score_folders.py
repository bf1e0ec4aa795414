"""``fes-ctrl score`` on two folders: a row per recording, figures per cohort, the worst person."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from fes_ctrl.cli.errors import Refusal

if TYPE_CHECKING:
    from fes_ctrl.recordings import IndexEntry

REFERENCE: Final = ".events.csv"
DETECTED: Final = ".detected.csv"
FOUND: Final = (DETECTED, REFERENCE, ".csv")
"""How the events found in NAME may be called, in a folder of their own."""


class Pairs(NamedTuple):
    """Which file is held against which, by the name of the recording, and what has no partner."""

    files: dict[str, tuple[Path, Path]]
    lonely_events: list[str]
    lonely_references: list[str]


def pair_files(events: Path, reference: Path, index: Path | None) -> Pairs:
    """Return the files of two folders that belong together.

    Each ``NAME.events.csv`` in ``reference`` goes with ``NAME.detected.csv``, ``NAME.events.csv``
    or ``NAME.csv`` in ``events``, whichever there is. Where both are one folder only
    ``NAME.detected.csv`` will do, for ``NAME.csv`` is the recording there.

    Raises
    ------
    Refusal
        If there is more than one file of events for a reference, or no pair at all.
    """
    endings = (DETECTED,) if events.resolve() == reference.resolve() else FOUND
    true = {path.name.removesuffix(REFERENCE): path for path in _files(reference, REFERENCE)}
    found: dict[str, Path] = {}
    for path in _files(events, DETECTED if len(endings) == 1 else ".csv"):
        if index is not None and path.resolve() == index.resolve():
            continue
        name = path.name.removesuffix(next(e for e in endings if path.name.endswith(e)))
        if name in found:
            message = (
                f"{events}: both {found[name].name} and {path.name} could be the events of {name}; "
                f"remove one"
            )
            raise Refusal(message)
        found[name] = path
    both = sorted(found.keys() & true.keys())
    if not both:
        message = (
            f"{events}, {reference}: no NAME{DETECTED} belongs to a NAME{REFERENCE}; "
            f"'fes-ctrl detect RECORDING... --out {events}' makes them"
        )
        raise Refusal(message)
    return Pairs(
        {name: (found[name], true[name]) for name in both},
        sorted(found.keys() - true.keys()),
        sorted(true.keys() - found.keys()),
    )


def score_folders(
    events: Path, reference: Path, index: Path | None, tolerance_s: float
) -> dict[str, Any]:
    """Return the figures of every recording and cohort, and what was left out.

    Raises
    ------
    Refusal
        If the folders or the index do not fit each other, or two legs meet a file without legs.
    RecordingError
        If a file cannot be used.
    """
    from fes_ctrl.analysis.pooling import Scored, pooled
    from fes_ctrl.analysis.score import score
    from fes_ctrl.recordings import read_events, read_index

    pairs = pair_files(events, reference, index)
    entries: Mapping[str, IndexEntry] = {}
    if index is not None:
        entries = read_index(index)
        missing = [name for name in pairs.files if name not in entries]
        if missing:
            message = f"--index {index}: no line named {missing[0]}; add it, or leave out --index"
            raise Refusal(message)
    labels = _cohorts({name: entries[name] for name in pairs.files if name in entries})
    rows: dict[str, dict[str, Any]] = {}
    scored: list[Scored] = []
    for name, (found, true) in pairs.files.items():
        entry = entries.get(name)
        spans = entry.exclude_us if entry is not None else ()
        detected, labelled = read_events(found), read_events(true)
        try:
            kinds = score(
                detected, labelled, tolerance_us=round(tolerance_s * 1e6), exclude_us=spans
            )
        except ValueError as error:
            message = f"{found}, {true}: {error}"
            raise Refusal(message) from None
        cohort = labels.get(name, "all")
        person = entry.subject if entry is not None and entry.subject else name
        rows[name] = {
            "cohort": cohort,
            "person": person,
            "events": str(found),
            "reference": str(true),
            "exclude_s": [[begin / 1e6, end / 1e6] for begin, end in spans],
            "kinds": kinds,
        }
        scored.append(Scored(cohort, person, kinds))
    return {
        "format": 1,
        "events": str(events),
        "reference": str(reference),
        "index": None if index is None else str(index),
        "tolerance_s": tolerance_s,
        "recordings": rows,
        "cohorts": pooled(scored),
        "unmatched": {"events": pairs.lonely_events, "reference": pairs.lonely_references},
    }


def remarks(whole: Mapping[str, Any]) -> Iterator[str]:
    """Yield what a reader of the figures has to know about what is not in them."""
    lonely = whole["unmatched"]
    if lonely["reference"]:
        yield f"not scored, no events found for: {', '.join(lonely['reference'])}"
    if lonely["events"]:
        yield f"not scored, no reference for: {', '.join(lonely['events'])}"
    index = Path(whole["reference"]) / "recordings.csv"
    if whole["index"] is None and index.is_file():
        yield f"nothing is excluded and nobody named: --index {index} would do both"
    kinds = [
        kind
        for row in whole["recordings"].values()
        for kind, figures in row["kinds"].items()
        if not figures["n"]
    ]
    for kind in dict.fromkeys(kinds):
        yield f"{kind}: not in the reference of {kinds.count(kind)} recordings, not scored there"


def as_table(whole: Mapping[str, Any]) -> str:
    """Return a row per recording and kind, then a row per cohort and kind."""
    wide = max(len(name) for name in whole["recordings"]) + 2
    lines = [
        f"{'recording':<{wide}}{'':<4}{'n':>5}{'found':>7}{'F1':>8}{'sens.':>8}{'prec.':>8}"
        f"{'mean':>8}{'sd':>7}{'MAE':>7}{'al.F1':>8}{'al.sd':>7}{'remov.':>8}{'lat50':>7}"
        f"{'lat95':>7}   ms"
    ]
    for name, row in whole["recordings"].items():
        label = name
        for kind, figures in row["kinds"].items():
            if figures["n"]:
                lines.append(f"{label:<{wide}}{kind:<4}{_row(figures)}")
                label = ""
    for cohort, kinds in whole["cohorts"].items():
        lines += ["", f"{cohort}: means and worst of its recordings, and the person served worst"]
        lines.append(
            f"{'':<4}{'rec.':>5}{'pers.':>7}{'F1':>8}{'worst':>8}{'al.F1':>8}{'worst':>8}"
            f"{'sens.':>8}{'al.sd':>8}{'worst':>8} ms   worst person: F1, aligned F1"
        )
        lines += [f"{kind:<4}{_pooled_row(figures)}" for kind, figures in kinds.items()]
    return "\n".join(lines) + "\n"


def _row(figures: Mapping[str, Any]) -> str:
    raw, aligned, latency = figures["raw"], figures["aligned"], figures["latency_ms"]
    return (
        f"{figures['n']:>5}{figures['detected']:>7}{cell(raw['f1'], 8, 3)}"
        f"{cell(raw['sensitivity'], 8, 3)}{cell(raw['precision'], 8, 3)}"
        f"{cell(raw['mean_ms'], 8, 0)}{cell(raw['sd_ms'], 7, 0)}{cell(raw['mae_ms'], 7, 0)}"
        f"{cell(aligned['f1'], 8, 3)}{cell(aligned['sd_ms'], 7, 0)}"
        f"{cell(figures['removed_ms'], 8, 0)}{cell(latency['p50'], 7, 0)}"
        f"{cell(latency['p95'], 7, 0)}"
    )


def _pooled_row(figures: Mapping[str, Any]) -> str:
    worst = figures["worst_person"]
    persons = ", ".join(f"{worst[way]['person']} {worst[way]['f1']:.3f}" for way in worst)
    return (
        f"{figures['recordings']:>5}{figures['persons']:>7}"
        f"{cell(figures['raw_f1_mean'], 8, 3)}{cell(figures['raw_f1_worst'], 8, 3)}"
        f"{cell(figures['aligned_f1_mean'], 8, 3)}{cell(figures['aligned_f1_worst'], 8, 3)}"
        f"{cell(figures['raw_sensitivity_mean'], 8, 3)}"
        f"{cell(figures['aligned_sd_ms_mean'], 8, 0)}{cell(figures['aligned_sd_ms_worst'], 8, 0)}"
        f"      {persons}"
    )


def cell(value: float | None, width: int, digits: int) -> str:
    """Return a number for a table, or a dash where it cannot be had."""
    return f"{'-' if value is None else f'{value:.{digits}f}':>{width}}"


def _cohorts(entries: "Mapping[str, IndexEntry]") -> dict[str, str]:
    """Return the cohort to pool each recording with.

    Errors against a force plate and against a switch are not one figure: where the recordings of
    a cohort have several references, the cohort is split by them.
    """
    references: dict[str, set[str]] = {}
    for entry in entries.values():
        references.setdefault(entry.cohort, set()).add(entry.reference)
    labels: dict[str, str] = {}
    for name, entry in entries.items():
        labels[name] = entry.cohort or "all"
        if len(references[entry.cohort]) > 1:
            labels[name] += f", {entry.reference or 'no reference named'}"
    return labels


def _files(folder: Path, ending: str) -> list[Path]:
    try:
        return sorted(path for path in folder.iterdir() if path.name.endswith(ending))
    except OSError as error:
        message = f"{folder}: cannot be read ({error.strerror}); check the path"
        raise Refusal(message) from None
