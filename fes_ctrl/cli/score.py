"""``fes-ctrl score``: detected events against a reference, of one recording or of many."""

import json
from pathlib import Path
from typing import Any

import click

from fes_ctrl.cli import score_folders
from fes_ctrl.cli.errors import Refusal
from fes_ctrl.cli.score_folders import cell


@click.command(
    "score",
    epilog="Example: fes-ctrl score walk.detected.csv walk.events.csv --exclude '0 2.5;60 61'",
)
@click.argument("events", type=click.Path(path_type=Path))
@click.argument("reference", type=click.Path(path_type=Path))
@click.option("--tolerance", default=0.1, show_default=True, help="Largest error, seconds.")
@click.option("--exclude", metavar='"A B;A B"', help="Spans in seconds that are not scored.")
@click.option(
    "--index",
    type=click.Path(path_type=Path),
    help="recordings.csv: take the spans, cohort and subject from the line of the recording.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout.")
def command(
    events: Path,
    reference: Path,
    *,
    tolerance: float,
    exclude: str | None,
    index: Path | None,
    as_json: bool,
) -> None:
    """Compare the detected EVENTS with the REFERENCE, kind by kind.

    Two files, or two folders: then each NAME.events.csv in REFERENCE is held against
    NAME.detected.csv (else NAME.events.csv or NAME.csv) in EVENTS, with a row per recording,
    figures per cohort, and the person whom the detector serves worst.
    """
    import math

    from fes_ctrl.analysis.score import score
    from fes_ctrl.recordings import RecordingError, parse_spans, read_events

    if not (math.isfinite(tolerance) and 0.0 < tolerance <= 1.0):
        message = f"--tolerance {tolerance:g}: give seconds above 0 and up to 1"
        raise Refusal(message)
    if exclude is not None and index is not None:
        message = "--exclude and --index both name spans; give one of them"
        raise Refusal(message)
    if events.is_dir() or reference.is_dir():
        if exclude is not None:
            message = "--exclude names spans of one recording; give --index for a folder of them"
            raise Refusal(message)
        _folders(events, reference, index, tolerance, as_json=as_json)
        return
    try:
        found = read_events(events)
        true = read_events(reference)
        spans = spans_of(index, reference) if index is not None else ()
    except RecordingError as error:
        raise Refusal(str(error)) from None
    if exclude is not None:
        try:
            spans = parse_spans(exclude)
        except ValueError as error:
            message = f"--exclude: {error}"
            raise Refusal(message) from None
    try:
        figures = score(found, true, tolerance_us=round(tolerance * 1e6), exclude_us=spans)
    except ValueError as error:
        message = f"{events}, {reference}: {error}"
        raise Refusal(message) from None
    if as_json:
        whole = {
            "format": 1,
            "events": str(events),
            "reference": str(reference),
            "tolerance_s": tolerance,
            "exclude_s": [[begin / 1e6, end / 1e6] for begin, end in spans],
            "kinds": figures,
        }
        click.echo(json.dumps(whole, allow_nan=False))
    else:
        click.echo(as_table(figures), nl=False)


def _folders(
    events: Path, reference: Path, index: Path | None, tolerance: float, *, as_json: bool
) -> None:
    from fes_ctrl.recordings import RecordingError

    if not (events.is_dir() and reference.is_dir()):
        one, other = (events, reference) if events.is_dir() else (reference, events)
        message = f"{one} is a folder and {other} is none; give two folders or two files"
        raise Refusal(message)
    try:
        whole = score_folders.score_folders(events, reference, index, tolerance)
    except RecordingError as error:
        raise Refusal(str(error)) from None
    for remark in score_folders.remarks(whole):
        click.echo(remark, err=True)
    if as_json:
        click.echo(json.dumps(whole, allow_nan=False))
    else:
        click.echo(score_folders.as_table(whole), nl=False)


def spans_of(index: Path, reference: Path) -> tuple[tuple[int, int], ...]:
    """Return the excluded spans of the recording that a reference belongs to."""
    from fes_ctrl.recordings import read_index

    name = reference.name.removesuffix(".csv").removesuffix(".events")
    entries = read_index(index)
    if name not in entries:
        message = f"--index {index}: no line named {name}; rename the reference or use --exclude"
        raise Refusal(message)
    return entries[name].exclude_us


def as_table(figures: dict[str, dict[str, Any]]) -> str:
    """Return the figures for people: raw and aligned, a line each."""
    head = (
        f"{'event':<6}{'':<9}{'n':>5}{'found':>7}{'F1':>8}{'sens.':>8}{'prec.':>8}"
        f"{'mean':>9}{'sd':>8}{'MAE':>8}{'p95':>8}   ms"
    )
    lines = [head]
    for kind, row in figures.items():
        for way in ("raw", "aligned"):
            part = row[way]
            lines.append(
                f"{kind if way == 'raw' else '':<6}{way:<9}{row['n']:>5}{row['detected']:>7}"
                f"{cell(part['f1'], 8, 3)}{cell(part['sensitivity'], 8, 3)}"
                f"{cell(part['precision'], 8, 3)}{cell(part['mean_ms'], 9, 1)}"
                f"{cell(part['sd_ms'], 8, 1)}{cell(part['mae_ms'], 8, 1)}"
                f"{cell(part['p95_ms'], 8, 1)}"
            )
        latency = row["latency_ms"]
        removed = f"alignment removed {cell(row['removed_ms'], 0, 1)} ms"
        known = "no such event in the reference" if row["raw"]["f1"] is None else removed
        lines.append(
            f"{'':<6}{known}; latency p50 "
            f"{cell(latency['p50'], 0, 1)}, p95 {cell(latency['p95'], 0, 1)} ms"
        )
    if not figures:
        lines.append("no events on either side")
    return "\n".join(lines) + "\n"
