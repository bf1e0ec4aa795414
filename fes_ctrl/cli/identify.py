"""``fes-ctrl identify``: a patient's parameters from a bench session, with their intervals."""

import importlib
import json
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

import click

from fes_ctrl.cli.errors import Refusal
from fes_ctrl.cli.files import keep_apart, write_whole

if TYPE_CHECKING:
    from hil.identification.identify import Identified
    from hil.identification.model import Body
    from hil.identification.overlay import Overlay
    from hil.patient.config import PatientConfig

FORMAT: Final = 1

SHOWN: Final = {
    "motor_threshold_mA": ("motor threshold", "mA", 2),
    "gain_deg": ("gain", "deg", 2),
    "rise_time_ms": ("rise time", "ms", 0),
    "stiffness_Nm_per_deg": ("stiffness at rest", "Nm/deg", 4),
    "fatigue_percent_per_min": ("fatigue", "%/min", 2),
}
"""How people read each figure: its name, its unit, and digits after the point."""

Side = Literal["left", "right"]


@click.command(
    epilog="Example: fes-ctrl identify session.csv --height 1.72 --mass 76 --out patient.toml"
)
@click.argument("recording", type=click.Path(path_type=Path), required=False)
@click.option("--height", type=float, metavar="M", help="Of the body, for moments.")
@click.option("--mass", type=float, metavar="KG", help="Of the body, for moments.")
@click.option(
    "--side",
    type=click.Choice(["left", "right"]),
    default="right",
    show_default=True,
    help="Of the leg, for --out.",
)
@click.option("--rate", default=40.0, show_default=True, help="Pulses per second, for --out.")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write a patient file (TOML); with --simulate, the session (CSV).",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option("--protocol", is_flag=True, help="Print what to do in a bench session.")
@click.option(
    "--simulate", "patient", metavar="PATIENT", help="Make a session of a virtual patient instead."
)
@click.option("--seed", default=1, show_default=True, help="Of the simulated sensor's noise.")
def command(
    recording: Path | None,
    height: float | None,
    mass: float | None,
    side: Side,
    rate: float,
    out: Path | None,
    patient: str | None,
    seed: int,
    *,
    as_json: bool,
    protocol: bool,
) -> None:
    """Tell motor threshold, gain, rise time, stiffness and fatigue from the session RECORDING.

    Each with its 95 % interval; what the session does not tell is named, with what to do.
    """
    if (recording is not None) + protocol + (patient is not None) != 1:
        message = "give a RECORDING, or --protocol, or --simulate PATIENT; one of them"
        raise Refusal(message)
    if protocol:
        from hil.identification.protocol import Protocol, as_text

        click.echo(as_text(Protocol()), nl=False)
    elif patient is not None:
        _session_of(patient, seed, out)
    elif recording is not None:
        if not 1.0 <= rate <= 200.0:
            message = f"--rate {rate:g}: give pulses per second, 1 to 200"
            raise Refusal(message)
        if out is not None:
            keep_apart(out, [recording], "--out", "session")
        _identify(recording, height, mass, side, rate, out, as_json=as_json)


def _identify(
    path: Path,
    height: float | None,
    mass: float | None,
    side: Side,
    rate_hz: float,
    out: Path | None,
    *,
    as_json: bool,
) -> None:
    try:
        importlib.import_module("scipy")
    except ModuleNotFoundError:
        message = "identify needs scipy: pip install 'fes-ctrl[identify]'"
        raise Refusal(message) from None
    from fes_ctrl.recordings import RecordingError
    from hil.identification.figures import IdentificationError
    from hil.identification.identify import identify
    from hil.identification.recording import read_session

    body = body_of(height, mass)
    try:
        session = read_session(path)
        found = identify(session, body)
    except RecordingError as error:
        raise Refusal(str(error)) from None
    except IdentificationError as error:
        message = f"{path}: {error}"
        raise Refusal(message) from None
    file: Overlay | None = None
    if out is not None:
        from hil.identification.overlay import overlay

        click.echo("searching for the virtual patient with these figures", err=True)
        name = path.name.partition(".")[0]
        file = overlay(found, body, session.step_s, rate_hz, side, name)
        write_whole(out, file.text)
    if as_json:
        click.echo(json.dumps(as_object(path, found, body, file), allow_nan=False))
        return
    click.echo(as_table(found), nl=False)
    if file is not None and out is not None:
        for note in file.notes:
            click.echo(note, err=True)
        there = out if out.suffix == ".toml" else out.absolute()
        click.echo(
            f"patient written to {out}; try fes-ctrl walk --patient {shlex.quote(str(there))}",
            err=True,
        )


