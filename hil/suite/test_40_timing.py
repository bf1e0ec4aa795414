"""40. Ramps and timing."""

from hil.suite import ordinary, timing
from hil.suite.checking import Check


def test_41_stimulate(check: Check) -> None:
    check(ordinary.stimulate)


def test_42_update(check: Check) -> None:
    check(ordinary.update)


def test_43_ramp(check: Check) -> None:
    check(timing.ramp)


def test_44_rhythm(check: Check) -> None:
    check(timing.rhythm)
