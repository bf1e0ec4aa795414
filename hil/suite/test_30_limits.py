"""30. What a pulse is, and what never leaves."""

from hil.suite import limits
from hil.suite.checking import Check


def test_31_staircase(check: Check) -> None:
    check(limits.staircase)


def test_32_balance(check: Check) -> None:
    check(limits.balance)


def test_33_beyond(check: Check) -> None:
    check(limits.beyond)


def test_34_too_much_for_it(check: Check) -> None:
    check(limits.too_much_for_it)


def test_35_two_at_once(check: Check) -> None:
    check(limits.two_at_once)
