"""A run as its page needs it: what kind it was, and each leg with its strides."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from fes_ctrl.analysis.run import Run
from fes_ctrl.analysis.stride_course import StrideRow, stride_course
from fes_ctrl.analysis.stride_spans import StrideSpan, stride_spans
from fes_ctrl.analysis.summary import summarise
from fes_ctrl.analysis.truth import TruthLeg
from fes_ctrl.analysis.walk import LegWalk
from fes_ctrl.model import LEG_NAMES
from fes_ctrl.units import s_from_us

WALK: Final = "walk"
REPLAY: Final = "replay"
RUN: Final = "run"

REPLAYED: Final = (
    "Replay of a recording: it tells when pulses would have come, never what the foot would have "
    "done."
)


@dataclass(frozen=True, slots=True)
class Check:
    """One bound of a scenario on one figure: what it was, what it had to be, and whether it was."""

    figure: str
    value: object
    bound: str
    met: bool


@dataclass(frozen=True, slots=True)
class LegView:
    """One leg.

    Attributes
    ----------
    side : str
        ``left`` or ``right``.
    stimulated : bool
        Or it only sensed.
    walk : LegWalk
        What was told and given.
    truth : TruthLeg or None
        What it truly did.
    spans : list of StrideSpan
        Its strides.
    settled : list of StrideSpan
        Whole ones after the warm-up.
    rows : list of StrideRow
        Stride by stride.
    twin : TruthLeg or None
        What it would have done on the same steps without stimulation.
    """

    side: str
    stimulated: bool
    walk: LegWalk
    truth: TruthLeg | None
    spans: list[StrideSpan]
    settled: list[StrideSpan]
    rows: list[StrideRow]
    twin: TruthLeg | None = None


@dataclass(frozen=True, slots=True)
class RunView:
    """A run.

    Attributes
    ----------
    kind : str
        ``walk``, ``replay`` or ``run``.
    run : Run
        As it was read.
    legs : list of LegView
        Stimulated ones first.
    summary : mapping
        Its figures; where the run left none, those that its log gives.
    devices : str
        What gave the pulses, as the log calls it.
    checks : list of Check
        Of the scenario's bounds.
    """

    kind: str
    run: Run
    legs: list[LegView]
    summary: Mapping[str, Any]
    devices: str
    checks: list[Check]

    @property
    def two_legs(self) -> bool:
        """Whether a leg has to be named."""
        return len(self.legs) > 1

    @property
    def learns(self) -> bool:
        """Whether a program was told of that learns."""
        return any(leg.walk.adaptations for leg in self.legs)


def view_of(run: Run, checks: list[Check]) -> RunView:
    """Return a run as its page needs it."""
    kind = WALK if run.patient_is_model else REPLAY if "recording" in run.header else RUN
    summary = summarise(run.walk) if run.summary is None else run.summary
    legs = [_leg(run, leg, stimulated=True) for leg in run.walk.legs]
    legs += [_leg(run, leg, stimulated=False) for leg in run.walk.sensing]
    return RunView(kind, run, legs, summary, _devices(run), checks)


def _devices(run: Run) -> str:
    """Return what gave the pulses: as it named itself on the bench, else as the log calls it."""
    told = (run.summary or {}).get("stimulator")
    identity = told.get("identity") if isinstance(told, dict) else None
    return str(identity) if identity else ", ".join(run.devices)


def _leg(run: Run, leg: LegWalk, *, stimulated: bool) -> LegView:
    truth = None if run.truth is None else run.truth.of(leg.leg)
    spans = stride_spans(leg, run.start_us)
    from_us = run.walk.settled_from_us
    if leg.swings:
        numbers = {swing.stride for swing in run.walk.settled(leg)}
        settled = [span for span in spans if span.whole and span.number in numbers]
    else:
        settled = [span for span in spans if span.whole and span.start_us >= from_us]
    rows = stride_course(leg, spans, truth)
    twin = None if run.twin is None or not stimulated else run.twin.of(leg.leg)
    return LegView(LEG_NAMES[leg.leg], stimulated, leg, truth, spans, settled, rows, twin)


def title_of(view: RunView) -> str:
    """Return what a run is called: what was done, by whom, with what."""
    run = view.run
    if view.kind == REPLAY:
        program = run.summary.get("program") if run.summary else None
        return f"Replay of {run.header['recording']}" + (f", program {program}" if program else "")
    if view.kind == RUN:
        return f"Run on {view.devices or 'a stimulator'}"
    if run.summary is not None and "scenario" in run.summary:
        summary = run.summary
        return (
            f"Scenario {summary['scenario']}: patient {summary['patient']}, "
            f"program {summary['program']}"
        )
    values = (run.settings or {}).get("values", {}).get("walk", {})
    if "patient" in values:
        return f"Walk: patient {values['patient']}, program {values.get('program', 'unknown')}"
    return f"Walk in {run.folder.name}"


def warning_of(view: RunView) -> str:
    """Return what the reader of a run's page must not miss."""
    if view.kind == REPLAY:
        return REPLAYED
    if view.kind == RUN:
        return model_words(view.run)
    if view.run.models:
        return "Simulated: patient, sensors and stimulator are models; no person walked."
    return f"The patient is simulated; {view.devices} was real, on a dummy load: no person walked."


def model_words(run: Run) -> str:
    """Return what is said of a run whose stimulator says that it is a model; else nothing."""
    models = ", ".join(run.models)
    return (
        f"The stimulator was a simulated one, by its own word ({models}): it reached nobody."
        if models
        else ""
    )


def lead_of(view: RunView) -> str:
    """Return what a run was, in a line."""
    run, summary = view.run, view.summary
    lasted = f"{s_from_us(run.end_us - run.start_us):.1f} s"
    if isinstance(summary.get("duration_s"), int | float) and run.summary is not None:
        whole = f"{round(summary['duration_s'], 1):g} s"
        lasted = f"{whole} by its summary, {lasted} by its log" if run.log_is_cut else whole
    parts = [lasted, "" if view.kind == RUN else view.devices]
    if run.header.get("seed") is not None:
        parts.append(f"seed {run.header['seed']}")
    if summary.get("orthosis", "none") != "none":
        parts.append(f"{summary['orthosis']} orthosis")
    if summary.get("evaluation") is True:
        parts.append("evaluation: sensed and decided, never stimulated")
    strides = ", ".join(
        f"{len(leg.spans)} strides{f' {leg.side}' if view.two_legs else ''}" for leg in view.legs
    )
    return " · ".join([part for part in [*parts, strides] if part])
