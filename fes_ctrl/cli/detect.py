"""``fes-ctrl detect``: the gait events of recordings, causally, as CSV."""

from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from fes_ctrl.cli.detectors import choose
from fes_ctrl.cli.errors import Refusal
from fes_ctrl.cli.files import keep_apart, write_whole

PATH: Final = click.Path(path_type=Path)

if TYPE_CHECKING:
    from fes_ctrl.gait import DetectorConfig
    from fes_ctrl.model import Detector, GaitEvent, Remark
    from fes_ctrl.recordings import Recording


@click.command("detect", epilog="Example: fes-ctrl detect walk.csv.gz --out walk.detected.csv")
@click.argument("recordings", metavar="RECORDING...", nargs=-1, required=True, type=PATH)
@click.option(
    "--detector",
    "name",
    metavar="heel|foot-imu|shank-imu|fused",
    help="Default: what the columns and meta.toml allow.",
)
@click.option(
    "--set",
    "sets",
    multiple=True,
    metavar="KEY=VALUE",
    help="One dial of a detector, e.g. detector.shank_imu.by=tilt.",
)
@click.option("--explain", is_flag=True, help="Say on stderr why events were emitted or not.")
@click.option(
    "--out",
    type=PATH,
    help="Write the CSV there; of several recordings into that folder, as NAME.detected.csv.",
)
@click.option(
    "--strides", type=PATH, help="Write the strides of one recording there, as gaitmap lists them."
)
@click.option(
    "--stride-type",
    type=click.Choice(("segmented", "min_vel", "ic")),
    default="min_vel",
    show_default=True,
    help="From push-off, from the stillest instant, or from contact to the next.",
)
def command(
    recordings: tuple[Path, ...],
    name: str | None,
    sets: tuple[str, ...],
    *,
    explain: bool,
    out: Path | None,
    strides: Path | None,
    stride_type: str,
) -> None:
    """Print the gait events of RECORDING as a detector would have told them at the time.

    CSV with t_emit_s,t_event_s,event, and leg where there are two.
    """
    from fes_ctrl.recordings import RecordingError, read_recording

    config = _configured(sets)
    targets = _targets(recordings, out)
    if strides is not None and len(recordings) > 1:
        message = "--strides is for one recording; call detect for each"
        raise Refusal(message)
    _spare(recordings, targets, strides)
    for recording, target in zip(recordings, targets, strict=True):
        if explain and len(recordings) > 1:
            _say(f"{recording}:")
        try:
            signal = read_recording(recording)
            rows = events_of(signal, name, config, explain=explain)
        except RecordingError as error:
            raise Refusal(str(error)) from None
        listed = None if strides is None else strides_of(signal, rows, stride_type)
        text = as_csv(rows, with_leg=len(signal.legs) > 1)
        if strides is not None and listed is not None:
            if listed.count("\n") == 1:
                _say(_why_no_strides(signal, rows))
            write_whole(strides, listed, "--strides")
        if target is None:
            click.echo(text, nl=False)
        else:
            write_whole(target, text)


def _configured(sets: tuple[str, ...]) -> "DetectorConfig":
    """Return the detectors' dials, or refuse an option."""
    from fes_ctrl.config.errors import ConfigError
    from fes_ctrl.config.layers import Layers
    from fes_ctrl.gait import DetectorConfig

    layers = Layers({"detector": DetectorConfig})
    try:
        for option in sets:
            if option.partition("=")[0].strip() == "detector.name":
                message = f"--set {option}: say --detector NAME instead"
                raise Refusal(message)
            layers.set(option)
        config: DetectorConfig = layers.get("detector")
    except ConfigError as error:
        raise Refusal(str(error)) from None
    return config


