"""``fes-ctrl import``: a file of some other program to a recording that every command reads."""

import hashlib
import json
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from fes_ctrl.cli.errors import Refusal
from fes_ctrl.cli.files import write_whole

if TYPE_CHECKING:
    from fes_ctrl.recordings.foreign import ForeignText, Imported, Layout

FORMAT: Final = 1

SLOWEST_HZ: Final = 20.0
FASTEST_HZ: Final = 2000.0


@click.command(
    "import",
    epilog="Example: fes-ctrl import walk.txt --map acc=ax,ay,az --map gyr=gx,gy,gz --map time=ms "
    "--acc-unit g --time-unit ms --side left",
)
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--map",
    "maps",
    multiple=True,
    required=True,
    metavar="NAME|TARGET=COLUMNS",
    help="A ready map (gaitmap, gaitpdb, xsens, movella), or which columns are acc, gyr (x,y,z, or "
    "Acc_{XYZ}), time, seq, heel_n, mid_n, fore_n, total_n (or sums L1+L2), heel, fore, stim_mA; "
    "several sensors as left.foot.acc=...; #3 is the third column. Repeatable.",
)
@click.option("--acc-unit", type=click.Choice(["m/s2", "g", "mg"]), help="Default m/s2.")
@click.option(
    "--gyr-unit",
    type=click.Choice(["deg/s", "rad/s", "mdeg/s"]),
    help="Default deg/s; rad/s with the map xsens.",
)
@click.option(
    "--time-unit",
    type=click.Choice(["s", "ms", "100us", "us", "ns"]),
    help="Default s; what the ready map's clock has.",
)
@click.option("--force-unit", type=click.Choice(["N", "kgf", "kN"]), help="Default N.")
@click.option("--rate-hz", type=float, metavar="HZ", help="Where the file has no clock.")
@click.option(
    "--side",
    type=click.Choice(["left", "right"]),
    help="Of what names no side; of two sides, the one to take.",
)
@click.option("--site", type=click.Choice(["foot", "shank"]), help="Where the IMU sits.")
@click.option(
    "--clock",
    type=click.Choice(["measurement", "arrival"]),
    default="measurement",
    show_default=True,
    help="What the time says: when it was measured, or when a host had it.",
)
@click.option("--trust-units", is_flag=True, help="Do not judge units by how people walk.")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="A .csv or .csv.gz. Default: NAME.recording.csv beside FILE.",
)
@click.option("--overwrite", is_flag=True, help="Replace a recording that is there.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def command(
    file: Path,
    maps: tuple[str, ...],
    acc_unit: str | None,
    gyr_unit: str | None,
    time_unit: str | None,
    force_unit: str | None,
    rate_hz: float | None,
    side: str | None,
    site: str | None,
    clock: str,
    out: Path | None,
    *,
    trust_units: bool,
    overwrite: bool,
    as_json: bool,
) -> None:
    """Make a recording of FILE, written by a logger, an exporter or a data set.

    Units are judged by the numbers: FILE is refused where they contradict each other.
    """
    from fes_ctrl.recordings import RecordingError, meta_path
    from fes_ctrl.recordings.foreign import as_csv, as_meta, convert, read_foreign

    there = _target(file, out, overwrite=overwrite)
    units = {"acc": acc_unit, "gyr": gyr_unit, "time": time_unit, "force": force_unit}
    if rate_hz is not None:
        _check_rate(rate_hz, maps)
    try:
        text = read_foreign(file)
        layout = layout_of(text, maps, side, site).with_units(units)
        imported = convert(text, layout, rate_hz=rate_hz, trusting=trust_units)
    except RecordingError as error:
        raise Refusal(str(error)) from None
    worn = {"side": side or "", "mounting": site or "", "clock": clock}
    origin = {
        "from": file.name.encode("utf-8", "replace").decode(),
        "sha256": hashlib.sha256(file.read_bytes()).hexdigest(),
        "map": list(maps),
        "clock": imported.clock.source,
        **{f"{name}_unit": unit for name, unit in imported.units.items()},
    }
    # The description first: a recording without its own would be taken for another leg's.
    write_whole(meta_path(there), as_meta(worn, origin))
    write_whole(there, as_csv(imported))
    notes = list(imported.notes)
    if any(not name.startswith(("left.", "right.", "stim_mA")) for name in imported.columns):
        notes.append("no side was said, so it counts as the left; give --side")
    for note in notes:
        click.echo(f"{file}: {note}", err=True)
    if as_json:
        result = as_object(file, there, imported, notes)
        click.echo(json.dumps(result, allow_nan=False))
        return
    click.echo(as_line(there, imported))
    click.echo(f"now: fes-ctrl detect {shlex.quote(str(there))}", err=True)


