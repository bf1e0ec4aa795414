"""Tables of what happened besides: phases, guard, faults, people, link; a row for each moment."""

from collections.abc import Iterator
from typing import Final

from fes_ctrl.analysis.run import Run
from fes_ctrl.export.fields import Field, Row, Table
from fes_ctrl.model import LEG_NAMES
from fes_ctrl.units import NEVER_US, Us

T: Final = Field("t_us", "int", "when")
LEG: Final = Field("leg", "text", "left or right; empty where it concerns none or all")
CHANNEL: Final = Field("channel", "int", "channel of the stimulator, from 0")
NOW: Final = Field("now_us", "int", "when the controller was told")


def side(leg: int) -> str | None:
    """Return the name of a leg; nothing where it is all of them."""
    return LEG_NAMES[leg] if leg >= 0 else None


def instant(t_us: Us) -> Us | None:
    """Return an instant; nothing where it does not come."""
    return None if t_us == NEVER_US else t_us


def _phases(run: Run) -> Iterator[Row]:
    for t_us, leg, phase, activity in run.phases:
        yield t_us, side(leg), phase, activity


def _decisions(run: Run) -> Iterator[Row]:
    for t_us, leg, channel, verdict, reason, setpoint in run.decisions:
        yield (
            *(t_us, side(leg), channel, verdict, reason),
            *(setpoint.at_us, setpoint.current_ua, setpoint.width_us),
        )


def _faults(run: Run) -> Iterator[Row]:
    for t_us, name, reaction, leg, detail in run.walk.faults:
        yield t_us, side(leg), name, reaction, detail


def _states(run: Run) -> Iterator[Row]:
    yield from run.states


def _remarks(run: Run) -> Iterator[Row]:
    for t_us, leg, text in run.remarks:
        yield t_us, side(leg), text


def _anticipations(run: Run) -> Iterator[Row]:
    for t_us, leg, event, verdict, predicted_us, sd_us, reason in run.anticipations:
        yield t_us, side(leg), event, verdict, instant(predicted_us), sd_us, reason


def _operator(run: Run) -> Iterator[Row]:
    for now_us, (t_us, action, value) in run.operator:
        yield now_us, t_us, action, value


def _parameters(run: Run) -> Iterator[Row]:
    for now_us, (t_us, leg, name, value) in run.parameters:
        yield now_us, t_us, side(leg), name, value


def _reports(run: Run) -> Iterator[Row]:
    for now_us, report in run.reports:
        yield (
            now_us,
            report.t_us,
            report.stimulator,
            report.kind,
            instant(report.pending_since_us),
            report.detail,
            report.channel if report.channel >= 0 else None,
            instant(report.pulse_us),
        )


def _frames(run: Run) -> Iterator[Row]:
    for now_us, direction, device_us, data in run.frames:
        yield now_us, direction, device_us, data.hex()


def _injections(run: Run) -> Iterator[Row]:
    for name, t_us in run.injections:
        yield t_us, name


MOMENT_TABLES: Final[tuple[Table, ...]] = (
    Table(
        "phases",
        "the phase machine of a leg moved on",
        (
            T,
            LEG,
            Field("phase", "text", "unknown, stance, pre_swing or swing"),
            Field("activity", "text", "unknown, standing, walking or turning"),
        ),
        _phases,
        "t_us",
        "t_us",
    ),
    Table(
        "decisions",
        "a setpoint that the guard clipped or refused",
        (
            T,
            LEG,
            CHANNEL,
            Field("verdict", "text", "clip or refuse"),
            Field("reason", "text", "which limit"),
            Field("at_us", "int", "planned instant of the pulse"),
            Field("current_uA", "int", "as it was asked for"),
            Field("width_us", "int", "as it was asked for"),
        ),
        _decisions,
        "t_us",
        "t_us",
    ),
    Table(
        "faults",
        "a fault came up, or was cleared",
        (
            T,
            LEG,
            Field("fault", "text", "its name in the table of faults"),
            Field("reaction", "text", "inhibit, stop, latch, warn or cleared"),
            Field("detail", "text", "what was seen"),
        ),
        _faults,
        "t_us",
        "t_us",
    ),
    Table(
        "states",
        "armed or not, and the operator's level",
        (
            T,
            Field("armed", "bool", "ready to give current"),
            Field("level_percent", "int", "of the set current"),
            Field("reason", "text", "why it changed"),
        ),
        _states,
        "t_us",
        "t_us",
    ),
    Table(
        "remarks",
        "why a detector told an event, or did not",
        (T, LEG, Field("text", "text", "in words")),
        _remarks,
        "t_us",
        "t_us",
    ),
    Table(
        "anticipations",
        "a predicted event that was acted on, or was not",
        (
            T,
            LEG,
            Field("event", "text", "ic, ff, ho or tc"),
            Field("verdict", "text", "used, refused or withdrawn"),
            Field("predicted_us", "int", "when it was expected"),
            Field("sd_us", "int", "give or take"),
            Field("reason", "text", "why"),
        ),
        _anticipations,
        "t_us",
        "t_us",
    ),
    Table(
        "operator",
        "what a person, or the script in their place, did",
        (
            NOW,
            Field("t_us", "int", "when it was done"),
            Field("action", "text", "arm, disarm, level, pause, resume, clear, stop or test"),
            Field("value", "int", "per cent for level, mA for test, else 0"),
        ),
        _operator,
        "now_us",
        "t_us",
    ),
    Table(
        "parameters",
        "a field of a leg's program that was changed during the run",
        (
            NOW,
            Field("t_us", "int", "when it was asked for"),
            LEG,
            Field("name", "text", "which field"),
            Field("value", "float", "its new value"),
        ),
        _parameters,
        "now_us",
        "t_us",
    ),
    Table(
        "reports",
        "what the driver said of its device",
        (
            NOW,
            Field("t_us", "int", "when it was so"),
            Field("stimulator", "int", "which one, from 0"),
            Field("report", "text", "kind of the report"),
            Field("pending_since_us", "int", "when the oldest unanswered frame was written"),
            Field("detail", "text", "in words"),
            Field("channel", "int", "of the pulse in question"),
            Field("pulse_us", "int", "planned instant of the pulse in question"),
        ),
        _reports,
        "now_us",
        "t_us",
    ),
    Table(
        "frames",
        "bytes on the cable to the stimulator",
        (
            Field("now_us", "int", "when, on the host's clock"),
            Field("direction", "text", "out or in"),
            Field("device_us", "int", "when, on the device's clock, where it tells"),
            Field("data", "text", "the bytes, hexadecimal"),
        ),
        _frames,
        "now_us",
        "now_us",
    ),
    Table(
        "injections",
        "what was made to go wrong, and when it first had an effect",
        (T, Field("name", "text", "which")),
        _injections,
        "t_us",
        "t_us",
    ),
)