def _targets(recordings: tuple[Path, ...], out: Path | None) -> list[Path | None]:
    """Return where the events of each recording go; several want a folder, made if need be."""
    if out is None:
        if len(recordings) > 1:
            message = f"{len(recordings)} recordings: give --out FOLDER for their events"
            raise Refusal(message)
        return [None]
    if len(recordings) == 1 and not out.is_dir():
        return [out]
    targets: dict[str, Path] = {}
    for recording in recordings:
        target = f"{recording.name.removesuffix('.gz').removesuffix('.csv')}.detected.csv"
        if target in targets:
            message = f"{targets[target]} and {recording} would both be {target}; rename one"
            raise Refusal(message)
        targets[target] = recording
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        message = f"--out {out}: no folder can be made there ({error.strerror}); choose another"
        raise Refusal(message) from None
    return [out / target for target in targets]


def _spare(recordings: tuple[Path, ...], targets: list[Path | None], strides: Path | None) -> None:
    """Refuse to write over what is read, or one result over the other."""
    for option, result in [("--out", target) for target in targets] + [("--strides", strides)]:
        if result is not None:
            keep_apart(result, recordings, option, "recording")
    if strides is not None and strides in targets:
        message = f"--strides {strides}: the events go there already; choose another name"
        raise Refusal(message)


def strides_of(signal: "Recording", events: "list[GaitEvent]", stride_type: str) -> str:
    """Return the strides of all legs as CSV, or refuse a recording without a foot IMU."""
    from fes_ctrl.analysis.strides import as_csv as strides_as_csv
    from fes_ctrl.analysis.strides import stride_list
    from fes_ctrl.model import FOOT_IMU

    rates_dps = {s.leg: s.values[:, 3:] for s in signal.streams if s.sensor == FOOT_IMU}
    if not rates_dps:
        message = (
            f"{signal.path}: --strides needs a foot IMU (gyr_x..z), for a stride's stillest "
            f"instant; leave it out"
        )
        raise Refusal(message)
    lists = {
        leg: stride_list([e for e in events if e.leg == leg], signal.t_meas_us, rates, stride_type)
        for leg, rates in rates_dps.items()
    }
    return strides_as_csv(lists, signal.t_meas_us)


def _why_no_strides(signal: "Recording", events: "list[GaitEvent]") -> str:
    from fes_ctrl.model import INITIAL_CONTACT, TERMINAL_CONTACT

    told = {event.kind for event in events}
    lacking = [kind for kind in (INITIAL_CONTACT, TERMINAL_CONTACT) if kind not in told]
    if not lacking:
        return f"{signal.path}: no strides found"
    return (
        f"{signal.path}: no strides, for the detector told no {' and no '.join(lacking)}; "
        f"--detector foot-imu tells both"
    )


def events_of(
    signal: "Recording", name: str | None, config: "DetectorConfig", *, explain: bool
) -> list["GaitEvent"]:
    """Return what the detectors of all legs say, in order of emission."""
    from fes_ctrl.model import LEG_NAMES

    detectors = detectors_of(signal, name, config)
    events: list[GaitEvent] = []
    for sample in signal.samples():
        for detector in detectors:
            told = detector.update(sample)
            events.extend(told)
            if explain:
                _tell(detector.remarks(), told)
    if explain:
        for leg, detector in zip(signal.legs, detectors, strict=True):
            _say(f"at the end, {LEG_NAMES[leg]}: {detector.snapshot()}")
    return events


def _tell(remarks: "tuple[Remark, ...]", told: "tuple[GaitEvent, ...]") -> None:
    from fes_ctrl.model import LEG_NAMES

    for remark in remarks:
        _say(f"{remark.t_us / 1e6:9.4f} s  {LEG_NAMES[remark.leg]}: {remark.text}")
    for event in told:
        side = LEG_NAMES[event.leg]
        late_ms = (event.t_emit_us - event.t_event_us) / 1000
        _say(
            f"{event.t_emit_us / 1e6:9.4f} s  {side}: {event.kind} at "
            f"{event.t_event_us / 1e6:.4f} s, told {late_ms:.1f} ms later, "
            f"confidence {event.confidence:g}"
        )


def detectors_of(
    signal: "Recording", name: str | None, config: "DetectorConfig"
) -> "list[Detector]":
    """Return a detector for each leg, or refuse what the recording cannot serve."""
    from fes_ctrl.gait import make_detector
    from fes_ctrl.model import LEG_NAMES

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
