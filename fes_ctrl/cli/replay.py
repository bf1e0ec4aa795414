"""``fes-ctrl replay``: when pulses would have come in a recording."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from fes_ctrl.cli.detectors import choose_for_all
from fes_ctrl.cli.errors import Refusal
from fes_ctrl.cli.files import keep_settings, new_run, write_whole
from fes_ctrl.cli.legs import LEG_CHOICES, legs_to_stimulate, roles

if TYPE_CHECKING:
    from fes_ctrl.analysis.replay import ReplayResult
    from fes_ctrl.analysis.walk import LegWalk
    from fes_ctrl.assembly import ControlConfig
    from fes_ctrl.config.layers import Layers
    from fes_ctrl.recordings import Recording


@click.command(
    epilog="Example: fes-ctrl replay walk.csv.gz --set program.delay_ms=50 --against standard "
    "--out runs/whatif"
)
@click.argument("recording", type=click.Path(path_type=Path))
@click.option("--program", default="standard", show_default=True, help="Program: name or file.")
@click.option(
    "--against",
    metavar="PROGRAM",
    help="The program to compare with, burst by burst; or 'recorded': the recording's own stim_mA.",
)
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
@click.option(
    "--set",
    "sets",
    multiple=True,
    metavar="KEY=VALUE",
    help="One value, dotted key; program.… is of --program, all others of both programs.",
)
@click.option(
    "--events", type=click.Path(path_type=Path), metavar="REFERENCE", help="Reference events."
)
@click.option("--exclude", metavar='"A B;A B"', help="Spans in seconds of no use as a reference.")
@click.option(
    "--index",
    type=click.Path(path_type=Path),
    help="recordings.csv: take those spans from the line of the recording.",
)
@click.option(
    "--tolerance-ms",
    type=float,
    help="With --against: an edge that moved by no more has not moved. Default: one pulse period.",
)
@click.option("--bursts", is_flag=True, help="With --against: list every burst, not what differs.")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Keep the run there; with --against, the page whatif.html too.",
)
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
    exclude: str | None,
    index: Path | None,
    tolerance_ms: float | None,
    out: Path | None,
    *,
    bursts: bool,
    as_json: bool,
) -> int:
    """Put RECORDING through detector, program and guard on its own time stamps.

    It tells when pulses would have come, never what the foot would have done.
    """
    from fes_ctrl.cli.replay_reference import reference_of
    from fes_ctrl.cli.replay_table import print_replay
    from fes_ctrl.cli.replay_whatif import Question, ask, check_question, tell
    from fes_ctrl.recordings import RecordingError, read_recording

    question = Question(against or "", sets, tolerance_ms, every=bursts)
    check_question(question)
    try:
        signal = read_recording(recording)
    except RecordingError as error:
        raise Refusal(str(error)) from error
    check_question(question, signal)
    if events is not None:
        _, doubt = reference_of(events, signal)
        if doubt:
            click.echo(f"note: {doubt}", err=True)
    spans = _spans(exclude, index, signal)
    given = Given(
        signal=signal,
        detector=choose_for_all(worn_in(signal), detector, str(signal.path)),
        leg=leg,
        parts={"setup": setup, "limits": limits, "stimulator": "p24"},
        events=events,
        excluded_us=spans,
    )
    new = replay_program(given, program, sets, out)
    summary = new.summary
    told = None
    if against is not None:
        told = ask(given, new, question, out)
        summary["against"] = told.against
        summary["whatif"] = told.figures
    if as_json:
        click.echo(json.dumps(summary, allow_nan=False))
    else:
        print_replay(summary, None if told is None else (told.whatif.old, told.whatif.new))
        if told is not None:
            tell(told, every=bursts)
    verdict = summary["verdict"]
    return int(not verdict["passed"])


@dataclass(frozen=True, slots=True)
class Given:
    """What is the same for every program that a recording is put through.

    Attributes
    ----------
    signal : Recording
        The recording.
    detector : str
        The detector, by name.
    leg : str or None
        ``--leg``.
    parts : mapping of section to str
        Setup, limits and stimulator: names or files.
    events : Path or None
        ``--events``.
    excluded_us : tuple of (int, int)
        Spans in which reference events are not to be trusted.
    """

    signal: "Recording"
    detector: str
    leg: str | None
    parts: Mapping[str, str]
    events: Path | None = None
    excluded_us: tuple[tuple[int, int], ...] = ()


@dataclass(slots=True)
class Replayed:
    """A recording put through one program: what is told of it, and all that it is made of."""

    program: str
    summary: dict[str, Any]
    result: "ReplayResult"
    control: "ControlConfig"


def _spans(
    exclude: str | None, index: Path | None, signal: "Recording"
) -> tuple[tuple[int, int], ...]:
    from fes_ctrl.cli.score import spans_of
    from fes_ctrl.recordings import RecordingError, parse_spans

    if exclude is not None and index is not None:
        message = "--exclude and --index both name spans; give one of them"
        raise Refusal(message)
    try:
        if index is not None:
            return spans_of(index, Path(signal.name))
        return parse_spans(exclude or "")
    except RecordingError as error:
        raise Refusal(str(error)) from None
    except ValueError as error:
        message = f"--exclude: {error}"
        raise Refusal(message) from None


def replay_program(given: Given, program: str, sets: tuple[str, ...], out: Path | None) -> Replayed:
    """Put a recording through one program; keep the run where that is asked for."""
    from fes_ctrl.analysis.replay import replay
    from fes_ctrl.analysis.summary import FORMAT
    from fes_ctrl.cli.replay_reference import reference_of, score_of
    from fes_ctrl.config.layers import sha256_of
    from fes_ctrl.runlog.header import header_of
    from fes_ctrl.runlog.log import RunLogWriter
    from fes_ctrl.runtime.operator import OperatorConfig

    signal = given.signal
    layers = layers_of(program, given.detector, given.parts, sets)
    legs = legs_to_stimulate(signal.legs, given.leg, layers.get("setup").leg)
    try:
        control = control_of(layers, legs, signal.legs)
    except Refusal as error:
        raise Refusal(f"{error}{_unsaid(given)}") from None
    choose_for_all(worn_in(signal), control.detector.name, str(signal.path))
    effective = layers.effective()
    log = None
    if out is not None:
        try:
            new_run(out, [each for each in (signal.path, given.events) if each is not None])
            told = roles(legs, worn_in(signal))
            header = header_of(effective, sha256_of(effective), "paper+p24", told)
            log = RunLogWriter(out / "log.jsonl", {**header, "recording": signal.path.name})
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
    if given.events is not None:
        found = [*result.walk.legs, *result.walk.sensing]
        reference, _ = reference_of(given.events, signal)
        score = score_of(found, reference, given.excluded_us)
        if score is not None:
            summary["score"] = score
    if out is not None:
        text = json.dumps(summary, indent=1, allow_nan=False) + "\n"
        write_whole(out / "summary.json", text, own="run")
    return Replayed(program, summary, result, control)


def _unsaid(given: Given) -> str:
    """Return what to do where a recording is of the leg that is asked for, and does not say so."""
    from fes_ctrl.recordings import meta_path

    signal = given.signal
    if not given.leg or given.leg == "both" or signal.meta.side or len(signal.legs) > 1:
        return ""
    file = meta_path(signal.path).name
    return f"; if the recording is of the {given.leg} leg, write side = '{given.leg}' into {file}"


def figures_of(result: "ReplayResult") -> dict[str, Any]:
    """Return what a summary tells of a replay, or of a run by its log: no truth is known."""
    from fes_ctrl.analysis.adaptations import adaptation_figures
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
                "adaptation": adaptation_figures(each, result.walk.settled_from_us),
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
