"""``fes-ctrl replay``: when pulses would have come in a recording."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from fes_ctrl.cli.detectors import choose_for_all
from fes_ctrl.cli.errors import Refusal
from fes_ctrl.cli.files import keep_settings, write_whole
from fes_ctrl.cli.legs import LEG_CHOICES, legs_to_stimulate, roles

if TYPE_CHECKING:
    from fes_ctrl.analysis.replay import ReplayResult
    from fes_ctrl.analysis.walk import LegWalk
    from fes_ctrl.assembly import ControlConfig
    from fes_ctrl.config.layers import Layers
    from fes_ctrl.recordings import Recording


@click.command(
    epilog="Example: fes-ctrl replay walk.csv.gz --events walk.events.csv --set program.delay_ms=50"
)
@click.argument("recording", type=click.Path(path_type=Path))
@click.option("--program", default="standard", show_default=True, help="Program: name or file.")
@click.option("--against", metavar="PROGRAM", help="Another program, side by side.")
@click.option(
    "--detector", metavar="heel|foot-imu|shank-imu|fused", help="Default: what the columns allow."
)
@click.option("--setup", default="standard", show_default=True, help="Thresholds: name or file.")
@click.option("--limits", default="bench", show_default=True, help="Limits: name or file.")
@click.option(
    "--leg",
    type=click.Choice(LEG_CHOICES),
    help="The leg to stimulate; another that was recorded only senses. Default: the setup's, else "
    "every recorded one.",
)
@click.option("--set", "sets", multiple=True, metavar="KEY=VALUE", help="One value, dotted key.")
@click.option(
    "--events", type=click.Path(path_type=Path), metavar="REFERENCE", help="Reference events."
)
@click.option("--out", type=click.Path(path_type=Path), metavar="DIR", help="Keep the run there.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def command(
    recording: Path,
    program: str,
    against: str | None,
    detector: str | None,
    setup: str,
    limits: str,
    leg: str | None,
    sets: tuple[str, ...],
    events: Path | None,
    out: Path | None,
    *,
    as_json: bool,
) -> int:
    """Put RECORDING through detector, program and guard on its own time stamps.

    It tells when pulses would have come, never what the foot would have done.
    """
    from fes_ctrl.recordings import RecordingError, read_recording

    try:
        signal = read_recording(recording)
    except RecordingError as error:
        raise Refusal(str(error)) from error
    parts = {"setup": setup, "limits": limits, "stimulator": "p24"}
    chosen = choose_for_all(worn_in(signal), detector, str(signal.path))
    summary = _replay(signal, program, chosen, leg, parts, sets, events, out)
    if against is not None:
        summary["against"] = _replay(signal, against, chosen, leg, parts, sets, events, None)
    if as_json:
        click.echo(json.dumps(summary, allow_nan=False))
    else:
        _print(summary)
    verdict = summary["verdict"]
    return int(not verdict["passed"])


def _replay(
    signal: "Recording",
    program: str,
    detector: str,
    leg: str | None,
    parts: Mapping[str, str],
    sets: tuple[str, ...],
    events: Path | None,
    out: Path | None,
) -> dict[str, Any]:
    from fes_ctrl.analysis.replay import replay
    from fes_ctrl.analysis.summary import FORMAT
    from fes_ctrl.config.layers import sha256_of
    from fes_ctrl.runlog.log import RunLogWriter
    from fes_ctrl.runtime.operator import OperatorConfig

    layers = layers_of(program, detector, parts, sets)
    legs = legs_to_stimulate(signal.legs, leg, layers.get("setup").leg)
    control = control_of(layers, legs, signal.legs)
    choose_for_all(worn_in(signal), control.detector.name, str(signal.path))
    effective = layers.effective()
    log = None
    if out is not None:
        try:
            out.mkdir(parents=True, exist_ok=True)
            header = {
                "config": effective,
                "config_sha256": sha256_of(effective),
                "seed": None,
                "versions": {},
                "devices": ["paper+p24"],
                "clock": {"unit": "us", "starts_at": 0},
                "recording": signal.path.name,
                "legs": roles(legs, worn_in(signal)),
            }
            log = RunLogWriter(out / "log.jsonl", header)
            keep_settings(out, layers)
        except OSError as error:
            message = f"--out {out}: {error.strerror}; choose a folder that can be written"
            raise Refusal(message) from error
    ended = "interrupted"
    try:
        result = replay(signal.samples(), legs, control, OperatorConfig(), log, signal.legs)
        ended = "finished"
    finally:
        if log is not None:
            log.close(ended=ended)
    summary: dict[str, Any] = {
        "format": FORMAT,
        "recording": signal.path.name,
        "program": program,
        "detector": control.detector.name,
        "config_sha256": sha256_of(effective),
        **figures_of(result),
    }
    if events is not None:
        summary["score"] = _score([*result.walk.legs, *result.walk.sensing], events)
    if out is not None:
        text = json.dumps(summary, indent=1, allow_nan=False) + "\n"
        write_whole(out / "summary.json", text)
    return summary


def figures_of(result: "ReplayResult") -> dict[str, Any]:
    """Return what a summary tells of a replay, or of a run by its log: no truth is known."""
    from fes_ctrl.analysis.refusals import against, by_reason
    from fes_ctrl.analysis.summary import summarise
    from fes_ctrl.model import LEG_NAMES

    figures = summarise(result.walk)
    faults = [fault for fault in result.walk.faults if fault.reaction in ("stop", "latch")]
    reasons = [f"fault {fault.id} at {fault.t_us / 1e6:.3f} s" for fault in faults]
    refused = against(by_reason(result.walk.refusals))
    return {
        "setpoints_sha256": result.setpoints_sha256,
        "duration_s": figures["duration_s"],
        "legs": {
            LEG_NAMES[each.leg]: {
                "events": _events(each),
                "bursts": sum(bool(burst.setpoints) for burst in each.bursts),
                "setpoints": each.setpoints,
                "burst": _burst(figures, LEG_NAMES[each.leg]),
            }
            for each in result.walk.legs
        },
        "sensing": {LEG_NAMES[each.leg]: {"events": _events(each)} for each in result.walk.sensing},
        "charge": figures["charge"],
        "safety": figures["safety"],
        # There are no bounds: what latched is listed, and cleared.
        "verdict": {"passed": not refused, "reasons": [*refused, *reasons]},
    }


def worn_in(signal: "Recording") -> dict[int, tuple[str, ...]]:
    """Return the sensor kinds of a recording, leg by leg."""
    return {leg: signal.sensors(leg) for leg in signal.legs}


def _events(leg: "LegWalk") -> dict[str, int]:
    kinds = ("ic", "ff", "ho", "tc")
    return {kind: sum(event.kind == kind for event in leg.detected) for kind in kinds}


def _burst(figures: dict[str, Any], side: str) -> dict[str, Any]:
    burst = figures["legs"][side]["burst"]
    return {"ended_by": burst["ended_by"], "duration_ms": burst["duration_ms"]}


def layers_of(
    program: str, detector: str, parts: Mapping[str, str], sets: tuple[str, ...]
) -> "Layers":
    """Return the layers of everything but a patient: named parts, the detector, options."""
    from fes_ctrl.config.errors import ConfigError
    from fes_ctrl.config.layers import Layers, Source
    from fes_ctrl.gait import DetectorConfig
    from fes_ctrl.safety.config import LimitsConfig
    from fes_ctrl.stim.config import ProgramConfig, SetupConfig
    from fes_ctrl.stimulators.config import StimulatorConfig

    sections = {
        "program": ProgramConfig,
        "setup": SetupConfig,
        "stimulator": StimulatorConfig,
        "limits": LimitsConfig,
        "detector": DetectorConfig,
    }
    layers = Layers(sections)
    try:
        for section, value in {"program": program, **parts}.items():
            layers.load(section, value)
        layers.take("detector", {"name": detector}, Source(f"--detector {detector}"))
        for option in sets:
            layers.set(option)
    except ConfigError as error:
        raise Refusal(str(error)) from error
    return layers


def control_of(layers: "Layers", legs: tuple[int, ...], sensed: tuple[int, ...]) -> "ControlConfig":
    """Return the configuration of a controller of these legs, or refuse what does not fit."""
    from fes_ctrl.assembly import problems_of

    control = parts_of(layers)
    problems = problems_of(legs, control, sensed)
    if problems:
        raise Refusal(problems[0])
    return control


def parts_of(layers: "Layers") -> "ControlConfig":
    """Return the configuration as it stands, whether it fits together or not."""
    from fes_ctrl.assembly import ControlConfig

    return ControlConfig(
        program=layers.get("program"),
        setup=layers.get("setup"),
        stimulator=layers.get("stimulator"),
        limits=layers.get("limits"),
        detector=layers.get("detector"),
    )


def _score(legs: "list[LegWalk]", events: Path) -> dict[str, dict[str, object]]:
    from fes_ctrl.analysis.score import score
    from fes_ctrl.model import ALL_LEGS
    from fes_ctrl.recordings import RecordingError, ReferenceEvent, read_events

    try:
        reference = read_events(events)
    except RecordingError as error:
        raise Refusal(str(error)) from error
    # A reference without legs is compared as a whole, so the detected ones lose theirs too.
    named = any(event.leg != ALL_LEGS for event in reference)
    found = [
        ReferenceEvent(
            event.t_event_us, event.kind, event.leg if named else ALL_LEGS, event.t_emit_us
        )
        for leg in legs
        for event in leg.detected
    ]
    return score(sorted(found), reference)


def _print(summary: dict[str, Any]) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console(highlight=False)
    columns = [summary] + ([summary["against"]] if "against" in summary else [])
    table = Table(
        title=f"{summary['recording']}, {summary['duration_s']:.1f} s, {summary['detector']}",
        title_justify="left",
    )
    table.add_column("")
    for column in columns:
        table.add_column(column["program"], justify="right")
    for side in summary["legs"]:
        cells = [_cells(column["legs"][side]) for column in columns]
        for name in cells[0]:
            table.add_row(f"{side} {name}", *[cell[name] for cell in cells])
    for side in summary["sensing"]:
        counts = [_counts(column["sensing"][side]["events"]) for column in columns]
        table.add_row(f"{side} (only senses) events", *counts)
    table.add_row("charge, mC", *[f"{column['charge']['total_mC']:.2f}" for column in columns])
    console.print(table)
    for fault in summary["safety"]["faults"]:
        whose = f" on the {fault['leg']}" if fault["leg"] else ""
        console.print(
            f"fault {fault['id']}{whose} at {fault['t_s']:.3f} s: {fault['reaction']}, "
            f"{fault['detail']}"
        )
    if "score" in summary:
        console.print_json(json.dumps(summary["score"]))


def _cells(leg: Mapping[str, Any]) -> dict[str, str]:
    """Return the lines of one leg's column."""
    return {
        "events": _counts(leg["events"]),
        "bursts": str(leg["bursts"]),
        "pulses": str(leg["setpoints"]),
        "burst, ms": str(leg["burst"]["duration_ms"]["p50"] or "-"),
        "ended by": _counts(leg["burst"]["ended_by"]),
    }


def _counts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counts.items() if count) or "-"
