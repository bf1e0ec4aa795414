"""``fes-ctrl detect``: the gait events of a recording, causally, as CSV."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from fes_ctrl.cli.detectors import choose
from fes_ctrl.cli.errors import Refusal
from fes_ctrl.cli.files import write_whole

if TYPE_CHECKING:
    from fes_ctrl.gait.explain import ExplainingDetector, Remark
    from fes_ctrl.model import GaitEvent
    from fes_ctrl.recordings import Recording


@click.command("detect", epilog="Example: fes-ctrl detect walk.csv.gz --out walk.detected.csv")
@click.argument("recording", type=click.Path(path_type=Path))
@click.option(
    "--detector",
    "name",
    metavar="heel|foot-imu|shank-imu",
    help="Default: what the columns and meta.toml allow.",
)
@click.option("--explain", is_flag=True, help="Say on stderr why events were emitted or not.")
@click.option("--out", type=click.Path(path_type=Path), help="Write the CSV there.")
def command(recording: Path, name: str | None, *, explain: bool, out: Path | None) -> None:
    """Print the gait events of RECORDING as a detector would have told them at the time.

    CSV with t_emit_s,t_event_s,event, and leg where there are two.
    """
    from fes_ctrl.recordings import RecordingError, read_recording

    try:
        signal = read_recording(recording)
        rows = events_of(signal, name, explain=explain)
    except RecordingError as error:
        raise Refusal(str(error)) from None
    text = as_csv(rows, with_leg=len(signal.legs) > 1)
    if out is None:
        click.echo(text, nl=False)
    else:
        write_whole(out, text)


def events_of(signal: "Recording", name: str | None, *, explain: bool) -> list["GaitEvent"]:
    """Return what the detectors of all legs say, in order of emission."""
    from fes_ctrl.model import LEG_NAMES

    detectors = detectors_of(signal, name)
    events: list[GaitEvent] = []
    for sample in signal.samples():
        for detector in detectors:
            told = detector.update(sample)
            events.extend(told)
            if explain:
                _tell(detector.remarks(), told, LEG_NAMES[sample.leg])
    if explain:
        for detector in detectors:
            _say(f"at the end: {detector.snapshot()}")
    return events


def _tell(remarks: "tuple[Remark, ...]", told: "tuple[GaitEvent, ...]", side: str) -> None:
    for remark in remarks:
        _say(f"{remark.t_us / 1e6:9.4f} s  {side}: {remark.text}")
    for event in told:
        late_ms = (event.t_emit_us - event.t_event_us) / 1000
        _say(
            f"{event.t_emit_us / 1e6:9.4f} s  {side}: {event.kind} at "
            f"{event.t_event_us / 1e6:.4f} s, told {late_ms:.1f} ms later, "
            f"confidence {event.confidence:g}"
        )


def detectors_of(signal: "Recording", name: str | None) -> "list[ExplainingDetector]":
    """Return a detector for each leg, or refuse what the recording cannot serve."""
    from fes_ctrl.gait import DetectorConfig, make_detector
    from fes_ctrl.model import LEG_NAMES

    config = DetectorConfig()
    detectors = []
    for leg in signal.legs:
        where = f"{signal.path}, {LEG_NAMES[leg]} leg"
        chosen = choose(signal.sensors(leg), name, where)
        detectors.append(make_detector(chosen, config, leg))
    return detectors


def as_csv(events: list["GaitEvent"], *, with_leg: bool) -> str:
    """Return the lines of an events file."""
    from fes_ctrl.model import LEG_NAMES

    lines = ["t_emit_s,t_event_s,event" + (",leg" if with_leg else "")]
    for kind, leg, event_us, emit_us, _ in events:
        line = f"{emit_us / 1e6:.6f},{event_us / 1e6:.6f},{kind}"
        lines.append(line + (f",{LEG_NAMES[leg]}" if with_leg else ""))
    return "\n".join(lines) + "\n"


def _say(line: str) -> None:
    click.echo(line, err=True)
