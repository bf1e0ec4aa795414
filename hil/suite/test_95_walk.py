"""95. The virtual patient walks on it."""

from hil.suite import timing
from hil.suite.checking import Check


def test_96_walk(check: Check) -> None:
    check(timing.walk)