def body_of(height_m: float | None, mass_kg: float | None) -> "Body | None":
    """Return the body that was given, or refuse one that nobody has."""
    from hil.identification.model import Body

    if height_m is None and mass_kg is None:
        return None
    if height_m is None or mass_kg is None:
        message = "--height and --mass: moments take both; give the other one too"
        raise Refusal(message)
    if not 0.8 <= height_m <= 2.3:
        message = f"--height {height_m:g}: give metres, 0.8 to 2.3"
        raise Refusal(message)
    if not 10.0 <= mass_kg <= 250.0:
        message = f"--mass {mass_kg:g}: give kilograms, 10 to 250"
        raise Refusal(message)
    return Body(height_m, mass_kg)


def as_object(
    path: Path, found: "Identified", body: "Body | None", file: "Overlay | None"
) -> dict[str, object]:
    """Return everything as one JSON object; what is unknown is null."""
    figures = {
        name: {"value": figure.value, "low": figure.low, "high": figure.high}
        for name, figure in found.figures.items()
    }
    return {
        "format": FORMAT,
        "recording": str(path),
        "height_m": None if body is None else body.height_m,
        "mass_kg": None if body is None else body.mass_kg,
        "bursts": len(found.bursts),
        "releases": found.releases,
        "rest_deg": found.rest_deg,
        "reference_mA": found.reference_mA,
        "figures": {name: figures.get(name) for name in SHOWN},
        "unknown": found.unknown,
        "patient": None if file is None else {"text": file.text, "notes": list(file.notes)},
    }


def as_table(found: "Identified") -> str:
    """Return the figures for people, a line each, and then what could not be told."""
    lines = [f"{'':<20}{'value':>10}{'95 % interval':>22}"]
    for name, (words, unit, digits) in SHOWN.items():
        if name not in found.figures:
            continue
        figure = found.figures[name]
        what = f"{words} at {found.reference_mA:.3g} mA" if name == "gain_deg" else words
        between = f"{figure.low:.{digits}f} to {figure.high:.{digits}f}"
        lines.append(f"{what:<20}{figure.value:>10.{digits}f}{between:>22}  {unit}")
    if found.rest_deg is not None:
        lines.append(f"{'hangs at':<20}{found.rest_deg:>10.1f}{'as its zero says':>22}  deg")
    lines.append(
        f"from {len(found.bursts)} bursts and {found.releases} releases; current at 300 us"
    )
    lines += [f"not told: {SHOWN[name][0]}: {why}" for name, why in found.unknown.items()]
    return "\n".join(lines) + "\n"


def _session_of(name: str, seed: int, out: Path | None) -> None:
    """Write the session of a virtual patient: to the file, or to stdout."""
    from random import Random

    from hil.identification.protocol import Protocol
    from hil.identification.seated import GoniometerConfig, SeatedPatient, as_csv

    if seed < 0:
        message = f"--seed {seed}: give 0 or more"
        raise Refusal(message)
    patient = _patient(name)
    leg = patient.leg[0]
    protocol = Protocol().within(leg.electrode.tolerated_mA)
    session = SeatedPatient(patient, leg).perform(*protocol.schedule(), protocol.rate_hz)
    text = as_csv(session, GoniometerConfig(), Random(f"goniometer {seed}"))
    if out is None:
        click.echo(text, nl=False)
    else:
        write_whole(out, text)
    where = "SESSION.csv" if out is None else shlex.quote(str(out))
    whose = f"--height {patient.height_m:g} --mass {patient.mass_kg:g} --side {leg.side}"
    click.echo(f"now: fes-ctrl identify {where} {whose}", err=True)


def _patient(name: str) -> "PatientConfig":
    from fes_ctrl.config.errors import ConfigError
    from fes_ctrl.config.layers import Layers
    from hil.patient.config import PatientConfig

    layers = Layers({"patient": PatientConfig})
    try:
        layers.load("patient", name, "--simulate")
        patient: PatientConfig = layers.get("patient")
    except ConfigError as error:
        raise Refusal(str(error)) from None
    return patient
