"""80. How long things take."""

from hil.suite import timing
from hil.suite.checking import Check


def test_81_setpoint_to_pulse(check: Check) -> None:
    check(timing.setpoint_to_pulse)


def test_82_answered(check: Check) -> None:
    check(timing.answered)


def test_83_heel_to_pulse(check: Check) -> None:
    check(timing.heel_to_pulse)
