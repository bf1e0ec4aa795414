"""What is true of every step of every driver session, whatever was called and whatever came."""

from typing import Final, get_args

from fes_ctrl.model import (
    LINK_ANSWER,
    LINK_OUTLASTED,
    LINK_SKIPPED,
    LinkReport,
    ReportKind,
    Setpoint,
)
from fes_ctrl.stimulators.session import DriverStep
from fes_ctrl.units import NEVER_US

KINDS: Final = get_args(ReportKind)


def held(step: DriverStep, now_us: int, stimulator: int = 0) -> DriverStep:
    """Hold a step that was taken at that instant to what must always be true; return it."""
    assert type(step.wake_at_us) is int
    assert step.wake_at_us <= NEVER_US
    assert (type(step.discard), type(step.drop)) == (bool, bool)
    assert all(type(frame) is bytes and frame for frame in step.out)
    assert all(type(setpoint) is Setpoint for setpoint in step.written)
    for report in step.reports:
        _hold(report, now_us, stimulator)
    return step


def _hold(report: LinkReport, now_us: int, stimulator: int) -> None:
    assert (report.t_us, report.stimulator) == (now_us, stimulator), report
    assert report.kind in KINDS
    assert report.pending_since_us <= now_us or report.pending_since_us == NEVER_US
    assert type(report.detail) is str
    assert type(report.channel) is int
    if report.kind == LINK_SKIPPED:
        assert report.channel >= 0
        assert report.detail.startswith(f"pulse of {report.pulse_us} us ")
        assert "None" not in report.detail
    elif report.kind == LINK_OUTLASTED:
        assert report.channel >= 0
        assert now_us < report.pulse_us <= now_us + 50_000
        until = f"until {report.pulse_us} us"
        assert report.detail == f"channel {report.channel} may have been repeated {until}"
    else:
        assert report.pulse_us == NEVER_US
        assert bool(report.detail) != (report.kind == LINK_ANSWER), "an answer is told bare"
