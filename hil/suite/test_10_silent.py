"""10. Off is off."""

from hil.suite import ordinary, silent
from hil.suite.checking import Check


def test_11_off_is_off(check: Check) -> None:
    check(silent.off_is_off)


def test_12_arm(check: Check) -> None:
    check(ordinary.arm)


def test_13_pause(check: Check) -> None:
    check(ordinary.pause)


def test_14_stop(check: Check) -> None:
    check(ordinary.stop)


def test_15_found_stimulating(check: Check) -> None:
    check(ordinary.found_stimulating)