def layout_of(
    text: "ForeignText", maps: tuple[str, ...], side: str | None, site: str | None
) -> "Layout":
    """Return what a ready map, if one was named, and what was written by hand say together."""
    from fes_ctrl.recordings.foreign import READY, Layout, by_hand, own_units

    named = [name for name in maps if "=" not in name]
    written = by_hand(assignment for assignment in maps if "=" in assignment)
    if len(named) > 1 or any(name not in READY for name in named):
        message = (
            f"--map {named[-1] if len(named) < 2 else ' --map '.join(named)}: name one ready map "
            f"({', '.join(READY)}), or say which columns to take, such as acc=ax,ay,az"
        )
        raise Refusal(message)
    if not named:
        return Layout(written, own_units()).worn(side, site)
    ready = READY[named[0]](text).worn(side, site)
    return ready.overlaid(Layout(written, own_units()).worn(side, site).sources)


def _check_rate(rate_hz: float, maps: tuple[str, ...]) -> None:
    if not SLOWEST_HZ <= rate_hz <= FASTEST_HZ:
        message = f"--rate-hz {rate_hz:g}: gait is sampled at 20 to 2000 Hz; give rows per second"
        raise Refusal(message)
    if any(assignment.startswith("time=") for assignment in maps):
        message = "--rate-hz and --map time= say two clocks; give one of them"
        raise Refusal(message)


def _target(file: Path, out: Path | None, *, overwrite: bool) -> Path:
    """Return where the recording goes, or refuse the place."""
    from fes_ctrl.recordings import meta_path

    if out is None:
        name = file.name.removesuffix(".gz")
        stem = name.rpartition(".")[0] or name
        out = file.with_name(f"{stem}.recording.csv")
    if not out.name.endswith((".csv", ".csv.gz")):
        message = f"--out {out}: a recording is a .csv or .csv.gz; name it so"
        raise Refusal(message)
    if out.exists() and file.exists() and out.samefile(file):
        message = f"--out {out}: that is the file itself; choose another name"
        raise Refusal(message)
    for there in (out, meta_path(out)):
        if there.exists() and not overwrite:
            message = f"{there}: exists; choose another --out, or give --overwrite"
            raise Refusal(message)
    return out


def as_object(file: Path, there: Path, imported: "Imported", notes: list[str]) -> dict[str, object]:
    """Return everything as one JSON object."""
    gaps, longest_s = imported.gaps
    return {
        "format": FORMAT,
        "from": str(file),
        "recording": str(there),
        "rows": imported.rows,
        "rows_left_out": imported.rows_left_out,
        "duration_s": round(imported.duration_s, 6),
        "rate_hz": round(imported.rate_hz, 3),
        "gaps": {"n": gaps, "longest_s": round(longest_s, 6)},
        "clock": imported.clock.source,
        "origin_s": imported.clock.origin_s,
        "units": imported.units,
        "columns": list(imported.columns),
        "figures": {name: round(value, 3) for name, value in imported.figures.items()},
        "notes": notes,
    }


def as_line(there: Path, imported: "Imported") -> str:
    """Return what was made, for people."""
    gaps, longest_s = imported.gaps
    words = [
        f"{there}: {imported.rows} rows, {imported.duration_s:.1f} s at {imported.rate_hz:.4g} Hz",
        f"{gaps} gaps up to {longest_s * 1000:.0f} ms" if gaps else "no gaps",
    ]
    for name, value in imported.figures.items():
        kind = name.rpartition(".")[2]
        if kind == "acc":
            words.append(f"median |{name}| {value:.1f} m/s2")
        else:
            words.append(f"peak {name} {value:.0f} {'deg/s' if kind == 'gyr' else 'N'}")
    return "; ".join(words)
