"""50. A device that is left alone falls silent."""

from hil.suite import returning
from hil.suite.checking import Check


def test_51_lose_the_cable(check: Check) -> None:
    check(returning.lose_the_cable)


def test_52_host_freezes(check: Check) -> None:
    check(returning.host_freezes)
