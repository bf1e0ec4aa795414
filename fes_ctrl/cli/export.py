"""``fes-ctrl export``: a run in the formats of other programs."""

import importlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from fes_ctrl.cli.errors import Refusal
from fes_ctrl.cli.explain import run_in
from fes_ctrl.cli.files import EXPORTS, keep_apart, sources, write_folder, write_whole

if TYPE_CHECKING:
    from fes_ctrl.analysis.run import Run
    from fes_ctrl.export.c3d_file import Window

FORMAT: Final = 1

LIBRARIES: Final = {"mcap": "mcap", "parquet": "pyarrow", "c3d": "ezc3d"}
"""What each format is written with; all of them are in the extra ``export``."""


@click.command(epilog="Example: fes-ctrl export runs/first --to mcap --out first.mcap")
@click.argument("run", type=click.Path(path_type=Path))
@click.option("--to", "kind", type=click.Choice(list(LIBRARIES)), required=True, help="Format.")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Where to; for Parquet a folder. Default: run.mcap, parquet or run.c3d in the run's "
    "folder.",
)
@click.option("--table", metavar="NAME", help="Parquet: this table alone, into one file.")
@click.option("--from", "from_s", type=float, metavar="S", help="C3D: from this second on.")
@click.option("--until", "until_s", type=float, metavar="S", help="C3D: until this second.")
@click.option("--rate", type=float, metavar="HZ", help="C3D: of the grid. Default: the sensors'.")
@click.option(
    "--events",
    type=click.Choice(["detected", "truth"]),
    help="C3D: whose contacts and toe-offs. Default: detected.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def command(
    run: Path,
    kind: str,
    out: Path | None,
    table: str | None,
    from_s: float | None,
    until_s: float | None,
    rate: float | None,
    events: str | None,
    *,
    as_json: bool,
) -> None:
    """Write the run in the folder RUN as MCAP (Foxglove), Parquet (tables) or C3D (gait analysis).

    Samples, events, pulses, decisions, faults and frames go into MCAP and Parquet with their own
    instants, to the microsecond. A C3D file has one regular grid, and says what was done to get
    there.
    """
    c3d_options = {"--from": from_s, "--until": until_s, "--rate": rate, "--events": events}
    given = [name for name, value in c3d_options.items() if value is not None]
    if given and kind != "c3d":
        message = f"{given[0]}: is for --to c3d; leave it out"
        raise Refusal(message)
    if table is not None and kind != "parquet":
        message = "--table: is for --to parquet; leave it out"
        raise Refusal(message)
    window = None
    if kind == "c3d":
        window = window_of(from_s, until_s, rate, events)
    found = read(run)
    library = LIBRARIES[kind]
    try:
        importlib.import_module(library)
    except ImportError:
        message = f"export --to {kind} needs {library}: pip install 'fes-ctrl[export]'"
        raise Refusal(message) from None
    place = out or found.folder / (f"{table}.parquet" if table else EXPORTS[kind])
    if kind != "parquet" or table is not None:
        # A folder that holds anything else is refused where it is written.
        keep_apart(place, sources(found.folder), "--out", "run")
    if kind == "mcap":
        told = _mcap(found, place)
    elif window is not None:
        told = _c3d(found, place, window)
    else:
        told = _parquet(found, place, table)
    if found.unfinished:
        click.echo(f"{found.unfinished}; what the log holds is exported", err=True)
    if as_json:
        click.echo(json.dumps({"format": FORMAT, "run": str(run), "to": kind, **told}))
        return
    for line in _lines(told):
        click.echo(line)


def read(folder: Path) -> "Run":
    """Return a run that has something in it, or refuse it."""
    found = run_in(folder)
    if not found.samples and not found.setpoints:
        message = (
            f"{folder}: no sample of a sensor and no pulse in it; the run ended before anything "
            f"happened, there is nothing to export"
        )
        raise Refusal(message)
    return found


def window_of(
    from_s: float | None, until_s: float | None, rate_hz: float | None, events: str | None
) -> "Window":
    """Return which part of a run a C3D file is made of, or refuse what is none."""
    from fes_ctrl.export.c3d_file import Window
    from fes_ctrl.units import us_from_s

    for name, value in (("--from", from_s), ("--until", until_s)):
        if value is not None and not -1e9 < value < 1e9:
            message = f"{name} {value:g}: give seconds on the run's clock"
            raise Refusal(message)
    if from_s is not None and until_s is not None and not from_s < until_s:
        message = f"--from {from_s:g} --until {until_s:g}: give an end after the start"
        raise Refusal(message)
    if rate_hz is not None and not 10.0 <= rate_hz <= 2000.0:
        message = f"--rate {rate_hz:g}: give samples a second, 10 to 2000"
        raise Refusal(message)
    return Window(
        from_us=None if from_s is None else us_from_s(from_s),
        to_us=None if until_s is None else us_from_s(until_s),
        rate_hz=rate_hz,
        events=events or "detected",
    )


def _mcap(run: "Run", place: Path) -> dict[str, Any]:
    from fes_ctrl.export.mcap_file import mcap_bytes

    data, topics = mcap_bytes(run)
    write_whole(place, data)
    return {"files": [_file(place, data)], "topics": topics}


def _parquet(run: "Run", place: Path, name: str | None) -> dict[str, Any]:
    from fes_ctrl.export.parquet_file import parquet_bytes
    from fes_ctrl.export.tables import BY_NAME, TABLES

    if name is not None and name not in BY_NAME:
        message = f"--table {name}: there is none; choose {', '.join(BY_NAME)}"
        raise Refusal(message)
    wanted = TABLES if name is None else (BY_NAME[name],)
    made = {f"{table.name}.parquet": parquet_bytes(table, run) for table in wanted}
    if name is None:
        write_folder(place, {file: data for file, (data, _) in made.items()})
    else:
        write_whole(place, made[f"{name}.parquet"][0])
    return {
        "files": [
            {**_file(place / file if name is None else place, data), "rows": rows}
            for file, (data, rows) in made.items()
        ]
    }


def _c3d(run: "Run", place: Path, window: "Window") -> dict[str, Any]:
    from dataclasses import asdict

    from fes_ctrl.export.c3d_file import C3dError, c3d_bytes

    if window.events == "truth" and run.truth is None:
        message = f"--events truth: {run.folder} has no simulated patient; leave it out"
        raise Refusal(message)
    try:
        data, contents = c3d_bytes(run, window)
    except C3dError as error:
        message = f"{run.folder}: {error}"
        raise Refusal(message) from None
    write_whole(place, data)
    for note in contents.notes:
        click.echo(note, err=True)
    return {"files": [_file(place, data)], **asdict(contents)}


def _file(place: Path, data: bytes) -> dict[str, Any]:
    return {"path": str(place), "bytes": len(data)}


def _lines(told: dict[str, Any]) -> Iterator[str]:
    """Yield what was written, for people."""
    for file in told["files"]:
        rows = f"{file['rows']} rows, " if "rows" in file else ""
        yield f"written {file['path']}: {rows}{file['bytes'] / 1e3:.0f} kB"
    for topic, messages in told.get("topics", {}).items():
        yield f"  {topic}: {messages} messages"
    if "channels" in told:
        yield f"  {told['frames']} frames at {told['rate_hz']:g} Hz, {told['events']} events"
        yield f"  analog: {', '.join(told['channels'])}"
        if told["points"]:
            yield f"  points: {', '.join(told['points'])}"
