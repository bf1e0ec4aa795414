"""90. For a long time."""

from hil.suite import timing
from hil.suite.checking import Check


def test_91_endurance(check: Check) -> None:
    check(timing.endurance)
