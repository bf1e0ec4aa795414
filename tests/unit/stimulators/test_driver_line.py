"""The line of a driver: what has come together is handed over once, and nothing of it is lost."""

from itertools import product

import pytest

from fes_ctrl.model import Setpoint
from fes_ctrl.stimulators.driver_line import DriverLine
from fes_ctrl.stimulators.session import DriverStep

POINT = Setpoint(5, 1, 0, 20_000, 300, 10_005, 0)


def test_a_line_on_which_nothing_was_said_has_been_silent_since_ever() -> None:
    line = DriverLine(3)
    assert line.last_frame_us < 0
    line.say(7, b"x")
    assert line.last_frame_us == 7


@pytest.mark.parametrize(("discard", "drop"), list(product((False, True), repeat=2)))
@pytest.mark.parametrize("what", ["nothing", "out", "reports", "written"])
def test_a_step_says_what_there_is_whatever_else_there_is_not(
    what: str, *, discard: bool, drop: bool
) -> None:
    line = DriverLine(3)
    if what == "out":
        line.say(7, b"x")
    elif what == "reports":
        line.report(7, "error", "why")
    elif what == "written":
        line.written.append(POINT)
    reports = tuple(line.reports)
    assert len(reports) == (what == "reports")
    assert line.done(99, discard=discard, drop=drop) == DriverStep(
        (b"x",) if what == "out" else (),
        reports,
        99,
        discard,
        drop,
        (POINT,) if what == "written" else (),
    )
    assert line.done(100, discard=False, drop=False) == DriverStep((), (), 100)
